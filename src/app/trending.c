// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trending.h"

#include "app/foresights.h"
#include "app/ledger.h"
#include "app/log.h"
#include "app/trend_job.h"
#include "app/trend_pace.h"
#include "app/trend_results.h"
#include "app/trend_silence.h"
#include "app/vigil.h"
#include "base/mem.h"
#include "base/units.h"

#include <stdlib.h>

enum { SERIES_PER_JOB = 50 };
#define FIRST_AFTER_NS (10 * BW_SECOND)
#define RETRY_NS (200 * BW_MS)

struct bw_trending {
    struct bw_core *core;
    struct bw_timer *timer;
    struct bw_trend_plan *plan;
    struct bw_trend_roll *roll;    /* of this round; NULL: the next job draws it up */
    struct bw_trend_plan *retired; /* replaced, as the roll was, while a job used them */
    struct bw_trend_roll *retired_roll;
    struct bw_trend_silence *silence;
    bool busy;   /* a job is under way */
    size_t next; /* first entry of the next job */
    unsigned round;
    int64_t started_ns; /* monotonic */
    int64_t round_started_ns;
    double round_seconds;
    uint64_t rounds, failures;
    size_t selected, left_out;
    int64_t cpu_ns; /* that the last job took */
    struct bw_trend_results *results;
    struct bw_vigil *vigil; /* borrowed */
    struct bw_foresights *foresights;
    struct bw_ledger *ledger;
    bool failing;
    bool stopped;
};

static void on_timer(void *ctx);

struct bw_trending *bw_trending_new(struct bw_core *core)
{
    struct bw_trending *trending = bw_alloc(sizeof *trending);
    trending->core = core;
    trending->results = bw_trend_results_new(core);
    trending->foresights = bw_foresights_new();
    trending->silence = bw_trend_silence_new();
    trending->ledger = bw_ledger_new();
    trending->round = 1;
    trending->started_ns = bw_loop_mono_ns();
    trending->timer = bw_timer_new(core->loop, on_timer, trending);
    return trending;
}

/* What no job uses is gone at once; only the first that is replaced while a job runs was ever in
 * use. */
static void retire_plan(struct bw_trending *trending)
{
    if (trending->busy && trending->retired == NULL) {
        trending->retired = trending->plan;
        trending->retired_roll = trending->roll;
    } else {
        bw_trend_plan_free(trending->plan);
        bw_trend_roll_free(trending->roll);
    }
    trending->plan = NULL;
    trending->roll = NULL;
}

static void forget_retired(struct bw_trending *trending)
{
    bw_trend_plan_free(trending->retired);
    bw_trend_roll_free(trending->retired_roll);
    trending->retired = NULL;
    trending->retired_roll = NULL;
}

void bw_trending_free(struct bw_trending *trending)
{
    if (trending == NULL)
        return;
    bw_trend_results_free(trending->results);
    bw_foresights_free(trending->foresights);
    bw_timer_free(trending->timer);
    bw_trend_silence_free(trending->silence);
    bw_ledger_free(trending->ledger);
    forget_retired(trending);
    retire_plan(trending);
    free(trending);
}

void bw_trending_restore(struct bw_trending *trending, const struct bw_trend_record *record)
{
    struct bw_trend_record described = *record;
    bw_ledger_describe(trending->ledger, bw_core_now_ms(trending->core), &described);
    bw_trend_results_take(trending->results, &described, 0);
}

void bw_trending_set_vigil(struct bw_trending *trending, struct bw_vigil *vigil)
{
    trending->vigil = vigil;
}

/* ---- jobs ------------------------------------------------------------------------------ */

static void end_round(struct bw_trending *trending)
{
    trending->rounds++;
    trending->round_seconds =
        (double)(bw_loop_mono_ns() - trending->round_started_ns) / (double)BW_SECOND;
    trending->next = 0;
    bw_trend_roll_free(trending->roll);
    trending->roll = NULL;
    trending->round++;
    bw_trend_results_drop(trending->results, trending->round);
    bw_foresights_drop(trending->foresights, trending->round);
}

static int64_t pause_ns(const struct bw_trending *trending)
{
    const struct bw_trend_pace pace = { .age_ns = bw_loop_mono_ns() - trending->started_ns,
                                        .every_ns = trending->plan->every_ns,
                                        .series = trending->selected,
                                        .jobs = trending->selected / SERIES_PER_JOB + 1,
                                        .cpu_ns = trending->cpu_ns,
                                        .cpu_share = trending->plan->cpu_share };
    return bw_trend_pause_ns(&pace);
}

static void take_roll(struct bw_trending *trending, struct bw_trend_job *job)
{
    trending->roll = job->drawn;
    job->drawn = NULL;
    trending->selected = trending->roll->count;
    trending->left_out = trending->roll->left_out;
}

static void take_job(struct bw_trending *trending, struct bw_trend_job *job)
{
    if (job->err.rc != BW_OK) {
        if (!trending->failing)
            bw_logf(BW_LOG_WARN, "trends", "%s", job->err.text);
        trending->failing = true;
        return;
    }
    trending->failing = false;
    trending->failures += job->failures;
    if (job->drawn != NULL)
        take_roll(trending, job);
    trending->cpu_ns = job->cpu_ns;
    bw_trend_silence_update(trending->silence, job);
    bw_ledger_take(trending->ledger, trending->core->store, &job->report, job->now_ms);
    for (size_t i = 0; i < job->record_count; i++) {
        bw_ledger_describe(trending->ledger, job->now_ms, &job->records[i]);
        bw_trend_results_take(trending->results, &job->records[i], trending->round);
        bw_vigil_take_shape(trending->vigil, job->records[i].series, &job->shapes[i]);
        if (trending->core->store != NULL)
            bw_store_put_trend(trending->core->store, &job->records[i]);
    }
    for (size_t i = 0; i < job->foresight_count; i++) {
        struct bw_trend_foresight *foresight = &job->foresights[i];
        foresight->muted = bw_ledger_mutes(trending->ledger, foresight->series, job->now_ms);
        bw_foresights_take(trending->foresights, foresight, trending->round);
    }
    trending->next += job->count;
    if (trending->next >= trending->selected)
        end_round(trending);
}

/* What travels to the worker and back. */
struct errand {
    struct bw_trending *trending;
    struct bw_trend_job job;
    struct bw_ledger_brief brief;
};

static void free_errand(struct errand *errand)
{
    bw_trend_job_fini(&errand->job);
    free(errand);
}

static void run_job(void *ctx)
{
    struct errand *errand = ctx;
    bw_trend_job_run(&errand->job);
}

static void job_done(void *ctx, bool ran)
{
    struct errand *errand = ctx;
    struct bw_trending *trending = errand->trending;
    trending->busy = false;
    if (ran && trending->retired == NULL && !trending->stopped)
        take_job(trending, &errand->job);
    free_errand(errand);
    forget_retired(trending);
    if (!trending->stopped)
        bw_timer_start(trending->timer, pause_ns(trending), 0);
}

static void on_timer(void *ctx)
{
    struct bw_trending *trending = ctx;
    if (trending->core->store == NULL || trending->busy) {
        bw_timer_start(trending->timer, RETRY_NS, 0);
        return;
    }
    if (trending->next == 0)
        trending->round_started_ns = bw_loop_mono_ns();
    struct errand *errand = bw_alloc(sizeof *errand);
    errand->trending = trending;
    errand->job.plan = trending->plan;
    errand->job.store = bw_strdup(bw_store_path(trending->core->store));
    errand->job.now_ms = bw_core_now_ms(trending->core);
    errand->job.roll = trending->roll;
    errand->job.silent = bw_trend_silence_get(trending->silence);
    errand->job.first = trending->next;
    errand->job.count = SERIES_PER_JOB;
    errand->job.brief = &errand->brief;
    bw_ledger_brief(trending->ledger, errand->job.now_ms, &errand->job.arena, &errand->brief);
    trending->busy = bw_work_submit(trending->core->workers, run_job, job_done, errand);
    if (trending->busy)
        return;
    free_errand(errand); /* the queue is full: reports and queries go first */
    bw_timer_start(trending->timer, pause_ns(trending), 0);
}

/* ---- configuration --------------------------------------------------------------------- */

enum bw_rc bw_trending_check(const struct bw_config *config, struct bw_err *err)
{
    struct bw_trend_plan *plan;
    const enum bw_rc rc = bw_trend_plan_make(config, &plan, err);
    if (rc == BW_OK)
        bw_trend_plan_free(plan);
    return rc;
}

enum bw_rc bw_trending_apply(struct bw_trending *trending, const struct bw_config *config,
                             struct bw_err *err)
{
    struct bw_trend_plan *plan;
    const enum bw_rc rc = bw_trend_plan_make(config, &plan, err);
    if (rc != BW_OK)
        return rc;
    retire_plan(trending);
    trending->plan = plan;
    trending->next = 0;
    bw_timer_start(trending->timer, FIRST_AFTER_NS, 0);
    return BW_OK;
}

const struct bw_foresights *bw_trending_foresights(const struct bw_trending *trending)
{
    return trending->foresights;
}

void bw_trending_stop(struct bw_trending *trending)
{
    trending->stopped = true;
    bw_timer_stop(trending->timer);
}

/* ---- views and metrics ----------------------------------------------------------------- */

size_t bw_trending_view(const struct bw_trending *trending, struct bw_arena *arena,
                        const struct bw_trend_record **out)
{
    return bw_trend_results_view(trending->results, arena, out);
}

struct bw_ledger *bw_trending_ledger(const struct bw_trending *trending)
{
    return trending->ledger;
}

void bw_trending_measure(const struct bw_trending *trending, struct bw_measures *out)
{
    size_t undetermined;
    const size_t count = bw_trend_results_count(trending->results, &undetermined);
    bw_measures_add(out, BW_METRIC_TREND_SERIES, (double)count, NULL);
    bw_measures_add(out, BW_METRIC_TREND_LEFT_OUT_SERIES, (double)trending->left_out, NULL);
    bw_measures_add(out, BW_METRIC_TREND_UNDETERMINED_SERIES, (double)undetermined, NULL);
    bw_measures_add(out, BW_METRIC_TREND_RUNS_TOTAL, (double)trending->rounds, NULL);
    bw_measures_add(out, BW_METRIC_TREND_FAILURES_TOTAL, (double)trending->failures, NULL);
    if (trending->rounds > 0)
        bw_measures_add(out, BW_METRIC_TREND_RUN_DURATION_SECONDS, trending->round_seconds, NULL);
    bw_ledger_measure(trending->ledger, bw_core_now_ms(trending->core), out);
}
