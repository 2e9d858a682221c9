// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/threshold.h"

#include "trend/calibrate.h"
#include "trend/robust.h"

#include <gsl/gsl_sort.h>
#include <math.h>

enum { RECENT_MIN = 10 };

#define RECENT_RATIO 0.3
#define START_SD_MAX 4.0

/* Everything mirrored so that the threshold lies above: values times `side`. */
struct world {
    const struct bw_trend_outlook *o;
    struct bw_trend_random random;
    double side, threshold;
    double recent; /* level of a flat future */
    double last;   /* newest value without season */
    double level_sd;
    const double *shock; /* [shocks] innovations, mirrored */
    size_t shocks;
    double reach;         /* no sum of shocks gets higher than this, season included */
    const double *season; /* [steps] */
    size_t hopeful;       /* futures that might have reached it */
};

static double recent_level(const struct bw_trend_outlook *o)
{
    size_t width = (size_t)(RECENT_RATIO * (double)o->n);
    width = width > RECENT_MIN ? width : RECENT_MIN;
    double sum = 0, count = 0;
    for (size_t i = o->n > width ? o->n - width : 0; i < o->n; i++)
        if (!isnan(o->regime[i])) {
            sum += o->regime[i];
            count++;
        }
    return count > 0 ? sum / count : o->slope->end;
}

static double last_value(const struct bw_trend_outlook *o)
{
    for (size_t i = o->n; i-- > 0;)
        if (!isnan(o->regime[i]))
            return o->regime[i];
    return o->slope->end;
}

static void prepare(struct bw_arena *arena, struct world *w)
{
    const struct bw_trend_outlook *o = w->o;
    const struct bw_trend_slope *s = o->slope;
    double *shock = bw_arena_array(arena, s->n, sizeof *shock);
    double *season = bw_arena_array(arena, o->steps, sizeof *season);
    double largest = 0, highest = 0;
    for (size_t i = 0; i < s->n; i++) {
        shock[i] = w->side * (s->residual[i] - s->r * (i > 0 ? s->residual[i - 1] : 0));
        largest = fmax(largest, shock[i]);
    }
    for (size_t k = 0; k < o->steps && o->seasons->count > 0; k++) {
        season[k] = w->side * bw_trend_season_at(o->seasons, o->next + k);
        highest = fmax(highest, season[k]);
    }
    w->shock = shock;
    w->shocks = s->n;
    w->season = season;
    w->reach = largest / (1 - s->r) + highest;
}

/* The first step at which this future could be as high as the threshold at all; what was
 * before only brings the noise into its stride. */
static size_t worth_looking(const struct world *w, double level, double slope, double start)
{
    const double missing = w->threshold - level - w->reach - fmax(start, 0);
    if (missing <= 0)
        return 0;
    const size_t steps = w->o->steps;
    if (slope <= 0 || missing / slope >= (double)steps)
        return steps;
    const double r = w->o->slope->r;
    const double burn = r > 0.01 ? log(0.01) / log(r) : 1;
    const double from = missing / slope - burn - 1;
    return from > 0 ? (size_t)from : 0;
}

static double first_crossing(struct world *w)
{
    const struct bw_trend_outlook *o = w->o;
    const struct bw_trend_slope *s = o->slope;
    const bool flat = bw_trend_random_uniform(&w->random) < o->verdict->flat;
    const double slope =
        flat ? 0 : w->side * s->per_cell + s->se * bw_trend_random_normal(&w->random);
    const double level =
        w->side * (flat ? w->recent : s->end) + w->level_sd * bw_trend_random_normal(&w->random);
    const double limit = START_SD_MAX * s->sd;
    double x = flat ? bw_trend_clamp(w->side * w->last - level, -limit, limit)
                    : w->side * s->residual[s->n - 1];
    const size_t from = worth_looking(w, level, slope, x);
    x = from > 0 ? 0 : x;
    w->hopeful += from < o->steps;
    for (size_t k = from; k < o->steps; k++) {
        const uint64_t pick = (bw_trend_random_next(&w->random) >> 32) * w->shocks >> 32;
        x = s->r * x + w->shock[pick];
        if (level + slope * (double)(k + 1) + x + w->season[k] >= w->threshold)
            return (double)(k + 1);
    }
    return (double)(o->steps + 1);
}

void bw_trend_passage_simulate(struct bw_arena *arena, const struct bw_trend_outlook *outlook,
                               struct bw_trend_passage *out)
{
    struct world w = { .o = outlook, .random = bw_trend_random_seed(outlook->seed) };
    w.side = outlook->side < 0 ? -1 : 1;
    w.threshold = w.side * outlook->threshold;
    w.recent = recent_level(outlook);
    w.last = last_value(outlook);
    w.level_sd = outlook->slope->sd * sqrt(outlook->slope->vif / (double)outlook->slope->n);
    prepare(arena, &w);
    out->steps = outlook->steps;
    for (size_t i = 0; i < BW_TREND_PATHS; i++)
        out->first[i] = first_crossing(&w);
    out->exact = w.hopeful == 0 || !(outlook->slope->sd > 0);
    gsl_sort(out->first, 1, BW_TREND_PATHS);
}

double bw_trend_passage_ratio(const struct bw_trend_passage *passage, size_t steps)
{
    size_t crossed = 0;
    while (crossed < BW_TREND_PATHS && passage->first[crossed] <= (double)steps)
        crossed++;
    const double share = ((double)crossed + 0.5) / (BW_TREND_PATHS + 1);
    return passage->exact ? share : bw_trend_calibrate(BW_BELIEF_CROSSING, share);
}

double bw_trend_passage_quantile(const struct bw_trend_passage *passage, double q)
{
    const double at = q * (BW_TREND_PATHS - 1);
    const size_t k = (size_t)at;
    double value = passage->first[k];
    if (k + 1 < BW_TREND_PATHS)
        value += (at - (double)k) * (passage->first[k + 1] - value);
    return value > (double)passage->steps ? INFINITY : value;
}
