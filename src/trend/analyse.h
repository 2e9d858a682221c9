// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/analyse.h: one series in, one bw_trend_record out: where it is heading, how sure we
 * are, what it will be at each horizon, and when it reaches a threshold.
 *
 *   points -> grid -> season -> segment -> slope -> direction ---+-> record
 *                        |                             |         |
 *                        +-> forecast (quantiles)      +-> threshold (first passage)
 *
 * Pure: no clock, no random device; the same request gives the same record, bit for bit.
 * Memory is bounded by BW_TREND_CELLS_MAX cells whatever the number of points (a copy of
 * the points is made only when their times do not rise). Thread-safety: one scratch per
 * thread. The program must have called gsl_set_error_handler_off() at its start. */
#ifndef TREND_ANALYSE_H
#define TREND_ANALYSE_H

#include "base/err.h"
#include "model/records.h"
#include "trend/adapt.h"
#include "trend/question.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_trend_season_policy {
    BW_TREND_SEASON_AUTO,  /* looked for */
    BW_TREND_SEASON_NONE,  /* never */
    BW_TREND_SEASON_FIXED, /* season_ms, if the data holds two of them */
};

struct bw_trend_request {
    /* Any order; of equal times the later entry wins. NaN and infinities count as missing. */
    const struct bw_point *points;
    size_t count;
    bool counter;    /* the values only rise between resets: analyse the rate per second */
    int64_t step_ms; /* interval of the series; 0: the median distance of the points */
    enum bw_trend_season_policy season;
    int64_t season_ms; /* for BW_TREND_SEASON_FIXED */
    int64_t horizons_ms[BW_TREND_HORIZONS_MAX];
    size_t horizon_count;
    struct bw_trend_width widths[BW_TREND_HORIZONS_MAX]; /* learned from outcomes; 0: nothing yet */
    double threshold; /* NaN: none. For a counter: in units of its rate per second */
    int side;         /* +1: reaching it from below matters, -1: from above, 0: no threshold */
    int64_t now_ms;   /* goes into computed_ms; points later than this are ignored unless 0 */
    /* Times at which something is known to have been changed, rising; the newest 16 count. A change
     * of course there needs less evidence, and none is made of a time that nothing changed at. */
    const int64_t *breaks_ms;
    size_t break_count;
    struct bw_trend_question *questions; /* asked besides, and answered in place */
    size_t question_count;
};

/* Working memory that one analysis after another uses. */
struct bw_trend_scratch;
struct bw_trend_scratch *bw_trend_scratch_new(void);
void bw_trend_scratch_free(struct bw_trend_scratch *scratch);

/* BW_EINVAL for a request that makes no sense: more horizons than fit, a negative horizon, a fixed
 * season that is not positive, a question without a side or a time ahead. */
enum bw_rc bw_trend_request_check(const struct bw_trend_request *request, struct bw_err *err);

/* Fills *out except series, metric and labels, which are the caller's and stay as they are (words
 * use the unit that the metric's name says; NULL: none).
 * What cannot be known is NaN, BW_UNDETERMINED or, for the time to a threshold, +Inf (not
 * within what is foreseen: as long ahead as the data reaches back). out->note is text in
 * the scratch: it lives until the next analysis. Thin, constant or empty data is no failure.
 * Fails as bw_trend_request_check, *out untouched, and in no other way. */
enum bw_rc bw_trend_analyse(const struct bw_trend_request *request,
                            struct bw_trend_scratch *scratch, struct bw_trend_record *out,
                            struct bw_err *err);

/* The same, and fills *picture (trend/picture.h; NULL: nobody looks) from the same numbers: where
 * the path meets a horizon it says what the record says. Costs a tenth more. */
struct bw_trend_picture;
enum bw_rc bw_trend_analyse_shown(const struct bw_trend_request *request,
                                  struct bw_trend_scratch *scratch, struct bw_trend_record *out,
                                  struct bw_trend_picture *picture, struct bw_err *err);

#endif
