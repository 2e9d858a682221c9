// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/anomaly.h: how odd is each value, given only what came before it?
 *
 *   value -> distance from the median of the last 60 ---+
 *         -> step from the value before ----------------+-> how rare in its own past? -> largest
 *         -> median of the last 24 among the last 1500 -+                         + 0.3 second -> p
 *
 * How rare: above the 90 % quantile of the last 1500 (of the third 3000) the tail is taken for
 * exponential, fitted between there and the 99.5 % quantile (the idea of Siffer et al. 2017, SPOT,
 * with the simplest of its tails). Sums and not products of the two largest, as they see the same.
 * One episode speaks once: a row scores only when it is odder than all of the 120 before it. */
#ifndef TREND_ANOMALY_H
#define TREND_ANOMALY_H

#include "base/arena.h"

#include <stddef.h>

/* A score from which on a value is called an anomaly: p = 10^-4.5. */
#define BW_TREND_ANOMALY_THRESHOLD 0.99996837722339832

/* Scores x[n] into out[n], 1 - p in 0..1, causally: out[i] depends on x[0..i] alone. NaN scores 0
 * and is left out of all windows, and so do the first 60 values. O(n) with about 5 us a row. */
void bw_trend_anomaly(struct bw_arena *arena, const double *x, size_t n, double *out);

#endif
