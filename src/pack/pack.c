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
    struct bw_bytes in = bw_bytes_of(
        pack->body + BW_PACK_HEADER_BYTES + BW_PACK_COLUMN_BYTES * index, BW_PACK_COLUMN_BYTES);
    struct column_entry entry;
    entry.size = bw_take_u32(&in);
    entry.count = bw_take_u32(&in);
    entry.crc = bw_take_u32(&in);
    return entry;
}

static size_t series_from(const struct bw_pack *pack)
{
    return BW_PACK_HEADER_BYTES + (size_t)BW_PACK_COLUMN_BYTES * pack->column_count;
}

static size_t parts_from(const struct bw_pack *pack)
{
    return series_from(pack) + (size_t)BW_PACK_SERIES_BYTES * pack->series_count;
}

static struct series_entry series_at(const struct bw_pack *pack, size_t index)
{
    struct bw_bytes in = bw_bytes_of(pack->body + series_from(pack) + BW_PACK_SERIES_BYTES * index,
                                     BW_PACK_SERIES_BYTES);
    struct series_entry entry;
    entry.series = bw_take_u32(&in);
    entry.size = bw_take_u32(&in);
    entry.crc = bw_take_u32(&in);
    entry.column = bw_take_u16(&in);
    entry.codec = bw_take_u16(&in);
    return entry;
}

static bool take_header(struct bw_pack *pack, uint32_t *out_crc)
{
    if (pack->size < BW_PACK_HEADER_BYTES || pack->size > BW_PACK_BYTES_MAX
        || memcmp(pack->body, bw_pack_magic, sizeof bw_pack_magic) != 0)
        return false;
    struct bw_bytes in = bw_bytes_of(pack->body, BW_PACK_HEADER_BYTES);
    bw_take_bytes(&in, sizeof bw_pack_magic);
    *out_crc = bw_take_u32(&in);
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

enum bw_rc bw_pack_open(struct bw_pack *out, const void *body, size_t size, struct bw_err *err)
{
    struct bw_pack pack = { .body = body, .size = size };
    uint32_t crc = 0;
    if (!take_header(&pack, &crc))
        return bw_fail(err, BW_ECORRUPT, "not a pack");
    if (crc != bw_crc32c(0, pack.body + BW_PACK_CRC_FROM, parts_from(&pack) - BW_PACK_CRC_FROM))
        return bw_fail(err, BW_ECORRUPT, "directory: checksum");
    if (!directory_is_sound(&pack))
        return bw_fail(err, BW_ECORRUPT, "directory: not sound");
    *out = pack;
    return BW_OK;
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

static const uint8_t *column_bytes(const struct bw_pack *pack, size_t index)
{
    size_t at = parts_from(pack);
    for (size_t i = 0; i < index; i++)
        at += column_at(pack, i).size;
    return pack->body + at;
}

static const uint8_t *value_bytes(const struct bw_pack *pack, size_t index)
{
    const uint8_t *at = column_bytes(pack, pack->column_count);
    for (size_t i = 0; i < index; i++)
        at += series_at(pack, i).size;
    return at;
}

/* The times of a column, or NULL when they are damaged; the caller frees them. */
static int64_t *decode_times(const struct bw_pack *pack, size_t index)
{
    const struct column_entry column = column_at(pack, index);
    const uint8_t *part = column_bytes(pack, index);
    if (bw_pack_part_checksum(pack->group, 0, column.count, 0, part, column.size) != column.crc)
        return NULL;
    int64_t *times = bw_alloc_unset(column.count, sizeof *times);
    if (bw_times_decode(part, column.size, times, column.count) && times[0] >= pack->first_ms
        && times[column.count - 1] <= pack->last_ms)
        return times;
    free(times);
    return NULL;
}

/* The values of a series, whose bytes begin at `part`, with their times. */
static bool read_values(const struct bw_pack *pack, const struct series_entry *series,
                        const uint8_t *part, const int64_t *times, struct bw_points *out)
{
    const uint32_t count = column_at(pack, series->column).count;
    if (bw_pack_part_checksum(pack->group, series->series, count, series->codec, part, series->size)
        != series->crc)
        return false;
    double *values = bw_alloc_unset(count, sizeof *values);
    const bool good =
        bw_values_decode((enum bw_codec)series->codec, part, series->size, values, count);
    if (good) {
        struct bw_point *points = bw_points_reserve(out, count);
        for (size_t i = 0; i < count; i++)
            points[i] = (struct bw_point){ times[i], values[i] };
        out->count += count;
    }
    free(values);
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
        times != NULL && read_values(pack, &series, value_bytes(pack, index), times, out);
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
    *walk = (struct bw_pack_walk){ .pack = pack, .values = value_bytes(pack, 0) };
}

static void forget_times(struct bw_pack_walk *walk)
{
    for (size_t i = 0; i < walk->pack->column_count; i++) {
        free(walk->times[i]);
        walk->times[i] = NULL;
    }
}

void bw_pack_walk_fini(struct bw_pack_walk *walk)
{
    forget_times(walk);
}

uint32_t bw_pack_walk_series(const struct bw_pack_walk *walk)
{
    return walk->index < walk->pack->series_count ? bw_pack_series(walk->pack, walk->index) : 0;
}

void bw_pack_walk_next(struct bw_pack_walk *walk)
{
    walk->values += series_at(walk->pack, walk->index).size;
    walk->index++;
}

bool bw_pack_walk_find(struct bw_pack_walk *walk, uint32_t series)
{
    if (walk->index >= walk->pack->series_count || bw_pack_walk_series(walk) > series) {
        walk->index = 0;
        walk->values = value_bytes(walk->pack, 0);
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
            forget_times(walk);
        *times = decode_times(walk->pack, series.column);
    }
    if (*times == NULL || !read_values(walk->pack, &series, walk->values, *times, out))
        return damaged(series.series, err);
    return BW_OK;
}
