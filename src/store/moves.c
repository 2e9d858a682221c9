// SPDX-License-Identifier: GPL-3.0-or-later
/* Series move to other groups when a changed configuration divides those of one group.
 *
 *   all heads into packs, all open packs sealed -> old place ends, new one begins -> new samples
 *
 * So every pack that has samples from after a move has a higher id than any that has samples from
 * before it, and "the higher id wins" says what it says within a group. All series of such a group
 * move: packs that only some of them are in would else be kept for the longest time for ever. */
#include "base/mem.h"
#include "store/db.h"
#include "store/writer.h"

#include <stdlib.h>

enum { MOVES_A_STEP = 2000 };

struct move {
    uint32_t series, from, to;
    int64_t since_ms; /* it was in `from` */
};

struct moves {
    struct move *items;
    size_t count, cap;
    size_t series; /* moved so far */
};

static bool any_mixed(const struct bw_store_registry *registry)
{
    for (uint32_t g = 1; g <= registry->last_group; g++) {
        if (registry->groups[g].mixed)
            return true;
    }
    return false;
}

static uint64_t target_of(const struct bw_store *store, uint32_t series)
{
    struct bw_arena arena = { 0 };
    struct bw_labels labels = { NULL, 0 };
    const char *metric = NULL;
    struct bw_buf name;
    bw_buf_init(&name, BW_SERIES_TEXT_BYTES_MAX);
    if (bw_store_registry_name(&store->registry, series, &name)
        && bw_series_parse(&arena, name.data, &metric, &labels) != BW_OK)
        labels.count = 0;
    const uint64_t target = bw_store_target_of(labels);
    bw_buf_fini(&name);
    bw_arena_fini(&arena);
    return target;
}

/* A series that is in the group now. */
static void plan_one(struct bw_store *store, struct moves *moves, const struct bw_cells *row)
{
    const uint32_t series = (uint32_t)row->items[0].integer;
    const uint32_t from = (uint32_t)row->items[1].integer;
    if (row->items[3].type != BW_CELL_NULL || bw_heads_group_of(&store->heads, series) != from)
        return;
    bw_store_registry_leave(&store->registry, from);
    const uint32_t to = bw_store_registry_place(&store->registry, target_of(store, series),
                                                bw_store_class_of(store, series));
    moves->items = bw_grow(moves->items, &moves->cap, moves->count + 1, sizeof *moves->items);
    moves->items[moves->count++] = (struct move){ series, from, to, row->items[2].integer };
}

static enum bw_rc plan_group(struct bw_store *store, struct moves *moves, uint32_t group,
                             struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(
        store->db, "SELECT * FROM series_group WHERE group_id=?1 ORDER BY series", &st, err);
    if (rc == BW_OK)
        sqlite3_bind_int64(st, 1, group);
    while (rc == BW_OK && bw_db_has_row(store->db, sqlite3_step(st), &rc, err)) {
        struct bw_cells row;
        if (bw_row_read(BW_ROW_SERIES_GROUP, st, &row)) /* damaged ones were counted at loading */
            plan_one(store, moves, &row);
    }
    sqlite3_finalize(st);
    return rc;
}

/* By the clock, but never before it came to where it was: the order of places is that of time. */
static enum bw_rc write_move(struct bw_store *store, const struct move *move, int64_t now_ms,
                             struct bw_err *err)
{
    const int64_t at_ms = now_ms > move->since_ms ? now_ms : move->since_ms + 1;
    struct bw_cells old = { .count = 0 }, place = { .count = 0 }, covered = { .count = 0 };
    bw_cells_int(&old, move->series);
    bw_cells_int(&old, move->from);
    bw_cells_int(&old, move->since_ms);
    bw_cells_int(&old, at_ms);
    bw_cells_of_place(&place, move->series, move->to, at_ms);
    bw_cells_int(&covered, move->to);
    bw_cells_int(&covered, (int64_t)store->seq);
    enum bw_rc rc =
        bw_row_write_cells(&store->row_writer, store->db, BW_ROW_SERIES_GROUP, &old, err);
    if (rc == BW_OK)
        rc = bw_row_write_cells(&store->row_writer, store->db, BW_ROW_SERIES_GROUP, &place, err);
    return rc == BW_OK
               ? bw_row_write_cells(&store->row_writer, store->db, BW_ROW_PACK_GROUP, &covered, err)
               : rc;
}

static enum bw_rc write_moves(struct bw_store *store, const struct moves *moves, struct bw_err *err)
{
    const int64_t now_ms = bw_store_wall_ms(store);
    enum bw_rc rc = bw_db_exec(store->db, "BEGIN IMMEDIATE", err);
    if (rc == BW_OK)
        rc = bw_db_exec(store->db, "UPDATE pack SET state=1 WHERE state=0", err);
    for (size_t i = 0; rc == BW_OK && i < moves->count; i++)
        rc = write_move(store, &moves->items[i], now_ms, err);
    if (rc == BW_OK)
        rc = bw_db_exec(store->db, "COMMIT", err);
    if (rc != BW_OK)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

static enum bw_rc make_moves(struct bw_store *store, struct moves *moves, struct bw_err *err)
{
    const enum bw_rc rc = write_moves(store, moves, err);
    for (size_t i = 0; rc == BW_OK && i < moves->count; i++) {
        bw_heads_remove(&store->heads, moves->items[i].series, moves->items[i].from);
        bw_heads_place(&store->heads, moves->items[i].series, moves->items[i].to);
        bw_heads_set_covered(&store->heads, moves->items[i].to, store->seq);
    }
    moves->series += rc == BW_OK ? moves->count : 0;
    moves->count = 0;
    return rc;
}

/* What the journal has is of the old groups. */
static enum bw_rc write_heads(struct bw_store *store, struct bw_err *err)
{
    const int64_t now_ns = bw_store_now_ns();
    enum bw_rc rc = BW_OK;
    for (uint32_t g = 1; rc == BW_OK && g < store->heads.group_count; g++) {
        if (store->heads.groups[g].window.count > 0)
            rc = bw_heads_write(&store->heads, store->db, g, store->seq, now_ns, err);
    }
    return rc;
}

static enum bw_rc move_all(struct bw_store *store, struct moves *moves, struct bw_err *err)
{
    const uint32_t last = store->registry.last_group;
    enum bw_rc rc = write_heads(store, err);
    for (uint32_t g = 1; rc == BW_OK && g <= last; g++) {
        if (!store->registry.groups[g].mixed)
            continue;
        rc = plan_group(store, moves, g, err);
        if (rc == BW_OK && moves->count >= MOVES_A_STEP)
            rc = make_moves(store, moves, err);
    }
    return rc == BW_OK && moves->count > 0 ? make_moves(store, moves, err) : rc;
}

enum bw_rc bw_store_move_series(struct bw_store *store, struct bw_err *err)
{
    struct moves moves = { .count = 0 };
    struct bw_err why = { .rc = BW_OK };
    if (!any_mixed(&store->registry))
        return BW_OK;
    const enum bw_rc rc = move_all(store, &moves, &why);
    free(moves.items);
    if (moves.series > 0)
        bw_store_say(store, BW_LOG_INFO,
                     "store: %zu series are kept in other groups from now on, as storage.classes"
                     " divides them",
                     moves.series);
    if (rc == BW_ECORRUPT && err != NULL)
        *err = why;
    if (rc != BW_OK && rc != BW_ECORRUPT)
        bw_store_say(store, BW_LOG_WARN,
                     "store: series that storage.classes divides stay together until the next"
                     " start: %s",
                     why.text);
    return rc == BW_ECORRUPT ? rc : BW_OK;
}
