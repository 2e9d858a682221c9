// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/statement.h"

#include "trend/examine.h"
#include "trend/robust.h"
#include "trend/scratch.h"

#include <float.h>
#include <math.h>

/* Normal quantiles: within which noise alone stays in 99 cases of 100, and what it exceeds in one
 * of 20 on a given side. */
#define FLAT_SCORE 2.576
#define HIDDEN_SCORE 1.645
#define TREND_MARGIN 0.1 /* of the noise's standard deviation */
#define KNOWN_LEAST 0.5  /* share of the cells */

/* ---- saying ------------------------------------------------------------------------------ */

struct saying {
    const struct bw_trend_exam *exam;
    const struct bw_trend_record *record;
    struct bw_statement *out;
    size_t count;
};

static double in_units(const struct saying *s, double value)
{
    return bw_trend_clamp(value * s->exam->grid->unit, -DBL_MAX, DBL_MAX);
}

static struct bw_statement *say(struct saying *s, enum bw_statement_kind kind, int64_t horizon_ms,
                                size_t cells)
{
    const struct bw_trend_grid *grid = s->exam->grid;
    struct bw_statement *out = &s->out[s->count++];
    const int64_t from_ms = grid->start_ms + (int64_t)(grid->n - 1) * grid->step_ms;
    *out = (struct bw_statement){
        .series = s->record->series,
        .kind = kind,
        .horizon_ms = horizon_ms,
        .from_ms = from_ms,
        .deadline_ms = from_ms + (int64_t)cells * grid->step_ms,
        .step_ms = grid->step_ms,
        .counter = s->exam->counter,
        .believed_ratio = NAN,
        .stated_ratio = NAN,
        .level = NAN,
        .margin = NAN,
        .p2_5 = NAN,
        .p10 = NAN,
        .p50 = NAN,
        .p90 = NAN,
        .p97_5 = NAN,
        .naive = NAN,
    };
    return out;
}

/* The mean of the last `cells`, and what the season adds to that of the next; NaN when too little
 * is known. */
static double expected_mean(const struct bw_trend_exam *exam, size_t cells)
{
    const struct bw_trend_grid *grid = exam->grid;
    double mean = 0, season = 0;
    size_t known = 0;
    for (size_t i = grid->n - cells; i < grid->n; i++) {
        season +=
            (bw_trend_season_at(&exam->seasons, i + cells) - bw_trend_season_at(&exam->seasons, i))
            / (double)cells;
        if (!isnan(grid->y[i]))
            mean += (grid->y[i] - mean) / (double)++known;
    }
    return (double)known >= KNOWN_LEAST * (double)cells ? mean + season : NAN;
}

static void say_direction(struct saying *s, int64_t horizon_ms, size_t cells)
{
    const struct bw_trend_exam *exam = s->exam;
    const struct bw_trend_slope *slope = &exam->slope;
    if (cells > exam->grid->n - exam->regime)
        return;
    const double level = expected_mean(exam, cells);
    const bool flat = exam->verdict.direction == BW_FLAT;
    /* The standard deviation of the difference of two means of so many correlated values. */
    const double noise = slope->sd * sqrt(2 * fmin(1, slope->vif / (double)cells));
    const double least = TREND_MARGIN * slope->sd;
    const double moved = fabs(slope->per_cell) * (double)cells;
    if (isnan(level) || (!flat && moved < least + HIDDEN_SCORE * noise))
        return;
    struct bw_statement *out =
        say(s, flat ? BW_STATEMENT_FLAT : BW_STATEMENT_TREND, horizon_ms, cells);
    out->believed_ratio = out->stated_ratio = exam->verdict.confidence_ratio;
    out->side = flat ? 0 : exam->verdict.direction == BW_RISING ? 1 : -1;
    out->level = in_units(s, level);
    out->margin = in_units(s, flat ? fmax(FLAT_SCORE * noise, exam->grid->grain) : least);
}

/* What is asked about a threshold, answered. */
static void say_threshold(struct saying *s, const struct bw_trend_question *question, size_t cells)
{
    const double ratio = question->crossing_ratio;
    if (question->side == 0 || !(ratio > 0 && ratio < 1))
        return;
    struct bw_statement *out = say(s, BW_STATEMENT_THRESHOLD, question->within_ms, cells);
    out->believed_ratio = out->stated_ratio = ratio;
    out->side = question->side;
    out->level = question->threshold;
}

static void say_forecast(struct saying *s, size_t horizon, size_t cells, const double *wide)
{
    const struct bw_trend_horizon *said = &s->record->horizons[horizon];
    if (isnan(said->p50))
        return;
    struct bw_statement *out = say(s, BW_STATEMENT_FORECAST, said->horizon_ms, cells);
    out->believed_ratio = out->stated_ratio = 0.8;
    out->p2_5 = wide[0];
    out->p10 = said->p10;
    out->p50 = said->p50;
    out->p90 = said->p90;
    out->p97_5 = wide[1];
    out->naive = in_units(s, s->exam->grid->y[s->exam->grid->n - 1]);
}

size_t bw_trend_statements(const struct bw_trend_scratch *scratch,
                           const struct bw_trend_record *record, struct bw_statement *out)
{
    struct saying s = { .exam = scratch->exam, .record = record, .out = out };
    if (s.exam == NULL || s.exam->grid->constant)
        return 0;
    const struct bw_trend_grid *grid = s.exam->grid;
    for (size_t i = 0; i < record->horizon_count; i++) {
        const struct bw_trend_question question = {
            .threshold = record->threshold,
            .side = record->side,
            .within_ms = record->horizons[i].horizon_ms,
            .crossing_ratio = record->horizons[i].crossing_ratio,
        };
        const size_t cells = bw_trend_grid_cells(grid, question.within_ms);
        if (cells > grid->n)
            continue;
        if (record->direction != BW_UNDETERMINED)
            say_direction(&s, question.within_ms, cells);
        say_threshold(&s, &question, cells);
        say_forecast(&s, i, cells, scratch->wide[i]);
    }
    return s.count;
}

bool bw_trend_statement_of(const struct bw_trend_scratch *scratch,
                           const struct bw_trend_record *record,
                           const struct bw_trend_question *question, struct bw_statement *out)
{
    struct saying s = { .exam = scratch->exam, .record = record, .out = out };
    if (s.exam == NULL || s.exam->grid->constant || question->within_ms <= 0)
        return false;
    const size_t cells = bw_trend_grid_cells(s.exam->grid, question->within_ms);
    if (cells <= s.exam->grid->n)
        say_threshold(&s, question, cells);
    return s.count > 0;
}

/* ---- judging ----------------------------------------------------------------------------- */

/* The cells that a statement is about: [count] means, NaN where nothing came. */
struct cells {
    double *mean;
    size_t count, known;
};

/* NaN where a counter was reset, or has no value before. */
static double rate(const struct bw_point *before, const struct bw_point *now)
{
    if (before == NULL || now->value < before->value || now->ts_ms <= before->ts_ms)
        return NAN;
    const double seconds = (double)(now->ts_ms - before->ts_ms) / 1000;
    return bw_trend_clamp(2 * ((now->value / 2 - before->value / 2) / seconds), -DBL_MAX, DBL_MAX);
}

/* The distance that most points have from the one before, at most a cell. */
static int64_t usual_gap_ms(struct bw_arena *arena, const struct bw_statement *s,
                            const struct bw_point *points, size_t count)
{
    double *gaps = bw_arena_array(arena, count + 1, sizeof *gaps);
    size_t n = 0;
    for (size_t i = 1; i < count; i++)
        if (points[i].ts_ms > s->from_ms && points[i].ts_ms <= s->deadline_ms)
            gaps[n++] = (double)(points[i].ts_ms - points[i - 1].ts_ms);
    const double gap = n > 0 ? bw_trend_median(gaps, n) : 0;
    return gap < (double)s->step_ms ? (int64_t)gap : s->step_ms;
}

static void put(struct cells *cells, double *counts, size_t at, double value)
{
    cells->known += counts[at] > 0 ? 0 : 1;
    counts[at] += 1;
    cells->mean[at] =
        counts[at] > 1 ? cells->mean[at] + (value - cells->mean[at]) / counts[at] : value;
}

/* A cell ends at its time, as the means do that analyses are made of; points that come a little
 * early or late still belong to the cell that was theirs. */
static struct cells gather(struct bw_arena *arena, const struct bw_statement *s,
                           const struct bw_point *points, size_t count)
{
    struct cells cells = { .count = (size_t)((s->deadline_ms - s->from_ms) / s->step_ms) };
    const int64_t late_ms = usual_gap_ms(arena, s, points, count) / 2;
    double *counts = bw_arena_array(arena, cells.count, sizeof *counts);
    cells.mean = bw_arena_array(arena, cells.count, sizeof *cells.mean);
    for (size_t i = 0; i < cells.count; i++)
        cells.mean[i] = NAN;
    const struct bw_point *before = NULL;
    for (size_t i = 0; i < count && points[i].ts_ms <= s->deadline_ms + late_ms; i++) {
        const struct bw_point *point = &points[i];
        if (!isfinite(point->value))
            continue;
        const double value = s->counter ? rate(before, point) : point->value;
        const int64_t after_ms = point->ts_ms - late_ms - s->from_ms;
        before = point;
        if (after_ms > 0 && !isnan(value))
            put(&cells, counts, (size_t)((after_ms - 1) / s->step_ms), value);
    }
    return cells;
}

static enum bw_statement_outcome told(bool holds)
{
    return holds ? BW_STATEMENT_TRUE : BW_STATEMENT_FALSE;
}

static enum bw_statement_outcome judge_mean(const struct bw_statement *s, const struct cells *cells,
                                            double *out_value)
{
    double mean = 0;
    size_t known = 0;
    for (size_t i = 0; i < cells->count; i++)
        if (!isnan(cells->mean[i]))
            mean += (cells->mean[i] - mean) / (double)++known;
    *out_value = mean;
    const double moved = mean - s->level;
    if (s->kind == BW_STATEMENT_TREND)
        return told(s->side * moved > s->margin);
    /* Sums of the same values in another order differ in their last places. */
    return told(fabs(moved) <= s->margin + 1e-12 * fabs(s->level));
}

static enum bw_statement_outcome judge_threshold(const struct bw_statement *s,
                                                 const struct cells *cells, double *out_value)
{
    (void)out_value;
    for (size_t i = 0; i < cells->count; i++)
        if (s->side * (cells->mean[i] - s->level) >= 0)
            return BW_STATEMENT_TRUE;
    return BW_STATEMENT_FALSE;
}

static enum bw_statement_outcome judge_forecast(const struct bw_statement *s,
                                                const struct cells *cells, double *out_value)
{
    const double value = cells->mean[cells->count - 1];
    *out_value = value;
    return isnan(value) ? BW_STATEMENT_UNTOLD : told(s->p10 <= value && value <= s->p90);
}

enum bw_statement_outcome bw_trend_statement_judge(struct bw_arena *arena,
                                                   const struct bw_statement *s,
                                                   const struct bw_point *points, size_t count,
                                                   double *out_value)
{
    static enum bw_statement_outcome (*const judges[BW_STATEMENT_KIND_COUNT])(
        const struct bw_statement *, const struct cells *, double *) = {
        [BW_STATEMENT_FLAT] = judge_mean,
        [BW_STATEMENT_TREND] = judge_mean,
        [BW_STATEMENT_THRESHOLD] = judge_threshold,
        [BW_STATEMENT_FORECAST] = judge_forecast,
    };
    *out_value = NAN;
    if (s->step_ms <= 0 || s->deadline_ms <= s->from_ms
        || (s->deadline_ms - s->from_ms) / s->step_ms > BW_TREND_CELLS_MAX
        || (s->deadline_ms - s->from_ms) / s->step_ms == 0)
        return BW_STATEMENT_UNTOLD;
    const struct cells cells = gather(arena, s, points, count);
    const bool enough = (double)cells.known >= KNOWN_LEAST * (double)cells.count;
    return enough || (s->kind == BW_STATEMENT_FORECAST && cells.known > 0)
               ? judges[s->kind](s, &cells, out_value)
               : BW_STATEMENT_UNTOLD;
}

double bw_trend_statement_share(const struct bw_statement *forecast, double value)
{
    /* Halves, so that the difference of the largest doubles is one. */
    const double error = fabs(value / 2 - forecast->p50 / 2);
    const double naive = fabs(value / 2 - forecast->naive / 2);
    const double largest = fmax(error, naive);
    return largest > 0 ? error / largest / (error / largest + naive / largest) : 0.5;
}
