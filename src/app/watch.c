// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/watch.h"

#include "app/watch_internal.h"
#include "base/mem.h"

#include <stdlib.h>

enum { STARTS_AT_ONCE = 256 };

static void on_timer(void *ctx);

struct bw_watch *bw_watch_new(struct bw_core *core, struct bw_resolver *resolver,
                              struct bw_err *err)
{
    struct bw_probe_engine *engine = bw_probe_engine_new(core->loop, resolver, err);
    if (engine == NULL)
        return NULL;
    struct bw_watch *watch = bw_alloc(sizeof *watch);
    watch->core = core;
    watch->engine = engine;
    watch->timer = bw_timer_new(core->loop, on_timer, watch);
    bw_measures_init(&watch->told, &watch->told_arena);
    for (int i = 0; i < BW_REASON_COUNT; i++) {
        watch->run_labels[i][0] = i == BW_REASON_NONE ? "success" : "failure";
        watch->run_labels[i][1] = bw_reason_name((enum bw_reason)i);
    }
    return watch;
}

void bw_watch_free(struct bw_watch *watch)
{
    if (watch == NULL)
        return;
    for (size_t i = 0; i < watch->count; i++)
        bw_watch_free_check(watch->checks[i]);
    free(watch->checks);
    bw_watch_free_plans(&watch->plans);
    bw_schedule_free(watch->schedule);
    bw_timer_free(watch->timer);
    bw_probe_engine_free(watch->engine);
    bw_arena_fini(&watch->told_arena);
    free(watch);
}

struct bw_probe_engine *bw_watch_engine(struct bw_watch *watch)
{
    return watch->engine;
}

void bw_watch_set_canary(struct bw_watch *watch, bw_watch_ask_fn *ask, void *ctx)
{
    watch->ask = ask;
    watch->ask_ctx = ctx;
}

/* ---- the clock ------------------------------------------------------------------------- */

void bw_watch_arm(struct bw_watch *watch)
{
    if (!watch->running)
        return;
    const int64_t next_ns = bw_schedule_next_ns(watch->schedule);
    if (next_ns == watch->armed_ns)
        return; /* the end of a run seldom changes it */
    watch->armed_ns = next_ns;
    if (next_ns != INT64_MAX)
        bw_timer_start(watch->timer, next_ns - bw_loop_mono_ns(), 0);
}

static void on_timer(void *ctx)
{
    struct bw_watch *watch = ctx;
    struct bw_schedule_run due[STARTS_AT_ONCE];
    watch->armed_ns = -1;
    const size_t count = bw_schedule_due(watch->schedule, bw_loop_mono_ns(),
                                         bw_core_now_ms(watch->core), due, STARTS_AT_ONCE);
    for (size_t i = 0; i < count; i++)
        bw_watch_start_run(watch, &due[i]);
    bw_watch_arm(watch);
}

void bw_watch_start(struct bw_watch *watch)
{
    watch->running = true;
    watch->armed_ns = -1;
    bw_watch_arm(watch);
}

void bw_watch_stop(struct bw_watch *watch)
{
    watch->running = false;
    bw_timer_stop(watch->timer);
    for (size_t i = 0; i < watch->count; i++)
        bw_watch_cancel_run(watch->checks[i]);
}

/* ---- what it counts -------------------------------------------------------------------- */

static void add_counts(struct bw_schedule_counts *sum, struct bw_schedule_counts counts)
{
    sum->starts += counts.starts;
    sum->skipped_overlap += counts.skipped_overlap;
    sum->skipped_missed += counts.skipped_missed;
    sum->skipped_equal += counts.skipped_equal;
}

void bw_watch_set_schedule(struct bw_watch *watch, struct bw_schedule *schedule)
{
    if (watch->schedule != NULL)
        add_counts(&watch->retired, bw_schedule_totals(watch->schedule));
    bw_schedule_free(watch->schedule);
    watch->schedule = schedule;
}

void bw_watch_measure(struct bw_watch *watch, struct bw_measures *out)
{
    struct bw_schedule_counts counts = watch->retired;
    add_counts(&counts, bw_schedule_totals(watch->schedule));
    bw_measures_add(out, BW_METRIC_SCHEDULE_CHECKS, (double)bw_schedule_size(watch->schedule),
                    NULL);
    bw_measures_add(out, BW_METRIC_SCHEDULE_RUNNING, (double)bw_schedule_running(watch->schedule),
                    NULL);
    bw_measures_add(out, BW_METRIC_SCHEDULE_LAG_SECONDS, watch->last_lag_s, NULL);
    bw_measures_add(out, BW_METRIC_SCHEDULE_STARTED_TOTAL,
                    (double)(counts.starts - watch->off_hours), NULL);
    bw_measures_add(out, BW_METRIC_SCHEDULE_SKIPPED_TOTAL,
                    (double)(counts.skipped_overlap + watch->still_flying),
                    BW_LABEL_VALUES("overlap"));
    bw_measures_add(out, BW_METRIC_SCHEDULE_SKIPPED_TOTAL, (double)counts.skipped_equal,
                    BW_LABEL_VALUES("equal_tick"));
    bw_measures_add(out, BW_METRIC_SCHEDULE_SKIPPED_TOTAL, (double)watch->off_hours,
                    BW_LABEL_VALUES("calendar"));
    bw_measures_add(out, BW_METRIC_SCHEDULE_MISSED_TOTAL, (double)counts.skipped_missed, NULL);
}
