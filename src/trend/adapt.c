// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/adapt.h"

#include "trend/robust.h"

#include <math.h>

/* A step of 0.1 forgets in about 50 outcomes at 80 %, and swings by a seventh of the width at most
 * when nothing is wrong. */
#define STEP 0.1

/* What was never missed may yet be: no interval falls below half of the forecaster's. */
#define NARROWEST 0.5
#define WIDEST 8.0

static double bounded(double log_factor)
{
    return isfinite(log_factor) ? bw_trend_clamp(log_factor, log(NARROWEST), log(WIDEST)) : 0;
}

struct bw_trend_width bw_trend_width_learn(struct bw_trend_width width, double level,
                                           enum bw_trend_outcome outcome, double share)
{
    const double expected = (1 - level) / 2;
    const double step = share > 0 ? STEP * fmin(share, 1) : 0;
    return (struct bw_trend_width){
        .below = bounded(bounded(width.below) + step * ((outcome == BW_TREND_BELOW) - expected)),
        .above = bounded(bounded(width.above) + step * ((outcome == BW_TREND_ABOVE) - expected)),
    };
}

double bw_trend_width_stretch(double log_factor, bool logarithmic, double middle, double end)
{
    const double factor = exp(bounded(log_factor));
    if (factor == 1)
        return end;
    if (logarithmic && middle > 0 && end > 0)
        return middle * pow(end / middle, factor);
    return middle + factor * (end - middle);
}
