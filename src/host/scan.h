// SPDX-License-Identifier: GPL-3.0-or-later
/* host/scan.h: walking through the lines and columns of the kernel's files. Pure. */
#ifndef HOST_SCAN_H
#define HOST_SCAN_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* The next line that is not empty, without its end. */
bool bw_scan_line(struct bw_span *rest, struct bw_span *out_line);

/* The next column between blanks; false at the end of the line. */
bool bw_scan_word(struct bw_span *line, struct bw_span *out_word);

/* Whether the word is that text, for long tables: most words differ from most texts in their first
 * bytes already. */
bool bw_scan_is(struct bw_span word, const char *text);

/* The next column as a number; false, with *line unchanged, when there is none or it is no
 * number. */
bool bw_scan_uint(struct bw_span *line, uint64_t *out);
bool bw_scan_double(struct bw_span *line, double *out);

/* Up to `max` numbers; returns how many there were before the end or something else. */
size_t bw_scan_uints(struct bw_span *line, uint64_t *out, size_t max);

/* Copies a word to be used as a label's value; words that do not fit are cut. */
const char *bw_scan_text(struct bw_span word, char *out, size_t size);

#endif
