// SPDX-License-Identifier: GPL-3.0-or-later
/* One service: its instances and checks, how long they took, what happened. */
#include "base/escape.h"
#include "web/answer.h"
#include "web/days.h"
#include "web/endpoint.h"
#include "web/history.h"
#include "web/page.h"
#include "web/parts.h"
#include "web/service_trend.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

enum { EVENTS_MAX = 30, ALERTS_MAX = 20, TRENDS_MAX = 8 };

static const char *words(struct bw_arena *arena, double value)
{
    return bw_words_seconds(arena, value);
}

static const struct bw_history_series *series_of(const struct bw_history *history,
                                                 const char *instance, const char *check)
{
    for (size_t i = 0; i < history->count; i++) {
        const char *own_instance = bw_labels_value(history->series[i].labels, "instance");
        const char *own_check = bw_labels_value(history->series[i].labels, "check");
        if (own_instance != NULL && own_check != NULL && strcmp(own_instance, instance) == 0
            && strcmp(own_check, check) == 0)
            return &history->series[i];
    }
    return NULL;
}

/* What the charts of a service are made of. */
struct shown {
    const struct bw_view_service *service;
    struct bw_history history;
    struct bw_marks marks;
    int64_t span_ms;
};

static void add_chart(struct bw_request *request, struct bw_value *item, const struct shown *shown,
                      const struct bw_view_instance *instance, const struct bw_view_check *check)
{
    const struct bw_history *history = &shown->history;
    const struct bw_subject subject = { shown->service->name, instance->name, check->name };
    const struct bw_history_series *series = series_of(history, instance->name, check->name);
    if (series == NULL || series->count == 0)
        return;
    struct bw_chart_line line = { check->name, series->points, series->count };
    int64_t gap_ms = history->step_ms > check->interval_ms ? history->step_ms : check->interval_ms;
    struct bw_chart chart = {
        .title =
            bw_arena_printf(&request->arena, "How long %s took on %s", check->name, instance->name),
        .from_ms = bw_history_begin(request, history, shown->span_ms),
        .to_ms = request->now_ms,
        .gap_ms = gap_ms * 5 / 2,
        .lines = &line,
        .line_count = 1,
        .marks = bw_marks_of(&request->arena, &shown->marks, &subject),
        .threshold = NAN,
        .at_least = NAN,
        .words = words,
    };
    bw_parts_chart(request, item, "chart", &chart);
}

static void add_instances(struct bw_request *request, struct bw_value *root,
                          const struct shown *shown)
{
    const struct bw_view_service *service = shown->service;
    struct bw_arena *arena = &request->arena;
    struct bw_value *list = bw_value_add_list(arena, root, "instances");
    for (size_t i = 0; i < service->instance_count; i++) {
        const struct bw_view_instance *instance = &service->instances[i];
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_text(arena, item, "name", instance->name);
        bw_words_status(arena, item, "status", instance->status);
        bw_words_time(arena, item, "since", instance->since_ms, request->now_ms);
        bw_words_text(arena, item, "cause", instance->cause);
        bw_words_text(arena, item, "maintenance", instance->maintenance);
        struct bw_value *checks = bw_value_add_list(arena, item, "checks");
        for (size_t k = 0; k < instance->check_count; k++) {
            bw_parts_check(request, checks, service->name, instance->name, &instance->checks[k]);
            add_chart(request, checks->last, shown, instance, &instance->checks[k]);
        }
    }
}

static void add_header(struct bw_request *request, struct bw_value *root,
                       const struct bw_view_service *service)
{
    struct bw_arena *arena = &request->arena;
    bw_value_add_text(arena, root, "name", service->name);
    struct bw_buf escaped;
    bw_buf_init(&escaped, BW_URL_BYTES_MAX);
    bw_escape_url(&escaped, service->name, strlen(service->name));
    bw_value_add_text(arena, root, "name_in_url", escaped.data);
    bw_buf_fini(&escaped);
    bw_words_status(arena, root, "status", service->status);
    bw_words_time(arena, root, "since", service->since_ms, request->now_ms);
    bw_words_text(arena, root, "cause", service->cause);
    bw_words_text(arena, root, "maintenance", service->maintenance);
    if (isfinite(service->score))
        bw_value_add_text(arena, root, "score", bw_words_percent(arena, service->score));
    struct bw_value *labels = bw_value_add_list(arena, root, "labels");
    for (size_t i = 0; i < service->labels.count; i++)
        bw_value_add_printf(arena, labels, NULL, "%s: %s", service->labels.items[i].name,
                            service->labels.items[i].value);
    struct bw_value *parents = bw_value_add_list(arena, root, "depends_on");
    for (size_t i = 0; i < service->depends_on_count; i++) {
        const char *name = service->depends_on[i];
        const struct bw_view_service *parent = bw_view_service(request->view, name);
        struct bw_value *item = bw_value_add_object(arena, parents, NULL);
        bw_value_add_text(arena, item, "name", name);
        bw_value_add_text(arena, item, "url", bw_parts_service_url(request, name));
        bw_words_status(arena, item, "status", parent == NULL ? BW_UNKNOWN : parent->status);
    }
}

struct events {
    struct bw_request *request;
    struct bw_value *list;
};

static bool note_event(void *ctx, const struct bw_event *event)
{
    struct events *events = ctx;
    bw_parts_event(events->request, events->list, event);
    return true;
}

/* The store's when there is one, else what the view still knows. */
static void add_events(struct bw_request *request, struct bw_value *root, const char *service,
                       struct bw_reader *reader)
{
    struct events events = { request, bw_value_add_list(&request->arena, root, "events") };
    const struct bw_view *view = request->view;
    struct bw_event_filter filter = { .service = service, .limit = EVENTS_MAX };
    if (reader != NULL
        && bw_reader_events(reader, &filter, note_event, &events, NULL, NULL) == BW_OK)
        return;
    for (size_t i = 0; i < view->event_count && events.list->count < EVENTS_MAX; i++)
        if (strcmp(view->events[i].subject.service, service) == 0)
            note_event(&events, &view->events[i]);
}

static enum bw_rc read_durations(struct bw_request *request, struct bw_reader *reader,
                                 const char *service, int64_t span_ms, struct bw_history *out,
                                 struct bw_err *err)
{
    const struct bw_matcher matchers[] = {
        { "__name__", BW_MATCH_EQUAL, "probe_duration_seconds" },
        { "service", BW_MATCH_EQUAL, service },
    };
    const struct bw_selector selector = { matchers, 2 };
    return bw_history_read(request, reader, &selector, request->now_ms - span_ms, request->now_ms,
                           BW_TAKE_MEAN, out, err);
}

static void show(struct bw_request *request, const struct bw_view_service *service)
{
    const struct bw_history_range *range = bw_history_range(request);
    struct bw_value *root = bw_page_begin(request, service->name, "status");
    struct shown shown = { .service = service,
                           .history = { .step_ms = 1 },
                           .span_ms = range->span_ms };
    struct bw_reader *reader = NULL;
    struct bw_err err = { 0 };
    if (bw_history_open(request, &reader, &err) != BW_OK
        || read_durations(request, reader, service->name, range->span_ms, &shown.history, &err)
               != BW_OK)
        bw_value_add_text(&request->arena, root, "history_missing", err.text);
    bw_days_want(request->site->days, request->store, request->now_ms);
    add_header(request, root, service);
    bw_parts_service_trend(request, root, service->name);
    bw_parts_days(request, root, "days", service->name);
    bw_parts_ranges(request, root, range->name);
    bw_parts_alerts(request, root, "alerts", service->name, false, ALERTS_MAX);
    bw_value_add_bool(&request->arena, root, "has_alerts", root->last->count > 0);
    bw_parts_trends_of(request, root, "heading_where",
                       &(struct bw_subject){ .service = service->name }, TRENDS_MAX);
    shown.marks = bw_marks_read(request, reader, &(struct bw_subject){ .service = service->name },
                                request->now_ms - range->span_ms, request->now_ms);
    add_instances(request, root, &shown);
    add_events(request, root, service->name, reader);
    bw_reader_close(reader);
    bw_page_render(request, "page-service", root);
}

void bw_page_service(struct bw_request *request)
{
    const struct bw_view_service *service = bw_view_service(request->view, request->captures[0]);
    if (service == NULL)
        bw_answer_problem(request, 404, "There is no service of that name.");
    else if (service->resource_count > 0)
        bw_answer_redirect(request,
                           bw_arena_printf(&request->arena, "%s/hosts", request->site->prefix));
    else
        show(request, service);
}
