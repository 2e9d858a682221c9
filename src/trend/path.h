// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/path.h: the way from the last value to the farthest horizon, step by step: what a chart
 * shows of an analysis, and what outcomes are compared with. */
#ifndef TREND_PATH_H
#define TREND_PATH_H

#include "trend/analyse.h"

struct bw_trend_path {
    int64_t first_ms; /* middle of the first step */
    int64_t step_ms;
    size_t n;                    /* steps, 0: nothing can be foreseen */
    double *low, *middle, *high; /* [n] */
};

/* The forecast that the last analysis with this scratch made, with the central interval of
 * `level` (0..1). What was learned of earlier outcomes (request.widths) is not in it. It lives
 * until the next analysis. */
struct bw_trend_path bw_trend_path_of(struct bw_trend_scratch *scratch, double level);

#endif
