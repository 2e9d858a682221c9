// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/picture.h"

#include "trend/adapt.h"
#include "trend/examine.h"
#include "trend/forecast.h"
#include "trend/robust.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A finite number again, or NaN. */
static double in_unit(double x, double unit)
{
    return isnan(x) ? NAN : bw_trend_clamp(x * unit, -DBL_MAX, DBL_MAX);
}

static int64_t cell_ms(const struct bw_trend_grid *grid, size_t cell)
{
    return grid->start_ms + (int64_t)cell * grid->step_ms;
}

void bw_trend_picture_begin(struct bw_trend_picture *picture)
{
    memset(picture, 0, sizeof *picture);
    picture->skill = picture->line_begin = picture->line_end = NAN;
    picture->falling = picture->flat = picture->rising = NAN;
    picture->independent = picture->correlation = picture->z = picture->explained = NAN;
    picture->sen_per_second = picture->sen_at_end = NAN;
    picture->needed = BW_TREND_NEFF_MIN;
}

/* The mean of what is there in y[from, to). */
static double mean_of(const double *y, size_t from, size_t to)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        if (!isnan(y[i])) {
            sum += y[i];
            count++;
        }
    return count > 0 ? sum / (double)count : NAN;
}

static void show_seen(const struct bw_trend_grid *grid, struct bw_trend_picture *picture)
{
    const size_t width = (grid->n + BW_TREND_SEEN_MAX - 1) / BW_TREND_SEEN_MAX;
    picture->seen_step_ms = (int64_t)width * grid->step_ms;
    for (size_t from = 0; from < grid->n; from += width) {
        const size_t to = from + width < grid->n ? from + width : grid->n;
        picture->seen[picture->seen_count++] = (struct bw_point){
            .ts_ms = (cell_ms(grid, from) + cell_ms(grid, to - 1)) / 2,
            .value = in_unit(mean_of(grid->y, from, to), grid->unit),
        };
    }
}

static void show_regime(const struct bw_trend_exam *exam, struct bw_trend_picture *picture)
{
    const struct bw_trend_grid *grid = exam->grid;
    const size_t most = BW_TREND_CHANGES_MAX;
    for (size_t i = exam->changes > most ? exam->changes - most : 0; i < exam->changes; i++)
        picture->change_ms[picture->change_count++] = cell_ms(grid, exam->change[i]);
    picture->regime_ms = cell_ms(grid, exam->regime);
    for (size_t i = 0; i < exam->seasons.count; i++) {
        picture->period_s[i] = (double)exam->seasons.period[i] * (double)grid->step_ms / 1000;
        picture->strength[i] = exam->seasons.strength[i];
    }
    picture->period_count = exam->seasons.count;
    const struct bw_trend_slope *slope = &exam->slope;
    if (slope->n < 3)
        return;
    const double before = (double)(grid->n - 1 - exam->regime);
    picture->line_end = in_unit(slope->end, grid->unit);
    picture->line_begin = in_unit(slope->end - slope->per_cell * before, grid->unit);
}

/* How much longer, if what comes is as what was: independent values come evenly. */
static int64_t wait_ms(const struct bw_trend_exam *exam)
{
    const struct bw_trend_grid *grid = exam->grid;
    const double seen_ms = (double)(grid->n - exam->regime) * (double)grid->step_ms;
    const double missing = BW_TREND_NEFF_MIN / exam->slope.neff - 1;
    if (exam->verdict.direction != BW_UNDETERMINED || !(exam->slope.neff > 0) || !(missing > 0))
        return 0;
    return (int64_t)fmin(seen_ms * missing, 1e15);
}

/* Of the regime's squares around its mean, as the direction is judged by it: less where the regime
 * was chosen for being a line. */
static double explained(const struct bw_trend_exam *exam)
{
    const double rise = exam->slope.rise;
    return isinf(rise) ? 1 : rise / (1 + rise);
}

static void show_decision(struct bw_arena *arena, const struct bw_trend_exam *exam,
                          struct bw_trend_picture *picture)
{
    const struct bw_trend_grid *grid = exam->grid;
    const size_t n = grid->n - exam->regime;
    picture->values = exam->slope.n;
    if (exam->slope.n < 3)
        return;
    picture->falling = exam->verdict.falling;
    picture->flat = exam->verdict.flat;
    picture->rising = exam->verdict.rising;
    picture->independent = exam->slope.neff;
    picture->correlation = exam->slope.r;
    picture->z = exam->slope.t;
    picture->drift = exam->slope.drift;
    picture->explained = explained(exam);
    picture->wait_ms = wait_ms(exam);
    bw_trend_mann_kendall(arena, exam->plain + exam->regime, n, &picture->test);
    const double per_cell = picture->test.sen_slope;
    picture->sen_per_second = in_unit(per_cell * 1000 / (double)grid->step_ms, grid->unit);
    picture->sen_at_end =
        in_unit(picture->test.sen_intercept + per_cell * (double)(n - 1), grid->unit);
}

void bw_trend_picture_exam(struct bw_arena *arena, const struct bw_trend_exam *exam,
                           struct bw_trend_picture *picture)
{
    const struct bw_trend_grid *grid = exam->grid;
    picture->step_ms = grid->step_ms;
    picture->cells = grid->n;
    picture->present = grid->present;
    picture->resets = grid->resets;
    picture->constant = grid->constant;
    show_seen(grid, picture);
    show_regime(exam, picture);
    show_decision(arena, exam, picture);
}

/* What was learned for the horizons on either side of that time, by its distance from each. */
static struct bw_trend_width width_at(const struct bw_trend_record *record,
                                      const struct bw_trend_width *widths, double ms)
{
    const struct bw_trend_horizon *horizon = record->horizons;
    size_t next = 0;
    while (next < record->horizon_count && (double)horizon[next].horizon_ms < ms)
        next++;
    if (next == 0 || next == record->horizon_count)
        return record->horizon_count == 0 ? (struct bw_trend_width){ 0, 0 }
                                          : widths[next == 0 ? 0 : next - 1];
    const double from = (double)horizon[next - 1].horizon_ms;
    const double share = (ms - from) / ((double)horizon[next].horizon_ms - from);
    const struct bw_trend_width a = widths[next - 1], b = widths[next];
    return (struct bw_trend_width){ a.below + share * (b.below - a.below),
                                    a.above + share * (b.above - a.above) };
}

/* The ends of the two intervals for every step of a forecast. */
struct bands {
    double *low95, *high95, *low80, *high80;
};

static struct bands bands_of(struct bw_arena *arena, struct bw_trend_forecast *forecast)
{
    const size_t h = forecast->h;
    double *room = bw_arena_array(arena, 4 * h, sizeof *room);
    const struct bands bands = { room, room + h, room + 2 * h, room + 3 * h };
    bw_trend_forecast_interval(forecast, 0.95, bands.low95, bands.high95);
    bw_trend_forecast_interval(forecast, 0.8, bands.low80, bands.high80);
    return bands;
}

static struct bw_trend_ahead step_of(const struct bw_trend_forecast *f, const struct bands *bands,
                                     struct bw_trend_width width, double unit, size_t at)
{
    const double middle = f->mean[at], least = f->non_negative ? 0 : -INFINITY;
    const double ends[] = { bands->low95[at], bands->low80[at], bands->high80[at],
                            bands->high95[at] };
    double moved[4];
    for (size_t i = 0; i < 4; i++)
        moved[i] = fmax(least, bw_trend_width_stretch(i < 2 ? width.below : width.above,
                                                      f->logarithmic, middle, ends[i]));
    return (struct bw_trend_ahead){
        .low95 = in_unit(fmin(moved[0], moved[1]), unit),
        .low80 = in_unit(moved[1], unit),
        .p50 = in_unit(middle, unit),
        .high80 = in_unit(moved[2], unit),
        .high95 = in_unit(fmax(moved[3], moved[2]), unit),
    };
}

/* Evenly spaced, the first and the last step among them. */
void bw_trend_picture_forecast(struct bw_arena *arena, const struct bw_trend_exam *exam,
                               struct bw_trend_forecast *forecast,
                               const struct bw_trend_width *widths,
                               const struct bw_trend_record *record,
                               struct bw_trend_picture *picture)
{
    const struct bw_trend_grid *grid = exam->grid;
    const size_t h = forecast->h;
    const size_t count = h < BW_TREND_AHEAD_MAX ? h : BW_TREND_AHEAD_MAX;
    const struct bands bands = bands_of(arena, forecast);
    for (size_t k = 0; k < count; k++) {
        const size_t at = count > 1 ? k * (h - 1) / (count - 1) : 0;
        const double away_ms = (double)(at + 1) * (double)grid->step_ms;
        picture->ahead[k] =
            step_of(forecast, &bands, width_at(record, widths, away_ms), grid->unit, at);
        picture->ahead[k].ts_ms = cell_ms(grid, grid->n + at);
    }
    picture->ahead_count = count;
    picture->origins = forecast->origins;
    picture->skill = forecast->skill;
}
