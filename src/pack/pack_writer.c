// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/pack_writer.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "pack/codec.h"
#include "pack/layout.h"
#include "pack/pack.h"
#include "pack/varint.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct column {
    int64_t *times;
    size_t count;
};

struct bw_pack_writer {
    uint32_t group;
    enum bw_tier tier;
    uint32_t samples;
    uint32_t series_count;
    int64_t first_ms, last_ms;
    struct column columns[BW_PACK_SERIES_MAX];
    size_t column_count;
    struct bw_buf directory; /* of the series; that of the columns is made at the end */
    struct bw_buf values;
    double *scratch;
    size_t scratch_cap;
};

struct bw_pack_writer *bw_pack_writer_new(uint32_t group, enum bw_tier tier)
{
    struct bw_pack_writer *w = bw_alloc(sizeof *w);
    w->group = group;
    w->tier = tier;
    w->first_ms = INT64_MAX;
    w->last_ms = INT64_MIN;
    bw_buf_init(&w->directory, BW_PACK_BYTES_MAX);
    bw_buf_init(&w->values, BW_PACK_BYTES_MAX);
    return w;
}

void bw_pack_writer_free(struct bw_pack_writer *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->column_count; i++)
        free(w->columns[i].times);
    bw_buf_fini(&w->directory);
    bw_buf_fini(&w->values);
    free(w->scratch);
    free(w);
}

static bool has_times(const struct column *column, const struct bw_point *points, size_t count)
{
    if (column->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (column->times[i] != points[i].ts_ms)
            return false;
    }
    return true;
}

/* The column with the times of these points, made when there is none. The newest is the
 * likeliest: siblings follow one another. */
static size_t column_for(struct bw_pack_writer *w, const struct bw_point *points, size_t count)
{
    for (size_t i = w->column_count; i-- > 0;) {
        if (has_times(&w->columns[i], points, count))
            return i;
    }
    int64_t *times = bw_alloc_unset(count, sizeof *times);
    for (size_t i = 0; i < count; i++)
        times[i] = points[i].ts_ms;
    w->columns[w->column_count] = (struct column){ times, count };
    return w->column_count++;
}

void bw_pack_writer_add(struct bw_pack_writer *w, uint32_t series, const struct bw_point *points,
                        size_t count)
{
    assert(count > 0 && w->series_count < BW_PACK_SERIES_MAX);
    const size_t column = column_for(w, points, count);
    w->scratch = bw_grow(w->scratch, &w->scratch_cap, count, sizeof *w->scratch);
    for (size_t i = 0; i < count; i++)
        w->scratch[i] = points[i].value;
    const size_t start = w->values.len;
    const enum bw_codec codec = bw_values_encode(&w->values, w->scratch, count, w->tier);
    if (bw_buf_failed(&w->values))
        return; /* finish says so */
    const size_t size = w->values.len - start;
    bw_put_u32(&w->directory, series);
    bw_put_u32(&w->directory, (uint32_t)size);
    bw_put_u32(&w->directory, bw_pack_part_checksum(w->group, series, (uint32_t)count,
                                                    (uint32_t)codec, w->values.data + start, size));
    bw_put_u16(&w->directory, (uint16_t)column);
    bw_put_u16(&w->directory, (uint16_t)codec);
    w->series_count++;
    w->samples += (uint32_t)count;
    w->first_ms = points[0].ts_ms < w->first_ms ? points[0].ts_ms : w->first_ms;
    w->last_ms = points[count - 1].ts_ms > w->last_ms ? points[count - 1].ts_ms : w->last_ms;
}

static void put_header(const struct bw_pack_writer *w, struct bw_buf *out)
{
    bw_put_u32(out, w->group);
    bw_put_u32(out, w->series_count);
    bw_put_u64(out, (uint64_t)w->first_ms);
    bw_put_u64(out, (uint64_t)w->last_ms);
    bw_put_u32(out, w->samples);
    bw_put_u32(out, (uint32_t)w->column_count);
}

static void put_columns(const struct bw_pack_writer *w, struct bw_buf *head, struct bw_buf *parts)
{
    for (size_t i = 0; i < w->column_count; i++) {
        const struct column *column = &w->columns[i];
        const size_t start = parts->len;
        bw_times_encode(parts, column->times, column->count, w->tier);
        const size_t size = parts->len - start;
        bw_put_u32(head, (uint32_t)size);
        bw_put_u32(head, (uint32_t)column->count);
        bw_put_u32(head, bw_pack_part_checksum(w->group, 0, (uint32_t)column->count, 0,
                                               parts->data + start, size));
    }
}

void bw_pack_writer_finish(struct bw_pack_writer *w, struct bw_buf *out)
{
    struct bw_buf head, times;
    if (bw_buf_failed(&w->values)) {
        bw_buf_clear(out);
        out->failed = true;
        return;
    }
    bw_buf_init(&head, BW_PACK_BYTES_MAX);
    bw_buf_init(&times, BW_PACK_BYTES_MAX);
    put_header(w, &head);
    put_columns(w, &head, &times);
    bw_buf_bytes(&head, w->directory.data, w->directory.len);
    bw_buf_reserve(out, BW_PACK_CRC_FROM + head.len + times.len + w->values.len);
    bw_buf_bytes(out, bw_pack_magic, sizeof bw_pack_magic);
    bw_put_u32(out, bw_crc32c(0, head.data, head.len));
    bw_buf_bytes(out, head.data, head.len);
    bw_buf_bytes(out, times.data, times.len);
    bw_buf_bytes(out, w->values.data, w->values.len);
    bw_buf_fini(&head);
    bw_buf_fini(&times);
}
