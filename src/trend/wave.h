// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/wave.h: the season of what was seen for less than three cycles.
 *
 * So few values a phase make no index. A line and three harmonics of the period, fitted together
 * by least squares, tell the wave from the slope as well as can be (harmonic regression; Harvey
 * 1989, 2.3.4). */
#ifndef TREND_WAVE_H
#define TREND_WAVE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the wave without the line into index[period], mean 0, phase 0 being cell 0. False, with
 * index untouched, unless x[n] (finite), 5/4 period <= n, is like itself a period later: around
 * its line correlated by 0.2 at least, and more than an eighth of a period before and after; nor
 * when one shift of the level leaves no more than the wave.
 * *out_strength: the share of the squares around the line that the wave removes. O(n). */
bool bw_trend_wave_fit(struct bw_arena *arena, const double *x, size_t n, size_t period,
                       double *index, double *out_strength);

#endif
