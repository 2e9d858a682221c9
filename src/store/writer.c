// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/writer.h"

#include "base/units.h"
#include "store/care.h"
#include "store/db.h"
#include "store/files.h"
#include "store/logmark.h"
#include "store/quota.h"
#include "store/retention.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_NS (200 * BW_MS)
#define SAY_EVERY_NS (10 * BW_SECOND)
#define CARE_EVERY_NS (10 * BW_SECOND)
#define PACKS_A_STEP_NS (100 * BW_MS) /* packs may delay a commit by this */
#define CLOSE_PATIENCE_NS (5 * BW_SECOND)
#define ROOM_LEAST_BYTES (64u << 10)
enum { ROOM_TRIES = 6, JOURNAL_SHARE = 8, TRIM_SHARE = 16 };

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
        store->journal_bytes += body->len;
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
    const bool ours = bw_quota_has_refused(store->quota); /* the disk has room */
    const bool full = err->rc == BW_EFULL || sqlite3_system_errno(store->db) == ENOSPC;
    const bool released = full && !ours && bw_files_release_reserve(store->path);
    store->short_of_room = store->short_of_room || ours;
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
                 waiting,
                 released ? " (the reserve was released)"
                 : ours   ? " (storage.max_bytes is reached)"
                          : "");
}

/* Care that was put off while nothing was written is due in its time again. */
static void note_written(struct bw_store *store, int64_t now_ns)
{
    if (store->cared && store->next_care_ns > now_ns + CARE_EVERY_NS)
        store->next_care_ns = now_ns + CARE_EVERY_NS;
    store->cared = false;
}

/* --- a batch that the ceiling has no room for -------------------------------------------- */

static uint64_t sample_bytes(struct bw_store *store)
{
    struct bw_journal_row *samples = &store->batch.samples;
    return samples->count == 0 ? 0 : bw_journal_row_body(samples, store->seq + 1)->len;
}

static uint64_t batch_bytes(struct bw_store *store)
{
    return sample_bytes(store) + store->batch.row_bytes + ROOM_LEAST_BYTES;
}

/* Some rows are only right together with the one before them. */
static bool may_end_at(const struct bw_row *row)
{
    const enum bw_row_op next = row->next->op;
    return next != BW_ROW_ROLLUP && next != BW_ROW_ROLLUP_DONE && next != BW_ROW_FAILURE
           && (next != BW_ROW_FAILURE_TALLY || row->op != BW_ROW_FAILURE);
}

/* The row that half of the batch ends at, or the first after it that may; NULL: it has no half. */
static struct bw_row *find_half(const struct bw_lane *batch, size_t *out_rows, size_t *out_bytes)
{
    *out_rows = 0;
    *out_bytes = 0;
    for (struct bw_row *row = batch->first_row; row != NULL && row->next != NULL; row = row->next) {
        ++*out_rows;
        *out_bytes += row->bytes;
        if (*out_bytes >= batch->row_bytes / 2 && may_end_at(row))
            return row;
    }
    return NULL;
}

/* Its second half goes back to the head of the lane; nobody who waits is answered before it is
 * written as well. False when it is a half already. */
static bool halve_batch(struct bw_store *store)
{
    struct bw_lane *batch = &store->batch, *lane = &store->lane;
    size_t rows, bytes;
    struct bw_row *end = find_half(batch, &rows, &bytes);
    if (end == NULL)
        return false;
    pthread_mutex_lock(&store->lock);
    batch->last_row->next = lane->first_row;
    lane->last_row = lane->last_row == NULL ? batch->last_row : lane->last_row;
    lane->first_row = end->next;
    lane->rows += batch->rows - rows;
    lane->row_bytes += batch->row_bytes - bytes;
    lane->oldest_ns = batch->oldest_ns;
    end->next = NULL;
    batch->last_row = end;
    batch->rows = rows;
    batch->row_bytes = bytes;
    store->batch_rows = rows;
    store->batch_flush = store->flush_done;
    store->batch_packs = store->packs_done;
    pthread_mutex_unlock(&store->lock);
    return true;
}

/* More than the whole store may be: as when the lane is full, samples go as a batch. */
static void drop_samples(struct bw_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->stats.dropped_samples_total += store->batch.samples.count;
    store->batch_samples = 0;
    pthread_mutex_unlock(&store->lock);
    bw_store_say(store, BW_LOG_ERROR,
                 "store: storage.max_bytes has no room for one commit of %zu samples: they are"
                 " dropped",
                 store->batch.samples.count);
    bw_journal_row_clear(&store->batch.samples);
}

/* After a refusal; true when the commit should be tried again. */
static bool make_room(struct bw_store *store, int tries, struct bw_err *err)
{
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    if (!bw_quota_has_refused(store->quota) || tries >= ROOM_TRIES)
        return false;
    struct bw_err why = { .rc = BW_OK };
    const enum bw_room room = bw_store_make_room(store, batch_bytes(store) << tries, &why);
    if (room == BW_ROOM_LATER)
        *err = why;
    if (room != BW_ROOM_NEVER)
        return room == BW_ROOM_MADE;
    /* What takes the room gives way: rows are only put off, samples would be gone. */
    if (store->batch.row_bytes >= sample_bytes(store) && halve_batch(store))
        return true;
    if (store->batch.samples.count > 0) {
        drop_samples(store);
        return true;
    }
    return halve_batch(store);
}

static enum bw_rc commit_with_room(struct bw_store *store, struct bw_err *err)
{
    enum bw_rc rc = commit(store, err);
    for (int tries = 0; rc == BW_EFULL && make_room(store, tries, err); tries++)
        rc = commit(store, err);
    return rc;
}

/* --- the batch --------------------------------------------------------------------------- */

static bool commit_batch(struct bw_store *store)
{
    size_t samples = store->batch.samples.count;
    const int64_t began_ns = bw_store_now_ns();
    struct bw_err err = { .rc = BW_OK };
    store->failing = true;
    if (store->suspect && bw_store_rescue(store, &err) != BW_OK) {
        note_trouble(store, &err, began_ns);
        return false;
    }
    if (samples > 0 || store->batch.first_row != NULL) {
        if (commit_with_room(store, &err) != BW_OK) {
            note_trouble(store, &err, began_ns);
            /* A failed fsync leaves nothing that may be called written. */
            sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
            return false;
        }
        const int64_t now_ns = bw_store_now_ns();
        samples = store->batch.samples.count;
        settle_batch(store, now_ns);
        if (!store->log_marked)
            bw_logmark_set(store->path, store->lock_fd);
        store->log_marked = true;
        note_written(store, now_ns);
        publish_commit(store, samples, now_ns - began_ns);
    }
    store->failing = false;
    return true;
}

/* --- packs and care --------------------------------------------------------------------- */

/* Each deletion is a transaction of its own, with a sync of the disk: while more is written, some
 * rows are waited for, in proportion to those that are still needed. */
static void trim_journal(struct bw_store *store, bool all)
{
    const uint64_t covered = bw_heads_covered(&store->heads, store->seq);
    struct bw_err err = { .rc = BW_OK };
    const uint64_t waited = all ? 0 : (store->seq - covered) / TRIM_SHARE;
    if (covered <= store->trimmed_seq + waited)
        return;
    if (bw_retention_trim_journal(store->db, covered, &err) != BW_OK) {
        note_trouble(store, &err, bw_store_now_ns());
        return;
    }
    const uint64_t gone = (uint64_t)sqlite3_changes64(store->db);
    if (gone < BW_JOURNAL_ROWS_A_STEP)
        store->trimmed_seq = covered;
    pthread_mutex_lock(&store->lock);
    const uint64_t rows = store->stats.journal_rows;
    store->journal_bytes = gone >= rows ? 0 : store->journal_bytes / rows * (rows - gone);
    store->stats.journal_rows -= gone <= rows ? gone : 0;
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
    store->stats.repeated_samples_total = store->heads.repeats.same;
    store->stats.conflicting_samples_total = store->heads.repeats.other;
    store->stats.damaged_total += store->heads.damaged - damaged;
    store->stats.packs += store->heads.packs_added - added;
    pthread_mutex_unlock(&store->lock);
    if (store->heads.damaged != damaged)
        bw_store_say(store, BW_LOG_ERROR, "an open pack is damaged; it was left as it is");
    if (err.rc != BW_OK)
        note_trouble(store, &err, bw_store_now_ns());
    return err.rc == BW_OK && in_time;
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

/* In packs samples take a quarter of what they take in the journal. */
static bool is_journal_heavy(const struct bw_store *store)
{
    const uint64_t max_bytes = store->opts.max_bytes;
    return max_bytes > 0 && store->journal_bytes > max_bytes / JOURNAL_SHARE;
}

static void take_care(struct bw_store *store, int64_t now_ns)
{
    struct bw_err err = { .rc = BW_OK };
    if (store->short_of_room) { /* a pack or a task was refused */
        store->short_of_room = false;
        store->next_care_ns = 0;
        bw_store_make_room(store, ROOM_LEAST_BYTES, &err);
    }
    if (err.rc == BW_OK)
        bw_store_take_care(store, now_ns, &err);
    if (err.rc != BW_OK)
        note_trouble(store, &err, now_ns);
}

static bool write_step(struct bw_store *store)
{
    const int64_t began_ns = bw_store_now_ns();
    const uint64_t troubles = store->troubles;
    const bool idle = store->batch.samples.count == 0 && store->batch.first_row == NULL;
    store->rest_ns = 0;
    store->next_ns = began_ns + store->opts.commit_interval_ns;
    bw_store_set_limit(store, BW_LIMIT_COMMIT);
    if (!commit_batch(store)) {
        const int64_t retry_ns = bw_store_now_ns() + RETRY_NS;
        store->next_ns = retry_ns < store->next_ns ? retry_ns : store->next_ns;
        bw_store_refuse_tasks(store, "the store cannot be written to");
        return false;
    }
    const bool all = store->batch_packs > store->packs_done;
    const int64_t until_ns = all ? INT64_MAX : bw_store_now_ns() + PACKS_A_STEP_NS;
    const bool heavy = is_journal_heavy(store);
    const bool packed = write_packs(store, all || heavy, until_ns) && all;
    answer_flushes(store, packed);
    write_tasks(store);
    trim_journal(store, idle || all || heavy);
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
    bool more = true;
    while (more && bw_store_now_ns() < until_ns) {
        if (bw_retention_shrink(store->db, &more, NULL) != BW_OK)
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
    bw_store_set_limit(store, BW_LIMIT_ALL);
    if (!store->failing && is_drained(store)) {
        /* What is not in packs by then stays in the journal. */
        write_packs(store, true, give_up_ns);
        trim_journal(store, true);
        shrink_for_good(store, give_up_ns);
        bw_logmark_clear(store->lock_fd);
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
