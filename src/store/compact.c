// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/compact.h"

#include "base/mem.h"
#include "base/units.h"
#include "pack/layout.h"
#include "pack/merge.h"
#include "pack/pack.h"
#include "store/db.h"
#include "store/task.h"
#include "store/writer.h"

#include <stdlib.h>
#include <string.h>

enum {
    COLD_POINTS = 1800, /* of a series: four sealed packs, some samples missing (docs/format.md) */
    COLD_POINTS_MAX = 2 * COLD_POINTS,
    RUN_PACKS_MAX = 32,
    RUN_BYTES_MAX = 8 << 20,
    GROUPS_A_STEP = 64, /* that are looked at, found wanting or not */
    BAD_MAX = 256,
};
/* Late samples have mostly come by then. One that comes later costs a pack of its own to read. */
#define OLD_AFTER_MS (6 * BW_HOUR / BW_MS)
/* What will not grow to a large pack is merged as it is. */
#define STALE_AFTER_MS (7 * BW_DAY / BW_MS)

struct bw_compactor {
    struct bw_store *store;
    enum bw_compact_reach reach;
    uint32_t turn; /* the group that was looked at last */
    bool sealed;   /* open packs were, as far as they are wanted */
    int64_t bad[BAD_MAX];
    size_t bad_count;
    struct bw_compact_totals totals;
};

/* A pack that could be merged. */
struct piece {
    int64_t id, last_ms;
    bool hot;
    uint32_t crc; /* of its directory, which has those of its parts: tells whether it is the same */
    uint32_t points; /* of a series, about */
    uint32_t bytes;
};

struct run {
    uint32_t group;
    struct piece pieces[RUN_PACKS_MAX];
    size_t count;
    uint64_t points, bytes;
    bool hot; /* one of them is */
};

struct bw_compactor *bw_compactor_new(struct bw_store *store, enum bw_compact_reach reach)
{
    struct bw_compactor *compactor = bw_alloc(sizeof *compactor);
    compactor->store = store;
    compactor->reach = reach;
    return compactor;
}

void bw_compactor_free(struct bw_compactor *compactor)
{
    free(compactor);
}

struct bw_compact_totals bw_compactor_totals(const struct bw_compactor *compactor)
{
    return compactor->totals;
}

/* --- what is there ----------------------------------------------------------------------- */

static bool is_bad(const struct bw_compactor *compactor, int64_t id)
{
    for (size_t i = 0; i < compactor->bad_count; i++) {
        if (compactor->bad[i] == id)
            return true;
    }
    return false;
}

static void note_bad(struct bw_compactor *compactor, int64_t id)
{
    compactor->totals.damaged++;
    if (compactor->bad_count < BAD_MAX)
        compactor->bad[compactor->bad_count++] = id;
    else
        compactor->bad[(size_t)id % BAD_MAX] = id;
}

/* A pack's header, without the rest of its body. */
static bool read_head(sqlite3 *db, int64_t id, uint8_t head[BW_PACK_HEADER_BYTES],
                      uint32_t *out_bytes)
{
    sqlite3_blob *blob = NULL;
    const bool good = sqlite3_blob_open(db, "main", "pack", "body", id, 0, &blob) == SQLITE_OK
                      && sqlite3_blob_bytes(blob) >= BW_PACK_HEADER_BYTES
                      && sqlite3_blob_read(blob, head, BW_PACK_HEADER_BYTES, 0) == SQLITE_OK;
    if (good)
        *out_bytes = (uint32_t)sqlite3_blob_bytes(blob);
    sqlite3_blob_close(blob);
    return good;
}

static uint32_t number_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16
           | (uint32_t)bytes[3] << 24;
}

static bool look_at(sqlite3 *db, struct piece *piece)
{
    uint8_t head[BW_PACK_HEADER_BYTES];
    if (!read_head(db, piece->id, head, &piece->bytes))
        return false;
    const uint32_t series = number_at(head + 12), samples = number_at(head + 32);
    piece->crc = number_at(head + 4);
    piece->points = series == 0 ? 0 : samples / series;
    return series != 0;
}

static void begin_run(struct run *run)
{
    run->count = 0;
    run->points = run->bytes = 0;
    run->hot = false;
}

static bool has_room(const struct run *run, const struct piece *piece)
{
    return run->count < RUN_PACKS_MAX && run->points + piece->points <= COLD_POINTS_MAX
           && run->bytes + piece->bytes <= RUN_BYTES_MAX;
}

static void add_piece(struct run *run, const struct piece *piece)
{
    run->pieces[run->count++] = *piece;
    run->points += piece->points;
    run->bytes += piece->bytes;
    run->hot = run->hot || piece->hot;
}

/* One cold pack is what it should be. */
static bool is_worth_it(const struct run *run)
{
    return run->count > 1 || run->hot;
}

static int64_t now_ms(const struct bw_compactor *compactor)
{
    return bw_store_wall_ms(compactor->store);
}

static bool is_old(const struct bw_compactor *compactor, int64_t last_ms)
{
    return compactor->reach == BW_COMPACT_ALL || last_ms < now_ms(compactor) - OLD_AFTER_MS;
}

/* Nothing will come that it should wait for. */
static bool is_final(const struct bw_compactor *compactor, const struct run *run)
{
    return run->count > 0
           && (compactor->reach == BW_COMPACT_ALL
               || run->pieces[run->count - 1].last_ms < now_ms(compactor) - STALE_AFTER_MS);
}

/* The next run of neighbours that should become one pack; false when the group has none. */
static bool pick_run(const struct bw_compactor *compactor, sqlite3 *db, sqlite3_stmt *st,
                     struct run *run, enum bw_rc *rc, struct bw_err *err)
{
    begin_run(run);
    while (bw_db_has_row(db, sqlite3_step(st), rc, err)) {
        struct piece piece = { .id = sqlite3_column_int64(st, 0),
                               .last_ms = sqlite3_column_int64(st, 1),
                               .hot = sqlite3_column_int(st, 2) == 1 };
        const bool damaged = is_bad(compactor, piece.id) || !look_at(db, &piece);
        const bool fits = !damaged && is_old(compactor, piece.last_ms);
        const bool closes = damaged || (fits && !has_room(run, &piece));
        if (closes && is_worth_it(run))
            return true;
        if (!fits && is_final(compactor, run) && is_worth_it(run))
            return true;
        if (!fits || closes)
            begin_run(run);
        if (fits)
            add_piece(run, &piece);
        if (run->points >= COLD_POINTS && is_worth_it(run))
            return true;
        if (run->points >= COLD_POINTS)
            begin_run(run);
    }
    return *rc == BW_OK && is_final(compactor, run) && is_worth_it(run);
}

static enum bw_rc look_at_group(const struct bw_compactor *compactor, sqlite3 *db, struct run *run,
                                bool *out_found, struct bw_err *err)
{
    /* Cold ones before the first hot one are of no interest unless small ones are to be merged. */
    static const char *const sql[] = {
        [BW_COMPACT_OLD] = "SELECT id, last_ms, state FROM pack WHERE group_id=?1 AND state<>0"
                           " AND id>=(SELECT min(id) FROM pack WHERE group_id=?1 AND state=1)"
                           " ORDER BY id",
        [BW_COMPACT_ALL] = "SELECT id, last_ms, state FROM pack WHERE group_id=?1 AND state<>0"
                           " ORDER BY id",
    };
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(db, sql[compactor->reach], &st, err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 1, run->group);
    *out_found = pick_run(compactor, db, st, run, &rc, err);
    sqlite3_finalize(st);
    return rc;
}

/* The next group after `group` that may have something to do; 0: none. */
static enum bw_rc next_group(const struct bw_compactor *compactor, sqlite3 *db, uint32_t group,
                             uint32_t *out, struct bw_err *err)
{
    char sql[160];
    int64_t next = 0;
    if (compactor->reach == BW_COMPACT_ALL)
        sqlite3_snprintf(sizeof sql, sql, "SELECT min(group_id) FROM pack WHERE group_id>%u",
                         group);
    else
        sqlite3_snprintf(sizeof sql, sql,
                         "SELECT group_id FROM pack WHERE state=1 AND group_id>%u"
                         " AND last_ms<%lld ORDER BY group_id LIMIT 1",
                         group, (long long)(now_ms(compactor) - OLD_AFTER_MS));
    const enum bw_rc rc = bw_db_number(db, sql, &next, err);
    *out = (uint32_t)next;
    return rc;
}

/* Groups take turns. *out_more: others were not come to, or have something. */
static enum bw_rc find_run(struct bw_compactor *compactor, sqlite3 *db, struct run *run,
                           bool *out_found, bool *out_more, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    *out_found = false;
    for (size_t i = 0; i < GROUPS_A_STEP && rc == BW_OK && !*out_found; i++) {
        uint32_t group = 0;
        rc = next_group(compactor, db, compactor->turn, &group, err);
        if (rc != BW_OK || group == 0) {
            compactor->turn = 0;
            *out_more = false;
            return rc;
        }
        run->group = group;
        rc = look_at_group(compactor, db, run, out_found, err);
        compactor->turn = *out_found ? group - 1 : group; /* it may have another */
    }
    *out_more = true;
    return rc;
}

/* --- merging ------------------------------------------------------------------------------- */

static enum bw_rc read_body(sqlite3 *db, sqlite3_stmt *st, const struct piece *piece,
                            struct bw_buf *out, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    sqlite3_bind_int64(st, 1, piece->id);
    if (bw_db_has_row(db, sqlite3_step(st), &rc, err))
        bw_buf_bytes(out, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
    sqlite3_reset(st);
    return rc;
}

static enum bw_rc read_bodies(sqlite3 *db, const struct run *run, struct bw_buf *bodies,
                              struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(db, "SELECT body FROM pack WHERE id=?1", &st, err);
    for (size_t i = 0; rc == BW_OK && i < run->count; i++)
        rc = read_body(db, st, &run->pieces[i], &bodies[i], err);
    sqlite3_finalize(st);
    return rc;
}

/* BW_OK with an empty *out: one of them is damaged, which is noted. */
static enum bw_rc merge_run(struct bw_compactor *compactor, sqlite3 *db, const struct run *run,
                            struct bw_buf *out, struct bw_err *err)
{
    struct bw_buf bodies[RUN_PACKS_MAX];
    struct bw_bytes_of_pack parts[RUN_PACKS_MAX];
    size_t bad = 0;
    for (size_t i = 0; i < run->count; i++)
        bw_buf_init(&bodies[i], BW_PACK_BYTES_MAX);
    enum bw_rc rc = read_bodies(db, run, bodies, err);
    for (size_t i = 0; i < run->count; i++)
        parts[i] = (struct bw_bytes_of_pack){ bodies[i].data, bodies[i].len };
    if (rc == BW_OK
        && bw_pack_merge(run->group, parts, run->count, BW_TIER_COLD, out, &bad, NULL) != BW_OK) {
        note_bad(compactor, run->pieces[bad].id);
        bw_buf_clear(out);
    }
    for (size_t i = 0; i < run->count; i++)
        bw_buf_fini(&bodies[i]);
    return rc;
}

/* --- swapping ------------------------------------------------------------------------------ */

struct swap {
    struct bw_store_task task;
    const struct run *run;
    const struct bw_buf *body;
    bool swapped;
};

static bool is_unchanged(sqlite3 *db, const struct piece *piece)
{
    struct piece now = { .id = piece->id };
    return look_at(db, &now) && now.crc == piece->crc && now.bytes == piece->bytes;
}

static enum bw_rc update_pack(sqlite3 *db, int64_t id, const struct bw_buf *body,
                              struct bw_err *err)
{
    struct bw_pack pack;
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_pack_open(&pack, body->data, body->len, err);
    if (rc == BW_OK)
        rc = bw_db_prepare(db,
                           "UPDATE pack SET first_ms=?2, last_ms=?3, state=2, samples=?4, body=?5"
                           " WHERE id=?1",
                           &st, err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 1, id);
    sqlite3_bind_int64(st, 2, pack.first_ms);
    sqlite3_bind_int64(st, 3, pack.last_ms);
    sqlite3_bind_int64(st, 4, pack.samples);
    sqlite3_bind_blob64(st, 5, body->data, body->len, SQLITE_STATIC);
    if (sqlite3_step(st) != SQLITE_DONE)
        rc = bw_db_fail(db, err, "write cold pack");
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc write_swap(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    struct swap *swap = (struct swap *)task;
    const struct run *run = swap->run;
    for (size_t i = 0; i < run->count; i++) {
        if (!is_unchanged(db, &run->pieces[i]))
            return BW_OK; /* too old, or rewritten by somebody else: that holds */
    }
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i + 1 < run->count; i++) {
        char sql[60];
        sqlite3_snprintf(sizeof sql, sql, "DELETE FROM pack WHERE id=%lld",
                         (long long)run->pieces[i].id);
        rc = bw_db_exec(db, sql, err);
    }
    if (rc == BW_OK)
        rc = update_pack(db, run->pieces[run->count - 1].id, swap->body, err);
    swap->swapped = rc == BW_OK;
    return rc;
}

static void note_swap(struct bw_compactor *compactor, const struct swap *swap)
{
    struct bw_store *store = compactor->store;
    compactor->totals.packs_merged += swap->run->count;
    compactor->totals.packs_written++;
    compactor->totals.bytes_merged += swap->run->bytes;
    compactor->totals.bytes_written += swap->body->len;
    pthread_mutex_lock(&store->lock);
    const uint64_t fewer = swap->run->count - 1;
    store->stats.packs -= fewer <= store->stats.packs ? fewer : 0;
    store->stats.cold_packs_written_total++;
    pthread_mutex_unlock(&store->lock);
}

static enum bw_rc replace_run(struct bw_compactor *compactor, sqlite3 *db, const struct run *run,
                              struct bw_err *err)
{
    struct bw_buf body;
    bw_buf_init(&body, BW_PACK_BYTES_MAX);
    enum bw_rc rc = merge_run(compactor, db, run, &body, err);
    struct swap swap = { .task = { .write = write_swap }, .run = run, .body = &body };
    if (rc == BW_OK && body.len > 0)
        rc = bw_store_run_task(compactor->store, &swap.task, err);
    if (rc == BW_OK && swap.swapped)
        note_swap(compactor, &swap);
    bw_buf_fini(&body);
    return rc;
}

/* --- a step -------------------------------------------------------------------------------- */

static enum bw_rc write_seal(struct bw_store_task *task, sqlite3 *db, struct bw_err *err)
{
    (void)task;
    return bw_db_exec(db, "UPDATE pack SET state=1 WHERE state=0", err);
}

/* What is open is sealed as it is; its group begins another with its next samples. */
static enum bw_rc seal_open(struct bw_compactor *compactor, struct bw_err *err)
{
    if (compactor->sealed || compactor->reach != BW_COMPACT_ALL)
        return BW_OK;
    struct bw_store_task task = { .write = write_seal };
    const enum bw_rc rc = bw_store_run_task(compactor->store, &task, err);
    compactor->sealed = rc == BW_OK;
    return rc;
}

enum bw_rc bw_compactor_step(struct bw_compactor *compactor, bool *out_more, struct bw_err *err)
{
    sqlite3 *db = NULL;
    struct run run;
    bool found = false;
    enum bw_rc rc = seal_open(compactor, err);
    if (rc == BW_OK)
        rc = bw_db_open_reader(bw_store_path(compactor->store), &db, err);
    if (rc == BW_OK)
        rc = find_run(compactor, db, &run, &found, out_more, err);
    if (rc == BW_OK && found)
        rc = replace_run(compactor, db, &run, err);
    sqlite3_close(db);
    return rc == BW_OK ? rc : bw_wrap(err, rc, "compact");
}
