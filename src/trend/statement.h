// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/statement.h: what an analysis says about the future in a form that time can answer, and the
 * answer.
 *
 *   analysis -> statements, each with a deadline and a probability
 *   statement + points that came -> true, false, or not to be told
 *
 * flat       the mean of the next K cells is no farther from that of the last K than noise alone
 *            takes it in 99 cases of 100
 * trend      it has moved on in the direction named, by a tenth of the noise's deviation at least
 * threshold  a cell before the deadline is at the threshold or beyond
 * forecast   the cell at the deadline lies between P10 and P90
 *
 * K is the horizon in cells; what the season alone would change between the two stretches is
 * allowed for. A trend is stated only for horizons at which noise could no longer hide it, were it
 * to go on; means are compared only over as much as the present course has lasted. Nothing is
 * stated of a series that never changed, of a direction that is undetermined, of a threshold that
 * is reached. Whether a statement can be told depends on how much is known of its time alone, never
 * on what the answer would be. Pure. */
#ifndef TREND_STATEMENT_H
#define TREND_STATEMENT_H

#include "base/arena.h"
#include "model/statement.h"
#include "trend/analyse.h"
#include "trend/question.h"

enum { BW_TREND_STATEMENTS_MAX = 3 * BW_TREND_HORIZONS_MAX };

/* The statements of the analysis that `scratch` did last and `record` is the result of, into
 * out[BW_TREND_STATEMENTS_MAX]; stated_ratio is believed_ratio. Returns how many. */
size_t bw_trend_statements(const struct bw_trend_scratch *scratch,
                           const struct bw_trend_record *record, struct bw_statement *out);

/* The same of a question that was asked besides; false when its answer is nothing to state. */
bool bw_trend_statement_of(const struct bw_trend_scratch *scratch,
                           const struct bw_trend_record *record,
                           const struct bw_trend_question *question, struct bw_statement *out);

/* Judges by points that rise in time; those before from_ms and after deadline_ms are passed over
 * (of a counter the last one before from_ms is looked at). Untold when fewer than half of the cells
 * have a value, of a forecast when the last one has none. *out_value is the mean that was
 * compared, of a forecast the value at the deadline; NaN when untold or of a threshold. */
enum bw_statement_outcome bw_trend_statement_judge(struct bw_arena *arena,
                                                   const struct bw_statement *statement,
                                                   const struct bw_point *points, size_t count,
                                                   double *out_value);

/* error / (error + naive error) of a forecast that came out as `value`, 0..1: below a half it
 * was better than saying that all stays as it is. A half when both are exact. */
double bw_trend_statement_share(const struct bw_statement *forecast, double value);

#endif
