// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/standing.h"

#include "trend/adapt.h"
#include "trend/robust.h"
#include "trend/statement.h"

#include <math.h>

#define HALF_LIFE_MS (28 * 86400e3)
#define TOLD_LEAST 20
#define LOSES_SCORE 2.5

static void fade(struct bw_series_score *score, int64_t now_ms)
{
    const double past_ms = (double)(now_ms - score->updated_ms);
    const double keep = past_ms > 0 ? exp2(-past_ms / HALF_LIFE_MS) : 1;
    double *const sums[] = { &score->count, &score->inside80, &score->inside95, &score->share,
                             &score->share_squared };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        *sums[i] *= keep;
    if (past_ms > 0)
        score->updated_ms = now_ms;
}

void bw_trend_standing_add(struct bw_series_score *score, const struct bw_statement *forecast,
                           double value)
{
    const double share = bw_trend_statement_share(forecast, value);
    fade(score, forecast->deadline_ms);
    score->count += 1;
    score->inside80 += forecast->p10 <= value && value <= forecast->p90;
    score->inside95 += forecast->p2_5 <= value && value <= forecast->p97_5;
    score->share += share;
    score->share_squared += share * share;
    const enum bw_trend_outcome outcome = value < forecast->p10   ? BW_TREND_BELOW
                                          : value > forecast->p90 ? BW_TREND_ABOVE
                                                                  : BW_TREND_INSIDE;
    const struct bw_trend_width width = bw_trend_width_learn(
        (struct bw_trend_width){ score->width_below, score->width_above }, 0.8, outcome, 1);
    score->width_below = width.below;
    score->width_above = width.above;
}

void bw_trend_standing_merge(struct bw_series_score *into, const struct bw_series_score *score)
{
    struct bw_series_score faded = *score;
    fade(&faded, into->updated_ms);
    into->count += faded.count;
    into->inside80 += faded.inside80;
    into->inside95 += faded.inside95;
    into->share += faded.share;
    into->share_squared += faded.share_squared;
}

static double of_told(const struct bw_series_score *score, double sum)
{
    return score->count > 0 ? bw_trend_clamp(sum / score->count, 0, 1) : NAN;
}

double bw_trend_standing_inside80(const struct bw_series_score *score)
{
    return of_told(score, score->inside80);
}

double bw_trend_standing_inside95(const struct bw_series_score *score)
{
    return of_told(score, score->inside95);
}

double bw_trend_standing_skill(const struct bw_series_score *score)
{
    const double share = of_told(score, score->share);
    const double bounded = share < 0.99 ? share : 0.99;
    return isnan(share) ? NAN : 1 - bounded / (1 - bounded);
}

bool bw_trend_standing_loses(const struct bw_series_score *score)
{
    if (score->count < TOLD_LEAST)
        return false;
    const double mean = score->share / score->count;
    const double variance = fmax(0, score->share_squared / score->count - mean * mean);
    return mean - 0.5 > LOSES_SCORE * sqrt(variance / (score->count - 1));
}
