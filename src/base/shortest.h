// SPDX-License-Identifier: GPL-3.0-or-later
/* base/shortest.h: the shortest decimal of a double by whole numbers alone, for those of usual
 * size; a tenth of the time that printing and reading back takes. */
#ifndef BASE_SHORTEST_H
#define BASE_SHORTEST_H

#include <stddef.h>

/* Writes value, 1e-4 <= value < 1e15, with 15, 16 or 17 digits, the fewest of these that read back
 * as the same double, zeros at their end left out: what "%.15g", "%.16g" or "%.17g" prints. No NUL.
 * Returns how many bytes; 0 for values outside, and for the whole powers of two, whose neighbours
 * are not equally far away. */
size_t bw_format_shortest(char *out, double value);

#endif
