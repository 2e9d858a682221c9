// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON answers about one service's days and one check's story. */
#include "base/units.h"
#include "web/answer.h"
#include "web/api.h"
#include "web/days.h"
#include "web/endpoint.h"
#include "web/failures.h"
#include "web/history.h"
#include "web/parts.h"
#include "web/story.h"

#include <math.h>

#define SPAN_DEFAULT_MS (BW_DAY / BW_MS)
#define SPAN_MAX_MS (92 * (BW_DAY / BW_MS))

void bw_api_days(struct bw_request *request)
{
    struct bw_arena *arena = &request->arena;
    const char *service = request->captures[0];
    if (bw_view_service(request->view, service) == NULL) {
        bw_answer_problem(request, 404, "There is no service of that name.");
        return;
    }
    struct bw_day *days = bw_arena_array(arena, BW_DAYS, sizeof *days);
    bw_days_update(request->site->days, request->store, request->now_ms);
    bw_days_of(request->site->days, service, request->now_ms, days);
    struct bw_value *root = bw_value_object(arena);
    bw_value_add_text(arena, root, "service", service);
    bw_value_add_bool(arena, root, "complete",
                      bw_days_are_complete(request->site->days, request->now_ms));
    bw_value_add_number(arena, root, "available_ratio", bw_days_available(days));
    struct bw_value *list = bw_value_add_list(arena, root, "days");
    for (size_t i = 0; i < BW_DAYS; i++) {
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_api_moment(arena, item, "day", days[i].begin_ms);
        bw_value_add_number(arena, item, "known_ratio", days[i].known_ratio);
        bw_value_add_number(arena, item, "available_ratio", days[i].available_ratio);
        bw_value_add_number(arena, item, "degraded_ratio",
                            isfinite(days[i].available_ratio) ? days[i].degraded_ratio : NAN);
        bw_value_add_number(arena, item, "longest_down_seconds",
                            isfinite(days[i].available_ratio) ? (double)days[i].down_ms / 1000
                                                              : NAN);
    }
    bw_answer_json(request, root);
}

static void add_story(struct bw_request *request, struct bw_value *root,
                      const struct bw_story *story)
{
    struct bw_arena *arena = &request->arena;
    bw_value_add_int(arena, root, "runs", (int64_t)story->runs);
    bw_value_add_int(arena, root, "failed", (int64_t)story->failed);
    struct bw_value *failures = bw_value_add_list(arena, root, "failures");
    for (size_t i = 0; i < story->failure_count; i++) {
        struct bw_value *item = bw_value_add_object(arena, failures, NULL);
        bw_value_add_int(arena, item, "ts", story->failures[i].ts_ms);
        bw_value_add_number(arena, item, "duration_seconds", story->failures[i].duration_s);
        bw_value_add_text(arena, item, "cause", story->failures[i].cause);
    }
    struct bw_value *changes = bw_value_add_list(arena, root, "changes");
    for (size_t i = 0; i < story->change_count; i++)
        bw_api_event(arena, changes, &story->changes[i]);
}

void bw_api_check(struct bw_request *request)
{
    struct bw_arena *arena = &request->arena;
    const struct bw_view_service *service = bw_view_service(request->view, request->captures[0]);
    const struct bw_view_check *check =
        service == NULL
            ? NULL
            : bw_parts_find_check(service, request->captures[1], request->captures[2], NULL);
    int64_t from_ms;
    if (check == NULL) {
        bw_answer_problem(request, 404, "There is no such check.");
        return;
    }
    if (!bw_api_time(request, "from", request->now_ms - SPAN_DEFAULT_MS, &from_ms))
        return;
    if (from_ms > request->now_ms || request->now_ms - from_ms > SPAN_MAX_MS) {
        bw_answer_problem(request, 400, "from: expected a time within the last 92 days.");
        return;
    }
    struct bw_value *root = bw_value_object(arena);
    bw_value_add_text(arena, root, "service", service->name);
    bw_value_add_text(arena, root, "instance", request->captures[1]);
    bw_api_view_check(arena, root, check);
    bw_api_recent(arena, root, check);
    struct bw_story *story = bw_arena_alloc(arena, sizeof *story);
    struct bw_failures *failures = bw_arena_alloc(arena, sizeof *failures);
    const struct bw_subject subject = { service->name, request->captures[1], check->name };
    struct bw_reader *reader = NULL;
    struct bw_err err = { 0 };
    enum bw_rc rc = bw_history_open(request, &reader, &err);
    if (rc == BW_OK)
        rc = bw_story_read(request, reader, service->name, request->captures[1], check, from_ms,
                           story, &err);
    if (rc == BW_OK)
        rc = bw_failures_read(request, reader, &subject, failures, &err);
    bw_reader_close(reader);
    if (rc != BW_OK) {
        bw_answer_error(request, &err);
        return;
    }
    add_story(request, root, story);
    bw_failures_tell(arena, root, failures);
    bw_answer_json(request, root);
}
