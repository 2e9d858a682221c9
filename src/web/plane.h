// SPDX-License-Identifier: GPL-3.0-or-later
/* web/plane.h: where in a picture a time and a value lie, and both axes as SVG text. Pure.
 *
 *      top    +--------------------+
 *       high -|                    |
 *             |      the plot      |
 *        low -|                    |
 *      bottom +--------------------+
 *          left from_ms     to_ms  right */
#ifndef WEB_PLANE_H
#define WEB_PLANE_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>

/* How a value of the vertical axis reads; the text lives in the arena. */
typedef const char *bw_chart_words_fn(struct bw_arena *arena, double value);

struct bw_plane {
    int width, height;            /* of the picture, about a pixel a unit */
    int left, right, top, bottom; /* margins around the plot */
    int times, lines;             /* about so many labels of time and of values */
    int64_t from_ms, to_ms;
    const char *metric;       /* values read as this metric's; NULL: plain numbers */
    bw_chart_words_fn *words; /* or so, if not NULL */
    double low, high, step;   /* of the values; step between two lines of the grid */
};

/* Forgets all values; then takes those that must be seen, one after the other (what is not finite
 * is left out); then makes the axis of them. It begins at zero unless the values lie far from it
 * and close together. */
void bw_plane_begin(struct bw_plane *plane);
void bw_plane_include(struct bw_plane *plane, double value);
void bw_plane_settle(struct bw_plane *plane);

/* In units of the picture; what lies outside lies on the plot's edge. */
double bw_plane_x(const struct bw_plane *plane, int64_t ms);
double bw_plane_y(const struct bw_plane *plane, double value);

const char *bw_plane_words(struct bw_arena *arena, const struct bw_plane *plane, double value);

void bw_plane_draw_values(struct bw_arena *arena, const struct bw_plane *plane, struct bw_buf *out);
void bw_plane_draw_times(const struct bw_plane *plane, struct bw_buf *out);

#endif
