// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/backlog.h"

#include "base/mem.h"
#include "pack/codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_POINTS = 512, BLOCKS_BYTES_MAX = 1 << 30 };

/* Before the bytes of each block: times, then values. */
struct block {
    int64_t first_ms, last_ms;
    uint32_t count;
    uint32_t times_bytes, values_bytes;
    enum bw_codec codec;
};

size_t bw_backlog_bytes(const struct bw_backlog *b)
{
    return b->raw.cap * sizeof *b->raw.items + b->blocks.cap;
}

void bw_backlog_add(struct bw_backlog *b, int64_t ts_ms, double value)
{
    if (b->count == 0 || ts_ms < b->first_ms)
        b->first_ms = ts_ms;
    if (b->count == 0 || ts_ms > b->last_ms)
        b->last_ms = ts_ms;
    b->count++;
    bw_points_add(&b->raw, ts_ms, value);
    if (b->raw.count >= BLOCK_POINTS)
        bw_backlog_seal(b);
}

void bw_backlog_seal(struct bw_backlog *b)
{
    double values[BLOCK_POINTS];
    int64_t times[BLOCK_POINTS];
    struct bw_points *raw = &b->raw;
    if (raw->count == 0)
        return;
    if (b->blocks.data == NULL)
        bw_buf_init(&b->blocks, BLOCKS_BYTES_MAX);
    bw_points_settle(raw);
    for (size_t i = 0; i < raw->count; i++) {
        times[i] = raw->items[i].ts_ms;
        values[i] = raw->items[i].value;
    }
    struct block block = { .first_ms = times[0],
                           .last_ms = times[raw->count - 1],
                           .count = (uint32_t)raw->count };
    const size_t start = b->blocks.len;
    bw_buf_bytes(&b->blocks, &block, sizeof block);
    bw_times_encode(&b->blocks, times, raw->count, BW_TIER_HOT);
    block.times_bytes = (uint32_t)(b->blocks.len - start - sizeof block);
    block.codec = bw_values_encode(&b->blocks, values, raw->count, BW_TIER_HOT);
    block.values_bytes = (uint32_t)(b->blocks.len - start - sizeof block - block.times_bytes);
    assert(!bw_buf_failed(&b->blocks)); /* all backlogs together are kept far below it */
    memcpy(b->blocks.data + start, &block, sizeof block);
    bw_points_fini(raw);
}

static void read_block(const struct block *block, const char *bytes, int64_t from_ms, int64_t to_ms,
                       struct bw_points *out)
{
    double values[BLOCK_POINTS];
    int64_t times[BLOCK_POINTS];
    const bool sound = bw_times_decode(bytes, block->times_bytes, times, block->count)
                       && bw_values_decode(block->codec, bytes + block->times_bytes,
                                           block->values_bytes, values, block->count);
    assert(sound);
    if (!sound)
        return;
    struct bw_point *room = bw_points_reserve(out, block->count);
    for (size_t i = 0; i < block->count; i++) {
        *room = (struct bw_point){ times[i], values[i] };
        room += times[i] >= from_ms && times[i] <= to_ms;
    }
    out->count = (size_t)(room - out->items);
}

/* Goes through the blocks that reach into a range. */
struct walk {
    const struct bw_backlog *backlog;
    int64_t from_ms, to_ms;
    size_t at;
    struct block block;
    const char *bytes; /* of the block */
};

static bool next_block(struct walk *w)
{
    while (w->at < w->backlog->blocks.len) {
        const char *start = w->backlog->blocks.data + w->at;
        memcpy(&w->block, start, sizeof w->block);
        w->bytes = start + sizeof w->block;
        w->at += sizeof w->block + w->block.times_bytes + w->block.values_bytes;
        if (w->block.last_ms >= w->from_ms && w->block.first_ms <= w->to_ms)
            return true;
    }
    return false;
}

void bw_backlog_read(const struct bw_backlog *b, int64_t from_ms, int64_t to_ms,
                     struct bw_points *out)
{
    struct walk walk = { .backlog = b, .from_ms = from_ms, .to_ms = to_ms };
    while (next_block(&walk))
        read_block(&walk.block, walk.bytes, from_ms, to_ms, out);
}

size_t bw_backlog_count(const struct bw_backlog *b, int64_t from_ms, int64_t to_ms)
{
    struct walk walk = { .backlog = b, .from_ms = from_ms, .to_ms = to_ms };
    size_t count = 0;
    while (next_block(&walk))
        count += walk.block.count;
    return count;
}

int64_t bw_backlog_next_ms(const struct bw_backlog *b, int64_t after_ms)
{
    struct walk walk = { .backlog = b, .from_ms = after_ms + 1, .to_ms = INT64_MAX };
    struct bw_points points = { .count = 0 };
    int64_t next_ms = INT64_MAX;
    while (next_block(&walk)) {
        points.count = 0;
        read_block(&walk.block, walk.bytes, after_ms + 1, INT64_MAX, &points);
        if (points.count > 0 && points.items[0].ts_ms < next_ms)
            next_ms = points.items[0].ts_ms;
    }
    bw_points_fini(&points);
    return next_ms;
}

void bw_backlog_fini(struct bw_backlog *b)
{
    bw_points_fini(&b->raw);
    if (b->blocks.data != NULL)
        bw_buf_fini(&b->blocks);
    *b = (struct bw_backlog){ 0 };
}
