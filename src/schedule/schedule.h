// SPDX-License-Identifier: GPL-3.0-or-later
/* schedule/schedule.h: which checks start now.
 *
 *                     due, slot reached                 place under the cap
 *      WAITING -----------------------------> READY --------------------------> RUNNING
 *         ^  ^                                (by priority, then first come)       |
 *         |  +-- late by an interval: missed, counted, on to a tick in the future  |
 *         +------------------------- bw_schedule_finished() -----------------------+
 *
 * Every check has its own phase: its hash modulo the interval, so that checks spread
 * evenly and keep their phase over restarts and edits of other checks. Its ticks, on the
 * wall clock, are floor((wall - phase) / interval) * interval + phase; these are the
 * nominal stamps. Waiting is on the monotonic clock: a step of the wall clock changes the
 * stamps, never the intervals. Starts are gathered in slots, because waking for each one
 * costs several times the CPU of starting a handful together; of many that start together most
 * are late, so with them slots get shorter (bw_schedule_slot).
 *
 * A tick that finds its check still running or still READY is skipped; so is one whose
 * stamp equals that of the check's last start (the wall clock went back); so are all
 * ticks of a time in which nobody asked (a suspend, a stalled loop), without catching up
 * later. Skipped ticks are counted by reason.
 *
 * Pure: no clock. Loop thread only. */
#ifndef SCHEDULE_SCHEDULE_H
#define SCHEDULE_SCHEDULE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_schedule;

enum bw_schedule_mode {
    BW_SCHEDULE_NORMAL,
    BW_SCHEDULE_FAST, /* while the status is changing */
    BW_SCHEDULE_DOWN, /* while it is known to be down */
};

enum bw_schedule_priority {
    BW_PRIORITY_NORMAL,
    BW_PRIORITY_HIGH,
    BW_PRIORITY_LOW,
};

struct bw_schedule_rule {
    int64_t interval_ns;      /* whole milliseconds, at least one slot, at most 400 days */
    int64_t fast_interval_ns; /* 0: as interval_ns */
    int64_t down_interval_ns; /* 0: as interval_ns */
    uint64_t hash;            /* bw_hash() of the check's identity: its phase */
    enum bw_schedule_priority priority;
};

struct bw_schedule_run {
    uint32_t id;
    int64_t nominal_ms; /* wall: the tick that this start belongs to */
    int64_t lag_ns;     /* since its slot: late wake-ups and waiting for a place, >= 0 */
};

struct bw_schedule_counts {
    uint64_t starts;
    uint64_t skipped_overlap; /* the check was still running, or waiting for a place */
    uint64_t skipped_missed;  /* nobody asked in time */
    uint64_t skipped_equal;   /* the same nominal tick as the last start */
};

/* The slot to take where so many checks start in a second: `most_ns`, or so much less that no more
 * start in it than are worth a wake-up. Whole milliseconds, at least 1. */
int64_t bw_schedule_slot(int64_t most_ns, double starts_per_second);

/* `slot_ns` >= 1 ms; at most `concurrency` (>= 1) checks run at a time. */
struct bw_schedule *bw_schedule_new(int64_t slot_ns, uint32_t concurrency);

/* NULL is fine. */
void bw_schedule_free(struct bw_schedule *schedule);

/* Adds a check; it first starts at its next tick. Memory grows with the greatest id, so
 * number them from 0. BW_EEXISTS; BW_EINVAL for an interval out of bounds; BW_ELIMIT for
 * an id of BW_SCHEDULE_CHECKS_MAX or more. */
enum bw_rc bw_schedule_add(struct bw_schedule *schedule, uint32_t id,
                           const struct bw_schedule_rule *rule, int64_t now_ns, int64_t now_wall_ms,
                           struct bw_err *err);

/* Changes the rule. A check keeps its next tick when its interval and phase stay the same,
 * and its mode, counts and running state anyway. BW_ENOTFOUND; BW_EINVAL as above. */
enum bw_rc bw_schedule_update(struct bw_schedule *schedule, uint32_t id,
                              const struct bw_schedule_rule *rule, int64_t now_ns,
                              int64_t now_wall_ms, struct bw_err *err);

/* Forgets the check; cancel its run first, which frees its place. Unknown ids are fine. */
void bw_schedule_remove(struct bw_schedule *schedule, uint32_t id);

/* A new mode moves the check to the next tick of that mode's interval. Unknown ids and
 * the mode it has already change nothing. */
void bw_schedule_mode(struct bw_schedule *schedule, uint32_t id, enum bw_schedule_mode mode,
                      int64_t now_ns, int64_t now_wall_ms);

/* Fills out[0..max) with the checks to start now and returns how many. They count as
 * running until bw_schedule_finished(). */
size_t bw_schedule_due(struct bw_schedule *schedule, int64_t now_ns, int64_t now_wall_ms,
                       struct bw_schedule_run *out, size_t max);

/* The run is over, whatever came of it. Checks that wait for the place start with the next
 * bw_schedule_due(). A check that is not running is left alone. */
void bw_schedule_finished(struct bw_schedule *schedule, uint32_t id);

/* Monotonic time at which bw_schedule_due() next has something to do: 0 for at once,
 * INT64_MAX for never. */
int64_t bw_schedule_next_ns(const struct bw_schedule *schedule);

/* Changes the cap; running checks are left alone. */
void bw_schedule_limit(struct bw_schedule *schedule, uint32_t concurrency);

size_t bw_schedule_size(const struct bw_schedule *schedule);
size_t bw_schedule_running(const struct bw_schedule *schedule);
size_t bw_schedule_ready(const struct bw_schedule *schedule);
bool bw_schedule_is_running(const struct bw_schedule *schedule, uint32_t id);

/* Of all checks since the start, removed ones included; and of one (zeros if unknown). */
struct bw_schedule_counts bw_schedule_totals(const struct bw_schedule *schedule);
struct bw_schedule_counts bw_schedule_counts(const struct bw_schedule *schedule, uint32_t id);

#endif
