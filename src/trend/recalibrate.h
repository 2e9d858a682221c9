// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/recalibrate.h: from how often statements came true here to what the next ones are worth.
 *
 * Beta calibration (Kull, Silva Filho and Flach 2017): log-odds of coming true =
 * a ln p - b ln(1 - p) + c, a and b not negative, so that it never turns an order round. It is
 * fitted to bins by Newton's method, with a normal prior around the identity that weighs as much as
 * 50 statements at even odds on each parameter: few outcomes change little. */
#ifndef TREND_RECALIBRATE_H
#define TREND_RECALIBRATE_H

#include "trend/score.h"

/* With fewer statements that were told the identity stays. */
enum { BW_TREND_RECALIBRATE_LEAST = 200 };

struct bw_trend_recalibration {
    double a, b, c; /* 1, 1, 0 is the identity */
};

extern const struct bw_trend_recalibration bw_trend_recalibration_none;

/* From what was believed and what came of it. */
struct bw_trend_recalibration bw_trend_recalibration_fit(const struct bw_trend_beliefs *believed);

/* The probability (0..1) of what was believed with `ratio`. 0, 1 and NaN, which were seen and not
 * believed, or are not known, stay; all else becomes neither 0 nor 1. */
double bw_trend_recalibrate(const struct bw_trend_recalibration *map, double ratio);

#endif
