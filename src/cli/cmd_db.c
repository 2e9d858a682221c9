// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/civil.h"
#include "base/json.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/db_delete.h"
#include "cli/db_stats.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/storage.h"
#include "conf/guess.h"
#include "store/compact.h"
#include "store/reader.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT, JSON };
enum { ANSWER_BYTES_MAX = 16 << 20 };

struct db_opts {
    const char *storage_path;
    int format;
    bool dry_run, yes, all;
};

static const struct bw_opt_name formats[] = { { "text", TEXT }, { "json", JSON }, { 0 } };

#define AT(member) offsetof(struct db_opts, member)

static const struct bw_opt rows[] = {
    BW_STORAGE_ROW(AT(storage_path)),
    { "format", BW_OPT_ENUM, AT(format), .def = "text", .names = formats,
      .help = "How the answer is written." },
    { "dry-run", BW_OPT_BOOL, AT(dry_run),
      .help = "delete-series: only list what would go, with the number of samples." },
    { "yes", BW_OPT_BOOL, AT(yes), .help = "delete-series: do not ask on a terminal." },
    { "all", BW_OPT_BOOL, AT(all),
      .help = "delete-series: also when MATCHER is every series there is." },
    { 0 },
};

static const struct bw_opt_group group = { .name = "db",
                                           .size = sizeof(struct db_opts),
                                           .opts = rows };

/* One action on one store. */
struct work {
    const struct bw_command *command;
    const char *path;
    const char *target;
    const struct db_opts *opts;
    bool json;
    struct bw_buf out;
};

static int failed(const struct work *work, enum bw_rc rc, const struct bw_err *err)
{
    const char *hint = rc == BW_ENOTFOUND ? "; name the store with --storage.path" : "";
    return bw_command_failed(work->command, "%s%s", err->text, hint);
}

/* ---- verify ------------------------------------------------------------------------------ */

struct faults {
    struct bw_buf *out;
    struct bw_json json;
    bool as_json;
};

static void take_fault(void *ctx, const char *fault)
{
    struct faults *faults = ctx;
    if (faults->as_json)
        bw_json_text(&faults->json, fault);
    else
        bw_buf_printf(faults->out, "%s\n", fault);
}

static int verify(struct work *work)
{
    struct faults faults = { &work->out, bw_json_to(&work->out), work->json };
    uint64_t count = 0;
    struct bw_err err;
    bw_json_open(&faults.json, '{');
    bw_json_member_text(&faults.json, "store", work->path);
    bw_json_key(&faults.json, "faults");
    bw_json_open(&faults.json, '[');
    if (!work->json)
        bw_buf_clear(&work->out);
    const enum bw_rc rc = bw_store_verify(work->path, take_fault, &faults, &count, &err);
    if (rc != BW_OK && rc != BW_ECORRUPT)
        return failed(work, rc, &err);
    if (work->json) {
        bw_json_close(&faults.json, ']');
        bw_json_member_bool(&faults.json, "sound", rc == BW_OK);
        bw_json_close(&faults.json, '}');
        bw_buf_char(&work->out, '\n');
    } else if (rc == BW_OK) {
        bw_buf_printf(&work->out,
                      "%s is sound: structure, journal, packs and rows were read and "
                      "every checksum is right\n",
                      work->path);
    }
    if (rc == BW_OK)
        return BW_EXIT_OK;
    bw_out_buf(&work->out);
    return bw_command_failed(work->command,
                             "%s; what is damaged is left out of every answer, the rest can be "
                             "saved with 'bellwether db backup TARGET'",
                             err.text);
}

/* ---- stats ------------------------------------------------------------------------------- */

struct stat_row {
    const char *key, *words;
    uint64_t value;
    bool is_bytes;
};

static void put_time(struct work *work, const char *words, int64_t ms)
{
    char text[BW_RFC3339_MAX] = "none";
    if (ms != 0)
        bw_format_rfc3339(text, ms);
    bw_buf_printf(&work->out, "%-22s %s\n", words, text);
}

static void stats_text(struct work *work, const struct bw_store_info *info,
                       const struct bw_store_usage *usage, const struct stat_row *table,
                       size_t count)
{
    bw_buf_printf(&work->out, "%-22s %s\n", "store", work->path);
    for (size_t i = 0; i < count; i++) {
        char size[BW_DURATION_TEXT_MAX];
        bw_format_bytes(size, table[i].value);
        if (table[i].is_bytes)
            bw_buf_printf(&work->out, "%-22s %s\n", table[i].words, size);
        else
            bw_buf_printf(&work->out, "%-22s %" PRIu64 "\n", table[i].words, table[i].value);
    }
    if (info->samples > 0 && info->pack_bytes > 0)
        bw_buf_printf(&work->out, "%-22s %.2f\n", "bytes of packs a sample",
                      (double)info->pack_bytes / (double)info->samples);
    put_time(work, "first packed sample", info->first_ms);
    put_time(work, "last packed sample", info->last_ms);
    bw_buf_printf(&work->out, "%-22s %d\n", "schema version", info->schema_version);
    bw_buf_printf(&work->out, "%-22s %s%s\n", "SQLite", info->sqlite_version,
                  info->sqlite_wal_reset_race
                      ? " (has the WAL-reset race: only the daemon may write, as it does)"
                      : "");
    bw_db_stats_text(&work->out, usage);
}

static void stats_json(struct work *work, const struct bw_store_info *info,
                       const struct bw_store_usage *usage, const struct stat_row *table,
                       size_t count)
{
    struct bw_json json = bw_json_to(&work->out);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "store", work->path);
    for (size_t i = 0; i < count; i++)
        bw_json_member_int(&json, table[i].key, (int64_t)table[i].value);
    bw_json_member_time(&json, "first_sample", info->first_ms);
    bw_json_member_time(&json, "last_sample", info->last_ms);
    bw_json_member_int(&json, "schema_version", info->schema_version);
    bw_json_member_text(&json, "sqlite_version", info->sqlite_version);
    bw_json_member_bool(&json, "sqlite_wal_reset_race", info->sqlite_wal_reset_race);
    bw_db_stats_json(&json, usage);
    bw_json_close(&json, '}');
    bw_buf_char(&work->out, '\n');
}

static int stats(struct work *work)
{
    struct bw_store_info info;
    struct bw_err err;
    struct bw_store_usage usage;
    enum bw_rc rc = bw_store_info(work->path, &info, &err);
    if (rc == BW_OK)
        rc = bw_store_usage_read(work->path, BW_DB_STATS_TOP, &usage, &err);
    if (rc != BW_OK)
        return failed(work, rc, &err);
    const struct stat_row table[] = {
        { "bytes", "file and WAL", info.bytes, true },
        { "series", "series", info.series, false },
        { "groups", "groups of series", info.groups, false },
        { "samples", "samples", info.samples, false },
        { "packs", "packs", info.packs, false },
        { "open_packs", "of them open", info.open_packs, false },
        { "pack_bytes", "packs take", info.pack_bytes, true },
        { "rollups", "roll-ups", info.rollups, false },
        { "rollup_bytes", "roll-ups take", info.rollup_bytes, true },
        { "journal_rows", "journal rows", info.journal_rows, false },
        { "journal_bytes", "journal takes", info.journal_bytes, true },
        { "events", "events", info.events, false },
        { "check_states", "states of checks", info.check_states, false },
        { "alert_states", "states of alerts", info.alert_states, false },
        { "trends", "trends", info.trends, false },
        { "statements", "open statements", info.statements, false },
        { "reports", "archived reports", info.reports, false },
    };
    const size_t count = sizeof table / sizeof *table;
    (work->json ? stats_json : stats_text)(work, &info, &usage, table, count);
    bw_store_usage_fini(&usage);
    return BW_EXIT_OK;
}

/* ---- backup ------------------------------------------------------------------------------ */

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
    (void)number;
    is_interrupted = 1;
}

/* A line that writes over itself, where somebody looks. */
static bool show_progress(void *ctx, uint64_t done, uint64_t total)
{
    int *shown = ctx;
    char a[BW_DURATION_TEXT_MAX], b[BW_DURATION_TEXT_MAX];
    const int percent = total > 0 ? (int)((double)done * 100 / (double)total) : 0;
    if (*shown != percent && isatty(STDERR_FILENO) == 1) {
        bw_format_bytes(a, done);
        bw_format_bytes(b, total);
        fprintf(stderr, "\r%3d %%, %s of %s\x1b[K", percent, a, b);
        *shown = percent;
    }
    return is_interrupted == 0;
}

static void catch_signals(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], on_signal);
}

/* Who stops it with ctrl-C finds no half of a copy. */
static enum bw_rc copy(const struct work *work, struct bw_err *err)
{
    int shown = -1;
    const struct bw_backup_watch watch = { show_progress, &shown };
    catch_signals();
    const enum bw_rc rc = bw_store_backup(work->path, work->target, &watch, err);
    if (shown >= 0)
        fputs("\r\x1b[K", stderr);
    return rc;
}

static int backup(struct work *work)
{
    struct bw_err err;
    const enum bw_rc rc = copy(work, &err);
    if (rc == BW_EEXISTS)
        return bw_command_failed(work->command, "%s and is left as it is; name another TARGET",
                                 err.text);
    if (rc != BW_OK)
        return failed(work, rc, &err);
    struct bw_json json = bw_json_to(&work->out);
    if (work->json) {
        bw_json_open(&json, '{');
        bw_json_member_text(&json, "store", work->path);
        bw_json_member_text(&json, "backup", work->target);
        bw_json_close(&json, '}');
        bw_buf_char(&work->out, '\n');
    } else {
        bw_buf_printf(&work->out, "%s is a complete copy of %s\n", work->target, work->path);
    }
    return BW_EXIT_OK;
}

/* ---- compact ----------------------------------------------------------------------------- */

static void say(void *ctx, enum bw_log_level level, const char *message)
{
    (void)ctx;
    if (level >= BW_LOG_WARN)
        fprintf(stderr, "%s\n", message);
}

static enum bw_rc make_small(const struct work *work, struct bw_compact_report *report,
                             struct bw_err *err)
{
    int shown = -1;
    const struct bw_backup_watch watch = { show_progress, &shown };
    const struct bw_store_hooks hooks = { .say = say };
    catch_signals();
    enum bw_rc rc = bw_store_compact(work->path, &hooks, &watch, report, err);
    if (rc == BW_EBUSY) {
        struct bw_live *live = bw_live_new(work->path, &is_interrupted);
        rc = bw_live_compact(live, &watch, report, err);
        bw_live_free(live);
    }
    if (shown >= 0)
        fputs("\r\x1b[K", stderr);
    return rc;
}

static void compact_json(struct work *work, const struct bw_compact_report *report)
{
    struct bw_json json = bw_json_to(&work->out);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "store", work->path);
    bw_json_member_int(&json, "bytes_before", (int64_t)report->bytes_before);
    bw_json_member_int(&json, "bytes_after", (int64_t)report->bytes_after);
    bw_json_member_int(&json, "packs_merged", (int64_t)report->totals.packs_merged);
    bw_json_member_int(&json, "packs_written", (int64_t)report->totals.packs_written);
    bw_json_member_int(&json, "packs_damaged", (int64_t)report->totals.damaged);
    bw_json_close(&json, '}');
    bw_buf_char(&work->out, '\n');
}

static int compact(struct work *work)
{
    struct bw_compact_report report;
    struct bw_err err;
    char before[BW_DURATION_TEXT_MAX], after[BW_DURATION_TEXT_MAX];
    const enum bw_rc rc = make_small(work, &report, &err);
    if (rc != BW_OK)
        return failed(work, rc, &err);
    if (work->json) {
        compact_json(work, &report);
        return BW_EXIT_OK;
    }
    bw_format_bytes(before, report.bytes_before);
    bw_format_bytes(after, report.bytes_after);
    bw_buf_printf(&work->out, "%s: %s before, %s after; ", work->path, before, after);
    bw_out_count(&work->out, report.totals.packs_merged, "pack", "packs");
    bw_buf_printf(&work->out, " became %" PRIu64 "\n", report.totals.packs_written);
    if (report.totals.damaged > 0) {
        bw_out_count(&work->out, report.totals.damaged, "damaged pack was left as it is\n",
                     "damaged packs were left as they are\n");
    }
    return BW_EXIT_OK;
}

/* ---- delete-series ----------------------------------------------------------------------- */

static int delete_series(struct work *work)
{
    const struct bw_db_delete order = {
        .command = work->command,
        .store = work->path,
        .matcher = work->target,
        .dry_run = work->opts->dry_run,
        .yes = work->opts->yes,
        .all = work->opts->all,
        .json = work->json,
        .stop = &is_interrupted,
        .out = &work->out,
    };
    return bw_db_delete_series(&order);
}

/* ---- all of them ------------------------------------------------------------------------- */

static const struct action {
    const char *name;
    const char *arg; /* besides the name; NULL: none */
    int (*run)(struct work *work);
    const char *help;
} actions[] = {
    { "verify", NULL, verify, "Read everything and check every checksum; exits with 1 on damage" },
    { "stats", NULL, stats, "What is in the store and how much room it takes" },
    { "backup", "TARGET", backup,
      "Write a complete copy as of now to TARGET, which must not exist" },
    { "compact", NULL, compact, "Make a store as small as it can be; deletes nothing" },
    { "delete-series", "MATCHER", delete_series, "Delete series, by a selector, for good" },
};

static int unknown_action(const struct bw_command *command, const char *name)
{
    struct bw_guess guess = bw_guess_of(name);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        bw_guess_try(&guess, actions[i].name);
    if (guess.best != NULL)
        return bw_command_usage(command, "there is no 'db %s', did you mean '%s'?", name,
                                guess.best);
    return bw_command_usage(command, "there is no 'db %s'", name);
}

static int run_action(const struct bw_command *command, const struct bw_call *call,
                      const struct action *action)
{
    const struct db_opts *opts = call->opts;
    struct work work = { .command = command,
                         .path = bw_storage_path(call->arena, opts->storage_path),
                         .target = call->arg_count > 1 ? call->args[1] : NULL,
                         .opts = opts,
                         .json = opts->format == JSON };
    if (action->arg != NULL && call->arg_count < 2)
        return bw_command_usage(command, "'db %s' needs a %s", action->name, action->arg);
    if (action->arg == NULL && call->arg_count > 1)
        return bw_command_usage(command, "'db %s' takes no argument", action->name);
    bw_buf_init(&work.out, ANSWER_BYTES_MAX);
    const int code = action->run(&work);
    if (code == BW_EXIT_OK)
        bw_out_buf(&work.out);
    bw_buf_fini(&work.out);
    return code;
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, call->args[0]) == 0)
            return run_action(command, call, &actions[i]);
    }
    return unknown_action(command, call->args[0]);
}

static void complete(struct bw_completion *completion, const struct bw_opt *flag)
{
    for (size_t i = 0; flag == NULL && i < sizeof actions / sizeof *actions; i++) {
        if (completion->arg_count == 0)
            bw_completion_add(completion, actions[i].name, actions[i].help);
        else if (actions[i].run == backup && strcmp(completion->args[0], actions[i].name) == 0)
            bw_completion_files(completion);
    }
}

/* The actions as the tables say them, so that what is listed is what there is. */
static void list_actions(struct bw_buf *out)
{
    bw_buf_text(out, "\nActions:\n");
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        bw_buf_printf(out, "  %-14s%-8s%s.\n", actions[i].name,
                      actions[i].arg == NULL ? "" : actions[i].arg, actions[i].help);
}

const struct bw_command bw_cmd_db = {
    .name = "db",
    .arguments = "verify|stats|backup|compact|delete-series [TARGET|MATCHER]",
    .summary = "Verify a store, count what is in it, copy it, make it smaller, delete series",
    .more = list_actions,
    .complete = complete,
    .flags = &group,
    .args_min = 1,
    .args_max = 2,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
