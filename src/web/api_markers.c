// SPDX-License-Identifier: GPL-3.0-or-later
/* Markers: listed from the store, set and taken back by hooks, answered when it is on disk. */
#include "base/num.h"
#include "web/answer.h"
#include "web/api.h"
#include "web/endpoint.h"
#include "web/marker.h"
#include "web/stored_list.h"

#include <string.h>

void bw_api_markers(struct bw_request *request)
{
    struct bw_event_filter filter = { .kind = BW_EVENT_MARKER };
    bw_stored_list_events(request, "markers", &filter, bw_marker_tell);
}

static bool is_check(const struct bw_view_check *check, const char *name)
{
    return name[0] == '\0' || strcmp(check->name, name) == 0;
}

static bool has_check(const struct bw_view_instance *instance, const struct bw_subject *subject)
{
    if (subject->instance[0] != '\0' && strcmp(instance->name, subject->instance) != 0)
        return false;
    if (subject->check[0] == '\0')
        return true;
    for (size_t i = 0; i < instance->check_count; i++)
        if (is_check(&instance->checks[i], subject->check))
            return true;
    return false;
}

/* Whether it is about something that is watched: a wrong name would be found too late. */
static bool is_watched(const struct bw_view *view, const struct bw_subject *subject)
{
    if (subject->service[0] == '\0')
        return true;
    for (size_t i = 0; i < view->service_count; i++) {
        const struct bw_view_service *service = &view->services[i];
        if (strcmp(service->name, subject->service) != 0)
            continue;
        if (subject->instance[0] == '\0' && subject->check[0] == '\0')
            return true;
        for (size_t k = 0; k < service->instance_count; k++)
            if (has_check(&service->instances[k], subject))
                return true;
    }
    return false;
}

static void answer_failure(struct bw_request *request, const struct bw_err *err)
{
    bw_answer_error(request, err);
    if (err->rc == BW_EBUSY)
        request->answer.retry_after = "1";
}

void bw_api_set_marker(struct bw_request *request)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    struct bw_event marker;
    struct bw_err err = { .rc = BW_EUNSUPPORTED, .text = "Nobody takes markers here." };
    enum bw_rc rc = bw_marker_read(&request->arena, request->body.data, request->body.len,
                                   request->now_ms, &marker, &err);
    if (rc == BW_OK)
        rc = hooks->set_marker == NULL ? err.rc
                                       : hooks->set_marker(hooks->ctx, &marker, &marker.id, &err);
    if (rc != BW_OK) {
        answer_failure(request, &err);
        return;
    }
    struct bw_value *root = bw_value_object(&request->arena);
    bw_value_add_int(&request->arena, root, "id", marker.id);
    bw_value_add_int(&request->arena, root, "ts", marker.ts_ms);
    bw_value_add_bool(&request->arena, root, "watched", is_watched(request->view, &marker.subject));
    bw_answer_json(request, root);
}

void bw_api_drop_marker(struct bw_request *request)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    const char *text = request->captures[0];
    struct bw_err err = { .rc = BW_EUNSUPPORTED, .text = "Nobody takes markers here." };
    int64_t id;
    if (!bw_parse_int(text, strlen(text), &id) || id <= 0) {
        bw_answer_problem(request, 400, "Expected the number of a marker.");
        return;
    }
    const enum bw_rc rc =
        hooks->drop_marker == NULL ? err.rc : hooks->drop_marker(hooks->ctx, id, &err);
    if (rc != BW_OK) {
        answer_failure(request, &err);
        return;
    }
    struct bw_value *root = bw_value_object(&request->arena);
    bw_value_add_int(&request->arena, root, "deleted", id);
    bw_answer_json(request, root);
}
