// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/trend_ask.h: what `trend` and `backtest` ask of a series, and how their flags say it. Pure.
 */
#ifndef CLI_TREND_ASK_H
#define CLI_TREND_ASK_H

#include "cli/read_points.h"
#include "conf/option.h"
#include "trend/analyse.h"

/* What the flags say. */
struct bw_trend_ask {
    double threshold;
    int side;
    const char *horizons;
    const char *season;
    bool counter;
};

/* The rows of both commands, `at` being the offset of their struct bw_trend_ask. */
#define BW_TREND_ASK_ROWS(at)                                                                      \
    { "threshold", BW_OPT_NUMBER, (at) + offsetof(struct bw_trend_ask, threshold), .def = "NaN",   \
      .help = "The value whose crossing is foreseen; of a counter, of its rate per second." },     \
        { "side",                                                                                  \
          BW_OPT_ENUM,                                                                             \
          (at) + offsetof(struct bw_trend_ask, side),                                              \
          .def = "auto",                                                                           \
          .names = bw_trend_ask_sides,                                                             \
          .help = "Where the threshold hurts: above or below it; auto is the side where the "      \
                  "series is not." },                                                              \
        { "season", BW_OPT_STRING, (at) + offsetof(struct bw_trend_ask, season), .def = "auto",    \
          .help = "auto looks for seasons, none does not, a duration is taken as it is." },        \
    {                                                                                              \
        "counter", BW_OPT_BOOL, (at) + offsetof(struct bw_trend_ask, counter),                     \
            .help = "The series only rises between resets: analyse its rate per second. Series "   \
                    "that say so of themselves need no flag."                                      \
    }

extern const struct bw_opt_name bw_trend_ask_sides[];

/* Rules that the rows cannot say; for a group's check. `flag` is the name of the row `horizons`. */
enum bw_rc bw_trend_ask_check(const struct bw_trend_ask *ask, const char *flag, struct bw_err *err);

/* The request for one series, which borrows its points; `ask` was checked. The points are put in
 * order. */
struct bw_trend_request bw_trend_ask_about(const struct bw_trend_ask *ask,
                                           struct bw_read_points *read);

#endif
