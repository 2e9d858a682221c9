// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/robust.h"

#include <math.h>

static void swap(double *a, double *b)
{
    const double t = *a;
    *a = *b;
    *b = t;
}

static double pivot_of(const double *v, size_t low, size_t high)
{
    const double a = v[low], b = v[low + (high - low) / 2], c = v[high];
    const double small = a < b ? a : b, large = a < b ? b : a;
    const double inner = large < c ? large : c;
    return small > inner ? small : inner;
}

double bw_trend_kth(double *v, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        const double pivot = pivot_of(v, low, high);
        size_t i = low, j = high;
        for (;;) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i >= j)
                break;
            swap(&v[i++], &v[j--]);
        }
        /* Everything before i is <= pivot, everything after j is >= pivot. */
        if (i == j) {
            if (k == i)
                return v[k];
            if (k < i)
                high = i - 1;
            else
                low = i + 1;
        } else if (k < i) {
            high = i - 1;
        } else {
            low = i;
        }
    }
    return v[k];
}

double bw_trend_median(double *v, size_t n)
{
    return bw_trend_quantile(v, n, 0.5);
}

double bw_trend_quantile(double *v, size_t n, double q)
{
    if (n == 0)
        return NAN;
    const double at = q * (double)(n - 1);
    const size_t k = (size_t)at;
    const double low = bw_trend_kth(v, n, k);
    if (k + 1 >= n || at == (double)k)
        return low;
    double next = v[k + 1]; /* the smallest of what stands behind k */
    for (size_t i = k + 2; i < n; i++)
        next = fmin(next, v[i]);
    return low + (at - (double)k) * (next - low);
}

double bw_trend_mad(const double *v, size_t n, double *work)
{
    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        work[i] = v[i];
    const double centre = bw_trend_median(work, n);
    for (size_t i = 0; i < n; i++)
        work[i] = fabs(v[i] - centre);
    return 1.4826 * bw_trend_median(work, n);
}

double bw_trend_scale(const double *v, size_t n, double *work)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(v[i]));
    const double mad = bw_trend_mad(v, n, work);
    return mad > 1e-9 * largest ? mad : bw_trend_sd(v, n);
}

double bw_trend_mean(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return n > 0 ? sum / (double)n : NAN;
}

double bw_trend_sd(const double *v, size_t n)
{
    if (n < 2)
        return 0;
    const double mean = bw_trend_mean(v, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (v[i] - mean) * (v[i] - mean);
    return sqrt(sum / (double)n);
}

static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct bw_trend_random bw_trend_random_seed(uint64_t seed)
{
    struct bw_trend_random r;
    for (size_t i = 0; i < 4; i++)
        r.s[i] = split_mix(&seed);
    return r;
}

double bw_trend_random_uniform(struct bw_trend_random *r)
{
    return (double)(bw_trend_random_next(r) >> 11) * 0x1p-53;
}

double bw_trend_random_normal(struct bw_trend_random *r)
{
    /* Box and Muller 1958; the second number of the pair is not kept, simulation draws few. */
    const double u = 1.0 - bw_trend_random_uniform(r);
    const double angle = 6.283185307179586 * bw_trend_random_uniform(r);
    return sqrt(-2 * log(u)) * cos(angle);
}
