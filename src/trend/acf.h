// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/acf.h: the autocorrelation function, by fast Fourier transform. */
#ifndef TREND_ACF_H
#define TREND_ACF_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* out[k] = sum (x_t - m)(x_{t+k} - m) / sum (x_t - m)^2 for k = 0..lags, lags < n (the biased
 * estimate). O(n log n) with zero padding (Wiener and Khinchin). False, out all 0 but out[0],
 * when x is constant or the transform fails. */
bool bw_trend_acf(struct bw_arena *arena, const double *x, size_t n, size_t lags, double *out);

#endif
