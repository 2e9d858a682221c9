// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/past.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

void bw_past_points_fini(struct bw_past_points *points)
{
    free(points->items);
    *points = (struct bw_past_points){ 0 };
}

/* Hours are told of every hour; who is alone in a day and begins with it is the day. */
static int64_t width_of(const struct bw_bucket *buckets, size_t count, size_t i, int64_t step_ms)
{
    const int64_t start_ms = buckets[i].start_ms;
    const bool alone = (i == 0 || start_ms - buckets[i - 1].start_ms >= DAY_MS)
                       && (i + 1 == count || buckets[i + 1].start_ms - start_ms >= DAY_MS);
    return step_ms < DAY_MS && alone && start_ms % DAY_MS == 0 ? DAY_MS : step_ms;
}

static uint64_t failures_in(const struct bw_bucket *bucket)
{
    const double failures = round((double)bucket->count - bucket->sum);
    if (!(failures > 0))
        return 0;
    return failures < (double)bucket->count ? (uint64_t)failures : bucket->count;
}

/* Failures come first, or last if the last was one. */
static void unfold(struct bw_past_points *out, const struct bw_bucket *bucket, int64_t width_ms)
{
    const uint64_t failures = failures_in(bucket);
    const bool failed_last = bucket->last < 0.5;
    const uint64_t count = bucket->count < (uint64_t)width_ms ? bucket->count : (uint64_t)width_ms;
    out->items = bw_grow(out->items, &out->cap, out->count + count, sizeof *out->items);
    for (uint64_t i = 0; i < count; i++) {
        const bool failed = failed_last ? i >= count - failures : i < failures;
        out->items[out->count++] =
            (struct bw_point){ bucket->start_ms
                                   + (int64_t)((double)i * (double)width_ms / (double)count),
                               failed ? 0 : 1 };
    }
}

void bw_past_unfold(struct bw_past_points *out, const struct bw_bucket *buckets, size_t count,
                    int64_t step_ms)
{
    for (size_t i = 0; i < count; i++)
        unfold(out, &buckets[i], width_of(buckets, count, i, step_ms));
}
