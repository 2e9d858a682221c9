// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/backtest.h: what the engine would have said in the past, and what became of it.
 *
 *   points  |--- what is known at an origin ---|--- horizon ---|        not looked at
 *              two horizons at least           ^ the engine is asked
 *   origins                          |   |   |   |   |   |   |   |  evenly, half a horizon apart
 *                                                                   at least
 *
 * At each origin the engine gets the points up to it and nothing else. Then its forecast is held
 * against the means of the steps that followed, its direction against where the mean went, its
 * probability of crossing against whether that happened: statements as trend/statement.h makes and
 * judges them. Steps without a value say nothing.
 * Pure; memory is a copy of the points, in the caller's arena. */
#ifndef TREND_BACKTEST_H
#define TREND_BACKTEST_H

#include "trend/analyse.h"
#include "trend/score.h"

enum { BW_TREND_BACKTEST_ORIGINS_MAX = 1000 };

/* What one series is compared by with others, whatever its unit. */
enum { BW_SKILL_MASE, BW_SKILL_NAIVE, BW_SKILL_SEASONAL, BW_SKILL_RATIOS };

/* Of one horizon: sums over origins, of one series or merged of several. */
struct bw_trend_skill {
    int64_t horizon_ms;
    uint64_t origins;  /* whose horizon has passed and for the most part was seen */
    uint64_t foreseen; /* of these, with a forecast */
    uint64_t seasonal; /* of these, with a season to repeat */
    /* Mean absolute errors of the steps of a forecast, summed over forecasts, as shares of the
     * scale of MASE there; a forecast of what has never moved has no scale and is `still`. */
    uint64_t still;
    double error, naive;                   /* of all with a scale */
    double seasonal_error, seasonal_naive; /* of those with a season */
    double pinball;                        /* mean loss of P10, P50 and P90 at the horizon */
    struct bw_trend_cover cover80, cover95;
    uint64_t undetermined;             /* directions */
    uint64_t faint;                    /* directions that the horizon could not prove */
    struct bw_trend_beliefs direction; /* all others that what came could judge */
    struct bw_trend_beliefs crossing;  /* of a threshold not yet reached */
    /* Of several series: how many have such a ratio, and the sum of its logarithms. */
    uint64_t series[BW_SKILL_RATIOS];
    double logarithm[BW_SKILL_RATIOS];
};

struct bw_trend_backtest {
    struct bw_trend_request ask;
    struct bw_point *values; /* what is compared with: of a counter its rates */
    size_t value_count;
    int64_t first_ms, last_ms; /* of the values */
    int64_t origin_ms, spacing_ms;
    size_t origins;                                     /* 0: too little was seen for any horizon */
    struct bw_trend_skill skill[BW_TREND_HORIZONS_MAX]; /* ask.horizon_count */
};

/* Plans at most `origins_max` (1..BW_TREND_BACKTEST_ORIGINS_MAX) origins. Of `ask` the points
 * must rise strictly in time; now_ms is not used; a threshold with side 0 is approached at each
 * origin from where the series stood then. BW_EINVAL as bw_trend_analyse, and without a horizon. */
enum bw_rc bw_trend_backtest_begin(struct bw_arena *arena, const struct bw_trend_request *ask,
                                   size_t origins_max, struct bw_trend_backtest *out,
                                   struct bw_err *err);

/* Asks and scores at one of the origins, each once, in any order. */
void bw_trend_backtest_at(struct bw_trend_backtest *backtest, struct bw_trend_scratch *scratch,
                          size_t origin);

/* The span of time that a horizon needs to be scored at all: two of it to learn from, and the one
 * to come. */
int64_t bw_trend_backtest_span_ms(int64_t horizon_ms);

/* Adds the sums of `from`, which is about the same horizon: of one series or several. */
void bw_trend_skill_merge(struct bw_trend_skill *into, const struct bw_trend_skill *from);

/* One of the ratios, NaN when nothing could be scored; of several series the geometric mean of
 * theirs, so that one that hardly ever moves does not outweigh all others.
 *   BW_SKILL_MASE: mean absolute scaled error (Hyndman and Koehler 2006), the scale being the mean
 *     step from value to value, or from season to season where one was found.
 *   BW_SKILL_NAIVE: error over that of repeating the last value: 1 is no better, 0 perfect.
 *   BW_SKILL_SEASONAL: the same with the last season, found or, where none was, the day. */
double bw_trend_skill_ratio(const struct bw_trend_skill *skill, int which);

#endif
