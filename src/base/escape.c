// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/escape.h"

#include "base/num.h"
#include "base/text.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* What a byte below 0x80 becomes; NULL when it stays. */
typedef const char *replace_fn(unsigned char c);

/* Copies runs of valid text, replacing what the context cannot hold. */
static void escape_with(struct bw_buf *out, const char *text, size_t len, replace_fn *replace)
{
    while (len > 0) {
        const size_t valid = bw_utf8_valid_prefix(text, len);
        size_t start = 0;
        for (size_t i = 0; i < valid; i++) {
            const unsigned char c = (unsigned char)text[i];
            const char *instead = c < 0x80 ? replace(c) : NULL;
            if (instead == NULL)
                continue;
            bw_buf_bytes(out, text + start, i - start);
            bw_buf_text(out, instead);
            start = i + 1;
        }
        bw_buf_bytes(out, text + start, valid - start);
        text += valid;
        len -= valid;
        if (len > 0) {
            bw_buf_text(out, REPLACEMENT);
            text++;
            len--;
        }
    }
}

static const char *html_replacement(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
    case '\n':
        return NULL;
    default:
        return c < 0x20 || c == 0x7f ? REPLACEMENT : NULL;
    }
}

void bw_escape_html(struct bw_buf *out, const char *text, size_t len)
{
    escape_with(out, text, len, html_replacement);
}

static bool starts_like_formula(const char *text, size_t len)
{
    static const char *const starts[] = { "=", "+", "-", "@", "\t", "\r",
                                          "\xef\xbc\x9d", "\xef\xbc\x8b",
                                          "\xef\xbc\x8d", "\xef\xbc\xa0" };
    double number;
    if (bw_parse_double(text, len, &number))
        return false;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const size_t n = strlen(starts[i]);
        if (len >= n && memcmp(text, starts[i], n) == 0)
            return true;
    }
    return false;
}

static bool has_any(const char *text, size_t len, const char *set)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\0' && strchr(set, text[i]) != NULL)
            return true;
    }
    return false;
}

static const char *csv_replacement(unsigned char c)
{
    if (c == '"')
        return "\"\"";
    return c == '\0' ? REPLACEMENT : NULL;
}

void bw_escape_csv(struct bw_buf *out, const char *text, size_t len)
{
    const bool formula = starts_like_formula(text, len);
    const bool quoted = formula || has_any(text, len, ",\"\r\n;\t");
    if (quoted)
        bw_buf_char(out, '"');
    if (formula)
        bw_buf_char(out, '\'');
    escape_with(out, text, len, csv_replacement);
    if (quoted)
        bw_buf_char(out, '"');
}

static const char *md_replacement(unsigned char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '|':
        return "\\|";
    case '[':
        return "\\[";
    case ']':
        return "\\]";
    case '`':
        return "\\`";
    case '*':
        return "\\*";
    case '_':
        return "\\_";
    case '\\':
        return "\\\\";
    case '\n':
    case '\r':
    case '\t':
        return " ";
    default:
        return c < 0x20 || c == 0x7f ? REPLACEMENT : NULL;
    }
}

void bw_escape_md(struct bw_buf *out, const char *text, size_t len)
{
    escape_with(out, text, len, md_replacement);
}

static const char *label_replacement(unsigned char c)
{
    switch (c) {
    case '\\':
        return "\\\\";
    case '"':
        return "\\\"";
    case '\n':
        return "\\n";
    case '\0':
    case '\r':
        return REPLACEMENT;
    default:
        return NULL;
    }
}

void bw_escape_label(struct bw_buf *out, const char *text, size_t len)
{
    escape_with(out, text, len, label_replacement);
}

static const char *json_replacement(unsigned char c)
{
    static const char *const controls[] = {
        "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
        "\\b",     "\\t",     "\\n",     "\\u000b", "\\f",     "\\r",     "\\u000e", "\\u000f",
        "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017",
        "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
    };
    if (c < 0x20)
        return controls[c];
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '<':
        return "\\u003c";
    case '>':
        return "\\u003e";
    case '&':
        return "\\u0026";
    case 0x7f:
        return "\\u007f";
    default:
        return NULL;
    }
}

void bw_escape_json(struct bw_buf *out, const char *text, size_t len)
{
    escape_with(out, text, len, json_replacement);
}

static bool is_bare_logfmt(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
            return false;
    }
    return len > 0 && bw_utf8_valid_prefix(text, len) == len;
}

static const char *logfmt_replacement(unsigned char c)
{
    return c == '<' || c == '>' || c == '&' ? NULL : json_replacement(c);
}

void bw_escape_logfmt(struct bw_buf *out, const char *text, size_t len)
{
    if (is_bare_logfmt(text, len)) {
        bw_buf_bytes(out, text, len);
        return;
    }
    bw_buf_char(out, '"');
    escape_with(out, text, len, logfmt_replacement);
    bw_buf_char(out, '"');
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (c != '\0' && strchr("-._~", c) != NULL);
}

void bw_escape_url(struct bw_buf *out, const char *text, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (is_unreserved(c)) {
            bw_buf_char(out, (char)c);
        } else {
            const char escaped[] = { '%', hex[c >> 4], hex[c & 15] };
            bw_buf_bytes(out, escaped, sizeof escaped);
        }
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool bw_unescape_url(struct bw_buf *out, const char *text, size_t len)
{
    const size_t start = out->len;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            if (len - i < 3 || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)
                return false;
            c = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        }
        if (c == '\0')
            return false;
        bw_buf_char(out, c);
    }
    if (bw_buf_failed(out))
        return false;
    const size_t added = out->len - start;
    return bw_utf8_valid_prefix(out->data + start, added) == added;
}
