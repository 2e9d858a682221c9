// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/segment.h: where the present regime began.
 *
 * Piecewise-linear optimal partitioning (one free straight line a segment) over at most
 * BW_TREND_BLOCKS_MAX block means, pruned as PELT does (Killick, Fearnhead and Eckley 2012).
 * Costs are squared residuals over the noise variance; a change must gain
 * 6 log(blocks) times (1+r)/(1-r), r the noise's lag-1 correlation: without that factor
 * every slow wave of an autocorrelated metric would be a regime of its own. */
#ifndef TREND_SEGMENT_H
#define TREND_SEGMENT_H

#include "base/arena.h"

#include <stddef.h>

enum { BW_TREND_BLOCKS_MAX = 250 };

/* Writes the index of the first cell of every segment but the first into out[BLOCKS_MAX],
 * rising, and returns how many. x[n] is finite. Fewer than 20 cells are one segment. */
size_t bw_trend_segments(struct bw_arena *arena, const double *x, size_t n, size_t *out);

/* The lag-1 correlation of the noise of x[n], 0..0.97, from the growth of robust variances of
 * differences over 1, 2 and 4 steps, which neither a trend nor a few level shifts disturb;
 * of second differences when the first are smoother than any noise (several slopes, a curve);
 * *out_sd is the noise's standard deviation. `work` has room for 2 n. */
double bw_trend_noise(const double *x, size_t n, double *out_sd, double *work);

#endif
