// SPDX-License-Identifier: GPL-3.0-or-later
/* A whole store made as small as it can be. */
#include "base/mem.h"
#include "base/units.h"
#include "store/compact.h"
#include "store/db.h"
#include "store/erase.h"
#include "store/files.h"
#include "store/reader.h"
#include "store/task.h"
#include "store/writer.h"

#include <stdlib.h>

enum { PAGES_A_STEP = 1024 };

struct bw_compaction {
    struct bw_store *store;
    struct bw_purge *purge; /* each NULL once it has nothing left to do */
    struct bw_compactor *compactor;
    struct bw_compact_report report;
};

/* --- free pages ----------------------------------------------------------------------------- */

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

/* A step, so that the log stays small and commits come in between. */
static enum bw_rc give_some_back(struct bw_store *store, bool *out_more, struct bw_err *err)
{
    struct shrink shrink = { .task = { .write = write_shrink } };
    const enum bw_rc rc = bw_store_run_task(store, &shrink.task, err);
    *out_more = rc == BW_OK && shrink.left > 0 && shrink.left < shrink.free_pages;
    return rc;
}

enum bw_rc bw_store_give_back(struct bw_store *store, struct bw_err *err)
{
    bool more = true;
    enum bw_rc rc = BW_OK;
    while (rc == BW_OK && more)
        rc = give_some_back(store, &more, err);
    return rc;
}

/* --- all of it, in steps --------------------------------------------------------------------- */

enum bw_rc bw_compaction_begin(struct bw_store *store, struct bw_compaction **out,
                               struct bw_err *err)
{
    struct bw_store_info info;
    enum bw_rc rc = bw_store_info(bw_store_path(store), &info, err);
    const uint64_t bytes = bw_files_bytes(bw_store_path(store));
    if (rc == BW_OK)
        rc = bw_store_checkpoint(store, BW_MINUTE, err);
    if (rc != BW_OK)
        return rc;
    struct bw_compaction *work = bw_alloc(sizeof *work);
    work->store = store;
    work->purge = bw_purge_new(store);
    work->compactor = bw_compactor_new(store, BW_COMPACT_ALL);
    work->report =
        (struct bw_compact_report){ .bytes_before = bytes, .pack_bytes = info.pack_bytes };
    *out = work;
    return BW_OK;
}

void bw_compaction_free(struct bw_compaction *work)
{
    if (work == NULL)
        return;
    bw_purge_free(work->purge);
    bw_compactor_free(work->compactor);
    free(work);
}

/* What deleted series have left goes first: it is not to be merged with anything. */
enum bw_rc bw_compaction_step(struct bw_compaction *work, bool *out_more, struct bw_err *err)
{
    enum bw_rc rc;
    bool more = true;
    *out_more = true;
    if (work->purge != NULL) {
        rc = bw_purge_step(work->purge, &more, err);
        if (rc == BW_OK && !more) {
            bw_purge_free(work->purge);
            work->purge = NULL;
        }
    } else if (work->compactor != NULL) {
        rc = bw_compactor_step(work->compactor, &more, err);
        work->report.totals = bw_compactor_totals(work->compactor);
        if (rc == BW_OK && !more) {
            bw_compactor_free(work->compactor);
            work->compactor = NULL;
        }
    } else {
        rc = give_some_back(work->store, out_more, err);
    }
    return rc;
}

void bw_compaction_report(const struct bw_compaction *work, struct bw_compact_report *out)
{
    *out = work->report;
    out->bytes_after = bw_files_bytes(bw_store_path(work->store));
}

/* --- a stopped store ------------------------------------------------------------------------- */

static enum bw_rc compact(struct bw_store *store, const struct bw_backup_watch *watch,
                          struct bw_compact_report *out, struct bw_err *err)
{
    struct bw_compaction *work = NULL;
    bool more = true;
    enum bw_rc rc = bw_compaction_begin(store, &work, err);
    while (rc == BW_OK && more) {
        rc = bw_compaction_step(work, &more, err);
        bw_compaction_report(work, out);
        if (rc == BW_OK && watch != NULL
            && !watch->fn(watch->ctx, out->totals.bytes_merged, out->pack_bytes))
            rc = bw_fail(err, BW_ETIMEOUT,
                         "stopped; what is done is done, call it again for the"
                         " rest");
    }
    bw_compaction_free(work);
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
    enum bw_rc rc = bw_store_info(path, &info, err); /* there is one: opening would make it */
    if (rc != BW_OK)
        return rc;
    opts.path = path;
    opts.max_bytes = 0; /* what the configuration allows is not known here: nothing is deleted */
    const uint64_t bytes = bw_files_bytes(path);
    rc = bw_store_open(&opts, hooks, &store, err);
    if (rc != BW_OK)
        return rc;
    rc = compact(store, watch, out, err);
    bw_store_close(store);
    out->bytes_before = bytes;
    out->bytes_after = bw_files_bytes(path);
    return rc;
}
