// SPDX-License-Identifier: GPL-3.0-or-later
/* The store's file, opened and closed, and what is done when it turns out to be corrupt while
 * it is in use. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/units.h"
#include "store/care.h"
#include "store/db.h"
#include "store/files.h"
#include "store/logmark.h"
#include "store/quota.h"
#include "store/writer.h"

#include <stdlib.h>

/* Corrupt again so soon after a check that found nothing: the check is not believed twice. */
#define DOUBT_NS (10 * BW_MINUTE)

/* What a copy of the store may take: of the disk, and of storage.max_bytes. An earlier copy goes
 * when there is a new one. */
static uint64_t room_for_copy(const struct bw_store *store)
{
    const uint64_t kept_free = BW_STORE_FREE_BYTES_MIN + BW_STORE_RESERVE_BYTES;
    const uint64_t free_bytes = bw_files_free_bytes(store->lock_fd);
    const uint64_t bytes = bw_files_bytes(store->path) + bw_files_other_bytes(store->path)
                           + bw_store_reserve_bytes(store);
    const uint64_t max_bytes = store->opts.max_bytes;
    const uint64_t on_disk = free_bytes > kept_free ? free_bytes - kept_free : 0;
    const uint64_t allowed = max_bytes == 0      ? UINT64_MAX
                             : max_bytes > bytes ? max_bytes - bytes
                                                 : 0;
    return on_disk < allowed ? on_disk : allowed;
}

static void tell_opening(const struct bw_store *store, const struct bw_db_opening *opening)
{
    if (opening->mended)
        bw_store_say(store, BW_LOG_ERROR, "the store '%s' has damaged indexes: made anew",
                     store->path);
    if (opening->migrated_from == 0)
        return;
    char *copy = bw_files_copy_name(store->path, bw_db_schema_version());
    if (opening->copied)
        bw_store_say(store, BW_LOG_INFO,
                     "the store '%s' was migrated from schema %d to %d; '%s' is as it was before",
                     store->path, opening->migrated_from, bw_db_schema_version(), copy);
    else
        bw_store_say(store, BW_LOG_WARN,
                     "the store '%s' was migrated from schema %d to %d without a copy: there is no"
                     " room for one",
                     store->path, opening->migrated_from, bw_db_schema_version());
    free(copy);
}

enum bw_rc bw_store_open_file(struct bw_store *store, struct bw_err *err)
{
    struct bw_db_opening opening = { .mended = false };
    int64_t pages = 0;
    bw_files_make_private(store->path);
    bw_store_trim_files(store, 0);
    bw_quota_note_size(store->quota, bw_files_bytes(store->path));
    bw_store_set_limit(store, BW_LIMIT_ALL);
    enum bw_rc rc = bw_db_open_writer(store->path, bw_quota_vfs(store->quota), room_for_copy(store),
                                      &store->db, &opening, err);
    tell_opening(store, &opening);
    /* What was there is read. Of the next commit the log may be another one. */
    if (rc == BW_OK)
        bw_logmark_clear(store->lock_fd);
    store->log_marked = false;
    if (rc == BW_OK)
        rc = bw_db_number(store->db, "PRAGMA page_count", &pages, err);
    bw_quota_note_size(store->quota, (uint64_t)pages * 4096);
    bw_store_set_limit(store, BW_LIMIT_ALL); /* which a copy may have changed */
    if (rc == BW_OK)
        rc = bw_db_prepare(store->db, "INSERT INTO journal(seq, body) VALUES(?1,?2)",
                           &store->insert_journal, err);
    if (rc != BW_OK)
        bw_store_close_file(store);
    return rc;
}

void bw_store_close_file(struct bw_store *store)
{
    bw_row_writer_fini(&store->row_writer);
    sqlite3_finalize(store->insert_journal);
    store->insert_journal = NULL;
    sqlite3_close(store->db);
    store->db = NULL;
}

enum bw_rc bw_store_quarantine(struct bw_store *store, const char *why, struct bw_err *err)
{
    const enum bw_rc rc = bw_files_quarantine(store->path, bw_store_wall_ms(store), err);
    if (rc == BW_OK)
        bw_store_say(store, BW_LOG_ERROR,
                     "the store '%s' is corrupt (%s); it was moved aside as *.corrupt-<time> and a"
                     " fresh one begun",
                     store->path, why);
    return rc;
}

/* --- what a fresh file must be told -------------------------------------------------------- */

/* The ids of all series as they are now. */
static uint32_t *copy_ids(struct bw_store *store, size_t *out_count)
{
    pthread_mutex_lock(&store->lock);
    const struct bw_store_registry *registry = &store->registry;
    uint32_t *ids = bw_alloc_array(registry->count + 1, sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; i < registry->id_cap; i++) {
        if (registry->ids[i] != 0)
            ids[count++] = registry->ids[i];
    }
    pthread_mutex_unlock(&store->lock);
    *out_count = count;
    return ids;
}

static enum bw_rc write_series(struct bw_store *store, uint32_t id, struct bw_buf *name,
                               int64_t now_ms, struct bw_err *err)
{
    const uint32_t group = bw_heads_group_of(&store->heads, id);
    if (group == 0)
        return BW_OK; /* its rows are still in a lane */
    bw_buf_clear(name);
    pthread_mutex_lock(&store->lock);
    bw_store_registry_name(&store->registry, id, name);
    pthread_mutex_unlock(&store->lock);
    struct bw_cells series = { .count = 0 }, place = { .count = 0 };
    bw_cells_of_series(&series, id, name->data);
    bw_cells_of_place(&place, id, group, now_ms);
    enum bw_rc rc = bw_row_write_cells(&store->row_writer, store->db, BW_ROW_SERIES, &series, err);
    if (rc == BW_OK)
        rc = bw_row_write_cells(&store->row_writer, store->db, BW_ROW_SERIES_GROUP, &place, err);
    return rc;
}

static enum bw_rc write_registry(struct bw_store *store, struct bw_err *err)
{
    size_t count = 0;
    uint32_t *ids = copy_ids(store, &count);
    const int64_t now_ms = bw_store_wall_ms(store);
    struct bw_buf name;
    enum bw_rc rc = BW_OK;
    bw_buf_init(&name, BW_SERIES_TEXT_BYTES_MAX);
    for (size_t i = 0; rc == BW_OK && i < count; i++)
        rc = write_series(store, ids[i], &name, now_ms, err);
    bw_buf_fini(&name);
    free(ids);
    return rc;
}

static enum bw_rc write_samples(struct bw_store *store, const struct bw_samples *samples,
                                uint64_t *seq, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    struct bw_journal_row row;
    bw_journal_row_init(&row);
    for (size_t at = 0, part; rc == BW_OK && at < samples->count; at += part) {
        part = samples->count - at;
        part = part < BW_LANE_SAMPLES_MAX ? part : BW_LANE_SAMPLES_MAX;
        bw_journal_row_clear(&row);
        bw_journal_row_add(&row, samples->items + at, part);
        rc = bw_store_insert_journal(store, ++*seq, &row, err);
    }
    bw_journal_row_fini(&row);
    return rc;
}

/* Each head becomes rows of the journal again; *seq counts on. */
static enum bw_rc write_heads(struct bw_store *store, uint64_t *seq, struct bw_err *err)
{
    struct bw_samples samples = { .count = 0 };
    enum bw_rc rc = BW_OK;
    for (size_t g = 1; rc == BW_OK && g < store->heads.group_count; g++) {
        samples.count = 0;
        bw_heads_samples(&store->heads, (uint32_t)g, &samples);
        rc = write_samples(store, &samples, seq, err);
    }
    bw_samples_fini(&samples);
    return rc;
}

static enum bw_rc fill_blank(struct bw_store *store, struct bw_err *err)
{
    const uint64_t before = store->seq;
    uint64_t seq = before;
    enum bw_rc rc = bw_db_exec(store->db, "BEGIN IMMEDIATE", err);
    if (rc == BW_OK)
        rc = write_registry(store, err);
    if (rc == BW_OK)
        rc = write_heads(store, &seq, err);
    if (rc == BW_OK)
        rc = bw_db_exec(store->db, "COMMIT", err);
    if (rc != BW_OK) {
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        return bw_wrap(err, rc, "begin the store anew");
    }
    for (size_t g = 1; g < store->heads.group_count; g++) {
        struct bw_head *head = &store->heads.groups[g];
        head->first_seq = head->window.count > 0 ? before + 1 : 0;
    }
    store->seq = seq;
    bw_rollups_forget(store);
    pthread_mutex_lock(&store->lock);
    store->stats.committed_seq = seq;
    store->stats.journal_rows = seq - before;
    store->stats.packs = 0;
    pthread_mutex_unlock(&store->lock);
    return BW_OK;
}

/* --- rescue ---------------------------------------------------------------------------- */

/* Whatever is in the cache of a suspect file must not be folded into it by closing. */
static void close_suspect(struct bw_store *store)
{
    if (store->db != NULL)
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    bw_store_close_file(store);
}

static enum bw_rc begin_anew(struct bw_store *store, const char *why, struct bw_err *err)
{
    close_suspect(store);
    const enum bw_rc rc = bw_store_quarantine(store, why, err);
    if (rc != BW_OK)
        return rc;
    store->blank = true;
    store->doubted_ns = 0;
    pthread_mutex_lock(&store->lock);
    store->stats.damaged_total++;
    pthread_mutex_unlock(&store->lock);
    return bw_store_open_file(store, err);
}

static enum bw_rc look_again(struct bw_store *store, struct bw_err *err)
{
    const int64_t now_ns = bw_store_now_ns();
    const bool doubted = store->doubted_ns != 0 && now_ns - store->doubted_ns < DOUBT_NS;
    struct bw_err why = { .rc = BW_OK };
    close_suspect(store);
    const enum bw_rc rc = bw_store_open_file(store, &why);
    if (rc == BW_ECORRUPT)
        return begin_anew(store, why.text, err);
    if (rc != BW_OK)
        return bw_fail(err, rc, "%s", why.text);
    if (doubted)
        return begin_anew(store, "a check finds nothing, using it does", err);
    store->doubted_ns = now_ns;
    return BW_OK;
}

enum bw_rc bw_store_rescue(struct bw_store *store, struct bw_err *err)
{
    enum bw_rc rc = store->blank && store->db != NULL ? BW_OK : look_again(store, err);
    if (rc == BW_OK && store->blank)
        rc = fill_blank(store, err);
    if (rc == BW_ECORRUPT)
        close_suspect(store); /* the fresh one as well: look at it next time */
    if (rc != BW_OK)
        return rc;
    store->blank = false;
    store->suspect = false;
    return BW_OK;
}
