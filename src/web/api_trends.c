// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON answers about trends. */
#include "web/answer.h"
#include "web/api.h"
#include "web/endpoint.h"
#include "web/words.h"

#include <math.h>

/* +Inf means "not within what is foreseen": a word, because JSON has no infinity. */
static void add_time_to(struct bw_arena *arena, struct bw_value *in, const char *key, double value)
{
    if (isinf(value))
        bw_value_add_text(arena, in, key, "beyond");
    else
        bw_value_add_number(arena, in, key, value);
}

static void add_threshold(struct bw_arena *arena, struct bw_value *in,
                          const struct bw_trend_record *trend)
{
    if (!isfinite(trend->threshold)) {
        bw_value_add_null(arena, in, "threshold");
        return;
    }
    struct bw_value *threshold = bw_value_add_object(arena, in, "threshold");
    bw_value_add_number(arena, threshold, "value", trend->threshold);
    bw_value_add_text(arena, threshold, "side", trend->side < 0 ? "below" : "above");
    add_time_to(arena, threshold, "time_to_p10_seconds", trend->time_to_p10_s);
    add_time_to(arena, threshold, "time_to_p50_seconds", trend->time_to_p50_s);
    add_time_to(arena, threshold, "time_to_p90_seconds", trend->time_to_p90_s);
}

static void add_horizons(struct bw_arena *arena, struct bw_value *in,
                         const struct bw_trend_record *trend)
{
    struct bw_value *list = bw_value_add_list(arena, in, "forecast");
    for (size_t i = 0; i < trend->horizon_count; i++) {
        const struct bw_trend_horizon *horizon = &trend->horizons[i];
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_number(arena, item, "horizon_seconds", (double)horizon->horizon_ms / 1000);
        bw_value_add_number(arena, item, "p10", horizon->p10);
        bw_value_add_number(arena, item, "p50", horizon->p50);
        bw_value_add_number(arena, item, "p90", horizon->p90);
        bw_value_add_number(arena, item, "crossing_probability_ratio", horizon->crossing_ratio);
    }
}

static void add_trend(struct bw_arena *arena, struct bw_value *list,
                      const struct bw_trend_record *trend)
{
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_int(arena, item, "series", trend->series);
    bw_value_add_text(arena, item, "metric", trend->metric);
    bw_api_labels(arena, item, "labels", trend->labels);
    bw_value_add_text(arena, item, "direction", bw_direction_name(trend->direction));
    bw_value_add_number(arena, item, "confidence_ratio", trend->confidence_ratio);
    bw_value_add_number(arena, item, "last_value", trend->last_value);
    bw_value_add_number(arena, item, "slope_per_second", trend->slope_per_second);
    bw_value_add_number(arena, item, "slope_low", trend->slope_low);
    bw_value_add_number(arena, item, "slope_high", trend->slope_high);
    bw_value_add_number(arena, item, "season_seconds", trend->season_seconds);
    bw_value_add_int(arena, item, "points", (int64_t)trend->points);
    bw_api_moment(arena, item, "from", trend->first_ms);
    bw_api_moment(arena, item, "to", trend->last_ms);
    bw_api_moment(arena, item, "computed", trend->computed_ms);
    bw_words_text(arena, item, "note", trend->note);
    add_threshold(arena, item, trend);
    add_horizons(arena, item, trend);
}

void bw_api_trends(struct bw_request *request)
{
    const struct bw_view *view = request->view;
    struct bw_api_slice slice;
    if (!bw_api_slice(request, &slice))
        return;
    struct bw_value *root = bw_value_object(&request->arena);
    struct bw_value *list = bw_value_add_list(&request->arena, root, "trends");
    size_t end = bw_api_slice_end(&slice, view->trend_count);
    for (size_t i = (size_t)slice.cursor; i < end; i++)
        add_trend(&request->arena, list, &view->trends[i]);
    bw_api_next(request, root, bw_api_slice_next(end, view->trend_count));
    bw_answer_json(request, root);
}
