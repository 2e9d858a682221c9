// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/score.h"

#include "trend/robust.h"

#include <math.h>

double bw_trend_score_scale(const double *x, size_t n, size_t period)
{
    double mean = NAN;
    size_t pairs = 0;
    for (size_t i = period; period > 0 && i < n; i++) {
        const double step = fabs(x[i] - x[i - period]);
        if (!isfinite(step))
            continue;
        mean = pairs++ == 0 ? step : mean + (step - mean) / (double)pairs;
    }
    return mean;
}

double bw_trend_score_pinball(double value, double quantile, double q)
{
    return value >= quantile ? q * (value - quantile) : (1 - q) * (quantile - value);
}

void bw_trend_score_share(double hits, double count, double z, double *out_low, double *out_high)
{
    *out_low = 0;
    *out_high = 1;
    if (!(count > 0))
        return;
    const double p = hits / count, spread = z * z / count;
    const double middle = (p + spread / 2) / (1 + spread);
    const double half = sqrt(spread * p * (1 - p) + spread * spread / 4) / (1 + spread);
    *out_low = fmax(0, middle - half);
    *out_high = fmin(1, middle + half);
}

void bw_trend_cover_add(struct bw_trend_cover *cover, size_t inside, size_t count, double worth)
{
    if (count == 0)
        return;
    const double share = (double)inside / (double)count;
    cover->forecasts++;
    cover->count += count;
    cover->inside += inside;
    cover->sum += share;
    cover->squared += share * share;
    cover->worth += bw_trend_clamp(worth, 0, 1);
}

void bw_trend_cover_merge(struct bw_trend_cover *into, const struct bw_trend_cover *from)
{
    into->forecasts += from->forecasts;
    into->count += from->count;
    into->inside += from->inside;
    into->sum += from->sum;
    into->squared += from->squared;
    into->worth += from->worth;
}

/* How many independent outcomes would scatter as much as the forecasts' shares do: at least as
 * many as there were independent forecasts, at most as many as there were steps. */
static double independent(const struct bw_trend_cover *cover)
{
    const double forecasts = (double)cover->forecasts;
    const double least = bw_trend_clamp(cover->worth, 1, forecasts);
    const double mean = cover->sum / forecasts;
    const double variance = cover->squared / forecasts - mean * mean;
    const double alone = mean * (1 - mean); /* of a single outcome */
    if (cover->forecasts < 2 || alone <= 0 || variance <= 0)
        return least;
    return bw_trend_clamp(least * alone / variance, least, (double)cover->count);
}

double bw_trend_cover_ratio(const struct bw_trend_cover *cover, double *out_low, double *out_high)
{
    *out_low = *out_high = NAN;
    if (cover->count == 0)
        return NAN;
    const double ratio = (double)cover->inside / (double)cover->count;
    const double count = independent(cover);
    bw_trend_score_share(ratio * count, count, 1.96, out_low, out_high);
    return ratio;
}

void bw_trend_beliefs_add(struct bw_trend_beliefs *beliefs, double ratio, bool came_true)
{
    const double p = bw_trend_clamp(ratio, 0, 1);
    const size_t last = BW_TREND_BELIEF_BINS - 1, at = (size_t)(p * BW_TREND_BELIEF_BINS);
    const size_t bin = at < last ? at : last;
    const double error = p - (came_true ? 1 : 0);
    beliefs->count[bin]++;
    beliefs->true_count[bin] += came_true;
    beliefs->stated[bin] += p;
    beliefs->squared += error * error;
}

void bw_trend_beliefs_merge(struct bw_trend_beliefs *into, const struct bw_trend_beliefs *from)
{
    for (size_t i = 0; i < BW_TREND_BELIEF_BINS; i++) {
        into->count[i] += from->count[i];
        into->true_count[i] += from->true_count[i];
        into->stated[i] += from->stated[i];
    }
    into->squared += from->squared;
}

static uint64_t total(const uint64_t *bins)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < BW_TREND_BELIEF_BINS; i++)
        sum += bins[i];
    return sum;
}

uint64_t bw_trend_beliefs_count(const struct bw_trend_beliefs *beliefs)
{
    return total(beliefs->count);
}

uint64_t bw_trend_beliefs_true(const struct bw_trend_beliefs *beliefs)
{
    return total(beliefs->true_count);
}

double bw_trend_beliefs_brier(const struct bw_trend_beliefs *beliefs)
{
    const uint64_t count = bw_trend_beliefs_count(beliefs);
    return count > 0 ? beliefs->squared / (double)count : NAN;
}

double bw_trend_beliefs_skill(const struct bw_trend_beliefs *beliefs)
{
    const double count = (double)bw_trend_beliefs_count(beliefs);
    const double base = (double)bw_trend_beliefs_true(beliefs) / count;
    const double known = base * (1 - base); /* the Brier score of stating the share */
    return known > 0 ? 1 - bw_trend_beliefs_brier(beliefs) / known : NAN;
}

double bw_trend_beliefs_miscalibration(const struct bw_trend_beliefs *beliefs)
{
    const uint64_t count = bw_trend_beliefs_count(beliefs);
    double off = 0;
    for (size_t i = 0; i < BW_TREND_BELIEF_BINS; i++)
        off += fabs(beliefs->stated[i] - (double)beliefs->true_count[i]);
    return count > 0 ? off / (double)count : NAN;
}
