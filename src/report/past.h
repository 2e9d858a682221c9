// SPDX-License-Identifier: GPL-3.0-or-later
/* report/past.h: what was rolled up, as results again.
 *
 *   buckets   [   4   ][   4   ]   ...   [  2    ]
 *   results    x x x x  x x x x           x   x      spread evenly, since when they were
 *                                                    is not known any more
 * Pure. */
#ifndef REPORT_PAST_H
#define REPORT_PAST_H

#include "model/records.h"
#include "pack/rollup.h"

/* A growing list; all zeros is empty. */
struct bw_past_points {
    struct bw_point *items;
    size_t count, cap;
};

void bw_past_points_fini(struct bw_past_points *points);

/* Appends as many points as were counted in each bucket of `step_ms`. Their values are 0 or 1, as
 * those of a series of results: as many 1 as the sum says, the last one as it was. A bucket of a
 * day, which is what is left longest, is spread over its day whatever the step. */
void bw_past_unfold(struct bw_past_points *out, const struct bw_bucket *buckets, size_t count,
                    int64_t step_ms);

#endif
