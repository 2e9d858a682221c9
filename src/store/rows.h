// SPDX-License-Identifier: GPL-3.0-or-later
/* store/rows.h: relational rows as lists of cells, so that one piece of code queues, writes,
 * sums and reads back all tables. */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "base/err.h"
#include "model/records.h"
#include "model/statement.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a queued row does. The numbers of those that have a table are in the sums: never
 * renumber. */
enum bw_row_op {
    BW_ROW_SERIES = 1,
    BW_ROW_SERIES_GROUP,
    BW_ROW_EVENT,
    BW_ROW_CHECK_STATE,
    BW_ROW_ALERT_STATE,
    BW_ROW_TREND,
    BW_ROW_REPORT,
    BW_ROW_PACK_GROUP, /* never queued: written with its pack */
    BW_ROW_FORGET_CHECK_STATE,
    BW_ROW_FORGET_ALERT_STATE,
    BW_ROW_FORGET_REPORT,
    BW_ROW_CALL,        /* nothing to write: a caller who waits for the commit */
    BW_ROW_CHECK_CAUSE, /* these three are in the sums, too */
    BW_ROW_FAILURE,
    BW_ROW_FAILURE_TALLY,
    BW_ROW_FORGET_FAILURE,
    BW_ROW_ROLLUP,
    BW_ROW_ROLLUP_DONE, /* in the sums, too */
    BW_ROW_FORGET_ROLLUP,
    BW_ROW_SEALED_PACK,
    BW_ROW_DELETED_SERIES, /* in the sums, too; so are the next three */
    BW_ROW_STATEMENT,
    BW_ROW_STATEMENT_BIN,
    BW_ROW_SERIES_SCORE,
    BW_ROW_FORGET_STATEMENT,
    BW_ROW_FORGET_STATEMENT_BINS,
    BW_ROW_OP_COUNT,
};

enum { BW_ROW_CELLS_MAX = 36 };

enum bw_cell_type { BW_CELL_NULL, BW_CELL_INT, BW_CELL_REAL, BW_CELL_TEXT, BW_CELL_BLOB };

struct bw_cell {
    enum bw_cell_type type;
    union {
        int64_t integer;
        double real;
        const char *text;
        const void *blob;
    };
    size_t size; /* of a blob */
};

struct bw_cells {
    struct bw_cell items[BW_ROW_CELLS_MAX];
    size_t count;
};

/* Text and bytes are borrowed, NULL is "". NaN becomes NULL: what cannot be known. Bytes are in
 * tables without a sum only. */
void bw_cells_null(struct bw_cells *cells);
void bw_cells_int(struct bw_cells *cells, int64_t value);
void bw_cells_real(struct bw_cells *cells, double value);
void bw_cells_text(struct bw_cells *cells, const char *text);
void bw_cells_blob(struct bw_cells *cells, const void *bytes, size_t size);

/* Goes through the cells of a row whose sum was right; another type than expected (by another
 * version, say) reads as 0, NaN or "". */
struct bw_cell_cursor {
    const struct bw_cells *cells;
    size_t at;
};

int64_t bw_cells_take_int(struct bw_cell_cursor *cursor);
double bw_cells_take_real(struct bw_cell_cursor *cursor);
const char *bw_cells_take_text(struct bw_cell_cursor *cursor);

/* A row in the lane: one allocation, text included. */
struct bw_row {
    struct bw_row *next;
    enum bw_row_op op;
    size_t bytes; /* of the allocation */
    void (*call)(void *ctx, bool committed);
    void *call_ctx;
    size_t count;
    struct bw_cell cells[];
};

struct bw_row *bw_row_new(enum bw_row_op op, const struct bw_cells *cells);

/* Statements for all ops, prepared when first used. All zeros is ready for use. */
struct bw_row_writer {
    sqlite3_stmt *statements[BW_ROW_OP_COUNT];
};

/* Writes one row inside the caller's transaction. */
enum bw_rc bw_row_write(struct bw_row_writer *writer, sqlite3 *db, const struct bw_row *row,
                        struct bw_err *err);

/* The same of cells that are no row yet. */
enum bw_rc bw_row_write_cells(struct bw_row_writer *writer, sqlite3 *db, enum bw_row_op op,
                              const struct bw_cells *cells, struct bw_err *err);
void bw_row_writer_fini(struct bw_row_writer *writer);

/* What a row's column `sum` must say. */
uint32_t bw_row_sum(enum bw_row_op op, const struct bw_cell *cells, size_t count);

/* The table of an op, for SELECT. */
const char *bw_row_table(enum bw_row_op op);

/* The columns of the current row of "SELECT * FROM table", without the sum; text is borrowed
 * from the statement. False: the sum is wrong. */
bool bw_row_read(enum bw_row_op op, sqlite3_stmt *st, struct bw_cells *out);

/* The cells of each record and back; `text` is borrowed both ways. */
void bw_cells_of_series(struct bw_cells *cells, uint32_t id, const char *name);
void bw_cells_of_place(struct bw_cells *cells, uint32_t series, uint32_t group, int64_t from_ms);
void bw_cells_of_event(struct bw_cells *cells, const struct bw_event *event);
void bw_cells_of_check_state(struct bw_cells *cells, const struct bw_check_state *state);
void bw_cells_of_check_cause(struct bw_cells *cells, const struct bw_check_cause *cause);
void bw_cells_of_failure(struct bw_cells *cells, const struct bw_failure *failure);
void bw_cells_of_failure_tally(struct bw_cells *cells, const struct bw_failure_tally *tally);
void bw_cells_of_alert_state(struct bw_cells *cells, const struct bw_alert_state *state);
/* `findings`: what bw_findings_write says of them. */
void bw_cells_of_trend(struct bw_cells *cells, const struct bw_trend_record *trend,
                       const char *findings);
void bw_cells_of_statement(struct bw_cells *cells, const struct bw_statement *statement);
void bw_cells_of_statement_bin(struct bw_cells *cells, const struct bw_statement_bin *bin);
void bw_cells_of_series_score(struct bw_cells *cells, const struct bw_series_score *score);
void bw_cells_of_report(struct bw_cells *cells, const struct bw_report_row *report);
struct bw_event bw_event_of_cells(const struct bw_cells *cells);
struct bw_check_state bw_check_state_of_cells(const struct bw_cells *cells);
struct bw_check_cause bw_check_cause_of_cells(const struct bw_cells *cells);
struct bw_failure bw_failure_of_cells(const struct bw_cells *cells); /* its tally: once */
struct bw_failure_tally bw_failure_tally_of_cells(const struct bw_cells *cells);
struct bw_alert_state bw_alert_state_of_cells(const struct bw_cells *cells);
struct bw_trend_record bw_trend_of_cells(const struct bw_cells *cells); /* without the name */
struct bw_statement bw_statement_of_cells(const struct bw_cells *cells);
struct bw_statement_bin bw_statement_bin_of_cells(const struct bw_cells *cells);
struct bw_series_score bw_series_score_of_cells(const struct bw_cells *cells);
struct bw_report_row bw_report_of_cells(const struct bw_cells *cells);

#endif
