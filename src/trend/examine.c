// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/examine.h"

#include "base/hash.h"
#include "trend/calibrate.h"

#include <math.h>
#include <string.h>

enum { VALUES_MIN = 8 };

/* Seasons and sums round as well: so many grains are still none. */
#define EXACT 64

/* A regime was chosen for being a line; that it is one proves less. */
#define CHOSEN 4

static void find_seasons(struct bw_arena *arena, struct bw_trend_exam *exam,
                         enum bw_trend_season_policy policy, size_t cells, bool calendar)
{
    const struct bw_trend_grid *grid = exam->grid;
    if (policy == BW_TREND_SEASON_NONE || grid->constant)
        return;
    if (policy == BW_TREND_SEASON_FIXED)
        bw_trend_season_fixed(arena, grid->fit, grid->n, cells, &exam->seasons);
    else
        bw_trend_season_find(arena, grid->fit, grid->n, calendar ? grid->step_ms : 0,
                             &exam->seasons);
}

static bool stuck(const double *y, size_t n, double grain)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, y[i]); /* a missing one leaves both as they are */
        high = fmax(high, y[i]);
    }
    return high - low <= grain;
}

/* What is said is made as likely as it proved to be; the other two share the rest as before, or
 * evenly where nothing was left for them. */
static void calibrate(struct bw_trend_verdict *v)
{
    double *const odds[] = { &v->falling, &v->flat, &v->rising };
    const size_t said = v->leaning == BW_FALLING ? 0 : v->leaning == BW_FLAT ? 1 : 2;
    double *a = odds[(said + 1) % 3], *b = odds[(said + 2) % 3];
    const double share = *a + *b > 0 ? *a / (*a + *b) : 0.5;
    v->confidence_ratio =
        bw_trend_calibrate(said == 1 ? BW_BELIEF_FLAT : BW_BELIEF_TREND, v->confidence_ratio);
    *odds[said] = v->confidence_ratio;
    *a = (1 - v->confidence_ratio) * share;
    *b = (1 - v->confidence_ratio) * (1 - share);
}

/* `course` is what remains of exam->plain without restarts; its last piece begins at `from` and
 * lies `lift` higher than the real values. */
static void judge(struct bw_arena *arena, struct bw_trend_exam *exam, const double *course,
                  size_t from, double lift)
{
    const struct bw_trend_grid *grid = exam->grid;
    const double *y = grid->y + from;
    const size_t n = grid->n - from;
    /* A full disk has no season any more: taking one out would make a trend of it. */
    const double *x = stuck(y, n, grid->grain) ? y : course + from;
    bw_trend_slope_fit(arena, x, n, EXACT * grid->grain, &exam->slope);
    if (exam->restarts.count == 0)
        bw_trend_curve_find(arena, x, n, EXACT * grid->grain, &exam->slope, &exam->curve);
    exam->slope.end -= x == y ? 0 : lift;
    if (from > 0)
        exam->slope.rise /= CHOSEN;
    bw_trend_direction(&exam->slope, grid->constant, &exam->verdict);
    if (!grid->constant && exam->verdict.direction != BW_UNDETERMINED)
        calibrate(&exam->verdict);
}

/* A climb after a restart is a regime of its own to look at, if not to learn from. */
static void add_restarts(struct bw_trend_exam *exam)
{
    for (size_t k = 0; k < exam->restarts.count; k++) {
        const size_t cell = exam->restarts.at[k];
        size_t at = exam->changes;
        while (at > 0 && exam->change[at - 1] >= cell)
            at--;
        if (at < exam->changes && exam->change[at] == cell)
            continue;
        memmove(exam->change + at + 1, exam->change + at,
                (exam->changes++ - at) * sizeof *exam->change);
        exam->change[at] = cell;
    }
}

void bw_trend_examine(struct bw_arena *arena, const struct bw_trend_grid *grid,
                      enum bw_trend_season_policy policy, size_t season_cells, bool calendar,
                      struct bw_trend_exam *out)
{
    memset(out, 0, sizeof *out);
    out->grid = grid;
    find_seasons(arena, out, policy, season_cells, calendar);
    out->plain = bw_arena_array(arena, grid->n, sizeof *out->plain);
    double *smooth = bw_arena_array(arena, grid->n, sizeof *smooth);
    for (size_t i = 0; i < grid->n; i++) {
        const double season = bw_trend_season_at(&out->seasons, i);
        out->plain[i] = grid->y[i] - season;
        smooth[i] = grid->fit[i] - season;
    }
    /* What is learned from: the same, but for restarts. */
    double *course = bw_arena_array(arena, grid->n, sizeof *course), lift = 0;
    memcpy(course, out->plain, grid->n * sizeof *course);
    if (!grid->constant) {
        bw_trend_restarts_find(arena, smooth, grid->n, &out->restarts);
        bw_trend_restarts_undo(&out->restarts, smooth, grid->n);
        lift = bw_trend_restarts_undo(&out->restarts, course, grid->n);
        out->changes =
            bw_trend_segments_marked(arena, smooth, grid->n, grid->mark, grid->marks, out->change);
    }
    const size_t from = out->changes > 0 ? out->change[out->changes - 1] : 0;
    add_restarts(out);
    out->regime = out->changes > 0 ? out->change[out->changes - 1] : 0;
    judge(arena, out, course, from, lift);
}

bool bw_trend_exam_passage(struct bw_arena *arena, const struct bw_trend_exam *exam,
                           double threshold, int side, size_t steps, struct bw_trend_passage *out)
{
    const struct bw_trend_grid *grid = exam->grid;
    if (exam->slope.n < VALUES_MIN || steps == 0)
        return false;
    /* Futures run along the line: that a walk drifts does not make its line any surer. */
    struct bw_trend_slope line = exam->slope;
    struct bw_trend_verdict of_line;
    line.drift = 0;
    bw_trend_direction(&line, grid->constant, &of_line);
    const struct bw_trend_outlook outlook = {
        .regime = exam->plain + exam->regime,
        .n = grid->n - exam->regime,
        .next = grid->n,
        .slope = &exam->slope,
        .restarts = &exam->restarts,
        .curve = &exam->curve,
        .verdict = &of_line,
        .seasons = &exam->seasons,
        .threshold = threshold,
        .side = side,
        .steps = steps,
        .seed = bw_hash(grid->fit, grid->n * sizeof *grid->fit, grid->n),
    };
    bw_trend_passage_simulate(arena, &outlook, out);
    return true;
}
