// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/heads.h"

#include "base/mem.h"
#include "base/units.h"
#include "pack/pack.h"
#include "store/db.h"
#include "store/rows.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEAL_POINTS = 480,
    EARLY_POINTS = 96, /* per series: keeps heads under 2.5 KB a series at any interval */
};
#define SEAL_SPAN_MS INT64_C(86400000)
#define WRITE_EVERY_NS (10 * BW_MINUTE)

void bw_heads_fini(struct bw_heads *heads)
{
    for (size_t i = 0; i < heads->group_count; i++)
        bw_samples_fini(&heads->groups[i].samples);
    free(heads->groups);
    free(heads->group_of);
    *heads = (struct bw_heads){ 0 };
}

static struct bw_head *head_of(struct bw_heads *heads, uint32_t group)
{
    if (group >= heads->group_count) {
        const size_t count = (size_t)group + 64;
        struct bw_head *groups = bw_alloc_array(count, sizeof *groups);
        if (heads->group_count > 0)
            memcpy(groups, heads->groups, heads->group_count * sizeof *groups);
        free(heads->groups);
        heads->groups = groups;
        heads->group_count = count;
    }
    return &heads->groups[group];
}

void bw_heads_place(struct bw_heads *heads, uint32_t series, uint32_t group)
{
    if (series >= heads->series_count) {
        const size_t count = (size_t)series + series / 2 + 256;
        uint32_t *group_of = bw_alloc_array(count, sizeof *group_of);
        if (heads->series_count > 0)
            memcpy(group_of, heads->group_of, heads->series_count * sizeof *group_of);
        free(heads->group_of);
        heads->group_of = group_of;
        heads->series_count = count;
    }
    if (heads->group_of[series] == group)
        return;
    heads->group_of[series] = group;
    head_of(heads, group)->series_count++;
}

void bw_heads_set_covered(struct bw_heads *heads, uint32_t group, uint64_t covered_seq)
{
    head_of(heads, group)->covered_seq = covered_seq;
}

/* Groups take turns: the first write comes somewhere within the ten minutes, the place in them
 * from the group's number (a golden-ratio sequence spreads any run of numbers evenly). */
static int64_t first_due_ns(uint32_t group, int64_t now_ns)
{
    const uint32_t turn = group * 2654435769u;
    return now_ns + (int64_t)((uint64_t)WRITE_EVERY_NS / 1024 * (turn >> 22));
}

void bw_heads_add(struct bw_heads *heads, uint64_t seq, const struct bw_sample *samples,
                  size_t count, int64_t now_ns)
{
    for (size_t i = 0; i < count; i++) {
        const uint32_t series = samples[i].series;
        const uint32_t group = series < heads->series_count ? heads->group_of[series] : 0;
        if (group == 0 || seq <= heads->groups[group].covered_seq)
            continue;
        struct bw_head *head = &heads->groups[group];
        if (head->first_seq == 0) {
            head->first_seq = seq;
            if (head->write_due_ns == 0)
                head->write_due_ns = first_due_ns(group, now_ns);
        }
        bw_samples_add(&head->samples, &samples[i], 1);
    }
}

bool bw_heads_is_due(const struct bw_heads *heads, uint32_t group, int64_t now_ns)
{
    const struct bw_head *head = &heads->groups[group];
    return head->samples.count > 0
           && (now_ns >= head->write_due_ns
               || head->samples.count >= (size_t)EARLY_POINTS * head->series_count);
}

uint64_t bw_heads_covered(const struct bw_heads *heads, uint64_t seq)
{
    for (size_t i = 0; i < heads->group_count; i++) {
        const uint64_t first = heads->groups[i].first_seq;
        if (first != 0 && first - 1 < seq)
            seq = first - 1;
    }
    return seq;
}

/* --- one group's new open pack ---------------------------------------------------------- */

struct gathering {
    uint32_t series[BW_PACK_SERIES_MAX];
    struct bw_points points[BW_PACK_SERIES_MAX];
    size_t count;
};

/* The points of a series, making room for it in the order of ids; NULL when there is none. */
static struct bw_points *points_of(struct gathering *g, uint32_t series)
{
    size_t low = 0, high = g->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (g->series[middle] < series)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < g->count && g->series[low] == series)
        return &g->points[low];
    if (g->count == BW_PACK_SERIES_MAX)
        return NULL;
    memmove(g->series + low + 1, g->series + low, (g->count - low) * sizeof *g->series);
    memmove(g->points + low + 1, g->points + low, (g->count - low) * sizeof *g->points);
    g->series[low] = series;
    g->points[low] = (struct bw_points){ 0 };
    g->count++;
    return &g->points[low];
}

static void gathering_free(struct gathering *g)
{
    for (size_t i = 0; i < g->count; i++)
        bw_points_fini(&g->points[i]);
    free(g);
}

static enum bw_rc gather_pack(struct gathering *g, uint32_t group, const void *body, size_t size)
{
    struct bw_pack pack;
    enum bw_rc rc = bw_pack_open(&pack, body, size, NULL);
    if (rc == BW_OK && pack.group != group)
        rc = BW_ECORRUPT;
    for (size_t i = 0; rc == BW_OK && i < pack.series_count; i++)
        rc = bw_pack_read(&pack, i, points_of(g, bw_pack_series(&pack, i)), NULL);
    return rc;
}

static struct gathering *gather_head(const struct bw_samples *samples, struct gathering *g)
{
    for (size_t i = 0; i < samples->count; i++) {
        struct bw_points *points = points_of(g, samples->items[i].series);
        if (points != NULL)
            bw_points_add(points, samples->items[i].ts_ms, samples->items[i].value);
    }
    return g;
}

static bool is_full(const struct gathering *g)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < g->count; i++) {
        const struct bw_points *points = &g->points[i];
        if (points->count >= SEAL_POINTS)
            return true;
        first = points->items[0].ts_ms < first ? points->items[0].ts_ms : first;
        const int64_t end = points->items[points->count - 1].ts_ms;
        last = end > last ? end : last;
    }
    return last >= first && (uint64_t)last - (uint64_t)first >= SEAL_SPAN_MS;
}

static enum bw_rc encode(struct gathering *g, uint32_t group, struct bw_buf *out,
                         struct bw_err *err)
{
    struct bw_pack_input inputs[BW_PACK_SERIES_MAX];
    for (size_t i = 0; i < g->count; i++) {
        bw_points_settle(&g->points[i]);
        inputs[i] = (struct bw_pack_input){ g->series[i], g->points[i].items, g->points[i].count };
    }
    bw_pack_encode(out, group, inputs, g->count, BW_TIER_HOT);
    if (bw_buf_failed(out))
        return bw_fail(err, BW_ELIMIT, "pack of group %u is too large", group);
    return BW_OK;
}

/* The id of the group's open pack, 0 for none; its points go into *g. A damaged one is sealed
 * as it is, for `db verify` to see and for what is still good in it. */
static enum bw_rc take_open_pack(struct bw_heads *heads, sqlite3 *db, uint32_t group,
                                 struct gathering **g, int64_t *out_id, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc =
        bw_db_prepare(db, "SELECT id, body FROM pack WHERE group_id=?1 AND state=0", &st, err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 1, group);
    *out_id = 0;
    bool damaged = false;
    if (bw_db_has_row(db, sqlite3_step(st), &rc, err)) {
        *out_id = sqlite3_column_int64(st, 0);
        damaged =
            gather_pack(*g, group, sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1))
            != BW_OK;
    }
    sqlite3_finalize(st);
    if (!damaged)
        return rc;
    heads->damaged++;
    gathering_free(*g);
    *g = bw_alloc(sizeof **g);
    *out_id = 0;
    char sql[80];
    sqlite3_snprintf(sizeof sql, sql, "UPDATE pack SET state=1 WHERE group_id=%u AND state=0",
                     group);
    return bw_db_exec(db, sql, err);
}

static enum bw_rc put_pack(sqlite3 *db, int64_t id, const struct bw_buf *body, bool sealed,
                           struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    struct bw_pack pack;
    if (bw_pack_open(&pack, body->data, body->len, NULL) != BW_OK)
        return bw_fail(err, BW_ELIMIT, "more samples than a pack may hold");
    enum bw_rc rc =
        bw_db_prepare(db,
                      "INSERT INTO pack(id, group_id, first_ms, last_ms, state, samples, body)"
                      " VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(id) DO UPDATE SET"
                      " first_ms=?3, last_ms=?4, state=?5, samples=?6, body=?7",
                      &st, err);
    if (rc != BW_OK)
        return rc;
    if (id != 0)
        sqlite3_bind_int64(st, 1, id);
    sqlite3_bind_int64(st, 2, pack.group);
    sqlite3_bind_int64(st, 3, pack.first_ms);
    sqlite3_bind_int64(st, 4, pack.last_ms);
    sqlite3_bind_int(st, 5, sealed);
    sqlite3_bind_int64(st, 6, pack.samples);
    sqlite3_bind_blob64(st, 7, body->data, body->len, SQLITE_STATIC);
    if (sqlite3_step(st) != SQLITE_DONE)
        rc = bw_db_fail(db, err, "write pack");
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc put_covered(sqlite3 *db, uint32_t group, uint64_t seq, struct bw_err *err)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_int(&cells, group);
    bw_cells_int(&cells, (int64_t)seq);
    char sql[160];
    sqlite3_snprintf(sizeof sql, sql, "INSERT OR REPLACE INTO pack_group VALUES(%u,%lld,%u)", group,
                     (long long)seq, bw_row_sum(BW_ROW_PACK_GROUP, cells.items, cells.count));
    return bw_db_exec(db, sql, err);
}

static enum bw_rc write_in_transaction(struct bw_heads *heads, sqlite3 *db, uint32_t group,
                                       uint64_t seq, struct bw_err *err)
{
    struct gathering *g = bw_alloc(sizeof *g);
    int64_t id = 0;
    struct bw_buf body;
    bw_buf_init(&body, BW_PACK_BYTES_MAX);
    enum bw_rc rc = take_open_pack(heads, db, group, &g, &id, err);
    if (rc == BW_OK)
        rc = encode(gather_head(&heads->groups[group].samples, g), group, &body, err);
    if (rc == BW_OK)
        rc = put_pack(db, id, &body, is_full(g), err);
    if (rc == BW_OK)
        rc = put_covered(db, group, seq, err);
    bw_buf_fini(&body);
    gathering_free(g);
    return rc;
}

enum bw_rc bw_heads_write(struct bw_heads *heads, sqlite3 *db, uint32_t group, uint64_t seq,
                          int64_t now_ns, struct bw_err *err)
{
    struct bw_head *head = &heads->groups[group];
    enum bw_rc rc = bw_db_exec(db, "BEGIN IMMEDIATE", err);
    if (rc == BW_OK)
        rc = write_in_transaction(heads, db, group, seq, err);
    if (rc == BW_OK)
        rc = bw_db_exec(db, "COMMIT", err);
    if (rc != BW_OK) {
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return bw_wrap(err, rc, "pack of group %u", group);
    }
    heads->packs_written++;
    head->covered_seq = seq;
    head->first_seq = 0;
    head->write_due_ns = now_ns + WRITE_EVERY_NS;
    bw_samples_fini(&head->samples);
    return BW_OK;
}
