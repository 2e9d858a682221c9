// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/watch.h"

#include "app/verdict.h"
#include "base/limits.h"
#include "base/mem.h"
#include "probe/run.h"
#include "schedule/schedule.h"

#include <stdlib.h>
#include <string.h>

enum { STARTS_AT_ONCE = 256 };

/* A check that runs. What it counts survives a reload that leaves it as it was. */
struct watched {
    struct bw_watch *watch;
    uint32_t id;
    const struct bw_config_check *config;
    struct bw_roster_check *seat;   /* in the roster */
    struct bw_probe_plan *plan;     /* one of the watch's */
    struct bw_probe_memory *memory; /* what its runs leave for each other; or NULL */
    struct flight *flight;          /* NULL: not running */
    int64_t nominal_ms;             /* of the present run */
    struct bw_publication *publication;
    struct bw_source *source;
    struct bw_histogram durations;
    uint64_t runs[BW_REASON_COUNT]; /* ended runs by reason; NONE: passed */
    uint64_t warned;
    uint64_t retried;
    bool shown; /* its block of the metrics page has something in it */
};

/* Ways to probe, by the index of their options; checks share them. NULL: nobody needs it. */
struct plans {
    struct bw_probe_plan **items;
    size_t count;
};

/* A result that would change a status for the worse: first the canary must tell whether it is we
 * who cannot see. */
struct waiting {
    struct bw_probe_result result;
    struct bw_measures measures;
    struct bw_arena arena;
    uint64_t round; /* of the canary, that will tell */
};

/* A run under way. A reload hands it over to the check that takes its check's place. */
struct flight {
    struct watched *check;
    struct bw_probe_run *run; /* NULL: it has ended, and waits */
    struct waiting *waiting;  /* NULL: it has not */
    bool blind;               /* we could not see when it began */
    uint64_t spells;          /* of core->sight when it began */
};

struct bw_watch {
    struct bw_core *core;
    struct bw_probe_engine *engine;
    struct bw_schedule *schedule;
    struct bw_timer *timer;
    struct bw_roster *roster;
    struct watched **checks; /* by schedule id */
    size_t count;
    struct plans plans;
    bool running;
    bw_watch_ask_fn *ask; /* NULL: there is nobody to ask */
    void *ask_ctx;
    size_t waiting;   /* results that wait for the canary */
    int64_t armed_ns; /* when the timer goes off; -1: not set */
    double last_lag_s;
    struct bw_schedule_counts retired; /* counts of schedules that a reload replaced */
    uint64_t still_flying;             /* ticks that found a run from before a reload */
};

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
    return watch;
}

static void free_flight(struct bw_watch *watch, struct flight *flight)
{
    if (flight->waiting != NULL) {
        watch->waiting--;
        bw_arena_fini(&flight->waiting->arena);
        free(flight->waiting);
    }
    free(flight);
}

static void cancel_run(struct watched *check)
{
    if (check->flight == NULL)
        return;
    bw_probe_cancel(check->flight->run);
    free_flight(check->watch, check->flight);
    check->flight = NULL;
}

static void free_check(struct watched *check)
{
    if (check == NULL)
        return;
    cancel_run(check);
    bw_probe_memory_free(check->memory);
    bw_publication_free(check->publication);
    bw_source_free(check->source);
    free(check);
}

static void free_plans(struct plans *plans)
{
    for (size_t i = 0; i < plans->count; i++)
        bw_probe_plan_free(plans->items[i]);
    free(plans->items);
    *plans = (struct plans){ 0 };
}

void bw_watch_free(struct bw_watch *watch)
{
    if (watch == NULL)
        return;
    for (size_t i = 0; i < watch->count; i++)
        free_check(watch->checks[i]);
    free(watch->checks);
    free_plans(&watch->plans);
    bw_schedule_free(watch->schedule);
    bw_timer_free(watch->timer);
    bw_probe_engine_free(watch->engine);
    free(watch);
}

/* ---- one run --------------------------------------------------------------------------- */

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

static void judge(struct watched *check, const struct bw_probe_result *result, bool unseen)
{
    struct bw_roster_result shown;
    char text[BW_VERDICT_TEXT_MAX];
    const struct bw_outcome outcome =
        bw_verdict_of(check->config, result, check->nominal_ms, text, &shown);
    shown.unseen = unseen;
    check->warned += outcome.kind == BW_OUTCOME_WARN ? 1 : 0;
    bw_roster_feed(check->watch->roster, check->seat, &outcome, &shown);
}

static void copy_measures(struct bw_measures *out, const struct bw_measures *in)
{
    for (size_t i = 0; in != NULL && i < in->count; i++)
        bw_measures_add(out, in->items[i].family, in->items[i].value, in->items[i].labels);
}

static void measure_runs(const struct watched *check, struct bw_measures *out)
{
    for (int i = 0; i < BW_REASON_COUNT; i++) {
        if (check->runs[i] == 0 && i != BW_REASON_NONE)
            continue;
        const char *result = i == BW_REASON_NONE ? "success" : "failure";
        bw_measures_add(out, BW_METRIC_CHECK_RUNS_TOTAL, (double)check->runs[i],
                        BW_LABEL_VALUES(result, bw_reason_name((enum bw_reason)i)));
    }
    bw_measures_add(out, BW_METRIC_CHECK_RETRIES_TOTAL, (double)check->retried, NULL);
    if (check->nominal_ms > 0)
        bw_measures_add(out, BW_METRIC_CHECK_LAST_RUN_TIMESTAMP_SECONDS,
                        (double)check->nominal_ms / 1000, NULL);
    bw_measures_add(out, BW_METRIC_CHECK_INTERVAL_SECONDS,
                    seconds(check->config->schedule.interval_ns), NULL);
    bw_measures_add_histogram(out, BW_METRIC_CHECK_DURATION_SECONDS, &check->durations, NULL);
}

static void count(struct watched *check, const struct bw_probe_result *result)
{
    check->runs[result->success ? BW_REASON_NONE : result->reason]++;
    check->retried += result->attempts > 1 ? 1 : 0;
    bw_histogram_observe(&check->durations, seconds(result->duration_ns));
}

static void set_pace(struct watched *check)
{
    static const enum bw_schedule_mode modes[] = {
        [BW_PACE_NORMAL] = BW_SCHEDULE_NORMAL,
        [BW_PACE_FAST] = BW_SCHEDULE_FAST,
        [BW_PACE_DOWN] = BW_SCHEDULE_DOWN,
    };
    struct bw_watch *watch = check->watch;
    bw_schedule_mode(watch->schedule, check->id, modes[bw_health_pace(&check->seat->health)],
                     bw_loop_mono_ns(), bw_core_now_ms(watch->core));
}

static void arm(struct bw_watch *watch);

/* A run that lies, even in part, in a time in which we could not see tells nothing. */
static bool is_unseen(const struct flight *flight)
{
    const struct bw_core_sight *sight = &flight->check->watch->core->sight;
    return flight->blind || sight->blind || sight->spells != flight->spells;
}

/* Takes the result of a run that is over, and ends its flight. */
static void take_result(struct flight *flight, const struct bw_probe_result *result)
{
    struct watched *check = flight->check;
    check->flight = NULL;
    count(check, result);
    judge(check, result, check->config->covered && is_unseen(flight));
    struct bw_measures *measures = bw_publication_begin(check->publication);
    copy_measures(measures, result->measures);
    measure_runs(check, measures);
    bw_roster_measure_check(check->seat, measures);
    bw_source_put_tick(check->source, measures, check->nominal_ms);
    bw_publication_commit(check->publication);
    check->shown = true;
    free_flight(check->watch, flight);
    bw_schedule_finished(check->watch->schedule, check->id);
    set_pace(check);
    arm(check->watch);
}

/* Whether the result is a failure that would change the status of a check that depends on our
 * sight, as far as we know it. */
static bool must_ask(const struct flight *flight, const struct bw_probe_result *result)
{
    const struct watched *check = flight->check;
    if (check->watch->ask == NULL || !check->config->covered || result->success
        || is_unseen(flight))
        return false;
    const struct bw_outcome outcome = bw_outcome_of(result->reason, result->detail);
    return outcome.kind == BW_OUTCOME_FAIL
           && bw_health_would_change(&check->seat->health, &check->config->health, &outcome);
}

static void wait_for_canary(struct flight *flight, const struct bw_probe_result *result,
                            uint64_t round)
{
    struct waiting *waiting = bw_alloc(sizeof *waiting);
    waiting->result = *result;
    waiting->round = round;
    bw_measures_init(&waiting->measures, &waiting->arena);
    if (result->measures != NULL)
        bw_measures_append(&waiting->measures, result->measures);
    waiting->result.measures = &waiting->measures;
    waiting->result.trail = NULL; /* the run's */
    waiting->result.mask = NULL;
    flight->waiting = waiting;
    flight->check->watch->waiting++;
}

static void on_done(void *ctx, const struct bw_probe_result *result)
{
    struct flight *flight = ctx;
    struct watched *check = flight->check;
    struct bw_watch *watch = check->watch;
    const struct bw_subject subject = bw_roster_subject(check->seat);
    flight->run = NULL;
    /* Now: the transcript is the run's and gone with it. */
    bw_failures_note(watch->core, &check->seat->failures, &subject, result, check->nominal_ms);
    const uint64_t round = must_ask(flight, result) ? watch->ask(watch->ask_ctx) : 0;
    if (round > 0)
        wait_for_canary(flight, result, round);
    else
        take_result(flight, result);
}

void bw_watch_told(struct bw_watch *watch)
{
    const struct bw_core_sight *sight = &watch->core->sight;
    for (size_t i = 0; watch->waiting > 0 && i < watch->count; i++) {
        struct flight *flight = watch->checks[i]->flight;
        if (flight == NULL || flight->waiting == NULL)
            continue;
        if (sight->blind || flight->waiting->round <= sight->answered)
            take_result(flight, &flight->waiting->result);
    }
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

void bw_watch_show(struct bw_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct watched *check = watch->checks[i];
        if (check->shown)
            continue;
        struct bw_measures *measures = bw_publication_begin(check->publication);
        measure_runs(check, measures);
        bw_roster_measure_check(check->seat, measures);
        bw_publication_commit(check->publication);
        check->shown = true;
    }
}

static bool is_of_health(enum bw_family_id family)
{
    return family == BW_METRIC_HEALTH_STATUS || family == BW_METRIC_HEALTH_TRANSITIONS_TOTAL
           || family == BW_METRIC_HEALTH_SCORE
           || family == BW_METRIC_HEALTH_STATUS_CHANGED_TIMESTAMP_SECONDS;
}

void bw_watch_show_veils(struct bw_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct watched *check = watch->checks[i];
        if (!check->seat->veiled || !check->shown)
            continue;
        struct bw_measures *measures = bw_publication_reopen(check->publication);
        size_t kept = 0;
        for (size_t k = 0; k < measures->count; k++) {
            if (!is_of_health(measures->items[k].family))
                measures->items[kept++] = measures->items[k];
        }
        measures->count = kept;
        bw_roster_measure_check(check->seat, measures);
        bw_publication_commit(check->publication);
    }
}

/* ---- the clock ------------------------------------------------------------------------- */

static void start_run(struct bw_watch *watch, const struct bw_schedule_run *due)
{
    struct watched *check = watch->checks[due->id];
    if (check->flight != NULL) {
        bw_schedule_finished(watch->schedule, due->id);
        watch->still_flying++;
        return;
    }
    const struct bw_probe_request request = {
        .plan = check->plan,
        .target = { .text = check->config->target, .memory = check->memory },
        .timeout_ns = check->config->timeout_ns,
        .retries = check->config->retries,
        .expect_failure = check->config->expect_failure,
    };
    check->nominal_ms = due->nominal_ms;
    watch->last_lag_s = seconds(due->lag_ns);
    check->flight = bw_alloc(sizeof *check->flight);
    check->flight->check = check;
    check->flight->blind = watch->core->sight.blind;
    check->flight->spells = watch->core->sight.spells;
    check->flight->run = bw_probe_start(watch->engine, &request, on_done, check->flight);
}

static void arm(struct bw_watch *watch)
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
        start_run(watch, &due[i]);
    arm(watch);
}

void bw_watch_start(struct bw_watch *watch)
{
    watch->running = true;
    watch->armed_ns = -1;
    arm(watch);
}

void bw_watch_stop(struct bw_watch *watch)
{
    watch->running = false;
    bw_timer_stop(watch->timer);
    for (size_t i = 0; i < watch->count; i++)
        cancel_run(watch->checks[i]);
}

/* ---- configuration --------------------------------------------------------------------- */

static struct bw_publication *publication_of(struct bw_core *core,
                                             const struct bw_config_check *config)
{
    struct bw_metric_label labels[BW_LABELS_MAX + 4];
    size_t n = 0;
    labels[n++] = (struct bw_metric_label){ "service", config->service };
    labels[n++] = (struct bw_metric_label){ "instance", config->instance };
    labels[n++] = (struct bw_metric_label){ "check", config->name };
    labels[n++] = (struct bw_metric_label){ "module", config->module };
    for (size_t i = 0; i < config->labels.count; i++)
        labels[n++] =
            (struct bw_metric_label){ config->labels.items[i].name, config->labels.items[i].value };
    return bw_publication_new(core->publisher, labels, n, "exported_");
}

static bool is_same_check(const struct bw_config_check *a, const struct bw_config_check *b)
{
    return strcmp(a->service, b->service) == 0 && strcmp(a->instance, b->instance) == 0
           && strcmp(a->name, b->name) == 0;
}

static int by_identity(const void *a, const void *b)
{
    const uint64_t x = (*(struct watched *const *)a)->config->schedule.hash;
    const uint64_t y = (*(struct watched *const *)b)->config->schedule.hash;
    return (x > y) - (x < y);
}

/* The check of the same identity among those sorted by it. */
static struct watched *find_old(struct watched *const *sorted, size_t count,
                                const struct watched *check)
{
    struct watched *const *found = bsearch(&check, sorted, count, sizeof *sorted, by_identity);
    return found != NULL && is_same_check((*found)->config, check->config) ? *found : NULL;
}

static void carry_counters(struct watched *check, const struct watched *old)
{
    check->durations = old->durations;
    check->warned = old->warned;
    check->retried = old->retried;
    check->nominal_ms = old->nominal_ms;
    memcpy(check->runs, old->runs, sizeof check->runs);
}

static bool has_same_labels(const struct bw_config_check *a, const struct bw_config_check *b)
{
    bool same = strcmp(a->module, b->module) == 0 && a->labels.count == b->labels.count;
    for (size_t i = 0; same && i < a->labels.count; i++)
        same = strcmp(a->labels.items[i].name, b->labels.items[i].name) == 0
               && strcmp(a->labels.items[i].value, b->labels.items[i].value) == 0;
    return same;
}

/* What was shown and stored last stays so until the next result: a reload leaves no gap. */
static void carry_outlets(struct watched *check, struct watched *old)
{
    check->source = old->source;
    old->source = NULL;
    if (!has_same_labels(check->config, old->config))
        return;
    check->publication = old->publication;
    check->shown = old->shown;
    old->publication = NULL;
}

/* A run under way goes on when it would have been started just so today. */
static void carry_run(struct watched *check, struct watched *old)
{
    const struct bw_config_check *a = check->config, *b = old->config;
    if (old->flight == NULL || a->definition != b->definition || a->timeout_ns != b->timeout_ns
        || a->retries != b->retries || strcmp(a->target, b->target) != 0)
        return;
    check->flight = old->flight;
    check->flight->check = check;
    old->flight = NULL;
    bw_probe_memory_free(check->memory);
    check->memory = old->memory; /* the run uses it */
    old->memory = NULL;
}

static struct bw_probe_plan *plan_of(struct bw_watch *watch, const struct bw_config *config,
                                     const struct bw_config_check *check, struct plans *plans,
                                     struct bw_err *err)
{
    struct bw_probe_plan **plan = &plans->items[check->options_index];
    if (*plan == NULL)
        *plan = bw_probe_plan_new(watch->engine, check->options, config->folder, err);
    return *plan;
}

/* All checks and their plans, before anything is changed. */
static enum bw_rc make_checks(struct bw_watch *watch, const struct bw_config *config,
                              struct watched **out, struct plans *plans, struct bw_err *err)
{
    *plans = (struct plans){ bw_alloc_array(config->options_count, sizeof *plans->items),
                             config->options_count };
    for (size_t i = 0; i < config->check_count; i++) {
        struct watched *check = bw_alloc(sizeof *check);
        out[i] = check;
        check->watch = watch;
        check->config = &config->checks[i];
        check->id = (uint32_t)i;
        bw_histogram_init(&check->durations, bw_duration_bounds, bw_duration_bound_count);
        check->plan = plan_of(watch, config, check->config, plans, err);
        if (check->plan == NULL)
            return bw_wrap(err, err->rc, "check '%s' of service '%s'", check->config->name,
                           check->config->service);
        check->memory = bw_probe_memory_new(check->plan);
    }
    return BW_OK;
}

static enum bw_rc make_schedule(const struct bw_watch *watch, const struct bw_config *config,
                                struct bw_schedule **out, struct bw_err *err)
{
    const int64_t now_ns = bw_loop_mono_ns(), now_ms = bw_core_now_ms(watch->core);
    const struct bw_global_settings *global = &config->settings.global;
    struct bw_schedule *schedule = bw_schedule_new(global->slot_ns, (uint32_t)global->concurrency);
    for (size_t i = 0; i < config->check_count; i++) {
        const enum bw_rc rc = bw_schedule_add(schedule, (uint32_t)i, &config->checks[i].schedule,
                                              now_ns, now_ms, err);
        if (rc != BW_OK) {
            bw_schedule_free(schedule);
            return bw_wrap(err, rc, "check '%s'", config->checks[i].name);
        }
    }
    *out = schedule;
    return BW_OK;
}

static void take_seat(struct watched *check, struct bw_roster *roster)
{
    const struct bw_config_check *config = check->config;
    const struct bw_roster_spec spec = { .service = config->service,
                                         .instance = config->instance,
                                         .name = config->name,
                                         .kind = config->ops->name,
                                         .target = config->shown_target,
                                         .module = config->module,
                                         .weight = config->weight,
                                         .rule = config->health,
                                         .interval_ms = config->schedule.interval_ns / 1000000,
                                         .covered = config->covered,
                                         .labels = config->labels };
    check->seat = bw_roster_add_check(roster, bw_roster_service(roster, config->service), &spec);
}

static void open_outlets(struct bw_watch *watch, struct watched *check)
{
    const struct bw_config_check *config = check->config;
    const struct bw_label identity[] = { { "service", config->service },
                                         { "instance", config->instance },
                                         { "check", config->name } };
    if (check->publication == NULL)
        check->publication = publication_of(watch->core, config);
    if (check->source == NULL)
        check->source = bw_source_new(watch->core->recorder, identity, 3, BW_SERIES_PER_CHECK_MAX);
}

static void add_counts(struct bw_schedule_counts *sum, struct bw_schedule_counts counts)
{
    sum->starts += counts.starts;
    sum->skipped_overlap += counts.skipped_overlap;
    sum->skipped_missed += counts.skipped_missed;
    sum->skipped_equal += counts.skipped_equal;
}

static void carry_over(struct bw_watch *watch, struct watched **checks, size_t count)
{
    if (watch->count == 0)
        return;
    qsort(watch->checks, watch->count, sizeof *watch->checks, by_identity);
    for (size_t i = 0; i < count; i++) {
        struct watched *old = find_old(watch->checks, watch->count, checks[i]);
        if (old == NULL)
            continue;
        carry_counters(checks[i], old);
        carry_outlets(checks[i], old);
        carry_run(checks[i], old);
    }
}

static void replace(struct bw_watch *watch, struct bw_schedule *schedule, struct watched **checks,
                    size_t count, struct plans plans)
{
    if (watch->schedule != NULL)
        add_counts(&watch->retired, bw_schedule_totals(watch->schedule));
    bw_schedule_free(watch->schedule);
    watch->schedule = schedule;
    carry_over(watch, checks, count);
    for (size_t i = 0; i < watch->count; i++)
        free_check(watch->checks[i]);
    free(watch->checks);
    free_plans(&watch->plans); /* what still runs keeps its own until it ends */
    watch->plans = plans;
    watch->checks = checks;
    watch->count = count;
    for (size_t i = 0; i < count; i++)
        open_outlets(watch, checks[i]);
}

enum bw_rc bw_watch_apply(struct bw_watch *watch, const struct bw_config *config,
                          struct bw_roster *roster, struct bw_err *err)
{
    struct watched **checks = bw_alloc_array(config->check_count + 1, sizeof *checks);
    struct bw_schedule *schedule = NULL;
    struct plans plans;
    enum bw_rc rc = make_checks(watch, config, checks, &plans, err);
    if (rc == BW_OK)
        rc = make_schedule(watch, config, &schedule, err);
    if (rc != BW_OK) {
        for (size_t i = 0; i < config->check_count; i++)
            free_check(checks[i]);
        free(checks);
        free_plans(&plans);
        return rc;
    }
    replace(watch, schedule, checks, config->check_count, plans);
    for (size_t i = 0; i < config->check_count; i++)
        take_seat(checks[i], roster);
    watch->roster = roster;
    arm(watch);
    return BW_OK;
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
    bw_measures_add(out, BW_METRIC_SCHEDULE_STARTED_TOTAL, (double)counts.starts, NULL);
    bw_measures_add(out, BW_METRIC_SCHEDULE_SKIPPED_TOTAL,
                    (double)(counts.skipped_overlap + watch->still_flying),
                    BW_LABEL_VALUES("overlap"));
    bw_measures_add(out, BW_METRIC_SCHEDULE_SKIPPED_TOTAL, (double)counts.skipped_equal,
                    BW_LABEL_VALUES("equal_tick"));
    bw_measures_add(out, BW_METRIC_SCHEDULE_MISSED_TOTAL, (double)counts.skipped_missed, NULL);
}
