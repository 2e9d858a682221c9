// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/slope.h: the robust straight line through a regime, with an interval that knows of
 * autocorrelation.
 *
 * Huber-weighted least squares (Huber 1964), residuals as AR(1): with correlation r the
 * variance of the slope is (1+r)/(1-r) times the textbook's. r is the larger of the lag-1
 * estimate and, on long series, the root of the lag-2 one, because white noise on top of a
 * slow wave hides it at lag 1; corrected for its bias by (2+6r)/n: what Kendall (1954)
 * found for a mean taken out is more when a line is (the numbers are simulated). */
#ifndef TREND_SLOPE_H
#define TREND_SLOPE_H

#include "base/arena.h"

#include <stddef.h>

struct bw_trend_slope {
    size_t n;         /* values it stands on; with fewer than 3 all that follows is 0 */
    double per_cell;  /* slope */
    double low, high; /* its 95 % interval */
    double se;        /* its standard error, autocorrelation included */
    double end;       /* the line at the last cell */
    double sd;        /* of the residuals, outliers clipped */
    double r;         /* lag-1 correlation of the residuals, 0..0.995 */
    double vif;       /* (1+r)/(1-r) */
    double neff;      /* n / vif: independent values that the data is worth */
    double t;         /* per_cell / se as a normal score, small neff allowed for */
    double drift;     /* normal score of the drift, were the values a random walk; 0: too few */
    double rise;      /* variance that the line explains over what it leaves, +Inf: exact */
    double *residual; /* [n], of the values present, in order */
};

/* Fits x[n], NaN is missing. Residuals no larger than `grain` (0: any counts) are rounding
 * and not noise: the fit is exact, its residuals are 0 and every value counts. O(n). */
void bw_trend_slope_fit(struct bw_arena *arena, const double *x, size_t n, double grain,
                        struct bw_trend_slope *out);

/* Lag-1 correlation of residual[n], clipped at 3.5 `scale`, as said above; *out_sd is the standard
 * deviation of the clipped. `work` has room for n. */
double bw_trend_correlation(const double *residual, size_t n, double scale, double *work,
                            double *out_sd);

/* The normal score as likely as Student's z of `df` degrees of freedom (Wallace 1959). */
double bw_trend_normal_score(double z, double df);

#endif
