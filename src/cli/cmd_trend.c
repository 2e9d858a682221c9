// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"
#include "cli/plot.h"
#include "cli/show_trend.h"
#include "cli/storage.h"
#include "cli/trend_input.h"
#include "trend/analyse.h"
#include "trend/jsonl.h"
#include "trend/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT, JSON, JSONL };
enum { BAND_PARTS = 5, CHART_ROWS = 12, ANSWER_BYTES_MAX = 256 << 20 };

struct trend_opts {
    const char *series;
    const char *storage_path;
    int64_t range_ns;
    double threshold;
    int side;
    const char *horizons;
    const char *season;
    bool counter;
    int format;
};

static const struct bw_opt_name sides[] = { { "auto", 0 }, { "above", 1 }, { "below", -1 }, { 0 } };
static const struct bw_opt_name formats[] = {
    { "text", TEXT }, { "json", JSON }, { "jsonl", JSONL }, { 0 }
};

#define AT(member) offsetof(struct trend_opts, member)

static const struct bw_opt rows[] = {
    { "series", BW_OPT_STRING, AT(series),
      .help = "Which series: a selector such as up{instance=\"a:80\"}. Without FILE it is looked "
              "up in the store." },
    BW_STORAGE_ROW(AT(storage_path)),
    { "range", BW_OPT_DURATION, AT(range_ns), .def = "30d", .range = "1m..20y",
      .help = "How far back a stored series is read." },
    { "threshold", BW_OPT_NUMBER, AT(threshold), .def = "NaN",
      .help = "The value whose crossing is foreseen; of a counter, of its rate per second." },
    { "side", BW_OPT_ENUM, AT(side), .def = "auto", .names = sides,
      .help = "Where the threshold hurts: above or below it; auto is the side where the series "
              "is not." },
    { "horizons", BW_OPT_STRING, AT(horizons), .def = "1h,24h,7d",
      .help = "How far ahead, at most three durations." },
    { "season", BW_OPT_STRING, AT(season), .def = "auto",
      .help = "auto looks for seasons, none does not, a duration is taken as it is." },
    { "counter", BW_OPT_BOOL, AT(counter),
      .help = "The series only rises between resets: analyse its rate per second. Series that "
              "say so of themselves need no flag." },
    { "format", BW_OPT_ENUM, AT(format), .def = "text", .names = formats,
      .help = "text has a chart; jsonl answers each JSON line of FILE." },
    { 0 },
};

static enum bw_rc check_opts(const void *given, struct bw_err *err)
{
    const struct trend_opts *opts = given;
    enum bw_trend_season_policy policy;
    int64_t season_ms;
    if (opts->side != 0 && !isfinite(opts->threshold))
        return bw_fail(err, BW_EINVAL, "--side without --threshold says nothing");
    return bw_trend_season_parse(opts->season, &policy, &season_ms, err);
}

static const struct bw_opt_group group = {
    .name = "trend", .size = sizeof(struct trend_opts), .opts = rows, .check = check_opts
};

/* ---- JSON lines -------------------------------------------------------------------------- */

static double cpu_ms(void *ctx)
{
    (void)ctx;
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

/* Every line gets its answer: what cannot be answered, why not. */
static void put_error(struct bw_buf *out, size_t line, const struct bw_err *err)
{
    struct bw_json json = bw_json_to(out);
    bw_json_open(&json, '{');
    bw_json_member_int(&json, "line", (int64_t)line);
    bw_json_member_text(&json, "error", err->text);
    bw_json_close(&json, '}');
    bw_buf_char(out, '\n');
}

static int answer_lines(const struct bw_command *command, FILE *input)
{
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    struct bw_buf out;
    char *line = NULL;
    size_t cap = 0, number = 0, refused = 0;
    ssize_t len;
    bw_buf_init(&out, ANSWER_BYTES_MAX);
    while ((len = getline(&line, &cap, input)) > 0) {
        struct bw_err err = { .rc = BW_OK };
        number++;
        if (strspn(line, " \t\r\n") == (size_t)len)
            continue;
        if (bw_trend_jsonl(scratch, line, (size_t)len, cpu_ms, NULL, &out, &err) != BW_OK) {
            put_error(&out, number, &err);
            refused++;
        }
        if (!bw_out_buf(&out) || fflush(stdout) != 0)
            break;
    }
    const bool broken = ferror(input) != 0;
    free(line);
    bw_buf_fini(&out);
    bw_trend_scratch_free(scratch);
    if (broken)
        return bw_command_failed(command, "reading ended early: an error at line %zu", number + 1);
    return refused == 0 ? BW_EXIT_OK
                        : bw_command_failed(command, "%zu of %zu lines could not be understood",
                                            refused, number);
}

static int run_jsonl(const struct bw_command *command, const char *file)
{
    struct bw_err err;
    FILE *input = bw_input_open(file, &err);
    if (input == NULL)
        return bw_command_failed(command, "%s", err.text);
    const int code = answer_lines(command, input);
    bw_input_close(input);
    return code;
}

/* ---- one series -------------------------------------------------------------------------- */

static enum bw_rc parse_horizons(const char *text, struct bw_trend_request *out, struct bw_err *err)
{
    struct bw_span rest = bw_span_of(text), part;
    while (bw_span_split(&rest, ',', &part)) {
        char one[BW_DURATION_TEXT_MAX];
        int64_t ns;
        part = bw_span_trim(part);
        if (out->horizon_count == BW_TREND_HORIZONS_MAX)
            return bw_fail(err, BW_EINVAL, "--horizons: at most %d of them", BW_TREND_HORIZONS_MAX);
        if (part.len >= sizeof one)
            return bw_fail(err, BW_EINVAL, "--horizons: expected durations such as 1h,24h,7d");
        memcpy(one, part.data, part.len);
        one[part.len] = '\0';
        if (bw_parse_duration(one, &ns, err) != BW_OK)
            return bw_wrap(err, BW_EINVAL, "--horizons");
        if (ns < BW_SECOND)
            return bw_fail(err, BW_EINVAL, "--horizons: at least 1s ahead");
        out->horizons_ms[out->horizon_count++] = ns / BW_MS;
    }
    return BW_OK;
}

/* The side on which the series is not yet. */
static int side_of(const struct trend_opts *opts, const struct bw_points *points)
{
    if (!isfinite(opts->threshold) || opts->side != 0)
        return opts->side;
    for (size_t i = points->count; i-- > 0;) {
        if (isfinite(points->items[i].value))
            return points->items[i].value > opts->threshold ? -1 : 1;
    }
    return 1;
}

/* How far ahead the forecast is known. */
static int64_t foreseen_ms(const struct bw_trend_record *record)
{
    int64_t farthest = 0;
    for (size_t i = 0; i < record->horizon_count; i++) {
        if (isfinite(record->horizons[i].p50) && record->horizons[i].horizon_ms > farthest)
            farthest = record->horizons[i].horizon_ms;
    }
    return farthest;
}

/* Asks again for times in between, so that the band follows a season. Returns the count. */
static size_t make_band(struct bw_trend_request request, struct bw_trend_scratch *scratch,
                        const struct bw_trend_record *record, struct bw_plot_band *out)
{
    enum { TOTAL = BAND_PARTS * BW_TREND_HORIZONS_MAX };
    const int64_t farthest = foreseen_ms(record);
    size_t count = 0;
    for (size_t part = 0; farthest >= TOTAL && part < BAND_PARTS; part++) {
        struct bw_trend_record between = { 0 };
        request.horizon_count = BW_TREND_HORIZONS_MAX;
        for (size_t i = 0; i < BW_TREND_HORIZONS_MAX; i++)
            request.horizons_ms[i] =
                farthest / TOTAL * (int64_t)(part * BW_TREND_HORIZONS_MAX + i + 1);
        if (bw_trend_analyse(&request, scratch, &between, NULL) != BW_OK)
            break;
        for (size_t i = 0; i < BW_TREND_HORIZONS_MAX; i++) {
            const struct bw_trend_horizon *h = &between.horizons[i];
            out[count++] =
                (struct bw_plot_band){ record->last_ms + h->horizon_ms, h->p10, h->p50, h->p90 };
        }
    }
    return count;
}

/* A counter's rates, so that the chart shows what is analysed. */
static void make_rates(struct bw_points *points)
{
    struct bw_point *items = points->items;
    for (size_t i = 1; i < points->count; i++) {
        const double rise = items[i].value - items[i - 1].value;
        const double seconds = (double)(items[i].ts_ms - items[i - 1].ts_ms) / 1000;
        items[i - 1] =
            (struct bw_point){ items[i].ts_ms, (rise >= 0 ? rise : items[i].value) / seconds };
    }
    points->count -= points->count > 0;
}

static void put_chart(struct bw_buf *out, const struct bw_terminal *terminal,
                      const struct bw_trend_request *request, struct bw_trend_scratch *scratch,
                      const struct bw_trend_record *record, struct bw_points *points)
{
    struct bw_plot_band band[BAND_PARTS * BW_TREND_HORIZONS_MAX];
    const size_t band_count = make_band(*request, scratch, record, band);
    if (request->counter)
        make_rates(points);
    const struct bw_plot plot = {
        .points = points->items,
        .count = points->count,
        .band = band,
        .band_count = band_count,
        .threshold = record->side != 0 ? record->threshold : NAN,
        .columns = terminal->columns,
        .rows = CHART_ROWS,
        .utf8 = terminal->utf8,
    };
    bw_buf_char(out, '\n');
    bw_plot_draw(out, &plot);
}

static enum bw_rc show(const struct trend_opts *opts, const char *file, struct bw_read_points *read,
                       struct bw_err *err)
{
    struct bw_trend_request request = { .counter = opts->counter || read->counter,
                                        .threshold = opts->threshold };
    bw_points_settle(&read->points);
    request.points = read->points.items;
    request.count = read->points.count;
    request.side = side_of(opts, &read->points);
    enum bw_rc rc = parse_horizons(opts->horizons, &request, err);
    if (rc == BW_OK)
        rc = bw_trend_season_parse(opts->season, &request.season, &request.season_ms, err);
    if (rc != BW_OK)
        return rc;
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    struct bw_trend_record record = { 0 };
    const struct bw_terminal terminal = bw_terminal_look();
    const char *name = read->series != NULL ? read->series : file;
    struct bw_buf out;
    bw_buf_init(&out, 4u << 20);
    rc = bw_trend_analyse(&request, scratch, &record, err);
    if (rc == BW_OK && opts->format == JSON) {
        bw_show_trend_json(&out, name, request.counter, &record);
    } else if (rc == BW_OK) {
        bw_show_trend_text(&out, &terminal, name, request.counter, &record);
        put_chart(&out, &terminal, &request, scratch, &record, &read->points);
    }
    bw_out_buf(&out);
    bw_buf_fini(&out);
    bw_trend_scratch_free(scratch);
    return rc;
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    const struct trend_opts *opts = call->opts;
    const char *file = call->arg_count > 0 ? call->args[0] : NULL;
    struct bw_read_points read = { 0 };
    struct bw_err err;
    if (opts->format == JSONL)
        return run_jsonl(command, file != NULL ? file : "-");
    if (file == NULL && opts->series == NULL)
        return bw_command_usage(command, "name a FILE (- is standard input), or a stored series "
                                         "with --series");
    enum bw_rc rc = file != NULL
                        ? bw_trend_input_text(file, opts->series, &read, &err)
                        : bw_trend_input_store(bw_storage_path(call->arena, opts->storage_path),
                                               opts->series, opts->range_ns / BW_MS, &read, &err);
    if (rc == BW_OK)
        rc = show(opts, file, &read, &err);
    bw_read_points_fini(&read);
    return rc == BW_OK ? BW_EXIT_OK : bw_command_failed(command, "%s", err.text);
}

const struct bw_command bw_cmd_trend = {
    .name = "trend",
    .arguments = "[FILE|-]",
    .summary = "Show where a series is heading, what it will be, and when it reaches a threshold",
    .text =
        "FILE is CSV (time,value) or Prometheus or OpenMetrics text with times; times are Unix\n"
        "seconds or milliseconds, or RFC 3339. Without FILE, --series names a stored one.\n"
        "  bellwether trend disk.csv --threshold=90 --side=above\n"
        "  bellwether trend --series='node_load1{instance=\"host\"}' --horizons=6h,1d\n",
    .complete = bw_complete_file_arguments,
    .flags = &group,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
