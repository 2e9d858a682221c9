// SPDX-License-Identifier: GPL-3.0-or-later
/* app/ledger_job.h: the part of the ledger that a worker does, on the points that it has read
 * anyway: judges what is due, and puts what an analysis says into statements. */
#ifndef APP_LEDGER_JOB_H
#define APP_LEDGER_JOB_H

#include "base/arena.h"
#include "model/labels.h"
#include "model/statement.h"
#include "store/reader.h"
#include "trend/analyse.h"
#include "trend/question.h"
#include "trend/recalibrate.h"

/* What a job takes along; all zeros: nothing is known, nothing due. */
struct bw_ledger_brief {
    const struct bw_statement *due; /* by series */
    size_t due_count;
    const struct bw_series_score *scores; /* by series */
    size_t score_count;
    struct bw_trend_recalibration maps[BW_STATEMENT_KIND_COUNT];
};

struct bw_ledger_verdict {
    struct bw_statement statement;
    enum bw_statement_outcome outcome;
    double value; /* of a forecast: what came */
};

/* What a job brings back. */
struct bw_ledger_report {
    struct bw_ledger_verdict *verdicts;
    size_t verdict_count, verdict_cap;
    struct bw_statement *said;
    size_t said_count, said_cap;
};

void bw_ledger_report_fini(struct bw_ledger_report *report);

/* When checks were in maintenance: nothing can be told of that time. All zeros: never. */
struct bw_ledger_excuses {
    struct bw_ledger_excuse *items;
    size_t count, cap;
    struct bw_arena arena;
};

/* Reads them for the time of all that is due. */
enum bw_rc bw_ledger_excuses_read(struct bw_reader *reader, const struct bw_ledger_brief *brief,
                                  struct bw_ledger_excuses *out, struct bw_err *err);
void bw_ledger_excuses_fini(struct bw_ledger_excuses *excuses);

/* The widths that the series' intervals have learned. */
void bw_ledger_prepare(const struct bw_ledger_brief *brief, uint32_t series,
                       struct bw_trend_request *request);

/* Judges what is due of a series. A statement waits for a point after its deadline, an hour at
 * most. */
void bw_ledger_judge(const struct bw_ledger_brief *brief, const struct bw_ledger_excuses *excuses,
                     const struct bw_trend_record *series, const struct bw_point *points,
                     size_t count, int64_t now_ms, struct bw_ledger_report *report);

/* Makes statements of an analysis; the record's probabilities become what they are worth here. */
void bw_ledger_state(const struct bw_ledger_brief *brief, const struct bw_trend_scratch *scratch,
                     struct bw_trend_record *record, struct bw_ledger_report *report);

/* The same of a question that was asked besides: its answer becomes what it is worth here. */
void bw_ledger_answer(const struct bw_ledger_brief *brief, const struct bw_trend_scratch *scratch,
                      const struct bw_trend_record *record, struct bw_trend_question *question,
                      struct bw_ledger_report *report);

#endif
