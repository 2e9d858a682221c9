// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/writer.h"

#include "base/units.h"
#include "store/db.h"
#include "store/files.h"
#include "store/retention.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_NS (200 * BW_MS)
#define SAY_EVERY_NS (10 * BW_SECOND)
#define CARE_EVERY_NS (10 * BW_SECOND)
#define CARE_AT_REST_NS (10 * BW_MINUTE) /* what grows old without being written to */
#define PACKS_A_STEP_NS (100 * BW_MS)    /* packs may delay a commit by this */
#define COPY_KEPT_NS (7 * BW_DAY)
#define WAL_LARGE_BYTES (UINT64_C(32) << 20)
enum { GROUPS_A_STEP = 200 };
#define CLOSE_PATIENCE_NS (5 * BW_SECOND)

/* --- one commit ------------------------------------------------------------------------ */

enum bw_rc bw_store_insert_journal(struct bw_store *store, uint64_t seq, struct bw_journal_row *row,
                                   struct bw_err *err)
{
    const struct bw_buf *body = bw_journal_row_body(row, seq);
    if (bw_buf_failed(body))
        return bw_fail(err, BW_ELIMIT, "a batch of %zu samples is too large", row->count);
    sqlite3_bind_int64(store->insert_journal, 1, (int64_t)seq);
    sqlite3_bind_blob64(store->insert_journal, 2, body->data, body->len, SQLITE_STATIC);
    enum bw_rc rc = BW_OK;
    if (sqlite3_step(store->insert_journal) != SQLITE_DONE)
        rc = bw_db_fail(store->db, err, "write journal");
    sqlite3_reset(store->insert_journal);
    sqlite3_clear_bindings(store->insert_journal);
    return rc;
}

/* True when the row itself is the trouble: it would fail for ever. */
static bool is_poison(sqlite3 *db)
{
    const int code = sqlite3_errcode(db) & 0xff;
    return code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH;
}

static enum bw_rc insert_rows(struct bw_store *store, struct bw_err *err)
{
    for (const struct bw_row *row = store->batch.first_row; row != NULL; row = row->next) {
        if (bw_rollups_refuses(store, row) || bw_erased_refuses(&store->erased, row))
            continue;
        const enum bw_rc rc = bw_row_write(&store->row_writer, store->db, row, err);
        if (rc != BW_OK && !is_poison(store->db))
            return rc;
        if (rc != BW_OK)
            bw_store_say(store, BW_LOG_ERROR, "a row of %s cannot be stored: %s",
                         bw_row_table(row->op), sqlite3_errmsg(store->db));
    }
    return BW_OK;
}

static enum bw_rc commit(struct bw_store *store, struct bw_err *err)
{
    enum bw_rc rc = bw_db_exec(store->db, "BEGIN IMMEDIATE", err);
    if (rc == BW_OK && store->batch.samples.count > 0)
        rc = bw_store_insert_journal(store, store->seq + 1, &store->batch.samples, err);
    if (rc == BW_OK)
        rc = bw_rollups_take_late(store, err);
    if (rc == BW_OK)
        rc = insert_rows(store, err);
    if (rc == BW_OK)
        rc = bw_db_exec(store->db, "COMMIT", err);
    return rc;
}

static void free_rows(struct bw_row *row, bool committed)
{
    while (row != NULL) {
        struct bw_row *next = row->next;
        if (row->call != NULL)
            row->call(row->call_ctx, committed);
        free(row);
        row = next;
    }
}

/* The batch is on disk: into the heads with it. */
static void settle_batch(struct bw_store *store, int64_t now_ns)
{
    struct bw_lane *batch = &store->batch;
    uint64_t packs = 0;
    for (const struct bw_row *row = batch->first_row; row != NULL; row = row->next) {
        packs += row->op == BW_ROW_SEALED_PACK;
        if (row->op == BW_ROW_SERIES_GROUP && !bw_erased_refuses(&store->erased, row))
            bw_heads_place(&store->heads, (uint32_t)row->cells[0].integer,
                           (uint32_t)row->cells[1].integer);
    }
    if (batch->samples.count > 0) {
        store->seq++;
        const struct bw_buf *body = bw_journal_row_body(&batch->samples, store->seq);
        bw_heads_replay(&store->heads, store->seq, body->data, body->len, now_ns, NULL);
    }
    bw_rollups_settle(store);
    free_rows(batch->first_row, true);
    pthread_mutex_lock(&store->lock);
    store->stats.packs += packs;
    pthread_mutex_unlock(&store->lock);
    bw_journal_row_clear(&batch->samples);
    *batch = (struct bw_lane){ .samples = batch->samples };
}

static void publish_commit(struct bw_store *store, size_t samples, int64_t took_ns)
{
    pthread_mutex_lock(&store->lock);
    store->stats.samples_total += samples;
    store->stats.journal_rows += samples > 0;
    store->stats.commits_total++;
    store->stats.last_commit_seconds = (double)took_ns / 1e9;
    store->stats.committed_seq = store->seq;
    store->batch_oldest_ns = 0;
    store->batch_samples = 0;
    store->batch_rows = 0;
    pthread_mutex_unlock(&store->lock);
}

/* Says what failed, at most once in 10 s; on a full disk gives the reserve back. A file that
 * SQLite calls corrupt is looked at before it is written to again. */
static void note_trouble(struct bw_store *store, const struct bw_err *err, int64_t now_ns)
{
    const bool full = err->rc == BW_EFULL || sqlite3_system_errno(store->db) == ENOSPC;
    const bool released = full && bw_files_release_reserve(store->path);
    pthread_mutex_lock(&store->lock);
    store->stats.commit_errors_total++;
    store->stats.failing = true;
    const size_t waiting = store->lane.samples.count + store->batch.samples.count;
    pthread_mutex_unlock(&store->lock);
    store->in_trouble = true;
    store->troubles++;
    store->suspect = store->suspect || err->rc == BW_ECORRUPT;
    if (store->trouble_said_ns != 0 && now_ns - store->trouble_said_ns < SAY_EVERY_NS)
        return;
    store->trouble_said_ns = now_ns;
    bw_store_say(store, BW_LOG_ERROR, "store: %s; %zu samples wait, trying again%s", err->text,
                 waiting, released ? " (the reserve was released)" : "");
}

/* Care that was put off while nothing was written is due in its time again. */
static void note_written(struct bw_store *store, int64_t now_ns)
{
    if (store->cared && store->next_care_ns > now_ns + CARE_EVERY_NS)
        store->next_care_ns = now_ns + CARE_EVERY_NS;
    store->cared = false;
}

static bool commit_batch(struct bw_store *store)
{
    const size_t samples = store->batch.samples.count;
    const int64_t began_ns = bw_store_now_ns();
    struct bw_err err = { .rc = BW_OK };
    store->failing = true;
    if (store->suspect && bw_store_rescue(store, &err) != BW_OK) {
        note_trouble(store, &err, began_ns);
        return false;
    }
    if (samples > 0 || store->batch.first_row != NULL) {
        if (commit(store, &err) != BW_OK) {
            note_trouble(store, &err, began_ns);
            /* A failed fsync leaves nothing that may be called written. */
            sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
            return false;
        }
        const int64_t now_ns = bw_store_now_ns();
        settle_batch(store, now_ns);
        note_written(store, now_ns);
        publish_commit(store, samples, now_ns - began_ns);
    }
    store->failing = false;
    return true;
}

/* --- packs and care --------------------------------------------------------------------- */

static void trim_journal(struct bw_store *store)
{
    const uint64_t covered = bw_heads_covered(&store->heads, store->seq);
    struct bw_err err = { .rc = BW_OK };
    if (covered <= store->trimmed_seq)
        return;
    if (bw_retention_trim_journal(store->db, covered, &err) != BW_OK) {
        note_trouble(store, &err, bw_store_now_ns());
        return;
    }
    const uint64_t gone = (uint64_t)sqlite3_changes64(store->db);
    if (gone == 0)
        store->trimmed_seq = covered;
    pthread_mutex_lock(&store->lock);
    store->stats.journal_rows -= gone <= store->stats.journal_rows ? gone : 0;
    pthread_mutex_unlock(&store->lock);
}

/* Groups take turns: when there is time for a few only, or one cannot be written, the others
 * are not behind it for ever. */
static uint32_t next_turn(struct bw_store *store)
{
    store->turn = store->turn + 1 < store->heads.group_count ? store->turn + 1 : 1;
    return store->turn;
}

/* Writes the heads that are due, or all, until it is too late. False when one failed or was
 * not come to. */
static bool write_packs(struct bw_store *store, bool all, int64_t until_ns)
{
    const uint64_t damaged = store->heads.damaged, written = store->heads.packs_written;
    const uint64_t added = store->heads.packs_added;
    struct bw_err err = { .rc = BW_OK };
    bool in_time = true;
    for (size_t i = 1; i < store->heads.group_count && in_time && err.rc == BW_OK; i++) {
        const int64_t now_ns = bw_store_now_ns();
        const uint32_t group = next_turn(store);
        in_time = now_ns < until_ns;
        if (all ? store->heads.groups[group].window.count > 0
                : bw_heads_is_due(&store->heads, group, now_ns))
            bw_heads_write(&store->heads, store->db, group, store->seq, now_ns, &err);
    }
    if (store->heads.packs_written != written)
        store->next_care_ns = 0; /* the file may have outgrown its ceiling */
    pthread_mutex_lock(&store->lock);
    store->stats.packs_written_total = store->heads.packs_written;
    store->stats.damaged_total += store->heads.damaged - damaged;
    store->stats.packs += store->heads.packs_added - added;
    pthread_mutex_unlock(&store->lock);
    if (store->heads.damaged != damaged)
        bw_store_say(store, BW_LOG_ERROR, "an open pack is damaged; it was left as it is");
    if (err.rc != BW_OK)
        note_trouble(store, &err, bw_store_now_ns());
    return err.rc == BW_OK && in_time;
}

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

static void expire(struct bw_store *store, struct bw_err *err)
{
    uint64_t gone = 0, others = 0;
    enum bw_rc rc = BW_OK;
    if (store->care_trusted)
        rc = expire_by_age(store, &gone, &others, err);
    if (rc == BW_OK && store->opts.max_bytes > 0)
        bw_retention_cap(store->db, store->opts.max_bytes, &gone, &others, err);
    pthread_mutex_lock(&store->lock);
    store->stats.expired_packs_total += gone;
    store->stats.packs -= gone <= store->stats.packs ? gone : 0;
    pthread_mutex_unlock(&store->lock);
    if (gone + others > 0)
        store->next_care_ns = 0; /* there may be more: go on after the next commit */
}

/* The copy from before a migration goes after a week, in which what is wrong with the new shape
 * would have shown, and before that when it stands in the way of the ceiling. */
static void trim_copies(struct bw_store *store)
{
    const uint64_t copies = bw_files_copy_bytes(store->path, 0), max_bytes = store->opts.max_bytes;
    if (copies == 0)
        return;
    if (max_bytes > 0 && bw_files_bytes(store->path) + copies > max_bytes) {
        bw_files_remove_copies(store->path, 0);
        bw_store_say(store, BW_LOG_WARN,
                     "store: the copy from before the migration was removed: storage.max_bytes is"
                     " reached");
    } else if (store->care_trusted) {
        bw_files_remove_copies(store->path, bw_store_wall_ms(store) - COPY_KEPT_NS / BW_MS);
    }
}

/* What was moved aside counts towards the ceiling, and goes before anything that can be read. */
static void trim_corrupt(struct bw_store *store)
{
    const uint64_t bytes = bw_files_bytes(store->path) + bw_files_copy_bytes(store->path, 0);
    const uint64_t max_bytes = store->opts.max_bytes;
    const size_t gone =
        max_bytes == 0
            ? 0
            : bw_files_trim_corrupt(store->path, bytes < max_bytes ? max_bytes - bytes : 0);
    if (gone > 0)
        bw_store_say(store, BW_LOG_WARN,
                     "store: %zu files that were moved aside as corrupt were removed:"
                     " storage.max_bytes is reached",
                     gone);
}

/* A reader that stays in one transaction, in any process, keeps the WAL from being folded into the
 * file. Only who runs it can end it, so it is said, and again at each doubling. */
static void watch_wal(struct bw_store *store)
{
    const uint64_t bytes = bw_files_wal_bytes(store->path);
    if (bytes < WAL_LARGE_BYTES)
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

static void take_care(struct bw_store *store, int64_t now_ns)
{
    pthread_mutex_lock(&store->lock);
    const bool trusted = store->clock_trusted;
    pthread_mutex_unlock(&store->lock);
    if (now_ns < store->next_care_ns && trusted == store->care_trusted)
        return;
    store->care_trusted = trusted;
    store->next_care_ns = now_ns + (store->cared ? CARE_AT_REST_NS : CARE_EVERY_NS);
    store->cared = true;
    struct bw_err err = { .rc = BW_OK };
    expire(store, &err);
    if (err.rc == BW_OK)
        bw_retention_shrink(store->db, &err);
    if (err.rc == BW_OK)
        bw_retention_fit_log(store->db, &err);
    trim_copies(store);
    trim_corrupt(store);
    watch_wal(store);
    release_pages(store, now_ns);
    if (err.rc != BW_OK)
        note_trouble(store, &err, now_ns);
    else
        bw_files_keep_reserve(store->path, store->lock_fd);
}

static void tell_drops(struct bw_store *store, int64_t now_ns)
{
    pthread_mutex_lock(&store->lock);
    const uint64_t dropped = store->stats.dropped_samples_total;
    pthread_mutex_unlock(&store->lock);
    if (dropped == store->dropped_said
        || (store->drop_said_ns != 0 && now_ns - store->drop_said_ns < SAY_EVERY_NS))
        return;
    bw_store_say(store, BW_LOG_ERROR, "store: %llu samples dropped, the queue was full",
                 (unsigned long long)(dropped - store->dropped_said));
    store->dropped_said = dropped;
    store->drop_said_ns = now_ns;
}

/* --- the loop -------------------------------------------------------------------------- */

/* With the lock held: something should be done before its time. */
static bool is_urgent(const struct bw_store *store)
{
    return store->stop
           || (!store->failing
               && (store->flush_wanted > store->flush_done || store->tasks != NULL
                   || store->packs_wanted > store->packs_done
                   || store->lane.samples.count >= BW_LANE_SAMPLES_MAX / 2));
}

/* With the lock held: waits until something is to be done. A writer that had nothing to write waits
 * until something is put, and then for as long as a commit may gather. */
static void wait_for_work(struct bw_store *store)
{
    bool late = false;
    store->rests = store->rest_ns != 0 && store->lane.oldest_ns == 0 && store->batch_oldest_ns == 0;
    while (!late && !is_urgent(store)) {
        const bool rested = store->rests;
        const int64_t until_ns = rested ? store->rest_ns : store->next_ns;
        const struct timespec until = { .tv_sec = until_ns / BW_SECOND,
                                        .tv_nsec = until_ns % BW_SECOND };
        late = pthread_cond_timedwait(&store->wake, &store->lock, &until) == ETIMEDOUT;
        if (rested && !store->rests) {
            store->next_ns = bw_store_now_ns() + store->opts.commit_interval_ns;
            late = false;
        }
    }
    store->rests = false;
}

/* Waits until it is time and takes the lane, unless the last batch is still to be written.
 * False when the store is closing. */
static bool take_batch(struct bw_store *store)
{
    pthread_mutex_lock(&store->lock);
    wait_for_work(store);
    const bool more = !store->stop;
    if (store->batch_oldest_ns == 0) {
        const struct bw_journal_row spare = store->batch.samples;
        store->batch = store->lane;
        store->lane = (struct bw_lane){ .samples = spare };
        store->batch_oldest_ns = store->batch.oldest_ns;
        store->batch_samples = store->batch.samples.count;
        store->batch_rows = store->batch.rows;
        store->batch_flush = store->flush_wanted;
        store->batch_packs = store->packs_wanted;
    }
    pthread_mutex_unlock(&store->lock);
    return more;
}

static void answer_flushes(struct bw_store *store, bool packs_written)
{
    pthread_mutex_lock(&store->lock);
    store->flush_done = store->batch_flush;
    if (packs_written)
        store->packs_done = store->batch_packs;
    pthread_cond_broadcast(&store->done);
    pthread_mutex_unlock(&store->lock);
}

/* A whole step went well. */
static void note_health(struct bw_store *store)
{
    if (!store->in_trouble)
        return;
    store->in_trouble = false;
    pthread_mutex_lock(&store->lock);
    store->stats.failing = false;
    pthread_mutex_unlock(&store->lock);
    bw_store_say(store, BW_LOG_INFO, "store: writing again");
}

/* When a pack or care is due next; 0 when something is left to do as soon as may be. */
static int64_t next_due_ns(const struct bw_store *store)
{
    int64_t due_ns = store->next_care_ns;
    for (size_t i = 1; i < store->heads.group_count; i++) {
        const struct bw_head *head = &store->heads.groups[i];
        if (head->window.count > 0 && head->write_due_ns < due_ns)
            due_ns = head->write_due_ns;
    }
    const bool trimmed = bw_heads_covered(&store->heads, store->seq) <= store->trimmed_seq;
    return trimmed && !store->in_trouble && due_ns > store->next_ns ? due_ns : 0;
}

/* What workers have prepared. */
static void write_tasks(struct bw_store *store)
{
    struct bw_err err = { .rc = BW_OK };
    if (bw_store_write_tasks(store, &err))
        store->next_care_ns = 0; /* room came free, or more is taken */
    if (err.rc != BW_OK)
        note_trouble(store, &err, bw_store_now_ns());
}

static bool write_step(struct bw_store *store)
{
    const int64_t began_ns = bw_store_now_ns();
    const uint64_t troubles = store->troubles;
    const bool idle = store->batch.samples.count == 0 && store->batch.first_row == NULL;
    store->rest_ns = 0;
    store->next_ns = began_ns + store->opts.commit_interval_ns;
    if (!commit_batch(store)) {
        const int64_t retry_ns = bw_store_now_ns() + RETRY_NS;
        store->next_ns = retry_ns < store->next_ns ? retry_ns : store->next_ns;
        bw_store_refuse_tasks(store, "the store cannot be written to");
        return false;
    }
    const bool all = store->batch_packs > store->packs_done;
    const int64_t until_ns = all ? INT64_MAX : bw_store_now_ns() + PACKS_A_STEP_NS;
    const bool packed = write_packs(store, all, until_ns) && all;
    answer_flushes(store, packed);
    write_tasks(store);
    trim_journal(store);
    take_care(store, began_ns);
    if (store->troubles == troubles)
        note_health(store);
    store->rest_ns = idle ? next_due_ns(store) : 0;
    return true;
}

/* True when nothing is left to write. */
static bool is_drained(struct bw_store *store)
{
    pthread_mutex_lock(&store->lock);
    const bool drained = store->batch_oldest_ns == 0 && store->lane.oldest_ns == 0;
    pthread_mutex_unlock(&store->lock);
    return drained;
}

/* A stopped store keeps no more free pages than it needs to go on. */
static void shrink_for_good(struct bw_store *store, int64_t until_ns)
{
    int64_t before = -1, free_pages = 0;
    while (free_pages != before && bw_store_now_ns() < until_ns) {
        before = free_pages;
        if (bw_retention_shrink(store->db, NULL) != BW_OK
            || bw_db_number(store->db, "PRAGMA freelist_count", &free_pages, NULL) != BW_OK)
            return;
    }
}

static void finish(struct bw_store *store)
{
    const int64_t give_up_ns = bw_store_now_ns() + CLOSE_PATIENCE_NS;
    bw_store_refuse_tasks(store, "the store is closing");
    while (!commit_batch(store) || !is_drained(store)) {
        if (bw_store_now_ns() > give_up_ns)
            break;
        if (store->failing)
            nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
        take_batch(store);
    }
    if (!store->failing && is_drained(store)) {
        /* What is not in packs by then stays in the journal. */
        write_packs(store, true, give_up_ns);
        trim_journal(store);
        shrink_for_good(store, give_up_ns);
        sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    } else if (!is_drained(store)) {
        bw_store_say(store, BW_LOG_ERROR,
                     "store: closed while it could not write; %zu samples and"
                     " %zu rows are lost",
                     store->batch.samples.count + store->lane.samples.count,
                     store->batch.rows + store->lane.rows);
    }
    free_rows(store->batch.first_row, false);
    free_rows(store->lane.first_row, false);
    store->lane.first_row = NULL;
    bw_journal_row_clear(&store->batch.samples);
}

void *bw_store_write_loop(void *ctx)
{
    struct bw_store *store = ctx;
    store->next_ns = bw_store_now_ns() + store->opts.commit_interval_ns;
    while (take_batch(store)) {
        write_step(store);
        tell_drops(store, bw_store_now_ns());
    }
    finish(store);
    return NULL;
}
