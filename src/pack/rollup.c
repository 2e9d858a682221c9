// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/rollup.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "pack/codec.h"
#include "pack/pack.h"
#include "pack/scale.h"
#include "pack/varint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 40, SERIES_BYTES = 16, CRC_FROM = 8, BINS_MAX = 1 << 22 };

static const char magic[4] = { 'B', 'W', 'R', '1' };

/* The columns of doubles, in this order. */
static const size_t doubles[] = { offsetof(struct bw_bucket, last), offsetof(struct bw_bucket, min),
                                  offsetof(struct bw_bucket, max),
                                  offsetof(struct bw_bucket, sum) };

enum { DOUBLES = sizeof doubles / sizeof *doubles };

static double *double_at(struct bw_bucket *bucket, size_t which)
{
    return (double *)(void *)((char *)bucket + doubles[which]);
}

static uint32_t part_checksum(uint32_t group, uint32_t series, uint32_t count, const void *bytes,
                              size_t size)
{
    const uint32_t ids[3] = { htole32(group), htole32(series), htole32(count) };
    return bw_crc32c(bw_crc32c(0, ids, sizeof ids), bytes, size);
}

/* --- writing --------------------------------------------------------------------------- */

static void put_starts(struct bw_buf *out, const struct bw_buckets *buckets, int64_t width_ms,
                       int64_t *scratch)
{
    for (size_t i = 0; i < buckets->count; i++)
        scratch[i] = buckets->items[i].start_ms / width_ms;
    bw_ints_encode(out, scratch, buckets->count, BW_TIER_COLD);
}

/* Per bucket its number of bins and its first key; then, for all bins together, the gaps to the
 * key before and the counts. */
static void put_sketches(struct bw_buf *out, const struct bw_buckets *buckets)
{
    size_t bins = 0, gaps = 0, at = 0;
    for (size_t i = 0; i < buckets->count; i++)
        bins += buckets->items[i].sketch.bin_count;
    int64_t *sizes = bw_alloc_array(buckets->count, sizeof *sizes);
    int64_t *firsts = bw_alloc_array(buckets->count, sizeof *firsts);
    int64_t *steps = bw_alloc_array(bins, sizeof *steps);
    int64_t *counts = bw_alloc_array(bins, sizeof *counts);
    for (size_t i = 0; i < buckets->count; i++) {
        const struct bw_sketch *sketch = &buckets->items[i].sketch;
        sizes[i] = (int64_t)sketch->bin_count;
        firsts[i] = sketch->bins[0].key;
        for (size_t b = 0; b < sketch->bin_count; b++) {
            counts[at++] = (int64_t)sketch->bins[b].count;
            if (b > 0)
                steps[gaps++] = sketch->bins[b].key - sketch->bins[b - 1].key;
        }
    }
    bw_ints_encode(out, sizes, buckets->count, BW_TIER_COLD);
    bw_ints_encode(out, firsts, buckets->count, BW_TIER_COLD);
    if (gaps > 0)
        bw_ints_encode(out, steps, gaps, BW_TIER_COLD);
    bw_ints_encode(out, counts, bins, BW_TIER_COLD);
    free(sizes);
    free(firsts);
    free(steps);
    free(counts);
}

/* Sums of decimals are decimals, but for the rounding of each addition: taking that back makes
 * them small to store. */
static void round_sums(double *sums, const double *lasts, size_t count)
{
    struct bw_scaled scaled = {
        .integers = bw_alloc_array(count, sizeof *scaled.integers),
        .holes = bw_alloc_array(count, sizeof *scaled.holes),
    };
    bw_scale_decimals(lasts, count, &scaled);
    for (size_t i = 0; i < count && scaled.exponent >= 0; i++) {
        const double rounded = bw_round_decimal(sums[i], scaled.exponent);
        if (fabs(rounded - sums[i]) <= fabs(sums[i]) * 0x1p-44)
            sums[i] = rounded;
    }
    free(scaled.integers);
    free(scaled.holes);
}

static void put_doubles(struct bw_buf *out, const struct bw_buckets *buckets)
{
    const size_t count = buckets->count;
    double *columns[DOUBLES];
    for (size_t d = 0; d < DOUBLES; d++) {
        columns[d] = bw_alloc_array(count, sizeof *columns[d]);
        for (size_t i = 0; i < count; i++)
            columns[d][i] = *double_at(&buckets->items[i], d);
    }
    round_sums(columns[DOUBLES - 1], columns[0], count);
    for (size_t d = 0; d < DOUBLES; d++) {
        struct bw_buf column;
        bw_buf_init(&column, out->max);
        bw_buf_char(out, (char)bw_values_encode(&column, columns[d], count, BW_TIER_COLD));
        bw_put_varint(out, column.len);
        bw_buf_bytes(out, column.data, column.len);
        bw_buf_fini(&column);
        free(columns[d]);
    }
}

static void put_part(struct bw_buf *out, const struct bw_buckets *buckets, int64_t width_ms)
{
    int64_t *scratch = bw_alloc_array(buckets->count, sizeof *scratch);
    put_starts(out, buckets, width_ms, scratch);
    free(scratch);
    put_sketches(out, buckets);
    put_doubles(out, buckets);
}

void bw_rollup_writer_init(struct bw_rollup_writer *writer, uint32_t group, int64_t width_ms)
{
    *writer = (struct bw_rollup_writer){
        .group = group, .width_ms = width_ms, .first_ms = INT64_MAX, .last_ms = INT64_MIN
    };
    bw_buf_init(&writer->directory, BW_ROLLUP_BYTES_MAX);
    bw_buf_init(&writer->parts, BW_ROLLUP_BYTES_MAX);
}

void bw_rollup_writer_fini(struct bw_rollup_writer *writer)
{
    bw_buf_fini(&writer->directory);
    bw_buf_fini(&writer->parts);
}

void bw_rollup_writer_add(struct bw_rollup_writer *writer, uint32_t series,
                          const struct bw_buckets *buckets)
{
    struct bw_buf *directory = &writer->directory, *parts = &writer->parts;
    const int64_t first = buckets->items[0].start_ms;
    const int64_t last = buckets->items[buckets->count - 1].start_ms;
    const size_t start = parts->len;
    put_part(parts, buckets, writer->width_ms);
    if (bw_buf_failed(parts))
        return;
    const size_t size = parts->len - start;
    const uint32_t count = (uint32_t)buckets->count;
    bw_put_u32(directory, series);
    bw_put_u32(directory, (uint32_t)size);
    bw_put_u32(directory, part_checksum(writer->group, series, count, parts->data + start, size));
    bw_put_u32(directory, count);
    writer->first_ms = first < writer->first_ms ? first : writer->first_ms;
    writer->last_ms = last > writer->last_ms ? last : writer->last_ms;
    writer->count++;
}

void bw_rollup_writer_end(const struct bw_rollup_writer *writer, struct bw_buf *out)
{
    struct bw_buf head;
    if (bw_buf_failed(&writer->parts)) {
        bw_buf_clear(out);
        out->failed = true;
        return;
    }
    bw_buf_init(&head, HEADER_BYTES);
    bw_put_u32(&head, writer->group);
    bw_put_u32(&head, writer->count);
    bw_put_u64(&head, (uint64_t)writer->width_ms);
    bw_put_u64(&head, (uint64_t)writer->first_ms);
    bw_put_u64(&head, (uint64_t)writer->last_ms);
    const uint32_t crc = bw_crc32c(0, head.data, head.len);
    bw_buf_bytes(out, magic, sizeof magic);
    bw_put_u32(out, bw_crc32c(crc, writer->directory.data, writer->directory.len));
    bw_buf_bytes(out, head.data, head.len);
    bw_buf_bytes(out, writer->directory.data, writer->directory.len);
    bw_buf_bytes(out, writer->parts.data, writer->parts.len);
    bw_buf_fini(&head);
}

void bw_rollup_encode(struct bw_buf *out, uint32_t group, int64_t width_ms,
                      const struct bw_rollup_input *series, size_t count)
{
    struct bw_rollup_writer writer;
    bw_rollup_writer_init(&writer, group, width_ms);
    for (size_t i = 0; i < count; i++)
        bw_rollup_writer_add(&writer, series[i].series, series[i].buckets);
    bw_rollup_writer_end(&writer, out);
    bw_rollup_writer_fini(&writer);
}

/* --- the directory --------------------------------------------------------------------- */

struct entry {
    uint32_t series, size, crc, count;
};

static struct entry entry_at(const struct bw_rollup *rollup, size_t index)
{
    struct bw_bytes in =
        bw_bytes_of(rollup->body + HEADER_BYTES + SERIES_BYTES * index, SERIES_BYTES);
    struct entry entry;
    entry.series = bw_take_u32(&in);
    entry.size = bw_take_u32(&in);
    entry.crc = bw_take_u32(&in);
    entry.count = bw_take_u32(&in);
    return entry;
}

static size_t parts_from(const struct bw_rollup *rollup)
{
    return HEADER_BYTES + (size_t)SERIES_BYTES * rollup->series_count;
}

static bool take_header(struct bw_rollup *rollup, uint32_t *out_crc)
{
    if (rollup->size < HEADER_BYTES || rollup->size > BW_ROLLUP_BYTES_MAX
        || memcmp(rollup->body, magic, sizeof magic) != 0)
        return false;
    struct bw_bytes in = bw_bytes_of(rollup->body, HEADER_BYTES);
    bw_take_bytes(&in, sizeof magic);
    *out_crc = bw_take_u32(&in);
    rollup->group = bw_take_u32(&in);
    rollup->series_count = bw_take_u32(&in);
    rollup->width_ms = (int64_t)bw_take_u64(&in);
    rollup->first_ms = (int64_t)bw_take_u64(&in);
    rollup->last_ms = (int64_t)bw_take_u64(&in);
    return rollup->series_count >= 1 && rollup->series_count <= BW_PACK_SERIES_MAX
           && rollup->width_ms >= 1 && parts_from(rollup) <= rollup->size;
}

static bool directory_is_sound(const struct bw_rollup *rollup)
{
    uint64_t end = parts_from(rollup);
    uint32_t before = 0;
    for (size_t i = 0; i < rollup->series_count; i++) {
        const struct entry entry = entry_at(rollup, i);
        if (entry.series <= before || entry.count < 1 || entry.count > BW_ROLLUP_BUCKETS_MAX)
            return false;
        before = entry.series;
        end += entry.size;
    }
    return end == rollup->size && rollup->first_ms <= rollup->last_ms;
}

enum bw_rc bw_rollup_open(struct bw_rollup *out, const void *body, size_t size, struct bw_err *err)
{
    struct bw_rollup rollup = { .body = body, .size = size };
    uint32_t crc = 0;
    if (!take_header(&rollup, &crc))
        return bw_fail(err, BW_ECORRUPT, "not a roll-up");
    if (crc != bw_crc32c(0, rollup.body + CRC_FROM, parts_from(&rollup) - CRC_FROM))
        return bw_fail(err, BW_ECORRUPT, "directory: checksum");
    if (!directory_is_sound(&rollup))
        return bw_fail(err, BW_ECORRUPT, "directory: not sound");
    *out = rollup;
    return BW_OK;
}

uint32_t bw_rollup_series(const struct bw_rollup *rollup, size_t index)
{
    return entry_at(rollup, index).series;
}

uint32_t bw_rollup_part_bytes(const struct bw_rollup *rollup, size_t index)
{
    return entry_at(rollup, index).size;
}

int bw_rollup_find(const struct bw_rollup *rollup, uint32_t series)
{
    for (size_t i = 0; i < rollup->series_count; i++) {
        if (bw_rollup_series(rollup, i) == series)
            return (int)i;
    }
    return -1;
}

/* --- reading a part -------------------------------------------------------------------- */

static bool take_starts(struct bw_bytes *in, const struct bw_rollup *rollup,
                        struct bw_bucket *items, size_t count, int64_t *scratch)
{
    bw_ints_decode(in, scratch, count);
    for (size_t i = 0; i < count && !in->bad; i++) {
        if (__builtin_mul_overflow(scratch[i], rollup->width_ms, &items[i].start_ms)
            || (i > 0 && items[i].start_ms <= items[i - 1].start_ms))
            return false;
    }
    return !in->bad && items[0].start_ms >= rollup->first_ms
           && items[count - 1].start_ms <= rollup->last_ms;
}

/* The bins of all buckets; scratch holds how many each has. 0: malformed. */
static size_t sum_of_sizes(const int64_t *sizes, size_t count)
{
    size_t bins = 0;
    for (size_t i = 0; i < count; i++) {
        if (sizes[i] < 1 || sizes[i] > BW_SKETCH_BINS_MAX)
            return 0;
        bins += (size_t)sizes[i];
        if (bins > BINS_MAX)
            return 0;
    }
    return bins;
}

/* What bins hold in all; false when one of them holds nothing. */
static bool count_bins(const int64_t *counts, int64_t bins, uint64_t *out)
{
    for (int64_t b = 0; b < bins; b++) {
        if (counts[b] < 1 || counts[b] > INT64_MAX / BW_SKETCH_BINS_MAX)
            return false;
        *out += (uint64_t)counts[b];
    }
    return true;
}

/* One bucket's bins; `next_step` goes on through the gaps, `counts` is its first. */
static bool fill_sketch(struct bw_bucket *bucket, int64_t bins, int64_t first,
                        const int64_t **next_step, const int64_t *counts)
{
    int64_t key = first;
    for (int64_t b = 0; b < bins; b++) {
        if (b > 0 && ((*next_step)[0] < 1 || (*next_step)[0] > 2 * BW_SKETCH_KEY_MAX))
            return false;
        key += b > 0 ? *(*next_step)++ : 0;
        if (key < -BW_SKETCH_KEY_MAX || key > BW_SKETCH_KEY_MAX
            || !bw_sketch_add_bin(&bucket->sketch, (int32_t)key, (uint64_t)counts[b]))
            return false;
    }
    return true;
}

/* Of a series whose part is being read. */
struct part {
    struct bw_bucket *items;
    size_t count;
    bool plain;              /* no sketch is wanted: bins are only counted */
    int64_t *sizes, *firsts; /* of each bucket's sketch: bins, first key */
};

static bool take_bins(struct bw_bytes *in, const struct part *part, size_t bins)
{
    int64_t *steps = bw_alloc_array(bins, sizeof *steps);
    int64_t *counts = bw_alloc_array(bins, sizeof *counts);
    if (bins > part->count)
        bw_ints_decode(in, steps, bins - part->count);
    bw_ints_decode(in, counts, bins);
    const int64_t *step = steps, *bin_counts = counts;
    bool sound = !in->bad;
    for (size_t i = 0; i < part->count && sound; i++) {
        struct bw_bucket *bucket = &part->items[i];
        sound = count_bins(bin_counts, part->sizes[i], &bucket->count)
                && (part->plain
                    || fill_sketch(bucket, part->sizes[i], part->firsts[i], &step, bin_counts));
        bin_counts += part->sizes[i];
    }
    free(steps);
    free(counts);
    return sound;
}

static bool take_sketches(struct bw_bytes *in, struct part *part)
{
    part->sizes = bw_alloc_array(part->count, sizeof *part->sizes);
    part->firsts = bw_alloc_array(part->count, sizeof *part->firsts);
    bw_ints_decode(in, part->sizes, part->count);
    bw_ints_decode(in, part->firsts, part->count);
    const size_t bins = in->bad ? 0 : sum_of_sizes(part->sizes, part->count);
    const bool sound = bins > 0 && take_bins(in, part, bins);
    free(part->sizes);
    free(part->firsts);
    return sound;
}

static bool take_doubles(struct bw_bytes *in, struct bw_bucket *items, size_t count)
{
    double *column = bw_alloc_array(count, sizeof *column);
    bool sound = true;
    for (size_t d = 0; d < DOUBLES && sound; d++) {
        const uint8_t *codec = bw_take_bytes(in, 1);
        const uint64_t size = bw_take_varint(in);
        const uint8_t *bytes = bw_take_bytes(in, size);
        sound =
            bytes != NULL && bw_values_decode((enum bw_codec) * codec, bytes, size, column, count);
        for (size_t i = 0; i < count && sound; i++)
            *double_at(&items[i], d) = column[i];
    }
    free(column);
    return sound;
}

static bool take_part(const struct bw_rollup *rollup, const uint8_t *bytes,
                      const struct entry *entry, struct part *part)
{
    if (part_checksum(rollup->group, entry->series, entry->count, bytes, entry->size) != entry->crc)
        return false;
    struct bw_bytes in = bw_bytes_of(bytes, entry->size);
    int64_t *scratch = bw_alloc_array(entry->count, sizeof *scratch);
    const bool sound = take_starts(&in, rollup, part->items, entry->count, scratch)
                       && take_sketches(&in, part) && take_doubles(&in, part->items, entry->count)
                       && bw_bytes_left(&in) == 0;
    free(scratch);
    return sound;
}

enum bw_rc bw_rollup_read(const struct bw_rollup *rollup, size_t index, struct bw_buckets *out,
                          struct bw_err *err)
{
    size_t at = parts_from(rollup);
    for (size_t i = 0; i < index; i++)
        at += entry_at(rollup, i).size;
    const struct entry entry = entry_at(rollup, index);
    out->items = bw_grow(out->items, &out->cap, out->count + entry.count, sizeof *out->items);
    struct bw_bucket *items = out->items + out->count;
    memset(items, 0, entry.count * sizeof *items);
    struct part part = { .items = items, .count = entry.count, .plain = out->plain };
    if (take_part(rollup, rollup->body + at, &entry, &part)) {
        out->count += entry.count;
        return BW_OK;
    }
    for (size_t i = 0; i < entry.count; i++)
        bw_sketch_fini(&items[i].sketch);
    return bw_fail(err, BW_ECORRUPT, "roll-up of series %u: damaged", entry.series);
}
