// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/limits.h"
#include "calendar/range.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"
#include "cli/storage.h"
#include "conf/guess.h"
#include "io/clock.h"
#include "io/file.h"
#include "report/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPORT_BYTES_MAX (UINT64_C(256) << 20)

struct report_opts {
    const char *storage_path;
    int format;
    const char *range;
    const char *timezone;
    const char *template_file;
    const char *output;
    const char *title;
};

#define AT(member) offsetof(struct report_opts, member)

static const struct bw_opt rows[] = {
    BW_STORAGE_ROW(AT(storage_path)),
    { "format", BW_OPT_ENUM, AT(format), .def = "md", .names = bw_report_formats,
      .help = "How the report is written." },
    { "range", BW_OPT_STRING, AT(range), .def = "7d",
      .help = "What it is about: a duration up to now, or today, yesterday, this or last week, "
              "month, quarter or year." },
    { "timezone", BW_OPT_STRING, AT(timezone), .def = "UTC",
      .help = "Where days begin, as Europe/Vienna." },
    { "template", BW_OPT_STRING, AT(template_file), .flags = BW_OPT_FILE,
      .help = "A Mustache file instead of the built-in page; for html and md." },
    { "output", BW_OPT_STRING, AT(output), .flags = BW_OPT_FILE,
      .help = "The file to write, replaced in one step; default: standard output." },
    { "title", BW_OPT_STRING, AT(title), .def = "Bellwether", .range = "1..200",
      .help = "What stands at the top." },
    { 0 },
};

static const struct bw_opt_group group = { .name = "report",
                                           .size = sizeof(struct report_opts),
                                           .opts = rows };

static int type_of(const struct bw_command *command, const char *name)
{
    struct bw_guess guess = bw_guess_of(name);
    for (const struct bw_opt_name *type = bw_report_types; type->name != NULL; type++) {
        if (strcmp(type->name, name) == 0)
            return type->value;
        bw_guess_try(&guess, type->name);
    }
    bw_command_usage(command, "there is no report '%s', %s '%s'%s", name,
                     guess.best != NULL ? "did you mean" : "there is",
                     guess.best != NULL ? guess.best : bw_report_types[0].name,
                     guess.best != NULL ? "?" : "");
    return -1;
}

/* A zone of the system's list; NULL with *err set. */
static struct bw_zone *read_zone(const char *name, struct bw_err *err)
{
    struct bw_zone *zone = NULL;
    char *data = NULL;
    size_t size = 0;
    if (!bw_zone_name_is_valid(name)
        || bw_file_read("/usr/share/zoneinfo", name, BW_TZIF_BYTES_MAX, &data, &size, err) != BW_OK
        || bw_zone_parse(name, data, size, &zone, err) != BW_OK)
        bw_fail(err, BW_EINVAL, "--timezone: there is no time zone '%s' here", name);
    free(data);
    return zone;
}

static enum bw_rc read_range(const struct report_opts *opts, struct bw_report_request *out,
                             struct bw_err *err)
{
    struct bw_zone *own = NULL;
    const struct bw_zone *zone = bw_zone_utc();
    if (strcmp(opts->timezone, "UTC") != 0)
        zone = own = read_zone(opts->timezone, err);
    if (zone == NULL)
        return BW_EINVAL;
    struct bw_range range;
    enum bw_rc rc = bw_range_parse(opts->range, zone, out->now_ms, &range, err);
    bw_zone_free(own);
    if (rc != BW_OK)
        return bw_wrap(err, rc, "--range");
    out->from_ms = range.from_ms;
    out->to_ms = range.to_ms;
    return BW_OK;
}

static enum bw_rc deliver(const struct report_opts *opts, struct bw_buf *text, struct bw_err *err)
{
    if (opts->output != NULL && strcmp(opts->output, "-") != 0)
        return bw_file_write(NULL, opts->output, text->data, text->len, 0644, err);
    bw_out_buf(text);
    return BW_OK;
}

static enum bw_rc render(const struct report_opts *opts, const struct bw_report *report,
                         struct bw_err *err)
{
    char *template_text = NULL;
    enum bw_rc rc = BW_OK;
    if (opts->template_file != NULL)
        rc = bw_file_read(NULL, opts->template_file, BW_TEMPLATE_BYTES_MAX, &template_text, NULL,
                          err);
    struct bw_buf text;
    bw_buf_init(&text, REPORT_BYTES_MAX);
    if (rc == BW_OK)
        rc = bw_report_render(report, (enum bw_report_format)opts->format, template_text, &text,
                              err);
    if (rc != BW_OK && opts->template_file != NULL)
        bw_wrap(err, rc, "%s", opts->template_file);
    if (rc == BW_OK)
        rc = deliver(opts, &text, err);
    bw_buf_fini(&text);
    free(template_text);
    return rc;
}

static enum bw_rc make(const struct report_opts *opts, const struct bw_report_request *request,
                       struct bw_err *err)
{
    struct bw_report *report = NULL;
    enum bw_rc rc = bw_report_collect(request, &report, err);
    if (rc != BW_OK)
        return rc;
    rc = render(opts, report, err);
    bw_report_free(report);
    return rc;
}

static bool goes_to_terminal(const struct report_opts *opts)
{
    return (opts->output == NULL || strcmp(opts->output, "-") == 0) && isatty(STDOUT_FILENO) == 1;
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    const struct report_opts *opts = call->opts;
    char node[HOST_NAME_MAX + 1] = "";
    struct bw_err err;
    const int type = type_of(command, call->args[0]);
    if (type < 0)
        return command->usage_exit;
    if (opts->format == BW_REPORT_XLSX && goes_to_terminal(opts))
        return bw_command_usage(command, "a spreadsheet is no text for a terminal: name a file "
                                         "with --output=report.xlsx");
    gethostname(node, sizeof node - 1);
    struct bw_report_request request = {
        .type = (enum bw_report_type)type,
        .store = bw_storage_path(call->arena, opts->storage_path),
        .title = opts->title,
        .node = node,
        .now_ms = bw_wall_system_ms(),
    };
    enum bw_rc rc = read_range(opts, &request, &err);
    if (rc != BW_OK)
        return bw_command_usage(command, "%s", err.text);
    rc = make(opts, &request, &err);
    if (rc == BW_ENOTFOUND && opts->template_file == NULL)
        return bw_command_failed(command, "%s; name the store with --storage.path", err.text);
    return rc == BW_OK ? BW_EXIT_OK : bw_command_failed(command, "%s", err.text);
}

static void complete(struct bw_completion *completion, const struct bw_opt *flag)
{
    for (const struct bw_opt_name *type = bw_report_types; flag == NULL && type->name != NULL;
         type++)
        bw_completion_add(completion, type->name, NULL);
}

const struct bw_command bw_cmd_report = {
    .name = "report",
    .arguments = "TYPE",
    .summary = "Write a report about a stretch of time from the store",
    .text = "  bellwether report summary --format=xlsx --range='last week' --output=week.xlsx\n"
            "TYPE is summary.\n",
    .complete = complete,
    .flags = &group,
    .args_min = 1,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
