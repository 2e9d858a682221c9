// SPDX-License-Identifier: GPL-3.0-or-later
#include "mustache/output.h"

#include "base/limits.h"

void bw_template_output_init(struct bw_template_output *out, struct bw_template_sink sink)
{
    out->sink = sink;
    bw_buf_init(&out->batch, BW_TEMPLATE_VALUE_BYTES_MAX);
}

void bw_template_output_fini(struct bw_template_output *out)
{
    bw_buf_fini(&out->batch);
}

enum bw_rc bw_template_output_flush(struct bw_template_output *out, struct bw_err *err)
{
    if (out->sink.write == NULL || out->batch.len == 0)
        return BW_OK;
    const enum bw_rc rc = out->sink.write(out->sink.ctx, out->batch.data, out->batch.len, err);
    bw_buf_clear(&out->batch);
    return rc;
}

enum bw_rc bw_template_output_settle(struct bw_template_output *out, struct bw_err *err)
{
    if (bw_buf_failed(&out->batch))
        return bw_fail(err, BW_ELIMIT, "a value takes more than %u bytes",
                       BW_TEMPLATE_VALUE_BYTES_MAX);
    if (out->batch.len < BW_TEMPLATE_BATCH_BYTES)
        return BW_OK;
    return bw_template_output_flush(out, err);
}

enum bw_rc bw_template_output_write(struct bw_template_output *out, const char *bytes, size_t len,
                                    struct bw_err *err)
{
    if (out->sink.write != NULL && len >= BW_TEMPLATE_BATCH_BYTES) {
        const enum bw_rc rc = bw_template_output_flush(out, err);
        return rc != BW_OK ? rc : out->sink.write(out->sink.ctx, bytes, len, err);
    }
    bw_buf_bytes(&out->batch, bytes, len);
    return bw_template_output_settle(out, err);
}
