// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/rollup.h: what a series did in buckets of time, and a group of series' buckets over a
 * window as one run of bytes (docs/format.md).
 *
 *     points -> buckets of a minute -> of an hour -> of a day
 *
 * Each step is the merge of what lies below it, so the order of the steps does not matter: an
 * hour made from minutes is the hour made from points. NaN is no sample: a bucket without any
 * other is not there. */
#ifndef PACK_ROLLUP_H
#define PACK_ROLLUP_H

#include "base/buf.h"
#include "base/err.h"
#include "model/records.h"
#include "sketch/sketch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Buckets of one series in one body, and bytes of a body. */
#define BW_ROLLUP_BUCKETS_MAX (1u << 20)
#define BW_ROLLUP_BYTES_MAX (256u << 20)

struct bw_bucket {
    int64_t start_ms; /* a multiple of the width */
    uint64_t count;   /* samples, >= 1 */
    double sum;
    double min, max, last;
    struct bw_sketch sketch;
};

/* The value of rank ratio * (count - 1), rounded down, within 1 % of what it is and never beyond
 * the least and the greatest; NaN without a sketch. */
double bw_bucket_quantile(const struct bw_bucket *bucket, double ratio);

/* Rising in time; owns the sketches. All zeros is an empty list. */
struct bw_buckets {
    struct bw_bucket *items;
    size_t count;
    size_t cap;
    bool plain; /* nobody will ask for a quantile: the sketches stay empty, which is quicker */
};

void bw_buckets_fini(struct bw_buckets *buckets);

/* Empty again, with the memory of the list. */
void bw_buckets_clear(struct bw_buckets *buckets);

/* Counts points that rise in time, none before the last bucket's start. */
void bw_buckets_fold(struct bw_buckets *buckets, int64_t width_ms, const struct bw_point *points,
                     size_t count);

/* Merges finer buckets, rising in time, none before the last bucket's start. */
void bw_buckets_merge(struct bw_buckets *into, int64_t width_ms, const struct bw_bucket *finer,
                      size_t count);

/* One series of a body: at least one bucket. */
struct bw_rollup_input {
    uint32_t series;
    const struct bw_buckets *buckets;
};

/* Appends a body of 1 … BW_PACK_SERIES_MAX series by rising id. Sums are rounded to the
 * decimals of the series, where it has any. */
void bw_rollup_encode(struct bw_buf *out, uint32_t group, int64_t width_ms,
                      const struct bw_rollup_input *series, size_t count);

/* The same a series at a time, so that the buckets of only one need be in memory. */
struct bw_rollup_writer {
    uint32_t group;
    int64_t width_ms;
    uint32_t count;            /* series added */
    int64_t first_ms, last_ms; /* starts of the first and last bucket of all */
    struct bw_buf directory, parts;
};

void bw_rollup_writer_init(struct bw_rollup_writer *writer, uint32_t group, int64_t width_ms);
void bw_rollup_writer_add(struct bw_rollup_writer *writer, uint32_t series,
                          const struct bw_buckets *buckets);

/* Appends the body; *out has failed when it would be too large. */
void bw_rollup_writer_end(const struct bw_rollup_writer *writer, struct bw_buf *out);
void bw_rollup_writer_fini(struct bw_rollup_writer *writer);

/* An opened body; borrows the bytes. */
struct bw_rollup {
    const uint8_t *body;
    size_t size;
    uint32_t group;
    uint32_t series_count;
    int64_t width_ms;
    int64_t first_ms, last_ms; /* starts of the first and last bucket of all */
};

/* Checks header and directory; the parts are checked when they are read. */
enum bw_rc bw_rollup_open(struct bw_rollup *out, const void *body, size_t size, struct bw_err *err);

/* The id of the series at a place, 0 <= index < series_count; its place or -1. */
uint32_t bw_rollup_series(const struct bw_rollup *rollup, size_t index);
int bw_rollup_find(const struct bw_rollup *rollup, uint32_t series);

/* What its part takes. */
uint32_t bw_rollup_part_bytes(const struct bw_rollup *rollup, size_t index);

/* Appends the buckets of the series at a place; BW_ECORRUPT leaves *out as it was. */
enum bw_rc bw_rollup_read(const struct bw_rollup *rollup, size_t index, struct bw_buckets *out,
                          struct bw_err *err);

#endif
