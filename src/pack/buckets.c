// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/rollup.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

void bw_buckets_clear(struct bw_buckets *buckets)
{
    for (size_t i = 0; i < buckets->count; i++)
        bw_sketch_fini(&buckets->items[i].sketch);
    buckets->count = 0;
}

void bw_buckets_fini(struct bw_buckets *buckets)
{
    bw_buckets_clear(buckets);
    free(buckets->items);
    *buckets = (struct bw_buckets){ .plain = buckets->plain };
}

double bw_bucket_quantile(const struct bw_bucket *bucket, double ratio)
{
    const double value = bw_sketch_quantile(&bucket->sketch, ratio);
    return isnan(value) ? value : fmin(fmax(value, bucket->min), bucket->max);
}

/* Towards the past, before 1970 too. */
static int64_t start_of(int64_t ts_ms, int64_t width_ms)
{
    const int64_t into = ts_ms % width_ms;
    return ts_ms - (into < 0 ? into + width_ms : into);
}

/* The last bucket when it is the one of that time, else a new one behind it. */
static struct bw_bucket *bucket_of(struct bw_buckets *buckets, int64_t ts_ms, int64_t width_ms)
{
    const int64_t start_ms = start_of(ts_ms, width_ms);
    if (buckets->count > 0 && buckets->items[buckets->count - 1].start_ms == start_ms)
        return &buckets->items[buckets->count - 1];
    buckets->items =
        bw_grow(buckets->items, &buckets->cap, buckets->count + 1, sizeof *buckets->items);
    struct bw_bucket *bucket = &buckets->items[buckets->count++];
    *bucket = (struct bw_bucket){ .start_ms = start_ms, .min = INFINITY, .max = -INFINITY };
    return bucket;
}

void bw_buckets_fold(struct bw_buckets *buckets, int64_t width_ms, const struct bw_point *points,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const double value = points[i].value;
        if (isnan(value))
            continue;
        struct bw_bucket *bucket = bucket_of(buckets, points[i].ts_ms, width_ms);
        bucket->count++;
        bucket->sum += value;
        bucket->min = fmin(bucket->min, value);
        bucket->max = fmax(bucket->max, value);
        bucket->last = value;
        if (!buckets->plain)
            bw_sketch_add(&bucket->sketch, value);
    }
}

void bw_buckets_merge(struct bw_buckets *into, int64_t width_ms, const struct bw_bucket *finer,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bw_bucket *bucket = bucket_of(into, finer[i].start_ms, width_ms);
        bucket->count += finer[i].count;
        bucket->sum += finer[i].sum;
        bucket->min = fmin(bucket->min, finer[i].min);
        bucket->max = fmax(bucket->max, finer[i].max);
        bucket->last = finer[i].last;
        if (!into->plain)
            bw_sketch_merge(&bucket->sketch, &finer[i].sketch);
    }
}
