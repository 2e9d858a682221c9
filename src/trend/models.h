// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/models.h: the portfolio of simple forecasters. Each is O(n); none is trusted alone:
 * trend/forecast.h weighs them by how well they did on this series. */
#ifndef TREND_MODELS_H
#define TREND_MODELS_H

#include "base/arena.h"
#include "trend/season.h"

#include <stdbool.h>
#include <stddef.h>

/* What the names stand for; those with a period come once for each of two
 * seasons, the second being a week of the first where only one is known. */
enum bw_trend_model {
    BW_MODEL_NAIVE,        /* the last value */
    BW_MODEL_THETA,        /* Theta (Assimakopoulos and Nikolopoulos 2000) + season */
    BW_MODEL_THETA_RECENT, /* the same, recent cycles weigh more in the season */
    BW_MODEL_DAMPED,       /* damped trend (Gardner and McKenzie 1985) + season */
    BW_MODEL_LINE,         /* straight line through the newest third + season */
    BW_MODEL_AR,           /* AR(8) + season */
    BW_MODEL_AR_RECENT,    /* the same, recent cycles weigh more */
    BW_MODEL_LAGS,         /* ridge regression on short and seasonal (or else usual) lags */
    BW_MODEL_MEDIAN,       /* of the last cycle */
    BW_MODEL_MEDIAN_LONG,  /* of the last four cycles */
    BW_MODEL_CYCLE,        /* seasonal naive: the last cycle again */
    BW_MODEL_CYCLE_2,
    BW_MODEL_CYCLES_MEAN, /* the last three cycles, weighted 3:2:1 */
    BW_MODEL_CYCLES_MEAN_2,
    BW_MODEL_CYCLES_MEDIAN, /* median of each phase over up to five cycles */
    BW_MODEL_CYCLES_MEDIAN_2,
    BW_MODEL_CYCLES_LEVEL, /* the same, moved to the level of the last cycle */
    BW_MODEL_CYCLES_LEVEL_2,
    BW_MODEL_COUNT
};

struct bw_trend_models_ask {
    const double *x; /* [n], finite, n >= 1 */
    size_t n, h;
    const size_t *period; /* [periods] of the seasons, rising */
    size_t periods;
    const bool *wanted; /* [BW_MODEL_COUNT] the others may be left out */
};

/* Runs every model wanted for which there is enough data; path[m] has room for h.
 * runs[m] says which paths were written. Paths stay within the 0.5 to 99.5 % range of x, widened by
 * 1.5 times its width (or 1.1 h/n, if that is more) on both sides; an autoregression of which a
 * quarter would be beyond has run away and is left out. */
void bw_trend_models_run(struct bw_arena *arena, const struct bw_trend_models_ask *ask,
                         double *path[BW_MODEL_COUNT], bool runs[BW_MODEL_COUNT]);

#endif
