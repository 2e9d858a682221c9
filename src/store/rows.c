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

void bw_cells_null(struct bw_cells *cells)
{
    next_cell(cells, BW_CELL_NULL);
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
