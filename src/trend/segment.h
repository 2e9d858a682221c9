// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/segment.h: where the present regime began.
 *
 *   block means -> cut finely -> drop the cut that says least, again and again -> the likeliest
 *
 * Optimal partitioning into levels and lines over at most BW_TREND_BLOCKS_MAX block means, pruned
 * as PELT does (Killick, Fearnhead and Eckley 2012), at a price so low that too many pieces
 * come out; then the cut whose loss costs least goes, its neighbours move to where they fit
 * best, until none is left. Of all these partitions the one of the least
 * bw_trend_pieces_unlikely() stands. So the correlation of the noise need not be known before
 * the changes are: each partition is judged with the noise that it leaves. */
#ifndef TREND_SEGMENT_H
#define TREND_SEGMENT_H

#include "base/arena.h"
#include "trend/pieces.h"

#include <stddef.h>

/* Writes the index of the first cell of every segment but the first into out[BLOCKS_MAX],
 * rising, and returns how many. x[n] is finite. Fewer than 20 cells are one segment. */
size_t bw_trend_segments(struct bw_arena *arena, const double *x, size_t n, size_t *out);

/* The same where somebody says at which cells something was changed: mark[marks], rising. A change
 * there needs less evidence (trend/given.h). */
size_t bw_trend_segments_marked(struct bw_arena *arena, const double *x, size_t n,
                                const size_t *mark, size_t marks, size_t *out);

#endif
