// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/shape.h"

#include "base/mem.h"
#include "trend/examine.h"
#include "trend/scratch.h"

#include <float.h>
#include <math.h>
#include <string.h>

struct bw_trend_shape bw_trend_shape_of(const struct bw_trend_scratch *scratch,
                                        struct bw_arena *arena)
{
    const struct bw_trend_exam *exam = scratch->exam;
    if (exam == NULL || exam->seasons.count == 0)
        return (struct bw_trend_shape){ 0 };
    const struct bw_trend_grid *grid = exam->grid;
    const size_t cells = exam->seasons.period[exam->seasons.count - 1];
    float *value = bw_arena_array(arena, cells, sizeof *value);
    for (size_t i = 0; i < cells; i++) {
        const double at = bw_trend_season_at(&exam->seasons, grid->n + i) * grid->unit;
        value[i] = (float)fmax(-FLT_MAX, fmin(at, FLT_MAX));
    }
    return (struct bw_trend_shape){ .start_ms = grid->start_ms + (int64_t)grid->n * grid->step_ms,
                                    .step_ms = grid->step_ms,
                                    .cells = cells,
                                    .value = value };
}

struct bw_trend_shape *bw_trend_shape_clone(const struct bw_trend_shape *shape)
{
    if (shape->cells == 0)
        return NULL;
    const size_t bytes = shape->cells * sizeof *shape->value;
    struct bw_trend_shape *own = bw_alloc(sizeof *own + bytes);
    *own = *shape;
    memcpy(own + 1, shape->value, bytes);
    own->value = (const float *)(own + 1);
    return own;
}

double bw_trend_shape_at(const struct bw_trend_shape *shape, int64_t ts_ms)
{
    if (shape == NULL || shape->cells == 0)
        return 0;
    const double period = (double)shape->cells;
    const double cell = (double)(ts_ms - shape->start_ms) / (double)shape->step_ms - 0.5;
    const double at = cell - floor(cell / period) * period; /* 0 .. period */
    const size_t low = (size_t)at % shape->cells;
    const double share = at - floor(at), value = (double)shape->value[low];
    return value + share * ((double)shape->value[(low + 1) % shape->cells] - value);
}
