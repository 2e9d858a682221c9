// SPDX-License-Identifier: GPL-3.0-or-later
/* Targets for others (http_sd), and from others: registered for a time. */
#include "base/units.h"
#include "web/answer.h"
#include "web/api.h"
#include "web/endpoint.h"

#include <string.h>

/* A list in http_sd's form: a group for each service but `host`, whose instance is no address. */
void bw_endpoint_targets(struct bw_request *request)
{
    const struct bw_view *view = request->view;
    struct bw_arena *arena = &request->arena;
    const char *wanted = bw_url_param(&request->url, "service");
    struct bw_value *root = bw_value_list(arena);
    for (size_t i = 0; i < view->service_count; i++) {
        const struct bw_view_service *service = &view->services[i];
        if (strcmp(service->name, "host") == 0
            || (wanted != NULL && strcmp(service->name, wanted) != 0))
            continue;
        struct bw_value *group = bw_value_add_object(arena, root, NULL);
        struct bw_value *targets = bw_value_add_list(arena, group, "targets");
        for (size_t k = 0; k < service->instance_count; k++)
            bw_value_add_text(arena, targets, NULL, service->instances[k].name);
        struct bw_value *labels = bw_value_add_object(arena, group, "labels");
        bw_value_add_text(arena, labels, "service", service->name);
        for (size_t k = 0; k < service->labels.count; k++)
            bw_value_add_text(arena, labels, service->labels.items[k].name,
                              service->labels.items[k].value);
    }
    bw_answer_json(request, root);
}

static void change(struct bw_request *request, struct bw_target_order *order)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    struct bw_err err = { .rc = BW_EUNSUPPORTED, .text = "Nobody takes targets here." };
    order->source = bw_url_param(&request->url, "source");
    order->now_ms = request->now_ms;
    if (order->source == NULL) {
        bw_answer_problem(request, 400, "source: expected the name of a push source.");
        return;
    }
    bw_answer_begin(request, "application/json");
    const enum bw_rc rc =
        hooks->change_targets == NULL
            ? err.rc
            : hooks->change_targets(hooks->ctx, order, &request->answer.body, &err);
    if (rc != BW_OK)
        bw_answer_error(request, &err);
}

void bw_api_put_targets(struct bw_request *request)
{
    static const char expected[] = "ttl: expected a duration from 1s to 30d.";
    const char *ttl = bw_url_param(&request->url, "ttl");
    struct bw_target_order order = { .text = request->body.data, .size = request->body.len };
    if (ttl != NULL
        && (bw_parse_duration(ttl, &order.ttl_ns, NULL) != BW_OK || order.ttl_ns < BW_SECOND
            || order.ttl_ns > 30 * BW_DAY))
        bw_answer_problem(request, 400, "%s", expected);
    else
        change(request, &order);
}

void bw_api_drop_targets(struct bw_request *request)
{
    struct bw_target_order order = { .target = bw_url_param(&request->url, "target") };
    change(request, &order);
}
