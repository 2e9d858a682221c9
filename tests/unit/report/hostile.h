// SPDX-License-Identifier: GPL-3.0-or-later
/* Text as nobody should name anything, for every place of every format. */
#ifndef TESTS_REPORT_HOSTILE_H
#define TESTS_REPORT_HOSTILE_H

#include <stddef.h>

extern const char *const hostile[];
extern const size_t hostile_count;

#endif
