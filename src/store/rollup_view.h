// SPDX-License-Identifier: GPL-3.0-or-later
/* store/rollup_view.h: the bodies of roll-ups as they are in the file, one after the other. */
#ifndef STORE_ROLLUP_VIEW_H
#define STORE_ROLLUP_VIEW_H

#include "pack/rollup.h"
#include "store/reader.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Goes over the bodies of one tier of one group. */
struct bw_rollup_walk {
    sqlite3 *db;
    sqlite3_stmt *st;
    uint32_t group;
    int64_t width_ms;
    struct bw_rollup rollup; /* the present one; its bytes last until the next */
    uint64_t damaged;        /* bodies that were passed over */
};

/* End it in any case. */
enum bw_rc bw_rollup_walk_begin(struct bw_rollup_walk *walk, struct bw_reader *reader,
                                unsigned tier, uint32_t group, struct bw_err *err);
void bw_rollup_walk_end(struct bw_rollup_walk *walk);

/* Begins with the first body that has a bucket in the range of times, both included. */
void bw_rollup_walk_range(struct bw_rollup_walk *walk, int64_t from_ms, int64_t to_ms);

/* The next body; false after the last one or an error, which sets *out_rc. */
bool bw_rollup_walk_next(struct bw_rollup_walk *walk, enum bw_rc *out_rc, struct bw_err *err);

#endif
