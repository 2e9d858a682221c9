// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/analyse.h"

#include "base/limits.h"
#include "base/text.h"
#include "trend/adapt.h"
#include "trend/examine.h"
#include "trend/finding.h"
#include "trend/forecast.h"
#include "trend/picture.h"
#include "trend/robust.h"
#include "trend/scratch.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

enum { FORECAST_VALUES_MIN = 8 };

/* A finite number again: what left the range of doubles stays at its end. */
static double sane(double x, double unit)
{
    return bw_trend_clamp(x * unit, -DBL_MAX, DBL_MAX);
}

enum bw_rc bw_trend_request_check(const struct bw_trend_request *request, struct bw_err *err)
{
    if (request->horizon_count > BW_TREND_HORIZONS_MAX)
        return bw_fail(err, BW_EINVAL, "%zu horizons: at most %d fit", request->horizon_count,
                       BW_TREND_HORIZONS_MAX);
    for (size_t i = 0; i < request->horizon_count; i++)
        if (request->horizons_ms[i] <= 0)
            return bw_fail(err, BW_EINVAL, "a horizon must lie in the future");
    if (request->season == BW_TREND_SEASON_FIXED && request->season_ms <= 0)
        return bw_fail(err, BW_EINVAL, "a fixed season must be longer than 0");
    if (request->count > 0 && request->points == NULL)
        return bw_fail(err, BW_EINVAL, "points are missing");
    for (size_t i = 0; i < request->question_count; i++)
        if (request->questions[i].within_ms <= 0 || request->questions[i].side == 0)
            return bw_fail(err, BW_EINVAL, "a question needs a side and a time ahead");
    return BW_OK;
}

static bool asks_threshold(const struct bw_trend_request *request)
{
    return isfinite(request->threshold) && request->side != 0;
}

/* Everything unknown. */
static void begin(const struct bw_trend_request *request, struct bw_trend_record *out)
{
    const bool asked = asks_threshold(request);
    out->computed_ms = request->now_ms;
    out->first_ms = out->last_ms = 0;
    out->points = 0;
    out->direction = BW_UNDETERMINED;
    out->confidence_ratio = NAN;
    out->last_value = out->slope_per_second = out->slope_low = out->slope_high = NAN;
    out->season_seconds = NAN;
    out->horizon_count = request->horizon_count;
    for (size_t i = 0; i < BW_TREND_HORIZONS_MAX; i++)
        out->horizons[i] = (struct bw_trend_horizon){
            .horizon_ms = i < request->horizon_count ? request->horizons_ms[i] : 0,
            .p10 = NAN,
            .p50 = NAN,
            .p90 = NAN,
            .crossing_ratio = NAN,
        };
    out->threshold = asked ? request->threshold : NAN;
    out->side = asked ? (request->side > 0) - (request->side < 0) : 0;
    out->time_to_p10_s = out->time_to_p50_s = out->time_to_p90_s = NAN;
    out->finding_count = 0;
    out->told = 0;
    out->skill_ratio = out->inside80_ratio = out->inside95_ratio = NAN;
    out->muted = false;
}

static size_t in_cells(const struct bw_trend_grid *grid, int64_t ms)
{
    const size_t cells = bw_trend_grid_cells(grid, ms);
    return cells < BW_TREND_STEPS_MAX ? cells : BW_TREND_STEPS_MAX;
}

/* Of one step of a forecast the ends of an interval, outcomes so far allowed for. */
static void say_ends(const struct bw_trend_forecast *forecast, size_t step,
                     const struct bw_trend_width *width, double unit, double *low, double *high)
{
    const double middle = forecast->mean[step];
    const double below = bw_trend_width_stretch(width->below, forecast->logarithmic, middle, *low);
    *low = sane(forecast->non_negative ? fmax(below, 0) : below, unit);
    *high = sane(bw_trend_width_stretch(width->above, forecast->logarithmic, middle, *high), unit);
}

/* How far the forecast may look: half of what it has seen, so that it can be checked once. */
static size_t farthest_cell(const struct bw_trend_grid *grid, const struct bw_trend_record *record)
{
    size_t farthest = 0;
    for (size_t i = 0; i < record->horizon_count; i++) {
        const size_t cells = in_cells(grid, record->horizons[i].horizon_ms);
        if (cells <= grid->n / 2 && cells > farthest)
            farthest = cells;
    }
    return grid->present < FORECAST_VALUES_MIN ? 0 : farthest;
}

/* The 95 % intervals go into the scratch. */
static void say_forecast(struct bw_trend_scratch *scratch, const struct bw_trend_width *widths,
                         struct bw_trend_record *out, struct bw_trend_picture *picture)
{
    struct bw_arena *arena = &scratch->arena;
    const struct bw_trend_exam *exam = scratch->exam;
    const struct bw_trend_grid *grid = exam->grid;
    const size_t farthest = farthest_cell(grid, out);
    if (farthest == 0)
        return;
    struct bw_trend_forecast *forecast = bw_arena_alloc(arena, sizeof *forecast);
    /* Errors are counted against what was seen, spikes included; only gaps are bridged. */
    double *seen = bw_arena_array(arena, grid->n, sizeof *seen);
    for (size_t i = 0; i < grid->n; i++)
        seen[i] = isnan(grid->y[i]) ? grid->fit[i] : grid->y[i];
    bw_trend_forecast_make(arena, seen, grid->fit, grid->n, &exam->seasons, farthest,
                           grid->non_negative, forecast);
    double *low = bw_arena_array(arena, 4 * farthest, sizeof *low), *high = low + farthest;
    double *lowest = high + farthest, *highest = lowest + farthest;
    scratch->forecast = forecast;
    bw_trend_forecast_interval(forecast, 0.8, low, high);
    bw_trend_forecast_interval(forecast, 0.95, lowest, highest);
    for (size_t i = 0; i < out->horizon_count; i++) {
        const size_t cells = in_cells(grid, out->horizons[i].horizon_ms);
        if (cells > farthest)
            continue;
        struct bw_trend_horizon *horizon = &out->horizons[i];
        horizon->p10 = low[cells - 1];
        horizon->p50 = sane(forecast->mean[cells - 1], grid->unit);
        horizon->p90 = high[cells - 1];
        double *const wide = scratch->wide[i];
        wide[0] = lowest[cells - 1];
        wide[1] = highest[cells - 1];
        say_ends(forecast, cells - 1, &widths[i], grid->unit, &horizon->p10, &horizon->p90);
        say_ends(forecast, cells - 1, &widths[i], grid->unit, &wide[0], &wide[1]);
    }
    if (picture != NULL)
        bw_trend_picture_forecast(arena, exam, forecast, widths, out, picture);
}

static void say_reached(struct bw_trend_record *out)
{
    out->time_to_p10_s = out->time_to_p50_s = out->time_to_p90_s = 0;
    for (size_t i = 0; i < out->horizon_count; i++)
        out->horizons[i].crossing_ratio = 1;
}

/* Foresees as far as the data reaches back. The way there, NULL when there is none to be known. */
static const struct bw_trend_passage *
say_threshold(struct bw_arena *arena, const struct bw_trend_exam *exam, struct bw_trend_record *out)
{
    const struct bw_trend_grid *grid = exam->grid;
    if (out->side == 0)
        return NULL;
    if (out->side * (out->last_value - out->threshold) >= 0) {
        say_reached(out);
        return NULL;
    }
    struct bw_trend_passage *passage = bw_arena_alloc(arena, sizeof *passage);
    if (!bw_trend_exam_passage(arena, exam, out->threshold / grid->unit, out->side, grid->n,
                               passage))
        return NULL;
    const double cell_s = (double)grid->step_ms / 1000;
    out->time_to_p10_s = bw_trend_passage_quantile(passage, 0.1) * cell_s;
    out->time_to_p50_s = bw_trend_passage_quantile(passage, 0.5) * cell_s;
    out->time_to_p90_s = bw_trend_passage_quantile(passage, 0.9) * cell_s;
    for (size_t i = 0; i < out->horizon_count; i++) {
        const size_t cells = in_cells(grid, out->horizons[i].horizon_ms);
        if (cells <= grid->n)
            out->horizons[i].crossing_ratio = bw_trend_passage_ratio(passage, cells);
    }
    return passage;
}

/* What is asked besides. `passage` is the way to the record's own threshold. */
static void answer_questions(struct bw_arena *arena, const struct bw_trend_exam *exam,
                             const struct bw_trend_request *request,
                             const struct bw_trend_passage *passage,
                             const struct bw_trend_record *record)
{
    for (size_t i = 0; i < request->question_count; i++) {
        struct bw_trend_question *q = &request->questions[i];
        const bool same = q->threshold == record->threshold && q->side == record->side; // NOLINT
        bw_trend_question_answer(arena, exam, record->last_value, same ? passage : NULL, q);
    }
}

static void say_trend(const struct bw_trend_exam *exam, struct bw_trend_record *out)
{
    const struct bw_trend_grid *grid = exam->grid;
    const double per_second = 1000 / (double)grid->step_ms;
    out->direction = exam->verdict.direction;
    if (exam->slope.n >= 3) {
        out->confidence_ratio = exam->verdict.confidence_ratio;
        out->slope_per_second = sane(exam->slope.per_cell * per_second, grid->unit);
        out->slope_low = sane(exam->slope.low * per_second, grid->unit);
        out->slope_high = sane(exam->slope.high * per_second, grid->unit);
    }
    if (exam->seasons.count > 0)
        out->season_seconds = (double)exam->seasons.period[0] / per_second;
}

/* Why so little is known, or else what was found first. */
static void say_note(const struct bw_trend_exam *exam, const struct bw_trend_record *record,
                     char *note, size_t size)
{
    const struct bw_trend_grid *grid = exam->grid;
    struct bw_buf words;
    note[0] = '\0';
    if (grid->present < 3)
        snprintf(note, size, "only %zu usable value%s", grid->present,
                 grid->present == 1 ? "" : "s");
    else if (grid->constant)
        snprintf(note, size, "constant over %zu values", grid->present);
    else if (exam->verdict.direction == BW_UNDETERMINED)
        snprintf(note, size, "%zu values are worth only %.1f independent ones, %.0f are needed",
                 exam->slope.n, exam->slope.neff, BW_TREND_NEFF_MIN);
    else if (record->finding_count > 0) {
        bw_buf_init(&words, BW_FINDINGS_BYTES_MAX);
        bw_trend_say_finding(&words, record, 0);
        bw_text_copy(note, size, words.data);
        bw_buf_fini(&words);
    }
}

enum bw_rc bw_trend_analyse_shown(const struct bw_trend_request *request,
                                  struct bw_trend_scratch *scratch, struct bw_trend_record *out,
                                  struct bw_trend_picture *picture, struct bw_err *err)
{
    const enum bw_rc rc = bw_trend_request_check(request, err);
    if (rc != BW_OK)
        return rc;
    if (picture != NULL)
        bw_trend_picture_begin(picture);
    struct bw_arena *arena = bw_trend_scratch_begin(scratch);
    begin(request, out);
    for (size_t i = 0; i < request->question_count; i++)
        bw_trend_question_begin(&request->questions[i]);
    out->note = scratch->note;
    snprintf(scratch->note, sizeof scratch->note, "no usable value");

    struct bw_trend_grid *grid = bw_arena_alloc(arena, sizeof *grid);
    bw_trend_grid_build(arena, request->points, request->count, request->counter, request->step_ms,
                        request->now_ms != 0 ? request->now_ms : INT64_MAX, grid);
    if (grid->n == 0)
        return BW_OK;
    bw_trend_grid_mark(arena, grid, request->breaks_ms, request->break_count);
    out->first_ms = grid->first_ms;
    out->last_ms = grid->last_ms;
    out->points = grid->used;
    out->last_value = grid->last_value;

    struct bw_trend_exam *exam = bw_arena_alloc(arena, sizeof *exam);
    bw_trend_examine(arena, grid, request->season, in_cells(grid, request->season_ms), true, exam);
    exam->counter = request->counter;
    scratch->exam = exam;
    say_trend(exam, out);
    if (picture != NULL)
        bw_trend_picture_exam(arena, exam, picture);
    say_forecast(scratch, request->widths, out, picture);
    const struct bw_trend_passage *passage = say_threshold(arena, exam, out);
    answer_questions(arena, exam, request, passage, out);
    out->finding_count = bw_trend_find(arena, exam, out->findings);
    say_note(exam, out, scratch->note, sizeof scratch->note);
    return BW_OK;
}

enum bw_rc bw_trend_analyse(const struct bw_trend_request *request,
                            struct bw_trend_scratch *scratch, struct bw_trend_record *out,
                            struct bw_err *err)
{
    return bw_trend_analyse_shown(request, scratch, out, NULL, err);
}
