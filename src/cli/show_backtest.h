// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/show_backtest.h: what the past showed of the engine, for people and for programs. Pure. */
#ifndef CLI_SHOW_BACKTEST_H
#define CLI_SHOW_BACKTEST_H

#include "base/json.h"
#include "cli/terminal.h"
#include "trend/backtest.h"

/* Statements below which a calibration error says more about chance than about the engine. */
enum { BW_BACKTEST_CALIBRATED_MIN = 50 };

/* The scores of one series, or of several merged. */
struct bw_backtest_part {
    const char *name;   /* of a series, a metric, or NULL: of all */
    uint64_t series;    /* merged here */
    uint64_t too_short; /* of them, for every horizon */
    uint64_t analyses;
    double cpu_ms; /* of all analyses */
    const struct bw_trend_skill *skill;
    size_t horizon_count;
};

/* Whether there is anything to show of any horizon. */
bool bw_backtest_is_scored(const struct bw_backtest_part *part);

/* One line for each horizon below the name: errors, coverage, directions, crossings. */
void bw_backtest_rows(struct bw_buf *out, const struct bw_terminal *terminal,
                      const struct bw_backtest_part *part);
void bw_backtest_head(struct bw_buf *out, const struct bw_terminal *terminal);

/* The same in sentences, with intervals. */
void bw_backtest_words(struct bw_buf *out, const struct bw_terminal *terminal,
                       const struct bw_backtest_part *part);

/* An object; what is not known is null. */
void bw_backtest_json(struct bw_json *json, const struct bw_backtest_part *part);

/* A line for each horizon; `scope` is series, metric or all. */
void bw_backtest_csv_head(struct bw_buf *out);
void bw_backtest_csv(struct bw_buf *out, const char *scope, const struct bw_backtest_part *part);

#endif
