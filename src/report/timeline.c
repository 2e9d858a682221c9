// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/timeline.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

/* What a lone result stands for. */
#define INTERVAL_GUESS_MS INT64_C(60000)

/* Where a walk along the range has come to. */
struct walk {
    const struct bw_report_timeline *timeline;
    struct bw_report_check *out;
    size_t next;  /* change */
    size_t spell; /* of blindness: the first that is not over */
    enum bw_status status;
    int64_t at_ms;
    int64_t spent_ms[BW_STATUS_COUNT];
    int64_t incident_ms; /* of the incident that goes on */
    enum bw_status last; /* as counted */
};

/* Quickselect with Hoare's partition (C. A. R. Hoare, Algorithm 65, 1961): the value that would be
 * at `rank` if they were sorted. */
static double select_rank(double *values, size_t count, size_t rank)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        const double pivot = values[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i >= j)
                break;
            const double swap = values[i];
            values[i++] = values[j];
            values[j--] = swap;
        }
        if (rank <= j)
            high = j;
        else
            low = j + 1;
    }
    return values[low];
}

double bw_report_quantile(double *values, size_t count, double ratio)
{
    if (count == 0)
        return NAN;
    const double rank = ceil(ratio * (double)count);
    return select_rank(values, count, rank < 1 ? 0 : (size_t)rank - 1);
}

int64_t bw_report_interval_ms(const struct bw_point *points, size_t count)
{
    if (count < 2)
        return 0;
    double *distances = bw_alloc_array(count - 1, sizeof *distances);
    for (size_t i = 1; i < count; i++)
        distances[i - 1] = (double)(points[i].ts_ms - points[i - 1].ts_ms);
    const int64_t median_ms = (int64_t)bw_report_quantile(distances, count - 1, 0.5);
    free(distances);
    return median_ms;
}

static void mark_strip(struct walk *walk, int64_t until_ms, enum bw_status status)
{
    const int64_t from_ms = walk->timeline->from_ms;
    const int64_t range_ms = walk->timeline->to_ms - from_ms;
    const int64_t first = (walk->at_ms - from_ms) * BW_REPORT_STRIP_PARTS / range_ms;
    const int64_t last = (until_ms - 1 - from_ms) * BW_REPORT_STRIP_PARTS / range_ms;
    for (int64_t i = first; i <= last; i++) {
        if (walk->out->strip[i] < status) /* the numbers rise from UNKNOWN to UNHEALTHY */
            walk->out->strip[i] = (uint8_t)status;
    }
}

static void count_part(struct walk *walk, int64_t until_ms, bool known)
{
    const enum bw_status status = known ? walk->status : BW_UNKNOWN;
    walk->spent_ms[status] += until_ms - walk->at_ms;
    if (status == BW_UNHEALTHY) {
        walk->incident_ms += until_ms - walk->at_ms;
        if (walk->incident_ms > walk->out->longest_ms)
            walk->out->longest_ms = walk->incident_ms;
    }
    mark_strip(walk, until_ms, status);
    walk->last = status;
    walk->at_ms = until_ms;
}

/* Whether we are blind here, and until when that stays so. */
static bool is_blind(struct walk *walk, int64_t *out_until_ms)
{
    const struct bw_report_timeline *timeline = walk->timeline;
    while (walk->spell < timeline->blind_count && timeline->blind[walk->spell].to_ms <= walk->at_ms)
        walk->spell++;
    *out_until_ms = INT64_MAX;
    if (walk->spell == timeline->blind_count)
        return false;
    const struct bw_report_spell *spell = &timeline->blind[walk->spell];
    const bool blind = spell->from_ms <= walk->at_ms;
    *out_until_ms = blind ? spell->to_ms : spell->from_ms;
    return blind;
}

static void count_until(struct walk *walk, int64_t until_ms, bool known)
{
    while (walk->at_ms < until_ms) {
        int64_t end_ms;
        const bool blind = is_blind(walk, &end_ms);
        count_part(walk, end_ms < until_ms ? end_ms : until_ms, known && !blind);
    }
}

static void take_change(struct walk *walk, const struct bw_report_change *change)
{
    if (change->to == BW_UNHEALTHY && walk->status != BW_UNHEALTHY) {
        walk->out->incidents++;
        walk->incident_ms = 0;
    }
    walk->status = change->to;
}

static void go_to(struct walk *walk, int64_t until_ms, bool known)
{
    const struct bw_report_timeline *timeline = walk->timeline;
    if (until_ms > timeline->to_ms)
        until_ms = timeline->to_ms;
    while (walk->next < timeline->count && timeline->changes[walk->next].ts_ms < until_ms) {
        const struct bw_report_change *change = &timeline->changes[walk->next++];
        count_until(walk, change->ts_ms, known);
        take_change(walk, change);
    }
    count_until(walk, until_ms, known);
}

/* How long the result at `ts_ms` is good for when the next one is at `next_ms`. */
static int64_t good_until(int64_t ts_ms, int64_t next_ms, int64_t interval_ms)
{
    return next_ms - ts_ms <= BW_REPORT_SILENT_INTERVALS * interval_ms ? next_ms
                                                                       : ts_ms + interval_ms;
}

static int64_t interval_of(const struct bw_report_timeline *timeline, const struct bw_point *points,
                           size_t count)
{
    if (timeline->interval_ms > 0)
        return timeline->interval_ms;
    const int64_t interval_ms = bw_report_interval_ms(points, count);
    return interval_ms > 0 ? interval_ms : INTERVAL_GUESS_MS;
}

/* Of a check so slow that its last result before the range is none of the points. */
static void walk_beginning(struct walk *walk, const struct bw_point *points, size_t count,
                           int64_t lookback_ms, int64_t interval_ms)
{
    const struct bw_report_timeline *timeline = walk->timeline;
    const int64_t first_ms = count > 0 ? points[0].ts_ms : timeline->to_ms;
    if (timeline->before_ms != 0)
        go_to(walk, good_until(timeline->before_ms, first_ms, interval_ms), true);
    else if (count > 0 && BW_REPORT_SILENT_INTERVALS * interval_ms > lookback_ms
             && first_ms - walk->at_ms <= BW_REPORT_SILENT_INTERVALS * interval_ms)
        go_to(walk, first_ms, true);
}

static void walk_points(struct walk *walk, const struct bw_point *points, size_t count,
                        int64_t lookback_ms)
{
    const int64_t to_ms = walk->timeline->to_ms;
    const int64_t interval_ms = interval_of(walk->timeline, points, count);
    walk_beginning(walk, points, count, lookback_ms, interval_ms);
    for (size_t i = 0; i < count; i++) {
        const int64_t next_ms = i + 1 < count ? points[i + 1].ts_ms : to_ms;
        if (next_ms <= walk->timeline->from_ms)
            continue;
        go_to(walk, points[i].ts_ms, false);
        go_to(walk, good_until(points[i].ts_ms, next_ms, interval_ms), true);
    }
    go_to(walk, to_ms, false);
}

static void tell_spent(const struct walk *walk, struct bw_report_check *out)
{
    const int64_t *ms = walk->spent_ms;
    const double all = (double)(walk->timeline->to_ms - walk->timeline->from_ms);
    const int64_t up_ms = ms[BW_HEALTHY] + ms[BW_DEGRADED], known_ms = up_ms + ms[BW_UNHEALTHY];
    out->time = (struct bw_report_time){
        .healthy_ratio = (double)ms[BW_HEALTHY] / all,
        .degraded_ratio = (double)ms[BW_DEGRADED] / all,
        .unhealthy_ratio = (double)ms[BW_UNHEALTHY] / all,
        .unknown_ratio = (double)ms[BW_UNKNOWN] / all,
    };
    out->available_ratio = known_ms > 0 ? (double)up_ms / (double)known_ms : NAN;
    out->downtime_ms = ms[BW_UNHEALTHY];
    out->status = walk->last;
}

void bw_report_spend(const struct bw_report_timeline *timeline, const struct bw_point *points,
                     size_t count, int64_t lookback_ms, bool always, struct bw_report_check *out)
{
    struct walk walk = {
        .timeline = timeline, .out = out, .status = timeline->initial, .at_ms = timeline->from_ms
    };
    if (always)
        go_to(&walk, timeline->to_ms, true);
    else
        walk_points(&walk, points, count, lookback_ms);
    tell_spent(&walk, out);
}
