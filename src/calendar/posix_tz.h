// SPDX-License-Identifier: GPL-3.0-or-later
/* calendar/posix_tz.h: the rule at the end of a TZif file for all times after its table,
 * "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX.1 TZ with the hours of RFC 9636 section 3.3.2). */
#ifndef CALENDAR_POSIX_TZ_H
#define CALENDAR_POSIX_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_POSIX_TZ_NAME_MAX 16u

enum bw_posix_day_kind {
    BW_POSIX_JULIAN,  /* "J60": 1..365, 29 February is never counted */
    BW_POSIX_ZERO,    /* "59": 0..365, it is counted */
    BW_POSIX_WEEKDAY, /* "M3.5.0": month, week 1..5 (5: the last), weekday from Sunday */
};

struct bw_posix_change {
    enum bw_posix_day_kind kind;
    int day; /* the day of the year, or the weekday */
    int month, week;
    int32_t time_s; /* of the local day before the change; -167..167 h */
};

struct bw_posix_tz {
    char standard_name[BW_POSIX_TZ_NAME_MAX];
    char summer_name[BW_POSIX_TZ_NAME_MAX];
    int32_t standard_s, summer_s; /* east of UTC */
    bool has_summer;
    struct bw_posix_change start, end; /* of summer time */
};

/* All of text[0..len) must be the rule; summer time must say when. */
bool bw_posix_tz_parse(const char *text, size_t len, struct bw_posix_tz *out);

/* Is it summer time at this Unix time in seconds? */
bool bw_posix_tz_is_summer(const struct bw_posix_tz *rule, int64_t unix_s);

#endif
