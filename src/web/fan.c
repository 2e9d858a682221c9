// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/fan.h"

#include "base/escape.h"
#include "web/plane.h"
#include "web/trend_words.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

/* A limit is in the picture as long as it leaves a quarter of the height to what is known. */
#define LIMIT_SPAN 4.0

/* Bands that are wider than this, in spans of all else, run out of the picture. */
#define BAND_SPAN 1.5

static const struct bw_plane sizes[] = {
    [BW_FAN_WIDE] = { .width = 1000,
                      .height = 300,
                      .left = 64,
                      .right = 12,
                      .top = 20,
                      .bottom = 20,
                      .times = 10,
                      .lines = 5 },
    [BW_FAN_NARROW] = { .width = 340,
                        .height = 240,
                        .left = 52,
                        .right = 8,
                        .top = 20,
                        .bottom = 20,
                        .times = 3,
                        .lines = 5 },
};

static void escaped(struct bw_buf *out, const char *text)
{
    bw_escape_html(out, text, strlen(text));
}

void bw_fan_span(const struct bw_fan *fan, int64_t *out_from_ms, int64_t *out_to_ms)
{
    const struct bw_trend_picture *p = fan->picture;
    const struct bw_trend_record *trend = fan->trend;
    const int64_t from_ms = p->seen_count > 0 ? p->seen[0].ts_ms : trend->first_ms;
    int64_t to_ms = p->ahead_count > 0 ? p->ahead[p->ahead_count - 1].ts_ms : trend->last_ms;
    const double seen_s = (double)(trend->last_ms - from_ms) / 1000;
    /* Until the limit is reached, if that is not so far that all else becomes small. */
    if (isfinite(trend->time_to_p50_s) && trend->time_to_p50_s < seen_s) {
        const double room_s = fmin(trend->time_to_p50_s * 1.2, seen_s);
        const int64_t then_ms = trend->last_ms + (int64_t)(room_s * 1000);
        to_ms = then_ms > to_ms ? then_ms : to_ms;
    }
    *out_from_ms = from_ms;
    *out_to_ms = to_ms > from_ms ? to_ms : from_ms + 60000;
}

static double span_of(const struct bw_plane *plane)
{
    return fmax(plane->high - plane->low, 0);
}

/* The limit if it can be in the picture without hiding the rest. */
static bool shows_limit(const struct bw_plane *plane, double limit)
{
    const double high = fmax(plane->high, limit), low = fmin(plane->low, limit);
    const double size = fmax(span_of(plane), 0.02 * fmax(fabs(plane->high), fabs(plane->low)));
    return isfinite(limit) && high - low <= LIMIT_SPAN * size;
}

/* A disk that is at 0 within its limit and begins at zero anyway shows it at no cost. */
static bool include_limit(struct bw_plane *plane, double limit)
{
    const bool near = shows_limit(plane, limit) || (limit == 0 && plane->low >= 0); // NOLINT: exact
    if (near)
        bw_plane_include(plane, limit);
    return near;
}

static struct bw_plane plane_of(const struct bw_fan *fan, enum bw_fan_size size, bool *out_limit)
{
    const struct bw_trend_picture *p = fan->picture;
    struct bw_plane plane = sizes[size];
    plane.metric = fan->trend->metric;
    bw_fan_span(fan, &plane.from_ms, &plane.to_ms);
    bw_plane_begin(&plane);
    for (size_t i = 0; i < p->seen_count; i++)
        bw_plane_include(&plane, p->seen[i].value);
    for (size_t i = 0; i < p->ahead_count; i++)
        bw_plane_include(&plane, p->ahead[i].p50);
    const double room = BAND_SPAN * span_of(&plane), low = plane.low, high = plane.high;
    for (size_t i = 0; i < p->ahead_count; i++) {
        bw_plane_include(&plane, fmax(p->ahead[i].low80, low - room));
        bw_plane_include(&plane, fmin(p->ahead[i].high80, high + room));
        bw_plane_include(&plane, fmax(p->ahead[i].low95, low - room));
        bw_plane_include(&plane, fmin(p->ahead[i].high95, high + room));
    }
    *out_limit = include_limit(&plane, fan->trend->threshold);
    bw_plane_settle(&plane);
    return plane;
}

/* ---- what came, what may come ---------------------------------------------------------- */

static void draw_seen(const struct bw_plane *plane, const struct bw_trend_picture *p,
                      struct bw_buf *out)
{
    bool joined = false;
    bw_buf_text(out, "<path class=\"line\" d=\"");
    for (size_t i = 0; i < p->seen_count; i++) {
        const bool known = isfinite(p->seen[i].value);
        if (known)
            bw_buf_printf(out, "%c%.1f %.1f%s", joined ? 'L' : 'M',
                          bw_plane_x(plane, p->seen[i].ts_ms), bw_plane_y(plane, p->seen[i].value),
                          joined ? "" : "h0"); /* a lone point is a dot */
        joined = known;
    }
    bw_buf_text(out, "\"/>");
}

/* The last value, where the fan opens. */
static const struct bw_point *last_seen(const struct bw_trend_picture *p)
{
    for (size_t i = p->seen_count; i > 0; i--)
        if (isfinite(p->seen[i - 1].value))
            return &p->seen[i - 1];
    return NULL;
}

static void draw_band(const struct bw_plane *plane, const struct bw_trend_picture *p, bool wide,
                      struct bw_buf *out)
{
    const struct bw_point *last = last_seen(p);
    if (p->ahead_count == 0 || last == NULL)
        return;
    bw_buf_printf(out, "<path class=\"band band-%d\" d=\"M%.1f %.1f", wide ? 95 : 80,
                  bw_plane_x(plane, last->ts_ms), bw_plane_y(plane, last->value));
    for (size_t i = 0; i < p->ahead_count; i++)
        bw_buf_printf(out, "L%.1f %.1f", bw_plane_x(plane, p->ahead[i].ts_ms),
                      bw_plane_y(plane, wide ? p->ahead[i].high95 : p->ahead[i].high80));
    for (size_t i = p->ahead_count; i > 0; i--)
        bw_buf_printf(out, "L%.1f %.1f", bw_plane_x(plane, p->ahead[i - 1].ts_ms),
                      bw_plane_y(plane, wide ? p->ahead[i - 1].low95 : p->ahead[i - 1].low80));
    bw_buf_text(out, "z\"/>");
}

static void draw_median(const struct bw_plane *plane, const struct bw_trend_picture *p,
                        struct bw_buf *out)
{
    const struct bw_point *last = last_seen(p);
    if (p->ahead_count == 0 || last == NULL)
        return;
    bw_buf_printf(out, "<path class=\"line median\" d=\"M%.1f %.1f", bw_plane_x(plane, last->ts_ms),
                  bw_plane_y(plane, last->value));
    for (size_t i = 0; i < p->ahead_count; i++)
        bw_buf_printf(out, "L%.1f %.1f", bw_plane_x(plane, p->ahead[i].ts_ms),
                      bw_plane_y(plane, p->ahead[i].p50));
    bw_buf_text(out, "\"/>");
}

static void draw_regime(const struct bw_plane *plane, const struct bw_fan *fan, struct bw_buf *out)
{
    const struct bw_trend_picture *p = fan->picture;
    if (!isfinite(p->line_begin) || !isfinite(p->line_end))
        return;
    bw_buf_printf(out, "<path class=\"regime\" d=\"M%.1f %.1fL%.1f %.1f\"/>",
                  bw_plane_x(plane, p->regime_ms), bw_plane_y(plane, p->line_begin),
                  bw_plane_x(plane, fan->trend->last_ms), bw_plane_y(plane, p->line_end));
}

/* ---- when ------------------------------------------------------------------------------ */

static void draw_times(const struct bw_plane *plane, const struct bw_fan *fan, struct bw_buf *out)
{
    for (size_t i = 0; i < fan->picture->change_count; i++)
        bw_mark_draw_upright(plane, "change", fan->picture->change_ms[i], "its course changed",
                             out);
    for (size_t i = 0; i < fan->mark_count; i++)
        bw_mark_draw(plane, &fan->marks[i], out);
    bw_mark_draw_upright(plane, "now", fan->trend->last_ms, "the last value", out);
}

/* The limit, and on it from when to when it is reached: P10, P50 and P90. */
static void draw_limit(struct bw_arena *arena, const struct bw_plane *plane,
                       const struct bw_fan *fan, struct bw_buf *out)
{
    const struct bw_trend_record *trend = fan->trend;
    const double y = bw_plane_y(plane, trend->threshold);
    const int right = plane->width - plane->right;
    bw_buf_printf(out, "<line class=\"limit\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                  plane->left, right, y, y);
    const bool low = y < plane->top + 12;
    bw_buf_printf(out, "<text class=\"tick name\" x=\"%d\" y=\"%.1f\">limit ", plane->left + 4,
                  low ? y + 12 : y - 4);
    escaped(out, bw_words_measured(arena, trend->metric, trend->threshold));
    bw_buf_text(out, "</text>");
    if (!isfinite(trend->time_to_p10_s) || bw_trend_is_beyond(trend))
        return;
    const int64_t begin_ms = trend->last_ms + (int64_t)fmin(trend->time_to_p10_s * 1000, 1e15);
    const double end_s = isfinite(trend->time_to_p90_s) ? fmin(trend->time_to_p90_s, 1e12) : 1e12;
    if (begin_ms < plane->to_ms)
        bw_buf_printf(out, "<path class=\"passage\" d=\"M%.1f %.1fH%.1f\"/>",
                      bw_plane_x(plane, begin_ms), y,
                      bw_plane_x(plane, trend->last_ms + (int64_t)(end_s * 1000)));
    const int64_t middle_ms = trend->last_ms + (int64_t)fmin(trend->time_to_p50_s * 1000, 1e15);
    if (middle_ms <= plane->to_ms)
        bw_buf_printf(out, "<circle class=\"reached\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>",
                      bw_plane_x(plane, middle_ms), y);
}

/* A limit that is far away is told at the edge behind which it lies. */
static void tell_far_limit(struct bw_arena *arena, const struct bw_plane *plane,
                           const struct bw_trend_record *trend, struct bw_buf *out)
{
    if (!isfinite(trend->threshold))
        return;
    const bool above = trend->threshold > plane->high;
    bw_buf_printf(out, "<text class=\"tick name\" x=\"%d\" y=\"%d\">%s limit ", plane->left + 4,
                  above ? plane->top - 8 : plane->height - plane->bottom - 5,
                  above ? "\u2191" : "\u2193");
    escaped(out, bw_words_measured(arena, trend->metric, trend->threshold));
    bw_buf_text(out, "</text>");
}

static void describe(struct bw_arena *arena, const struct bw_fan *fan, struct bw_buf *out)
{
    const struct bw_trend_record *trend = fan->trend;
    bw_buf_text(out, "<title>");
    escaped(out, fan->title);
    bw_buf_text(out, "</title><desc>");
    escaped(out, bw_trend_words_heading(arena, trend));
    bw_buf_text(out, ". ");
    escaped(out, bw_trend_words_limit(arena, trend));
    bw_buf_text(out, "</desc>");
}

bool bw_fan_draw(struct bw_arena *arena, const struct bw_fan *fan, enum bw_fan_size size,
                 struct bw_buf *out)
{
    if (last_seen(fan->picture) == NULL)
        return false;
    bool limit;
    const struct bw_plane plane = plane_of(fan, size, &limit);
    bw_buf_printf(out, "<svg class=\"chart fan %s\" role=\"img\" viewBox=\"0 0 %d %d\">",
                  size == BW_FAN_WIDE ? "wide-only" : "narrow-only", plane.width, plane.height);
    describe(arena, fan, out);
    draw_band(&plane, fan->picture, true, out);
    draw_band(&plane, fan->picture, false, out);
    bw_plane_draw_values(arena, &plane, out);
    bw_plane_draw_times(&plane, out);
    draw_times(&plane, fan, out);
    draw_regime(&plane, fan, out);
    draw_seen(&plane, fan->picture, out);
    draw_median(&plane, fan->picture, out);
    if (limit)
        draw_limit(arena, &plane, fan, out);
    else
        tell_far_limit(arena, &plane, fan->trend, out);
    bw_buf_text(out, "</svg>");
    return true;
}
