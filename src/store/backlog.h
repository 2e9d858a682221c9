// SPDX-License-Identifier: GPL-3.0-or-later
/* store/backlog.h: the points of one series, waiting compressed for the pack that they go into. */
#ifndef STORE_BACKLOG_H
#define STORE_BACKLOG_H

#include "base/buf.h"
#include "pack/points.h"

#include <stddef.h>
#include <stdint.h>

/* All zeros is empty. */
struct bw_backlog {
    struct bw_points raw; /* the last ones */
    struct bw_buf blocks; /* those before; set up with the first */
    size_t count;         /* of points in both, those that came twice included */
    int64_t first_ms, last_ms;
};

/* Bytes of heap. */
size_t bw_backlog_bytes(const struct bw_backlog *backlog);

void bw_backlog_add(struct bw_backlog *backlog, int64_t ts_ms, double value);

/* Compresses what is raw and gives its memory back. */
void bw_backlog_seal(struct bw_backlog *backlog);

/* Appends the points of a sealed one with from_ms <= ts_ms <= to_ms, in the order they came but
 * for each block, which is by time; settle them. */
void bw_backlog_read(const struct bw_backlog *backlog, int64_t from_ms, int64_t to_ms,
                     struct bw_points *out);

/* At least as many as such a read appends. */
size_t bw_backlog_count(const struct bw_backlog *backlog, int64_t from_ms, int64_t to_ms);

/* The time of the first point after that; INT64_MAX when there is none. */
int64_t bw_backlog_next_ms(const struct bw_backlog *backlog, int64_t after_ms);

void bw_backlog_fini(struct bw_backlog *backlog);

#endif
