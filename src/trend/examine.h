// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/examine.h: from a grid to what is known about it: seasons, the present regime, its
 * slope and direction. What analyse.h and jsonl.h have in common; values are divided by the
 * grid's unit, times count cells. */
#ifndef TREND_EXAMINE_H
#define TREND_EXAMINE_H

#include "trend/analyse.h"
#include "trend/curve.h"
#include "trend/direction.h"
#include "trend/grid.h"
#include "trend/restart.h"
#include "trend/season.h"
#include "trend/segment.h"
#include "trend/slope.h"
#include "trend/threshold.h"

struct bw_trend_exam {
    const struct bw_trend_grid *grid;
    bool counter; /* the grid's values are rates of a counter */
    struct bw_trend_seasons seasons;
    double *plain; /* [grid->n] grid->y without its seasons; NaN: missing */
    size_t change[BW_TREND_BLOCKS_MAX + BW_TREND_RESTARTS_MAX];
    size_t changes; /* regimes that begin after the first cell, climbs after restarts included */
    size_t regime;  /* first cell of the present regime */
    struct bw_trend_restarts restarts;
    struct bw_trend_slope slope;
    struct bw_trend_curve curve;
    struct bw_trend_verdict verdict;
};

/* Examines a grid of n >= 1 cells. `season_cells` counts for BW_TREND_SEASON_FIXED;
 * `calendar` says that a cell's width in time is known. */
void bw_trend_examine(struct bw_arena *arena, const struct bw_trend_grid *grid,
                      enum bw_trend_season_policy policy, size_t season_cells, bool calendar,
                      struct bw_trend_exam *out);

/* Simulates the way to `threshold` (divided by unit); false when fewer than 8 values say
 * anything about the present regime. */
bool bw_trend_exam_passage(struct bw_arena *arena, const struct bw_trend_exam *exam,
                           double threshold, int side, size_t steps, struct bw_trend_passage *out);

#endif
