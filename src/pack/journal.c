// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/journal.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "pack/varint.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 8, SAMPLE_BYTES_MIN = 9 };

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

static size_t run_length(const struct bw_sample *samples, size_t count)
{
    size_t run = 1;
    while (run < count && samples[run].ts_ms == samples[0].ts_ms)
        run++;
    return run;
}

static void put_sample(struct bw_buf *out, const struct bw_sample *sample, uint32_t before)
{
    uint64_t bits;
    memcpy(&bits, &sample->value, sizeof bits);
    bw_put_zigzag(out, (int64_t)sample->series - (int64_t)before);
    bw_put_u64(out, bits);
}

void bw_journal_encode(struct bw_buf *out, uint64_t seq, const struct bw_sample *samples,
                       size_t count)
{
    const size_t start = out->len;
    bw_buf_bytes(out, magic, sizeof magic);
    bw_put_u32(out, 0);
    bw_put_varint(out, count);
    int64_t ts_ms = 0;
    uint32_t series = 0;
    for (size_t i = 0; i < count;) {
        const size_t run = run_length(samples + i, count - i);
        bw_put_zigzag(out, (int64_t)((uint64_t)samples[i].ts_ms - (uint64_t)ts_ms));
        bw_put_varint(out, run);
        ts_ms = samples[i].ts_ms;
        for (const size_t end = i + run; i < end; i++) {
            put_sample(out, &samples[i], series);
            series = samples[i].series;
        }
    }
    if (bw_buf_failed(out))
        return;
    uint8_t *body = (uint8_t *)out->data + start;
    const uint32_t crc = checksum(seq, body, out->len - start);
    for (unsigned i = 0; i < 4; i++)
        body[4 + i] = (uint8_t)(crc >> (8 * i));
}

/* Samples of one time; false when they are not as they should be. */
static bool take_run(struct bw_bytes *in, int64_t ts_ms, int64_t *series, struct bw_sample *out,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *series = (int64_t)((uint64_t)*series + (uint64_t)bw_take_zigzag(in));
        const uint64_t bits = bw_take_u64(in);
        if (in->bad || *series < 1 || *series > UINT32_MAX)
            return false;
        out[i] = (struct bw_sample){ .series = (uint32_t)*series, .ts_ms = ts_ms };
        memcpy(&out[i].value, &bits, sizeof bits);
    }
    return true;
}

static bool take_samples(struct bw_bytes *in, struct bw_sample *out, size_t count)
{
    int64_t ts_ms = 0, series = 0;
    for (size_t i = 0; i < count;) {
        ts_ms = (int64_t)((uint64_t)ts_ms + (uint64_t)bw_take_zigzag(in));
        const uint64_t run = bw_take_varint(in);
        if (in->bad || run == 0 || run > count - i)
            return false;
        if (!take_run(in, ts_ms, &series, out + i, (size_t)run))
            return false;
        i += (size_t)run;
    }
    return bw_bytes_left(in) == 0;
}

static enum bw_rc damaged(uint64_t seq, const char *what, struct bw_err *err)
{
    return bw_fail(err, BW_ECORRUPT, "journal row %llu: %s", (unsigned long long)seq, what);
}

enum bw_rc bw_journal_decode(uint64_t seq, const void *body, size_t size, struct bw_samples *out,
                             struct bw_err *err)
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
    out->items = bw_grow(out->items, &out->cap, out->count + (size_t)count, sizeof *out->items);
    if (!take_samples(&in, out->items + out->count, (size_t)count))
        return damaged(seq, "samples", err);
    out->count += (size_t)count;
    return BW_OK;
}
