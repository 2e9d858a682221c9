// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/viewing.h"

#include "app/ledger.h"
#include "base/mem.h"
#include "io/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *copy(struct bw_arena *arena, const char *text)
{
    return text != NULL ? bw_arena_strdup(arena, text) : "";
}

static void view_recent(struct bw_arena *arena, const struct bw_roster_check *check,
                        struct bw_view_check *out)
{
    struct bw_view_past *recent = bw_arena_array(arena, check->recent_count + 1, sizeof *recent);
    const size_t oldest =
        (check->recent_next + BW_VIEW_RECENT_MAX - check->recent_count) % BW_VIEW_RECENT_MAX;
    for (size_t i = 0; i < check->recent_count; i++)
        recent[i] = check->recent[(oldest + i) % BW_VIEW_RECENT_MAX];
    out->recent = recent;
    out->recent_count = check->recent_count;
}

static bool are_same(struct bw_labels a, struct bw_labels b)
{
    bool same = a.count == b.count;
    for (size_t i = 0; same && i < a.count; i++)
        same = strcmp(a.items[i].name, b.items[i].name) == 0
               && strcmp(a.items[i].value, b.items[i].value) == 0;
    return same;
}

/* Most checks have none of their own: those that the view has of the service are theirs. */
static struct bw_labels view_labels(struct bw_arena *arena, struct bw_labels labels,
                                    struct bw_labels service)
{
    return are_same(labels, service) ? service : bw_labels_make(arena, labels.items, labels.count);
}

static void view_check(struct bw_arena *arena, const struct bw_roster *roster,
                       struct bw_labels labels, const struct bw_roster_check *check,
                       struct bw_view_check *out)
{
    const bool well = bw_roster_status(check) == BW_HEALTHY;
    *out = (struct bw_view_check){ .name = copy(arena, check->spec.name),
                                   .kind = copy(arena, check->spec.kind),
                                   .target = copy(arena, check->spec.target),
                                   .module = copy(arena, check->spec.module),
                                   .labels = view_labels(arena, check->spec.labels, labels),
                                   .status = bw_roster_status(check),
                                   .maintenance = copy(arena, bw_roster_maintenance(roster, check)),
                                   .idle = check->idle,
                                   .since_ms = bw_roster_since_ms(check),
                                   .cause = well ? "" : copy(arena, bw_roster_cause(roster, check)),
                                   .last_ms = check->last.ts_ms,
                                   .interval_ms = check->spec.interval_ms,
                                   .duration_s = check->last.duration_s,
                                   .reason = check->last.reason,
                                   .detail = copy(arena, check->last.detail),
                                   .attempts = check->last.attempts,
                                   .phase_count = check->last.phase_count,
                                   .certificate_expires_ms = check->last.certificate_expires_ms };
    memcpy(out->phases, check->last.phases, sizeof out->phases);
    view_recent(arena, check, out);
}

/* `labels` are those that the view has of the service. */
static void view_instance(struct bw_arena *arena, const struct bw_roster *roster,
                          struct bw_labels labels, const struct bw_roster_instance *instance,
                          struct bw_view_instance *out)
{
    size_t count = 0;
    for (const struct bw_roster_check *check = instance->checks; check != NULL; check = check->next)
        count++;
    struct bw_view_check *checks = bw_arena_array(arena, count + 1, sizeof *checks);
    size_t n = 0;
    for (const struct bw_roster_check *check = instance->checks; check != NULL; check = check->next)
        view_check(arena, roster, labels, check, &checks[n++]);
    *out = (struct bw_view_instance){ .name = copy(arena, instance->name),
                                      .status = instance->state.status,
                                      .maintenance = copy(
                                          arena, bw_roster_instance_maintenance(roster, instance)),
                                      .score = instance->state.score,
                                      .since_ms = instance->since_ms,
                                      .cause = copy(arena, instance->state.cause),
                                      .checks = checks,
                                      .check_count = count };
}

static const struct bw_view_resource *view_resources(struct bw_arena *arena,
                                                     const struct bw_roster_service *service)
{
    struct bw_view_resource *resources =
        bw_arena_array(arena, service->resource_count + 1, sizeof *resources);
    for (size_t i = 0; i < service->resource_count; i++) {
        resources[i] = service->resources[i];
        resources[i].name = copy(arena, service->resources[i].name);
        resources[i].subject = copy(arena, service->resources[i].subject);
    }
    return resources;
}

static const char *const *view_names(struct bw_arena *arena, const char *const *names, size_t count)
{
    const char **out = bw_arena_array(arena, count + 1, sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = copy(arena, names[i]);
    return out;
}

static void view_service(struct bw_arena *arena, struct bw_roster *roster,
                         const struct bw_roster_service *service, struct bw_view_service *out)
{
    size_t count = 0;
    const struct bw_roster_instance *instance;
    for (instance = service->instances; instance != NULL; instance = instance->next)
        count++;
    struct bw_view_instance *instances = bw_arena_array(arena, count + 1, sizeof *instances);
    const struct bw_labels labels =
        bw_labels_make(arena, service->labels.items, service->labels.count);
    size_t n = 0;
    for (instance = service->instances; instance != NULL; instance = instance->next)
        view_instance(arena, roster, labels, instance, &instances[n++]);
    *out = (struct bw_view_service){
        .name = copy(arena, service->name),
        .labels = labels,
        .status = service->state.status,
        .maintenance = copy(arena, bw_roster_service_maintenance(roster, service)),
        .score = service->state.score,
        .since_ms = service->since_ms,
        .cause = copy(arena, service->state.cause),
        .depends_on = view_names(arena, service->depends_on, service->depends_on_count),
        .depends_on_count = service->depends_on_count,
        .parent_down = copy(arena, bw_roster_parent_down(roster, service->name)),
        .instances = instances,
        .instance_count = count,
        .resources = view_resources(arena, service),
        .resource_count = service->resource_count,
    };
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct bw_view_service *)a)->name,
                  ((const struct bw_view_service *)b)->name);
}

static void view_services(struct bw_view *view, struct bw_roster *roster)
{
    size_t count = 0;
    const struct bw_roster_service *service;
    for (service = bw_roster_services(roster); service != NULL; service = service->next)
        count++;
    struct bw_view_service *services = bw_arena_array(&view->arena, count + 1, sizeof *services);
    size_t n = 0;
    for (service = bw_roster_services(roster); service != NULL; service = service->next)
        view_service(&view->arena, roster, service, &services[n++]);
    qsort(services, count, sizeof *services, by_name);
    view->services = services;
    view->service_count = count;
}

static void view_events(struct bw_view *view, const struct bw_core *core)
{
    struct bw_event *events = bw_arena_array(&view->arena, core->event_count + 1, sizeof *events);
    for (size_t i = 0; i < core->event_count; i++) {
        const struct bw_event *event = bw_core_recent_event(core, i);
        events[i] = *event;
        events[i].subject = (struct bw_subject){ copy(&view->arena, event->subject.service),
                                                 copy(&view->arena, event->subject.instance),
                                                 copy(&view->arena, event->subject.check) };
        events[i].name = copy(&view->arena, event->name);
        events[i].cause = copy(&view->arena, event->cause);
    }
    view->events = events;
    view->event_count = core->event_count;
}

void bw_viewing_publish(struct bw_core *core, struct bw_roster *roster,
                        const struct bw_viewing_parts *parts)
{
    struct bw_view *view = bw_alloc(sizeof *view);
    /* In one piece, which goes back to the system when the view goes: views come several times a
     * second, each beside its predecessor, and pieces of them would be all over the heap. */
    view->memory_bytes = core->view_bytes + core->view_bytes / 16;
    view->memory = bw_memory_map(view->memory_bytes);
    bw_arena_init_with(&view->arena, view->memory, view->memory_bytes);
    view->now_ms = bw_core_now_ms(core);
    view->started_ms = core->started_ms;
    view->node = copy(&view->arena, core->node);
    view->title = copy(&view->arena, core->config->settings.web.title);
    view->external_url = copy(&view->arena, parts->external_url);
    view->config_ok = parts->config_ok;
    view->config_message = copy(&view->arena, parts->config_message);
    view->sight = bw_canary_view(parts->canary, &view->arena);
    view->store_ok = core->store != NULL;
    view->store_message = copy(&view->arena, parts->store_message);
    view_services(view, roster);
    view->alert_count = bw_alerting_view(parts->alerting, &view->arena, &view->alerts);
    view->trend_count = bw_trending_view(parts->trending, &view->arena, &view->trends);
    view->statements = *bw_ledger_summary(bw_trending_ledger(parts->trending), view->now_ms);
    view->oddity_count = bw_vigil_view(parts->vigil, &view->arena, &view->oddities);
    view_events(view, core);
    core->view_bytes = view->arena.used;
    core->view_is_stale = false;
    core->view_shown_ns = bw_loop_mono_ns();
    bw_publisher_show(core->publisher, view);
}
