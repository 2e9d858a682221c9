// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/sheet.h"

#include "base/escape.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_KEPT = 200, COLUMN_WIDTH_MAX = 60, ROW_BYTES_MAX = 64 << 20, GAP = 2 };

const struct bw_opt_name bw_sheet_formats[] = {
    { "table", BW_SHEET_TABLE },
    { "csv", BW_SHEET_CSV },
    { "json", BW_SHEET_JSON },
    { 0 },
};

enum kind { NOTHING, INTEGER, NUMBER, TEXT };

struct bw_sheet_cell {
    enum kind kind;
    int64_t integer;
    double number;
    const char *text;
    size_t len;
};

void bw_sheet_begin(struct bw_sheet *sheet, enum bw_sheet_format format, bool utf8,
                    const char *const *names, size_t columns, bw_sheet_write_fn *write, void *ctx)
{
    *sheet = (struct bw_sheet){
        .format = format, .utf8 = utf8, .write = write, .ctx = ctx, .columns = columns
    };
    bw_arena_init(&sheet->names_arena);
    bw_arena_init(&sheet->rows_arena);
    bw_buf_init(&sheet->out, ROW_BYTES_MAX);
    sheet->names = bw_arena_array(&sheet->names_arena, columns, sizeof *sheet->names);
    sheet->widths = bw_arena_array(&sheet->names_arena, columns, sizeof *sheet->widths);
    for (size_t i = 0; i < columns; i++)
        sheet->names[i] = bw_arena_strdup(&sheet->names_arena, names[i]);
    const size_t rows = format == BW_SHEET_TABLE ? ROWS_KEPT : 1;
    sheet->cells = bw_alloc_array(rows * columns, sizeof *sheet->cells);
}

static void add(struct bw_sheet *sheet, struct bw_sheet_cell cell)
{
    if (sheet->at < sheet->columns)
        sheet->cells[sheet->kept * sheet->columns + sheet->at++] = cell;
}

void bw_sheet_null(struct bw_sheet *sheet)
{
    add(sheet, (struct bw_sheet_cell){ .kind = NOTHING });
}

void bw_sheet_int(struct bw_sheet *sheet, int64_t value)
{
    add(sheet, (struct bw_sheet_cell){ .kind = INTEGER, .integer = value });
}

void bw_sheet_number(struct bw_sheet *sheet, double value)
{
    add(sheet, (struct bw_sheet_cell){ .kind = isnan(value) ? NOTHING : NUMBER, .number = value });
}

void bw_sheet_add_text(struct bw_sheet *sheet, const char *text, size_t len)
{
    add(sheet, (struct bw_sheet_cell){ .kind = TEXT,
                                       .text = bw_arena_strndup(&sheet->rows_arena, text, len),
                                       .len = len });
}

/* ---- table ------------------------------------------------------------------------------- */

static void put_plain(struct bw_buf *out, const struct bw_sheet *sheet,
                      const struct bw_sheet_cell *cell)
{
    switch (cell->kind) {
    case NOTHING:
        break;
    case INTEGER:
        bw_buf_int(out, cell->integer);
        break;
    case NUMBER:
        bw_buf_double(out, cell->number);
        break;
    case TEXT:
        bw_terminal_text(out, sheet->utf8, cell->text, cell->len);
        break;
    }
}

static void measure(struct bw_sheet *sheet, size_t column, size_t width)
{
    if (width > COLUMN_WIDTH_MAX)
        width = COLUMN_WIDTH_MAX;
    if (width > sheet->widths[column])
        sheet->widths[column] = width;
}

static void fix_widths(struct bw_sheet *sheet)
{
    struct bw_buf text;
    bw_buf_init(&text, ROW_BYTES_MAX);
    for (size_t i = 0; i < sheet->columns; i++) {
        measure(sheet, i, bw_terminal_width(sheet->names[i], strlen(sheet->names[i])));
        for (size_t row = 0; row < sheet->kept; row++) {
            bw_buf_clear(&text);
            put_plain(&text, sheet, &sheet->cells[row * sheet->columns + i]);
            measure(sheet, i, bw_terminal_width(text.data, text.len));
        }
    }
    bw_buf_fini(&text);
}

/* Numbers stand to the right; nothing is cut, a long text pushes the rest of its line. */
static void put_aligned(struct bw_sheet *sheet, size_t column, struct bw_buf *text, bool right)
{
    const size_t width = bw_terminal_width(text->data, text->len);
    const size_t wanted = sheet->widths[column];
    const size_t fill = width < wanted ? wanted - width : 0;
    if (column > 0)
        bw_buf_fill(&sheet->out, ' ', GAP);
    if (right)
        bw_buf_fill(&sheet->out, ' ', fill);
    bw_buf_bytes(&sheet->out, text->data, text->len);
    if (!right && column + 1 < sheet->columns)
        bw_buf_fill(&sheet->out, ' ', fill);
    bw_buf_clear(text);
}

static bool flush(struct bw_sheet *sheet)
{
    if (!sheet->stopped && sheet->out.len > 0 && !sheet->write(sheet->ctx, &sheet->out))
        sheet->stopped = true;
    bw_buf_clear(&sheet->out);
    return !sheet->stopped;
}

static void put_heading(struct bw_sheet *sheet, struct bw_buf *text)
{
    for (size_t i = 0; i < sheet->columns; i++) {
        const bool right =
            sheet->kept > 0 && sheet->cells[i].kind != TEXT && sheet->cells[i].kind != NOTHING;
        bw_terminal_text(text, sheet->utf8, sheet->names[i], strlen(sheet->names[i]));
        put_aligned(sheet, i, text, right);
    }
    bw_buf_char(&sheet->out, '\n');
    for (size_t i = 0; i < sheet->columns; i++) {
        bw_buf_fill(text, '-', sheet->widths[i]);
        put_aligned(sheet, i, text, false);
    }
    bw_buf_char(&sheet->out, '\n');
}

static void put_kept_rows(struct bw_sheet *sheet)
{
    struct bw_buf text;
    bw_buf_init(&text, ROW_BYTES_MAX);
    if (!sheet->streaming) {
        fix_widths(sheet);
        put_heading(sheet, &text);
        sheet->streaming = true;
    }
    for (size_t row = 0; row < sheet->kept; row++) {
        for (size_t i = 0; i < sheet->columns; i++) {
            const struct bw_sheet_cell *cell = &sheet->cells[row * sheet->columns + i];
            put_plain(&text, sheet, cell);
            put_aligned(sheet, i, &text, cell->kind == INTEGER || cell->kind == NUMBER);
        }
        bw_buf_char(&sheet->out, '\n');
    }
    sheet->kept = 0;
    bw_buf_fini(&text);
}

/* ---- csv and json ------------------------------------------------------------------------ */

static void put_csv_names(struct bw_sheet *sheet)
{
    for (size_t i = 0; i < sheet->columns; i++) {
        if (i > 0)
            bw_buf_char(&sheet->out, ',');
        bw_escape_csv(&sheet->out, sheet->names[i], strlen(sheet->names[i]));
    }
    bw_buf_text(&sheet->out, "\r\n");
}

static void put_csv_row(struct bw_sheet *sheet)
{
    for (size_t i = 0; i < sheet->columns; i++) {
        const struct bw_sheet_cell *cell = &sheet->cells[i];
        if (i > 0)
            bw_buf_char(&sheet->out, ',');
        if (cell->kind == TEXT)
            bw_escape_csv(&sheet->out, cell->text, cell->len);
        else
            put_plain(&sheet->out, sheet, cell);
    }
    bw_buf_text(&sheet->out, "\r\n");
}

static void put_json_row(struct bw_sheet *sheet)
{
    struct bw_json json = bw_json_to(&sheet->out);
    bw_buf_text(&sheet->out, sheet->rows == 0 ? "[\n" : ",\n");
    bw_json_open(&json, '{');
    for (size_t i = 0; i < sheet->columns; i++) {
        const struct bw_sheet_cell *cell = &sheet->cells[i];
        bw_json_key(&json, sheet->names[i]);
        if (cell->kind == TEXT)
            bw_json_text_n(&json, cell->text, cell->len);
        else if (cell->kind == INTEGER)
            bw_json_int(&json, cell->integer);
        else if (cell->kind == NUMBER)
            bw_json_double(&json, cell->number);
        else
            bw_json_null(&json);
    }
    bw_json_close(&json, '}');
}

bool bw_sheet_row(struct bw_sheet *sheet)
{
    while (sheet->at < sheet->columns)
        bw_sheet_null(sheet);
    sheet->at = 0;
    switch (sheet->format) {
    case BW_SHEET_TABLE:
        sheet->rows++;
        if (++sheet->kept < ROWS_KEPT)
            return !sheet->stopped;
        put_kept_rows(sheet);
        break;
    case BW_SHEET_CSV:
        if (sheet->rows++ == 0)
            put_csv_names(sheet);
        put_csv_row(sheet);
        break;
    case BW_SHEET_JSON:
        put_json_row(sheet);
        sheet->rows++;
        break;
    }
    bw_arena_fini(&sheet->rows_arena);
    return flush(sheet);
}

void bw_sheet_end(struct bw_sheet *sheet)
{
    if (sheet->format == BW_SHEET_TABLE && (sheet->kept > 0 || !sheet->streaming))
        put_kept_rows(sheet);
    else if (sheet->format == BW_SHEET_CSV && sheet->rows == 0)
        put_csv_names(sheet);
    else if (sheet->format == BW_SHEET_JSON)
        bw_buf_text(&sheet->out, sheet->rows == 0 ? "[]\n" : "\n]\n");
    flush(sheet);
    free(sheet->cells);
    bw_arena_fini(&sheet->names_arena);
    bw_arena_fini(&sheet->rows_arena);
    bw_buf_fini(&sheet->out);
}
