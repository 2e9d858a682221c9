// SPDX-License-Identifier: GPL-3.0-or-later
/* base/re2.h: patterns are written in RE2's grammar, as in blackbox_exporter's modules, and
 * searched for by PCRE2. What both would take and read otherwise is put into words that mean for
 * PCRE2 what the pattern means for RE2 (as Go's package regexp has it):
 *
 *     \v            the vertical tab, not any vertical space
 *     \s \S         without the vertical tab
 *     \123          octal, however many groups there are
 *     \p{Greek}     the script, not what else is written in it (its extensions)
 *     ^* \b+ $?     a repetition of what has no width
 *
 * What RE2 does not take, and PCRE2 does, stays as it is. Not the same: \p{Lu} and its like in
 * (?i), which PCRE2 does not fold. */
#ifndef BASE_RE2_H
#define BASE_RE2_H

#include "base/buf.h"

/* How many times as long as the pattern its words may be. */
enum { BW_RE2_GROWTH = 32 };

/* Appends the pattern in PCRE2's words. */
void bw_re2_form(const char *pattern, struct bw_buf *out);

/* Appends the bytes with U+FFFD in the place of each that is not part of valid UTF-8: what RE2 sees
 * in them. */
void bw_re2_text(const char *text, size_t len, struct bw_buf *out);

/* Where what stands at `at` of that text stands in the bytes. */
size_t bw_re2_place(const char *text, size_t len, size_t at);

#endif
