// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/season.h: seasons, found without being told, and their indices.
 *
 * Candidates are the calendar's periods (1 h, 1 d, 7 d where the step is known; where it is not,
 * the usual ones, such as 12, 24 or 52), then peaks of the autocorrelation. A candidate becomes a
 * season only when its indices, learned on the older part and learning on, make the newer part
 * better predictable: noise has peaks too, but they do not
 * come again. Of candidates that do as well, the shortest after which the series is most like
 * itself is taken. At most two seasons nest (a day in a week). Steps of the level that outweigh all
 * the rest hide seasons: where there are some, seasons are looked for again without them. */
#ifndef TREND_SEASON_H
#define TREND_SEASON_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

enum { BW_TREND_SEASONS_MAX = 2 };

struct bw_trend_seasons {
    size_t period[BW_TREND_SEASONS_MAX];   /* in cells, rising */
    double strength[BW_TREND_SEASONS_MAX]; /* signal / (signal + noise), 0..1 */
    double *index[BW_TREND_SEASONS_MAX];   /* [period] additive, mean 0; phase 0 is cell 0 */
    size_t count;
};

/* Indices of one period around a centred moving average of x[n], n >= 2 period + 2, shrunk by
 * signal/(signal + noise) (Miller and Williams 2003). `decay` weighs a cycle of age a by
 * exp(-decay a). Writes out[period] and returns the strength. `work` has room for
 * n + 2 period. O(n). */
double bw_trend_season_index(const double *x, size_t n, size_t period, double decay, double *out,
                             double *work);

/* Looks for seasons in x[n] (finite); step_ms 0: the calendar is unknown. What is found behind
 * steps of the level (trend/levels.h) was seen five times and leaves a tenth less of the squares of
 * the levelled series than what was found at first. */
void bw_trend_season_find(struct bw_arena *arena, const double *x, size_t n, int64_t step_ms,
                          struct bw_trend_seasons *out);

/* Takes the period as given; finds none when n < 2 period + 2 or period < 2. */
void bw_trend_season_fixed(struct bw_arena *arena, const double *x, size_t n, size_t period,
                           struct bw_trend_seasons *out);

/* What the seasons add at cell `at` (may lie after the data). */
double bw_trend_season_at(const struct bw_trend_seasons *seasons, size_t at);

#endif
