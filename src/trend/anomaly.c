// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/anomaly.h"

#include "trend/sliding.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define SECOND_WORTH 0.3
#define FEW 30.0        /* values say little of their tail: it is taken for longer */
#define GRAIN 1e-9      /* of a level: less is rounding */
#define SURPRISE_MAX 15 /* 1 - 10^-15 is the last that a double can tell from 1 */

enum { NEAR = 60, NEAR_MIN = 5, SPAN = 24, SPAN_MIN = 8, FAR = 1500, FAR_MIN = 60 };
enum { APART = 48 }; /* rows from the span's end to what it is held against */
enum { PAST_MIN = 30, WARM_UP = 60, REFRACTORY = 120 };
enum { FROM_NEAR, STEP, SHIFT, STREAMS };

struct watch {
    struct bw_sliding near, span, far;
    struct bw_sliding past[STREAMS]; /* sizes of the deviations so far */
    double delayed[APART];           /* on their way to far */
    double before;
    double recent[REFRACTORY]; /* surprises */
    size_t seen;
};

static struct watch *watch_new(struct bw_arena *arena)
{
    struct watch *w = bw_arena_alloc(arena, sizeof *w);
    *w = (struct watch){ .near = bw_sliding_make(arena, NEAR),
                         .span = bw_sliding_make(arena, SPAN),
                         .far = bw_sliding_make(arena, FAR) };
    w->past[FROM_NEAR] = bw_sliding_make(arena, FAR);
    w->past[STEP] = bw_sliding_make(arena, FAR);
    w->past[SHIFT] = bw_sliding_make(arena, 2 * FAR);
    return w;
}

static void take_in(struct watch *w, double x)
{
    double *delayed = &w->delayed[w->seen % APART];
    if (w->seen >= APART)
        bw_sliding_put(&w->far, *delayed);
    *delayed = x;
    bw_sliding_put(&w->near, x);
    bw_sliding_put(&w->span, x);
    w->before = x;
    w->seen++;
}

/* Of the last rows' median from that of the long past, in widths of the long past. */
static double shift_of(const struct watch *w)
{
    if (w->span.n < SPAN_MIN || w->far.n < FAR_MIN)
        return NAN;
    const double width = bw_sliding_quantile(&w->far, 0.9) - bw_sliding_quantile(&w->far, 0.1);
    const double middle = bw_sliding_quantile(&w->far, 0.5);
    return fabs(bw_sliding_quantile(&w->span, 0.5) - middle)
           / fmax(width, fmax(GRAIN * fabs(middle), DBL_MIN));
}

static void deviate(struct watch *w, double x, double size[STREAMS])
{
    size[FROM_NEAR] = w->near.n >= NEAR_MIN ? fabs(x - bw_sliding_quantile(&w->near, 0.5)) : NAN;
    size[STEP] = w->seen > 0 ? fabs(x - w->before) : NAN;
    take_in(w, x);
    size[SHIFT] = shift_of(w);
}

/* -log10 of how probable a deviation of that size is, by its stream's own past; 0 within nine
 * tenths of it. A past without any scatter gets some: a share of what is usual in it, or the
 * grain. */
static double surprise_at(const struct bw_sliding *past, double size, double grain)
{
    if (past->n < PAST_MIN)
        return 0;
    const double middle = bw_sliding_quantile(past, 0.5), high = bw_sliding_quantile(past, 0.9);
    const double tail = (bw_sliding_quantile(past, 0.995) - high) / log(20);
    const double body = (high - middle) / 4, usual = (middle + high) / 2;
    const double unsure = 1 + FEW / (double)past->n;
    const double scale = fmax(tail, body) * unsure + 0.02 * usual + grain;
    return size > high ? 1 + (size - high) / scale / log(10) : 0;
}

static double surprise_of(struct watch *w, const double size[STREAMS])
{
    double first = 0, second = 0;
    const double level = fabs(bw_sliding_quantile(&w->near, 0.5));
    for (size_t k = 0; k < STREAMS; k++) {
        if (isnan(size[k]))
            continue; /* not known yet */
        const double grain = fmax(k == SHIFT ? GRAIN : GRAIN * level, DBL_MIN);
        const double s = surprise_at(&w->past[k], size[k], grain);
        bw_sliding_put(&w->past[k], size[k]);
        second = fmax(second, fmin(s, first));
        first = fmax(first, s);
    }
    return w->seen > WARM_UP ? first + SECOND_WORTH * second : 0;
}

/* Remembers it and says whether it is the largest for a while. */
static bool is_new(struct watch *w, double surprise)
{
    double most = 0;
    for (size_t i = 0; i < REFRACTORY; i++)
        most = fmax(most, w->recent[i]);
    w->recent[w->seen % REFRACTORY] = surprise;
    return surprise > most;
}

void bw_trend_anomaly(struct bw_arena *arena, const double *x, size_t n, double *out)
{
    struct watch *w = watch_new(arena);
    for (size_t i = 0; i < n; i++) {
        double size[STREAMS];
        out[i] = 0;
        if (isnan(x[i]))
            continue;
        deviate(w, x[i], size);
        const double surprise = surprise_of(w, size);
        if (is_new(w, surprise))
            out[i] = 1 - pow(10, -fmin(surprise, SURPRISE_MAX));
    }
}
