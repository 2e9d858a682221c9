// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/posix_tz.h"

#include "base/civil.h"

#include <string.h>

enum { HOUR_S = 3600, DAY_S = 86400 };

struct cursor {
    const char *at, *end;
};

static bool skip(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool read_number(struct cursor *c, int low, int high, int *out)
{
    int value = 0;
    const char *first = c->at;
    for (; c->at < c->end && is_digit(*c->at) && c->at - first < 4; c->at++)
        value = value * 10 + (*c->at - '0');
    if (c->at == first || value < low || value > high)
        return false;
    *out = value;
    return true;
}

/* "CET" or "<+03>". */
static bool read_name(struct cursor *c, char out[BW_POSIX_TZ_NAME_MAX])
{
    const bool quoted = skip(c, '<');
    const char *first = c->at;
    while (
        c->at < c->end
        && (is_letter(*c->at) || (quoted && (is_digit(*c->at) || *c->at == '+' || *c->at == '-'))))
        c->at++;
    const size_t len = (size_t)(c->at - first);
    if (len < 3 || len >= BW_POSIX_TZ_NAME_MAX || (quoted && !skip(c, '>')))
        return false;
    memcpy(out, first, len);
    out[len] = '\0';
    return true;
}

/* "[+-]h[h[h]][:mm[:ss]]" in seconds. */
static bool read_time(struct cursor *c, int hours_max, int32_t *out_s)
{
    const bool negative = skip(c, '-');
    int hours, minutes = 0, seconds = 0;
    if (!negative)
        skip(c, '+');
    if (!read_number(c, 0, hours_max, &hours))
        return false;
    if (skip(c, ':') && !read_number(c, 0, 59, &minutes))
        return false;
    if (skip(c, ':') && !read_number(c, 0, 59, &seconds))
        return false;
    const int32_t total = hours * HOUR_S + minutes * 60 + seconds;
    *out_s = negative ? -total : total;
    return true;
}

static bool read_day(struct cursor *c, struct bw_posix_change *out)
{
    if (skip(c, 'M')) {
        out->kind = BW_POSIX_WEEKDAY;
        return read_number(c, 1, 12, &out->month) && skip(c, '.')
               && read_number(c, 1, 5, &out->week) && skip(c, '.')
               && read_number(c, 0, 6, &out->day);
    }
    if (skip(c, 'J')) {
        out->kind = BW_POSIX_JULIAN;
        return read_number(c, 1, 365, &out->day);
    }
    out->kind = BW_POSIX_ZERO;
    return read_number(c, 0, 365, &out->day);
}

static bool read_change(struct cursor *c, struct bw_posix_change *out)
{
    out->time_s = 2 * HOUR_S;
    return skip(c, ',') && read_day(c, out) && (!skip(c, '/') || read_time(c, 167, &out->time_s));
}

static bool read_summer(struct cursor *c, struct bw_posix_tz *rule)
{
    int32_t west_s;
    if (!read_name(c, rule->summer_name))
        return false;
    rule->summer_s = rule->standard_s + HOUR_S;
    if (c->at < c->end && *c->at != ',') {
        if (!read_time(c, 24, &west_s))
            return false;
        rule->summer_s = -west_s;
    }
    rule->has_summer = true;
    return read_change(c, &rule->start) && read_change(c, &rule->end);
}

bool bw_posix_tz_parse(const char *text, size_t len, struct bw_posix_tz *out)
{
    struct cursor c = { text, text + len };
    struct bw_posix_tz rule = { .has_summer = false };
    int32_t west_s;
    if (!read_name(&c, rule.standard_name) || !read_time(&c, 24, &west_s))
        return false;
    rule.standard_s = -west_s; /* POSIX counts westward */
    if (c.at < c.end && !read_summer(&c, &rule))
        return false;
    if (c.at != c.end)
        return false;
    *out = rule;
    return true;
}

static int64_t weekday_of_month(int64_t year, const struct bw_posix_change *change)
{
    const int64_t first = bw_days_from_civil(year, change->month, 1);
    const int64_t to_weekday = (change->day - bw_weekday(first) + 7) % 7;
    int64_t day = to_weekday + 7 * (change->week - 1);
    if (day >= bw_days_in_month(year, change->month))
        day -= 7;
    return first + day;
}

/* Seconds of the local clock at which the change comes in that year. */
static int64_t change_local_s(int64_t year, const struct bw_posix_change *change)
{
    int64_t days = bw_days_from_civil(year, 1, 1) + change->day;
    if (change->kind == BW_POSIX_WEEKDAY)
        days = weekday_of_month(year, change);
    else if (change->kind == BW_POSIX_JULIAN)
        days += change->day >= 60 && bw_days_in_month(year, 2) == 29 ? 0 : -1;
    return days * DAY_S + change->time_s;
}

bool bw_posix_tz_is_summer(const struct bw_posix_tz *rule, int64_t unix_s)
{
    if (!rule->has_summer)
        return false;
    const int64_t year = bw_civil_from_ms((unix_s + rule->standard_s) * 1000).year;
    const int64_t start_s = change_local_s(year, &rule->start) - rule->standard_s;
    const int64_t end_s = change_local_s(year, &rule->end) - rule->summer_s;
    if (start_s < end_s)
        return unix_s >= start_s && unix_s < end_s;
    return unix_s >= start_s || unix_s < end_s; /* summer over New Year, in the south */
}
