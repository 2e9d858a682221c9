// SPDX-License-Identifier: GPL-3.0-or-later
/* Reports as files: those of the archive, and summaries made when asked. A file is only ever
 * found through a row of the store; nothing of a request becomes a path. */
#include "report/report.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/text.h"
#include "calendar/range.h"
#include "io/file.h"
#include "web/answer.h"
#include "web/endpoint.h"
#include "web/history.h"

#include <stdlib.h>
#include <string.h>

#define ARCHIVED_BYTES_MAX (64u << 20)

/* The wanted row, its texts copied. */
struct finding {
    struct bw_request *request;
    int64_t id;         /* 0: the newest of that format */
    const char *format; /* NULL: any */
    struct bw_report_row row;
    bool found;
};

static bool look(void *ctx, const struct bw_report_row *row)
{
    struct finding *finding = ctx;
    struct bw_arena *arena = &finding->request->arena;
    if ((finding->id != 0 && row->id != finding->id)
        || (finding->format != NULL && strcmp(row->format, finding->format) != 0))
        return true;
    finding->row = *row;
    finding->row.name = bw_arena_strdup(arena, row->name);
    finding->row.format = bw_arena_strdup(arena, row->format);
    finding->row.file = bw_arena_strdup(arena, row->file);
    finding->found = true;
    return false;
}

static bool find_format(const char *name, enum bw_report_format *out)
{
    for (const struct bw_opt_name *format = bw_report_formats; format->name != NULL; format++) {
        if (strcmp(format->name, name) != 0)
            continue;
        *out = (enum bw_report_format)format->value;
        return true;
    }
    return false;
}

/* attachment; filename="weekly-2026-11-21.xlsx", of letters, digits and "._-" alone. */
static void set_disposition(struct bw_request *request, const char *name, int64_t ms,
                            const char *extension)
{
    struct bw_civil at = bw_civil_from_ms(ms);
    char *clean = bw_arena_strndup(&request->arena, name, strlen(name) < 64 ? strlen(name) : 64);
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    for (char *c = clean; *c != '\0'; c++)
        if (strchr(good, *c) == NULL)
            *c = '_';
    request->answer.disposition =
        bw_arena_printf(&request->arena, "attachment; filename=\"%s-%04lld-%02d-%02d.%s\"", clean,
                        (long long)at.year, at.month, at.day, extension);
}

/* Rows are ours, but a file name with a way out of the folder is not followed anyhow. */
static bool is_plain_name(const char *file)
{
    return file[0] != '\0' && file[0] != '.' && strchr(file, '/') == NULL;
}

static void send_file(struct bw_request *request, const struct bw_report_row *row)
{
    enum bw_report_format format;
    struct bw_answer *answer = &request->answer;
    struct bw_err err = { 0 };
    if (!find_format(row->format, &format) || !is_plain_name(row->file)
        || request->site->archive == NULL) {
        bw_answer_problem(request, 404, "There is no such report in the archive.");
        return;
    }
    enum bw_rc rc = bw_file_open(request->site->archive, row->file, ARCHIVED_BYTES_MAX,
                                 &answer->file, &answer->file_size, &err);
    if (rc != BW_OK) {
        bw_answer_problem(request, 404, "The file of this report is not in the archive any more.");
        return;
    }
    bw_answer_begin(request, bw_report_media_type(format));
    set_disposition(request, row->name, row->created_ms, bw_report_extension(format));
}

static void find_and_send(struct bw_request *request, const char *name, struct finding *finding)
{
    struct bw_reader *reader = NULL;
    struct bw_err err = { 0 };
    enum bw_rc rc = bw_history_open(request, &reader, &err);
    if (rc == BW_OK)
        rc = bw_reader_reports(reader, name, look, finding, NULL, &err);
    bw_reader_close(reader);
    if (rc != BW_OK)
        bw_answer_error(request, &err);
    else if (!finding->found)
        bw_answer_problem(request, 404, "There is no such report in the archive.");
    else
        send_file(request, &finding->row);
}

void bw_report_archived(struct bw_request *request)
{
    struct finding finding = { .request = request };
    const char *id = request->captures[0];
    if (!bw_parse_int(id, strlen(id), &finding.id) || finding.id < 1)
        bw_answer_problem(request, 404, "There is no such report in the archive.");
    else
        find_and_send(request, NULL, &finding);
}

void bw_report_latest(struct bw_request *request)
{
    const char *file = request->captures[0];
    const char *dot = strrchr(file, '.');
    enum bw_report_format format;
    if (dot == NULL || dot == file || !find_format(dot + 1, &format)) {
        bw_answer_problem(request, 404, "Expected a schedule's name and a format: weekly.xlsx.");
        return;
    }
    struct finding finding = { .request = request, .format = dot + 1 };
    const char *name = bw_arena_strndup(&request->arena, file, (size_t)(dot - file));
    find_and_send(request, name, &finding);
}

static void render_summary(struct bw_request *request, const struct bw_report_request *wanted,
                           enum bw_report_format format)
{
    struct bw_err err = { 0 };
    struct bw_report *report = NULL;
    enum bw_rc rc = bw_report_collect(wanted, &report, &err);
    if (rc == BW_OK) {
        bw_answer_begin(request, bw_report_media_type(format));
        rc = bw_report_render(report, format, NULL, &request->answer.body, &err);
    }
    bw_report_free(report);
    if (rc != BW_OK) {
        bw_answer_error(request, &err);
        return;
    }
    if (format == BW_REPORT_HTML)
        bw_answer_allow_style(request);
    if (format == BW_REPORT_XLSX)
        set_disposition(request, "summary", request->now_ms, "xlsx");
    else
        bw_answer_compress(request);
}

void bw_report_summary(struct bw_request *request)
{
    const char *format_name = bw_url_param(&request->url, "format");
    const char *range_text = bw_url_param(&request->url, "range");
    enum bw_report_format format = BW_REPORT_JSON;
    struct bw_range range;
    struct bw_err err = { 0 };
    if (format_name != NULL && !find_format(format_name, &format)) {
        bw_answer_problem(request, 400, "format: expected html, csv, md, xlsx or json.");
        return;
    }
    enum bw_rc rc = bw_range_parse(range_text == NULL ? "7d" : range_text, bw_zone_utc(),
                                   request->now_ms, &range, &err);
    if (rc != BW_OK) {
        bw_wrap(&err, rc, "range");
        bw_answer_error(request, &err);
        return;
    }
    if (request->store == NULL) {
        bw_answer_problem(request, 503, "There is no store just now, so there is no history.");
        return;
    }
    struct bw_report_request wanted = {
        .type = BW_REPORT_SUMMARY,
        .store = request->store,
        .title = request->view->title,
        .node = request->view->node,
        .from_ms = range.from_ms,
        .to_ms = range.to_ms,
        .now_ms = request->now_ms,
    };
    render_summary(request, &wanted, format);
}
