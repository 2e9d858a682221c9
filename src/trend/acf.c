// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/acf.h"

#include "trend/robust.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_fft_halfcomplex.h>
#include <gsl/gsl_fft_real.h>
#include <math.h>

bool bw_trend_acf(struct bw_arena *arena, const double *x, size_t n, size_t lags, double *out)
{
    for (size_t k = 0; k <= lags; k++)
        out[k] = k == 0;
    size_t size = 2;
    while (size < n + lags + 1)
        size *= 2;
    double *f = bw_arena_array(arena, size, sizeof *f);
    const double mean = bw_trend_mean(x, n);
    for (size_t i = 0; i < n; i++)
        f[i] = x[i] - mean;
    if (gsl_fft_real_radix2_transform(f, 1, size) != GSL_SUCCESS)
        return false;
    /* Half-complex layout: the real part of bin k is at k, the imaginary one at size - k. */
    f[0] *= f[0];
    f[size / 2] *= f[size / 2];
    for (size_t k = 1; k < size / 2; k++) {
        f[k] = f[k] * f[k] + f[size - k] * f[size - k];
        f[size - k] = 0;
    }
    if (gsl_fft_halfcomplex_radix2_inverse(f, 1, size) != GSL_SUCCESS)
        return false;
    if (!(f[0] > 0) || !isfinite(f[0]))
        return false;
    for (size_t k = 0; k <= lags; k++)
        out[k] = f[k] / f[0];
    return true;
}
