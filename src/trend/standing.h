// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/standing.h: how good the forecasts of one series proved to be: coverage, skill against the
 * naive forecast, whether they lose to it. Older outcomes fade, half in four weeks. Pure. */
#ifndef TREND_STANDING_H
#define TREND_STANDING_H

#include "model/statement.h"

#include <stdbool.h>

/* Adds a forecast that came out as `value`. Also learns the width of the next interval. */
void bw_trend_standing_add(struct bw_series_score *score, const struct bw_statement *forecast,
                           double value);

/* Fades the score to now and adds it to `into`, whose updated_ms is now. Widths are not added. */
void bw_trend_standing_merge(struct bw_series_score *into, const struct bw_series_score *score);

/* The share of values within P10 to P90 and within the 95 % interval; NaN when none was told. */
double bw_trend_standing_inside80(const struct bw_series_score *score);
double bw_trend_standing_inside95(const struct bw_series_score *score);

/* 1 - r, r being how large our errors are beside those of saying that all stays as it is: from
 * the mean of error / (error + naive error), in which a single large error counts no more than any
 * other. 1 is perfect, 0 no better, below 0 worse; not below -98. NaN when none was told. */
double bw_trend_standing_skill(const struct bw_series_score *score);

/* Whether the forecasts do worse than saying that all stays as it is, beyond doubt: at least 20
 * were told, and the mean share lies 2.5 standard errors above a half, as it does by chance in
 * one series of a hundred (Student). */
bool bw_trend_standing_loses(const struct bw_series_score *score);

#endif
