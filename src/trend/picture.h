// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/picture.h: what a person wants to see of one analysis beside its record: the course so
 * far, the forecast step by step, the present regime with its line, and what decided. Values are
 * in the series' unit (of a counter: per second), times are Unix ms; NaN is "not known". */
#ifndef TREND_PICTURE_H
#define TREND_PICTURE_H

#include "base/arena.h"
#include "model/records.h"
#include "trend/mann_kendall.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many steps are more than a screen can show; a picture stays below 16 KiB. */
enum {
    BW_TREND_SEEN_MAX = 400,
    BW_TREND_AHEAD_MAX = 60,
    BW_TREND_CHANGES_MAX = 16,
    BW_TREND_PERIODS_MAX = 2
};

/* One step of the forecast: its median, and what holds 80 and 95 of 100 such values. */
struct bw_trend_ahead {
    int64_t ts_ms;
    double low95, low80, p50, high80, high95;
};

struct bw_trend_picture {
    /* The course: means of `seen_step_ms`, one after the other; NaN where nothing was seen. */
    struct bw_point seen[BW_TREND_SEEN_MAX];
    size_t seen_count;
    int64_t seen_step_ms;

    int64_t step_ms; /* width of a cell, in which all is counted; 0: nothing was seen */
    size_t cells;    /* from the first to the last value */
    size_t present;  /* of them with a value */
    size_t resets;   /* of a counter */
    bool constant;   /* all values are the same, but for rounding */

    /* The forecast, up to the farthest horizon that half of the data reaches. */
    struct bw_trend_ahead ahead[BW_TREND_AHEAD_MAX];
    size_t ahead_count;
    size_t origins; /* past forecasts that its doubt was learned from */
    double skill;   /* 1 - its error over that of "as now" at those; NaN without any */

    /* Regimes: the newest changes, rising; the line of the last one. */
    int64_t change_ms[BW_TREND_CHANGES_MAX];
    size_t change_count;
    int64_t regime_ms;                     /* where it begins */
    double line_begin, line_end;           /* at its begin and at its last cell */
    double period_s[BW_TREND_PERIODS_MAX]; /* seasons, the shortest first */
    double strength[BW_TREND_PERIODS_MAX]; /* share of each in what it and the noise do, 0..1 */
    size_t period_count;

    /* What decided. */
    double falling, flat, rising; /* probabilities, sum 1 */
    size_t values;                /* of the regime */
    double independent;           /* so many independent ones they are worth */
    double needed;                /* so many make a direction */
    double correlation;           /* of one residual with the next, 0..1 */
    double z;                     /* slope over its standard error, as a normal score */
    double drift;                 /* the same of its steps, were it a random walk; 0: too few */
    double explained;             /* share of what it does that its line explains, 0..1 */
    struct bw_trend_mk test;      /* of the regime without its season; for comparison */
    double sen_per_second, sen_at_end;
    int64_t wait_ms; /* that much more of the same may settle it; 0: settled, or nobody knows */
};

struct bw_trend_exam;
struct bw_trend_forecast;

/* Nothing known. */
void bw_trend_picture_begin(struct bw_trend_picture *picture);

/* Fills in all but the forecast. O(n log n). */
void bw_trend_picture_exam(struct bw_arena *arena, const struct bw_trend_exam *exam,
                           struct bw_trend_picture *picture);

/* Fills in the forecast of an examined series. Intervals are as wide as those of the record's
 * horizons were made by `widths`, and between two horizons in between. */
struct bw_trend_width;
void bw_trend_picture_forecast(struct bw_arena *arena, const struct bw_trend_exam *exam,
                               struct bw_trend_forecast *forecast,
                               const struct bw_trend_width *widths,
                               const struct bw_trend_record *record,
                               struct bw_trend_picture *picture);

#endif
