// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/trend_store.h"

#include "base/mem.h"
#include "metric/family.h"
#include "store/reader.h"

#include <stdlib.h>
#include <string.h>

/* Read at once: a month of a sample every 15 s is 2.7 MiB for each. */
enum { BATCH_MAX = 16 };

struct stored {
    uint32_t id;
    const char *text;
    bool counter;
};

struct bw_trend_store {
    struct bw_arena arena;
    char *path;
    int64_t range_ms, latest_ms; /* INT64_MIN: there are no samples */
    struct stored *series;
    size_t count, cap;
    size_t next;               /* to be handed over */
    size_t first, batch_count; /* which of the series are in the batch */
    struct bw_points batch[BATCH_MAX];
    struct bw_damage damage;
};

static bool take_series(void *ctx, const struct bw_series_info *info)
{
    struct bw_trend_store *store = ctx;
    store->series = bw_grow(store->series, &store->cap, store->count + 1, sizeof *store->series);
    store->series[store->count++] = (struct stored){
        .id = info->id,
        .text = bw_arena_strdup(&store->arena, info->text),
        .counter = bw_family_counts_up(info->metric),
    };
    return true;
}

static enum bw_rc find_series(struct bw_trend_store *store, struct bw_reader *reader,
                              const char *selector, struct bw_err *err)
{
    struct bw_selector parsed;
    enum bw_rc rc = BW_OK;
    if (selector != NULL)
        rc = bw_selector_parse(&store->arena, selector, &parsed, err);
    if (rc == BW_OK)
        rc = bw_reader_series(reader, selector != NULL ? &parsed : NULL, take_series, store,
                              &store->damage, err);
    if (rc == BW_OK)
        rc = bw_reader_latest(reader, &store->latest_ms, err);
    if (rc == BW_OK && store->count == 0)
        rc = selector != NULL
                 ? bw_fail(err, BW_ENOTFOUND, "no stored series is meant by %s", selector)
                 : bw_fail(err, BW_ENOTFOUND, "the store has no series");
    return rc;
}

enum bw_rc bw_trend_store_open(const char *path, const char *selector, int64_t range_ms,
                               struct bw_trend_store **out, struct bw_err *err)
{
    struct bw_reader *reader = NULL;
    enum bw_rc rc = bw_reader_open(path, &reader, err);
    if (rc == BW_ENOTFOUND)
        return bw_fail(err, rc, "no store at '%s'; name the store with --storage.path", path);
    if (rc != BW_OK)
        return rc;
    struct bw_trend_store *store = bw_alloc(sizeof *store);
    store->path = bw_strdup(path);
    store->range_ms = range_ms;
    store->latest_ms = INT64_MIN;
    rc = find_series(store, reader, selector, err);
    bw_reader_close(reader);
    if (rc == BW_OK)
        *out = store;
    else
        bw_trend_store_close(store);
    return rc;
}

size_t bw_trend_store_count(const struct bw_trend_store *store)
{
    return store->count;
}

const char *bw_trend_store_name(const struct bw_trend_store *store, size_t i)
{
    return store->series[i].text;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* Samples as they are; but where some are gone, all in steps, so that no part of the range weighs
 * more than another. */
static bool take_recalled(void *ctx, const struct bw_recalled *recalled)
{
    struct bw_trend_store *store = ctx;
    size_t at = 0;
    while (store->series[store->first + at].id != recalled->series)
        at++;
    struct bw_points *out = &store->batch[at];
    if (recalled->past_count > 0) {
        const struct bw_recall_steps steps = { bw_recall_step_ms(store->range_ms), store->latest_ms,
                                               store->series[store->first + at].counter };
        bw_recalled_steps(recalled, &steps, out);
        return true;
    }
    memcpy(bw_points_reserve(out, recalled->count), recalled->points,
           recalled->count * sizeof *recalled->points);
    out->count += recalled->count;
    return true;
}

static enum bw_rc read_batch(struct bw_trend_store *store, struct bw_err *err)
{
    uint32_t ids[BATCH_MAX];
    const size_t left = store->count - store->next;
    struct bw_reader *reader = NULL;
    store->first = store->next;
    store->batch_count = left < BATCH_MAX ? left : BATCH_MAX;
    for (size_t i = 0; i < store->batch_count; i++)
        ids[i] = store->series[store->first + i].id;
    if (store->latest_ms == INT64_MIN)
        return BW_OK;
    const struct bw_bucket_range range = { .from_ms = store->latest_ms - store->range_ms,
                                           .to_ms = store->latest_ms,
                                           .step_ms = bw_recall_step_ms(store->range_ms),
                                           .plain = true };
    enum bw_rc rc = bw_reader_open(store->path, &reader, err);
    if (rc == BW_OK)
        rc = bw_reader_recall(reader, ids, store->batch_count, &range, take_recalled, store,
                              &store->damage, err);
    bw_reader_close(reader);
    return rc;
}

enum bw_rc bw_trend_store_next(struct bw_trend_store *store, struct bw_read_points *out,
                               bool *out_more, struct bw_err *err)
{
    *out_more = store->next < store->count;
    *out = (struct bw_read_points){ 0 };
    if (!*out_more)
        return BW_OK;
    if (store->next == store->first + store->batch_count) {
        const enum bw_rc rc = read_batch(store, err);
        if (rc != BW_OK)
            return rc;
    }
    const struct stored *series = &store->series[store->next];
    struct bw_points *points = &store->batch[store->next++ - store->first];
    out->points = *points;
    out->series = bw_strdup(series->text);
    out->counter = series->counter;
    *points = (struct bw_points){ 0 };
    return BW_OK;
}

uint64_t bw_trend_store_damage(const struct bw_trend_store *store)
{
    return store->damage.packs + store->damage.journal_rows + store->damage.rows;
}

void bw_trend_store_close(struct bw_trend_store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < BATCH_MAX; i++)
        bw_points_fini(&store->batch[i]);
    bw_arena_fini(&store->arena);
    free(store->series);
    free(store->path);
    free(store);
}
