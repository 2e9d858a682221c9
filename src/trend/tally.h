// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/tally.h: what became of the statements of the last weeks: a told one goes into the bin of
 * its kind, horizon, week and probability. Forecasts are scored series by series: standing.h.
 *
 * Bins are kept for this week and the four before it, so that what is said of them is of now. Every
 * statement is filed twice: by what was published, which tells how often that was right, and by
 * what the engine believed, which trend/recalibrate.h learns from. Pure. */
#ifndef TREND_TALLY_H
#define TREND_TALLY_H

#include "model/statement.h"
#include "trend/score.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BW_TREND_WEEKS_KEPT = 5 };

int64_t bw_trend_week(int64_t ts_ms);

/* Which bins are meant; 0 or all horizons. */
struct bw_trend_tally_key {
    enum bw_statement_kind kind;
    int64_t horizon_ms;
    bool believed;
};

/* All zeros is an empty one. */
struct bw_trend_tally {
    struct bw_statement_bin *bins;
    size_t count, cap;
};

void bw_trend_tally_fini(struct bw_trend_tally *tally);

/* Puts back a bin that was stored. */
void bw_trend_tally_restore(struct bw_trend_tally *tally, const struct bw_statement_bin *bin);

/* Files a statement that was told under the week of its deadline, by what was published and by
 * what was believed; the two bins are `changed` then. One whose probabilities are none is left
 * out. */
void bw_trend_tally_add(struct bw_trend_tally *tally, const struct bw_statement *statement,
                        bool came_true);

/* Forgets what is older than the weeks kept; *out_week is the first that stays. True when anything
 * was forgotten. */
bool bw_trend_tally_expire(struct bw_trend_tally *tally, int64_t now_ms, int64_t *out_week);

/* The sum over weeks, and over horizons when key->horizon_ms is 0. */
struct bw_trend_beliefs bw_trend_tally_sum(const struct bw_trend_tally *tally,
                                           const struct bw_trend_tally_key *key);

#endif
