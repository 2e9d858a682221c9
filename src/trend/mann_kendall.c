// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/mann_kendall.h"

#include "trend/acf.h"
#include "trend/robust.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <string.h>

enum { SEN_EXACT_MAX = 512, SEN_BLOCKS = 128 };

#define NORMAL_975 1.9599639845400545

/* Sorts a[n] and returns how many pairs stood in falling order (merge sort, bottom up). */
static double count_inversions(double *a, double *b, size_t n)
{
    double inversions = 0;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            const size_t middle = low + width < n ? low + width : n;
            const size_t high = low + 2 * width < n ? low + 2 * width : n;
            size_t i = low, j = middle;
            for (size_t k = low; k < high; k++) {
                if (i < middle && (j >= high || a[i] <= a[j])) {
                    b[k] = a[i++];
                } else {
                    inversions += (double)(middle - i);
                    b[k] = a[j++];
                }
            }
        }
        memcpy(a, b, n * sizeof *a);
    }
    return inversions;
}

/* S and its variance; `sorted` and `work` have room for n. */
static void kendall(const double *y, size_t n, double *sorted, double *work,
                    struct bw_trend_mk *out)
{
    memcpy(sorted, y, n * sizeof *y);
    const double falling = count_inversions(sorted, work, n);
    const double m = (double)n;
    double tied_pairs = 0, ties = 0;
    for (size_t i = 0; i < n;) {
        size_t j = i;
        while (j < n && sorted[j] == sorted[i])
            j++;
        const double c = (double)(j - i);
        tied_pairs += c * (c - 1) / 2;
        ties += c * (c - 1) * (2 * c + 5);
        i = j;
    }
    out->s = m * (m - 1) / 2 - tied_pairs - 2 * falling;
    out->variance = (m * (m - 1) * (2 * m + 5) - ties) / 18;
}

static double score(double s, double variance)
{
    return variance > 0 && s != 0 ? (s - (s > 0 ? 1 : -1)) / sqrt(variance) : 0;
}

static double pair_median(struct bw_arena *arena, const double *t, const double *y, size_t n)
{
    double *slopes = bw_arena_array(arena, n * (n - 1) / 2 + 1, sizeof *slopes);
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            slopes[count++] = (y[j] - y[i]) / (t[j] - t[i]);
    return bw_trend_median(slopes, count);
}

static double sen_slope(struct bw_arena *arena, const double *t, const double *y, size_t n)
{
    if (n <= SEN_EXACT_MAX)
        return pair_median(arena, t, y, n);
    double block_t[SEN_BLOCKS], block_y[SEN_BLOCKS];
    double *work = bw_arena_array(arena, n, sizeof *work);
    for (size_t b = 0; b < SEN_BLOCKS; b++) {
        const size_t from = b * n / SEN_BLOCKS, to = (b + 1) * n / SEN_BLOCKS;
        memcpy(work, y + from, (to - from) * sizeof *y);
        block_y[b] = bw_trend_median(work, to - from);
        block_t[b] = (t[from] + t[to - 1]) / 2;
    }
    return pair_median(arena, block_t, block_y, SEN_BLOCKS);
}

/* Ranks from 1, the mean rank for ties. */
static void rank(struct bw_arena *arena, const double *v, size_t n, double *out)
{
    size_t *order = bw_arena_array(arena, n, sizeof *order);
    gsl_sort_index(order, v, 1, n);
    for (size_t i = 0; i < n;) {
        size_t j = i;
        while (j < n && v[order[j]] == v[order[i]])
            j++;
        for (size_t k = i; k < j; k++)
            out[order[k]] = ((double)(i + 1) + (double)j) / 2;
        i = j;
    }
}

/* The factor by which autocorrelated ranks inflate the variance of S. */
static double inflation(struct bw_arena *arena, const double *y, size_t n, double slope)
{
    double *v = bw_arena_array(arena, 3 * n, sizeof *v);
    double *ranks = v + n, *acf = v + 2 * n;
    for (size_t i = 0; i < n; i++)
        v[i] = y[i] - slope * (double)(i + 1);
    rank(arena, v, n, ranks);
    if (!bw_trend_acf(arena, ranks, n, n - 1, acf))
        return 1;
    const double m = (double)n, limit = NORMAL_975 / sqrt(m);
    double sum = 0;
    for (size_t k = 1; k < n; k++) {
        const double left = m - (double)k;
        if (fabs(acf[k]) >= limit)
            sum += left * (left - 1) * (left - 2) * acf[k];
    }
    return 1 + 2 / (m * (m - 1) * (m - 2)) * sum;
}

void bw_trend_mann_kendall(struct bw_arena *arena, const double *x, size_t n,
                           struct bw_trend_mk *out)
{
    memset(out, 0, sizeof *out);
    double *t = bw_arena_array(arena, 4 * n + 1, sizeof *t);
    double *y = t + n, *sorted = y + n, *work = sorted + n;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) {
            t[out->n] = (double)i;
            y[out->n++] = x[i];
        }
    if (out->n < 3)
        return;
    kendall(y, out->n, sorted, work, out);
    out->z = score(out->s, out->variance);
    out->sen_slope = sen_slope(arena, t, y, out->n);
    /* `sorted` is sorted already; t is rising. */
    out->sen_intercept =
        bw_trend_median(sorted, out->n) - out->sen_slope * bw_trend_quantile(t, out->n, 0.5);
    out->hr_variance = out->variance * inflation(arena, y, out->n, out->sen_slope);
    out->hr_z = score(out->s, out->hr_variance);
}
