// SPDX-License-Identifier: GPL-3.0-or-later
/* What the tests of whole analyses ask; after cmocka.h. */
#ifndef TEST_ASKED_H
#define TEST_ASKED_H

#include "trend/analyse.h"

#include <math.h>
#include <stdlib.h>

enum { MINUTE_MS = 60000 };

/* Two horizons, no threshold, no points yet. */
static inline struct bw_trend_request plain(void)
{
    return (struct bw_trend_request){ .threshold = NAN,
                                      .horizons_ms = { 10 * MINUTE_MS, 60 * MINUTE_MS },
                                      .horizon_count = 2 };
}

/* x[n], one value a minute; the caller frees them. */
static inline struct bw_point *minutes(const double *x, size_t n)
{
    struct bw_point *points = calloc(n + 1, sizeof *points);
    for (size_t i = 0; i < n; i++)
        points[i] = (struct bw_point){ (int64_t)i * MINUTE_MS, x[i] };
    return points;
}

/* The record of x[n], one value a minute, asked with `like`. */
static inline struct bw_trend_record record_of(struct bw_trend_scratch *scratch, const double *x,
                                               size_t n, struct bw_trend_request like)
{
    struct bw_point *points = minutes(x, n);
    like.points = points;
    like.count = n;
    struct bw_trend_record record = { 0 };
    assert_int_equal(bw_trend_analyse(&like, scratch, &record, NULL), BW_OK);
    free(points);
    return record;
}

#endif
