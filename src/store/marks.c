// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/marks.h"

#include "store/db.h"
#include "store/rows.h"
#include "store/task.h"
#include "store/writer.h"

/* ---- markers ------------------------------------------------------------------------------ */

struct setting {
    struct bw_store_task task;
    struct bw_store *store;
    struct bw_event event;
};

static enum bw_rc write_marker(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    struct setting *s = (struct setting *)(void *)task;
    pthread_mutex_lock(&s->store->lock);
    s->event.id = ++s->store->last_event_id;
    pthread_mutex_unlock(&s->store->lock);
    struct bw_cells cells = { .count = 0 };
    bw_cells_of_event(&cells, &s->event);
    return bw_row_write_cells(&s->store->row_writer, db, BW_ROW_EVENT, &cells, err);
}

enum bw_rc bw_store_set_marker(struct bw_store *store, const struct bw_event *marker,
                               int64_t *out_id, struct bw_err *err)
{
    struct setting s = { .task = { .write = write_marker }, .store = store, .event = *marker };
    const enum bw_rc rc = bw_store_run_task(store, &s.task, err);
    *out_id = rc == BW_OK ? s.event.id : 0;
    return rc;
}

struct dropping {
    struct bw_store_task task;
    int64_t id;
    enum bw_rc verdict; /* a marker that is not there is no trouble of the store */
    struct bw_err why;
};

/* Whether it may go; who made a marker stands in its row. */
static enum bw_rc judge(struct dropping *d, sqlite3 *db, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc =
        bw_db_prepare(db, "SELECT to_state FROM event WHERE id=?1 AND kind=?2", &st, err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 1, d->id);
    sqlite3_bind_int(st, 2, BW_EVENT_MARKER);
    if (!bw_db_has_row(db, sqlite3_step(st), &rc, err))
        d->verdict = bw_fail(&d->why, BW_ENOTFOUND, "There is no marker %lld.", (long long)d->id);
    else if (sqlite3_column_int64(st, 0) != BW_MARKER_SET)
        d->verdict = bw_fail(&d->why, BW_EDENIED, "Marker %lld was found, not set: it stays.",
                             (long long)d->id);
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc drop_marker(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    struct dropping *d = (struct dropping *)(void *)task;
    enum bw_rc rc = judge(d, db, err);
    if (rc != BW_OK || d->verdict != BW_OK)
        return rc;
    char *sql = sqlite3_mprintf("DELETE FROM event WHERE id=%lld", (long long)d->id);
    rc = sql != NULL ? bw_db_exec(db, sql, err) : bw_fail(err, BW_EIO, "out of memory");
    sqlite3_free(sql);
    return rc;
}

enum bw_rc bw_store_drop_marker(struct bw_store *store, int64_t id, struct bw_err *err)
{
    struct dropping d = { .task = { .write = drop_marker }, .id = id };
    const enum bw_rc rc = bw_store_run_task(store, &d.task, err);
    if (rc != BW_OK || d.verdict == BW_OK)
        return rc;
    return bw_fail(err, d.verdict, "%s", d.why.text);
}

/* ---- notes -------------------------------------------------------------------------------- */

struct noting {
    struct bw_store_task task;
    const char *name, *text;
    struct bw_arena *arena;
    const char *old;
};

static enum bw_rc read_note(struct noting *n, sqlite3 *db, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(db, "SELECT value FROM meta WHERE name=?1", &st, err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_text(st, 1, n->name, -1, SQLITE_STATIC);
    if (bw_db_has_row(db, sqlite3_step(st), &rc, err))
        n->old = bw_arena_strdup(n->arena, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc write_note(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    struct noting *n = (struct noting *)(void *)task;
    enum bw_rc rc = read_note(n, db, err);
    if (rc != BW_OK)
        return rc;
    char *sql = sqlite3_mprintf("INSERT OR REPLACE INTO meta(name, value) VALUES(%Q, %Q)", n->name,
                                n->text);
    rc = sql != NULL ? bw_db_exec(db, sql, err) : bw_fail(err, BW_EIO, "out of memory");
    sqlite3_free(sql);
    return rc;
}

enum bw_rc bw_store_note(struct bw_store *store, const char *name, const char *text,
                         struct bw_arena *arena, const char **out_old, struct bw_err *err)
{
    struct noting n = {
        .task = { .write = write_note }, .name = name, .text = text, .arena = arena
    };
    const enum bw_rc rc = bw_store_run_task(store, &n.task, err);
    *out_old = rc == BW_OK ? n.old : NULL;
    return rc;
}
