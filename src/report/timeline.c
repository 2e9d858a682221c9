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
    size_t next;               /* change */
    size_t blind, maintenance; /* spells: the first that is not over */
    enum bw_status status;
    int64_t at_ms;
    int64_t spent_ms[BW_STATUS_COUNT];
    int64_t maintenance_ms;
    int64_t incident_ms; /* of the incident that goes on */
    bool untold;         /* it began in maintenance, and nothing of it lies outside yet */
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

/* The worst, with maintenance between what is well and what is not. */
static int rank_in_strip(uint8_t part)
{
    static const int ranks[] = { [BW_UNKNOWN] = 0,
                                 [BW_HEALTHY] = 1,
                                 [BW_DEGRADED] = 3,
                                 [BW_UNHEALTHY] = 4,
                                 [BW_REPORT_STRIP_MAINTENANCE] = 2 };
    return ranks[part];
}

static void mark_strip(struct walk *walk, int64_t until_ms, uint8_t part)
{
    const int64_t from_ms = walk->timeline->from_ms;
    const int64_t range_ms = walk->timeline->to_ms - from_ms;
    const int64_t first = (walk->at_ms - from_ms) * BW_REPORT_STRIP_PARTS / range_ms;
    const int64_t last = (until_ms - 1 - from_ms) * BW_REPORT_STRIP_PARTS / range_ms;
    for (int64_t i = first; i <= last; i++) {
        if (rank_in_strip(walk->out->strip[i]) < rank_in_strip(part))
            walk->out->strip[i] = part;
    }
}

static void count_incident(struct walk *walk, int64_t until_ms)
{
    if (walk->untold) {
        walk->untold = false;
        walk->out->incidents++;
        walk->incident_ms = 0;
    }
    walk->incident_ms += until_ms - walk->at_ms;
    if (walk->incident_ms > walk->out->longest_ms)
        walk->out->longest_ms = walk->incident_ms;
}

static void count_part(struct walk *walk, int64_t until_ms, bool known, bool maintained)
{
    const enum bw_status status = known ? walk->status : BW_UNKNOWN;
    *(maintained ? &walk->maintenance_ms : &walk->spent_ms[status]) += until_ms - walk->at_ms;
    if (status == BW_UNHEALTHY && !maintained)
        count_incident(walk, until_ms);
    mark_strip(walk, until_ms, maintained ? BW_REPORT_STRIP_MAINTENANCE : (uint8_t)status);
    walk->last = status;
    walk->at_ms = until_ms;
}

/* Whether the walk is in one of the spells, of which *next is the first that is not over;
 * *until_ms is brought forward to when that changes. */
static bool is_within(const struct bw_report_spell *spells, size_t count, size_t *next,
                      int64_t at_ms, int64_t *until_ms)
{
    while (*next < count && spells[*next].to_ms <= at_ms)
        ++*next;
    if (*next == count)
        return false;
    const bool within = spells[*next].from_ms <= at_ms;
    const int64_t end_ms = within ? spells[*next].to_ms : spells[*next].from_ms;
    *until_ms = end_ms < *until_ms ? end_ms : *until_ms;
    return within;
}

static bool is_blind(struct walk *walk, int64_t *until_ms)
{
    return is_within(walk->timeline->blind, walk->timeline->blind_count, &walk->blind, walk->at_ms,
                     until_ms);
}

static bool is_maintained(struct walk *walk, int64_t *until_ms)
{
    return is_within(walk->timeline->maintenance, walk->timeline->maintenance_count,
                     &walk->maintenance, walk->at_ms, until_ms);
}

static void count_until(struct walk *walk, int64_t until_ms, bool known)
{
    while (walk->at_ms < until_ms) {
        int64_t end_ms = until_ms;
        const bool blind = is_blind(walk, &end_ms), maintained = is_maintained(walk, &end_ms);
        count_part(walk, end_ms, known && !blind, maintained);
    }
}

static void take_change(struct walk *walk, const struct bw_report_change *change)
{
    int64_t end_ms = INT64_MAX;
    if (change->to != BW_UNHEALTHY) {
        walk->untold = false;
    } else if (walk->status != BW_UNHEALTHY) {
        walk->untold = is_maintained(walk, &end_ms);
        walk->out->incidents += !walk->untold;
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
        .maintenance_ratio = (double)walk->maintenance_ms / all,
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
