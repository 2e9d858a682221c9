// SPDX-License-Identifier: GPL-3.0-or-later
/* store/sql_walk.h: the cursor of a table whose rows are those of series: samples, buckets. It has
 * the names of all series it walks over, and the rows of a few of them at a time; where there are
 * tiers it goes over the series once for each that is meant.
 *
 *     names of series -> read(ids) -> keep(id) … -> row, row, … -> read(more ids) …
 *
 * Such a table says what a row is and where rows come from; of SQLite's functions it writes
 * xOpen (bw_sql_walk_open with its kind) and xColumn. */
#ifndef STORE_SQL_WALK_H
#define STORE_SQL_WALK_H

#include "store/sql_table.h"

struct bw_sql_walk;

enum { BW_SQL_WALK_SERIES_MAX = 512 }; /* of one read */

struct bw_sql_walk_kind {
    size_t row_bytes;
    size_t series_first;  /* of the first read, and */
    size_t series_a_read; /* of later ones, at most BW_SQL_WALK_SERIES_MAX, … */
    size_t rows_a_read;   /* … as long as their rows have room */
    unsigned tiers;       /* 1: there are none */

    /* Reads these series in walk->tier and the times of walk->where, and keeps what there is. */
    enum bw_rc (*read)(struct bw_sql_walk *walk, const struct bw_sql_source *source,
                       const uint32_t *ids, size_t count, struct bw_err *err);
};

struct bw_sql_walk_series {
    struct bw_sql_name name;
    void *rows; /* of the current read; freed when it is over */
    size_t count;
};

struct bw_sql_walk {
    sqlite3_vtab_cursor base; /* first */
    const struct bw_sql_walk_kind *kind;
    struct bw_sql_where where;
    unsigned wanted; /* roles of the columns that are looked at, as bits */
    unsigned tier;   /* the current one; kind->tiers: the end */
    struct bw_sql_walk_series *series;
    size_t count, cap;
    size_t next;     /* series not yet read in this tier */
    size_t at, step; /* the current row: series and row; at == next: the end of the tier */
    size_t batch;    /* series in the next read */
    size_t longest;  /* the most rows that a series had */
};

int bw_sql_walk_open(const struct bw_sql_walk_kind *kind, sqlite3_vtab_cursor **out);

/* Room for the rows of a series, for read() to fill in; NULL: they are not wanted. */
void *bw_sql_walk_keep(struct bw_sql_walk *walk, uint32_t id, size_t count);

/* What the cursor is at. */
const struct bw_sql_name *bw_sql_walk_name(const struct bw_sql_walk *walk);
const void *bw_sql_walk_row(const struct bw_sql_walk *walk);

/* For sqlite3_module. */
int bw_sql_walk_close(sqlite3_vtab_cursor *base);
int bw_sql_walk_filter(sqlite3_vtab_cursor *base, int wanted, const char *plan, int argc,
                       sqlite3_value **argv);
int bw_sql_walk_next(sqlite3_vtab_cursor *base);
int bw_sql_walk_eof(sqlite3_vtab_cursor *base);

#endif
