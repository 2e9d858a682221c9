// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/journal.h"

#include "base/crc32c.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER_BYTES = 8,
    COUNT_BYTES = 4, /* as written; read at any length */
    RUN_BYTES_MAX = 20,
    SAMPLE_BYTES_MIN = 9,
    SAMPLE_BYTES_MAX = 13,
    KEPT_BYTES = 256 << 10
};

static const char magic[4] = { 'B', 'W', 'J', '1' };

void bw_samples_add(struct bw_samples *samples, const struct bw_sample *more, size_t count)
{
    if (count == 0)
        return;
    samples->items =
        bw_grow(samples->items, &samples->cap, samples->count + count, sizeof *samples->items);
    memcpy(samples->items + samples->count, more, count * sizeof *more);
    samples->count += count;
}

void bw_samples_fini(struct bw_samples *samples)
{
    free(samples->items);
    *samples = (struct bw_samples){ 0 };
}

static uint32_t checksum(uint64_t seq, const uint8_t *body, size_t size)
{
    uint8_t id[8];
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = (uint8_t)(seq >> (8 * i));
    return bw_crc32c(bw_crc32c(0, id, sizeof id), body + HEADER_BYTES, size - HEADER_BYTES);
}

/* Samples of one time; those of series 0 are runs of their own. */
static size_t run_length(const struct bw_sample *samples, size_t count)
{
    size_t run = 1;
    while (run < count && samples[run].ts_ms == samples[0].ts_ms
           && (samples[run].series == 0) == (samples[0].series == 0))
        run++;
    return run;
}

/* --- writing --------------------------------------------------------------------------- */

void bw_journal_row_init(struct bw_journal_row *row)
{
    *row = (struct bw_journal_row){ .count = 0 };
    bw_buf_init(&row->body, BW_JOURNAL_BYTES_MAX);
}

void bw_journal_row_fini(struct bw_journal_row *row)
{
    bw_buf_fini(&row->body);
    row->count = 0;
}

void bw_journal_row_clear(struct bw_journal_row *row)
{
    struct bw_buf body = row->body;
    if (body.cap > KEPT_BYTES)
        bw_buf_fini(&body);
    bw_buf_clear(&body);
    *row = (struct bw_journal_row){ .body = body };
}

static uint8_t *put_number(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static uint8_t *put_sample(uint8_t *to, const struct bw_sample *sample, uint32_t before)
{
    uint64_t bits;
    memcpy(&bits, &sample->value, sizeof bits);
    to = put_number(to, bw_zigzag((int64_t)sample->series - (int64_t)before));
    for (unsigned i = 0; i < 8; i++)
        to[i] = (uint8_t)(bits >> (8 * i));
    return to + 8;
}

static void put_run(struct bw_journal_row *row, const struct bw_sample *samples, size_t count)
{
    uint8_t *room =
        (uint8_t *)bw_buf_reserve(&row->body, RUN_BYTES_MAX + count * (size_t)SAMPLE_BYTES_MAX);
    if (room == NULL)
        return;
    const uint64_t step = (uint64_t)samples[0].ts_ms - (uint64_t)row->ts_ms;
    uint8_t *to = put_number(room, bw_zigzag((int64_t)step));
    to = put_number(to, count);
    for (size_t i = 0; i < count; i++) {
        to = put_sample(to, &samples[i], row->series);
        row->series = samples[i].series;
    }
    row->ts_ms = samples[0].ts_ms;
    if (row->count == 0 || row->ts_ms < row->least_ms)
        row->least_ms = row->ts_ms;
    row->count += count;
    row->body.len += (size_t)(to - room);
}

void bw_journal_row_add(struct bw_journal_row *row, const struct bw_sample *samples, size_t count)
{
    if (row->count == 0 && row->body.len == 0)
        bw_buf_fill(&row->body, 0, HEADER_BYTES + COUNT_BYTES);
    for (size_t i = 0; i < count;) {
        const size_t run = run_length(samples + i, count - i);
        if (samples[i].series != 0)
            put_run(row, samples + i, run);
        i += run;
    }
}

const struct bw_buf *bw_journal_row_body(struct bw_journal_row *row, uint64_t seq)
{
    if (bw_buf_failed(&row->body))
        return &row->body;
    uint8_t *body = (uint8_t *)row->body.data;
    memcpy(body, magic, sizeof magic);
    /* A varint of fixed length, since it is known last. */
    for (unsigned i = 0; i < COUNT_BYTES; i++)
        body[HEADER_BYTES + i] =
            (uint8_t)((row->count >> (7 * i) & 0x7f) | (i + 1 < COUNT_BYTES ? 0x80u : 0u));
    const uint32_t crc = checksum(seq, body, row->body.len);
    for (unsigned i = 0; i < 4; i++)
        body[4 + i] = (uint8_t)(crc >> (8 * i));
    return &row->body;
}

/* --- reading --------------------------------------------------------------------------- */

static enum bw_rc damaged(uint64_t seq, const char *what, struct bw_err *err)
{
    return bw_fail(err, BW_ECORRUPT, "journal row %llu: %s", (unsigned long long)seq, what);
}

enum bw_rc bw_journal_walk_begin(struct bw_journal_walk *walk, uint64_t seq, const void *body,
                                 size_t size, struct bw_err *err)
{
    if (size < HEADER_BYTES || size > BW_JOURNAL_BYTES_MAX
        || memcmp(body, magic, sizeof magic) != 0)
        return damaged(seq, "not a journal row", err);
    struct bw_bytes in = bw_bytes_of(body, size);
    bw_take_bytes(&in, sizeof magic);
    if (bw_take_u32(&in) != checksum(seq, body, size))
        return damaged(seq, "checksum", err);
    const uint64_t count = bw_take_varint(&in);
    /* A count that the bytes cannot hold must not make us allocate for it. */
    if (in.bad || count == 0 || count > BW_JOURNAL_SAMPLES_MAX
        || count > bw_bytes_left(&in) / SAMPLE_BYTES_MIN)
        return damaged(seq, "number of samples", err);
    *walk = (struct bw_journal_walk){ .in = in, .seq = seq, .left = (size_t)count };
    return BW_OK;
}

static bool take_run_head(struct bw_journal_walk *walk)
{
    walk->ts_ms = (int64_t)((uint64_t)walk->ts_ms + (uint64_t)bw_take_zigzag(&walk->in));
    const uint64_t run = bw_take_varint(&walk->in);
    walk->run = (size_t)run;
    return !walk->in.bad && run > 0 && run <= walk->left;
}

/* Samples of one time; false when they are not as they should be. */
static bool take_samples(struct bw_journal_walk *walk, struct bw_sample *out, size_t count)
{
    int64_t series = walk->series;
    for (size_t i = 0; i < count; i++) {
        series = (int64_t)((uint64_t)series + (uint64_t)bw_take_zigzag(&walk->in));
        const uint64_t bits = bw_take_u64(&walk->in);
        if (walk->in.bad || series < 1 || series > UINT32_MAX)
            return false;
        out[i] = (struct bw_sample){ .series = (uint32_t)series, .ts_ms = walk->ts_ms };
        memcpy(&out[i].value, &bits, sizeof bits);
    }
    walk->series = (uint32_t)series;
    walk->run -= count;
    walk->left -= count;
    return true;
}

enum bw_rc bw_journal_walk_next(struct bw_journal_walk *walk, struct bw_sample *out, size_t max,
                                size_t *out_count, struct bw_err *err)
{
    size_t taken = 0;
    while (taken < max && walk->left > 0) {
        if (walk->run == 0 && !take_run_head(walk))
            return damaged(walk->seq, "samples", err);
        const size_t part = walk->run < max - taken ? walk->run : max - taken;
        if (!take_samples(walk, out + taken, part))
            return damaged(walk->seq, "samples", err);
        taken += part;
    }
    if (walk->left == 0 && bw_bytes_left(&walk->in) > 0)
        return damaged(walk->seq, "samples", err);
    *out_count = taken;
    return BW_OK;
}

enum bw_rc bw_journal_decode(uint64_t seq, const void *body, size_t size, struct bw_samples *out,
                             struct bw_err *err)
{
    struct bw_journal_walk walk;
    enum bw_rc rc = bw_journal_walk_begin(&walk, seq, body, size, err);
    if (rc != BW_OK)
        return rc;
    const size_t count = walk.left;
    size_t taken;
    out->items = bw_grow(out->items, &out->cap, out->count + count, sizeof *out->items);
    rc = bw_journal_walk_next(&walk, out->items + out->count, count, &taken, err);
    if (rc == BW_OK)
        out->count += taken;
    return rc;
}
