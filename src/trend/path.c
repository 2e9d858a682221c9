// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/path.h"

#include "trend/robust.h"
#include "trend/scratch.h"

#include <float.h>

struct bw_trend_path bw_trend_path_of(struct bw_trend_scratch *scratch, double level)
{
    struct bw_trend_forecast *forecast = scratch->forecast;
    if (forecast == NULL)
        return (struct bw_trend_path){ .n = 0 };
    const struct bw_trend_grid *grid = scratch->exam->grid;
    const size_t n = forecast->h;
    double *v = bw_arena_array(&scratch->arena, 3 * n, sizeof *v);
    bw_trend_forecast_interval(forecast, level, v, v + 2 * n);
    for (size_t i = 0; i < n; i++)
        v[n + i] = forecast->mean[i];
    for (size_t i = 0; i < 3 * n; i++)
        v[i] = bw_trend_clamp(v[i] * grid->unit, -DBL_MAX, DBL_MAX);
    return (struct bw_trend_path){
        .first_ms = grid->start_ms + (int64_t)grid->n * grid->step_ms,
        .step_ms = grid->step_ms,
        .n = n,
        .low = v,
        .middle = v + n,
        .high = v + 2 * n,
    };
}
