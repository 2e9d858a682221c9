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
// clang-format on

const struct bw_opt_group bw_interval_group = {
    .name = "time interval",
    .size = sizeof(struct bw_interval_settings),
    .opts = interval_options,
    .help = "As Alertmanager has them: each key that is given must hold, and of its list one entry "
            "is enough. See [calendars](calendars.md).",
};
