// SPDX-License-Identifier: GPL-3.0-or-later
/* What is not rolled up yet is made of samples on the way, so that a tier goes up to what was
 * committed last. */
#include "store/sql_tables.h"

#include "pack/rollup.h"
#include "store/rollup_tiers.h"
#include "store/sql_walk.h"

#include <math.h>

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

static bool wants_quantiles(const struct bw_sql_walk *walk)
{
    return bw_sql_wants(walk->wanted, BW_ROLE_QUANTILE);
}

static struct row row_of(const struct bw_sql_walk *walk, const struct bw_bucket *bucket)
{
    struct row row = { bucket->start_ms, (int64_t)bucket->count, bucket->sum,       bucket->min,
                       bucket->max,      bucket->last,           { [RATIOS] = NAN } };
    for (size_t i = 0; i < RATIOS && wants_quantiles(walk); i++)
        row.quantiles[i] = bw_bucket_quantile(bucket, ratios[i]);
    if (wants_quantiles(walk) && !isnan(walk->where.ratio))
        row.quantiles[RATIOS] = bw_bucket_quantile(bucket, walk->where.ratio);
    return row;
}

static bool keep_buckets(void *ctx, uint32_t id, const struct bw_bucket *buckets, size_t count)
{
    struct row *rows = bw_sql_walk_keep(ctx, id, count);
    for (size_t i = 0; rows != NULL && i < count; i++)
        rows[i] = row_of(ctx, &buckets[i]);
    return true;
}

/* Buckets that begin in the range of times; false: there can be none. */
static bool range_of(const struct bw_sql_walk *walk, struct bw_bucket_range *out)
{
    const int64_t width_ms = bw_rollup_tiers[walk->tier].width_ms;
    int64_t from_ms = walk->where.from_ms, to_ms = walk->where.to_ms;
    from_ms = from_ms < -BW_BUCKET_TIME_MAX_MS ? -BW_BUCKET_TIME_MAX_MS : from_ms;
    to_ms = to_ms > BW_BUCKET_TIME_MAX_MS ? BW_BUCKET_TIME_MAX_MS : to_ms;
    if (from_ms > to_ms)
        return false;
    const int64_t start_ms = bw_window_start(from_ms, width_ms);
    *out = (struct bw_bucket_range){ .from_ms = start_ms < from_ms ? start_ms + width_ms : start_ms,
                                     .to_ms = to_ms,
                                     .step_ms = width_ms,
                                     .plain = !wants_quantiles(walk),
                                     .fine_only = true };
    return out->from_ms <= to_ms;
}

static enum bw_rc read_buckets(struct bw_sql_walk *walk, const struct bw_sql_source *source,
                               const uint32_t *ids, size_t count, struct bw_err *err)
{
    struct bw_bucket_range range;
    if (!range_of(walk, &range))
        return BW_OK;
    return bw_reader_buckets(source->reader, ids, count, &range, keep_buckets, walk, source->damage,
                             err);
}

/* Each read opens the bodies of a group anew. */
static const struct bw_sql_walk_kind walk_kind = { .row_bytes = sizeof(struct row),
                                                   .series_first = 1,
                                                   .series_a_read = 64,
                                                   .rows_a_read = 1 << 17,
                                                   .tiers = BW_ROLLUP_TIERS,
                                                   .read = read_buckets };

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    (void)base;
    return bw_sql_walk_open(&walk_kind, out);
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
    const struct bw_sql_walk *walk = (const struct bw_sql_walk *)base;
    const struct row *row = bw_sql_walk_row(walk);
    switch (roles[column]) {
    case BW_ROLE_TIER:
        sqlite3_result_text(out, bw_rollup_tiers[walk->tier].name, -1, SQLITE_STATIC);
        break;
    case BW_ROLE_TIME:
        sqlite3_result_int64(out, row->start_ms);
        break;
    case BW_ROLE_RATIO:
        sqlite3_result_double(out, walk->where.ratio);
        break;
    case BW_ROLE_OWN:
    case BW_ROLE_QUANTILE:
        result_own(row, column, out);
        break;
    default:
        bw_sql_name_result(bw_sql_walk_name(walk), &walk->where, roles[column], out);
    }
    return SQLITE_OK;
}

const sqlite3_module bw_sql_rollups_module = {
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
