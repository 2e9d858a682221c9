// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/pack.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "pack/codec.h"
#include "pack/varint.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 40, COLUMN_BYTES = 12, SERIES_BYTES = 16, CRC_FROM = 8 };

static const char magic[4] = { 'B', 'W', 'P', '1' };

/* What a part's checksum covers besides its bytes, so that a part in the wrong place is as
 * wrong as a flipped bit. */
static uint32_t part_checksum(uint32_t group, uint32_t series, uint32_t count, uint32_t codec,
                              const void *bytes, size_t size)
{
    const uint32_t ids[4] = { group, series, count, codec };
    uint8_t head[sizeof ids];
    for (size_t i = 0; i < sizeof head; i++)
        head[i] = (uint8_t)(ids[i / 4] >> (8 * (i % 4)));
    return bw_crc32c(bw_crc32c(0, head, sizeof head), bytes, size);
}

/* --- writing --------------------------------------------------------------------------- */

struct column {
    const struct bw_point *points; /* of the first series that has these times */
    size_t count;
};

struct writer {
    uint32_t group;
    enum bw_tier tier;
    const struct bw_pack_input *series;
    size_t series_count;
    struct column columns[BW_PACK_SERIES_MAX];
    uint16_t column_of[BW_PACK_SERIES_MAX];
    size_t column_count;
    struct bw_buf directory;
    struct bw_buf parts;
};

static bool same_times(const struct column *column, const struct bw_pack_input *series)
{
    if (column->count != series->count)
        return false;
    for (size_t i = 0; i < series->count; i++) {
        if (column->points[i].ts_ms != series->points[i].ts_ms)
            return false;
    }
    return true;
}

static void find_columns(struct writer *w)
{
    for (size_t i = 0; i < w->series_count; i++) {
        size_t at = 0;
        while (at < w->column_count && !same_times(&w->columns[at], &w->series[i]))
            at++;
        if (at == w->column_count)
            w->columns[w->column_count++] =
                (struct column){ w->series[i].points, w->series[i].count };
        w->column_of[i] = (uint16_t)at;
    }
}

static void put_columns(struct writer *w)
{
    for (size_t c = 0; c < w->column_count; c++) {
        const struct column *column = &w->columns[c];
        int64_t *times = bw_alloc_array(column->count, sizeof *times);
        for (size_t i = 0; i < column->count; i++)
            times[i] = column->points[i].ts_ms;
        const size_t start = w->parts.len;
        bw_times_encode(&w->parts, times, column->count, w->tier);
        free(times);
        const size_t size = w->parts.len - start;
        bw_put_u32(&w->directory, (uint32_t)size);
        bw_put_u32(&w->directory, (uint32_t)column->count);
        bw_put_u32(&w->directory, part_checksum(w->group, 0, (uint32_t)column->count, 0,
                                                w->parts.data + start, size));
    }
}

static void put_values(struct writer *w)
{
    for (size_t s = 0; s < w->series_count; s++) {
        const struct bw_pack_input *series = &w->series[s];
        double *values = bw_alloc_array(series->count, sizeof *values);
        for (size_t i = 0; i < series->count; i++)
            values[i] = series->points[i].value;
        const size_t start = w->parts.len;
        const enum bw_codec codec = bw_values_encode(&w->parts, values, series->count, w->tier);
        free(values);
        const size_t size = w->parts.len - start;
        bw_put_u32(&w->directory, series->series);
        bw_put_u32(&w->directory, (uint32_t)size);
        bw_put_u32(&w->directory, part_checksum(w->group, series->series, (uint32_t)series->count,
                                                (uint32_t)codec, w->parts.data + start, size));
        bw_put_u16(&w->directory, w->column_of[s]);
        bw_put_u16(&w->directory, (uint16_t)codec);
    }
}

static void put_header(struct writer *w, struct bw_buf *out)
{
    int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
    size_t samples = 0;
    for (size_t i = 0; i < w->series_count; i++) {
        const struct bw_pack_input *series = &w->series[i];
        const int64_t first = series->points[0].ts_ms;
        const int64_t last = series->points[series->count - 1].ts_ms;
        first_ms = first < first_ms ? first : first_ms;
        last_ms = last > last_ms ? last : last_ms;
        samples += series->count;
    }
    bw_put_u32(out, w->group);
    bw_put_u32(out, (uint32_t)w->series_count);
    bw_put_u64(out, (uint64_t)first_ms);
    bw_put_u64(out, (uint64_t)last_ms);
    bw_put_u32(out, (uint32_t)samples);
    bw_put_u32(out, (uint32_t)w->column_count);
}

void bw_pack_encode(struct bw_buf *out, uint32_t group, const struct bw_pack_input *series,
                    size_t count, enum bw_tier tier)
{
    struct writer *w = bw_alloc(sizeof *w);
    w->group = group;
    w->tier = tier;
    w->series = series;
    w->series_count = count;
    bw_buf_init(&w->directory, BW_PACK_BYTES_MAX);
    bw_buf_init(&w->parts, BW_PACK_BYTES_MAX);
    find_columns(w);
    put_header(w, &w->directory);
    put_columns(w);
    put_values(w);
    bw_buf_bytes(out, magic, sizeof magic);
    bw_put_u32(out, bw_crc32c(0, w->directory.data, w->directory.len));
    bw_buf_bytes(out, w->directory.data, w->directory.len);
    bw_buf_bytes(out, w->parts.data, w->parts.len);
    bw_buf_fini(&w->directory);
    bw_buf_fini(&w->parts);
    free(w);
}

/* --- reading --------------------------------------------------------------------------- */

struct column_entry {
    uint32_t size, count, crc;
};

struct series_entry {
    uint32_t series, size, crc;
    uint16_t column, codec;
};

static struct column_entry column_at(const struct bw_pack *pack, size_t index)
{
    struct bw_bytes in =
        bw_bytes_of(pack->body + HEADER_BYTES + COLUMN_BYTES * index, COLUMN_BYTES);
    struct column_entry entry;
    entry.size = bw_take_u32(&in);
    entry.count = bw_take_u32(&in);
    entry.crc = bw_take_u32(&in);
    return entry;
}

static size_t series_from(const struct bw_pack *pack)
{
    return HEADER_BYTES + (size_t)COLUMN_BYTES * pack->column_count;
}

static size_t parts_from(const struct bw_pack *pack)
{
    return series_from(pack) + (size_t)SERIES_BYTES * pack->series_count;
}

static struct series_entry series_at(const struct bw_pack *pack, size_t index)
{
    struct bw_bytes in =
        bw_bytes_of(pack->body + series_from(pack) + SERIES_BYTES * index, SERIES_BYTES);
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
    if (pack->size < HEADER_BYTES || pack->size > BW_PACK_BYTES_MAX
        || memcmp(pack->body, magic, sizeof magic) != 0)
        return false;
    struct bw_bytes in = bw_bytes_of(pack->body, HEADER_BYTES);
    bw_take_bytes(&in, sizeof magic);
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
    if (crc != bw_crc32c(0, pack.body + CRC_FROM, parts_from(&pack) - CRC_FROM))
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

static bool decode_part(const struct bw_pack *pack, size_t index, int64_t *times, double *values)
{
    const struct series_entry series = series_at(pack, index);
    const struct column_entry column = column_at(pack, series.column);
    const uint8_t *time_part = column_bytes(pack, series.column);
    const uint8_t *value_part = value_bytes(pack, index);
    if (part_checksum(pack->group, 0, column.count, 0, time_part, column.size) != column.crc
        || part_checksum(pack->group, series.series, column.count, series.codec, value_part,
                         series.size)
               != series.crc)
        return false;
    return bw_times_decode(time_part, column.size, times, column.count)
           && times[0] >= pack->first_ms && times[column.count - 1] <= pack->last_ms
           && bw_values_decode((enum bw_codec)series.codec, value_part, series.size, values,
                               column.count);
}

enum bw_rc bw_pack_read(const struct bw_pack *pack, size_t index, struct bw_points *out,
                        struct bw_err *err)
{
    const size_t count = column_at(pack, series_at(pack, index).column).count;
    int64_t *times = bw_alloc_array(count, sizeof *times);
    double *values = bw_alloc_array(count, sizeof *values);
    const bool good = decode_part(pack, index, times, values);
    if (good) {
        struct bw_point *points = bw_points_reserve(out, count);
        for (size_t i = 0; i < count; i++)
            points[i] = (struct bw_point){ times[i], values[i] };
        out->count += count;
    }
    free(times);
    free(values);
    if (!good)
        return bw_fail(err, BW_ECORRUPT, "series %u: damaged", bw_pack_series(pack, index));
    return BW_OK;
}
