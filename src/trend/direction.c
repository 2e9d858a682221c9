// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/direction.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

enum { VALUES_MIN = 8 }; /* however exact they are */

#define T_CRITICAL 1.96
#define DRIFT_CRITICAL 2.58 /* of a walk, which has other ways to look like a trend as well */

/* What one random walk in a thousand explains of itself by a line, over what it leaves. */
#define RISE_OF_A_WALK 32.0
#define T_BEYOND_A_WALK 3.29

static void decide(double t, struct bw_trend_verdict *out)
{
    out->leaning = fabs(t) < T_CRITICAL ? BW_FLAT : t > 0 ? BW_RISING : BW_FALLING;
    out->confidence_ratio = out->leaning == BW_FLAT     ? out->flat
                            : out->leaning == BW_RISING ? out->rising
                                                        : out->falling;
}

void bw_trend_direction(const struct bw_trend_slope *slope, bool constant,
                        struct bw_trend_verdict *out)
{
    const double n = (double)slope->n;
    if (constant) {
        const double change = 1 / (n + 2);
        *out = (struct bw_trend_verdict){ .falling = change / 2,
                                          .flat = 1 - change,
                                          .rising = change / 2 };
        decide(0, out);
        out->direction = n >= VALUES_MIN ? BW_FLAT : BW_UNDETERMINED;
        return;
    }
    double t = slope->t, neff = fmax(slope->neff, 1);
    const bool beyond = slope->n >= VALUES_MIN && slope->rise > RISE_OF_A_WALK;
    if (beyond) {
        t = copysign(fmax(fabs(t), T_BEYOND_A_WALK), t);
        neff = fmax(neff, BW_TREND_NEFF_MIN);
    }
    if (!beyond && neff < BW_TREND_NEFF_MIN && fabs(slope->drift) > DRIFT_CRITICAL) {
        t = slope->drift; /* what hardly comes back to its line may still drift, as a walk does */
        neff = BW_TREND_NEFF_MIN;
    }
    const double worth = neff / 3;
    const double factor = sqrt(1 + worth) * exp(-0.5 * t * t * worth / (1 + worth));
    out->flat = factor / (1 + factor);
    out->rising = (1 - out->flat) * gsl_cdf_ugaussian_P(t);
    out->falling = (1 - out->flat) * gsl_cdf_ugaussian_Q(t);
    decide(t, out);
    out->direction = neff >= BW_TREND_NEFF_MIN ? out->leaning : BW_UNDETERMINED;
}
