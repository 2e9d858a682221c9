// SPDX-License-Identifier: GPL-3.0-or-later
/* calendar/calendar.h: calendars by name, and the hours that are made of them: "is it time?" and
 * "until when?".
 *
 *     calendars   office   |--------|        |--------|
 *                 holiday                    |------------------|
 *     hours       office, except holiday
 *                          |--------|
 *
 * Pure: whoever asks says when. Everything is borrowed and only read, so any thread may ask. What
 * is in or out changes at whole minutes of a local clock only. */
#ifndef CALENDAR_CALENDAR_H
#define CALENDAR_CALENDAR_H

#include "calendar/interval.h"

/* Contains an instant when one of its intervals does. */
struct bw_calendar {
    const char *name;
    const struct bw_interval *intervals;
    size_t count;
};

/* Within one of `within` (at any time when there are none), and in none of `except`. */
struct bw_hours {
    const struct bw_calendar *const *within;
    size_t within_count;
    const struct bw_calendar *const *except;
    size_t except_count;
};

bool bw_calendar_contains(const struct bw_calendar *calendar, int64_t unix_ms);
bool bw_hours_contain(const struct bw_hours *hours, int64_t unix_ms);

/* How far ahead a change is looked for. */
#define BW_HOURS_AHEAD_MS (INT64_C(100) * 24 * 3600 * 1000)

/* The first instant after `after_ms` at which it is time if it was not at `after_ms`, or the other
 * way round. False when there is none within BW_HOURS_AHEAD_MS. */
bool bw_hours_next_change(const struct bw_hours *hours, int64_t after_ms, int64_t *out_ms);

/* The zone whose clock people have in mind: that of the first interval. */
const struct bw_zone *bw_hours_zone(const struct bw_hours *hours);

#endif
