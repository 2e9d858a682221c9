// SPDX-License-Identifier: GPL-3.0-or-later
/* web/chart.h: small pictures as SVG text. Pure. Colours are classes of the stylesheet, so
 * that one picture fits light and dark; every text is escaped here. */
#ifndef WEB_CHART_H
#define WEB_CHART_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/view.h"
#include "web/days.h"
#include "web/mark.h"
#include "web/plane.h"

enum { BW_CHART_LINES_MAX = 6 };

struct bw_chart_line {
    const char *name;
    const struct bw_point *points; /* rising in time; NaN is a gap */
    size_t count;
};

struct bw_chart {
    const char *title;
    int64_t from_ms, to_ms; /* of the horizontal axis */
    int64_t gap_ms;         /* points further apart are not joined, and the gap is shown */
    const struct bw_chart_line *lines; /* at most BW_CHART_LINES_MAX are drawn */
    size_t line_count;
    bool areas; /* each line is filled down to the one before it: values are sums so far */
    struct bw_marks marks;    /* those of that time are drawn */
    double threshold;         /* NaN: none */
    double at_least;          /* the axis reaches at least this far up; NaN: as the data */
    bw_chart_words_fn *words; /* NULL: plain numbers */
};

/* Lines over time with both axes. `arena` is for passing needs. */
void bw_chart_draw(struct bw_arena *arena, const struct bw_chart *chart, struct bw_buf *out);

/* One bar per result, as high as it took long, in the colour of its status; what did not pass
 * is a full bar with a notch, so that it shows without colours, too. */
void bw_chart_results(const struct bw_view_past *results, size_t count, struct bw_buf *out);

/* One bar a day: full, with a dent or a notch, or a stump where nobody looked. */
void bw_chart_days(struct bw_arena *arena, const struct bw_day days[BW_DAYS], struct bw_buf *out);

/* "healthy", "degraded", "unhealthy" or "nodata": how its bar looks. */
const char *bw_chart_day_class(const struct bw_day *day);

/* The phases of one result, side by side, as wide as they took long. */
void bw_chart_phases(struct bw_arena *arena, const struct bw_view_phase *phases, size_t count,
                     struct bw_buf *out);

/* A value between 0 and `full` with marks where the limits are (NaN: none). `class` colours
 * it. */
void bw_chart_meter(double value, double full, double warning, double critical, const char *class,
                    struct bw_buf *out);

#endif
