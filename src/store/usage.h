// SPDX-License-Identifier: GPL-3.0-or-later
/* store/usage.h: where the bytes of a store are, for `db stats`. Directories are read, and times
 * that series share; no value is decoded. */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "base/arena.h"
#include "store/reader.h"
#include "store/rollup_tiers.h"

struct bw_usage_part {
    const char *name; /* of the metric, or of the series: metric{a="b"} */
    uint64_t series;
    uint64_t samples;
    uint64_t bytes;        /* in packs: values, and their part of times that are shared */
    uint64_t rollup_bytes; /* all tiers */
};

struct bw_store_usage {
    struct bw_arena arena;                      /* has the names and lists */
    uint64_t open_bytes, hot_bytes, cold_bytes; /* bodies of packs */
    uint64_t journal_bytes;
    uint64_t rollup_bytes[BW_ROLLUP_TIERS];
    uint64_t free_bytes;  /* pages of the file that nothing is in */
    uint64_t other_bytes; /* the rest of the file: tables, indexes, what pages leave over */
    uint64_t wal_bytes;
    struct bw_usage_part *metrics; /* the largest, by falling bytes of both kinds */
    size_t metric_count;
    struct bw_usage_part *series; /* likewise */
    size_t series_count;
    size_t metrics_in_all;
    uint64_t damaged; /* parts that are not counted */
};

/* Lists at most `top` metrics and series. bw_store_usage_fini after BW_OK. */
enum bw_rc bw_store_usage_read(const char *path, size_t top, struct bw_store_usage *out,
                               struct bw_err *err);
void bw_store_usage_fini(struct bw_store_usage *usage);

#endif
