// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mem.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/show_backtest.h"
#include "cli/storage.h"
#include "cli/trend_ask.h"
#include "cli/trend_input.h"
#include "cli/trend_store.h"
#include "io/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT, JSON, CSV };
enum { OUT_BYTES_MAX = 64 << 20, FLUSH_BYTES = 64 << 10, METRICS_MAX = 2000 };

struct backtest_opts {
    const char *match;
    const char *storage_path;
    int64_t range_ns;
    int64_t origins;
    struct bw_trend_ask ask;
    int format;
};

static const struct bw_opt_name formats[] = {
    { "text", TEXT }, { "json", JSON }, { "csv", CSV }, { 0 }
};

#define AT(member) offsetof(struct backtest_opts, member)

static const struct bw_opt rows[] = {
    { "match", BW_OPT_STRING, AT(match),
      .help = "Only the series of a selector, as node_load1{instance=~\"a|b\"}; of FILE it must "
              "leave one." },
    BW_STORAGE_ROW(AT(storage_path)),
    { "range", BW_OPT_DURATION, AT(range_ns), .def = "30d", .range = "1m..20y",
      .help = "How far back stored series are read." },
    { "horizon", BW_OPT_STRING, AT(ask.horizons), .def = "24h",
      .help = "How far ahead, at most three durations. Each needs three times as much data." },
    { "origins", BW_OPT_INT, AT(origins), .def = "20", .range = "1..1000",
      .help =
          "How often at most the engine is asked about a series; no closer than half a horizon." },
    BW_TREND_ASK_ROWS(AT(ask)),
    { "format", BW_OPT_ENUM, AT(format), .def = "text", .names = formats,
      .help = "json and csv have a part or line for each series, each metric, and all." },
    { 0 },
};

static enum bw_rc check_opts(const void *given, struct bw_err *err)
{
    const struct backtest_opts *opts = given;
    return bw_trend_ask_check(&opts->ask, "horizon", err);
}

static const struct bw_opt_group group = {
    .name = "backtest", .size = sizeof(struct backtest_opts), .opts = rows, .check = check_opts
};

/* ---- sums -------------------------------------------------------------------------------- */

/* Of the series of one metric, or of all. */
struct sum {
    char *metric; /* NULL: all */
    struct bw_backtest_part part;
    struct bw_trend_skill skill[BW_TREND_HORIZONS_MAX];
};

struct work {
    const struct backtest_opts *opts;
    struct bw_terminal terminal;
    struct bw_arena *arena; /* of the call */
    struct bw_trend_scratch *scratch;
    struct bw_progress progress;
    size_t series, done; /* in all, and finished */
    struct sum *metrics;
    size_t metric_count, metric_cap;
    struct sum all;
    struct bw_buf out;
    struct bw_json json;
    char shortage[200]; /* why the first series that was too short is */
};

static void add(struct sum *sum, const struct bw_backtest_part *part)
{
    sum->part.name = sum->metric;
    sum->part.series++;
    sum->part.too_short += part->too_short;
    sum->part.analyses += part->analyses;
    sum->part.cpu_ms += part->cpu_ms;
    sum->part.skill = sum->skill;
    sum->part.horizon_count = part->horizon_count;
    for (size_t i = 0; i < part->horizon_count; i++)
        bw_trend_skill_merge(&sum->skill[i], &part->skill[i]);
}

/* Series come metric by metric more often than not, so the last is looked at first. */
static struct sum *sum_of(struct work *work, const char *name)
{
    const size_t len = strcspn(name, "{");
    for (size_t i = work->metric_count; i-- > 0;) {
        const char *metric = work->metrics[i].metric;
        if (strlen(metric) == len && memcmp(metric, name, len) == 0)
            return &work->metrics[i];
    }
    if (work->metric_count == METRICS_MAX)
        return NULL;
    work->metrics =
        bw_grow(work->metrics, &work->metric_cap, work->metric_count + 1, sizeof *work->metrics);
    struct sum *sum = &work->metrics[work->metric_count++];
    *sum = (struct sum){ .metric = bw_strndup(name, len) };
    return sum;
}

/* ---- one series -------------------------------------------------------------------------- */

static void put_part(struct work *work, const char *scope, const struct bw_backtest_part *part)
{
    if (work->opts->format == CSV)
        bw_backtest_csv(&work->out, scope, part);
    else if (work->opts->format == JSON)
        bw_backtest_json(&work->json, part);
    else if (work->series > 1 && part->too_short < part->series)
        bw_backtest_rows(&work->out, &work->terminal, part);
}

/* "3d 4h seen, a horizon of 7d needs 21d". */
static void note_shortage(struct work *work, const struct bw_trend_backtest *backtest)
{
    int64_t least_ms = INT64_MAX;
    for (size_t i = 0; i < backtest->ask.horizon_count; i++)
        least_ms =
            backtest->ask.horizons_ms[i] < least_ms ? backtest->ask.horizons_ms[i] : least_ms;
    char seen[BW_DURATION_TEXT_MAX], ahead[BW_DURATION_TEXT_MAX], needed[BW_DURATION_TEXT_MAX];
    const int64_t limit_ms = INT64_MAX / BW_MS, span_ms = bw_trend_backtest_span_ms(least_ms);
    const int64_t seen_ms = backtest->last_ms - backtest->first_ms;
    bw_format_duration_short(seen, (seen_ms < limit_ms ? seen_ms : limit_ms) * BW_MS);
    bw_format_duration_short(ahead, least_ms * BW_MS);
    bw_format_duration_short(needed, (span_ms < limit_ms ? span_ms : limit_ms) * BW_MS);
    if (work->shortage[0] == '\0')
        snprintf(work->shortage, sizeof work->shortage,
                 "%s seen, a horizon of %s needs %s: two of it to learn from, one to come true",
                 seen, ahead, needed);
}

static void test_series(struct work *work, const char *name, struct bw_read_points *read)
{
    struct bw_arena arena = { 0 };
    struct bw_trend_backtest backtest;
    struct bw_trend_request ask = bw_trend_ask_about(&work->opts->ask, read);
    ask.side = work->opts->ask.side; /* the last value would tell what nobody knew */
    const size_t origins = (size_t)work->opts->origins;
    const int64_t before_ns = bw_thread_cpu_ns();
    bw_trend_backtest_begin(&arena, &ask, origins, &backtest, NULL); /* the flags were checked */
    for (size_t i = 0; i < backtest.origins; i++) {
        bw_progress_show(&work->progress, work->done * origins + i * origins / backtest.origins,
                         work->series * origins);
        bw_trend_backtest_at(&backtest, work->scratch, i);
    }
    const struct bw_backtest_part part = {
        .name = name,
        .series = 1,
        .too_short = backtest.origins == 0,
        .analyses = backtest.origins,
        .cpu_ms = (double)(bw_thread_cpu_ns() - before_ns) / BW_MS,
        .skill = backtest.skill,
        .horizon_count = ask.horizon_count,
    };
    if (part.too_short > 0)
        note_shortage(work, &backtest);
    put_part(work, "series", &part);
    struct sum *metric = sum_of(work, name);
    if (metric != NULL)
        add(metric, &part);
    add(&work->all, &part);
    if (work->series == 1)
        work->all.part.name = bw_arena_strdup(work->arena, name);
    work->done++;
    bw_arena_fini(&arena);
}

/* ---- all of them ------------------------------------------------------------------------- */

static void begin(struct work *work)
{
    work->json = bw_json_to(&work->out);
    if (work->opts->format == CSV) {
        bw_backtest_csv_head(&work->out);
    } else if (work->opts->format == JSON) {
        bw_json_open(&work->json, '{');
        bw_json_key(&work->json, "series");
        bw_json_open(&work->json, '[');
    } else if (work->series > 1) {
        bw_backtest_head(&work->out, &work->terminal);
    }
}

static void end_json(struct work *work)
{
    bw_json_close(&work->json, ']');
    bw_json_key(&work->json, "metrics");
    bw_json_open(&work->json, '[');
    for (size_t i = 0; i < work->metric_count; i++)
        bw_backtest_json(&work->json, &work->metrics[i].part);
    bw_json_close(&work->json, ']');
    bw_json_key(&work->json, "all");
    bw_backtest_json(&work->json, &work->all.part);
    bw_json_close(&work->json, '}');
    bw_buf_char(&work->out, '\n');
}

/* A metric of one series was said already. */
static void end_text(struct work *work)
{
    for (size_t i = 0; work->metric_count > 1 && i < work->metric_count; i++) {
        if (work->metrics[i].part.series > 1)
            put_part(work, "metric", &work->metrics[i].part);
    }
    if (work->series > 1)
        bw_buf_char(&work->out, '\n');
    bw_backtest_words(&work->out, &work->terminal, &work->all.part);
    if (work->shortage[0] != '\0')
        bw_buf_printf(&work->out, "  too short  %s\n", work->shortage);
}

static void end(struct work *work)
{
    bw_progress_hide(&work->progress);
    if (work->opts->format == JSON) {
        end_json(work);
    } else if (work->opts->format == CSV) {
        for (size_t i = 0; i < work->metric_count; i++)
            put_part(work, "metric", &work->metrics[i].part);
        put_part(work, "all", &work->all.part);
    } else {
        end_text(work);
    }
}

static enum bw_rc test_store(struct work *work, struct bw_trend_store *store, struct bw_err *err)
{
    bool more = true;
    enum bw_rc rc = BW_OK;
    work->series = bw_trend_store_count(store);
    begin(work);
    while (rc == BW_OK && more) {
        struct bw_read_points read;
        rc = bw_trend_store_next(store, &read, &more, err);
        if (rc == BW_OK && more)
            test_series(work, read.series, &read);
        bw_read_points_fini(&read);
        if (work->out.len < FLUSH_BYTES)
            continue;
        bw_progress_hide(&work->progress);
        if (!bw_out_buf(&work->out))
            break;
    }
    end(work);
    if (bw_trend_store_damage(store) > 0)
        fprintf(stderr,
                "bellwether backtest: %" PRIu64 " parts of the store failed their checksum and "
                "are missing here; 'bellwether db verify' lists them\n",
                bw_trend_store_damage(store));
    return rc;
}

static enum bw_rc test_all(struct work *work, const struct bw_call *call, struct bw_err *err)
{
    const char *match = work->opts->match;
    enum bw_rc rc;
    if (call->arg_count > 0) {
        struct bw_read_points read;
        rc = bw_trend_input_text(call->args[0], match, &read, err);
        if (rc != BW_OK)
            return rc;
        work->series = 1;
        begin(work);
        test_series(work, read.series != NULL ? read.series : call->args[0], &read);
        bw_read_points_fini(&read);
        end(work);
        return rc;
    }
    struct bw_trend_store *store = NULL;
    rc = bw_trend_store_open(bw_storage_path(call->arena, work->opts->storage_path), match,
                             work->opts->range_ns / BW_MS, &store, err);
    if (rc == BW_OK)
        rc = test_store(work, store, err);
    bw_trend_store_close(store);
    return rc;
}

static void fini(struct work *work)
{
    for (size_t i = 0; i < work->metric_count; i++)
        free(work->metrics[i].metric);
    free(work->metrics);
    bw_buf_fini(&work->out);
    bw_trend_scratch_free(work->scratch);
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    struct work work = {
        .opts = call->opts,
        .arena = call->arena,
        .terminal = bw_terminal_look(),
        .scratch = bw_trend_scratch_new(),
        .progress = bw_progress_begin(),
    };
    struct bw_err err = { .rc = BW_OK };
    work.progress.unit = "analyses";
    bw_buf_init(&work.out, OUT_BYTES_MAX);
    const enum bw_rc rc = test_all(&work, call, &err);
    if (rc == BW_OK || work.opts->format != JSON)
        bw_out_buf(&work.out);
    int code = rc == BW_OK ? BW_EXIT_OK : bw_command_failed(command, "%s", err.text);
    if (rc == BW_OK && !bw_backtest_is_scored(&work.all.part))
        code = bw_command_failed(command, "nothing could be scored: %s",
                                 work.shortage[0] != '\0' ? work.shortage : "too few values came");
    fini(&work);
    return code;
}

const struct bw_command bw_cmd_backtest = {
    .name = "backtest",
    .arguments = "[FILE|-]",
    .summary = "Ask the engine at times in the past, and score what it says by what came",
    .text =
        "FILE is a text as `bellwether trend` reads it. Without FILE, stored series are taken, "
        "from\n"
        "a live store or not; --match says which. At each origin the engine sees what came before\n"
        "it, and nothing else.\n"
        "  bellwether backtest load.csv --horizon=6h,24h\n"
        "  bellwether backtest --match='node_load1' --range=60d --horizon=7d\n"
        "  bellwether backtest disk.csv --horizon=7d --threshold=90 --format=json\n"
        "naive: error in comparison with repeating the last value, +30% is 30% less; season: with\n"
        "repeating the last season. MASE is the error in mean steps from value to value (or "
        "season\n"
        "to season); of several series these three are geometric means. 80%, 95%: how much of "
        "what\n"
        "came lay in the band. right/said: directions that proved right of those that were said.\n"
        "The exit code is 1 when nothing could be scored.\n",
    .complete = bw_complete_file_arguments,
    .flags = &group,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
