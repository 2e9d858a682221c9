// SPDX-License-Identifier: GPL-3.0-or-later
/* report/sheet_text.h: text as a cell of an XLSX can hold it. */
#ifndef REPORT_SHEET_TEXT_H
#define REPORT_SHEET_TEXT_H

#include "base/buf.h"

enum {
    BW_SHEET_TEXT_UNITS_MAX = 32767, /* UTF-16 code units of one cell */
    BW_SHEET_TEXT_BYTES_MAX = 4 * BW_SHEET_TEXT_UNITS_MAX,
};

/* Appends the text with what XML 1.0 cannot hold (control bytes, invalid UTF-8, U+FFFE, U+FFFF)
 * as U+FFFD, and with _x0041_, which a spreadsheet would take for a letter, as _x005F_x0041_
 * (ECMA-376 part 1, 22.9.2.19). Cut at BW_SHEET_TEXT_UNITS_MAX, with an ellipsis. */
void bw_sheet_text(struct bw_buf *out, const char *text, size_t len);

#endif
