// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sql_walk.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { GROWTH = 4 };

static struct bw_sql_table *table_of(struct bw_sql_walk *walk)
{
    return (struct bw_sql_table *)walk->base.pVtab;
}

static void drop_rows(struct bw_sql_walk *walk)
{
    for (size_t i = 0; i < walk->next; i++) {
        free(walk->series[i].rows);
        walk->series[i].rows = NULL;
    }
}

static void begin_tier(struct bw_sql_walk *walk, unsigned tier)
{
    drop_rows(walk);
    walk->tier = tier;
    walk->next = walk->at = walk->step = walk->longest = 0;
    walk->batch = walk->kind->series_first;
}

static void reset(struct bw_sql_walk *walk)
{
    begin_tier(walk, 0);
    bw_sql_where_fini(&walk->where);
    bw_sql_where_init(&walk->where);
    walk->count = 0;
}

static bool keep_series(void *ctx, const struct bw_series_info *info)
{
    struct bw_sql_walk *walk = ctx;
    walk->series = bw_grow(walk->series, &walk->cap, walk->count + 1, sizeof *walk->series);
    walk->series[walk->count++] =
        (struct bw_sql_walk_series){ .name =
                                         bw_sql_name_of(&walk->where.arena, walk->wanted, info) };
    return true;
}

/* ---- reading ----------------------------------------------------------------------------- */

static int compare_series(const void *a, const void *b)
{
    const struct bw_sql_walk_series *x = a, *y = b;
    return (x->name.id > y->name.id) - (x->name.id < y->name.id);
}

void *bw_sql_walk_keep(struct bw_sql_walk *walk, uint32_t id, size_t count)
{
    const struct bw_sql_walk_series key = { .name.id = id };
    struct bw_sql_walk_series *series =
        bsearch(&key, walk->series, walk->next, sizeof key, compare_series);
    if (series == NULL || series->rows != NULL)
        return NULL;
    series->rows = bw_alloc_unset(count, walk->kind->row_bytes);
    series->count = count;
    walk->longest = count > walk->longest ? count : walk->longest;
    return series->rows;
}

/* The series of a store are much alike, so a read takes as many as fit if they are as long as the
 * longest so far; but never many more than the one before it. */
static void choose_batch(struct bw_sql_walk *walk)
{
    const size_t most = walk->kind->series_a_read;
    const size_t fit = walk->longest > 0 ? walk->kind->rows_a_read / walk->longest : most;
    walk->batch *= GROWTH;
    walk->batch = walk->batch > most ? most : walk->batch;
    walk->batch = walk->batch > fit ? fit : walk->batch;
    walk->batch = walk->batch < 1 ? 1 : walk->batch;
}

static int read_some(struct bw_sql_walk *walk)
{
    const struct bw_sql_table *table = table_of(walk);
    uint32_t ids[BW_SQL_WALK_SERIES_MAX];
    size_t count = 0;
    struct bw_err err;
    while (count < walk->batch && walk->next < walk->count)
        ids[count++] = walk->series[walk->next++].name.id;
    if (walk->kind->read(walk, table->source, ids, count, &err) != BW_OK)
        return bw_sql_failed(table, &err);
    choose_batch(walk);
    return SQLITE_OK;
}

/* ---- walking ----------------------------------------------------------------------------- */

static bool means_tier(const struct bw_sql_walk *walk)
{
    return walk->kind->tiers == 1 || (walk->where.tiers >> walk->tier & 1) != 0;
}

/* Moves on to the next series that has a row, in this tier or a later one, reading more when it
 * must. */
static int settle(struct bw_sql_walk *walk)
{
    while (walk->tier < walk->kind->tiers) {
        while (walk->at < walk->next && walk->series[walk->at].rows == NULL)
            walk->at++;
        if (walk->at < walk->next)
            return SQLITE_OK;
        if (walk->next == walk->count || !means_tier(walk)) {
            begin_tier(walk, walk->tier + 1);
            continue;
        }
        const int rc = read_some(walk);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

const struct bw_sql_name *bw_sql_walk_name(const struct bw_sql_walk *walk)
{
    return &walk->series[walk->at].name;
}

const void *bw_sql_walk_row(const struct bw_sql_walk *walk)
{
    return (const char *)walk->series[walk->at].rows + walk->step * walk->kind->row_bytes;
}

/* ---- what SQLite calls ------------------------------------------------------------------- */

int bw_sql_walk_open(const struct bw_sql_walk_kind *kind, sqlite3_vtab_cursor **out)
{
    assert(kind->series_first <= kind->series_a_read
           && kind->series_a_read <= BW_SQL_WALK_SERIES_MAX);
    struct bw_sql_walk *walk = bw_alloc(sizeof *walk);
    walk->kind = kind;
    bw_sql_where_init(&walk->where);
    *out = &walk->base;
    return SQLITE_OK;
}

int bw_sql_walk_close(sqlite3_vtab_cursor *base)
{
    struct bw_sql_walk *walk = (struct bw_sql_walk *)base;
    drop_rows(walk);
    bw_sql_where_fini(&walk->where);
    free(walk->series);
    free(walk);
    return SQLITE_OK;
}

int bw_sql_walk_filter(sqlite3_vtab_cursor *base, int wanted, const char *plan, int argc,
                       sqlite3_value **argv)
{
    struct bw_sql_walk *walk = (struct bw_sql_walk *)base;
    reset(walk);
    walk->wanted = (unsigned)wanted;
    int rc = bw_sql_where_take(&walk->where, table_of(walk), plan, argc, argv);
    if (rc == SQLITE_OK)
        rc = bw_sql_where_series(&walk->where, table_of(walk), keep_series, walk);
    return rc == SQLITE_OK ? settle(walk) : rc;
}

int bw_sql_walk_next(sqlite3_vtab_cursor *base)
{
    struct bw_sql_walk *walk = (struct bw_sql_walk *)base;
    struct bw_sql_walk_series *series = &walk->series[walk->at];
    if (++walk->step < series->count)
        return SQLITE_OK;
    free(series->rows);
    series->rows = NULL;
    walk->step = 0;
    return settle(walk);
}

int bw_sql_walk_eof(sqlite3_vtab_cursor *base)
{
    const struct bw_sql_walk *walk = (const struct bw_sql_walk *)base;
    return walk->tier == walk->kind->tiers;
}
