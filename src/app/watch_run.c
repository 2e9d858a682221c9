// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/reach.h"
#include "app/verdict.h"
#include "app/watch_internal.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A result that would change a status for the worse: first the canary must tell whether it is we
 * who cannot see. */
struct waiting {
    struct bw_probe_result result;
    struct bw_measures measures;
    struct bw_arena arena;
    uint64_t round; /* of the canary, that will tell */
};

/* A run under way. A reload hands it over to the check that takes its check's place. */
struct bw_flight {
    struct bw_watched *check;
    struct bw_probe_run *run; /* NULL: it has ended, and waits */
    struct waiting *waiting;  /* NULL: it has not */
    bool blind;               /* we could not see when it began */
    uint64_t spells;          /* of core->sight when it began */
};

static void free_flight(struct bw_watch *watch, struct bw_flight *flight)
{
    if (flight->waiting != NULL) {
        watch->waiting--;
        bw_arena_fini(&flight->waiting->arena);
        free(flight->waiting);
    }
    free(flight);
}

void bw_watch_cancel_run(struct bw_watched *check)
{
    if (check->flight == NULL)
        return;
    bw_probe_cancel(check->flight->run);
    free_flight(check->watch, check->flight);
    check->flight = NULL;
}

void bw_watch_hand_over(struct bw_watched *old, struct bw_watched *check)
{
    check->flight = old->flight;
    check->flight->check = check;
    old->flight = NULL;
}

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* ---- what is shown --------------------------------------------------------------------- */

static void measure_runs(const struct bw_watched *check, struct bw_measures *out)
{
    for (int i = 0; i < BW_REASON_COUNT; i++) {
        if (check->runs[i] == 0 && i != BW_REASON_NONE)
            continue;
        bw_measures_lend(out, BW_METRIC_CHECK_RUNS_TOTAL, (double)check->runs[i],
                         check->watch->run_labels[i]);
    }
    bw_measures_add(out, BW_METRIC_CHECK_RETRIES_TOTAL, (double)check->retried, NULL);
    if (check->seat->last.attempts > 0)
        bw_measures_add(out, BW_METRIC_CHECK_ATTEMPTS, check->seat->last.attempts, NULL);
    if (check->nominal_ms > 0)
        bw_measures_add(out, BW_METRIC_CHECK_LAST_RUN_TIMESTAMP_SECONDS,
                        (double)check->nominal_ms / 1000, NULL);
    bw_measures_add(out, BW_METRIC_CHECK_INTERVAL_SECONDS,
                    seconds(check->config->schedule.interval_ns), NULL);
    bw_measures_add_histogram(out, BW_METRIC_CHECK_DURATION_SECONDS, &check->durations, NULL);
}

void bw_watch_show(struct bw_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct bw_watched *check = watch->checks[i];
        if (check->shown)
            continue;
        struct bw_measures *measures = bw_publication_begin(check->publication);
        measure_runs(check, measures);
        bw_roster_measure_check(check->seat, measures);
        if (check->config->push != NULL) /* its next result may be a day away: alerts go on */
            bw_source_put(check->source, measures, bw_core_now_ms(watch->core));
        bw_publication_commit(check->publication);
        check->shown = true;
    }
}

static bool is_of_health(enum bw_family_id family)
{
    return family == BW_METRIC_HEALTH_STATUS || family == BW_METRIC_HEALTH_TRANSITIONS_TOTAL
           || family == BW_METRIC_HEALTH_SCORE || family == BW_METRIC_CHECK_WATCHED
           || family == BW_METRIC_HEALTH_STATUS_CHANGED_TIMESTAMP_SECONDS;
}

/* The health on the metrics page as it is now; the rest stays. */
static void show_health(struct bw_watched *check)
{
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

void bw_watch_show_veils(struct bw_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct bw_watched *check = watch->checks[i];
        if (check->seat->veiled && check->shown)
            show_health(check);
    }
}

static struct bw_watched *find_run(struct bw_watch *watch, const char *target, const char *module)
{
    const uint64_t hash = bw_hash(target, strlen(target), 0);
    for (size_t i = 0; i < watch->count; i++) {
        struct bw_watched *check = watch->checks[i];
        const struct bw_config_check *config = check->config;
        if (config->push == NULL && config->target_hash == hash
            && strcmp(config->target, target) == 0
            && (module == NULL || strcmp(config->module, module) == 0) && check->shown_ms > 0)
            return check;
    }
    return NULL;
}

bool bw_watch_last(struct bw_watch *watch, const char *target, const char *module,
                   struct bw_measures *out, int64_t *out_run_ms)
{
    struct bw_watched *check = find_run(watch, target, module);
    if (check == NULL)
        return false;
    const struct bw_measures *shown = bw_publication_reopen(check->publication);
    bw_measures_append(out, shown);
    bw_publication_commit(check->publication);
    *out_run_ms = check->shown_ms;
    return true;
}

void bw_watch_unveil(struct bw_watch *watch, size_t index)
{
    struct bw_watched *check = watch->checks[index];
    bw_roster_unveil(watch->roster, check->seat);
    if (check->shown)
        show_health(check);
}

/* ---- its end --------------------------------------------------------------------------- */

static void judge(struct bw_watched *check, const struct bw_probe_result *result, bool unseen)
{
    struct bw_roster_result shown;
    char text[BW_VERDICT_TEXT_MAX];
    const struct bw_outcome outcome =
        bw_verdict_of(check->config, result, check->nominal_ms, text, &shown);
    shown.unseen = unseen;
    check->warned += outcome.kind == BW_OUTCOME_WARN ? 1 : 0;
    bw_roster_feed(check->watch->roster, check->seat, &outcome, &shown);
}

static void count(struct bw_watched *check, const struct bw_probe_result *result)
{
    check->runs[result->success ? BW_REASON_NONE : result->reason]++;
    check->retried += result->attempts > 1 ? 1 : 0;
    if (check->config->push == NULL || result->duration_ns > 0)
        bw_histogram_observe(&check->durations, seconds(result->duration_ns));
}

static void set_pace(struct bw_watched *check)
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

/* A run that lies, even in part, in a time in which we could not see tells nothing. */
static bool is_unseen(const struct bw_flight *flight)
{
    const struct bw_core_sight *sight = &flight->check->watch->core->sight;
    return flight->blind || sight->blind || sight->spells != flight->spells;
}

/* What follows from a result, and is shown of it: both outlets look at one list and, as the
 * shapes are the same ones, at its labels once. */
static void tell_result(struct bw_watched *check, const struct bw_probe_result *result, bool unseen)
{
    struct bw_measures *told = &check->watch->told;
    count(check, result);
    judge(check, result, unseen);
    bw_measures_clear(told);
    if (result->measures != NULL)
        bw_measures_lend_all(told, result->measures);
    measure_runs(check, told);
    bw_roster_measure_check(check->seat, told);
    bw_source_put_tick(check->source, told, check->nominal_ms);
    bw_publication_show(check->publication, told, bw_source_shape(check->source));
    check->shown = true;
    check->shown_ms = check->nominal_ms;
}

/* Takes the result of a run that is over, and ends its flight. */
static void take_result(struct bw_flight *flight, const struct bw_probe_result *result)
{
    struct bw_watched *check = flight->check;
    check->flight = NULL;
    tell_result(check, result, check->config->covered && is_unseen(flight));
    free_flight(check->watch, flight);
    bw_schedule_finished(check->watch->schedule, check->id);
    set_pace(check);
    bw_watch_arm(check->watch);
}

void bw_watch_report(struct bw_watch *watch, size_t index, const struct bw_probe_result *result)
{
    struct bw_watched *check = watch->checks[index];
    const struct bw_subject subject = bw_roster_subject(check->seat);
    check->nominal_ms = bw_core_now_ms(watch->core);
    bw_failures_note(watch->core, &check->seat->failures, &subject, result, check->nominal_ms);
    tell_result(check, result, false);
}

struct bw_roster_check *bw_watch_seat(const struct bw_watch *watch, size_t index)
{
    return watch->checks[index]->seat;
}

/* ---- the canary is asked --------------------------------------------------------------- */

/* Whether the result is a failure that would change the status of a check that depends on our
 * sight, as far as we know it. */
static bool must_ask(const struct bw_flight *flight, const struct bw_probe_result *result)
{
    const struct bw_watched *check = flight->check;
    if (check->watch->ask == NULL || !check->config->covered || result->success
        || is_unseen(flight))
        return false;
    const struct bw_outcome outcome = bw_outcome_of(result->reason, result->detail);
    return outcome.kind == BW_OUTCOME_FAIL
           && bw_health_would_change(&check->seat->health, &check->config->health, &outcome);
}

static void wait_for_canary(struct bw_flight *flight, const struct bw_probe_result *result,
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
    waiting->result.change = NULL; /* told */
    waiting->result.retried_detail = NULL;
    waiting->result.parts = NULL;
    waiting->result.part_count = 0;
    waiting->result.told = NULL;
    flight->waiting = waiting;
    flight->check->watch->waiting++;
}

/* An answer that is another than before is neither good nor bad: it is worth an event. */
static void tell_change(const struct bw_watched *check, const struct bw_probe_result *result)
{
    const char *name = check->config->ops->change_name;
    if (result->change == NULL)
        return;
    bw_core_event(check->watch->core,
                  &(struct bw_event){ .ts_ms = check->nominal_ms,
                                      .kind = BW_EVENT_MARKER,
                                      .subject = bw_roster_subject(check->seat),
                                      .name = name != NULL ? name : BW_EVENT_ANSWER_CHANGED,
                                      .cause = result->change });
}

static void on_done(void *ctx, const struct bw_probe_result *result)
{
    struct bw_flight *flight = ctx;
    struct bw_watched *check = flight->check;
    struct bw_watch *watch = check->watch;
    const struct bw_subject subject = bw_roster_subject(check->seat);
    flight->run = NULL;
    /* Now: the transcript is the run's and gone with it. */
    bw_failures_note(watch->core, &check->seat->failures, &subject, result, check->nominal_ms);
    tell_change(check, result);
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
        struct bw_flight *flight = watch->checks[i]->flight;
        if (flight == NULL || flight->waiting == NULL)
            continue;
        if (sight->blind || flight->waiting->round <= sight->answered)
            take_result(flight, &flight->waiting->result);
    }
}

/* ---- its beginning --------------------------------------------------------------------- */

/* The clock of the hours ticks by the minute; the time at which the run is due is exact. */
static bool is_off_hours(const struct bw_watched *check, int64_t nominal_ms)
{
    const struct bw_config_hours *hours = check->config->hours;
    return hours != NULL && !bw_hours_contain(&hours->hours, nominal_ms);
}

/* bw_probe_address_fn of targets that somebody else names, by the configuration in force. */
static bool may_connect(void *ctx, const struct bw_address *address)
{
    const struct bw_watch *watch = ctx;
    return bw_reach_allows(&watch->core->config->reach, true, address);
}

void bw_watch_start_run(struct bw_watch *watch, const struct bw_schedule_run *due)
{
    struct bw_watched *check = watch->checks[due->id];
    if (is_off_hours(check, due->nominal_ms)) {
        bw_schedule_finished(watch->schedule, due->id);
        watch->off_hours++;
        return;
    }
    if (check->flight != NULL) {
        bw_schedule_finished(watch->schedule, due->id);
        watch->still_flying++;
        return;
    }
    const struct bw_probe_request request = {
        .plan = check->plan,
        .target = { .text = check->config->target,
                    .filter = check->config->guarded ? may_connect : NULL,
                    .filter_ctx = watch,
                    .memory = check->memory },
        .timeout_ns = check->config->timeout_ns,
        .retries = check->config->retries,
        .expect_failure = check->config->expect_failure,
        .resolve_mode = check->config->resolve_mode,
    };
    check->nominal_ms = due->nominal_ms;
    watch->last_lag_s = seconds(due->lag_ns);
    check->flight = bw_alloc(sizeof *check->flight);
    check->flight->check = check;
    check->flight->blind = watch->core->sight.blind;
    check->flight->spells = watch->core->sight.spells;
    check->flight->run = bw_probe_start(watch->engine, &request, on_done, check->flight);
}
