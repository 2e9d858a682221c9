// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/jsonl.h"

#include "base/json.h"
#include "base/limits.h"
#include "trend/anomaly.h"
#include "trend/examine.h"
#include "trend/forecast.h"
#include "trend/robust.h"
#include "trend/scratch.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#define STEP_S_MAX 1e9

static const double quantiles[] = { 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95 };
static const char *const quantile_names[] = { "5", "10", "25", "50", "75", "90", "95" };

struct ask {
    struct bw_trend_scratch *scratch;
    struct bw_arena *arena;
    const json_t *line;
    bw_trend_cpu_fn *cpu;
    void *ctx;
    double started_ms;
    struct bw_buf *out;
    struct bw_err *err;
};

static double spent_ms(const struct ask *ask)
{
    return ask->cpu != NULL ? ask->cpu(ask->ctx) - ask->started_ms : 0;
}

static double number_or(const json_t *value, double otherwise)
{
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

/* The array of a key as points one second apart; anything but a number is missing. */
static struct bw_point *points_of(struct bw_arena *arena, const json_t *array, double step_s,
                                  size_t *out_count)
{
    const size_t n = json_array_size(array);
    const int64_t step_ms = (int64_t)(step_s * 1000);
    struct bw_point *points = bw_arena_array(arena, n + 1, sizeof *points);
    for (size_t i = 0; i < n; i++)
        points[i] = (struct bw_point){
            .ts_ms = (int64_t)i * step_ms,
            .value = number_or(json_array_get(array, i), NAN),
        };
    *out_count = n;
    return points;
}

/* Values without gaps: a missing one repeats its predecessor. Returns how many; the caller
 * gets an empty series when no value is there at all. */
static double *values_of(struct bw_arena *arena, const json_t *array, size_t *out_count)
{
    const size_t n = json_array_size(array);
    double *v = bw_arena_array(arena, n + 1, sizeof *v);
    size_t known = n;
    for (size_t i = 0; i < n; i++) {
        const double x = number_or(json_array_get(array, i), NAN);
        v[i] = isfinite(x) ? bw_trend_clamp(x, -1e100, 1e100) : i > 0 ? v[i - 1] : NAN;
        if (known == n && !isnan(v[i]))
            known = i;
    }
    for (size_t i = 0; i < known && known < n; i++)
        v[i] = v[known];
    *out_count = known < n ? n : 0;
    return v;
}

static struct bw_json open_line(struct ask *ask, const char *key)
{
    struct bw_json json = bw_json_to(ask->out);
    const json_t *name = json_object_get(ask->line, key);
    bw_json_open(&json, '{');
    bw_json_key(&json, key);
    if (json_is_integer(name))
        bw_json_int(&json, json_integer_value(name));
    else
        bw_json_text(&json, json_string_value(name));
    return json;
}

static void close_line(struct ask *ask, struct bw_json *json)
{
    bw_json_member_double(json, "cpu_ms", spent_ms(ask));
    bw_json_close(json, '}');
    bw_buf_char(ask->out, '\n');
}

static void write_array(struct bw_json *json, const char *key, const double *v, size_t n)
{
    bw_json_key(json, key);
    bw_json_open(json, '[');
    for (size_t i = 0; i < n; i++)
        bw_json_double(json, v[i]);
    bw_json_close(json, ']');
}

static void write_level(struct ask *ask, struct bw_trend_forecast *forecast, double level,
                        double rise)
{
    double *low = bw_arena_array(ask->arena, 2 * forecast->h, sizeof *low);
    double *high = low + forecast->h;
    bw_trend_forecast_interval(forecast, level, low, high);
    struct bw_json json = open_line(ask, "id");
    bw_json_member_int(&json, "level", (int64_t)(level * 100 + 0.5));
    write_array(&json, "mean", forecast->mean, forecast->h);
    write_array(&json, "lo", low, forecast->h);
    write_array(&json, "hi", high, forecast->h);
    bw_json_member_double(&json, "p_up", rise);
    close_line(ask, &json);
}

static enum bw_rc answer_unknown_forecast(struct ask *ask, size_t h)
{
    static const int levels[] = { 95, 80 };
    for (size_t i = 0; i < 2; i++) {
        struct bw_json json = open_line(ask, "id");
        bw_json_member_int(&json, "level", levels[i]);
        for (size_t k = 0; k < 3; k++) {
            static const char *const keys[] = { "mean", "lo", "hi" };
            bw_json_key(&json, keys[k]);
            bw_json_open(&json, '[');
            for (size_t s = 0; s < h; s++)
                bw_json_null(&json);
            bw_json_close(&json, ']');
        }
        bw_json_member_double(&json, "p_up", 0.5);
        bw_json_member_bool(&json, "undetermined", true);
        close_line(ask, &json);
    }
    return BW_OK;
}

static enum bw_rc answer_forecast(struct ask *ask)
{
    const double asked = number_or(json_object_get(ask->line, "h"), 0);
    if (!(asked >= 1 && asked <= BW_TREND_STEPS_MAX))
        return bw_fail(ask->err, BW_EINVAL, "h: expected 1 to %d steps", BW_TREND_STEPS_MAX);
    const size_t h = (size_t)asked;
    size_t n;
    const double *x = values_of(ask->arena, json_object_get(ask->line, "train"), &n);
    if (n == 0)
        return answer_unknown_forecast(ask, h);
    if (n > BW_TREND_HISTORY_MAX) {
        x += n - BW_TREND_HISTORY_MAX;
        n = BW_TREND_HISTORY_MAX;
    }
    double low = 0;
    for (size_t i = 0; i < n; i++)
        low = fmin(low, x[i]);
    struct bw_trend_seasons seasons;
    bw_trend_season_find(ask->arena, x, n, 0, &seasons);
    double *fit = bw_arena_array(ask->arena, n, sizeof *fit);
    double *work = bw_arena_array(ask->arena, 2 * n, sizeof *work);
    memcpy(fit, x, n * sizeof *fit);
    bw_trend_grid_clean(fit, n, seasons.count > 0 ? seasons.period[0] : 0, work);

    struct bw_trend_forecast forecast;
    bw_trend_forecast_make(ask->arena, x, fit, n, &seasons, h, low >= 0, &forecast);
    const size_t period = seasons.count > 0 ? seasons.period[0] : 1;
    size_t k = h >= period ? h / period * period : h;
    k = k < n ? k : n;
    const double rise = bw_trend_forecast_rise(&forecast, x, n, k);
    write_level(ask, &forecast, 0.95, rise);
    write_level(ask, &forecast, 0.80, rise);
    return BW_OK;
}

static void write_passage(struct ask *ask, struct bw_json *json, const struct bw_trend_exam *exam,
                          double threshold, int side, size_t steps)
{
    struct bw_trend_passage passage;
    const bool known = isfinite(threshold)
                       && bw_trend_exam_passage(ask->arena, exam, threshold / exam->grid->unit,
                                                side, steps, &passage);
    bw_json_member_double(json, "p_cross", known ? bw_trend_passage_ratio(&passage, steps) : NAN);
    bw_json_key(json, "tq");
    bw_json_open(json, '{');
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
        bw_json_member_double(json, quantile_names[i],
                              known ? bw_trend_passage_quantile(&passage, quantiles[i]) : NAN);
    bw_json_close(json, '}');
}

/* The places that "breaks" names, rising; of anything but rising numbers none. */
static size_t *breaks_of(struct ask *ask, size_t *out_count)
{
    const json_t *array = json_object_get(ask->line, "breaks");
    const size_t n = json_array_size(array);
    size_t *places = bw_arena_array(ask->arena, n + 1, sizeof *places), count = 0;
    for (size_t i = 0; i < n; i++) {
        const double place = number_or(json_array_get(array, i), -1);
        if (place >= 0 && place < 1e9 && (count == 0 || (double)places[count - 1] < place))
            places[count++] = (size_t)place;
    }
    *out_count = count;
    return places;
}

static void mark_breaks(struct ask *ask, int64_t step_ms, struct bw_trend_grid *grid)
{
    size_t count;
    const size_t *places = breaks_of(ask, &count);
    int64_t *times_ms = bw_arena_array(ask->arena, count + 1, sizeof *times_ms);
    for (size_t i = 0; i < count; i++)
        times_ms[i] = (int64_t)places[i] * step_ms;
    bw_trend_grid_mark(ask->arena, grid, times_ms, count);
}

static enum bw_rc answer_trend(struct ask *ask)
{
    const double step_s = number_or(json_object_get(ask->line, "step"), 1);
    const double ahead = number_or(json_object_get(ask->line, "H"), 0);
    const double side = number_or(json_object_get(ask->line, "side"), 1);
    const double threshold = number_or(json_object_get(ask->line, "thr"), NAN);
    if (!(step_s >= 0.001 && step_s <= STEP_S_MAX))
        return bw_fail(ask->err, BW_EINVAL, "step: expected 0.001 to 1e9 seconds");
    if (!(ahead >= 0 && ahead <= BW_TREND_STEPS_MAX))
        return bw_fail(ask->err, BW_EINVAL, "H: expected 0 to %d steps", BW_TREND_STEPS_MAX);

    size_t count;
    const struct bw_point *points =
        points_of(ask->arena, json_object_get(ask->line, "y"), step_s, &count);
    const bool counter = json_is_true(json_object_get(ask->line, "counter"));
    const int64_t step_ms = (int64_t)(step_s * 1000);
    struct bw_trend_grid grid;
    bw_trend_grid_build(ask->arena, points, count, counter, step_ms, INT64_MAX, &grid);
    mark_breaks(ask, step_ms, &grid);
    struct bw_trend_exam *exam = bw_arena_alloc(ask->arena, sizeof *exam);
    exam->grid = &grid;
    exam->verdict.confidence_ratio = 1.0 / 3; /* nothing known: one guess in three */
    if (grid.n > 0)
        bw_trend_examine(ask->arena, &grid, BW_TREND_SEASON_AUTO, 0, true, exam);

    /* Long input came in blocks: back to the steps of the question. */
    const double cells = (double)grid.step_ms / (double)step_ms;
    const enum bw_direction lean = exam->verdict.leaning;
    const bool known = exam->verdict.direction != BW_UNDETERMINED;
    const int direction = !known ? 0 : (lean == BW_RISING) - (lean == BW_FALLING);
    struct bw_json json = open_line(ask, "id");
    bw_json_member_int(&json, "dir", direction);
    bw_json_member_double(
        &json, "conf", known || grid.n == 0 ? exam->verdict.confidence_ratio : exam->verdict.flat);
    bw_json_member_double(&json, "slope", exam->slope.per_cell * grid.unit / cells);
    bw_json_member_bool(&json, "undetermined", !known);
    write_passage(ask, &json, exam, threshold, side < 0 ? -1 : 1, (size_t)(ahead / cells));
    close_line(ask, &json);
    return BW_OK;
}

static enum bw_rc answer_anomaly(struct ask *ask)
{
    size_t n;
    const double *x = values_of(ask->arena, json_object_get(ask->line, "x"), &n);
    n = n > 0 ? n : json_array_size(json_object_get(ask->line, "x"));
    double *score = bw_arena_array(ask->arena, n + 1, sizeof *score);
    bw_trend_anomaly(ask->arena, x, n, score);
    struct bw_json json = open_line(ask, "file");
    write_array(&json, "score", score, n);
    bw_json_member_double(&json, "threshold", BW_TREND_ANOMALY_THRESHOLD);
    close_line(ask, &json);
    return BW_OK;
}

static enum bw_rc answer_changes(struct ask *ask)
{
    size_t n, change[BW_TREND_BLOCKS_MAX];
    double *x = values_of(ask->arena, json_object_get(ask->line, "x"), &n);
    struct bw_trend_seasons seasons = { 0 };
    if (n > 0)
        bw_trend_season_find(ask->arena, x, n, 0, &seasons);
    for (size_t i = 0; i < n; i++)
        x[i] -= bw_trend_season_at(&seasons, i);
    size_t marks;
    const size_t *mark = breaks_of(ask, &marks);
    const size_t count = bw_trend_segments_marked(ask->arena, x, n, mark, marks, change);
    struct bw_json json = open_line(ask, "name");
    bw_json_key(&json, "cp");
    bw_json_open(&json, '[');
    for (size_t i = 0; i < count; i++)
        bw_json_int(&json, (int64_t)change[i]);
    bw_json_close(&json, ']');
    close_line(ask, &json);
    return BW_OK;
}

/* What is asked follows from the keys present; the first row that fits decides. */
static const struct {
    const char *name, *array;
    enum bw_rc (*answer)(struct ask *ask);
} shapes[] = {
    { "id", "train", answer_forecast },
    { "id", "y", answer_trend },
    { "file", "x", answer_anomaly },
    { "name", "x", answer_changes },
};

static enum bw_rc answer(struct ask *ask)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const json_t *name = json_object_get(ask->line, shapes[i].name);
        if ((json_is_string(name) || json_is_integer(name))
            && json_is_array(json_object_get(ask->line, shapes[i].array)))
            return shapes[i].answer(ask);
    }
    return bw_fail(ask->err, BW_EINVAL,
                   "expected an object with id and train, id and y, file and x, or name and x");
}

/* As many values at the most are in the line, less one: each is an object in memory. */
static size_t commas(const char *line, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += line[i] == ',';
    return count;
}

enum bw_rc bw_trend_jsonl(struct bw_trend_scratch *scratch, const char *line, size_t len,
                          bw_trend_cpu_fn *cpu, void *ctx, struct bw_buf *out, struct bw_err *err)
{
    if (len > BW_TREND_LINE_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "a line of %zu bytes: at most %u are read", len,
                       BW_TREND_LINE_BYTES_MAX);
    if (commas(line, len) >= BW_TREND_LINE_VALUES_MAX)
        return bw_fail(err, BW_ELIMIT, "at most %u values are read", BW_TREND_LINE_VALUES_MAX);
    json_error_t problem;
    json_t *value = json_loadb(line, len, 0, &problem);
    if (value == NULL)
        return bw_fail(err, BW_EINVAL, "column %d: %s", problem.column, problem.text);
    struct ask ask = {
        .scratch = scratch,
        .arena = bw_trend_scratch_begin(scratch),
        .line = value,
        .cpu = cpu,
        .ctx = ctx,
        .started_ms = cpu != NULL ? cpu(ctx) : 0,
        .out = out,
        .err = err,
    };
    const enum bw_rc rc = answer(&ask);
    json_decref(value);
    return rc;
}
