// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/retention.h"

#include "store/db.h"
#include "store/rollups.h"

/* Small steps: each is one short transaction, and the writer commits between them. */
enum {
    PACKS_A_STEP = 8,
    ROLLUPS_A_STEP = 4,
    EVENTS_A_STEP = 500,
    FAILURES_A_STEP = 100,
    PAGES_A_STEP = 256,
    STEP_PAGES_MIN = 16,
    STEP_SHARE = 100,
    FREE_PAGES_MIN = 32,
    FREE_PAGES_MAX = 1024,
    FREE_PAGES_SHARE = 64, /* one of so many */
    LOG_PAGES_MIN = 64,
    LOG_PAGES_MAX = 1000,
    LOG_PAGES_SHARE = 32,
    FRAME_BYTES = 4096 + 24,
};

#define KEPT_LONGEST_MS INT64_C(86400000)

/* Runs a DELETE and counts what went. */
static enum bw_rc delete_some(sqlite3 *db, const char *sql, uint64_t *out, struct bw_err *err)
{
    const enum bw_rc rc = bw_db_exec(db, sql, err);
    if (rc == BW_OK)
        *out += (uint64_t)sqlite3_changes64(db);
    return rc;
}

enum bw_rc bw_retention_expire(sqlite3 *db, int64_t cutoff_ms, uint64_t *out_packs,
                               struct bw_err *err)
{
    char sql[160];
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM pack WHERE id IN (SELECT id FROM pack WHERE last_ms<%lld"
                     " ORDER BY last_ms LIMIT %d)",
                     (long long)cutoff_ms, PACKS_A_STEP);
    return delete_some(db, sql, out_packs, err);
}

enum bw_rc bw_retention_expire_rolled(sqlite3 *db, int64_t cutoff_ms, uint64_t *out_packs,
                                      struct bw_err *err)
{
    char sql[320];
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM pack WHERE id IN (SELECT id FROM pack AS p WHERE last_ms<%lld"
                     " AND EXISTS (SELECT 1 FROM rollup_done WHERE width_ms=%lld"
                     " AND group_id=p.group_id AND done_ms>p.last_ms) ORDER BY last_ms LIMIT %d)",
                     (long long)cutoff_ms, (long long)bw_rollup_tiers[0].width_ms, PACKS_A_STEP);
    return delete_some(db, sql, out_packs, err);
}

/* " AND last_ms<…": only what that tier of the group has by now. */
static void put_only_rolled(char out[160], unsigned tier, uint32_t group)
{
    sqlite3_snprintf(160, out,
                     " AND last_ms<(SELECT done_ms FROM rollup_done WHERE width_ms=%lld"
                     " AND group_id=%u)",
                     (long long)bw_rollup_tiers[tier].width_ms, group);
}

enum bw_rc bw_retention_expire_group(sqlite3 *db, uint32_t group, int64_t cutoff_ms,
                                     bool only_rolled, uint64_t *out_packs, struct bw_err *err)
{
    char sql[320], rolled[160] = "";
    if (only_rolled)
        put_only_rolled(rolled, 0, group);
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM pack WHERE id IN (SELECT id FROM pack WHERE group_id=%u"
                     " AND last_ms<%lld%s ORDER BY last_ms LIMIT %d)",
                     group, (long long)cutoff_ms, rolled, PACKS_A_STEP);
    return delete_some(db, sql, out_packs, err);
}

enum bw_rc bw_retention_expire_group_rollups(sqlite3 *db, unsigned tier, uint32_t group,
                                             int64_t cutoff_ms, bool only_rolled,
                                             uint64_t *out_rollups, struct bw_err *err)
{
    char sql[400], rolled[160] = "";
    if (only_rolled && tier + 1 < BW_ROLLUP_TIERS)
        put_only_rolled(rolled, tier + 1, group);
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM rollup WHERE id IN (SELECT id FROM rollup WHERE width_ms=%lld"
                     " AND group_id=%u AND last_ms<%lld%s LIMIT %d)",
                     (long long)bw_rollup_tiers[tier].width_ms, group, (long long)cutoff_ms, rolled,
                     ROLLUPS_A_STEP);
    return delete_some(db, sql, out_rollups, err);
}

enum bw_rc bw_retention_expire_rollups(sqlite3 *db, unsigned tier, int64_t cutoff_ms,
                                       bool only_rolled, uint64_t *out_rollups, struct bw_err *err)
{
    char sql[400], rolled[160] = "";
    if (only_rolled && tier + 1 < BW_ROLLUP_TIERS)
        sqlite3_snprintf(sizeof rolled, rolled,
                         " AND EXISTS (SELECT 1 FROM rollup_done WHERE width_ms=%lld"
                         " AND group_id=r.group_id AND done_ms>r.last_ms)",
                         (long long)bw_rollup_tiers[tier + 1].width_ms);
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM rollup WHERE id IN (SELECT id FROM rollup AS r"
                     " WHERE width_ms=%lld AND last_ms<%lld%s ORDER BY last_ms LIMIT %d)",
                     (long long)bw_rollup_tiers[tier].width_ms, (long long)cutoff_ms, rolled,
                     ROLLUPS_A_STEP);
    return delete_some(db, sql, out_rollups, err);
}

enum bw_rc bw_retention_expire_failures(sqlite3 *db, int64_t cutoff_ms, uint64_t *out_failures,
                                        struct bw_err *err)
{
    char sql[200];
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM check_failure WHERE rowid IN (SELECT rowid FROM check_failure"
                     " WHERE ts_ms<%lld ORDER BY ts_ms LIMIT %d)",
                     (long long)cutoff_ms, FAILURES_A_STEP);
    const enum bw_rc rc = bw_db_exec(db, sql, err);
    if (rc == BW_OK)
        *out_failures += (uint64_t)sqlite3_changes64(db);
    return rc;
}

enum bw_rc bw_retention_used(sqlite3 *db, int64_t *out, struct bw_err *err)
{
    int64_t pages = 0, free_pages = 0, page_size = 0;
    enum bw_rc rc = bw_db_number(db, "PRAGMA page_count", &pages, err);
    if (rc == BW_OK)
        rc = bw_db_number(db, "PRAGMA freelist_count", &free_pages, err);
    if (rc == BW_OK)
        rc = bw_db_number(db, "PRAGMA page_size", &page_size, err);
    *out = (pages - free_pages) * page_size;
    return rc;
}

/* --- what goes for the ceiling's sake ------------------------------------------------------- */

struct yielding {
    sqlite3 *db;
    int64_t now_ms; /* INT64_MAX: the clock says nothing */
    uint64_t packs, others;
    struct bw_err *err;
};

/* The oldest by their own time; while the clock says nothing, those that came first. */
static const char *order_of(const struct yielding *y)
{
    return y->now_ms == INT64_MAX ? "id" : "last_ms, id";
}

static enum bw_rc yield_packs_before(struct yielding *y, int64_t before_ms)
{
    char sql[200];
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM pack WHERE id IN (SELECT id FROM pack WHERE last_ms<%lld"
                     " ORDER BY %s LIMIT %d)",
                     (long long)before_ms, order_of(y), PACKS_A_STEP);
    return delete_some(y->db, sql, &y->packs, y->err);
}

/* All but the newest day of samples: what is looked at most, and what trends and the next roll-ups
 * are made from. What is stamped later than now says nothing about which day is the newest. */
static enum bw_rc yield_older_packs(struct yielding *y)
{
    int64_t newest_ms = 0;
    char sql[160];
    sqlite3_snprintf(sizeof sql, sql,
                     y->now_ms == INT64_MAX ? "SELECT last_ms FROM pack ORDER BY id DESC LIMIT 1"
                                            : "SELECT max(last_ms) FROM pack WHERE last_ms<=%lld",
                     (long long)y->now_ms);
    const enum bw_rc rc = bw_db_number(y->db, sql, &newest_ms, y->err);
    return rc == BW_OK ? yield_packs_before(y, newest_ms - KEPT_LONGEST_MS) : rc;
}

static enum bw_rc yield_packs(struct yielding *y)
{
    return yield_packs_before(y, INT64_MAX);
}

static enum bw_rc yield_rollups(struct yielding *y, unsigned tier)
{
    char sql[200];
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM rollup WHERE id IN (SELECT id FROM rollup WHERE width_ms=%lld"
                     " ORDER BY %s LIMIT %d)",
                     (long long)bw_rollup_tiers[tier].width_ms, order_of(y), ROLLUPS_A_STEP);
    return delete_some(y->db, sql, &y->others, y->err);
}

static enum bw_rc yield_minutes(struct yielding *y)
{
    return yield_rollups(y, 0);
}

static enum bw_rc yield_hours(struct yielding *y)
{
    return yield_rollups(y, 1);
}

static enum bw_rc yield_days(struct yielding *y)
{
    return yield_rollups(y, 2);
}

static enum bw_rc yield_failures(struct yielding *y)
{
    char sql[140];
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM check_failure WHERE rowid IN (SELECT rowid FROM check_failure"
                     " ORDER BY rowid LIMIT %d)",
                     FAILURES_A_STEP);
    return delete_some(y->db, sql, &y->others, y->err);
}

static enum bw_rc yield_events(struct yielding *y)
{
    char sql[120];
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY id LIMIT %d)",
                     EVENTS_A_STEP);
    return delete_some(y->db, sql, &y->others, y->err);
}

enum bw_rc bw_retention_give_way(sqlite3 *db, int64_t now_ms, uint64_t *out_packs,
                                 uint64_t *out_others, enum bw_retention_stage *out_stage,
                                 struct bw_err *err)
{
    static enum bw_rc (*const stages[])(struct yielding *) = {
        [BW_RETENTION_OLDER_PACKS] = yield_older_packs,
        [BW_RETENTION_MINUTES] = yield_minutes,
        [BW_RETENTION_LAST_DAY] = yield_packs,
        [BW_RETENTION_HOURS] = yield_hours,
        [BW_RETENTION_DAYS] = yield_days,
        [BW_RETENTION_FAILURES] = yield_failures,
        [BW_RETENTION_EVENTS] = yield_events,
    };
    struct yielding y = { .db = db, .now_ms = now_ms, .err = err };
    enum bw_rc rc = BW_OK;
    *out_stage = BW_RETENTION_NOTHING;
    for (size_t i = 1; rc == BW_OK && y.packs + y.others == 0 && i < sizeof stages / sizeof *stages;
         i++) {
        rc = stages[i](&y);
        *out_stage = (enum bw_retention_stage)i;
    }
    *out_packs += y.packs;
    *out_others += y.others;
    return rc;
}

/* --- giving back ----------------------------------------------------------------------------- */

enum bw_rc bw_retention_trim_journal(sqlite3 *db, uint64_t covered_seq, struct bw_err *err)
{
    char sql[160];
    sqlite3_snprintf(sizeof sql, sql,
                     "DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE seq<=%lld"
                     " ORDER BY seq LIMIT %d)",
                     (long long)covered_seq, BW_JOURNAL_ROWS_A_STEP);
    return bw_db_exec(db, sql, err);
}

/* A share of the file's pages, between two bounds. */
static int64_t share_of(int64_t pages, int64_t share, int64_t least, int64_t most)
{
    pages /= share;
    return pages < least ? least : pages > most ? most : pages;
}

/* What journal and open packs free they take again within minutes, so some stay. */
enum bw_rc bw_retention_shrink(sqlite3 *db, bool *out_more, struct bw_err *err)
{
    int64_t pages = 0, free_pages = 0;
    enum bw_rc rc = bw_db_number(db, "PRAGMA page_count", &pages, err);
    if (rc == BW_OK)
        rc = bw_db_number(db, "PRAGMA freelist_count", &free_pages, err);
    const int64_t kept = share_of(pages, FREE_PAGES_SHARE, FREE_PAGES_MIN, FREE_PAGES_MAX);
    const int64_t excess = free_pages - kept;
    const int64_t step = share_of(pages, STEP_SHARE, STEP_PAGES_MIN, PAGES_A_STEP);
    *out_more = rc == BW_OK && excess > step;
    if (rc != BW_OK || excess <= 0)
        return rc;
    char sql[60];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA incremental_vacuum(%d)",
                     (int)(excess < step ? excess : step));
    return bw_db_exec(db, sql, err);
}

/* A step moves pages, and each takes others with it into the log: less of them in a small file. */
enum bw_rc bw_retention_give_back(sqlite3 *db, struct bw_err *err)
{
    int64_t pages = 0;
    const enum bw_rc rc = bw_db_number(db, "PRAGMA page_count", &pages, err);
    if (rc != BW_OK)
        return rc;
    char sql[60];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA incremental_vacuum(%d)",
                     (int)share_of(pages, STEP_SHARE, STEP_PAGES_MIN, PAGES_A_STEP));
    return bw_db_exec(db, sql, err);
}

enum bw_rc bw_retention_fit_log(sqlite3 *db, struct bw_err *err)
{
    int64_t pages = 0;
    const enum bw_rc rc = bw_db_number(db, "PRAGMA page_count", &pages, err);
    if (rc != BW_OK)
        return rc;
    const int64_t log_pages = share_of(pages, LOG_PAGES_SHARE, LOG_PAGES_MIN, LOG_PAGES_MAX);
    char sql[60];
    sqlite3_wal_autocheckpoint(db, (int)log_pages);
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA journal_size_limit=%lld",
                     (long long)(log_pages + log_pages / 2) * FRAME_BYTES);
    return bw_db_exec(db, sql, err);
}
