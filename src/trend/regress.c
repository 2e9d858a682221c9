// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/regress.h"

#include "trend/equations.h"
#include "trend/robust.h"

#include <math.h>
#include <string.h>

enum { K = BW_TREND_LAGS_MAX };

static double dot(const double *a, const double *b, size_t n)
{
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
        s2 += a[i + 2] * b[i + 2];
        s3 += a[i + 3] * b[i + 3];
    }
    for (; i < n; i++)
        s0 += a[i] * b[i];
    return (s0 + s1) + (s2 + s3);
}

/* The products of x[t - a] and x[t - b] summed over t = longest..n-1, a <= b. */
static double product(const double *x, size_t n, size_t longest, size_t a, size_t b)
{
    return dot(x + longest - a, x + longest - b, n - longest);
}

/* The same for (a, b) from what is known of (a0, b0), a0 < a, b - a = b0 - a0: the window
 * moved a - a0 cells towards the past. */
static double shifted(const double *x, size_t n, size_t longest, size_t a, size_t b, size_t a0,
                      double known)
{
    const size_t moved = a - a0;
    const double gone = dot(x + n - a, x + n - b, moved);
    const double come = dot(x + longest - a, x + longest - b, moved);
    return known - gone + come;
}

/* All products, lag 0 (the target) in row 0. */
static void normal_equations(const double *x, size_t n, const size_t *lags, size_t count,
                             double sums[K + 1][K + 1])
{
    size_t at[K + 1] = { 0 };
    memcpy(at + 1, lags, count * sizeof *lags);
    const size_t longest = lags[count - 1];
    for (size_t i = 0; i <= count; i++) {
        for (size_t j = i; j <= count; j++) {
            bool found = false;
            for (size_t p = i; p-- > 0 && !found;)
                for (size_t q = p; q <= count && !found; q++)
                    if (at[q] - at[p] == at[j] - at[i] && at[i] - at[p] < n - longest) {
                        sums[i][j] = shifted(x, n, longest, at[i], at[j], at[p], sums[p][q]);
                        found = true;
                    }
            if (!found)
                sums[i][j] = product(x, n, longest, at[i], at[j]);
        }
    }
}

static bool solve(double sums[K + 1][K + 1], size_t count, double ridge, double *coefficients)
{
    double matrix[K * K], right[K];
    double trace = 0;
    for (size_t i = 0; i < count; i++)
        trace += sums[i + 1][i + 1];
    if (!(trace > 0) || !isfinite(trace))
        return false;
    for (size_t i = 0; i < count; i++) {
        right[i] = sums[0][i + 1];
        for (size_t j = 0; j < count; j++)
            matrix[i * count + j] = i <= j ? sums[i + 1][j + 1] : sums[j + 1][i + 1];
        matrix[i * count + i] += ridge * trace / (double)count;
    }
    return bw_trend_solve(matrix, right, count, coefficients);
}

bool bw_trend_regress(struct bw_arena *arena, const double *x, size_t n,
                      const struct bw_trend_fit *fit, size_t h, double *out)
{
    const size_t longest = fit->lags[fit->count - 1];
    const size_t recent = longest > n / 2 ? longest : n / 2;
    const double mean = bw_trend_mean(x + n - recent, recent);
    double *path = bw_arena_array(arena, n + h, sizeof *path);
    for (size_t i = 0; i < n; i++)
        path[i] = x[i] - mean;
    double sums[K + 1][K + 1], coefficients[K];
    normal_equations(path, n, fit->lags, fit->count, sums);
    if (!solve(sums, fit->count, fit->ridge, coefficients))
        return false;
    for (size_t i = n; i < n + h; i++) {
        double next = 0;
        for (size_t k = 0; k < fit->count; k++)
            next += coefficients[k] * path[i - fit->lags[k]];
        path[i] = bw_trend_clamp(next, -8 * fit->sd, 8 * fit->sd);
    }
    for (size_t i = 0; i < h; i++)
        out[i] = path[n + i] + mean;
    return true;
}
