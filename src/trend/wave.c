// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/wave.h"

#include "trend/equations.h"
#include "trend/robust.h"

#include <math.h>
#include <string.h>

#define ALIKE_MIN 0.2

enum { HARMONICS = 3, K = 2 + 2 * HARMONICS, SHIFT_SIDE_MIN = 8 };

/* 1, the line, then cosine and sine of each harmonic, at cell i. */
static void terms(size_t i, size_t n, size_t period, double out[K])
{
    out[0] = 1;
    out[1] = (double)i / (double)n - 0.5;
    for (size_t h = 1; h <= HARMONICS; h++) {
        const double angle = 2 * M_PI * (double)(h * i % period) / (double)period;
        out[2 * h] = cos(angle);
        out[2 * h + 1] = sin(angle);
    }
}

/* Least squares of x on the first `count` terms; false when there is no solution. */
static bool fit(const double *x, size_t n, size_t period, size_t count, double *c)
{
    double matrix[K * K] = { 0 }, right[K] = { 0 }, t[K];
    for (size_t i = 0; i < n; i++) {
        terms(i, n, period, t);
        for (size_t a = 0; a < count; a++) {
            right[a] += t[a] * x[i];
            for (size_t b = 0; b < count; b++)
                matrix[a * count + b] += t[a] * t[b];
        }
    }
    return bw_trend_solve(matrix, right, count, c);
}

/* What the first `count` terms leave of x; returns the sum of squares. */
static double leave(const double *x, size_t n, size_t period, size_t count, const double *c,
                    double *rest)
{
    double squares = 0, t[K];
    for (size_t i = 0; i < n; i++) {
        terms(i, n, period, t);
        rest[i] = x[i];
        for (size_t a = 0; a < count; a++)
            rest[i] -= c[a] * t[a];
        squares += rest[i] * rest[i];
    }
    return squares;
}

static double likeness(const double *x, size_t n, size_t lag)
{
    double xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i + lag < n; i++) {
        xy += x[i] * x[i + lag];
        xx += x[i] * x[i];
        yy += x[i + lag] * x[i + lag];
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

/* The squares that one shift of the level leaves at best; +Inf: there is no room for one. */
static double shift_leaves(const double *x, size_t n)
{
    double sum = 0, squares = 0, before = 0, best = INFINITY;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
        squares += x[i] * x[i];
    }
    for (size_t i = 1; i < n; i++) {
        before += x[i - 1];
        if (i < SHIFT_SIDE_MIN || i + SHIFT_SIDE_MIN > n)
            continue;
        const double after = sum - before;
        best = fmin(best, squares - before * before / (double)i - after * after / (double)(n - i));
    }
    return best;
}

bool bw_trend_wave_fit(struct bw_arena *arena, const double *x, size_t n, size_t period,
                       double *index, double *out_strength)
{
    double line[K], wave[K];
    double *rest = bw_arena_array(arena, n, sizeof *rest);
    const size_t near = period / 8 > 1 ? period / 8 : 1;
    if (period < K || 4 * n < 5 * period || !fit(x, n, period, 2, line)
        || !fit(x, n, period, K, wave))
        return false;
    const double around = leave(x, n, period, 2, line, rest);
    const double alike = likeness(rest, n, period);
    if (!(alike > ALIKE_MIN) || alike <= likeness(rest, n, period - near)
        || alike <= likeness(rest, n, period + near))
        return false;
    const double left = leave(x, n, period, K, wave, rest);
    /* A new level half way through looks like a day to three harmonics; one step says it shorter.
     */
    if (shift_leaves(x, n) <= left)
        return false;
    wave[0] = wave[1] = 0;
    memset(index, 0, period * sizeof *index);
    for (size_t i = 0; i < period; i++) {
        double t[K];
        terms(i, n, period, t);
        for (size_t a = 2; a < K; a++)
            index[i] += wave[a] * t[a];
    }
    *out_strength = around > 0 ? 1 - left / around : 0;
    return true;
}
