// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/levels.h: a series without the steps of its level, found while its seasons are unknown.
 *
 * A step that is several times a season's swing hides the season from every autocorrelation. It
 * needs no model to be seen: the mean of a few cells differs from that of the few before it by far
 * more than anywhere else in the series, however steep seasons are and however strongly noise is
 * correlated. Whether it is a change of regime, segment.h decides later, from all of the series. */
#ifndef TREND_LEVELS_H
#define TREND_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

/* Takes the steps out of x[n] (finite): out[n] stays on the level that x begins with; slopes and
 * everything else are kept. A step is a place where the means of the hundredth of the series (six
 * cells at least) before and after it differ by six robust deviations of all such differences and
 * by a tenth of the highest step (by half of it, where a tenth gives more than four), and so do the
 * medians: a spike is none. False, and out is x, when there is none, or when there are more than
 * four: that is no level which lasts. `work` has room for 2 n. O(n). */
bool bw_trend_levels_take(const double *x, size_t n, double *out, double *work);

#endif
