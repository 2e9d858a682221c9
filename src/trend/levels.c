// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/levels.h"

#include "trend/robust.h"

#include <math.h>
#include <string.h>

/* Differences of neighbouring means have so many deviations where the level steps. Of Gaussian ones
 * no six in the longest series (4096 cells) come by chance, whatever their correlation. */
#define STEP_K 6.0

/* What is so small a part of the highest step hides nothing that the highest did not. Where there
 * are too many such steps, a day that begins and ends in steps among them, the highest alone. */
static const double step_least[] = { 0.1, 0.5 };

enum {
    SIDES = 100,    /* a side of a step is so small a part of the series */
    SIDE_MIN = 6,   /* cells; of fewer a median means little */
    SAMPLES = 2,    /* differences a side that make the deviation */
    LEVELS_MAX = 4, /* steps; a course with more has no levels */
};

struct course {
    double *x;
    size_t n, side;
    double *rise; /* [n] mean of the side that begins here less that of the side before */
};

static void compare(const struct course *c)
{
    const double each = 1 / (double)c->side;
    double before = 0, after = 0;
    for (size_t i = 0; i < c->side; i++) {
        before += c->x[i];
        after += c->x[c->side + i];
    }
    for (size_t i = c->side; i + c->side <= c->n; i++) {
        c->rise[i] = (after - before) * each;
        before += c->x[i] - c->x[i - c->side];
        after += (i + c->side < c->n ? c->x[i + c->side] : 0) - c->x[i];
    }
}

static double deviation(const struct course *c, double *work)
{
    const size_t stride = c->side / SAMPLES;
    size_t count = 0;
    double *v = work;
    for (size_t i = c->side; i + c->side <= c->n; i += stride)
        v[count++] = c->rise[i];
    return bw_trend_scale(v, count, v + count);
}

static size_t steepest(const struct course *c)
{
    size_t at = c->side;
    for (size_t i = c->side; i + c->side <= c->n; i++)
        if (fabs(c->rise[i]) > fabs(c->rise[at]))
            at = i;
    return at;
}

/* Where two levels fit best the cells of both sides of `near`. */
static size_t place(const struct course *c, size_t near)
{
    const double *x = c->x + near - c->side;
    const size_t n = 2 * c->side;
    double sum = 0, before = 0, most = -1;
    size_t best = c->side;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    for (size_t i = 1; i < n; i++) {
        before += x[i - 1];
        const double apart = before / (double)i - (sum - before) / (double)(n - i);
        const double explained = apart * apart * (double)i * (double)(n - i);
        if (explained > most) {
            most = explained;
            best = i;
        }
    }
    return near - c->side + best;
}

static double median_of(const double *x, size_t n, double *work)
{
    memcpy(work, x, n * sizeof *x);
    return bw_trend_median(work, n);
}

/* How much higher it is from `at` on. */
static double height(const struct course *c, size_t at, double *work)
{
    const size_t before = at < c->side ? at : c->side;
    const size_t after = c->n - at < c->side ? c->n - at : c->side;
    return median_of(c->x + at, after, work) - median_of(c->x + at - before, before, work);
}

/* Takes out one step after the other, the highest first; returns how many. */
static size_t take_steps(const struct course *c, double least, double *work)
{
    double limit = 0;
    for (size_t steps = 0; steps <= LEVELS_MAX; steps++) {
        compare(c);
        if (steps == 0)
            limit = STEP_K * deviation(c, work);
        const size_t near = steepest(c);
        if (!(fabs(c->rise[near]) > limit))
            return steps;
        const size_t at = place(c, near);
        const double high = height(c, at, work);
        if (!(fabs(high) > limit))
            return steps; /* a spike */
        limit = fmax(limit, least * fabs(high));
        for (size_t i = at; i < c->n; i++)
            c->x[i] -= high;
    }
    return LEVELS_MAX + 1;
}

bool bw_trend_levels_take(const double *x, size_t n, double *out, double *work)
{
    const size_t side = n / SIDES > SIDE_MIN ? n / SIDES : SIDE_MIN;
    const struct course c = { out, n, side, work };
    for (size_t k = 0; n >= 8 * side && k < sizeof step_least / sizeof *step_least; k++) {
        memcpy(out, x, n * sizeof *x);
        const size_t steps = take_steps(&c, step_least[k], work + n);
        if (steps <= LEVELS_MAX)
            return steps > 0;
    }
    memcpy(out, x, n * sizeof *x);
    return false;
}
