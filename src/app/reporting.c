// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/reporting.h"

#include "app/log.h"
#include "base/mem.h"
#include "base/units.h"
#include "calendar/range.h"
#include "io/file.h"
#include "report/report.h"
#include "store/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The clock can be stepped while we wait: look again at least this often. */
#define LOOK_EVERY_NS (30 * BW_SECOND)
#define REPORT_BYTES_MAX (UINT64_C(64) << 20)

struct bw_reporting {
    struct bw_core *core;
    struct bw_timer *timer;
    const struct bw_config *config;
    char *archive_default;
    int64_t *due_ms; /* by report of the configuration; INT64_MAX: never */
    bool sweeping;   /* a sweep of the archive is under way */
};

/* One report on its way: made on a worker. Owns its texts. */
struct errand {
    struct bw_core *core;
    char *store, *title, *node, *folder, *name;
    struct bw_report_request request;
    enum bw_report_format format;
    char file[128];
    size_t bytes;
    struct bw_err err;
    enum bw_rc rc;
};

static void on_timer(void *ctx);

struct bw_reporting *bw_reporting_new(struct bw_core *core, const char *archive_default)
{
    struct bw_reporting *reporting = bw_alloc(sizeof *reporting);
    reporting->core = core;
    reporting->archive_default = bw_strdup(archive_default);
    reporting->timer = bw_timer_new(core->loop, on_timer, reporting);
    return reporting;
}

void bw_reporting_free(struct bw_reporting *reporting)
{
    if (reporting == NULL)
        return;
    bw_timer_free(reporting->timer);
    free(reporting->archive_default);
    free(reporting->due_ms);
    free(reporting);
}

const char *bw_reporting_folder(const struct bw_reporting *reporting)
{
    const char *path = reporting->config->settings.reports.archive.path;
    return path != NULL ? path : reporting->archive_default;
}

/* ---- making one ------------------------------------------------------------------------ */

static void free_errand(struct errand *errand)
{
    free(errand->store);
    free(errand->title);
    free(errand->node);
    free(errand->folder);
    free(errand->name);
    free(errand);
}

static enum bw_rc render_and_keep(struct errand *errand, const struct bw_report *report)
{
    struct bw_buf out;
    bw_buf_init(&out, REPORT_BYTES_MAX);
    enum bw_rc rc = bw_report_render(report, errand->format, NULL, &out, &errand->err);
    if (rc == BW_OK)
        rc = bw_file_make_folder(errand->folder, &errand->err);
    if (rc == BW_OK)
        rc = bw_file_write(errand->folder, errand->file, out.data, out.len, 0640, &errand->err);
    errand->bytes = out.len;
    bw_buf_fini(&out);
    return rc;
}

static void make_report(void *ctx)
{
    struct errand *errand = ctx;
    struct bw_report *report;
    errand->rc = bw_report_collect(&errand->request, &report, &errand->err);
    if (errand->rc != BW_OK)
        return;
    errand->rc = render_and_keep(errand, report);
    bw_report_free(report);
}

static const char *name_of(const struct bw_opt_name *names, int value)
{
    while (names->name != NULL && names->value != value)
        names++;
    return names->name;
}

static void report_made(void *ctx, bool ran)
{
    struct errand *errand = ctx;
    struct bw_core *core = errand->core;
    if (ran && errand->rc == BW_OK && core->store != NULL) {
        const struct bw_report_row row = {
            .name = errand->name,
            .type = name_of(bw_report_types, errand->request.type),
            .format = name_of(bw_report_formats, errand->format),
            .file = errand->file,
            .created_ms = errand->request.now_ms,
            .from_ms = errand->request.from_ms,
            .to_ms = errand->request.to_ms,
            .bytes = errand->bytes,
        };
        bw_store_put_report(core->store, &row);
        bw_core_system_event(core, "report made", errand->file);
    } else if (ran) {
        bw_logf(BW_LOG_ERROR, "reports", "report '%s': %s", errand->name, errand->err.text);
    }
    free_errand(errand);
}

/* "weekly-20261121T0800.xlsx" */
static void name_file(struct errand *errand)
{
    const struct bw_civil c = bw_civil_from_ms(errand->request.now_ms);
    snprintf(errand->file, sizeof errand->file, "%s-%04lld%02d%02dT%02d%02d.%s", errand->name,
             (long long)c.year, c.month, c.day, c.hour, c.minute,
             bw_report_extension(errand->format));
}

static struct errand *new_errand(struct bw_reporting *reporting,
                                 const struct bw_config_report *report, int64_t now_ms)
{
    struct bw_core *core = reporting->core;
    struct bw_range range = { now_ms - 7 * 24 * INT64_C(3600000), now_ms };
    bw_range_parse(report->range, report->zone, now_ms, &range, NULL); /* checked when loaded */
    struct errand *errand = bw_alloc(sizeof *errand);
    errand->core = core;
    errand->store = bw_strdup(bw_store_path(core->store));
    errand->title = bw_strdup(reporting->config->settings.web.title);
    errand->node = bw_strdup(core->node);
    errand->folder = bw_strdup(bw_reporting_folder(reporting));
    errand->name = bw_strdup(report->name);
    errand->format = (enum bw_report_format)report->format;
    errand->request = (struct bw_report_request){ .type = (enum bw_report_type)report->type,
                                                  .store = errand->store,
                                                  .title = errand->title,
                                                  .node = errand->node,
                                                  .from_ms = range.from_ms,
                                                  .to_ms = range.to_ms,
                                                  .now_ms = now_ms };
    name_file(errand);
    return errand;
}

static void start_report(struct bw_reporting *reporting, const struct bw_config_report *report,
                         int64_t now_ms)
{
    if (reporting->core->store == NULL) {
        bw_logf(BW_LOG_ERROR, "reports", "report '%s' is left out: there is no store",
                report->name);
        return;
    }
    struct errand *errand = new_errand(reporting, report, now_ms);
    if (!bw_work_submit(reporting->core->workers, make_report, report_made, errand)) {
        bw_logf(BW_LOG_ERROR, "reports", "report '%s' is left out: too much work waits",
                report->name);
        free_errand(errand);
    }
}

/* ---- the archive ----------------------------------------------------------------------- */

/* A look through the archive's list for what is too old or too much; on a worker. */
struct sweep {
    struct bw_reporting *reporting;
    char *store, *folder;
    int64_t oldest_ms;
    uint64_t max_bytes, bytes;
    int64_t gone[64];
    size_t gone_count;
};

static bool sweep_row(void *ctx, const struct bw_report_row *row)
{
    struct sweep *sweep = ctx;
    char path[4096];
    sweep->bytes += row->bytes; /* newest first */
    if (row->created_ms >= sweep->oldest_ms && sweep->bytes <= sweep->max_bytes)
        return true;
    snprintf(path, sizeof path, "%s/%s", sweep->folder, row->file);
    unlink(path);
    sweep->gone[sweep->gone_count++] = row->id;
    return sweep->gone_count < sizeof sweep->gone / sizeof *sweep->gone;
}

static void run_sweep(void *ctx)
{
    struct sweep *sweep = ctx;
    struct bw_reader *reader;
    if (bw_reader_open(sweep->store, &reader, NULL) != BW_OK)
        return;
    bw_reader_reports(reader, NULL, sweep_row, sweep, NULL, NULL);
    bw_reader_close(reader);
}

static void sweep_done(void *ctx, bool ran)
{
    struct sweep *sweep = ctx;
    (void)ran;
    sweep->reporting->sweeping = false;
    for (size_t i = 0; i < sweep->gone_count && sweep->reporting->core->store != NULL; i++)
        bw_store_forget_report(sweep->reporting->core->store, sweep->gone[i]);
    free(sweep->store);
    free(sweep->folder);
    free(sweep);
}

static void start_sweep(struct bw_reporting *reporting, int64_t now_ms)
{
    const struct bw_archive_settings *archive = &reporting->config->settings.reports.archive;
    if (reporting->core->store == NULL || reporting->sweeping)
        return;
    struct sweep *sweep = bw_alloc(sizeof *sweep);
    sweep->reporting = reporting;
    sweep->store = bw_strdup(bw_store_path(reporting->core->store));
    sweep->folder = bw_strdup(bw_reporting_folder(reporting));
    sweep->oldest_ms = now_ms - archive->retention_ns / BW_MS;
    sweep->max_bytes = archive->max_bytes;
    reporting->sweeping = bw_work_submit(reporting->core->workers, run_sweep, sweep_done, sweep);
    if (!reporting->sweeping) {
        free(sweep->store);
        free(sweep->folder);
        free(sweep);
    }
}

/* ---- the clock ------------------------------------------------------------------------- */

static void set_due(struct bw_reporting *reporting, size_t i, int64_t after_ms)
{
    const struct bw_config_report *report = &reporting->config->reports[i];
    if (!bw_cron_next(&report->cron, report->zone, after_ms, &reporting->due_ms[i]))
        reporting->due_ms[i] = INT64_MAX;
}

static void arm(struct bw_reporting *reporting)
{
    int64_t wait_ns = LOOK_EVERY_NS;
    const int64_t now_ms = bw_core_now_ms(reporting->core);
    for (size_t i = 0; i < reporting->config->report_count; i++) {
        if (reporting->due_ms[i] - now_ms < wait_ns / BW_MS)
            wait_ns = (reporting->due_ms[i] - now_ms) * BW_MS;
    }
    bw_timer_start(reporting->timer, wait_ns, 0);
}

static void on_timer(void *ctx)
{
    struct bw_reporting *reporting = ctx;
    const int64_t now_ms = bw_core_now_ms(reporting->core);
    for (size_t i = 0; i < reporting->config->report_count; i++) {
        if (reporting->due_ms[i] > now_ms)
            continue;
        start_report(reporting, &reporting->config->reports[i], now_ms);
        set_due(reporting, i, now_ms);
        start_sweep(reporting, now_ms);
    }
    arm(reporting);
}

void bw_reporting_apply(struct bw_reporting *reporting, const struct bw_config *config)
{
    const int64_t now_ms = bw_core_now_ms(reporting->core);
    reporting->config = config;
    free(reporting->due_ms);
    reporting->due_ms = bw_alloc_array(config->report_count + 1, sizeof *reporting->due_ms);
    for (size_t i = 0; i < config->report_count; i++)
        set_due(reporting, i, now_ms);
    arm(reporting);
}

void bw_reporting_stop(struct bw_reporting *reporting)
{
    bw_timer_stop(reporting->timer);
}
