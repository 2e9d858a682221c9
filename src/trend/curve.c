// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/curve.h"

#include "trend/robust.h"

#include <math.h>
#include <string.h>

enum { VALUES_MIN = 20, THIRD_MIN = 90 };

#define CLIP_K 3.5

/* A regime was cut out because it is straight, so that it bends all the same is not expected. */
#define ODDS_OF_STRAIGHT 100.0

/* Rates in units of 1/window: what is slower is a line, what is faster was over long ago. */
static const double rates[BW_TREND_RATES] = { 0.5, 1, 2, 4, 8 };

/* Values of a window around their mean, outliers clipped, and where they are. */
struct window {
    size_t n;
    const double *t; /* [n] of its length, up to 1 at the last cell */
    const double *y; /* [n] */
    double cells;
    double mean;
    double squares; /* that the line leaves */
};

struct fit {
    double mean, gg; /* of exp(-rate t): mean, and squares around it */
    double gain;     /* y = mean + gain (exp(-rate t) - its mean) */
    double squares;  /* left */
};

static struct fit fit_rate(const struct window *w, double rate, double *basis)
{
    struct fit f = { 0 };
    double gy = 0, yy = 0;
    for (size_t i = 0; i < w->n; i++) {
        basis[i] = exp(-rate * w->t[i]);
        f.mean += basis[i] / (double)w->n;
    }
    for (size_t i = 0; i < w->n; i++) {
        const double g = basis[i] - f.mean;
        f.gg += g * g;
        gy += g * w->y[i];
        yy += w->y[i] * w->y[i];
    }
    f.gain = gy / f.gg;
    f.squares = fmax(yy - f.gain * gy, 0);
    return f;
}

static struct window look(struct bw_arena *arena, const double *x, size_t n,
                          const struct bw_trend_slope *line)
{
    double *t = bw_arena_array(arena, 2 * line->n, sizeof *t), *y = t + line->n;
    struct window w = { .n = line->n, .t = t, .y = y, .cells = (double)(n - 1) };
    const double limit = CLIP_K * line->sd;
    for (size_t i = 0, k = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        const double rest = bw_trend_clamp(line->residual[k], -limit, limit);
        t[k] = (double)i / w.cells;
        y[k] = x[i] - line->residual[k] + rest;
        w.squares += rest * rest;
        w.mean += y[k] / (double)w.n;
        k++;
    }
    for (size_t k = 0; k < w.n; k++)
        y[k] -= w.mean;
    return w;
}

/* P(a curve) from the score by which it is better than the line, and what the values are worth. */
static double likely(double t, double worth)
{
    const double w = worth / 3;
    return 1 / (1 + ODDS_OF_STRAIGHT * sqrt(1 + w) * exp(-0.5 * t * t * w / (1 + w)));
}

static void describe(const struct window *w, const struct fit *f, double rate, double wide,
                     struct bw_trend_bend *out)
{
    const double end = exp(-rate), per_cell = -rate / w->cells * end;
    out->keep = exp(-rate / w->cells);
    out->end_gain = end - f->mean;
    out->slope_gain = per_cell;
    out->end = w->mean + f->gain * out->end_gain;
    out->slope = f->gain * per_cell;
    out->gain_sd = wide / sqrt(f->gg);
}

static void fit(struct bw_arena *arena, const double *x, size_t n,
                const struct bw_trend_slope *line, struct bw_trend_curve *out)
{
    memset(out, 0, sizeof *out);
    if (line->n < VALUES_MIN || !(line->sd > 0))
        return;
    const struct window w = look(arena, x, n, line);
    double *residual = bw_arena_array(arena, 3 * w.n, sizeof *residual), *basis = residual + w.n;
    struct fit fits[BW_TREND_RATES];
    size_t best = 0;
    for (size_t k = 0; k < BW_TREND_RATES; k++) {
        fits[k] = fit_rate(&w, rates[k], basis);
        best = fits[k].squares < fits[best].squares ? k : best;
    }
    if (fits[best].squares >= w.squares)
        return;
    for (size_t i = 0; i < w.n; i++)
        residual[i] = w.y[i] - fits[best].gain * (exp(-rates[best] * w.t[i]) - fits[best].mean);
    const double scale = bw_trend_scale(residual, w.n, basis);
    out->r = bw_trend_correlation(residual, w.n, scale, basis, &out->sd);
    if (!(out->sd > 0))
        return;
    const double vif = (1 + out->r) / (1 - out->r), worth = fmax((double)w.n / vif, 4);
    const double wide = out->sd * sqrt(vif) * sqrt(1 + 4 / worth);
    double sum = 0;
    for (size_t k = 0; k < BW_TREND_RATES; k++) {
        describe(&w, &fits[k], rates[k], wide, &out->bend[k]);
        out->bend[k].share = exp(-0.5 * (fits[k].squares - fits[best].squares) / (wide * wide));
        sum += out->bend[k].share;
    }
    for (size_t k = 0; k < BW_TREND_RATES; k++)
        out->bend[k].share /= sum;
    out->n = w.n;
    out->residual = residual;
    out->level_sd = wide / sqrt((double)w.n);
    const double better = sqrt(w.squares - fits[best].squares) / wide;
    out->likely = likely(bw_trend_normal_score(better, fmax(worth - 3, 1)), worth);
}

void bw_trend_curve_find(struct bw_arena *arena, const double *x, size_t n, double grain,
                         const struct bw_trend_slope *line, struct bw_trend_curve *out)
{
    fit(arena, x, n, line, out);
    if (n < THIRD_MIN)
        return;
    struct bw_trend_slope newer;
    struct bw_trend_curve curve;
    const size_t from = n - n / 3;
    bw_trend_slope_fit(arena, x + from, n - from, grain, &newer);
    fit(arena, x + from, n - from, &newer, &curve);
    if (curve.likely > out->likely)
        *out = curve;
}
