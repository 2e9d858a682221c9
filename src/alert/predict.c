// SPDX-License-Identifier: GPL-3.0-or-later
#include "alert/predict.h"

#include "base/num.h"
#include "base/units.h"

#include <stddef.h>

#define RECOVERED_SHARE 0.5

#define ROW(type, member) BW_OPT_##type, offsetof(struct bw_predict_opts, member)

static const struct bw_opt_name sides[] = { { "above", 1 }, { "below", -1 }, { 0 } };

static const struct bw_opt predict_options[] = {
    { "series", ROW(STRING, series), .range = "1..4096", .flags = BW_OPT_REQUIRED,
      .help =
          "Selector of the series, such as node_filesystem_avail_bytes{mountpoint=\"/\"}. They are "
          "analysed whether trends.select names them or not." },
    { "threshold", ROW(NUMBER, threshold), .flags = BW_OPT_REQUIRED,
      .help = "What is not to be reached; of a counter its rate a second." },
    { "side", ROW(ENUM, side), .names = sides, .flags = BW_OPT_REQUIRED,
      .help = "Whether it is reached by rising (above) or by falling (below)." },
    { "within", ROW(DURATION, within_ns), .range = "1m..14d", .flags = BW_OPT_REQUIRED,
      .help =
          "How far to look ahead. Nothing is said of more time than the series has been seen." },
    { "probability", ROW(RATIO, probability), .def = "0.8", .range = "0.01..0.99",
      .help = "The alert begins when the threshold is reached within that time at least this "
              "likely." },
    { 0 },
};

const struct bw_opt_group bw_predict_group = {
    .name = "alert_predict",
    .size = sizeof(struct bw_predict_opts),
    .opts = predict_options,
    .help =
        "A threshold that is likely to be reached. Without `recover` the alert ends once it is "
        "less "
        "than half as likely as `probability`; while nothing can be said of the series, no_data "
        "decides.",
};

struct bw_condition bw_predict_fires(const struct bw_predict_opts *opts)
{
    return (struct bw_condition){ .op = BW_COMPARE_GE, .threshold = opts->probability };
}

struct bw_condition bw_predict_recovers(const struct bw_predict_opts *opts)
{
    return (struct bw_condition){ .op = BW_COMPARE_LT,
                                  .threshold = opts->probability * RECOVERED_SHARE };
}

const char *bw_predict_text(struct bw_arena *arena, const struct bw_predict_opts *opts)
{
    char threshold[BW_DOUBLE_TEXT_MAX + 1], within[BW_DURATION_TEXT_MAX];
    threshold[bw_format_double(threshold, opts->threshold)] = '\0';
    bw_format_duration(within, opts->within_ns);
    return bw_arena_printf(arena, "P(%s %s %s within %s) >= %g", opts->series,
                           opts->side > 0 ? "rises to" : "falls to", threshold, within,
                           opts->probability);
}
