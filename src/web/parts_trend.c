// SPDX-License-Identifier: GPL-3.0-or-later
/* Trends as pieces of pages. */
#include "web/parts.h"
#include "web/trend_words.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

const char *bw_parts_trend_url(struct bw_request *request, const struct bw_trend_record *trend)
{
    return bw_arena_printf(&request->arena, "%s/trends/%lu", request->site->prefix,
                           (unsigned long)trend->series);
}

static void add_forecast(struct bw_request *request, struct bw_value *in,
                         const struct bw_trend_record *trend)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *list = bw_value_add_list(arena, in, "horizons");
    for (size_t i = 0; i < trend->horizon_count; i++) {
        const struct bw_trend_horizon *horizon = &trend->horizons[i];
        if (!isfinite(horizon->p50))
            continue;
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_text(arena, item, "in",
                          bw_words_seconds(arena, (double)horizon->horizon_ms / 1000));
        bw_value_add_text(arena, item, "p10", bw_words_metric(arena, trend->metric, horizon->p10));
        bw_value_add_text(arena, item, "p50", bw_words_metric(arena, trend->metric, horizon->p50));
        bw_value_add_text(arena, item, "p90", bw_words_metric(arena, trend->metric, horizon->p90));
        if (isfinite(horizon->crossing_ratio))
            bw_value_add_text(arena, item, "crossing",
                              bw_words_percent(arena, horizon->crossing_ratio));
    }
}

/* "26 h to 2d 1h", absent when it cannot be known or lies beyond what is foreseen. */
static void add_limit(struct bw_request *request, struct bw_value *in,
                      const struct bw_trend_record *trend)
{
    struct bw_arena *arena = &request->arena;
    if (!isfinite(trend->threshold))
        return;
    struct bw_value *limit = bw_value_add_object(arena, in, "limit");
    bw_value_add_text(arena, limit, "at", bw_words_metric(arena, trend->metric, trend->threshold));
    bool is_foreseen = isfinite(trend->time_to_p50_s);
    if (is_foreseen) {
        bw_value_add_text(arena, limit, "in", bw_words_seconds(arena, trend->time_to_p50_s));
        bw_value_add_text(arena, limit, "soonest", bw_words_seconds(arena, trend->time_to_p10_s));
        bw_value_add_text(arena, limit, "latest",
                          isfinite(trend->time_to_p90_s)
                              ? bw_words_seconds(arena, trend->time_to_p90_s)
                              : "later than foreseen");
    }
    bw_value_add_bool(arena, limit, "beyond", isinf(trend->time_to_p50_s) != 0);
}

/* The note says the first of them, or why so little is known: then it stands beside them. */
static void add_findings(struct bw_arena *arena, struct bw_value *in,
                         const struct bw_trend_record *trend)
{
    bool said = false;
    struct bw_value *list = bw_value_add_list(arena, in, "findings");
    for (size_t i = 0; i < trend->finding_count; i++) {
        const char *text = bw_words_finding(arena, trend, i);
        bw_value_add_text(arena, list, NULL, text);
        said = said || (trend->note != NULL && strcmp(text, trend->note) == 0);
    }
    bw_words_text(arena, in, "note", said ? NULL : trend->note);
}

static void add_trend(struct bw_request *request, struct bw_value *list,
                      const struct bw_trend_record *trend)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "url", bw_parts_trend_url(request, trend));
    bw_value_add_text(arena, item, "metric", trend->metric);
    bw_words_text(arena, item, "labels", bw_words_labels(arena, trend->labels));
    bool known = trend->direction != BW_UNDETERMINED;
    bw_value_add_text(arena, item, "direction", bw_direction_name(trend->direction));
    bw_value_add_text(arena, item, "arrow", bw_trend_words_arrow(trend->direction));
    bw_value_add_bool(arena, item, "known", known);
    add_findings(arena, item, trend);
    bw_value_add_text(arena, item, "now", bw_words_metric(arena, trend->metric, trend->last_value));
    if (isfinite(trend->confidence_ratio))
        bw_value_add_text(arena, item, "confidence",
                          bw_words_percent(arena, trend->confidence_ratio));
    if (known && isfinite(trend->slope_per_second))
        bw_value_add_text(arena, item, "slope",
                          bw_words_metric(arena, trend->metric, trend->slope_per_second * 3600));
    if (isfinite(trend->season_seconds))
        bw_value_add_text(arena, item, "season", bw_words_seconds(arena, trend->season_seconds));
    add_forecast(request, item, trend);
    add_limit(request, item, trend);
}

void bw_parts_trends(struct bw_request *request, struct bw_value *in, const char *key,
                     bool limits_only, size_t max)
{
    const struct bw_view *view = request->view;
    struct bw_value *list = bw_value_add_list(&request->arena, in, key);
    for (size_t i = 0; i < view->trend_count && list->count < max; i++) {
        const struct bw_trend_record *trend = &view->trends[i];
        if (!limits_only || (isfinite(trend->threshold) && isfinite(trend->time_to_p50_s)))
            add_trend(request, list, trend);
    }
}
