// SPDX-License-Identifier: GPL-3.0-or-later
/* app/ledger.h: remembers what trends said about the future until it is due, and how often it was
 * right.
 *
 *              loop                                      worker (app/ledger_job.h)
 *   open statements, scores --- brief: what is due ---> judge by the points that were read
 *        |                                              analyse, with widths and maps so far
 *        +<-- report: outcomes, new statements ---------+
 *        |
 *        +--> store, tallies, maps
 *
 * At most one statement is open for each series, kind and horizon; the next one is made when the
 * outcome of the last is known. Loop thread. */
#ifndef APP_LEDGER_H
#define APP_LEDGER_H

#include "app/ledger_job.h"
#include "metric/measure.h"
#include "model/records.h"
#include "store/store.h"

struct bw_ledger;

struct bw_ledger *bw_ledger_new(void);
void bw_ledger_free(struct bw_ledger *ledger);

/* Takes back all that a store has of it, or one piece. */
void bw_ledger_load(struct bw_ledger *ledger, struct bw_reader *reader);
void bw_ledger_restore_statement(struct bw_ledger *ledger, const struct bw_statement *statement);
void bw_ledger_restore_bin(struct bw_ledger *ledger, const struct bw_statement_bin *bin);
void bw_ledger_restore_score(struct bw_ledger *ledger, const struct bw_series_score *score);

/* What a job needs to know, in its arena. */
void bw_ledger_brief(struct bw_ledger *ledger, int64_t now_ms, struct bw_arena *arena,
                     struct bw_ledger_brief *out);

/* Takes what a job brought. `store` may be NULL: then it is only remembered. Statements whose
 * series is not read any more lapse a day after their deadline, and so do those that were made when
 * the clock was more than a day ahead. */
void bw_ledger_take(struct bw_ledger *ledger, struct bw_store *store,
                    const struct bw_ledger_report *report, int64_t now_ms);

/* Fills in how the forecasts of the record's series did. */
void bw_ledger_describe(const struct bw_ledger *ledger, int64_t now_ms,
                        struct bw_trend_record *record);

/* Whether forecasts of the series lose to saying that all stays as it is, so that nobody is to be
 * woken for them. */
bool bw_ledger_mutes(const struct bw_ledger *ledger, uint32_t series, int64_t now_ms);

/* As of the last job; it lives until the next one. */
const struct bw_statement_summary *bw_ledger_summary(struct bw_ledger *ledger, int64_t now_ms);
void bw_ledger_measure(struct bw_ledger *ledger, int64_t now_ms, struct bw_measures *out);

#endif
