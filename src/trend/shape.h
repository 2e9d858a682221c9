// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/shape.h: the seasons of a series as one curve over the time of day or of the week, to be
 * taken out of values that are yet to come. */
#ifndef TREND_SHAPE_H
#define TREND_SHAPE_H

#include "base/arena.h"
#include "trend/analyse.h"

#include <stdint.h>

/* One period: value[i] belongs to the middle of cell i, start_ms + (i + 1/2) step_ms, and comes
 * again after all cells. No cells: there is no season. */
struct bw_trend_shape {
    int64_t start_ms, step_ms;
    size_t cells;
    const float *value; /* in the unit of the series, about 0; of a counter in that of its rate */
};

/* What the last analysis with this scratch has found; in `arena`. */
struct bw_trend_shape bw_trend_shape_of(const struct bw_trend_scratch *scratch,
                                        struct bw_arena *arena);

/* A copy on the heap, in one piece; NULL of no season. */
struct bw_trend_shape *bw_trend_shape_clone(const struct bw_trend_shape *shape);

/* What the season adds at that time, between the middles of cells along a straight line; 0 without
 * cells, or for NULL. */
double bw_trend_shape_at(const struct bw_trend_shape *shape, int64_t ts_ms);

#endif
