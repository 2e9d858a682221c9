// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/interval.h"

#include "base/num.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

static const char *const weekday_names[] = { "sunday",   "monday", "tuesday", "wednesday",
                                             "thursday", "friday", "saturday" };
static const char *const month_names[] = { "january",   "february", "march",    "april",
                                           "may",       "june",     "july",     "august",
                                           "september", "october",  "november", "december" };

/* Reads one end of a range. */
typedef bool parse_end_fn(struct bw_span text, int16_t *out);

/* "x" or "x:y", each read by `parse`. */
static bool parse_part(const char *text, parse_end_fn *parse, struct bw_interval_part *out)
{
    struct bw_span rest = bw_span_of(text), first;
    const bool is_range = strchr(text, ':') != NULL;
    if (!bw_span_split(&rest, ':', &first) || !parse(bw_span_trim(first), &out->first))
        return false;
    out->last = out->first;
    return !is_range || parse(bw_span_trim(rest), &out->last);
}

static bool parse_name(struct bw_span text, const char *const *names, size_t count, int16_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) == text.len && strncasecmp(names[i], text.data, text.len) == 0) {
            *out = (int16_t)i;
            return true;
        }
    }
    return false;
}

static bool parse_number(struct bw_span text, int64_t low, int64_t high, int16_t *out)
{
    int64_t value;
    if (text.len == 0 || !bw_parse_int(text.data, text.len, &value) || value < low || value > high)
        return false;
    *out = (int16_t)value;
    return true;
}

static bool parse_weekday(struct bw_span text, int16_t *out)
{
    return parse_name(text, weekday_names, 7, out);
}

static bool parse_month(struct bw_span text, int16_t *out)
{
    if (parse_name(text, month_names, 12, out)) {
        *out = (int16_t)(*out + 1);
        return true;
    }
    return parse_number(text, 1, 12, out);
}

static bool parse_day_of_month(struct bw_span text, int16_t *out)
{
    return parse_number(text, -31, 31, out) && *out != 0;
}

static bool parse_year(struct bw_span text, int16_t *out)
{
    return parse_number(text, 1, 9999, out);
}

/* "HH:MM" up to "24:00": minutes of the day. */
static bool parse_clock(const char *text, int16_t *out)
{
    int16_t hour, minute;
    if (strlen(text) != 5 || text[2] != ':' || strspn(text, "0123456789:") != 5
        || !parse_number((struct bw_span){ text, 2 }, 0, 24, &hour)
        || !parse_number((struct bw_span){ text + 3, 2 }, 0, 59, &minute))
        return false;
    *out = (int16_t)(hour * 60 + minute);
    return *out <= 1440;
}

static enum bw_rc add_part(struct bw_interval_parts *parts, struct bw_interval_part part,
                           const char *what, struct bw_err *err)
{
    if (parts->count == BW_INTERVAL_PARTS_MAX)
        return bw_fail(err, BW_ELIMIT, "%s: more than %u entries", what, BW_INTERVAL_PARTS_MAX);
    parts->at[parts->count++] = part;
    return BW_OK;
}

static enum bw_rc ends_early(const char *what, const char *text, const char *hint,
                             struct bw_err *err)
{
    return bw_fail(err, BW_EINVAL, "%s: '%s' ends before it starts%s", what, text, hint);
}

enum bw_rc bw_interval_add_time(struct bw_interval *interval, const char *start, const char *end,
                                struct bw_err *err)
{
    struct bw_interval_part part;
    if (!parse_clock(start, &part.first))
        return bw_fail(err, BW_EINVAL, "start_time: expected HH:MM, 00:00 to 24:00, not '%s'",
                       start);
    if (!parse_clock(end, &part.last))
        return bw_fail(err, BW_EINVAL, "end_time: expected HH:MM, 00:00 to 24:00, not '%s'", end);
    if (part.first >= part.last)
        return bw_fail(err, BW_EINVAL,
                       "times: %s is not before %s; over midnight takes two entries, one of them "
                       "up to 24:00",
                       start, end);
    return add_part(&interval->times, part, "times", err);
}

enum bw_rc bw_interval_add_weekdays(struct bw_interval *interval, const char *text,
                                    struct bw_err *err)
{
    struct bw_interval_part part;
    if (!parse_part(text, parse_weekday, &part))
        return bw_fail(err, BW_EINVAL,
                       "weekdays: expected a day such as monday, or monday:friday, not '%s'", text);
    if (part.first > part.last)
        return ends_early("weekdays", text, ": the week begins on sunday, use two entries", err);
    for (int day = part.first; day <= part.last; day++)
        interval->weekdays = (uint8_t)(interval->weekdays | 1 << day);
    return BW_OK;
}

enum bw_rc bw_interval_add_months(struct bw_interval *interval, const char *text,
                                  struct bw_err *err)
{
    struct bw_interval_part part;
    if (!parse_part(text, parse_month, &part))
        return bw_fail(err, BW_EINVAL,
                       "months: expected a month such as may or 5, or may:august, not '%s'", text);
    if (part.first > part.last)
        return ends_early("months", text, "", err);
    for (int month = part.first; month <= part.last; month++)
        interval->months = (uint16_t)(interval->months | 1 << month);
    return BW_OK;
}

enum bw_rc bw_interval_add_days_of_month(struct bw_interval *interval, const char *text,
                                         struct bw_err *err)
{
    struct bw_interval_part part;
    if (!parse_part(text, parse_day_of_month, &part))
        return bw_fail(err, BW_EINVAL,
                       "days_of_month: expected 1 to 31, or -1 (the last day) to -31, or a range "
                       "such as 1:5 or -3:-1, not '%s'",
                       text);
    if (part.first < 0 && part.last > 0)
        return bw_fail(err, BW_EINVAL,
                       "days_of_month: '%s' starts from the end of the month and must end there",
                       text);
    /* "15:-1" can be told only when the month is known. */
    if (part.first > part.last && (part.first < 0) == (part.last < 0))
        return ends_early("days_of_month", text, "", err);
    return add_part(&interval->days_of_month, part, "days_of_month", err);
}

enum bw_rc bw_interval_add_years(struct bw_interval *interval, const char *text, struct bw_err *err)
{
    struct bw_interval_part part;
    if (!parse_part(text, parse_year, &part))
        return bw_fail(err, BW_EINVAL, "years: expected a year or 2026:2028, not '%s'", text);
    if (part.first > part.last)
        return ends_early("years", text, "", err);
    return add_part(&interval->years, part, "years", err);
}

static bool holds_time(const struct bw_interval_parts *parts, int minute)
{
    for (size_t i = 0; i < parts->count; i++) {
        if (minute >= parts->at[i].first && minute < parts->at[i].last)
            return true;
    }
    return parts->count == 0;
}

static bool holds_year(const struct bw_interval_parts *parts, int64_t year)
{
    for (size_t i = 0; i < parts->count; i++) {
        if (year >= parts->at[i].first && year <= parts->at[i].last)
            return true;
    }
    return parts->count == 0;
}

static bool holds_day(const struct bw_interval_parts *parts, const struct bw_civil *now)
{
    const int days = bw_days_in_month(now->year, now->month);
    for (size_t i = 0; i < parts->count; i++) {
        const struct bw_interval_part part = parts->at[i];
        const int first = part.first < 0 ? days + part.first + 1 : part.first;
        const int last = part.last < 0 ? days + part.last + 1 : part.last;
        if (now->day >= first && now->day <= last)
            return true;
    }
    return parts->count == 0;
}

bool bw_interval_contains(const struct bw_interval *interval, int64_t unix_ms)
{
    const struct bw_zone *zone = interval->zone != NULL ? interval->zone : bw_zone_utc();
    const struct bw_civil now = bw_zone_local(zone, unix_ms);
    const int weekday = bw_weekday(bw_days_from_civil(now.year, now.month, now.day));
    if (interval->weekdays != 0 && (interval->weekdays >> weekday & 1) == 0)
        return false;
    if (interval->months != 0 && (interval->months >> now.month & 1) == 0)
        return false;
    return holds_time(&interval->times, now.hour * 60 + now.minute)
           && holds_day(&interval->days_of_month, &now) && holds_year(&interval->years, now.year);
}

bool bw_intervals_contain(const struct bw_interval *intervals, size_t count, int64_t unix_ms)
{
    for (size_t i = 0; i < count; i++) {
        if (bw_interval_contains(&intervals[i], unix_ms))
            return true;
    }
    return false;
}
