// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/listing.h"

#include "base/escape.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_KEPT = 200, COLUMN_WIDTH_MAX = 60, ROW_BYTES_MAX = 64 << 20, GAP = 2 };

const struct bw_opt_name bw_listing_formats[] = {
    { "table", BW_LISTING_TABLE },
    { "csv", BW_LISTING_CSV },
    { "json", BW_LISTING_JSON },
    { 0 },
};

enum kind { NOTHING, INTEGER, NUMBER, TEXT };

struct bw_listing_cell {
    enum kind kind;
    int64_t integer;
    double number;
    const char *text;
    size_t len;
};

void bw_listing_begin(struct bw_listing *listing, enum bw_listing_format format, bool utf8,
                      const char *const *names, size_t columns, bw_listing_write_fn *write,
                      void *ctx)
{
    *listing = (struct bw_listing){
        .format = format, .utf8 = utf8, .write = write, .ctx = ctx, .columns = columns
    };
    bw_arena_init(&listing->names_arena);
    bw_arena_init(&listing->rows_arena);
    bw_buf_init(&listing->out, ROW_BYTES_MAX);
    listing->names = bw_arena_array(&listing->names_arena, columns, sizeof *listing->names);
    listing->widths = bw_arena_array(&listing->names_arena, columns, sizeof *listing->widths);
    for (size_t i = 0; i < columns; i++)
        listing->names[i] = bw_arena_strdup(&listing->names_arena, names[i]);
    const size_t rows = format == BW_LISTING_TABLE ? ROWS_KEPT : 1;
    listing->cells = bw_alloc_array(rows * columns, sizeof *listing->cells);
}

static void add(struct bw_listing *listing, struct bw_listing_cell cell)
{
    if (listing->at < listing->columns)
        listing->cells[listing->kept * listing->columns + listing->at++] = cell;
}

void bw_listing_null(struct bw_listing *listing)
{
    add(listing, (struct bw_listing_cell){ .kind = NOTHING });
}

void bw_listing_int(struct bw_listing *listing, int64_t value)
{
    add(listing, (struct bw_listing_cell){ .kind = INTEGER, .integer = value });
}

void bw_listing_number(struct bw_listing *listing, double value)
{
    add(listing,
        (struct bw_listing_cell){ .kind = isnan(value) ? NOTHING : NUMBER, .number = value });
}

void bw_listing_add_text(struct bw_listing *listing, const char *text, size_t len)
{
    add(listing,
        (struct bw_listing_cell){
            .kind = TEXT, .text = bw_arena_strndup(&listing->rows_arena, text, len), .len = len });
}

/* ---- table ------------------------------------------------------------------------------- */

static void put_plain(struct bw_buf *out, const struct bw_listing *listing,
                      const struct bw_listing_cell *cell)
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
        bw_terminal_text(out, listing->utf8, cell->text, cell->len);
        break;
    }
}

static void measure(struct bw_listing *listing, size_t column, size_t width)
{
    if (width > COLUMN_WIDTH_MAX)
        width = COLUMN_WIDTH_MAX;
    if (width > listing->widths[column])
        listing->widths[column] = width;
}

static void fix_widths(struct bw_listing *listing)
{
    struct bw_buf text;
    bw_buf_init(&text, ROW_BYTES_MAX);
    for (size_t i = 0; i < listing->columns; i++) {
        measure(listing, i, bw_terminal_width(listing->names[i], strlen(listing->names[i])));
        for (size_t row = 0; row < listing->kept; row++) {
            bw_buf_clear(&text);
            put_plain(&text, listing, &listing->cells[row * listing->columns + i]);
            measure(listing, i, bw_terminal_width(text.data, text.len));
        }
    }
    bw_buf_fini(&text);
}

/* Numbers stand to the right; nothing is cut, a long text pushes the rest of its line. */
static void put_aligned(struct bw_listing *listing, size_t column, struct bw_buf *text, bool right)
{
    const size_t width = bw_terminal_width(text->data, text->len);
    const size_t wanted = listing->widths[column];
    const size_t fill = width < wanted ? wanted - width : 0;
    if (column > 0)
        bw_buf_fill(&listing->out, ' ', GAP);
    if (right)
        bw_buf_fill(&listing->out, ' ', fill);
    bw_buf_bytes(&listing->out, text->data, text->len);
    if (!right && column + 1 < listing->columns)
        bw_buf_fill(&listing->out, ' ', fill);
    bw_buf_clear(text);
}

static bool flush(struct bw_listing *listing)
{
    if (!listing->stopped && listing->out.len > 0 && !listing->write(listing->ctx, &listing->out))
        listing->stopped = true;
    bw_buf_clear(&listing->out);
    return !listing->stopped;
}

static void put_heading(struct bw_listing *listing, struct bw_buf *text)
{
    for (size_t i = 0; i < listing->columns; i++) {
        const bool right = listing->kept > 0 && listing->cells[i].kind != TEXT
                           && listing->cells[i].kind != NOTHING;
        bw_terminal_text(text, listing->utf8, listing->names[i], strlen(listing->names[i]));
        put_aligned(listing, i, text, right);
    }
    bw_buf_char(&listing->out, '\n');
    for (size_t i = 0; i < listing->columns; i++) {
        bw_buf_fill(text, '-', listing->widths[i]);
        put_aligned(listing, i, text, false);
    }
    bw_buf_char(&listing->out, '\n');
}

static void put_kept_rows(struct bw_listing *listing)
{
    struct bw_buf text;
    bw_buf_init(&text, ROW_BYTES_MAX);
    if (!listing->streaming) {
        fix_widths(listing);
        put_heading(listing, &text);
        listing->streaming = true;
    }
    for (size_t row = 0; row < listing->kept; row++) {
        for (size_t i = 0; i < listing->columns; i++) {
            const struct bw_listing_cell *cell = &listing->cells[row * listing->columns + i];
            put_plain(&text, listing, cell);
            put_aligned(listing, i, &text, cell->kind == INTEGER || cell->kind == NUMBER);
        }
        bw_buf_char(&listing->out, '\n');
    }
    listing->kept = 0;
    bw_buf_fini(&text);
}

/* ---- csv and json ------------------------------------------------------------------------ */

static void put_csv_names(struct bw_listing *listing)
{
    for (size_t i = 0; i < listing->columns; i++) {
        if (i > 0)
            bw_buf_char(&listing->out, ',');
        bw_escape_csv(&listing->out, listing->names[i], strlen(listing->names[i]));
    }
    bw_buf_text(&listing->out, "\r\n");
}

static void put_csv_row(struct bw_listing *listing)
{
    for (size_t i = 0; i < listing->columns; i++) {
        const struct bw_listing_cell *cell = &listing->cells[i];
        if (i > 0)
            bw_buf_char(&listing->out, ',');
        if (cell->kind == TEXT)
            bw_escape_csv(&listing->out, cell->text, cell->len);
        else
            put_plain(&listing->out, listing, cell);
    }
    bw_buf_text(&listing->out, "\r\n");
}

static void put_json_row(struct bw_listing *listing)
{
    struct bw_json json = bw_json_to(&listing->out);
    bw_buf_text(&listing->out, listing->rows == 0 ? "[\n" : ",\n");
    bw_json_open(&json, '{');
    for (size_t i = 0; i < listing->columns; i++) {
        const struct bw_listing_cell *cell = &listing->cells[i];
        bw_json_key(&json, listing->names[i]);
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

bool bw_listing_row(struct bw_listing *listing)
{
    while (listing->at < listing->columns)
        bw_listing_null(listing);
    listing->at = 0;
    switch (listing->format) {
    case BW_LISTING_TABLE:
        listing->rows++;
        if (++listing->kept < ROWS_KEPT)
            return !listing->stopped;
        put_kept_rows(listing);
        break;
    case BW_LISTING_CSV:
        if (listing->rows++ == 0)
            put_csv_names(listing);
        put_csv_row(listing);
        break;
    case BW_LISTING_JSON:
        put_json_row(listing);
        listing->rows++;
        break;
    }
    bw_arena_fini(&listing->rows_arena);
    return flush(listing);
}

void bw_listing_end(struct bw_listing *listing)
{
    if (listing->format == BW_LISTING_TABLE && (listing->kept > 0 || !listing->streaming))
        put_kept_rows(listing);
    else if (listing->format == BW_LISTING_CSV && listing->rows == 0)
        put_csv_names(listing);
    else if (listing->format == BW_LISTING_JSON)
        bw_buf_text(&listing->out, listing->rows == 0 ? "[]\n" : "\n]\n");
    flush(listing);
    free(listing->cells);
    bw_arena_fini(&listing->names_arena);
    bw_arena_fini(&listing->rows_arena);
    bw_buf_fini(&listing->out);
}
