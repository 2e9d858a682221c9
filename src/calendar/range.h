// SPDX-License-Identifier: GPL-3.0-or-later
/* calendar/range.h: the stretches of time that people ask a report for. */
#ifndef CALENDAR_RANGE_H
#define CALENDAR_RANGE_H

#include "base/err.h"
#include "calendar/zone.h"

#include <stdint.h>

struct bw_range {
    int64_t from_ms; /* belongs to it */
    int64_t to_ms;   /* does not */
};

/* "7d", "24h" or any duration: up to now. "today", "yesterday", and "this" or "last" with
 * "week" (from Monday), "month", "quarter" or "year": whole local days of the zone; what
 * is not over yet ends now. Letters of either case. BW_EINVAL lists what is understood. */
enum bw_rc bw_range_parse(const char *text, const struct bw_zone *zone, int64_t now_ms,
                          struct bw_range *out, struct bw_err *err);

#endif
