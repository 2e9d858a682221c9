// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/forecast.h: a forecast as a distribution, from the portfolio of trend/models.h.
 *
 * Weights: up to six rolling origins, half a horizon apart; a model weighs as the best mean
 * absolute error over its own, to the power of the number of origins, nothing above 1.6 times the
 * best, and all are drawn towards equal weights of Theta, damped trend and the regressions by
 * 1/(1 + origins) (Bates and Granger 1969; Petropoulos and Svetunkov 2020). The straight line takes
 * part only where it halves the error of all others.
 *
 * Intervals (trend/interval.h): from the errors of the combination at these origins, by weights
 * that know nothing of what came there, and at up to six older ones. Where the spread grows with
 * the level all of it happens on logarithms. */
#ifndef TREND_FORECAST_H
#define TREND_FORECAST_H

#include "base/arena.h"
#include "trend/interval.h"
#include "trend/models.h"
#include "trend/season.h"

#include <stdbool.h>
#include <stddef.h>

enum { BW_TREND_HISTORY_MAX = 3000, BW_TREND_ORIGINS_MAX = 12, BW_TREND_STEPS_MAX = 10000 };

struct bw_trend_forecast {
    size_t h;       /* steps foreseen */
    double *mean;   /* [h] the central forecast */
    size_t origins; /* it was checked at, 0: unchecked, the interval is a guess */
    double skill;   /* 1 - error / naive error over the origins; NaN without origins */
    bool logarithmic, non_negative;
    double *centre, *scale; /* [h] on the working scale */
    double *error;          /* [origins * h] combination errors, working scale */
    struct bw_trend_misses misses;
};

/* Forecasts h >= 1 steps of x[n], n >= 1, finite; `fit` is x cleaned for fitting (may be x).
 * Only the newest BW_TREND_HISTORY_MAX cells are used. */
void bw_trend_forecast_make(struct bw_arena *arena, const double *x, const double *fit, size_t n,
                            const struct bw_trend_seasons *seasons, size_t h, bool non_negative,
                            struct bw_trend_forecast *out);

/* The central interval of `level` (0..1) for every step, into low[h] and high[h]. */
void bw_trend_forecast_interval(const struct bw_trend_forecast *forecast, double level, double *low,
                                double *high);

/* P(mean of the next k steps > mean of x's last k), k <= h, k <= n. */
double bw_trend_forecast_rise(const struct bw_trend_forecast *forecast, const double *x, size_t n,
                              size_t k);

#endif
