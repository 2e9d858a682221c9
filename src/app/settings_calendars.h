// SPDX-License-Identifier: GPL-3.0-or-later
/* app/settings_calendars.h: `calendars` of the configuration file, which are Alertmanager's
 * time_intervals, and `maintenance`, as structs. What the texts mean is calendar/interval.h's. */
#ifndef APP_SETTINGS_CALENDARS_H
#define APP_SETTINGS_CALENDARS_H

#include "conf/option.h"

struct bw_times_settings {
    const char *start_time, *end_time;
};

struct bw_interval_settings {
    struct bw_items times; /* struct bw_times_settings */
    struct bw_strings weekdays;
    struct bw_strings days_of_month;
    struct bw_strings months;
    struct bw_strings years;
    const char *location; /* NULL: UTC */
};

struct bw_maintenance_settings {
    const char *name;
    struct bw_strings calendar, except_calendar;
    const char *start, *end; /* NULL: by calendar */
    int64_t duration_ns;     /* with `start`; 0: until `end` */
    const char *timezone;    /* NULL: global.timezone */
    struct bw_pairs match;
};

extern const struct bw_opt_group bw_interval_group, bw_maintenance_group;

#endif
