// SPDX-License-Identifier: GPL-3.0-or-later
/* app/roster_internal.h: what the parts of the roster share. Each may use those above it:
 *
 *   roster.c          who is there, and who is found under a name
 *   roster_sight.c    the status that others see, veiled or not
 *   roster_rollup.c   instances and services out of their checks; dependencies
 *   roster_keep.c     what outlives a reload or a restart
 *   roster_feed.c     results come in, a veil falls: what follows from it
 *   roster_hours.c    the hours of checks begin and end
 *   roster_maintain.c windows of maintenance, too */
#ifndef APP_ROSTER_INTERNAL_H
#define APP_ROSTER_INTERNAL_H

#include "app/roster.h"

struct bw_roster {
    struct bw_core *core;
    struct bw_roster_service *services;
    struct bw_roster_service **by_name; /* the same sorted, once all are there */
    size_t service_count;
    size_t veiled; /* checks */
    struct bw_depend *depend;
    enum bw_status *statuses;       /* by service index, for depend */
    const struct bw_config *config; /* whose windows of maintenance hold; NULL: none yet */
    uint64_t on;                    /* of them */
};

/* ---- roster.c ---- */

/* All services are there: they are found faster from here on. */
void bw_roster_sort(struct bw_roster *roster);

/* NULL when there is none, or no service. */
struct bw_roster_instance *bw_roster_instance(const struct bw_roster_service *service,
                                              const char *name);

/* The check after this one, the first of all after NULL; NULL after the last. */
struct bw_roster_check *bw_roster_next_check(const struct bw_roster *roster,
                                             const struct bw_roster_check *check);

/* Makes a copy of the result the check's last. */
void bw_roster_keep_last(struct bw_roster_check *check, const struct bw_roster_result *result);

/* ---- roster_sight.c ---- */

void bw_roster_set_veiled(struct bw_roster *roster, struct bw_roster_check *check, bool veiled);

/* Not watched from now on, or watched again: then it stays veiled until it has told something. */
void bw_roster_set_idle(struct bw_roster *roster, struct bw_roster_check *check, bool idle,
                        int64_t now_ms);

/* Whether all of it is idle. */
bool bw_roster_instance_is_idle(const struct bw_roster_instance *instance);
bool bw_roster_service_is_idle(const struct bw_roster_service *service);

/* Whether something of it cannot be seen, or all of it is idle. */
bool bw_roster_service_is_veiled(const struct bw_roster_service *service);

/* ---- roster_maintain.c ---- */

/* Finds out which windows mean the check, which is new, and marks it. */
void bw_roster_note_windows(struct bw_roster *roster, struct bw_roster_check *check,
                            int64_t now_ms);

/* ---- roster_rollup.c ---- */

/* Makes the roll-up anew and shows it. `now_ms`: since when it stands so, if it changed. */
void bw_roster_roll_up_instance(struct bw_roster *roster, struct bw_roster_instance *instance,
                                int64_t now_ms);

/* The same; an event tells of a change when `tell` says so. */
void bw_roster_roll_up_service(struct bw_roster *roster, struct bw_roster_service *service,
                               int64_t now_ms, bool tell);

/* ---- roster_keep.c ---- */

/* Stores where the check stands: when it changed, else only now and then. */
void bw_roster_save_check(struct bw_core *core, struct bw_roster_check *check, bool changed,
                          int64_t now_ms);

#endif
