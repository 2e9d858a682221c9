// SPDX-License-Identifier: GPL-3.0-or-later
/* Each record as cells, and back. */
#include "store/rows.h"

#include <math.h>

static void put_subject(struct bw_cells *cells, const struct bw_subject *subject)
{
    bw_cells_text(cells, subject->service);
    bw_cells_text(cells, subject->instance);
    bw_cells_text(cells, subject->check);
}

static struct bw_subject take_subject(struct bw_cell_cursor *c)
{
    struct bw_subject subject;
    subject.service = bw_cells_take_text(c);
    subject.instance = bw_cells_take_text(c);
    subject.check = bw_cells_take_text(c);
    return subject;
}

void bw_cells_of_series(struct bw_cells *cells, uint32_t id, const char *name)
{
    bw_cells_int(cells, id);
    bw_cells_text(cells, name);
}

void bw_cells_of_place(struct bw_cells *cells, uint32_t series, uint32_t group, int64_t from_ms)
{
    bw_cells_int(cells, series);
    bw_cells_int(cells, group);
    bw_cells_int(cells, from_ms);
    bw_cells_null(cells); /* until further notice */
}

void bw_cells_of_event(struct bw_cells *cells, const struct bw_event *event)
{
    bw_cells_int(cells, event->id);
    bw_cells_int(cells, event->ts_ms);
    bw_cells_int(cells, event->kind);
    put_subject(cells, &event->subject);
    bw_cells_text(cells, event->name);
    bw_cells_int(cells, event->from);
    bw_cells_int(cells, event->to);
    bw_cells_text(cells, event->cause);
}

struct bw_event bw_event_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_event event;
    event.id = bw_cells_take_int(&c);
    event.ts_ms = bw_cells_take_int(&c);
    event.kind = (enum bw_event_kind)bw_cells_take_int(&c);
    event.subject = take_subject(&c);
    event.name = bw_cells_take_text(&c);
    event.from = (int)bw_cells_take_int(&c);
    event.to = (int)bw_cells_take_int(&c);
    event.cause = bw_cells_take_text(&c);
    return event;
}

void bw_cells_of_check_state(struct bw_cells *cells, const struct bw_check_state *state)
{
    put_subject(cells, &state->subject);
    bw_cells_int(cells, state->status);
    bw_cells_int(cells, state->since_ms);
    bw_cells_int(cells, state->last_result_ms);
    bw_cells_int(cells, state->pass_run);
    bw_cells_int(cells, state->fail_run);
}

struct bw_check_state bw_check_state_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_check_state state;
    state.subject = take_subject(&c);
    state.status = (enum bw_status)bw_cells_take_int(&c);
    state.since_ms = bw_cells_take_int(&c);
    state.last_result_ms = bw_cells_take_int(&c);
    state.pass_run = (uint32_t)bw_cells_take_int(&c);
    state.fail_run = (uint32_t)bw_cells_take_int(&c);
    return state;
}

void bw_cells_of_check_cause(struct bw_cells *cells, const struct bw_check_cause *cause)
{
    put_subject(cells, &cause->subject);
    bw_cells_int(cells, cause->reason);
    bw_cells_text(cells, cause->cause);
}

/* A number of a newer version means nothing here. */
static enum bw_reason take_reason(struct bw_cell_cursor *c)
{
    const int64_t number = bw_cells_take_int(c);
    return number >= 0 && number < BW_REASON_COUNT ? (enum bw_reason)number : BW_REASON_INTERNAL;
}

struct bw_check_cause bw_check_cause_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_check_cause cause;
    cause.subject = take_subject(&c);
    cause.reason = take_reason(&c);
    cause.cause = bw_cells_take_text(&c);
    return cause;
}

void bw_cells_of_failure(struct bw_cells *cells, const struct bw_failure *failure)
{
    put_subject(cells, &failure->tally.subject);
    bw_cells_int(cells, failure->tally.slot);
    bw_cells_int(cells, failure->tally.ts_ms);
    bw_cells_int(cells, failure->reason);
    bw_cells_text(cells, failure->cause);
    bw_cells_real(cells, failure->duration_s);
    bw_cells_int(cells, failure->attempts);
    bw_cells_text(cells, failure->phases);
    bw_cells_text(cells, failure->transcript);
}

struct bw_failure bw_failure_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_failure failure = { .tally = { .times = 1 } };
    failure.tally.subject = take_subject(&c);
    failure.tally.slot = (unsigned)bw_cells_take_int(&c);
    failure.tally.ts_ms = failure.tally.last_ms = bw_cells_take_int(&c);
    failure.reason = take_reason(&c);
    failure.cause = bw_cells_take_text(&c);
    failure.duration_s = bw_cells_take_real(&c);
    failure.attempts = (unsigned)bw_cells_take_int(&c);
    failure.phases = bw_cells_take_text(&c);
    failure.transcript = bw_cells_take_text(&c);
    return failure;
}

void bw_cells_of_failure_tally(struct bw_cells *cells, const struct bw_failure_tally *tally)
{
    put_subject(cells, &tally->subject);
    bw_cells_int(cells, tally->slot);
    bw_cells_int(cells, tally->ts_ms);
    bw_cells_int(cells, tally->last_ms);
    bw_cells_int(cells, tally->times);
    bw_cells_int(cells, tally->left_out);
}

struct bw_failure_tally bw_failure_tally_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_failure_tally tally;
    tally.subject = take_subject(&c);
    tally.slot = (unsigned)bw_cells_take_int(&c);
    tally.ts_ms = bw_cells_take_int(&c);
    tally.last_ms = bw_cells_take_int(&c);
    tally.times = (uint32_t)bw_cells_take_int(&c);
    tally.left_out = (uint32_t)bw_cells_take_int(&c);
    return tally;
}

void bw_cells_of_alert_state(struct bw_cells *cells, const struct bw_alert_state *state)
{
    bw_cells_text(cells, state->rule);
    bw_cells_text(cells, state->labels);
    bw_cells_int(cells, state->level);
    bw_cells_int(cells, state->pending);
    bw_cells_int(cells, state->pending_since_ms);
    bw_cells_int(cells, state->active_since_ms);
    bw_cells_int(cells, state->level_since_ms);
    bw_cells_int(cells, state->last_true_ms);
    bw_cells_real(cells, state->value);
}

struct bw_alert_state bw_alert_state_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_alert_state state;
    state.rule = bw_cells_take_text(&c);
    state.labels = bw_cells_take_text(&c);
    state.level = (enum bw_level)bw_cells_take_int(&c);
    state.pending = (enum bw_level)bw_cells_take_int(&c);
    state.pending_since_ms = bw_cells_take_int(&c);
    state.active_since_ms = bw_cells_take_int(&c);
    state.level_since_ms = bw_cells_take_int(&c);
    state.last_true_ms = bw_cells_take_int(&c);
    state.value = bw_cells_take_real(&c);
    return state;
}

static void put_horizon(struct bw_cells *cells, const struct bw_trend_horizon *horizon)
{
    if (horizon == NULL) {
        for (unsigned i = 0; i < 5; i++)
            bw_cells_null(cells);
        return;
    }
    bw_cells_int(cells, horizon->horizon_ms);
    bw_cells_real(cells, horizon->p10);
    bw_cells_real(cells, horizon->p50);
    bw_cells_real(cells, horizon->p90);
    bw_cells_real(cells, horizon->crossing_ratio);
}

void bw_cells_of_trend(struct bw_cells *cells, const struct bw_trend_record *trend,
                       const char *findings)
{
    bw_cells_int(cells, trend->series);
    bw_cells_int(cells, trend->computed_ms);
    bw_cells_int(cells, trend->first_ms);
    bw_cells_int(cells, trend->last_ms);
    bw_cells_int(cells, (int64_t)trend->points);
    bw_cells_int(cells, trend->direction);
    const double reals[] = { trend->confidence_ratio, trend->last_value, trend->slope_per_second,
                             trend->slope_low,        trend->slope_high, trend->season_seconds,
                             trend->threshold };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        bw_cells_real(cells, reals[i]);
    bw_cells_int(cells, trend->side);
    bw_cells_real(cells, trend->time_to_p10_s);
    bw_cells_real(cells, trend->time_to_p50_s);
    bw_cells_real(cells, trend->time_to_p90_s);
    bw_cells_text(cells, trend->note);
    bw_cells_int(cells, (int64_t)trend->horizon_count);
    for (size_t i = 0; i < BW_TREND_HORIZONS_MAX; i++)
        put_horizon(cells, i < trend->horizon_count ? &trend->horizons[i] : NULL);
    bw_cells_text(cells, findings);
}

static struct bw_trend_horizon take_horizon(struct bw_cell_cursor *c)
{
    struct bw_trend_horizon horizon;
    horizon.horizon_ms = bw_cells_take_int(c);
    horizon.p10 = bw_cells_take_real(c);
    horizon.p50 = bw_cells_take_real(c);
    horizon.p90 = bw_cells_take_real(c);
    horizon.crossing_ratio = bw_cells_take_real(c);
    return horizon;
}

struct bw_trend_record bw_trend_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_trend_record trend = {
        .metric = "", .skill_ratio = NAN, .inside80_ratio = NAN, .inside95_ratio = NAN
    };
    trend.series = (uint32_t)bw_cells_take_int(&c);
    trend.computed_ms = bw_cells_take_int(&c);
    trend.first_ms = bw_cells_take_int(&c);
    trend.last_ms = bw_cells_take_int(&c);
    trend.points = (size_t)bw_cells_take_int(&c);
    trend.direction = (enum bw_direction)bw_cells_take_int(&c);
    double *const reals[] = { &trend.confidence_ratio, &trend.last_value, &trend.slope_per_second,
                              &trend.slope_low,        &trend.slope_high, &trend.season_seconds,
                              &trend.threshold };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        *reals[i] = bw_cells_take_real(&c);
    trend.side = (int)bw_cells_take_int(&c);
    trend.time_to_p10_s = bw_cells_take_real(&c);
    trend.time_to_p50_s = bw_cells_take_real(&c);
    trend.time_to_p90_s = bw_cells_take_real(&c);
    trend.note = bw_cells_take_text(&c);
    const int64_t count = bw_cells_take_int(&c);
    trend.horizon_count = count < 0 || count > BW_TREND_HORIZONS_MAX ? 0 : (size_t)count;
    for (size_t i = 0; i < BW_TREND_HORIZONS_MAX; i++)
        trend.horizons[i] = take_horizon(&c);
    trend.finding_count = bw_findings_read(bw_cells_take_text(&c), trend.findings);
    return trend;
}

void bw_cells_of_report(struct bw_cells *cells, const struct bw_report_row *report)
{
    bw_cells_int(cells, report->id);
    bw_cells_text(cells, report->name);
    bw_cells_text(cells, report->type);
    bw_cells_text(cells, report->format);
    bw_cells_text(cells, report->file);
    bw_cells_int(cells, report->created_ms);
    bw_cells_int(cells, report->from_ms);
    bw_cells_int(cells, report->to_ms);
    bw_cells_int(cells, (int64_t)report->bytes);
}

struct bw_report_row bw_report_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_report_row report;
    report.id = bw_cells_take_int(&c);
    report.name = bw_cells_take_text(&c);
    report.type = bw_cells_take_text(&c);
    report.format = bw_cells_take_text(&c);
    report.file = bw_cells_take_text(&c);
    report.created_ms = bw_cells_take_int(&c);
    report.from_ms = bw_cells_take_int(&c);
    report.to_ms = bw_cells_take_int(&c);
    report.bytes = (uint64_t)bw_cells_take_int(&c);
    return report;
}
