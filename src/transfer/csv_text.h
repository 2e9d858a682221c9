// SPDX-License-Identifier: GPL-3.0-or-later
/* transfer/csv_text.h: records and cells of CSV (RFC 4180). Pure. */
#ifndef TRANSFER_CSV_TEXT_H
#define TRANSFER_CSV_TEXT_H

#include "base/buf.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* A quoted cell may hold ends of lines, but a record that goes on for so long is a stray quote. */
#define BW_CSV_RECORD_BYTES_MAX (64u << 10)

enum bw_csv_end {
    BW_CSV_WHOLE,  /* a record of *out_len bytes, its line's end not counted */
    BW_CSV_MORE,   /* it ends further on than the text */
    BW_CSV_BROKEN, /* a quote that does not close; *out_len is the first line alone */
};

/* Where the record at the start of the text ends. `final`: nothing follows the text, which ends
 * the last record too. */
enum bw_csv_end bw_csv_record(struct bw_span text, bool final, size_t *out_len);

/* Takes the next cell out of *rest, as bw_span_split does. A quoted one is undone into `scratch`,
 * which it borrows until the scratch is cleared: reserve it as large as the record. */
bool bw_csv_cell(struct bw_span *rest, char separator, struct bw_buf *scratch, struct bw_span *out);

/* Appends a cell, quoted where it must be. */
void bw_csv_put(struct bw_buf *out, const char *text);

#endif
