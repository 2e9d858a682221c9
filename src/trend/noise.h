// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/noise.h: how large the noise of a course is, before its course is known. */
#ifndef TREND_NOISE_H
#define TREND_NOISE_H

#include <stddef.h>

/* The lag-1 correlation of the noise of x[n], 0..0.97, from the growth of robust variances of
 * differences over 1, 2 and 4 steps, which neither a trend nor a few level shifts disturb;
 * of second differences when the first are smoother than any noise (several slopes, a curve);
 * *out_sd is the noise's standard deviation. `work` has room for 2 n. */
double bw_trend_noise(const double *x, size_t n, double *out_sd, double *work);

#endif
