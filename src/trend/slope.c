// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/slope.h"

#include "trend/robust.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#define HUBER_K 2.5
#define CLIP_K 3.5
#define R_MAX 0.995

enum { HUBER_ROUNDS = 3, LAG2_MIN = 100, DRIFT_STEPS = 12, DRIFT_CELLS = 3 };

struct fit {
    size_t n;
    double *t, *y, *w, *r, *work;
    double slope, level; /* y = level + slope t */
};

static void least_squares(struct fit *f)
{
    double sw = 0, st = 0, sy = 0;
    for (size_t i = 0; i < f->n; i++) {
        sw += f->w[i];
        st += f->w[i] * f->t[i];
        sy += f->w[i] * f->y[i];
    }
    const double mt = st / sw, my = sy / sw;
    double tt = 0, ty = 0;
    for (size_t i = 0; i < f->n; i++) {
        const double dt = f->t[i] - mt;
        tt += f->w[i] * dt * dt;
        ty += f->w[i] * dt * (f->y[i] - my);
    }
    f->slope = tt > 0 ? ty / tt : 0;
    f->level = my - f->slope * mt;
    for (size_t i = 0; i < f->n; i++)
        f->r[i] = f->y[i] - f->level - f->slope * f->t[i];
}

static double huber(struct fit *f)
{
    for (size_t i = 0; i < f->n; i++)
        f->w[i] = 1;
    least_squares(f);
    double scale = bw_trend_scale(f->r, f->n, f->work);
    for (size_t round = 0; round < HUBER_ROUNDS && scale > 0; round++) {
        for (size_t i = 0; i < f->n; i++) {
            const double size = fabs(f->r[i]);
            f->w[i] = size <= HUBER_K * scale ? 1 : HUBER_K * scale / size;
        }
        least_squares(f);
        scale = bw_trend_scale(f->r, f->n, f->work);
    }
    return scale;
}

double bw_trend_correlation(const double *residual, size_t n, double scale, double *work,
                            double *out_sd)
{
    double *c = work, c0 = 0, c1 = 0, c2 = 0;
    for (size_t i = 0; i < n; i++) {
        c[i] = bw_trend_clamp(residual[i], -CLIP_K * scale, CLIP_K * scale);
        c0 += c[i] * c[i];
        c1 += i > 0 ? c[i] * c[i - 1] : 0;
        c2 += i > 1 ? c[i] * c[i - 2] : 0;
    }
    *out_sd = sqrt(c0 / (double)n);
    if (!(c0 > 0))
        return 0;
    double r = c1 / c0;
    r += (2 + 6 * r) / (double)n;
    if (n > LAG2_MIN && c2 > 0)
        r = fmax(r, sqrt(c2 / c0));
    return bw_trend_clamp(r, 0, R_MAX);
}

double bw_trend_normal_score(double z, double df)
{
    const double size = sqrt(df * log1p(z * z / df)) * (8 * df + 1) / (8 * df + 3);
    return copysign(size, z);
}

/* What is left is rounding: no noise, and none to be correlated. */
static void make_exact(struct fit *f, double grain)
{
    memset(f->r, 0, f->n * sizeof *f->r);
    if (fabs(f->slope) * (f->t[f->n - 1] - f->t[0]) <= grain)
        f->slope = 0;
}

static void judge(const struct fit *f, struct bw_trend_slope *out)
{
    const double n = (double)f->n;
    double mean = 0, tt = 0;
    for (size_t i = 0; i < f->n; i++)
        mean += f->t[i] / n;
    for (size_t i = 0; i < f->n; i++)
        tt += (f->t[i] - mean) * (f->t[i] - mean);
    out->vif = (1 + out->r) / (1 - out->r);
    out->neff = fmax(n / out->vif, 1);
    const double worth = fmax(out->neff, 3);
    out->se = out->sd * sqrt(out->vif / tt) * sqrt(1 + 3 / worth);
    const double z = out->se > 0 ? f->slope / out->se : (f->slope > 0) * 1e6 - (f->slope < 0) * 1e6;
    out->t = bw_trend_normal_score(z, fmax(worth - 2, 1));
    const double explained = f->slope * f->slope * tt / n;
    out->rise = explained > 0 ? explained / (out->sd * out->sd) : 0;
    const double width = gsl_cdf_tdist_Pinv(0.975, fmax(worth - 2, 1)) * out->se;
    out->low = f->slope - width;
    out->high = f->slope + width;
}

/* Student's t of the steps between evenly spaced values, as a normal score: what a random walk with
 * a drift has, and what a stationary series has less of, as its steps take each other back. */
static double drift(const struct fit *f)
{
    if (f->n < DRIFT_STEPS * DRIFT_CELLS)
        return 0;
    double step[DRIFT_STEPS], before = 0;
    for (size_t i = 0; i <= DRIFT_STEPS; i++) {
        const double at = f->y[(f->n - 1) * i / DRIFT_STEPS];
        if (i > 0)
            step[i - 1] = at - before;
        before = at;
    }
    const double mean = bw_trend_mean(step, DRIFT_STEPS);
    const double sd = bw_trend_sd(step, DRIFT_STEPS) * sqrt(DRIFT_STEPS / (DRIFT_STEPS - 1.0));
    return sd > 0 ? bw_trend_normal_score(mean / sd * sqrt(DRIFT_STEPS), DRIFT_STEPS - 1) : 0;
}

static double largest(const struct fit *f)
{
    double size = 0;
    for (size_t i = 0; i < f->n; i++)
        size = fmax(size, fabs(f->r[i]));
    return size;
}

void bw_trend_slope_fit(struct bw_arena *arena, const double *x, size_t n, double grain,
                        struct bw_trend_slope *out)
{
    memset(out, 0, sizeof *out);
    out->vif = 1;
    double *room = bw_arena_array(arena, 6 * n + 1, sizeof *room);
    struct fit f = {
        .t = room, .y = room + n, .w = room + 2 * n, .r = room + 3 * n, .work = room + 4 * n
    };
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) {
            f.t[f.n] = (double)i;
            f.y[f.n++] = x[i];
        }
    out->n = f.n;
    out->residual = f.r;
    out->end = f.n > 0 ? f.y[f.n - 1] : 0;
    if (f.n < 3)
        return;
    double scale = huber(&f);
    if (largest(&f) <= grain) {
        make_exact(&f, grain);
        scale = 0;
    }
    out->per_cell = f.slope;
    out->end = f.level + f.slope * (double)(n - 1);
    out->r = bw_trend_correlation(f.r, f.n, scale, f.work, &out->sd);
    out->drift = drift(&f);
    judge(&f, out);
}
