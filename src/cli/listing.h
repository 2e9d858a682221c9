// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/listing.h: rows for people, spreadsheets and programs, written as they come.
 *
 *     table  aligned columns; the first rows decide how wide, so that the rest can stream
 *     csv    RFC 4180 with a header
 *     json   one array of objects, one object a line */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "base/arena.h"
#include "base/buf.h"
#include "conf/option.h"

#include <stdbool.h>
#include <stdint.h>

enum bw_listing_format { BW_LISTING_TABLE, BW_LISTING_CSV, BW_LISTING_JSON };

/* Words for options; ends with a NULL name. */
extern const struct bw_opt_name bw_listing_formats[];

/* Where finished text goes; false when there is no use in more. */
typedef bool bw_listing_write_fn(void *ctx, struct bw_buf *text);

struct bw_listing {
    enum bw_listing_format format;
    bool utf8;
    bw_listing_write_fn *write;
    void *ctx;
    struct bw_arena names_arena, rows_arena;
    const char **names;
    size_t columns;
    size_t at;                     /* cells of the current row */
    size_t rows;                   /* finished */
    struct bw_listing_cell *cells; /* table: of the rows that are kept back; else of one row */
    size_t kept;
    size_t *widths;
    bool streaming; /* table: the widths are fixed */
    bool stopped;   /* nobody listens any more */
    struct bw_buf out;
};

void bw_listing_begin(struct bw_listing *listing, enum bw_listing_format format, bool utf8,
                      const char *const *names, size_t columns, bw_listing_write_fn *write,
                      void *ctx);

/* The next cell of the row. Text is any bytes. */
void bw_listing_null(struct bw_listing *listing);
void bw_listing_int(struct bw_listing *listing, int64_t value);
void bw_listing_number(struct bw_listing *listing, double value);
void bw_listing_add_text(struct bw_listing *listing, const char *text, size_t len);

/* Ends the row: missing cells are null. False when there is no use in more. */
bool bw_listing_row(struct bw_listing *listing);

/* Writes what is left and releases everything. */
void bw_listing_end(struct bw_listing *listing);

#endif
