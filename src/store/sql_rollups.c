// SPDX-License-Identifier: GPL-3.0-or-later
/* A cursor walks over the tiers that are meant, in each over the series, and holds the buckets of a
 * few series at a time. What is not rolled up yet is made of samples on the way, so that a tier
 * goes up to what was committed last. */
#include "store/sql_tables.h"

#include "base/mem.h"
#include "pack/rollup.h"
#include "store/rollup_tiers.h"

#include <math.h>
#include <stdlib.h>

/* Each read opens the bodies of a group anew, so it takes as many series as their buckets have room
 * in memory: first one, then, since those of a store are much alike, as many as fit. */
enum { SERIES_A_READ = 64, GROWTH = 4, BUCKETS_A_READ = 1 << 17 };

enum own { COUNT = 5, SUM, MIN, MAX, LAST, P50, P90, P95, P99, QUANTILE = 18 };

static const enum bw_sql_role roles[] = {
    BW_ROLE_TIER,     BW_ROLE_METRIC,   BW_ROLE_LABELS,   BW_ROLE_SERIES,   BW_ROLE_TIME,
    BW_ROLE_OWN,      BW_ROLE_OWN,      BW_ROLE_OWN,      BW_ROLE_OWN,      BW_ROLE_OWN,
    BW_ROLE_QUANTILE, BW_ROLE_QUANTILE, BW_ROLE_QUANTILE, BW_ROLE_QUANTILE, BW_ROLE_SERVICE,
    BW_ROLE_INSTANCE, BW_ROLE_CHECK,    BW_ROLE_MATCH,    BW_ROLE_QUANTILE, BW_ROLE_RATIO,
};

const struct bw_sql_shape bw_sql_rollups_shape = {
    .name = "rollups",
    .declaration =
        "CREATE TABLE rollups(tier TEXT, metric TEXT, labels TEXT, series INTEGER, ts INTEGER,"
        " count INTEGER, sum REAL, min REAL, max REAL, last REAL, p50 REAL, p90 REAL, p95 REAL,"
        " p99 REAL, service TEXT HIDDEN, instance TEXT HIDDEN, check_name TEXT HIDDEN,"
        " match TEXT HIDDEN, quantile REAL HIDDEN, ratio REAL HIDDEN,"
        " PRIMARY KEY(tier, series, ts)) WITHOUT ROWID",
    .roles = roles,
    .rows = 1e8,
    .has_tiers = true,
};

/* The columns of quantiles, as they are in the declaration; then the one that was asked for. */
static const double ratios[] = { 0.5, 0.9, 0.95, 0.99 };

enum { RATIOS = sizeof ratios / sizeof *ratios };

struct row {
    int64_t start_ms;
    int64_t count;
    double sum, min, max, last;
    double quantiles[RATIOS + 1];
};

struct series {
    struct bw_sql_name name;
    struct row *rows; /* of the current read; freed when it is over */
    size_t count;
};

struct cursor {
    sqlite3_vtab_cursor base; /* first */
    struct bw_sql_where where;
    unsigned wanted;
    unsigned tier; /* the current one */
    struct series *series;
    size_t count, cap;
    size_t next;     /* series not yet read in this tier */
    size_t at, step; /* the current row: series and row; at == next: the end of the tier */
    size_t batch;    /* series in the next read */
    size_t longest;  /* the most rows that a series had */
};

static struct bw_sql_table *table_of(struct cursor *cursor)
{
    return (struct bw_sql_table *)cursor->base.pVtab;
}

static void drop_rows(struct cursor *cursor)
{
    for (size_t i = 0; i < cursor->next; i++) {
        free(cursor->series[i].rows);
        cursor->series[i].rows = NULL;
    }
}

static void begin_tier(struct cursor *cursor, unsigned tier)
{
    drop_rows(cursor);
    cursor->tier = tier;
    cursor->next = cursor->at = cursor->step = cursor->longest = 0;
    cursor->batch = 1;
}

static void reset(struct cursor *cursor)
{
    begin_tier(cursor, 0);
    bw_sql_where_fini(&cursor->where);
    bw_sql_where_init(&cursor->where);
    cursor->count = 0;
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

static bool wants_quantiles(const struct cursor *cursor)
{
    return bw_sql_wants(cursor->wanted, BW_ROLE_QUANTILE);
}

static struct row row_of(const struct cursor *cursor, const struct bw_bucket *bucket)
{
    struct row row = { bucket->start_ms, (int64_t)bucket->count, bucket->sum,       bucket->min,
                       bucket->max,      bucket->last,           { [RATIOS] = NAN } };
    for (size_t i = 0; i < RATIOS && wants_quantiles(cursor); i++)
        row.quantiles[i] = bw_bucket_quantile(bucket, ratios[i]);
    if (wants_quantiles(cursor) && !isnan(cursor->where.ratio))
        row.quantiles[RATIOS] = bw_bucket_quantile(bucket, cursor->where.ratio);
    return row;
}

static bool keep_buckets(void *ctx, uint32_t id, const struct bw_bucket *buckets, size_t count)
{
    struct cursor *cursor = ctx;
    const struct series key = { .name.id = id };
    struct series *series = bsearch(&key, cursor->series, cursor->next, sizeof key, compare_series);
    if (series == NULL || series->rows != NULL)
        return true;
    series->rows = bw_alloc_unset(count, sizeof *series->rows);
    series->count = count;
    for (size_t i = 0; i < count; i++)
        series->rows[i] = row_of(cursor, &buckets[i]);
    cursor->longest = count > cursor->longest ? count : cursor->longest;
    return true;
}

static void choose_batch(struct cursor *cursor)
{
    const size_t fit = cursor->longest > 0 ? BUCKETS_A_READ / cursor->longest : SERIES_A_READ;
    cursor->batch *= GROWTH;
    cursor->batch = cursor->batch > SERIES_A_READ ? SERIES_A_READ : cursor->batch;
    cursor->batch = cursor->batch > fit ? fit : cursor->batch;
    cursor->batch = cursor->batch < 1 ? 1 : cursor->batch;
}

/* Buckets that begin in the range of times; false: there can be none. */
static bool range_of(const struct cursor *cursor, struct bw_bucket_range *out)
{
    const int64_t width_ms = bw_rollup_tiers[cursor->tier].width_ms;
    int64_t from_ms = cursor->where.from_ms, to_ms = cursor->where.to_ms;
    from_ms = from_ms < -BW_BUCKET_TIME_MAX_MS ? -BW_BUCKET_TIME_MAX_MS : from_ms;
    to_ms = to_ms > BW_BUCKET_TIME_MAX_MS ? BW_BUCKET_TIME_MAX_MS : to_ms;
    if (from_ms > to_ms)
        return false;
    const int64_t start_ms = bw_window_start(from_ms, width_ms);
    *out = (struct bw_bucket_range){ .from_ms = start_ms < from_ms ? start_ms + width_ms : start_ms,
                                     .to_ms = to_ms,
                                     .step_ms = width_ms,
                                     .plain = !wants_quantiles(cursor),
                                     .fine_only = true };
    return out->from_ms <= to_ms;
}

static int read_some(struct cursor *cursor)
{
    const struct bw_sql_table *table = table_of(cursor);
    struct bw_bucket_range range;
    uint32_t ids[SERIES_A_READ];
    size_t count = 0;
    struct bw_err err;
    if (!range_of(cursor, &range)) {
        cursor->next = cursor->count;
        return SQLITE_OK;
    }
    while (count < cursor->batch && cursor->next < cursor->count)
        ids[count++] = cursor->series[cursor->next++].name.id;
    if (bw_reader_buckets(table->source->reader, ids, count, &range, keep_buckets, cursor,
                          table->source->damage, &err)
        != BW_OK)
        return bw_sql_failed(table, &err);
    choose_batch(cursor);
    return SQLITE_OK;
}

static bool means_tier(const struct cursor *cursor, unsigned tier)
{
    return (cursor->where.tiers >> tier & 1) != 0;
}

/* Moves on to the next series that has a row, in this tier or a later one, reading more when it
 * must. */
static int settle(struct cursor *cursor)
{
    while (cursor->tier < BW_ROLLUP_TIERS) {
        while (cursor->at < cursor->next && cursor->series[cursor->at].rows == NULL)
            cursor->at++;
        if (cursor->at < cursor->next)
            return SQLITE_OK;
        if (cursor->next == cursor->count || !means_tier(cursor, cursor->tier)) {
            begin_tier(cursor, cursor->tier + 1);
            continue;
        }
        const int rc = read_some(cursor);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
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
    drop_rows(cursor);
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
    free(series->rows);
    series->rows = NULL;
    cursor->step = 0;
    return settle(cursor);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->tier == BW_ROLLUP_TIERS;
}

/* NaN becomes NULL, as SQLite has it: a sum of infinities, a quantile that nobody named. */
static void result_own(const struct row *row, int column, sqlite3_context *out)
{
    const double numbers[] = { row->sum, row->min, row->max, row->last };
    if (column == COUNT)
        sqlite3_result_int64(out, row->count);
    else if (column <= LAST)
        sqlite3_result_double(out, numbers[column - SUM]);
    else
        sqlite3_result_double(out, row->quantiles[column == QUANTILE ? RATIOS : column - P50]);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct series *series = &cursor->series[cursor->at];
    const struct row *row = &series->rows[cursor->step];
    switch (roles[column]) {
    case BW_ROLE_TIER:
        sqlite3_result_text(out, bw_rollup_tiers[cursor->tier].name, -1, SQLITE_STATIC);
        break;
    case BW_ROLE_TIME:
        sqlite3_result_int64(out, row->start_ms);
        break;
    case BW_ROLE_RATIO:
        sqlite3_result_double(out, cursor->where.ratio);
        break;
    case BW_ROLE_OWN:
    case BW_ROLE_QUANTILE:
        result_own(row, column, out);
        break;
    default:
        bw_sql_name_result(&series->name, &cursor->where, roles[column], out);
    }
    return SQLITE_OK;
}

const sqlite3_module bw_sql_rollups_module = {
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
