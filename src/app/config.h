// SPDX-License-Identifier: GPL-3.0-or-later
/* app/config.h: a configuration file (or the built-in default) made ready to run: files
 * read and merged, every value checked, targets filled in, regular expressions, cron lines
 * and zones compiled. Either it is right as a whole, or there is a list of mistakes. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "alert/rule.h"
#include "app/config_maintenance.h"
#include "app/settings.h"
#include "base/arena.h"
#include "calendar/calendar.h"
#include "calendar/cron.h"
#include "calendar/zone.h"
#include "conf/problems.h"
#include "discover/discover.h"
#include "expr/condition.h"
#include "health/beat.h"
#include "health/check.h"
#include "health/rollup.h"
#include "io/network.h"
#include "model/labels.h"
#include "probe/module.h"
#include "probe/probe.h"
#include "schedule/schedule.h"

/* A condition of degraded_when. */
enum bw_degraded_subject {
    BW_DEGRADED_DURATION,
    BW_DEGRADED_CERTIFICATE, /* seconds until the earliest certificate ends */
    BW_DEGRADED_PHASE,
    BW_DEGRADED_ATTEMPTS, /* tries that the run took */
    BW_DEGRADED_MEASURE,  /* a metric of the kind */
};

/* What a label of the metric has to be. */
struct bw_degraded_label {
    const char *name;
    bool equal; /* or anything else */
    const char *value;
};

struct bw_degraded_rule {
    const char *name; /* as configured: "duration" */
    enum bw_degraded_subject subject;
    enum bw_probe_phase phase;
    const char *metric; /* of a measure; it holds for any series that has the labels */
    const struct bw_degraded_label *labels;
    size_t label_count;
    struct bw_condition condition;
};

/* What the self-canary asks. */
struct bw_config_canary_target {
    const char *text; /* "tcp 10.0.0.254:22", without user name and password */
    const struct bw_probe_ops *ops;
    const char *target;
    const struct bw_probe_module *module;
};

struct bw_config_canary {
    const struct bw_config_canary_target *targets;
    size_t count; /* 0: there is no canary */
    size_t need;
    int64_t interval_ns, timeout_ns;
    bool on_loopback; /* all targets are on this machine */
};

/* When checks are watched. Checks with the same calendars share one. */
struct bw_config_hours {
    struct bw_hours hours;
    size_t index; /* below bw_config.hours_count, one for each */
    const struct bw_config_hours *next;
};

/* When a job that reports by itself does so, and what it shows then. */
struct bw_config_push {
    struct bw_beat_rule rule;
    const char *token;
};

/* One check on one instance, all defaults resolved. */
struct bw_config_check {
    const char *service;
    const char *instance;
    const char *name;
    const char *kind;                    /* "tcp", "push" */
    const struct bw_probe_ops *ops;      /* NULL: of a job that reports by itself */
    const struct bw_config_push *push;   /* of that, else NULL */
    const struct bw_config_hours *hours; /* NULL: it is always watched */
    const char *target;                  /* placeholders filled in */
    const char *shown_target; /* without user name and password: for all that people see */
    const char *module;       /* its name, "" without one */
    const struct bw_probe_module
        *options;         /* NULL as ops; checks that ask in the same way share them */
    size_t options_index; /* below bw_config.options_count, one for each */
    struct bw_schedule_rule schedule;
    int64_t timeout_ns;
    unsigned retries;
    bool expect_failure;
    enum bw_resolve_mode resolve_mode;
    enum bw_canary_choice canary;
    bool covered; /* UNKNOWN while the self-canary says that we cannot see */
    bool guarded; /* its target came from elsewhere: app/reach.h says where it may lead */
    double weight;
    struct bw_health_rule health;
    const struct bw_degraded_rule *degraded;
    size_t degraded_count;
    struct bw_labels labels; /* the user's, global and service's included */
    uint64_t target_hash;    /* of `target` */
    uint64_t definition;     /* hash of its options: a run under way may go on if it is the same */
    struct bw_place at;      /* in the file, for mistakes that only show later */
    const char *path;
};

struct bw_config_service {
    const char *name;
    struct bw_labels labels;
    struct bw_rollup_rule roll_up;
    const char *const *depends_on;
    size_t depends_on_count;
    const char *const *instances; /* in the order of their first check */
    size_t instance_count;
};

/* A source of targets; two that ask the same have one name. */
struct bw_config_source {
    const char *name; /* "file targets/a.json" */
    struct bw_discovery_spec spec;
    const struct bw_http_options *client; /* of kind http: how it is asked; else NULL */
    uint64_t definition;                  /* hash of all that was written of it */
    struct bw_place at;                   /* in the file */
    const char *path;
    struct bw_target_list list; /* before relabelling */
    size_t taken;               /* that relabelling has left */
};

/* A target that was found and has checks. */
struct bw_config_target {
    const char *service, *instance, *address;
    struct bw_labels labels; /* its own, after relabelling */
    const char *source;
};

/* The lists that sources gave last, by name. Of a source that is not among them, files are read
 * when a configuration is loaded, and nothing else is asked. */
struct bw_known_source {
    const char *name;
    struct bw_target_list list;
};

struct bw_known_targets {
    struct bw_arena arena; /* holds all */
    struct bw_known_source *items;
    size_t count;
};

/* NULL is fine. */
void bw_known_targets_free(struct bw_known_targets *known);

struct bw_config_report {
    const char *name;
    int type;
    int format;
    const char *range;
    struct bw_cron cron;
    const struct bw_zone *zone;
};

/* A module as /probe asks for it by name. */
struct bw_config_module {
    const char *name;
    const struct bw_probe_module *options;
    const struct bw_node *node; /* as it was written */
};

/* Whom /probe may talk to: app/reach.h. */
struct bw_config_reach {
    bool any;
    const struct bw_network *networks;
    size_t count;
};

struct bw_config {
    struct bw_arena arena;
    struct bw_settings settings;
    const char *file;   /* NULL: the built-in default */
    const char *folder; /* where relative paths start */
    const struct bw_config_service *services;
    size_t service_count;
    const struct bw_config_check *checks; /* those of targets that were found last */
    size_t check_count;
    const struct bw_config_source *sources;
    size_t source_count;
    const struct bw_config_target *targets;
    size_t target_count;
    const struct bw_config_check *templates; /* of checks of targets, without target */
    size_t template_count;
    size_t options_count;                         /* different options of checks */
    const struct bw_config_module *probe_modules; /* those of `modules`, ready for /probe */
    size_t probe_module_count;
    struct bw_config_reach reach;
    const struct bw_alert_rule *rules;
    size_t rule_count;
    bool has_guests; /* commands or files may bring metrics of any name (metric/guest.h) */
    const struct bw_config_report *reports;
    size_t report_count;
    struct bw_config_canary canary;
    struct bw_calendar *calendars;
    size_t calendar_count;
    const struct bw_config_hours *hours; /* all that there are */
    size_t hours_count;
    struct bw_config_maintenance *maintenance;
    size_t maintenance_count;
    struct bw_problems warnings;    /* what is read but not acted on */
    struct bw_node *document;       /* as read, files that are included merged; with … */
    struct bw_node *modules;        /* … all modules */
    struct bw_known_targets *known; /* its own, when there are lists in it; NULL: none */
};

/* What does not stand in the file: what a built-in default is filled with, and targets. */
struct bw_config_default {
    const char *self; /* HOST:PORT where this daemon listens; NULL: it does not watch itself */
    bool icmp;        /* it may ping itself, too */
    const struct bw_known_targets *known; /* of sources; NULL: none */
};

/* Reads `file`, or the built-in default when it is NULL. NULL with the mistakes in `problems`
 * (initialised by the caller). */
struct bw_config *bw_config_load(const char *file, const struct bw_config_default *defaults,
                                 struct bw_problems *problems);
void bw_config_free(struct bw_config *config);

/* The same configuration, whose files are not read again, with these targets. */
struct bw_config *bw_config_with_targets(const struct bw_config *config,
                                         const struct bw_known_targets *known,
                                         struct bw_problems *problems);

#endif
