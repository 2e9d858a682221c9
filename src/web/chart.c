// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/chart.h"

#include "base/civil.h"
#include "base/escape.h"
#include "base/units.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

/* Units of the picture, about a pixel each on a small screen. */
enum { WIDTH = 400, HEIGHT = 150, LEFT = 48, RIGHT = 8, TOP = 8, BOTTOM = 20 };
enum { PLOT_WIDTH = WIDTH - LEFT - RIGHT, PLOT_HEIGHT = HEIGHT - TOP - BOTTOM, TICKS_MAX = 8 };

static void escaped(struct bw_buf *out, const char *text)
{
    bw_escape_html(out, text, strlen(text));
}

static const char *plain_words(struct bw_arena *arena, double value)
{
    return bw_words_metric(arena, "", value);
}

/* What the picture spans vertically. */
struct axis {
    double low, high, step;
};

static void include(struct axis *axis, double value)
{
    if (!isfinite(value))
        return;
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

/* 1, 2 or 5 times a power of ten. */
static double nice_step(double span)
{
    double rough = span / 3;
    double power = pow(10, floor(log10(rough)));
    double digit = rough / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

/* Begins at zero unless the values lie far from it and close together. */
static struct axis make_axis(const struct bw_chart *chart)
{
    struct axis axis = { INFINITY, -INFINITY, 1 };
    for (size_t i = 0; i < chart->line_count && i < BW_CHART_LINES_MAX; i++)
        for (size_t k = 0; k < chart->lines[i].count; k++)
            include(&axis, chart->lines[i].points[k].value);
    if (axis.low > axis.high)
        axis.low = axis.high = 0;
    include(&axis, chart->threshold);
    include(&axis, chart->at_least);
    double span = axis.high - axis.low;
    if (axis.low > 0 && (axis.low < 3 * span || span == 0))
        axis.low = 0;
    if (axis.high - axis.low < 1e-290 || axis.high - axis.low < fabs(axis.high) * 1e-9)
        axis.high = axis.low + fmax(1e-3, fabs(axis.low) * 0.1);
    axis.step = nice_step(axis.high - axis.low);
    axis.low = floor(axis.low / axis.step) * axis.step;
    axis.high = ceil(axis.high / axis.step - 1e-9) * axis.step;
    return axis;
}

static double x_of(const struct bw_chart *chart, int64_t ms)
{
    double share = (double)(ms - chart->from_ms) / (double)(chart->to_ms - chart->from_ms);
    return LEFT + PLOT_WIDTH * fmin(1, fmax(0, share));
}

static double y_of(const struct axis *axis, double value)
{
    return TOP + PLOT_HEIGHT * (1 - (value - axis->low) / (axis->high - axis->low));
}

static void draw_values_axis(struct bw_arena *arena, const struct bw_chart *chart,
                             const struct axis *axis, struct bw_buf *out)
{
    bw_chart_words_fn *words = chart->words == NULL ? plain_words : chart->words;
    for (int i = 0; i <= TICKS_MAX; i++) {
        double value = axis->low + i * axis->step;
        if (value > axis->high + axis->step / 2)
            break;
        double y = y_of(axis, value);
        bw_buf_printf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                      LEFT, WIDTH - RIGHT, y, y);
        bw_buf_printf(out, "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
                      LEFT - 6, y + 3.5);
        escaped(out, words(arena, fabs(value) < axis->step * 1e-6 ? 0 : value));
        bw_buf_text(out, "</text>");
    }
}

/* Round times that leave about four labels. */
static int64_t time_step(int64_t span_ms)
{
    static const int64_t steps_min[] = { 1,   5,    10,   15,    30,    60,    120,   180,   360,
                                         720, 1440, 2880, 10080, 20160, 43200, 86400, 129600 };
    size_t last = sizeof steps_min / sizeof *steps_min - 1;
    for (size_t i = 0; i < last; i++)
        if (span_ms / (steps_min[i] * 60000) <= 5)
            return steps_min[i] * 60000;
    return steps_min[last] * 60000;
}

static void draw_time_axis(const struct bw_chart *chart, struct bw_buf *out)
{
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int64_t step = time_step(chart->to_ms - chart->from_ms);
    int64_t first = (chart->from_ms + step - 1) / step * step;
    for (int64_t at = first; at < chart->to_ms; at += step) {
        double x = x_of(chart, at);
        if (x < LEFT + 12 || x > WIDTH - RIGHT - 12)
            continue;
        struct bw_civil civil = bw_civil_from_ms(at);
        bw_buf_printf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x,
                      HEIGHT - 6);
        if (step >= BW_DAY / BW_MS)
            bw_buf_printf(out, "%d %s</text>", civil.day, months[civil.month - 1]);
        else
            bw_buf_printf(out, "%02d:%02d</text>", civil.hour, civil.minute);
    }
}

static void draw_gap(const struct bw_chart *chart, int64_t from_ms, int64_t to_ms,
                     struct bw_buf *out)
{
    double from = x_of(chart, from_ms);
    double width = x_of(chart, to_ms) - from;
    if (width >= 1)
        bw_buf_printf(out, "<rect class=\"gap\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
                      from, TOP, width, PLOT_HEIGHT);
}

/* Where the first line, which stands for all, has nothing. */
static void draw_gaps(const struct bw_chart *chart, struct bw_buf *out)
{
    int64_t last_ms = chart->from_ms;
    const struct bw_chart_line *line = &chart->lines[0];
    for (size_t i = 0; chart->line_count > 0 && i < line->count; i++) {
        if (isnan(line->points[i].value))
            continue;
        if (line->points[i].ts_ms - last_ms > chart->gap_ms)
            draw_gap(chart, last_ms, line->points[i].ts_ms, out);
        last_ms = line->points[i].ts_ms;
    }
    if (chart->to_ms - last_ms > chart->gap_ms)
        draw_gap(chart, last_ms, chart->to_ms, out);
}

static void draw_line(const struct bw_chart *chart, const struct axis *axis, size_t index,
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
        bw_buf_printf(out, "%c%.1f %.1f", joined ? 'L' : 'M', x_of(chart, point->ts_ms),
                      y_of(axis, point->value));
        /* A lone point is a dot: a line of no length with round ends. */
        if (!joined)
            bw_buf_text(out, "h0");
        last_ms = point->ts_ms;
    }
    bw_buf_text(out, "\"/>");
}

/* Filled down to the axis; what lies below is painted over it afterwards. */
static void draw_area(const struct bw_chart *chart, const struct axis *axis, size_t index,
                      struct bw_buf *out)
{
    const struct bw_chart_line *line = &chart->lines[index];
    const double floor_y = y_of(axis, axis->low);
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
        x = x_of(chart, point->ts_ms);
        if (!open)
            bw_buf_printf(out, "M%.1f %.1f", x, floor_y);
        bw_buf_printf(out, "L%.1f %.1f", x, y_of(axis, point->value));
        open = true;
    }
    if (open)
        bw_buf_printf(out, "L%.1f %.1fz", x, floor_y);
    bw_buf_text(out, "\"/>");
}

static void draw_threshold(const struct bw_chart *chart, const struct axis *axis,
                           struct bw_buf *out)
{
    if (!isfinite(chart->threshold))
        return;
    double y = y_of(axis, chart->threshold);
    bw_buf_printf(out, "<line class=\"limit\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT,
                  WIDTH - RIGHT, y, y);
}

static void describe(struct bw_arena *arena, const struct bw_chart *chart, struct bw_buf *out)
{
    bw_chart_words_fn *words = chart->words == NULL ? plain_words : chart->words;
    bw_buf_text(out, "<title>");
    escaped(out, chart->title);
    bw_buf_text(out, "</title><desc>");
    for (size_t i = 0; i < chart->line_count && i < BW_CHART_LINES_MAX; i++) {
        const struct bw_chart_line *line = &chart->lines[i];
        escaped(out, line->name);
        bw_buf_text(out, ": ");
        escaped(out,
                line->count == 0 ? "no data" : words(arena, line->points[line->count - 1].value));
        bw_buf_text(out, i + 1 < chart->line_count ? "; " : "");
    }
    bw_buf_text(out, "</desc>");
}

void bw_chart_draw(struct bw_arena *arena, const struct bw_chart *chart, struct bw_buf *out)
{
    struct axis axis = make_axis(chart);
    bw_buf_printf(out, "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 %d %d\">", WIDTH, HEIGHT);
    describe(arena, chart, out);
    draw_gaps(chart, out);
    draw_values_axis(arena, chart, &axis, out);
    draw_time_axis(chart, out);
    for (size_t i = chart->line_count; chart->areas && i > 0; i--)
        draw_area(chart, &axis, i - 1, out);
    for (size_t i = 0; !chart->areas && i < chart->line_count && i < BW_CHART_LINES_MAX; i++)
        draw_line(chart, &axis, i, out);
    draw_threshold(chart, &axis, out);
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
