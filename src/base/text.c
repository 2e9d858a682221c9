// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct bw_span bw_span_of(const char *text)
{
    return (struct bw_span){ text, text == NULL ? 0 : strlen(text) };
}

bool bw_span_is(struct bw_span span, const char *text)
{
    const size_t len = strlen(text);
    return span.len == len && memcmp(span.data, text, len) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bw_span bw_span_trim(struct bw_span span)
{
    while (span.len > 0 && is_blank(span.data[0])) {
        span.data++;
        span.len--;
    }
    while (span.len > 0 && is_blank(span.data[span.len - 1]))
        span.len--;
    return span;
}

bool bw_span_split(struct bw_span *rest, char separator, struct bw_span *out_part)
{
    if (rest->data == NULL)
        return false;
    const char *end = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    if (end == NULL) {
        *out_part = *rest;
        *rest = (struct bw_span){ 0 };
        return true;
    }
    const size_t len = (size_t)(end - rest->data);
    *out_part = (struct bw_span){ rest->data, len };
    *rest = (struct bw_span){ end + 1, rest->len - len - 1 };
    return true;
}

bool bw_text_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool bw_text_ends_with(const char *text, const char *suffix)
{
    const size_t len = strlen(text), tail = strlen(suffix);
    return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

void bw_text_copy(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);
    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(out, text, len);
    out[len] = '\0';
}

void bw_text_hide_userinfo(char *out, size_t size, const char *url)
{
    const char *scheme = strstr(url, "://");
    const size_t before = strcspn(url, "/?#");
    const size_t from = scheme != NULL && (size_t)(scheme + 1 - url) == before ? before + 2 : 0;
    const size_t len = strcspn(url + from, "/?#");
    const char *at = memrchr(url + from, '@', len); /* a password may have one too */
    if (at == NULL)
        snprintf(out, size, "%s", url);
    else
        snprintf(out, size, "%.*s***%s", (int)from, url, at);
}

/* Bytes of the well-formed sequence at p, or 0. The ranges are table 3-7 of the Unicode
 * standard: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t sequence_length(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } forms[] = {
        { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (p[0] < forms[i].first_low || p[0] > forms[i].first_high)
            continue;
        const size_t length = forms[i].length;
        if (length > left)
            return 0;
        if (length > 1 && (p[1] < forms[i].second_low || p[1] > forms[i].second_high))
            return 0;
        for (size_t k = 2; k < length; k++) {
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        }
        return length;
    }
    return 0;
}

size_t bw_utf8_valid_prefix(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        if ((unsigned char)text[at] < 0x80) { /* nearly all there is */
            at++;
            continue;
        }
        const size_t length = sequence_length((const unsigned char *)text + at, len - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned bw_text_distance(const char *a, const char *b)
{
    enum { WORD_MAX = 40 };
    const size_t n = strlen(a), m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX)
        return 99;
    unsigned d[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= n; i++)
        d[i][0] = (unsigned)i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            const unsigned replace = d[i - 1][j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);
            d[i][j] = least(replace, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n][m];
}
