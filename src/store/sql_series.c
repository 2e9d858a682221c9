// SPDX-License-Identifier: GPL-3.0-or-later
/* What packs and journal hold of a series is only added up when a query looks at it. */
#include "store/sql_tables.h"

#include "base/mem.h"
#include "store/extents.h"

#include <stdlib.h>

static const enum bw_sql_role roles[] = {
    BW_ROLE_SERIES, BW_ROLE_METRIC, BW_ROLE_SERVICE, BW_ROLE_INSTANCE,
    BW_ROLE_CHECK,  BW_ROLE_LABELS, BW_ROLE_NAME,    BW_ROLE_OWN,
    BW_ROLE_OWN,    BW_ROLE_OWN,    BW_ROLE_OWN,     BW_ROLE_MATCH,
};

enum own { FIRST_TS = 7, LAST_TS, POINTS, BYTES };

const struct bw_sql_shape bw_sql_series_shape = {
    .name = "series",
    .declaration =
        "CREATE TABLE series(id INTEGER, metric TEXT, service TEXT, instance TEXT, check_name TEXT,"
        " labels TEXT, name TEXT, first_ts INTEGER, last_ts INTEGER, points INTEGER, bytes INTEGER,"
        " match TEXT HIDDEN)",
    .roles = roles,
    .rows = 1e5,
};

struct cursor {
    sqlite3_vtab_cursor base; /* first */
    struct bw_sql_where where;
    unsigned wanted;
    struct bw_sql_name *names;
    size_t count, cap;
    struct bw_extent *extents; /* NULL: not asked for */
    size_t at;
};

static bool keep_series(void *ctx, const struct bw_series_info *info)
{
    struct cursor *cursor = ctx;
    cursor->names = bw_grow(cursor->names, &cursor->cap, cursor->count + 1, sizeof *cursor->names);
    cursor->names[cursor->count++] = bw_sql_name_of(&cursor->where.arena, cursor->wanted, info);
    return true;
}

static int add_up(struct cursor *cursor, const struct bw_sql_table *table)
{
    struct bw_err err;
    cursor->extents = bw_alloc_array(cursor->count, sizeof *cursor->extents);
    for (size_t i = 0; i < cursor->count; i++)
        cursor->extents[i].series = cursor->names[i].id;
    if (bw_reader_extents(table->source->reader, cursor->extents, cursor->count,
                          table->source->damage, &err)
        != BW_OK)
        return bw_sql_failed(table, &err);
    return SQLITE_OK;
}

static void reset(struct cursor *cursor)
{
    bw_sql_where_fini(&cursor->where);
    bw_sql_where_init(&cursor->where);
    free(cursor->extents);
    cursor->extents = NULL;
    cursor->count = cursor->at = 0;
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
    reset(cursor);
    free(cursor->names);
    free(cursor);
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int wanted, const char *plan, int argc,
                         sqlite3_value **argv)
{
    struct cursor *cursor = (struct cursor *)base;
    struct bw_sql_table *table = (struct bw_sql_table *)base->pVtab;
    reset(cursor);
    cursor->wanted = (unsigned)wanted;
    int rc = bw_sql_where_take(&cursor->where, table, plan, argc, argv);
    if (rc == SQLITE_OK)
        rc = bw_sql_where_series(&cursor->where, table, keep_series, cursor);
    if (rc == SQLITE_OK && cursor->count > 0 && bw_sql_wants(cursor->wanted, BW_ROLE_OWN))
        rc = add_up(cursor, table);
    return rc;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->at++;
    return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->at == cursor->count;
}

/* A series without samples has no first and no last. */
static void result_own(const struct bw_extent *extent, int column, sqlite3_context *out)
{
    if (column == POINTS)
        sqlite3_result_int64(out, (sqlite3_int64)extent->points);
    else if (column == BYTES)
        sqlite3_result_int64(out, (sqlite3_int64)extent->bytes);
    else if (extent->points > 0)
        sqlite3_result_int64(out, column == FIRST_TS ? extent->first_ms : extent->last_ms);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    if (roles[column] == BW_ROLE_OWN)
        result_own(&cursor->extents[cursor->at], column, out);
    else
        bw_sql_name_result(&cursor->names[cursor->at], &cursor->where, roles[column], out);
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    const struct cursor *cursor = (const struct cursor *)base;
    *out = cursor->names[cursor->at].id;
    return SQLITE_OK;
}

const sqlite3_module bw_sql_series_module = {
    .iVersion = 0,
    .xCreate = bw_sql_connect, /* so that it can be put in front of the schema's table */
    .xConnect = bw_sql_connect,
    .xBestIndex = bw_sql_best_index,
    .xDisconnect = bw_sql_disconnect,
    .xDestroy = bw_sql_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};
