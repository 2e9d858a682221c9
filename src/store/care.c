// SPDX-License-Identifier: GPL-3.0-or-later
/* What the writer does between two commits so that the store neither grows old nor too large.
 *
 *   storage.max_bytes                                            never more than this
 *   |-- database ------------------|-- WAL --|-- margin --|-- reserve --|-- other files --|
 *                                  ^         ^            ^
 *                 deletions begin here       |            no write goes beyond this (store/quota.h)
 *                                            commits end here: deleting needs some room as well
 */
#include "store/care.h"

#include "base/units.h"
#include "store/db.h"
#include "store/files.h"
#include "store/quota.h"
#include "store/retention.h"
#include "store/writer.h"

#define CARE_EVERY_NS (10 * BW_SECOND)
#define CARE_AT_REST_NS (10 * BW_MINUTE) /* what grows old without being written to */
#define COPY_KEPT_NS (7 * BW_DAY)
#define WAL_LARGE_BYTES (UINT64_C(32) << 20)
#define MAKE_ROOM_NS (2 * BW_SECOND) /* then the next step goes on with it */
#define COUNT_EVERY_NS BW_SECOND
#define SHRINK_EVERY_NS BW_SECOND
#define SAY_SHORT_EVERY_NS BW_HOUR
#define SLACK_BYTES (UINT64_C(1) << 20) /* for the log, while other files are given up */

enum { GROUPS_A_STEP = 200 };

/* --- the ceiling, divided ---------------------------------------------------------------- */

static uint64_t share(uint64_t max_bytes, uint64_t part, uint64_t least, uint64_t most)
{
    const uint64_t bytes = max_bytes / part;
    return bytes < least ? least : bytes > most ? most : bytes;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* What a step of deleting or of giving pages back may take of the log. */
static uint64_t margin_of(const struct bw_store *store)
{
    return share(store->opts.max_bytes, 16, UINT64_C(512) << 10, UINT64_C(16) << 20);
}

static uint64_t wal_room_of(const struct bw_store *store)
{
    return share(store->opts.max_bytes, 4, 0, UINT64_C(12) << 20);
}

uint64_t bw_store_reserve_bytes(const struct bw_store *store)
{
    const uint64_t max_bytes = store->opts.max_bytes;
    return max_bytes == 0 ? BW_STORE_RESERVE_BYTES
                          : share(max_bytes, 16, 0, BW_STORE_RESERVE_BYTES) / 4096 * 4096;
}

/* How large the database may become; other files give way to it. */
static uint64_t database_max(const struct bw_store *store)
{
    return minus(store->opts.max_bytes,
                 bw_store_reserve_bytes(store) + margin_of(store) + wal_room_of(store));
}

void bw_store_set_limit(struct bw_store *store, enum bw_limit limit)
{
    const uint64_t max_bytes = store->opts.max_bytes;
    if (max_bytes == 0)
        return;
    const int64_t now_ns = bw_store_now_ns();
    if (limit == BW_LIMIT_ALL || now_ns - store->counted_ns >= COUNT_EVERY_NS) {
        store->other_bytes = bw_files_other_bytes(store->path);
        store->counted_ns = now_ns;
    }
    uint64_t bytes = minus(max_bytes, store->other_bytes);
    if (limit == BW_LIMIT_COMMIT) {
        bytes = minus(bytes, margin_of(store));
    } else {
        /* A ceiling that was lowered below what is there must not keep it from being deleted. */
        const uint64_t least = bw_quota_file_bytes(store->quota) + margin_of(store);
        bytes = bytes > least ? bytes : least;
    }
    bw_quota_set_max(store->quota, bytes);
}

static bool has_room_beside(const struct bw_store *store, uint64_t bytes)
{
    const uint64_t max_bytes = store->opts.max_bytes;
    return max_bytes == 0
           || bw_files_bytes(store->path) + bw_files_other_bytes(store->path) + bytes
                      + margin_of(store)
                  <= max_bytes;
}

void bw_store_keep_reserve(struct bw_store *store)
{
    const uint64_t bytes = bw_store_reserve_bytes(store);
    if (has_room_beside(store, bytes))
        bw_files_keep_reserve(store->path, store->lock_fd, bytes);
}

/* --- by age ------------------------------------------------------------------------------ */

/* What is being deleted by age. */
struct expiry {
    struct bw_store *store;
    int64_t now_ms;
    bool rolled; /* only what is in the next tier */
    uint64_t *packs, *others;
    struct bw_err *err;
};

static int64_t cutoff_of(const struct expiry *x, int64_t kept_ns)
{
    return kept_ns <= 0 ? INT64_MIN : x->now_ms - kept_ns / BW_MS;
}

/* The next group in turn and how it is kept. */
static uint32_t next_expiry(struct bw_store *store, struct bw_retention_opts *out_kept,
                            uint32_t *out_groups)
{
    pthread_mutex_lock(&store->lock);
    const uint32_t last = store->registry.last_group;
    const uint32_t group = store->expiry_turn < last ? store->expiry_turn + 1 : 1;
    if (last > 0)
        *out_kept = store->registry.groups[group].kept;
    *out_groups = last;
    pthread_mutex_unlock(&store->lock);
    store->expiry_turn = group;
    return group;
}

static enum bw_rc expire_group(const struct expiry *x, uint32_t group,
                               const struct bw_retention_opts *kept)
{
    const int64_t kept_ns[BW_ROLLUP_TIERS] = { kept->minute_ns, kept->hour_ns, kept->day_ns };
    sqlite3 *db = x->store->db;
    enum bw_rc rc = bw_retention_expire_group(db, group, cutoff_of(x, kept->raw_ns), x->rolled,
                                              x->packs, x->err);
    for (unsigned t = 0; rc == BW_OK && t < BW_ROLLUP_TIERS; t++)
        rc = bw_retention_expire_group_rollups(db, t, group, cutoff_of(x, kept_ns[t]), x->rolled,
                                               x->others, x->err);
    return rc;
}

/* Some groups are kept for longer than others: each is asked by itself, so many a step. */
static enum bw_rc expire_by_group(const struct expiry *x)
{
    enum bw_rc rc = BW_OK;
    uint32_t groups = 1;
    for (uint32_t i = 0;
         i < groups && i < GROUPS_A_STEP && rc == BW_OK && *x->packs + *x->others == 0; i++) {
        struct bw_retention_opts kept = { 0 };
        const uint32_t group = next_expiry(x->store, &kept, &groups);
        if (groups > 0)
            rc = expire_group(x, group, &kept);
    }
    return rc;
}

/* All are kept alike: the oldest of all are asked for at once. */
static enum bw_rc expire_alike(const struct expiry *x)
{
    const struct bw_retention_opts *kept = &x->store->opts.retention;
    const int64_t kept_ns[BW_ROLLUP_TIERS] = { kept->minute_ns, kept->hour_ns, kept->day_ns };
    sqlite3 *db = x->store->db;
    enum bw_rc rc = (x->rolled ? bw_retention_expire_rolled : bw_retention_expire)(
        db, cutoff_of(x, kept->raw_ns), x->packs, x->err);
    for (unsigned t = 0; rc == BW_OK && t < BW_ROLLUP_TIERS; t++)
        rc = bw_retention_expire_rollups(db, t, cutoff_of(x, kept_ns[t]), x->rolled, x->others,
                                         x->err);
    return rc;
}

/* By age, each tier by its own. Where roll-ups are made nothing goes before it is in the next tier:
 * what was imported from long ago, or waited for a worker. */
static enum bw_rc expire_by_age(struct bw_store *store, uint64_t *packs, uint64_t *others,
                                struct bw_err *err)
{
    const struct expiry x = { .store = store,
                              .now_ms = bw_store_wall_ms(store),
                              .rolled = bw_rollups_are_made(store),
                              .packs = packs,
                              .others = others,
                              .err = err };
    const enum bw_rc rc =
        bw_store_classes_any(store->classes) ? expire_by_group(&x) : expire_alike(&x);
    if (rc != BW_OK)
        return rc;
    return bw_retention_expire_failures(store->db, cutoff_of(&x, store->opts.retention.raw_ns),
                                        others, err);
}

/* --- by bytes ---------------------------------------------------------------------------- */

static void note_gone(struct bw_store *store, uint64_t packs)
{
    pthread_mutex_lock(&store->lock);
    store->stats.expired_packs_total += packs;
    store->stats.packs -= packs <= store->stats.packs ? packs : 0;
    pthread_mutex_unlock(&store->lock);
}

/* Who set a ceiling should hear that it is less than a day of samples. */
static void tell_short(struct bw_store *store, enum bw_retention_stage stage)
{
    const int64_t now_ns = bw_store_now_ns();
    if (stage < BW_RETENTION_LAST_DAY
        || (store->short_said_ns != 0 && now_ns - store->short_said_ns < SAY_SHORT_EVERY_NS))
        return;
    store->short_said_ns = now_ns;
    bw_store_say(store, BW_LOG_WARN,
                 "store: storage.max_bytes has no room for a day of samples: the oldest of the last"
                 " day go");
}

/* The next few of what goes first; false when nothing is left. */
static bool give_way(struct bw_store *store, struct bw_err *err)
{
    uint64_t packs = 0, others = 0;
    enum bw_retention_stage stage = BW_RETENTION_NOTHING;
    const int64_t now_ms = store->care_trusted ? bw_store_wall_ms(store) : INT64_MAX;
    const enum bw_rc rc = bw_retention_give_way(store->db, now_ms, &packs, &others, &stage, err);
    note_gone(store, packs);
    if (rc == BW_OK)
        tell_short(store, stage);
    return rc == BW_OK && packs + others > 0;
}

static enum bw_rc expire(struct bw_store *store, struct bw_err *err)
{
    uint64_t gone = 0, others = 0;
    int64_t used = 0;
    enum bw_rc rc = BW_OK;
    if (store->care_trusted)
        rc = expire_by_age(store, &gone, &others, err);
    note_gone(store, gone);
    if (rc == BW_OK && store->opts.max_bytes > 0)
        rc = bw_retention_used(store->db, &used, err);
    if (rc == BW_OK && store->opts.max_bytes > 0 && (uint64_t)used > database_max(store))
        others += give_way(store, err);
    if (gone + others > 0)
        store->next_care_ns = 0; /* there may be more: go on after the next commit */
    return rc;
}

/* The copy from before a migration goes after a week, in which what is wrong with the new shape
 * would have shown, and before that when it stands in the way of the ceiling. */
static void trim_copies(struct bw_store *store, uint64_t need_bytes)
{
    if (bw_files_copy_bytes(store->path, 0) == 0)
        return;
    if (!has_room_beside(store, need_bytes)) {
        bw_files_remove_copies(store->path, 0);
        bw_store_say(store, BW_LOG_WARN,
                     "store: the copy from before the migration was removed: storage.max_bytes is"
                     " reached");
    } else if (store->care_trusted) {
        bw_files_remove_copies(store->path, bw_store_wall_ms(store) - COPY_KEPT_NS / BW_MS);
    }
}

/* What was moved aside counts towards the ceiling, and goes before anything that can be read. */
static void trim_corrupt(struct bw_store *store, uint64_t need_bytes)
{
    const uint64_t used = bw_files_bytes(store->path) + bw_files_copy_bytes(store->path, 0)
                          + bw_store_reserve_bytes(store) + margin_of(store) + need_bytes;
    const size_t gone =
        store->opts.max_bytes == 0
            ? 0
            : bw_files_trim_corrupt(store->path, minus(store->opts.max_bytes, used));
    if (gone > 0)
        bw_store_say(store, BW_LOG_WARN,
                     "store: %zu files that were moved aside as corrupt were removed:"
                     " storage.max_bytes is reached",
                     gone);
}

void bw_store_trim_files(struct bw_store *store, uint64_t need_bytes)
{
    trim_copies(store, need_bytes);
    trim_corrupt(store, need_bytes);
}

/* --- room for a commit ------------------------------------------------------------------- */

/* What still has to come free; 0 when the commit may be tried. Free pages of the file serve for
 * what is new in it, not for the log. */
static enum bw_rc lacking(struct bw_store *store, uint64_t need_bytes, uint64_t *out_lacks,
                          int64_t *out_free_pages, struct bw_err *err)
{
    const enum bw_rc rc = bw_db_number(store->db, "PRAGMA freelist_count", out_free_pages, err);
    const uint64_t log = need_bytes + need_bytes / 8;
    const uint64_t file = minus(need_bytes, (uint64_t)*out_free_pages * 4096);
    const uint64_t have = minus(minus(store->opts.max_bytes, store->other_bytes), margin_of(store));
    *out_lacks = minus(bw_quota_used(store->quota) + log + file, have);
    return rc;
}

/* Folds the log in and empties it; false while something reads what only the log has. */
static bool empty_log(struct bw_store *store)
{
    sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return bw_files_wal_bytes(store->path) == 0;
}

static enum bw_room make_room(struct bw_store *store, uint64_t need_bytes, struct bw_err *err)
{
    const int64_t until_ns = bw_store_now_ns() + MAKE_ROOM_NS;
    while (bw_store_now_ns() < until_ns) {
        uint64_t lacks = 0;
        int64_t free_pages = 0;
        if (!empty_log(store)) {
            bw_fail(err, BW_EFULL,
                    "storage.max_bytes is reached, and something that reads the store for long"
                    " keeps the log from being emptied");
            return BW_ROOM_LATER;
        }
        if (lacking(store, need_bytes, &lacks, &free_pages, err) != BW_OK)
            return BW_ROOM_LATER;
        if (lacks == 0)
            return BW_ROOM_MADE;
        if ((uint64_t)free_pages * 4096 >= need_bytes + lacks) {
            if (bw_retention_give_back(store->db, err) != BW_OK)
                return BW_ROOM_LATER;
        } else if (!give_way(store, err)) {
            return err->rc == BW_OK ? BW_ROOM_NEVER : BW_ROOM_LATER;
        }
    }
    bw_fail(err, BW_EFULL, "storage.max_bytes is reached; making room takes a while");
    return BW_ROOM_LATER;
}

enum bw_room bw_store_make_room(struct bw_store *store, uint64_t need_bytes, struct bw_err *err)
{
    const uint64_t most = minus(store->opts.max_bytes,
                                margin_of(store) + bw_store_reserve_bytes(store) + SLACK_BYTES / 2);
    if (2 * need_bytes + need_bytes / 8 > most)
        return BW_ROOM_NEVER;
    bw_store_trim_files(store, 2 * need_bytes + need_bytes / 8);
    bw_store_set_limit(store, BW_LIMIT_ALL);
    const enum bw_room room = make_room(store, need_bytes, err);
    empty_log(store);
    bw_store_set_limit(store, BW_LIMIT_COMMIT);
    bw_quota_has_refused(store->quota);
    return room;
}

/* --- and the rest ------------------------------------------------------------------------ */

/* A reader that stays in one transaction, in any process, keeps the WAL from being folded into the
 * file. Only who runs it can end it, so it is said, and again at each doubling. */
static void watch_wal(struct bw_store *store)
{
    const uint64_t bytes = bw_files_wal_bytes(store->path), max_bytes = store->opts.max_bytes;
    if (bytes < (max_bytes == 0 ? WAL_LARGE_BYTES : share(max_bytes, 4, 0, WAL_LARGE_BYTES)))
        store->wal_said_bytes = 0;
    else if (bytes >= 2 * store->wal_said_bytes) {
        store->wal_said_bytes = bytes;
        bw_store_say(store, BW_LOG_WARN,
                     "store: '%s-wal' has grown to %llu MiB: something reads the store for long",
                     store->path, (unsigned long long)(bytes >> 20));
    }
}

/* What SQLite keeps of pages is for the next few commits: after a burst, and when there are few,
 * most of it serves nobody. What is used is there again within a commit. */
static void release_pages(struct bw_store *store, int64_t now_ns)
{
    if (now_ns < store->next_release_ns)
        return;
    store->next_release_ns = now_ns + CARE_EVERY_NS;
    sqlite3_db_release_memory(store->db);
}

/* A step a second, so that it does not come between commits; above the ceiling's share a step after
 * each commit. */
static enum bw_rc shrink(struct bw_store *store, struct bw_err *err)
{
    bool more = false;
    int64_t free_pages = 0;
    const int64_t soon_ns = bw_store_now_ns() + SHRINK_EVERY_NS;
    enum bw_rc rc = bw_retention_shrink(store->db, &more, err);
    if (rc == BW_OK && more && soon_ns < store->next_care_ns)
        store->next_care_ns = soon_ns;
    if (rc != BW_OK || store->opts.max_bytes == 0
        || bw_quota_file_bytes(store->quota) <= database_max(store))
        return rc;
    rc = bw_db_number(store->db, "PRAGMA freelist_count", &free_pages, err);
    if (rc != BW_OK || free_pages == 0)
        return rc;
    store->next_care_ns = 0;
    return bw_retention_give_back(store->db, err);
}

/* With the room that deleting may use; what is above the ceiling's share goes back at once. */
static enum bw_rc tidy(struct bw_store *store, struct bw_err *err)
{
    bw_store_trim_files(store, SLACK_BYTES);
    bw_store_set_limit(store, BW_LIMIT_ALL);
    enum bw_rc rc = expire(store, err);
    if (rc == BW_OK)
        rc = shrink(store, err);
    if (rc == BW_OK)
        rc = bw_retention_fit_log(store->db, err);
    bw_store_set_limit(store, BW_LIMIT_COMMIT);
    return rc;
}

enum bw_rc bw_store_take_care(struct bw_store *store, int64_t now_ns, struct bw_err *err)
{
    pthread_mutex_lock(&store->lock);
    const bool trusted = store->clock_trusted;
    pthread_mutex_unlock(&store->lock);
    if (now_ns < store->next_care_ns && trusted == store->care_trusted)
        return BW_OK;
    store->care_trusted = trusted;
    store->next_care_ns = now_ns + (store->cared ? CARE_AT_REST_NS : CARE_EVERY_NS);
    store->cared = true;
    const enum bw_rc rc = tidy(store, err);
    watch_wal(store);
    release_pages(store, now_ns);
    if (rc == BW_OK)
        bw_store_keep_reserve(store);
    return rc;
}
