// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/robust.h: order statistics and small numeric helpers of the engine.
 * Arrays hold finite numbers unless said otherwise; those marked "reorders" are shuffled. */
#ifndef TREND_ROBUST_H
#define TREND_ROBUST_H

#include <stddef.h>
#include <stdint.h>

/* The k-th smallest (from 0) of v[n], k < n, in O(n); reorders v. (Hoare's quickselect with
 * a median-of-three pivot.) */
double bw_trend_kth(double *v, size_t n, size_t k);

/* The median of v[n]; NaN when n is 0; reorders v. */
double bw_trend_median(double *v, size_t n);

/* The q-quantile (0..1) with linear interpolation (type 7); NaN when n is 0; reorders v. */
double bw_trend_quantile(double *v, size_t n, double q);

/* 1.4826 * median |v - median v|: the standard deviation of the bulk. `work` has room for n. */
double bw_trend_mad(const double *v, size_t n, double *work);

/* The same, but the standard deviation when more than half of the values are equal (quantised
 * metrics), so that 0 means constant. */
double bw_trend_scale(const double *v, size_t n, double *work);

double bw_trend_mean(const double *v, size_t n);
double bw_trend_sd(const double *v, size_t n);
static inline double bw_trend_clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* A generator of numbers for simulation, xoshiro256** (Blackman and Vigna 2018), seeded by
 * what is simulated so that equal input gives equal output. */
struct bw_trend_random {
    uint64_t s[4];
};

struct bw_trend_random bw_trend_random_seed(uint64_t seed);

/* In the header, as the clamp above, because simulation does little else. */
static inline uint64_t bw_trend_random_next(struct bw_trend_random *r)
{
    const uint64_t middle = r->s[1] * 5;
    const uint64_t result = ((middle << 7) | (middle >> 57)) * 9;
    const uint64_t t = r->s[1] << 17;
    r->s[2] ^= r->s[0];
    r->s[3] ^= r->s[1];
    r->s[1] ^= r->s[2];
    r->s[0] ^= r->s[3];
    r->s[2] ^= t;
    r->s[3] = (r->s[3] << 45) | (r->s[3] >> 19);
    return result;
}

double bw_trend_random_uniform(struct bw_trend_random *r); /* [0, 1) */
double bw_trend_random_normal(struct bw_trend_random *r);  /* mean 0, sd 1 */

#endif
