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

/* A straight way that a future takes for a while. */
struct way {
    double level, slope; /* at the newest cell, by step */
    size_t from, to;     /* steps [from, to) from 0 */
};

/* The first step of the way at which it could be as high as the threshold at all; what was
 * before only brings the noise into its stride. */
static size_t worth_looking(const struct world *w, const struct way *way, double start)
{
    const double begin = way->level + way->slope * (double)way->from;
    const double missing = w->threshold - begin - w->reach - fmax(start, 0);
    if (missing <= 0)
        return way->from;
    if (way->slope <= 0 || missing / way->slope >= (double)(way->to - way->from))
        return way->to;
    const double r = w->o->slope->r;
    const double burn = r > 0.01 ? log(0.01) / log(r) : 1;
    const double steps = missing / way->slope - burn - 1;
    return steps > 0 ? way->from + (size_t)steps : way->from;
}

/* Goes along the way with noise *x; the step (from 1) of the first crossing, 0: none. */
static size_t cross(struct world *w, const struct way *way, double *x)
{
    const double r = w->o->slope->r;
    const size_t from = worth_looking(w, way, *x);
    *x = from > way->from ? 0 : *x;
    w->hopeful += from < way->to;
    for (size_t k = from; k < way->to; k++) {
        const uint64_t pick = (bw_trend_random_next(&w->random) >> 32) * w->shocks >> 32;
        *x = r * *x + w->shock[pick];
        if (way->level + way->slope * (double)(k + 1) + *x + w->season[k] >= w->threshold)
            return k + 1;
    }
    return 0;
}

/* How long a climb lasts that has lasted for `age` steps: as long as one of those seen, or else,
 * and as one more among them, for a time without memory (a Bayesian bootstrap with one prior
 * observation: Ferguson 1973, Rubin 1981). */
static double climb_lasts(struct world *w, size_t age)
{
    const struct bw_trend_restarts *seen = w->o->restarts;
    const double mean = (double)seen->window / (double)seen->count;
    const size_t pick = (size_t)(bw_trend_random_uniform(&w->random) * (double)seen->count);
    if (pick > 0 && seen->at[pick] - seen->at[pick - 1] > age)
        return (double)(seen->at[pick] - seen->at[pick - 1] - age);
    return 1 - mean * log(1 - bw_trend_random_uniform(&w->random));
}

/* The end of a climb that began `age` steps before step `from`. */
static size_t climb_end(struct world *w, size_t from, size_t age)
{
    const struct bw_trend_restarts *seen = w->o->restarts;
    if (seen->count == 0 || seen->side * w->side < 0)
        return w->o->steps;
    const double end = (double)from + climb_lasts(w, age);
    return end < (double)w->o->steps ? (size_t)end : w->o->steps;
}

static double first_of_climbs(struct world *w)
{
    const struct bw_trend_outlook *o = w->o;
    const struct bw_trend_slope *s = o->slope;
    double x = w->side * s->residual[s->n - 1];
    struct way way = {
        .slope = w->side * s->per_cell + s->se * bw_trend_random_normal(&w->random),
        .level = w->side * s->end + w->level_sd * bw_trend_random_normal(&w->random),
    };
    way.to = climb_end(w, 0, o->restarts->age);
    for (;;) {
        const size_t found = cross(w, &way, &x);
        if (found > 0)
            return (double)found;
        if (way.to >= o->steps)
            return (double)(o->steps + 1);
        const size_t pick =
            (size_t)(bw_trend_random_uniform(&w->random) * (double)o->restarts->count);
        way.from = way.to;
        way.level = o->restarts->to_base
                        ? w->side * o->restarts->base[pick] - way.slope * (double)way.from
                        : way.level - o->restarts->height[pick];
        way.to = climb_end(w, way.from, 0);
        if (way.to == way.from)
            way.to++;
    }
}

static double first_crossing(struct world *w)
{
    const struct bw_trend_outlook *o = w->o;
    const struct bw_trend_slope *s = o->slope;
    if (bw_trend_random_uniform(&w->random) >= o->verdict->flat)
        return first_of_climbs(w);
    const double level = w->side * w->recent + w->level_sd * bw_trend_random_normal(&w->random);
    const double limit = START_SD_MAX * s->sd;
    double x = bw_trend_clamp(w->side * w->last - level, -limit, limit);
    const size_t found = cross(w, &(struct way){ .level = level, .to = o->steps }, &x);
    return (double)(found > 0 ? found : o->steps + 1);
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
    if (passage->exact)
        return share;
    /* Where no future gets there, what is left is that the course changes: at any time alike. */
    const double part = crossed > 0 ? 1 : (double)steps / (double)passage->steps;
    return fmin(part, 1) * bw_trend_calibrate(BW_BELIEF_CROSSING, share);
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
