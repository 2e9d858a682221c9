// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/calendar.h"

enum { MINUTE_MS = 60 * 1000, DAY_MS = 24 * 60 * MINUTE_MS };

bool bw_calendar_contains(const struct bw_calendar *calendar, int64_t unix_ms)
{
    return bw_intervals_contain(calendar->intervals, calendar->count, unix_ms);
}

static bool any_contains(const struct bw_calendar *const *calendars, size_t count, int64_t unix_ms)
{
    for (size_t i = 0; i < count; i++) {
        if (bw_calendar_contains(calendars[i], unix_ms))
            return true;
    }
    return false;
}

bool bw_hours_contain(const struct bw_hours *hours, int64_t unix_ms)
{
    return (hours->within_count == 0 || any_contains(hours->within, hours->within_count, unix_ms))
           && !any_contains(hours->except, hours->except_count, unix_ms);
}

/* ---- changes --------------------------------------------------------------------------- */

static const struct bw_zone *zone_of(const struct bw_interval *interval)
{
    return interval->zone != NULL ? interval->zone : bw_zone_utc();
}

static int64_t next_minute(int64_t begin_ms, int64_t after_ms)
{
    return begin_ms + ((after_ms - begin_ms) / MINUTE_MS + 1) * (int64_t)MINUTE_MS;
}

/* The first instant after `after_ms` at which the interval could change. On a day of the usual
 * length that is where one of its times begins or ends, or midnight. On the others, and where a
 * clock that went back comes to its midnight again, every minute is looked at. */
static int64_t next_edge(const struct bw_interval *interval, int64_t after_ms)
{
    const struct bw_zone *zone = zone_of(interval);
    const int64_t begin_ms = bw_zone_day_start_ms(zone, after_ms, 0);
    int64_t edge_ms = bw_zone_day_start_ms(zone, after_ms, 1);
    if (edge_ms - begin_ms != DAY_MS || edge_ms <= after_ms)
        return next_minute(begin_ms, after_ms);
    for (size_t i = 0; i < interval->times.count; i++) {
        const int64_t ends[] = { begin_ms + interval->times.at[i].first * (int64_t)MINUTE_MS,
                                 begin_ms + interval->times.at[i].last * (int64_t)MINUTE_MS };
        for (size_t k = 0; k < 2; k++) {
            if (ends[k] > after_ms && ends[k] < edge_ms)
                edge_ms = ends[k];
        }
    }
    return edge_ms;
}

static int64_t next_edge_of_any(const struct bw_calendar *const *calendars, size_t count,
                                int64_t after_ms, int64_t until_ms)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < calendars[i]->count; k++) {
            const int64_t edge_ms = next_edge(&calendars[i]->intervals[k], after_ms);
            until_ms = edge_ms < until_ms ? edge_ms : until_ms;
        }
    }
    return until_ms;
}

bool bw_hours_next_change(const struct bw_hours *hours, int64_t after_ms, int64_t *out_ms)
{
    const bool now = bw_hours_contain(hours, after_ms);
    const int64_t end_ms = after_ms + BW_HOURS_AHEAD_MS;
    for (int64_t at_ms = after_ms;;) {
        int64_t next_ms = next_edge_of_any(hours->within, hours->within_count, at_ms, end_ms);
        next_ms = next_edge_of_any(hours->except, hours->except_count, at_ms, next_ms);
        if (next_ms >= end_ms)
            return false;
        if (bw_hours_contain(hours, next_ms) != now) {
            *out_ms = next_ms;
            return true;
        }
        at_ms = next_ms;
    }
}

const struct bw_zone *bw_hours_zone(const struct bw_hours *hours)
{
    for (size_t i = 0; i < hours->within_count; i++) {
        if (hours->within[i]->count > 0)
            return zone_of(&hours->within[i]->intervals[0]);
    }
    for (size_t i = 0; i < hours->except_count; i++) {
        if (hours->except[i]->count > 0)
            return zone_of(&hours->except[i]->intervals[0]);
    }
    return bw_zone_utc();
}
