// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/forecast.h"

#include "trend/robust.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#define CUT 1.6              /* models worse than this times the best get no weight */
#define BOLD 0.5             /* the straight line must halve the error of every other model */
#define ASTRAY 2.0           /* and begin no farther away than so many of its errors */
#define LOG_SPREAD_SLOPE 0.5 /* half way from noise that adds to noise that multiplies */

enum {
    WEIGHING_MAX = 6,
    TRAIN_MIN = 24,
    RAW_END = 3,
    BLOCK_MIN = 8,
    BLOCK_MAX = 24,
    BLOCKS_MIN = 6
};

struct plan {
    struct bw_arena *arena;
    const double *x, *fit; /* working scale */
    size_t n, h;
    const struct bw_trend_seasons *seasons;
    size_t origin[BW_TREND_ORIGINS_MAX];
    size_t origins;
    size_t weighing; /* the newest of them, which decide on the weights; the rest only scale */
    double *path[BW_TREND_ORIGINS_MAX + 1][BW_MODEL_COUNT]; /* [h]; the last one: the future */
    bool runs[BW_TREND_ORIGINS_MAX + 1][BW_MODEL_COUNT];
    double at[BW_TREND_ORIGINS_MAX][BW_MODEL_COUNT]; /* mean error of each model where it ran */
    double error, naive; /* means over the origins, of the combination and of "as now" */
    double tiny;         /* no error is smaller: what is predicted exactly has a finite weight */
};

static const bool steady[BW_MODEL_COUNT] = {
    [BW_MODEL_THETA] = true, [BW_MODEL_DAMPED] = true, [BW_MODEL_AR] = true, [BW_MODEL_LAGS] = true
};

/* True when the logarithm of the spread of blocks grows with that of their mean (the idea of
 * Guerrero 1993): a latency that doubles also scatters twice as much. */
static bool spread_grows(const double *x, size_t n)
{
    size_t width = n / 10 < BLOCK_MAX ? n / 10 : BLOCK_MAX;
    width = width > BLOCK_MIN ? width : BLOCK_MIN;
    const size_t blocks = n / width;
    if (blocks < BLOCKS_MIN)
        return false;
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (size_t i = 0; i < n; i++)
        if (!(x[i] > 0))
            return false;
    for (size_t b = 0; b < blocks; b++) {
        const double *v = x + n - (b + 1) * width;
        const double mean = bw_trend_mean(v, width);
        const double lx = log(mean), ly = log(bw_trend_sd(v, width) + 1e-12 * mean);
        sx += lx;
        sy += ly;
        sxx += lx * lx;
        sxy += lx * ly;
    }
    const double m = (double)blocks;
    const double var = sxx / m - sx / m * (sx / m);
    return var > 0.05 * 0.05 && (sxy / m - sx / m * (sy / m)) / var > LOG_SPREAD_SLOPE;
}

static void choose_origins(struct plan *plan)
{
    const size_t n = plan->n, h = plan->h;
    const size_t season = plan->seasons->count > 0 ? plan->seasons->period[0] : 1;
    size_t least = TRAIN_MIN;
    if (10 * n > 33 * season + 10 * h && 23 * season / 10 > least)
        least = 23 * season / 10;
    const size_t step = h / 2 > 1 ? h / 2 : 1;
    for (size_t back = h; plan->origins < BW_TREND_ORIGINS_MAX && back + least < n; back += step) {
        if (plan->origins >= WEIGHING_MAX && 2 * back > n)
            break; /* known so little, it erred more than it will */
        plan->origin[plan->origins++] = n - back;
    }
    if (plan->origins == 0 && n > h + 12)
        plan->origin[plan->origins++] = n - h;
    plan->weighing = plan->origins < WEIGHING_MAX ? plan->origins : WEIGHING_MAX;
}

/* Runs the `wanted` models as they would have been run when only `n` cells were known. */
static void run_at(struct plan *plan, size_t n, size_t slot, const bool wanted[BW_MODEL_COUNT])
{
    double *known = bw_arena_array(plan->arena, n, sizeof *known);
    double *paths = bw_arena_array(plan->arena, BW_MODEL_COUNT * plan->h, sizeof *paths);
    memcpy(known, plan->fit, n * sizeof *known);
    for (size_t i = n > RAW_END ? n - RAW_END : 0; i < n; i++)
        known[i] = plan->x[i]; /* a spike that is this young could not have been told */
    for (size_t m = 0; m < BW_MODEL_COUNT; m++)
        plan->path[slot][m] = paths + m * plan->h;
    const struct bw_trend_models_ask ask = {
        .x = known,
        .n = n,
        .period = plan->seasons->period,
        .periods = plan->seasons->count,
        .h = plan->h,
        .wanted = wanted,
    };
    bw_trend_models_run(plan->arena, &ask, plan->path[slot], plan->runs[slot]);
}

static double path_error(const struct plan *plan, size_t slot, const double *path)
{
    const double *actual = plan->x + plan->origin[slot];
    double sum = 0;
    for (size_t i = 0; i < plan->h; i++)
        sum += fabs(actual[i] - path[i]);
    return sum / (double)plan->h;
}

static void note_errors(struct plan *plan)
{
    for (size_t o = 0; o < plan->weighing; o++)
        for (size_t m = 0; m < BW_MODEL_COUNT; m++)
            if (plan->runs[o][m])
                plan->at[o][m] = path_error(plan, o, plan->path[o][m]);
}

/* Whether an origin may decide on the weights that are tried at another. Neighbours share half of
 * what came, and would tell; of three or fewer origins they are all there is. */
static bool may_tell(const struct plan *plan, size_t o, size_t left_out)
{
    if (left_out == plan->origins)
        return true;
    return plan->weighing > 3 ? o + 1 < left_out || o > left_out + 1 : o != left_out;
}

/* Mean error of a model over the origins where it ran, but for the one left out and those that know
 * of it; NaN when it cannot run now or ran at fewer than half of them. */
static double model_error(const struct plan *plan, size_t model, size_t left_out)
{
    double sum = 0;
    size_t count = 0, asked = 0;
    for (size_t o = 0; o < plan->weighing; o++) {
        if (!may_tell(plan, o, left_out))
            continue;
        asked++;
        count += plan->runs[o][model];
        sum += plan->runs[o][model] ? plan->at[o][model] : 0;
    }
    const bool enough = plan->runs[plan->origins][model] && count > 0 && 2 * count >= asked;
    return enough ? sum / (double)count : NAN;
}

static void normalise(double *w, double total)
{
    for (size_t m = 0; m < BW_MODEL_COUNT; m++)
        w[m] = total > 0 ? w[m] / total : 0;
}

/* Whether the line has left the series behind: what it was good for has ended. `slot` is the origin
 * that it starts from. */
static bool is_astray(const struct plan *plan, size_t slot, double error)
{
    const size_t known = slot < plan->origins ? plan->origin[slot] : plan->n;
    const double *fit = plan->fit;
    double step = 0;
    for (size_t i = 1; i < known; i++)
        step += fabs(fit[i] - fit[i - 1]) / (double)(known - 1);
    const double now = bw_trend_mean(fit + known - RAW_END, RAW_END);
    const double off = fabs(plan->path[slot][BW_MODEL_LINE][0] - now);
    return off > ASTRAY * error + RAW_END * step + plan->tiny;
}

/* Errors at all origins but the one left out; returns the best. The last value is a yardstick only:
 * smoothing comes as near to it as a series wants. The straight line counts only where it is far
 * ahead of all others, and still goes on from where the series is. */
static double errors_of(const struct plan *plan, size_t left_out, double error[BW_MODEL_COUNT])
{
    double best = INFINITY;
    for (size_t m = 0; m < BW_MODEL_COUNT; m++) {
        error[m] = m == BW_MODEL_NAIVE ? NAN : model_error(plan, m, left_out);
        if (error[m] < best && m != BW_MODEL_LINE)
            best = error[m];
    }
    const double line = error[BW_MODEL_LINE];
    if (line < BOLD * best && !is_astray(plan, left_out, line))
        return line;
    error[BW_MODEL_LINE] = NAN;
    return best;
}

/* Weights by these errors; a third each of three plain models where there is no origin. Every
 * origin is one experiment, and the odds of experiments multiply: their number is the power. */
static void weigh(const struct plan *plan, size_t left_out, double weight[BW_MODEL_COUNT])
{
    memset(weight, 0, BW_MODEL_COUNT * sizeof *weight);
    if (plan->origins == 0) {
        weight[BW_MODEL_THETA] = weight[BW_MODEL_DAMPED] = weight[BW_MODEL_NAIVE] = 1.0 / 3;
        return;
    }
    double error[BW_MODEL_COUNT], base[BW_MODEL_COUNT] = { 0 }, total = 0, base_total = 0;
    const double best = errors_of(plan, left_out, error);
    for (size_t m = 0; m < BW_MODEL_COUNT; m++) {
        const double ratio = (error[m] + plan->tiny) / (best + plan->tiny);
        if (!(ratio <= CUT))
            continue;
        weight[m] = pow(ratio, -(double)plan->weighing);
        total += weight[m];
        base[m] = steady[m];
        base_total += base[m];
    }
    normalise(weight, total);
    normalise(base, base_total);
    const double draw = base_total > 0 ? 1 / (1 + (double)plan->weighing) : 0;
    for (size_t m = 0; m < BW_MODEL_COUNT; m++)
        weight[m] = (1 - draw) * weight[m] + draw * base[m];
}

/* The weighted mean of what ran in that slot; the last value when nothing did. */
static void combine(const struct plan *plan, size_t slot, const double weight[BW_MODEL_COUNT],
                    double *out)
{
    double total = 0;
    memset(out, 0, plan->h * sizeof *out);
    for (size_t m = 0; m < BW_MODEL_COUNT; m++) {
        if (!plan->runs[slot][m] || !(weight[m] > 0))
            continue;
        total += weight[m];
        for (size_t i = 0; i < plan->h; i++)
            out[i] += weight[m] * plan->path[slot][m][i];
    }
    for (size_t i = 0; i < plan->h; i++)
        out[i] = total > 0 ? out[i] / total : plan->path[slot][BW_MODEL_NAIVE][i];
}

/* Runs all models at the newest origins and now, weighs them, and runs those that have a weight at
 * the older origins, for the scale of errors alone. */
static void run_all(struct plan *plan, double weight[BW_MODEL_COUNT])
{
    bool wanted[BW_MODEL_COUNT];
    memset(wanted, true, sizeof wanted);
    for (size_t o = 0; o < plan->weighing; o++)
        run_at(plan, plan->origin[o], o, wanted);
    run_at(plan, plan->n, plan->origins, wanted);
    note_errors(plan);
    weigh(plan, plan->origins, weight);
    for (size_t m = 0; m < BW_MODEL_COUNT; m++)
        wanted[m] = weight[m] > 0;
    for (size_t o = plan->weighing; o < plan->origins; o++)
        run_at(plan, plan->origin[o], o, wanted);
}

/* Errors of the combination at every origin, each by weights that do not know of it: errors that
 * chose their own weights are too small. */
static void backtest(struct plan *plan, struct bw_trend_forecast *out)
{
    out->error = bw_arena_array(plan->arena, plan->origins * plan->h + 1, sizeof *out->error);
    for (size_t o = 0; o < plan->origins; o++) {
        double *e = out->error + o * plan->h, weight[BW_MODEL_COUNT];
        weigh(plan, plan->origins > 1 ? o : plan->origins, weight);
        combine(plan, o, weight, e);
        plan->error += path_error(plan, o, e) / (double)plan->origins;
        plan->naive += path_error(plan, o, plan->path[o][BW_MODEL_NAIVE]) / (double)plan->origins;
        for (size_t i = 0; i < plan->h; i++)
            e[i] = plan->x[plan->origin[o] + i] - e[i];
    }
}

/* Without a single origin: a random walk with the steps seen. */
static void guess_scale(const struct plan *plan, struct bw_trend_forecast *out)
{
    double squares = 0;
    for (size_t i = 1; i < plan->n; i++)
        squares += (plan->x[i] - plan->x[i - 1]) * (plan->x[i] - plan->x[i - 1]);
    const double step = plan->n > 1 ? sqrt(squares / (double)(plan->n - 1)) : 0;
    for (size_t i = 0; i < plan->h; i++)
        out->scale[i] = step * sqrt((double)(i + 1));
}

static double to_value(const struct bw_trend_forecast *f, double working)
{
    const double v = f->logarithmic ? exp(fmin(working, 700)) : working;
    return f->non_negative ? fmax(v, 0) : v;
}

static const double *logarithms(struct bw_arena *arena, const double *x, size_t n)
{
    double *out = bw_arena_array(arena, n, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = log(x[i]);
    return out;
}

void bw_trend_forecast_make(struct bw_arena *arena, const double *x, const double *fit, size_t n,
                            const struct bw_trend_seasons *seasons, size_t h, bool non_negative,
                            struct bw_trend_forecast *out)
{
    const size_t skip = n > BW_TREND_HISTORY_MAX ? n - BW_TREND_HISTORY_MAX : 0;
    struct plan plan = {
        .arena = arena, .x = x + skip, .fit = fit + skip, .n = n - skip, .h = h, .seasons = seasons
    };
    *out = (struct bw_trend_forecast){ .h = h, .non_negative = non_negative, .skill = NAN };
    out->logarithmic = spread_grows(plan.x, plan.n) && spread_grows(plan.fit, plan.n);
    if (out->logarithmic) {
        plan.x = logarithms(arena, plan.x, plan.n);
        plan.fit = logarithms(arena, plan.fit, plan.n);
    }
    const double sd = bw_trend_sd(plan.x, plan.n);
    plan.tiny = 1e-9 * sd + 1e-300;
    choose_origins(&plan);
    double weight[BW_MODEL_COUNT];
    run_all(&plan, weight);

    out->origins = plan.origins;
    out->centre = bw_arena_array(arena, 3 * h, sizeof *out->centre);
    out->scale = out->centre + h;
    out->mean = out->scale + h;
    combine(&plan, plan.origins, weight, out->centre);
    backtest(&plan, out);
    if (plan.origins > 0) {
        bw_trend_interval_scale(arena, out->error, plan.origins, h, 1e-6 * sd + 1e-300, out->scale);
        out->misses = bw_trend_interval_learn(arena, out->error, plan.origins, h, out->scale);
        out->skill = plan.naive > 0 ? 1 - plan.error / plan.naive : 0;
    } else {
        guess_scale(&plan, out);
    }
    for (size_t i = 0; i < h; i++)
        out->mean[i] = to_value(out, out->centre[i]);
}

void bw_trend_forecast_interval(const struct bw_trend_forecast *forecast, double level, double *low,
                                double *high)
{
    double below, above;
    bw_trend_interval_reach(&forecast->misses, level, &below, &above);
    for (size_t i = 0; i < forecast->h; i++) {
        low[i] = to_value(forecast, forecast->centre[i] - below * forecast->scale[i]);
        high[i] = to_value(forecast, forecast->centre[i] + above * forecast->scale[i]);
    }
}

double bw_trend_forecast_rise(const struct bw_trend_forecast *forecast, const double *x, size_t n,
                              size_t k)
{
    double now = 0, then = 0, variance = 0, doubt = 0;
    for (size_t i = 0; i < k; i++) {
        const double last = x[n - k + i];
        now += forecast->logarithmic ? log(last) : last;
        then += forecast->centre[i];
        doubt += forecast->scale[i];
    }
    for (size_t o = 0; o < forecast->origins; o++) {
        double sum = 0;
        for (size_t i = 0; i < k; i++)
            sum += forecast->error[o * forecast->h + i];
        variance += sum * sum / (double)forecast->origins;
    }
    /* Few origins say little about the mean's error: lean on half the step scale as well. */
    const double prior = 0.5 * doubt, weight = 2 / (2 + (double)forecast->origins);
    const double sd = sqrt((1 - weight) * variance + weight * prior * prior);
    if (!(sd > 0))
        return then > now ? 1 : then < now ? 0 : 0.5;
    return gsl_cdf_ugaussian_P((then - now) / sd);
}
