// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/civil.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

enum { MS_PER_DAY = 86400000 };

/* Counts from 1 March 0000, so that the leap day ends a year, in eras of 400 years. */
int64_t bw_days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2 ? 1 : 0;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t year_of_era = year - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

int bw_weekday(int64_t days)
{
    const int64_t weekday = (days + 4) % 7;
    return (int)(weekday < 0 ? weekday + 7 : weekday);
}

int bw_days_in_month(int64_t year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static void date_from_days(int64_t days, struct bw_civil *out)
{
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t day_of_era = days - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    out->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    out->month = (int)(month < 10 ? month + 3 : month - 9);
    out->year = year_of_era + era * 400 + (out->month <= 2 ? 1 : 0);
}

struct bw_civil bw_civil_from_ms(int64_t unix_ms)
{
    int64_t days = unix_ms / MS_PER_DAY;
    int64_t rest = unix_ms % MS_PER_DAY;
    if (rest < 0) {
        rest += MS_PER_DAY;
        days--;
    }
    struct bw_civil civil = { .hour = (int)(rest / 3600000),
                              .minute = (int)(rest / 60000 % 60),
                              .second = (int)(rest / 1000 % 60),
                              .ms = (int)(rest % 1000) };
    date_from_days(days, &civil);
    return civil;
}

int64_t bw_civil_to_ms(const struct bw_civil *civil)
{
    const int64_t days = bw_days_from_civil(civil->year, civil->month, civil->day);
    return ((days * 24 + civil->hour) * 60 + civil->minute) * 60000 + civil->second * 1000
           + civil->ms;
}

void bw_format_rfc3339(char out[BW_RFC3339_MAX], int64_t unix_ms)
{
    const struct bw_civil c = bw_civil_from_ms(unix_ms);
    int len = snprintf(out, BW_RFC3339_MAX, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)c.year,
                       c.month, c.day, c.hour, c.minute, c.second);
    if (c.ms != 0)
        len += snprintf(out + len, BW_RFC3339_MAX - (size_t)len, ".%03d", c.ms);
    snprintf(out + len, BW_RFC3339_MAX - (size_t)len, "Z");
}

static bool two_digits(const char *p, int low, int high, int *out)
{
    uint64_t value;
    if (!bw_parse_uint(p, 2, &value) || (int)value < low || (int)value > high)
        return false;
    *out = (int)value;
    return true;
}

static bool parse_date_time(const char *p, struct bw_civil *c)
{
    uint64_t year;
    if (p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != 't' && p[10] != ' ') || p[13] != ':'
        || p[16] != ':' || !bw_parse_uint(p, 4, &year))
        return false;
    c->year = (int64_t)year;
    return two_digits(p + 5, 1, 12, &c->month) && two_digits(p + 8, 1, 31, &c->day)
           && c->day <= bw_days_in_month(c->year, c->month) && two_digits(p + 11, 0, 23, &c->hour)
           && two_digits(p + 14, 0, 59, &c->minute) && two_digits(p + 17, 0, 59, &c->second);
}

/* "Z" or "+01:00": minutes east. */
static bool parse_offset(const char *p, size_t len, int *out_minutes)
{
    int hours, minutes;
    if (len == 1 && (p[0] == 'Z' || p[0] == 'z')) {
        *out_minutes = 0;
        return true;
    }
    if (len != 6 || (p[0] != '+' && p[0] != '-') || p[3] != ':' || !two_digits(p + 1, 0, 23, &hours)
        || !two_digits(p + 4, 0, 59, &minutes))
        return false;
    *out_minutes = (p[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

bool bw_parse_rfc3339(const char *text, size_t len, int64_t *out_ms)
{
    struct bw_civil civil = { 0 };
    if (len < 20 || len >= BW_RFC3339_MAX || !parse_date_time(text, &civil))
        return false;
    size_t at = 19;
    if (text[at] == '.') {
        int scale = 100;
        for (at++; at < len && text[at] >= '0' && text[at] <= '9'; at++, scale /= 10)
            civil.ms += (text[at] - '0') * scale;
        if (at == 20)
            return false;
    }
    int offset_minutes;
    if (!parse_offset(text + at, len - at, &offset_minutes))
        return false;
    *out_ms = bw_civil_to_ms(&civil) - offset_minutes * INT64_C(60000);
    return true;
}
