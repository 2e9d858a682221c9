// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/points.h: a growing list of points, and its order in time. */
#ifndef PACK_POINTS_H
#define PACK_POINTS_H

#include "model/records.h"

/* All zeros is an empty list. */
struct bw_points {
    struct bw_point *items;
    size_t count;
    size_t cap;
};

void bw_points_add(struct bw_points *points, int64_t ts_ms, double value);

/* Room for `count` more after the last; the caller fills them and adds to count. */
struct bw_point *bw_points_reserve(struct bw_points *points, size_t count);

/* Strictly rising in time after it; of points with one time the one added last stays. */
void bw_points_settle(struct bw_points *points);

/* The same where the first `settled` are so among themselves: looks at the others only. */
void bw_points_settle_behind(struct bw_points *points, size_t settled);

/* Points that had the time of one before. */
struct bw_repeats {
    uint64_t same;  /* and its bits: nothing is lost without them */
    uint64_t other; /* but another value: a conflict */
};

/* The same, and adds up what did not stay. */
void bw_points_settle_counting(struct bw_points *points, struct bw_repeats *repeats);
void bw_points_fini(struct bw_points *points);

#endif
