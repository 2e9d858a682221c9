// SPDX-License-Identifier: GPL-3.0-or-later
/* store/view.h: the inside of a reader, for the files that make it up. */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include "store/reader.h"
#include "store/rows.h"

#include <sqlite3.h>

struct bw_reader {
    sqlite3 *db;
    bool shares; /* the connection is somebody else's, whose statement decides on the moment */
};

/* Everything between sees one moment; end takes and returns the call's result. */
enum bw_rc bw_view_begin(struct bw_reader *reader, struct bw_err *err);
enum bw_rc bw_view_end(struct bw_reader *reader, enum bw_rc rc);

/* What to scan. */
struct bw_view_range {
    const uint32_t *series;
    size_t count;
    uint32_t group;         /* only what was stored in this group; 0: where each series is now */
    int64_t from_ms, to_ms; /* both included */
};

/* The group that a series is in now; 0 when that is not known. */
enum bw_rc bw_view_group_of(struct bw_reader *reader, uint32_t series, uint32_t *out,
                            struct bw_damage *damage, struct bw_err *err);

/* As bw_reader_scan, inside a view; series of one group come by rising id. */
enum bw_rc bw_view_scan(struct bw_reader *reader, const struct bw_view_range *range,
                        bw_points_fn *fn, void *ctx, struct bw_damage *damage, struct bw_err *err);

/* As bw_reader_buckets, inside a view; end_ms: the buckets say all that there was before it. */
struct bw_buckets;
typedef bool bw_view_buckets_fn(void *ctx, uint32_t series, const struct bw_buckets *buckets,
                                int64_t end_ms);
enum bw_rc bw_view_buckets(struct bw_reader *reader, const uint32_t *series, size_t count,
                           const struct bw_bucket_range *range, bw_view_buckets_fn *fn, void *ctx,
                           struct bw_damage *damage, struct bw_err *err);

/* Every series the selector means (NULL: all), or the one with that id if it does. */
enum bw_rc bw_view_series(struct bw_reader *reader, uint32_t id, const struct bw_selector *selector,
                          bw_series_fn *fn, void *ctx, struct bw_damage *damage,
                          struct bw_err *err);

/* Whether the file has the table of an op: one of an older version, that no daemon has opened
 * since, has not. */
bool bw_view_has_table(sqlite3 *db, enum bw_row_op op);

/* Each row of "SELECT * FROM table <tail>" whose sum is right; fn false ends it. */
typedef bool bw_cells_fn(void *ctx, const struct bw_cells *cells);
enum bw_rc bw_view_rows(struct bw_reader *reader, enum bw_row_op op, const char *tail,
                        bw_cells_fn *fn, void *ctx, struct bw_damage *damage, struct bw_err *err);

#endif
