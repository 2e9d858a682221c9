// SPDX-License-Identifier: GPL-3.0-or-later
/* report/report.h: one report model, collected once, rendered in many forms. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "conf/option.h"
#include "model/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_report_type { BW_REPORT_SUMMARY, BW_REPORT_TYPE_COUNT };

enum bw_report_format {
    BW_REPORT_HTML,
    BW_REPORT_CSV,
    BW_REPORT_MD,
    BW_REPORT_XLSX,
    BW_REPORT_JSON,
    BW_REPORT_FORMAT_COUNT,
};

/* Words for options: "summary"; "html", "csv", "md", "xlsx", "json". End with a NULL name. */
extern const struct bw_opt_name bw_report_types[];
extern const struct bw_opt_name bw_report_formats[];

/* "xlsx" and its media type. */
const char *bw_report_extension(enum bw_report_format format);
const char *bw_report_media_type(enum bw_report_format format);

struct bw_report_request {
    enum bw_report_type type;
    const char *store; /* path of the store that is read */
    const char *title; /* "Bellwether" */
    const char *node;  /* this machine's name */
    int64_t from_ms, to_ms;
    int64_t now_ms;
};

/* A report shows each check's range in this many equal parts. */
enum { BW_REPORT_STRIP_PARTS = 60, BW_REPORT_STRIP_MAINTENANCE = BW_STATUS_COUNT };

/* How the time of one check (or service) was spent; the five add up to 1. */
struct bw_report_time {
    double healthy_ratio, degraded_ratio, unhealthy_ratio;
    double unknown_ratio;     /* nobody looked, or nobody could see */
    double maintenance_ratio; /* whatever was seen then */
};

struct bw_report_check {
    const char *service, *instance, *check;
    enum bw_status status; /* at the end of the range */
    struct bw_report_time time;
    double available_ratio; /* healthy or degraded, of the time that is known; NaN: none is */
    uint64_t runs, failures;
    double duration_p50_s, duration_p95_s, duration_max_s; /* NaN: no runs */
    unsigned incidents;                                    /* times it became UNHEALTHY */
    int64_t downtime_ms;                                   /* UNHEALTHY, as far as it is known */
    int64_t longest_ms;                                    /* the longest incident's part of it */
    uint8_t strip[BW_REPORT_STRIP_PARTS]; /* the worst bw_status known of each part, or … */
};

/* One time that a check was UNHEALTHY, as told by events; it may have begun before the range. What
 * began in maintenance begins when that is over, and is none if it is over before. */
struct bw_report_incident {
    const char *service, *instance, *check;
    int64_t began_ms;
    int64_t ended_ms;  /* 0: it was not over at the end of the range */
    int64_t lasted_ms; /* until then */
    const char *cause;
};

/* What stands at the top. */
struct bw_report_totals {
    size_t statuses[BW_STATUS_COUNT]; /* checks by their status at the end */
    struct bw_report_time time;       /* the mean over all checks; NaN: there are none */
    double available_ratio;           /* over the known time of all checks; NaN: none is */
    uint64_t runs, failures;
    int64_t downtime_ms; /* the sum over all checks */
    int64_t longest_ms;
};

struct bw_report {
    struct bw_arena arena;
    struct bw_report_request request;
    const struct bw_report_check *checks; /* by service, instance, check */
    size_t check_count;
    const struct bw_report_incident *incidents; /* of checks, oldest first */
    size_t incident_count;
    const struct bw_event *alerts; /* alert events, oldest first */
    size_t alert_count;
    const struct bw_event *markers; /* what was changed, oldest first */
    size_t marker_count;
    const struct bw_trend_record *trends; /* soonest to their limit first */
    size_t trend_count;
    size_t limit_count; /* of the trends, the first so many foresee when the limit is reached */
    const struct bw_trend_record *changes; /* of the trends those that took another course, newest */
    size_t change_count;                   /* first, at most BW_REPORT_CHANGES_SHOWN */
    struct bw_report_totals totals;
    unsigned blind_count; /* how often the self-canary said that we could not see */
    int64_t blind_ms;     /* and how long in all, within the range */
    bool cut;     /* there were more events than BW_REPORT_EVENTS_MAX: the oldest are missing */
    bool damaged; /* something in the store failed its checksum and is missing here */
};

/* Reads the store; blocks, for a worker. A range that ends after now_ms is cut there. The
 * report is freed with bw_report_free. BW_EINVAL: the range is empty; else as bw_reader_open. */
enum bw_rc bw_report_collect(const struct bw_report_request *request, struct bw_report **out,
                             struct bw_err *err);
void bw_report_free(struct bw_report *report);

/* Fills in `totals` and `limit_count` from the rest; collecting has done so. */
void bw_report_total(struct bw_report *report);

/* Renders into `out`, whose ceiling is the caller's (BW_ELIMIT beyond it). `template_text`
 * replaces the built-in template of HTML and Markdown (NULL: the built-in); the other formats
 * have none (BW_EINVAL). The same report gives the same bytes. */
enum bw_rc bw_report_render(const struct bw_report *report, enum bw_report_format format,
                            const char *template_text, struct bw_buf *out, struct bw_err *err);

#endif
