// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/restart.h: a gauge that climbs, falls back in one step and climbs again.
 *
 *        /|    /|                                            /
 *       / |   / |  /   becomes one course to learn from:   /
 *      /  |  /  | /                                      /
 *     /   | /   |/                                     /
 *
 * A process that leaks and is restarted, a disk that fills and is emptied, a budget that is used
 * up and renewed (then all is upside down). What counts for a threshold is the climb, and that it
 * will be cut short again. */
#ifndef TREND_RESTART_H
#define TREND_RESTART_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum { BW_TREND_RESTARTS_MAX = 64 };

struct bw_trend_restarts {
    size_t count;
    int side;                         /* +1: climbs and falls back, -1: sinks and is refilled */
    size_t at[BW_TREND_RESTARTS_MAX]; /* first cell after each, rising */
    size_t window;                    /* cells that they were counted in */
    size_t age;                       /* cells since the newest */
    bool to_base; /* a restart leads back to a level, and not just down by a height */
    double base[BW_TREND_RESTARTS_MAX];   /* the level it came back to */
    double height[BW_TREND_RESTARTS_MAX]; /* of each fall, > 0 */
};

/* Looks for restarts in x[n] (finite, seasons taken out). A fall is a step that differs
 * from the usual one by 6 robust deviations of all, after which the level stays down; falls are
 * restarts when what came back was climbed before, at least half of it and not in steps. They lead
 * to a level when the levels differ less than the heights (a single one: when it leads at least as
 * low as where the series began). More than 64: the newest are kept. O(n). */
void bw_trend_restarts_find(struct bw_arena *arena, const double *x, size_t n,
                            struct bw_trend_restarts *out);

/* Adds to y[n] what the restarts took, so that every climb begins where the last one ended.
 * Returns what was added to the newest cell, signed. NaN stays NaN. */
double bw_trend_restarts_undo(const struct bw_trend_restarts *restarts, double *y, size_t n);

#endif
