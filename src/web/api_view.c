// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON answers from the view: services, targets, alerts, status. */
#include "web/answer.h"
#include "web/api.h"
#include "web/endpoint.h"
#include "web/grouping.h"
#include "web/service_trend.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

static void add_status(struct bw_arena *arena, struct bw_value *in, enum bw_status status,
                       int64_t since_ms, const char *cause)
{
    bw_value_add_text(arena, in, "status", bw_status_name(status));
    bw_api_moment(arena, in, "since", since_ms);
    bw_words_text(arena, in, "cause", cause);
}

static void add_last_result(struct bw_arena *arena, struct bw_value *in,
                            const struct bw_view_check *check)
{
    if (check->last_ms == 0) {
        bw_value_add_null(arena, in, "last_result");
        return;
    }
    struct bw_value *last = bw_value_add_object(arena, in, "last_result");
    bw_value_add_int(arena, last, "ts", check->last_ms);
    bw_value_add_bool(arena, last, "passed", check->reason == BW_REASON_NONE);
    bw_value_add_number(arena, last, "duration_seconds", check->duration_s);
    bw_words_text(arena, last, "reason", bw_reason_name(check->reason));
    bw_words_text(arena, last, "detail", check->detail);
    bw_value_add_int(arena, last, "attempts", check->attempts);
    struct bw_value *phases = bw_value_add_list(arena, last, "phases");
    for (size_t i = 0; i < check->phase_count; i++) {
        struct bw_value *phase = bw_value_add_object(arena, phases, NULL);
        bw_value_add_text(arena, phase, "name", check->phases[i].name);
        bw_value_add_number(arena, phase, "seconds", check->phases[i].seconds);
    }
}

void bw_api_view_check(struct bw_arena *arena, struct bw_value *item,
                       const struct bw_view_check *check)
{
    bw_value_add_text(arena, item, "name", check->name);
    bw_value_add_text(arena, item, "kind", check->kind);
    bw_words_text(arena, item, "target", check->target);
    bw_words_text(arena, item, "module", check->module);
    bw_api_labels(arena, item, "labels", check->labels);
    bw_value_add_number(arena, item, "interval_seconds", (double)check->interval_ms / 1000);
    add_status(arena, item, check->status, check->since_ms, check->cause);
    bw_value_add_bool(arena, item, "watched", !check->idle);
    bw_words_text(arena, item, "maintenance", check->maintenance);
    bw_api_moment(arena, item, "certificate_expires",
                  isfinite(check->certificate_expires_ms) ? (int64_t)check->certificate_expires_ms
                                                          : 0);
    add_last_result(arena, item, check);
}

void bw_api_recent(struct bw_arena *arena, struct bw_value *item, const struct bw_view_check *check)
{
    struct bw_value *list = bw_value_add_list(arena, item, "recent");
    for (size_t i = 0; i < check->recent_count; i++) {
        const struct bw_view_result result = bw_view_past_read(check->recent[i]);
        struct bw_value *one = bw_value_add_object(arena, list, NULL);
        bw_value_add_int(arena, one, "ts", result.ts_ms);
        bw_value_add_number(arena, one, "duration_seconds", result.duration_s);
        bw_value_add_text(arena, one, "status", bw_status_name(result.status));
    }
}

static void add_resources(struct bw_arena *arena, struct bw_value *in,
                          const struct bw_view_service *service)
{
    if (service->resource_count == 0)
        return;
    struct bw_value *list = bw_value_add_list(arena, in, "resources");
    for (size_t i = 0; i < service->resource_count; i++) {
        const struct bw_view_resource *resource = &service->resources[i];
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_text(arena, item, "name", resource->name);
        bw_words_text(arena, item, "subject", resource->subject);
        bw_value_add_number(arena, item, "value", resource->value);
        bw_value_add_number(arena, item, "warning", resource->warning);
        bw_value_add_number(arena, item, "critical", resource->critical);
        bw_value_add_text(arena, item, "status", bw_status_name(resource->status));
    }
}

static void add_instance(struct bw_arena *arena, struct bw_value *list,
                         const struct bw_view_instance *instance, bool with_recent)
{
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "name", instance->name);
    add_status(arena, item, instance->status, instance->since_ms, instance->cause);
    bw_words_text(arena, item, "maintenance", instance->maintenance);
    bw_value_add_number(arena, item, "score", instance->score);
    struct bw_value *checks = bw_value_add_list(arena, item, "checks");
    for (size_t i = 0; i < instance->check_count; i++) {
        struct bw_value *check = bw_value_add_object(arena, checks, NULL);
        bw_api_view_check(arena, check, &instance->checks[i]);
        if (with_recent)
            bw_api_recent(arena, check, &instance->checks[i]);
    }
}

static void add_service(struct bw_arena *arena, struct bw_value *item,
                        const struct bw_view_service *service, bool with_recent)
{
    bw_value_add_text(arena, item, "name", service->name);
    bw_api_labels(arena, item, "labels", service->labels);
    add_status(arena, item, service->status, service->since_ms, service->cause);
    bw_words_text(arena, item, "maintenance", service->maintenance);
    bw_value_add_number(arena, item, "score", service->score);
    struct bw_value *parents = bw_value_add_list(arena, item, "depends_on");
    for (size_t i = 0; i < service->depends_on_count; i++)
        bw_value_add_text(arena, parents, NULL, service->depends_on[i]);
    bw_words_text(arena, item, "parent_down", service->parent_down);
    struct bw_value *instances = bw_value_add_list(arena, item, "instances");
    for (size_t i = 0; i < service->instance_count; i++)
        add_instance(arena, instances, &service->instances[i], with_recent);
    add_resources(arena, item, service);
}

void bw_api_services(struct bw_request *request)
{
    const struct bw_view *view = request->view;
    struct bw_api_slice slice;
    if (!bw_api_slice(request, &slice))
        return;
    struct bw_value *root = bw_value_object(&request->arena);
    struct bw_value *list = bw_value_add_list(&request->arena, root, "services");
    size_t end = bw_api_slice_end(&slice, view->service_count);
    for (size_t i = (size_t)slice.cursor; i < end; i++)
        add_service(&request->arena, bw_value_add_object(&request->arena, list, NULL),
                    &view->services[i], false);
    bw_api_next(request, root, bw_api_slice_next(end, view->service_count));
    bw_answer_json(request, root);
}

void bw_api_service(struct bw_request *request)
{
    const struct bw_view_service *service = bw_view_service(request->view, request->captures[0]);
    if (service == NULL) {
        bw_answer_problem(request, 404, "There is no service of that name.");
        return;
    }
    struct bw_value *root = bw_value_object(&request->arena);
    add_service(&request->arena, root, service, true);
    bw_api_service_trend(request, root, service->name);
    bw_answer_json(request, root);
}

static void add_target(struct bw_arena *arena, struct bw_value *list, const char *service,
                       const char *instance, const struct bw_view_check *check)
{
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "service", service);
    bw_value_add_text(arena, item, "instance", instance);
    bw_api_view_check(arena, item, check);
}

void bw_api_targets(struct bw_request *request)
{
    const struct bw_view *view = request->view;
    struct bw_arena *arena = &request->arena;
    struct bw_api_slice slice;
    if (!bw_api_slice(request, &slice))
        return;
    struct bw_value *root = bw_value_object(arena);
    struct bw_value *list = bw_value_add_list(arena, root, "targets");
    size_t place = 0;
    for (size_t s = 0; s < view->service_count; s++)
        for (size_t i = 0; i < view->services[s].instance_count; i++) {
            const struct bw_view_instance *instance = &view->services[s].instances[i];
            for (size_t c = 0; c < instance->check_count; c++, place++)
                if (place >= (size_t)slice.cursor && list->count < slice.limit)
                    add_target(arena, list, view->services[s].name, instance->name,
                               &instance->checks[c]);
        }
    bw_api_next(request, root, bw_api_slice_next(bw_api_slice_end(&slice, place), place));
    bw_answer_json(request, root);
}

static void add_alert(struct bw_arena *arena, struct bw_value *list,
                      const struct bw_view_alert *alert)
{
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "rule", alert->rule);
    bw_value_add_text(arena, item, "labels", alert->labels);
    bw_value_add_text(arena, item, "state", alert->level == BW_LEVEL_NONE ? "pending" : "active");
    bw_value_add_text(arena, item, "level", bw_level_name(alert->level));
    bw_value_add_text(arena, item, "pending_level", bw_level_name(alert->pending));
    bw_api_moment(arena, item, "active_since", alert->active_since_ms);
    bw_api_moment(arena, item, "level_since", alert->level_since_ms);
    bw_value_add_number(arena, item, "value", alert->value);
    bw_words_text(arena, item, "expr", alert->expr);
    bw_words_text(arena, item, "cause", alert->cause);
}

void bw_api_alerts(struct bw_request *request)
{
    const struct bw_view *view = request->view;
    struct bw_api_slice slice;
    if (!bw_api_slice(request, &slice))
        return;
    struct bw_value *root = bw_value_object(&request->arena);
    struct bw_value *list = bw_value_add_list(&request->arena, root, "alerts");
    size_t end = bw_api_slice_end(&slice, view->alert_count);
    for (size_t i = (size_t)slice.cursor; i < end; i++)
        add_alert(&request->arena, list, &view->alerts[i]);
    bw_api_next(request, root, bw_api_slice_next(end, view->alert_count));
    bw_answer_json(request, root);
}

/* One group, which is items [begin, end) of the grouping; returns end. */
static size_t add_group(struct bw_request *request, struct bw_value *list,
                        const struct bw_grouping *grouping, size_t begin)
{
    struct bw_arena *arena = &request->arena;
    const struct bw_grouped *first = &grouping->items[begin];
    size_t counts[BW_STATUS_COUNT] = { 0 };
    struct bw_value *group = bw_value_add_object(arena, list, NULL);
    bw_words_text(arena, group, "value", first->group);
    bw_value_add_text(arena, group, "status", bw_status_name(first->worst));
    struct bw_value *services = bw_value_add_list(arena, group, "services");
    size_t end = begin;
    for (; end < grouping->count && strcmp(grouping->items[end].group, first->group) == 0; end++) {
        counts[grouping->items[end].service->status]++;
        bw_value_add_text(arena, services, NULL, grouping->items[end].service->name);
    }
    struct bw_value *object = bw_value_add_object(arena, group, "counts");
    for (int status = 0; status < BW_STATUS_COUNT; status++)
        bw_value_add_int(arena, object, bw_status_name((enum bw_status)status),
                         (int64_t)counts[status]);
    return end;
}

static size_t end_of_group(const struct bw_grouping *grouping, size_t begin)
{
    size_t end = begin;
    while (end < grouping->count
           && strcmp(grouping->items[end].group, grouping->items[begin].group) == 0)
        end++;
    return end;
}

void bw_api_groups(struct bw_request *request)
{
    struct bw_arena *arena = &request->arena;
    const char *by = bw_url_param(&request->url, "by");
    struct bw_grouping grouping;
    struct bw_api_slice slice;
    if (!bw_api_slice(request, &slice))
        return;
    bw_grouping_make(arena, request->view, by, &grouping);
    if (by != NULL && grouping.by == NULL) {
        bw_answer_problem(request, 400, "by: no service has a label of that name.");
        return;
    }
    struct bw_value *root = bw_value_object(arena);
    bw_words_text(arena, root, "by", grouping.by);
    struct bw_value *labels = bw_value_add_list(arena, root, "labels");
    for (size_t i = 0; i < grouping.name_count; i++)
        bw_value_add_text(arena, labels, NULL, grouping.names[i]);
    struct bw_value *list = bw_value_add_list(arena, root, "groups");
    size_t place = 0;
    for (size_t i = 0; i < grouping.count; place++)
        i = place >= (size_t)slice.cursor && list->count < slice.limit
                ? add_group(request, list, &grouping, i)
                : end_of_group(&grouping, i);
    bw_api_next(request, root, bw_api_slice_next(bw_api_slice_end(&slice, place), place));
    bw_answer_json(request, root);
}

/* What the self-canary says; null without one. */
static void add_sight(struct bw_arena *arena, struct bw_value *root,
                      const struct bw_view_sight *sight)
{
    bw_value_add_bool(arena, root, "blind", sight->blind);
    if (!sight->has_canary) {
        bw_value_add_null(arena, root, "self_canary");
        return;
    }
    struct bw_value *object = bw_value_add_object(arena, root, "self_canary");
    bw_value_add_bool(arena, object, "sees", !sight->blind);
    bw_api_moment(arena, object, "since", sight->since_ms);
    bw_words_text(arena, object, "cause", sight->words);
    bw_value_add_int(arena, object, "need", (int64_t)sight->need);
    struct bw_value *list = bw_value_add_list(arena, object, "targets");
    for (size_t i = 0; i < sight->target_count; i++) {
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_text(arena, item, "target", sight->targets[i].target);
        bw_value_add_bool(arena, item, "up", sight->targets[i].up);
    }
}

/* Services by their status; of those that are in maintenance only how many there are. */
struct tally {
    size_t counts[BW_STATUS_COUNT], maintained;
    enum bw_status worst; /* of the others */
};

static struct tally tally_of(const struct bw_view *view)
{
    struct tally tally = { .worst = BW_UNKNOWN };
    bool any = false;
    for (size_t i = 0; i < view->service_count; i++) {
        const enum bw_status status = view->services[i].status;
        tally.counts[status]++;
        if (bw_view_is_maintained(&view->services[i])) {
            tally.maintained++;
            continue;
        }
        if (!any || bw_status_rank(status) > bw_status_rank(tally.worst))
            tally.worst = status;
        any = true;
    }
    return tally;
}

/* For load balancers and uptime monitors: 503 as soon as a service is UNHEALTHY that is not in
 * maintenance. */
void bw_api_status(struct bw_request *request)
{
    const struct bw_view *view = request->view;
    struct bw_arena *arena = &request->arena;
    const struct tally tally = tally_of(view);
    struct bw_value *root = bw_value_object(arena);
    bw_value_add_text(arena, root, "status", bw_status_name(tally.worst));
    bw_value_add_int(arena, root, "ts", view->now_ms);
    bw_value_add_text(arena, root, "title", view->title);
    bw_value_add_text(arena, root, "version", BW_VERSION);
    bw_words_text(arena, root, "node", view->node);
    bw_api_moment(arena, root, "started", view->started_ms);
    struct bw_value *services = bw_value_add_object(arena, root, "services");
    for (int status = 0; status < BW_STATUS_COUNT; status++)
        bw_value_add_int(arena, services, bw_status_name((enum bw_status)status),
                         (int64_t)tally.counts[status]);
    bw_value_add_int(arena, root, "in_maintenance", (int64_t)tally.maintained);
    add_sight(arena, root, &view->sight);
    bw_value_add_bool(arena, root, "config_ok", view->config_ok);
    bw_words_text(arena, root, "config_message", view->config_ok ? NULL : view->config_message);
    bw_value_add_bool(arena, root, "store_ok", view->store_ok);
    bw_words_text(arena, root, "store_message", view->store_ok ? NULL : view->store_message);
    bw_answer_json(request, root);
    if (tally.worst == BW_UNHEALTHY)
        request->answer.status = 503;
}
