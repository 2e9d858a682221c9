// SPDX-License-Identifier: GPL-3.0-or-later
/* Which series are gone: rows, and what the writer knows in memory. */
#include "store/erase.h"

#include "base/mem.h"
#include "store/db.h"
#include "store/task.h"
#include "store/view.h"
#include "store/writer.h"

#include <stdlib.h>
#include <string.h>

enum { SERIES_A_TIME = 1000 }; /* in one transaction */

struct place {
    uint32_t series, group;
};

struct erasing {
    struct bw_store_task task;
    struct bw_store *store;
    const uint32_t *series;
    size_t count;
    struct place *places; /* by series */
    size_t place_count, place_cap;
    uint64_t erased;
};

/* --- which ids are dead --------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool is_dead(const struct bw_erased *erased, int64_t id)
{
    const uint32_t key = (uint32_t)id;
    return erased->count > 0
           && bsearch(&key, erased->ids, erased->count, sizeof key, compare) != NULL;
}

void bw_erased_add(struct bw_erased *erased, uint32_t id)
{
    if (is_dead(erased, id))
        return;
    erased->ids = bw_grow(erased->ids, &erased->cap, erased->count + 1, sizeof *erased->ids);
    size_t at = erased->count++;
    for (; at > 0 && erased->ids[at - 1] > id; at--)
        erased->ids[at] = erased->ids[at - 1];
    erased->ids[at] = id;
}

bool bw_erased_refuses(const struct bw_erased *erased, const struct bw_row *row)
{
    static const bool of_a_series[BW_ROW_OP_COUNT] = { [BW_ROW_TREND] = true,
                                                       [BW_ROW_SERIES_GROUP] = true,
                                                       [BW_ROW_STATEMENT] = true,
                                                       [BW_ROW_SERIES_SCORE] = true };
    return of_a_series[row->op] && is_dead(erased, row->cells[0].integer);
}

uint64_t bw_store_erasures(const struct bw_store *store)
{
    return __atomic_load_n(&store->erasures, __ATOMIC_ACQUIRE);
}

/* --- a transaction -------------------------------------------------------------------------- */

static enum bw_rc find_places(struct erasing *e, sqlite3 *db, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc =
        bw_db_prepare(db, "SELECT group_id FROM series_group WHERE series=?1", &st, err);
    for (size_t i = 0; rc == BW_OK && i < e->count; i++) {
        sqlite3_bind_int64(st, 1, e->series[i]);
        while (bw_db_has_row(db, sqlite3_step(st), &rc, err)) {
            e->places = bw_grow(e->places, &e->place_cap, e->place_count + 1, sizeof *e->places);
            e->places[e->place_count++] =
                (struct place){ e->series[i], (uint32_t)sqlite3_column_int64(st, 0) };
        }
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    return rc;
}

/* What is in memory of their groups goes into packs first, so that what stays has no trace of
 * them. */
static enum bw_rc write_heads(struct erasing *e, sqlite3 *db, struct bw_err *err)
{
    struct bw_store *store = e->store;
    struct bw_heads *heads = &store->heads;
    const uint64_t added = heads->packs_added;
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < e->place_count; i++) {
        const uint32_t group = e->places[i].group;
        if (group < heads->group_count && heads->groups[group].window.count > 0)
            rc = bw_heads_write(heads, db, group, store->seq, bw_store_now_ns(), err);
    }
    pthread_mutex_lock(&store->lock);
    store->stats.packs_written_total = heads->packs_written;
    store->stats.packs += heads->packs_added - added;
    pthread_mutex_unlock(&store->lock);
    return rc;
}

static enum bw_rc prepare(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    struct erasing *e = (struct erasing *)task;
    const enum bw_rc rc = find_places(e, db, err);
    return rc == BW_OK ? write_heads(e, db, err) : rc;
}

static enum bw_rc run_each(struct erasing *e, sqlite3 *db, const char *sql, uint64_t *out_changed,
                           struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(db, sql, &st, err);
    for (size_t i = 0; rc == BW_OK && i < e->count; i++) {
        sqlite3_bind_int64(st, 1, e->series[i]);
        if (sqlite3_step(st) != SQLITE_DONE)
            rc = bw_db_fail(db, err, "delete series");
        else if (out_changed != NULL)
            *out_changed += (uint64_t)sqlite3_changes64(db);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    return rc;
}

/* Their open packs are sealed: no later one has anything of them. */
static enum bw_rc note_place(struct erasing *e, sqlite3 *db, const struct place *place,
                             struct bw_err *err)
{
    char sql[80];
    struct bw_cells cells = { .count = 0 };
    bw_cells_int(&cells, place->series);
    bw_cells_int(&cells, place->group);
    bw_cells_int(&cells, bw_store_wall_ms(e->store));
    struct bw_row *row = bw_row_new(BW_ROW_DELETED_SERIES, &cells);
    enum bw_rc rc = bw_row_write(&e->store->row_writer, db, row, err);
    free(row);
    sqlite3_snprintf(sizeof sql, sql, "UPDATE pack SET state=1 WHERE group_id=%u AND state=0",
                     place->group);
    return rc == BW_OK ? bw_db_exec(db, sql, err) : rc;
}

static enum bw_rc write_erasure(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    struct erasing *e = (struct erasing *)task;
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < e->place_count; i++)
        rc = note_place(e, db, &e->places[i], err);
    if (rc == BW_OK)
        rc = run_each(e, db, "DELETE FROM series WHERE id=?1", &e->erased, err);
    static const char *const others[] = { "DELETE FROM series_group WHERE series=?1",
                                          "DELETE FROM trend_result WHERE series=?1",
                                          "DELETE FROM statement WHERE series=?1",
                                          "DELETE FROM series_score WHERE series=?1" };
    for (size_t i = 0; rc == BW_OK && i < sizeof others / sizeof *others; i++)
        rc = run_each(e, db, others[i], NULL, err);
    return rc;
}

static void settle(struct bw_store_task *task)
{
    struct erasing *e = (struct erasing *)task;
    struct bw_store *store = e->store;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < e->count; i++) {
        bw_store_registry_remove(&store->registry, e->series[i]);
        bw_erased_add(&store->erased, e->series[i]);
    }
    for (size_t i = 0; i < e->place_count; i++) {
        const struct place *place = &e->places[i];
        bw_rollups_overtake(&store->rollups, place->group);
        /* A place that it has left is taken again until its packs are purged. */
        if (bw_heads_group_of(&store->heads, place->series) != place->group)
            bw_store_registry_hold(&store->registry, place->group);
    }
    store->stats.series = store->registry.count;
    pthread_mutex_unlock(&store->lock);
    for (size_t i = 0; i < e->place_count; i++)
        bw_heads_remove(&store->heads, e->places[i].series, e->places[i].group);
    __atomic_add_fetch(&store->erasures, 1, __ATOMIC_RELEASE);
}

enum bw_rc bw_store_erase(struct bw_store *store, const uint32_t *series, size_t count,
                          uint64_t *out_erased, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    *out_erased = 0;
    for (size_t at = 0, part; rc == BW_OK && at < count; at += part) {
        part = count - at < SERIES_A_TIME ? count - at : SERIES_A_TIME;
        struct erasing e = {
            .task = { .prepare = prepare, .write = write_erasure, .settle = settle },
            .store = store,
            .series = series + at,
            .count = part,
        };
        rc = bw_store_run_task(store, &e.task, err);
        *out_erased += rc == BW_OK ? e.erased : 0;
        free(e.places);
    }
    return rc == BW_OK ? rc : bw_wrap(err, rc, "delete series");
}

/* --- which series --------------------------------------------------------------------------- */

struct picked {
    uint32_t *ids;
    size_t count, cap;
};

static bool pick(void *ctx, const struct bw_series_info *series)
{
    struct picked *picked = ctx;
    picked->ids = bw_grow(picked->ids, &picked->cap, picked->count + 1, sizeof *picked->ids);
    picked->ids[picked->count++] = series->id;
    return true;
}

enum bw_rc bw_erase_pick(const char *path, const struct bw_selector *selector, uint32_t **out,
                         size_t *out_count, size_t *out_of, struct bw_err *err)
{
    struct picked picked = { .count = 0 };
    struct bw_reader *reader = NULL;
    int64_t of = 0;
    enum bw_rc rc = bw_reader_open(path, &reader, err);
    if (rc == BW_OK)
        rc = bw_db_number(reader->db, "SELECT count(*) FROM series", &of, err);
    if (rc == BW_OK)
        rc = bw_reader_series(reader, selector, pick, &picked, NULL, err);
    bw_reader_close(reader);
    if (rc != BW_OK) {
        free(picked.ids);
        return rc;
    }
    *out = picked.ids;
    *out_count = picked.count;
    *out_of = (size_t)of;
    return BW_OK;
}
