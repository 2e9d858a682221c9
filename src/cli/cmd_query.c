// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/storage.h"
#include "cli/terminal.h"
#include "store/sql.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

struct query_opts {
    const char *storage_path;
    int format;
    int64_t timeout_ns;
    int64_t rows_max;
    uint64_t memory_bytes;
};

#define AT(member) offsetof(struct query_opts, member)

static const struct bw_opt rows[] = {
    BW_STORAGE_ROW(AT(storage_path)),
    { "format", BW_OPT_ENUM, AT(format), .def = "table", .names = bw_listing_formats,
      .help = "How rows are written." },
    { "timeout", BW_OPT_DURATION, AT(timeout_ns), .def = "1m", .range = "0..1d",
      .help = "End the query after so long; 0 is never." },
    { "max-rows", BW_OPT_INT, AT(rows_max), .def = "1000000", .range = "0..",
      .help = "Rows to write at most; more are an error; 0 is any number." },
    { "max-memory", BW_OPT_BYTES, AT(memory_bytes), .def = "256MiB",
      .help = "What sorting, grouping and long values may take; 0 is any amount." },
    { 0 },
};

static const struct bw_opt_group group = { .name = "query",
                                           .size = sizeof(struct query_opts),
                                           .opts = rows };

/* One query on its way to standard output. */
struct answer {
    struct bw_listing listing;
    enum bw_listing_format format;
    bool begun;
};

static bool write_out(void *ctx, struct bw_buf *text)
{
    (void)ctx;
    return bw_out_buf(text);
}

static bool take_columns(void *ctx, const char *const *names, size_t count)
{
    struct answer *answer = ctx;
    bw_listing_begin(&answer->listing, answer->format, bw_terminal_look().utf8, names, count,
                     write_out, NULL);
    answer->begun = true;
    return true;
}

static void take_blob(struct bw_listing *listing, size_t len)
{
    char text[48];
    const int n = snprintf(text, sizeof text, "(%zu bytes)", len);
    bw_listing_add_text(listing, text, (size_t)n);
}

static bool take_row(void *ctx, const struct bw_sql_value *values, size_t count)
{
    struct bw_listing *listing = &((struct answer *)ctx)->listing;
    for (size_t i = 0; i < count; i++) {
        switch (values[i].kind) {
        case BW_SQL_NULL:
            bw_listing_null(listing);
            break;
        case BW_SQL_INT:
            bw_listing_int(listing, values[i].integer);
            break;
        case BW_SQL_NUMBER:
            bw_listing_number(listing, values[i].number);
            break;
        case BW_SQL_TEXT:
            bw_listing_add_text(listing, values[i].text, values[i].len);
            break;
        case BW_SQL_BLOB:
            take_blob(listing, values[i].len);
            break;
        }
    }
    return bw_listing_row(listing);
}

/* ---- ending it ------------------------------------------------------------------------------- */

enum { GRACE_S = 2, EXIT_INTERRUPTED = 128 + SIGINT };

static volatile sig_atomic_t stop;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

/* SQLite looks at the clock between its steps, and one step (a pattern of many %, say) can take
 * for ever. A reader may be ended at any time. */
static void on_alarm(int signal_number)
{
    (void)signal_number;
    static const char text[] = "bellwether query: it took too long and was ended; --timeout allows "
                               "more\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1); /* there is nobody else to tell */
    _exit(BW_EXIT_FAILED);
}

static void handle(int signal_number, void (*handler)(int), int flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(signal_number, &action, NULL);
}

/* The first ctrl-C ends the statement, a second one the program. */
static void watch(int64_t timeout_ns)
{
    handle(SIGINT, on_interrupt, SA_RESTART | (int)SA_RESETHAND);
    if (timeout_ns <= 0)
        return;
    const struct itimerval when = { .it_value.tv_sec = timeout_ns / BW_SECOND + GRACE_S };
    handle(SIGALRM, on_alarm, 0);
    setitimer(ITIMER_REAL, &when, NULL);
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void say_missing(const struct bw_damage *damage)
{
    const uint64_t missing = damage->packs + damage->journal_rows + damage->rows;
    if (missing > 0)
        fprintf(stderr,
                "bellwether query: %" PRIu64
                " parts of the store failed their checksum and are missing "
                "here; 'bellwether db verify' lists them\n",
                missing);
}

static int say_failure(const struct bw_command *command, enum bw_rc rc, const struct bw_err *err)
{
    static const struct {
        enum bw_rc rc;
        const char *words, *advice;
    } known[] = {
        { BW_ENOTFOUND, "", "name the store with --storage.path" },
        { BW_ETIMEOUT, "too long", "--timeout allows more" },
        { BW_ELIMIT, "rows", "--max-rows allows more" },
        { BW_ELIMIT, "memory", "--max-memory allows more" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (rc == known[i].rc && strstr(err->text, known[i].words) != NULL)
            return bw_command_failed(command, "%s; %s", err->text, known[i].advice);
    }
    bw_command_failed(command, "%s", err->text);
    return stop != 0 ? EXIT_INTERRUPTED : BW_EXIT_FAILED;
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    const struct query_opts *opts = call->opts;
    struct answer answer = { .format = (enum bw_listing_format)opts->format };
    const struct bw_sql_sink sink = { &answer, take_columns, take_row };
    const struct bw_sql_limits limits = { .timeout_ns = opts->timeout_ns,
                                          .rows = (uint64_t)opts->rows_max,
                                          .memory_bytes = opts->memory_bytes,
                                          .stop = &stop };
    struct bw_damage damage = { 0 };
    struct bw_err err;
    watch(opts->timeout_ns);
    const enum bw_rc rc = bw_sql_run(bw_storage_path(call->arena, opts->storage_path),
                                     call->args[0], &limits, &sink, &damage, &err);
    if (answer.begun)
        bw_listing_end(&answer.listing);
    say_missing(&damage);
    return rc == BW_OK ? BW_EXIT_OK : say_failure(command, rc, &err);
}

const struct bw_command bw_cmd_query = {
    .name = "query",
    .arguments = "SQL",
    .summary = "Run one SQL statement over the store, samples included, without changing it",
    .text =
        "Tables made for questions, ts in Unix ms, labels as JSON:\n"
        "  samples(metric, labels, series, ts, value), hidden: service, instance, check_name, "
        "match\n"
        "  series(id, metric, service, instance, check_name, labels, name, first_ts, last_ts, "
        "points,\n"
        "     bytes), hidden: match\n"
        "Conditions on names, series and ts are looked up, as is a selector in match:\n"
        "  bellwether query \"SELECT ts, value FROM samples\n"
        "     WHERE match='probe_duration_seconds{service=\\\"shop\\\"}' AND ts > 1700000000000\"\n"
        "Other tables: event, check_state, alert_state, trend_result,\n"
        "  statement, statement_bin, series_score, report_archive.\n"
        "docs/sql.md has more, with examples.\n",
    .flags = &group,
    .args_min = 1,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
