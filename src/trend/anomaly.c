// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/anomaly.h"

#include "trend/robust.h"

#include <math.h>

/* Rows of history that the expectation rests on, and how often it is taken anew. */
enum { HISTORY = 256, REFRESH = 16, WARM_UP = 32, REFRACTORY = 100 };

struct expected {
    double level, spread;
};

static struct expected expect(const double *x, size_t n, double *work)
{
    const size_t m = n < HISTORY ? n : HISTORY;
    const double *recent = x + n - m;
    double *rest = work + HISTORY;
    for (size_t i = 0; i < m; i++)
        rest[i] = recent[i];
    struct expected e = { bw_trend_median(rest, m), bw_trend_scale(recent, m, rest) };
    e.spread = fmax(e.spread, 1e-6 * fabs(e.level) + 1e-300);
    return e;
}

void bw_trend_anomaly(struct bw_arena *arena, const double *x, size_t n, double *out)
{
    double *work = bw_arena_array(arena, 2 * HISTORY, sizeof *work);
    struct expected now = { 0, 0 };
    size_t quiet = 0; /* rows for which an episode still damps the score */
    for (size_t i = 0; i < n; i++) {
        out[i] = 0;
        if (isnan(x[i]) || i < WARM_UP)
            continue;
        if (i % REFRESH == 0)
            now = expect(x, i, work);
        const double z = fabs(x[i] - now.level) / now.spread;
        const double score = 1 - 1 / (1 + z * z);
        out[i] = quiet > 0 ? score / 4 : score;
        quiet = out[i] >= BW_TREND_ANOMALY_THRESHOLD ? REFRACTORY : quiet > 0 ? quiet - 1 : 0;
    }
}
