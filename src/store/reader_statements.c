// SPDX-License-Identifier: GPL-3.0-or-later
/* Statements about the future, and what became of them. */
#include "store/reader.h"
#include "store/view.h"

/* Who is told of the rows of one table: one of the three. */
struct walk {
    bw_statement_fn *statement;
    bw_statement_bin_fn *bin;
    bw_series_score_fn *score;
    void *ctx;
};

/* What a newer version says and we do not know is passed over. */
static bool show_statement(void *ctx, const struct bw_cells *cells)
{
    const struct walk *walk = ctx;
    const struct bw_statement statement = bw_statement_of_cells(cells);
    return statement.kind >= BW_STATEMENT_KIND_COUNT || walk->statement(walk->ctx, &statement);
}

static bool show_bin(void *ctx, const struct bw_cells *cells)
{
    const struct walk *walk = ctx;
    const struct bw_statement_bin bin = bw_statement_bin_of_cells(cells);
    return bin.kind >= BW_STATEMENT_KIND_COUNT || walk->bin(walk->ctx, &bin);
}

static bool show_score(void *ctx, const struct bw_cells *cells)
{
    const struct walk *walk = ctx;
    const struct bw_series_score score = bw_series_score_of_cells(cells);
    return walk->score(walk->ctx, &score);
}

static enum bw_rc show_rows(struct bw_reader *reader, enum bw_row_op op, bw_cells_fn *show,
                            struct walk *walk, struct bw_damage *damage, struct bw_err *err)
{
    if (!bw_view_has_table(reader->db, op))
        return BW_OK;
    return bw_view_rows(reader, op, op == BW_ROW_STATEMENT_BIN ? "" : "ORDER BY series", show, walk,
                        damage, err);
}

enum bw_rc bw_reader_statements(struct bw_reader *reader, bw_statement_fn *fn, void *ctx,
                                struct bw_damage *damage, struct bw_err *err)
{
    struct walk walk = { .statement = fn, .ctx = ctx };
    return show_rows(reader, BW_ROW_STATEMENT, show_statement, &walk, damage, err);
}

enum bw_rc bw_reader_statement_bins(struct bw_reader *reader, bw_statement_bin_fn *fn, void *ctx,
                                    struct bw_damage *damage, struct bw_err *err)
{
    struct walk walk = { .bin = fn, .ctx = ctx };
    return show_rows(reader, BW_ROW_STATEMENT_BIN, show_bin, &walk, damage, err);
}

enum bw_rc bw_reader_series_scores(struct bw_reader *reader, bw_series_score_fn *fn, void *ctx,
                                   struct bw_damage *damage, struct bw_err *err)
{
    struct walk walk = { .score = fn, .ctx = ctx };
    return show_rows(reader, BW_ROW_SERIES_SCORE, show_score, &walk, damage, err);
}
