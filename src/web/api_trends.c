// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON answers about trends. */
#include "web/answer.h"
#include "web/api.h"
#include "web/endpoint.h"
#include "web/service_trend.h"
#include "web/trend_list.h"
#include "web/trend_look.h"
#include "web/trend_told.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

/* +Inf means "not within what is foreseen": a word, because JSON has no infinity. */
static void add_time_to(struct bw_arena *arena, struct bw_value *in, const char *key, double value)
{
    if (isinf(value))
        bw_value_add_text(arena, in, key, "beyond");
    else
        bw_value_add_number(arena, in, key, value);
}

void bw_api_time_to_threshold(struct bw_arena *arena, struct bw_value *in,
                              const struct bw_trend_record *trend)
{
    add_time_to(arena, in, "time_to_p10_seconds", trend->time_to_p10_s);
    add_time_to(arena, in, "time_to_p50_seconds", trend->time_to_p50_s);
    add_time_to(arena, in, "time_to_p90_seconds", trend->time_to_p90_s);
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
    bw_api_time_to_threshold(arena, threshold, trend);
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

/* 0 is what does not apply: null. */
static void add_applying(struct bw_arena *arena, struct bw_value *in, const char *key, double value)
{
    bw_value_add_number(arena, in, key, value != 0 ? value : NAN);
}

static void add_findings(struct bw_arena *arena, struct bw_value *in,
                         const struct bw_trend_record *trend)
{
    struct bw_value *list = bw_value_add_list(arena, in, "findings");
    for (size_t i = 0; i < trend->finding_count; i++) {
        const struct bw_finding *finding = &trend->findings[i];
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_text(arena, item, "kind", bw_finding_kind_name(finding->kind));
        bw_value_add_text(arena, item, "text", bw_words_finding(arena, trend, i));
        bw_api_moment(arena, item, "at", finding->at_ms);
        bw_api_moment(arena, item, "until", finding->until_ms);
        bw_value_add_number(arena, item, "before", finding->before);
        bw_value_add_number(arena, item, "after", finding->after);
        bw_value_add_number(arena, item, "size", finding->size);
        add_applying(arena, item, "size_sd", finding->size_sd);
        add_applying(arena, item, "share_ratio", finding->share);
        add_applying(arena, item, "period_seconds", finding->period_s);
        add_applying(arena, item, "score", finding->score);
        bw_value_add_int(arena, item, "times", finding->times);
        bw_words_text(arena, item, "driver", finding->driver);
    }
}

/* null: the series is not watched value by value, or too little is known of it. */
static void add_anomaly(struct bw_arena *arena, struct bw_value *in,
                        const struct bw_view_oddity *oddity)
{
    if (oddity == NULL) {
        bw_value_add_null(arena, in, "anomaly");
        return;
    }
    struct bw_value *anomaly = bw_value_add_object(arena, in, "anomaly");
    bw_value_add_number(arena, anomaly, "score", oddity->score);
    bw_value_add_number(arena, anomaly, "value", oddity->value);
    bw_value_add_number(arena, anomaly, "expected_low", oddity->low);
    bw_value_add_number(arena, anomaly, "expected_high", oddity->high);
    bw_api_moment(arena, anomaly, "at", oddity->ts_ms);
    bw_api_moment(arena, anomaly, "since", oddity->since_ms);
}

static void add_trend(struct bw_arena *arena, struct bw_value *item, const struct bw_view *view,
                      const struct bw_trend_record *trend)
{
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
    add_findings(arena, item, trend);
    bw_trend_told_series(arena, item, trend);
    add_anomaly(arena, item, bw_view_oddity(view, trend->series));
}

static void answer_trends(struct bw_request *request)
{
    struct bw_arena *arena = &request->arena;
    struct bw_api_slice slice;
    const char *wrong;
    const struct bw_trend_filter filter = bw_trend_filter_read(&request->url, &wrong);
    if (!bw_api_slice(request, &slice))
        return;
    if (wrong != NULL) {
        bw_answer_problem(request, 400, "%s: no such choice.", wrong);
        return;
    }
    const struct bw_trend_record *const *trends;
    const size_t count = bw_trend_list_make(arena, request->view, &filter, &trends);
    struct bw_value *root = bw_value_object(arena);
    struct bw_value *list = bw_value_add_list(arena, root, "trends");
    const size_t end = bw_api_slice_end(&slice, count);
    for (size_t i = (size_t)slice.cursor; i < end; i++)
        add_trend(arena, bw_value_add_object(arena, list, NULL), request->view, trends[i]);
    bw_trend_told_summary(arena, root, &request->view->statements);
    bw_api_next(request, root, bw_api_slice_next(end, count));
    bw_answer_json(request, root);
}

void bw_api_trends(struct bw_request *request)
{
    const char *by = bw_url_param(&request->url, "by");
    if (by == NULL)
        answer_trends(request);
    else if (strcmp(by, "service") == 0)
        bw_api_service_trends(request);
    else
        bw_answer_problem(request, 400, "by: expected service.");
}

/* ---- one, with all there is to see ----------------------------------------------------- */

static void add_course(struct bw_arena *arena, struct bw_value *in,
                       const struct bw_trend_picture *p)
{
    struct bw_value *course = bw_value_add_object(arena, in, "course");
    bw_value_add_number(arena, course, "step_seconds", (double)p->seen_step_ms / 1000);
    struct bw_value *list = bw_value_add_list(arena, course, "points");
    for (size_t i = 0; i < p->seen_count; i++) {
        struct bw_value *point = bw_value_add_list(arena, list, NULL);
        bw_value_add_int(arena, point, NULL, p->seen[i].ts_ms);
        bw_value_add_number(arena, point, NULL, p->seen[i].value);
    }
}

static void add_path(struct bw_arena *arena, struct bw_value *in, const struct bw_trend_picture *p)
{
    struct bw_value *list = bw_value_add_list(arena, in, "path");
    for (size_t i = 0; i < p->ahead_count; i++) {
        const struct bw_trend_ahead *a = &p->ahead[i];
        struct bw_value *step = bw_value_add_object(arena, list, NULL);
        bw_value_add_int(arena, step, "ts", a->ts_ms);
        bw_value_add_number(arena, step, "low95", a->low95);
        bw_value_add_number(arena, step, "low80", a->low80);
        bw_value_add_number(arena, step, "p50", a->p50);
        bw_value_add_number(arena, step, "high80", a->high80);
        bw_value_add_number(arena, step, "high95", a->high95);
    }
}

static void add_regime(struct bw_arena *arena, struct bw_value *in,
                       const struct bw_trend_picture *p)
{
    struct bw_value *regime = bw_value_add_object(arena, in, "regime");
    bw_api_moment(arena, regime, "since", p->regime_ms);
    bw_value_add_number(arena, regime, "line_begin", p->line_begin);
    bw_value_add_number(arena, regime, "line_end", p->line_end);
    struct bw_value *changes = bw_value_add_list(arena, regime, "changes");
    for (size_t i = 0; i < p->change_count; i++)
        bw_value_add_int(arena, changes, NULL, p->change_ms[i]);
    struct bw_value *seasons = bw_value_add_list(arena, in, "seasons");
    for (size_t i = 0; i < p->period_count; i++) {
        struct bw_value *season = bw_value_add_object(arena, seasons, NULL);
        bw_value_add_number(arena, season, "seconds", p->period_s[i]);
        bw_value_add_number(arena, season, "strength_ratio", p->strength[i]);
    }
}

static void add_decision(struct bw_arena *arena, struct bw_value *in,
                         const struct bw_trend_picture *p)
{
    const bool tested = !isnan(p->z);
    struct bw_value *why = bw_value_add_object(arena, in, "why");
    bw_value_add_number(arena, why, "step_seconds", (double)p->step_ms / 1000);
    bw_value_add_int(arena, why, "steps", (int64_t)p->cells);
    bw_value_add_int(arena, why, "steps_with_a_value", (int64_t)p->present);
    bw_value_add_int(arena, why, "resets", (int64_t)p->resets);
    bw_value_add_number(arena, why, "falling_ratio", p->falling);
    bw_value_add_number(arena, why, "flat_ratio", p->flat);
    bw_value_add_number(arena, why, "rising_ratio", p->rising);
    bw_value_add_int(arena, why, "values", (int64_t)p->values);
    bw_value_add_number(arena, why, "independent_values", p->independent);
    bw_value_add_number(arena, why, "independent_values_needed", p->needed);
    bw_value_add_number(arena, why, "wait_seconds",
                        p->wait_ms > 0 ? (double)p->wait_ms / 1000 : NAN);
    bw_value_add_number(arena, why, "correlation", p->correlation);
    bw_value_add_number(arena, why, "slope_z", p->z);
    bw_value_add_number(arena, why, "drift_z",
                        tested && p->drift != 0 ? p->drift : NAN); // NOLINT: exact
    bw_value_add_number(arena, why, "line_explains_ratio", p->explained);
    bw_value_add_number(arena, why, "mann_kendall_s", tested ? p->test.s : NAN);
    bw_value_add_number(arena, why, "mann_kendall_z", tested ? p->test.z : NAN);
    bw_value_add_number(arena, why, "hamed_rao_z", tested ? p->test.hr_z : NAN);
    bw_value_add_number(arena, why, "sen_slope_per_second", p->sen_per_second);
    bw_value_add_int(arena, why, "forecast_origins", (int64_t)p->origins);
    bw_value_add_number(arena, why, "forecast_skill_ratio", p->skill);
}

static void add_marks(struct bw_arena *arena, struct bw_value *in, const struct bw_trend_look *look)
{
    struct bw_value *list = bw_value_add_list(arena, in, "markers");
    for (size_t i = 0; i < look->mark_count; i++) {
        struct bw_value *mark = bw_value_add_object(arena, list, NULL);
        bw_value_add_int(arena, mark, "ts", look->marks[i].ts_ms);
        bw_value_add_text(arena, mark, "text", look->marks[i].text);
    }
}

void bw_api_trend(struct bw_request *request)
{
    struct bw_arena *arena = &request->arena;
    struct bw_trend_look look;
    if (!bw_trend_look(request, request->captures[0], &look))
        return;
    struct bw_value *root = bw_value_object(arena);
    add_trend(arena, root, request->view, look.trend);
    add_marks(arena, root, &look);
    bw_words_text(arena, root, "picture_missing", look.why);
    if (look.picture == NULL) {
        bw_value_add_null(arena, root, "picture");
    } else {
        struct bw_value *picture = bw_value_add_object(arena, root, "picture");
        add_course(arena, picture, look.picture);
        add_path(arena, picture, look.picture);
        add_regime(arena, picture, look.picture);
        add_decision(arena, picture, look.picture);
    }
    bw_answer_json(request, root);
}
