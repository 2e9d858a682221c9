// SPDX-License-Identifier: GPL-3.0-or-later
/* One table, as RFC 4180 has it: the checks. */
#include "base/civil.h"
#include "base/escape.h"
#include "report/parts.h"

#include <string.h>

static void put_cell(struct bw_buf *out, const struct bw_report_cell *cell)
{
    char time[BW_RFC3339_MAX];
    switch (cell->is) {
    case BW_CELL_IS_TEXT:
        bw_escape_csv(out, cell->text, strlen(cell->text));
        break;
    case BW_CELL_IS_NUMBER:
        bw_buf_double(out, cell->number);
        break;
    case BW_CELL_IS_TIME:
        bw_format_rfc3339(time, cell->time_ms);
        bw_buf_text(out, time);
        break;
    case BW_CELL_IS_NOTHING:
        break;
    }
}

static void put_row(struct bw_buf *out, const struct bw_report_section *section, const void *row,
                    struct bw_buf *scratch)
{
    for (const struct bw_report_column *column = section->columns; column->name != NULL; column++) {
        if (column->kind == BW_REPORT_STRIP)
            continue;
        if (column != section->columns)
            bw_buf_char(out, ',');
        if (row == NULL) {
            bw_buf_text(out, column->name);
        } else {
            const struct bw_report_cell cell = bw_report_cell_of(column, row, scratch);
            put_cell(out, &cell);
        }
    }
    bw_buf_text(out, "\r\n");
}

static enum bw_rc render(const struct bw_report *report, const char *text, struct bw_buf *out,
                         struct bw_err *err)
{
    (void)text;
    (void)err;
    const struct bw_report_section *section = &bw_report_sections[BW_REPORT_CHECKS];
    struct bw_buf scratch;
    size_t count;
    const char *rows = section->rows(report, &count);
    bw_buf_init(&scratch, 1u << 20);
    put_row(out, section, NULL, &scratch);
    for (size_t i = 0; i < count; i++)
        put_row(out, section, rows + i * section->row_size, &scratch);
    bw_buf_fini(&scratch);
    return BW_OK;
}

const struct bw_report_renderer bw_report_csv = {
    .name = "csv",
    .extension = "csv",
    .media_type = "text/csv; charset=utf-8; header=present",
    .summary = "The table of checks, one line each.",
    .render = render,
};
