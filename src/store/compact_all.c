// SPDX-License-Identifier: GPL-3.0-or-later
/* A whole store made as small as it can be, by a command. */
#include "base/units.h"
#include "store/compact.h"
#include "store/db.h"
#include "store/erase.h"
#include "store/files.h"
#include "store/reader.h"
#include "store/task.h"
#include "store/writer.h"

enum { PAGES_A_STEP = 1024 };

struct shrink {
    struct bw_store_task task;
    int64_t free_pages; /* before, after */
    int64_t left;
};

static enum bw_rc write_shrink(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    struct shrink *shrink = (struct shrink *)task;
    char sql[60];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA incremental_vacuum(%d)", PAGES_A_STEP);
    enum bw_rc rc = bw_db_number(db, "PRAGMA freelist_count", &shrink->free_pages, err);
    if (rc == BW_OK && shrink->free_pages > 0)
        rc = bw_db_exec(db, sql, err);
    if (rc == BW_OK)
        rc = bw_db_number(db, "PRAGMA freelist_count", &shrink->left, err);
    return rc;
}

/* In steps, so that the log stays small. */
enum bw_rc bw_store_give_back(struct bw_store *store, struct bw_err *err)
{
    struct shrink shrink;
    enum bw_rc rc = BW_OK;
    do {
        shrink = (struct shrink){ .task = { .write = write_shrink } };
        rc = bw_store_run_task(store, &shrink.task, err);
    } while (rc == BW_OK && shrink.left > 0 && shrink.left < shrink.free_pages);
    return rc;
}

static enum bw_rc merge_all(struct bw_store *store, const struct bw_backup_watch *watch,
                            uint64_t total, struct bw_compact_totals *out, struct bw_err *err)
{
    struct bw_compactor *compactor = bw_compactor_new(store, BW_COMPACT_ALL);
    bool more = true;
    enum bw_rc rc = BW_OK;
    while (rc == BW_OK && more) {
        rc = bw_compactor_step(compactor, &more, err);
        *out = bw_compactor_totals(compactor);
        if (rc == BW_OK && watch != NULL && !watch->fn(watch->ctx, out->bytes_merged, total))
            rc = bw_fail(err, BW_ETIMEOUT,
                         "stopped; what is done is done, call it again for the"
                         " rest");
    }
    bw_compactor_free(compactor);
    return rc;
}

/* What deleted series have left first: it is not to be merged with anything. */
static enum bw_rc purge_all(struct bw_store *store, struct bw_err *err)
{
    struct bw_purge *purge = bw_purge_new(store);
    bool more = true;
    enum bw_rc rc = BW_OK;
    while (rc == BW_OK && more)
        rc = bw_purge_step(purge, &more, err);
    bw_purge_free(purge);
    return rc;
}

enum bw_rc bw_store_compact(const char *path, const struct bw_store_hooks *hooks,
                            const struct bw_backup_watch *watch, struct bw_compact_report *out,
                            struct bw_err *err)
{
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store_info info;
    struct bw_store *store = NULL;
    *out = (struct bw_compact_report){ 0 };
    enum bw_rc rc = bw_store_info(path, &info, err);
    if (rc != BW_OK)
        return rc;
    opts.path = path;
    opts.max_bytes = 0; /* what the configuration allows is not known here: nothing is deleted */
    out->bytes_before = bw_files_bytes(path);
    rc = bw_store_open(&opts, hooks, &store, err);
    if (rc != BW_OK)
        return rc;
    rc = bw_store_checkpoint(store, BW_MINUTE, err);
    if (rc == BW_OK)
        rc = purge_all(store, err);
    if (rc == BW_OK)
        rc = merge_all(store, watch, info.pack_bytes, &out->totals, err);
    if (rc == BW_OK)
        rc = bw_store_give_back(store, err);
    bw_store_close(store);
    out->bytes_after = bw_files_bytes(path);
    return rc;
}
