// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mem.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/live_import.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/storage.h"
#include "cli/transfer_form.h"
#include "store/import.h"
#include "store/reader.h"
#include "transfer/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PIECE_BYTES = 256 << 10, BAD_LINES_SHOWN = 20 };

struct import_opts {
    const char *storage_path;
    bool strict;
    int64_t max_series;
};

#define AT(member) offsetof(struct import_opts, member)

static const struct bw_opt rows[] = {
    BW_STORAGE_ROW(AT(storage_path)),
    { "strict", BW_OPT_BOOL, AT(strict),
      .help = "Read the file twice, and import nothing when a line of it is bad." },
    { "max-series", BW_OPT_INT, AT(max_series), .def = "100000", .range = "1..10000000",
      .help = "Ceiling on the number of series in a store that no daemon has open; of one that a "
              "daemon has, storage.max_series is." },
    { 0 },
};

static const struct bw_opt_group group = { .name = "import",
                                           .size = sizeof(struct import_opts),
                                           .opts = rows };

/* One reading of the file. */
struct work {
    const char *file;
    FILE *in;
    uint64_t size; /* 0: not known */
    enum bw_transfer_form form;
    struct bw_import *import;           /* one of them; none: it is only looked for bad lines */
    struct bw_live_import *live_import; /* where a daemon has the store */
    struct bw_progress progress;
    uint64_t bad, samples;
};

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
    (void)number;
    is_interrupted = 1;
}

/* ---- what the reader finds --------------------------------------------------------------- */

static uint32_t take_series(void *ctx, const char *metric, struct bw_labels labels,
                            struct bw_err *err)
{
    struct work *work = ctx;
    if (work->live_import != NULL)
        return bw_live_import_series(work->live_import, metric, labels, err);
    return work->import == NULL ? 1 : bw_import_series(work->import, metric, labels, err);
}

static void take_sample(void *ctx, uint32_t series, int64_t ts_ms, double value)
{
    struct work *work = ctx;
    work->samples++;
    if (work->import != NULL)
        bw_import_add(work->import, series, ts_ms, value);
    else if (work->live_import != NULL)
        bw_live_import_add(work->live_import, series, ts_ms, value);
}

static void take_bad(void *ctx, uint64_t line, const char *why)
{
    struct work *work = ctx;
    if (work->bad++ >= BAD_LINES_SHOWN)
        return;
    bw_progress_hide(&work->progress);
    fprintf(stderr, "%s:%" PRIu64 ": %s\n", work->file, line, why);
}

/* ---- reading ----------------------------------------------------------------------------- */

static enum bw_rc verdict(const struct work *work, struct bw_err *err)
{
    if (work->live_import != NULL)
        return bw_live_import_verdict(work->live_import, err);
    return work->import != NULL ? bw_import_verdict(work->import, err) : BW_OK;
}

static enum bw_rc read_pieces(struct work *work, struct bw_transfer_reader *reader, char *piece,
                              struct bw_err *err)
{
    uint64_t done = 0;
    size_t size;
    enum bw_rc rc = BW_OK;
    while (rc == BW_OK && (size = fread(piece, 1, PIECE_BYTES, work->in)) > 0) {
        rc = bw_transfer_reader_feed(reader, piece, size, err);
        if (rc == BW_OK)
            rc = verdict(work, err);
        if (rc == BW_OK && is_interrupted != 0)
            rc = bw_fail(err, BW_EDENIED, "interrupted");
        done += size;
        bw_progress_show(&work->progress, done, work->size);
    }
    if (rc == BW_OK && ferror(work->in))
        rc = bw_fail(err, BW_EIO, "%s: %s", work->file, strerror(errno));
    return rc == BW_OK ? bw_transfer_reader_finish(reader, err) : rc;
}

static enum bw_rc read_file(struct work *work, struct bw_err *err)
{
    const struct bw_transfer_sink sink = { work, take_series, take_sample, take_bad };
    struct bw_transfer_reader *reader = bw_transfer_reader_new(work->form, &sink);
    char *piece = bw_alloc_unset(PIECE_BYTES, 1);
    work->bad = work->samples = 0;
    work->progress = bw_progress_begin();
    const enum bw_rc rc = read_pieces(work, reader, piece, err);
    bw_progress_hide(&work->progress);
    if (work->bad > BAD_LINES_SHOWN)
        fprintf(stderr, "%s: and %" PRIu64 " more bad %s\n", work->file,
                work->bad - BAD_LINES_SHOWN, work->bad == BAD_LINES_SHOWN + 1 ? "line" : "lines");
    free(piece);
    bw_transfer_reader_free(reader);
    return rc;
}

static enum bw_rc open_file(struct work *work, struct bw_err *err)
{
    struct stat st;
    work->in = strcmp(work->file, "-") == 0 ? stdin : fopen(work->file, "re");
    if (work->in == NULL)
        return bw_fail(err, BW_EIO, "%s: %s", work->file, strerror(errno));
    if (fstat(fileno(work->in), &st) == 0 && S_ISREG(st.st_mode))
        work->size = (uint64_t)st.st_size;
    return BW_OK;
}

static enum bw_rc read_strictly(struct work *work, struct bw_err *err)
{
    if (work->size == 0)
        return bw_fail(err, BW_EINVAL, "--strict needs a file that can be read twice");
    const enum bw_rc rc = read_file(work, err);
    if (rc != BW_OK)
        return rc;
    rewind(work->in);
    return work->bad == 0 ? BW_OK
                          : bw_fail(err, BW_EINVAL, "%" PRIu64 " bad %s; nothing is imported",
                                    work->bad, work->bad == 1 ? "line" : "lines");
}

/* ---- into the store ---------------------------------------------------------------------- */

static void tell(const struct work *work, const struct bw_import_stats *stats, enum bw_rc rc)
{
    struct bw_buf out;
    bw_buf_init(&out, 4096);
    bw_out_count(&out, stats->added, "sample of ", "samples of ");
    bw_out_count(&out, stats->series, "series added", "series added");
    if (stats->present > 0) {
        bw_buf_text(&out, "; ");
        bw_out_count(&out, stats->present, "was there already", "were there already");
    }
    if (stats->replaced > 0) {
        bw_buf_text(&out, "; ");
        bw_out_count(&out, stats->replaced, "took the place of another value",
                     "took the place of other values");
    }
    if (work->bad > 0) {
        bw_buf_text(&out, "; ");
        bw_out_count(&out, work->bad, "bad line left out", "bad lines left out");
    }
    if (stats->added + stats->replaced > 0) {
        bw_buf_text(&out, "; ");
        bw_out_count(&out, stats->packs, "pack", "packs");
        bw_buf_printf(&out, ", %.2f bytes a sample",
                      (double)stats->bytes / (double)(stats->added + stats->replaced));
    }
    bw_buf_text(&out, rc == BW_OK ? "\n" : " before it broke off; run it again to go on\n");
    bw_out_buf(&out);
    bw_buf_fini(&out);
}

static enum bw_rc import_file(struct work *work, struct bw_store *store, struct bw_err *err)
{
    struct bw_import_stats stats;
    struct bw_err late;
    enum bw_rc rc = bw_import_begin(store, BW_IMPORT_WAITING_BYTES, &work->import, err);
    if (rc != BW_OK)
        return rc;
    rc = read_file(work, err);
    /* What was read before an interruption or a bad disk is as good as the rest. */
    const enum bw_rc finished = bw_import_finish(work->import, rc == BW_OK ? err : &late);
    rc = rc == BW_OK ? finished : rc;
    bw_import_stats(work->import, &stats);
    bw_import_free(work->import);
    tell(work, &stats, rc);
    return rc;
}

/* The daemon takes it in parts, between its own commits. */
static enum bw_rc import_live(struct work *work, const char *path, struct bw_err *err)
{
    struct bw_live *live = bw_live_new(path, &is_interrupted);
    struct bw_import_stats stats;
    struct bw_err late;
    const char *why = "";
    enum bw_rc rc = bw_live_import_begin(live, &work->live_import, err);
    if (rc == BW_OK) {
        rc = read_file(work, err);
        const enum bw_rc finished =
            bw_live_import_finish(work->live_import, rc == BW_OK ? err : &late);
        rc = rc == BW_OK ? finished : rc;
        bw_live_import_stats(work->live_import, &stats);
        const uint64_t refused = bw_live_import_refused(work->live_import, &why);
        tell(work, &stats, rc);
        if (rc == BW_OK && refused > 0)
            rc = bw_fail(err, BW_ELIMIT, "the daemon did not take %" PRIu64 " samples: %s", refused,
                         why);
        bw_live_import_free(work->live_import);
    }
    bw_live_free(live);
    return rc == BW_ENOTFOUND ? bw_wrap(err, rc, "another process has '%s' open", path) : rc;
}

static enum bw_rc check_worth(const struct work *work, enum bw_rc rc, struct bw_err *err)
{
    if (rc == BW_OK && work->samples == 0 && work->bad > 0)
        return bw_fail(err, BW_EINVAL, "%s: not one good line", work->file);
    return rc;
}

static void say(void *ctx, enum bw_log_level level, const char *message)
{
    (void)ctx;
    (void)level;
    fprintf(stderr, "bellwether import: %s\n", message);
}

/* A daemon goes on with a fresh store where one is damaged. Somebody who imports is there to hear
 * of it, and may have named a file that was never a store: it is left as it is. */
static enum bw_rc check_store(const char *path, struct bw_err *err)
{
    struct bw_reader *reader = NULL;
    struct bw_err why;
    struct stat st;
    if (stat(path, &st) != 0 || st.st_size == 0)
        return BW_OK;
    const enum bw_rc rc = bw_reader_open(path, &reader, &why);
    bw_reader_close(reader);
    return rc == BW_ECORRUPT
               ? bw_fail(err, rc, "'%s' is no sound store: %s; it is left as it is", path, why.text)
               : BW_OK;
}

static enum bw_rc import_into(struct work *work, const struct import_opts *opts, const char *path,
                              struct bw_err *err)
{
    struct bw_storage_opts storage = bw_storage_defaults();
    const struct bw_store_hooks hooks = { .say = say };
    struct bw_store *store;
    storage.path = path;
    storage.max_bytes = 0; /* the daemon's configuration says what goes; nothing goes here */
    storage.max_series = opts->max_series;
    enum bw_rc rc = check_store(path, err);
    if (rc == BW_OK)
        rc = bw_store_open(&storage, &hooks, &store, err);
    if (rc == BW_EBUSY)
        return check_worth(work, import_live(work, path, err), err);
    if (rc != BW_OK)
        return rc;
    rc = check_worth(work, import_file(work, store, err), err);
    bw_store_close(store);
    return rc;
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    const struct import_opts *opts = call->opts;
    struct work work = { .file = call->args[1] };
    struct bw_err err;
    if (!bw_transfer_form_of(call->args[0], &work.form))
        return bw_command_usage(command, "there is no format '%.40s': openmetrics, csv",
                                call->args[0]);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], on_signal);
    enum bw_rc rc = open_file(&work, &err);
    if (rc == BW_OK && opts->strict)
        rc = read_strictly(&work, &err);
    if (rc == BW_OK)
        rc = import_into(&work, opts, bw_storage_path(call->arena, opts->storage_path), &err);
    if (work.in != NULL && work.in != stdin)
        fclose(work.in);
    return rc == BW_OK ? BW_EXIT_OK : bw_command_failed(command, "%s", err.text);
}

const struct bw_command bw_cmd_import = {
    .name = "import",
    .arguments = "openmetrics|csv FILE",
    .summary = "Take samples from OpenMetrics text or CSV into a store, live or not",
    .text =
        "FILE may be - for standard input. A line that is bad is told with its number and left "
        "out.\n"
        "Running it again adds what is missing and nothing twice, also after it was broken off.\n"
        "openmetrics takes lines with times in seconds, Prometheus's in milliseconds, and what\n"
        "'promtool tsdb dump' prints; from 1e11 on a time is in milliseconds.\n"
        "csv begins with a line that names the columns, in any order: metric, time, value, and "
        "each\n"
        "label by its own name (label:NAME if that is one of the three); an empty cell is no "
        "label:\n"
        "  metric,host,time,value\n"
        "  node_load1,db1,1700000000.5,0.25\n"
        "Commas, semicolons or tabs; quotes as in RFC 4180; times Unix or RFC 3339.\n",
    .complete = bw_transfer_form_complete,
    .flags = &group,
    .args_min = 2,
    .args_max = 2,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
