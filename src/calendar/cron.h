// SPDX-License-Identifier: GPL-3.0-or-later
/* calendar/cron.h: "when next?" for the five fields of crontab(5).
 *
 *      minute  hour  day-of-month  month    day-of-week
 *      0-59    0-23  1-31          1-12     0-7 (0 and 7 are Sunday)
 *                                  JAN-DEC  SUN-SAT
 *
 * A field is `*`, a value, a range `a-b`, either with a step `/n`, or a list of those with
 * commas. When both day fields are restricted (neither begins with `*`) a day needs to
 * match only one of them. @hourly @daily @midnight @weekly @monthly @yearly @annually stand
 * for the usual five fields.
 *
 * Local time rules the clock: a time that the zone skips fires once at the end of the gap,
 * together with whatever else was due then; a time that happens twice fires the first
 * time only, even for "every five minutes". */
#ifndef CALENDAR_CRON_H
#define CALENDAR_CRON_H

#include "base/err.h"
#include "calendar/zone.h"

#include <stdbool.h>
#include <stdint.h>

/* Bit n is set when value n matches. */
struct bw_cron {
    uint64_t minutes;
    uint32_t hours;
    uint32_t days;    /* of the month, bits 1..31 */
    uint32_t months;  /* bits 1..12 */
    uint8_t weekdays; /* bits 0..6, Sunday first */
    bool any_day;     /* the day-of-month field begins with `*` */
    bool any_weekday;
};

/* BW_EINVAL names the field and what was expected there. */
enum bw_rc bw_cron_parse(const char *text, struct bw_cron *out, struct bw_err *err);

/* The first firing strictly after `after_ms`, always a whole minute of the zone's clock.
 * False when there is none within 8 years ("0 0 30 2 *"). */
bool bw_cron_next(const struct bw_cron *cron, const struct bw_zone *zone, int64_t after_ms,
                  int64_t *out_ms);

#endif
