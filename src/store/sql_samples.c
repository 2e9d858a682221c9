// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sql_tables.h"
#include "store/sql_walk.h"

#include <string.h>

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

static bool keep_points(void *ctx, uint32_t id, const struct bw_point *points, size_t count)
{
    struct bw_point *rows = bw_sql_walk_keep(ctx, id, count);
    if (rows != NULL)
        memcpy(rows, points, count * sizeof *points);
    return true;
}

static enum bw_rc read_points(struct bw_sql_walk *walk, const struct bw_sql_source *source,
                              const uint32_t *ids, size_t count, struct bw_err *err)
{
    return bw_reader_scan(source->reader, ids, count, walk->where.from_ms, walk->where.to_ms,
                          keep_points, walk, source->damage, err);
}

/* Each read goes over the journal's tail anew. */
static const struct bw_sql_walk_kind walk_kind = { .row_bytes = sizeof(struct bw_point),
                                                   .series_first = 4,
                                                   .series_a_read = BW_SQL_WALK_SERIES_MAX,
                                                   .rows_a_read = 1 << 20,
                                                   .tiers = 1,
                                                   .read = read_points };

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    (void)base;
    return bw_sql_walk_open(&walk_kind, out);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    const struct bw_sql_walk *walk = (const struct bw_sql_walk *)base;
    const struct bw_point *point = bw_sql_walk_row(walk);
    const enum bw_sql_role role = roles[column];
    if (role == BW_ROLE_TIME)
        sqlite3_result_int64(out, point->ts_ms);
    else if (role == BW_ROLE_OWN) /* NaN becomes NULL, as SQLite has it */
        sqlite3_result_double(out, point->value);
    else
        bw_sql_name_result(bw_sql_walk_name(walk), &walk->where, role, out);
    return SQLITE_OK;
}

const sqlite3_module bw_sql_samples_module = {
    .iVersion = 0,
    .xConnect = bw_sql_connect, /* without xCreate it is there without being made */
    .xBestIndex = bw_sql_best_index,
    .xDisconnect = bw_sql_disconnect,
    .xOpen = cursor_open,
    .xClose = bw_sql_walk_close,
    .xFilter = bw_sql_walk_filter,
    .xNext = bw_sql_walk_next,
    .xEof = bw_sql_walk_eof,
    .xColumn = cursor_column,
};
