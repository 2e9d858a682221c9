// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/finding.h"

#include "trend/finding_parts.h"
#include "trend/robust.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

enum { VALUES_MIN = 20, STILL_MIN = 8, STILL_FACTOR = 3 };
enum { RESTARTS_MIN = 2, REGULAR_MIN = 3, GAP_MIN = 5 };

#define CYCLES_MIN 2.0
#define SEASON_SHARE_MIN 0.125
#define APART 2.0

struct bw_finding *bw_finding_add(struct bw_finding_search *s, enum bw_finding_kind kind)
{
    s->has[kind] = true;
    s->found[kind] = (struct bw_finding){ .kind = kind };
    return &s->found[kind];
}

int64_t bw_finding_time(const struct bw_finding_search *s, size_t cell)
{
    return s->grid->start_ms + (int64_t)cell * s->grid->step_ms;
}

double bw_finding_seconds(const struct bw_finding_search *s, double cells)
{
    return cells * (double)s->grid->step_ms / 1000;
}

/* ---- seasons ----------------------------------------------------------------------------- */

/* The latest cell of the data in that phase. */
static size_t last_in_phase(const struct bw_finding_search *s, size_t period, size_t phase)
{
    const size_t last = s->grid->n - 1;
    return last - (last % period + period - phase) % period;
}

/* Means over three hours of a day: the extreme of a noisy index is not when a season peaks. */
static void find_extremes(const double *index, size_t period, size_t *out_low, size_t *out_high)
{
    const size_t half = period / 16;
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
 * phases over that within, with as many degrees of freedom as phases are independent. `strength` is
 * signal / (signal + residual); the means scatter by the signal and by the residual over cycles. */
static double season_chance(const struct bw_finding_search *s, size_t period, double strength)
{
    const double cycles = (double)s->grid->n / (double)period;
    if (cycles < CYCLES_MIN || !(strength > 0))
        return 1;
    const double free = fmax((double)period / s->exam->slope.vif, 1);
    const double f = (cycles - 1) * (strength / fmax(1 - strength, 1e-9) + 1 / cycles);
    return gsl_cdf_fdist_Q(f, free, (cycles - 1) * free);
}

/* The index with what is left of it around the regimes' lines: a shift of the level in one of the
 * cycles bends the index of all. */
static double *straightened(struct bw_finding_search *s, const double *index, size_t period)
{
    const size_t n = s->grid->n;
    double *left = bw_arena_array(s->arena, n, sizeof *left);
    size_t *cells = bw_arena_array(s->arena, n, sizeof *cells);
    double *sums = bw_arena_array(s->arena, period, sizeof *sums);
    double *counts = bw_arena_array(s->arena, period, sizeof *counts);
    const size_t count = bw_finding_residuals(s, left, cells);
    for (size_t i = 0; i < count; i++) {
        sums[cells[i] % period] += left[i];
        counts[cells[i] % period]++;
    }
    for (size_t p = 0; p < period; p++)
        sums[p] = index[p] + sums[p] / fmax(counts[p], 1);
    return sums;
}

/* Two that nest are told as the one that explains more. */
static void find_season(struct bw_finding_search *s)
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
    const double chance = season_chance(s, period, seasons->strength[best]);
    if (chance > BW_FINDING_CHANCE_MAX)
        return;
    const double *index = straightened(s, seasons->index[best], period);
    find_extremes(index, period, &low, &high);
    struct bw_finding *it = bw_finding_add(s, BW_FINDING_SEASON);
    it->at_ms = bw_finding_time(s, last_in_phase(s, period, high));
    it->until_ms = bw_finding_time(s, last_in_phase(s, period, low));
    it->size = (index[high] - index[low]) * s->grid->unit;
    it->share = share;
    it->score = chance > 0 ? fmin(gsl_cdf_ugaussian_Qinv(chance), BW_FINDING_SCORE_MAX)
                           : BW_FINDING_SCORE_MAX;
    it->period_s = bw_finding_seconds(s, (double)period);
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

static void find_standstill(struct bw_finding_search *s)
{
    const struct runs runs = runs_of(s->grid);
    if (runs.end < STILL_MIN || runs.pairs < STILL_MIN || runs.end < STILL_FACTOR * runs.longest)
        return;
    const double repeats = ((double)runs.equal + 1) / ((double)runs.pairs + 2);
    if ((double)s->grid->present * pow(repeats, (double)runs.end - 1) > BW_FINDING_CHANCE_MAX)
        return;
    struct bw_finding *it = bw_finding_add(s, BW_FINDING_STANDSTILL);
    it->side = (runs.last >= runs.high) - (runs.last <= runs.low);
    it->at_ms = bw_finding_time(s, runs.end_first);
    it->after = runs.last * s->grid->unit;
    it->times = (unsigned)runs.end;
}

/* ---- sawtooth, spikes, gaps -------------------------------------------------------------- */

/* The distance of events at rising cells, if they are regular: none farther than a fifth from the
 * median. 0 otherwise. */
static double beat(struct bw_arena *arena, const size_t *at, size_t count)
{
    if (count < REGULAR_MIN)
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

/* Whether a season falls, or jumps, by half its swing within two cells, which a mean may lie
 * between. */
static bool is_torn(const double *index, size_t period)
{
    double low = INFINITY, high = -INFINITY, most = 0;
    for (size_t i = 0; i < period; i++) {
        low = fmin(low, index[i]);
        high = fmax(high, index[i]);
        most = fmax(most, fabs(index[(i + 2) % period] - index[i]));
    }
    return most > (high - low) / 2;
}

/* A season swallows restarts that are as regular as itself: then they are looked for where it is
 * still in. */
static void find_sawtooth(struct bw_finding_search *s)
{
    struct bw_trend_restarts restarts = s->exam->restarts;
    const struct bw_trend_seasons *seasons = &s->exam->seasons;
    if (restarts.count == 0 && seasons->count > 0 && is_torn(seasons->index[0], seasons->period[0]))
        bw_trend_restarts_find(s->arena, s->grid->fit, s->grid->n, &restarts);
    if (restarts.count < RESTARTS_MIN)
        return;
    const size_t last = restarts.count - 1;
    struct bw_finding *it = bw_finding_add(s, BW_FINDING_SAWTOOTH);
    it->side = -restarts.side;
    it->times = (unsigned)restarts.count;
    it->at_ms = bw_finding_time(s, restarts.at[last]);
    it->size = -restarts.side * restarts.height[last] * s->grid->unit;
    it->period_s = bw_finding_seconds(s, beat(s->arena, restarts.at, restarts.count));
}

/* Cells whose value the grid took for a spike. */
static size_t spiky_cells(const struct bw_trend_grid *grid, size_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < grid->n; i++)
        if (!isnan(grid->y[i]) && grid->y[i] != grid->fit[i])
            out[count++] = i;
    return count;
}

static double away(const struct bw_trend_grid *grid, size_t cell)
{
    return fabs(grid->y[cell] - grid->fit[cell]);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How far a value must stand out to be told: there is a gap of its own size between it and what is
 * usual, the third largest step of all others (two may be shifts of the level). A metric whose
 * values are wild throughout has no such gap. `cells` stand out from what surrounds them. */
static double outstanding(struct bw_finding_search *s, const size_t *cells, size_t count)
{
    const struct bw_trend_grid *grid = s->grid;
    double *work = bw_arena_array(s->arena, grid->n, sizeof *work);
    for (size_t i = 1; i < grid->n; i++)
        work[i - 1] = -fabs(grid->fit[i] - grid->fit[i - 1]);
    double usual = -bw_trend_kth(work, grid->n - 1, 2);
    for (size_t k = 0; k < count; k++)
        work[k] = away(grid, cells[k]);
    qsort(work, count, sizeof *work, by_size);
    for (size_t k = 0; k < count && work[k] <= APART * usual; k++)
        usual = fmax(usual, work[k]);
    return APART * usual;
}

static void find_spikes(struct bw_finding_search *s)
{
    const struct bw_trend_grid *grid = s->grid;
    size_t *at = bw_arena_array(s->arena, grid->n, sizeof *at);
    const size_t cells = spiky_cells(grid, at);
    if (cells == 0)
        return;
    const double least = outstanding(s, at, cells);
    size_t count = 0, farthest = at[0];
    for (size_t k = 0; k < cells; k++) {
        const size_t i = at[k];
        if (!(away(grid, i) > least))
            continue;
        if (count == 0 || away(grid, i) > away(grid, farthest))
            farthest = i;
        if (count > 0 && i - at[count - 1] <= 1)
            at[count - 1] = i; /* one spike of several cells */
        else
            at[count++] = i;
    }
    if (count == 0)
        return;
    struct bw_finding *it = bw_finding_add(s, BW_FINDING_SPIKES);
    it->side = grid->y[farthest] > grid->fit[farthest] ? 1 : -1;
    it->times = (unsigned)count;
    it->at_ms = bw_finding_time(s, farthest);
    it->before = grid->fit[farthest] * grid->unit;
    it->after = grid->y[farthest] * grid->unit;
    it->size = it->after - it->before;
    it->period_s = bw_finding_seconds(s, beat(s->arena, at, count));
}

/* The longest one. A series that has gaps everywhere has none that is worth a word. */
static void find_gap(struct bw_finding_search *s)
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
    struct bw_finding *it = bw_finding_add(s, BW_FINDING_GAP);
    it->at_ms = bw_finding_time(s, end - longest);
    it->until_ms = bw_finding_time(s, end);
}

/* ---- all of it --------------------------------------------------------------------------- */

static void make_smooth(struct bw_finding_search *s)
{
    s->smooth = bw_arena_array(s->arena, s->grid->n, sizeof *s->smooth);
    for (size_t i = 0; i < s->grid->n; i++)
        s->smooth[i] =
            isnan(s->grid->y[i]) ? NAN : s->grid->fit[i] - bw_trend_season_at(&s->exam->seasons, i);
}

/* What another finding says better. */
static void leave_out(struct bw_finding_search *s)
{
    static const struct {
        enum bw_finding_kind of, by;
    } pairs[] = {
        { BW_FINDING_LEVEL_SHIFT, BW_FINDING_SAWTOOTH },
        { BW_FINDING_RECOVERY, BW_FINDING_SAWTOOTH },
        { BW_FINDING_SLOPE_CHANGE, BW_FINDING_SAWTOOTH },
        { BW_FINDING_SEASON, BW_FINDING_SAWTOOTH },
        { BW_FINDING_SCATTER_CHANGE, BW_FINDING_SAWTOOTH },
        { BW_FINDING_SPIKES, BW_FINDING_SAWTOOTH },
        { BW_FINDING_SLOPE_CHANGE, BW_FINDING_STANDSTILL },
        { BW_FINDING_SCATTER_CHANGE, BW_FINDING_STANDSTILL },
        { BW_FINDING_SPIKES, BW_FINDING_SCATTER_CHANGE },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (s->has[pairs[i].by])
            s->has[pairs[i].of] = false;
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
    struct bw_finding_search s = { .arena = arena, .exam = exam, .grid = exam->grid };
    if (exam->grid->resets > 0)
        bw_finding_add(&s, BW_FINDING_RESETS)->times = (unsigned)exam->grid->resets;
    if (!exam->grid->constant && exam->grid->present >= VALUES_MIN) {
        make_smooth(&s);
        bw_finding_changes(&s);
        find_season(&s);
        bw_finding_scatter(&s);
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
