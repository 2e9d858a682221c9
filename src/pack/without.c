// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/without.h"

#include "base/crc32c.h"
#include "pack/layout.h"
#include "pack/varint.h"

#include <stdlib.h>
#include <string.h>

enum { ROLLUP_HEADER_BYTES = 40, ROLLUP_SERIES_BYTES = 16, NO_COLUMN = UINT16_MAX };

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool is_among(uint32_t id, const uint32_t *series, size_t count)
{
    return count > 0 && bsearch(&id, series, count, sizeof id, compare) != NULL;
}

size_t bw_pack_has(const struct bw_pack *pack, const uint32_t *series, size_t count)
{
    size_t has = 0;
    for (size_t i = 0; i < pack->series_count; i++)
        has += is_among(bw_pack_series(pack, i), series, count);
    return has;
}

size_t bw_rollup_has(const struct bw_rollup *rollup, const uint32_t *series, size_t count)
{
    size_t has = 0;
    for (size_t i = 0; i < rollup->series_count; i++)
        has += is_among(bw_rollup_series(rollup, i), series, count);
    return has;
}

/* Magic, the checksum of what the header and the directories are, then that. */
static void put_head(struct bw_buf *out, const void *magic, const struct bw_buf *head)
{
    bw_buf_bytes(out, magic, sizeof bw_pack_magic);
    bw_put_u32(out, bw_crc32c(0, head->data, head->len));
    bw_buf_bytes(out, head->data, head->len);
}

/* --- packs --------------------------------------------------------------------------------- */

struct column {
    uint32_t size, count, crc;
    uint16_t now; /* its place in what is left; NO_COLUMN: no series needs it */
};

/* What is taken over, before the new header is known. */
struct rest {
    const struct bw_pack *pack;
    struct column columns[BW_PACK_SERIES_MAX];
    uint32_t column_count, series_count, samples;
    struct bw_buf column_directory, series_directory, times, values;
};

static struct bw_bytes bytes_at(const struct bw_pack *pack, size_t at)
{
    return bw_bytes_of(pack->body + at, pack->size - at);
}

static void read_columns(struct rest *rest)
{
    struct bw_bytes in = bytes_at(rest->pack, BW_PACK_HEADER_BYTES);
    for (size_t i = 0; i < rest->pack->column_count; i++) {
        struct column *column = &rest->columns[i];
        column->size = bw_take_u32(&in);
        column->count = bw_take_u32(&in);
        column->crc = bw_take_u32(&in);
        column->now = NO_COLUMN;
    }
}

/* In the order in which they were: marks those that are needed first. */
static void number_columns(struct rest *rest, const uint32_t *series, size_t count)
{
    const struct bw_pack *pack = rest->pack;
    const size_t from = BW_PACK_HEADER_BYTES + (size_t)BW_PACK_COLUMN_BYTES * pack->column_count;
    struct bw_bytes in = bytes_at(pack, from);
    for (size_t i = 0; i < pack->series_count; i++) {
        const uint32_t id = bw_take_u32(&in);
        bw_take_bytes(&in, 8); /* size and checksum of its values */
        const uint16_t column = bw_take_u16(&in);
        bw_take_u16(&in);
        if (!is_among(id, series, count))
            rest->columns[column].now = 0;
    }
    for (size_t i = 0; i < pack->column_count; i++) {
        if (rest->columns[i].now != NO_COLUMN)
            rest->columns[i].now = (uint16_t)rest->column_count++;
    }
}

/* Both directories are read by now: `at` is where the parts begin. */
static size_t take_times(struct rest *rest, size_t at)
{
    for (size_t i = 0; i < rest->pack->column_count; i++) {
        const struct column *column = &rest->columns[i];
        if (column->now != NO_COLUMN) {
            bw_put_u32(&rest->column_directory, column->size);
            bw_put_u32(&rest->column_directory, column->count);
            bw_put_u32(&rest->column_directory, column->crc);
            bw_buf_bytes(&rest->times, rest->pack->body + at, column->size);
        }
        at += column->size;
    }
    return at;
}

static void take_series(struct rest *rest, const uint32_t *series, size_t count)
{
    const struct bw_pack *pack = rest->pack;
    const size_t from = BW_PACK_HEADER_BYTES + (size_t)BW_PACK_COLUMN_BYTES * pack->column_count;
    struct bw_bytes in = bytes_at(pack, from);
    size_t at = take_times(rest, from + (size_t)BW_PACK_SERIES_BYTES * pack->series_count);
    for (size_t i = 0; i < pack->series_count; i++) {
        const uint32_t id = bw_take_u32(&in), size = bw_take_u32(&in), crc = bw_take_u32(&in);
        const uint16_t column = bw_take_u16(&in), codec = bw_take_u16(&in);
        if (!is_among(id, series, count)) {
            bw_put_u32(&rest->series_directory, id);
            bw_put_u32(&rest->series_directory, size);
            bw_put_u32(&rest->series_directory, crc);
            bw_put_u16(&rest->series_directory, rest->columns[column].now);
            bw_put_u16(&rest->series_directory, codec);
            bw_buf_bytes(&rest->values, pack->body + at, size);
            rest->samples += rest->columns[column].count;
            rest->series_count++;
        }
        at += size;
    }
}

static void put_rest(const struct rest *rest, int64_t first_ms, int64_t last_ms, struct bw_buf *out)
{
    struct bw_buf head;
    bw_buf_init(&head, BW_PACK_BYTES_MAX);
    bw_put_u32(&head, rest->pack->group);
    bw_put_u32(&head, rest->series_count);
    bw_put_u64(&head, (uint64_t)first_ms);
    bw_put_u64(&head, (uint64_t)last_ms);
    bw_put_u32(&head, rest->samples);
    bw_put_u32(&head, rest->column_count);
    bw_buf_bytes(&head, rest->column_directory.data, rest->column_directory.len);
    bw_buf_bytes(&head, rest->series_directory.data, rest->series_directory.len);
    put_head(out, bw_pack_magic, &head);
    bw_buf_bytes(out, rest->times.data, rest->times.len);
    bw_buf_bytes(out, rest->values.data, rest->values.len);
    bw_buf_fini(&head);
}

/* From when to when what was appended at `start` is; false when its times are damaged. */
static bool measure(const struct bw_buf *out, size_t start, int64_t *first_ms, int64_t *last_ms)
{
    struct bw_pack pack;
    struct bw_pack_extent extents[BW_PACK_SERIES_MAX];
    if (bw_pack_open(&pack, out->data + start, out->len - start, NULL) != BW_OK
        || bw_pack_extents(&pack, extents, NULL) != BW_OK)
        return false;
    *first_ms = INT64_MAX;
    *last_ms = INT64_MIN;
    for (size_t i = 0; i < pack.series_count; i++) {
        *first_ms = extents[i].first_ms < *first_ms ? extents[i].first_ms : *first_ms;
        *last_ms = extents[i].last_ms > *last_ms ? extents[i].last_ms : *last_ms;
    }
    return true;
}

void bw_pack_without(const struct bw_pack *pack, const uint32_t *series, size_t count,
                     struct bw_buf *out)
{
    struct rest rest = { .pack = pack };
    struct bw_buf *const buffers[] = { &rest.column_directory, &rest.series_directory, &rest.times,
                                       &rest.values };
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        bw_buf_init(buffers[i], BW_PACK_BYTES_MAX);
    read_columns(&rest);
    number_columns(&rest, series, count);
    take_series(&rest, series, count);
    if (rest.series_count > 0) {
        const size_t start = out->len;
        int64_t first_ms, last_ms;
        put_rest(&rest, pack->first_ms, pack->last_ms, out);
        if (!bw_buf_failed(out) && measure(out, start, &first_ms, &last_ms)) {
            out->len = start;
            put_rest(&rest, first_ms, last_ms, out);
        }
    }
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        bw_buf_fini(buffers[i]);
}

/* --- roll-ups ------------------------------------------------------------------------------ */

void bw_rollup_without(const struct bw_rollup *rollup, const uint32_t *series, size_t count,
                       struct bw_buf *out)
{
    const size_t left = rollup->series_count - bw_rollup_has(rollup, series, count);
    const uint8_t *entry = rollup->body + ROLLUP_HEADER_BYTES;
    const uint8_t *part = entry + (size_t)ROLLUP_SERIES_BYTES * rollup->series_count;
    struct bw_buf head, parts;
    if (left == 0)
        return;
    bw_buf_init(&head, BW_ROLLUP_BYTES_MAX);
    bw_buf_init(&parts, BW_ROLLUP_BYTES_MAX);
    bw_put_u32(&head, rollup->group);
    bw_put_u32(&head, (uint32_t)left);
    bw_buf_bytes(&head, rollup->body + 16, ROLLUP_HEADER_BYTES - 16); /* width and times */
    for (size_t i = 0; i < rollup->series_count; i++, entry += ROLLUP_SERIES_BYTES) {
        struct bw_bytes in = bw_bytes_of(entry, ROLLUP_SERIES_BYTES);
        const uint32_t id = bw_take_u32(&in), size = bw_take_u32(&in);
        if (!is_among(id, series, count)) {
            bw_buf_bytes(&head, entry, ROLLUP_SERIES_BYTES);
            bw_buf_bytes(&parts, part, size);
        }
        part += size;
    }
    put_head(out, rollup->body, &head);
    bw_buf_bytes(out, parts.data, parts.len);
    bw_buf_fini(&head);
    bw_buf_fini(&parts);
}
