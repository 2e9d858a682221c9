// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/direction.h: falling, flat or rising, as probabilities.
 *
 * "Flat" against "has a slope" by the Bayes factor of a unit-information prior (Kass and
 * Raftery 1995), BF01 = sqrt(1 + neff/3) exp(-t^2/2 g), g = (neff/3)/(1 + neff/3); what is
 * left for a slope is split by the sign of t. The direction named is a slope only when t is
 * also significant at 5 %; its confidence is its posterior probability.
 * The estimate of r ends below 1, so few independent values prove nothing by t. But a line
 * that explains 32 times what it leaves is more than one random walk in a thousand does
 * (Durlauf and Phillips 1988; the quantile is simulated): however slowly the little noise
 * swings, the slope is real, at the score of 1 in 1000 at least. */
#ifndef TREND_DIRECTION_H
#define TREND_DIRECTION_H

#include "model/records.h"
#include "trend/slope.h"

struct bw_trend_verdict {
    enum bw_direction direction;  /* BW_UNDETERMINED when the evidence is thin */
    enum bw_direction leaning;    /* what it would be if it had to be said: never undetermined */
    double confidence_ratio;      /* P(leaning is right) */
    double falling, flat, rising; /* posterior, sums to 1 */
};

/* Evidence is thin below this many independent values: Student's t of four degrees of freedom is
 * the last whose tails one may still trust noise to have. */
#define BW_TREND_NEFF_MIN 6.0

/* `constant`: every value is the same, so flat is certain as far as one can see; after that
 * many values the next one is different with probability 1/(n + 2) (Laplace). */
void bw_trend_direction(const struct bw_trend_slope *slope, bool constant,
                        struct bw_trend_verdict *out);

#endif
