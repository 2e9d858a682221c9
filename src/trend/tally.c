// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/tally.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define WEEK_MS (7 * INT64_C(86400000))

static_assert((int)BW_STATEMENT_BINS == (int)BW_TREND_BELIEF_BINS, "bins are those of score.h");

int64_t bw_trend_week(int64_t ts_ms)
{
    return ts_ms / WEEK_MS;
}

void bw_trend_tally_fini(struct bw_trend_tally *tally)
{
    free(tally->bins);
    *tally = (struct bw_trend_tally){ 0 };
}

static struct bw_statement_bin *find(struct bw_trend_tally *tally,
                                     const struct bw_statement_bin *like)
{
    for (size_t i = 0; i < tally->count; i++) {
        struct bw_statement_bin *bin = &tally->bins[i];
        if (bin->bin == like->bin && bin->kind == like->kind && bin->week == like->week
            && bin->horizon_ms == like->horizon_ms && bin->believed == like->believed)
            return bin;
    }
    tally->bins = bw_grow(tally->bins, &tally->cap, tally->count + 1, sizeof *tally->bins);
    struct bw_statement_bin *bin = &tally->bins[tally->count++];
    *bin = *like;
    bin->count = bin->true_count = 0;
    bin->stated = bin->squared = 0;
    return bin;
}

void bw_trend_tally_restore(struct bw_trend_tally *tally, const struct bw_statement_bin *bin)
{
    if (bin->bin < BW_STATEMENT_BINS && bin->kind < BW_STATEMENT_KIND_COUNT
        && bin->true_count <= bin->count && isfinite(bin->stated) && isfinite(bin->squared))
        *find(tally, bin) = *bin;
}

static void add(struct bw_trend_tally *tally, const struct bw_statement *s, bool believed,
                double ratio, bool came_true)
{
    const unsigned at = (unsigned)(ratio * BW_STATEMENT_BINS);
    const struct bw_statement_bin like = { .kind = s->kind,
                                           .horizon_ms = s->horizon_ms,
                                           .week = bw_trend_week(s->deadline_ms),
                                           .believed = believed,
                                           .bin = at < BW_STATEMENT_BINS ? at
                                                                         : BW_STATEMENT_BINS - 1 };
    struct bw_statement_bin *bin = find(tally, &like);
    const double error = ratio - (came_true ? 1 : 0);
    bin->count++;
    bin->true_count += came_true;
    bin->stated += ratio;
    bin->squared += error * error;
    bin->changed = true;
}

static bool is_probability(double ratio)
{
    return ratio >= 0 && ratio <= 1; /* and not NaN */
}

void bw_trend_tally_add(struct bw_trend_tally *tally, const struct bw_statement *s, bool came_true)
{
    if (!is_probability(s->stated_ratio) || !is_probability(s->believed_ratio))
        return;
    add(tally, s, false, s->stated_ratio, came_true);
    add(tally, s, true, s->believed_ratio, came_true);
}

bool bw_trend_tally_expire(struct bw_trend_tally *tally, int64_t now_ms, int64_t *out_week)
{
    const size_t before = tally->count;
    *out_week = bw_trend_week(now_ms) - BW_TREND_WEEKS_KEPT + 1;
    tally->count = 0;
    for (size_t i = 0; i < before; i++)
        if (tally->bins[i].week >= *out_week)
            tally->bins[tally->count++] = tally->bins[i];
    return tally->count < before;
}

struct bw_trend_beliefs bw_trend_tally_sum(const struct bw_trend_tally *tally,
                                           const struct bw_trend_tally_key *key)
{
    struct bw_trend_beliefs sum = { .squared = 0 };
    for (size_t i = 0; i < tally->count; i++) {
        const struct bw_statement_bin *bin = &tally->bins[i];
        if (bin->kind != key->kind || bin->believed != key->believed
            || (key->horizon_ms != 0 && bin->horizon_ms != key->horizon_ms))
            continue;
        sum.count[bin->bin] += bin->count;
        sum.true_count[bin->bin] += bin->true_count;
        sum.stated[bin->bin] += bin->stated;
        sum.squared += bin->squared;
    }
    return sum;
}
