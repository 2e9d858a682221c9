// SPDX-License-Identifier: GPL-3.0-or-later
#include "transfer/csv_text.h"

#include <string.h>

enum bw_csv_end bw_csv_record(struct bw_span text, bool final, size_t *out_len)
{
    const char *newline = memchr(text.data, '\n', text.len);
    const size_t line_len = newline == NULL ? text.len : (size_t)(newline - text.data);
    if (newline == NULL && !final)
        return BW_CSV_MORE;
    const char *quote = memchr(text.data, '"', line_len);
    if (quote == NULL) {
        *out_len = line_len;
        return BW_CSV_WHOLE;
    }
    bool open = false;
    const size_t max =
        text.len < BW_CSV_RECORD_BYTES_MAX ? text.len : (size_t)BW_CSV_RECORD_BYTES_MAX;
    for (size_t i = (size_t)(quote - text.data); i < max; i++) {
        if (text.data[i] == '"')
            open = !open;
        if (text.data[i] != '\n' || open)
            continue;
        *out_len = i;
        return BW_CSV_WHOLE;
    }
    if (max == text.len && !final)
        return BW_CSV_MORE;
    const bool whole = max == text.len && !open;
    *out_len = whole ? text.len : line_len;
    return whole ? BW_CSV_WHOLE : BW_CSV_BROKEN;
}

/* The cell behind an opening quote; *rest stands at its separator or end after it. */
static struct bw_span take_quoted(struct bw_span *rest, struct bw_buf *scratch)
{
    const size_t start = scratch->len;
    size_t i = 1;
    for (; i < rest->len; i++) {
        if (rest->data[i] == '"') {
            if (i + 1 == rest->len || rest->data[i + 1] != '"')
                break;
            i++;
        }
        bw_buf_char(scratch, rest->data[i]);
    }
    i = i < rest->len ? i + 1 : i;
    *rest = (struct bw_span){ rest->data + i, rest->len - i };
    return (struct bw_span){ scratch->data + start, scratch->len - start };
}

bool bw_csv_cell(struct bw_span *rest, char separator, struct bw_buf *scratch, struct bw_span *out)
{
    struct bw_span behind;
    if (rest->data == NULL)
        return false;
    if (rest->len == 0 || rest->data[0] != '"')
        return bw_span_split(rest, separator, out);
    *out = take_quoted(rest, scratch);
    return bw_span_split(rest, separator, &behind);
}

void bw_csv_put(struct bw_buf *out, const char *text)
{
    if (text[strcspn(text, ",;\t\"\r\n")] == '\0' && text[0] != '#') {
        bw_buf_text(out, text);
        return;
    }
    bw_buf_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            bw_buf_char(out, '"');
        bw_buf_char(out, *text);
    }
    bw_buf_char(out, '"');
}
