// SPDX-License-Identifier: GPL-3.0-or-later
/* web/days.h: how available each service was, day by day (UTC), as the reports count it. What
 * a finished day was is worked out once and kept; today's is worked out again while somebody
 * looks.
 *
 *     page  --want--> [worker: report/ of each missing day, newest first] --> table
 *     page  <--------------------------- bw_days_of() ------------------------ table
 *
 * Any thread. Reading never waits for the store. */
#ifndef WEB_DAYS_H
#define WEB_DAYS_H

#include "base/arena.h"
#include "io/work.h"

#include <stdbool.h>
#include <stdint.h>

enum { BW_DAYS = 90 };

/* One day of a service: the mean over its checks. */
struct bw_day {
    int64_t begin_ms;   /* midnight UTC */
    double known_ratio; /* of the day so far; 0: nobody looked */
    double maintenance_ratio;
    double available_ratio; /* HEALTHY or DEGRADED, of the known time; NaN: none is known */
    double degraded_ratio;  /* of the known time */
    int64_t down_ms;        /* of the check that was UNHEALTHY longest */
};

struct bw_days;

/* `workers` is borrowed, and must outlive what is waiting in it. */
struct bw_days *bw_days_new(struct bw_work_pool *workers);

/* What runs on a worker ends after the day it is at. NULL is fine. */
void bw_days_free(struct bw_days *days);

/* Somebody looks: has a worker find out what is missing or older than a minute. */
void bw_days_want(struct bw_days *days, const char *store, int64_t now_ms);

/* The same here and now; returns at once when a worker is at it already. */
void bw_days_update(struct bw_days *days, const char *store, int64_t now_ms);

/* Whether all of the last days have been looked at. */
bool bw_days_are_complete(struct bw_days *days, int64_t now_ms);

/* The last BW_DAYS days of a service, oldest first, today last. False when nothing is known of any.
 */
bool bw_days_of(struct bw_days *days, const char *service, int64_t now_ms,
                struct bw_day out[BW_DAYS]);

/* Over all of the known time of these days; NaN: none is known. */
double bw_days_available(const struct bw_day days[BW_DAYS]);

#endif
