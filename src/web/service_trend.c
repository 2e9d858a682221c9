// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/service_trend.h"

#include "base/limits.h"
#include "trend/aggregate.h"
#include "web/answer.h"
#include "web/api.h"
#include "web/parts.h"
#include "web/words.h"

#include <math.h>

const char *bw_words_service_trend(struct bw_arena *arena, const struct bw_service_trend *trend)
{
    struct bw_buf text;
    bw_buf_init(&text, BW_FINDINGS_BYTES_MAX);
    bw_service_trend_say(&text, trend);
    const char *copy = bw_arena_strdup(arena, text.data);
    bw_buf_fini(&text);
    return copy;
}

/* NULL when nothing of the service is analysed. */
static const struct bw_service_trend *trend_of(struct bw_request *request, const char *service)
{
    const struct bw_view *view = request->view;
    struct bw_service_trend *trend;
    return bw_trend_aggregate(&request->arena, view->trends, view->trend_count, service, &trend) > 0
               ? trend
               : NULL;
}

void bw_parts_service_trend(struct bw_request *request, struct bw_value *in, const char *service)
{
    static const char *const classes[BW_HEADING_COUNT] = {
        [BW_HEADING_UNKNOWN] = "unknown",
        [BW_HEADING_STEADY] = "healthy",
        [BW_HEADING_IMPROVING] = "healthy",
        [BW_HEADING_WORSENING] = "degraded",
    };
    const struct bw_service_trend *trend = trend_of(request, service);
    if (trend == NULL)
        return;
    struct bw_value *heading = bw_value_add_object(&request->arena, in, "heading");
    bw_value_add_text(&request->arena, heading, "class", classes[trend->heading]);
    bw_value_add_text(&request->arena, heading, "text",
                      bw_words_service_trend(&request->arena, trend));
    if (trend->driver != NULL)
        bw_value_add_text(&request->arena, heading, "url",
                          bw_parts_trend_url(request, trend->driver));
}

/* ---- JSON ------------------------------------------------------------------------------ */

static void add_driver(struct bw_arena *arena, struct bw_value *in,
                       const struct bw_trend_record *driver)
{
    if (driver == NULL) {
        bw_value_add_null(arena, in, "driver");
        return;
    }
    struct bw_value *item = bw_value_add_object(arena, in, "driver");
    bw_value_add_int(arena, item, "series", driver->series);
    bw_value_add_text(arena, item, "metric", driver->metric);
    bw_api_labels(arena, item, "labels", driver->labels);
    bw_api_time_to_threshold(arena, item, driver);
}

static void add_crossing(struct bw_arena *arena, struct bw_value *in,
                         const struct bw_service_trend *trend)
{
    if (trend->horizon_ms == 0) {
        bw_value_add_null(arena, in, "crossing");
        return;
    }
    struct bw_value *item = bw_value_add_object(arena, in, "crossing");
    bw_value_add_number(arena, item, "horizon_seconds", (double)trend->horizon_ms / 1000);
    bw_value_add_number(arena, item, "probability_least_ratio", trend->crossing_least);
    bw_value_add_number(arena, item, "probability_most_ratio", trend->crossing_most);
}

static void add_trend(struct bw_arena *arena, struct bw_value *item,
                      const struct bw_service_trend *trend)
{
    bw_value_add_text(arena, item, "heading", bw_heading_name(trend->heading));
    bw_value_add_text(arena, item, "text", bw_words_service_trend(arena, trend));
    bw_value_add_int(arena, item, "series", (int64_t)trend->series);
    bw_value_add_int(arena, item, "judged", (int64_t)trend->judged);
    add_driver(arena, item, trend->driver);
    bw_value_add_number(arena, item, "change_ratio", trend->driver != NULL ? trend->change : NAN);
    bw_value_add_number(arena, item, "ahead_seconds",
                        trend->driver != NULL ? (double)trend->ahead_ms / 1000 : NAN);
    add_crossing(arena, item, trend);
}

void bw_api_service_trend(struct bw_request *request, struct bw_value *in, const char *service)
{
    const struct bw_service_trend *trend = trend_of(request, service);
    if (trend == NULL)
        bw_value_add_null(&request->arena, in, "trend");
    else
        add_trend(&request->arena, bw_value_add_object(&request->arena, in, "trend"), trend);
}

void bw_api_service_trends(struct bw_request *request)
{
    struct bw_arena *arena = &request->arena;
    const struct bw_view *view = request->view;
    struct bw_service_trend *trends;
    struct bw_api_slice slice;
    if (!bw_api_slice(request, &slice))
        return;
    const size_t count = bw_trend_aggregate(arena, view->trends, view->trend_count, NULL, &trends);
    struct bw_value *root = bw_value_object(arena);
    struct bw_value *list = bw_value_add_list(arena, root, "services");
    const size_t end = bw_api_slice_end(&slice, count);
    for (size_t i = (size_t)slice.cursor; i < end; i++) {
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_words_text(arena, item, "service", trends[i].service);
        add_trend(arena, item, &trends[i]);
    }
    bw_api_next(request, root, bw_api_slice_next(end, count));
    bw_answer_json(request, root);
}
