// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/finding.h: what an examination found besides a direction, each with its evidence.
 *
 * | kind           | evidence                                                                   |
 * |----------------|----------------------------------------------------------------------------|
 * | standstill     | equal values at the end, three times as many as ever in a row, and less    |
 * |                | than one chance in 1000 that equal neighbours come so by themselves        |
 * | level_shift,   | straight lines before and after a change point do not meet, or do not      |
 * | slope_change   | agree: z of Chow's kind, the noise as AR(1), beyond 3.9, which is 5 % over |
 * |                | the 250 places that a change point was chosen from, both tests; beyond 2.8 |
 * |                | at a place that somebody named                                             |
 * | recovery       | two level shifts, the second taking back three quarters of the first       |
 * | sawtooth       | two restarts or more, of the season or without it (trend/restart.h)          |
 * | scatter_change | the largest departure of cumulated absolute residuals from a straight line |
 * |                | (after Inclan and Tiao 1994), prewhitened, beyond Kolmogorov's 1 in 1000,  |
 * |                | and half as much scatter again                                             |
 * | season         | better forecasts of what was not seen (trend/season.h), an eighth of the   |
 * |                | variance, and F of phases over noise, as AR(1), beyond 1 in 1000           |
 * | spikes         | eight robust deviations from what surrounds them (trend/grid.h), and twice  |
 * |                | as far as anything smaller, the third largest step of all others included  |
 * | resets, gap    | seen                                                                       |
 */
#ifndef TREND_FINDING_H
#define TREND_FINDING_H

#include "base/arena.h"
#include "model/finding.h"
#include "trend/examine.h"

#include <stddef.h>

/* Writes what was found, most important first, into out[BW_FINDINGS_MAX]; returns how many. A
 * series that is constant or has fewer than 20 values shows nothing but resets. O(n). */
size_t bw_trend_find(struct bw_arena *arena, const struct bw_trend_exam *exam,
                     struct bw_finding *out);

#endif
