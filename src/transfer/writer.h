// SPDX-License-Identifier: GPL-3.0-or-later
/* transfer/writer.h: samples as text that transfer/reader.h reads back to the bit (but for the
 * payload of a NaN), in OpenMetrics or CSV. Pure. */
#ifndef TRANSFER_WRITER_H
#define TRANSFER_WRITER_H

#include "base/buf.h"
#include "model/labels.h"
#include "model/records.h"
#include "transfer/reader.h"

#include <stddef.h>

/* The names of the labels that are columns of a CSV; rising. */
struct bw_transfer_columns {
    const char *const *names;
    size_t count;
};

/* The first line of a CSV. */
void bw_transfer_put_header(struct bw_buf *out, const struct bw_transfer_columns *columns);

/* What stands on each line of a series before its numbers. */
void bw_transfer_put_prefix(struct bw_buf *out, enum bw_transfer_form form, const char *metric,
                            struct bw_labels labels, const struct bw_transfer_columns *columns);

/* A line for each point: shortest decimals, NaN, +Inf, -Inf, -0. */
void bw_transfer_put_points(struct bw_buf *out, enum bw_transfer_form form,
                            const struct bw_buf *prefix, const struct bw_point *points,
                            size_t count);

/* Unix seconds with as many decimals as it takes; from the year 5138 on milliseconds. */
void bw_transfer_put_time(struct bw_buf *out, int64_t ts_ms);

#endif
