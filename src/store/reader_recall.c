// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mem.h"
#include "pack/points.h"
#include "pack/rollup.h"
#include "store/reader.h"
#include "store/rollup_tiers.h"
#include "store/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A round ends when so many buckets are in memory; mostly nothing is gone, and one round does. */
enum { SERIES_A_STEP = 32, BUCKETS_A_ROUND = 1 << 17 };

struct remembered {
    uint32_t series;
    bool told;
    struct bw_buckets past;
    int64_t end_ms; /* of it */
};

struct recall {
    struct bw_reader *reader;
    const struct bw_bucket_range *range;
    uint32_t *ids; /* by rising id */
    size_t count;
    struct remembered *rows; /* of this round: those from ids + first on */
    size_t first, row_count;
    size_t buckets;
    bool more;
    bw_recall_fn *fn;
    void *ctx;
    struct bw_damage *damage;
    struct bw_err *err;
};

static int by_id(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void choose_ids(struct recall *recall, const uint32_t *series, size_t count)
{
    recall->ids = bw_alloc_array(count, sizeof *recall->ids);
    memcpy(recall->ids, series, count * sizeof *series);
    qsort(recall->ids, count, sizeof *recall->ids, by_id);
    for (size_t i = 0; i < count; i++) {
        if (recall->count == 0 || recall->ids[i] != recall->ids[recall->count - 1])
            recall->ids[recall->count++] = recall->ids[i];
    }
}

static struct remembered *row_of(struct recall *recall, uint32_t series)
{
    const uint32_t *ids = recall->ids + recall->first;
    const uint32_t *id = bsearch(&series, ids, recall->row_count, sizeof *ids, by_id);
    return id == NULL ? NULL : &recall->rows[id - ids];
}

static bool keep_past(void *ctx, uint32_t series, const struct bw_buckets *buckets, int64_t end_ms)
{
    struct recall *recall = ctx;
    struct remembered *row = row_of(recall, series);
    if (row == NULL)
        return true;
    bw_buckets_merge(&row->past, recall->range->step_ms, buckets->items, buckets->count);
    row->end_ms = end_ms;
    recall->buckets += buckets->count;
    return true;
}

static bool tell(struct recall *recall, struct remembered *row, const struct bw_point *points,
                 size_t count)
{
    size_t skip = 0;
    const struct bw_buckets *past = &row->past;
    while (past->count > 0 && skip < count && points[skip].ts_ms < row->end_ms)
        skip++;
    const struct bw_recalled recalled = {
        .series = row->series,
        .past = past->items,
        .past_count = past->count,
        .points = points + skip,
        .count = count - skip,
    };
    row->told = true;
    recall->more = recall->fn(recall->ctx, &recalled);
    return recall->more;
}

static bool take_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct recall *recall = ctx;
    struct remembered *row = row_of(recall, series);
    return row == NULL || row->told || tell(recall, row, points, count);
}

/* What is gone of as many series as there is room for. */
static enum bw_rc read_past(struct recall *recall)
{
    struct bw_bucket_range past = *recall->range;
    enum bw_rc rc = BW_OK;
    past.past_only = true;
    while (rc == BW_OK && recall->first + recall->row_count < recall->count
           && recall->buckets < BUCKETS_A_ROUND) {
        const size_t at = recall->row_count, left = recall->count - recall->first - at;
        const size_t step = left < SERIES_A_STEP ? left : SERIES_A_STEP;
        for (size_t i = at; i < at + step; i++)
            recall->rows[i] = (struct remembered){ .series = recall->ids[recall->first + i],
                                                   .past.plain = past.plain };
        recall->row_count += step;
        rc = bw_view_buckets(recall->reader, recall->ids + recall->first + at, step, &past,
                             keep_past, recall, recall->damage, recall->err);
    }
    return rc;
}

static enum bw_rc read_samples(struct recall *recall)
{
    const struct bw_view_range range = { .series = recall->ids + recall->first,
                                         .count = recall->row_count,
                                         .from_ms = recall->range->from_ms,
                                         .to_ms = recall->range->to_ms };
    return bw_view_scan(recall->reader, &range, take_points, recall, recall->damage, recall->err);
}

/* Inside one view, so that nothing is deleted between the two. */
static enum bw_rc read_round(struct recall *recall)
{
    static const struct bw_point none;
    enum bw_rc rc = bw_view_begin(recall->reader, recall->err);
    if (rc != BW_OK)
        return rc;
    recall->row_count = recall->buckets = 0;
    rc = read_past(recall);
    if (rc == BW_OK)
        rc = read_samples(recall);
    rc = bw_view_end(recall->reader, rc);
    for (size_t i = 0; i < recall->row_count; i++) {
        struct remembered *row = &recall->rows[i];
        if (rc == BW_OK && recall->more && !row->told && row->past.count > 0)
            tell(recall, row, &none, 0);
        bw_buckets_fini(&row->past);
    }
    recall->first += recall->row_count;
    return rc;
}

enum bw_rc bw_reader_recall(struct bw_reader *reader, const uint32_t *series, size_t count,
                            const struct bw_bucket_range *range, bw_recall_fn *fn, void *ctx,
                            struct bw_damage *damage, struct bw_err *err)
{
    struct recall recall = { .reader = reader,
                             .range = range,
                             .more = true,
                             .fn = fn,
                             .ctx = ctx,
                             .damage = damage,
                             .err = err };
    enum bw_rc rc = BW_OK;
    choose_ids(&recall, series, count);
    recall.rows = bw_alloc_array(recall.count, sizeof *recall.rows);
    while (rc == BW_OK && recall.more && recall.first < recall.count)
        rc = read_round(&recall);
    free(recall.rows);
    free(recall.ids);
    return rc;
}

/* --- in steps -------------------------------------------------------------------------------- */

int64_t bw_recall_step_ms(int64_t range_ms)
{
    enum { STEPS_MAX = 2000 };
    for (unsigned t = 0; t + 1 < BW_ROLLUP_TIERS; t++) {
        if (range_ms / bw_rollup_tiers[t].width_ms <= STEPS_MAX)
            return bw_rollup_tiers[t].width_ms;
    }
    return bw_rollup_tiers[BW_ROLLUP_TIERS - 1].width_ms;
}

void bw_recalled_steps(const struct bw_recalled *recalled, const struct bw_recall_steps *steps,
                       struct bw_points *out)
{
    const int64_t step_ms = steps->step_ms, last_ms = steps->to_ms;
    struct bw_buckets all = { .plain = true };
    bw_buckets_merge(&all, step_ms, recalled->past, recalled->past_count);
    bw_buckets_fold(&all, step_ms, recalled->points, recalled->count);
    for (size_t i = 0; i < all.count; i++) {
        const struct bw_bucket *bucket = &all.items[i];
        const int64_t end_ms = bucket->start_ms + step_ms;
        const double value = steps->counter ? bucket->last : bucket->sum / (double)bucket->count;
        if (isfinite(value))
            bw_points_add(out, end_ms < last_ms ? end_ms : last_ms, value);
    }
    bw_buckets_fini(&all);
}
