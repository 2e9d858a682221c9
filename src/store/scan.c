// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mem.h"
#include "pack/journal.h"
#include "store/db.h"
#include "store/pack_reads.h"
#include "store/reader.h"
#include "store/stays.h"
#include "store/view.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_A_PASS = 16 << 20 };

struct wanted {
    uint32_t series;
    const struct bw_stay *stays; /* in the order of its moves */
    size_t stay_count;
    bool has_tail;         /* the journal's rows above `covered` are asked for */
    uint64_t covered;      /* those up to here are in packs */
    struct bw_points tail; /* from the journal */
};

struct scan {
    struct bw_reader *reader;
    uint32_t *ids;         /* rising */
    struct wanted *wanted; /* by series, then by place */
    size_t count;
    uint32_t group; /* 0: all that each series has been in */
    int64_t from_ms, to_ms;
    struct bw_stays stays;
    struct bw_pack_reads *packs;
    struct bw_points points; /* of one series */
    bw_points_fn *fn;
    void *ctx;
    struct bw_damage damage;
    struct bw_err *err;
};

static int by_id(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int by_series(const void *a, const void *b)
{
    return by_id(&((const struct wanted *)a)->series, &((const struct wanted *)b)->series);
}

/* Series that have been in the same groups stand together. */
static int compare_places(const struct wanted *a, const struct wanted *b)
{
    if (a->stay_count != b->stay_count)
        return a->stay_count < b->stay_count ? -1 : 1;
    for (size_t i = a->stay_count; i-- > 0;) {
        if (a->stays[i].group != b->stays[i].group)
            return a->stays[i].group < b->stays[i].group ? -1 : 1;
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const int order = compare_places(a, b);
    return order != 0 ? order : by_series(a, b);
}

static struct wanted *find_wanted(struct scan *scan, uint32_t series)
{
    const struct wanted key = { .series = series };
    return bsearch(&key, scan->wanted, scan->count, sizeof key, by_series);
}

static void take_wanted(struct scan *scan, const uint32_t *series, size_t count)
{
    scan->ids = bw_alloc_array(count, sizeof *scan->ids);
    memcpy(scan->ids, series, count * sizeof *series);
    qsort(scan->ids, count, sizeof *scan->ids, by_id);
    for (size_t i = 0; i < count; i++) {
        if (scan->count == 0 || scan->ids[scan->count - 1] != scan->ids[i])
            scan->ids[scan->count++] = scan->ids[i];
    }
    scan->wanted = bw_alloc_array(scan->count, sizeof *scan->wanted);
    for (size_t i = 0; i < scan->count; i++)
        scan->wanted[i].series = scan->ids[i];
}

/* --- where the series are ---------------------------------------------------------------- */

static void note_stays(struct wanted *wanted, const struct bw_stays *stays, size_t *next)
{
    wanted->stays = stays->items + *next;
    while (*next < stays->count && stays->items[*next].series == wanted->series) {
        wanted->stay_count++;
        (*next)++;
    }
    /* What is in no pack is of the group that a series is in now. */
    wanted->has_tail = true;
    if (wanted->stay_count > 0)
        wanted->covered = wanted->stays[wanted->stay_count - 1].covered;
}

/* Of one group alone. */
static void keep_stay_in(struct wanted *wanted, uint32_t group)
{
    const struct bw_stay *stay = wanted->stays, *end = stay + wanted->stay_count;
    while (stay < end && stay->group != group)
        stay++;
    wanted->has_tail = stay < end && stay + 1 == end;
    wanted->stays = stay;
    wanted->stay_count = stay < end;
}

static enum bw_rc find_places(struct scan *scan, uint64_t *out_least)
{
    const enum bw_rc rc =
        bw_stays_read(scan->reader, scan->ids, scan->count, &scan->stays, &scan->damage, scan->err);
    *out_least = UINT64_MAX;
    for (size_t i = 0, next = 0; rc == BW_OK && i < scan->count; i++) {
        struct wanted *wanted = &scan->wanted[i];
        note_stays(wanted, &scan->stays, &next);
        if (scan->group != 0)
            keep_stay_in(wanted, scan->group);
        if (wanted->has_tail && wanted->covered < *out_least)
            *out_least = wanted->covered;
    }
    return rc;
}

enum bw_rc bw_view_group_of(struct bw_reader *reader, uint32_t series, uint32_t *out,
                            struct bw_damage *damage, struct bw_err *err)
{
    struct bw_stays stays = { .count = 0 };
    const enum bw_rc rc = bw_stays_read(reader, &series, 1, &stays, damage, err);
    if (rc == BW_OK && stays.count > 0)
        *out = stays.items[stays.count - 1].group;
    bw_stays_fini(&stays);
    return rc;
}

/* --- the journal's tail ------------------------------------------------------------------ */

static void take_row(struct scan *scan, uint64_t seq, const struct bw_samples *samples)
{
    const uint32_t first = scan->ids[0], last = scan->ids[scan->count - 1];
    for (size_t i = 0; i < samples->count; i++) {
        const struct bw_sample *sample = &samples->items[i];
        if (sample->series < first || sample->series > last || sample->ts_ms < scan->from_ms
            || sample->ts_ms > scan->to_ms)
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

static bool show(struct scan *scan, struct wanted *wanted)
{
    struct bw_points *points = &scan->points;
    points->count = 0;
    const bool rise =
        bw_pack_reads_series(scan->packs, wanted->series, points, &scan->damage.packs);
    const size_t settled = rise ? points->count : 0;
    if (wanted->tail.count > 0) {
        struct bw_point *room = bw_points_reserve(points, wanted->tail.count);
        memcpy(room, wanted->tail.items, wanted->tail.count * sizeof *room);
        points->count += wanted->tail.count;
    }
    bw_points_fini(&wanted->tail);
    bw_points_settle_behind(points, settled);
    return points->count == 0 || scan->fn(scan->ctx, wanted->series, points->items, points->count);
}

/* Series from the i-th on that have been in the same groups. */
static size_t run_from(const struct scan *scan, size_t i)
{
    size_t run = 1;
    while (i + run < scan->count && compare_places(&scan->wanted[i], &scan->wanted[i + run]) == 0)
        run++;
    return run;
}

static enum bw_rc choose_packs(struct scan *scan, const struct wanted *wanted)
{
    uint32_t *groups = bw_alloc_array(wanted->stay_count + 1, sizeof *groups);
    for (size_t i = 0; i < wanted->stay_count; i++)
        groups[i] = wanted->stays[i].group;
    const enum bw_rc rc = bw_pack_reads_choose(scan->packs, groups, wanted->stay_count, scan->err);
    free(groups);
    return rc;
}

static enum bw_rc show_run(struct scan *scan, struct wanted *wanted, size_t count, bool *more)
{
    enum bw_rc rc = choose_packs(scan, wanted);
    const size_t pass = bw_pack_reads_pass(scan->packs, count);
    for (size_t i = 0; rc == BW_OK && *more && i < count; i += pass) {
        const size_t end = count - i < pass ? count : i + pass;
        rc = bw_pack_reads_load(scan->packs, wanted[i].series, wanted[end - 1].series,
                                &scan->damage.packs, scan->err);
        for (size_t k = i; rc == BW_OK && *more && k < end; k++)
            *more = show(scan, &wanted[k]);
    }
    return rc;
}

static enum bw_rc run(struct scan *scan)
{
    uint64_t covered = 0;
    bool more = true;
    enum bw_rc rc = find_places(scan, &covered);
    if (rc == BW_OK && covered < UINT64_MAX)
        rc = read_tail(scan, covered);
    if (rc != BW_OK)
        return rc;
    qsort(scan->wanted, scan->count, sizeof *scan->wanted, by_place);
    for (size_t i = 0, count; rc == BW_OK && more && i < scan->count; i += count) {
        count = run_from(scan, i);
        rc = show_run(scan, &scan->wanted[i], count, &more);
    }
    return rc;
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
                         .packs = bw_pack_reads_new(reader->db, range->from_ms, range->to_ms,
                                                    BYTES_A_PASS),
                         .fn = fn,
                         .ctx = ctx,
                         .err = err };
    take_wanted(&scan, range->series, range->count);
    const enum bw_rc rc = run(&scan);
    for (size_t i = 0; i < scan.count; i++)
        bw_points_fini(&scan.wanted[i].tail);
    bw_points_fini(&scan.points);
    bw_pack_reads_free(scan.packs);
    bw_stays_fini(&scan.stays);
    free(scan.wanted);
    free(scan.ids);
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
