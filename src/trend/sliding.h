// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/sliding.h: the newest values of a stream, in order of time and of size, so that their
 * quantiles are at hand after each. A value costs O(log n) and a move of half the places; it takes
 * 6 bytes, and is kept to 7 digits. */
#ifndef TREND_SLIDING_H
#define TREND_SLIDING_H

#include <stddef.h>
#include <stdint.h>

enum { BW_SLIDING_MOST_MAX = UINT16_MAX };

struct bw_sliding {
    float *ring;     /* [most] in order of arrival */
    uint16_t *order; /* [n] places in ring, by rising value; of equal ones the newest first */
    uint16_t most, n, oldest;
};

/* Bytes of memory that a window of `most` values works in; a multiple of 4. */
size_t bw_sliding_bytes(size_t most);

/* An empty window of `most` values, 1 to BW_SLIDING_MOST_MAX, in `memory`, which is aligned for a
 * float and outlives it. */
struct bw_sliding bw_sliding_make(void *memory, size_t most);

/* Adds a value that a float can hold; the oldest one goes when the window is full. */
void bw_sliding_put(struct bw_sliding *s, double value);

/* The q-quantile (0..1) with linear interpolation (type 7); NaN when empty. */
double bw_sliding_quantile(const struct bw_sliding *s, double q);

#endif
