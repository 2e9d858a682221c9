// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/chart.h"

#include "base/escape.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

static void escaped(struct bw_buf *out, const char *text)
{
    bw_escape_html(out, text, strlen(text));
}

static struct bw_plane plane_of(const struct bw_chart *chart)
{
    struct bw_plane plane = { .width = 400,
                              .height = 150,
                              .left = 48,
                              .right = 8,
                              .top = 8,
                              .bottom = 20,
                              .times = 5,
                              .lines = 3,
                              .from_ms = chart->from_ms,
                              .to_ms = chart->to_ms,
                              .words = chart->words };
    bw_plane_begin(&plane);
    for (size_t i = 0; i < chart->line_count && i < BW_CHART_LINES_MAX; i++)
        for (size_t k = 0; k < chart->lines[i].count; k++)
            bw_plane_include(&plane, chart->lines[i].points[k].value);
    bw_plane_include(&plane, chart->threshold);
    bw_plane_include(&plane, chart->at_least);
    bw_plane_settle(&plane);
    return plane;
}

static void draw_gap(const struct bw_plane *plane, int64_t from_ms, int64_t to_ms,
                     struct bw_buf *out)
{
    double from = bw_plane_x(plane, from_ms);
    double width = bw_plane_x(plane, to_ms) - from;
    if (width >= 1)
        bw_buf_printf(out, "<rect class=\"gap\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
                      from, plane->top, width, plane->height - plane->top - plane->bottom);
}

/* Where the first line, which stands for all, has nothing. */
static void draw_gaps(const struct bw_chart *chart, const struct bw_plane *plane,
                      struct bw_buf *out)
{
    int64_t last_ms = chart->from_ms;
    const struct bw_chart_line *line = &chart->lines[0];
    for (size_t i = 0; chart->line_count > 0 && i < line->count; i++) {
        if (isnan(line->points[i].value))
            continue;
        if (line->points[i].ts_ms - last_ms > chart->gap_ms)
            draw_gap(plane, last_ms, line->points[i].ts_ms, out);
        last_ms = line->points[i].ts_ms;
    }
    if (chart->to_ms - last_ms > chart->gap_ms)
        draw_gap(plane, last_ms, chart->to_ms, out);
}

static void draw_line(const struct bw_chart *chart, const struct bw_plane *plane, size_t index,
                      struct bw_buf *out)
{
    const struct bw_chart_line *line = &chart->lines[index];
    int64_t last_ms = INT64_MIN / 2;
    bw_buf_printf(out, "<path class=\"line line-%zu\" d=\"", index + 1);
    for (size_t i = 0; i < line->count; i++) {
        const struct bw_point *point = &line->points[i];
        if (!isfinite(point->value)) {
            last_ms = INT64_MIN / 2;
            continue;
        }
        bool joined = point->ts_ms - last_ms <= chart->gap_ms;
        bw_buf_printf(out, "%c%.1f %.1f", joined ? 'L' : 'M', bw_plane_x(plane, point->ts_ms),
                      bw_plane_y(plane, point->value));
        /* A lone point is a dot: a line of no length with round ends. */
        if (!joined)
            bw_buf_text(out, "h0");
        last_ms = point->ts_ms;
    }
    bw_buf_text(out, "\"/>");
}

/* Filled down to the axis; what lies below is painted over it afterwards. */
static void draw_area(const struct bw_chart *chart, const struct bw_plane *plane, size_t index,
                      struct bw_buf *out)
{
    const struct bw_chart_line *line = &chart->lines[index];
    const double floor_y = bw_plane_y(plane, plane->low);
    bool open = false;
    double x = 0;
    bw_buf_printf(out, "<path class=\"area phase-%zu\" d=\"", index + 1);
    for (size_t i = 0; i < line->count; i++) {
        const struct bw_point *point = &line->points[i];
        bool joined = open && i > 0 && point->ts_ms - line->points[i - 1].ts_ms <= chart->gap_ms;
        if (open && (!joined || !isfinite(point->value))) {
            bw_buf_printf(out, "L%.1f %.1fz", x, floor_y);
            open = false;
        }
        if (!isfinite(point->value))
            continue;
        x = bw_plane_x(plane, point->ts_ms);
        if (!open)
            bw_buf_printf(out, "M%.1f %.1f", x, floor_y);
        bw_buf_printf(out, "L%.1f %.1f", x, bw_plane_y(plane, point->value));
        open = true;
    }
    if (open)
        bw_buf_printf(out, "L%.1f %.1fz", x, floor_y);
    bw_buf_text(out, "\"/>");
}

static void draw_threshold(const struct bw_chart *chart, const struct bw_plane *plane,
                           struct bw_buf *out)
{
    if (!isfinite(chart->threshold))
        return;
    double y = bw_plane_y(plane, chart->threshold);
    bw_buf_printf(out, "<line class=\"limit\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                  plane->left, plane->width - plane->right, y, y);
}

static void describe(struct bw_arena *arena, const struct bw_chart *chart,
                     const struct bw_plane *plane, struct bw_buf *out)
{
    bw_buf_text(out, "<title>");
    escaped(out, chart->title);
    bw_buf_text(out, "</title><desc>");
    for (size_t i = 0; i < chart->line_count && i < BW_CHART_LINES_MAX; i++) {
        const struct bw_chart_line *line = &chart->lines[i];
        escaped(out, line->name);
        bw_buf_text(out, ": ");
        escaped(out, line->count == 0
                         ? "no data"
                         : bw_plane_words(arena, plane, line->points[line->count - 1].value));
        bw_buf_text(out, i + 1 < chart->line_count ? "; " : "");
    }
    bw_buf_text(out, "</desc>");
}

void bw_chart_draw(struct bw_arena *arena, const struct bw_chart *chart, struct bw_buf *out)
{
    const struct bw_plane plane = plane_of(chart);
    bw_buf_printf(out, "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 %d %d\">", plane.width,
                  plane.height);
    describe(arena, chart, &plane, out);
    draw_gaps(chart, &plane, out);
    bw_plane_draw_values(arena, &plane, out);
    bw_plane_draw_times(&plane, out);
    for (size_t i = chart->line_count; chart->areas && i > 0; i--)
        draw_area(chart, &plane, i - 1, out);
    for (size_t i = 0; !chart->areas && i < chart->line_count && i < BW_CHART_LINES_MAX; i++)
        draw_line(chart, &plane, i, out);
    draw_threshold(chart, &plane, out);
    for (size_t i = 0; i < chart->marks.count; i++)
        bw_mark_draw(&plane, &chart->marks.items[i], out);
    bw_buf_text(out, "</svg>");
}

enum { BAR_PITCH = 3, BARS_HEIGHT = 24, BAR_HEIGHT_MIN = 4 };

static double longest_of(const struct bw_view_past *results, size_t count)
{
    double longest = 0;
    for (size_t i = 0; i < count; i++) {
        const struct bw_view_result result = bw_view_past_read(results[i]);
        if (isfinite(result.duration_s) && result.status == BW_HEALTHY)
            longest = fmax(longest, result.duration_s);
    }
    return longest;
}

static double bar_height(const struct bw_view_result *result, double longest)
{
    if (result->status == BW_UNHEALTHY)
        return BARS_HEIGHT;
    if (longest <= 0 || !isfinite(result->duration_s))
        return BAR_HEIGHT_MIN;
    double share = fmin(1, result->duration_s / longest);
    return BAR_HEIGHT_MIN + (BARS_HEIGHT * 0.8 - BAR_HEIGHT_MIN) * share;
}

void bw_chart_results(const struct bw_view_past *results, size_t count, struct bw_buf *out)
{
    size_t passed = 0;
    for (size_t i = 0; i < count; i++)
        passed += bw_view_past_read(results[i]).status == BW_HEALTHY;
    double longest = longest_of(results, count);
    bw_buf_printf(out,
                  "<svg class=\"results\" role=\"img\" viewBox=\"0 0 %d %d\" "
                  "preserveAspectRatio=\"xMaxYMid meet\"><title>%zu of the last %zu results were "
                  "healthy</title>",
                  BW_VIEW_RECENT_MAX * BAR_PITCH, BARS_HEIGHT, passed, count);
    size_t free_bars = count < BW_VIEW_RECENT_MAX ? BW_VIEW_RECENT_MAX - count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct bw_view_result result = bw_view_past_read(results[i]);
        double height = bar_height(&result, longest);
        size_t x = (free_bars + i) * BAR_PITCH;
        bw_buf_printf(out, "<rect class=\"%s\" x=\"%zu\" y=\"%.1f\" width=\"2\" height=\"%.1f\"/>",
                      bw_words_status_class(result.status), x, BARS_HEIGHT - height, height);
        if (result.status == BW_UNHEALTHY)
            bw_buf_printf(out, "<rect class=\"notch\" x=\"%zu\" y=\"4\" width=\"2\" height=\"2\"/>",
                          x);
    }
    bw_buf_text(out, "</svg>");
}

void bw_chart_phases(struct bw_arena *arena, const struct bw_view_phase *phases, size_t count,
                     struct bw_buf *out)
{
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += fmax(0, phases[i].seconds);
    if (!(total > 0))
        return;
    bw_buf_text(out, "<svg class=\"phases\" role=\"img\" viewBox=\"0 0 400 10\" "
                     "preserveAspectRatio=\"none\"><title>");
    for (size_t i = 0; i < count; i++) {
        escaped(out, phases[i].name);
        bw_buf_printf(out, " %s%s", bw_words_seconds(arena, phases[i].seconds),
                      i + 1 < count ? ", " : "");
    }
    bw_buf_text(out, "</title>");
    double x = 0;
    for (size_t i = 0; i < count; i++) {
        double width = 400 * fmax(0, phases[i].seconds) / total;
        bw_buf_printf(out,
                      "<rect class=\"phase-%zu\" x=\"%.2f\" y=\"0\" width=\"%.2f\" height=\"10\"/>",
                      i + 1, x, width);
        x += width;
    }
    bw_buf_text(out, "</svg>");
}

/* As wide on a screen whatever the meter is stretched to. */
static void draw_mark(double limit, double full, const char *class, struct bw_buf *out)
{
    if (isfinite(limit) && limit >= 0 && limit <= full)
        bw_buf_printf(out,
                      "<path class=\"%s\" vector-effect=\"non-scaling-stroke\" d=\"M%.2f 0v10\"/>",
                      class, 200 * limit / full);
}

void bw_chart_meter(double value, double full, double warning, double critical, const char *class,
                    struct bw_buf *out)
{
    double share = isfinite(value) && full > 0 ? fmin(1, fmax(0, value / full)) : 0;
    bw_buf_printf(out,
                  "<svg class=\"meter %s\" viewBox=\"0 0 200 10\" preserveAspectRatio=\"none\" "
                  "aria-hidden=\"true\"><rect class=\"track\" y=\"2\" width=\"200\" height=\"6\"/>"
                  "<rect class=\"fill\" y=\"2\" width=\"%.2f\" height=\"6\"/>",
                  class, 200 * share);
    draw_mark(warning, full, "mark-warning", out);
    draw_mark(critical, full, "mark-critical", out);
    bw_buf_text(out, "</svg>");
}
