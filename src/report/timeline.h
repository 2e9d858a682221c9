// SPDX-License-Identifier: GPL-3.0-or-later
/* report/timeline.h: from changes of status and the times of results to how time was spent.
 *
 *   results      x  x  x  x  x                 x  x  x  x
 *   known        |-----------------|           |------------|   a result stands for one
 *   status       HEALTHY     UNHEALTHY                HEALTHY   interval; a pause of up to
 *   counted as   H H H H H H U U U ? ? ? ? ? ? U U U U H H H H   three is bridged
 *
 * What lies in maintenance counts as that, whatever is known of it: an incident that began there
 * begins when it is over.
 *
 * Pure. Times are Unix ms; all ranges are [from, to). */
#ifndef REPORT_TIMELINE_H
#define REPORT_TIMELINE_H

#include "model/records.h"
#include "report/report.h"

/* How many intervals may pass without a result before the time counts as unknown. */
enum { BW_REPORT_SILENT_INTERVALS = 3 };

struct bw_report_change {
    int64_t ts_ms;
    int64_t id; /* orders changes of one time */
    enum bw_status from, to;
    const char *cause;
};

/* A time in which a check could not be seen, whatever its results, or was in maintenance. */
struct bw_report_spell {
    int64_t from_ms, to_ms;
};

struct bw_report_timeline {
    const struct bw_report_change *changes; /* oldest first, all inside the range */
    size_t count;
    enum bw_status initial; /* at from_ms */
    int64_t from_ms, to_ms;
    const struct bw_report_spell *blind; /* oldest first, without overlaps */
    size_t blind_count;
    const struct bw_report_spell *maintenance; /* the same */
    size_t maintenance_count;
    int64_t interval_ms; /* of results, as the check itself said; 0: as they came */
    int64_t before_ms;   /* when the last result before the range was; 0: nobody knows */
};

/* The median distance of neighbours; 0 with fewer than two points. */
int64_t bw_report_interval_ms(const struct bw_point *points, size_t count);

/* Fills in time, available_ratio, status, incidents, downtime_ms, longest_ms and strip. Points,
 * strictly rising, may begin before the range by up to `lookback_ms`, whoever asked for them
 * says how far it looked. `always` means that there are no results to go by: all time is
 * known. */
void bw_report_spend(const struct bw_report_timeline *timeline, const struct bw_point *points,
                     size_t count, int64_t lookback_ms, bool always, struct bw_report_check *out);

/* The value that a part of `ratio` of the values does not exceed (nearest rank); reorders them.
 * NaN without values. */
double bw_report_quantile(double *values, size_t count, double ratio);

#endif
