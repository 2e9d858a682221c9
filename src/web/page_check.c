// SPDX-License-Identifier: GPL-3.0-or-later
/* One check on one instance: how long it took and where the time went, when it failed, how its
 * status changed. */
#include "web/answer.h"
#include "web/endpoint.h"
#include "web/failures.h"
#include "web/history.h"
#include "web/page.h"
#include "web/parts.h"
#include "web/story.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

enum { TRENDS_MAX = 6 };

/* What the page is about. */
struct watched {
    const struct bw_view_service *service;
    const struct bw_view_instance *instance;
    const struct bw_view_check *check;
    struct bw_marks marks; /* of the range */
};

static const char *words(struct bw_arena *arena, double value)
{
    return bw_words_seconds(arena, value);
}

static void set_times(const struct bw_request *request, const struct watched *watched,
                      const struct bw_history *history, int64_t span_ms, struct bw_chart *chart)
{
    int64_t interval_ms = watched->check->interval_ms;
    chart->from_ms = bw_history_begin(request, history, span_ms);
    chart->to_ms = request->now_ms;
    chart->gap_ms = (history->step_ms > interval_ms ? history->step_ms : interval_ms) * 5 / 2;
    chart->threshold = chart->at_least = NAN;
    chart->words = words;
    chart->marks = watched->marks;
}

static void add_durations(struct bw_request *request, struct bw_value *root,
                          const struct watched *watched, const struct bw_history *history,
                          int64_t span_ms)
{
    if (history->count == 0 || history->series[0].count == 0)
        return;
    struct bw_chart_line line = { watched->check->name, history->series[0].points,
                                  history->series[0].count };
    struct bw_chart chart = {
        .title = bw_arena_printf(&request->arena, "How long %s took on %s", watched->check->name,
                                 watched->instance->name),
        .lines = &line,
        .line_count = 1,
    };
    set_times(request, watched, history, span_ms, &chart);
    bw_parts_chart(request, root, "chart", &chart);
}

static const struct bw_history_series *phase_of(const struct bw_history *history, const char *name)
{
    for (size_t i = 0; i < history->count; i++) {
        const char *own = bw_labels_value(history->series[i].labels, "phase");
        if (own != NULL && strcmp(own, name) == 0 && history->series[i].count > 0)
            return &history->series[i];
    }
    return NULL;
}

/* Adds a phase to the sums so far; both are in step with the same times, a time that the sums
 * do not have is left out. */
static struct bw_point *add_up(struct bw_arena *arena, const struct bw_point *sums, size_t count,
                               const struct bw_history_series *phase)
{
    struct bw_point *out = bw_arena_array(arena, count, sizeof *out);
    for (size_t i = 0, k = 0; i < count; i++) {
        while (k < phase->count && phase->points[k].ts_ms < sums[i].ts_ms)
            k++;
        bool known = k < phase->count && phase->points[k].ts_ms == sums[i].ts_ms;
        out[i] = (struct bw_point){ sums[i].ts_ms,
                                    sums[i].value + (known ? fmax(0, phase->points[k].value) : 0) };
    }
    return out;
}

/* The phases in the order of the last result, each on top of those before it. */
static void add_stack(struct bw_request *request, struct bw_value *root,
                      const struct watched *watched, const struct bw_history *history,
                      int64_t span_ms)
{
    struct bw_arena *arena = &request->arena;
    const struct bw_view_check *check = watched->check;
    struct bw_chart_line lines[BW_CHART_LINES_MAX];
    size_t count = 0;
    const struct bw_point *sums = NULL;
    size_t points = 0;
    for (size_t i = 0; i < check->phase_count && count < BW_CHART_LINES_MAX; i++) {
        const struct bw_history_series *phase = phase_of(history, check->phases[i].name);
        if (phase == NULL)
            return;
        if (sums == NULL) {
            struct bw_point *zero = bw_arena_array(arena, phase->count, sizeof *zero);
            points = phase->count;
            for (size_t k = 0; k < points; k++)
                zero[k] = (struct bw_point){ phase->points[k].ts_ms, 0 };
            sums = zero;
        }
        sums = add_up(arena, sums, points, phase);
        lines[count++] = (struct bw_chart_line){ check->phases[i].name, sums, points };
    }
    if (count == 0)
        return;
    struct bw_chart chart = {
        .title = "Where the time went: the phases, one on top of the other",
        .lines = lines,
        .line_count = count,
        .areas = true,
    };
    set_times(request, watched, history, span_ms, &chart);
    bw_parts_chart(request, root, "stack", &chart);
}

static enum bw_rc add_charts(struct bw_request *request, struct bw_value *root,
                             struct bw_reader *reader, const struct watched *watched,
                             int64_t span_ms, struct bw_err *err)
{
    const struct bw_matcher matchers[] = {
        { "service", BW_MATCH_EQUAL, watched->service->name },
        { "instance", BW_MATCH_EQUAL, watched->instance->name },
        { "check", BW_MATCH_EQUAL, watched->check->name },
        { "__name__", BW_MATCH_EQUAL, "probe_duration_seconds" },
    };
    const struct bw_matcher of_phases[] = {
        matchers[0],
        matchers[1],
        matchers[2],
        { "phase", BW_MATCH_NOT_EQUAL, "" },
    };
    const struct bw_selector durations = { matchers, 4 }, phases = { of_phases, 4 };
    const int64_t from_ms = request->now_ms - span_ms;
    struct bw_history history;
    enum bw_rc rc = bw_history_read(request, reader, &durations, from_ms, request->now_ms,
                                    BW_TAKE_MEAN, &history, err);
    if (rc != BW_OK)
        return rc;
    add_durations(request, root, watched, &history, span_ms);
    rc = bw_history_read(request, reader, &phases, from_ms, request->now_ms, BW_TAKE_MEAN, &history,
                         err);
    if (rc == BW_OK)
        add_stack(request, root, watched, &history, span_ms);
    return rc;
}

/* In a store from before failures were kept: the times at which runs failed, and what is known of
 * why. */
static void add_old_failures(struct bw_request *request, struct bw_value *root,
                             const struct bw_story *story)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *list = bw_value_add_list(arena, root, "old_failures");
    for (size_t i = 0; i < story->failure_count; i++) {
        const struct bw_story_failure *failure = &story->failures[i];
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_words_time(arena, item, "when", failure->ts_ms, request->now_ms);
        bw_value_add_text(arena, item, "took", bw_words_seconds(arena, failure->duration_s));
        bw_words_text(arena, item, "cause", failure->cause);
    }
}

static void add_story(struct bw_request *request, struct bw_value *root,
                      const struct bw_story *story, const struct bw_failures *failures, bool open)
{
    struct bw_arena *arena = &request->arena;
    if (failures->count > 0)
        bw_failures_show(request, root, failures, open);
    else
        add_old_failures(request, root, story);
    bw_value_add_bool(arena, root, "has_failures", failures->count + story->failure_count > 0);
    if (story->runs > 0)
        bw_value_add_printf(arena, root, "tally", "%zu of %zu runs failed in this range",
                            story->failed, story->runs);
    struct bw_value *events = bw_value_add_list(arena, root, "events");
    for (size_t i = 0; i < story->change_count; i++)
        bw_parts_event(request, events, &story->changes[i]);
}

static void add_memory(struct bw_request *request, struct bw_value *root, struct watched *watched,
                       int64_t span_ms)
{
    struct bw_reader *reader = NULL;
    struct bw_err err = { 0 };
    struct bw_story *story = bw_arena_alloc(&request->arena, sizeof *story);
    struct bw_failures *failures = bw_arena_alloc(&request->arena, sizeof *failures);
    const struct bw_subject subject = { watched->service->name, watched->instance->name,
                                        watched->check->name };
    enum bw_rc rc = bw_history_open(request, &reader, &err);
    watched->marks =
        bw_marks_read(request, reader, &subject, request->now_ms - span_ms, request->now_ms);
    if (rc == BW_OK)
        rc = add_charts(request, root, reader, watched, span_ms, &err);
    if (rc == BW_OK)
        rc = bw_story_read(request, reader, watched->service->name, watched->instance->name,
                           watched->check, request->now_ms - span_ms, story, &err);
    if (rc == BW_OK)
        rc = bw_failures_read(request, reader, &subject, failures, &err);
    if (rc == BW_OK)
        add_story(request, root, story, failures, watched->check->status != BW_HEALTHY);
    else
        bw_value_add_text(&request->arena, root, "history_missing", err.text);
    bw_reader_close(reader);
}

static bool find(struct bw_request *request, struct watched *out)
{
    out->service = bw_view_service(request->view, request->captures[0]);
    if (out->service != NULL)
        out->check = bw_parts_find_check(out->service, request->captures[1], request->captures[2],
                                         &out->instance);
    if (out->service != NULL && out->check != NULL)
        return true;
    bw_answer_problem(request, 404, "There is no such check.");
    return false;
}

void bw_page_check(struct bw_request *request)
{
    struct watched watched = { .service = NULL };
    if (!find(request, &watched))
        return;
    struct bw_arena *arena = &request->arena;
    const struct bw_history_range *range = bw_history_range(request);
    const char *title = bw_arena_printf(arena, "%s %s", watched.service->name, watched.check->name);
    struct bw_value *root = bw_page_begin(request, title, "status");
    bw_value_add_text(arena, root, "service", watched.service->name);
    bw_value_add_text(arena, root, "service_url",
                      bw_parts_service_url(request, watched.service->name));
    bw_value_add_text(arena, root, "instance", watched.instance->name);
    struct bw_value *list = bw_value_add_list(arena, root, "check");
    bw_parts_check(request, list, watched.service->name, watched.instance->name, watched.check);
    bw_words_text(arena, list->last, "module", watched.check->module);
    struct bw_value *labels = bw_value_add_list(arena, list->last, "labels");
    for (size_t i = 0; i < watched.check->labels.count; i++)
        bw_value_add_printf(arena, labels, NULL, "%s: %s", watched.check->labels.items[i].name,
                            watched.check->labels.items[i].value);
    bw_value_add_printf(arena, root, "story_url", "%s/api/v1%s", request->site->prefix,
                        bw_parts_check_url(request, watched.service->name, watched.instance->name,
                                           watched.check->name)
                            + strlen(request->site->prefix));
    bw_value_add_bool(arena, root, "probed", strcmp(watched.check->kind, "host") != 0);
    bw_parts_ranges(request, root, range->name);
    const struct bw_subject subject = { watched.service->name, watched.instance->name,
                                        watched.check->name };
    bw_parts_trends_of(request, root, "heading_where", &subject, TRENDS_MAX);
    add_memory(request, root, &watched, range->span_ms);
    bw_page_render(request, "page-check", root);
}
