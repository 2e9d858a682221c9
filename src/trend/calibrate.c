// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/calibrate.h"

#include "trend/robust.h"

#include <math.h>

/* log-odds of coming true = shift + slope * log-odds of the belief; beliefs nearer to 0 or 1 than
 * `sure` say nothing more. */
static const struct {
    double shift, slope, sure;
} maps[BW_BELIEF_COUNT] = {
    [BW_BELIEF_FLAT] = { 0.724, 1.262, 1e-6 },
    [BW_BELIEF_TREND] = { -0.055, 0.411, 1e-6 },
    [BW_BELIEF_CROSSING] = { -0.131, 0.541, 0.002 },
};

double bw_trend_calibrate(enum bw_trend_belief belief, double strength)
{
    const double sure = maps[belief].sure;
    const double p = bw_trend_clamp(strength, sure, 1 - sure);
    return 1 / (1 + exp(-maps[belief].shift - maps[belief].slope * log(p / (1 - p))));
}
