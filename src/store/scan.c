// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/buf.h"
#include "base/mem.h"
#include "pack/journal.h"
#include "pack/pack.h"
#include "store/db.h"
#include "store/reader.h"
#include "store/view.h"

#include <stdlib.h>
#include <string.h>

/* Series of one group that are read in one pass over its packs: their points are all in
 * memory at once. */
enum { SERIES_A_PASS = 16, SQL_BYTES_MAX = 64 << 10 };

struct wanted {
    uint32_t series;
    uint32_t group;
    bool has_tail;         /* the journal above `covered` is of that group */
    uint64_t covered;      /* journal rows up to here are in the group's packs */
    struct bw_points tail; /* from the journal */
    struct bw_points points;
};

/* A group that a series was in before. */
struct former {
    uint32_t series;
    uint32_t group;
};

struct scan {
    struct bw_reader *reader;
    struct wanted *wanted; /* by series, then by group */
    size_t count;
    struct former *formers;
    size_t former_count, former_cap;
    uint32_t group; /* 0: the one that each series is in now */
    int64_t from_ms, to_ms;
    bw_points_fn *fn;
    void *ctx;
    struct bw_damage damage;
    struct bw_err *err;
};

static int by_series(const void *a, const void *b)
{
    const uint32_t x = ((const struct wanted *)a)->series, y = ((const struct wanted *)b)->series;
    return (x > y) - (x < y);
}

static int by_group(const void *a, const void *b)
{
    const uint32_t x = ((const struct wanted *)a)->group, y = ((const struct wanted *)b)->group;
    return x != y ? (x > y) - (x < y) : by_series(a, b);
}

static struct wanted *find_wanted(struct scan *scan, uint32_t series)
{
    const struct wanted key = { .series = series };
    return bsearch(&key, scan->wanted, scan->count, sizeof key, by_series);
}

static void take_wanted(struct scan *scan, const uint32_t *series, size_t count)
{
    scan->wanted = bw_alloc_array(count, sizeof *scan->wanted);
    for (size_t i = 0; i < count; i++)
        scan->wanted[i].series = series[i];
    qsort(scan->wanted, count, sizeof *scan->wanted, by_series);
    for (size_t i = 0; i < count; i++) {
        if (scan->count == 0 || scan->wanted[scan->count - 1].series != scan->wanted[i].series)
            scan->wanted[scan->count++] = scan->wanted[i];
    }
}

/* --- where the series are ---------------------------------------------------------------- */

static void note_former(struct scan *scan, uint32_t series, uint32_t group)
{
    if (group == 0)
        return;
    scan->formers =
        bw_grow(scan->formers, &scan->former_cap, scan->former_count + 1, sizeof *scan->formers);
    scan->formers[scan->former_count++] = (struct former){ series, group };
}

/* The place that began last is where it is now. */
static enum bw_rc find_group(struct scan *scan, sqlite3_stmt *st, struct wanted *wanted)
{
    enum bw_rc rc = BW_OK;
    sqlite3_bind_int64(st, 1, wanted->series);
    while (bw_db_has_row(scan->reader->db, sqlite3_step(st), &rc, scan->err)) {
        struct bw_cells cells;
        if (bw_row_read(BW_ROW_SERIES_GROUP, st, &cells)) {
            note_former(scan, wanted->series, wanted->group);
            wanted->group = (uint32_t)cells.items[1].integer;
        } else {
            scan->damage.rows++;
        }
    }
    sqlite3_reset(st);
    return rc;
}

/* Of one group alone: the journal's tail is of the group that a series is in now. */
static void stay_in_group(struct scan *scan)
{
    scan->former_count = 0;
    for (size_t i = 0; i < scan->count; i++) {
        struct wanted *wanted = &scan->wanted[i];
        wanted->has_tail = wanted->group == scan->group;
        wanted->group = scan->group;
    }
}

static enum bw_rc find_groups(struct scan *scan)
{
    sqlite3_stmt *st = NULL;
    for (size_t i = 0; i < scan->count; i++)
        scan->wanted[i].has_tail = true;
    enum bw_rc rc = bw_db_prepare(scan->reader->db,
                                  "SELECT * FROM series_group WHERE series=?1 ORDER BY from_ms",
                                  &st, scan->err);
    for (size_t i = 0; rc == BW_OK && i < scan->count; i++)
        rc = find_group(scan, st, &scan->wanted[i]);
    sqlite3_finalize(st);
    if (rc == BW_OK && scan->group != 0)
        stay_in_group(scan);
    return rc;
}

enum bw_rc bw_view_group_of(struct bw_reader *reader, uint32_t series, uint32_t *out,
                            struct bw_damage *damage, struct bw_err *err)
{
    struct wanted wanted = { .series = series, .group = *out };
    struct scan scan = { .reader = reader, .wanted = &wanted, .count = 1, .err = err };
    const enum bw_rc rc = find_groups(&scan);
    *out = wanted.group;
    free(scan.formers);
    damage->rows += scan.damage.rows;
    return rc;
}

/* A damaged row leaves 0: rows of the journal that are in packs as well are read twice, which
 * changes nothing. */
static void take_covered(struct scan *scan, sqlite3_stmt *st, struct wanted *wanted)
{
    struct bw_cells cells;
    if (bw_row_read(BW_ROW_PACK_GROUP, st, &cells))
        wanted->covered = (uint64_t)cells.items[1].integer;
    else
        scan->damage.rows++;
}

static enum bw_rc find_covered(struct scan *scan, uint64_t *out_least)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc =
        bw_db_prepare(scan->reader->db, "SELECT * FROM pack_group WHERE id=?1", &st, scan->err);
    *out_least = UINT64_MAX;
    for (size_t i = 0; rc == BW_OK && i < scan->count; i++) {
        struct wanted *wanted = &scan->wanted[i];
        sqlite3_bind_int64(st, 1, wanted->group);
        if (bw_db_has_row(scan->reader->db, sqlite3_step(st), &rc, scan->err))
            take_covered(scan, st, wanted);
        sqlite3_reset(st);
        *out_least = wanted->covered < *out_least ? wanted->covered : *out_least;
    }
    sqlite3_finalize(st);
    return rc;
}

/* --- the journal's tail ------------------------------------------------------------------ */

static void take_row(struct scan *scan, uint64_t seq, const struct bw_samples *samples)
{
    for (size_t i = 0; i < samples->count; i++) {
        const struct bw_sample *sample = &samples->items[i];
        if (sample->ts_ms < scan->from_ms || sample->ts_ms > scan->to_ms)
            continue;
        struct wanted *wanted = find_wanted(scan, sample->series);
        if (wanted != NULL && wanted->has_tail && seq > wanted->covered)
            bw_points_add(&wanted->tail, sample->ts_ms, sample->value);
    }
}

static enum bw_rc read_tail(struct scan *scan, uint64_t covered)
{
    sqlite3_stmt *st = NULL;
    struct bw_samples samples = { 0 };
    enum bw_rc rc =
        bw_db_prepare(scan->reader->db, "SELECT seq, body FROM journal WHERE seq>?1 ORDER BY seq",
                      &st, scan->err);
    if (rc == BW_OK)
        sqlite3_bind_int64(st, 1, (int64_t)covered);
    while (rc == BW_OK && bw_db_has_row(scan->reader->db, sqlite3_step(st), &rc, scan->err)) {
        const uint64_t seq = (uint64_t)sqlite3_column_int64(st, 0);
        samples.count = 0;
        if (bw_journal_decode(seq, sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1),
                              &samples, NULL)
            == BW_OK)
            take_row(scan, seq, &samples);
        else
            scan->damage.journal_rows++;
    }
    bw_samples_fini(&samples);
    sqlite3_finalize(st);
    return rc;
}

/* --- packs ----------------------------------------------------------------------------- */

/* A row's columns are not under a checksum; the header that repeats them is. */
static bool open_pack(sqlite3_stmt *st, struct bw_pack *pack)
{
    return bw_pack_open(pack, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), NULL)
               == BW_OK
           && pack->group == sqlite3_column_int64(st, 1)
           && pack->first_ms == sqlite3_column_int64(st, 2)
           && pack->last_ms == sqlite3_column_int64(st, 3)
           && pack->samples == sqlite3_column_int64(st, 4);
}

static void take_pack(struct scan *scan, const struct bw_pack *pack, struct wanted *wanted,
                      size_t count)
{
    struct bw_pack_walk walk;
    bw_pack_walk_begin(&walk, pack);
    for (size_t i = 0; i < count; i++) {
        if (bw_pack_walk_find(&walk, wanted[i].series)
            && bw_pack_walk_read(&walk, &wanted[i].points, NULL) != BW_OK)
            scan->damage.packs++;
    }
    bw_pack_walk_fini(&walk);
}

static enum bw_rc read_packs(struct scan *scan, sqlite3_stmt *st, struct wanted *wanted,
                             size_t count)
{
    enum bw_rc rc = BW_OK;
    sqlite3_bind_int64(st, 1, wanted->group);
    sqlite3_bind_int64(st, 2, scan->from_ms);
    sqlite3_bind_int64(st, 3, scan->to_ms);
    while (bw_db_has_row(scan->reader->db, sqlite3_step(st), &rc, scan->err)) {
        struct bw_pack pack;
        if (open_pack(st, &pack))
            take_pack(scan, &pack, wanted, count);
        else
            scan->damage.packs++;
    }
    sqlite3_reset(st);
    return rc;
}

/* The points inside the range, in order. */
static void clip(const struct scan *scan, struct bw_points *points)
{
    size_t kept = 0;
    bw_points_settle(points);
    for (size_t i = 0; i < points->count; i++) {
        if (points->items[i].ts_ms >= scan->from_ms && points->items[i].ts_ms <= scan->to_ms)
            points->items[kept++] = points->items[i];
    }
    points->count = kept;
}

static bool show(struct scan *scan, struct wanted *wanted)
{
    if (wanted->tail.count > 0) {
        struct bw_point *room = bw_points_reserve(&wanted->points, wanted->tail.count);
        memcpy(room, wanted->tail.items, wanted->tail.count * sizeof *room);
        wanted->points.count += wanted->tail.count;
    }
    clip(scan, &wanted->points);
    const bool more =
        wanted->points.count == 0
        || scan->fn(scan->ctx, wanted->series, wanted->points.items, wanted->points.count);
    bw_points_fini(&wanted->tail);
    return more;
}

/* The memory of a pass serves the next: to the system it is dearer than decoding is. */
static void pass_on(struct wanted *from, size_t from_count, struct wanted *to, size_t to_count)
{
    for (size_t i = 0; i < from_count && i < to_count; i++) {
        to[i].points =
            (struct bw_points){ .items = from[i].points.items, .cap = from[i].points.cap };
        from[i].points = (struct bw_points){ 0 };
    }
    for (size_t i = to_count; i < from_count; i++)
        bw_points_fini(&from[i].points);
}

/* The series from the i-th on that are read together. */
static size_t pass_from(const struct scan *scan, size_t i)
{
    size_t pass = i < scan->count;
    while (pass > 0 && pass < SERIES_A_PASS && i + pass < scan->count
           && scan->wanted[i + pass].group == scan->wanted[i].group)
        pass++;
    return pass;
}

/* The former groups of the series of a pass, as ",1,2". */
static void put_formers(const struct scan *scan, const struct wanted *pass, size_t count,
                        struct bw_buf *out)
{
    for (size_t i = 0; i < scan->former_count; i++) {
        for (size_t k = 0; k < count; k++) {
            if (pass[k].series == scan->formers[i].series)
                bw_buf_printf(out, ",%u", scan->formers[i].group);
        }
    }
}

/* The packs of a pass. Ids say over all groups which were handed over later (docs/format.md). */
static enum bw_rc prepare_packs(struct scan *scan, const struct wanted *pass, size_t count,
                                sqlite3_stmt **out)
{
    struct bw_buf sql;
    bw_buf_init(&sql, SQL_BYTES_MAX);
    /* Only ids are sorted: a sorter would hold all bodies. */
    bw_buf_text(&sql, "SELECT body, group_id, first_ms, last_ms, samples FROM pack"
                      " WHERE id IN (SELECT id FROM pack WHERE group_id IN (?1");
    put_formers(scan, pass, count, &sql);
    bw_buf_text(&sql, ") AND last_ms>=?2 AND first_ms<=?3) ORDER BY id");
    const enum bw_rc rc = bw_buf_failed(&sql)
                              ? bw_fail(scan->err, BW_ELIMIT, "series that moved too often")
                              : bw_db_prepare(scan->reader->db, sql.data, out, scan->err);
    bw_buf_fini(&sql);
    return rc;
}

static enum bw_rc scan_groups(struct scan *scan)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = BW_OK;
    bool more = true;
    for (size_t i = 0, pass; rc == BW_OK && more && i < scan->count; i += pass) {
        pass = pass_from(scan, i);
        if (st == NULL || scan->former_count > 0) {
            sqlite3_finalize(st);
            st = NULL;
            rc = prepare_packs(scan, &scan->wanted[i], pass, &st);
        }
        if (rc == BW_OK)
            rc = read_packs(scan, st, &scan->wanted[i], pass);
        for (size_t k = i; rc == BW_OK && more && k < i + pass; k++)
            more = show(scan, &scan->wanted[k]);
        pass_on(&scan->wanted[i], pass, &scan->wanted[i + pass], pass_from(scan, i + pass));
    }
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc run(struct scan *scan)
{
    uint64_t covered = 0;
    enum bw_rc rc = find_groups(scan);
    if (rc == BW_OK)
        rc = find_covered(scan, &covered);
    if (rc == BW_OK)
        rc = read_tail(scan, covered);
    if (rc != BW_OK)
        return rc;
    qsort(scan->wanted, scan->count, sizeof *scan->wanted, by_group);
    return scan_groups(scan);
}

enum bw_rc bw_view_scan(struct bw_reader *reader, const struct bw_view_range *range,
                        bw_points_fn *fn, void *ctx, struct bw_damage *damage, struct bw_err *err)
{
    if (range->count == 0 || range->from_ms > range->to_ms)
        return BW_OK;
    struct scan scan = { .reader = reader,
                         .group = range->group,
                         .from_ms = range->from_ms,
                         .to_ms = range->to_ms,
                         .fn = fn,
                         .ctx = ctx,
                         .err = err };
    take_wanted(&scan, range->series, range->count);
    const enum bw_rc rc = run(&scan);
    for (size_t i = 0; i < scan.count; i++) {
        bw_points_fini(&scan.wanted[i].tail);
        bw_points_fini(&scan.wanted[i].points);
    }
    free(scan.wanted);
    free(scan.formers);
    if (damage != NULL) {
        damage->packs += scan.damage.packs;
        damage->journal_rows += scan.damage.journal_rows;
        damage->rows += scan.damage.rows;
    }
    return rc;
}

enum bw_rc bw_reader_scan(struct bw_reader *reader, const uint32_t *series, size_t count,
                          int64_t from_ms, int64_t to_ms, bw_points_fn *fn, void *ctx,
                          struct bw_damage *damage, struct bw_err *err)
{
    const struct bw_view_range range = {
        .series = series, .count = count, .from_ms = from_ms, .to_ms = to_ms
    };
    const enum bw_rc rc = bw_view_begin(reader, err);
    if (rc != BW_OK)
        return rc;
    return bw_view_end(reader, bw_view_scan(reader, &range, fn, ctx, damage, err));
}

/* --- the latest time --------------------------------------------------------------------- */

static enum bw_rc latest_in_journal(sqlite3 *db, int64_t *latest_ms, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    struct bw_samples samples = { 0 };
    enum bw_rc rc = bw_db_prepare(db, "SELECT seq, body FROM journal", &st, err);
    while (rc == BW_OK && bw_db_has_row(db, sqlite3_step(st), &rc, err)) {
        samples.count = 0;
        bw_journal_decode((uint64_t)sqlite3_column_int64(st, 0), sqlite3_column_blob(st, 1),
                          (size_t)sqlite3_column_bytes(st, 1), &samples, NULL);
        for (size_t i = 0; i < samples.count; i++)
            *latest_ms = samples.items[i].ts_ms > *latest_ms ? samples.items[i].ts_ms : *latest_ms;
    }
    bw_samples_fini(&samples);
    sqlite3_finalize(st);
    return rc;
}

enum bw_rc bw_reader_latest(struct bw_reader *reader, int64_t *out_ms, struct bw_err *err)
{
    int64_t packs = INT64_MIN, latest_ms = INT64_MIN;
    enum bw_rc rc = bw_view_begin(reader, err);
    if (rc != BW_OK)
        return rc;
    rc = bw_db_number(reader->db, "SELECT coalesce(max(last_ms), -9223372036854775807-1) FROM pack",
                      &packs, err);
    if (rc == BW_OK)
        rc = latest_in_journal(reader->db, &latest_ms, err);
    if (rc == BW_OK)
        *out_ms = packs > latest_ms ? packs : latest_ms;
    return bw_view_end(reader, rc);
}
