// SPDX-License-Identifier: GPL-3.0-or-later
/* Statements about the future on their way to the writer. */
#include "store/rows.h"
#include "store/writer.h"

bool bw_store_put_statement(struct bw_store *store, const struct bw_statement *statement)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_of_statement(&cells, statement);
    return bw_store_put_cells(store, BW_ROW_STATEMENT, &cells);
}

bool bw_store_forget_statement(struct bw_store *store, const struct bw_statement *statement)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_int(&cells, statement->series);
    bw_cells_int(&cells, statement->kind);
    bw_cells_int(&cells, statement->horizon_ms);
    return bw_store_put_cells(store, BW_ROW_FORGET_STATEMENT, &cells);
}

bool bw_store_put_statement_bin(struct bw_store *store, const struct bw_statement_bin *bin)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_of_statement_bin(&cells, bin);
    return bw_store_put_cells(store, BW_ROW_STATEMENT_BIN, &cells);
}

bool bw_store_forget_statement_bins(struct bw_store *store, int64_t before_week)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_int(&cells, before_week);
    return bw_store_put_cells(store, BW_ROW_FORGET_STATEMENT_BINS, &cells);
}

bool bw_store_put_series_score(struct bw_store *store, const struct bw_series_score *score)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_of_series_score(&cells, score);
    return bw_store_put_cells(store, BW_ROW_SERIES_SCORE, &cells);
}
