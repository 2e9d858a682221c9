// SPDX-License-Identifier: GPL-3.0-or-later
/* Statements about the future and what became of them, as cells. */
#include "store/rows.h"

void bw_cells_of_statement(struct bw_cells *cells, const struct bw_statement *s)
{
    bw_cells_int(cells, s->series);
    bw_cells_int(cells, s->kind);
    bw_cells_int(cells, s->horizon_ms);
    bw_cells_int(cells, s->from_ms);
    bw_cells_int(cells, s->deadline_ms);
    bw_cells_int(cells, s->step_ms);
    bw_cells_int(cells, s->counter);
    bw_cells_int(cells, s->side);
    const double reals[] = { s->believed_ratio, s->stated_ratio, s->level, s->margin,
                             s->p2_5,           s->p10,          s->p50,   s->p90,
                             s->p97_5,          s->naive };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        bw_cells_real(cells, reals[i]);
}

/* A kind of a newer version is none of ours: BW_STATEMENT_KIND_COUNT. */
static enum bw_statement_kind take_kind(struct bw_cell_cursor *c)
{
    const int64_t number = bw_cells_take_int(c);
    return number >= 0 && number < BW_STATEMENT_KIND_COUNT ? (enum bw_statement_kind)number
                                                           : BW_STATEMENT_KIND_COUNT;
}

struct bw_statement bw_statement_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_statement s;
    s.series = (uint32_t)bw_cells_take_int(&c);
    s.kind = take_kind(&c);
    s.horizon_ms = bw_cells_take_int(&c);
    s.from_ms = bw_cells_take_int(&c);
    s.deadline_ms = bw_cells_take_int(&c);
    s.step_ms = bw_cells_take_int(&c);
    s.counter = bw_cells_take_int(&c) != 0;
    s.side = (int)bw_cells_take_int(&c);
    double *const reals[] = { &s.believed_ratio, &s.stated_ratio, &s.level, &s.margin,
                              &s.p2_5,           &s.p10,          &s.p50,   &s.p90,
                              &s.p97_5,          &s.naive };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        *reals[i] = bw_cells_take_real(&c);
    return s;
}

void bw_cells_of_statement_bin(struct bw_cells *cells, const struct bw_statement_bin *bin)
{
    bw_cells_int(cells, bin->kind);
    bw_cells_int(cells, bin->horizon_ms);
    bw_cells_int(cells, bin->week);
    bw_cells_int(cells, bin->believed);
    bw_cells_int(cells, bin->bin);
    bw_cells_int(cells, (int64_t)bin->count);
    bw_cells_int(cells, (int64_t)bin->true_count);
    bw_cells_real(cells, bin->stated);
    bw_cells_real(cells, bin->squared);
}

struct bw_statement_bin bw_statement_bin_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_statement_bin bin = { .changed = false };
    bin.kind = take_kind(&c);
    bin.horizon_ms = bw_cells_take_int(&c);
    bin.week = bw_cells_take_int(&c);
    bin.believed = bw_cells_take_int(&c) != 0;
    bin.bin = (unsigned)bw_cells_take_int(&c);
    bin.count = (uint64_t)bw_cells_take_int(&c);
    bin.true_count = (uint64_t)bw_cells_take_int(&c);
    bin.stated = bw_cells_take_real(&c);
    bin.squared = bw_cells_take_real(&c);
    return bin;
}

void bw_cells_of_series_score(struct bw_cells *cells, const struct bw_series_score *score)
{
    bw_cells_int(cells, score->series);
    bw_cells_int(cells, score->horizon_ms);
    bw_cells_int(cells, score->updated_ms);
    const double reals[] = { score->count,      score->inside80,      score->inside95,
                             score->share,      score->share_squared, score->width_below,
                             score->width_above };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        bw_cells_real(cells, reals[i]);
}

struct bw_series_score bw_series_score_of_cells(const struct bw_cells *cells)
{
    struct bw_cell_cursor c = { cells, 0 };
    struct bw_series_score score;
    score.series = (uint32_t)bw_cells_take_int(&c);
    score.horizon_ms = bw_cells_take_int(&c);
    score.updated_ms = bw_cells_take_int(&c);
    double *const reals[] = { &score.count,      &score.inside80,      &score.inside95,
                              &score.share,      &score.share_squared, &score.width_below,
                              &score.width_above };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        *reals[i] = bw_cells_take_real(&c);
    return score;
}
