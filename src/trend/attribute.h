// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/attribute.h: a whole moved; which of its parts did? The phases of a probe, what memory is
 * used for.
 *
 * Runs before and after a moment are compared by a quantile of the whole. Quantiles do not add up,
 * means do: so the parts are averaged over the runs around that quantile (0.90 to 0.99 for p95, the
 * middle half for the median; Tasche 1999 attributes risk so), and the change of each part's mean
 * is its share of the change of the whole's. What no part has is the rest. A share counts when the
 * whole's change has one sign in 195 of 200 resamplings by blocks (Kunsch 1989: neighbouring runs
 * are alike), and a part drives when it has more than half in 190 of them. Pure; seeded from the
 * data. */
#ifndef TREND_ATTRIBUTE_H
#define TREND_ATTRIBUTE_H

#include "base/arena.h"
#include "model/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BW_TREND_PARTS_MAX = 12, BW_TREND_RUNS_MAX = 1000 };

struct bw_trend_part {
    int sign;                      /* +1: the whole grows with it, -1: it shrinks */
    const struct bw_point *points; /* rising times, those of the whole; none: 0 */
    size_t count;
};

struct bw_trend_whole {
    const struct bw_point *points; /* rising times */
    size_t count;
    const struct bw_trend_part *parts;
    size_t part_count; /* up to BW_TREND_PARTS_MAX */
    int64_t at_ms;     /* when it moved */
    int64_t doubt_ms;  /* runs that near to it, on both sides, count for neither */
};

struct bw_trend_blame {
    bool tail;            /* of the 95 % quantile; else of the median */
    double before, after; /* that quantile */
    size_t driver;        /* a part; part_count: the rest; beyond: none alone */
    double share;         /* of the driver, 0..1; 0 without one */
};

/* False when the change is not significant or there are fewer than 16 runs on a side; p95 needs
 * 100. Of more than BW_TREND_RUNS_MAX runs on a side so many are taken, evenly. */
bool bw_trend_attribute(struct bw_arena *arena, const struct bw_trend_whole *whole,
                        struct bw_trend_blame *out);

#endif
