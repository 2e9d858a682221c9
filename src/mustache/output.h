// SPDX-License-Identifier: GPL-3.0-or-later
/* mustache/output.h: gathers small writes into batches for a sink; for this folder only. */
#ifndef MUSTACHE_OUTPUT_H
#define MUSTACHE_OUTPUT_H

#include "mustache/template.h"

enum { BW_TEMPLATE_BATCH_BYTES = 32 << 10 };

struct bw_template_output {
    struct bw_buf batch;
    struct bw_template_sink sink; /* write NULL: everything stays in the batch */
};

void bw_template_output_init(struct bw_template_output *out, struct bw_template_sink sink);
void bw_template_output_fini(struct bw_template_output *out);

/* Writes bytes as they are. BW_ELIMIT when a batch without a sink is full. */
enum bw_rc bw_template_output_write(struct bw_template_output *out, const char *bytes, size_t len,
                                    struct bw_err *err);

/* Call after appending to `batch` oneself: passes it on when it is full enough. */
enum bw_rc bw_template_output_settle(struct bw_template_output *out, struct bw_err *err);

/* Passes on what is left. */
enum bw_rc bw_template_output_flush(struct bw_template_output *out, struct bw_err *err);

#endif
