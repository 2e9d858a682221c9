// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/parts.h"

#define CHECK(member) offsetof(struct bw_report_check, member)
#define INCIDENT(member) offsetof(struct bw_report_incident, member)
#define EVENT(member) offsetof(struct bw_event, member)
#define TREND(member) offsetof(struct bw_trend_record, member)

// clang-format off
static const struct bw_report_column check_columns[] = {
    { "service",           "Service",      BW_REPORT_TEXT,    CHECK(service),                18 },
    { "instance",          "Instance",     BW_REPORT_TEXT,    CHECK(instance),               26 },
    { "check",             "Check",        BW_REPORT_TEXT,    CHECK(check),                  15 },
    { "status",            "Status",       BW_REPORT_STATUS,  CHECK(status),                 13 },
    { "available_ratio",   "Available",    BW_REPORT_RATIO,   CHECK(available_ratio),        11 },
    { "healthy_ratio",     "Healthy",      BW_REPORT_RATIO,   CHECK(time.healthy_ratio),     11 },
    { "degraded_ratio",    "Degraded",     BW_REPORT_RATIO,   CHECK(time.degraded_ratio),    11 },
    { "unhealthy_ratio",   "Unhealthy",    BW_REPORT_RATIO,   CHECK(time.unhealthy_ratio),   11 },
    { "unknown_ratio",     "Unknown",      BW_REPORT_RATIO,   CHECK(time.unknown_ratio),     11 },
    { "maintenance_ratio", "Maintenance",  BW_REPORT_RATIO,   CHECK(time.maintenance_ratio), 13 },
    { "incidents",         "Incidents",    BW_REPORT_COUNT,   CHECK(incidents),              11 },
    { "downtime_seconds",  "Downtime",     BW_REPORT_SPAN,    CHECK(downtime_ms),            11 },
    { "longest_seconds",   "Longest",      BW_REPORT_SPAN,    CHECK(longest_ms),             11 },
    { "runs",              "Runs",         BW_REPORT_COUNT64, CHECK(runs),                   11 },
    { "failures",          "Failures",     BW_REPORT_COUNT64, CHECK(failures),               11 },
    { "duration_p50_seconds", "Median s",  BW_REPORT_SECONDS, CHECK(duration_p50_s),         11 },
    { "duration_p95_seconds", "P95 s",     BW_REPORT_SECONDS, CHECK(duration_p95_s),         11 },
    { "duration_max_seconds", "Slowest s", BW_REPORT_SECONDS, CHECK(duration_max_s),         11 },
    { "strip",             "Over time",    BW_REPORT_STRIP,   CHECK(strip),                   0 },
    { NULL, NULL, BW_REPORT_TEXT, 0, 0 },
};

static const struct bw_report_column incident_columns[] = {
    { "service",           "Service",    BW_REPORT_TEXT,    INCIDENT(service),   22 },
    { "instance",          "Instance",   BW_REPORT_TEXT,    INCIDENT(instance),  26 },
    { "check",             "Check",      BW_REPORT_TEXT,    INCIDENT(check),     18 },
    { "began",             "Began",      BW_REPORT_TIME,    INCIDENT(began_ms),  20 },
    { "ended",             "Ended",      BW_REPORT_TIME,    INCIDENT(ended_ms),  20 },
    { "lasted_seconds",    "Lasted",     BW_REPORT_SPAN,    INCIDENT(lasted_ms), 12 },
    { "cause",             "Cause",      BW_REPORT_TEXT,    INCIDENT(cause),     70 },
    { NULL, NULL, BW_REPORT_TEXT, 0, 0 },
};

static const struct bw_report_column alert_columns[] = {
    { "time",              "Time",       BW_REPORT_TIME,    EVENT(ts_ms),            20 },
    { "alert",             "Alert",      BW_REPORT_TEXT,    EVENT(name),             26 },
    { "from",              "From",       BW_REPORT_LEVEL,   EVENT(from),             10 },
    { "to",                "To",         BW_REPORT_LEVEL,   EVENT(to),               10 },
    { "service",           "Service",    BW_REPORT_TEXT,    EVENT(subject.service),  22 },
    { "instance",          "Instance",   BW_REPORT_TEXT,    EVENT(subject.instance), 26 },
    { "check",             "Check",      BW_REPORT_TEXT,    EVENT(subject.check),    18 },
    { "cause",             "Cause",      BW_REPORT_TEXT,    EVENT(cause),            70 },
    { NULL, NULL, BW_REPORT_TEXT, 0, 0 },
};

static const struct bw_report_column marker_columns[] = {
    { "time",              "Time",       BW_REPORT_TIME,    EVENT(ts_ms),            20 },
    { "marker",            "Marker",     BW_REPORT_TEXT,    EVENT(name),             26 },
    { "service",           "Service",    BW_REPORT_TEXT,    EVENT(subject.service),  22 },
    { "instance",          "Instance",   BW_REPORT_TEXT,    EVENT(subject.instance), 26 },
    { "check",             "Check",      BW_REPORT_TEXT,    EVENT(subject.check),    18 },
    { "text",              "Text",       BW_REPORT_TEXT,    EVENT(cause),            70 },
    { NULL, NULL, BW_REPORT_TEXT, 0, 0 },
};

static const struct bw_report_column trend_columns[] = {
    { "series",            "Series",           BW_REPORT_SERIES,    0,                        85 },
    { "last_value",        "Last value",       BW_REPORT_VALUE,     TREND(last_value), 16 },
    { "threshold",         "Limit",            BW_REPORT_VALUE,     TREND(threshold),  16 },
    { "time_to_threshold_p10_seconds", "Left P10", BW_REPORT_LEFT,    TREND(time_to_p10_s), 15 },
    { "time_to_threshold_p50_seconds", "Left P50", BW_REPORT_LEFT,    TREND(time_to_p50_s), 15 },
    { "time_to_threshold_p90_seconds", "Left P90", BW_REPORT_LEFT,    TREND(time_to_p90_s), 15 },
    { "crossing_ratio",    "Probability",      BW_REPORT_CROSSING,  0,                        13 },
    { "direction",         "Direction",        BW_REPORT_DIRECTION, TREND(direction),         14 },
    { "confidence_ratio",  "Confidence",       BW_REPORT_RATIO,     TREND(confidence_ratio),  13 },
    { "slope_per_second",  "Slope per second", BW_REPORT_NUMBER,    TREND(slope_per_second),  18 },
    { "slope_low",         "Slope low",        BW_REPORT_NUMBER,    TREND(slope_low),         16 },
    { "slope_high",        "Slope high",       BW_REPORT_NUMBER,    TREND(slope_high),        16 },
    { "season_seconds",    "Season",           BW_REPORT_LEFT,      TREND(season_seconds),    12 },
    { "computed",          "Computed",         BW_REPORT_TIME,      TREND(computed_ms),       20 },
    { "note",              "Note",             BW_REPORT_TEXT,      TREND(note),              50 },
    { "findings",          "Findings",         BW_REPORT_FINDINGS,  0,                        90 },
    { NULL, NULL, BW_REPORT_TEXT, 0, 0 },
};
// clang-format on

static const void *check_rows(const struct bw_report *report, size_t *out_count)
{
    *out_count = report->check_count;
    return report->checks;
}

static const void *incident_rows(const struct bw_report *report, size_t *out_count)
{
    *out_count = report->incident_count;
    return report->incidents;
}

static const void *alert_rows(const struct bw_report *report, size_t *out_count)
{
    *out_count = report->alert_count;
    return report->alerts;
}

static const void *marker_rows(const struct bw_report *report, size_t *out_count)
{
    *out_count = report->marker_count;
    return report->markers;
}

static const void *trend_rows(const struct bw_report *report, size_t *out_count)
{
    *out_count = report->trend_count;
    return report->trends;
}

const struct bw_report_section bw_report_sections[BW_REPORT_SECTION_COUNT] = {
    [BW_REPORT_CHECKS] = { "checks", "Summary", check_columns, sizeof(struct bw_report_check),
                           check_rows },
    [BW_REPORT_INCIDENTS] = { "incidents", "Incidents", incident_columns,
                              sizeof(struct bw_report_incident), incident_rows },
    [BW_REPORT_ALERTS] = { "alerts", "Alerts", alert_columns, sizeof(struct bw_event), alert_rows },
    [BW_REPORT_MARKERS] = { "markers", "Markers", marker_columns, sizeof(struct bw_event),
                            marker_rows },
    [BW_REPORT_TRENDS] = { "trends", "Trends", trend_columns, sizeof(struct bw_trend_record),
                           trend_rows },
};

static const void *change_rows(const struct bw_report *report, size_t *out_count)
{
    *out_count = report->change_count;
    return report->changes;
}

const struct bw_report_section bw_report_changes = { "changes", "Changes", trend_columns,
                                                     sizeof(struct bw_trend_record), change_rows };
