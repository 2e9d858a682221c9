// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/sheet.h: rows for people, spreadsheets and programs, written as they come.
 *
 *     table  aligned columns; the first rows decide how wide, so that the rest can stream
 *     csv    RFC 4180 with a header
 *     json   one array of objects, one object a line */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include "base/arena.h"
#include "base/buf.h"
#include "conf/option.h"

#include <stdbool.h>
#include <stdint.h>

enum bw_sheet_format { BW_SHEET_TABLE, BW_SHEET_CSV, BW_SHEET_JSON };

/* Words for options; ends with a NULL name. */
extern const struct bw_opt_name bw_sheet_formats[];

/* Where finished text goes; false when there is no use in more. */
typedef bool bw_sheet_write_fn(void *ctx, struct bw_buf *text);

struct bw_sheet {
    enum bw_sheet_format format;
    bool utf8;
    bw_sheet_write_fn *write;
    void *ctx;
    struct bw_arena names_arena, rows_arena;
    const char **names;
    size_t columns;
    size_t at;                   /* cells of the current row */
    size_t rows;                 /* finished */
    struct bw_sheet_cell *cells; /* table: of the rows that are kept back; else of one row */
    size_t kept;
    size_t *widths;
    bool streaming; /* table: the widths are fixed */
    bool stopped;   /* nobody listens any more */
    struct bw_buf out;
};

void bw_sheet_begin(struct bw_sheet *sheet, enum bw_sheet_format format, bool utf8,
                    const char *const *names, size_t columns, bw_sheet_write_fn *write, void *ctx);

/* The next cell of the row. Text is any bytes. */
void bw_sheet_null(struct bw_sheet *sheet);
void bw_sheet_int(struct bw_sheet *sheet, int64_t value);
void bw_sheet_number(struct bw_sheet *sheet, double value);
void bw_sheet_add_text(struct bw_sheet *sheet, const char *text, size_t len);

/* Ends the row: missing cells are null. False when there is no use in more. */
bool bw_sheet_row(struct bw_sheet *sheet);

/* Writes what is left and releases everything. */
void bw_sheet_end(struct bw_sheet *sheet);

#endif
