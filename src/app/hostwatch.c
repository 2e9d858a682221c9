// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/hostwatch.h"

#include "app/log.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "host/host.h"
#include "host/process.h"
#include "io/pacer.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESOURCES_MAX = 256 };

/* How far behind a whole interval the host is read: as aimed at, and at most. */
#define BEAT_LATE_NS (2 * BW_MS)
#define BEAT_LATE_MAX_NS (10 * BW_MS)

/* One resource that is judged: "/ disk_used_ratio". */
struct resource {
    enum bw_resource kind;
    char *subject;
    char *check_name; /* "disk_used_ratio /" */
    struct bw_threshold band;
    struct bw_roster_check *seat;
    struct bw_publication *publication; /* its health */
    struct bw_source *source;
    bool seen; /* in this round */
};

/* What the reading thread needs of the configuration. */
struct plan {
    struct bw_arena arena;
    struct bw_strings collectors;
    const char *textfile_folder;
};

/* What the reading thread hands over. */
struct reading {
    char *memory; /* of the arena: a round is as large as the last one */
    size_t memory_bytes;
    struct bw_arena arena;
    struct bw_measures measures;
    int64_t began_ns; /* monotonic */
    struct bw_err err;
    enum bw_rc rc;
};

struct bw_hostwatch {
    struct bw_core *core;
    struct bw_host *host;
    struct bw_pacer *pacer;
    pthread_mutex_t plan_lock; /* guards next_plan */
    struct plan *next_plan;    /* for the thread to take; NULL: none that is new */
    struct plan *plan;         /* the thread's */
    struct reading reading;    /* the thread's, and the loop's in take_reading() */
    int64_t interval_ns;       /* of the beat */
    const struct bw_config *config;
    struct bw_roster *roster;
    struct bw_roster_service *service;
    struct bw_publication *publication; /* as node_exporter shows it */
    struct bw_publication *judged;      /* our own view of it */
    struct bw_source *source;
    struct resource resources[RESOURCES_MAX];
    size_t resource_count;
    struct bw_view_resource shown[RESOURCES_MAX];
    int64_t last_tick_ms;
    bool failing; /* the last round had a failure: said once */
};

static void read_host(void *ctx);
static void take_reading(void *ctx);

struct bw_hostwatch *bw_hostwatch_new(struct bw_core *core, struct bw_err *err)
{
    struct bw_hostwatch *hostwatch = bw_alloc(sizeof *hostwatch);
    hostwatch->pacer = bw_pacer_new(core->loop, read_host, take_reading, hostwatch, err);
    if (hostwatch->pacer == NULL) {
        free(hostwatch);
        return NULL;
    }
    hostwatch->core = core;
    hostwatch->host = bw_host_new(NULL);
    pthread_mutex_init(&hostwatch->plan_lock, NULL);
    const struct bw_label identity[] = { { "service", "host" }, { "instance", core->node } };
    const struct bw_metric_label shown[] = { { "service", "host" }, { "instance", core->node } };
    hostwatch->publication = bw_publication_new(core->publisher, NULL, 0, "exported_");
    hostwatch->judged = bw_publication_new(core->publisher, shown, 2, "exported_");
    hostwatch->source = bw_source_new(core->recorder, identity, 2, BW_SERIES_PER_SOURCE_MAX);
    return hostwatch;
}

static void free_resource(struct resource *resource)
{
    free(resource->subject);
    free(resource->check_name);
    bw_publication_free(resource->publication);
    bw_source_free(resource->source);
    *resource = (struct resource){ 0 };
}

static void free_plan(struct plan *plan)
{
    if (plan == NULL)
        return;
    bw_arena_fini(&plan->arena);
    free(plan);
}

void bw_hostwatch_free(struct bw_hostwatch *hostwatch)
{
    if (hostwatch == NULL)
        return;
    bw_pacer_free(hostwatch->pacer);
    free_plan(hostwatch->plan);
    free_plan(hostwatch->next_plan);
    pthread_mutex_destroy(&hostwatch->plan_lock);
    bw_arena_fini(&hostwatch->reading.arena);
    free(hostwatch->reading.memory);
    for (size_t i = 0; i < hostwatch->resource_count; i++)
        free_resource(&hostwatch->resources[i]);
    bw_publication_free(hostwatch->publication);
    bw_publication_free(hostwatch->judged);
    bw_source_free(hostwatch->source);
    bw_host_free(hostwatch->host);
    free(hostwatch);
}

/* ---- resources ------------------------------------------------------------------------- */

static const struct bw_threshold_opts *marks_of(const struct bw_hostwatch *hostwatch,
                                                enum bw_resource kind)
{
    return bw_resource_threshold(&hostwatch->config->settings.host.thresholds, kind);
}

static void take_seat(struct bw_hostwatch *hostwatch, struct resource *resource)
{
    const struct bw_roster_spec spec = {
        .service = "host",
        .instance = hostwatch->core->node,
        .name = resource->check_name,
        .kind = "host",
        .target = resource->subject,
        .module = "",
        .weight = 1,
        .rule = bw_health_rule_make(NULL, &hostwatch->config->settings.global.health),
        .interval_ms = hostwatch->config->settings.host.interval_ns / 1000000,
    };
    resource->seat = bw_roster_add_check(hostwatch->roster, hostwatch->service, &spec);
}

static void open_outlets(struct bw_core *core, struct resource *resource)
{
    const struct bw_metric_label shown[] = { { "service", "host" },
                                             { "instance", core->node },
                                             { "check", resource->check_name } };
    const struct bw_label identity[] = { { "service", "host" },
                                         { "instance", core->node },
                                         { "check", resource->check_name } };
    resource->publication = bw_publication_new(core->publisher, shown, 3, "exported_");
    resource->source = bw_source_new(core->recorder, identity, 3, BW_SERIES_PER_CHECK_MAX);
}

static void publish_health(struct resource *resource, int64_t tick_ms)
{
    struct bw_measures *measures = bw_publication_begin(resource->publication);
    bw_roster_measure_check(resource->seat, measures);
    bw_source_put_tick(resource->source, measures, tick_ms);
    bw_publication_commit(resource->publication);
}

static struct resource *resource_for(struct bw_hostwatch *hostwatch,
                                     const struct bw_resource_value *value)
{
    for (size_t i = 0; i < hostwatch->resource_count; i++) {
        struct resource *resource = &hostwatch->resources[i];
        if (resource->kind == value->resource && strcmp(resource->subject, value->subject) == 0)
            return resource;
    }
    if (hostwatch->resource_count == RESOURCES_MAX)
        return NULL;
    struct resource *resource = &hostwatch->resources[hostwatch->resource_count++];
    char name[BW_NAME_BYTES_MAX];
    snprintf(name, sizeof name, "%s%s%s", bw_resource_name(value->resource),
             value->subject[0] != '\0' ? " " : "", value->subject);
    *resource = (struct resource){ .kind = value->resource,
                                   .subject = bw_strdup(value->subject),
                                   .check_name = bw_strdup(name) };
    open_outlets(hostwatch->core, resource);
    take_seat(hostwatch, resource);
    return resource;
}

/* The resource that a check's name means. */
static bool resource_of_name(const char *name, struct bw_resource_value *out)
{
    for (int kind = 0; kind < BW_RESOURCE_COUNT; kind++) {
        const char *word = bw_resource_name((enum bw_resource)kind);
        const size_t length = strlen(word);
        if (strncmp(name, word, length) != 0 || (name[length] != ' ' && name[length] != '\0'))
            continue;
        *out =
            (struct bw_resource_value){ .resource = (enum bw_resource)kind,
                                        .subject = name[length] == ' ' ? name + length + 1 : "" };
        return true;
    }
    return false;
}

void bw_hostwatch_restore(struct bw_hostwatch *hostwatch, const struct bw_check_state *state)
{
    const struct bw_subject *subject = &state->subject;
    struct bw_resource_value value;
    if (strcmp(subject->service, "host") != 0
        || strcmp(subject->instance, hostwatch->core->node) != 0
        || !resource_of_name(subject->check, &value) || marks_of(hostwatch, value.resource) == NULL)
        return;
    struct resource *resource = resource_for(hostwatch, &value);
    if (resource != NULL)
        resource->band.held = state->status;
}

/* A file system that was unmounted is no longer judged. */
static void drop_unseen(struct bw_hostwatch *hostwatch)
{
    size_t kept = 0;
    for (size_t i = 0; i < hostwatch->resource_count; i++) {
        struct resource *resource = &hostwatch->resources[i];
        if (!resource->seen) {
            bw_roster_remove_check(hostwatch->roster, resource->seat);
            free_resource(resource);
            continue;
        }
        resource->seen = false;
        hostwatch->resources[kept++] = *resource;
    }
    hostwatch->resource_count = kept;
}

static void judge(struct bw_hostwatch *hostwatch, const struct bw_resource_value *value,
                  int64_t tick_ms)
{
    const struct bw_threshold_opts *marks = marks_of(hostwatch, value->resource);
    struct resource *resource = marks != NULL ? resource_for(hostwatch, value) : NULL;
    if (resource == NULL)
        return;
    resource->seen = true;
    char text[BW_CAUSE_BYTES_MAX];
    const enum bw_status status = bw_threshold_feed(&resource->band, marks, value->value);
    bw_threshold_text(text, sizeof text, resource->check_name, marks, status, value->value);
    const struct bw_outcome outcome = bw_threshold_outcome(status, text);
    struct bw_roster_result result = { .ts_ms = tick_ms,
                                       .duration_s = NAN,
                                       .reason = outcome.reason,
                                       .attempts = 1,
                                       .certificate_expires_ms = NAN };
    if (outcome.kind != BW_OUTCOME_PASS)
        result.detail = text;
    bw_roster_feed(hostwatch->roster, resource->seat, &outcome, &result);
    publish_health(resource, tick_ms);
}

static void show_resources(struct bw_hostwatch *hostwatch, const struct bw_resource_value *values,
                           size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count && n < RESOURCES_MAX; i++) {
        const struct bw_threshold_opts *marks = marks_of(hostwatch, values[i].resource);
        const struct resource *resource =
            marks != NULL ? resource_for(hostwatch, &values[i]) : NULL;
        if (resource == NULL)
            continue;
        hostwatch->shown[n++] =
            (struct bw_view_resource){ .name = bw_resource_name(values[i].resource),
                                       .subject = resource->subject,
                                       .value = values[i].value,
                                       .warning = marks->warning,
                                       .critical = marks->critical,
                                       .status = resource->seat->health.status };
    }
    hostwatch->service->resources = hostwatch->shown;
    hostwatch->service->resource_count = n;
}

static void measure_resources(const struct bw_resource_value *values, size_t count,
                              struct bw_measures *out)
{
    for (size_t i = 0; i < count; i++)
        bw_measures_add(out, BW_METRIC_HOST_RESOURCE_RATIO, values[i].value,
                        BW_LABEL_VALUES(bw_resource_name(values[i].resource), values[i].subject));
}

/* ---- a round --------------------------------------------------------------------------- */

/* The tick that this round belongs to: whole intervals since 1970. */
static int64_t tick_of(int64_t now_ms, int64_t interval_ms)
{
    return now_ms - now_ms % interval_ms;
}

static void say_failure(struct bw_hostwatch *hostwatch, enum bw_rc rc, const struct bw_err *err)
{
    if (rc != BW_OK && !hostwatch->failing)
        bw_logf(BW_LOG_WARN, "host", "%s", err->text);
    hostwatch->failing = rc != BW_OK;
}

/* What was read: judged, shown and stored on the loop. */
static void take_round(struct bw_hostwatch *hostwatch, const struct bw_measures *read,
                       int64_t tick_ms)
{
    struct bw_measures *judged = bw_publication_begin(hostwatch->judged);
    struct bw_resource_value *values;
    const size_t count = bw_host_resources(hostwatch->host, read, judged->arena, &values);
    for (size_t i = 0; i < count; i++)
        judge(hostwatch, &values[i], tick_ms);
    drop_unseen(hostwatch);
    show_resources(hostwatch, values, count);
    measure_resources(values, count, judged);
    const struct bw_shape *shape = NULL;
    if (tick_ms > hostwatch->last_tick_ms || tick_ms < hostwatch->last_tick_ms - 60000) {
        bw_source_put_tick(hostwatch->source, read, tick_ms);
        shape = bw_source_shape(hostwatch->source);
    }
    hostwatch->last_tick_ms = tick_ms;
    bw_publication_show(hostwatch->publication, read, shape);
    bw_publication_commit(hostwatch->judged);
    bw_core_view_aged(hostwatch->core);
}

/* ---- reading, on a thread of its own: it can wait for a mount whose server is gone -------- */

static void take_plan(struct bw_hostwatch *hostwatch)
{
    pthread_mutex_lock(&hostwatch->plan_lock);
    struct plan *next = hostwatch->next_plan;
    hostwatch->next_plan = NULL;
    pthread_mutex_unlock(&hostwatch->plan_lock);
    if (next == NULL)
        return;
    free_plan(hostwatch->plan);
    hostwatch->plan = next;
    bw_host_set_textfile_folder(hostwatch->host, next->textfile_folder);
}

/* The last round's memory again, in one piece: it is as warm as memory can be after a second. */
static void clear_reading(struct reading *reading)
{
    const size_t used = reading->arena.used;
    bw_arena_fini(&reading->arena);
    if (used > reading->memory_bytes) {
        free(reading->memory);
        reading->memory_bytes = used + used / 8;
        reading->memory = bw_alloc(reading->memory_bytes);
    } else if (used > 0) {
        memset(reading->memory, 0, reading->memory_bytes);
    }
    bw_arena_init_with(&reading->arena, reading->memory, reading->memory_bytes);
    bw_measures_init(&reading->measures, &reading->arena);
}

static void read_host(void *ctx)
{
    struct bw_hostwatch *hostwatch = ctx;
    struct reading *reading = &hostwatch->reading;
    take_plan(hostwatch);
    clear_reading(reading);
    reading->began_ns = bw_loop_mono_ns();
    reading->rc = bw_host_sample(hostwatch->host, &hostwatch->plan->collectors, &reading->measures,
                                 &reading->err);
    bw_process_sample(hostwatch->host, &reading->measures, NULL);
}

/* Just after each whole interval of the wall clock. The beat is left alone while it is near that:
 * to move it costs a wake, and what is known of either clock is not exact to the millisecond. */
static void arm(struct bw_hostwatch *hostwatch)
{
    const int64_t interval_ns = hostwatch->config->settings.host.interval_ns;
    const int64_t now_ms = bw_core_now_ms(hostwatch->core);
    const int64_t next_ms = tick_of(now_ms, interval_ns / BW_MS) + interval_ns / BW_MS;
    const int64_t earliest_ns = bw_loop_mono_ns() + (next_ms - now_ms) * BW_MS;
    const int64_t off_ns = bw_pacer_due_ns(hostwatch->pacer) - earliest_ns;
    if (interval_ns == hostwatch->interval_ns && off_ns >= 0 && off_ns <= BEAT_LATE_MAX_NS)
        return;
    hostwatch->interval_ns = interval_ns;
    bw_pacer_set(hostwatch->pacer, earliest_ns + BEAT_LATE_NS, interval_ns);
}

/* On the loop, with what read_host() has read. */
static void take_reading(void *ctx)
{
    struct bw_hostwatch *hostwatch = ctx;
    const struct reading *reading = &hostwatch->reading;
    const int64_t ago_ms = (bw_loop_mono_ns() - reading->began_ns) / BW_MS;
    /* Both are rounded down: without the one it could belong to the tick before. */
    const int64_t began_ms = bw_core_now_ms(hostwatch->core) - ago_ms + 1;
    const int64_t interval_ms = hostwatch->config->settings.host.interval_ns / BW_MS;
    say_failure(hostwatch, reading->rc, &reading->err);
    take_round(hostwatch, &reading->measures, tick_of(began_ms, interval_ms));
    arm(hostwatch);
}

static void make_plan(struct bw_hostwatch *hostwatch, const struct bw_host_opts *opts)
{
    struct plan *plan = bw_alloc(sizeof *plan);
    const char **items = bw_arena_array(&plan->arena, opts->collectors.count, sizeof *items);
    for (size_t i = 0; i < opts->collectors.count; i++)
        items[i] = bw_arena_strdup(&plan->arena, opts->collectors.items[i]);
    plan->collectors = (struct bw_strings){ items, opts->collectors.count };
    plan->textfile_folder = bw_arena_strdup(&plan->arena, opts->textfile_directory);
    pthread_mutex_lock(&hostwatch->plan_lock);
    struct plan *unused = hostwatch->next_plan;
    hostwatch->next_plan = plan;
    pthread_mutex_unlock(&hostwatch->plan_lock);
    free_plan(unused);
}

void bw_hostwatch_sample(struct bw_hostwatch *hostwatch)
{
    hostwatch->interval_ns = 0; /* it comes off the beat */
    bw_pacer_set(hostwatch->pacer, 0, hostwatch->config->settings.host.interval_ns);
}

void bw_hostwatch_apply(struct bw_hostwatch *hostwatch, const struct bw_config *config,
                        struct bw_roster *roster)
{
    static const struct bw_config_service service = { .name = "host",
                                                      .roll_up = { .kind = BW_ROLLUP_WORST } };
    hostwatch->config = config;
    hostwatch->roster = roster;
    hostwatch->service = bw_roster_add_service(roster, &service);
    for (size_t i = 0; i < hostwatch->resource_count; i++)
        take_seat(hostwatch, &hostwatch->resources[i]);
    make_plan(hostwatch, &config->settings.host);
    arm(hostwatch);
}

void bw_hostwatch_stop(struct bw_hostwatch *hostwatch)
{
    bw_pacer_free(hostwatch->pacer);
    hostwatch->pacer = NULL;
}
