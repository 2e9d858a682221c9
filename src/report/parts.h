// SPDX-License-Identifier: GPL-3.0-or-later
/* report/parts.h: a report as tables. Each table states its columns once; CSV, JSON, XLSX and
 * templates all take their cells from there, so that a number means the same in each. Not for
 * use outside of report/. */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "report/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a column holds; says how a cell is read from its row and how it is written. */
enum bw_report_kind {
    BW_REPORT_TEXT,
    BW_REPORT_SERIES, /* text of a trend's series */
    BW_REPORT_COUNT64,
    BW_REPORT_COUNT,   /* unsigned */
    BW_REPORT_NUMBER,  /* double in a unit of its own */
    BW_REPORT_VALUE,   /* double in the unit of a trend's metric */
    BW_REPORT_RATIO,   /* double 0..1, shown in percent */
    BW_REPORT_SECONDS, /* double, of something short: a probe */
    BW_REPORT_LEFT,    /* double, seconds of something long: the time to a limit */
    BW_REPORT_SPAN,    /* int64_t milliseconds; seconds in every format for programs */
    BW_REPORT_TIME,    /* int64_t Unix milliseconds; 0: none */
    BW_REPORT_STATUS,
    BW_REPORT_LEVEL, /* int */
    BW_REPORT_DIRECTION,
    BW_REPORT_FINDINGS, /* what was found in a trend's series, in words */
    BW_REPORT_CROSSING, /* ratio of a trend's farthest horizon */
    BW_REPORT_STRIP,    /* for templates of HTML only: rectangles of an SVG */
};

struct bw_report_column {
    const char *name;    /* for programs: "downtime_seconds" */
    const char *heading; /* for people: "Downtime" */
    enum bw_report_kind kind;
    size_t offset; /* in the row's struct */
    double width;  /* of a spreadsheet's column, in characters; 0: not in spreadsheets */
};

enum { BW_REPORT_COLUMNS_MAX = 24 };

struct bw_report_section {
    const char *name;                       /* "checks" */
    const char *title;                      /* of its sheet */
    const struct bw_report_column *columns; /* ends with a NULL name */
    size_t row_size;
    const void *(*rows)(const struct bw_report *report, size_t *out_count);
};

enum bw_report_section_id {
    BW_REPORT_CHECKS,
    BW_REPORT_INCIDENTS,
    BW_REPORT_ALERTS,
    BW_REPORT_MARKERS,
    BW_REPORT_TRENDS,
    BW_REPORT_SECTION_COUNT,
};

/* A spreadsheet has no more rows than this, the header included. */
#define BW_REPORT_SHEET_ROWS_MAX 1048576u

extern const struct bw_report_section bw_report_sections[BW_REPORT_SECTION_COUNT];

/* Of trends, those that took another course: for templates, as the others say all. */
extern const struct bw_report_section bw_report_changes;

enum { BW_REPORT_CHANGES_SHOWN = 20 };

/* Fills in report->changes from its trends. */
void bw_report_pick_changes(struct bw_report *report);

/* One value out of a row. */
struct bw_report_cell {
    enum { BW_CELL_IS_TEXT, BW_CELL_IS_NUMBER, BW_CELL_IS_TIME, BW_CELL_IS_NOTHING } is;
    const char *text; /* borrowed from the row, a constant or `scratch` */
    double number;    /* base units */
    int64_t time_ms;
};

/* Reads a cell as programs see it; what cannot be known is nothing. `scratch` holds the text of
 * a series or of findings and must stay as long as the cell. */
struct bw_report_cell bw_report_cell_of(const struct bw_report_column *column, const void *row,
                                        struct bw_buf *scratch);

/* Appends a cell as people read it: "99.95 %", "2h 5m", "2026-11-21 08:00:00"; an en dash for
 * nothing. */
void bw_report_say(const struct bw_report_column *column, const void *row, struct bw_buf *out);

/* The same for single values. A percentage is cut, not rounded, so that 100 % means all. */
void bw_report_say_ratio(struct bw_buf *out, double ratio);
void bw_report_say_seconds(struct bw_buf *out, double seconds);
void bw_report_say_time(struct bw_buf *out, int64_t unix_ms);

/* One form of a report. */
struct bw_report_renderer {
    const char *name;
    const char *extension;
    const char *media_type;
    const char *summary;  /* one line for help */
    const char *template; /* the file of the built-in template; NULL: it has none */

    /* `text` is the template's; NULL without one. */
    enum bw_rc (*render)(const struct bw_report *report, const char *text, struct bw_buf *out,
                         struct bw_err *err);
};

extern const struct bw_report_renderer bw_report_html, bw_report_csv, bw_report_md, bw_report_xlsx,
    bw_report_json;

/* By enum bw_report_format. */
extern const struct bw_report_renderer *const bw_report_renderers[BW_REPORT_FORMAT_COUNT];

#endif
