// SPDX-License-Identifier: GPL-3.0-or-later
/* model/records.h: what the store remembers besides packs, as plain data: events, states and
 * results. Text is borrowed from whoever hands the record over; wall times are Unix ms. */
#ifndef MODEL_RECORDS_H
#define MODEL_RECORDS_H

#include "model/finding.h"
#include "model/labels.h"
#include "model/reason.h"
#include "model/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One value of one series at one time. */
struct bw_sample {
    uint32_t series; /* id in the store, >= 1 */
    int64_t ts_ms;
    double value;
};

/* A point without its series. */
struct bw_point {
    int64_t ts_ms;
    double value;
};

/* What a status or an alert belongs to. Empty text where a part does not apply: a service's
 * own status has neither instance nor check. */
struct bw_subject {
    const char *service;
    const char *instance;
    const char *check;
};

/* Names of system events that are looked for again: from the one to the other we could not see
 * (health/sight.h). */
#define BW_EVENT_BLIND "blind"
#define BW_EVENT_SEES_AGAIN "sees again"

/* Names of system events about windows of maintenance; the cause begins with the window's name and
 * ": ". */
#define BW_EVENT_MAINTENANCE_BEGINS "maintenance begins"
#define BW_EVENT_MAINTENANCE_ENDS "maintenance ends"

/* How often it is stored at least whether a check is in maintenance. */
enum { BW_MAINTENANCE_MARK_MS = 5 * 60 * 1000 };

/* Names of markers about what a check's target says otherwise than in the run before. */
#define BW_EVENT_ANSWER_CHANGED "answer changed"
#define BW_EVENT_CERTIFICATE_CHANGED "certificate changed"
#define BW_EVENT_RUNS_OVERLAP "runs overlap" /* a job began before its last run had ended */

/* Name of a marker about a series that has come to another level; the cause begins with its text.
 */
#define BW_EVENT_LEVEL_SHIFT "level shift"

/* Names of markers about targets that are found, not configured. */
#define BW_EVENT_TARGET_FOUND "target found"
#define BW_EVENT_TARGET_GONE "target gone"

/* Names of markers about machines, processes and what is asked of them. Those that somebody sets
 * are named by their tags, "deploy, eu", or BW_EVENT_MARKED. */
#define BW_EVENT_REBOOTED "rebooted"
#define BW_EVENT_RESTARTED "restarted"
#define BW_EVENT_CHECK_CHANGED "check changed"
#define BW_EVENT_VERSION_CHANGED "version changed"
#define BW_EVENT_MARKED "marker"

/* `to` of a marker that somebody has set; of those that were found it is 0. */
enum { BW_MARKER_SET = 1 };

enum bw_event_kind {
    BW_EVENT_STATUS = 1, /* a check, instance or service changed its status */
    BW_EVENT_ALERT,      /* an alert began, changed its level or ended */
    BW_EVENT_SYSTEM,     /* started, stopped, reloaded, clock stepped, store moved aside … */
    BW_EVENT_MARKER, /* something changed, and that is all: a deployment, a name server's answer */
};

/* "X became Y at T because R". */
struct bw_event {
    int64_t id; /* rising; set by the store */
    int64_t ts_ms;
    enum bw_event_kind kind;
    struct bw_subject subject;
    const char *name;  /* alert rule, or what happened for a system event: "started" */
    int from, to;      /* bw_status or bw_level, by kind */
    const char *cause; /* for people: "connection refused, 3 failures in a row" */
};

/* Where a check stands, so that a restart goes on from there. */
struct bw_check_state {
    struct bw_subject subject;
    enum bw_status status;
    int64_t since_ms;       /* when the status was entered */
    int64_t last_result_ms; /* nominal time of the last result */
    uint32_t pass_run, fail_run;
};

/* Why a check stands as it does, in words; kept apart from where it stands, which is stored far
 * more often. */
struct bw_check_cause {
    struct bw_subject subject;
    enum bw_reason reason;
    const char *cause; /* "connection refused"; may be "" */
};

/* How often one failure of a check came again without a pass in between. A check has
 * BW_FAILURES_KEPT_MAX slots for its last failures, taken in turn. */
struct bw_failure_tally {
    struct bw_subject subject;
    unsigned slot;
    int64_t ts_ms;     /* when it came first: nominal */
    int64_t last_ms;   /* and last */
    uint32_t times;    /* 1, … */
    uint32_t left_out; /* other failures just before it that nobody wrote down: too many at once */
};

/* One of the last failures of a check. */
struct bw_failure {
    struct bw_failure_tally tally;
    enum bw_reason reason;
    const char *cause; /* the peer's or library's words: "status 500, expected 2xx"; may be "" */
    double duration_s;
    unsigned attempts;
    const char *phases;     /* "resolve=0.002 connect=0.01": names and seconds */
    const char *transcript; /* model/transcript.h */
};

/* Where one alert (a rule on one set of labels) stands. */
struct bw_alert_state {
    const char *rule;
    const char *labels;    /* series text without a metric: {a="b"} */
    enum bw_level level;   /* BW_LEVEL_NONE: not firing */
    enum bw_level pending; /* the level that waits for its `for` */
    int64_t pending_since_ms;
    int64_t active_since_ms; /* when it left BW_LEVEL_NONE */
    int64_t level_since_ms;
    int64_t last_true_ms; /* when its condition held last */
    double value;
};

enum bw_direction { BW_UNDETERMINED, BW_FALLING, BW_FLAT, BW_RISING, BW_DIRECTION_COUNT };

/* "undetermined", "falling", "flat" or "rising", as in labels and answers. */
const char *bw_direction_name(enum bw_direction direction);

enum { BW_TREND_HORIZONS_MAX = 3 };

/* The forecast for one horizon. */
struct bw_trend_horizon {
    int64_t horizon_ms;
    double p10, p50, p90;  /* of the value at that time */
    double crossing_ratio; /* P(threshold crossed within the horizon); NaN: no threshold */
};

/* What the analyser says of one series. NaN means "cannot be known": never shown as a number. */
struct bw_trend_record {
    uint32_t series;
    const char *metric;
    struct bw_labels labels;
    int64_t computed_ms;
    int64_t first_ms, last_ms; /* the data it stands on */
    size_t points;
    enum bw_direction direction;
    double confidence_ratio; /* P(direction is right), 0..1 */
    double last_value;
    double slope_per_second, slope_low, slope_high; /* 95 % interval */
    double season_seconds;                          /* NaN: none found */
    struct bw_trend_horizon horizons[BW_TREND_HORIZONS_MAX];
    size_t horizon_count;
    double threshold; /* NaN: none configured */
    int side;         /* +1: crossing upward matters, -1: downward, 0: no threshold */
    double time_to_p10_s, time_to_p50_s, time_to_p90_s; /* +Inf: not within what is foreseen */
    const char *note; /* why it is undetermined, or a finding in words; may be empty */
    struct bw_finding findings[BW_FINDINGS_MAX]; /* most important first */
    size_t finding_count;
    /* How its forecasts did so far (trend/standing.h); known to the daemon, not stored here. */
    double told;                           /* how many could be told; older ones count less */
    double skill_ratio;                    /* NaN: none; 0 or less: no better than no change */
    double inside80_ratio, inside95_ratio; /* NaN: none */
    bool muted; /* they lose to saying that all stays as it is: nobody is woken for them */
};

/* Appends finding number `index` of the record in words (model/finding.h), as on the day on which
 * it was computed. */
void bw_trend_say_finding(struct bw_buf *out, const struct bw_trend_record *record, size_t index);

#endif
