// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/record.h"

#include "base/limits.h"
#include "base/mem.h"
#include "store/erase.h"

#include <stdlib.h>
#include <string.h>

struct bw_source {
    struct bw_recorder *recorder;
    struct bw_source *next, **link; /* of the recorder; what points at this one */
    struct bw_labels identity;
    size_t stored_max;
    const struct bw_shape *shape; /* NULL before the first round */
    double *values;               /* of the last round, by item of the shape */
    uint32_t *series;             /* the same: ids in the store; 0: not stored */
    unsigned generation;          /* of the recorder's store when ids were looked up */
    int64_t interval_ms;          /* of its measures; 0: nobody said */
    int64_t ts_ms;                /* of the last round */
    int64_t tick_ms;              /* the last nominal tick; 0: none yet */
};

struct bw_recorder {
    struct bw_store *store;
    struct bw_shapes *shapes;
    int64_t started_ms;
    unsigned generation;
    uint64_t erasures;         /* of the store when that was looked at last */
    struct bw_source *sources; /* newest first */
    struct bw_sample *samples;
    size_t sample_cap;
    const struct bw_recorder_ear *ear; /* NULL: nobody listens */
    void *ear_ctx;
};

struct bw_recorder *bw_recorder_new(int64_t started_ms, struct bw_shapes *shapes)
{
    struct bw_recorder *recorder = bw_alloc(sizeof *recorder);
    recorder->started_ms = started_ms;
    recorder->shapes = shapes;
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

void bw_recorder_listen(struct bw_recorder *recorder, const struct bw_recorder_ear *ear, void *ctx)
{
    recorder->ear = ear;
    recorder->ear_ctx = ctx;
    recorder->generation++;
}

struct bw_source *bw_source_new(struct bw_recorder *recorder, const struct bw_label *identity,
                                size_t count, size_t stored_max)
{
    struct bw_source *source = bw_alloc(sizeof *source);
    source->recorder = recorder;
    source->stored_max = stored_max;
    source->identity = bw_labels_clone(identity, count);
    source->next = recorder->sources;
    source->link = &recorder->sources;
    if (source->next != NULL)
        source->next->link = &source->next;
    recorder->sources = source;
    return source;
}

/* Its ids are about to go, or to be looked up anew. */
static void let_go(const struct bw_source *source)
{
    const struct bw_recorder *recorder = source->recorder;
    for (size_t i = 0; recorder->ear != NULL && source->shape != NULL && i < source->shape->count;
         i++) {
        if (source->series[i] != 0)
            recorder->ear->gone(recorder->ear_ctx, source->series[i]);
    }
}

void bw_source_free(struct bw_source *source)
{
    if (source == NULL)
        return;
    let_go(source);
    *source->link = source->next;
    if (source->next != NULL)
        source->next->link = source->link;
    bw_shapes_drop(source->recorder->shapes, source->shape);
    free(source->values);
    free((void *)(uintptr_t)source->identity.items);
    free(source);
}

/* Parts of histograms have neither a latest value nor a place in the store. */
static bool is_kept(const struct bw_shape_item *item)
{
    return item->part == BW_PART_VALUE;
}

/* Name and labels of a series; `items` has room for BW_LABELS_MAX. */
static const char *name_series(const struct bw_source *source, size_t item,
                               struct bw_label items[BW_LABELS_MAX], struct bw_labels *out)
{
    const struct bw_shape_item *of = &source->shape->items[item];
    const struct bw_family *family = bw_family_row((enum bw_family_id)of->family);
    size_t count = source->identity.count;
    memcpy(items, source->identity.items, count * sizeof *items);
    for (size_t i = 0; i < family->label_count && count < BW_LABELS_MAX; i++)
        count = bw_labels_merge(items, count,
                                &(struct bw_label){ family->labels[i], of->labels[i] }, 1);
    *out = (struct bw_labels){ items, count };
    return family->name;
}

static void take_shape(struct bw_source *source, const struct bw_measures *measures)
{
    const struct bw_shape *shape = bw_shapes_take(source->recorder->shapes, measures);
    let_go(source);
    bw_shapes_drop(source->recorder->shapes, source->shape);
    free(source->values);
    source->shape = shape;
    source->values = bw_alloc(shape->count * (sizeof *source->values + sizeof *source->series));
    void *behind = source->values + shape->count;
    source->series = behind;
}

/* Ids of all stored series of the source, within the ceiling for one source: the first of them
 * as they were measured. */
static void look_up_ids(struct bw_source *source)
{
    struct bw_store *store = source->recorder->store;
    const struct bw_shape *shape = source->shape;
    size_t stored = 0;
    let_go(source);
    for (size_t i = 0; i < shape->count; i++) {
        const size_t item = shape->item_of[i];
        const struct bw_shape_item *of = &shape->items[item];
        source->series[item] = 0;
        if (store == NULL || !is_kept(of) || !bw_family_row((enum bw_family_id)of->family)->stored
            || stored++ >= source->stored_max)
            continue;
        struct bw_label items[BW_LABELS_MAX];
        struct bw_labels labels;
        const char *metric = name_series(source, item, items, &labels);
        source->series[item] = bw_store_series(store, metric, labels);
        if (source->series[item] != 0 && source->recorder->ear != NULL)
            source->recorder->ear->known(source->recorder->ear_ctx, source->series[item], metric,
                                         labels);
    }
    source->generation = source->recorder->generation;
}

static void store_round(struct bw_source *source, int64_t ts_ms)
{
    struct bw_recorder *recorder = source->recorder;
    size_t count = 0;
    recorder->samples = bw_grow(recorder->samples, &recorder->sample_cap, source->shape->count,
                                sizeof *recorder->samples);
    for (size_t i = 0; i < source->shape->count; i++) {
        if (source->series[i] != 0)
            recorder->samples[count++] =
                (struct bw_sample){ source->series[i], ts_ms, source->values[i] };
    }
    if (count > 0)
        bw_store_append(recorder->store, recorder->samples, count);
    if (count > 0 && recorder->ear != NULL)
        recorder->ear->heard(recorder->ear_ctx, recorder->samples, count);
}

/* Series were deleted: what is still measured of them goes on under new ids. */
static void notice_erasures(struct bw_recorder *recorder)
{
    const uint64_t erasures = recorder->store != NULL ? bw_store_erasures(recorder->store) : 0;
    if (erasures == recorder->erasures)
        return;
    recorder->erasures = erasures;
    recorder->generation++;
}

static void remember(struct bw_source *source, const struct bw_measures *measures, int64_t ts_ms)
{
    notice_erasures(source->recorder);
    if (!bw_shape_fits(source->shape, measures)) {
        take_shape(source, measures);
        look_up_ids(source);
    } else if (source->generation != source->recorder->generation) {
        look_up_ids(source);
    }
    for (size_t i = 0; i < measures->count; i++)
        source->values[source->shape->item_of[i]] = measures->items[i].value;
    source->ts_ms = ts_ms;
}

void bw_source_set_pace(struct bw_source *source, int64_t interval_ms)
{
    source->interval_ms = interval_ms;
}

const struct bw_shape *bw_source_shape(const struct bw_source *source)
{
    return source->shape;
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

struct latest_walk {
    struct bw_picker *picker;
    bw_latest_fn *fn;
    void *ctx;
};

/* Asked before a series is given its name: of a check's four statuses a rule wants one. */
static bool may_be_picked(const struct latest_walk *walk, const struct bw_shape_item *item)
{
    const struct bw_family *family = bw_family_row((enum bw_family_id)item->family);
    bool may = is_kept(item);
    for (size_t i = 0; may && i < family->label_count; i++)
        may = bw_picker_allows(walk->picker, family->labels[i], item->labels[i]);
    return may;
}

static void each_in(const struct bw_source *source, const struct bw_shape_run *run,
                    const struct latest_walk *walk)
{
    for (size_t i = run->first; i < run->first + run->count; i++) {
        if (!may_be_picked(walk, &source->shape->items[i]))
            continue;
        struct bw_label items[BW_LABELS_MAX];
        struct bw_latest latest = { .series = source->series[i],
                                    .value = source->values[i],
                                    .ts_ms = source->ts_ms };
        latest.metric = name_series(source, i, items, &latest.labels);
        if (bw_picker_matches(walk->picker, latest.metric, latest.labels))
            walk->fn(walk->ctx, &latest);
    }
}

/* A metric that somebody outside made up may have several families of one name. */
static void each_of(const struct bw_source *source, enum bw_family_id family,
                    const struct latest_walk *walk)
{
    const struct bw_shape *shape = source->shape;
    const struct bw_shape_run *run = bw_shape_run(shape, family);
    const bool alone = (unsigned)family < BW_METRIC_COUNT;
    if (alone && run != NULL)
        each_in(source, run, walk);
    for (size_t r = 0; !alone && r < shape->run_count; r++) {
        if (bw_family_page((enum bw_family_id)shape->runs[r].family) == bw_family_page(family))
            each_in(source, &shape->runs[r], walk);
    }
}

void bw_recorder_each(struct bw_recorder *recorder, struct bw_picker *picker, int64_t since_ms,
                      bw_latest_fn *fn, void *ctx)
{
    const struct latest_walk walk = { picker, fn, ctx };
    enum bw_family_id family;
    if (!bw_family_by_name(bw_picker_metric(picker), &family))
        return;
    for (const struct bw_source *source = recorder->sources; source != NULL;
         source = source->next) {
        if (source->shape != NULL && source->ts_ms >= since_ms - source->interval_ms)
            each_of(source, family, &walk);
    }
}

uint32_t bw_source_series(const struct bw_source *source, enum bw_family_id family)
{
    const struct bw_shape_run *run =
        source->shape != NULL ? bw_shape_run(source->shape, family) : NULL;
    return run != NULL ? source->series[run->first] : 0;
}
