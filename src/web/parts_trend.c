// SPDX-License-Identifier: GPL-3.0-or-later
/* Trends as pieces of pages. */
#include "base/escape.h"
#include "web/fan_small.h"
#include "web/parts.h"
#include "web/trend_list.h"
#include "web/trend_words.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

enum { SMALL_BYTES_MAX = 4096 };

const char *bw_parts_trend_url(struct bw_request *request, const struct bw_trend_record *trend)
{
    return bw_arena_printf(&request->arena, "%s/trends/%lu", request->site->prefix,
                           (unsigned long)trend->series);
}

/* The farthest horizon that something is known of. */
static const struct bw_trend_horizon *farthest(const struct bw_trend_record *trend, bool crossing)
{
    const struct bw_trend_horizon *found = NULL;
    for (size_t i = 0; i < trend->horizon_count; i++) {
        const struct bw_trend_horizon *h = &trend->horizons[i];
        if (isfinite(crossing ? h->crossing_ratio : h->p50)
            && (found == NULL || h->horizon_ms > found->horizon_ms))
            found = h;
    }
    return found;
}

static void add_forecast(struct bw_request *request, struct bw_value *in,
                         const struct bw_trend_record *trend)
{
    struct bw_arena *arena = &request->arena;
    const struct bw_trend_horizon *h = farthest(trend, false);
    if (h == NULL)
        return;
    struct bw_value *item = bw_value_add_object(arena, in, "forecast");
    bw_value_add_text(arena, item, "in", bw_words_seconds(arena, (double)h->horizon_ms / 1000));
    bw_value_add_text(arena, item, "p10", bw_words_measured(arena, trend->metric, h->p10));
    bw_value_add_text(arena, item, "p50", bw_words_measured(arena, trend->metric, h->p50));
    bw_value_add_text(arena, item, "p90", bw_words_measured(arena, trend->metric, h->p90));
    struct bw_buf svg;
    bw_buf_init(&svg, SMALL_BYTES_MAX);
    bw_fan_small(arena, trend, &svg);
    bw_parts_drawing(request, item, "fan", &svg);
}

/* "in": when, in short; absent when it is beyond what is foreseen or cannot be known. */
static void add_limit(struct bw_request *request, struct bw_value *in,
                      const struct bw_trend_record *trend)
{
    struct bw_arena *arena = &request->arena;
    if (!isfinite(trend->threshold))
        return;
    const struct bw_trend_horizon *h = farthest(trend, true);
    const bool beyond = bw_trend_is_beyond(trend);
    struct bw_value *limit = bw_value_add_object(arena, in, "limit");
    bw_value_add_text(arena, limit, "words", bw_trend_words_limit(arena, trend));
    if (beyond)
        bw_value_add_text(arena, limit, "in", "now");
    else if (isfinite(trend->time_to_p50_s))
        bw_value_add_text(arena, limit, "in", bw_words_seconds(arena, trend->time_to_p50_s));
    if (h != NULL && !beyond)
        bw_value_add_printf(arena, limit, "crossing", "%s likely within %s",
                            bw_words_percent(arena, h->crossing_ratio),
                            bw_words_seconds(arena, (double)h->horizon_ms / 1000));
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

void bw_parts_trend(struct bw_request *request, struct bw_value *list,
                    const struct bw_trend_record *trend)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "url", bw_parts_trend_url(request, trend));
    bw_value_add_text(arena, item, "metric", trend->metric);
    bw_words_text(arena, item, "labels", bw_words_labels(arena, trend->labels));
    bw_value_add_text(arena, item, "direction", bw_direction_name(trend->direction));
    bw_value_add_text(arena, item, "arrow", bw_trend_words_arrow(trend->direction));
    bw_value_add_text(arena, item, "heading", bw_trend_words_heading(arena, trend));
    add_findings(arena, item, trend);
    bw_value_add_text(arena, item, "now",
                      bw_words_measured(arena, trend->metric, trend->last_value));
    if (isfinite(trend->season_seconds))
        bw_value_add_text(arena, item, "season", bw_words_seconds(arena, trend->season_seconds));
    bw_value_add_bool(arena, item, "muted", trend->muted);
    add_forecast(request, item, trend);
    add_limit(request, item, trend);
}

static bool reaches_limit(const struct bw_trend_record *trend)
{
    return isfinite(trend->threshold) && isfinite(trend->time_to_p50_s);
}

void bw_parts_limits(struct bw_request *request, struct bw_value *in, const char *key,
                     const struct bw_trend_record *const *trends, size_t count, size_t max)
{
    struct bw_value *list = bw_value_add_list(&request->arena, in, key);
    for (size_t i = 0; i < count && list->count < max; i++)
        if (reaches_limit(trends[i]))
            bw_parts_trend(request, list, trends[i]);
}

static bool has_label(const struct bw_trend_record *trend, const char *name, const char *value)
{
    const char *own = bw_labels_value(trend->labels, name);
    return value == NULL || (own != NULL && strcmp(own, value) == 0);
}

static bool says_something(const struct bw_trend_record *trend)
{
    return reaches_limit(trend) || trend->direction == BW_RISING || trend->direction == BW_FALLING;
}

void bw_parts_trends_of(struct bw_request *request, struct bw_value *in, const char *key,
                        const struct bw_subject *subject, size_t max)
{
    struct bw_arena *arena = &request->arena;
    const struct bw_view *view = request->view;
    size_t all = 0;
    struct bw_value *trends = bw_value_object(arena);
    struct bw_value *list = bw_value_add_list(arena, trends, "list");
    for (size_t i = 0; i < view->trend_count; i++) {
        const struct bw_trend_record *trend = &view->trends[i];
        if (!has_label(trend, "service", subject->service)
            || !has_label(trend, "instance", subject->instance)
            || !has_label(trend, "check", subject->check))
            continue;
        all++;
        if (says_something(trend) && list->count < max)
            bw_parts_trend(request, list, trend);
    }
    if (all == 0)
        return;
    bw_value_add(arena, in, key, trends);
    bw_value_add_int(arena, trends, "count", (int64_t)all);
    bw_value_add_bool(arena, trends, "many", all > 1);
    struct bw_buf url;
    bw_buf_init(&url, (size_t)BW_URL_BYTES_MAX * 4);
    bw_buf_printf(&url, "%s/trends?service=", request->site->prefix);
    bw_escape_url(&url, subject->service, strlen(subject->service));
    bw_value_add_text(arena, trends, "url", url.data);
    bw_buf_fini(&url);
}
