// SPDX-License-Identifier: GPL-3.0-or-later
#include "transfer/writer.h"

#include "base/num.h"
#include "transfer/csv_text.h"

#include <string.h>

#define SECONDS_MAX_MS INT64_C(100000000000000)

enum { LINE_NUMBERS_BYTES = BW_DOUBLE_TEXT_MAX + BW_UINT_TEXT_MAX + 8 };

/* Whether who reads the seconds as a double, and cuts what they are in milliseconds to an
 * integer, as Prometheus does, gets the same time. */
static bool survives_cutting(uint64_t ms)
{
    const double seconds = (double)ms / 1000;
    return (uint64_t)(seconds * 1000) == ms;
}

/* At most BW_UINT_TEXT_MAX + 6 bytes. */
static size_t format_time(char *out, int64_t ts_ms)
{
    size_t len = 0;
    uint64_t ms = ts_ms < 0 ? 0 - (uint64_t)ts_ms : (uint64_t)ts_ms;
    if (ts_ms < 0)
        out[len++] = '-';
    if (ms >= (uint64_t)SECONDS_MAX_MS)
        return len + bw_format_uint(out + len, ms);
    len += bw_format_uint(out + len, ms / 1000);
    unsigned rest = (unsigned)(ms % 1000);
    if (rest == 0)
        return len;
    out[len++] = '.';
    out[len++] = (char)('0' + rest / 100);
    rest %= 100;
    out[len++] = (char)('0' + rest / 10);
    out[len++] = (char)('0' + rest % 10);
    /* A tenth of a millisecond more makes up for it, and is rounded away by who rounds. */
    if (!survives_cutting(ms))
        out[len++] = '1';
    else
        for (; out[len - 1] == '0'; len--) {
        }
    return len;
}

void bw_transfer_put_time(struct bw_buf *out, int64_t ts_ms)
{
    char text[BW_UINT_TEXT_MAX + 8];
    bw_buf_bytes(out, text, format_time(text, ts_ms));
}

static bool is_column(const char *label)
{
    return strcmp(label, "metric") == 0 || strcmp(label, "time") == 0
           || strcmp(label, "value") == 0;
}

void bw_transfer_put_header(struct bw_buf *out, const struct bw_transfer_columns *columns)
{
    bw_buf_text(out, "metric");
    for (size_t i = 0; i < columns->count; i++) {
        bw_buf_text(out, is_column(columns->names[i]) ? ",label:" : ",");
        bw_buf_text(out, columns->names[i]);
    }
    bw_buf_text(out, ",time,value\n");
}

void bw_transfer_put_prefix(struct bw_buf *out, enum bw_transfer_form form, const char *metric,
                            struct bw_labels labels, const struct bw_transfer_columns *columns)
{
    if (form == BW_TRANSFER_OPENMETRICS) {
        bw_series_text(out, metric, labels);
        bw_buf_char(out, ' ');
        return;
    }
    bw_csv_put(out, metric);
    for (size_t i = 0; i < columns->count; i++) {
        const char *value = bw_labels_value(labels, columns->names[i]);
        bw_buf_char(out, ',');
        bw_csv_put(out, value == NULL ? "" : value);
    }
    bw_buf_char(out, ',');
}

void bw_transfer_put_points(struct bw_buf *out, enum bw_transfer_form form,
                            const struct bw_buf *prefix, const struct bw_point *points,
                            size_t count)
{
    const bool csv = form == BW_TRANSFER_CSV;
    for (size_t i = 0; i < count; i++) {
        char *line = bw_buf_reserve(out, prefix->len + LINE_NUMBERS_BYTES);
        if (line == NULL)
            return;
        memcpy(line, prefix->data, prefix->len);
        size_t len = prefix->len;
        len += csv ? format_time(line + len, points[i].ts_ms)
                   : bw_format_double(line + len, points[i].value);
        line[len++] = csv ? ',' : ' ';
        len += csv ? bw_format_double(line + len, points[i].value)
                   : format_time(line + len, points[i].ts_ms);
        line[len++] = '\n';
        out->len += len;
        out->data[out->len] = '\0';
    }
}
