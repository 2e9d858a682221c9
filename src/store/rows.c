// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/rows.h"

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "store/db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* `sql` NULL: insert or replace a whole row with its sum. */
static const struct {
    const char *table;
    const char *sql;
} ops[BW_ROW_OP_COUNT] = {
    [BW_ROW_SERIES] = { "series", NULL },
    [BW_ROW_SERIES_GROUP] = { "series_group", NULL },
    [BW_ROW_EVENT] = { "event", NULL },
    [BW_ROW_CHECK_STATE] = { "check_state", NULL },
    [BW_ROW_ALERT_STATE] = { "alert_state", NULL },
    [BW_ROW_TREND] = { "trend_result", NULL },
    [BW_ROW_REPORT] = { "report_archive", NULL },
    [BW_ROW_PACK_GROUP] = { "pack_group", NULL },
    [BW_ROW_FORGET_CHECK_STATE] = { "check_state", "DELETE FROM check_state WHERE service=?1"
                                                   " AND instance=?2 AND check_name=?3" },
    [BW_ROW_FORGET_ALERT_STATE] = { "alert_state",
                                    "DELETE FROM alert_state WHERE rule=?1 AND labels=?2" },
    [BW_ROW_FORGET_REPORT] = { "report_archive", "DELETE FROM report_archive WHERE id=?1" },
    [BW_ROW_CHECK_CAUSE] = { "check_cause", NULL },
    [BW_ROW_FAILURE] = { "check_failure", NULL },
    [BW_ROW_FAILURE_TALLY] = { "failure_tally", NULL },
    [BW_ROW_FORGET_FAILURE] = { "check_failure", "DELETE FROM check_failure WHERE service=?1"
                                                 " AND instance=?2 AND check_name=?3"
                                                 " AND slot=?4" },
    [BW_ROW_ROLLUP] = { "rollup", "INSERT INTO rollup(width_ms, group_id, first_ms, last_ms, body)"
                                  " VALUES(?1,?2,?3,?4,?5)" },
    [BW_ROW_ROLLUP_DONE] = { "rollup_done", NULL },
    [BW_ROW_FORGET_ROLLUP] = { "rollup", "DELETE FROM rollup WHERE width_ms=?1 AND group_id=?2"
                                         " AND first_ms>=?3 AND first_ms<?4" },
    [BW_ROW_DELETED_SERIES] = { "deleted_series", NULL },
    [BW_ROW_STATEMENT] = { "statement", NULL },
    [BW_ROW_STATEMENT_BIN] = { "statement_bin", NULL },
    [BW_ROW_SERIES_SCORE] = { "series_score", NULL },
    [BW_ROW_FORGET_STATEMENT] = { "statement", "DELETE FROM statement WHERE series=?1 AND kind=?2"
                                               " AND horizon_ms=?3" },
    [BW_ROW_FORGET_STATEMENT_BINS] = { "statement_bin", "DELETE FROM statement_bin WHERE week<?1" },
    [BW_ROW_SEALED_PACK] = { "pack", "INSERT INTO pack(group_id, first_ms, last_ms, state,"
                                     " samples, body) VALUES(?1,?2,?3,1,?4,?5)" },
};

static struct bw_cell *next_cell(struct bw_cells *cells, enum bw_cell_type type)
{
    struct bw_cell *cell = &cells->items[cells->count++];
    cell->type = type;
    return cell;
}

void bw_cells_int(struct bw_cells *cells, int64_t value)
{
    next_cell(cells, BW_CELL_INT)->integer = value;
}

void bw_cells_real(struct bw_cells *cells, double value)
{
    if (isnan(value))
        next_cell(cells, BW_CELL_NULL);
    else
        next_cell(cells, BW_CELL_REAL)->real = value == 0 ? 0 : value; /* SQLite has no -0 */
}

void bw_cells_text(struct bw_cells *cells, const char *text)
{
    next_cell(cells, BW_CELL_TEXT)->text = text == NULL ? "" : text;
}

void bw_cells_blob(struct bw_cells *cells, const void *bytes, size_t size)
{
    struct bw_cell *cell = next_cell(cells, BW_CELL_BLOB);
    cell->blob = bytes;
    cell->size = size;
}

/* What a cell points at. */
static size_t bytes_of(const struct bw_cell *cell)
{
    return cell->type == BW_CELL_TEXT   ? strlen(cell->text) + 1
           : cell->type == BW_CELL_BLOB ? cell->size
                                        : 0;
}

struct bw_row *bw_row_new(enum bw_row_op op, const struct bw_cells *cells)
{
    size_t bytes = sizeof(struct bw_row) + cells->count * sizeof *cells->items;
    for (size_t i = 0; i < cells->count; i++)
        bytes += bytes_of(&cells->items[i]);
    struct bw_row *row = bw_alloc(bytes);
    row->op = op;
    row->bytes = bytes;
    row->count = cells->count;
    char *room = (char *)(row->cells + cells->count);
    for (size_t i = 0; i < cells->count; i++) {
        row->cells[i] = cells->items[i];
        const size_t size = bytes_of(&cells->items[i]);
        if (size > 0) /* text and blob are one pointer */
            row->cells[i].blob = memcpy(room, cells->items[i].blob, size);
        room += size;
    }
    return row;
}

/* --- sums ------------------------------------------------------------------------------ */

static uint32_t sum_cell(uint32_t crc, const struct bw_cell *cell)
{
    uint8_t head[9] = { (uint8_t)cell->type };
    size_t size = 1;
    uint64_t bits = 0;
    if (cell->type == BW_CELL_INT)
        bits = (uint64_t)cell->integer;
    else if (cell->type == BW_CELL_REAL)
        memcpy(&bits, &cell->real, sizeof bits);
    else if (cell->type == BW_CELL_TEXT)
        bits = (uint32_t)strlen(cell->text);
    if (cell->type != BW_CELL_NULL)
        size += cell->type == BW_CELL_TEXT ? 4 : 8;
    for (size_t i = 1; i < size; i++)
        head[i] = (uint8_t)(bits >> (8 * (i - 1)));
    crc = bw_crc32c(crc, head, size);
    return cell->type == BW_CELL_TEXT ? bw_crc32c(crc, cell->text, strlen(cell->text)) : crc;
}

uint32_t bw_row_sum(enum bw_row_op op, const struct bw_cell *cells, size_t count)
{
    const uint8_t table = (uint8_t)op;
    uint32_t crc = bw_crc32c(0, &table, 1);
    for (size_t i = 0; i < count; i++)
        crc = sum_cell(crc, &cells[i]);
    return crc;
}

/* --- writing --------------------------------------------------------------------------- */

static enum bw_rc prepare(sqlite3 *db, const struct bw_row *row, sqlite3_stmt **out,
                          struct bw_err *err)
{
    if (ops[row->op].sql != NULL)
        return bw_db_prepare(db, ops[row->op].sql, out, err);
    struct bw_buf sql;
    bw_buf_init(&sql, 4096);
    bw_buf_printf(&sql, "INSERT OR REPLACE INTO %s VALUES(?1", ops[row->op].table);
    for (size_t i = 1; i <= row->count; i++)
        bw_buf_printf(&sql, ",?%zu", i + 1);
    bw_buf_char(&sql, ')');
    const enum bw_rc rc = bw_db_prepare(db, sql.data, out, err);
    bw_buf_fini(&sql);
    return rc;
}

static void bind(sqlite3_stmt *st, int at, const struct bw_cell *cell)
{
    switch (cell->type) {
    case BW_CELL_NULL:
        sqlite3_bind_null(st, at);
        break;
    case BW_CELL_INT:
        sqlite3_bind_int64(st, at, cell->integer);
        break;
    case BW_CELL_REAL:
        sqlite3_bind_double(st, at, cell->real);
        break;
    case BW_CELL_TEXT:
        sqlite3_bind_text(st, at, cell->text, -1, SQLITE_STATIC);
        break;
    case BW_CELL_BLOB:
        sqlite3_bind_blob64(st, at, cell->blob, cell->size, SQLITE_STATIC);
        break;
    }
}

enum bw_rc bw_row_write(struct bw_row_writer *writer, sqlite3 *db, const struct bw_row *row,
                        struct bw_err *err)
{
    if (row->op == BW_ROW_CALL)
        return BW_OK;
    sqlite3_stmt **st = &writer->statements[row->op];
    enum bw_rc rc = *st == NULL ? prepare(db, row, st, err) : BW_OK;
    if (rc != BW_OK)
        return rc;
    for (size_t i = 0; i < row->count; i++)
        bind(*st, (int)i + 1, &row->cells[i]);
    if (ops[row->op].sql == NULL)
        sqlite3_bind_int64(*st, (int)row->count + 1, bw_row_sum(row->op, row->cells, row->count));
    if (sqlite3_step(*st) != SQLITE_DONE)
        rc = bw_db_fail(db, err, ops[row->op].table);
    sqlite3_reset(*st);
    sqlite3_clear_bindings(*st);
    return rc;
}

enum bw_rc bw_row_write_cells(struct bw_row_writer *writer, sqlite3 *db, enum bw_row_op op,
                              const struct bw_cells *cells, struct bw_err *err)
{
    struct bw_row *row = bw_row_new(op, cells);
    const enum bw_rc rc = bw_row_write(writer, db, row, err);
    free(row);
    return rc;
}

void bw_row_writer_fini(struct bw_row_writer *writer)
{
    for (size_t i = 0; i < BW_ROW_OP_COUNT; i++)
        sqlite3_finalize(writer->statements[i]);
    *writer = (struct bw_row_writer){ 0 };
}

/* --- reading --------------------------------------------------------------------------- */

const char *bw_row_table(enum bw_row_op op)
{
    return ops[op].table;
}

static void read_cell(struct bw_cells *out, sqlite3_stmt *st, int column)
{
    switch (sqlite3_column_type(st, column)) {
    case SQLITE_INTEGER:
        bw_cells_int(out, sqlite3_column_int64(st, column));
        break;
    case SQLITE_FLOAT:
        bw_cells_real(out, sqlite3_column_double(st, column));
        break;
    case SQLITE_NULL:
        next_cell(out, BW_CELL_NULL);
        break;
    default:
        bw_cells_text(out, bw_db_text(st, column));
    }
}

bool bw_row_read(enum bw_row_op op, sqlite3_stmt *st, struct bw_cells *out)
{
    const int columns = sqlite3_column_count(st);
    out->count = 0;
    if (columns < 1 || columns > BW_ROW_CELLS_MAX)
        return false;
    for (int i = 0; i + 1 < columns; i++)
        read_cell(out, st, i);
    return sqlite3_column_int64(st, columns - 1) == bw_row_sum(op, out->items, out->count);
}

/* --- records --------------------------------------------------------------------------- */

static const struct bw_cell *take(struct bw_cell_cursor *c, enum bw_cell_type type)
{
    static const struct bw_cell null;
    if (c->at >= c->cells->count)
        return &null;
    const struct bw_cell *cell = &c->cells->items[c->at++];
    return cell->type == type ? cell : &null;
}

int64_t bw_cells_take_int(struct bw_cell_cursor *c)
{
    return take(c, BW_CELL_INT)->integer;
}

double bw_cells_take_real(struct bw_cell_cursor *c)
{
    const struct bw_cell *cell = take(c, BW_CELL_REAL);
    return cell->type == BW_CELL_REAL ? cell->real : NAN;
}

const char *bw_cells_take_text(struct bw_cell_cursor *c)
{
    const struct bw_cell *cell = take(c, BW_CELL_TEXT);
    return cell->type == BW_CELL_TEXT ? cell->text : "";
}

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
    next_cell(cells, BW_CELL_NULL); /* until further notice */
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
            next_cell(cells, BW_CELL_NULL);
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
