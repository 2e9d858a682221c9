// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/anomaly.h: how odd is each value, given only what came before it?
 *
 * The distance z to the median of the last 256 rows, in units of their robust spread. No
 * distribution is assumed: by Cantelli's inequality (1928) a value lies that far out on its
 * side with a probability of at most p = 1/(1 + z^2); score = 1 - p. One episode speaks once:
 * for 100 rows after an alarm the score is a quarter. */
#ifndef TREND_ANOMALY_H
#define TREND_ANOMALY_H

#include "base/arena.h"

#include <stddef.h>

/* A score from which on a value is called an anomaly: eight spreads out. */
#define BW_TREND_ANOMALY_THRESHOLD (64.0 / 65.0)

/* Scores x[n] into out[n], 0..1, causally: out[i] depends on x[0..i] alone. NaN scores 0. */
void bw_trend_anomaly(struct bw_arena *arena, const double *x, size_t n, double *out);

#endif
