// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mem.h"
#include "pack/journal.h"
#include "pack/pack.h"
#include "store/db.h"
#include "store/extents.h"
#include "store/view.h"

#include <stdlib.h>

/* Where a series is: journal rows up to `covered` are in its group's packs. */
struct place {
    uint32_t group;
    uint64_t covered;
};

struct sums {
    struct bw_reader *reader;
    struct bw_extent *extents;
    struct place *places; /* beside the extents */
    size_t count;
    struct bw_damage damage;
    struct bw_err *err;
};

static int compare(const void *a, const void *b)
{
    const uint32_t x = ((const struct bw_extent *)a)->series,
                   y = ((const struct bw_extent *)b)->series;
    return (x > y) - (x < y);
}

static struct bw_extent *find(const struct sums *sums, uint32_t series)
{
    const struct bw_extent key = { .series = series };
    return bsearch(&key, sums->extents, sums->count, sizeof key, compare);
}

static void add(struct bw_extent *extent, uint64_t points, uint64_t bytes, int64_t first_ms,
                int64_t last_ms)
{
    if (extent->points == 0 || first_ms < extent->first_ms)
        extent->first_ms = first_ms;
    if (extent->points == 0 || last_ms > extent->last_ms)
        extent->last_ms = last_ms;
    extent->points += points;
    extent->bytes += bytes;
}

/* ---- where the series are -------------------------------------------------------------------- */

static bool take_place(void *ctx, const struct bw_cells *cells)
{
    struct sums *sums = ctx;
    const struct bw_extent *extent = find(sums, (uint32_t)cells->items[0].integer);
    if (extent != NULL)
        sums->places[extent - sums->extents].group = (uint32_t)cells->items[1].integer;
    return true;
}

static bool take_covered(void *ctx, const struct bw_cells *cells)
{
    struct sums *sums = ctx;
    for (size_t i = 0; i < sums->count; i++) {
        if (sums->places[i].group == cells->items[0].integer)
            sums->places[i].covered = (uint64_t)cells->items[1].integer;
    }
    return true;
}

/* ---- packs ------------------------------------------------------------------------------------
 */

static void take_pack(struct sums *sums, const struct bw_pack *pack)
{
    struct bw_pack_extent parts[BW_PACK_SERIES_MAX];
    if (bw_pack_extents(pack, parts, NULL) != BW_OK) {
        sums->damage.packs++;
        return;
    }
    for (size_t i = 0; i < pack->series_count; i++) {
        struct bw_extent *extent = find(sums, parts[i].series);
        if (extent != NULL)
            add(extent, parts[i].points, parts[i].bytes, parts[i].first_ms, parts[i].last_ms);
    }
}

static enum bw_rc read_packs(struct sums *sums)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(sums->reader->db,
                                  "SELECT body FROM pack WHERE group_id IN (SELECT group_id"
                                  " FROM series_group WHERE series BETWEEN ?1 AND ?2)",
                                  &st, sums->err);
    if (rc == BW_OK) {
        sqlite3_bind_int64(st, 1, sums->extents[0].series);
        sqlite3_bind_int64(st, 2, sums->extents[sums->count - 1].series);
    }
    while (rc == BW_OK && bw_db_has_row(sums->reader->db, sqlite3_step(st), &rc, sums->err)) {
        struct bw_pack pack;
        if (bw_pack_open(&pack, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0),
                         NULL)
            == BW_OK)
            take_pack(sums, &pack);
        else
            sums->damage.packs++;
    }
    sqlite3_finalize(st);
    return rc;
}

/* ---- the journal's tail -----------------------------------------------------------------------
 */

static void take_row(struct sums *sums, uint64_t seq, const struct bw_samples *samples)
{
    for (size_t i = 0; i < samples->count; i++) {
        const struct bw_sample *sample = &samples->items[i];
        struct bw_extent *extent = find(sums, sample->series);
        if (extent != NULL && seq > sums->places[extent - sums->extents].covered)
            add(extent, 1, 0, sample->ts_ms, sample->ts_ms);
    }
}

static enum bw_rc read_tail(struct sums *sums)
{
    sqlite3_stmt *st = NULL;
    struct bw_samples samples = { 0 };
    enum bw_rc rc =
        bw_db_prepare(sums->reader->db, "SELECT seq, body FROM journal", &st, sums->err);
    while (rc == BW_OK && bw_db_has_row(sums->reader->db, sqlite3_step(st), &rc, sums->err)) {
        const uint64_t seq = (uint64_t)sqlite3_column_int64(st, 0);
        samples.count = 0;
        if (bw_journal_decode(seq, sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1),
                              &samples, NULL)
            == BW_OK)
            take_row(sums, seq, &samples);
        else
            sums->damage.journal_rows++;
    }
    bw_samples_fini(&samples);
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc run(struct sums *sums)
{
    enum bw_rc rc = bw_view_rows(sums->reader, BW_ROW_SERIES_GROUP, "ORDER BY series, from_ms",
                                 take_place, sums, &sums->damage, sums->err);
    if (rc == BW_OK)
        rc = bw_view_rows(sums->reader, BW_ROW_PACK_GROUP, "", take_covered, sums, &sums->damage,
                          sums->err);
    if (rc == BW_OK)
        rc = read_packs(sums);
    return rc == BW_OK ? read_tail(sums) : rc;
}

enum bw_rc bw_reader_extents(struct bw_reader *reader, struct bw_extent *extents, size_t count,
                             struct bw_damage *damage, struct bw_err *err)
{
    if (count == 0)
        return BW_OK;
    struct sums sums = { .reader = reader, .extents = extents, .count = count, .err = err };
    enum bw_rc rc = bw_view_begin(reader, err);
    if (rc != BW_OK)
        return rc;
    sums.places = bw_alloc_array(count, sizeof *sums.places);
    rc = bw_view_end(reader, run(&sums));
    free(sums.places);
    if (damage != NULL) {
        damage->packs += sums.damage.packs;
        damage->journal_rows += sums.damage.journal_rows;
        damage->rows += sums.damage.rows;
    }
    return rc;
}
