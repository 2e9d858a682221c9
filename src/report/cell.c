// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/civil.h"
#include "base/text.h"
#include "base/units.h"
#include "report/parts.h"

#include <math.h>

#define NOTHING_SAID "\xe2\x80\x93" /* en dash */
#define THIN_SPACE "\xe2\x80\xaf"   /* narrow, not to be broken */

static struct bw_report_cell text_cell(const char *text)
{
    return (struct bw_report_cell){ .is = BW_CELL_IS_TEXT, .text = text != NULL ? text : "" };
}

static struct bw_report_cell number_cell(double number)
{
    return (struct bw_report_cell){ .is = isfinite(number) ? BW_CELL_IS_NUMBER : BW_CELL_IS_NOTHING,
                                    .number = number };
}

static struct bw_report_cell time_cell(int64_t unix_ms)
{
    return (struct bw_report_cell){ .is = unix_ms != 0 ? BW_CELL_IS_TIME : BW_CELL_IS_NOTHING,
                                    .time_ms = unix_ms };
}

static struct bw_report_cell series_cell(const struct bw_trend_record *trend,
                                         struct bw_buf *scratch)
{
    bw_buf_clear(scratch);
    bw_series_text(scratch, trend->metric, trend->labels);
    return text_cell(scratch->data);
}

static struct bw_report_cell findings_cell(const struct bw_trend_record *trend,
                                           struct bw_buf *scratch)
{
    bw_buf_clear(scratch);
    for (size_t i = 0; i < trend->finding_count; i++) {
        if (i > 0)
            bw_buf_text(scratch, "; ");
        bw_trend_say_finding(scratch, trend, i);
    }
    return text_cell(scratch->data);
}

static double farthest_crossing(const struct bw_trend_record *trend)
{
    const struct bw_trend_horizon *farthest = NULL;
    for (size_t i = 0; i < trend->horizon_count; i++) {
        if (farthest == NULL || trend->horizons[i].horizon_ms > farthest->horizon_ms)
            farthest = &trend->horizons[i];
    }
    return farthest != NULL ? farthest->crossing_ratio : NAN;
}

struct bw_report_cell bw_report_cell_of(const struct bw_report_column *column, const void *row,
                                        struct bw_buf *scratch)
{
    const void *at = (const char *)row + column->offset;
    switch (column->kind) {
    case BW_REPORT_TEXT:
        return text_cell(*(const char *const *)at);
    case BW_REPORT_SERIES:
        return series_cell(row, scratch);
    case BW_REPORT_FINDINGS:
        return findings_cell(row, scratch);
    case BW_REPORT_COUNT64:
        return number_cell((double)*(const uint64_t *)at);
    case BW_REPORT_COUNT:
        return number_cell(*(const unsigned *)at);
    case BW_REPORT_NUMBER:
    case BW_REPORT_VALUE:
    case BW_REPORT_RATIO:
    case BW_REPORT_SECONDS:
    case BW_REPORT_LEFT:
        return number_cell(*(const double *)at);
    case BW_REPORT_SPAN:
        return number_cell((double)*(const int64_t *)at / 1000);
    case BW_REPORT_TIME:
        return time_cell(*(const int64_t *)at);
    case BW_REPORT_STATUS:
        return text_cell(bw_status_name(*(const enum bw_status *)at));
    case BW_REPORT_LEVEL:
        return text_cell(bw_level_name((enum bw_level) * (const int *)at));
    case BW_REPORT_DIRECTION:
        return text_cell(bw_direction_name(*(const enum bw_direction *)at));
    case BW_REPORT_CROSSING:
        return number_cell(farthest_crossing(row));
    case BW_REPORT_STRIP:
        break;
    }
    return (struct bw_report_cell){ .is = BW_CELL_IS_NOTHING };
}

void bw_report_say_ratio(struct bw_buf *out, double ratio)
{
    if (!isfinite(ratio)) {
        bw_buf_text(out, NOTHING_SAID);
        return;
    }
    /* A hair is added first, so that 0.29 does not read as 28.999 %. */
    const double percent = floor(ratio * 1e5 + 1e-6) / 1e3;
    if (percent == 0 && ratio > 0)
        bw_buf_text(out, "< 0.001");
    else
        bw_buf_double(out, percent);
    bw_buf_text(out, THIN_SPACE "%");
}

void bw_report_say_seconds(struct bw_buf *out, double seconds)
{
    char text[BW_DURATION_TEXT_MAX];
    if (!isfinite(seconds) || fabs(seconds) > 9e9) {
        bw_buf_text(out, NOTHING_SAID);
        return;
    }
    bw_format_duration_short(text, (int64_t)llround(seconds * 1e9));
    bw_buf_text(out, text);
}

void bw_report_say_time(struct bw_buf *out, int64_t unix_ms)
{
    const struct bw_civil c = bw_civil_from_ms(unix_ms);
    bw_buf_printf(out, "%04lld-%02d-%02d %02d:%02d:%02d", (long long)c.year, c.month, c.day, c.hour,
                  c.minute, c.second);
}

/* Rectangles of an SVG that is as wide as the strip has parts, one for each run of equals. */
static void say_strip(struct bw_buf *out, const uint8_t *strip)
{
    static const char *const classes[] = { "unknown", "healthy", "degraded", "unhealthy",
                                           "maintenance" };
    for (size_t i = 0, end; i < BW_REPORT_STRIP_PARTS; i = end) {
        for (end = i + 1; end < BW_REPORT_STRIP_PARTS && strip[end] == strip[i];)
            end++;
        bw_buf_printf(out, "<rect class=\"%s\" x=\"%zu\" width=\"%zu\" height=\"1\"/>",
                      classes[strip[i]], i, end - i);
    }
}

/* A value in the unit that its metric's name ends with, as names of metrics do. */
static void say_value(struct bw_buf *out, const char *metric, double value)
{
    char text[BW_DURATION_TEXT_MAX];
    if (bw_text_ends_with(metric, "_bytes") && fabs(value) < 1e18) {
        bw_format_bytes(text, (uint64_t)llround(fabs(value)));
        bw_buf_printf(out, "%s%s", value < 0 ? "-" : "", text);
    } else if (bw_text_ends_with(metric, "_ratio")) {
        bw_report_say_ratio(out, value);
    } else if (bw_text_ends_with(metric, "_seconds")) {
        bw_report_say_seconds(out, value);
    } else {
        bw_buf_printf(out, "%.6g", value);
    }
}

static void say_number(struct bw_buf *out, const struct bw_report_column *column, double number)
{
    if (column->kind == BW_REPORT_RATIO || column->kind == BW_REPORT_CROSSING)
        bw_report_say_ratio(out, number);
    else if (column->kind == BW_REPORT_SECONDS || column->kind == BW_REPORT_LEFT
             || column->kind == BW_REPORT_SPAN)
        bw_report_say_seconds(out, number);
    else if (column->kind == BW_REPORT_NUMBER)
        bw_buf_printf(out, "%.6g", number);
    else
        bw_buf_double(out, number);
}

void bw_report_say(const struct bw_report_column *column, const void *row, struct bw_buf *out)
{
    if (column->kind == BW_REPORT_STRIP) {
        say_strip(out, (const uint8_t *)row + column->offset);
        return;
    }
    struct bw_buf scratch;
    bw_buf_init(&scratch, 1u << 20);
    const struct bw_report_cell cell = bw_report_cell_of(column, row, &scratch);
    if (cell.is == BW_CELL_IS_TEXT)
        bw_buf_text(out, cell.text);
    else if (cell.is == BW_CELL_IS_NUMBER && column->kind == BW_REPORT_VALUE)
        say_value(out, ((const struct bw_trend_record *)row)->metric, cell.number);
    else if (cell.is == BW_CELL_IS_NUMBER)
        say_number(out, column, cell.number);
    else if (cell.is == BW_CELL_IS_TIME)
        bw_report_say_time(out, cell.time_ms);
    else
        bw_buf_text(out, NOTHING_SAID);
    bw_buf_fini(&scratch);
}
