// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/calibrate.h: from what the models believe to how often they are right.
 *
 * Models are surer of themselves than the world allows: the regime, the season and the kind of
 * noise were all chosen by looking at the same data. Each map is a logistic curve over the
 * log-odds of the belief (Platt 1999), fitted to made-up series of 45 kinds with known truth and
 * other seeds than those that the figures of docs/trends.md are from (scripts/fit-trends). */
#ifndef TREND_CALIBRATE_H
#define TREND_CALIBRATE_H

enum bw_trend_belief {
    BW_BELIEF_FLAT,     /* that there is no trend, when that is said */
    BW_BELIEF_TREND,    /* that the direction is the one said */
    BW_BELIEF_CROSSING, /* that the threshold is crossed in time */
    BW_BELIEF_COUNT
};

/* The probability (0..1) that a belief of that strength (0..1) comes true; rises with it. */
double bw_trend_calibrate(enum bw_trend_belief belief, double strength);

#endif
