// SPDX-License-Identifier: GPL-3.0-or-later
/* What a store reads into memory when it opens: the registry, what packs cover, the journal. */
#include "base/hash.h"
#include "store/db.h"
#include "store/writer.h"

typedef enum bw_rc load_fn(struct bw_store *store, sqlite3_stmt *st, struct bw_err *err);

static enum bw_rc each_row(struct bw_store *store, const char *sql, load_fn *fn, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(store->db, sql, &st, err);
    while (rc == BW_OK && bw_db_has_row(store->db, sqlite3_step(st), &rc, err))
        rc = fn(store, st, err);
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc load_series(struct bw_store *store, sqlite3_stmt *st, struct bw_err *err)
{
    (void)err;
    struct bw_cells cells;
    if (!bw_row_read(BW_ROW_SERIES, st, &cells)
        || !bw_store_registry_load(&store->registry, cells.items[1].text,
                                   (uint32_t)cells.items[0].integer))
        store->stats.damaged_total++;
    return BW_OK;
}

const struct bw_retention_opts *bw_store_class_of(const struct bw_store *store, uint32_t id)
{
    struct bw_buf name;
    bw_buf_init(&name, BW_SERIES_TEXT_BYTES_MAX);
    if (bw_store_classes_any(store->classes))
        bw_store_registry_name(&store->registry, id, &name);
    const struct bw_retention_opts *class =
        bw_store_classes_of_text(store->classes, name.len > 0 ? name.data : "");
    bw_buf_fini(&name);
    return class;
}

static enum bw_rc load_series_group(struct bw_store *store, sqlite3_stmt *st, struct bw_err *err)
{
    (void)err;
    struct bw_cells cells;
    if (!bw_row_read(BW_ROW_SERIES_GROUP, st, &cells)) {
        store->stats.damaged_total++;
        return BW_OK;
    }
    const uint32_t id = (uint32_t)cells.items[0].integer, group = (uint32_t)cells.items[1].integer;
    if (!bw_store_registry_take_id(&store->registry, id))
        store->stats.damaged_total++; /* its name is lost */
    const bool now = cells.items[3].type == BW_CELL_NULL;
    bw_store_registry_load_group(&store->registry, group, bw_store_class_of(store, id), now);
    if (now)
        bw_heads_place(&store->heads, id, group);
    return BW_OK;
}

/* Their places are free when nothing is left of them in the group's packs. */
static enum bw_rc load_deleted(struct bw_store *store, sqlite3_stmt *st, struct bw_err *err)
{
    (void)err;
    struct bw_cells cells;
    if (bw_row_read(BW_ROW_DELETED_SERIES, st, &cells))
        bw_store_registry_hold(&store->registry, (uint32_t)cells.items[1].integer);
    else
        store->stats.damaged_total++;
    return BW_OK;
}

static enum bw_rc load_covered(struct bw_store *store, sqlite3_stmt *st, struct bw_err *err)
{
    (void)err;
    struct bw_cells cells;
    if (!bw_row_read(BW_ROW_PACK_GROUP, st, &cells)) {
        store->stats.damaged_total++; /* what the journal still has of it is taken in again */
        return BW_OK;
    }
    const int64_t group = cells.items[0].integer;
    const uint64_t covered = (uint64_t)cells.items[1].integer;
    store->seq = covered > store->seq ? covered : store->seq;
    if (group > 0 && group <= (int64_t)store->registry.last_group)
        bw_heads_set_covered(&store->heads, (uint32_t)group, covered);
    return BW_OK;
}

static enum bw_rc replay_row(struct bw_store *store, sqlite3_stmt *st, struct bw_err *err)
{
    (void)err;
    struct bw_err why;
    const void *body = sqlite3_column_blob(st, 1);
    if (bw_heads_replay(&store->heads, (uint64_t)sqlite3_column_int64(st, 0), body,
                        (size_t)sqlite3_column_bytes(st, 1), bw_store_now_ns(), &why)
        != BW_OK) {
        store->stats.damaged_total++;
        bw_store_say(store, BW_LOG_ERROR, "%s: its samples are lost", why.text);
    }
    store->stats.journal_rows++;
    store->journal_bytes += (uint64_t)sqlite3_column_bytes(st, 1);
    return BW_OK;
}

static enum bw_rc load_number(struct bw_store *store, const char *sql, int64_t *out,
                              struct bw_err *err)
{
    int64_t value = 0;
    const enum bw_rc rc = bw_db_number(store->db, sql, &value, err);
    *out = value > *out ? value : *out;
    return rc;
}

static enum bw_rc load_numbers(struct bw_store *store, struct bw_err *err)
{
    int64_t seq = (int64_t)store->seq, series = 0, packs = 0;
    const struct {
        const char *sql;
        int64_t *out;
    } numbers[] = {
        { "SELECT max(seq) FROM journal", &seq },
        { "SELECT seq FROM sqlite_sequence WHERE name='series'", &series },
        { "SELECT max(series) FROM deleted_series", &series },
        /* The sequences are under no checksum; an id that is taken must never come again. */
        { "SELECT max(id) FROM event", &store->last_event_id },
        { "SELECT max(id) FROM report_archive", &store->last_report_id },
        { "SELECT seq FROM sqlite_sequence WHERE name='event'", &store->last_event_id },
        { "SELECT seq FROM sqlite_sequence WHERE name='report_archive'", &store->last_report_id },
        { "SELECT count(*) FROM pack", &packs },
    };
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < sizeof numbers / sizeof *numbers; i++)
        rc = load_number(store, numbers[i].sql, numbers[i].out, err);
    store->seq = (uint64_t)seq;
    store->stats.committed_seq = store->seq;
    store->stats.packs = (uint64_t)packs;
    if (series > (int64_t)store->registry.last_id)
        store->registry.last_id = (uint32_t)series;
    return rc;
}

/* A series whose place was damaged gets a new one; its old packs are read no more. */
static void place_homeless(struct bw_store *store)
{
    for (size_t i = 0; i < store->registry.id_cap; i++) {
        const uint32_t id = store->registry.ids[i];
        if (id == 0 || bw_heads_group_of(&store->heads, id) != 0)
            continue;
        /* Its labels tell what it is about: those that have the same are siblings. */
        const uint32_t labels = store->registry.entries[id].labels;
        const uint32_t group = bw_store_registry_place(
            &store->registry, bw_hash(&labels, sizeof labels, 0), bw_store_class_of(store, id));
        struct bw_cells cells = { .count = 0 };
        bw_cells_of_place(&cells, id, group, bw_store_wall_ms(store));
        bw_lane_put_row(&store->lane, bw_row_new(BW_ROW_SERIES_GROUP, &cells), bw_store_now_ns());
        bw_heads_place(&store->heads, id, group);
    }
}

enum bw_rc bw_store_load(struct bw_store *store, struct bw_err *err)
{
    store->stats = (struct bw_store_stats){ 0 };
    enum bw_rc rc = each_row(store, "SELECT * FROM series", load_series, err);
    if (rc == BW_OK)
        rc = each_row(store, "SELECT * FROM series_group ORDER BY series, from_ms",
                      load_series_group, err);
    if (rc == BW_OK)
        rc = each_row(store, "SELECT * FROM deleted_series", load_deleted, err);
    if (rc == BW_OK)
        rc = each_row(store, "SELECT * FROM pack_group", load_covered, err);
    if (rc == BW_OK)
        rc = bw_rollups_load(store, err);
    if (rc == BW_OK)
        rc = load_numbers(store, err);
    if (rc != BW_OK)
        return rc;
    place_homeless(store);
    store->stats.series = store->registry.count;
    if (store->stats.damaged_total > 0)
        bw_store_say(store, BW_LOG_ERROR, "%llu rows of the series registry are damaged",
                     (unsigned long long)store->stats.damaged_total);
    rc = each_row(store, "SELECT seq, body FROM journal ORDER BY seq", replay_row, err);
    return rc == BW_OK ? bw_store_move_series(store, err) : rc;
}
