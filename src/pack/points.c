// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/points.h"

#include "base/mem.h"
#include "pack/scale.h"

#include <stdlib.h>
#include <string.h>

struct bw_point *bw_points_reserve(struct bw_points *points, size_t count)
{
    points->items =
        bw_grow(points->items, &points->cap, points->count + count, sizeof *points->items);
    return points->items + points->count;
}

void bw_points_add(struct bw_points *points, int64_t ts_ms, double value)
{
    *bw_points_reserve(points, 1) = (struct bw_point){ ts_ms, value };
    points->count++;
}

static bool is_settled(const struct bw_points *points, size_t behind)
{
    for (size_t i = behind > 1 ? behind : 1; i < points->count; i++) {
        if (points->items[i - 1].ts_ms >= points->items[i].ts_ms)
            return false;
    }
    return true;
}

/* Merges two sorted neighbours; stable, so that what was added later stays later. */
static void merge(const struct bw_point *a, size_t a_count, const struct bw_point *b,
                  size_t b_count, struct bw_point *out)
{
    size_t i = 0, j = 0;
    while (i < a_count || j < b_count) {
        const bool left = j == b_count || (i < a_count && a[i].ts_ms <= b[j].ts_ms);
        *out++ = left ? a[i++] : b[j++];
    }
}

/* Where the points that do not fall from `at` on end. */
static size_t run_end(const struct bw_point *items, size_t at, size_t count)
{
    for (at++; at < count && items[at - 1].ts_ms <= items[at].ts_ms;)
        at++;
    return at < count ? at : count;
}

/* Merges each two neighbouring runs; returns how many are left. */
static size_t merge_runs(const struct bw_point *from, size_t count, struct bw_point *to)
{
    size_t runs = 0;
    for (size_t at = 0, middle, end; at < count; at = end, runs++) {
        middle = run_end(from, at, count);
        end = middle < count ? run_end(from, middle, count) : count;
        merge(from + at, middle - at, from + middle, end - middle, to + at);
    }
    return runs;
}

/* What comes late comes in runs: few passes, not one for each bit of their number. */
static void sort_stably(struct bw_points *points)
{
    struct bw_point *from = points->items;
    struct bw_point *spare = bw_alloc_unset(points->count, sizeof *spare);
    struct bw_point *to = spare;
    for (size_t runs = points->count; runs > 1;) {
        runs = merge_runs(from, points->count, to);
        struct bw_point *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != points->items)
        memcpy(points->items, from, points->count * sizeof *from);
    free(spare);
}

static void count_repeat(struct bw_repeats *repeats, double before, double value)
{
    if (bw_double_bits(before) == bw_double_bits(value))
        repeats->same++;
    else
        repeats->other++;
}

static void settle(struct bw_points *points, size_t settled, struct bw_repeats *repeats)
{
    if (is_settled(points, settled))
        return;
    sort_stably(points);
    size_t kept = 0;
    for (size_t i = 0; i < points->count; i++) {
        if (kept > 0 && points->items[kept - 1].ts_ms == points->items[i].ts_ms) {
            kept--;
            count_repeat(repeats, points->items[kept].value, points->items[i].value);
        }
        points->items[kept++] = points->items[i];
    }
    points->count = kept;
}

void bw_points_settle_counting(struct bw_points *points, struct bw_repeats *repeats)
{
    settle(points, 0, repeats);
}

void bw_points_settle_behind(struct bw_points *points, size_t settled)
{
    struct bw_repeats repeats = { 0 };
    settle(points, settled, &repeats);
}

void bw_points_settle(struct bw_points *points)
{
    bw_points_settle_behind(points, 0);
}

void bw_points_fini(struct bw_points *points)
{
    free(points->items);
    *points = (struct bw_points){ 0 };
}
