// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/threshold.h: when will it be reached, and how likely is that?
 *
 * First passage over simulated futures. With probability P(flat) a future stays at the recent
 * level, otherwise it follows the regime's line with a slope drawn from its uncertainty, until a
 * restart sets it back, at times and to levels drawn from those seen; on top come the season and
 * AR(1) noise whose shocks are drawn from those that were seen (Efron 1979). The generator is
 * seeded from the data: equal data, equal answer. */
#ifndef TREND_THRESHOLD_H
#define TREND_THRESHOLD_H

#include "base/arena.h"
#include "trend/curve.h"
#include "trend/direction.h"
#include "trend/restart.h"
#include "trend/season.h"
#include "trend/slope.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BW_TREND_PATHS = 256 };

struct bw_trend_outlook {
    const double *regime; /* [n] the present regime without season, NaN: missing */
    size_t n;
    size_t next; /* cell that follows the data, for the season's phase */
    const struct bw_trend_slope *slope;
    const struct bw_trend_restarts *restarts;
    const struct bw_trend_curve *curve;
    const struct bw_trend_verdict *verdict;
    const struct bw_trend_seasons *seasons;
    double threshold;
    int side;     /* +1 or -1 */
    size_t steps; /* foreseen, >= 1 */
    uint64_t seed;
};

struct bw_trend_passage {
    size_t steps;
    bool exact;                   /* no noise was ever seen: all futures along the line are one */
    double first[BW_TREND_PATHS]; /* sorted: step (from 1) of the first crossing, steps + 1: none */
};

/* Simulates. The regime holds at least 3 values. O(paths * steps) at most; stretches in which
 * no shock seen so far could reach the threshold are jumped over. */
void bw_trend_passage_simulate(struct bw_arena *arena, const struct bw_trend_outlook *outlook,
                               struct bw_trend_passage *out);

/* P(crossed within `steps`), never quite 0 or 1: 256 futures cannot tell; calibrated unless
 * exact. Before the first of them crosses it falls to 0 in proportion to the time. */
double bw_trend_passage_ratio(const struct bw_trend_passage *passage, size_t steps);

/* The q-quantile of the first crossing in steps; +Inf when beyond the steps foreseen. */
double bw_trend_passage_quantile(const struct bw_trend_passage *passage, double q);

#endif
