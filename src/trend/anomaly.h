// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/anomaly.h: the scores of a whole array, as trend/oddity.h gives them. One episode speaks
 * once: a row scores only when it is odder than all of the 120 before it. */
#ifndef TREND_ANOMALY_H
#define TREND_ANOMALY_H

#include "base/arena.h"

#include <stddef.h>

/* A score from which on a value is called an anomaly: p = 10^-4.25. */
#define BW_TREND_ANOMALY_THRESHOLD 0.99994376586748096

/* Scores x[n] into out[n], 1 - p in 0..1, causally: out[i] depends on x[0..i] alone. NaN scores 0
 * and is left out of all windows, and so do the first 60 values. O(n) with about 1 us a row. */
void bw_trend_anomaly(struct bw_arena *arena, const double *x, size_t n, double *out);

#endif
