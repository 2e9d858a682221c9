// SPDX-License-Identifier: GPL-3.0-or-later
/* The first page: how everything is. */
#include "web/endpoint.h"
#include "web/page.h"
#include "web/parts.h"
#include "web/words.h"

enum { ALERTS_MAX = 8, LIMITS_MAX = 5, EVENTS_MAX = 12, NAMES_MAX = 4 };

static size_t count_of(const struct bw_view *view, enum bw_status status)
{
    size_t count = 0;
    for (size_t i = 0; i < view->service_count; i++)
        count += view->services[i].status == status;
    return count;
}

static const struct bw_view_service *first_of(const struct bw_view *view, enum bw_status status)
{
    for (size_t i = 0; i < view->service_count; i++)
        if (view->services[i].status == status)
            return &view->services[i];
    return NULL;
}

/* "a, b, c, d and 3 more" */
static const char *names_of(struct bw_request *request, enum bw_status status)
{
    const struct bw_view *view = request->view;
    const char *text = "";
    size_t named = 0;
    for (size_t i = 0; i < view->service_count && named < NAMES_MAX; i++)
        if (view->services[i].status == status)
            text = bw_arena_printf(&request->arena, "%s%s%s", text, named++ > 0 ? ", " : "",
                                   view->services[i].name);
    size_t more = count_of(view, status) - named;
    return more == 0 ? text : bw_arena_printf(&request->arena, "%s and %zu more", text, more);
}

/* One sentence, and under it why. */
static void add_headline(struct bw_request *request, struct bw_value *root, enum bw_status status)
{
    const struct bw_view *view = request->view;
    struct bw_arena *arena = &request->arena;
    size_t count = count_of(view, status);
    size_t all = view->service_count;
    struct bw_value *headline = bw_value_add_object(arena, root, "headline");
    bw_words_status(arena, headline, "status", status);
    if (all == 0) {
        bw_value_add_text(arena, headline, "text", "Nothing is being watched yet");
    } else if (status == BW_HEALTHY) {
        bw_value_add_printf(
            arena, headline, "text",
            all == 1 ? "The one service is healthy" : "All %zu services are healthy", all);
    } else if (count > 1) {
        bw_value_add_printf(arena, headline, "text", "%zu of %zu services are %s", count, all,
                            bw_status_name(status));
        bw_words_text(arena, headline, "why", names_of(request, status));
    } else {
        const struct bw_view_service *service = first_of(view, status);
        bw_value_add_text(arena, headline, "who", service->name);
        bw_value_add_printf(arena, headline, "text", "is %s", bw_status_name(status));
        bw_words_time(arena, headline, "since", service->since_ms, request->now_ms);
        bw_words_text(arena, headline, "why", service->cause);
    }
}

/* The worst there is. UNKNOWN is said only where nothing worse is known. */
static enum bw_status worst(const struct bw_view *view)
{
    static const enum bw_status order[] = { BW_UNHEALTHY, BW_DEGRADED, BW_UNKNOWN };
    if (view->service_count == 0)
        return BW_UNKNOWN;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (count_of(view, order[i]) > 0)
            return order[i];
    return BW_HEALTHY;
}

static void add_tally(struct bw_request *request, struct bw_value *root)
{
    static const enum bw_status order[] = { BW_UNHEALTHY, BW_DEGRADED, BW_UNKNOWN, BW_HEALTHY };
    struct bw_value *list = bw_value_add_list(&request->arena, root, "tally");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        size_t count = count_of(request->view, order[i]);
        if (count == 0)
            continue;
        struct bw_value *item = bw_value_add_object(&request->arena, list, NULL);
        bw_value_add_int(&request->arena, item, "count", (int64_t)count);
        bw_words_status(&request->arena, item, "status", order[i]);
    }
}

static void add_instance(struct bw_request *request, struct bw_value *list,
                         const struct bw_view_instance *instance)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "name", instance->name);
    bw_words_status(arena, item, "status", instance->status);
    struct bw_value *checks = bw_value_add_list(arena, item, "checks");
    for (size_t i = 0; i < instance->check_count; i++)
        bw_parts_check(request, checks, &instance->checks[i]);
}

static void add_service(struct bw_request *request, struct bw_value *list,
                        const struct bw_view_service *service)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "name", service->name);
    bw_value_add_text(arena, item, "url", bw_parts_service_url(request, service->name));
    bw_words_status(arena, item, "status", service->status);
    bw_words_time(arena, item, "since", service->since_ms, request->now_ms);
    bw_words_text(arena, item, "cause", service->cause);
    bw_words_text(arena, item, "parent_down", service->parent_down);
    struct bw_value *instances = bw_value_add_list(arena, item, "instances");
    for (size_t i = 0; i < service->instance_count; i++)
        add_instance(request, instances, &service->instances[i]);
}

/* What needs a look first; the host has its own corner. */
static void add_services(struct bw_request *request, struct bw_value *root)
{
    static const enum bw_status order[] = { BW_UNHEALTHY, BW_DEGRADED, BW_UNKNOWN, BW_HEALTHY };
    const struct bw_view *view = request->view;
    struct bw_value *list = bw_value_add_list(&request->arena, root, "services");
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < view->service_count; i++)
            if (view->services[i].status == order[k] && view->services[i].resource_count == 0)
                add_service(request, list, &view->services[i]);
}

static void add_host(struct bw_request *request, struct bw_value *root)
{
    const struct bw_view *view = request->view;
    for (size_t i = 0; i < view->service_count; i++) {
        const struct bw_view_service *service = &view->services[i];
        if (service->resource_count == 0)
            continue;
        struct bw_value *host = bw_value_add_object(&request->arena, root, "host");
        bw_value_add_text(&request->arena, host, "name",
                          service->instance_count > 0 ? service->instances[0].name : service->name);
        bw_words_status(&request->arena, host, "status", service->status);
        bw_parts_resources(request, host, "resources", service);
        return;
    }
}

static void add_events(struct bw_request *request, struct bw_value *root)
{
    const struct bw_view *view = request->view;
    struct bw_value *list = bw_value_add_list(&request->arena, root, "events");
    for (size_t i = 0; i < view->event_count && i < EVENTS_MAX; i++)
        bw_parts_event(request, list, &view->events[i]);
}

void bw_page_status(struct bw_request *request)
{
    enum bw_status status = worst(request->view);
    struct bw_value *root = bw_page_begin(request, "Status", "status");
    add_headline(request, root, status);
    add_tally(request, root);
    add_services(request, root);
    add_host(request, root);
    bw_parts_alerts(request, root, "alerts", false, ALERTS_MAX);
    bw_parts_trends(request, root, "limits", true, LIMITS_MAX);
    bw_value_add_bool(&request->arena, root, "has_trends", request->view->trend_count > 0);
    add_events(request, root);
    bw_page_render(request, "page-status", root);
}
