// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/hostwatch.h"

#include "app/log.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "host/host.h"
#include "host/process.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESOURCES_MAX = 256 };

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

struct bw_hostwatch {
    struct bw_core *core;
    struct bw_host *host;
    struct bw_timer *timer;
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
    bool reading; /* a worker has the host */
    bool stopped;
};

static void on_timer(void *ctx);

struct bw_hostwatch *bw_hostwatch_new(struct bw_core *core)
{
    struct bw_hostwatch *hostwatch = bw_alloc(sizeof *hostwatch);
    hostwatch->core = core;
    hostwatch->host = bw_host_new(NULL);
    hostwatch->timer = bw_timer_new(core->loop, on_timer, hostwatch);
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

void bw_hostwatch_free(struct bw_hostwatch *hostwatch)
{
    if (hostwatch == NULL)
        return;
    for (size_t i = 0; i < hostwatch->resource_count; i++)
        free_resource(&hostwatch->resources[i]);
    bw_timer_free(hostwatch->timer);
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

/* What the worker has read: judged, shown and stored on the loop. */
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
    if (tick_ms > hostwatch->last_tick_ms || tick_ms < hostwatch->last_tick_ms - 60000)
        bw_source_put_tick(hostwatch->source, read, tick_ms);
    hostwatch->last_tick_ms = tick_ms;
    bw_publication_show(hostwatch->publication, read);
    bw_publication_commit(hostwatch->judged);
    bw_core_view_changed(hostwatch->core);
}

/* Reading the host can wait for a mount whose server is gone: that is for a worker. */
struct errand {
    struct bw_hostwatch *hostwatch;
    struct bw_strings collectors;
    struct bw_arena arena;
    struct bw_measures measures;
    int64_t tick_ms;
    struct bw_err err;
    enum bw_rc rc;
};

static void read_host(void *ctx)
{
    struct errand *errand = ctx;
    errand->rc = bw_host_sample(errand->hostwatch->host, &errand->collectors, &errand->measures,
                                &errand->err);
    bw_process_sample(errand->hostwatch->host, &errand->measures, NULL);
}

static void host_read(void *ctx, bool ran)
{
    struct errand *errand = ctx;
    struct bw_hostwatch *hostwatch = errand->hostwatch;
    hostwatch->reading = false;
    if (ran && !hostwatch->stopped) {
        say_failure(hostwatch, errand->rc, &errand->err);
        take_round(hostwatch, &errand->measures, errand->tick_ms);
    }
    bw_arena_fini(&errand->arena);
    free(errand);
}

static struct bw_strings copy_strings(struct bw_arena *arena, struct bw_strings strings)
{
    const char **items = bw_arena_array(arena, strings.count, sizeof *items);
    for (size_t i = 0; i < strings.count; i++)
        items[i] = bw_arena_strdup(arena, strings.items[i]);
    return (struct bw_strings){ items, strings.count };
}

void bw_hostwatch_sample(struct bw_hostwatch *hostwatch)
{
    const struct bw_host_opts *opts = &hostwatch->config->settings.host;
    if (hostwatch->reading)
        return;
    struct errand *errand = bw_alloc(sizeof *errand);
    errand->hostwatch = hostwatch;
    bw_host_set_textfile_folder(hostwatch->host, opts->textfile_directory);
    errand->collectors = copy_strings(&errand->arena, opts->collectors);
    bw_measures_init(&errand->measures, &errand->arena);
    errand->tick_ms = tick_of(bw_core_now_ms(hostwatch->core), opts->interval_ns / 1000000);
    hostwatch->reading = bw_work_submit(hostwatch->core->workers, read_host, host_read, errand);
    if (!hostwatch->reading) {
        bw_arena_fini(&errand->arena);
        free(errand);
    }
}

/* Just after the next whole interval of the wall clock. */
static void arm(struct bw_hostwatch *hostwatch)
{
    const int64_t interval_ms = hostwatch->config->settings.host.interval_ns / 1000000;
    const int64_t now_ms = bw_core_now_ms(hostwatch->core);
    const int64_t wait_ms = tick_of(now_ms, interval_ms) + interval_ms - now_ms;
    bw_timer_start(hostwatch->timer, wait_ms * 1000000, 0);
}

static void on_timer(void *ctx)
{
    bw_hostwatch_sample(ctx);
    arm(ctx);
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
    arm(hostwatch);
}

void bw_hostwatch_stop(struct bw_hostwatch *hostwatch)
{
    hostwatch->stopped = true;
    bw_timer_stop(hostwatch->timer);
}
