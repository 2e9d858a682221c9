// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/fan_small.h"

#include "base/escape.h"
#include "web/plane.h"
#include "web/trend_words.h"

#include <math.h>
#include <string.h>

/* The record's horizons that are known. */
struct known {
    const struct bw_trend_horizon *items[BW_TREND_HORIZONS_MAX];
    size_t count;
};

static struct known known_of(const struct bw_trend_record *trend)
{
    struct known known = { .count = 0 };
    for (size_t i = 0; i < trend->horizon_count; i++) {
        const struct bw_trend_horizon *h = &trend->horizons[i];
        if (isfinite(h->p10) && isfinite(h->p50) && isfinite(h->p90))
            known.items[known.count++] = h;
    }
    return known;
}

/* The axis as it is: there is no room for round numbers. */
static struct bw_plane plane_of(const struct bw_trend_record *trend, const struct known *known)
{
    struct bw_plane plane = { .width = 120,
                              .height = 32,
                              .left = 3,
                              .right = 3,
                              .top = 3,
                              .bottom = 3,
                              .to_ms = (int64_t)known->count };
    bw_plane_begin(&plane);
    bw_plane_include(&plane, trend->last_value);
    for (size_t i = 0; i < known->count; i++) {
        bw_plane_include(&plane, known->items[i]->p10);
        bw_plane_include(&plane, known->items[i]->p90);
    }
    const double span = plane.high - plane.low, least = fabs(trend->last_value) * 0.02 + 1e-12;
    if (span < least) { /* what hardly moves does not fill the picture */
        plane.low -= least;
        plane.high += least;
    }
    return plane;
}

static double x_at(const struct bw_plane *plane, size_t step)
{
    return bw_plane_x(plane, (int64_t)step);
}

static void draw_band(const struct bw_plane *plane, const struct known *known, double begin_y,
                      struct bw_buf *out)
{
    bw_buf_printf(out, "<path class=\"band band-80\" d=\"M%.0f %.1f", x_at(plane, 0), begin_y);
    for (size_t i = 0; i < known->count; i++)
        bw_buf_printf(out, "L%.0f %.1f", x_at(plane, i + 1),
                      bw_plane_y(plane, known->items[i]->p90));
    for (size_t i = known->count; i > 0; i--)
        bw_buf_printf(out, "L%.0f %.1f", x_at(plane, i),
                      bw_plane_y(plane, known->items[i - 1]->p10));
    bw_buf_text(out, "z\"/>");
}

static void draw_median(const struct bw_plane *plane, const struct known *known, double begin_y,
                        struct bw_buf *out)
{
    bw_buf_printf(out, "<path class=\"line median\" d=\"M%.0f %.1f", x_at(plane, 0), begin_y);
    for (size_t i = 0; i < known->count; i++)
        bw_buf_printf(out, "L%.0f %.1f", x_at(plane, i + 1),
                      bw_plane_y(plane, known->items[i]->p50));
    bw_buf_text(out, "\"/>");
}

bool bw_fan_small(struct bw_arena *arena, const struct bw_trend_record *trend, struct bw_buf *out)
{
    const struct known known = known_of(trend);
    if (known.count == 0 || !isfinite(trend->last_value))
        return false;
    const struct bw_plane plane = plane_of(trend, &known);
    const double begin_y = bw_plane_y(&plane, trend->last_value);
    const char *title = bw_trend_words_heading(arena, trend);
    bw_buf_printf(out,
                  "<svg class=\"chart fan fan-small\" role=\"img\" viewBox=\"0 0 %d %d\"><title>",
                  plane.width, plane.height);
    bw_escape_html(out, title, strlen(title));
    bw_buf_text(out, "</title>");
    draw_band(&plane, &known, begin_y, out);
    draw_median(&plane, &known, begin_y, out);
    if (trend->threshold >= plane.low && trend->threshold <= plane.high)
        bw_buf_printf(out, "<path class=\"limit\" d=\"M%d %.1fH%d\"/>", plane.left,
                      bw_plane_y(&plane, trend->threshold), plane.width - plane.right);
    bw_buf_text(out, "</svg>");
    return true;
}
