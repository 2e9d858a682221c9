// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_results.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The latest result of one series. */
struct result {
    struct bw_trend_record record; /* its texts are its own */
    struct bw_publication *publication;
    unsigned round; /* in which it was computed last; 0: restored */
};

struct bw_trend_results {
    struct bw_core *core;
    struct result **items;
    size_t count, cap;
};

struct bw_trend_results *bw_trend_results_new(struct bw_core *core)
{
    struct bw_trend_results *set = bw_alloc(sizeof *set);
    set->core = core;
    return set;
}

static void free_result(struct result *result)
{
    bw_publication_free(result->publication);
    free((void *)(uintptr_t)result->record.metric);
    free((void *)(uintptr_t)result->record.labels.items);
    free((void *)(uintptr_t)result->record.note);
    free(result);
}

void bw_trend_results_free(struct bw_trend_results *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        free_result(set->items[i]);
    free(set->items);
    free(set);
}

/* ---- as metrics ------------------------------------------------------------------------ */

/* One of its labels that is called "metric" too is renamed. */
struct bw_publication *bw_trend_publication_new(struct bw_core *core, const char *metric,
                                                struct bw_labels own)
{
    struct bw_metric_label labels[BW_LABELS_MAX + 1];
    size_t count = 0;
    labels[count++] = (struct bw_metric_label){ "metric", metric };
    for (size_t i = 0; i < own.count && count <= BW_LABELS_MAX; i++) {
        const bool taken = strcmp(own.items[i].name, "metric") == 0;
        labels[count++] = (struct bw_metric_label){ taken ? "series_metric" : own.items[i].name,
                                                    own.items[i].value };
    }
    return bw_publication_new(core->publisher, labels, count, "series_");
}

static void add_known(struct bw_measures *out, enum bw_family_id family, double value,
                      const char *const *labels)
{
    if (!isnan(value))
        bw_measures_add(out, family, value, labels);
}

static void measure_horizons(const struct bw_trend_record *record, const char *threshold,
                             struct bw_measures *out)
{
    for (size_t i = 0; i < record->horizon_count; i++) {
        const struct bw_trend_horizon *horizon = &record->horizons[i];
        char name[BW_DURATION_TEXT_MAX];
        bw_format_duration(name, horizon->horizon_ms * BW_MS);
        add_known(out, BW_METRIC_FORECAST_VALUE, horizon->p10, BW_LABEL_VALUES(name, "0.1"));
        add_known(out, BW_METRIC_FORECAST_VALUE, horizon->p50, BW_LABEL_VALUES(name, "0.5"));
        add_known(out, BW_METRIC_FORECAST_VALUE, horizon->p90, BW_LABEL_VALUES(name, "0.9"));
        if (threshold != NULL)
            add_known(out, BW_METRIC_THRESHOLD_CROSSING_PROBABILITY_RATIO, horizon->crossing_ratio,
                      BW_LABEL_VALUES(threshold, name));
    }
}

static void measure_threshold(const struct bw_trend_record *record, const char *threshold,
                              struct bw_measures *out)
{
    add_known(out, BW_METRIC_TIME_TO_THRESHOLD_SECONDS, record->time_to_p10_s,
              BW_LABEL_VALUES(threshold, "0.1"));
    add_known(out, BW_METRIC_TIME_TO_THRESHOLD_SECONDS, record->time_to_p50_s,
              BW_LABEL_VALUES(threshold, "0.5"));
    add_known(out, BW_METRIC_TIME_TO_THRESHOLD_SECONDS, record->time_to_p90_s,
              BW_LABEL_VALUES(threshold, "0.9"));
}

static void measure_record(const struct bw_trend_record *record, struct bw_measures *out)
{
    for (int i = 0; i < BW_DIRECTION_COUNT; i++)
        bw_measures_add(out, BW_METRIC_TREND_DIRECTION,
                        record->direction == (enum bw_direction)i ? 1 : 0,
                        BW_LABEL_VALUES(bw_direction_name((enum bw_direction)i)));
    add_known(out, BW_METRIC_TREND_CONFIDENCE_RATIO, record->confidence_ratio, NULL);
    add_known(out, BW_METRIC_TREND_SLOPE_PER_SECOND, record->slope_per_second, NULL);
    add_known(out, BW_METRIC_TREND_SLOPE_LOW_PER_SECOND, record->slope_low, NULL);
    add_known(out, BW_METRIC_TREND_SLOPE_HIGH_PER_SECOND, record->slope_high, NULL);
    add_known(out, BW_METRIC_TREND_SEASON_SECONDS, record->season_seconds, NULL);
    bw_measures_add(out, BW_METRIC_TREND_COMPUTED_TIMESTAMP_SECONDS,
                    (double)record->computed_ms / 1000, NULL);
    char threshold[BW_DOUBLE_TEXT_MAX + 1] = "";
    const bool has_threshold = !isnan(record->threshold);
    if (has_threshold)
        threshold[bw_format_double(threshold, record->threshold)] = '\0';
    measure_horizons(record, has_threshold ? threshold : NULL, out);
    if (has_threshold)
        measure_threshold(record, threshold, out);
}

/* ---- the latest of each ---------------------------------------------------------------- */

static void copy_record(struct result *result, const struct bw_trend_record *record)
{
    const struct bw_trend_record old = result->record;
    result->record = *record;
    result->record.metric = old.metric; /* of one series they stay what they are */
    result->record.labels = old.labels;
    result->record.note = bw_strdup(record->note != NULL ? record->note : "");
    free((void *)(uintptr_t)old.note);
}

static struct result *result_for(struct bw_trend_results *set, const struct bw_trend_record *record)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i]->record.series == record->series)
            return set->items[i];
    }
    set->items = bw_grow(set->items, &set->cap, set->count + 1, sizeof(struct result *));
    struct result *result = bw_alloc(sizeof *result);
    result->record.series = record->series;
    result->record.metric = bw_strdup(record->metric);
    result->record.labels = bw_labels_clone(record->labels.items, record->labels.count);
    result->publication = bw_trend_publication_new(set->core, record->metric, record->labels);
    set->items[set->count++] = result;
    return result;
}

void bw_trend_results_take(struct bw_trend_results *set, const struct bw_trend_record *record,
                           unsigned round)
{
    struct result *result = result_for(set, record);
    copy_record(result, record);
    result->round = round;
    struct bw_measures *measures = bw_publication_begin(result->publication);
    measure_record(&result->record, measures);
    bw_publication_commit(result->publication);
    bw_core_view_changed(set->core);
}

void bw_trend_results_drop(struct bw_trend_results *set, unsigned round)
{
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct result *result = set->items[i];
        if (result->round + 2 <= round)
            free_result(result);
        else
            set->items[kept++] = result;
    }
    set->count = kept;
}

/* ---- views ----------------------------------------------------------------------------- */

static int soonest_first(const void *a, const void *b)
{
    const struct bw_trend_record *x = a, *y = b;
    const double tx = isnan(x->time_to_p50_s) ? INFINITY : x->time_to_p50_s;
    const double ty = isnan(y->time_to_p50_s) ? INFINITY : y->time_to_p50_s;
    if (tx != ty) // NOLINT: order, not equality
        return tx < ty ? -1 : 1;
    const int by_metric = strcmp(x->metric, y->metric);
    return by_metric != 0 ? by_metric : (x->series > y->series) - (x->series < y->series);
}

size_t bw_trend_results_view(const struct bw_trend_results *set, struct bw_arena *arena,
                             const struct bw_trend_record **out)
{
    struct bw_trend_record *records = bw_arena_array(arena, set->count + 1, sizeof *records);
    for (size_t i = 0; i < set->count; i++) {
        const struct bw_trend_record *record = &set->items[i]->record;
        records[i] = *record;
        records[i].metric = bw_arena_strdup(arena, record->metric);
        records[i].labels = bw_labels_make(arena, record->labels.items, record->labels.count);
        records[i].note = bw_arena_strdup(arena, record->note);
    }
    qsort(records, set->count, sizeof *records, soonest_first);
    *out = records;
    return set->count;
}

size_t bw_trend_results_count(const struct bw_trend_results *set, size_t *out_undetermined)
{
    *out_undetermined = 0;
    for (size_t i = 0; i < set->count; i++)
        *out_undetermined += set->items[i]->record.direction == BW_UNDETERMINED ? 1 : 0;
    return set->count;
}
