// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/scan.h"

#include "base/num.h"

#include <string.h>

bool bw_scan_line(struct bw_span *rest, struct bw_span *out_line)
{
    while (bw_span_split(rest, '\n', out_line)) {
        if (bw_span_trim(*out_line).len > 0)
            return true;
    }
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Called some thousand times a round. */
bool bw_scan_word(struct bw_span *line, struct bw_span *out_word)
{
    const char *at = line->data, *end = line->data + line->len;
    while (at < end && is_blank(*at))
        at++;
    const char *word = at;
    while (at < end && !is_blank(*at))
        at++;
    if (at == word)
        return false;
    *out_word = (struct bw_span){ word, (size_t)(at - word) };
    *line = (struct bw_span){ at, (size_t)(end - at) };
    return true;
}

bool bw_scan_is(struct bw_span word, const char *text)
{
    return word.len > 0 && word.data[0] == text[0] && strncmp(text, word.data, word.len) == 0
           && text[word.len] == '\0';
}

bool bw_scan_uint(struct bw_span *line, uint64_t *out)
{
    struct bw_span rest = *line, word;
    if (!bw_scan_word(&rest, &word) || !bw_parse_uint(word.data, word.len, out))
        return false;
    *line = rest;
    return true;
}

bool bw_scan_double(struct bw_span *line, double *out)
{
    struct bw_span rest = *line, word;
    if (!bw_scan_word(&rest, &word) || !bw_parse_double(word.data, word.len, out))
        return false;
    *line = rest;
    return true;
}

size_t bw_scan_uints(struct bw_span *line, uint64_t *out, size_t max)
{
    size_t count = 0;
    while (count < max && bw_scan_uint(line, &out[count]))
        count++;
    return count;
}

const char *bw_scan_text(struct bw_span word, char *out, size_t size)
{
    const size_t len = word.len < size ? word.len : size - 1;
    memcpy(out, word.data, len);
    out[len] = '\0';
    return out;
}
