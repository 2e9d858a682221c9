// SPDX-License-Identifier: GPL-3.0-or-later
/* calendar/interval.h: Alertmanager's time_intervals as data: "is this instant inside?".
 *
 * Each kind of condition that was given must hold; within a kind one entry is enough; a
 * kind never given always holds. A calendar is a list of such intervals and contains an
 * instant when one of them does. The texts and their limits are those of Alertmanager's
 * configuration page. */
#ifndef CALENDAR_INTERVAL_H
#define CALENDAR_INTERVAL_H

#include "base/err.h"
#include "base/limits.h"
#include "calendar/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both ends belong to it, except that a time of day ends before `last`. */
struct bw_interval_part {
    int16_t first, last;
};

struct bw_interval_parts {
    struct bw_interval_part at[BW_INTERVAL_PARTS_MAX];
    size_t count;
};

/* All zeros contains every instant. */
struct bw_interval {
    struct bw_interval_parts times;         /* minutes of the local day, 0..1440 */
    struct bw_interval_parts days_of_month; /* 1..31, or -1 (the last day) .. -31 */
    struct bw_interval_parts years;
    uint8_t weekdays;           /* bit 0 is Sunday; 0: any */
    uint16_t months;            /* bits 1..12; 0: any */
    const struct bw_zone *zone; /* borrowed; NULL: UTC */
};

/* One entry each; BW_EINVAL says what was expected, BW_ELIMIT when there are too many.
 * "08:00" and "18:00" up to "24:00"; an interval over midnight takes two entries. */
enum bw_rc bw_interval_add_time(struct bw_interval *interval, const char *start, const char *end,
                                struct bw_err *err);

/* "monday", "monday:friday"; the week begins on Sunday and a range does not wrap. */
enum bw_rc bw_interval_add_weekdays(struct bw_interval *interval, const char *text,
                                    struct bw_err *err);

/* "1", "1:5", "-3:-1", "15:-1". */
enum bw_rc bw_interval_add_days_of_month(struct bw_interval *interval, const char *text,
                                         struct bw_err *err);

/* "may", "5", "may:august", "5:8". */
enum bw_rc bw_interval_add_months(struct bw_interval *interval, const char *text,
                                  struct bw_err *err);

/* "2026", "2026:2028". */
enum bw_rc bw_interval_add_years(struct bw_interval *interval, const char *text,
                                 struct bw_err *err);

bool bw_interval_contains(const struct bw_interval *interval, int64_t unix_ms);

/* True when one of the `count` intervals contains it; false for none. */
bool bw_intervals_contain(const struct bw_interval *intervals, size_t count, int64_t unix_ms);

#endif
