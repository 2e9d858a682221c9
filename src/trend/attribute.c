// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/attribute.h"

#include "base/hash.h"
#include "trend/robust.h"

#include <math.h>
#include <string.h>

enum { RUNS_MIN = 16, TAIL_RUNS_MIN = 100, RESAMPLINGS = 200, TERMS_MAX = BW_TREND_PARTS_MAX + 2 };

#define AGAINST_MAX (RESAMPLINGS / 40) /* 2.5 % */
#define SHARE_QUANTILE 0.05
#define SHARE_MIN 0.5

/* Runs of one side, a row of `terms` each: the parts, the rest and the whole, which comes last. */
struct side {
    size_t n, terms;
    double *rows;
};

/* Which runs are averaged: those whose whole is between two quantiles. */
struct band {
    double low, high;
};

static const struct band tail_band = { 0.90, 0.99 }, middle_band = { 0.25, 0.75 };

/* ---- runs -------------------------------------------------------------------------------- */

/* The value at that very time, 0 without; *at is where the last search ended. */
static double value_at(const struct bw_trend_part *part, int64_t ts_ms, size_t *at)
{
    while (*at < part->count && part->points[*at].ts_ms < ts_ms)
        (*at)++;
    const bool there = *at < part->count && part->points[*at].ts_ms == ts_ms;
    return there && isfinite(part->points[*at].value) ? part->points[*at].value : 0;
}

/* Joins points [from, to) of the whole with its parts. */
static struct side side_of(struct bw_arena *arena, const struct bw_trend_whole *whole, size_t from,
                           size_t to)
{
    const size_t stride = (to - from + BW_TREND_RUNS_MAX - 1) / BW_TREND_RUNS_MAX;
    struct side side = { .terms = whole->part_count + 2 };
    size_t at[BW_TREND_PARTS_MAX] = { 0 };
    side.rows = bw_arena_array(arena, BW_TREND_RUNS_MAX * side.terms, sizeof *side.rows);
    for (size_t i = from; i < to; i += stride) {
        const struct bw_point *point = &whole->points[i];
        if (!isfinite(point->value))
            continue;
        double *row = side.rows + side.n++ * side.terms, rest = point->value;
        for (size_t k = 0; k < whole->part_count; k++) {
            row[k] = whole->parts[k].sign * value_at(&whole->parts[k], point->ts_ms, &at[k]);
            rest -= row[k];
        }
        row[whole->part_count] = rest;
        row[whole->part_count + 1] = point->value;
    }
    return side;
}

/* The first point at or after that time. */
static size_t first_at(const struct bw_trend_whole *whole, int64_t ts_ms)
{
    size_t low = 0, high = whole->count;
    while (low < high) {
        const size_t mid = (low + high) / 2;
        if (whole->points[mid].ts_ms < ts_ms)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* ---- means ------------------------------------------------------------------------------- */

/* Means of all terms over the rows of pick[n] whose whole lies in the band. `work` has room for n.
 */
static void average(const struct side *side, const size_t *pick, size_t n, struct band band,
                    double *work, double *means)
{
    for (size_t i = 0; i < n; i++)
        work[i] = side->rows[(pick[i] + 1) * side->terms - 1];
    const double high = bw_trend_kth(work, n, (size_t)(band.high * (double)(n - 1)));
    const double low = bw_trend_kth(work, n, (size_t)(band.low * (double)(n - 1)));
    double count = 0;
    memset(means, 0, side->terms * sizeof *means);
    for (size_t i = 0; i < n; i++) {
        const double *row = side->rows + pick[i] * side->terms;
        if (row[side->terms - 1] < low || row[side->terms - 1] > high)
            continue;
        count++;
        for (size_t k = 0; k < side->terms; k++)
            means[k] += row[k];
    }
    for (size_t k = 0; k < side->terms; k++)
        means[k] /= count; /* the rows at the quantiles themselves are in the band */
}

static double quantile_of(const struct side *side, double q, double *work)
{
    for (size_t i = 0; i < side->n; i++)
        work[i] = side->rows[(i + 1) * side->terms - 1];
    return bw_trend_quantile(work, side->n, q);
}

/* Blocks of neighbours, drawn with replacement and laid around the end, until there are n. */
static void resample(struct bw_trend_random *random, size_t n, size_t *pick)
{
    const size_t block = (size_t)ceil(2 * cbrt((double)n));
    for (size_t i = 0; i < n; i += block) {
        const size_t from = (size_t)(bw_trend_random_uniform(random) * (double)n);
        for (size_t j = 0; j < block && i + j < n; j++)
            pick[i + j] = (from + j) % n;
    }
}

/* ---- the verdict ------------------------------------------------------------------------- */

struct trial {
    struct side before, after;
    struct band band;
    size_t *pick;
    double *work;
    double change[TERMS_MAX]; /* of each term's mean; the last is the whole's */
};

static void compare(struct trial *t, size_t *pick_before, size_t *pick_after, double *change)
{
    double before[TERMS_MAX], after[TERMS_MAX];
    average(&t->before, pick_before, t->before.n, t->band, t->work, before);
    average(&t->after, pick_after, t->after.n, t->band, t->work, after);
    for (size_t k = 0; k < t->before.terms; k++)
        change[k] = after[k] - before[k];
}

/* The part, or the rest, that moved most in the direction of the whole. */
static size_t largest(const struct trial *t)
{
    const size_t whole = t->before.terms - 1;
    size_t best = 0;
    for (size_t k = 1; k < whole; k++)
        if (t->change[k] * t->change[whole] > t->change[best] * t->change[whole])
            best = k;
    return best;
}

/* How small the share of term `best` may well be; NaN when not even the whole's change is sure. */
static double least_share(struct trial *t, size_t best)
{
    const size_t whole = t->before.terms - 1;
    double shares[RESAMPLINGS], change[TERMS_MAX];
    size_t against = 0;
    struct bw_trend_random random = bw_trend_random_seed(
        bw_hash(t->after.rows, t->after.n * t->after.terms * sizeof *t->after.rows, t->before.n));
    for (size_t i = 0; i < RESAMPLINGS; i++) {
        resample(&random, t->before.n, t->pick);
        resample(&random, t->after.n, t->pick + t->before.n);
        compare(t, t->pick, t->pick + t->before.n, change);
        against += !(change[whole] * t->change[whole] > 0);
        shares[i] = change[whole] != 0 ? change[best] / change[whole] : 0;
    }
    return against > AGAINST_MAX ? NAN : bw_trend_quantile(shares, RESAMPLINGS, SHARE_QUANTILE);
}

static bool judge(struct trial *t, bool tail, struct bw_trend_blame *out)
{
    const size_t whole = t->before.terms - 1;
    t->band = tail ? tail_band : middle_band;
    for (size_t i = 0; i < t->before.n; i++)
        t->pick[i] = i;
    for (size_t i = 0; i < t->after.n; i++)
        t->pick[t->before.n + i] = i;
    compare(t, t->pick, t->pick + t->before.n, t->change);
    const size_t best = largest(t);
    const double least = least_share(t, best);
    const double q = tail ? 0.95 : 0.5;
    out->tail = tail;
    out->before = quantile_of(&t->before, q, t->work);
    out->after = quantile_of(&t->after, q, t->work);
    if (isnan(least) || !((out->after - out->before) * t->change[whole] > 0))
        return false;
    const bool drives = least > SHARE_MIN;
    out->driver = drives ? best : whole;
    out->share = drives ? bw_trend_clamp(t->change[best] / t->change[whole], 0, 1) : 0;
    return true;
}

bool bw_trend_attribute(struct bw_arena *arena, const struct bw_trend_whole *whole,
                        struct bw_trend_blame *out)
{
    const size_t before = first_at(whole, whole->at_ms - whole->doubt_ms);
    const size_t after = first_at(whole, whole->at_ms + whole->doubt_ms);
    struct trial t = { .before = side_of(arena, whole, 0, before),
                       .after = side_of(arena, whole, after, whole->count) };
    if (t.before.n < RUNS_MIN || t.after.n < RUNS_MIN)
        return false;
    t.pick = bw_arena_array(arena, t.before.n + t.after.n, sizeof *t.pick);
    t.work = bw_arena_array(arena, t.before.n + t.after.n, sizeof *t.work);
    const bool many = t.before.n >= TAIL_RUNS_MIN && t.after.n >= TAIL_RUNS_MIN;
    return (many && judge(&t, true, out)) || judge(&t, false, out);
}
