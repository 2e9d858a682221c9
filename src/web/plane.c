// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/plane.h"

#include "base/civil.h"
#include "base/escape.h"
#include "base/text.h"
#include "base/units.h"
#include "metric/family.h"
#include "web/words.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { TICKS_MAX = 8 };

/* So that no span and no step overflows; what is larger lies on the edge. */
#define LARGEST 1e300

void bw_plane_begin(struct bw_plane *plane)
{
    plane->low = INFINITY;
    plane->high = -INFINITY;
    plane->step = 1;
}

void bw_plane_include(struct bw_plane *plane, double value)
{
    if (!isfinite(value))
        return;
    value = fmin(LARGEST, fmax(-LARGEST, value));
    plane->low = fmin(plane->low, value);
    plane->high = fmax(plane->high, value);
}

/* 1, 2 or 5 times a power of ten; of bytes, of the KiB, MiB, … in which the largest is told. */
static double nice_step(const struct bw_plane *plane)
{
    const double largest = fmax(fabs(plane->low), fabs(plane->high));
    double rough = (plane->high - plane->low) / plane->lines, unit = 1;
    if (plane->metric != NULL && strstr(plane->metric, "_bytes") != NULL && largest >= 1024)
        unit = pow(1024, floor(log2(largest) / 10));
    rough /= unit;
    double power = pow(10, floor(log10(rough)));
    double digit = rough / power;
    return unit * power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

void bw_plane_settle(struct bw_plane *plane)
{
    if (plane->low > plane->high)
        plane->low = plane->high = 0;
    double span = plane->high - plane->low;
    if (plane->low > 0 && (plane->low < 3 * span || span == 0))
        plane->low = 0;
    if (plane->high - plane->low < 1e-290 || plane->high - plane->low < fabs(plane->high) * 1e-9)
        plane->high = plane->low + fmax(1e-3, fabs(plane->low) * 0.1);
    plane->step = nice_step(plane);
    plane->low = floor(plane->low / plane->step) * plane->step;
    plane->high = ceil(plane->high / plane->step - 1e-9) * plane->step;
}

double bw_plane_x(const struct bw_plane *plane, int64_t ms)
{
    double share = (double)(ms - plane->from_ms) / (double)(plane->to_ms - plane->from_ms);
    return plane->left + (plane->width - plane->left - plane->right) * fmin(1, fmax(0, share));
}

double bw_plane_y(const struct bw_plane *plane, double value)
{
    double share = (value - plane->low) / (plane->high - plane->low);
    return plane->top
           + (plane->height - plane->top - plane->bottom) * (1 - fmin(1, fmax(0, share)));
}

const char *bw_plane_words(struct bw_arena *arena, const struct bw_plane *plane, double value)
{
    return plane->words != NULL
               ? plane->words(arena, value)
               : bw_words_measured(arena, plane->metric == NULL ? "" : plane->metric, value);
}

/* A unit, and what makes a value of the metric one in it. */
struct scale {
    double factor;
    const char *unit;
};

static struct scale scale_of(const struct bw_plane *plane)
{
    static const char *const bytes[] = { " B", " KiB", " MiB", " GiB", " TiB", " PiB" };
    const char *metric = plane->metric == NULL ? "" : plane->metric;
    const double largest = fmax(fabs(plane->low), fabs(plane->high));
    if (bw_text_ends_with(metric, "_ratio") || bw_text_ends_with(metric, "_seconds_total"))
        return (struct scale){ 100, " %" }; /* seconds a second are a share of the time */
    if (bw_text_ends_with(metric, "_seconds"))
        return largest < 1 ? (struct scale){ 1000, " ms" } : (struct scale){ 1, " s" };
    if (strstr(metric, "_bytes") == NULL)
        return (struct scale){ 1, "" };
    const double power = largest < 1 ? 0 : fmin(floor(log2(largest) / 10), 5);
    return (struct scale){ pow(1024, -power), bytes[(size_t)power] };
}

/* With as many digits as tell one line of the grid from the next. */
static const char *precise_words(struct bw_arena *arena, const struct bw_plane *plane, double value)
{
    const struct scale scale = scale_of(plane);
    const bool share = scale.factor == 100; // NOLINT: as it was set
    const double digits = ceil(-log10(plane->step * scale.factor) - 1e-9);
    return bw_arena_printf(arena, "%.*f%s%s", (int)fmin(9, fmax(0, digits)), value * scale.factor,
                           scale.unit, !share && bw_family_counts_up(plane->metric) ? "/s" : "");
}

/* Value number i of the axis, an exact 0 where rounding left a little. */
static double tick_at(const struct bw_plane *plane, int i)
{
    const double value = plane->low + i * plane->step;
    return fabs(value) < plane->step * 1e-6 ? 0 : value;
}

/* Whether two lines of the grid would read alike: a disk of which 83.2 to 83.6 % are used. */
static bool reads_alike(struct bw_arena *arena, const struct bw_plane *plane)
{
    if (plane->words != NULL || plane->metric == NULL)
        return false;
    for (int i = 0; i < TICKS_MAX && tick_at(plane, i + 1) <= plane->high; i++)
        if (strcmp(bw_plane_words(arena, plane, tick_at(plane, i)),
                   bw_plane_words(arena, plane, tick_at(plane, i + 1)))
            == 0)
            return true;
    return false;
}

void bw_plane_draw_values(struct bw_arena *arena, const struct bw_plane *plane, struct bw_buf *out)
{
    const bool alike = reads_alike(arena, plane);
    for (int i = 0; i <= TICKS_MAX && tick_at(plane, i) <= plane->high + plane->step / 2; i++) {
        const double value = tick_at(plane, i), y = bw_plane_y(plane, value);
        bw_buf_printf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                      plane->left, plane->width - plane->right, y, y);
        bw_buf_printf(out, "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
                      plane->left - 6, y + 3.5);
        const char *words =
            alike ? precise_words(arena, plane, value) : bw_plane_words(arena, plane, value);
        bw_escape_html(out, words, strlen(words));
        bw_buf_text(out, "</text>");
    }
}

/* Round times that leave few enough labels. */
static int64_t time_step(int64_t span_ms, int most)
{
    static const int64_t steps_min[] = {
        1,   5,    10,   15,   30,    60,    120,   180,   360,
        720, 1440, 2880, 5760, 10080, 20160, 43200, 86400, 129600
    };
    size_t last = sizeof steps_min / sizeof *steps_min - 1;
    for (size_t i = 0; i < last; i++)
        if (span_ms / (steps_min[i] * 60000) <= most)
            return steps_min[i] * 60000;
    return steps_min[last] * 60000;
}

void bw_plane_draw_times(const struct bw_plane *plane, struct bw_buf *out)
{
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    const int64_t day_ms = BW_DAY / BW_MS, span_ms = plane->to_ms - plane->from_ms;
    int64_t step = time_step(span_ms, plane->times);
    int64_t first = (plane->from_ms + step - 1) / step * step;
    for (int64_t at = first; at < plane->to_ms; at += step) {
        double x = bw_plane_x(plane, at);
        if (x < plane->left + 12 || x > plane->width - plane->right - 12)
            continue;
        struct bw_civil civil = bw_civil_from_ms(at);
        bw_buf_printf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x,
                      plane->height - plane->bottom + 14);
        /* Of several midnights each says which it is. */
        if (step >= day_ms || (span_ms > day_ms && at % day_ms == 0))
            bw_buf_printf(out, "%d %s</text>", civil.day, months[civil.month - 1]);
        else
            bw_buf_printf(out, "%02d:%02d</text>", civil.hour, civil.minute);
    }
}
