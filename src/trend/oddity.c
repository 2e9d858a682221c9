// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/oddity.h"

#include "trend/fading.h"
#include "trend/sliding.h"

#include <float.h>
#include <math.h>

#define SECOND_WORTH 0.3
#define FEW 30.0       /* values say little of their tail: it is taken for longer */
#define GRAIN 1e-9     /* of a level: less is rounding */
#define UNITS_MAX 1e37 /* what is larger counts as this: floats hold its differences */

enum { NEAR = 60, NEAR_MIN = 5, SPAN = 24, SPAN_MIN = 8 };
enum { APART = 48 }; /* values from the span's end to what it is held against */
enum { THIN = 4 };   /* of the far past each so manieth is enough for its quantiles */
enum { FAR = BW_TREND_PAST / THIN, FAR_MIN = 60 / THIN };
enum { HALF = BW_TREND_PAST / 2, PAST_MIN = 30 };
enum { FROM_NEAR, STEP, SHIFT, STREAMS };

struct bw_trend_watch {
    double origin, unit; /* values are kept as (value - origin) / unit; unit 0: none is known yet */
    size_t seen;
    double before;
    struct bw_sliding near, span, far;
    struct bw_fading past[STREAMS];    /* sizes of the deviations so far */
    float delayed[APART / THIN];       /* on their way to far */
    float recent[BW_TREND_REFRACTORY]; /* surprises */
};

size_t bw_trend_watch_bytes(void)
{
    return sizeof(struct bw_trend_watch) + bw_sliding_bytes(NEAR) + bw_sliding_bytes(SPAN)
           + bw_sliding_bytes(FAR);
}

struct bw_trend_watch *bw_trend_watch_make(void *memory)
{
    struct bw_trend_watch *w = memory;
    unsigned char *rest = (unsigned char *)(w + 1);
    *w = (struct bw_trend_watch){ .before = NAN };
    w->near = bw_sliding_make(rest, NEAR);
    rest += bw_sliding_bytes(NEAR);
    w->span = bw_sliding_make(rest, SPAN);
    rest += bw_sliding_bytes(SPAN);
    w->far = bw_sliding_make(rest, FAR);
    w->past[FROM_NEAR] = w->past[STEP] = bw_fading_make(HALF);
    w->past[SHIFT] = bw_fading_make((size_t)2 * HALF);
    return w;
}

bool bw_trend_watch_is_warm(const struct bw_trend_watch *w)
{
    return w->seen > BW_TREND_WARM_UP;
}

/* ---- yards ----------------------------------------------------------------------------- */

double bw_trend_yard_surprise(const struct bw_trend_yard *yard, double value)
{
    const double size = fabs(value - yard->centre) / yard->width;
    return size > yard->high ? 1 + (size - yard->high) / yard->scale / log(10) : 0;
}

double bw_trend_yard_reach(const struct bw_trend_yard *yard, double surprise)
{
    return (yard->high + (surprise - 1) * log(10) * yard->scale) * yard->width;
}

/* A past without any scatter gets some: a share of what is usual in it, or the grain. */
static struct bw_trend_yard yard_of(const struct bw_fading *past, double centre, double width,
                                    double grain)
{
    struct bw_trend_yard yard = { centre, width, NAN, 1 };
    if (bw_fading_weight(past) < PAST_MIN)
        return yard;
    const double middle = bw_fading_quantile(past, 0.5);
    yard.high = bw_fading_quantile(past, 0.9);
    const double tail = (bw_fading_quantile(past, 0.995) - yard.high) / log(20);
    const double body = (yard.high - middle) / 4, usual = (middle + yard.high) / 2;
    const double unsure = 1 + FEW / bw_fading_weight(past);
    yard.scale = fmax(tail, body) * unsure + 0.02 * usual + grain;
    return yard;
}

/* ---- streams --------------------------------------------------------------------------- */

/* In units of the first value that is not 0, from the first one on: then floats tell apart what
 * differs by little from something large, and any size of numbers is as good as another. */
static double in_units(struct bw_trend_watch *w, double value)
{
    int exponent = 0;
    const double x = fmax(-DBL_MAX / 4, fmin(value, DBL_MAX / 4));
    if (w->seen == 0)
        w->origin = x;
    if (w->unit <= 0 && fabs(x) > 0) {
        frexp(x, &exponent);
        w->unit = ldexp(1, exponent > DBL_MIN_EXP ? exponent : DBL_MIN_EXP);
    }
    const double units = w->unit > 0 ? (x - w->origin) / w->unit : 0;
    return fmax(-UNITS_MAX, fmin(units, UNITS_MAX));
}

static void take_in(struct bw_trend_watch *w, double x)
{
    if (w->seen % THIN == 0) {
        float *delayed = &w->delayed[w->seen / THIN % (APART / THIN)];
        if (w->seen >= APART)
            bw_sliding_put(&w->far, *delayed);
        *delayed = (float)x;
    }
    bw_sliding_put(&w->near, x);
    bw_sliding_put(&w->span, x);
    w->before = x;
    w->seen++;
}

/* The level of a series is that of its values, not of their distance from the first. */
static double grain_at(const struct bw_trend_watch *w, double x)
{
    const double origin = w->unit > 0 ? w->origin / w->unit : 0;
    return fmax(GRAIN * fabs(x + origin), DBL_MIN);
}

/* How wide the far past is about its median. */
static double far_width(const struct bw_trend_watch *w, double middle)
{
    const double width = bw_sliding_quantile(&w->far, 0.9) - bw_sliding_quantile(&w->far, 0.1);
    return fmax(width, grain_at(w, middle));
}

static bool knows_far(const struct bw_trend_watch *w)
{
    return w->span.n >= SPAN_MIN && w->far.n >= FAR_MIN;
}

/* What is compared with what in each stream; NaN: not known yet. */
struct views {
    double value[STREAMS], centre[STREAMS], width[STREAMS], grain[STREAMS];
};

static struct views look(struct bw_trend_watch *w, double x)
{
    struct views v = { { x, x, NAN }, { NAN, w->before, NAN }, { 1, 1, 1 }, { 0 } };
    if (w->near.n >= NEAR_MIN)
        v.centre[FROM_NEAR] = bw_sliding_quantile(&w->near, 0.5);
    take_in(w, x);
    if (knows_far(w)) {
        v.value[SHIFT] = bw_sliding_quantile(&w->span, 0.5);
        v.centre[SHIFT] = bw_sliding_quantile(&w->far, 0.5);
        v.width[SHIFT] = far_width(w, v.centre[SHIFT]);
    }
    v.grain[FROM_NEAR] = v.grain[STEP] = grain_at(w, bw_sliding_quantile(&w->near, 0.5));
    v.grain[SHIFT] = GRAIN;
    return v;
}

/* Remembers it and says whether it is the largest for a while. */
static bool is_new(struct bw_trend_watch *w, double surprise)
{
    float most = 0;
    for (size_t i = 0; i < BW_TREND_REFRACTORY; i++)
        most = w->recent[i] > most ? w->recent[i] : most;
    w->recent[w->seen % BW_TREND_REFRACTORY] = (float)surprise;
    return (float)surprise > most;
}

/* In the values of the series. */
static struct bw_trend_yard outward(const struct bw_trend_watch *w, struct bw_trend_yard yard)
{
    const double unit = w->unit > 0 ? w->unit : 1;
    yard.centre = yard.centre * unit + w->origin;
    yard.width *= unit;
    return yard;
}

struct bw_trend_oddity bw_trend_watch_put(struct bw_trend_watch *w, double value)
{
    const struct views v = look(w, in_units(w, value));
    struct bw_trend_yard yard[STREAMS];
    double first = 0, second = 0;
    for (size_t k = 0; k < STREAMS; k++) {
        yard[k] = yard_of(&w->past[k], v.centre[k], v.width[k], v.grain[k]);
        const double size = fabs(v.value[k] - v.centre[k]) / v.width[k];
        if (isnan(size))
            continue; /* not known yet */
        const double s = bw_trend_yard_surprise(&yard[k], v.value[k]);
        bw_fading_put(&w->past[k], size);
        second = fmax(second, fmin(s, first));
        first = fmax(first, s);
    }
    const double unit = w->unit > 0 ? w->unit : 1;
    const double surprise = bw_trend_watch_is_warm(w) ? first + SECOND_WORTH * second : 0;
    return (struct bw_trend_oddity){ .surprise = surprise,
                                     .is_new = is_new(w, surprise),
                                     .value = v.value[FROM_NEAR] * unit + w->origin,
                                     .middle = v.value[SHIFT] * unit + w->origin,
                                     .near = outward(w, yard[FROM_NEAR]),
                                     .shift = outward(w, yard[SHIFT]) };
}
