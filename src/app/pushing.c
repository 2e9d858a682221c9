// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/pushing.h"

#include "base/mem.h"
#include "base/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* At least so often the clocks are compared, and who finds so much more than that has passed was
 * not there. */
#define LOOK_NS BW_MINUTE
#define ABSENT_NS (5 * BW_SECOND)

enum { MINUTE_MS = 60000 };

struct job {
    const struct bw_config_check *config;
    size_t index; /* in the configuration */
    struct bw_beat beat;
    uint64_t overlaps;
    int64_t idle_ms;   /* since when it is not watched; 0: it is */
    int64_t minute_ms; /* when the minute began of which reports are counted */
    unsigned in_minute;
};

enum answer { TAKEN, REFUSED, LIMITED, ANSWERS };

struct bw_pushing {
    struct bw_core *core;
    struct bw_watch *watch;
    struct bw_timer *timer;
    struct job *jobs;
    size_t count;
    bool running, stopped;
    int64_t looked_ms, looked_ns; /* wall and monotonic */
    int64_t blind_since_ms;       /* 0: we see */
    uint64_t answers[ANSWERS];
};

static void on_timer(void *ctx);

struct bw_pushing *bw_pushing_new(struct bw_core *core, struct bw_watch *watch)
{
    struct bw_pushing *pushing = bw_alloc(sizeof *pushing);
    pushing->core = core;
    pushing->watch = watch;
    pushing->timer = bw_timer_new(core->loop, on_timer, pushing);
    return pushing;
}

void bw_pushing_stop(struct bw_pushing *pushing)
{
    bw_timer_free(pushing->timer);
    pushing->timer = NULL;
    pushing->running = false;
    pushing->stopped = true;
}

void bw_pushing_free(struct bw_pushing *pushing)
{
    if (pushing == NULL)
        return;
    free(pushing->jobs);
    free(pushing);
}

/* ---- what becomes of it ----------------------------------------------------------------- */

static double seconds_of_ms(int64_t ms)
{
    return (double)ms / 1000;
}

static void measure(const struct job *job, const struct bw_probe_result *result, double lateness_s,
                    struct bw_measures *out)
{
    const struct bw_beat *beat = &job->beat;
    const double duration_s = (double)result->duration_ns / 1e9;
    bw_measures_add(out, BW_METRIC_PROBE_SUCCESS, result->success ? 1 : 0, NULL);
    if (result->duration_ns > 0) {
        bw_measures_add(out, BW_METRIC_PROBE_DURATION_SECONDS, duration_s, NULL);
        bw_measures_add(out, BW_METRIC_PROBE_PUSH_DURATION_SECONDS, duration_s, NULL);
    }
    if (!isnan(lateness_s))
        bw_measures_add(out, BW_METRIC_PROBE_PUSH_LATENESS_SECONDS, lateness_s, NULL);
    if (!result->success)
        bw_measures_add(out, BW_METRIC_PROBE_FAILURE_INFO, 1,
                        BW_LABEL_VALUES(bw_reason_name(result->reason)));
    if (beat->last_ms != 0)
        bw_measures_add(out, BW_METRIC_PROBE_PUSH_LAST_TIMESTAMP_SECONDS,
                        seconds_of_ms(beat->last_ms), NULL);
    bw_measures_add(out, BW_METRIC_PROBE_PUSH_DUE_TIMESTAMP_SECONDS, seconds_of_ms(beat->due_ms),
                    NULL);
    bw_measures_add(out, BW_METRIC_PROBE_PUSH_OVERLAPS, (double)job->overlaps, NULL);
}

static void give_result(struct bw_pushing *pushing, const struct job *job,
                        struct bw_probe_result *result, double lateness_s)
{
    struct bw_arena arena;
    struct bw_measures measures;
    bw_arena_init(&arena);
    bw_measures_init(&measures, &arena);
    measure(job, result, lateness_s, &measures);
    result->measures = &measures;
    bw_watch_report(pushing->watch, job->index, result);
    result->measures = NULL;
    bw_arena_fini(&arena);
}

/* "3h12m", in whole seconds. */
static void put_span(char out[BW_DURATION_TEXT_MAX], int64_t ms)
{
    const int64_t whole_s = ms / 1000;
    bw_format_duration_short(out, ms < 1000 ? ms * BW_MS : whole_s * BW_SECOND);
}

static void say_missed(struct bw_pushing *pushing, const struct job *job, int64_t now_ms)
{
    struct bw_probe_result result = { .reason = BW_REASON_PUSH_MISSED, .attempts = 1 };
    char span[BW_DURATION_TEXT_MAX];
    if (job->beat.started_ms != 0) {
        put_span(span, now_ms - job->beat.started_ms);
        snprintf(result.detail, sizeof result.detail, "it began %s ago and has not ended", span);
    } else if (job->beat.last_ms != 0) {
        put_span(span, now_ms - job->beat.last_ms);
        snprintf(result.detail, sizeof result.detail, "no report for %s, expected %s", span,
                 job->config->target);
    } else {
        snprintf(result.detail, sizeof result.detail, "no report so far, expected %s",
                 job->config->target);
    }
    give_result(pushing, job, &result, NAN);
}

/* A message that is the peer's; "" for none. */
static void quote_message(char *out, size_t size, const struct bw_push_report *report)
{
    out[0] = '\0';
    if (report->message != NULL)
        bw_probe_quote(out, size, report->message, report->message_size);
}

static void say_result(struct bw_pushing *pushing, const struct job *job,
                       const struct bw_push_report *report, const struct bw_beat_news *news,
                       double lateness_s)
{
    struct bw_probe_result result = { .success = report->word == BW_PUSH_PASS, .attempts = 1 };
    char span[BW_DURATION_TEXT_MAX];
    if (report->duration_ns >= 0)
        result.duration_ns = report->duration_ns;
    else if (news->duration_ms > 0)
        result.duration_ns = news->duration_ms * BW_MS;
    quote_message(result.detail, sizeof result.detail, report);
    if (!result.success) {
        result.reason = BW_REASON_PUSH_FAILED;
    } else if (news->missed) {
        put_span(span, news->late_ms);
        result.warned = true;
        result.reason = BW_REASON_PUSH_LATE;
        snprintf(result.warning, sizeof result.warning, "%s late", span);
    }
    give_result(pushing, job, &result, lateness_s);
}

static void tell_overlap(struct bw_pushing *pushing, struct job *job, int64_t began_ms,
                         int64_t now_ms)
{
    char cause[BW_DURATION_TEXT_MAX + 64], span[BW_DURATION_TEXT_MAX];
    put_span(span, now_ms - began_ms);
    snprintf(cause, sizeof cause, "the run before began %s ago and has not ended", span);
    job->overlaps++;
    bw_core_event(pushing->core, &(struct bw_event){ .ts_ms = now_ms,
                                                     .kind = BW_EVENT_MARKER,
                                                     .subject = bw_roster_subject(
                                                         bw_watch_seat(pushing->watch, job->index)),
                                                     .name = BW_EVENT_RUNS_OVERLAP,
                                                     .cause = cause });
}

/* ---- deadlines -------------------------------------------------------------------------- */

/* Nothing is expected of the job now. */
static bool is_deaf_to(const struct bw_pushing *pushing, const struct job *job)
{
    return job->idle_ms != 0 || (pushing->blind_since_ms != 0 && job->config->covered);
}

static void arm(struct bw_pushing *pushing)
{
    if (!pushing->running || pushing->count == 0)
        return;
    const int64_t now_ms = bw_core_now_ms(pushing->core);
    int64_t wait_ns = LOOK_NS;
    for (size_t i = 0; i < pushing->count; i++) {
        const struct job *job = &pushing->jobs[i];
        const int64_t left_ms = bw_beat_deadline_ms(&job->beat, &job->config->push->rule) - now_ms;
        if (left_ms < wait_ns / BW_MS && !is_deaf_to(pushing, job))
            wait_ns = left_ms > 0 ? left_ms * BW_MS : 0;
    }
    bw_timer_start(pushing->timer, wait_ns, 0);
}

void bw_pushing_look(struct bw_pushing *pushing)
{
    const int64_t now_ms = bw_core_now_ms(pushing->core);
    for (size_t i = 0; i < pushing->count; i++) {
        struct job *job = &pushing->jobs[i];
        if (!is_deaf_to(pushing, job)
            && bw_beat_is_missed(&job->beat, &job->config->push->rule, now_ms))
            say_missed(pushing, job, now_ms);
    }
    pushing->looked_ms = now_ms;
    pushing->looked_ns = bw_loop_mono_ns();
}

static void forgive_all(struct bw_pushing *pushing, int64_t from_ms, int64_t now_ms)
{
    for (size_t i = 0; i < pushing->count; i++) {
        struct job *job = &pushing->jobs[i];
        bw_beat_forgive(&job->beat, &job->config->push->rule, from_ms, now_ms);
    }
}

/* A suspend, a stop, or a clock that was put forward: nobody listened since the last look. */
static void notice_absence(struct bw_pushing *pushing)
{
    const int64_t now_ms = bw_core_now_ms(pushing->core);
    const int64_t wall_ns = (now_ms - pushing->looked_ms) * BW_MS;
    const int64_t mono_ns = bw_loop_mono_ns() - pushing->looked_ns;
    if (wall_ns - mono_ns > ABSENT_NS || mono_ns > LOOK_NS + ABSENT_NS)
        forgive_all(pushing, pushing->looked_ms, now_ms);
}

static void on_timer(void *ctx)
{
    struct bw_pushing *pushing = ctx;
    notice_absence(pushing);
    bw_pushing_look(pushing);
    arm(pushing);
}

void bw_pushing_start(struct bw_pushing *pushing)
{
    pushing->running = true;
    pushing->looked_ms = bw_core_now_ms(pushing->core);
    pushing->looked_ns = bw_loop_mono_ns();
    arm(pushing);
}

/* What was expected while we were blind stays veiled until the job reports; the status of the
 * others stands. */
static void see_again(struct bw_pushing *pushing)
{
    const int64_t now_ms = bw_core_now_ms(pushing->core);
    for (size_t i = 0; i < pushing->count; i++) {
        struct job *job = &pushing->jobs[i];
        if (!job->config->covered
            || bw_beat_forgive(&job->beat, &job->config->push->rule, pushing->blind_since_ms,
                               now_ms))
            continue;
        bw_watch_unveil(pushing->watch, job->index);
    }
    pushing->blind_since_ms = 0;
}

static void turn(struct bw_pushing *pushing, struct job *job, int64_t now_ms)
{
    const struct bw_roster_check *seat = bw_watch_seat(pushing->watch, job->index);
    const int64_t idle_ms = job->idle_ms;
    if (seat->idle) {
        job->idle_ms = idle_ms != 0 ? idle_ms : seat->idle_ms;
        return;
    }
    job->idle_ms = 0;
    if (idle_ms != 0 && !bw_beat_forgive(&job->beat, &job->config->push->rule, idle_ms, now_ms)
        && !is_deaf_to(pushing, job)) /* blind: seeing again lifts all veils */
        bw_watch_unveil(pushing->watch, job->index);
}

void bw_pushing_turn(struct bw_pushing *pushing)
{
    const int64_t now_ms = bw_core_now_ms(pushing->core);
    for (size_t i = 0; i < pushing->count; i++)
        turn(pushing, &pushing->jobs[i], now_ms);
    arm(pushing);
}

void bw_pushing_sight(struct bw_pushing *pushing)
{
    const struct bw_core_sight *sight = &pushing->core->sight;
    if (sight->blind && pushing->blind_since_ms == 0)
        pushing->blind_since_ms =
            sight->since_ms > 0 ? sight->since_ms : bw_core_now_ms(pushing->core);
    else if (!sight->blind && pushing->blind_since_ms != 0)
        see_again(pushing);
    arm(pushing);
}

/* ---- which jobs there are --------------------------------------------------------------- */

static bool is_same_job(const struct bw_config_check *a, const struct bw_config_check *b)
{
    return strcmp(a->service, b->service) == 0 && strcmp(a->name, b->name) == 0;
}

static const struct job *find_old(const struct bw_pushing *pushing,
                                  const struct bw_config_check *config)
{
    for (size_t i = 0; i < pushing->count; i++) {
        if (is_same_job(pushing->jobs[i].config, config))
            return &pushing->jobs[i];
    }
    return NULL;
}

static void add_job(struct bw_pushing *pushing, struct job *out, const struct bw_config *config,
                    size_t index, int64_t now_ms)
{
    const struct bw_config_check *check = &config->checks[index];
    const struct job *old = find_old(pushing, check);
    *out = (struct job){ .config = check, .index = index };
    if (old == NULL) {
        bw_beat_init(&out->beat, &check->push->rule, now_ms);
        return;
    }
    *out = *old;
    out->beat.due_ms += check->push->rule.every_ms - old->config->push->rule.every_ms;
    out->config = check;
    out->index = index;
}

void bw_pushing_apply(struct bw_pushing *pushing, const struct bw_config *config)
{
    const int64_t now_ms = bw_core_now_ms(pushing->core);
    struct job *jobs = bw_alloc_array(config->check_count + 1, sizeof *jobs);
    size_t count = 0;
    for (size_t i = 0; i < config->check_count; i++) {
        if (config->checks[i].push != NULL)
            add_job(pushing, &jobs[count++], config, i, now_ms);
    }
    free(pushing->jobs);
    pushing->jobs = jobs;
    pushing->count = count;
    arm(pushing);
}

void bw_pushing_restore(struct bw_pushing *pushing, int64_t heard_ms)
{
    const int64_t now_ms = bw_core_now_ms(pushing->core);
    for (size_t i = 0; i < pushing->count; i++) {
        struct job *job = &pushing->jobs[i];
        const struct bw_health *health = &bw_watch_seat(pushing->watch, job->index)->health;
        if (health->last_result_ms <= 0)
            continue;
        bw_beat_resume(&job->beat, &job->config->push->rule, health->last_result_ms,
                       health->reason == BW_REASON_PUSH_MISSED);
        bw_beat_forgive(&job->beat, &job->config->push->rule,
                        heard_ms > health->last_result_ms ? heard_ms : health->last_result_ms,
                        now_ms);
    }
}

/* ---- reports ---------------------------------------------------------------------------- */

/* Looks at all of what was given, whatever it is. */
static bool is_token(const char *given, const char *token)
{
    const size_t given_len = strlen(given), len = strlen(token);
    unsigned differs = given_len != len;
    for (size_t i = 0; i < given_len; i++)
        differs |= (unsigned)((unsigned char)given[i] ^ (unsigned char)token[i < len ? i : len]);
    return differs == 0;
}

/* As Gatus makes its keys: lower case, with a dash for what is special. */
static bool is_part_of_key(const char **key, const char *name)
{
    const char *at = *key;
    for (; *name != '\0'; name++, at++) {
        const char spelled =
            strchr(" /_,.#+&", *name) != NULL ? '-' : (char)tolower((unsigned char)*name);
        if (*at != spelled)
            return false;
    }
    *key = at;
    return true;
}

static bool is_key(const char *key, const struct bw_config_check *config)
{
    return is_part_of_key(&key, config->service) && *key++ == '_'
           && is_part_of_key(&key, config->name) && *key == '\0';
}

static bool is_meant(const struct job *job, const struct bw_push_report *report)
{
    if (report->key != NULL)
        return is_key(report->key, job->config);
    return report->service == NULL
           || (strcmp(report->service, job->config->service) == 0
               && strcmp(report->check, job->config->name) == 0);
}

/* The one job that is meant and whose token it is; NULL when there is none or more than one. Every
 * token is looked at, so that the time tells nothing. */
static struct job *find_job(struct bw_pushing *pushing, const struct bw_push_report *report)
{
    struct job *found = NULL;
    size_t fitting = 0;
    for (size_t i = 0; i < pushing->count; i++) {
        struct job *job = &pushing->jobs[i];
        const bool fits =
            is_token(report->token != NULL ? report->token : "", job->config->push->token);
        if (fits && is_meant(job, report)) {
            found = job;
            fitting++;
        }
    }
    return fitting == 1 ? found : NULL;
}

static bool has_room(struct job *job, int64_t now_ms)
{
    if (now_ms - job->minute_ms >= MINUTE_MS || now_ms < job->minute_ms) {
        job->minute_ms = now_ms;
        job->in_minute = 0;
    }
    return job->in_minute++ < BW_PUSHES_A_MINUTE;
}

static void take(struct bw_pushing *pushing, struct job *job, const struct bw_push_report *report,
                 int64_t now_ms)
{
    static const enum bw_beat_word words[] = { [BW_PUSH_START] = BW_BEAT_START,
                                               [BW_PUSH_PASS] = BW_BEAT_PASS,
                                               [BW_PUSH_FAIL] = BW_BEAT_FAIL };
    const struct bw_beat_rule *rule = &job->config->push->rule;
    const struct bw_beat before = job->beat;
    if (!is_deaf_to(pushing, job) && bw_beat_is_missed(&job->beat, rule, now_ms))
        say_missed(pushing, job, now_ms); /* the timer has not told yet */
    const int64_t expected_ms = job->beat.owed_ms != 0 ? job->beat.owed_ms : job->beat.due_ms;
    const struct bw_beat_news news = bw_beat_take(&job->beat, rule, words[report->word], now_ms);
    if (news.decides)
        say_result(pushing, job, report, &news,
                   before.last_ms != 0 ? seconds_of_ms(now_ms - expected_ms) : NAN);
    if (news.overlaps)
        tell_overlap(pushing, job, before.started_ms, now_ms);
    arm(pushing);
}

enum bw_rc bw_pushing_take(struct bw_pushing *pushing, const struct bw_push_report *report,
                           struct bw_err *err)
{
    const int64_t now_ms = bw_core_now_ms(pushing->core);
    struct job *job = pushing->running ? find_job(pushing, report) : NULL;
    if (!pushing->running)
        return bw_fail(err, BW_EBUSY, "Reports are not taken just now.");
    if (job == NULL) {
        pushing->answers[REFUSED]++;
        return bw_fail(err, BW_EDENIED, "There is no such job, or this is not its token.");
    }
    if (!has_room(job, now_ms)) {
        pushing->answers[LIMITED]++;
        return bw_fail(err, BW_EBUSY, "More than %d reports of one job came within a minute.",
                       BW_PUSHES_A_MINUTE);
    }
    pushing->answers[TAKEN]++;
    take(pushing, job, report, now_ms);
    return BW_OK;
}

struct errand {
    struct bw_pushing *pushing;
    const struct bw_push_report *report;
    bw_push_done_fn *done;
    void *reply;
};

static void run_errand(void *ctx)
{
    struct errand *errand = ctx;
    struct bw_err err;
    const bool taken = bw_pushing_take(errand->pushing, errand->report, &err) == BW_OK;
    errand->done(errand->reply, taken ? NULL : &err);
    free(errand);
}

void bw_pushing_report(struct bw_pushing *pushing, const struct bw_push_report *report,
                       bw_push_done_fn *done, void *reply)
{
    struct errand *errand = bw_alloc(sizeof *errand);
    *errand = (struct errand){ pushing, report, done, reply };
    bw_loop_post(pushing->core->loop, run_errand, errand);
}

void bw_pushing_measure(const struct bw_pushing *pushing, struct bw_measures *out)
{
    static const char *const names[ANSWERS] = { "taken", "refused", "limited" };
    for (int i = 0; i < ANSWERS; i++)
        bw_measures_add(out, BW_METRIC_PUSH_REPORTS_TOTAL, (double)pushing->answers[i],
                        BW_LABEL_VALUES(names[i]));
}
