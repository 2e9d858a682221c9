// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/record.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* One series of a source. The measure it was made from tells whether the next round of
 * measures is about the same things in the same order. */
struct series {
    struct bw_source *source;
    enum bw_family_id family;
    const char *const *own; /* values of the family's own labels */
    bool stored;
    struct bw_latest latest;
    struct series *next_of_family;
    struct series **link; /* what points at this one */
};

struct bw_source {
    struct bw_recorder *recorder;
    struct bw_arena identity_arena;
    const struct bw_label *identity;
    size_t identity_count;
    size_t stored_max;
    struct bw_arena arena; /* of `series` */
    struct series *series;
    size_t count;
    unsigned generation; /* of the recorder's store when ids were looked up */
    int64_t tick_ms;     /* the last nominal tick; 0: none yet */
};

struct bw_recorder {
    struct bw_store *store;
    int64_t started_ms;
    unsigned generation;
    struct series *families[BW_FAMILY_ID_MAX]; /* all series of each */
    struct bw_sample *samples;
    size_t sample_cap;
};

struct bw_recorder *bw_recorder_new(int64_t started_ms)
{
    struct bw_recorder *recorder = bw_alloc(sizeof *recorder);
    recorder->started_ms = started_ms;
    return recorder;
}

void bw_recorder_free(struct bw_recorder *recorder)
{
    if (recorder == NULL)
        return;
    free(recorder->samples);
    free(recorder);
}

void bw_recorder_set_store(struct bw_recorder *recorder, struct bw_store *store)
{
    recorder->store = store;
    recorder->generation++;
}

struct bw_source *bw_source_new(struct bw_recorder *recorder, const struct bw_label *identity,
                                size_t count, size_t stored_max)
{
    struct bw_source *source = bw_alloc(sizeof *source);
    source->recorder = recorder;
    source->stored_max = stored_max;
    bw_arena_init(&source->identity_arena);
    bw_arena_init(&source->arena);
    const struct bw_labels labels = bw_labels_make(&source->identity_arena, identity, count);
    source->identity = labels.items;
    source->identity_count = labels.count;
    return source;
}

static void unlink_all(struct bw_source *source)
{
    for (size_t i = 0; i < source->count; i++) {
        struct series *series = &source->series[i];
        *series->link = series->next_of_family;
        if (series->next_of_family != NULL)
            series->next_of_family->link = series->link;
    }
    source->count = 0;
    bw_arena_fini(&source->arena);
}

void bw_source_free(struct bw_source *source)
{
    if (source == NULL)
        return;
    unlink_all(source);
    bw_arena_fini(&source->identity_arena);
    free(source);
}

static bool is_same(const struct series *series, const struct bw_measure *measure)
{
    if (series->family != measure->family)
        return false;
    const size_t count = bw_family_row(measure->family)->label_count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(series->own[i], measure->labels[i]) != 0)
            return false;
    }
    return true;
}

static bool has_shape(const struct bw_source *source, const struct bw_measures *measures)
{
    size_t n = 0;
    for (size_t i = 0; i < measures->count; i++) {
        if (measures->items[i].part != BW_PART_VALUE)
            continue;
        if (n == source->count || !is_same(&source->series[n], &measures->items[i]))
            return false;
        n++;
    }
    return n == source->count;
}

static void name_series(struct bw_source *source, struct series *series,
                        const struct bw_measure *measure)
{
    const struct bw_family *family = bw_family_row(measure->family);
    struct bw_label labels[BW_LABELS_MAX];
    size_t count = 0;
    for (; count < source->identity_count; count++)
        labels[count] = source->identity[count];
    const char **own = bw_arena_array(&source->arena, family->label_count + 1, sizeof *own);
    for (size_t i = 0; i < family->label_count; i++) {
        own[i] = bw_arena_strdup(&source->arena, measure->labels[i]);
        if (count < BW_LABELS_MAX)
            labels[count++] = (struct bw_label){ family->labels[i], own[i] };
    }
    series->own = own;
    series->latest.metric = family->name;
    series->latest.labels = bw_labels_make(&source->arena, labels, count);
    struct bw_buf text;
    bw_buf_init(&text, (size_t)BW_LABELS_MAX * 2 * BW_LABEL_VALUE_BYTES_MAX);
    bw_series_text(&text, "", series->latest.labels);
    series->latest.labels_text = bw_arena_strndup(&source->arena, text.data, text.len);
    bw_buf_fini(&text);
}

static void link_series(struct bw_recorder *recorder, struct series *series)
{
    struct series **head = &recorder->families[series->family];
    series->next_of_family = *head;
    series->link = head;
    if (*head != NULL)
        (*head)->link = &series->next_of_family;
    *head = series;
}

static void make_shape(struct bw_source *source, const struct bw_measures *measures)
{
    unlink_all(source);
    source->series = bw_arena_array(&source->arena, measures->count, sizeof *source->series);
    for (size_t i = 0; i < measures->count; i++) {
        const struct bw_measure *measure = &measures->items[i];
        if (measure->part != BW_PART_VALUE)
            continue;
        struct series *series = &source->series[source->count++];
        series->source = source;
        series->family = measure->family;
        series->stored = bw_family_row(measure->family)->stored;
        name_series(source, series, measure);
        link_series(source->recorder, series);
    }
}

/* Ids of all stored series of the source, within the ceiling for one source. */
static void look_up_ids(struct bw_source *source)
{
    struct bw_store *store = source->recorder->store;
    size_t stored = 0;
    for (size_t i = 0; i < source->count; i++) {
        struct series *series = &source->series[i];
        series->latest.series = 0;
        if (store != NULL && series->stored && stored++ < source->stored_max)
            series->latest.series =
                bw_store_series(store, series->latest.metric, series->latest.labels);
    }
    source->generation = source->recorder->generation;
}

static void store_round(struct bw_source *source, int64_t ts_ms)
{
    struct bw_recorder *recorder = source->recorder;
    size_t count = 0;
    recorder->samples =
        bw_grow(recorder->samples, &recorder->sample_cap, source->count, sizeof *recorder->samples);
    for (size_t i = 0; i < source->count; i++) {
        const struct series *series = &source->series[i];
        if (series->latest.series == 0)
            continue;
        recorder->samples[count++] =
            (struct bw_sample){ series->latest.series, ts_ms, series->latest.value };
    }
    if (count > 0)
        bw_store_append(recorder->store, recorder->samples, count);
}

static void remember(struct bw_source *source, const struct bw_measures *measures, int64_t ts_ms)
{
    if (!has_shape(source, measures)) {
        make_shape(source, measures);
        look_up_ids(source);
    } else if (source->generation != source->recorder->generation) {
        look_up_ids(source);
    }
    size_t n = 0;
    for (size_t i = 0; i < measures->count; i++) {
        if (measures->items[i].part != BW_PART_VALUE)
            continue;
        source->series[n].latest.value = measures->items[i].value;
        source->series[n].latest.ts_ms = ts_ms;
        n++;
    }
}

void bw_source_put(struct bw_source *source, const struct bw_measures *measures, int64_t ts_ms)
{
    remember(source, measures, ts_ms);
    if (source->recorder->store != NULL)
        store_round(source, ts_ms);
}

void bw_source_put_tick(struct bw_source *source, const struct bw_measures *measures,
                        int64_t tick_ms)
{
    /* What a reader has seen must not change: a tick that is stored stays as it is, also when
     * the process before us stored it. */
    const bool was_there =
        source->tick_ms != 0 ? tick_ms == source->tick_ms : tick_ms < source->recorder->started_ms;
    source->tick_ms = tick_ms;
    remember(source, measures, tick_ms);
    if (source->recorder->store != NULL && !was_there)
        store_round(source, tick_ms);
}

void bw_recorder_each(struct bw_recorder *recorder, const char *metric, int64_t since_ms,
                      bw_latest_fn *fn, void *ctx)
{
    enum bw_family_id family;
    if (!bw_family_by_name(metric, &family))
        return;
    for (const struct series *series = recorder->families[family]; series != NULL;
         series = series->next_of_family) {
        if (series->latest.ts_ms >= since_ms)
            fn(ctx, &series->latest);
    }
}

uint32_t bw_source_series(const struct bw_source *source, enum bw_family_id family)
{
    for (size_t i = 0; i < source->count; i++) {
        if (source->series[i].family == family)
            return source->series[i].latest.series;
    }
    return 0;
}
