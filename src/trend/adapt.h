// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/adapt.h: intervals that learn from what became of the earlier ones.
 *
 * The forecaster sets the width of an interval by errors at origins of the past. Where the
 * future is of another kind, outcomes tell: each side of the interval is widened a little
 * when the value fell beyond it, and narrowed a little when it did not, in the proportion
 * that keeps a width which is missed as often as promised. This is adaptive conformal
 * inference (Gibbs and Candes 2021) on the logarithm of the width, the sides apart, since
 * errors are seldom symmetric. Whatever the outcomes are, even chosen by an opponent, the share
 * of misses on a side differs from the promised one by at most log(8) / (0.1 n) after n whole
 * outcomes, as long as the width stays within its limits.
 *
 * One state for one series and one horizon. Pure; a copy of the two numbers is all there is to
 * store. */
#ifndef TREND_ADAPT_H
#define TREND_ADAPT_H

#include <stdbool.h>

/* Natural logarithms of the factors on the parts of the interval below and above its middle;
 * zero: as the forecaster says. Within log(1/2) and log(8). */
struct bw_trend_width {
    double below, above;
};

/* Where the outcome lay. */
enum bw_trend_outcome { BW_TREND_BELOW = -1, BW_TREND_INSIDE = 0, BW_TREND_ABOVE = 1 };

/* The state after one more outcome of an interval that was to hold `level` (0..1) of them, with
 * half of the others on each side. `share` (0..1) is what the outcome counts for: 1 when its
 * interval does not overlap in time with that of the outcome before, else the time between the
 * two over the horizon, because the same surprise then comes in many of them. A state or a share
 * that is no number counts as 0. */
struct bw_trend_width bw_trend_width_learn(struct bw_trend_width width, double level,
                                           enum bw_trend_outcome outcome, double share);

/* The end of an interval (either), moved away from `middle` by the logarithm of a factor; by
 * ratios instead of distances when `logarithmic` (middle and end then are positive). */
double bw_trend_width_stretch(double log_factor, bool logarithmic, double middle, double end);

#endif
