// SPDX-License-Identifier: GPL-3.0-or-later
/* A cursor holds the names of all series it walks over and the points of a few of them at a
 * time. */
#include "store/sql_tables.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Each read goes over the journal's tail anew, so it takes as many series as their points have
 * room in memory: first a few, then, since those of a store are much alike, as many as fit. */
enum { SERIES_FIRST = 4, SERIES_A_READ = 512, GROWTH = 4, POINTS_A_READ = 1 << 20 };

static const enum bw_sql_role roles[] = { BW_ROLE_METRIC,   BW_ROLE_LABELS, BW_ROLE_SERIES,
                                          BW_ROLE_TIME,     BW_ROLE_OWN,    BW_ROLE_SERVICE,
                                          BW_ROLE_INSTANCE, BW_ROLE_CHECK,  BW_ROLE_MATCH };

const struct bw_sql_shape bw_sql_samples_shape = {
    .name = "samples",
    .declaration =
        "CREATE TABLE samples(metric TEXT, labels TEXT, series INTEGER, ts INTEGER, value REAL,"
        " service TEXT HIDDEN, instance TEXT HIDDEN, check_name TEXT HIDDEN, match TEXT HIDDEN,"
        " PRIMARY KEY(series, ts)) WITHOUT ROWID",
    .roles = roles,
    .rows = 1e9,
};

struct series {
    struct bw_sql_name name;
    struct bw_point *points; /* of the current read; freed when it is over */
    size_t count;
};

struct cursor {
    sqlite3_vtab_cursor base; /* first */
    struct bw_sql_where where;
    unsigned wanted;
    struct series *series;
    size_t count, cap;
    size_t next;     /* series not yet read */
    size_t at, step; /* the current row: series and point; at == next: the end */
    size_t batch;    /* series in the next read */
    size_t longest;  /* the most points that a series had */
};

static struct bw_sql_table *table_of(struct cursor *cursor)
{
    return (struct bw_sql_table *)cursor->base.pVtab;
}

static void drop_points(struct cursor *cursor)
{
    for (size_t i = 0; i < cursor->next; i++) {
        free(cursor->series[i].points);
        cursor->series[i].points = NULL;
    }
}

static void reset(struct cursor *cursor)
{
    drop_points(cursor);
    bw_sql_where_fini(&cursor->where);
    bw_sql_where_init(&cursor->where);
    cursor->count = cursor->next = cursor->at = cursor->step = cursor->longest = 0;
    cursor->batch = SERIES_FIRST;
}

static bool keep_series(void *ctx, const struct bw_series_info *info)
{
    struct cursor *cursor = ctx;
    cursor->series =
        bw_grow(cursor->series, &cursor->cap, cursor->count + 1, sizeof *cursor->series);
    cursor->series[cursor->count++] =
        (struct series){ .name = bw_sql_name_of(&cursor->where.arena, cursor->wanted, info) };
    return true;
}

/* ---- walking ----------------------------------------------------------------------------- */

static int compare_series(const void *a, const void *b)
{
    const uint32_t x = ((const struct series *)a)->name.id, y = ((const struct series *)b)->name.id;
    return (x > y) - (x < y);
}

static bool keep_points(void *ctx, uint32_t id, const struct bw_point *points, size_t count)
{
    struct cursor *cursor = ctx;
    const struct series key = { .name.id = id };
    struct series *series = bsearch(&key, cursor->series, cursor->next, sizeof key, compare_series);
    if (series != NULL && series->points == NULL) {
        series->points = bw_alloc_unset(count, sizeof *points);
        series->count = count;
        memcpy(series->points, points, count * sizeof *points);
        cursor->longest = count > cursor->longest ? count : cursor->longest;
    }
    return true;
}

static void choose_batch(struct cursor *cursor)
{
    const size_t fit = cursor->longest > 0 ? POINTS_A_READ / cursor->longest : SERIES_A_READ;
    cursor->batch *= GROWTH;
    cursor->batch = cursor->batch > SERIES_A_READ ? SERIES_A_READ : cursor->batch;
    cursor->batch = cursor->batch > fit ? fit : cursor->batch;
    cursor->batch = cursor->batch < 1 ? 1 : cursor->batch;
}

static int read_some(struct cursor *cursor)
{
    const struct bw_sql_table *table = table_of(cursor);
    uint32_t ids[SERIES_A_READ];
    size_t count = 0;
    struct bw_err err;
    while (count < cursor->batch && cursor->next < cursor->count)
        ids[count++] = cursor->series[cursor->next++].name.id;
    if (bw_reader_scan(table->source->reader, ids, count, cursor->where.from_ms,
                       cursor->where.to_ms, keep_points, cursor, table->source->damage, &err)
        != BW_OK)
        return bw_sql_failed(table, &err);
    choose_batch(cursor);
    return SQLITE_OK;
}

/* Moves on to the next series that has a point, reading more when it must. */
static int settle(struct cursor *cursor)
{
    for (;;) {
        while (cursor->at < cursor->next && cursor->series[cursor->at].points == NULL)
            cursor->at++;
        if (cursor->at < cursor->next || cursor->next == cursor->count)
            return SQLITE_OK;
        const int rc = read_some(cursor);
        if (rc != SQLITE_OK)
            return rc;
    }
}

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    (void)base;
    struct cursor *cursor = bw_alloc(sizeof *cursor);
    bw_sql_where_init(&cursor->where);
    *out = &cursor->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    drop_points(cursor);
    bw_sql_where_fini(&cursor->where);
    free(cursor->series);
    free(cursor);
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int wanted, const char *plan, int argc,
                         sqlite3_value **argv)
{
    struct cursor *cursor = (struct cursor *)base;
    reset(cursor);
    cursor->wanted = (unsigned)wanted;
    int rc = bw_sql_where_take(&cursor->where, table_of(cursor), plan, argc, argv);
    if (rc == SQLITE_OK)
        rc = bw_sql_where_series(&cursor->where, table_of(cursor), keep_series, cursor);
    return rc == SQLITE_OK ? settle(cursor) : rc;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    struct series *series = &cursor->series[cursor->at];
    if (++cursor->step < series->count)
        return SQLITE_OK;
    free(series->points);
    series->points = NULL;
    cursor->step = 0;
    return settle(cursor);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->at == cursor->next;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct series *series = &cursor->series[cursor->at];
    const enum bw_sql_role role = roles[column];
    if (role == BW_ROLE_TIME)
        sqlite3_result_int64(out, series->points[cursor->step].ts_ms);
    else if (role == BW_ROLE_OWN) /* NaN becomes NULL, as SQLite has it */
        sqlite3_result_double(out, series->points[cursor->step].value);
    else
        bw_sql_name_result(&series->name, &cursor->where, role, out);
    return SQLITE_OK;
}

const sqlite3_module bw_sql_samples_module = {
    .iVersion = 0,
    .xConnect = bw_sql_connect, /* without xCreate it is there without being made */
    .xBestIndex = bw_sql_best_index,
    .xDisconnect = bw_sql_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
};
