// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/anomaly.h"

#include "trend/oddity.h"

#include <math.h>

void bw_trend_anomaly(struct bw_arena *arena, const double *x, size_t n, double *out)
{
    void *memory = bw_arena_alloc(arena, bw_trend_watch_bytes());
    struct bw_trend_watch *watch = bw_trend_watch_make(memory);
    for (size_t i = 0; i < n; i++) {
        out[i] = 0;
        if (isnan(x[i]))
            continue;
        const struct bw_trend_oddity oddity = bw_trend_watch_put(watch, x[i]);
        if (oddity.is_new)
            out[i] = 1 - pow(10, -fmin(oddity.surprise, BW_TREND_SURPRISE_MAX));
    }
}
