// SPDX-License-Identifier: GPL-3.0-or-later
/* Samples as text, in pieces: whatever the bytes are, each line is a sample or is told; and the
 * pieces make no difference. The first byte chooses the form and the size of the pieces. */
#include "base/hash.h"
#include "transfer/reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t take_series(void *ctx, const char *metric, struct bw_labels labels,
                            struct bw_err *err)
{
    (void)ctx;
    (void)err;
    uint64_t hash = bw_hash_text(metric, 1);
    if (!bw_metric_name_is_valid(metric))
        abort();
    for (size_t i = 0; i < labels.count; i++) {
        if (!bw_label_name_is_valid(labels.items[i].name) || labels.items[i].value[0] == '\0')
            abort();
        hash = bw_hash_text(labels.items[i].value, bw_hash_text(labels.items[i].name, hash));
    }
    return (uint32_t)hash | 1;
}

static void take_sample(void *ctx, uint32_t series, int64_t ts_ms, double value)
{
    uint64_t *sum = ctx, bits;
    memcpy(&bits, &value, sizeof bits);
    const uint64_t parts[] = { *sum, series, (uint64_t)ts_ms, bits };
    *sum = bw_hash(parts, sizeof parts, 0);
}

static void take_bad(void *ctx, uint64_t line, const char *why)
{
    uint64_t *sum = ctx;
    if (line == 0 || why[0] == '\0')
        abort();
    *sum = bw_hash_text(why, *sum + line);
}

static uint64_t read_all(enum bw_transfer_form form, const uint8_t *data, size_t size, size_t piece)
{
    uint64_t sum = 0;
    const struct bw_transfer_sink sink = { &sum, take_series, take_sample, take_bad };
    struct bw_transfer_reader *reader = bw_transfer_reader_new(form, &sink);
    struct bw_err err = { .rc = BW_OK };
    enum bw_rc rc = BW_OK;
    for (size_t at = 0; rc == BW_OK && at < size; at += piece)
        rc =
            bw_transfer_reader_feed(reader, data + at, size - at < piece ? size - at : piece, &err);
    if (rc == BW_OK)
        rc = bw_transfer_reader_finish(reader, &err);
    if (rc != BW_OK && err.text[0] == '\0')
        abort();
    bw_transfer_reader_free(reader);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const enum bw_transfer_form form = data[0] & 1 ? BW_TRANSFER_CSV : BW_TRANSFER_OPENMETRICS;
    const size_t piece = 1 + (data[0] >> 1);
    if (read_all(form, data + 1, size - 1, size) != read_all(form, data + 1, size - 1, piece))
        abort();
    return 0;
}
