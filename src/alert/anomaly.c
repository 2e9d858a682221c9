// SPDX-License-Identifier: GPL-3.0-or-later
#include "alert/anomaly.h"

#include <stddef.h>

#define ROW(type, member) BW_OPT_##type, offsetof(struct bw_anomaly_opts, member)

static const struct bw_opt anomaly_options[] = {
    { "series", ROW(STRING, series), .range = "1..4096", .flags = BW_OPT_REQUIRED,
      .help = "Selector of the series, such as probe_duration_seconds{check=\"page\"}. They are "
              "watched value by value, whether trends.select names them or not." },
    { "score", ROW(NUMBER, score), .def = "1", .range = "0.5..3.5",
      .help = "How odd a value must be: log p / log p of the threshold. 1 is the threshold, "
              "p = 10^-4.25; 2 is p = 10^-8.5." },
    { 0 },
};

const struct bw_opt_group bw_anomaly_group = {
    .name = "alert_anomaly",
    .size = sizeof(struct bw_anomaly_opts),
    .opts = anomaly_options,
    .help = "One episode is one alert for each series. It begins with a value that is odd by all "
            "that the series has shown, and odder than the 120 values before it. It ends when five "
            "values in a row are where values were expected when it began, or after 120 values: "
            "what lasts is the new normal. The alert's value is the highest score of the episode, "
            "so an episode that grows may yet reach a higher `score`. Nothing is said of a series "
            "before its 61st value, and nothing of what is in maintenance.",
};

struct bw_condition bw_anomaly_fires(const struct bw_anomaly_opts *opts)
{
    return (struct bw_condition){ .op = BW_COMPARE_GE, .threshold = opts->score };
}

const char *bw_anomaly_text(struct bw_arena *arena, const struct bw_anomaly_opts *opts)
{
    return bw_arena_printf(arena, "anomaly(%s) >= %g", opts->series, opts->score);
}
