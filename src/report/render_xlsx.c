// SPDX-License-Identifier: GPL-3.0-or-later
/* A workbook by libxlsxwriter in its constant-memory mode: rows go straight to a temporary
 * file. All text is written as strings, never as a formula or a link. */
#include "base/text.h"
#include "report/facts.h"
#include "report/parts.h"
#include "report/sheet_text.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { PAPER_A4 = 9, SUMMARY_HEAD_ROWS = 4, CHART_CHECKS_MAX = 40 };

#define SECONDS_OF_DAY 86400.0
#define DAY_1970 25569.0 /* 1970-01-01 as a spreadsheet counts days */

/* Formats beside those of the kinds. */
enum {
    FORMAT_HEADER = 32,
    FORMAT_HEADER_RIGHT,
    FORMAT_TITLE,
    FORMAT_LABEL,
    FORMAT_BAD,
    FORMAT_FAIR,
    FORMAT_GOOD,
    FORMAT_MUTED,
    FORMAT_LARGE, /* numbers of many digits */
    FORMAT_COUNT
};

struct book {
    const struct bw_report *report;
    lxw_workbook *workbook;
    lxw_format *formats[FORMAT_COUNT]; /* the first by enum bw_report_kind */
    struct bw_buf scratch, clean;
    bool chart;      /* there will be one */
    lxw_col_t label; /* the column that names its bars, hidden */
    lxw_error error; /* the first */
};

static void note(struct book *book, lxw_error error)
{
    if (book->error == LXW_NO_ERROR)
        book->error = error;
}

/* ---- looks -------------------------------------------------------------------------------- */

static lxw_format *new_format(struct book *book, size_t slot, const char *number_format)
{
    lxw_format *format = workbook_add_format(book->workbook);
    if (number_format != NULL)
        format_set_num_format(format, number_format);
    format_set_align(format, LXW_ALIGN_VERTICAL_TOP);
    book->formats[slot] = format;
    return format;
}

static void make_formats(struct book *book)
{
    static const struct {
        size_t slot;
        const char *number_format;
    } of_kinds[] = {
        { BW_REPORT_COUNT64, "#,##0" },  { BW_REPORT_COUNT, "#,##0" },
        { BW_REPORT_RATIO, "0.000%" },   { BW_REPORT_CROSSING, "0.0%" },
        { BW_REPORT_SECONDS, "0.000" },  { BW_REPORT_SPAN, "[h]:mm:ss" },
        { BW_REPORT_LEFT, "0.0 \"d\"" }, { BW_REPORT_TIME, "yyyy-mm-dd hh:mm:ss" },
        { BW_REPORT_NUMBER, "General" }, { BW_REPORT_VALUE, "General" },
    };
    static const struct {
        size_t slot;
        lxw_color_t text, ground;
    } of_states[] = {
        { FORMAT_BAD, 0x8a1c1c, 0xfbdcdc },
        { FORMAT_FAIR, 0x6b4a00, 0xfdedc4 },
        { FORMAT_GOOD, 0x0f5c2e, 0xd8f2e1 },
        { FORMAT_MUTED, 0x4a5560, 0xe8ecef },
    };
    for (size_t i = 0; i < sizeof of_kinds / sizeof *of_kinds; i++)
        new_format(book, of_kinds[i].slot, of_kinds[i].number_format);
    for (size_t i = 0; i < sizeof of_states / sizeof *of_states; i++) {
        lxw_format *format = new_format(book, of_states[i].slot, NULL);
        format_set_font_color(format, of_states[i].text);
        format_set_bg_color(format, of_states[i].ground);
        format_set_indent(format, 1);
    }
    new_format(book, FORMAT_LARGE, "#,##0");
    format_set_indent(new_format(book, BW_REPORT_TEXT, NULL), 1);
    for (size_t slot = FORMAT_HEADER; slot <= FORMAT_HEADER_RIGHT; slot++) {
        lxw_format *header = new_format(book, slot, NULL);
        format_set_bold(header);
        format_set_font_color(header, 0xffffff);
        format_set_bg_color(header, 0x22384d);
        format_set_indent(header, slot == FORMAT_HEADER);
    }
    format_set_align(book->formats[FORMAT_HEADER_RIGHT], LXW_ALIGN_RIGHT);
    lxw_format *title = new_format(book, FORMAT_TITLE, NULL);
    format_set_bold(title);
    format_set_font_size(title, 16);
    format_set_font_color(new_format(book, FORMAT_LABEL, NULL), 0x4a5560);
}

static lxw_format *format_of_text(const struct book *book, const struct bw_report_column *column,
                                  const char *text)
{
    static const struct {
        const char *word;
        size_t slot;
    } states[] = {
        { "HEALTHY", FORMAT_GOOD },  { "DEGRADED", FORMAT_FAIR }, { "UNHEALTHY", FORMAT_BAD },
        { "UNKNOWN", FORMAT_MUTED }, { "none", FORMAT_GOOD },     { "info", FORMAT_MUTED },
        { "warning", FORMAT_FAIR },  { "critical", FORMAT_BAD },
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if ((column->kind == BW_REPORT_STATUS || column->kind == BW_REPORT_LEVEL)
            && strcmp(states[i].word, text) == 0)
            return book->formats[states[i].slot];
    }
    return book->formats[BW_REPORT_TEXT];
}

/* ---- cells -------------------------------------------------------------------------------- */

static void put_text(struct book *book, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t col,
                     const char *text, lxw_format *format)
{
    bw_buf_clear(&book->clean);
    bw_sheet_text(&book->clean, text, strlen(text));
    note(book, worksheet_write_string(sheet, row, col, book->clean.data, format));
}

static bool is_text(enum bw_report_kind kind)
{
    return kind == BW_REPORT_TEXT || kind == BW_REPORT_SERIES || kind == BW_REPORT_STATUS
           || kind == BW_REPORT_LEVEL || kind == BW_REPORT_DIRECTION;
}

static bool is_large(enum bw_report_kind kind, double number)
{
    return (kind == BW_REPORT_NUMBER || kind == BW_REPORT_VALUE) && fabs(number) >= 1000;
}

/* A number in the unit that its format expects. */
static double for_format(enum bw_report_kind kind, double number)
{
    return kind == BW_REPORT_SPAN || kind == BW_REPORT_LEFT ? number / SECONDS_OF_DAY : number;
}

static void put_cell(struct book *book, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t col,
                     const struct bw_report_column *column, const void *data)
{
    const struct bw_report_cell cell = bw_report_cell_of(column, data, &book->scratch);
    lxw_format *format = book->formats[column->kind];
    switch (cell.is) {
    case BW_CELL_IS_TEXT:
        put_text(book, sheet, row, col, cell.text, format_of_text(book, column, cell.text));
        break;
    case BW_CELL_IS_NUMBER:
        note(book, worksheet_write_number(
                       sheet, row, col, for_format(column->kind, cell.number),
                       is_large(column->kind, cell.number) ? book->formats[FORMAT_LARGE] : format));
        break;
    case BW_CELL_IS_TIME:
        note(book, worksheet_write_number(sheet, row, col,
                                          (double)cell.time_ms / 1000 / SECONDS_OF_DAY + DAY_1970,
                                          format));
        break;
    case BW_CELL_IS_NOTHING:
        break;
    }
}

/* ---- sheets ------------------------------------------------------------------------------- */

static lxw_col_t put_header(struct book *book, lxw_worksheet *sheet, lxw_row_t row,
                            const struct bw_report_section *section)
{
    lxw_col_t col = 0;
    for (const struct bw_report_column *column = section->columns; column->name != NULL; column++) {
        if (column->width <= 0)
            continue;
        put_text(book, sheet, row, col, column->heading,
                 book->formats[is_text(column->kind) ? FORMAT_HEADER : FORMAT_HEADER_RIGHT]);
        col++;
    }
    return col;
}

static void put_row(struct book *book, lxw_worksheet *sheet, lxw_row_t row,
                    const struct bw_report_section *section, const void *data)
{
    lxw_col_t col = 0;
    for (const struct bw_report_column *column = section->columns; column->name != NULL; column++) {
        if (column->width > 0)
            put_cell(book, sheet, row, col++, column, data);
    }
}

/* Before the first row: in constant-memory mode widths are written with it. */
static void set_columns(struct book *book, lxw_worksheet *sheet,
                        const struct bw_report_section *section)
{
    lxw_col_t col = 0;
    for (const struct bw_report_column *column = section->columns; column->name != NULL; column++) {
        if (column->width <= 0)
            continue;
        note(book, worksheet_set_column(sheet, col, col, column->width, NULL));
        col++;
    }
}

static void set_page(struct book *book, lxw_worksheet *sheet, lxw_row_t header, lxw_row_t last,
                     lxw_col_t columns)
{
    worksheet_freeze_panes(sheet, header + 1, 0);
    note(book, worksheet_autofilter(sheet, header, 0, last, (lxw_col_t)(columns - 1)));
    note(book, worksheet_repeat_rows(sheet, header, header));
    worksheet_set_landscape(sheet);
    worksheet_set_paper(sheet, PAPER_A4);
    worksheet_fit_to_pages(sheet, 1, 0);
    note(book, worksheet_set_footer(sheet, "&L&A&RPage &P of &N"));
}

static lxw_col_t column_number(const struct bw_report_section *section, const char *name)
{
    lxw_col_t col = 0;
    while (strcmp(section->columns[col].name, name) != 0)
        col++;
    return col;
}

static const char *fact(const struct bw_report_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->count; i++) {
        if (strcmp(facts->items[i].name, name) == 0)
            return facts->items[i].text;
    }
    return "";
}

/* What stands above the first table; returns the row after it. */
static lxw_row_t put_summary_head(struct book *book, lxw_worksheet *sheet)
{
    struct bw_arena arena;
    struct bw_report_facts facts;
    bw_arena_init(&arena);
    bw_report_state_facts(book->report, &arena, &facts);
    lxw_format *label = book->formats[FORMAT_LABEL];
    note(book, worksheet_set_row(sheet, 0, 24, NULL));
    put_text(book, sheet, 0, 0,
             bw_arena_printf(&arena, "%s: %s", fact(&facts, "title"), fact(&facts, "headline")),
             book->formats[FORMAT_TITLE]);
    put_text(book, sheet, 1, 0,
             bw_arena_printf(&arena, "%s to %s UTC, seen from %s", fact(&facts, "from"),
                             fact(&facts, "to"), fact(&facts, "node")),
             label);
    put_text(book, sheet, 2, 0,
             bw_arena_printf(&arena,
                             "Available %s of the known time, down for %s in %s incidents,"
                             " %s of %s runs failed",
                             fact(&facts, "available"), fact(&facts, "downtime"),
                             fact(&facts, "incident_count"), fact(&facts, "failures"),
                             fact(&facts, "runs")),
             label);
    if (book->report->damaged || book->report->cut)
        put_text(book, sheet, 3, 0,
                 "Incomplete: stored data was damaged or there were too many events.",
                 book->formats[FORMAT_BAD]);
    bw_arena_fini(&arena);
    return SUMMARY_HEAD_ROWS;
}

static void hide_label_column(struct book *book, lxw_worksheet *sheet)
{
    // cppcheck-suppress legacyUninitvar ; it takes the member for the variable
    lxw_row_col_options hidden = { .hidden = LXW_TRUE };
    book->label = 0;
    for (const struct bw_report_column *column = bw_report_sections[BW_REPORT_CHECKS].columns;
         column->name != NULL; column++)
        book->label = (lxw_col_t)(book->label + (column->width > 0));
    note(book, worksheet_set_column_opt(sheet, book->label, book->label, 30, NULL, &hidden));
}

static void put_label(struct book *book, lxw_worksheet *sheet, lxw_row_t row,
                      const struct bw_report_check *check)
{
    bw_buf_clear(&book->scratch);
    bw_buf_printf(&book->scratch, "%s / %s", check->service, check->check);
    put_text(book, sheet, row, book->label, book->scratch.data, NULL);
}

/* Time by status, one bar a check, while they can still be read. */
static void put_chart(struct book *book, lxw_row_t first, lxw_row_t last)
{
    static const struct {
        const char *name;
        lxw_color_t color;
    } parts[] = {
        { "healthy_ratio", 0x2f9e5f },     { "degraded_ratio", 0xe0a100 },
        { "unhealthy_ratio", 0xcf3a3a },   { "unknown_ratio", 0xb9c3cd },
        { "maintenance_ratio", 0x6b7fd1 },
    };
    const struct bw_report_section *section = &bw_report_sections[BW_REPORT_CHECKS];
    lxw_chartsheet *sheet = workbook_add_chartsheet(book->workbook, "Chart");
    lxw_chart *chart = workbook_add_chart(book->workbook, LXW_CHART_BAR_STACKED_PERCENT);
    if (sheet == NULL || chart == NULL)
        return;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const lxw_col_t col = column_number(section, parts[i].name);
        lxw_chart_series *series = chart_add_series(chart, NULL, NULL);
        lxw_chart_fill fill = { .color = parts[i].color };
        chart_series_set_name(series, section->columns[col].heading);
        chart_series_set_categories(series, section->title, first, book->label, last, book->label);
        chart_series_set_values(series, section->title, first, col, last, col);
        chart_series_set_fill(series, &fill);
    }
    chart_show_hidden_data(chart);
    chart_title_set_name(chart, "How the time was spent");
    chart_axis_set_reverse(chart->y_axis); /* the first check on top */
    chart_legend_set_position(chart, LXW_CHART_LEGEND_BOTTOM);
    note(book, chartsheet_set_chart(sheet, chart));
    chartsheet_set_landscape(sheet);
    chartsheet_set_paper(sheet, PAPER_A4);
}

static enum bw_rc put_section(struct book *book, const struct bw_report_section *section,
                              struct bw_err *err)
{
    size_t count;
    const char *rows = section->rows(book->report, &count);
    if (count > BW_REPORT_SHEET_ROWS_MAX - 10)
        return bw_fail(err, BW_ELIMIT, "%zu %s do not fit into a sheet", count, section->name);
    lxw_worksheet *sheet = workbook_add_worksheet(book->workbook, section->title);
    if (sheet == NULL)
        return bw_fail(err, BW_EIO, "cannot begin sheet '%s'", section->title);
    set_columns(book, sheet, section);
    const bool summary = section == &bw_report_sections[BW_REPORT_CHECKS];
    lxw_row_t row = 0;
    if (summary && book->chart)
        hide_label_column(book, sheet);
    if (summary)
        row = put_summary_head(book, sheet);
    const lxw_row_t header = row;
    const lxw_col_t columns = put_header(book, sheet, row++, section);
    for (size_t i = 0; i < count && book->error == LXW_NO_ERROR; i++, row++) {
        put_row(book, sheet, row, section, rows + i * section->row_size);
        if (summary && book->chart)
            put_label(book, sheet, row, &book->report->checks[i]);
    }
    set_page(book, sheet, header, row - 1, columns);
    return BW_OK;
}

/* ---- the file ----------------------------------------------------------------------------- */

static void set_properties(struct book *book)
{
    bw_buf_clear(&book->clean);
    bw_sheet_text(&book->clean, book->report->request.title,
                  strnlen(book->report->request.title, 200));
    /* Without a time of its own the file would hold the moment of writing, and two writings of
     * one report would differ. */
    lxw_doc_properties properties = { .title = book->clean.data,
                                      .created = (time_t)(book->report->request.now_ms / 1000) };
    note(book, workbook_set_properties(book->workbook, &properties));
}

/* libxlsxwriter formats the time with gmtime(), whose result is one for all threads. */
static pthread_mutex_t closing = PTHREAD_MUTEX_INITIALIZER;

static enum bw_rc write_book(struct book *book, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    make_formats(book);
    set_properties(book);
    for (size_t i = 0; rc == BW_OK && i < BW_REPORT_SECTION_COUNT; i++)
        rc = put_section(book, &bw_report_sections[i], err);
    if (book->chart)
        put_chart(book, SUMMARY_HEAD_ROWS + 1,
                  (lxw_row_t)(SUMMARY_HEAD_ROWS + book->report->check_count));
    pthread_mutex_lock(&closing);
    note(book, workbook_close(book->workbook));
    pthread_mutex_unlock(&closing);
    if (rc == BW_OK && book->error != LXW_NO_ERROR)
        rc = bw_fail(err, BW_EIO, "%s", lxw_strerror(book->error));
    return rc;
}

static enum bw_rc read_back(int fd, struct bw_buf *out, struct bw_err *err)
{
    char block[16384];
    off_t at = 0;
    ssize_t n;
    while ((n = pread(fd, block, sizeof block, at)) > 0) {
        bw_buf_bytes(out, block, (size_t)n);
        at += n;
    }
    return n == 0 ? BW_OK : bw_fail(err, BW_EIO, "read it back: %s", strerror(errno));
}

static enum bw_rc render_to(const struct bw_report *report, const char *folder, const char *path,
                            struct bw_err *err)
{
    char tmpdir[3000];
    bw_text_copy(tmpdir, sizeof tmpdir, folder);
    lxw_workbook_options options = { .constant_memory = LXW_TRUE, .tmpdir = tmpdir };
    struct book book = { .report = report,
                         .workbook = workbook_new_opt(path, &options),
                         .chart =
                             report->check_count > 0 && report->check_count <= CHART_CHECKS_MAX };
    if (book.workbook == NULL)
        return bw_fail(err, BW_EIO, "cannot begin %s", path);
    bw_buf_init(&book.scratch, 1u << 20);
    bw_buf_init(&book.clean, BW_SHEET_TEXT_BYTES_MAX);
    const enum bw_rc rc = write_book(&book, err);
    bw_buf_fini(&book.scratch);
    bw_buf_fini(&book.clean);
    return rc;
}

static enum bw_rc render(const struct bw_report *report, const char *text, struct bw_buf *out,
                         struct bw_err *err)
{
    (void)text;
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] == '\0' || strlen(folder) > 2900)
        folder = "/tmp";
    char path[3000];
    snprintf(path, sizeof path, "%s/bellwether-report-XXXXXX", folder);
    const int fd = mkstemp(path);
    if (fd < 0)
        return bw_fail(err, BW_EIO, "make a temporary file in %s: %s", folder, strerror(errno));
    enum bw_rc rc = render_to(report, folder, path, err);
    if (rc == BW_OK)
        rc = read_back(fd, out, err);
    close(fd);
    unlink(path);
    return rc;
}

const struct bw_report_renderer bw_report_xlsx = {
    .name = "xlsx",
    .extension = "xlsx",
    .media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    .summary = "A workbook: summary, incidents, alerts and trends.",
    .render = render,
};
