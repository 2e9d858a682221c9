// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/noise.h"

#include "trend/robust.h"

#include <math.h>

enum { MOVES_MIN = 2, BEND_CELLS = 4, HALVINGS = 20 };

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
