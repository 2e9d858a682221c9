// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/stays.h"

#include "base/mem.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

/* Rows are read in one go where the series that nobody asked for are at most so many times the
 * others. */
enum { SPARSE = 4 };

/* Behind the others of its series. Should the group be there already, its last place counts. */
static void add_stay(struct bw_stays *stays, uint32_t series, uint32_t group)
{
    stays->items = bw_grow(stays->items, &stays->cap, stays->count + 1, sizeof *stays->items);
    struct bw_stay *end = stays->items + stays->count, *at = end;
    while (at > stays->items && at[-1].series == series) {
        at--;
        if (at->group == group) {
            memmove(at, at + 1, (size_t)(end - at - 1) * sizeof *at);
            end--;
            stays->count--;
            break;
        }
    }
    *end = (struct bw_stay){ .series = series, .group = group };
    stays->count++;
}

/* --- series_group -------------------------------------------------------------------------- */

struct finding {
    struct bw_stays *stays;
    const uint32_t *series;
    size_t count, next;
    struct bw_damage *damage;
};

static void take_row(struct finding *finding, sqlite3_stmt *st)
{
    struct bw_cells cells;
    if (!bw_row_read(BW_ROW_SERIES_GROUP, st, &cells)) {
        finding->damage->rows++;
        return;
    }
    const uint32_t series = (uint32_t)cells.items[0].integer;
    while (finding->next < finding->count && finding->series[finding->next] < series)
        finding->next++;
    if (finding->next < finding->count && finding->series[finding->next] == series)
        add_stay(finding->stays, series, (uint32_t)cells.items[1].integer);
}

static enum bw_rc read_between(sqlite3 *db, sqlite3_stmt *st, struct finding *finding,
                               uint32_t first, uint32_t last, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    sqlite3_bind_int64(st, 1, first);
    sqlite3_bind_int64(st, 2, last);
    while (bw_db_has_row(db, sqlite3_step(st), &rc, err))
        take_row(finding, st);
    sqlite3_reset(st);
    return rc;
}

static enum bw_rc find_groups(sqlite3 *db, struct finding *finding, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(db,
                                  "SELECT * FROM main.series_group WHERE series BETWEEN ?1 AND ?2"
                                  " ORDER BY series, from_ms",
                                  &st, err);
    const uint32_t first = finding->series[0], last = finding->series[finding->count - 1];
    if (rc == BW_OK && (last - first) / SPARSE <= finding->count)
        rc = read_between(db, st, finding, first, last, err);
    else
        for (size_t i = 0; rc == BW_OK && i < finding->count; i++)
            rc = read_between(db, st, finding, finding->series[i], finding->series[i], err);
    sqlite3_finalize(st);
    return rc;
}

/* --- pack_group ---------------------------------------------------------------------------- */

static enum bw_rc read_covered(sqlite3 *db, sqlite3_stmt *st, struct bw_stay *stay,
                               struct bw_damage *damage, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    sqlite3_bind_int64(st, 1, stay->group);
    /* A damaged row leaves 0: rows of the journal that are in packs as well are read twice, which
     * changes nothing. */
    if (bw_db_has_row(db, sqlite3_step(st), &rc, err)) {
        struct bw_cells cells;
        if (bw_row_read(BW_ROW_PACK_GROUP, st, &cells))
            stay->covered = (uint64_t)cells.items[1].integer;
        else
            damage->rows++;
    }
    sqlite3_reset(st);
    return rc;
}

static int by_group(const void *a, const void *b)
{
    const struct bw_stay *x = *(const struct bw_stay *const *)a,
                         *y = *(const struct bw_stay *const *)b;
    return (x->group > y->group) - (x->group < y->group);
}

/* Once for each group. */
static enum bw_rc find_covered(sqlite3 *db, struct bw_stays *stays, struct bw_damage *damage,
                               struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(db, "SELECT * FROM main.pack_group WHERE id=?1", &st, err);
    struct bw_stay **order = bw_alloc_array(stays->count + 1, sizeof *order);
    for (size_t i = 0; i < stays->count; i++)
        order[i] = &stays->items[i];
    qsort(order, stays->count, sizeof *order, by_group);
    for (size_t i = 0; rc == BW_OK && i < stays->count; i++) {
        if (i > 0 && order[i]->group == order[i - 1]->group)
            order[i]->covered = order[i - 1]->covered;
        else
            rc = read_covered(db, st, order[i], damage, err);
    }
    free(order);
    sqlite3_finalize(st);
    return rc;
}

/* --- together ------------------------------------------------------------------------------ */

enum bw_rc bw_stays_read(struct bw_reader *reader, const uint32_t *series, size_t count,
                         struct bw_stays *out, struct bw_damage *damage, struct bw_err *err)
{
    struct finding finding = { .stays = out, .series = series, .count = count, .damage = damage };
    const enum bw_rc rc = count == 0 ? BW_OK : find_groups(reader->db, &finding, err);
    return rc == BW_OK ? find_covered(reader->db, out, damage, err) : rc;
}

void bw_stays_fini(struct bw_stays *stays)
{
    free(stays->items);
    *stays = (struct bw_stays){ 0 };
}
