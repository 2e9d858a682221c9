// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/plot.h"

#include "base/civil.h"
#include "base/mem.h"
#include "trend/robust.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_COLUMNS = 11, COLUMNS_MIN = 40, ROWS_MIN = 3 };

/* What a dot, or a cell without dots, shows; the highest stands in front. */
enum mark { EMPTY, BAND, NOW, LIMIT, MIDDLE, HISTORY };

struct canvas {
    size_t cells_x, cells_y;
    size_t per_x, per_y;  /* dots of a cell */
    unsigned char *cells; /* enum mark, EMPTY..LIMIT */
    unsigned char *dots;  /* enum mark, MIDDLE or HISTORY */
    int64_t from_ms, to_ms;
    double low, high;
};

/* ---- scale ------------------------------------------------------------------------------- */

static void widen(struct canvas *canvas, double value)
{
    if (!isfinite(value))
        return;
    canvas->low = fmin(canvas->low, value);
    canvas->high = fmax(canvas->high, value);
}

/* Halves throughout: the difference of the largest doubles is no double, its half is. */
static double half_span(const struct canvas *canvas)
{
    return canvas->high / 2 - canvas->low / 2;
}

/* Everything must fit, but a threshold far away would press the rest flat: it is left out. */
static bool find_scale(struct canvas *canvas, const struct bw_plot *plot)
{
    canvas->low = INFINITY;
    canvas->high = -INFINITY;
    for (size_t i = 0; i < plot->count; i++)
        widen(canvas, plot->points[i].value);
    for (size_t i = 0; i < plot->band_count; i++) {
        widen(canvas, plot->band[i].low);
        widen(canvas, plot->band[i].high);
    }
    if (!(canvas->low <= canvas->high))
        return false;
    const double span = half_span(canvas) * 2; /* may be infinite: then any threshold is near */
    if (isfinite(plot->threshold) && plot->threshold >= canvas->low - 2 * span
        && plot->threshold <= canvas->high + 2 * span)
        widen(canvas, plot->threshold);
    if (half_span(canvas) <= 0) {
        const double room =
            canvas->high == 0 ? 1 : bw_trend_clamp(fabs(canvas->high) * 0.1, DBL_MIN, DBL_MAX / 4);
        canvas->low = fmax(canvas->low - room, -DBL_MAX);
        canvas->high = fmin(canvas->high + room, DBL_MAX);
    }
    canvas->from_ms = plot->points[0].ts_ms;
    canvas->to_ms = plot->band_count > 0 ? plot->band[plot->band_count - 1].ts_ms
                                         : plot->points[plot->count - 1].ts_ms;
    return true;
}

static size_t spot(double ratio, size_t count)
{
    const double at = ratio * (double)count;
    return !(at > 0) ? 0 : at >= (double)count ? count - 1 : (size_t)at;
}

static size_t column_of(const struct canvas *canvas, int64_t ts_ms, size_t count)
{
    const double span = (double)canvas->to_ms - (double)canvas->from_ms;
    return spot(span > 0 ? ((double)ts_ms - (double)canvas->from_ms) / span : 0, count);
}

/* Counted from the top. */
static size_t row_of(const struct canvas *canvas, double value, size_t count)
{
    return spot((canvas->high / 2 - value / 2) / half_span(canvas), count);
}

/* ---- layers ------------------------------------------------------------------------------ */

static void mark_cell(struct canvas *canvas, size_t x, size_t y, enum mark mark)
{
    unsigned char *cell = &canvas->cells[y * canvas->cells_x + x];
    if (*cell < mark)
        *cell = (unsigned char)mark;
}

static void mark_dots(struct canvas *canvas, size_t x, size_t y0, size_t y1, enum mark mark)
{
    const size_t wide = canvas->cells_x * canvas->per_x;
    const size_t first = y0 < y1 ? y0 : y1, last = y0 < y1 ? y1 : y0;
    for (size_t y = first; y <= last; y++) {
        unsigned char *dot = &canvas->dots[y * wide + x];
        if (*dot < mark)
            *dot = (unsigned char)mark;
    }
}

/* A line from column x0 to x1, rows likewise: each column gets its stretch of it. */
static void draw_line(struct canvas *canvas, size_t x0, size_t y0, size_t x1, size_t y1,
                      enum mark mark)
{
    size_t before = y0;
    if (x1 <= x0) {
        mark_dots(canvas, x0, y0, y1, mark);
        return;
    }
    for (size_t x = x0; x <= x1; x++) {
        const double ratio = (double)(x - x0) / (double)(x1 - x0);
        const size_t y = (size_t)lround((double)y0 + ratio * ((double)y1 - (double)y0));
        mark_dots(canvas, x, before, y, mark);
        before = y;
    }
}

static void draw_history(struct canvas *canvas, const struct bw_plot *plot)
{
    const size_t wide = canvas->cells_x * canvas->per_x, tall = canvas->cells_y * canvas->per_y;
    bool has_before = false;
    size_t x0 = 0, y0 = 0;
    for (size_t i = 0; i < plot->count; i++) {
        if (!isfinite(plot->points[i].value)) {
            has_before = false;
            continue;
        }
        const size_t x = column_of(canvas, plot->points[i].ts_ms, wide);
        const size_t y = row_of(canvas, plot->points[i].value, tall);
        draw_line(canvas, has_before ? x0 : x, has_before ? y0 : y, x, y, HISTORY);
        x0 = x;
        y0 = y;
        has_before = true;
    }
}

static double between(double a, double b, double ratio)
{
    return a * (1 - ratio) + b * ratio;
}

/* The columns of cells between two times of the forecast. */
static void draw_band_part(struct canvas *canvas, const struct bw_plot_band *a,
                           const struct bw_plot_band *b)
{
    const size_t x0 = column_of(canvas, a->ts_ms, canvas->cells_x);
    const size_t x1 = column_of(canvas, b->ts_ms, canvas->cells_x);
    for (size_t x = x0; x <= x1; x++) {
        const double ratio = x1 > x0 ? (double)(x - x0) / (double)(x1 - x0) : 1;
        const size_t top = row_of(canvas, between(a->high, b->high, ratio), canvas->cells_y);
        const size_t bottom = row_of(canvas, between(a->low, b->low, ratio), canvas->cells_y);
        for (size_t y = top; y <= bottom; y++)
            mark_cell(canvas, x, y, BAND);
    }
    const size_t wide = canvas->cells_x * canvas->per_x, tall = canvas->cells_y * canvas->per_y;
    draw_line(canvas, column_of(canvas, a->ts_ms, wide), row_of(canvas, a->middle, tall),
              column_of(canvas, b->ts_ms, wide), row_of(canvas, b->middle, tall), MIDDLE);
}

static bool is_whole(const struct bw_plot_band *band)
{
    return isfinite(band->low) && isfinite(band->middle) && isfinite(band->high);
}

static void draw_forecast(struct canvas *canvas, const struct bw_plot *plot)
{
    const struct bw_point *last = &plot->points[plot->count - 1];
    struct bw_plot_band before = { last->ts_ms, last->value, last->value, last->value };
    const size_t now = column_of(canvas, last->ts_ms, canvas->cells_x);
    for (size_t y = 0; plot->band_count > 0 && y < canvas->cells_y; y++)
        mark_cell(canvas, now, y, NOW);
    for (size_t i = 0; i < plot->band_count; i++) {
        if (is_whole(&before) && is_whole(&plot->band[i]))
            draw_band_part(canvas, &before, &plot->band[i]);
        before = plot->band[i];
    }
}

static void draw_threshold(struct canvas *canvas, double threshold)
{
    if (!(threshold >= canvas->low && threshold <= canvas->high))
        return;
    const size_t y = row_of(canvas, threshold, canvas->cells_y);
    for (size_t x = 0; x < canvas->cells_x; x++)
        mark_cell(canvas, x, y, LIMIT);
}

/* ---- characters -------------------------------------------------------------------------- */

/* Braille numbers its dots by columns, the fourth row was added later. */
static const unsigned char braille_bits[4][2] = {
    { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 }
};

static enum mark dots_of(const struct canvas *canvas, size_t x, size_t y, unsigned *out_bits)
{
    const size_t wide = canvas->cells_x * canvas->per_x;
    enum mark front = EMPTY;
    *out_bits = 0;
    for (size_t dy = 0; dy < canvas->per_y; dy++) {
        for (size_t dx = 0; dx < canvas->per_x; dx++) {
            const enum mark mark =
                canvas->dots[(y * canvas->per_y + dy) * wide + x * canvas->per_x + dx];
            if (mark == EMPTY)
                continue;
            *out_bits |= braille_bits[dy][dx];
            front = mark > front ? mark : front;
        }
    }
    return front;
}

static void put_cell(struct bw_buf *out, const struct canvas *canvas, size_t x, size_t y, bool utf8)
{
    static const char *const fancy[] = { " ", "░", "┊", "╌" };
    static const char plain[] = " .|-o*";
    unsigned bits;
    const enum mark dots = dots_of(canvas, x, y, &bits);
    const enum mark cell = canvas->cells[y * canvas->cells_x + x];
    if (!utf8) {
        bw_buf_char(out, plain[dots != EMPTY ? dots : cell]);
    } else if (dots == EMPTY) {
        bw_buf_text(out, fancy[cell]);
    } else {
        const char braille[] = { (char)0xe2, (char)(0xa0 | bits >> 6),
                                 (char)(0x80 | (bits & 0x3f)) };
        bw_buf_bytes(out, braille, sizeof braille);
    }
}

static void put_label(struct bw_buf *out, const struct canvas *canvas, size_t y)
{
    const double value = y == 0                     ? canvas->high
                         : y + 1 == canvas->cells_y ? canvas->low
                                                    : canvas->high / 2 + canvas->low / 2;
    if (y == 0 || y + 1 == canvas->cells_y || y == canvas->cells_y / 2)
        bw_buf_printf(out, "%*.4g ", LABEL_COLUMNS - 1, value);
    else
        bw_buf_fill(out, ' ', LABEL_COLUMNS);
}

/* "2026-11-21 22:38" */
static void put_time(struct bw_buf *out, int64_t ts_ms)
{
    const struct bw_civil c = bw_civil_from_ms(ts_ms);
    bw_buf_printf(out, "%04lld-%02d-%02d %02d:%02d", (long long)c.year, c.month, c.day, c.hour,
                  c.minute);
}

static void put_times(struct bw_buf *out, const struct canvas *canvas)
{
    enum { TIME_COLUMNS = 16, ZONE_COLUMNS = 4 };
    const size_t taken = 2 * TIME_COLUMNS + ZONE_COLUMNS;
    bw_buf_fill(out, ' ', LABEL_COLUMNS);
    put_time(out, canvas->from_ms);
    bw_buf_fill(out, ' ', canvas->cells_x > taken ? canvas->cells_x - taken : 1);
    put_time(out, canvas->to_ms);
    bw_buf_text(out, " UTC\n");
}

static void put_canvas(struct bw_buf *out, const struct canvas *canvas, bool utf8)
{
    for (size_t y = 0; y < canvas->cells_y; y++) {
        put_label(out, canvas, y);
        for (size_t x = 0; x < canvas->cells_x; x++)
            put_cell(out, canvas, x, y, utf8);
        bw_buf_char(out, '\n');
    }
    put_times(out, canvas);
}

void bw_plot_draw(struct bw_buf *out, const struct bw_plot *plot)
{
    struct canvas canvas = { .per_x = plot->utf8 ? 2 : 1, .per_y = plot->utf8 ? 4 : 1 };
    if (plot->count == 0 || !find_scale(&canvas, plot))
        return;
    const size_t columns = plot->columns < COLUMNS_MIN ? COLUMNS_MIN : plot->columns;
    canvas.cells_x = columns - LABEL_COLUMNS;
    canvas.cells_y = plot->rows < ROWS_MIN ? ROWS_MIN : plot->rows;
    canvas.cells = bw_alloc(canvas.cells_x * canvas.cells_y);
    canvas.dots = bw_alloc(canvas.cells_x * canvas.cells_y * canvas.per_x * canvas.per_y);
    draw_history(&canvas, plot);
    draw_forecast(&canvas, plot);
    draw_threshold(&canvas, plot->threshold);
    put_canvas(out, &canvas, plot->utf8);
    free(canvas.cells);
    free(canvas.dots);
}
