// SPDX-License-Identifier: GPL-3.0-or-later
/* model/view.h: an immutable picture of everything that is watched, as it stood at one
 * moment. The loop builds one on an arena when something changed, publishes it, and it is
 * freed after its last reader; pages, API answers and reports read nothing else of the
 * daemon's insides. All text lives in the view's arena. NaN means unknown. */
#ifndef MODEL_VIEW_H
#define MODEL_VIEW_H

#include "base/arena.h"
#include "model/records.h"
#include "model/statement.h"

enum { BW_VIEW_RECENT_MAX = 60, BW_VIEW_PHASES_MAX = 6 };

/* One past result of a check, for small charts. */
struct bw_view_result {
    int64_t ts_ms;
    double duration_s;     /* NaN: not known */
    enum bw_status status; /* of this result alone */
};

/* The same in eight bytes, because there are sixty of every check: times from 1970 to 2109,
 * durations in microseconds up to 131 ms, in five digits or six beyond. */
struct bw_view_past {
    uint64_t bits;
};
struct bw_view_past bw_view_past_make(struct bw_view_result result);
struct bw_view_result bw_view_past_read(struct bw_view_past past);

struct bw_view_phase {
    const char *name; /* "resolve", "connect", "tls", "processing", "transfer" */
    double seconds;
};

struct bw_view_check {
    const char *name;
    const char *kind;        /* "http", "tcp", "host" */
    const char *target;      /* as configured, placeholders filled in */
    const char *module;      /* "" when it has none */
    struct bw_labels labels; /* those of its service included, unless it says otherwise */
    enum bw_status status;
    const char *maintenance; /* the window it is in; "" when it is in none */
    bool idle;               /* its calendars say that it is not watched now; it is UNKNOWN then */
    int64_t since_ms;
    const char *cause; /* why it is not HEALTHY; "" when it is */
    int64_t last_ms;   /* nominal time of the last result; 0: none yet */
    int64_t interval_ms;
    double duration_s;     /* of the last result */
    enum bw_reason reason; /* of the last result */
    const char *detail;    /* the peer's or library's words, unescaped: escape on output */
    unsigned attempts;
    struct bw_view_phase phases[BW_VIEW_PHASES_MAX];
    size_t phase_count;
    double certificate_expires_ms;     /* Unix ms; NaN: no certificate seen */
    const struct bw_view_past *recent; /* oldest first */
    size_t recent_count;
};

/* A measured resource of the own host with its limits. */
struct bw_view_resource {
    const char *name;    /* "disk_used_ratio" */
    const char *subject; /* "/", or "" */
    double value;
    double warning, critical; /* NaN: none */
    enum bw_status status;
};

struct bw_view_instance {
    const char *name;
    enum bw_status status;
    const char *maintenance; /* the window that excuses what is wrong with it; "": none */
    double score;            /* 0..1 */
    int64_t since_ms;
    const char *cause;
    const struct bw_view_check *checks;
    size_t check_count;
};

struct bw_view_service {
    const char *name;
    struct bw_labels labels;
    enum bw_status status;
    const char *maintenance; /* as of an instance */
    double score;
    int64_t since_ms;
    const char *cause;
    const char *const *depends_on;
    size_t depends_on_count;
    const char *parent_down; /* the dependency that is UNHEALTHY, or "" */
    const struct bw_view_instance *instances;
    size_t instance_count;
    const struct bw_view_resource *resources; /* of the own host only */
    size_t resource_count;
};

struct bw_view_alert {
    const char *rule;
    const char *labels; /* series text without a metric: {a="b"} */
    enum bw_level level;
    enum bw_level pending;
    int64_t active_since_ms;
    int64_t level_since_ms;
    double value;
    const char *expr;
    const char *cause;
};

/* A target of the self-canary. */
struct bw_view_canary {
    const char *target; /* "tcp 10.0.0.254:22" */
    bool up;            /* it answered when it was asked last */
};

/* Whether we can see. */
struct bw_view_sight {
    bool has_canary; /* else nobody knows, and `blind` is false */
    bool blind;
    int64_t since_ms;  /* when `blind` became what it is; 0: never */
    const char *words; /* "none of 2 canary targets answers"; "" while we see */
    size_t need;       /* targets that must answer */
    const struct bw_view_canary *targets;
    size_t target_count;
};

/* How odd the newest value of a series is that is watched value by value (trend/episode.h). */
struct bw_view_oddity {
    uint32_t series;
    int64_t ts_ms;
    double value, score; /* 1 is the threshold */
    double low, high;    /* where it was expected; NaN: not known */
    int64_t since_ms;    /* when the present episode began; 0: there is none */
};

struct bw_view {
    struct bw_arena arena;
    void *memory; /* that the arena uses first; who frees the view gives it back */
    size_t memory_bytes;
    int64_t now_ms;
    int64_t started_ms;
    const char *node; /* this machine's name */
    const char *title;
    const char *external_url; /* "" when not set */
    bool config_ok;           /* false: the last reload was refused, the old one runs on */
    const char *config_message;
    struct bw_view_sight sight;
    bool store_ok;
    const char *store_message;
    const struct bw_view_service *services; /* sorted by name */
    size_t service_count;
    const struct bw_view_alert *alerts; /* active and pending, worst first */
    size_t alert_count;
    const struct bw_trend_record *trends; /* soonest to its limit first */
    size_t trend_count;
    struct bw_statement_summary statements; /* how often trends were right */
    const struct bw_view_oddity *oddities;  /* by rising series */
    size_t oddity_count;
    const struct bw_event *events; /* newest first */
    size_t event_count;
};

/* Whether what is wrong with the service, if anything is, is so within a window of maintenance. */
bool bw_view_is_maintained(const struct bw_view_service *service);

/* What is said of the series, or NULL. */
const struct bw_view_oddity *bw_view_oddity(const struct bw_view *view, uint32_t series);

/* The service of that name, or NULL. */
const struct bw_view_service *bw_view_service(const struct bw_view *view, const char *name);

#endif
