// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/mann_kendall.h: the classical trend test, reported for familiarity. The engine does
 * not decide by it: it is blind to regimes and, uncorrected, sees trends in any slow wave. */
#ifndef TREND_MANN_KENDALL_H
#define TREND_MANN_KENDALL_H

#include "base/arena.h"

#include <stddef.h>

struct bw_trend_mk {
    size_t n;
    double s;             /* pairs that rise minus pairs that fall (Mann 1945) */
    double variance;      /* of s under no trend, ties counted (Kendall 1975) */
    double z;             /* normal score with continuity correction */
    double sen_slope;     /* per cell: the median of pairwise slopes (Sen 1968) */
    double sen_intercept; /* median of x minus sen_slope times the median of the cells */
    double hr_variance;   /* variance corrected for autocorrelated ranks */
    double hr_z;          /* (Hamed and Rao 1998), all lags at 5 % */
};

/* Tests x[n], NaN is missing. S in O(n log n) (Knight 1966). Sen's slope is exact up to 512
 * values, beyond that the median over the pairs of 128 block medians. With fewer than 3
 * values all but n is 0. */
void bw_trend_mann_kendall(struct bw_arena *arena, const double *x, size_t n,
                           struct bw_trend_mk *out);

#endif
