// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/scratch.h: the working memory behind bw_trend_scratch. Of the folder alone. */
#ifndef TREND_SCRATCH_H
#define TREND_SCRATCH_H

#include "base/arena.h"
#include "trend/analyse.h"
#include "trend/examine.h"
#include "trend/forecast.h"

struct bw_trend_scratch {
    struct bw_arena arena; /* everything of one analysis */
    char *kept; /* room for the largest analysis so far: fresh pages would cost half of the time */
    size_t kept_bytes;
    char note[160];
    const struct bw_trend_exam *exam; /* of the last analysis; NULL: there was nothing to examine */
    struct bw_trend_forecast *forecast;    /* of it; NULL: nothing could be foreseen */
    double wide[BW_TREND_HORIZONS_MAX][2]; /* ends of the 95 % intervals where P50 is known */
};

/* Takes back what the last analysis used. */
struct bw_arena *bw_trend_scratch_begin(struct bw_trend_scratch *scratch);

#endif
