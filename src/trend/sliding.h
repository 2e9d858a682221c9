// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/sliding.h: the newest values of a stream, in order of time and of size, so that their
 * quantiles are at hand after each. A value costs O(log n) and a move of half the window. */
#ifndef TREND_SLIDING_H
#define TREND_SLIDING_H

#include "base/arena.h"

#include <stddef.h>

struct bw_sliding {
    double *ring;   /* [most] in order of arrival */
    double *sorted; /* [n] rising */
    size_t most, n, oldest;
};

/* An empty window of `most` >= 1 values. */
struct bw_sliding bw_sliding_make(struct bw_arena *arena, size_t most);

/* Adds a finite value; the oldest one goes when the window is full. */
void bw_sliding_put(struct bw_sliding *s, double value);

/* The q-quantile (0..1) with linear interpolation (type 7); NaN when empty. */
double bw_sliding_quantile(const struct bw_sliding *s, double q);

#endif
