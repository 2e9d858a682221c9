// SPDX-License-Identifier: GPL-3.0-or-later
/* base/text.h: small questions about text. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that belong to somebody else and need not end in NUL. */
struct bw_span {
    const char *data;
    size_t len;
};

struct bw_span bw_span_of(const char *text);
bool bw_span_is(struct bw_span span, const char *text);

/* Without the blanks (space, tab, CR, LF) at both ends. */
struct bw_span bw_span_trim(struct bw_span span);

/* Takes what stands before the first `separator` out of *rest and skips the separator;
 * the whole rest when there is none. False when *rest was already used up (data NULL). */
bool bw_span_split(struct bw_span *rest, char separator, struct bw_span *out_part);

bool bw_text_starts_with(const char *text, const char *prefix);
bool bw_text_ends_with(const char *text, const char *suffix);

/* Copies at most size - 1 bytes and always ends in NUL; never cuts a UTF-8 sequence. */
void bw_text_copy(char *out, size_t size, const char *text);

/* Copies a URL, with or without scheme, for people to see: user name and password become "***".
 * Cut to size. */
void bw_text_hide_userinfo(char *out, size_t size, const char *url);

/* Offset of the first byte that is not well-formed UTF-8 (RFC 3629), or `len`. */
size_t bw_utf8_valid_prefix(const char *text, size_t len);

/* Edits (insert, delete, replace, swap neighbours) that turn a into b; 99 for words over
 * 40 bytes. For "did you mean". */
unsigned bw_text_distance(const char *a, const char *b);

#endif
