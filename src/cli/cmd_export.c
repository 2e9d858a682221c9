// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/escape.h"
#include "base/mem.h"
#include "base/units.h"
#include "calendar/range.h"
#include "calendar/zone.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"
#include "cli/storage.h"
#include "cli/transfer_form.h"
#include "io/clock.h"
#include "metric/family.h"
#include "pack/points.h"
#include "store/reader.h"
#include "transfer/sample_text.h"
#include "transfer/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points in memory are those of 16 days of one series, or of fewer days of up to 16, twice. */
#define WINDOW_MS (INT64_C(16) * 86400000)
enum { BATCH_MAX = 16, OUT_BYTES = 1 << 20, OUT_BYTES_MAX = 1 << 30, PREFIX_BYTES_MAX = 1 << 20 };

struct export_opts {
    const char *storage_path;
    const char *match;
    const char *from, *to;
    const char *range;
};

#define AT(member) offsetof(struct export_opts, member)

static const struct bw_opt rows[] = {
    BW_STORAGE_ROW(AT(storage_path)),
    { "match", BW_OPT_STRING, AT(match),
      .help = "Only the series of a selector: probe_success{service=~\"shop|mail\"}." },
    { "from", BW_OPT_STRING, AT(from), .help = "Not before this time (RFC 3339 or Unix)." },
    { "to", BW_OPT_STRING, AT(to), .help = "Not after this time." },
    { "range", BW_OPT_STRING, AT(range),
      .help =
          "In place of both: a duration up to now, as 7d, or yesterday, last week and the like, "
          "in UTC." },
    { 0 },
};

static const struct bw_opt_group group = { .name = "export",
                                           .size = sizeof(struct export_opts),
                                           .opts = rows };

/* A series that is wanted. */
struct wanted {
    uint32_t id;
    const char *text; /* metric{a="b"} */
};

struct export
{
    enum bw_transfer_form form;
    struct bw_reader *reader;
    int64_t from_ms, to_ms;
    int64_t first_ms, last_ms; /* between these are nearly all samples */
    struct bw_arena arena;
    struct wanted *series; /* by text: those of a metric are neighbours */
    size_t count, cap;
    const char **labels; /* every label's name, rising; of a CSV */
    size_t label_count, label_cap;
    const char *family; /* the metric whose lines are being written */
    struct bw_buf out, prefix;
    struct bw_damage damage;
};

/* ---- which series ------------------------------------------------------------------------ */

static void note_label(struct export *e, const char *name)
{
    size_t at = 0;
    while (at < e->label_count && strcmp(e->labels[at], name) < 0)
        at++;
    if (at < e->label_count && strcmp(e->labels[at], name) == 0)
        return;
    e->labels = bw_grow(e->labels, &e->label_cap, e->label_count + 1, sizeof *e->labels);
    memmove(e->labels + at + 1, e->labels + at, (e->label_count - at) * sizeof *e->labels);
    e->labels[at] = bw_arena_strdup(&e->arena, name);
    e->label_count++;
}

static bool take_series(void *ctx, const struct bw_series_info *series)
{
    struct export *e = ctx;
    e->series = bw_grow(e->series, &e->cap, e->count + 1, sizeof *e->series);
    e->series[e->count++] = (struct wanted){ series->id, bw_arena_strdup(&e->arena, series->text) };
    for (size_t i = 0; e->form == BW_TRANSFER_CSV && i < series->labels.count; i++)
        note_label(e, series->labels.items[i].name);
    return true;
}

/* '{' comes behind every byte of a name, so this is by metric first. */
static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct wanted *)a)->text, ((const struct wanted *)b)->text);
}

static enum bw_rc list_series(struct export *e, const char *match, struct bw_err *err)
{
    struct bw_selector selector;
    enum bw_rc rc = BW_OK;
    if (match != NULL)
        rc = bw_selector_parse(&e->arena, match, &selector, err);
    if (rc == BW_OK)
        rc = bw_reader_series(e->reader, match != NULL ? &selector : NULL, take_series, e,
                              &e->damage, err);
    if (rc == BW_OK && e->count > 0)
        qsort(e->series, e->count, sizeof *e->series, by_text);
    return rc;
}

/* ---- lines ------------------------------------------------------------------------------- */

static struct bw_transfer_columns columns_of(const struct export *e)
{
    return (struct bw_transfer_columns){ e->labels, e->label_count };
}

/* HELP and TYPE, as far as the tables know the metric. A family of several metrics (a summary)
 * is exported as what its metrics are: series that nothing is known of. */
static void put_family(struct export *e, const char *metric)
{
    static const char *const words[BW_TYPE_COUNT] = {
        [BW_TYPE_GAUGE] = "gauge",
        [BW_TYPE_COUNTER] = "counter",
        [BW_TYPE_STATESET] = "gauge",
        [BW_TYPE_INFO] = "info",
    };
    enum bw_family_id id;
    const struct bw_family *family = bw_family_by_name(metric, &id) ? bw_family_row(id) : NULL;
    const char *word = family != NULL ? words[family->type] : NULL;
    size_t len = strlen(metric);
    if (word != NULL && (family->type == BW_TYPE_COUNTER || family->type == BW_TYPE_INFO)) {
        len = bw_family_base_len(family);
        word = len < strlen(metric) ? word : NULL; /* OpenMetrics knows them by their ending */
    }
    if (word != NULL) {
        bw_buf_printf(&e->out, "# HELP %.*s ", (int)len, metric);
        bw_escape_label(&e->out, family->help, strlen(family->help));
        bw_buf_char(&e->out, '\n');
    }
    bw_buf_printf(&e->out, "# TYPE %.*s %s\n", (int)len, metric, word != NULL ? word : "unknown");
}

static void begin_series(struct export *e, const char *text)
{
    struct bw_arena arena = { 0 };
    struct bw_labels labels = { 0 };
    const char *metric = "";
    bw_series_parse(&arena, text, &metric, &labels); /* the reader has read it before */
    if (e->form == BW_TRANSFER_OPENMETRICS
        && (e->family == NULL || strcmp(e->family, metric) != 0)) {
        put_family(e, metric);
        e->family = bw_arena_strdup(&e->arena, metric);
    }
    const struct bw_transfer_columns columns = columns_of(e);
    bw_buf_clear(&e->prefix);
    bw_transfer_put_prefix(&e->prefix, e->form, metric, labels, &columns);
    bw_arena_fini(&arena);
}

static bool put_points(struct export *e, const char *series, const struct bw_point *points,
                       size_t count)
{
    begin_series(e, series);
    for (size_t done = 0, step; done < count; done += step) {
        step = count - done < 4096 ? count - done : 4096;
        bw_transfer_put_points(&e->out, e->form, &e->prefix, points + done, step);
        if (e->out.len >= OUT_BYTES && !bw_out_buf(&e->out))
            return false;
    }
    return true;
}

/* Some series that are read at once. They come as they lie in the store, and are written in
 * their order, so that equal samples make equal texts. */
struct batch {
    struct export *export;
    const struct wanted *series;
    size_t count;
    struct bw_points points[BATCH_MAX];
};

static bool take_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct batch *batch = ctx;
    size_t at = 0;
    if (batch->count == 1)
        return put_points(batch->export, batch->series->text, points, count);
    while (batch->series[at].id != series)
        at++;
    struct bw_points *out = &batch->points[at];
    memcpy(bw_points_reserve(out, count), points, count * sizeof *points);
    out->count += count;
    return true;
}

/* What the window had of several series. */
static void put_batch(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct bw_points *points = &batch->points[i];
        if (points->count > 0)
            put_points(batch->export, batch->series[i].text, points->items, points->count);
        bw_points_fini(points);
    }
}

/* ---- windows ----------------------------------------------------------------------------- */

static size_t metric_len(const struct wanted *series)
{
    return strcspn(series->text, "{");
}

/* How many of the series from `first` on are read at once: of one metric, and no more points in
 * all than a window of one series has. */
static size_t batch_size(const struct export *e, size_t first)
{
    const struct wanted *series = e->series + first;
    const size_t len = metric_len(series);
    const int64_t days = (e->last_ms - e->first_ms) / (WINDOW_MS / BATCH_MAX) + 1;
    const size_t max = days >= BATCH_MAX ? 1 : (size_t)(BATCH_MAX / days);
    size_t count = 1;
    while (count < max && first + count < e->count && metric_len(series + count) == len
           && memcmp(series[count].text, series->text, len) == 0)
        count++;
    return count;
}

/* Window by window, of which the first begins where samples can begin at all. */
static enum bw_rc export_batch(struct export *e, const struct wanted *series, size_t count,
                               struct bw_err *err)
{
    struct batch batch = { .export = e, .series = series, .count = count };
    uint32_t ids[BATCH_MAX];
    int64_t from_ms = e->from_ms, to_ms = e->first_ms;
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < count; i++)
        ids[i] = series[i].id;
    do {
        to_ms = e->last_ms - to_ms < WINDOW_MS ? e->to_ms : to_ms + WINDOW_MS;
        rc = bw_reader_scan(e->reader, ids, count, from_ms, to_ms, take_points, &batch, &e->damage,
                            err);
        put_batch(&batch);
        from_ms = to_ms + 1;
    } while (rc == BW_OK && to_ms < e->to_ms);
    return rc;
}

/* What a store gets while it is read is left out: all is as of one moment. */
static enum bw_rc find_extent(struct export *e, const char *path, struct bw_err *err)
{
    struct bw_store_info info;
    int64_t latest_ms = 0;
    enum bw_rc rc = bw_reader_latest(e->reader, &latest_ms, err);
    if (rc == BW_OK)
        rc = bw_store_info(path, &info, err);
    if (rc != BW_OK)
        return rc;
    e->to_ms = latest_ms < e->to_ms ? latest_ms : e->to_ms;
    e->last_ms = e->to_ms;
    e->first_ms = info.packs > 0 && info.first_ms < e->last_ms ? info.first_ms : e->last_ms;
    e->first_ms = e->from_ms > e->first_ms ? e->from_ms : e->first_ms;
    return BW_OK;
}

static enum bw_rc export_all(struct export *e, const char *path, const char *match,
                             struct bw_err *err)
{
    enum bw_rc rc = find_extent(e, path, err);
    if (rc == BW_OK)
        rc = list_series(e, match, err);
    if (rc != BW_OK)
        return rc;
    const struct bw_transfer_columns columns = columns_of(e);
    if (e->form == BW_TRANSFER_CSV)
        bw_transfer_put_header(&e->out, &columns);
    for (size_t i = 0, count; rc == BW_OK && i < e->count && e->from_ms <= e->to_ms; i += count) {
        count = batch_size(e, i);
        rc = export_batch(e, e->series + i, count, err);
        if (rc == BW_OK && e->out.len >= OUT_BYTES && !bw_out_buf(&e->out))
            return BW_OK; /* nobody hears it; bw_out_finish says so where it matters */
    }
    if (rc == BW_OK && e->form == BW_TRANSFER_OPENMETRICS)
        bw_buf_text(&e->out, "# EOF\n");
    return rc;
}

/* ---- the command ------------------------------------------------------------------------- */

static enum bw_rc read_bound(const char *name, const char *text, int64_t *out_ms,
                             struct bw_err *err)
{
    if (text == NULL || bw_sample_text_time(bw_span_of(text), out_ms))
        return BW_OK;
    return bw_fail(err, BW_EINVAL, "--%s: '%.60s' is no time (RFC 3339 or Unix)", name, text);
}

static enum bw_rc read_range(const struct export_opts *opts, struct export *e, struct bw_err *err)
{
    e->from_ms = INT64_MIN / 2;
    e->to_ms = INT64_MAX / 2;
    if (opts->range == NULL) {
        const enum bw_rc rc = read_bound("from", opts->from, &e->from_ms, err);
        return rc == BW_OK ? read_bound("to", opts->to, &e->to_ms, err) : rc;
    }
    if (opts->from != NULL || opts->to != NULL)
        return bw_fail(err, BW_EINVAL, "--range stands in place of --from and --to");
    struct bw_range range;
    const enum bw_rc rc =
        bw_range_parse(opts->range, bw_zone_utc(), bw_wall_system_ms(), &range, err);
    if (rc != BW_OK)
        return bw_wrap(err, rc, "--range");
    e->from_ms = range.from_ms;
    e->to_ms = range.to_ms - 1;
    return BW_OK;
}

static int finish(const struct bw_command *command, struct export *e, enum bw_rc rc,
                  const struct bw_err *err)
{
    const uint64_t missing = e->damage.packs + e->damage.journal_rows + e->damage.rows;
    bw_out_buf(&e->out);
    if (missing > 0)
        fprintf(stderr,
                "bellwether export: %" PRIu64 " parts of the store failed their checksum and are "
                "missing here; 'bellwether db verify' lists them\n",
                missing);
    if (rc == BW_ENOTFOUND)
        return bw_command_failed(command, "%s; name the store with --storage.path", err->text);
    return rc == BW_OK ? BW_EXIT_OK : bw_command_failed(command, "%s", err->text);
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    const struct export_opts *opts = call->opts;
    const char *path = bw_storage_path(call->arena, opts->storage_path);
    struct export e = { .from_ms = 0 };
    struct bw_err err;
    if (!bw_transfer_form_of(call->args[0], &e.form))
        return bw_command_usage(command, "there is no format '%.40s': openmetrics, csv",
                                call->args[0]);
    if (read_range(opts, &e, &err) != BW_OK)
        return bw_command_usage(command, "%s", err.text);
    bw_buf_init(&e.out, OUT_BYTES_MAX);
    bw_buf_init(&e.prefix, PREFIX_BYTES_MAX);
    enum bw_rc rc = bw_reader_open(path, &e.reader, &err);
    if (rc == BW_OK) {
        rc = export_all(&e, path, opts->match, &err);
        bw_reader_close(e.reader);
    }
    const int code = finish(command, &e, rc, &err);
    bw_buf_fini(&e.out);
    bw_buf_fini(&e.prefix);
    bw_arena_fini(&e.arena);
    free(e.series);
    free(e.labels);
    return code;
}

const struct bw_command bw_cmd_export = {
    .name = "export",
    .arguments = "openmetrics|csv",
    .summary = "Write samples as OpenMetrics text or CSV, from a live store or not",
    .text =
        "  bellwether export openmetrics --range=30d >month.om\n"
        "  promtool tsdb create-blocks-from openmetrics month.om prometheus-data\n"
        "  bellwether export csv --match='probe_duration_seconds{service=\"shop\"}' "
        "--from=2026-01-01T00:00:00Z\n"
        "Values are exact: the shortest decimals that read back the same; NaN, +Inf, -Inf, -0.\n"
        "CSV has the columns metric, each label, time (Unix seconds) and value.\n",
    .complete = bw_transfer_form_complete,
    .flags = &group,
    .args_min = 1,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
