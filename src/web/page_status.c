// SPDX-License-Identifier: GPL-3.0-or-later
/* The first page: how everything is. */
#include "base/escape.h"
#include "base/num.h"
#include "web/days.h"
#include "web/endpoint.h"
#include "web/grouping.h"
#include "web/page.h"
#include "web/parts.h"
#include "web/trend_list.h"
#include "web/words.h"

#include <string.h>

enum { ALERTS_MAX = 8, LIMITS_MAX = 5, EVENTS_MAX = 12, NAMES_MAX = 4, FOLD_ABOVE = 12 };

static const enum bw_status worst_first[] = { BW_UNHEALTHY, BW_DEGRADED, BW_UNKNOWN, BW_HEALTHY };

/* What is in maintenance is not among those that are not well. */
static bool is_one_of(const struct bw_view_service *service, enum bw_status status)
{
    return service->status == status && (status == BW_HEALTHY || !bw_view_is_maintained(service));
}

static size_t maintained_count(const struct bw_view *view)
{
    size_t count = 0;
    for (size_t i = 0; i < view->service_count; i++)
        count += bw_view_is_maintained(&view->services[i]);
    return count;
}

static size_t count_of(const struct bw_view *view, enum bw_status status)
{
    size_t count = 0;
    for (size_t i = 0; i < view->service_count; i++)
        count += is_one_of(&view->services[i], status);
    return count;
}

static const struct bw_view_service *first_of(const struct bw_view *view, enum bw_status status)
{
    for (size_t i = 0; i < view->service_count; i++)
        if (is_one_of(&view->services[i], status))
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
        if (is_one_of(&view->services[i], status))
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
    } else if (status == BW_HEALTHY && count < all) {
        bw_value_add_text(arena, headline, "text", "All is well but for maintenance");
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
    if (view->service_count == 0)
        return BW_UNKNOWN;
    for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++)
        if (count_of(view, worst_first[i]) > 0)
            return worst_first[i];
    return BW_HEALTHY;
}

static void add_tally(struct bw_request *request, struct bw_value *root)
{
    struct bw_value *list = bw_value_add_list(&request->arena, root, "tally");
    for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++) {
        size_t count = count_of(request->view, worst_first[i]);
        if (count == 0)
            continue;
        struct bw_value *item = bw_value_add_object(&request->arena, list, NULL);
        bw_value_add_int(&request->arena, item, "count", (int64_t)count);
        bw_words_status(&request->arena, item, "status", worst_first[i]);
    }
    const size_t maintained = maintained_count(request->view);
    if (maintained > 0)
        bw_value_add_int(&request->arena, root, "maintained", (int64_t)maintained);
    else
        bw_value_add_null(&request->arena, root, "maintained");
}

static void add_instance(struct bw_request *request, struct bw_value *list, const char *service,
                         const struct bw_view_instance *instance)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "name", instance->name);
    bw_words_status(arena, item, "status", instance->status);
    struct bw_value *checks = bw_value_add_list(arena, item, "checks");
    for (size_t i = 0; i < instance->check_count; i++)
        bw_parts_check(request, checks, service, instance->name, &instance->checks[i]);
}

/* Of many services those that are well show their checks only when they are asked to. */
static void add_fold(struct bw_request *request, struct bw_value *item,
                     const struct bw_view_service *service)
{
    struct bw_arena *arena = &request->arena;
    size_t checks = 0;
    if (service->status != BW_HEALTHY || request->view->service_count <= FOLD_ABOVE) {
        bw_value_add_null(arena, item, "fold");
        return;
    }
    for (size_t i = 0; i < service->instance_count; i++)
        checks += service->instances[i].check_count;
    struct bw_value *fold = bw_value_add_object(arena, item, "fold");
    bw_value_add_text(arena, fold, "id", bw_parts_service_url(request, service->name));
    bw_value_add_printf(arena, fold, "text", "%zu %s on %zu %s", checks,
                        checks == 1 ? "check" : "checks", service->instance_count,
                        service->instance_count == 1 ? "instance" : "instances");
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
    bw_words_text(arena, item, "maintenance", service->maintenance);
    bw_words_text(arena, item, "parent_down", service->parent_down);
    bw_parts_days(request, item, "days", service->name);
    add_fold(request, item, service);
    struct bw_value *instances = bw_value_add_list(arena, item, "instances");
    for (size_t i = 0; i < service->instance_count; i++)
        add_instance(request, instances, service->name, &service->instances[i]);
}

/* A link to this page, grouped and paged. */
static const char *link_to(struct bw_request *request, const char *by, size_t page)
{
    struct bw_buf out;
    bw_buf_init(&out, BW_URL_BYTES_MAX);
    bw_buf_printf(&out, "%s/", request->site->prefix);
    if (by != NULL) {
        bw_buf_text(&out, "?by=");
        bw_escape_url(&out, by, strlen(by));
    }
    if (page > 1)
        bw_buf_printf(&out, "%cpage=%zu", by == NULL ? '?' : '&', page);
    const char *url = bw_arena_strdup(&request->arena, out.data);
    bw_buf_fini(&out);
    return url;
}

static void add_choice(struct bw_request *request, struct bw_value *list, const char *text,
                       const char *by, const char *current)
{
    struct bw_value *item = bw_value_add_object(&request->arena, list, NULL);
    bw_value_add_text(&request->arena, item, "text", text);
    bw_value_add_text(&request->arena, item, "url", link_to(request, by, 1));
    bw_value_add_bool(&request->arena, item, "current",
                      by == current || (by != NULL && current != NULL && strcmp(by, current) == 0));
}

static void add_choices(struct bw_request *request, struct bw_value *root,
                        const struct bw_grouping *grouping)
{
    if (grouping->name_count == 0 || grouping->count < 2)
        return;
    struct bw_value *object = bw_value_add_object(&request->arena, root, "grouping");
    struct bw_value *list = bw_value_add_list(&request->arena, object, "choices");
    add_choice(request, list, "worst first", NULL, grouping->by);
    for (size_t i = 0; i < grouping->name_count; i++)
        add_choice(request, list, grouping->names[i], grouping->names[i], grouping->by);
}

static void add_paging(struct bw_request *request, struct bw_value *root,
                       const struct bw_grouping *grouping, const struct bw_grouping_page *page)
{
    struct bw_arena *arena = &request->arena;
    if (page->pages < 2)
        return;
    struct bw_value *paging = bw_value_add_object(arena, root, "paging");
    bw_value_add_printf(arena, paging, "text", "%zu to %zu of %zu services", page->begin + 1,
                        page->end, grouping->count);
    bw_value_add_text(arena, paging, "before",
                      page->page > 1 ? link_to(request, grouping->by, page->page - 1) : NULL);
    bw_value_add_text(arena, paging, "after",
                      page->page < page->pages ? link_to(request, grouping->by, page->page + 1)
                                               : NULL);
}

/* How many of each status a group has, on whichever page they are. */
static void add_group_tally(struct bw_request *request, struct bw_value *group,
                            const struct bw_grouping *grouping, const char *value)
{
    size_t counts[BW_STATUS_COUNT] = { 0 };
    for (size_t i = 0; i < grouping->count; i++)
        if (strcmp(grouping->items[i].group, value) == 0)
            counts[grouping->items[i].service->status]++;
    struct bw_value *list = bw_value_add_list(&request->arena, group, "counts");
    for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++) {
        if (counts[worst_first[i]] == 0)
            continue;
        struct bw_value *item = bw_value_add_object(&request->arena, list, NULL);
        bw_value_add_int(&request->arena, item, "count", (int64_t)counts[worst_first[i]]);
        bw_words_status(&request->arena, item, "status", worst_first[i]);
    }
}

static struct bw_value *begin_group(struct bw_request *request, struct bw_value *list,
                                    const struct bw_grouping *grouping, const char *value)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *group = bw_value_add_object(arena, list, NULL);
    if (grouping->by != NULL) {
        struct bw_value *head = bw_value_add_object(arena, group, "head");
        bw_value_add_text(arena, head, "label", grouping->by);
        bw_words_text(arena, head, "value", value);
        add_group_tally(request, head, grouping, value);
    }
    return bw_value_add_list(arena, group, "services");
}

static size_t wanted_page(const struct bw_request *request)
{
    const char *text = bw_url_param(&request->url, "page");
    uint64_t page;
    return text != NULL && bw_parse_uint(text, strlen(text), &page) && page < SIZE_MAX
               ? (size_t)page
               : 1;
}

/* What needs a look first, a page of it; the host has its own corner. */
static void add_services(struct bw_request *request, struct bw_value *root)
{
    struct bw_grouping grouping;
    bw_grouping_make(&request->arena, request->view, bw_url_param(&request->url, "by"), &grouping);
    struct bw_grouping_page page =
        bw_grouping_page(grouping.count, request->site->page_size, wanted_page(request));
    add_choices(request, root, &grouping);
    add_paging(request, root, &grouping, &page);
    bw_value_add_bool(&request->arena, root, "has_services", grouping.count > 0);
    struct bw_value *groups = bw_value_add_list(&request->arena, root, "groups");
    struct bw_value *services = NULL;
    const char *group = NULL;
    for (size_t i = page.begin; i < page.end; i++) {
        const struct bw_grouped *item = &grouping.items[i];
        if (group == NULL || strcmp(group, item->group) != 0)
            services = begin_group(request, groups, &grouping, item->group);
        group = item->group;
        add_service(request, services, item->service);
    }
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

static void add_alerts(struct bw_request *request, struct bw_value *root)
{
    const struct bw_view *view = request->view;
    size_t active = 0;
    for (size_t i = 0; i < view->alert_count; i++)
        active += view->alerts[i].level != BW_LEVEL_NONE;
    bw_parts_alerts(request, root, "alerts", NULL, false, ALERTS_MAX);
    if (active > ALERTS_MAX)
        bw_value_add_int(&request->arena, root, "more_alerts", (int64_t)(active - ALERTS_MAX));
    else
        bw_value_add_null(&request->arena, root, "more_alerts");
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
    bw_days_want(request->site->days, request->store, request->now_ms);
    add_headline(request, root, status);
    add_tally(request, root);
    add_services(request, root);
    add_host(request, root);
    add_alerts(request, root);
    const struct bw_trend_record *const *trends;
    const struct bw_trend_filter limited = { .limited = true };
    const size_t count = bw_trend_list_make(&request->arena, request->view, &limited, &trends);
    bw_parts_limits(request, root, "limits", trends, count, LIMITS_MAX);
    bw_value_add_bool(&request->arena, root, "has_trends", request->view->trend_count > 0);
    add_events(request, root);
    bw_page_render(request, "page-status", root);
}
