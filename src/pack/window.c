// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/window.h"

#include "base/mem.h"
#include "pack/pack_writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A run of raw samples: time (8), how many (1), then place (1) and value (8) of each. */
enum { RUN_HEAD_BYTES = 9, RAW_BYTES = 9 };

void bw_window_add(struct bw_window *window, struct bw_pool *pool, int64_t ts_ms,
                   const uint8_t *places, const double *values, size_t count)
{
    uint8_t run[RUN_HEAD_BYTES + RAW_BYTES * BW_PACK_SERIES_MAX];
    assert(count > 0 && count <= BW_PACK_SERIES_MAX);
    memcpy(run, &ts_ms, sizeof ts_ms);
    run[8] = (uint8_t)count;
    uint8_t *to = run + RUN_HEAD_BYTES;
    for (size_t i = 0; i < count; i++, to += RAW_BYTES) {
        to[0] = places[i];
        memcpy(to + 1, &values[i], sizeof values[i]);
    }
    bw_rope_put(&window->raw, pool, run, (size_t)(to - run));
    window->raw_count += count;
    window->count += count;
}

void bw_window_clear(struct bw_window *window, struct bw_pool *pool)
{
    bw_rope_clear(&window->raw, pool);
    bw_rope_clear(&window->blocks, pool);
    *window = (struct bw_window){ .count = 0 };
}

/* --- raw samples by place ---------------------------------------------------------------- */

/* Those of place p are points[from[p]] … points[from[p + 1]], in the order they were added. */
struct sorted {
    struct bw_point *points;
    uint32_t from[BW_PACK_SERIES_MAX + 1];
};

typedef void sample_fn(struct sorted *sorted, uint8_t place, int64_t ts_ms, const uint8_t *value);

static void each_raw(const uint8_t *bytes, size_t size, sample_fn *fn, struct sorted *sorted)
{
    for (size_t at = 0; at < size;) {
        int64_t ts_ms;
        memcpy(&ts_ms, bytes + at, sizeof ts_ms);
        const size_t end = at + RUN_HEAD_BYTES + (size_t)bytes[at + 8] * RAW_BYTES;
        for (at += RUN_HEAD_BYTES; at < end; at += RAW_BYTES)
            fn(sorted, bytes[at], ts_ms, bytes + at + 1);
    }
}

static void count_sample(struct sorted *sorted, uint8_t place, int64_t ts_ms, const uint8_t *value)
{
    (void)ts_ms;
    (void)value;
    sorted->from[place]++;
}

/* Moves the beginning of its place on: when all are placed, from[] says where each place ends. */
static void place_sample(struct sorted *sorted, uint8_t place, int64_t ts_ms, const uint8_t *value)
{
    struct bw_point *point = &sorted->points[sorted->from[place]++];
    point->ts_ms = ts_ms;
    memcpy(&point->value, value, sizeof point->value);
}

static void sort_raw(const struct bw_window *window, struct sorted *out)
{
    *out = (struct sorted){ .points = bw_alloc_unset(window->raw_count, sizeof *out->points) };
    uint8_t *bytes = bw_alloc_unset(window->raw.size, 1);
    bw_rope_copy(&window->raw, bytes);
    each_raw(bytes, window->raw.size, count_sample, out);
    uint32_t before = 0;
    for (size_t p = 0; p <= BW_PACK_SERIES_MAX; p++) {
        const uint32_t here = out->from[p];
        out->from[p] = before;
        before += here;
    }
    each_raw(bytes, window->raw.size, place_sample, out);
    memmove(out->from + 1, out->from, BW_PACK_SERIES_MAX * sizeof *out->from);
    out->from[0] = 0;
    free(bytes);
}

void bw_window_seal(struct bw_window *window, struct bw_pool *pool)
{
    if (window->raw_count == 0)
        return;
    struct sorted sorted;
    struct bw_buf body;
    struct bw_pack_writer *writer = bw_pack_writer_new(0, BW_TIER_HOT);
    bw_buf_init(&body, BW_PACK_BYTES_MAX);
    sort_raw(window, &sorted);
    for (uint32_t p = 0; p < BW_PACK_SERIES_MAX; p++) {
        struct bw_points points = { .items = sorted.points + sorted.from[p],
                                    .count = sorted.from[p + 1] - sorted.from[p] };
        bw_points_settle_counting(&points, &window->repeats);
        if (points.count > 0)
            bw_pack_writer_add(writer, p + 1, points.items, points.count);
    }
    bw_pack_writer_finish(writer, &body);
    assert(!bw_buf_failed(&body));
    const uint32_t size = (uint32_t)body.len;
    bw_rope_put(&window->blocks, pool, &size, sizeof size);
    bw_rope_put(&window->blocks, pool, body.data, body.len);
    bw_rope_clear(&window->raw, pool);
    window->block_count++;
    window->raw_count = 0;
    bw_pack_writer_free(writer);
    bw_buf_fini(&body);
    free(sorted.points);
}

/* --- reading ----------------------------------------------------------------------------- */

struct block {
    struct bw_pack pack;
    struct bw_pack_walk walk;
};

struct bw_window_view {
    struct sorted raw;
    uint8_t *bytes;
    size_t block_count;
    bool damaged;
    struct block blocks[];
};

static bool open_block(struct block *block, const uint8_t **at, const uint8_t *end)
{
    uint32_t size = 0;
    if ((size_t)(end - *at) < sizeof size)
        return false;
    memcpy(&size, *at, sizeof size);
    *at += sizeof size;
    if (size > (size_t)(end - *at) || bw_pack_open(&block->pack, *at, size, NULL) != BW_OK)
        return false;
    *at += size;
    bw_pack_walk_begin(&block->walk, &block->pack);
    return true;
}

struct bw_window_view *bw_window_view_new(const struct bw_window *window)
{
    struct bw_window_view *view =
        bw_alloc(sizeof *view + window->block_count * sizeof *view->blocks);
    sort_raw(window, &view->raw);
    view->bytes = bw_alloc_unset(window->blocks.size, 1);
    bw_rope_copy(&window->blocks, view->bytes);
    const uint8_t *at = view->bytes, *end = at + window->blocks.size;
    while (view->block_count < window->block_count && !view->damaged) {
        view->damaged = !open_block(&view->blocks[view->block_count], &at, end);
        view->block_count += !view->damaged;
    }
    return view;
}

void bw_window_view_free(struct bw_window_view *view)
{
    for (size_t i = 0; i < view->block_count; i++)
        bw_pack_walk_fini(&view->blocks[i].walk);
    free(view->bytes);
    free(view->raw.points);
    free(view);
}

bool bw_window_view_read(struct bw_window_view *view, uint8_t place, struct bw_points *out)
{
    if (view->damaged)
        return false;
    for (size_t i = 0; i < view->block_count; i++) {
        struct bw_pack_walk *walk = &view->blocks[i].walk;
        if (bw_pack_walk_find(walk, place + 1u) && bw_pack_walk_read(walk, out, NULL) != BW_OK)
            return false;
    }
    const uint32_t from = view->raw.from[place];
    const uint32_t count = view->raw.from[place + 1] - from;
    if (count == 0)
        return true;
    memcpy(bw_points_reserve(out, count), view->raw.points + from,
           count * sizeof *view->raw.points);
    out->count += count;
    return true;
}
