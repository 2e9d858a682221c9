// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ledger_job.h"

#include "base/mem.h"
#include "metric/family.h"
#include "model/records.h"
#include "trend/statement.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS INT64_C(3600000)

/* A check was in maintenance then. Its labels stand here once: a night's maintenance of all checks
 * leaves tens of thousands of marks. */
struct bw_ledger_excuse {
    struct bw_labels labels;
    const int64_t *ts_ms; /* rising */
    size_t count;
};

void bw_ledger_report_fini(struct bw_ledger_report *report)
{
    free(report->verdicts);
    free(report->said);
    *report = (struct bw_ledger_report){ 0 };
}

/* ---- maintenance ------------------------------------------------------------------------- */

void bw_ledger_excuses_fini(struct bw_ledger_excuses *excuses)
{
    free(excuses->items);
    bw_arena_fini(&excuses->arena);
    *excuses = (struct bw_ledger_excuses){ 0 };
}

/* Series that say whether checks are in maintenance. */
struct marks {
    struct bw_ledger_excuses *out;
    struct bw_labels *labels; /* by place in ids */
    uint32_t *ids;
    size_t count, label_cap, id_cap;
};

static bool note_series(void *ctx, const struct bw_series_info *series)
{
    struct marks *marks = ctx;
    struct bw_arena *arena = &marks->out->arena;
    marks->ids = bw_grow(marks->ids, &marks->id_cap, marks->count + 1, sizeof *marks->ids);
    marks->labels =
        bw_grow(marks->labels, &marks->label_cap, marks->count + 1, sizeof *marks->labels);
    marks->ids[marks->count] = series->id;
    marks->labels[marks->count++] =
        bw_labels_make(arena, series->labels.items, series->labels.count);
    return true;
}

static bool note_marks(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct marks *marks = ctx;
    struct bw_ledger_excuses *out = marks->out;
    size_t at = 0;
    while (marks->ids[at] != series)
        at++;
    int64_t *ts_ms = bw_arena_array(&out->arena, count, sizeof *ts_ms);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (points[i].value == 1)
            ts_ms[n++] = points[i].ts_ms;
    if (n == 0)
        return true;
    out->items = bw_grow(out->items, &out->cap, out->count + 1, sizeof *out->items);
    out->items[out->count++] = (struct bw_ledger_excuse){ marks->labels[at], ts_ms, n };
    return true;
}

enum bw_rc bw_ledger_excuses_read(struct bw_reader *reader, const struct bw_ledger_brief *brief,
                                  struct bw_ledger_excuses *out, struct bw_err *err)
{
    if (brief->due_count == 0)
        return BW_OK;
    int64_t from_ms = INT64_MAX, to_ms = INT64_MIN;
    for (size_t i = 0; i < brief->due_count; i++) {
        const struct bw_statement *due = &brief->due[i];
        from_ms = due->from_ms < from_ms ? due->from_ms : from_ms;
        to_ms = due->deadline_ms > to_ms ? due->deadline_ms : to_ms;
    }
    struct marks marks = { .out = out };
    const struct bw_matcher metric = { "__name__", BW_MATCH_EQUAL,
                                       bw_family_row(BW_METRIC_CHECK_MAINTENANCE)->name };
    const struct bw_selector selector = { &metric, 1 };
    enum bw_rc rc = bw_reader_series(reader, &selector, note_series, &marks, NULL, err);
    if (rc == BW_OK && marks.count > 0)
        rc = bw_reader_scan(reader, marks.ids, marks.count, from_ms - BW_MAINTENANCE_MARK_MS, to_ms,
                            note_marks, &marks, NULL, err);
    free(marks.ids);
    free(marks.labels);
    return rc;
}

/* Whether a mark is about the check that the series is of: those of their labels that name a place
 * are the same, the service at least. */
static bool concerns(const struct bw_ledger_excuse *excuse, struct bw_labels labels)
{
    static const char *const names[] = { "service", "instance", "check" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *mark = bw_labels_value(excuse->labels, names[i]);
        const char *own = bw_labels_value(labels, names[i]);
        if (mark == NULL || own == NULL ? i == 0 : strcmp(mark, own) != 0)
            return false;
    }
    return true;
}

static bool has_mark(const struct bw_ledger_excuse *excuse, const struct bw_statement *due)
{
    for (size_t i = 0; i < excuse->count; i++)
        if (excuse->ts_ms[i] > due->from_ms - BW_MAINTENANCE_MARK_MS
            && excuse->ts_ms[i] <= due->deadline_ms)
            return true;
    return false;
}

static bool is_excused(const struct bw_ledger_excuses *excuses, struct bw_labels labels,
                       const struct bw_statement *due)
{
    for (size_t i = 0; i < excuses->count; i++) {
        const struct bw_ledger_excuse *excuse = &excuses->items[i];
        if (concerns(excuse, labels) && has_mark(excuse, due))
            return true;
    }
    return false;
}

/* ---- judging ----------------------------------------------------------------------------- */

static void judge(const struct bw_statement *due, bool excused, const struct bw_point *points,
                  size_t count, struct bw_ledger_report *report)
{
    struct bw_arena arena = { 0 };
    report->verdicts = bw_grow(report->verdicts, &report->verdict_cap, report->verdict_count + 1,
                               sizeof *report->verdicts);
    struct bw_ledger_verdict *verdict = &report->verdicts[report->verdict_count++];
    *verdict = (struct bw_ledger_verdict){ .statement = *due, .outcome = BW_STATEMENT_UNTOLD };
    if (!excused)
        verdict->outcome = bw_trend_statement_judge(&arena, due, points, count, &verdict->value);
    bw_arena_fini(&arena);
}

void bw_ledger_judge(const struct bw_ledger_brief *brief, const struct bw_ledger_excuses *excuses,
                     const struct bw_trend_record *series, const struct bw_point *points,
                     size_t count, int64_t now_ms, struct bw_ledger_report *report)
{
    const int64_t last_ms = count > 0 ? points[count - 1].ts_ms : INT64_MIN;
    for (size_t i = 0; i < brief->due_count; i++) {
        const struct bw_statement *due = &brief->due[i];
        if (due->series == series->series
            && (last_ms > due->deadline_ms || now_ms > due->deadline_ms + PATIENCE_MS))
            judge(due, is_excused(excuses, series->labels, due), points, count, report);
    }
}

/* ---- saying ------------------------------------------------------------------------------ */

void bw_ledger_prepare(const struct bw_ledger_brief *brief, uint32_t series,
                       struct bw_trend_request *request)
{
    for (size_t i = 0; i < brief->score_count; i++) {
        const struct bw_series_score *score = &brief->scores[i];
        for (size_t j = 0; score->series == series && j < request->horizon_count; j++) {
            if (request->horizons_ms[j] == score->horizon_ms)
                request->widths[j] =
                    (struct bw_trend_width){ score->width_below, score->width_above };
        }
    }
}

static void recalibrate(const struct bw_ledger_brief *brief, struct bw_trend_record *record)
{
    const enum bw_statement_kind kind =
        record->direction == BW_FLAT ? BW_STATEMENT_FLAT : BW_STATEMENT_TREND;
    if (record->direction != BW_UNDETERMINED)
        record->confidence_ratio =
            bw_trend_recalibrate(&brief->maps[kind], record->confidence_ratio);
    for (size_t i = 0; i < record->horizon_count; i++) {
        double *ratio = &record->horizons[i].crossing_ratio;
        *ratio = bw_trend_recalibrate(&brief->maps[BW_STATEMENT_THRESHOLD], *ratio);
    }
}

/* Keeps what was said at the end of report->said, unless it is about the past: a series may have
 * ended long ago. */
static void keep(const struct bw_ledger_brief *brief, const struct bw_trend_record *record,
                 const struct bw_statement *statement, struct bw_ledger_report *report)
{
    if (statement->deadline_ms <= record->computed_ms)
        return;
    struct bw_statement *said = &report->said[report->said_count++];
    *said = *statement;
    if (said->kind != BW_STATEMENT_FORECAST)
        said->stated_ratio = bw_trend_recalibrate(&brief->maps[said->kind], said->believed_ratio);
}

static void make_room(struct bw_ledger_report *report, size_t more)
{
    report->said =
        bw_grow(report->said, &report->said_cap, report->said_count + more, sizeof *report->said);
}

void bw_ledger_state(const struct bw_ledger_brief *brief, const struct bw_trend_scratch *scratch,
                     struct bw_trend_record *record, struct bw_ledger_report *report)
{
    struct bw_statement said[BW_TREND_STATEMENTS_MAX];
    const size_t count = bw_trend_statements(scratch, record, said);
    make_room(report, count);
    for (size_t i = 0; i < count; i++)
        keep(brief, record, &said[i], report);
    recalibrate(brief, record);
}

void bw_ledger_answer(const struct bw_ledger_brief *brief, const struct bw_trend_scratch *scratch,
                      const struct bw_trend_record *record, struct bw_trend_question *question,
                      struct bw_ledger_report *report)
{
    struct bw_statement said;
    make_room(report, 1);
    if (bw_trend_statement_of(scratch, record, question, &said))
        keep(brief, record, &said, report);
    question->crossing_ratio =
        bw_trend_recalibrate(&brief->maps[BW_STATEMENT_THRESHOLD], question->crossing_ratio);
}
