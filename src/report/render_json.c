// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "report/parts.h"

static void put_cell(struct bw_json *json, const struct bw_report_cell *cell)
{
    switch (cell->is) {
    case BW_CELL_IS_TEXT:
        bw_json_text(json, cell->text);
        break;
    case BW_CELL_IS_NUMBER:
        bw_json_double(json, cell->number);
        break;
    case BW_CELL_IS_TIME:
        bw_json_time(json, cell->time_ms);
        break;
    case BW_CELL_IS_NOTHING:
        bw_json_null(json);
        break;
    }
}

static void put_row(struct bw_json *json, const struct bw_report_section *section, const void *row,
                    struct bw_buf *scratch)
{
    bw_json_open(json, '{');
    for (const struct bw_report_column *column = section->columns; column->name != NULL; column++) {
        if (column->kind == BW_REPORT_STRIP)
            continue;
        const struct bw_report_cell cell = bw_report_cell_of(column, row, scratch);
        bw_json_key(json, column->name);
        put_cell(json, &cell);
    }
    bw_json_close(json, '}');
}

static void put_section(struct bw_json *json, const struct bw_report *report,
                        const struct bw_report_section *section)
{
    struct bw_buf scratch;
    size_t count;
    const char *rows = section->rows(report, &count);
    bw_buf_init(&scratch, 1u << 20);
    bw_json_key(json, section->name);
    bw_json_open(json, '[');
    for (size_t i = 0; i < count; i++)
        put_row(json, section, rows + i * section->row_size, &scratch);
    bw_json_close(json, ']');
    bw_buf_fini(&scratch);
}

static void put_totals(struct bw_json *json, const struct bw_report *report)
{
    const struct bw_report_totals *totals = &report->totals;
    bw_json_key(json, "totals");
    bw_json_open(json, '{');
    bw_json_member_int(json, "checks", (int64_t)report->check_count);
    bw_json_key(json, "checks_by_status");
    bw_json_open(json, '{');
    for (size_t i = 0; i < BW_STATUS_COUNT; i++)
        bw_json_member_int(json, bw_status_name((enum bw_status)i), (int64_t)totals->statuses[i]);
    bw_json_close(json, '}');
    bw_json_member_double(json, "available_ratio", totals->available_ratio);
    bw_json_member_double(json, "healthy_ratio", totals->time.healthy_ratio);
    bw_json_member_double(json, "degraded_ratio", totals->time.degraded_ratio);
    bw_json_member_double(json, "unhealthy_ratio", totals->time.unhealthy_ratio);
    bw_json_member_double(json, "unknown_ratio", totals->time.unknown_ratio);
    bw_json_member_double(json, "maintenance_ratio", totals->time.maintenance_ratio);
    bw_json_member_int(json, "runs", (int64_t)totals->runs);
    bw_json_member_int(json, "failures", (int64_t)totals->failures);
    bw_json_member_int(json, "incidents", (int64_t)report->incident_count);
    bw_json_member_double(json, "downtime_seconds", (double)totals->downtime_ms / 1000);
    bw_json_member_double(json, "longest_seconds", (double)totals->longest_ms / 1000);
    bw_json_close(json, '}');
}

static enum bw_rc render(const struct bw_report *report, const char *text, struct bw_buf *out,
                         struct bw_err *err)
{
    (void)text;
    (void)err;
    struct bw_json json = bw_json_to(out);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "report", bw_report_types[report->request.type].name);
    bw_json_member_text(&json, "title", report->request.title);
    bw_json_member_text(&json, "node", report->request.node);
    bw_json_member_time(&json, "from", report->request.from_ms);
    bw_json_member_time(&json, "to", report->request.to_ms);
    bw_json_member_time(&json, "generated", report->request.now_ms);
    bw_json_member_bool(&json, "damaged", report->damaged);
    bw_json_member_bool(&json, "cut", report->cut);
    put_totals(&json, report);
    for (size_t i = 0; i < BW_REPORT_SECTION_COUNT; i++)
        put_section(&json, report, &bw_report_sections[i]);
    bw_json_close(&json, '}');
    bw_buf_char(out, '\n');
    return BW_OK;
}

const struct bw_report_renderer bw_report_json = {
    .name = "json",
    .extension = "json",
    .media_type = "application/json",
    .summary = "Everything, as one object.",
    .render = render,
};
