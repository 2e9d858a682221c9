// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/pack.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "pack/codec.h"
#include "pack/layout.h"
#include "pack/varint.h"

#include <stdlib.h>
#include <string.h>

enum { WALK_TIMES_MAX = 4096 };

const char bw_pack_magic[4] = { 'B', 'W', 'P', '1' };

uint32_t bw_pack_part_checksum(uint32_t group, uint32_t series, uint32_t count, uint32_t codec,
                               const void *bytes, size_t size)
{
    const uint32_t ids[4] = { group, series, count, codec };
    uint8_t head[sizeof ids];
    for (size_t i = 0; i < sizeof head; i++)
        head[i] = (uint8_t)(ids[i / 4] >> (8 * (i % 4)));
    return bw_crc32c(bw_crc32c(0, head, sizeof head), bytes, size);
}

struct column_entry {
    uint32_t size, count, crc;
};

struct series_entry {
    uint32_t series, size, crc;
    uint16_t column, codec;
};

static struct column_entry column_at(const struct bw_pack *pack, size_t index)
{
    const uint8_t *at = pack->body + BW_PACK_HEADER_BYTES + BW_PACK_COLUMN_BYTES * index;
    return (struct column_entry){ bw_u32_at(at), bw_u32_at(at + 4), bw_u32_at(at + 8) };
}

static size_t head_bytes(uint32_t column_count, uint32_t series_count)
{
    return BW_PACK_HEADER_BYTES + (size_t)BW_PACK_COLUMN_BYTES * column_count
           + (size_t)BW_PACK_SERIES_BYTES * series_count;
}

static size_t parts_from(const struct bw_pack *pack)
{
    return head_bytes(pack->column_count, pack->series_count);
}

static struct series_entry series_at(const struct bw_pack *pack, size_t index)
{
    const uint8_t *at =
        pack->body + head_bytes(pack->column_count, 0) + (size_t)BW_PACK_SERIES_BYTES * index;
    return (struct series_entry){ bw_u32_at(at), bw_u32_at(at + 4), bw_u32_at(at + 8),
                                  bw_u16_at(at + 12), bw_u16_at(at + 14) };
}

static bool take_header(struct bw_pack *pack, const void *head, size_t head_size)
{
    pack->body = head;
    if (head_size < BW_PACK_HEADER_BYTES || pack->size < head_size || pack->size > BW_PACK_BYTES_MAX
        || memcmp(pack->body, bw_pack_magic, sizeof bw_pack_magic) != 0)
        return false;
    struct bw_bytes in = bw_bytes_of(pack->body + BW_PACK_CRC_FROM, 32);
    pack->group = bw_take_u32(&in);
    pack->series_count = bw_take_u32(&in);
    pack->first_ms = (int64_t)bw_take_u64(&in);
    pack->last_ms = (int64_t)bw_take_u64(&in);
    pack->samples = bw_take_u32(&in);
    pack->column_count = bw_take_u32(&in);
    return pack->series_count >= 1 && pack->series_count <= BW_PACK_SERIES_MAX
           && pack->column_count >= 1 && pack->column_count <= pack->series_count
           && parts_from(pack) <= pack->size;
}

/* Every entry makes sense, and the parts fill the body exactly. */
static bool directory_is_sound(const struct bw_pack *pack)
{
    uint64_t end = parts_from(pack), samples = 0;
    for (size_t i = 0; i < pack->column_count; i++) {
        const struct column_entry column = column_at(pack, i);
        /* A run of equal steps takes few bytes for many times, so the bytes alone are no
         * ceiling on what a decoder allocates. */
        if (column.count < 1 || column.count > BW_PACK_POINTS_MAX)
            return false;
        end += column.size;
    }
    uint32_t before = 0;
    for (size_t i = 0; i < pack->series_count; i++) {
        const struct series_entry series = series_at(pack, i);
        if (series.series <= before || series.column >= pack->column_count)
            return false;
        before = series.series;
        samples += column_at(pack, series.column).count;
        end += series.size;
    }
    return end == pack->size && samples == pack->samples && pack->first_ms <= pack->last_ms;
}

size_t bw_pack_head_bytes(const void *start, size_t size)
{
    struct bw_pack pack = { .size = BW_PACK_BYTES_MAX };
    return size <= BW_PACK_BYTES_MAX && take_header(&pack, start, size) ? parts_from(&pack) : 0;
}

enum bw_rc bw_pack_open_head(struct bw_pack *out, const void *head, size_t head_size, size_t size,
                             struct bw_err *err)
{
    struct bw_pack pack = { .size = size };
    if (!take_header(&pack, head, head_size) || parts_from(&pack) > head_size)
        return bw_fail(err, BW_ECORRUPT, "not a pack");
    if (bw_u32_at(pack.body + sizeof bw_pack_magic)
        != bw_crc32c(0, pack.body + BW_PACK_CRC_FROM, parts_from(&pack) - BW_PACK_CRC_FROM))
        return bw_fail(err, BW_ECORRUPT, "directory: checksum");
    if (!directory_is_sound(&pack))
        return bw_fail(err, BW_ECORRUPT, "directory: not sound");
    *out = pack;
    return BW_OK;
}

enum bw_rc bw_pack_open(struct bw_pack *out, const void *body, size_t size, struct bw_err *err)
{
    const enum bw_rc rc = bw_pack_open_head(out, body, size, size, err);
    if (rc == BW_OK)
        out->there[0] = (struct bw_pack_span){ 0, size, body };
    return rc;
}

uint32_t bw_pack_series(const struct bw_pack *pack, size_t index)
{
    return series_at(pack, index).series;
}

int bw_pack_find(const struct bw_pack *pack, uint32_t series)
{
    size_t low = 0, high = pack->series_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const uint32_t here = bw_pack_series(pack, middle);
        if (here == series)
            return (int)middle;
        if (here < series)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static size_t column_from(const struct bw_pack *pack, size_t index)
{
    size_t at = parts_from(pack);
    for (size_t i = 0; i < index; i++)
        at += column_at(pack, i).size;
    return at;
}

static size_t values_from(const struct bw_pack *pack, size_t index)
{
    size_t at = column_from(pack, pack->column_count);
    for (size_t i = 0; i < index; i++)
        at += series_at(pack, i).size;
    return at;
}

/* A part of the body, NULL when it is not there. */
static const uint8_t *part_at(const struct bw_pack *pack, size_t at, size_t size)
{
    for (size_t i = 0; i < sizeof pack->there / sizeof *pack->there; i++) {
        const struct bw_pack_span *span = &pack->there[i];
        if (span->bytes != NULL && at >= span->at && at - span->at <= span->size
            && size <= span->size - (at - span->at))
            return span->bytes + (at - span->at);
    }
    return NULL;
}

bool bw_pack_need(const struct bw_pack *pack, uint32_t first, uint32_t last,
                  struct bw_pack_need *out)
{
    size_t end = column_from(pack, pack->column_count), columns_from = SIZE_MAX, columns_to = 0;
    *out = (struct bw_pack_need){ .index = pack->series_count };
    for (size_t i = 0; i < pack->series_count; i++) {
        const struct series_entry series = series_at(pack, i);
        if (series.series > last)
            break;
        if (series.series >= first) {
            if (out->index == pack->series_count) {
                out->index = i;
                out->values.at = end;
            }
            out->values.size += series.size;
            columns_from = series.column < columns_from ? series.column : columns_from;
            columns_to = series.column >= columns_to ? series.column + 1u : columns_to;
        }
        end += series.size;
    }
    if (out->index == pack->series_count)
        return false;
    out->times.at = column_from(pack, columns_from);
    out->times.size = column_from(pack, columns_to) - out->times.at;
    return true;
}

/* The times of a column, or NULL when they are damaged; the caller frees them. */
static int64_t *decode_times(const struct bw_pack *pack, size_t index)
{
    const struct column_entry column = column_at(pack, index);
    const uint8_t *part = part_at(pack, column_from(pack, index), column.size);
    if (part == NULL
        || bw_pack_part_checksum(pack->group, 0, column.count, 0, part, column.size) != column.crc)
        return NULL;
    int64_t *times = bw_alloc_unset(column.count, sizeof *times);
    if (bw_times_decode(part, column.size, times, column.count) && times[0] >= pack->first_ms
        && times[column.count - 1] <= pack->last_ms)
        return times;
    free(times);
    return NULL;
}

/* The values of a series, whose bytes begin at `at`, with their times. */
static bool read_values(const struct bw_pack *pack, const struct series_entry *series, size_t at,
                        const int64_t *times, struct bw_points *out)
{
    const uint32_t count = column_at(pack, series->column).count;
    const uint8_t *part = part_at(pack, at, series->size);
    if (part == NULL
        || bw_pack_part_checksum(pack->group, series->series, count, series->codec, part,
                                 series->size)
               != series->crc)
        return false;
    /* The room behind the points is lent to the integers that they are made of. */
    struct bw_point *points = bw_points_reserve(out, count + (count + 1) / 2);
    const bool good = bw_points_decode((enum bw_codec)series->codec, part, series->size, times,
                                       points, count, (int64_t *)(void *)(points + count));
    out->count += good ? count : 0;
    return good;
}

static enum bw_rc damaged(uint32_t series, struct bw_err *err)
{
    return bw_fail(err, BW_ECORRUPT, "series %u: damaged", series);
}

enum bw_rc bw_pack_read(const struct bw_pack *pack, size_t index, struct bw_points *out,
                        struct bw_err *err)
{
    const struct series_entry series = series_at(pack, index);
    int64_t *times = decode_times(pack, series.column);
    const bool good =
        times != NULL && read_values(pack, &series, values_from(pack, index), times, out);
    free(times);
    return good ? BW_OK : damaged(series.series, err);
}

/* What one time column says of each series that has it, in `out` by column. */
static bool column_extents(const struct bw_pack *pack, struct bw_pack_extent *out)
{
    uint32_t users[BW_PACK_SERIES_MAX] = { 0 };
    for (size_t i = 0; i < pack->series_count; i++)
        users[series_at(pack, i).column]++;
    for (size_t i = 0; i < pack->column_count; i++) {
        const struct column_entry column = column_at(pack, i);
        int64_t *times = decode_times(pack, i);
        if (times == NULL)
            return false;
        out[i] = (struct bw_pack_extent){ .points = column.count,
                                          .bytes = column.size / (users[i] > 0 ? users[i] : 1),
                                          .first_ms = times[0],
                                          .last_ms = times[column.count - 1] };
        free(times);
    }
    return true;
}

enum bw_rc bw_pack_extents(const struct bw_pack *pack, struct bw_pack_extent *out,
                           struct bw_err *err)
{
    struct bw_pack_extent columns[BW_PACK_SERIES_MAX];
    if (!column_extents(pack, columns))
        return bw_fail(err, BW_ECORRUPT, "times: damaged");
    for (size_t i = 0; i < pack->series_count; i++) {
        const struct series_entry series = series_at(pack, i);
        out[i] = columns[series.column];
        out[i].series = series.series;
        out[i].bytes += series.size;
    }
    return BW_OK;
}

/* --- one series after the other ---------------------------------------------------------- */

void bw_pack_walk_begin(struct bw_pack_walk *walk, const struct bw_pack *pack)
{
    *walk = (struct bw_pack_walk){ .pack = pack, .values_at = values_from(pack, 0) };
}

void bw_pack_walk_begin_at(struct bw_pack_walk *walk, const struct bw_pack *pack,
                           const struct bw_pack_need *need)
{
    *walk =
        (struct bw_pack_walk){ .pack = pack, .index = need->index, .values_at = need->values.at };
}

void bw_pack_walk_forget(struct bw_pack_walk *walk)
{
    for (size_t i = 0; walk->held > 0 && i < walk->pack->column_count; i++) {
        free(walk->times[i]);
        walk->times[i] = NULL;
    }
    walk->held = 0;
}

void bw_pack_walk_fini(struct bw_pack_walk *walk)
{
    bw_pack_walk_forget(walk);
}

uint32_t bw_pack_walk_series(const struct bw_pack_walk *walk)
{
    return walk->index < walk->pack->series_count ? bw_pack_series(walk->pack, walk->index) : 0;
}

void bw_pack_walk_next(struct bw_pack_walk *walk)
{
    walk->values_at += series_at(walk->pack, walk->index).size;
    walk->index++;
}

bool bw_pack_walk_find(struct bw_pack_walk *walk, uint32_t series)
{
    if (walk->index >= walk->pack->series_count || bw_pack_walk_series(walk) > series) {
        walk->index = 0;
        walk->values_at = values_from(walk->pack, 0);
    }
    while (walk->index < walk->pack->series_count && bw_pack_walk_series(walk) < series)
        bw_pack_walk_next(walk);
    return bw_pack_walk_series(walk) == series;
}

enum bw_rc bw_pack_walk_read(struct bw_pack_walk *walk, struct bw_points *out, struct bw_err *err)
{
    const struct series_entry series = series_at(walk->pack, walk->index);
    int64_t **times = &walk->times[series.column];
    if (*times == NULL) {
        /* A few bytes can stand for many equal steps: not all columns of such at once. */
        if (column_at(walk->pack, series.column).count > WALK_TIMES_MAX)
            bw_pack_walk_forget(walk);
        *times = decode_times(walk->pack, series.column);
        walk->held += *times == NULL ? 0 : column_at(walk->pack, series.column).count;
    }
    if (*times == NULL || !read_values(walk->pack, &series, walk->values_at, *times, out))
        return damaged(series.series, err);
    return BW_OK;
}
