// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/segment.h"

#include "trend/robust.h"

#include <math.h>

enum { CELLS_MIN = 20, SEGMENT_MIN = 5, MOVES_MIN = 2, BEND_CELLS = 4, HALVINGS = 20 };

/* Variances of differences double at most from 1 to 2 steps, even for a random walk; a course
 * without noise makes them four times as large. */
#define SMOOTH 2.5

#define CORRELATION_MAX 0.97

static double difference_scale(const double *x, size_t n, size_t lag, double *work)
{
    double *d = work, *rest = work + n;
    for (size_t i = lag; i < n; i++)
        d[i - lag] = x[i] - x[i - lag];
    return bw_trend_scale(d, n - lag, rest);
}

/* How many differences are more than rounding: a step or two, a bend or two are no noise. */
static size_t moves(const double *d, size_t n, double tiny)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += fabs(d[i]) > tiny;
    return count;
}

static double difference_sd(const double *x, size_t n, size_t lag, double *work)
{
    for (size_t i = lag; i < n; i++)
        work[i - lag] = x[i] - x[i - lag];
    return bw_trend_sd(work, n - lag);
}

static double bend_scale(const double *x, size_t n, size_t lag, double *work)
{
    double *d = work, *rest = work + n;
    for (size_t i = 2 * lag; i < n; i++)
        d[i - 2 * lag] = x[i] - 2 * x[i - lag] + x[i - 2 * lag];
    if (moves(d, n - 2 * lag, 1e-9 * bw_trend_sd(x, n)) <= lag * BEND_CELLS)
        return 0;
    return bw_trend_scale(d, n - 2 * lag, rest);
}

/* From second differences, in which slopes cancel. For AR(1) their variance over k steps is
 * 2 s^2 (1 - r^k)(3 - r^k), so that it grows by (1 + r)(3 - r^2)/(3 - r) from 1 to 2 steps. */
static double bend_noise(const double *x, size_t n, double *out_sd, double *work)
{
    const double b1 = bend_scale(x, n, 1, work), b2 = bend_scale(x, n, 2, work);
    if (!(b1 > 0))
        return 0;
    const double ratio = b2 * b2 / (b1 * b1);
    double low = 0, high = CORRELATION_MAX;
    for (size_t i = 0; i < HALVINGS; i++) {
        const double r = (low + high) / 2;
        if ((1 + r) * (3 - r * r) / (3 - r) < ratio)
            low = r;
        else
            high = r;
    }
    *out_sd = b1 / sqrt(2 * (1 - low) * (3 - low));
    return low;
}

double bw_trend_noise(const double *x, size_t n, double *out_sd, double *work)
{
    *out_sd = 0;
    if (n < 8)
        return 0;
    const double move = difference_sd(x, n, 1, work);
    if (moves(work, n - 1, 0) <= MOVES_MIN)
        return 0;
    const double far_move = difference_sd(x, n, 2, work);
    if (far_move * far_move > SMOOTH * move * move)
        return bend_noise(x, n, out_sd, work);
    const double d1 = difference_scale(x, n, 1, work);
    const double d2 = difference_scale(x, n, 2, work);
    const double d4 = difference_scale(x, n, 4, work);
    if (!(d1 > 0))
        return 0;
    /* For AR(1): var d_k = 2 s^2 (1 - r^k), hence var d2 / var d1 = 1 + r. */
    const double near = d2 * d2 / (d1 * d1) - 1;
    const double far = d2 > 0 ? sqrt(fmax(d4 * d4 / (d2 * d2) - 1, 0)) : 0;
    const double r = bw_trend_clamp(fmax(near, far), 0, CORRELATION_MAX);
    *out_sd = d4 / sqrt(2 * (1 - pow(r, 4)));
    return r;
}

struct sums {
    double x, xx, y, xy, yy;
};

/* Squared residuals of the line through blocks i..j-1. */
static double line_cost(const struct sums *s, size_t i, size_t j)
{
    const double m = (double)(j - i);
    const double x = s[j].x - s[i].x, y = s[j].y - s[i].y;
    const double xx = s[j].xx - s[i].xx - x * x / m;
    const double xy = s[j].xy - s[i].xy - x * y / m;
    const double yy = s[j].yy - s[i].yy - y * y / m;
    return fmax(yy - (xx > 0 ? xy * xy / xx : 0), 0);
}

static struct sums *cumulate(struct bw_arena *arena, const double *y, size_t n)
{
    struct sums *s = bw_arena_array(arena, n + 1, sizeof *s);
    for (size_t i = 0; i < n; i++) {
        const double x = (double)i - (double)n / 2;
        s[i + 1] = (struct sums){ s[i].x + x, s[i].xx + x * x, s[i].y + y[i], s[i].xy + x * y[i],
                                  s[i].yy + y[i] * y[i] };
    }
    return s;
}

/* from[j]: where the last segment of the best partition of the first j blocks begins. */
static void partition(struct bw_arena *arena, const struct sums *s, size_t n, size_t shortest,
                      double penalty, size_t *from)
{
    double *best = bw_arena_array(arena, n + 1, sizeof *best);
    size_t *alive = bw_arena_array(arena, n + 1, sizeof *alive);
    double *cost = bw_arena_array(arena, n + 1, sizeof *cost);
    size_t living = 0;
    best[0] = -penalty;
    for (size_t j = 1; j <= n; j++) {
        best[j] = INFINITY;
        if (j < shortest)
            continue;
        if (j == shortest || j >= 2 * shortest)
            alive[living++] = j - shortest;
        for (size_t k = 0; k < living; k++) {
            cost[k] = best[alive[k]] + line_cost(s, alive[k], j);
            if (cost[k] + penalty < best[j]) {
                best[j] = cost[k] + penalty;
                from[j] = alive[k];
            }
        }
        size_t kept = 0; /* a start that is behind by a penalty can never win again */
        for (size_t k = 0; k < living; k++)
            if (cost[k] <= best[j])
                alive[kept++] = alive[k];
        living = kept;
    }
}

/* Means of `width` cells, aligned with the newest; the oldest block may be shorter. */
static size_t block_means(const double *x, size_t n, size_t width, double *out)
{
    const size_t count = (n + width - 1) / width;
    const size_t first = n - (count - 1) * width;
    for (size_t b = 0; b < count; b++) {
        const size_t from = b == 0 ? 0 : first + (b - 1) * width;
        out[b] = bw_trend_mean(x + from, b == 0 ? first : width);
    }
    return count;
}

size_t bw_trend_segments(struct bw_arena *arena, const double *x, size_t n, size_t *out)
{
    if (n < CELLS_MIN)
        return 0;
    const size_t width = (n + BW_TREND_BLOCKS_MAX - 1) / BW_TREND_BLOCKS_MAX;
    double *y = bw_arena_array(arena, 3 * (n / width + 1), sizeof *y);
    const size_t blocks = block_means(x, n, width, y);
    double sd;
    const double r = bw_trend_noise(y, blocks, &sd, y + blocks);
    const double centre = bw_trend_mean(y, blocks);
    const double spread = bw_trend_sd(y, blocks);
    if (!(spread > 0))
        return 0;
    sd = fmax(sd, 1e-4 * spread); /* a line drawn by a machine has no noise to compare with */
    for (size_t b = 0; b < blocks; b++)
        y[b] = (y[b] - centre) / sd;
    const double penalty = 6 * log((double)blocks) * (1 + r) / (1 - r);
    size_t shortest = blocks * 6 / 100;
    if (shortest < SEGMENT_MIN)
        shortest = SEGMENT_MIN;
    size_t *from = bw_arena_array(arena, blocks + 1, sizeof *from);
    partition(arena, cumulate(arena, y, blocks), blocks, shortest, penalty, from);
    size_t count = 0;
    for (size_t j = from[blocks]; j > 0; j = from[j])
        count++;
    const size_t first = n - (blocks - 1) * width;
    size_t at = count;
    for (size_t j = from[blocks]; j > 0; j = from[j])
        out[--at] = first + (j - 1) * width;
    return count;
}
