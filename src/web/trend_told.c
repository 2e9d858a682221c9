// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/trend_told.h"

#include "web/words.h"

#include <math.h>

enum { BIN_LEAST = 20 }; /* a share of fewer says nothing */

/* ---- in words ---------------------------------------------------------------------------- */

/* Statements of all kinds with about the same probability. */
struct bin {
    uint64_t count, true_count;
};

static struct bin sum_bin(const struct bw_statement_summary *summary, size_t at)
{
    struct bin sum = { 0, 0 };
    for (int kind = 0; kind < BW_STATEMENT_KIND_COUNT; kind++) {
        sum.count += summary->told[kind].bins[at].count;
        sum.true_count += summary->told[kind].bins[at].true_count;
    }
    return sum;
}

static const char *bins_words(struct bw_arena *arena, const struct bw_statement_summary *summary)
{
    const char *text = "";
    for (size_t i = BW_STATEMENT_BINS; i-- > 0;) {
        const struct bin bin = sum_bin(summary, i);
        if (bin.count < BIN_LEAST)
            continue;
        text = bw_arena_printf(arena, "%s%s %zu to %zu %%: %s came true", text,
                               text[0] == '\0' ? ". Of those said with" : ";", i * 10, (i + 1) * 10,
                               bw_words_percent(arena, (double)bin.true_count / (double)bin.count));
    }
    return text;
}

static void add_statements(struct bw_arena *arena, struct bw_value *list,
                           const struct bw_statement_summary *summary)
{
    uint64_t count = 0, true_count = 0;
    double stated = 0;
    for (int kind = 0; kind < BW_STATEMENT_KIND_COUNT; kind++) {
        count += summary->told[kind].count;
        true_count += summary->told[kind].true_count;
        for (size_t i = 0; i < BW_STATEMENT_BINS; i++)
            stated += summary->told[kind].bins[i].stated;
    }
    if (count == 0)
        return;
    const char *text = bw_arena_printf(
        arena,
        "Of %llu statements about directions and limits that fell due in the last five weeks, "
        "%s came true, where %s were expected%s.",
        (unsigned long long)count, bw_words_percent(arena, (double)true_count / (double)count),
        bw_words_percent(arena, stated / (double)count), bins_words(arena, summary));
    bw_value_add_text(arena, list, NULL, text);
}

/* "errors were 31 % smaller than …" */
static const char *skill_words(struct bw_arena *arena, double skill)
{
    return bw_arena_printf(arena, "errors were %s %s than by saying that all stays as it is",
                           bw_words_percent(arena, fabs(skill)), skill < 0 ? "larger" : "smaller");
}

static void add_forecasts(struct bw_arena *arena, struct bw_value *list,
                          const struct bw_statement_forecasts *all)
{
    if (isnan(all->inside80_ratio))
        return;
    const char *text = bw_arena_printf(
        arena,
        "Of %.0f forecasts, older ones counting less, %s lay between P10 and P90 (80 %% should), "
        "%s within the 95 %% interval; %s.",
        all->count, bw_words_percent(arena, all->inside80_ratio),
        bw_words_percent(arena, all->inside95_ratio), skill_words(arena, all->skill_ratio));
    bw_value_add_text(arena, list, NULL, text);
}

void bw_trend_told_list(struct bw_arena *arena, struct bw_value *in, const char *key,
                        const struct bw_statement_summary *summary)
{
    struct bw_value *list = bw_value_add_list(arena, in, key);
    add_statements(arena, list, summary);
    add_forecasts(arena, list, &summary->all);
    if (list->count == 0 && summary->open > 0)
        bw_value_add_text(arena, list, NULL,
                          bw_arena_printf(arena,
                                          "%zu statements about the future wait until it can be "
                                          "told whether they were right.",
                                          summary->open));
    if (summary->muted_series > 0)
        bw_value_add_text(arena, list, NULL,
                          bw_arena_printf(arena,
                                          "Forecasts of %zu series do worse than saying that all "
                                          "stays as it is: no alert follows from them.",
                                          summary->muted_series));
}

const char *bw_trend_told_words(struct bw_arena *arena, const struct bw_trend_record *trend)
{
    if (!(trend->told >= 0.5))
        return "";
    const char *muted = trend->muted ? "; no alert follows from them" : "";
    return bw_arena_printf(arena, "of %.0f that fell due %s lay between P10 and P90; %s%s",
                           trend->told, bw_words_percent(arena, trend->inside80_ratio),
                           skill_words(arena, trend->skill_ratio), muted);
}

/* ---- as JSON ----------------------------------------------------------------------------- */

static void add_share(struct bw_arena *arena, struct bw_value *in,
                      const struct bw_statement_forecasts *forecasts)
{
    bw_value_add_number(arena, in, "told", forecasts->count);
    bw_value_add_number(arena, in, "inside80_ratio", forecasts->inside80_ratio);
    bw_value_add_number(arena, in, "inside95_ratio", forecasts->inside95_ratio);
    bw_value_add_number(arena, in, "skill_ratio", forecasts->skill_ratio);
}

static void add_all_forecasts(struct bw_arena *arena, struct bw_value *in,
                              const struct bw_statement_summary *summary)
{
    struct bw_value *forecasts = bw_value_add_object(arena, in, "forecasts");
    add_share(arena, forecasts, &summary->all);
    struct bw_value *list = bw_value_add_list(arena, forecasts, "horizons");
    for (size_t i = 0; i < summary->horizon_count; i++) {
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_number(arena, item, "horizon_seconds",
                            (double)summary->at[i].horizon_ms / 1000);
        add_share(arena, item, &summary->at[i]);
    }
}

static void add_bins(struct bw_arena *arena, struct bw_value *in,
                     const struct bw_statement_told *told)
{
    struct bw_value *list = bw_value_add_list(arena, in, "bins");
    for (size_t i = 0; i < BW_STATEMENT_BINS; i++) {
        if (told->bins[i].count == 0)
            continue;
        struct bw_value *bin = bw_value_add_object(arena, list, NULL);
        bw_value_add_number(arena, bin, "from_ratio", (double)i / BW_STATEMENT_BINS);
        bw_value_add_number(arena, bin, "to_ratio", (double)(i + 1) / BW_STATEMENT_BINS);
        bw_value_add_int(arena, bin, "told", (int64_t)told->bins[i].count);
        bw_value_add_int(arena, bin, "came_true", (int64_t)told->bins[i].true_count);
        bw_value_add_number(arena, bin, "stated_ratio",
                            told->bins[i].stated / (double)told->bins[i].count);
    }
}

void bw_trend_told_summary(struct bw_arena *arena, struct bw_value *in,
                           const struct bw_statement_summary *summary)
{
    struct bw_value *root = bw_value_add_object(arena, in, "statements");
    bw_value_add_int(arena, root, "open", (int64_t)summary->open);
    bw_value_add_int(arena, root, "muted_series", (int64_t)summary->muted_series);
    struct bw_value *kinds = bw_value_add_list(arena, root, "kinds");
    for (int kind = 0; kind < BW_STATEMENT_FORECAST; kind++) {
        const struct bw_statement_told *told = &summary->told[kind];
        struct bw_value *item = bw_value_add_object(arena, kinds, NULL);
        bw_value_add_text(arena, item, "kind",
                          bw_statement_kind_name((enum bw_statement_kind)kind));
        bw_value_add_int(arena, item, "told", (int64_t)told->count);
        bw_value_add_int(arena, item, "came_true", (int64_t)told->true_count);
        bw_value_add_number(arena, item, "brier_skill_ratio", told->brier_skill_ratio);
        bw_value_add_number(arena, item, "calibration_error_ratio", told->calibration_error_ratio);
        bw_value_add_bool(arena, item, "recalibrated", told->recalibrated);
        add_bins(arena, item, told);
    }
    add_all_forecasts(arena, root, summary);
}

void bw_trend_told_series(struct bw_arena *arena, struct bw_value *in,
                          const struct bw_trend_record *trend)
{
    struct bw_value *root = bw_value_add_object(arena, in, "past_forecasts");
    bw_value_add_number(arena, root, "told", trend->told);
    bw_value_add_number(arena, root, "inside80_ratio", trend->inside80_ratio);
    bw_value_add_number(arena, root, "inside95_ratio", trend->inside95_ratio);
    bw_value_add_number(arena, root, "skill_ratio", trend->skill_ratio);
    bw_value_add_bool(arena, root, "muted", trend->muted);
}
