// SPDX-License-Identifier: GPL-3.0-or-later
/* One trend: its fan chart, when it reaches its limit, and why we think so. */
#include "base/units.h"
#include "web/endpoint.h"
#include "web/page.h"
#include "web/parts.h"
#include "web/trend_look.h"
#include "web/trend_told.h"
#include "web/trend_words.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

enum { FAN_BYTES_MAX = 128 << 10, ROWS_MAX = 24, HOLDS_S = 30 };

/* What the functions below add to. */
struct showing {
    struct bw_request *request;
    struct bw_arena *arena;
    const struct bw_trend_look *look;
    const struct bw_trend_record *trend;
    struct bw_value *root;
};

static const char *measured(const struct showing *s, double value)
{
    return bw_words_measured(s->arena, s->trend->metric, value);
}

static const char *lasting(const struct showing *s, int64_t ms)
{
    return bw_words_seconds(s->arena, (double)ms / 1000);
}

/* One line of a list of facts; nothing for an empty text. */
static void fact(const struct showing *s, struct bw_value *list, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    struct bw_value *item = bw_value_add_object(s->arena, list, NULL);
    bw_value_add_text(s->arena, item, "name", name);
    bw_value_add_text(s->arena, item, "text", text);
}

/* ---- its direction --------------------------------------------------------------------- */

static const char *slope_words(const struct showing *s)
{
    const struct bw_trend_record *t = s->trend;
    if (!isfinite(t->slope_per_second) || !(t->slope_high > t->slope_low))
        return bw_trend_words_slope(s->arena, t, t->slope_per_second);
    return bw_arena_printf(s->arena, "%s; with 95 %% probability %s to %s",
                           bw_trend_words_slope(s->arena, t, t->slope_per_second),
                           bw_trend_words_slope(s->arena, t, t->slope_low),
                           bw_trend_words_slope(s->arena, t, t->slope_high));
}

static const char *odds_words(const struct showing *s, const struct bw_trend_picture *p)
{
    if (isnan(p->flat))
        return "";
    return bw_arena_printf(
        s->arena, "falling %s, flat %s, rising %s", bw_words_percent(s->arena, p->falling),
        bw_words_percent(s->arena, p->flat), bw_words_percent(s->arena, p->rising));
}

static const char *season_words(const struct showing *s, const struct bw_trend_picture *p)
{
    const char *text = "";
    for (size_t i = 0; i < p->period_count; i++)
        text = bw_arena_printf(s->arena, "%s%severy %s (%s of what it and the noise do)", text,
                               i == 0 ? "" : ", ", bw_words_seconds(s->arena, p->period_s[i]),
                               bw_words_percent(s->arena, p->strength[i]));
    return text[0] == '\0' ? "none found" : text;
}

static const char *since_words(const struct showing *s, const struct bw_trend_picture *p)
{
    const char *clock = bw_words_clock(s->arena, p->regime_ms, s->request->now_ms);
    const char *ago = lasting(s, s->trend->last_ms - p->regime_ms);
    return p->change_count == 0
               ? bw_arena_printf(s->arena, "as far as was looked back, %s", ago)
               : bw_arena_printf(s->arena, "%s, %s before the last value", clock, ago);
}

/* The note says the first finding, or why so little is known: then it stands beside them. */
static void add_findings(const struct showing *s, struct bw_value *list)
{
    const struct bw_trend_record *t = s->trend;
    const char *note = t->note == NULL ? "" : t->note;
    for (size_t i = 0; i < t->finding_count; i++) {
        const char *text = bw_words_finding(s->arena, t, i);
        fact(s, list, "Found", text);
        note = strcmp(text, note) == 0 ? "" : note;
    }
    fact(s, list, "Note", note);
}

/* What became of statements that were as sure as this one; "" while too few are known. */
static const char *as_sure_words(const struct showing *s)
{
    enum { TOLD_LEAST = 20 }; /* a share of fewer says nothing */
    const struct bw_trend_record *t = s->trend;
    if (t->direction == BW_UNDETERMINED || isnan(t->confidence_ratio))
        return "";
    const enum bw_statement_kind kind =
        t->direction == BW_FLAT ? BW_STATEMENT_FLAT : BW_STATEMENT_TREND;
    const struct bw_statement_told *told = &s->request->view->statements.told[kind];
    const size_t place = (size_t)(t->confidence_ratio * BW_STATEMENT_BINS);
    const size_t bin = place < BW_STATEMENT_BINS ? place : BW_STATEMENT_BINS - 1;
    const double count = (double)told->bins[bin].count;
    if (count < TOLD_LEAST)
        return "";
    return bw_arena_printf(s->arena, "of the last %.0f directions of any series, %s came true",
                           count,
                           bw_words_percent(s->arena, (double)told->bins[bin].true_count / count));
}

static void add_direction(const struct showing *s)
{
    const struct bw_trend_record *t = s->trend;
    const struct bw_trend_picture *p = s->look->picture;
    struct bw_value *list = bw_value_add_list(s->arena, s->root, "course");
    fact(s, list, "Now", measured(s, t->last_value));
    fact(s, list, "Direction", bw_trend_words_heading(s->arena, t));
    if (p != NULL)
        fact(s, list, "Odds", odds_words(s, p));
    fact(s, list, "Slope", slope_words(s));
    if (p != NULL && p->step_ms > 0) {
        fact(s, list, "Since", since_words(s, p));
        fact(s, list, "Repeats", season_words(s, p));
    }
    add_findings(s, list);
    fact(s, list, "Its forecasts", bw_trend_told_words(s->arena, t));
    fact(s, list, "As sure as this", as_sure_words(s));
}

/* ---- its limit ------------------------------------------------------------------------- */

static void add_limit(const struct showing *s)
{
    const struct bw_trend_record *t = s->trend;
    if (!isfinite(t->threshold))
        return;
    struct bw_value *list = bw_value_add_list(s->arena, s->root, "limit");
    fact(s, list, "Limit",
         bw_arena_printf(s->arena, "%s, reached from %s", measured(s, t->threshold),
                         t->side < 0 ? "above" : "below"));
    if (isnan(t->time_to_p50_s) || bw_trend_is_beyond(t))
        return;
    if (isinf(t->time_to_p10_s)) {
        fact(s, list, "Reached", "hardly within what can be foreseen");
        return;
    }
    const struct {
        const char *name;
        double seconds;
    } times[] = { { "1 in 10 earlier than", t->time_to_p10_s },
                  { "As likely before as after", t->time_to_p50_s },
                  { "1 in 10 later than", t->time_to_p90_s } };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        const bool foreseen = isfinite(times[i].seconds);
        const char *in = bw_words_seconds(s->arena, times[i].seconds);
        const int64_t at_ms = foreseen ? t->last_ms + (int64_t)(times[i].seconds * 1000) : 0;
        fact(s, list, times[i].name,
             foreseen ? bw_arena_printf(s->arena, "%s (%s)", in,
                                        bw_words_clock(s->arena, at_ms, s->request->now_ms))
                      : "beyond what can be foreseen");
    }
}

/* About: nobody knows it to the second. */
static int64_t rounded_ms(int64_t ms)
{
    const int64_t minute_ms = BW_MINUTE / BW_MS, hour_ms = BW_HOUR / BW_MS;
    const int64_t to_ms = ms > 20 * hour_ms ? hour_ms : minute_ms;
    return (ms + to_ms - 1) / to_ms * to_ms;
}

/* What is missing for a forecast that far ahead. */
static const char *missing_words(const struct showing *s, int64_t horizon_ms)
{
    const struct bw_trend_picture *p = s->look->picture;
    if (p == NULL)
        return "not known";
    const int64_t seen_ms = (int64_t)p->cells * p->step_ms;
    if (seen_ms >= 2 * horizon_ms)
        return "too few values for it";
    return bw_arena_printf(s->arena, "needs %s more of history",
                           lasting(s, rounded_ms(2 * horizon_ms - seen_ms)));
}

static void add_horizons(const struct showing *s)
{
    const struct bw_trend_record *t = s->trend;
    struct bw_value *list = bw_value_add_list(s->arena, s->root, "horizons");
    for (size_t i = 0; i < t->horizon_count; i++) {
        const struct bw_trend_horizon *h = &t->horizons[i];
        struct bw_value *item = bw_value_add_object(s->arena, list, NULL);
        bw_value_add_text(s->arena, item, "in", lasting(s, h->horizon_ms));
        if (isfinite(h->p50)) {
            struct bw_value *known = bw_value_add_object(s->arena, item, "known");
            bw_value_add_text(s->arena, known, "p10", measured(s, h->p10));
            bw_value_add_text(s->arena, known, "p50", measured(s, h->p50));
            bw_value_add_text(s->arena, known, "p90", measured(s, h->p90));
        } else {
            bw_value_add_text(s->arena, item, "missing", missing_words(s, h->horizon_ms));
        }
        bw_value_add_text(s->arena, item, "crossing",
                          isfinite(t->threshold) ? bw_words_percent(s->arena, h->crossing_ratio)
                                                 : NULL);
    }
}

/* ---- why ------------------------------------------------------------------------------- */

static const char *doubt_words(const struct showing *s, const struct bw_trend_picture *p)
{
    if (s->trend->direction != BW_UNDETERMINED || isnan(p->independent))
        return "";
    const char *worth =
        bw_arena_printf(s->arena, "What was seen is worth %.1f independent values, %.0f are needed",
                        p->independent, p->needed);
    return p->wait_ms > 0
               ? bw_arena_printf(s->arena, "%s: about %s more of the same may settle it.", worth,
                                 lasting(s, rounded_ms(p->wait_ms)))
               : bw_arena_printf(s->arena, "%s.", worth);
}

static void add_basis(const struct showing *s, const struct bw_trend_picture *p)
{
    const struct bw_trend_record *t = s->trend;
    struct bw_value *list = bw_value_add_list(s->arena, s->root, "basis");
    fact(s, list, "Seen",
         bw_arena_printf(s->arena, "%s to %s, %s",
                         bw_words_clock(s->arena, t->first_ms, s->request->now_ms),
                         bw_words_clock(s->arena, t->last_ms, s->request->now_ms),
                         lasting(s, t->last_ms - t->first_ms)));
    fact(s, list, "Points",
         bw_arena_printf(s->arena, "%zu, counted in steps of %s; %zu of %zu steps have a value",
                         t->points, lasting(s, p->step_ms), p->present, p->cells));
    if (p->resets > 0)
        fact(s, list, "Resets",
             bw_arena_printf(s->arena, "%zu of the counter, left out", p->resets));
    fact(s, list, "Course changed",
         p->change_count == 0
             ? "never"
             : bw_arena_printf(s->arena, "%zu time%s, last %s", p->change_count,
                               p->change_count == 1 ? "" : "s",
                               bw_words_clock(s->arena, p->regime_ms, s->request->now_ms)));
    if (p->ahead_count > 0)
        fact(s, list, "Forecast checked",
             p->origins == 0 ? "nowhere in the past yet: its width is a guess"
                             : bw_arena_printf(s->arena, "at %zu moment%s of the past", p->origins,
                                               p->origins == 1 ? "" : "s"));
    if (isfinite(p->skill))
        fact(s, list, "Its error",
             p->skill > 0 ? bw_arena_printf(s->arena, "%s smaller than that of \u201cas now\u201d",
                                            bw_words_available(s->arena, p->skill))
                          : "no smaller than that of \u201cas now\u201d");
}

static void add_decision(const struct showing *s, const struct bw_trend_picture *p)
{
    struct bw_value *list = bw_value_add_list(s->arena, s->root, "decided");
    if (isnan(p->z))
        return;
    fact(s, list, "Values since",
         bw_arena_printf(s->arena, "%zu, worth %.1f independent ones", p->values, p->independent));
    fact(s, list, "Correlation",
         bw_arena_printf(s->arena, "%.2f of one with the next", p->correlation));
    fact(s, list, "Slope, z",
         bw_arena_printf(s->arena, "%.2f (\u00b11.96 is significant at 5 %%)", p->z));
    if (p->drift != 0) // NOLINT: exact
        fact(s, list, "Its steps, z",
             bw_arena_printf(s->arena, "%.2f (\u00b12.58 is a drift even of a walk)", p->drift));
    fact(s, list, "Line explains", bw_words_available(s->arena, p->explained));
    fact(s, list, "Mann-Kendall",
         bw_arena_printf(s->arena, "S %.0f, z %.2f; Hamed-Rao z %.2f", p->test.s, p->test.z,
                         p->test.hr_z));
    fact(s, list, "Sen slope", bw_trend_words_slope(s->arena, s->trend, p->sen_per_second));
}

/* ---- the picture ----------------------------------------------------------------------- */

static void add_fan(const struct showing *s, struct bw_value *in)
{
    const struct bw_fan fan = { .title = bw_arena_printf(
                                    s->arena, "%s: its course and its forecast", s->trend->metric),
                                .trend = s->trend,
                                .picture = s->look->picture,
                                .marks = s->look->marks,
                                .mark_count = s->look->mark_count };
    static const char *const keys[] = { [BW_FAN_WIDE] = "wide", [BW_FAN_NARROW] = "narrow" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct bw_buf svg;
        bw_buf_init(&svg, FAN_BYTES_MAX);
        if (bw_fan_draw(s->arena, &fan, (enum bw_fan_size)i, &svg))
            bw_parts_drawing(s->request, in, keys[i], &svg);
        else
            bw_buf_fini(&svg);
    }
}

static void add_legend(const struct showing *s, struct bw_value *in)
{
    const struct bw_trend_picture *p = s->look->picture;
    bw_value_add_bool(s->arena, in, "ahead", p->ahead_count > 0);
    bw_value_add_bool(s->arena, in, "line", isfinite(p->line_end));
    bw_value_add_bool(s->arena, in, "changes", p->change_count > 0);
    bw_value_add_bool(s->arena, in, "marked", s->look->mark_count > 0);
    bw_value_add_bool(s->arena, in, "passage",
                      isfinite(s->trend->time_to_p10_s) && !bw_trend_is_beyond(s->trend));
}

static void add_seen_rows(const struct showing *s, struct bw_value *in)
{
    const struct bw_trend_picture *p = s->look->picture;
    struct bw_value *list = bw_value_add_list(s->arena, in, "seen");
    const size_t every = (p->seen_count + ROWS_MAX - 1) / ROWS_MAX;
    for (size_t i = 0; i < p->seen_count; i += every) {
        struct bw_value *row = bw_value_add_object(s->arena, list, NULL);
        bw_value_add_text(s->arena, row, "at",
                          bw_words_clock(s->arena, p->seen[i].ts_ms, s->request->now_ms));
        bw_value_add_text(s->arena, row, "value",
                          isfinite(p->seen[i].value) ? measured(s, p->seen[i].value)
                                                     : "nothing seen");
    }
}

static void add_ahead_rows(const struct showing *s, struct bw_value *in)
{
    const struct bw_trend_picture *p = s->look->picture;
    struct bw_value *list = bw_value_add_list(s->arena, in, "ahead_rows");
    const size_t every = (p->ahead_count + ROWS_MAX / 2 - 1) / (ROWS_MAX / 2);
    for (size_t i = every; i <= p->ahead_count && every > 0; i += every) {
        const struct bw_trend_ahead *a = &p->ahead[i - 1];
        struct bw_value *row = bw_value_add_object(s->arena, list, NULL);
        bw_value_add_text(s->arena, row, "at",
                          bw_words_clock(s->arena, a->ts_ms, s->request->now_ms));
        bw_value_add_text(s->arena, row, "p50", measured(s, a->p50));
        bw_value_add_printf(s->arena, row, "most", "%s \u2013 %s", measured(s, a->low80),
                            measured(s, a->high80));
        bw_value_add_printf(s->arena, row, "nearly_all", "%s \u2013 %s", measured(s, a->low95),
                            measured(s, a->high95));
    }
}

static void add_marks(const struct showing *s)
{
    struct bw_value *list = bw_value_add_list(s->arena, s->root, "marks");
    for (size_t i = 0; i < s->look->mark_count; i++) {
        struct bw_value *item = bw_value_add_object(s->arena, list, NULL);
        bw_words_time(s->arena, item, "when", s->look->marks[i].ts_ms, s->request->now_ms);
        bw_value_add_text(s->arena, item, "text", s->look->marks[i].text);
    }
}

static void add_picture(const struct showing *s)
{
    const struct bw_trend_picture *p = s->look->picture;
    if (p == NULL) {
        bw_value_add_text(s->arena, s->root, "why_not", s->look->why);
        return;
    }
    struct bw_value *picture = bw_value_add_object(s->arena, s->root, "picture");
    add_fan(s, picture);
    add_legend(s, picture);
    add_seen_rows(s, picture);
    add_ahead_rows(s, picture);
    bw_words_text(s->arena, s->root, "doubt", doubt_words(s, p));
    add_basis(s, p);
    add_decision(s, p);
}

/* ---- the page -------------------------------------------------------------------------- */

static void add_head(const struct showing *s)
{
    const struct bw_trend_record *t = s->trend;
    const char *service = bw_labels_value(t->labels, "service");
    const char *instance = bw_labels_value(t->labels, "instance");
    const char *check = bw_labels_value(t->labels, "check");
    const struct bw_view_service *known =
        service == NULL ? NULL : bw_view_service(s->request->view, service);
    bw_value_add_text(s->arena, s->root, "metric", t->metric);
    bw_words_text(s->arena, s->root, "labels", bw_words_labels(s->arena, t->labels));
    bw_value_add_text(s->arena, s->root, "direction", bw_direction_name(t->direction));
    bw_value_add_text(s->arena, s->root, "arrow", bw_trend_words_arrow(t->direction));
    bw_value_add_text(s->arena, s->root, "heading", bw_trend_words_heading(s->arena, t));
    bw_words_text(s->arena, s->root, "reach", bw_trend_words_limit(s->arena, t));
    bw_value_add_bool(s->arena, s->root, "muted", t->muted);
    bw_value_add_int(s->arena, s->root, "holds", HOLDS_S); /* an analysis each time it is shown */
    bw_words_time(s->arena, s->root, "computed", t->computed_ms, s->request->now_ms);
    bw_value_add_printf(s->arena, s->root, "api_url", "%s/api/v1/trends/%lu",
                        s->request->site->prefix, (unsigned long)t->series);
    if (known == NULL)
        return;
    bw_value_add_text(s->arena, s->root, "service", service);
    bw_value_add_text(s->arena, s->root, "service_url", bw_parts_service_url(s->request, service));
    if (instance != NULL && check != NULL
        && bw_parts_find_check(known, instance, check, NULL) != NULL)
        bw_value_add_text(s->arena, s->root, "check_url",
                          bw_parts_check_url(s->request, service, instance, check));
}

void bw_page_trend(struct bw_request *request)
{
    struct bw_trend_look look;
    if (!bw_trend_look(request, request->captures[0], &look))
        return;
    const struct showing showing = { .request = request,
                                     .arena = &request->arena,
                                     .look = &look,
                                     .trend = look.trend,
                                     .root = bw_page_begin(request, look.trend->metric, "trends") };
    add_head(&showing);
    add_picture(&showing);
    add_direction(&showing);
    add_limit(&showing);
    add_horizons(&showing);
    add_marks(&showing);
    bw_page_render(request, "page-trend", showing.root);
}
