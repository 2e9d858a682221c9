// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/models.h"

#include "trend/regress.h"
#include "trend/robust.h"

#include <math.h>
#include <string.h>

#define FADE 0.35 /* a cycle of age a weighs exp(-FADE a) where the season is to be recent */

enum {
    WEEK = 7,
    ALPHAS = 8,
    DAMPED_GRID = 12,
    AR_MAX = 8,
    CYCLES_MAX = 5,
    LINE_SHARE = 3,
    LINE_MIN = 12,
    AWAY = 4 /* part of its steps beyond all bounds with which a model has run away */
};

struct job {
    struct bw_arena *arena;
    const double *x;
    size_t n, h;
    const bool *wanted;
    size_t period[BW_TREND_SEASONS_MAX]; /* those that fit at least 2.2 times */
    size_t periods;
    double sd;
    double *z, *season, *work; /* [n], [h], [4 n + 2 h] */
};

static bool fits(const struct job *job, size_t period)
{
    return 10 * job->n > 22 * period && job->n >= 2 * period + 2;
}

/* z = x without its seasons, season = what they add in the h cells to come. */
static void adjust(struct job *job, double decay)
{
    memcpy(job->z, job->x, job->n * sizeof *job->z);
    memset(job->season, 0, job->h * sizeof *job->season);
    for (size_t k = 0; k < job->periods; k++) {
        const size_t p = job->period[k];
        double *index = job->work;
        bw_trend_season_index(job->z, job->n, p, decay, index, job->work + p);
        for (size_t i = 0, phase = 0; i < job->n; i++, phase = phase + 1 == p ? 0 : phase + 1)
            job->z[i] -= index[phase];
        for (size_t i = 0; i < job->h; i++)
            job->season[i] += index[(job->n + i) % p];
    }
}

static double least_squares_slope(const double *z, size_t n)
{
    const double middle = (double)(n - 1) / 2;
    double ty = 0, tt = 0;
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i - middle;
        ty += t * z[i];
        tt += t * t;
    }
    return tt > 0 ? ty / tt : 0;
}

/* All smoothing constants side by side: eight short chains run as fast as one. */
static double smooth(const double *z, size_t n, double *out_alpha)
{
    static const double alpha[ALPHAS] = { 0.02, 0.06, 0.12, 0.22, 0.35, 0.55, 0.8, 1 };
    double level[ALPHAS], error[ALPHAS] = { 0 };
    const double start = bw_trend_mean(z, n < 10 ? n : 10);
    for (size_t k = 0; k < ALPHAS; k++)
        level[k] = start;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ALPHAS; k++) {
            const double e = z[i] - level[k];
            error[k] += e * e;
            level[k] += alpha[k] * e;
        }
    size_t best = 0;
    for (size_t k = 1; k < ALPHAS; k++)
        if (error[k] < error[best])
            best = k;
    *out_alpha = alpha[best];
    return level[best];
}

static bool theta(const struct job *job, double *out)
{
    double alpha;
    const double level = smooth(job->z, job->n, &alpha);
    const double drift = least_squares_slope(job->z, job->n) / 2;
    const double lead = (1 - pow(1 - alpha, (double)job->n)) / alpha;
    for (size_t i = 0; i < job->h; i++)
        out[i] = level + drift * ((double)i + lead) + job->season[i];
    return true;
}

/* The one model that neither damps nor reverts: disks do fill in straight lines. */
static bool line(const struct job *job, double *out)
{
    size_t m = job->n / LINE_SHARE > LINE_MIN ? job->n / LINE_SHARE : LINE_MIN;
    m = m < job->n ? m : job->n;
    const double *z = job->z + job->n - m;
    const double slope = least_squares_slope(z, m), middle = (double)(m - 1) / 2;
    const double mean = bw_trend_mean(z, m);
    for (size_t i = 0; i < job->h; i++)
        out[i] = mean + slope * ((double)(m + i) - middle) + job->season[i];
    return true;
}

static bool damped(const struct job *job, double *out)
{
    double alpha[DAMPED_GRID], beta[DAMPED_GRID], phi[DAMPED_GRID];
    double level[DAMPED_GRID], trend[DAMPED_GRID] = { 0 }, error[DAMPED_GRID] = { 0 };
    for (size_t k = 0; k < DAMPED_GRID; k++) {
        static const double alphas[] = { 0.1, 0.4, 0.9 }, betas[] = { 0.02, 0.2 };
        static const double phis[] = { 0.85, 0.97 };
        alpha[k] = alphas[k % 3];
        beta[k] = alpha[k] * betas[k / 3 % 2];
        phi[k] = phis[k / 6];
        level[k] = job->z[0];
    }
    for (size_t i = 0; i < job->n; i++)
        for (size_t k = 0; k < DAMPED_GRID; k++) {
            const double forecast = level[k] + phi[k] * trend[k];
            const double e = job->z[i] - forecast;
            error[k] += e * e;
            level[k] = forecast + alpha[k] * e;
            trend[k] = phi[k] * trend[k] + beta[k] * e;
        }
    size_t best = 0;
    for (size_t k = 1; k < DAMPED_GRID; k++)
        if (error[k] < error[best])
            best = k;
    double at = level[best], step = trend[best];
    for (size_t i = 0; i < job->h; i++) {
        step *= phi[best];
        at += step;
        out[i] = at + job->season[i];
    }
    return true;
}

static bool autoregress(const struct job *job, double *out)
{
    if (job->n <= 40)
        return false;
    size_t lags[AR_MAX];
    const size_t count = job->n / 10 < AR_MAX ? job->n / 10 : AR_MAX;
    for (size_t i = 0; i < count; i++)
        lags[i] = i + 1;
    const struct bw_trend_fit fit = { lags, count, .ridge = 1e-3, .sd = job->sd };
    if (!bw_trend_regress(job->arena, job->z, job->n, &fit, job->h, out))
        return false;
    for (size_t i = 0; i < job->h; i++)
        out[i] += job->season[i];
    return true;
}

static size_t add_lag(size_t *lags, size_t count, size_t lag, size_t limit)
{
    if (lag == 0 || lag >= limit || (count > 0 && lag <= lags[count - 1]))
        return count;
    lags[count] = lag;
    return count + 1;
}

/* Of a known season and the longer one, or the week of it that may be too faint to be found; once
 * again that of the longer one where it was seen more than four times. */
static size_t lags_of_seasons(const struct job *job, size_t *lags)
{
    const size_t limit = job->n / 2, p = job->period[0];
    const size_t longer = job->periods > 1 ? job->period[1] : WEEK * p;
    const size_t shorter[] = { 1, 2, 3, p - 1, p, p + 1, 2 * p };
    size_t count = 0;
    for (size_t i = 0; i < sizeof shorter / sizeof *shorter; i++)
        count = add_lag(lags, count, shorter[i], limit);
    if (2 * job->n > 5 * longer)
        for (size_t lag = longer - 1; lag <= longer + 1; lag++)
            count = add_lag(lags, count, lag, limit);
    if (2 * job->n > 9 * longer)
        count = add_lag(lags, count, 2 * longer, limit);
    return count;
}

/* Without a season: what came half a year, one year and two years ago counted in months, hours of
 * a day and weeks, in case that it says a little more than the last values do. */
static size_t usual_lags(const struct job *job, size_t *lags)
{
    static const size_t usual[] = { 1, 2, 3, 6, 12, 13, 24, 25, 51, 52, 53, 104 };
    size_t count = 0;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        count = add_lag(lags, count, usual[i], job->n / 2);
    return count;
}

static bool regress_on_lags(const struct job *job, double *out)
{
    size_t lags[BW_TREND_LAGS_MAX];
    size_t count = job->periods > 0 ? lags_of_seasons(job, lags) : usual_lags(job, lags);
    while (count > 0 && job->n <= 2 * lags[count - 1] + 3 * count)
        count--; /* the longest asks for more than there is */
    if (count == 0)
        return false;
    const struct bw_trend_fit fit = { lags, count, .ridge = 1e-5, .sd = job->sd };
    return bw_trend_regress(job->arena, job->x, job->n, &fit, job->h, out);
}

static void constant(double *out, size_t h, double value)
{
    for (size_t i = 0; i < h; i++)
        out[i] = value;
}

static double recent_median(const struct job *job, size_t width)
{
    const size_t m = width < job->n ? width : job->n;
    memcpy(job->work, job->x + job->n - m, m * sizeof *job->work);
    return bw_trend_median(job->work, m);
}

/* One cycle of p cells, repeated into out[h]. */
static void repeat(const struct job *job, const double *cycle, size_t p, double *out)
{
    for (size_t i = 0; i < job->h; i++)
        out[i] = cycle[i % p];
}

static bool cycles_mean(const struct job *job, size_t p, double *out)
{
    if (job->n <= 4 * p)
        return false;
    const double *last = job->x + job->n - p;
    for (size_t i = 0; i < p; i++)
        job->work[i] = (3 * last[i] + 2 * (last - p)[i] + (last - 2 * p)[i]) / 6;
    repeat(job, job->work, p, out);
    return true;
}

static bool cycles_median(const struct job *job, size_t p, double *out, double *moved)
{
    const size_t cycles = job->n / p < CYCLES_MAX ? job->n / p : CYCLES_MAX;
    if (cycles < 3)
        return false;
    const double *first = job->x + job->n - cycles * p;
    double *cycle = job->work, *rest = job->work + p;
    for (size_t i = 0; i < p; i++) {
        double v[CYCLES_MAX];
        for (size_t c = 0; c < cycles; c++)
            v[c] = first[c * p + i];
        cycle[i] = bw_trend_median(v, cycles);
    }
    repeat(job, cycle, p, out);
    memcpy(rest, cycle, p * sizeof *rest);
    const double centre = bw_trend_median(rest, p);
    memcpy(rest, job->x + job->n - p, p * sizeof *rest);
    const double shift = bw_trend_median(rest, p) - centre;
    for (size_t i = 0; i < job->h; i++)
        moved[i] = out[i] + shift;
    return true;
}

static void run_cycles(const struct job *job, double *path[BW_MODEL_COUNT],
                       bool runs[BW_MODEL_COUNT])
{
    const bool weeks = job->periods == 1 && fits(job, WEEK * job->period[0]);
    for (size_t k = 0; k < job->periods + weeks; k++) {
        const size_t p = k < job->periods ? job->period[k] : WEEK * job->period[0];
        repeat(job, job->x + job->n - p, p, path[BW_MODEL_CYCLE + k]);
        runs[BW_MODEL_CYCLE + k] = true;
        runs[BW_MODEL_CYCLES_MEAN + k] = cycles_mean(job, p, path[BW_MODEL_CYCLES_MEAN + k]);
        runs[BW_MODEL_CYCLES_MEDIAN + k] = cycles_median(job, p, path[BW_MODEL_CYCLES_MEDIAN + k],
                                                         path[BW_MODEL_CYCLES_LEVEL + k]);
        runs[BW_MODEL_CYCLES_LEVEL + k] = runs[BW_MODEL_CYCLES_MEDIAN + k];
    }
}

/* Those that forecast what is left without the seasons, which age in the second lot. */
static const struct {
    bool (*run)(const struct job *job, double *out);
    enum bw_trend_model steady, recent; /* COUNT: none */
} smooth_models[] = {
    { theta, BW_MODEL_THETA, BW_MODEL_THETA_RECENT },
    { damped, BW_MODEL_DAMPED, BW_MODEL_COUNT },
    { line, BW_MODEL_LINE, BW_MODEL_COUNT },
    { autoregress, BW_MODEL_AR, BW_MODEL_AR_RECENT },
};

static void run_smooth(struct job *job, bool recent, double *path[BW_MODEL_COUNT],
                       bool runs[BW_MODEL_COUNT])
{
    bool adjusted = false;
    for (size_t i = 0; i < sizeof smooth_models / sizeof *smooth_models; i++) {
        const enum bw_trend_model m = recent ? smooth_models[i].recent : smooth_models[i].steady;
        if (m == BW_MODEL_COUNT || !job->wanted[m])
            continue;
        if (!adjusted)
            adjust(job, recent ? FADE : 0);
        adjusted = true;
        runs[m] = smooth_models[i].run(job, path[m]);
    }
}

/* What is fitted to its own past can run away with the jump of a restart: then it is no forecast.
 */
static bool may_run_away(size_t model)
{
    return model == BW_MODEL_AR || model == BW_MODEL_AR_RECENT || model == BW_MODEL_LAGS;
}

static void clip_paths(const struct job *job, double *path[BW_MODEL_COUNT],
                       bool runs[BW_MODEL_COUNT])
{
    memcpy(job->work, job->x, job->n * sizeof *job->work);
    const double low = bw_trend_quantile(job->work, job->n, 0.005);
    const double high = bw_trend_quantile(job->work, job->n, 0.995);
    /* A line over h cells needs h / n widths, a bit more as the quantiles are not the ends. */
    const double room = (high - low) * fmax(1.5, 1.1 * (double)job->h / (double)job->n);
    for (size_t m = 0; m < BW_MODEL_COUNT; m++) {
        size_t beyond = 0;
        for (size_t i = 0; i < job->h && runs[m]; i++) {
            const double inside = bw_trend_clamp(path[m][i], low - room, high + room);
            beyond += inside < path[m][i] || inside > path[m][i];
            path[m][i] = inside;
        }
        runs[m] = runs[m] && !(may_run_away(m) && AWAY * beyond > job->h);
    }
}

static void run_medians(const struct job *job, double *path[BW_MODEL_COUNT],
                        bool runs[BW_MODEL_COUNT])
{
    size_t cycle = job->n / 8 < 48 ? job->n / 8 : 48;
    if (job->periods > 0)
        cycle = job->period[0];
    else if (cycle < 5)
        cycle = 5;
    constant(path[BW_MODEL_MEDIAN], job->h, recent_median(job, cycle));
    constant(path[BW_MODEL_MEDIAN_LONG], job->h, recent_median(job, 4 * cycle));
    runs[BW_MODEL_MEDIAN] = runs[BW_MODEL_MEDIAN_LONG] = true;
}

void bw_trend_models_run(struct bw_arena *arena, const struct bw_trend_models_ask *ask,
                         double *path[BW_MODEL_COUNT], bool runs[BW_MODEL_COUNT])
{
    const size_t n = ask->n, h = ask->h;
    struct job job = {
        .arena = arena,
        .x = ask->x,
        .n = n,
        .h = h,
        .wanted = ask->wanted,
        .sd = bw_trend_sd(ask->x, n),
    };
    for (size_t k = 0; k < ask->periods; k++)
        if (fits(&job, ask->period[k]))
            job.period[job.periods++] = ask->period[k];
    job.z = bw_arena_array(arena, n, sizeof *job.z);
    job.season = bw_arena_array(arena, h, sizeof *job.season);
    job.work = bw_arena_array(arena, 4 * n + 2 * h, sizeof *job.work);
    memset(runs, 0, BW_MODEL_COUNT * sizeof *runs);

    constant(path[BW_MODEL_NAIVE], h, ask->x[n - 1]);
    runs[BW_MODEL_NAIVE] = true;
    run_medians(&job, path, runs);
    run_smooth(&job, false, path, runs);
    if (job.periods > 0) { /* without a season there is nothing to age */
        run_smooth(&job, true, path, runs);
        run_cycles(&job, path, runs);
    }
    if (ask->wanted[BW_MODEL_LAGS])
        runs[BW_MODEL_LAGS] = regress_on_lags(&job, path[BW_MODEL_LAGS]);
    clip_paths(&job, path, runs);
}
