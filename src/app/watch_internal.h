// SPDX-License-Identifier: GPL-3.0-or-later
/* app/watch_internal.h: what the parts of the watch share:
 *
 *   watch.c         the clock: which checks start now
 *   watch_run.c     one run: its beginning, its end, what is shown of it
 *   watch_apply.c   another configuration: what is new, what carries on */
#ifndef APP_WATCH_INTERNAL_H
#define APP_WATCH_INTERNAL_H

#include "app/watch.h"
#include "probe/run.h"
#include "schedule/schedule.h"

struct bw_flight; /* a run under way: watch_run.c */

/* A check that runs. What it counts survives a reload that leaves it as it was. */
struct bw_watched {
    struct bw_watch *watch;
    uint32_t id;
    const struct bw_config_check *config;
    struct bw_roster_check *seat;   /* in the roster */
    struct bw_probe_plan *plan;     /* one of the watch's */
    struct bw_probe_memory *memory; /* what its runs leave for each other; or NULL */
    struct bw_flight *flight;       /* NULL: not running */
    int64_t nominal_ms;             /* of the present run */
    struct bw_publication *publication;
    struct bw_source *source;
    struct bw_histogram durations;
    uint64_t runs[BW_REASON_COUNT]; /* ended runs by reason; NONE: passed */
    uint64_t warned;
    uint64_t retried;
    int64_t shown_ms; /* when the run was due whose measures are shown; 0: there was none */
    bool shown;       /* its block of the metrics page has something in it */
};

/* Ways to probe, by the index of their options; checks share them. NULL: nobody needs it. */
struct bw_watch_plans {
    struct bw_probe_plan **items;
    size_t count;
};

struct bw_watch {
    struct bw_core *core;
    struct bw_probe_engine *engine;
    struct bw_schedule *schedule;
    struct bw_timer *timer;
    struct bw_roster *roster;
    struct bw_watched **checks; /* by schedule id */
    size_t count;
    struct bw_watch_plans plans;
    bool running;
    bw_watch_ask_fn *ask; /* NULL: there is nobody to ask */
    void *ask_ctx;
    size_t waiting;   /* results that wait for the canary */
    int64_t armed_ns; /* when the timer goes off; -1: not set */
    double last_lag_s;
    struct bw_schedule_counts retired;          /* counts of schedules that a reload replaced */
    uint64_t still_flying;                      /* ticks that found a run from before a reload */
    uint64_t off_hours;                         /* ticks at which a check was not watched */
    const char *run_labels[BW_REASON_COUNT][2]; /* result and reason, as a metric has them */
    /* What is told of the result that came last. Its labels are lent, every one: the arena is never
     * emptied, and has room for the list alone. */
    struct bw_arena told_arena;
    struct bw_measures told;
};

/* ---- watch.c ---- */

/* The schedule may have another next start than before. */
void bw_watch_arm(struct bw_watch *watch);

/* Takes the schedule; what the one before has counted stays in the sums. */
void bw_watch_set_schedule(struct bw_watch *watch, struct bw_schedule *schedule);

/* ---- watch_run.c ---- */

void bw_watch_start_run(struct bw_watch *watch, const struct bw_schedule_run *due);

/* Does nothing when none is under way. */
void bw_watch_cancel_run(struct bw_watched *check);

/* The run of `old`, which has one, goes on as that of `check`. */
void bw_watch_hand_over(struct bw_watched *old, struct bw_watched *check);

/* ---- watch_apply.c ---- */

/* With its run; NULL is fine. */
void bw_watch_free_check(struct bw_watched *check);

void bw_watch_free_plans(struct bw_watch_plans *plans);

#endif
