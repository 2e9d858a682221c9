// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/heads.h"

#include "base/mem.h"
#include "base/units.h"
#include "pack/pack_writer.h"
#include "store/db.h"
#include "store/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FULL_POINTS = 480,
    /* A series's samples are raw until there are so many of them: fewer make blocks that are
     * mostly directory, more are memory. */
    SEAL_POINTS = 32,
    /* A head is written early when it has so many of each series: until then readers decode
     * the journal for them. */
    WRITE_POINTS = 96,
    TURNS = 1024,
    SAMPLES_A_STEP = 512,
};
#define FULL_SPAN_MS INT64_C(86400000)
#define WRITE_EVERY_NS (10 * BW_MINUTE)

void bw_heads_fini(struct bw_heads *heads)
{
    for (size_t i = 0; i < heads->group_count; i++)
        free(heads->groups[i].series);
    bw_pool_fini(&heads->pool);
    free(heads->groups);
    free(heads->homes);
    *heads = (struct bw_heads){ 0 };
}

/* Groups take turns, 0 … TURNS - 1, in being sealed and written, or all would be in the same
 * tick. A golden-ratio sequence spreads any run of numbers evenly. */
static uint32_t turn_of(uint32_t group)
{
    return group * 2654435769u >> 22;
}

/* Somewhere between a quarter of it and all. */
static uint16_t share(uint32_t points, uint32_t turn)
{
    return (uint16_t)(points / 4 + (points - points / 4) * turn / (TURNS - 1));
}

/* Begins the turns of a group: each block and write that follows comes as long after the one
 * before as those of all other groups do. */
static void begin_turns(struct bw_head *head, uint32_t group)
{
    head->seal_points = share(SEAL_POINTS, turn_of(group));
    head->write_points = share(WRITE_POINTS, turn_of(group));
}

static struct bw_head *head_of(struct bw_heads *heads, uint32_t group)
{
    if (group >= heads->group_count) {
        const size_t count = (size_t)group + 64;
        struct bw_head *groups = bw_alloc_array(count, sizeof *groups);
        if (heads->group_count > 0)
            memcpy(groups, heads->groups, heads->group_count * sizeof *groups);
        for (size_t i = heads->group_count; i < count; i++)
            begin_turns(&groups[i], (uint32_t)i);
        free(heads->groups);
        heads->groups = groups;
        heads->group_count = count;
    }
    return &heads->groups[group];
}

/* The place of a series in a group; BW_PACK_SERIES_MAX when there is none left. */
static size_t place_in(struct bw_head *head, uint32_t series)
{
    size_t place = head->series_count;
    if (place > 0 && head->series[place - 1] >= series) {
        /* Ids rise, so this is one that comes back after it was moved. */
        for (place = 0; place < head->series_count && head->series[place] != series;)
            place++;
    }
    if (place < head->series_count || place == BW_PACK_SERIES_MAX)
        return place;
    head->series = bw_grow(head->series, &head->series_cap, place + 1, sizeof *head->series);
    head->series[place] = series;
    head->series_count++;
    return place;
}

void bw_heads_place(struct bw_heads *heads, uint32_t series, uint32_t group)
{
    if (series >= heads->series_count) {
        const size_t count = (size_t)series + series / 4 + 256;
        struct bw_home *homes = bw_alloc_array(count, sizeof *homes);
        if (heads->series_count > 0)
            memcpy(homes, heads->homes, heads->series_count * sizeof *homes);
        free(heads->homes);
        heads->homes = homes;
        heads->series_count = count;
    }
    struct bw_home *home = &heads->homes[series];
    if (home->group == group)
        return;
    const size_t place = place_in(head_of(heads, group), series);
    *home = (struct bw_home){ place < BW_PACK_SERIES_MAX ? group : 0, (uint8_t)place };
}

void bw_heads_remove(struct bw_heads *heads, uint32_t series, uint32_t group)
{
    if (series < heads->series_count && heads->homes[series].group == group)
        heads->homes[series] = (struct bw_home){ 0 };
    if (group >= heads->group_count)
        return;
    struct bw_head *head = &heads->groups[group];
    size_t kept = 0;
    for (size_t p = 0; p < head->series_count; p++) {
        const uint32_t other = head->series[p];
        if (other == series)
            continue;
        if (heads->homes[other].group == group)
            heads->homes[other].place = (uint8_t)kept;
        head->series[kept++] = other;
    }
    head->series_count = kept;
}

uint32_t bw_heads_group_of(const struct bw_heads *heads, uint32_t series)
{
    return series < heads->series_count ? heads->homes[series].group : 0;
}

void bw_heads_set_covered(struct bw_heads *heads, uint32_t group, uint64_t covered_seq)
{
    head_of(heads, group)->covered_seq = covered_seq;
}

/* --- taking in --------------------------------------------------------------------------- */

/* Samples of one group and one time that came together. */
struct run {
    uint32_t group;
    int64_t ts_ms;
    size_t count;
    uint8_t places[BW_PACK_SERIES_MAX];
    double values[BW_PACK_SERIES_MAX];
};

/* The first write comes somewhere within the ten minutes. */
static int64_t first_due_ns(uint32_t group, int64_t now_ns)
{
    return now_ns + WRITE_EVERY_NS / TURNS * turn_of(group);
}

static void take_run(struct bw_heads *heads, const struct run *run, uint64_t seq, int64_t now_ns)
{
    struct bw_head *head = &heads->groups[run->group];
    if (run->count == 0 || seq <= head->covered_seq)
        return;
    if (head->first_seq == 0) {
        head->first_seq = seq;
        if (head->write_due_ns == 0)
            head->write_due_ns = first_due_ns(run->group, now_ns);
    }
    /* Before adding, so that a head that is written when a block is due saves itself that. */
    if (head->window.raw_count >= head->seal_points * head->series_count) {
        bw_window_seal(&head->window, &heads->pool);
        head->seal_points = SEAL_POINTS;
    }
    bw_window_add(&head->window, &heads->pool, run->ts_ms, run->places, run->values, run->count);
}

void bw_heads_add(struct bw_heads *heads, uint64_t seq, const struct bw_sample *samples,
                  size_t count, int64_t now_ns)
{
    struct run run = { .group = 0 };
    for (size_t i = 0; i < count; i++) {
        const struct bw_sample *sample = &samples[i];
        if (sample->series >= heads->series_count || heads->homes[sample->series].group == 0)
            continue;
        const struct bw_home home = heads->homes[sample->series];
        if (home.group != run.group || sample->ts_ms != run.ts_ms
            || run.count == BW_PACK_SERIES_MAX) {
            take_run(heads, &run, seq, now_ns);
            run.group = home.group;
            run.ts_ms = sample->ts_ms;
            run.count = 0;
        }
        run.places[run.count] = home.place;
        run.values[run.count++] = sample->value;
    }
    if (run.count > 0)
        take_run(heads, &run, seq, now_ns);
}

enum bw_rc bw_heads_replay(struct bw_heads *heads, uint64_t seq, const void *body, size_t size,
                           int64_t now_ns, struct bw_err *err)
{
    struct bw_journal_walk walk;
    struct bw_sample samples[SAMPLES_A_STEP];
    size_t count = 0;
    enum bw_rc rc = bw_journal_walk_begin(&walk, seq, body, size, err);
    do {
        if (rc == BW_OK)
            rc = bw_journal_walk_next(&walk, samples, SAMPLES_A_STEP, &count, err);
        if (rc == BW_OK)
            bw_heads_add(heads, seq, samples, count, now_ns);
    } while (rc == BW_OK && count == SAMPLES_A_STEP);
    return rc;
}

bool bw_heads_is_due(const struct bw_heads *heads, uint32_t group, int64_t now_ns)
{
    const struct bw_head *head = &heads->groups[group];
    return head->window.count > 0
           && (now_ns >= head->write_due_ns
               || head->window.count >= head->write_points * head->series_count);
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

/* Memory that changed by itself is not to be written over what is on disk. The journal has all
 * that a head has, so the next start makes it good. */
static void read_window(struct bw_window_view *view, uint8_t place, struct bw_points *out)
{
    if (bw_window_view_read(view, place, out))
        return;
    fputs("bellwether: samples in memory are damaged\n", stderr);
    abort();
}

void bw_heads_samples(const struct bw_heads *heads, uint32_t group, struct bw_samples *out)
{
    const struct bw_head *head = &heads->groups[group];
    struct bw_window_view *view = bw_window_view_new(&head->window);
    struct bw_points points = { .count = 0 };
    for (size_t p = 0; p < head->series_count; p++) {
        points.count = 0;
        read_window(view, (uint8_t)p, &points);
        for (size_t i = 0; i < points.count; i++) {
            const struct bw_sample sample = { head->series[p], points.items[i].ts_ms,
                                              points.items[i].value };
            bw_samples_add(out, &sample, 1);
        }
    }
    bw_points_fini(&points);
    bw_window_view_free(view);
}

/* --- one group's new open pack ---------------------------------------------------------- */

/* A new open pack in the making: what the old one has and what the head has, series by series. */
struct merger {
    const struct bw_head *head;
    struct bw_window_view *view;
    uint8_t order[BW_PACK_SERIES_MAX]; /* places by series id */
    size_t next;                       /* in order */
    bool has_old;
    struct bw_pack old;
    struct bw_pack_walk walk;
    struct bw_pack_writer *writer;
    size_t series_count;
    struct bw_points points;
    size_t longest;
    int64_t first_ms, last_ms;
    struct bw_repeats repeats;
};

static void order_places(struct merger *m)
{
    const uint32_t *series = m->head->series;
    for (size_t i = 0; i < m->head->series_count; i++) {
        size_t at = i;
        for (; at > 0 && series[m->order[at - 1]] > series[i]; at--)
            m->order[at] = m->order[at - 1];
        m->order[at] = (uint8_t)i;
    }
}

static void put_points(struct merger *m, uint32_t series)
{
    struct bw_points *points = &m->points;
    bw_points_settle_counting(points, &m->repeats);
    bw_pack_writer_add(m->writer, series, points->items, points->count);
    m->series_count++;
    m->longest = points->count > m->longest ? points->count : m->longest;
    const int64_t first_ms = points->items[0].ts_ms;
    const int64_t last_ms = points->items[points->count - 1].ts_ms;
    m->first_ms = first_ms < m->first_ms ? first_ms : m->first_ms;
    m->last_ms = last_ms > m->last_ms ? last_ms : m->last_ms;
}

/* The next series by id, out of the old pack, the head or both. */
static enum bw_rc merge_series(struct merger *m, uint32_t old, uint32_t fresh, struct bw_err *err)
{
    const uint32_t series = fresh == 0 || (old != 0 && old < fresh) ? old : fresh;
    enum bw_rc rc = BW_OK;
    m->points.count = 0;
    if (series == old) {
        rc = bw_pack_walk_read(&m->walk, &m->points, err);
        bw_pack_walk_next(&m->walk);
    }
    if (series == fresh)
        read_window(m->view, m->order[m->next++], &m->points);
    if (rc != BW_OK || m->points.count == 0)
        return rc;
    if (m->series_count == BW_PACK_SERIES_MAX)
        return bw_fail(err, BW_ELIMIT, "too many series");
    put_points(m, series);
    return BW_OK;
}

static enum bw_rc merge_all(struct merger *m, struct bw_err *err)
{
    for (;;) {
        const uint32_t old = m->has_old ? bw_pack_walk_series(&m->walk) : 0;
        const uint32_t fresh =
            m->next < m->head->series_count ? m->head->series[m->order[m->next]] : 0;
        if (old == 0 && fresh == 0)
            return BW_OK;
        const enum bw_rc rc = merge_series(m, old, fresh, err);
        if (rc != BW_OK)
            return rc;
    }
}

static bool is_full(const struct merger *m)
{
    return m->longest >= FULL_POINTS
           || (m->last_ms >= m->first_ms
               && (uint64_t)m->last_ms - (uint64_t)m->first_ms >= (uint64_t)FULL_SPAN_MS);
}

static enum bw_rc open_old(struct merger *m, uint32_t group, const void *body, size_t size)
{
    const enum bw_rc rc = bw_pack_open(&m->old, body, size, NULL);
    if (rc != BW_OK || m->old.group != group)
        return BW_ECORRUPT;
    bw_pack_walk_begin(&m->walk, &m->old);
    m->has_old = true;
    return BW_OK;
}

/* Makes *out of the open pack (body, NULL: none) and the head. BW_ECORRUPT: the open pack is
 * damaged; BW_ELIMIT: the two do not fit into one. */
static enum bw_rc merge(struct bw_heads *heads, uint32_t group, const void *body, size_t size,
                        struct bw_buf *out, bool *out_full, struct bw_err *err)
{
    struct merger *m = bw_alloc(sizeof *m);
    m->head = &heads->groups[group];
    m->first_ms = INT64_MAX;
    m->last_ms = INT64_MIN;
    m->view = bw_window_view_new(&m->head->window);
    m->writer = bw_pack_writer_new(group, BW_TIER_HOT);
    order_places(m);
    enum bw_rc rc = body == NULL ? BW_OK : open_old(m, group, body, size);
    if (rc == BW_OK)
        rc = merge_all(m, err);
    if (rc == BW_OK) {
        bw_pack_writer_finish(m->writer, out);
        if (bw_buf_failed(out))
            rc = bw_fail(err, BW_ELIMIT, "too large");
    }
    if (rc == BW_OK) {
        heads->repeats.same += m->repeats.same;
        heads->repeats.other += m->repeats.other;
    }
    *out_full = is_full(m);
    if (m->has_old)
        bw_pack_walk_fini(&m->walk);
    bw_pack_writer_free(m->writer);
    bw_window_view_free(m->view);
    bw_points_fini(&m->points);
    free(m);
    return rc;
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

/* An open pack that cannot be gone on with is sealed as it is: for `db verify` to see, and for
 * what is still good in it. */
static enum bw_rc seal_as_it_is(sqlite3 *db, uint32_t group, struct bw_err *err)
{
    char sql[80];
    sqlite3_snprintf(sizeof sql, sql, "UPDATE pack SET state=1 WHERE group_id=%u AND state=0",
                     group);
    return bw_db_exec(db, sql, err);
}

/* The group's new open pack in *out; *out_id is that of the one it replaces, 0 for none. */
static enum bw_rc make_pack(struct bw_heads *heads, sqlite3 *db, uint32_t group, struct bw_buf *out,
                            int64_t *out_id, bool *out_full, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc =
        bw_db_prepare(db, "SELECT id, body FROM pack WHERE group_id=?1 AND state=0", &st, err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 1, group);
    *out_id = 0;
    enum bw_rc merged = BW_OK;
    if (bw_db_has_row(db, sqlite3_step(st), &rc, err)) {
        *out_id = sqlite3_column_int64(st, 0);
        const void *body = sqlite3_column_blob(st, 1);
        merged = merge(heads, group, body == NULL ? "" : body, (size_t)sqlite3_column_bytes(st, 1),
                       out, out_full, NULL);
    }
    sqlite3_finalize(st);
    if (rc == BW_OK && merged != BW_OK) {
        heads->damaged += merged == BW_ECORRUPT;
        *out_id = 0;
        rc = seal_as_it_is(db, group, err);
    }
    if (rc == BW_OK && *out_id == 0) {
        bw_buf_clear(out);
        rc = merge(heads, group, NULL, 0, out, out_full, err);
    }
    return rc;
}

static enum bw_rc write_in_transaction(struct bw_heads *heads, sqlite3 *db, uint32_t group,
                                       uint64_t seq, bool *out_added, struct bw_err *err)
{
    int64_t id = 0;
    bool full = false;
    struct bw_buf body;
    bw_buf_init(&body, BW_PACK_BYTES_MAX);
    enum bw_rc rc = make_pack(heads, db, group, &body, &id, &full, err);
    if (rc == BW_OK)
        rc = put_pack(db, id, &body, full, err);
    if (rc == BW_OK)
        rc = put_covered(db, group, seq, err);
    bw_buf_fini(&body);
    *out_added = id == 0;
    return rc;
}

enum bw_rc bw_heads_write(struct bw_heads *heads, sqlite3 *db, uint32_t group, uint64_t seq,
                          int64_t now_ns, struct bw_err *err)
{
    struct bw_head *head = &heads->groups[group];
    const bool due = bw_heads_is_due(heads, group, now_ns);
    const struct bw_repeats repeats = heads->repeats;
    bool added = false;
    enum bw_rc rc = bw_db_exec(db, "BEGIN IMMEDIATE", err);
    if (rc == BW_OK)
        rc = write_in_transaction(heads, db, group, seq, &added, err);
    if (rc == BW_OK)
        rc = bw_db_exec(db, "COMMIT", err);
    if (rc != BW_OK) {
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        heads->repeats = repeats;
        return bw_wrap(err, rc, "pack of group %u", group);
    }
    heads->repeats.same += head->window.repeats.same;
    heads->repeats.other += head->window.repeats.other;
    heads->packs_written++;
    heads->packs_added += added;
    head->covered_seq = seq;
    head->first_seq = 0;
    head->write_due_ns = due ? now_ns + WRITE_EVERY_NS : first_due_ns(group, now_ns);
    head->seal_points = SEAL_POINTS;
    head->write_points = WRITE_POINTS;
    if (!due) /* all were written at once, as somebody wished */
        begin_turns(head, group);
    bw_window_clear(&head->window, &heads->pool);
    return BW_OK;
}
