// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/pieces.h: a course cut into pieces, each a level or a straight line, and what they leave.
 *
 * Running sums make the squares that a piece leaves a matter of a few products, wherever it begins
 * and ends. */
#ifndef TREND_PIECES_H
#define TREND_PIECES_H

#include "base/arena.h"

#include <stddef.h>

enum { BW_TREND_BLOCKS_MAX = 250 };

struct bw_trend_sums {
    double x, xx, y, xy, yy; /* of the first cells; x counts from the middle */
};

/* Where the pieces but the first begin, rising. */
struct bw_trend_cuts {
    size_t count;
    size_t at[BW_TREND_BLOCKS_MAX];
};

/* The sums of the first 0..n of y[n]: n + 1 entries. */
struct bw_trend_sums *bw_trend_pieces_sum(struct bw_arena *arena, const double *y, size_t n);

/* The squares that cells i..j-1 leave, j > i: around their mean, or around their line where that
 * saves more than `price`, which is added then. */
static inline double bw_trend_piece_cost(const struct bw_trend_sums *s, size_t i, size_t j,
                                         double price)
{
    const double per_cell = 1 / (double)(j - i);
    const double x = s[j].x - s[i].x, y = s[j].y - s[i].y;
    const double xx = s[j].xx - s[i].xx - x * x * per_cell;
    const double xy = s[j].xy - s[i].xy - x * y * per_cell;
    const double around_mean = s[j].yy - s[i].yy - y * y * per_cell;
    const double saved = xx > 0 ? xy * xy / xx - price : 0;
    const double cost = saved > 0 ? around_mean - saved : around_mean;
    return cost > 0 ? cost : 0;
}

/* Minus twice the log-likelihood of y[n] as these pieces plus AR(2) noise with Student's shocks of
 * 4 degrees of freedom, plus what its parameters cost: the smaller, the likelier. Differences
 * count, the value does not. Shocks have a variance of `grain` at least. `work` has room for 2 n.
 * The noise is fitted to what the pieces leave, so that a wave which a correlated noise explains
 * as well buys no piece, and a shift that only a strong correlation could explain away does. A
 * change costs 5 log n, a slope 1.5 log n: BIC's log n a parameter (Schwarz 1978), for a place
 * that was searched for about two more (Zhang and Siegmund 2007), and half as much again since
 * the noise of real metrics is no AR(2). */
double bw_trend_pieces_unlikely(const double *y, size_t n, const struct bw_trend_sums *s,
                                const struct bw_trend_cuts *cuts, double grain, double *work);

#endif
