// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ledger.h"

#include "base/mem.h"
#include "base/units.h"
#include "trend/grid.h"
#include "trend/standing.h"
#include "trend/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOLD_LEAST = 20,       /* with fewer outcomes a share says nothing */
    CALIBRATED_LEAST = 50, /* with fewer, bins are mostly noise */
};
#define LAPSE_MS (24 * INT64_C(3600000))

/* What is known of one series. */
struct entry {
    uint32_t series;
    struct bw_statement *open;
    size_t open_count, open_cap;
    struct bw_series_score scores[BW_STATEMENT_HORIZONS_MAX];
    size_t score_count;
};

struct bw_ledger {
    struct entry **entries; /* by series */
    size_t count, cap;
    struct bw_trend_tally tally;
    struct bw_trend_recalibration maps[BW_STATEMENT_KIND_COUNT];
    struct bw_statement_summary summary;
    bool stale;  /* the maps: outcomes have come since they were made */
    bool summed; /* the summary is of now */
    uint64_t totals[BW_STATEMENT_KIND_COUNT][BW_STATEMENT_OUTCOME_COUNT]; /* since the start */
};

static void learn(struct bw_ledger *ledger)
{
    ledger->stale = false;
    for (int kind = 0; kind < BW_STATEMENT_KIND_COUNT; kind++) {
        const struct bw_trend_tally_key key = { .kind = (enum bw_statement_kind)kind,
                                                .believed = true };
        const struct bw_trend_beliefs believed = bw_trend_tally_sum(&ledger->tally, &key);
        ledger->maps[kind] = bw_trend_recalibration_fit(&believed);
    }
}

struct bw_ledger *bw_ledger_new(void)
{
    struct bw_ledger *ledger = bw_alloc(sizeof *ledger);
    learn(ledger);
    return ledger;
}

void bw_ledger_free(struct bw_ledger *ledger)
{
    if (ledger == NULL)
        return;
    for (size_t i = 0; i < ledger->count; i++) {
        free(ledger->entries[i]->open);
        free(ledger->entries[i]);
    }
    free(ledger->entries);
    bw_trend_tally_fini(&ledger->tally);
    free(ledger);
}

/* ---- entries ------------------------------------------------------------------------------ */

/* Where the series is, or belongs. */
static size_t place_of(const struct bw_ledger *ledger, uint32_t series)
{
    size_t low = 0, high = ledger->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (ledger->entries[middle]->series < series)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct entry *find(const struct bw_ledger *ledger, uint32_t series)
{
    const size_t at = place_of(ledger, series);
    return at < ledger->count && ledger->entries[at]->series == series ? ledger->entries[at] : NULL;
}

static struct entry *entry_for(struct bw_ledger *ledger, uint32_t series)
{
    const size_t at = place_of(ledger, series);
    if (at < ledger->count && ledger->entries[at]->series == series)
        return ledger->entries[at];
    ledger->entries =
        bw_grow(ledger->entries, &ledger->cap, ledger->count + 1, sizeof(struct entry *));
    memmove(ledger->entries + at + 1, ledger->entries + at,
            (ledger->count - at) * sizeof(struct entry *));
    struct entry *entry = bw_alloc(sizeof *entry);
    entry->series = series;
    ledger->entries[at] = entry;
    ledger->count++;
    return entry;
}

static struct bw_statement *open_like(struct entry *entry, const struct bw_statement *statement)
{
    for (size_t i = 0; i < entry->open_count; i++) {
        struct bw_statement *open = &entry->open[i];
        if (open->kind == statement->kind && open->horizon_ms == statement->horizon_ms)
            return open;
    }
    return NULL;
}

static bool open_statement(struct bw_ledger *ledger, const struct bw_statement *statement)
{
    struct entry *entry = entry_for(ledger, statement->series);
    if (open_like(entry, statement) != NULL)
        return false;
    entry->open =
        bw_grow(entry->open, &entry->open_cap, entry->open_count + 1, sizeof *entry->open);
    entry->open[entry->open_count++] = *statement;
    return true;
}

/* The score at a horizon; one at a horizon that is asked for no more gives way. */
static struct bw_series_score *score_for(struct entry *entry, int64_t horizon_ms)
{
    struct bw_series_score *oldest = &entry->scores[0];
    for (size_t i = 0; i < entry->score_count; i++) {
        struct bw_series_score *score = &entry->scores[i];
        if (score->horizon_ms == horizon_ms)
            return score;
        if (score->updated_ms < oldest->updated_ms)
            oldest = score;
    }
    if (entry->score_count < BW_STATEMENT_HORIZONS_MAX)
        oldest = &entry->scores[entry->score_count++];
    *oldest = (struct bw_series_score){ .series = entry->series, .horizon_ms = horizon_ms };
    return oldest;
}

/* Of stretches of time as an analysis makes them. */
static bool is_sound(const struct bw_statement *s)
{
    return s->step_ms > 0 && s->from_ms > 0 && s->deadline_ms > s->from_ms
           && (s->deadline_ms - s->from_ms) % s->step_ms == 0
           && (s->deadline_ms - s->from_ms) / s->step_ms <= BW_TREND_CELLS_MAX;
}

void bw_ledger_restore_statement(struct bw_ledger *ledger, const struct bw_statement *statement)
{
    if (is_sound(statement))
        open_statement(ledger, statement);
    ledger->summed = false;
}

void bw_ledger_restore_bin(struct bw_ledger *ledger, const struct bw_statement_bin *bin)
{
    bw_trend_tally_restore(&ledger->tally, bin);
    ledger->stale = true;
    ledger->summed = false;
}

void bw_ledger_restore_score(struct bw_ledger *ledger, const struct bw_series_score *score)
{
    *score_for(entry_for(ledger, score->series), score->horizon_ms) = *score;
    ledger->summed = false;
}

static bool take_statement(void *ctx, const struct bw_statement *statement)
{
    bw_ledger_restore_statement(ctx, statement);
    return true;
}

static bool take_bin(void *ctx, const struct bw_statement_bin *bin)
{
    bw_ledger_restore_bin(ctx, bin);
    return true;
}

static bool take_score(void *ctx, const struct bw_series_score *score)
{
    bw_ledger_restore_score(ctx, score);
    return true;
}

void bw_ledger_load(struct bw_ledger *ledger, struct bw_reader *reader)
{
    bw_reader_statements(reader, take_statement, ledger, NULL, NULL);
    bw_reader_statement_bins(reader, take_bin, ledger, NULL, NULL);
    bw_reader_series_scores(reader, take_score, ledger, NULL, NULL);
}

/* ---- jobs --------------------------------------------------------------------------------- */

void bw_ledger_brief(struct bw_ledger *ledger, int64_t now_ms, struct bw_arena *arena,
                     struct bw_ledger_brief *out)
{
    size_t due = 0, scores = 0;
    if (ledger->stale)
        learn(ledger);
    for (size_t i = 0; i < ledger->count; i++) {
        const struct entry *entry = ledger->entries[i];
        scores += entry->score_count;
        for (size_t j = 0; j < entry->open_count; j++)
            due += entry->open[j].deadline_ms <= now_ms;
    }
    struct bw_statement *statements = bw_arena_array(arena, due, sizeof *statements);
    struct bw_series_score *copies = bw_arena_array(arena, scores, sizeof *copies);
    *out = (struct bw_ledger_brief){ .due = statements, .scores = copies };
    memcpy(out->maps, ledger->maps, sizeof out->maps);
    for (size_t i = 0; i < ledger->count; i++) {
        const struct entry *entry = ledger->entries[i];
        for (size_t j = 0; j < entry->score_count; j++)
            copies[out->score_count++] = entry->scores[j];
        for (size_t j = 0; j < entry->open_count; j++)
            if (entry->open[j].deadline_ms <= now_ms)
                statements[out->due_count++] = entry->open[j];
    }
}

static void count_outcome(struct bw_ledger *ledger, struct bw_store *store, struct entry *entry,
                          const struct bw_ledger_verdict *verdict)
{
    const struct bw_statement *statement = &verdict->statement;
    ledger->totals[statement->kind][verdict->outcome]++;
    if (verdict->outcome == BW_STATEMENT_UNTOLD)
        return;
    if (statement->kind == BW_STATEMENT_FORECAST) {
        struct bw_series_score *score = score_for(entry, statement->horizon_ms);
        bw_trend_standing_add(score, statement, verdict->value);
        if (store != NULL)
            bw_store_put_series_score(store, score);
    } else {
        bw_trend_tally_add(&ledger->tally, statement, verdict->outcome == BW_STATEMENT_TRUE);
    }
}

/* Many outcomes fall into few bins: each is written once. */
static void store_bins(struct bw_ledger *ledger, struct bw_store *store)
{
    for (size_t i = 0; i < ledger->tally.count; i++) {
        struct bw_statement_bin *bin = &ledger->tally.bins[i];
        if (bin->changed && store != NULL)
            bw_store_put_statement_bin(store, bin);
        bin->changed = false;
    }
}

/* Its row goes before its outcome is counted: were the power cut between, it would rather not be
 * counted than twice. */
static void close_statement(struct bw_ledger *ledger, struct bw_store *store,
                            const struct bw_ledger_verdict *verdict)
{
    struct entry *entry = find(ledger, verdict->statement.series);
    struct bw_statement *open = entry != NULL ? open_like(entry, &verdict->statement) : NULL;
    if (open == NULL || open->deadline_ms != verdict->statement.deadline_ms)
        return;
    *open = entry->open[--entry->open_count];
    if (store != NULL)
        bw_store_forget_statement(store, &verdict->statement);
    count_outcome(ledger, store, entry, verdict);
}

/* Nobody judged it; or it was made when the clock was far ahead, and would hold up others. */
static void let_lapse(struct bw_ledger *ledger, struct bw_store *store, int64_t now_ms)
{
    for (size_t i = 0; i < ledger->count; i++) {
        struct entry *entry = ledger->entries[i];
        for (size_t j = entry->open_count; j-- > 0;) {
            const struct bw_ledger_verdict verdict = { .statement = entry->open[j],
                                                       .outcome = BW_STATEMENT_UNTOLD };
            if (entry->open[j].deadline_ms + LAPSE_MS < now_ms
                || entry->open[j].from_ms - LAPSE_MS > now_ms)
                close_statement(ledger, store, &verdict);
        }
    }
}

void bw_ledger_take(struct bw_ledger *ledger, struct bw_store *store,
                    const struct bw_ledger_report *report, int64_t now_ms)
{
    int64_t week;
    for (size_t i = 0; i < report->verdict_count; i++)
        close_statement(ledger, store, &report->verdicts[i]);
    let_lapse(ledger, store, now_ms);
    store_bins(ledger, store);
    const bool expired = bw_trend_tally_expire(&ledger->tally, now_ms, &week);
    if (expired && store != NULL)
        bw_store_forget_statement_bins(store, week);
    ledger->stale = ledger->stale || expired || report->verdict_count > 0;
    ledger->summed = false;
    for (size_t i = 0; i < report->said_count; i++)
        if (open_statement(ledger, &report->said[i]) && store != NULL)
            bw_store_put_statement(store, &report->said[i]);
}

/* ---- figures ------------------------------------------------------------------------------ */

static struct bw_series_score sum_of(const struct entry *entry, int64_t now_ms)
{
    struct bw_series_score sum = { .updated_ms = now_ms };
    for (size_t i = 0; entry != NULL && i < entry->score_count; i++)
        bw_trend_standing_merge(&sum, &entry->scores[i]);
    return sum;
}

void bw_ledger_describe(const struct bw_ledger *ledger, int64_t now_ms,
                        struct bw_trend_record *record)
{
    const struct bw_series_score sum = sum_of(find(ledger, record->series), now_ms);
    record->told = sum.count;
    record->skill_ratio = bw_trend_standing_skill(&sum);
    record->inside80_ratio = bw_trend_standing_inside80(&sum);
    record->inside95_ratio = bw_trend_standing_inside95(&sum);
    record->muted = bw_trend_standing_loses(&sum);
}

bool bw_ledger_mutes(const struct bw_ledger *ledger, uint32_t series, int64_t now_ms)
{
    const struct bw_series_score sum = sum_of(find(ledger, series), now_ms);
    return bw_trend_standing_loses(&sum);
}

static void tell_forecasts(const struct bw_series_score *sum, struct bw_statement_forecasts *out)
{
    const bool enough = sum->count >= TOLD_LEAST;
    *out = (struct bw_statement_forecasts){
        .horizon_ms = sum->horizon_ms,
        .count = sum->count,
        .inside80_ratio = enough ? bw_trend_standing_inside80(sum) : NAN,
        .inside95_ratio = enough ? bw_trend_standing_inside95(sum) : NAN,
        .skill_ratio = enough ? bw_trend_standing_skill(sum) : NAN,
    };
}

/* Sums by horizon, rising; those beyond the most that can be asked for are left out. */
struct horizons {
    struct bw_series_score sums[BW_STATEMENT_HORIZONS_MAX];
    size_t count;
};

static void add_score(struct horizons *h, const struct bw_series_score *score, int64_t now_ms)
{
    size_t at = 0;
    while (at < h->count && h->sums[at].horizon_ms < score->horizon_ms)
        at++;
    if (at == h->count || h->sums[at].horizon_ms != score->horizon_ms) {
        if (h->count == BW_STATEMENT_HORIZONS_MAX)
            return;
        memmove(h->sums + at + 1, h->sums + at, (h->count - at) * sizeof *h->sums);
        h->sums[at] =
            (struct bw_series_score){ .horizon_ms = score->horizon_ms, .updated_ms = now_ms };
        h->count++;
    }
    bw_trend_standing_merge(&h->sums[at], score);
}

static void tell_bins(const struct bw_ledger *ledger, enum bw_statement_kind kind,
                      struct bw_statement_told *out)
{
    const struct bw_trend_tally_key key = { .kind = kind };
    const struct bw_trend_beliefs said = bw_trend_tally_sum(&ledger->tally, &key);
    const struct bw_trend_recalibration *map = &ledger->maps[kind];
    out->count = bw_trend_beliefs_count(&said);
    out->true_count = bw_trend_beliefs_true(&said);
    for (size_t i = 0; i < BW_STATEMENT_BINS; i++) {
        out->bins[i].count = said.count[i];
        out->bins[i].true_count = said.true_count[i];
        out->bins[i].stated = said.stated[i];
    }
    out->brier_skill_ratio = out->count >= TOLD_LEAST ? bw_trend_beliefs_skill(&said) : NAN;
    out->calibration_error_ratio =
        out->count >= CALIBRATED_LEAST ? bw_trend_beliefs_miscalibration(&said) : NAN;
    out->recalibrated = memcmp(map, &bw_trend_recalibration_none, sizeof *map) != 0;
}

static void sum_up(const struct bw_ledger *ledger, int64_t now_ms, struct bw_statement_summary *out)
{
    struct horizons horizons = { .count = 0 };
    struct bw_series_score all = { .updated_ms = now_ms };
    *out = (struct bw_statement_summary){ .open = 0 };
    for (size_t i = 0; i < ledger->count; i++) {
        const struct entry *entry = ledger->entries[i];
        const struct bw_series_score sum = sum_of(entry, now_ms);
        out->open += entry->open_count;
        out->muted_series += bw_trend_standing_loses(&sum);
        bw_trend_standing_merge(&all, &sum);
        for (size_t j = 0; j < entry->score_count; j++)
            add_score(&horizons, &entry->scores[j], now_ms);
    }
    tell_forecasts(&all, &out->all);
    out->horizon_count = horizons.count;
    for (size_t i = 0; i < horizons.count; i++)
        tell_forecasts(&horizons.sums[i], &out->at[i]);
    for (int kind = 0; kind < BW_STATEMENT_FORECAST; kind++)
        tell_bins(ledger, (enum bw_statement_kind)kind, &out->told[kind]);
}

/* It changes with outcomes alone: what fades, fades everywhere alike. */
const struct bw_statement_summary *bw_ledger_summary(struct bw_ledger *ledger, int64_t now_ms)
{
    if (!ledger->summed)
        sum_up(ledger, now_ms, &ledger->summary);
    ledger->summed = true;
    return &ledger->summary;
}

static void add_known(struct bw_measures *out, enum bw_family_id family, double value,
                      const char *label)
{
    if (!isnan(value))
        bw_measures_add(out, family, value, BW_LABEL_VALUES(label));
}

static void measure_outcomes(const struct bw_ledger *ledger, struct bw_measures *out)
{
    for (int kind = 0; kind < BW_STATEMENT_KIND_COUNT; kind++) {
        const char *name = bw_statement_kind_name((enum bw_statement_kind)kind);
        for (int outcome = 0; outcome < BW_STATEMENT_OUTCOME_COUNT; outcome++)
            bw_measures_add(
                out, BW_METRIC_TREND_STATEMENTS_TOTAL, (double)ledger->totals[kind][outcome],
                BW_LABEL_VALUES(name,
                                bw_statement_outcome_name((enum bw_statement_outcome)outcome)));
    }
}

void bw_ledger_measure(struct bw_ledger *ledger, int64_t now_ms, struct bw_measures *out)
{
    const struct bw_statement_summary *summary = bw_ledger_summary(ledger, now_ms);
    add_known(out, BW_METRIC_FORECAST_COVERAGE_RATIO, summary->all.inside80_ratio, "0.8");
    add_known(out, BW_METRIC_FORECAST_COVERAGE_RATIO, summary->all.inside95_ratio, "0.95");
    for (size_t i = 0; i < summary->horizon_count; i++) {
        char name[BW_DURATION_TEXT_MAX];
        bw_format_duration(name, summary->at[i].horizon_ms * BW_MS);
        add_known(out, BW_METRIC_FORECAST_SKILL_RATIO, summary->at[i].skill_ratio, name);
    }
    for (int kind = 0; kind < BW_STATEMENT_FORECAST; kind++) {
        const struct bw_statement_told *told = &summary->told[kind];
        const char *name = bw_statement_kind_name((enum bw_statement_kind)kind);
        add_known(out, BW_METRIC_TREND_BRIER_SKILL_RATIO, told->brier_skill_ratio, name);
        add_known(out, BW_METRIC_TREND_CALIBRATION_ERROR_RATIO, told->calibration_error_ratio,
                  name);
    }
    measure_outcomes(ledger, out);
    bw_measures_add(out, BW_METRIC_TREND_STATEMENTS_OPEN, (double)summary->open, NULL);
    bw_measures_add(out, BW_METRIC_TREND_MUTED_SERIES, (double)summary->muted_series, NULL);
}
