// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/finding.h"

#include "trend/robust.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

enum { VALUES_MIN = 20, SIDE_MIN = 20, STILL_MIN = 8, STILL_FACTOR = 3 };
enum { FALLS_MIN = 3, FALLS_MAX = 64, GAP_MIN = 5, CHANGES_SEEN = 4, SEGMENT_MIN = 3 };

#define CYCLES_MIN 2.0
#define MOVES_FAR 8.0

#define Z_MIN 3.9
#define Z_MAX 99.0
#define NEFF_MIN 8.0
#define CHANCE_MAX 1e-3
#define KOLMOGOROV_1000 1.95 /* the supremum of a Brownian bridge exceeds it once in 1000 */
#define SCATTER_MIN 1.5
#define SEASON_SHARE_MIN 0.125
#define TAKEN_BACK 0.25

/* What all searches share. */
struct search {
    struct bw_arena *arena;
    const struct bw_trend_exam *exam;
    const struct bw_trend_grid *grid;
    double *smooth; /* [grid->n] without season and spikes; NaN: missing */
    struct bw_finding found[BW_FINDING_KIND_COUNT];
    bool has[BW_FINDING_KIND_COUNT];
};

static int64_t time_of(const struct search *s, size_t cell)
{
    return s->grid->start_ms + (int64_t)cell * s->grid->step_ms;
}

static double seconds_of(const struct search *s, double cells)
{
    return cells * (double)s->grid->step_ms / 1000;
}

static struct bw_finding *add(struct search *s, enum bw_finding_kind kind)
{
    s->has[kind] = true;
    s->found[kind] = (struct bw_finding){ .kind = kind };
    return &s->found[kind];
}

/* ---- changes of level and slope ---------------------------------------------------------- */

/* The least-squares line through the values of cells [from, to). */
struct line {
    double n;                  /* values */
    double slope, first, last; /* first and last: at cells `from` and `to` */
    double squares, products;  /* of residuals, and of neighbouring ones */
    double spread;             /* sum of squared distances of the cells from their mean */
};

static void fit_line(const double *x, size_t from, size_t to, struct line *line)
{
    double t_sum = 0, x_sum = 0, txy = 0;
    for (size_t i = from; i < to; i++) {
        if (isnan(x[i]))
            continue;
        line->n++;
        t_sum += (double)(i - from);
        x_sum += x[i];
    }
    const double mid = t_sum / fmax(line->n, 1), mean = x_sum / fmax(line->n, 1);
    for (size_t i = from; i < to; i++) {
        if (isnan(x[i]))
            continue;
        const double t = (double)(i - from) - mid;
        line->spread += t * t;
        txy += t * (x[i] - mean);
    }
    line->slope = line->spread > 0 ? txy / line->spread : 0;
    line->first = mean - line->slope * mid;
    line->last = line->first + line->slope * (double)(to - from);
}

static struct line line_through(const double *x, size_t from, size_t to)
{
    struct line line = { .n = 0 };
    double before = 0;
    fit_line(x, from, to, &line);
    for (size_t i = from; i < to; i++) {
        if (isnan(x[i]))
            continue;
        const double r = x[i] - line.first - line.slope * (double)(i - from);
        line.squares += r * r;
        line.products += r * before;
        before = r;
    }
    return line;
}

static double score(double size, double sd)
{
    if (!(sd > 0))
        return size != 0 ? Z_MAX : 0;
    return fmin(fabs(size) / sd, Z_MAX);
}

/* A change point, weighed. */
struct change {
    size_t at;
    struct line before, after;
    double jump, jump_sd, jump_score;
    double bend, bend_score;
    bool thin; /* too few independent values to tell */
};

/* A side that is short looks calmer than it is, one that is noisy is not calmed by the other. */
static double variance_of(const struct line *line, double pooled)
{
    return fmax(line->squares / fmax(line->n - 2, 1), pooled);
}

static struct change weigh(const struct search *s, size_t index)
{
    const struct bw_trend_exam *exam = s->exam;
    const size_t from = index > 0 ? exam->change[index - 1] : 0;
    const size_t to = index + 1 < exam->changes ? exam->change[index + 1] : s->grid->n;
    struct change c = { .at = exam->change[index] };
    c.before = line_through(s->smooth, from, c.at);
    c.after = line_through(s->smooth, c.at, to);
    const double n = c.before.n + c.after.n, squares = c.before.squares + c.after.squares;
    double r = squares > 0 ? (c.before.products + c.after.products) / squares : 0;
    r = bw_trend_clamp(r + 2 * (1 + 4 * r) / n, 0, 0.97); /* Kendall's bias, on either side */
    const double vif = (1 + r) / (1 - r);
    const double pooled = squares / fmax(n - 4, 1);
    const double before = vif * variance_of(&c.before, pooled);
    const double after = vif * variance_of(&c.after, pooled);
    const double grain = s->grid->grain;
    c.thin = n / vif < NEFF_MIN || c.before.n < SEGMENT_MIN || c.after.n < SEGMENT_MIN;
    c.jump = c.after.first - c.before.last;
    c.jump_sd = sqrt(4 * before / c.before.n + 4 * after / c.after.n);
    c.jump_score = fabs(c.jump) > grain ? score(c.jump, c.jump_sd) : 0;
    c.bend = c.after.slope - c.before.slope;
    const double bend_sd = sqrt(before / c.before.spread + after / c.after.spread);
    c.bend_score = fabs(c.bend) * n > grain ? score(c.bend, bend_sd) : 0;
    return c;
}

static bool is_jump(const struct change *c)
{
    return !c->thin && c->jump_score >= Z_MIN && c->jump_score >= c->bend_score;
}

static void find_level_shift(struct search *s, const struct change *c)
{
    const double unit = s->grid->unit;
    struct bw_finding *it = add(s, BW_FINDING_LEVEL_SHIFT);
    it->side = c->jump > 0 ? 1 : -1;
    it->at_ms = time_of(s, c->at);
    it->before = c->before.last * unit;
    it->after = c->after.first * unit;
    it->size = c->jump * unit;
    it->size_sd = c->jump_sd * unit;
    it->score = c->jump_score;
}

/* There and back: `out` and `home` follow each other. */
static bool find_recovery(struct search *s, const struct change *out, const struct change *home)
{
    const double left = home->after.first - out->before.last;
    if (!is_jump(out) || out->jump * home->jump >= 0 || fabs(left) > TAKEN_BACK * fabs(out->jump))
        return false;
    const double unit = s->grid->unit;
    struct bw_finding *it = add(s, BW_FINDING_RECOVERY);
    it->side = out->jump > 0 ? 1 : -1;
    it->at_ms = time_of(s, out->at);
    it->until_ms = time_of(s, home->at);
    it->before = home->after.first * unit;
    it->after = (out->after.first + out->after.last) / 2 * unit;
    it->size = it->after - it->before;
    it->size_sd = out->jump_sd * unit;
    it->score = fmin(out->jump_score, home->jump_score);
    return true;
}

static void find_slope_change(struct search *s, const struct change *c)
{
    const double per_second = s->grid->unit / seconds_of(s, 1);
    struct bw_finding *it = add(s, BW_FINDING_SLOPE_CHANGE);
    it->side = c->bend > 0 ? 1 : -1;
    it->at_ms = time_of(s, c->at);
    it->before = c->before.slope * per_second;
    it->after = c->after.slope * per_second;
    it->size = c->bend * per_second;
    it->score = c->bend_score;
}

/* The latest of each kind, among the last few. */
static void find_changes(struct search *s)
{
    const size_t count = s->exam->changes;
    for (size_t back = 0; back < count && back < CHANGES_SEEN; back++) {
        const size_t index = count - 1 - back;
        const struct change c = weigh(s, index);
        const bool moved = s->has[BW_FINDING_LEVEL_SHIFT] || s->has[BW_FINDING_RECOVERY];
        if (is_jump(&c) && !moved) {
            const struct change earlier = index > 0 ? weigh(s, index - 1) : c;
            if (index == 0 || !find_recovery(s, &earlier, &c))
                find_level_shift(s, &c);
            else
                back++;
        } else if (!is_jump(&c) && !c.thin && c.bend_score >= Z_MIN && !moved
                   && !s->has[BW_FINDING_SLOPE_CHANGE]) {
            find_slope_change(s, &c);
        }
    }
}

/* ---- seasons ----------------------------------------------------------------------------- */

/* The latest cell of the data in that phase. */
static size_t last_in_phase(const struct search *s, size_t period, size_t phase)
{
    const size_t last = s->grid->n - 1;
    return last - (last % period + period - phase) % period;
}

/* Means over an hour of a day: the extreme of a noisy index is not when a season peaks. */
static void find_extremes(const double *index, size_t period, size_t *out_low, size_t *out_high)
{
    const size_t half = period / 48;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < period; i++) {
        double sum = 0;
        for (size_t j = 0; j <= 2 * half; j++)
            sum += index[(i + period + j - half) % period];
        if (sum > high) {
            high = sum;
            *out_high = i;
        }
        if (sum < low) {
            low = sum;
            *out_low = i;
        }
    }
}

/* The probability that noise alone makes means of phases scatter so: F of the variance between
 * phases over that within, with as many degrees of freedom as phases are independent. */
static double season_chance(const struct search *s, size_t period, double variance, double strength)
{
    const struct bw_trend_slope *slope = &s->exam->slope;
    const double cycles = (double)s->grid->n / (double)period;
    if (cycles < CYCLES_MIN)
        return 1;
    const double noise = slope->sd * slope->sd, shrunk = strength * strength;
    if (!(noise > 0) || !(shrunk > 0))
        return variance > 0 ? 0 : 1;
    const double free = fmax((double)period / slope->vif, 1);
    return gsl_cdf_fdist_Q((cycles - 1) * variance / shrunk / noise, free, (cycles - 1) * free);
}

/* Two that nest are told as the one that explains more. */
static void find_season(struct search *s)
{
    const struct bw_trend_seasons *seasons = &s->exam->seasons;
    const double noise = s->exam->slope.sd * s->exam->slope.sd;
    double variances[BW_TREND_SEASONS_MAX] = { 0 }, sum = 0;
    size_t best = 0;
    for (size_t k = 0; k < seasons->count; k++) {
        for (size_t i = 0; i < seasons->period[k]; i++)
            variances[k] +=
                seasons->index[k][i] * seasons->index[k][i] / (double)seasons->period[k];
        sum += variances[k];
        best = variances[k] > variances[best] ? k : best;
    }
    const double share = sum > 0 ? variances[best] / (sum + noise) : 0;
    if (share < SEASON_SHARE_MIN)
        return;
    size_t low = 0, high = 0;
    const size_t period = seasons->period[best];
    const double chance = season_chance(s, period, variances[best], seasons->strength[best]);
    if (chance > CHANCE_MAX)
        return;
    find_extremes(seasons->index[best], period, &low, &high);
    struct bw_finding *it = add(s, BW_FINDING_SEASON);
    it->at_ms = time_of(s, last_in_phase(s, period, high));
    it->until_ms = time_of(s, last_in_phase(s, period, low));
    it->size = (seasons->index[best][high] - seasons->index[best][low]) * s->grid->unit;
    it->share = share;
    it->score = chance > 0 ? fmin(gsl_cdf_ugaussian_Qinv(chance), Z_MAX) : Z_MAX;
    it->period_s = seconds_of(s, (double)period);
}

/* ---- scatter ----------------------------------------------------------------------------- */

/* What is left around the lines of all regimes, prewhitened. */
struct shocks {
    size_t n;
    double *size;  /* [n] absolute */
    size_t *cells; /* [n] where */
    double r;      /* correlation of neighbours that was taken out */
};

/* Residuals of the values present; returns how many. */
static size_t residuals(const struct search *s, double *out, size_t *cells)
{
    const struct bw_trend_exam *exam = s->exam;
    size_t n = 0, from = 0;
    for (size_t k = 0; k <= exam->changes; k++) {
        const size_t to = k < exam->changes ? exam->change[k] : s->grid->n;
        const struct line line = line_through(s->smooth, from, to);
        for (size_t i = from; i < to; i++) {
            if (isnan(s->smooth[i]))
                continue;
            out[n] = s->smooth[i] - line.first - line.slope * (double)(i - from);
            cells[n++] = i;
        }
        from = to;
    }
    return n;
}

static struct shocks shocks_of(const struct search *s)
{
    struct shocks shocks = { .size = bw_arena_array(s->arena, s->grid->n, sizeof(double)),
                             .cells = bw_arena_array(s->arena, s->grid->n, sizeof(size_t)) };
    shocks.n = residuals(s, shocks.size, shocks.cells);
    double squares = 0, products = 0;
    for (size_t i = 0; i < shocks.n; i++) {
        squares += shocks.size[i] * shocks.size[i];
        products += i > 0 ? shocks.size[i] * shocks.size[i - 1] : 0;
    }
    shocks.r = squares > 0 ? bw_trend_clamp(products / squares, 0, 0.97) : 0;
    for (size_t i = shocks.n; i-- > 1;)
        shocks.size[i] = fabs(shocks.size[i] - shocks.r * shocks.size[i - 1]);
    if (shocks.n > 0)
        shocks.size[0] = fabs(shocks.size[0]) * sqrt(1 - shocks.r * shocks.r);
    return shocks;
}

/* Where cumulated |shocks| depart farthest from a straight line; *out_statistic is that distance as
 * Kolmogorov's statistic. */
static size_t farthest_departure(const double *a, size_t n, double *out_statistic)
{
    const double mean = bw_trend_mean(a, n), sd = bw_trend_sd(a, n);
    double sum = 0, farthest = 0;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] - mean;
        if (fabs(sum) > farthest && i + 1 >= SIDE_MIN && i + 1 + SIDE_MIN <= n) {
            farthest = fabs(sum);
            at = i + 1;
        }
    }
    *out_statistic = sd > 0 ? farthest / (sd * sqrt((double)n)) : 0;
    return at;
}

/* The neighbours' correlation of a[n] around its mean, not below 0. */
static double persistence(const double *a, size_t n)
{
    const double mean = bw_trend_mean(a, n);
    double squares = 0, products = 0;
    for (size_t i = 0; i < n; i++) {
        squares += (a[i] - mean) * (a[i] - mean);
        products += i > 0 ? (a[i] - mean) * (a[i - 1] - mean) : 0;
    }
    return squares > 0 ? bw_trend_clamp(products / squares, 0, 0.95) : 0;
}

static void find_scatter_change(struct search *s)
{
    const struct shocks shocks = shocks_of(s);
    const double *a = shocks.size;
    const size_t n = shocks.n;
    double statistic;
    const size_t at = farthest_departure(a, n, &statistic);
    if (at == 0)
        return;
    /* Bursts: the persistence within both sides, where there is no step, widens the bridge. */
    const double r = fmax(persistence(a, at), persistence(a + at, n - at));
    statistic *= sqrt((1 - r) / (1 + r));
    const double before = bw_trend_mean(a, at), after = bw_trend_mean(a + at, n - at);
    if (statistic < KOLMOGOROV_1000 || fmax(before, after) < SCATTER_MIN * fmin(before, after))
        return;
    /* The mean of |x| of a normal x is sqrt(2/pi) sd; noise is sd / sqrt(1 - r^2) of its shocks. */
    const double to_sd = sqrt(M_PI / 2) / sqrt(1 - shocks.r * shocks.r) * s->grid->unit;
    struct bw_finding *it = add(s, BW_FINDING_SCATTER_CHANGE);
    it->side = after > before ? 1 : -1;
    it->at_ms = time_of(s, shocks.cells[at]);
    it->before = before * to_sd;
    it->after = after * to_sd;
    it->size = it->after - it->before;
    it->score = fmin(2 * statistic, Z_MAX); /* P(sup > x) is about 2 exp(-2 x^2) */
}

/* ---- standstill -------------------------------------------------------------------------- */

/* Runs of equal neighbours of the values present. */
struct runs {
    double last;
    size_t end, end_first; /* length and first cell of the run that the series ends with */
    size_t longest;        /* of the others */
    size_t pairs, equal;   /* neighbours before the last run, and those that are equal */
    double low, high;      /* of the values before it */
};

static struct runs runs_of(const struct bw_trend_grid *grid)
{
    struct runs runs = { .last = NAN, .low = INFINITY, .high = -INFINITY };
    size_t run = 0, first = 0;
    double begun = NAN;
    for (size_t i = 0; i < grid->n; i++) {
        const double x = grid->y[i];
        if (isnan(x))
            continue;
        if (run > 0 && fabs(x - begun) <= grid->grain) {
            run++;
            continue;
        }
        if (run > 0) {
            runs.longest = run > runs.longest ? run : runs.longest;
            runs.pairs += run;
            runs.equal += run - 1;
            runs.low = fmin(runs.low, begun);
            runs.high = fmax(runs.high, begun);
        }
        run = 1;
        begun = x;
        first = i;
    }
    runs.last = begun;
    runs.end = run;
    runs.end_first = first;
    return runs;
}

static void find_standstill(struct search *s)
{
    const struct runs runs = runs_of(s->grid);
    if (runs.end < STILL_MIN || runs.pairs < STILL_MIN || runs.end < STILL_FACTOR * runs.longest)
        return;
    const double repeats = ((double)runs.equal + 1) / ((double)runs.pairs + 2);
    if ((double)s->grid->present * pow(repeats, (double)runs.end - 1) > CHANCE_MAX)
        return;
    struct bw_finding *it = add(s, BW_FINDING_STANDSTILL);
    it->side = (runs.last >= runs.high) - (runs.last <= runs.low);
    it->at_ms = time_of(s, runs.end_first);
    it->after = runs.last * s->grid->unit;
    it->times = (unsigned)runs.end;
}

/* ---- sawtooth, spikes, gaps -------------------------------------------------------------- */

/* The distance of events at rising cells, if they are regular: none farther than a fifth from the
 * median. 0 otherwise. */
static double beat(struct bw_arena *arena, const size_t *at, size_t count)
{
    if (count < FALLS_MIN)
        return 0;
    double *gaps = bw_arena_array(arena, count, sizeof *gaps);
    for (size_t i = 1; i < count; i++)
        gaps[i - 1] = (double)(at[i] - at[i - 1]);
    const double middle = bw_trend_median(gaps, count - 1);
    for (size_t i = 0; i + 1 < count; i++)
        if (fabs(gaps[i] - middle) > fmax(0.2 * middle, 1))
            return 0;
    return middle;
}

static void range_of(const double *x, size_t n, double *out_low, double *out_high)
{
    *out_low = INFINITY;
    *out_high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        *out_low = fmin(*out_low, x[i]);
        *out_high = fmax(*out_high, x[i]);
    }
}

/* Falls of half the range within two cells, which a mean may lie between, and of eight robust
 * deviations of such moves; none when some go up and some down. `work` has room for 2 n. */
static size_t find_falls(const double *x, size_t n, size_t at[FALLS_MAX], int *out_side,
                         double *work)
{
    double low, high;
    size_t count = 0;
    range_of(x, n, &low, &high);
    *out_side = 0;
    for (size_t i = 2; i < n; i++)
        work[i - 2] = x[i] - x[i - 2];
    const double least = fmax((high - low) / 2, MOVES_FAR * bw_trend_mad(work, n - 2, work + n));
    for (size_t i = 2; i < n && count < FALLS_MAX; i++) {
        const double move = x[i] - x[i - 2];
        if (!(fabs(move) > least))
            continue;
        const int side = move > 0 ? 1 : -1;
        if (*out_side == -side) {
            *out_side = 0;
            return 0;
        }
        *out_side = side;
        at[count++] = fabs(x[i] - x[i - 1]) > fabs(x[i - 1] - x[i - 2]) ? i : i - 1;
        i++; /* the same fall, seen again */
    }
    return count;
}

static void find_sawtooth(struct search *s)
{
    size_t at[FALLS_MAX];
    int side;
    double *work = bw_arena_array(s->arena, 2 * s->grid->n, sizeof *work);
    const size_t count = find_falls(s->grid->fit, s->grid->n, at, &side, work);
    if (count < FALLS_MIN)
        return;
    const double *x = s->grid->fit;
    const size_t last = at[count - 1];
    struct bw_finding *it = add(s, BW_FINDING_SAWTOOTH);
    it->side = side;
    it->times = (unsigned)count;
    it->at_ms = time_of(s, last);
    it->size = (x[last] - x[last - 1]) * s->grid->unit;
    it->period_s = seconds_of(s, beat(s->arena, at, count));
}

static void find_spikes(struct search *s)
{
    const struct bw_trend_grid *grid = s->grid;
    size_t *at = bw_arena_array(s->arena, grid->n, sizeof *at);
    size_t count = 0, farthest = 0;
    for (size_t i = 0; i < grid->n; i++) {
        const double away = fabs(grid->y[i] - grid->fit[i]);
        if (isnan(grid->y[i]) || !(away > 0))
            continue;
        if (count > 0 && i - at[count - 1] <= 1)
            at[count - 1] = i; /* one spike of several cells */
        else
            at[count++] = i;
        if (count == 1 || away > fabs(grid->y[farthest] - grid->fit[farthest]))
            farthest = i;
    }
    if (count == 0)
        return;
    struct bw_finding *it = add(s, BW_FINDING_SPIKES);
    it->side = grid->y[farthest] > grid->fit[farthest] ? 1 : -1;
    it->times = (unsigned)count;
    it->at_ms = time_of(s, farthest);
    it->before = grid->fit[farthest] * grid->unit;
    it->after = grid->y[farthest] * grid->unit;
    it->size = it->after - it->before;
    it->period_s = seconds_of(s, beat(s->arena, at, count));
}

/* The longest one. A series that has gaps everywhere has none that is worth a word. */
static void find_gap(struct search *s)
{
    const struct bw_trend_grid *grid = s->grid;
    size_t longest = 0, end = 0, run = 0;
    for (size_t i = 0; i < grid->n; i++) {
        run = isnan(grid->y[i]) ? run + 1 : 0;
        if (run > longest) {
            longest = run;
            end = i + 1;
        }
    }
    const size_t others = grid->n - grid->present - longest;
    if (longest < GAP_MIN || others * 10 > grid->present)
        return;
    struct bw_finding *it = add(s, BW_FINDING_GAP);
    it->at_ms = time_of(s, end - longest);
    it->until_ms = time_of(s, end);
}

/* ---- all of it --------------------------------------------------------------------------- */

static void make_smooth(struct search *s)
{
    s->smooth = bw_arena_array(s->arena, s->grid->n, sizeof *s->smooth);
    for (size_t i = 0; i < s->grid->n; i++)
        s->smooth[i] =
            isnan(s->grid->y[i]) ? NAN : s->grid->fit[i] - bw_trend_season_at(&s->exam->seasons, i);
}

/* What another finding says better. */
static void leave_out(struct search *s)
{
    if (s->has[BW_FINDING_SAWTOOTH])
        s->has[BW_FINDING_LEVEL_SHIFT] = s->has[BW_FINDING_RECOVERY] =
            s->has[BW_FINDING_SLOPE_CHANGE] = s->has[BW_FINDING_SEASON] =
                s->has[BW_FINDING_SCATTER_CHANGE] = false;
    if (s->has[BW_FINDING_STANDSTILL])
        s->has[BW_FINDING_SCATTER_CHANGE] = false;
    if (s->has[BW_FINDING_SCATTER_CHANGE])
        s->has[BW_FINDING_SPIKES] = false;
}

/* What left the range of doubles stays at its end. */
static struct bw_finding sane(struct bw_finding it)
{
    double *const reals[] = { &it.before, &it.after, &it.size, &it.size_sd };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        *reals[i] = isnan(*reals[i]) ? 0 : bw_trend_clamp(*reals[i], -DBL_MAX, DBL_MAX);
    return it;
}

size_t bw_trend_find(struct bw_arena *arena, const struct bw_trend_exam *exam,
                     struct bw_finding *out)
{
    struct search s = { .arena = arena, .exam = exam, .grid = exam->grid };
    if (exam->grid->resets > 0)
        add(&s, BW_FINDING_RESETS)->times = (unsigned)exam->grid->resets;
    if (!exam->grid->constant && exam->grid->present >= VALUES_MIN) {
        make_smooth(&s);
        find_changes(&s);
        find_season(&s);
        find_scatter_change(&s);
        find_standstill(&s);
        find_sawtooth(&s);
        find_spikes(&s);
        find_gap(&s);
        leave_out(&s);
    }
    size_t count = 0;
    for (size_t kind = 0; kind < BW_FINDING_KIND_COUNT && count < BW_FINDINGS_MAX; kind++)
        if (s.has[kind])
            out[count++] = sane(s.found[kind]);
    return count;
}
