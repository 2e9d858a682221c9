// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/interval.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define HALF_LIFE 4.0 /* origins, that is two horizons */
#define TRUST 0.1     /* origins beyond the level that the normal quantile counts for */
#define FREEDOM 5     /* that a scale has at least; half of the independent errors are added */
#define SIDE_MIN 0.25 /* of the common reach: a side that was never missed may yet be */

enum { NEAR_SHARE = 6 }; /* of the horizon: steps that tell of one another */

static double weight_of(size_t origin)
{
    return exp2(-(double)origin / HALF_LIFE);
}

/* Weighted root mean squares of each step. */
static void root_mean_squares(const double *error, size_t origins, size_t h, double *out)
{
    double total = 0;
    for (size_t o = 0; o < origins; o++) {
        const double weight = weight_of(o), *e = error + o * h;
        total += weight;
        for (size_t i = 0; i < h; i++)
            out[i] += weight * e[i] * e[i];
    }
    for (size_t i = 0; i < h; i++)
        out[i] = sqrt(out[i] / total);
}

/* How many steps on either side say how large the error of step i is: near ones change quickly. */
static size_t reach_of(size_t i, size_t h)
{
    const size_t most = h / NEAR_SHARE > 1 ? h / NEAR_SHARE : 1;
    const size_t reach = i / 2 > 1 ? i / 2 : 1;
    return reach < most ? reach : most;
}

void bw_trend_interval_scale(struct bw_arena *arena, const double *error, size_t origins, size_t h,
                             double least, double *scale)
{
    double *rms = bw_arena_array(arena, h, sizeof *rms);
    double *upto = bw_arena_array(arena, h + 1, sizeof *upto);
    root_mean_squares(error, origins, h, rms);
    for (size_t i = 0; i < h; i++)
        upto[i + 1] = upto[i] + rms[i];
    double highest = 0;
    for (size_t i = 0; i < h; i++) {
        const size_t reach = reach_of(i, h);
        const size_t from = i > reach ? i - reach : 0, to = i + reach < h ? i + reach + 1 : h;
        const double mean = (upto[to] - upto[from]) / (double)(to - from);
        highest = fmax(highest, mean);
        scale[i] = fmax((mean + highest) / 2, least);
    }
}

static int by_ratio(const void *a, const void *b)
{
    const double x = ((const struct bw_trend_miss *)a)->ratio;
    const double y = ((const struct bw_trend_miss *)b)->ratio;
    return (x > y) - (x < y);
}

/* Adds the ratios of one origin and tells their mean square and their mean. */
static void add_origin(struct bw_trend_misses *m, const double *error, const double *scale,
                       size_t h, double weight, double *out_square, double *out_mean)
{
    const size_t each = h < BW_TREND_MISSES_EACH_MAX ? h : BW_TREND_MISSES_EACH_MAX;
    double sum = 0, squares = 0;
    for (size_t k = 0; k < each; k++) {
        const size_t i = (2 * k + 1) * h / (2 * each);
        const double ratio = error[i] / scale[i];
        sum += ratio;
        squares += ratio * ratio;
        m->miss[m->count++] = (struct bw_trend_miss){ ratio, weight };
    }
    *out_square = squares / (double)each;
    *out_mean = sum / (double)each;
}

struct bw_trend_misses bw_trend_interval_learn(struct bw_arena *arena, const double *error,
                                               size_t origins, size_t h, const double *scale)
{
    struct bw_trend_misses out = { .count = 0 };
    out.miss = bw_arena_array(arena, origins * BW_TREND_MISSES_EACH_MAX, sizeof *out.miss);
    double sum = 0, squares = 0, apart = 0, together = 0;
    for (size_t o = 0; o < origins; o++) {
        const double weight = weight_of(o);
        double square, mean;
        add_origin(&out, error + o * h, scale, h, weight, &square, &mean);
        sum += weight;
        squares += weight * weight;
        apart += weight * square;
        together += weight * mean * mean;
    }
    const double each = origins > 0 ? (double)(out.count / origins) : 0;
    out.weight = sum * each;
    out.origins = squares > 0 ? sum * sum / squares : 0;
    out.independent = out.origins * (apart < each * together ? apart / together : each);
    qsort(out.miss, out.count, sizeof *out.miss, by_ratio);
    return out;
}

/* The largest r of which at most `beyond` of all weight lies above it. `below` and `above` say
 * which ends of the sorted ratios count. */
static double tail(const struct bw_trend_misses *m, double beyond, bool below, bool above)
{
    size_t low = 0, high = m->count;
    double left = beyond * m->weight, ratio = 0;
    while (low < high && left >= 0) {
        const bool lower = below && (!above || -m->miss[low].ratio > m->miss[high - 1].ratio);
        const struct bw_trend_miss *miss = lower ? &m->miss[low++] : &m->miss[--high];
        ratio = lower ? -miss->ratio : miss->ratio;
        left -= miss->weight;
    }
    return ratio;
}

static double widened(const struct bw_trend_misses *misses, double seen, double level)
{
    const double normal = gsl_cdf_ugaussian_Pinv(0.5 + level / 2);
    const double trust = TRUST / (1 - level);
    if (seen < normal)
        seen = (seen * misses->origins + normal * trust) / (misses->origins + trust);
    const double freedom = FREEDOM + misses->independent / 2;
    return seen * gsl_cdf_tdist_Pinv(0.5 + level / 2, freedom) / normal;
}

void bw_trend_interval_reach(const struct bw_trend_misses *misses, double level, double *below,
                             double *above)
{
    if (misses->count == 0) {
        *below = *above = gsl_cdf_ugaussian_Pinv(0.5 + level / 2);
        return;
    }
    const double beyond = fmax(0, 1 - level * (1 + 1 / (double)misses->count));
    const double both = tail(misses, beyond, true, true);
    const double lower = fmax((both + tail(misses, beyond / 2, true, false)) / 2, SIDE_MIN * both);
    const double upper = fmax((both + tail(misses, beyond / 2, false, true)) / 2, SIDE_MIN * both);
    *below = widened(misses, lower, level);
    *above = widened(misses, upper, level);
}
