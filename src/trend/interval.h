// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/interval.h: how far off a forecast may be, learned from how far off its like was.
 *
 * Conformal prediction (Vovk, Gammerman and Shafer 2005) on errors at past origins, newest first.
 * Errors of a step are divided by the scale of that step; quantiles of the ratios are the reach of
 * an interval on either side. Calm and rough times come in stretches, so that an origin counts for
 * half of one that is four origins newer (weights as Barber, Candes, Ramdas and Tibshirani 2023).
 * Of the two sides, each is half its own and half what both have in common, for a side alone is
 * known from half of the errors. */
#ifndef TREND_INTERVAL_H
#define TREND_INTERVAL_H

#include "base/arena.h"

#include <stddef.h>

enum { BW_TREND_MISSES_EACH_MAX = 64 };

struct bw_trend_miss {
    double ratio;  /* error over scale, negative: the value came out lower */
    double weight; /* of its origin */
};

struct bw_trend_misses {
    struct bw_trend_miss *miss; /* [count], ratios rising */
    size_t count;               /* 0: no origin */
    double weight;              /* of all */
    double origins;             /* that equal weights would be worth */
    double independent; /* errors: those of one origin count for the fewer, the more they agree */
};

/* The scale of each step's error into scale[h], from error[origins * h], origins >= 1: weighted
 * root mean squares, smoothed over as many steps as they are far, a third of the horizon at most,
 * and drawn half way to their running maximum: doubt does not shrink with distance. None is smaller
 * than `least` > 0. */
void bw_trend_interval_scale(struct bw_arena *arena, const double *error, size_t origins, size_t h,
                             double least, double *scale);

/* The ratios of error[origins * h] to scale[h]; at most MISSES_EACH_MAX steps of each origin,
 * evenly spread, since neighbours tell the same. */
struct bw_trend_misses bw_trend_interval_learn(struct bw_arena *arena, const double *error,
                                               size_t origins, size_t h, const double *scale);

/* How many scales below and above its middle an interval of `level` (0..1) reaches; both positive.
 * The quantile of both sides is that of (1 + 1/count) level; where it is smaller than a normal
 * distribution's it is drawn towards that, by as much as the misses beyond it are few; and all is
 * widened as Student's quantile is over the normal one, since few errors made the scale: only the
 * mean square over the square of the mean of an origin's errors is their independent number. */
void bw_trend_interval_reach(const struct bw_trend_misses *misses, double level, double *below,
                             double *above);

#endif
