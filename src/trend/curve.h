// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/curve.h: whether a regime levels off.
 *
 *            .-----        What fills up gets slower: a line through it crosses every threshold
 *         .-'              in the end, the course does not.
 *       .'
 *      /
 *
 * Beside the line, level + gain exp(-k t) is fitted for a few rates k, over the whole regime and
 * over its newest third (an S-shaped course gets faster before it gets slower). The Bayes factor
 * that tells a slope from none (direction.h) tells a curve from the line; the rates share what is
 * left by their likelihood. That a course which grows ever faster will go on to do so is not
 * believed of any. */
#ifndef TREND_CURVE_H
#define TREND_CURVE_H

#include "base/arena.h"
#include "trend/slope.h"

#include <stddef.h>

enum { BW_TREND_RATES = 5 };

/* One rate of levelling off. */
struct bw_trend_bend {
    double share;                /* of all rates, sum 1 */
    double keep;                 /* of the slope from cell to cell, below 1 */
    double end, slope;           /* of the course at the last cell, per cell */
    double gain_sd;              /* standard error of the gain */
    double end_gain, slope_gain; /* what an error of the gain makes of `end` and `slope` */
};

struct bw_trend_curve {
    double likely; /* P(it levels off), 0 … 1; where it is 0 nothing else is known */
    struct bw_trend_bend bend[BW_TREND_RATES];
    double level_sd;  /* standard error of the level, in the middle */
    double sd, r;     /* of what the likeliest curve leaves, as of a slope */
    size_t n;         /* values */
    double *residual; /* [n] */
};

/* Looks for a curve in x[n] (NaN: missing) where `line` was fitted to it; `grain` as in
 * bw_trend_slope_fit(). O(n). */
void bw_trend_curve_find(struct bw_arena *arena, const double *x, size_t n, double grain,
                         const struct bw_trend_slope *line, struct bw_trend_curve *out);

#endif
