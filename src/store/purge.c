// SPDX-License-Identifier: GPL-3.0-or-later
/* What deleted series have left in packs and roll-ups, taken out of them. */
#include "base/mem.h"
#include "base/units.h"
#include "pack/without.h"
#include "store/db.h"
#include "store/erase.h"
#include "store/files.h"
#include "store/task.h"
#include "store/view.h"
#include "store/writer.h"

#include <stdlib.h>

enum { LOOKS_A_STEP = 256, BODY_BYTES_MAX = 256 << 20 };

/* The tables that have bodies, in the order in which they are gone through. Only ids are sorted:
 * a sorter would hold all bodies. */
static const struct table {
    const char *name, *select, *update, *remove;
} tables[] = {
    { "pack",
      "SELECT id, body FROM pack WHERE id IN"
      " (SELECT id FROM pack WHERE group_id=?1 AND id>?2) ORDER BY id",
      "UPDATE pack SET body=?2, first_ms=?3, last_ms=?4, samples=?5 WHERE id=?1",
      "DELETE FROM pack WHERE id=?1" },
    { "rollup",
      "SELECT id, body FROM rollup WHERE id IN (SELECT id FROM rollup"
      " WHERE width_ms IN (60000, 3600000, 86400000) AND group_id=?1 AND id>?2) ORDER BY id",
      "UPDATE rollup SET body=?2 WHERE id=?1", "DELETE FROM rollup WHERE id=?1" },
};

enum { PACKS, ROLLUPS, TABLES };

/* One group after the other; in it one table after the other, by rising id. What is merged or made
 * anew meanwhile has a higher id, or is found to be another one and looked at again. */
struct bw_purge {
    struct bw_store *store;
    uint32_t group;   /* 0: none is under way */
    uint32_t *series; /* that are to go from it, rising */
    size_t count, cap;
    int table;
    int64_t last_id;
    struct bw_purge_totals totals;
};

struct bw_purge *bw_purge_new(struct bw_store *store)
{
    struct bw_purge *purge = bw_alloc(sizeof *purge);
    purge->store = store;
    return purge;
}

void bw_purge_free(struct bw_purge *purge)
{
    if (purge == NULL)
        return;
    free(purge->series);
    free(purge);
}

struct bw_purge_totals bw_purge_totals(const struct bw_purge *purge)
{
    return purge->totals;
}

/* --- what is to be done --------------------------------------------------------------------- */

static void take_series(struct bw_purge *purge, sqlite3_stmt *st)
{
    struct bw_cells cells;
    if (!bw_row_read(BW_ROW_DELETED_SERIES, st, &cells))
        return; /* whose bits are not right says nothing about what may go */
    const uint32_t group = (uint32_t)cells.items[1].integer;
    if (purge->count > 0 && group != purge->group)
        return;
    purge->group = group;
    purge->series = bw_grow(purge->series, &purge->cap, purge->count + 1, sizeof *purge->series);
    purge->series[purge->count++] = (uint32_t)cells.items[0].integer;
}

/* The next group that has something; purge->group 0: none. */
static enum bw_rc begin_group(struct bw_purge *purge, sqlite3 *db, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc =
        bw_db_prepare(db, "SELECT * FROM deleted_series ORDER BY group_id, series", &st, err);
    purge->group = 0;
    purge->count = 0;
    purge->table = PACKS;
    purge->last_id = INT64_MIN;
    while (rc == BW_OK && bw_db_has_row(db, sqlite3_step(st), &rc, err))
        take_series(purge, st);
    sqlite3_finalize(st);
    return rc;
}

/* --- one body ------------------------------------------------------------------------------- */

/* A body as it is to be. */
struct rewrite {
    struct bw_store_task task;
    struct bw_purge *purge;
    const struct table *table;
    int64_t id;
    uint32_t crc, bytes; /* of what it was made from */
    struct bw_buf body;  /* empty: nothing is left */
    bool done;
};

/* The checksum over its directory, which has those of its parts: tells whether it is the same. */
static uint32_t crc_of(const uint8_t *body)
{
    return (uint32_t)body[4] | (uint32_t)body[5] << 8 | (uint32_t)body[6] << 16
           | (uint32_t)body[7] << 24;
}

static bool is_unchanged(const struct rewrite *r, sqlite3 *db)
{
    sqlite3_blob *blob = NULL;
    uint8_t head[8];
    const bool same =
        sqlite3_blob_open(db, "main", r->table->name, "body", r->id, 0, &blob) == SQLITE_OK
        && sqlite3_blob_bytes(blob) == (int)r->bytes
        && sqlite3_blob_read(blob, head, sizeof head, 0) == SQLITE_OK && crc_of(head) == r->crc;
    sqlite3_blob_close(blob);
    return same;
}

static enum bw_rc bind_body(const struct rewrite *r, sqlite3_stmt *st, struct bw_err *err)
{
    struct bw_pack pack;
    sqlite3_bind_int64(st, 1, r->id);
    if (r->body.len == 0)
        return BW_OK;
    sqlite3_bind_blob64(st, 2, r->body.data, r->body.len, SQLITE_STATIC);
    if (r->table != &tables[PACKS])
        return BW_OK;
    const enum bw_rc rc = bw_pack_open(&pack, r->body.data, r->body.len, err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 3, pack.first_ms);
    sqlite3_bind_int64(st, 4, pack.last_ms);
    sqlite3_bind_int64(st, 5, pack.samples);
    return BW_OK;
}

static enum bw_rc write_body(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    struct rewrite *r = (struct rewrite *)task;
    struct bw_store *store = r->purge->store;
    sqlite3_stmt *st = NULL;
    if (!is_unchanged(r, db))
        return BW_OK; /* merged or made anew meanwhile: looked at again */
    enum bw_rc rc =
        bw_db_prepare(db, r->body.len > 0 ? r->table->update : r->table->remove, &st, err);
    if (rc == BW_OK)
        rc = bind_body(r, st, err);
    if (rc == BW_OK && sqlite3_step(st) != SQLITE_DONE)
        rc = bw_db_fail(db, err, "take series out");
    sqlite3_finalize(st);
    r->done = rc == BW_OK;
    /* A roll-up that is being made from what was there must not bring it back. */
    pthread_mutex_lock(&store->lock);
    bw_rollups_overtake(&store->rollups, r->purge->group);
    pthread_mutex_unlock(&store->lock);
    return rc;
}

static void settle_body(struct bw_store_task *task)
{
    struct rewrite *r = (struct rewrite *)task;
    struct bw_store *store = r->purge->store;
    if (!r->done || r->body.len > 0 || r->table != &tables[PACKS])
        return;
    pthread_mutex_lock(&store->lock);
    store->stats.packs -= store->stats.packs > 0;
    pthread_mutex_unlock(&store->lock);
}

/* Whether there is something to take out of a body; then r->body is what stays. */
static bool make_body(struct rewrite *r, const void *body, size_t size)
{
    struct bw_purge *purge = r->purge;
    struct bw_pack pack;
    struct bw_rollup rollup;
    r->bytes = (uint32_t)size;
    r->crc = size >= 8 ? crc_of(body) : 0;
    const bool packed = r->table == &tables[PACKS];
    if ((packed ? bw_pack_open(&pack, body, size, NULL) : bw_rollup_open(&rollup, body, size, NULL))
        != BW_OK) {
        purge->totals.damaged++;
        return false;
    }
    if ((packed ? bw_pack_has(&pack, purge->series, purge->count)
                : bw_rollup_has(&rollup, purge->series, purge->count))
        == 0)
        return false;
    if (packed)
        bw_pack_without(&pack, purge->series, purge->count, &r->body);
    else
        bw_rollup_without(&rollup, purge->series, purge->count, &r->body);
    return !bw_buf_failed(&r->body);
}

static void note_body(struct bw_purge *purge, const struct rewrite *r)
{
    if (r->table == &tables[PACKS])
        purge->totals.packs++;
    else
        purge->totals.rollups++;
    purge->totals.bytes += r->bytes - r->body.len;
}

/* --- a step --------------------------------------------------------------------------------- */

/* The next body that has some of them, if one is among the next few. *out_end: the table has no
 * more. */
static enum bw_rc find_body(struct bw_purge *purge, sqlite3 *db, struct rewrite *r, bool *out_found,
                            bool *out_end, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(db, r->table->select, &st, err);
    *out_found = *out_end = false;
    if (rc == BW_OK) {
        sqlite3_bind_int64(st, 1, purge->group);
        sqlite3_bind_int64(st, 2, purge->last_id);
    }
    for (int i = 0; rc == BW_OK && i < LOOKS_A_STEP && !*out_found && !*out_end; i++) {
        *out_end = !bw_db_has_row(db, sqlite3_step(st), &rc, err);
        if (*out_end)
            break;
        r->id = sqlite3_column_int64(st, 0);
        const void *body = sqlite3_column_blob(st, 1);
        *out_found = make_body(r, body == NULL ? "" : body, (size_t)sqlite3_column_bytes(st, 1));
        if (!*out_found)
            purge->last_id = r->id;
    }
    sqlite3_finalize(st);
    return rc;
}

/* All of a group was gone through. */
struct finishing {
    struct bw_store_task task;
    struct bw_purge *purge;
};

static enum bw_rc write_end(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    const struct bw_purge *purge = ((struct finishing *)task)->purge;
    /* Of a group that nobody is in nothing is worth knowing. */
    static const char *const forget[] = {
        "DELETE FROM pack_group WHERE id=%u AND NOT EXISTS"
        " (SELECT 1 FROM series_group WHERE group_id=%u)",
        "DELETE FROM rollup_done WHERE group_id=%u AND NOT EXISTS"
        " (SELECT 1 FROM series_group WHERE group_id=%u)",
    };
    char sql[160];
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < purge->count; i++) {
        sqlite3_snprintf(sizeof sql, sql,
                         "DELETE FROM deleted_series WHERE group_id=%u AND series=%u", purge->group,
                         purge->series[i]);
        rc = bw_db_exec(db, sql, err);
    }
    for (size_t i = 0; rc == BW_OK && i < sizeof forget / sizeof *forget; i++) {
        sqlite3_snprintf(sizeof sql, sql, forget[i], purge->group, purge->group);
        rc = bw_db_exec(db, sql, err);
    }
    return rc;
}

static void settle_end(struct bw_store_task *task)
{
    const struct bw_purge *purge = ((struct finishing *)task)->purge;
    pthread_mutex_lock(&purge->store->lock);
    bw_store_registry_release(&purge->store->registry, purge->group, (uint32_t)purge->count);
    pthread_mutex_unlock(&purge->store->lock);
}

static enum bw_rc end_group(struct bw_purge *purge, struct bw_err *err)
{
    struct finishing end = { .task = { .write = write_end, .settle = settle_end }, .purge = purge };
    const enum bw_rc rc = bw_store_run_task(purge->store, &end.task, err);
    if (rc == BW_OK)
        purge->group = 0;
    return rc;
}

static enum bw_rc go_on(struct bw_purge *purge, sqlite3 *db, struct bw_err *err)
{
    struct rewrite r = { .task = { .write = write_body, .settle = settle_body },
                         .purge = purge,
                         .table = &tables[purge->table] };
    bool found = false, end = false;
    bw_buf_init(&r.body, BODY_BYTES_MAX);
    enum bw_rc rc = find_body(purge, db, &r, &found, &end, err);
    if (rc == BW_OK && found)
        rc = bw_store_run_task(purge->store, &r.task, err);
    if (rc == BW_OK && found && r.done) {
        note_body(purge, &r);
        purge->last_id = r.id;
    }
    if (rc == BW_OK && end) {
        purge->table++;
        purge->last_id = INT64_MIN;
    }
    bw_buf_fini(&r.body);
    return rc;
}

enum bw_rc bw_purge_step(struct bw_purge *purge, bool *out_more, struct bw_err *err)
{
    sqlite3 *db = NULL;
    enum bw_rc rc = bw_db_open_reader(bw_store_path(purge->store), &db, err);
    if (rc == BW_OK && purge->group == 0)
        rc = begin_group(purge, db, err);
    *out_more = purge->group != 0;
    if (rc == BW_OK && purge->group != 0)
        rc = purge->table < TABLES ? go_on(purge, db, err) : end_group(purge, err);
    sqlite3_close(db);
    return rc == BW_OK ? rc : bw_wrap(err, rc, "take deleted series out");
}

/* --- a stopped store ------------------------------------------------------------------------ */

static enum bw_rc purge_all(struct bw_store *store, const struct bw_backup_watch *watch,
                            struct bw_purge_totals *out, struct bw_err *err)
{
    struct bw_purge *purge = bw_purge_new(store);
    bool more = true;
    enum bw_rc rc = BW_OK;
    while (rc == BW_OK && more) {
        rc = bw_purge_step(purge, &more, err);
        *out = bw_purge_totals(purge);
        if (rc == BW_OK && more && watch != NULL && !watch->fn(watch->ctx, out->bytes, 0))
            rc = bw_fail(err, BW_ETIMEOUT,
                         "stopped; the series are gone, their room is given back later");
    }
    bw_purge_free(purge);
    return rc;
}

enum bw_rc bw_store_delete_series(const char *path, const struct bw_selector *selector,
                                  const struct bw_store_hooks *hooks,
                                  const struct bw_backup_watch *watch, struct bw_erase_report *out,
                                  struct bw_err *err)
{
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store *store = NULL;
    uint32_t *series = NULL;
    size_t count = 0, of = 0;
    *out = (struct bw_erase_report){ .bytes_before = bw_files_bytes(path) };
    enum bw_rc rc = bw_erase_pick(path, selector, &series, &count, &of, err);
    if (rc != BW_OK)
        return rc;
    opts.path = path;
    opts.max_bytes = 0; /* what the configuration allows is not known here */
    rc = bw_store_open(&opts, hooks, &store, err);
    if (rc == BW_OK)
        rc = bw_store_erase(store, series, count, &out->series, err);
    if (rc == BW_OK)
        rc = purge_all(store, watch, &out->totals, err);
    if (rc == BW_OK)
        rc = bw_store_give_back(store, err);
    bw_store_close(store);
    free(series);
    out->bytes_after = bw_files_bytes(path);
    return rc;
}
