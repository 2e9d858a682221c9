// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trending.h"

#include "app/log.h"
#include "app/trend_job.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_PER_JOB = 50 };
#define FIRST_AFTER_NS (10 * BW_SECOND)
#define LEAST_PAUSE_NS (200 * BW_MS)
#define FIRST_ROUND_NS (15 * BW_SECOND)
#define EARLY_SERIES_NS (200 * BW_MS)

/* The latest result of one series. */
struct result {
    struct bw_trend_record record; /* its texts are its own */
    struct bw_publication *publication;
    unsigned round; /* in which it was computed last; 0: restored */
};

struct bw_trending {
    struct bw_core *core;
    struct bw_timer *timer;
    struct bw_trend_plan *plan;
    struct bw_trend_plan *retired; /* replaced while a job used it */
    bool busy;                     /* a job is under way */
    size_t next;                   /* first series of the next job */
    unsigned round;
    int64_t started_ns; /* monotonic */
    int64_t round_started_ns;
    double round_seconds;
    uint64_t rounds, failures;
    size_t selected;
    struct result **results;
    size_t count, cap;
    bool failing;
    bool stopped;
};

static void on_timer(void *ctx);

struct bw_trending *bw_trending_new(struct bw_core *core)
{
    struct bw_trending *trending = bw_alloc(sizeof *trending);
    trending->core = core;
    trending->round = 1;
    trending->started_ns = bw_loop_mono_ns();
    trending->timer = bw_timer_new(core->loop, on_timer, trending);
    return trending;
}

static void free_result(struct result *result)
{
    bw_publication_free(result->publication);
    free((void *)(uintptr_t)result->record.metric);
    free((void *)(uintptr_t)result->record.labels.items);
    free((void *)(uintptr_t)result->record.note);
    free(result);
}

void bw_trending_free(struct bw_trending *trending)
{
    if (trending == NULL)
        return;
    for (size_t i = 0; i < trending->count; i++)
        free_result(trending->results[i]);
    free(trending->results);
    bw_timer_free(trending->timer);
    bw_trend_plan_free(trending->plan);
    bw_trend_plan_free(trending->retired);
    free(trending);
}

/* ---- results --------------------------------------------------------------------------- */

/* Label "metric" and the series' own; one of the series that is called so too is renamed. */
static struct bw_publication *publication_of(struct bw_core *core,
                                             const struct bw_trend_record *record)
{
    struct bw_metric_label labels[BW_LABELS_MAX + 1];
    size_t count = 0;
    labels[count++] = (struct bw_metric_label){ "metric", record->metric };
    for (size_t i = 0; i < record->labels.count && count <= BW_LABELS_MAX; i++) {
        const struct bw_label *label = &record->labels.items[i];
        const bool taken = strcmp(label->name, "metric") == 0;
        labels[count++] =
            (struct bw_metric_label){ taken ? "series_metric" : label->name, label->value };
    }
    return bw_publication_new(core->publisher, labels, count, "series_");
}

static void add_known(struct bw_measures *out, enum bw_family_id family, double value,
                      const char *const *labels)
{
    if (!isnan(value))
        bw_measures_add(out, family, value, labels);
}

static void measure_horizons(const struct bw_trend_record *record, const char *threshold,
                             struct bw_measures *out)
{
    for (size_t i = 0; i < record->horizon_count; i++) {
        const struct bw_trend_horizon *horizon = &record->horizons[i];
        char name[BW_DURATION_TEXT_MAX];
        bw_format_duration(name, horizon->horizon_ms * BW_MS);
        add_known(out, BW_METRIC_FORECAST_VALUE, horizon->p10, BW_LABEL_VALUES(name, "0.1"));
        add_known(out, BW_METRIC_FORECAST_VALUE, horizon->p50, BW_LABEL_VALUES(name, "0.5"));
        add_known(out, BW_METRIC_FORECAST_VALUE, horizon->p90, BW_LABEL_VALUES(name, "0.9"));
        if (threshold != NULL)
            add_known(out, BW_METRIC_THRESHOLD_CROSSING_PROBABILITY_RATIO, horizon->crossing_ratio,
                      BW_LABEL_VALUES(threshold, name));
    }
}

static void measure_threshold(const struct bw_trend_record *record, const char *threshold,
                              struct bw_measures *out)
{
    add_known(out, BW_METRIC_TIME_TO_THRESHOLD_SECONDS, record->time_to_p10_s,
              BW_LABEL_VALUES(threshold, "0.1"));
    add_known(out, BW_METRIC_TIME_TO_THRESHOLD_SECONDS, record->time_to_p50_s,
              BW_LABEL_VALUES(threshold, "0.5"));
    add_known(out, BW_METRIC_TIME_TO_THRESHOLD_SECONDS, record->time_to_p90_s,
              BW_LABEL_VALUES(threshold, "0.9"));
}

static void measure_record(const struct bw_trend_record *record, struct bw_measures *out)
{
    for (int i = 0; i < BW_DIRECTION_COUNT; i++)
        bw_measures_add(out, BW_METRIC_TREND_DIRECTION,
                        record->direction == (enum bw_direction)i ? 1 : 0,
                        BW_LABEL_VALUES(bw_direction_name((enum bw_direction)i)));
    add_known(out, BW_METRIC_TREND_CONFIDENCE_RATIO, record->confidence_ratio, NULL);
    add_known(out, BW_METRIC_TREND_SLOPE_PER_SECOND, record->slope_per_second, NULL);
    add_known(out, BW_METRIC_TREND_SLOPE_LOW_PER_SECOND, record->slope_low, NULL);
    add_known(out, BW_METRIC_TREND_SLOPE_HIGH_PER_SECOND, record->slope_high, NULL);
    add_known(out, BW_METRIC_TREND_SEASON_SECONDS, record->season_seconds, NULL);
    bw_measures_add(out, BW_METRIC_TREND_COMPUTED_TIMESTAMP_SECONDS,
                    (double)record->computed_ms / 1000, NULL);
    char threshold[BW_DOUBLE_TEXT_MAX + 1] = "";
    const bool has_threshold = !isnan(record->threshold);
    if (has_threshold)
        threshold[bw_format_double(threshold, record->threshold)] = '\0';
    measure_horizons(record, has_threshold ? threshold : NULL, out);
    if (has_threshold)
        measure_threshold(record, threshold, out);
}

static void copy_record(struct result *result, const struct bw_trend_record *record)
{
    const struct bw_trend_record old = result->record;
    result->record = *record;
    result->record.metric = old.metric; /* of one series they stay what they are */
    result->record.labels = old.labels;
    result->record.note = bw_strdup(record->note != NULL ? record->note : "");
    free((void *)(uintptr_t)old.note);
}

static struct result *result_for(struct bw_trending *trending, const struct bw_trend_record *record)
{
    for (size_t i = 0; i < trending->count; i++) {
        if (trending->results[i]->record.series == record->series)
            return trending->results[i];
    }
    trending->results =
        bw_grow(trending->results, &trending->cap, trending->count + 1, sizeof(struct result *));
    struct result *result = bw_alloc(sizeof *result);
    result->record.series = record->series;
    result->record.metric = bw_strdup(record->metric);
    result->record.labels = bw_labels_clone(record->labels.items, record->labels.count);
    result->publication = publication_of(trending->core, record);
    trending->results[trending->count++] = result;
    return result;
}

static void take_record(struct bw_trending *trending, const struct bw_trend_record *record,
                        unsigned round)
{
    struct result *result = result_for(trending, record);
    copy_record(result, record);
    result->round = round;
    struct bw_measures *measures = bw_publication_begin(result->publication);
    measure_record(&result->record, measures);
    bw_publication_commit(result->publication);
    bw_core_view_changed(trending->core);
}

void bw_trending_restore(struct bw_trending *trending, const struct bw_trend_record *record)
{
    take_record(trending, record, 0);
}

/* Series that are no longer selected, or no longer written, are gone after two rounds. */
static void drop_old_results(struct bw_trending *trending)
{
    size_t kept = 0;
    for (size_t i = 0; i < trending->count; i++) {
        struct result *result = trending->results[i];
        if (result->round + 2 <= trending->round)
            free_result(result);
        else
            trending->results[kept++] = result;
    }
    trending->count = kept;
}

/* ---- jobs ------------------------------------------------------------------------------ */

static void end_round(struct bw_trending *trending)
{
    trending->rounds++;
    trending->round_seconds =
        (double)(bw_loop_mono_ns() - trending->round_started_ns) / (double)BW_SECOND;
    trending->next = 0;
    trending->round++;
    drop_old_results(trending);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* How long a round takes. A daemon that has just begun learns fast: its first rounds come
 * sooner, so that a newcomer need not wait for `trends.every` to see more than one point. Who has
 * hundreds of series waits a little longer: they are not to cost more than what is measured. */
static int64_t round_ns(const struct bw_trending *trending)
{
    const int64_t half_age_ns = (bw_loop_mono_ns() - trending->started_ns) / 2;
    const int64_t early_ns = larger(FIRST_ROUND_NS, (int64_t)trending->selected * EARLY_SERIES_NS);
    const int64_t wanted_ns = larger(half_age_ns, early_ns);
    return wanted_ns < trending->plan->every_ns ? wanted_ns : trending->plan->every_ns;
}

/* The jobs of a round are spread over it. */
static int64_t pause_ns(const struct bw_trending *trending)
{
    const size_t jobs = trending->selected / SERIES_PER_JOB + 1;
    const int64_t pause = round_ns(trending) / (int64_t)jobs;
    return pause > LEAST_PAUSE_NS ? pause : LEAST_PAUSE_NS;
}

static void take_job(struct bw_trending *trending, const struct bw_trend_job *job)
{
    if (job->err.rc != BW_OK) {
        if (!trending->failing)
            bw_logf(BW_LOG_WARN, "trends", "%s", job->err.text);
        trending->failing = true;
        return;
    }
    trending->failing = false;
    trending->failures += job->failures;
    trending->selected = job->selected;
    for (size_t i = 0; i < job->record_count; i++) {
        take_record(trending, &job->records[i], trending->round);
        if (trending->core->store != NULL)
            bw_store_put_trend(trending->core->store, &job->records[i]);
    }
    trending->next += job->count;
    if (trending->next >= job->selected)
        end_round(trending);
}

/* What travels to the worker and back. */
struct errand {
    struct bw_trending *trending;
    struct bw_trend_job job;
};

static void free_errand(struct errand *errand)
{
    bw_arena_fini(&errand->job.arena);
    free(errand->job.store);
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
    bw_trend_plan_free(trending->retired);
    trending->retired = NULL;
    if (!trending->stopped)
        bw_timer_start(trending->timer, pause_ns(trending), 0);
}

static void on_timer(void *ctx)
{
    struct bw_trending *trending = ctx;
    if (trending->core->store == NULL || trending->busy) {
        bw_timer_start(trending->timer, LEAST_PAUSE_NS, 0);
        return;
    }
    if (trending->next == 0)
        trending->round_started_ns = bw_loop_mono_ns();
    struct errand *errand = bw_alloc(sizeof *errand);
    errand->trending = trending;
    errand->job.plan = trending->plan;
    errand->job.store = bw_strdup(bw_store_path(trending->core->store));
    errand->job.now_ms = bw_core_now_ms(trending->core);
    errand->job.first = trending->next;
    errand->job.count = SERIES_PER_JOB;
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
    if (trending->busy && trending->retired == NULL)
        trending->retired = trending->plan;
    else
        bw_trend_plan_free(trending->plan);
    trending->plan = plan;
    trending->next = 0;
    bw_timer_start(trending->timer, FIRST_AFTER_NS, 0);
    return BW_OK;
}

void bw_trending_stop(struct bw_trending *trending)
{
    trending->stopped = true;
    bw_timer_stop(trending->timer);
}

/* ---- views and metrics ----------------------------------------------------------------- */

static int soonest_first(const void *a, const void *b)
{
    const struct bw_trend_record *x = a, *y = b;
    const double tx = isnan(x->time_to_p50_s) ? INFINITY : x->time_to_p50_s;
    const double ty = isnan(y->time_to_p50_s) ? INFINITY : y->time_to_p50_s;
    if (tx != ty) // NOLINT: order, not equality
        return tx < ty ? -1 : 1;
    const int by_metric = strcmp(x->metric, y->metric);
    return by_metric != 0 ? by_metric : (x->series > y->series) - (x->series < y->series);
}

size_t bw_trending_view(const struct bw_trending *trending, struct bw_arena *arena,
                        const struct bw_trend_record **out)
{
    struct bw_trend_record *records = bw_arena_array(arena, trending->count + 1, sizeof *records);
    for (size_t i = 0; i < trending->count; i++) {
        const struct bw_trend_record *record = &trending->results[i]->record;
        records[i] = *record;
        records[i].metric = bw_arena_strdup(arena, record->metric);
        records[i].labels = bw_labels_make(arena, record->labels.items, record->labels.count);
        records[i].note = bw_arena_strdup(arena, record->note);
    }
    qsort(records, trending->count, sizeof *records, soonest_first);
    *out = records;
    return trending->count;
}

void bw_trending_measure(const struct bw_trending *trending, struct bw_measures *out)
{
    size_t undetermined = 0;
    for (size_t i = 0; i < trending->count; i++)
        undetermined += trending->results[i]->record.direction == BW_UNDETERMINED ? 1 : 0;
    bw_measures_add(out, BW_METRIC_TREND_SERIES, (double)trending->count, NULL);
    bw_measures_add(out, BW_METRIC_TREND_UNDETERMINED_SERIES, (double)undetermined, NULL);
    bw_measures_add(out, BW_METRIC_TREND_RUNS_TOTAL, (double)trending->rounds, NULL);
    bw_measures_add(out, BW_METRIC_TREND_FAILURES_TOTAL, (double)trending->failures, NULL);
    if (trending->rounds > 0)
        bw_measures_add(out, BW_METRIC_TREND_RUN_DURATION_SECONDS, trending->round_seconds, NULL);
}
