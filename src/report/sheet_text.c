// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/sheet_text.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define ELLIPSIS "\xe2\x80\xa6"

/* The bytes of the character at `text`, which is well-formed. */
static size_t char_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static bool is_forbidden(const char *text, size_t n)
{
    const unsigned char c = (unsigned char)text[0];
    if (n == 1)
        return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
    return n == 3 && (memcmp(text, "\xef\xbf\xbe", 3) == 0 || memcmp(text, "\xef\xbf\xbf", 3) == 0);
}

static bool is_escape(const char *text, size_t left)
{
    if (left < 7 || text[0] != '_' || text[1] != 'x' || text[6] != '_')
        return false;
    for (size_t i = 2; i < 6; i++) {
        if (text[i] == '\0' || strchr("0123456789abcdefABCDEF", text[i]) == NULL)
            return false;
    }
    return true;
}

void bw_sheet_text(struct bw_buf *out, const char *text, size_t len)
{
    size_t units = 0, valid = bw_utf8_valid_prefix(text, len);
    for (size_t i = 0, n; i < len; i += n) {
        if (i > valid)
            valid = i + bw_utf8_valid_prefix(text + i, len - i);
        const bool broken = i == valid;
        n = broken ? 1 : char_length((unsigned char)text[i]);
        const char *put = text + i;
        size_t put_len = n;
        if (broken || is_forbidden(put, n)) {
            put = REPLACEMENT;
            put_len = 3;
        } else if (is_escape(put, valid - i)) {
            put = "_x005F_";
            put_len = 7;
        }
        const size_t cost = put_len == 4 ? 2 : put_len == 7 ? 7 : 1;
        if (units + cost >= BW_SHEET_TEXT_UNITS_MAX) { /* one is kept for the ellipsis */
            bw_buf_text(out, ELLIPSIS);
            return;
        }
        bw_buf_bytes(out, put, put_len);
        units += cost;
    }
}
