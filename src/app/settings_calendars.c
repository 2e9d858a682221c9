// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/settings_calendars.h"

#define AT(type, member) offsetof(struct type, member)

// clang-format off
static const struct bw_opt times_options[] = {
    { "start_time", BW_OPT_STRING, AT(bw_times_settings, start_time), .flags = BW_OPT_REQUIRED,
      .help = "`HH:MM`; belongs to it." },
    { "end_time", BW_OPT_STRING, AT(bw_times_settings, end_time), .flags = BW_OPT_REQUIRED,
      .help = "`HH:MM` up to `24:00`; does not. Over midnight takes two entries." },
    { 0 },
};
static const struct bw_opt_group times_group = {
    .name = "times", .size = sizeof(struct bw_times_settings), .opts = times_options,
};

static const struct bw_opt interval_options[] = {
    { "times", BW_OPT_GROUPS, AT(bw_interval_settings, times), .group = &times_group,
      .help = "Times of the day." },
    { "weekdays", BW_OPT_STRINGS, AT(bw_interval_settings, weekdays),
      .help = "`monday`, `monday:friday`; the week begins on Sunday." },
    { "days_of_month", BW_OPT_STRINGS, AT(bw_interval_settings, days_of_month),
      .help = "`1`, `1:5`; `-1` is the last day: `-3:-1`, `15:-1`." },
    { "months", BW_OPT_STRINGS, AT(bw_interval_settings, months),
      .help = "`may`, `5`, `may:august`." },
    { "years", BW_OPT_STRINGS, AT(bw_interval_settings, years),
      .help = "`2026`, `2026:2028`." },
    { "location", BW_OPT_STRING, AT(bw_interval_settings, location),
      .help = "IANA zone whose clock is meant, or `Local` for that of this machine; default: UTC, whatever `global.timezone` is." },
    { 0 },
};

static const struct bw_opt maintenance_options[] = {
    { "name", BW_OPT_STRING, AT(bw_maintenance_settings, name), .range = "1..100", .flags = BW_OPT_REQUIRED,
      .help = "Names it: on pages, in the API, in events." },
    { "calendar", BW_OPT_STRINGS, AT(bw_maintenance_settings, calendar),
      .help = "Calendars, one or more: it is on within one of them." },
    { "except_calendar", BW_OPT_STRINGS, AT(bw_maintenance_settings, except_calendar),
      .help = "Calendars within which it is not." },
    { "start", BW_OPT_STRING, AT(bw_maintenance_settings, start),
      .help = "Instead of a calendar, for one that is on once: `2026-11-23 22:00` by the clock of `timezone`, or a time with its offset, `2026-11-23T22:00:00+01:00`." },
    { "end", BW_OPT_STRING, AT(bw_maintenance_settings, end),
      .help = "When it is over; in the same forms." },
    { "duration", BW_OPT_DURATION, AT(bw_maintenance_settings, duration_ns), .range = "0..400d",
      .help = "Instead of `end`: how long it takes." },
    { "timezone", BW_OPT_STRING, AT(bw_maintenance_settings, timezone),
      .help = "IANA zone of `start` and `end`; default: `global.timezone`." },
    { "match", BW_OPT_MAP, AT(bw_maintenance_settings, match),
      .help = "Which checks: label to regular expression; all must match in whole. Labels are those of the configuration, and `service`, `instance` and `check`. Without it: all, those of this machine too." },
    { 0 },
};
// clang-format on

static enum bw_rc maintenance_check(const void *opts, struct bw_err *err)
{
    const struct bw_maintenance_settings *in = opts;
    const bool recurs = in->calendar.count + in->except_calendar.count > 0;
    const bool once = in->start != NULL;
    if (recurs == once)
        return bw_fail(err, BW_EINVAL, "expected either 'calendar' or 'start'");
    if (!once && (in->end != NULL || in->duration_ns > 0 || in->timezone != NULL))
        return bw_fail(err, BW_EINVAL, "'end', 'duration' and 'timezone' go with 'start'");
    if (once && (in->end != NULL) == (in->duration_ns > 0))
        return bw_fail(err, BW_EINVAL, "with 'start' goes either 'end' or 'duration'");
    return BW_OK;
}

const struct bw_opt_group bw_maintenance_group = {
    .name = "maintenance",
    .size = sizeof(struct bw_maintenance_settings),
    .opts = maintenance_options,
    .check = maintenance_check,
    .help =
        "A window in which checks are measured as ever, but no alert about them begins, and whose "
        "time is neither up nor down. See [calendars](calendars.md#maintenance).",
};

const struct bw_opt_group bw_interval_group = {
    .name = "time interval",
    .size = sizeof(struct bw_interval_settings),
    .opts = interval_options,
    .help = "As Alertmanager has them: each key that is given must hold, and of its list one entry "
            "is enough. See [calendars](calendars.md).",
};
