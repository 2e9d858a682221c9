// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/restart.h"

#include "trend/robust.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Cells on either side whose median is the level there; a fall that is younger may be a spike. */
enum { LEVEL_CELLS = 5, YOUNGEST = 3, CELLS_MIN = 20 };

enum { MEASURED_CELLS = 20 };

#define STEP_K 6.0
#define CLIMBED_RATIO 0.5

struct course {
    const double *x;
    size_t n;
    int side;
    double drift; /* the usual step */
    double limit; /* a step that differs by more is none of the noise */
};

static double level(const double *x, size_t from, size_t to)
{
    double v[LEVEL_CELLS];
    memcpy(v, x + from, (to - from) * sizeof *v);
    return bw_trend_median(v, to - from);
}

/* Beyond the usual one. */
static double step(const struct course *c, size_t i)
{
    return c->side * (c->x[i] - c->x[i - 1] - c->drift);
}

/* Whether a fall ends at cell i: *out_base is the level there, *out_height how deep it fell. */
static bool falls(const struct course *c, size_t i, double *out_base, double *out_height)
{
    if (step(c, i) >= -c->limit || i + YOUNGEST > c->n)
        return false;
    size_t begin = i; /* a cell in which it fell holds something in between */
    while (begin > 1 && begin + 2 > i && step(c, begin - 1) < -c->limit / 2)
        begin--;
    const size_t oldest = begin > LEVEL_CELLS ? begin - LEVEL_CELLS : 0;
    const size_t newest = i + LEVEL_CELLS < c->n ? i + LEVEL_CELLS : c->n;
    const double before = level(c->x, oldest, begin), after = level(c->x, i, newest);
    const double apart = (double)(newest + i - begin - oldest) / 2; /* middles of the levels */
    *out_base = after - c->drift * (double)(newest - 1 - i) / 2;
    *out_height = c->side * (before + c->drift * apart - after);
    return *out_height > c->limit;
}

static void keep(struct bw_trend_restarts *out, size_t at, double base, double height)
{
    if (out->count == BW_TREND_RESTARTS_MAX) {
        out->window = 0; /* known when all are */
        out->count--;
        memmove(out->at, out->at + 1, out->count * sizeof *out->at);
        memmove(out->base, out->base + 1, out->count * sizeof *out->base);
        memmove(out->height, out->height + 1, out->count * sizeof *out->height);
    }
    out->at[out->count] = at;
    out->base[out->count] = base;
    out->height[out->count++] = height;
}

/* The slope that all climbs have in common, each around its own level. */
static double common_slope(const struct course *c, const struct bw_trend_restarts *r)
{
    double tt = 0, tx = 0;
    for (size_t k = 0; k <= r->count; k++) {
        const size_t from = k == 0 ? 0 : r->at[k - 1], to = k == r->count ? c->n : r->at[k];
        const double middle = (double)(from + to - 1) / 2,
                     mean = bw_trend_mean(c->x + from, to - from);
        for (size_t i = from; i < to; i++) {
            tt += ((double)i - middle) * ((double)i - middle);
            tx += ((double)i - middle) * (c->x[i] - mean);
        }
    }
    return tt > 0 ? tx / tt : 0;
}

/* The median of what cells [from, to) say of the level at cell `at`. */
static double level_at(const struct course *c, size_t from, size_t to, size_t at, double slope)
{
    double v[MEASURED_CELLS];
    for (size_t i = from; i < to; i++)
        v[i - from] = c->x[i] - slope * ((double)i - (double)at);
    return bw_trend_median(v, to - from);
}

/* Now that the climbs are known, their levels are: by more cells than those that found them. */
static void measure(const struct course *c, struct bw_trend_restarts *r)
{
    const double slope = common_slope(c, r);
    for (size_t k = 0; k < r->count; k++) {
        const size_t at = r->at[k], begin = k == 0 ? 0 : r->at[k - 1];
        const size_t end = k + 1 == r->count ? c->n : r->at[k + 1];
        const size_t from = at - begin > MEASURED_CELLS ? at - MEASURED_CELLS : begin;
        const size_t to = end - at > MEASURED_CELLS ? at + MEASURED_CELLS : end;
        const double before = level_at(c, from, at, at, slope);
        r->base[k] = level_at(c, at, to, at, slope);
        r->height[k] = fmax(c->side * (before - r->base[k]), 0);
    }
}

/* Whether what fell was climbed before, and where it leads. */
static bool are_restarts(const struct course *c, double fallen, double jumped,
                         struct bw_trend_restarts *out)
{
    const double begin = level(c->x, 0, LEVEL_CELLS);
    const double end = level(c->x, c->n - LEVEL_CELLS, c->n);
    out->age = c->n - out->at[out->count - 1];
    if (out->window == 0)
        out->window = c->n - out->at[0];
    out->to_base = out->count > 1
                       ? bw_trend_sd(out->base, out->count) <= bw_trend_sd(out->height, out->count)
                       : c->side * (out->base[0] - begin) <= c->limit;
    return c->side * (end - begin) + fallen - jumped > CLIMBED_RATIO * fallen;
}

/* All falls of one side; false when they are no restarts. */
static bool find_side(const struct course *c, struct bw_trend_restarts *out)
{
    double fallen = 0, jumped = 0;
    *out = (struct bw_trend_restarts){ .side = c->side, .window = c->n };
    for (size_t i = 1; i < c->n; i++) {
        double base, height;
        jumped += step(c, i) > c->limit ? step(c, i) : 0;
        const bool beyond = i + 1 >= c->n || step(c, i + 1) >= -c->limit; /* it falls no further */
        if (beyond && falls(c, i, &base, &height)) {
            keep(out, i, base, height);
            fallen += height;
        }
    }
    return out->count > 0 && are_restarts(c, fallen, jumped, out);
}

void bw_trend_restarts_find(struct bw_arena *arena, const double *x, size_t n,
                            struct bw_trend_restarts *out)
{
    out->count = 0;
    if (n < CELLS_MIN)
        return;
    double *steps = bw_arena_array(arena, 2 * n, sizeof *steps);
    for (size_t i = 1; i < n; i++)
        steps[i - 1] = x[i] - x[i - 1];
    struct course c = { .x = x, .n = n, .side = 1 };
    c.limit = STEP_K * bw_trend_scale(steps, n - 1, steps + n);
    c.drift = bw_trend_median(steps, n - 1);
    if (!(c.limit > 0))
        return;
    struct bw_trend_restarts other;
    const bool climbs = find_side(&c, out);
    c.side = -1;
    const bool sinks = find_side(&c, &other);
    if (sinks == climbs) {
        out->count = 0;
        return;
    }
    if (sinks)
        *out = other;
    c.side = out->side;
    measure(&c, out);
}

double bw_trend_restarts_undo(const struct bw_trend_restarts *restarts, double *y, size_t n)
{
    double lift = 0;
    size_t next = 0;
    for (size_t i = 0; i < n; i++) {
        if (next < restarts->count && restarts->at[next] == i)
            lift += restarts->side * restarts->height[next++];
        y[i] += lift;
    }
    return lift;
}
