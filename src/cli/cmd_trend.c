// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"
#include "cli/plot.h"
#include "cli/show_trend.h"
#include "cli/storage.h"
#include "cli/trend_ask.h"
#include "cli/trend_input.h"
#include "io/clock.h"
#include "trend/grid.h"
#include "trend/jsonl.h"
#include "trend/path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT, JSON, JSONL };
enum { CHART_ROWS = 12, ANSWER_BYTES_MAX = 256 << 20 };

struct trend_opts {
    const char *series;
    const char *storage_path;
    int64_t range_ns;
    struct bw_trend_ask ask;
    int format;
};

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
    { "horizons", BW_OPT_STRING, AT(ask.horizons), .def = "1h,24h,7d",
      .help = "How far ahead, at most three durations." },
    BW_TREND_ASK_ROWS(AT(ask)),
    { "format", BW_OPT_ENUM, AT(format), .def = "text", .names = formats,
      .help = "text has a chart; jsonl answers each JSON line of FILE." },
    { 0 },
};

static enum bw_rc check_opts(const void *given, struct bw_err *err)
{
    const struct trend_opts *opts = given;
    return bw_trend_ask_check(&opts->ask, "horizons", err);
}

static const struct bw_opt_group group = {
    .name = "trend", .size = sizeof(struct trend_opts), .opts = rows, .check = check_opts
};

/* ---- JSON lines -------------------------------------------------------------------------- */

static double cpu_ms(void *ctx)
{
    (void)ctx;
    return (double)bw_thread_cpu_ns() / BW_MS;
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

/* One line into *out. False when it could not be understood. */
static bool answer_line(struct bw_trend_scratch *scratch, const struct bw_buf *line, size_t number,
                        struct bw_buf *out)
{
    struct bw_err err = { .rc = BW_OK };
    if (bw_buf_failed(line))
        bw_fail(&err, BW_ELIMIT, "longer than %u MiB", BW_TREND_LINE_BYTES_MAX >> 20);
    else if (bw_trend_jsonl(scratch, line->data, line->len, cpu_ms, NULL, out, &err) == BW_OK)
        return true;
    put_error(out, number, &err);
    return false;
}

static int answer_lines(const struct bw_command *command, FILE *input)
{
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    struct bw_buf line, out;
    size_t number = 0, refused = 0;
    bw_buf_init(&line, BW_TREND_LINE_BYTES_MAX);
    bw_buf_init(&out, ANSWER_BYTES_MAX);
    while (bw_input_line(input, &line)) {
        number++;
        if (strspn(line.data, " \t\r\n") == line.len && !bw_buf_failed(&line))
            continue;
        refused += answer_line(scratch, &line, number, &out) ? 0 : 1;
        if (!bw_out_buf(&out) || fflush(stdout) != 0)
            break;
    }
    const bool broken = ferror(input) != 0;
    bw_buf_fini(&line);
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

/* The forecast for a chart, no more of it than there are columns. */
static struct bw_plot_band *make_band(struct bw_trend_scratch *scratch, size_t columns,
                                      size_t *out_count)
{
    const struct bw_trend_path path = bw_trend_path_of(scratch, 0.8);
    const size_t stride = path.n / (columns + 1) + 1;
    struct bw_plot_band *band = bw_alloc_array(path.n / stride + 1, sizeof *band);
    size_t count = 0;
    for (size_t i = path.n > 0 ? (path.n - 1) % stride : 0; i < path.n; i += stride)
        band[count++] = (struct bw_plot_band){
            .ts_ms = path.first_ms + (int64_t)i * path.step_ms,
            .low = path.low[i],
            .middle = path.middle[i],
            .high = path.high[i],
        };
    *out_count = count;
    return band;
}

static void put_chart(struct bw_buf *out, const struct bw_terminal *terminal,
                      const struct bw_trend_request *request, struct bw_trend_scratch *scratch,
                      const struct bw_trend_record *record, struct bw_points *points)
{
    size_t band_count;
    struct bw_plot_band *band = make_band(scratch, terminal->columns, &band_count);
    if (request->counter)
        points->count = bw_trend_grid_values(points->items, points->count, true, points->items);
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
    free(band);
}

static enum bw_rc show(const struct trend_opts *opts, struct bw_arena *arena, const char *file,
                       struct bw_read_points *read, struct bw_err *err)
{
    const struct bw_trend_request request = bw_trend_ask_about(&opts->ask, read);
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    struct bw_trend_picture *picture = bw_arena_alloc(arena, sizeof *picture);
    struct bw_trend_record record = { .metric = "" };
    const struct bw_terminal terminal = bw_terminal_look();
    if (read->series != NULL)
        record.metric = bw_arena_strndup(arena, read->series, strcspn(read->series, "{"));
    const struct bw_trend_shown shown = {
        .name = read->series != NULL ? read->series : file,
        .counter = request.counter,
        .record = &record,
        .picture = picture,
    };
    struct bw_buf out;
    bw_buf_init(&out, 4u << 20);
    const enum bw_rc rc = bw_trend_analyse_shown(&request, scratch, &record, picture, err);
    if (rc == BW_OK && opts->format == JSON) {
        bw_show_trend_json(&out, &shown);
    } else if (rc == BW_OK) {
        bw_show_trend_text(&out, &terminal, &shown);
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
        rc = show(opts, call->arena, file, &read, &err);
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
