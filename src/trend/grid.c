// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/grid.h"

#include "trend/robust.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Beyond these (the years -250,000 and 250,000) a time is an accident, not a time. */
#define TIME_MS_MAX INT64_C(8000000000000000)

enum { GAPS_SAMPLED_MAX = 4096, SPIKE_HALF_WIDTH = 5, SPIKE_RUN_MAX = 3 };

struct ordered {
    int64_t ts_ms;
    double value;
    size_t index;
};

static bool usable(const struct bw_point *point, int64_t until_ms)
{
    return isfinite(point->value) && point->ts_ms <= until_ms && point->ts_ms <= TIME_MS_MAX
           && point->ts_ms >= -TIME_MS_MAX;
}

static bool rising(const struct bw_point *points, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (points[i].ts_ms <= points[i - 1].ts_ms)
            return false;
    return true;
}

static int by_time_then_entry(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    if (x->ts_ms != y->ts_ms)
        return x->ts_ms < y->ts_ms ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* The points in order, the last entry of each time; *count becomes how many. */
static const struct bw_point *in_order(struct bw_arena *arena, const struct bw_point *points,
                                       size_t *count)
{
    if (rising(points, *count))
        return points;
    const size_t n = *count;
    struct ordered *sorted = bw_arena_array(arena, n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct ordered){ points[i].ts_ms, points[i].value, i };
    qsort(sorted, n, sizeof *sorted, by_time_then_entry);
    struct bw_point *out = bw_arena_array(arena, n, sizeof *out);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i + 1 == n || sorted[i + 1].ts_ms != sorted[i].ts_ms)
            out[kept++] = (struct bw_point){ sorted[i].ts_ms, sorted[i].value };
    *count = kept;
    return out;
}

/* The median distance of neighbours, over an even sample of at most GAPS_SAMPLED_MAX. */
static int64_t median_step(struct bw_arena *arena, const struct bw_point *points, size_t count)
{
    if (count < 2)
        return 1;
    const size_t stride = (count - 1) / GAPS_SAMPLED_MAX + 1;
    double *gaps = bw_arena_array(arena, (count - 1) / stride + 1, sizeof *gaps);
    size_t n = 0;
    for (size_t i = 1; i < count; i += stride)
        gaps[n++] = (double)points[i].ts_ms - (double)points[i - 1].ts_ms;
    const double median = bw_trend_median(gaps, n);
    return median >= 1 ? (int64_t)(fmin(median, (double)TIME_MS_MAX) + 0.5) : 1;
}

/* The walk over usable points, as values or as rates of a counter. */
struct walk {
    const struct bw_point *points;
    size_t count, next;
    int64_t until_ms;
    bool counter;
    bool started;
    struct bw_point before; /* the previous usable point of a counter */
    size_t resets;
    double grain; /* rounding error of the point last returned */
};

/* A value is known to a few units in its last place; of a rate, those of the counter count. Below
 * DBL_MIN the places do not get any smaller. */
static double rounding(double value, double per)
{
    const double size = value == 0 ? 0 : fmax(fabs(value), DBL_MIN);
    return fmin(4 * DBL_EPSILON * size, DBL_MAX / 4) / per;
}

static bool walk_next(struct walk *walk, struct bw_point *out)
{
    while (walk->next < walk->count) {
        const struct bw_point point = walk->points[walk->next++];
        if (!usable(&point, walk->until_ms))
            continue;
        if (!walk->counter) {
            walk->grain = rounding(point.value, 1);
            *out = point;
            return true;
        }
        const struct bw_point before = walk->before;
        const bool started = walk->started;
        walk->before = point;
        walk->started = true;
        if (!started)
            continue;
        if (point.value < before.value) {
            walk->resets++;
            continue;
        }
        /* Halves first: the difference of two huge values may not fit a double. */
        const double seconds = (double)(point.ts_ms - before.ts_ms) / 1000;
        const double half_rate = (point.value / 2 - before.value / 2) / seconds;
        walk->grain = rounding(point.value, seconds);
        *out = (struct bw_point){ point.ts_ms, bw_trend_clamp(2 * half_rate, -1e308, 1e308) };
        return true;
    }
    return false;
}

size_t bw_trend_grid_values(const struct bw_point *points, size_t count, bool counter,
                            struct bw_point *out)
{
    struct walk walk = {
        .points = points, .count = count, .until_ms = INT64_MAX, .counter = counter
    };
    size_t n = 0;
    while (walk_next(&walk, &out[n]))
        n++;
    return n;
}

/* First pass: the span, the range and the newest value. */
static void survey(struct walk walk, struct bw_trend_grid *out)
{
    double largest = 0;
    out->non_negative = true;
    for (struct bw_point point; walk_next(&walk, &point);) {
        if (out->used++ == 0)
            out->first_ms = point.ts_ms;
        out->last_ms = point.ts_ms;
        out->last_value = point.value;
        out->non_negative = out->non_negative && point.value >= 0;
        largest = fmax(largest, fabs(point.value));
        out->grain = fmax(out->grain, walk.grain);
    }
    out->resets = walk.resets;
    out->unit = largest > 1e100 || (largest > 0 && largest < 1e-100) ? largest : 1;
    out->grain /= out->unit;
}

/* Second pass: means of cells. */
static void fill(struct walk walk, struct bw_trend_grid *out, double *counts)
{
    for (struct bw_point point; walk_next(&walk, &point);) {
        const int64_t at = (point.ts_ms - out->start_ms + out->step_ms / 2) / out->step_ms;
        const size_t cell = (size_t)at < out->n ? (size_t)at : out->n - 1;
        counts[cell] += 1;
        out->y[cell] += (point.value / out->unit - out->y[cell]) / counts[cell];
    }
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < out->n; i++) {
        if (counts[i] == 0) {
            out->y[i] = NAN;
            continue;
        }
        out->present++;
        low = fmin(low, out->y[i]);
        high = fmax(high, out->y[i]);
    }
    out->constant = high - low <= out->grain;
}

/* Straight lines over the missing cells; the first cell always holds a value, and so does
 * the last. */
static void bridge(const double *y, double *fit, size_t n)
{
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(y[i]))
            continue;
        fit[i] = y[i];
        for (size_t j = known + 1; j < i; j++)
            fit[j] = y[known] + (y[i] - y[known]) * (double)(j - known) / (double)(i - known);
        known = i;
    }
}

void bw_trend_grid_build(struct bw_arena *arena, const struct bw_point *points, size_t count,
                         bool counter, int64_t step_ms, int64_t until_ms, struct bw_trend_grid *out)
{
    memset(out, 0, sizeof *out);
    out->step_ms = step_ms > 0 ? step_ms : 1;
    out->unit = 1;
    out->last_value = NAN;
    points = in_order(arena, points, &count);
    const struct walk walk = {
        .points = points, .count = count, .until_ms = until_ms, .counter = counter
    };
    survey(walk, out);
    if (out->used == 0)
        return;
    if (step_ms <= 0)
        out->step_ms = median_step(arena, points, count);
    if (out->step_ms > TIME_MS_MAX)
        out->step_ms = TIME_MS_MAX;
    const int64_t steps = (out->last_ms - out->first_ms + out->step_ms / 2) / out->step_ms + 1;
    if (steps > BW_TREND_CELLS_MAX)
        out->step_ms *= (steps + BW_TREND_CELLS_MAX - 1) / BW_TREND_CELLS_MAX;
    out->start_ms = out->first_ms;
    out->n = (size_t)((out->last_ms - out->first_ms + out->step_ms / 2) / out->step_ms) + 1;
    if (out->n > BW_TREND_CELLS_MAX)
        out->n = BW_TREND_CELLS_MAX; /* rounding may ask for one more: the last cell takes it */
    out->y = bw_arena_array(arena, out->n, sizeof *out->y);
    out->fit = bw_arena_array(arena, out->n, sizeof *out->fit);
    double *work = bw_arena_array(arena, 2 * out->n, sizeof *work);
    fill(walk, out, work);
    bridge(out->y, out->fit, out->n);
    bw_trend_grid_clean(out->fit, out->n, 0, work);
}

void bw_trend_grid_mark(struct bw_arena *arena, struct bw_trend_grid *grid, const int64_t *times_ms,
                        size_t count)
{
    size_t *mark = bw_arena_array(arena, count + 1, sizeof *mark), marks = 0;
    const int64_t end_ms = grid->start_ms + (int64_t)(grid->n - 1) * grid->step_ms;
    for (size_t i = 0; i < count && grid->n > 0; i++) {
        if (times_ms[i] < grid->start_ms || times_ms[i] > end_ms)
            continue;
        const size_t cell = (size_t)((times_ms[i] - grid->start_ms) / grid->step_ms);
        if (marks == 0 || mark[marks - 1] < cell)
            mark[marks++] = cell;
    }
    grid->mark = mark;
    grid->marks = marks;
}

size_t bw_trend_grid_cells(const struct bw_trend_grid *grid, int64_t ms)
{
    return (size_t)(ms / grid->step_ms + (ms % grid->step_ms != 0));
}

/* Sorted window of a running median. */
struct window {
    double v[2 * SPIKE_HALF_WIDTH + 1];
    size_t n;
};

static void window_put(struct window *w, double x)
{
    size_t i = w->n++;
    for (; i > 0 && w->v[i - 1] > x; i--)
        w->v[i] = w->v[i - 1];
    w->v[i] = x;
}

static void window_take(struct window *w, double x)
{
    size_t i = 0;
    while (i + 1 < w->n && w->v[i] != x)
        i++;
    w->n--;
    for (; i < w->n; i++)
        w->v[i] = w->v[i + 1];
}

static void running_median(const double *x, size_t n, double *out)
{
    struct window w = { .n = 0 };
    for (size_t i = 0; i < SPIKE_HALF_WIDTH && i < n; i++)
        window_put(&w, x[i]);
    for (size_t i = 0; i < n; i++) {
        if (i > SPIKE_HALF_WIDTH)
            window_take(&w, x[i - SPIKE_HALF_WIDTH - 1]);
        if (i + SPIKE_HALF_WIDTH < n)
            window_put(&w, x[i + SPIKE_HALF_WIDTH]);
        out[i] = w.v[w.n / 2];
    }
}

static bool recurs(const double *x, const double *median, size_t n, size_t i, size_t period)
{
    if (period == 0)
        return false;
    const double r = x[i] - median[i];
    for (int side = -1; side <= 1; side += 2) {
        if (side < 0 ? i < period : i + period >= n)
            continue;
        const size_t j = side < 0 ? i - period : i + period;
        const double other = x[j] - median[j];
        if (other * r > 0 && fabs(other) > 0.5 * fabs(r))
            return true;
    }
    return false;
}

/* Counts the cells of spikes; puts the median in their place when `apply`. */
static size_t spikes(double *x, const double *median, size_t n, size_t period, double limit,
                     bool apply)
{
    size_t found = 0;
    for (size_t i = 1; i + SPIKE_RUN_MAX < n; i++) {
        size_t run = 0;
        while (i + run + SPIKE_RUN_MAX < n && fabs(x[i + run] - median[i + run]) > limit)
            run++;
        /* At the ends the window leans to one side, so a plain slope stands out there too:
         * what was not seen to begin and to return is no spike. */
        const bool open =
            i + run + SPIKE_RUN_MAX >= n || (i == 1 && fabs(x[0] - median[0]) > limit);
        if (run > 0 && run <= SPIKE_RUN_MAX && !open)
            for (size_t j = i; j < i + run; j++)
                if (!recurs(x, median, n, j, period)) {
                    found++;
                    if (apply)
                        x[j] = median[j];
                }
        i += run;
    }
    return found;
}

size_t bw_trend_grid_clean(double *x, size_t n, size_t period, double *work)
{
    if (n < 4 * SPIKE_HALF_WIDTH)
        return 0;
    double *median = work, *r = work + n;
    running_median(x, n, median);
    for (size_t i = 0; i < n; i++)
        r[i] = fabs(x[i] - median[i]);
    double moved = 0;
    for (size_t i = 1; i < n; i++)
        moved += (x[i] - x[i - 1]) * (x[i] - x[i - 1]);
    const double spread = 1.4826 * bw_trend_median(r, n) + 0.05 * sqrt(moved / (double)n);
    const double limit = 8 * spread;
    if (limit <= 0 || spikes(x, median, n, period, limit, false) * 20 > n)
        return 0;
    return spikes(x, median, n, period, limit, true);
}
