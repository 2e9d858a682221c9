// SPDX-License-Identifier: GPL-3.0-or-later
/* app/settings.h: the configuration file as structs. What a module needs stands in that
 * module's own table; here are the document, services, checks and reports, which only the
 * wiring knows whole. */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "app/settings_calendars.h"
#include "app/settings_discovery.h"
#include "conf/option.h"
#include "health/check.h"
#include "host/host.h"
#include "probe/module.h"
#include "store/options.h"
#include "trend/options.h"

struct bw_global_settings {
    int64_t interval_ns;
    int64_t timeout_ns;
    struct bw_health_opts health;
    int64_t retries;
    int64_t slot_ns;
    int64_t concurrency;
    const char *timezone;
    struct bw_pairs labels;
};

/* Whether a check's status becomes UNKNOWN while the self-canary says that we cannot see. */
enum bw_canary_choice { BW_CANARY_AUTO, BW_CANARY_TRUE, BW_CANARY_FALSE };

/* A job that reports by itself. */
struct bw_push_settings {
    int64_t every_ns;
    int64_t grace_ns;
    const char *token;
};

/* Zero (or -1 for retries) means "as global says". */
struct bw_check_settings {
    const char *name;
    const char *targets[BW_PROBER_COUNT]; /* by kind; all but one NULL */
    struct bw_strings exec;               /* the command of kind exec, which has no target */
    const struct bw_exec_limits *limits;  /* of that; NULL: the module's */
    const struct bw_push_settings *push;  /* NULL: another kind */
    const char *module;
    int64_t interval_ns;
    int64_t fast_interval_ns;
    int64_t down_interval_ns;
    int64_t timeout_ns;
    int64_t retries;
    struct bw_health_opts health;
    int priority;     /* enum bw_schedule_priority */
    int expect;       /* 0 success, 1 failure */
    int resolve_mode; /* enum bw_resolve_mode */
    int canary;       /* enum bw_canary_choice */
    struct bw_strings calendar, except_calendar;
    struct bw_pairs degraded_when;
    struct bw_pairs labels;
    const struct bw_node *overrides;
};

struct bw_service_settings {
    const char *name;
    struct bw_strings former_names;
    struct bw_pairs labels;
    struct bw_strings depends_on;
    const struct bw_node *status;
    struct bw_strings instances;
    struct bw_items checks; /* struct bw_check_settings */
};

struct bw_schedule_settings {
    const char *name;
    int type;
    int format;
    const char *cron;
    const char *timezone; /* NULL: global.timezone */
    const char *range;
    struct bw_strings deliver;
};

struct bw_archive_settings {
    const char *path;
    int64_t retention_ns;
    uint64_t max_bytes;
};

struct bw_reports_settings {
    struct bw_archive_settings archive;
    struct bw_items schedules; /* struct bw_schedule_settings */
};

struct bw_alerts_settings {
    bool defaults;
    int64_t every_ns;
    struct bw_items rules; /* struct bw_alert_rule_opts */
};

struct bw_canary_settings {
    struct bw_strings targets; /* "tcp 10.0.0.254:22" */
    int64_t need;
    int64_t interval_ns;
    int64_t timeout_ns;
};

struct bw_web_settings {
    const char *title;
    int64_t page_size;
    const struct bw_node *probe_targets;
};

struct bw_settings {
    struct bw_strings include;
    struct bw_global_settings global;
    const struct bw_node *modules;
    struct bw_strings module_files;
    struct bw_host_opts host;
    struct bw_items services; /* struct bw_service_settings */
    struct bw_discovery_settings discovery;
    const struct bw_node *calendars;
    struct bw_items maintenance; /* struct bw_maintenance_settings */
    struct bw_storage_opts storage;
    struct bw_trend_options trends;
    struct bw_alerts_settings alerts;
    struct bw_reports_settings reports;
    struct bw_web_settings web;
    struct bw_canary_settings self_canary;
    const struct bw_node *later[7]; /* sections that this version reads but does not act on */
};

extern const struct bw_opt_group bw_settings_group;
extern const struct bw_opt_group bw_push_settings_group; /* of a check that reports by itself */
extern const struct bw_opt_group bw_check_group;

/* Names of the keys whose nodes are in `later`, in the same order; ends with NULL. */
extern const char *const bw_later_sections[];

#endif
