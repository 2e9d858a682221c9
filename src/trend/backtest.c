// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/backtest.h"

#include "trend/path.h"
#include "trend/robust.h"
#include "trend/scratch.h"
#include "trend/statement.h"

#include <math.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

/* The span of a forecast that fits two horizons before an origin and one after it. */
enum { PARTS = 3, LEARNED_PARTS = 2 };

int64_t bw_trend_backtest_span_ms(int64_t horizon_ms)
{
    return horizon_ms > INT64_MAX / PARTS ? INT64_MAX : PARTS * horizon_ms;
}

static int64_t shortest(const struct bw_trend_request *ask)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < ask->horizon_count; i++)
        least = ask->horizons_ms[i] < least ? ask->horizons_ms[i] : least;
    return least;
}

/* Evenly from the first time at which enough is known to the last whose horizon has passed, no
 * closer than half a horizon: what is asked twice about one future is known once. */
static void plan_origins(struct bw_trend_backtest *b, size_t origins_max)
{
    const int64_t horizon_ms = shortest(&b->ask), span_ms = b->last_ms - b->first_ms;
    if (b->value_count == 0 || span_ms < bw_trend_backtest_span_ms(horizon_ms))
        return;
    const int64_t room_ms = span_ms - PARTS * horizon_ms;
    const int64_t least_ms = horizon_ms > 1 ? horizon_ms / 2 : 1;
    const int64_t fitting = room_ms / least_ms + 1, most = (int64_t)origins_max;
    b->origins = (size_t)(fitting < most ? fitting : most);
    b->spacing_ms = b->origins > 1 ? room_ms / (int64_t)(b->origins - 1) : horizon_ms;
    b->origin_ms = b->last_ms - horizon_ms - (int64_t)(b->origins - 1) * b->spacing_ms;
}

enum bw_rc bw_trend_backtest_begin(struct bw_arena *arena, const struct bw_trend_request *ask,
                                   size_t origins_max, struct bw_trend_backtest *out,
                                   struct bw_err *err)
{
    if (ask->horizon_count == 0)
        return bw_fail(err, BW_EINVAL, "without a horizon nothing can be scored");
    if (origins_max < 1 || origins_max > BW_TREND_BACKTEST_ORIGINS_MAX)
        return bw_fail(err, BW_EINVAL, "%zu origins: expected 1 to %d", origins_max,
                       BW_TREND_BACKTEST_ORIGINS_MAX);
    const enum bw_rc rc = bw_trend_request_check(ask, err);
    if (rc != BW_OK)
        return rc;
    memset(out, 0, sizeof *out);
    out->ask = *ask;
    out->values = bw_arena_array(arena, ask->count + 1, sizeof *out->values);
    out->value_count = bw_trend_grid_values(ask->points, ask->count, ask->counter, out->values);
    if (out->value_count > 0) {
        out->first_ms = out->values[0].ts_ms;
        out->last_ms = out->values[out->value_count - 1].ts_ms;
    }
    for (size_t i = 0; i < ask->horizon_count; i++)
        out->skill[i].horizon_ms = ask->horizons_ms[i];
    plan_origins(out, origins_max);
    return BW_OK;
}

/* ---- one origin -------------------------------------------------------------------------- */

/* What is compared at one origin. */
struct origin {
    struct bw_trend_backtest *backtest;
    struct bw_trend_scratch *scratch;
    struct bw_trend_record record;
    const struct bw_trend_grid *grid; /* what the engine saw */
    int64_t ms;
    struct bw_statement statements[BW_TREND_STATEMENTS_MAX];
    size_t statement_count;
    double *truth; /* [room] means of the steps behind the grid, not divided by unit; NaN: none */
    size_t room;
};

/* How many of the points are no later than a time. */
static size_t known_at(const struct bw_point *points, size_t count, int64_t ms)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (points[middle].ts_ms <= ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The means of the cells that follow the grid, by the same rule as its own cells. */
static void see_truth(struct origin *o)
{
    const struct bw_trend_backtest *b = o->backtest;
    struct bw_arena *arena = &o->scratch->arena;
    const int64_t step_ms = o->grid->step_ms;
    const int64_t begin_ms = o->grid->start_ms + (int64_t)o->grid->n * step_ms - step_ms / 2;
    o->truth = bw_arena_array(arena, o->room + 1, sizeof *o->truth);
    size_t *count = bw_arena_array(arena, o->room + 1, sizeof *count);
    for (size_t i = known_at(b->values, b->value_count, o->ms); i < b->value_count; i++) {
        const struct bw_point *point = &b->values[i];
        if (point->ts_ms < begin_ms)
            continue; /* its cell began before the origin: partly known */
        const int64_t at = (point->ts_ms - begin_ms) / step_ms;
        if (at >= (int64_t)o->room)
            break;
        o->truth[at] += (point->value - o->truth[at]) / (double)++count[at];
    }
    for (size_t i = 0; i < o->room; i++)
        if (count[i] == 0)
            o->truth[i] = NAN;
}

static size_t seen_of(const struct origin *o, size_t cells)
{
    size_t seen = 0;
    for (size_t i = 0; i < cells; i++)
        seen += isnan(o->truth[i]) ? 0 : 1;
    return seen;
}

/* The season to repeat, in cells: the one found, else the day; 0 when neither was seen. */
static size_t season_of(const struct origin *o)
{
    const struct bw_trend_seasons *seasons = &o->scratch->exam->seasons;
    if (seasons->count > 0)
        return seasons->period[0];
    const int64_t day = DAY_MS / o->grid->step_ms;
    const bool whole = day * o->grid->step_ms == DAY_MS && day > 1;
    return whole && (uint64_t)day <= o->grid->n ? (size_t)day : 0;
}

/* Mean absolute errors over the steps that were seen. */
struct errors {
    double engine, naive, seasonal;
    bool has_season;
};

static struct errors measure(const struct origin *o, const struct bw_trend_path *path, size_t cells)
{
    const struct bw_trend_grid *grid = o->grid;
    const size_t season = season_of(o), seen = seen_of(o, cells);
    struct errors e = { .has_season = season > 0 };
    for (size_t i = 0; i < cells; i++) {
        if (isnan(o->truth[i]))
            continue;
        /* The gaps of the season that is repeated are bridged, as for the engine. */
        const size_t back = season > 0 ? grid->n - season + i % season : grid->n - 1;
        const double again = (isnan(grid->y[back]) ? grid->fit[back] : grid->y[back]) * grid->unit;
        e.engine += fabs(o->truth[i] - path->middle[i]) / (double)seen;
        e.naive += fabs(o->truth[i] - grid->y[grid->n - 1] * grid->unit) / (double)seen;
        e.seasonal += fabs(o->truth[i] - again) / (double)seen;
    }
    return e;
}

/* The scale of MASE where the engine stood. */
static double scale_of(const struct origin *o)
{
    const struct bw_trend_seasons *seasons = &o->scratch->exam->seasons;
    const size_t period = seasons->count > 0 ? seasons->period[0] : 1;
    return bw_trend_score_scale(o->grid->y, o->grid->n, period) * o->grid->unit;
}

static void score_errors(const struct origin *o, const struct bw_trend_path *path, size_t cells,
                         const struct bw_trend_horizon *said, struct bw_trend_skill *out)
{
    const double scale = scale_of(o);
    if (!(scale > 0 && isfinite(scale))) {
        out->still++;
        return;
    }
    const struct errors e = measure(o, path, cells);
    out->error += e.engine / scale;
    out->naive += e.naive / scale;
    if (e.has_season) {
        out->seasonal++;
        out->seasonal_error += e.engine / scale;
        out->seasonal_naive += e.seasonal / scale;
    }
    size_t last = cells - 1;
    while (isnan(o->truth[last]))
        last--;
    out->pinball += (bw_trend_score_pinball(o->truth[last], said->p10, 0.1)
                     + bw_trend_score_pinball(o->truth[last], said->p50, 0.5)
                     + bw_trend_score_pinball(o->truth[last], said->p90, 0.9))
                    / 3 / scale;
}

static void score_cover(const struct origin *o, double level, size_t cells, double worth,
                        struct bw_trend_cover *out)
{
    const struct bw_trend_path path = bw_trend_path_of(o->scratch, level);
    size_t inside = 0;
    for (size_t i = 0; i < cells; i++)
        inside += o->truth[i] >= path.low[i] && o->truth[i] <= path.high[i];
    bw_trend_cover_add(out, inside, seen_of(o, cells), worth);
}

/* What became of a statement, judged by points around the time it is about. */
static enum bw_statement_outcome judge(const struct origin *o, const struct bw_statement *statement)
{
    const struct bw_trend_request *ask = &o->backtest->ask;
    const size_t before = known_at(ask->points, ask->count, statement->from_ms);
    const size_t from = before > 0 ? before - 1 : 0;
    const size_t to =
        known_at(ask->points, ask->count, statement->deadline_ms + statement->step_ms);
    double value;
    return bw_trend_statement_judge(&o->scratch->arena, statement, ask->points + from, to - from,
                                    &value);
}

/* Directions and crossings are stated and judged as the daemon does it. */
static void score_statements(const struct origin *o, struct bw_trend_skill *out)
{
    bool was_said = false;
    for (size_t i = 0; i < o->statement_count; i++) {
        const struct bw_statement *statement = &o->statements[i];
        const bool crossing = statement->kind == BW_STATEMENT_THRESHOLD;
        if (statement->horizon_ms != out->horizon_ms || statement->kind == BW_STATEMENT_FORECAST)
            continue;
        was_said = was_said || !crossing;
        const enum bw_statement_outcome outcome = judge(o, statement);
        if (outcome != BW_STATEMENT_UNTOLD)
            bw_trend_beliefs_add(crossing ? &out->crossing : &out->direction,
                                 statement->stated_ratio, outcome == BW_STATEMENT_TRUE);
    }
    if (o->record.direction == BW_UNDETERMINED)
        out->undetermined++;
    else if (!was_said)
        out->faint++;
}

static void score_horizon(struct origin *o, size_t which)
{
    const struct bw_trend_backtest *b = o->backtest;
    struct bw_trend_skill *out = &o->backtest->skill[which];
    const struct bw_trend_horizon *said = &o->record.horizons[which];
    const size_t cells = bw_trend_grid_cells(o->grid, out->horizon_ms);
    if (cells > o->grid->n / LEARNED_PARTS || o->ms > b->last_ms - out->horizon_ms
        || 2 * seen_of(o, cells) < cells)
        return;
    out->origins++;
    score_statements(o, out);
    if (!isfinite(said->p50))
        return;
    const struct bw_trend_path path = bw_trend_path_of(o->scratch, 0.8);
    const double worth = (double)b->spacing_ms / (double)out->horizon_ms;
    out->foreseen++;
    score_errors(o, &path, cells, said, out);
    score_cover(o, 0.80, cells, worth, &out->cover80);
    score_cover(o, 0.95, cells, worth, &out->cover95);
}

/* As asked, or else towards the threshold from where the series stood. */
static int side_at(const struct origin *o)
{
    const struct bw_trend_backtest *b = o->backtest;
    const size_t known = known_at(b->values, b->value_count, o->ms);
    if (b->ask.side != 0 || !isfinite(b->ask.threshold) || known == 0)
        return b->ask.side;
    return b->values[known - 1].value > b->ask.threshold ? -1 : 1;
}

void bw_trend_backtest_at(struct bw_trend_backtest *backtest, struct bw_trend_scratch *scratch,
                          size_t origin)
{
    struct origin o = {
        .backtest = backtest,
        .scratch = scratch,
        .ms = backtest->origin_ms + (int64_t)origin * backtest->spacing_ms,
    };
    struct bw_trend_request ask = backtest->ask;
    ask.now_ms = 0;
    ask.side = side_at(&o);
    ask.count = known_at(ask.points, ask.count, o.ms);
    if (bw_trend_analyse(&ask, scratch, &o.record, NULL) != BW_OK || scratch->exam == NULL)
        return;
    o.grid = scratch->exam->grid;
    o.statement_count = bw_trend_statements(scratch, &o.record, o.statements);
    for (size_t i = 0; i < ask.horizon_count; i++) {
        const size_t cells = bw_trend_grid_cells(o.grid, ask.horizons_ms[i]);
        if (cells <= o.grid->n / LEARNED_PARTS && cells > o.room)
            o.room = cells;
    }
    see_truth(&o);
    for (size_t i = 0; i < ask.horizon_count; i++)
        score_horizon(&o, i);
}

/* ---- sums -------------------------------------------------------------------------------- */

/* Beyond this a ratio says that it is beyond this. */
#define RATIO_MAX 1000.0

static double ratio_of_one(const struct bw_trend_skill *skill, int which)
{
    const double count = (double)(skill->foreseen - skill->still);
    switch (which) {
    case BW_SKILL_MASE:
        return count > 0 ? skill->error / count : NAN;
    case BW_SKILL_NAIVE:
        return skill->naive > 0 ? skill->error / skill->naive : NAN;
    default:
        return skill->seasonal_naive > 0 ? skill->seasonal_error / skill->seasonal_naive : NAN;
    }
}

static bool is_of_one(const struct bw_trend_skill *skill)
{
    return skill->series[BW_SKILL_MASE] == 0;
}

static void merge_ratio(struct bw_trend_skill *into, const struct bw_trend_skill *from, int which)
{
    if (!is_of_one(from)) {
        into->series[which] += from->series[which];
        into->logarithm[which] += from->logarithm[which];
        return;
    }
    const double ratio = ratio_of_one(from, which);
    if (isnan(ratio))
        return;
    into->series[which]++;
    into->logarithm[which] += log(bw_trend_clamp(ratio, 1 / RATIO_MAX, RATIO_MAX));
}

void bw_trend_skill_merge(struct bw_trend_skill *into, const struct bw_trend_skill *from)
{
    into->horizon_ms = from->horizon_ms;
    into->origins += from->origins;
    into->foreseen += from->foreseen;
    into->seasonal += from->seasonal;
    into->still += from->still;
    into->error += from->error;
    into->naive += from->naive;
    into->seasonal_error += from->seasonal_error;
    into->seasonal_naive += from->seasonal_naive;
    into->pinball += from->pinball;
    bw_trend_cover_merge(&into->cover80, &from->cover80);
    bw_trend_cover_merge(&into->cover95, &from->cover95);
    into->undetermined += from->undetermined;
    into->faint += from->faint;
    bw_trend_beliefs_merge(&into->direction, &from->direction);
    bw_trend_beliefs_merge(&into->crossing, &from->crossing);
    for (int i = 0; i < BW_SKILL_RATIOS; i++)
        merge_ratio(into, from, i);
}

double bw_trend_skill_ratio(const struct bw_trend_skill *skill, int which)
{
    if (is_of_one(skill))
        return ratio_of_one(skill, which);
    return skill->series[which] > 0 ? exp(skill->logarithm[which] / (double)skill->series[which])
                                    : NAN;
}
