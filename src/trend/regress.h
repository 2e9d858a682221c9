// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/regress.h: autoregression on chosen lags, by ridge regression.
 *
 * With lags 1..8 it is AR(8); with 1, 2, 3, m-1, m, m+1, 2m it follows a season of m. Two lag
 * pairs of one difference share their sum of products but for a few cells at the ends, so the
 * normal equations cost O(n distinct differences), not O(n k^2). */
#ifndef TREND_REGRESS_H
#define TREND_REGRESS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum { BW_TREND_LAGS_MAX = 12 };

struct bw_trend_fit {
    const size_t *lags; /* rising, the last < n/2 */
    size_t count;       /* of lags, 1 … LAGS_MAX */
    double ridge;       /* times the mean diagonal */
    double sd;          /* of x */
};

/* Fits x[n] on its own lags and runs it forward into out[h]; each step is kept within 8 `sd` of the
 * mean, so that an unstable fit cannot run away. False, out untouched, when the equations cannot
 * be solved. (Hoerl and Kennard 1970; solved by Cholesky.) */
bool bw_trend_regress(struct bw_arena *arena, const double *x, size_t n,
                      const struct bw_trend_fit *fit, size_t h, double *out);

#endif
