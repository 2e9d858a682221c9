// SPDX-License-Identifier: GPL-3.0-or-later
/* base/civil.h: calendar dates of the proleptic Gregorian calendar, UTC, without libc's
 * process-wide time zone. */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_civil {
    int64_t year;
    int month;  /* 1..12 */
    int day;    /* 1..31 */
    int hour;   /* 0..23 */
    int minute; /* 0..59 */
    int second; /* 0..59 */
    int ms;     /* 0..999 */
};

/* Days since 1970-01-01. */
int64_t bw_days_from_civil(int64_t year, int month, int day);

/* 0 is Sunday. */
int bw_weekday(int64_t days);
int bw_days_in_month(int64_t year, int month);

/* `unix_ms` is Unix time in milliseconds; any int64 works. */
struct bw_civil bw_civil_from_ms(int64_t unix_ms);
int64_t bw_civil_to_ms(const struct bw_civil *civil);

#define BW_RFC3339_MAX 40u

/* "2026-11-21T22:38:53Z", with ".123" only where the milliseconds are not 0. */
void bw_format_rfc3339(char out[BW_RFC3339_MAX], int64_t unix_ms);

/* A date and time with Z or an offset (RFC 3339 section 5.6); false leaves *out alone. */
bool bw_parse_rfc3339(const char *text, size_t len, int64_t *out_ms);

#endif
