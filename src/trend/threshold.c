// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/threshold.h"

#include "trend/calibrate.h"
#include "trend/robust.h"

#include <gsl/gsl_sort.h>
#include <math.h>

enum { RECENT_MIN = 10 };

#define RECENT_RATIO 0.3
#define START_SD_MAX 4.0

/* AR(1) noise around a course. */
struct noise {
    double r, sd;
    const double *shock; /* [shocks] innovations, mirrored */
    size_t shocks;
    double reach; /* no sum of shocks gets higher than this, season included */
};

/* Everything mirrored so that the threshold lies above: values times `side`. */
struct world {
    const struct bw_trend_outlook *o;
    struct bw_trend_random random;
    double side, threshold;
    double recent; /* level of a flat future */
    double last;   /* newest value without season */
    double level_sd;
    struct noise of_line, of_curve;
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

static struct noise noise_of(struct bw_arena *arena, double side, const double *residual, size_t n,
                             double r, double sd, double highest)
{
    double *shock = bw_arena_array(arena, n, sizeof *shock), largest = 0;
    for (size_t i = 0; i < n; i++) {
        shock[i] = side * (residual[i] - r * (i > 0 ? residual[i - 1] : 0));
        largest = fmax(largest, shock[i]);
    }
    return (struct noise){
        .r = r, .sd = sd, .shock = shock, .shocks = n, .reach = largest / (1 - r) + highest
    };
}

static void prepare(struct bw_arena *arena, struct world *w)
{
    const struct bw_trend_outlook *o = w->o;
    const struct bw_trend_slope *s = o->slope;
    double *season = bw_arena_array(arena, o->steps, sizeof *season), highest = 0;
    for (size_t k = 0; k < o->steps && o->seasons->count > 0; k++) {
        season[k] = w->side * bw_trend_season_at(o->seasons, o->next + k);
        highest = fmax(highest, season[k]);
    }
    w->season = season;
    w->of_line = noise_of(arena, w->side, s->residual, s->n, s->r, s->sd, highest);
    const struct bw_trend_curve *c = o->curve;
    if (c->likely > 0)
        w->of_curve = noise_of(arena, w->side, c->residual, c->n, c->r, c->sd, highest);
}

/* A way that a future takes for a while. */
struct way {
    const struct noise *noise;
    double level, slope; /* at the newest cell, by step */
    double keep;     /* what is left of the slope from step to step: 1, or less if it levels off */
    size_t from, to; /* steps [from, to) from 0 */
};

/* The first step of the way at which it could be as high as the threshold at all; what was
 * before only brings the noise into its stride. */
static size_t worth_looking(const struct world *w, const struct way *way, double start)
{
    const double begin = way->level + way->slope * (double)way->from;
    const double missing = w->threshold - begin - way->noise->reach - fmax(start, 0);
    if (missing <= 0)
        return way->from;
    if (way->keep < 1)
        return missing * (1 - way->keep) >= way->slope ? way->to : way->from;
    if (way->slope <= 0 || missing / way->slope >= (double)(way->to - way->from))
        return way->to;
    const double r = way->noise->r;
    const double burn = r > 0.01 ? log(0.01) / log(r) : 1;
    const double steps = missing / way->slope - burn - 1;
    return steps > 0 ? way->from + (size_t)steps : way->from;
}

/* Goes along the way with noise *x; the step (from 1) of the first crossing, 0: none. */
static size_t cross(struct world *w, const struct way *way, double *x)
{
    const struct noise *noise = way->noise;
    const size_t from = worth_looking(w, way, *x);
    *x = from > way->from ? 0 : *x;
    w->hopeful += from < way->to;
    double level = way->level + way->slope * (double)from, slope = way->slope;
    for (size_t k = from; k < way->to; k++) {
        const uint64_t pick = (bw_trend_random_next(&w->random) >> 32) * noise->shocks >> 32;
        *x = noise->r * *x + noise->shock[pick];
        level += slope;
        slope *= way->keep;
        if (level + *x + w->season[k] >= w->threshold)
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
        .noise = &w->of_line,
        .keep = 1,
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

static double found_or_never(const struct world *w, size_t found)
{
    return (double)(found > 0 ? found : w->o->steps + 1);
}

/* Levels off as it has begun to. */
static double first_of_curve(struct world *w)
{
    const struct bw_trend_curve *c = w->o->curve;
    double pick = bw_trend_random_uniform(&w->random);
    size_t k = 0;
    while (k + 1 < BW_TREND_RATES && pick >= c->bend[k].share)
        pick -= c->bend[k++].share;
    const struct bw_trend_bend *bend = &c->bend[k];
    const double off = bend->gain_sd * bw_trend_random_normal(&w->random);
    const struct way way = {
        .noise = &w->of_curve,
        .level = w->side * bend->end + off * bend->end_gain
                 + c->level_sd * bw_trend_random_normal(&w->random),
        .slope = w->side * bend->slope + off * bend->slope_gain,
        .keep = bend->keep,
        .to = w->o->steps,
    };
    double x = w->side * c->residual[c->n - 1];
    return found_or_never(w, cross(w, &way, &x));
}

static double first_of_level(struct world *w)
{
    const struct way way = {
        .noise = &w->of_line,
        .level = w->side * w->recent + w->level_sd * bw_trend_random_normal(&w->random),
        .keep = 1,
        .to = w->o->steps,
    };
    const double limit = START_SD_MAX * w->of_line.sd;
    double x = bw_trend_clamp(w->side * w->last - way.level, -limit, limit);
    return found_or_never(w, cross(w, &way, &x));
}

static double first_crossing(struct world *w)
{
    if (bw_trend_random_uniform(&w->random) < w->o->curve->likely)
        return first_of_curve(w);
    const bool flat = bw_trend_random_uniform(&w->random) < w->o->verdict->flat;
    return flat ? first_of_level(w) : first_of_climbs(w);
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
