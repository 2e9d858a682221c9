// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/grid.h: irregular points become a regular series.
 *
 *   points (any order) -> sorted, newest of equal times -> rate, if a counter -> cells
 *
 * A cell holds the mean of the values that fall into it. Cells are one step wide; when the
 * points span more than the ceiling on cells, a whole number of steps wide (block means).
 * Values larger than 1e100 or all smaller than 1e-100 are carried divided by `unit`, so that
 * no later sum of squares overflows or vanishes. */
#ifndef TREND_GRID_H
#define TREND_GRID_H

#include "base/arena.h"
#include "model/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BW_TREND_CELLS_MAX = 4096 };

struct bw_trend_grid {
    int64_t start_ms;   /* time of cell 0 */
    int64_t step_ms;    /* width of a cell, >= 1 */
    size_t n;           /* cells, 0 when no point was usable */
    const size_t *mark; /* [marks] cells at which something is known to have been changed, rising */
    size_t marks;
    double *y;      /* [n] as observed, divided by unit; NaN: missing */
    double *fit;    /* [n] for fitting: spikes cleaned, gaps bridged by straight lines */
    size_t present; /* cells of y that hold a value; the last cell always does */
    size_t used;    /* points that went in */
    size_t resets;  /* of a counter */
    int64_t first_ms, last_ms;
    double last_value; /* the newest usable value, not divided by unit */
    double unit;
    bool non_negative; /* no value was ever below 0 */
    double grain;      /* values differ by so much through rounding alone; divided by unit */
    bool constant;     /* all present cells are equal, but for rounding */
};

/* Fills *out from the points; memory comes from the arena. `step_ms` 0: the median distance
 * of the points. Points after `until_ms` are left out (INT64_MAX: none). A reset of a counter
 * (a value below its predecessor) leaves the cell missing. Never fails: n is 0 at worst.
 * O(n) for points in order, O(n log n) otherwise. */
void bw_trend_grid_build(struct bw_arena *arena, const struct bw_point *points, size_t count,
                         bool counter, int64_t step_ms, int64_t until_ms,
                         struct bw_trend_grid *out);

/* Notes the cells that hold these times, rising, for those inside the data. */
void bw_trend_grid_mark(struct bw_arena *arena, struct bw_trend_grid *grid, const int64_t *times_ms,
                        size_t count);

/* How many cells a stretch of time touches, >= 1 for ms >= 1. */
size_t bw_trend_grid_cells(const struct bw_trend_grid *grid, int64_t ms);

/* The usable points of points[count], which rise in time, into out[count] (may be points); of a
 * counter the rates per second of what lies before each, none where it was reset. Returns how
 * many there are. */
size_t bw_trend_grid_values(const struct bw_point *points, size_t count, bool counter,
                            struct bw_point *out);

/* Replaces isolated spikes in x[n] by the local median (of 11): runs of at most 3 cells that
 * stand more than 8 robust deviations out and return, never in the last 3 cells, not when
 * something alike stands one `period` (0: none) away, and nothing at all when more than 5 %
 * would go. For fitting only: forecasts of a spiky metric still see its spikes in the errors.
 * Returns how many cells changed. `work` has room for 2 n. (Hampel's identifier.) */
size_t bw_trend_grid_clean(double *x, size_t n, size_t period, double *work);

#endif
