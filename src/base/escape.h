// SPDX-License-Identifier: GPL-3.0-or-later
/* base/escape.h: one escaper for each place that text from outside can end up in. The name
 * says the place. Invalid UTF-8 becomes U+FFFD in all of them. */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/buf.h"

/* HTML text and quoted attribute values: & < > " ' become references; control bytes other
 * than tab and newline become U+FFFD. */
void bw_escape_html(struct bw_buf *out, const char *text, size_t len);

/* One CSV field (RFC 4180), quoted where it must be. A field that a spreadsheet would take
 * for a formula (= + - @ tab CR first, or their full-width forms) gets a ' in front; a
 * plain number does not. */
void bw_escape_csv(struct bw_buf *out, const char *text, size_t len);

/* A Markdown table cell: on one line, nothing in it is markup or HTML. */
void bw_escape_md(struct bw_buf *out, const char *text, size_t len);

/* The inside of a label value in the Prometheus formats: \\ \" \n. */
void bw_escape_label(struct bw_buf *out, const char *text, size_t len);

/* The inside of a JSON string (RFC 8259 section 7); also safe inside a script element. */
void bw_escape_json(struct bw_buf *out, const char *text, size_t len);

/* A logfmt value: bare where it can be, else quoted with escapes. */
void bw_escape_logfmt(struct bw_buf *out, const char *text, size_t len);

/* A path segment or query value of a URL (RFC 3986 unreserved stay, the rest as %XX). */
void bw_escape_url(struct bw_buf *out, const char *text, size_t len);

/* Undoes %XX; BW false for a broken escape, a NUL or invalid UTF-8. */
bool bw_unescape_url(struct bw_buf *out, const char *text, size_t len);

#endif
