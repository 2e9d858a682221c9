// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/pack_reads.h"

#include "base/mem.h"
#include "pack/pack.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

/* What one series of a pack costs when it is read alone, as bytes of a body that is read whole:
 * head, times and values are some pages each. GROUP_SERIES: as many share a group. */
enum { ALONE_BYTES = 12 << 10, GROUP_SERIES = 100, EXPECTED_MAX = 1 << 20 };

struct chosen {
    int64_t id, first_ms, last_ms;
    uint32_t group;
    uint32_t samples;
    size_t size;
    /* what is loaded of it */
    uint8_t *bytes;
    size_t cap;
    bool there;
    struct bw_pack pack;
    struct bw_pack_walk walk;
};

struct bw_pack_reads {
    sqlite3 *db;
    int64_t from_ms, to_ms;
    size_t bytes_max;
    sqlite3_stmt *list;
    sqlite3_blob *blob;
    struct chosen *packs;
    size_t count, cap;
    size_t made; /* items that may have memory of their own */
    uint64_t bytes;
    uint64_t held;     /* times decoded, of all packs */
    size_t head_bytes; /* of the pack before: the next one's head is as large, most likely */
};

struct bw_pack_reads *bw_pack_reads_new(sqlite3 *db, int64_t from_ms, int64_t to_ms,
                                        size_t bytes_max)
{
    struct bw_pack_reads *reads = bw_alloc(sizeof *reads);
    reads->db = db;
    reads->from_ms = from_ms;
    reads->to_ms = to_ms;
    reads->bytes_max = bytes_max;
    return reads;
}

static void unload(struct chosen *chosen)
{
    if (chosen->there)
        bw_pack_walk_fini(&chosen->walk);
    chosen->there = false;
}

void bw_pack_reads_free(struct bw_pack_reads *reads)
{
    if (reads == NULL)
        return;
    for (size_t i = 0; i < reads->made; i++) {
        unload(&reads->packs[i]);
        free(reads->packs[i].bytes);
    }
    sqlite3_blob_close(reads->blob);
    sqlite3_finalize(reads->list);
    free(reads->packs);
    free(reads);
}

/* --- which packs --------------------------------------------------------------------------- */

static void add_row(struct bw_pack_reads *reads, uint32_t group, sqlite3_stmt *st)
{
    reads->packs = bw_grow(reads->packs, &reads->cap, reads->count + 1, sizeof *reads->packs);
    struct chosen *chosen = &reads->packs[reads->count++];
    if (reads->made < reads->count) {
        *chosen = (struct chosen){ 0 };
        reads->made = reads->count;
    }
    chosen->group = group;
    chosen->id = sqlite3_column_int64(st, 0);
    chosen->first_ms = sqlite3_column_int64(st, 1);
    chosen->last_ms = sqlite3_column_int64(st, 2);
    chosen->samples = (uint32_t)sqlite3_column_int64(st, 3);
    chosen->size = (size_t)sqlite3_column_int64(st, 4);
    reads->bytes += chosen->size;
}

static enum bw_rc choose_group(struct bw_pack_reads *reads, uint32_t group, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    sqlite3_bind_int64(reads->list, 1, group);
    sqlite3_bind_int64(reads->list, 2, reads->from_ms);
    sqlite3_bind_int64(reads->list, 3, reads->to_ms);
    while (bw_db_has_row(reads->db, sqlite3_step(reads->list), &rc, err))
        add_row(reads, group, reads->list);
    sqlite3_reset(reads->list);
    return rc;
}

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const struct chosen *)a)->id, y = ((const struct chosen *)b)->id;
    return (x > y) - (x < y);
}

enum bw_rc bw_pack_reads_choose(struct bw_pack_reads *reads, const uint32_t *groups, size_t count,
                                struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < reads->count; i++)
        unload(&reads->packs[i]);
    reads->count = 0;
    reads->bytes = 0;
    if (reads->list == NULL)
        rc = bw_db_prepare(reads->db,
                           /* Only the size of a body is looked at. The index says which rows. */
                           "SELECT id, first_ms, last_ms, samples, length(body) FROM main.pack"
                           " WHERE id IN (SELECT id FROM main.pack WHERE group_id=?1"
                           " AND last_ms>=?2 AND first_ms<=?3) ORDER BY id",
                           &reads->list, err);
    for (size_t i = 0; rc == BW_OK && i < count; i++)
        rc = choose_group(reads, groups[i], err);
    if (count > 1 && reads->count > 1)
        qsort(reads->packs, reads->count, sizeof *reads->packs, by_id);
    return rc;
}

size_t bw_pack_reads_pass(const struct bw_pack_reads *reads, size_t wanted)
{
    if (reads->count == 0)
        return wanted;
    if (wanted * ALONE_BYTES < reads->bytes / reads->count)
        return 1;
    const uint64_t fit = reads->bytes <= reads->bytes_max
                             ? wanted
                             : (uint64_t)GROUP_SERIES * reads->bytes_max / reads->bytes;
    return fit < 1 ? 1 : fit < wanted ? (size_t)fit : wanted;
}

/* --- bytes --------------------------------------------------------------------------------- */

static void close_blob(struct bw_pack_reads *reads)
{
    sqlite3_blob_close(reads->blob);
    reads->blob = NULL;
}

/* What SQLite finds damaged in one pack leaves the others as they are. */
static enum bw_rc blob_rc(struct bw_pack_reads *reads, int code, struct bw_err *err)
{
    if (code == SQLITE_OK)
        return BW_OK;
    const int primary = code & 0xff;
    const enum bw_rc rc = primary == SQLITE_CORRUPT || primary == SQLITE_ERROR
                              ? BW_ECORRUPT
                              : bw_db_fail(reads->db, err, "read pack");
    close_blob(reads); /* after a failure it is of no use */
    return rc;
}

static enum bw_rc open_blob(struct bw_pack_reads *reads, const struct chosen *chosen,
                            struct bw_err *err)
{
    const int code = reads->blob != NULL ? sqlite3_blob_reopen(reads->blob, chosen->id)
                                         : sqlite3_blob_open(reads->db, "main", "pack", "body",
                                                             chosen->id, 0, &reads->blob);
    const enum bw_rc rc = blob_rc(reads, code, err);
    return rc != BW_OK || (size_t)sqlite3_blob_bytes(reads->blob) == chosen->size ? rc
                                                                                  : BW_ECORRUPT;
}

static enum bw_rc read_bytes(struct bw_pack_reads *reads, struct chosen *chosen, size_t from,
                             size_t at, size_t size, struct bw_err *err)
{
    if (from + size > chosen->cap)
        chosen->bytes = bw_grow(chosen->bytes, &chosen->cap, from + size, 1);
    if (size == 0)
        return BW_OK;
    return blob_rc(reads, sqlite3_blob_read(reads->blob, chosen->bytes + from, (int)size, (int)at),
                   err);
}

/* --- loading ------------------------------------------------------------------------------- */

static enum bw_rc load_head(struct bw_pack_reads *reads, struct chosen *chosen, size_t *out_size,
                            struct bw_err *err)
{
    size_t have = reads->head_bytes > 0 ? reads->head_bytes : BW_PACK_HEADER_BYTES;
    have = have < chosen->size ? have : chosen->size;
    enum bw_rc rc = read_bytes(reads, chosen, 0, 0, have, err);
    if (rc != BW_OK)
        return rc;
    const size_t need = bw_pack_head_bytes(chosen->bytes, have);
    if (need < BW_PACK_HEADER_BYTES || need > chosen->size)
        return BW_ECORRUPT;
    if (need > have)
        rc = read_bytes(reads, chosen, have, have, need - have, err);
    *out_size = reads->head_bytes = need;
    return rc;
}

/* A row's columns are not under a checksum; the header that repeats them is. */
static bool is_of_row(const struct bw_pack *pack, const struct chosen *chosen)
{
    return pack->group == chosen->group && pack->first_ms == chosen->first_ms
           && pack->last_ms == chosen->last_ms && pack->samples == chosen->samples;
}

/* Times and values behind the head; they follow each other there when all series are needed. */
static enum bw_rc load_parts(struct bw_pack_reads *reads, struct chosen *chosen, size_t head_size,
                             const struct bw_pack_need *need, struct bw_err *err)
{
    const size_t values_from = head_size + need->times.size;
    enum bw_rc rc = read_bytes(reads, chosen, head_size, need->times.at, need->times.size, err);
    if (rc == BW_OK)
        rc = read_bytes(reads, chosen, values_from, need->values.at, need->values.size, err);
    if (rc != BW_OK)
        return rc;
    chosen->pack.body = chosen->bytes;
    chosen->pack.there[0] = need->times;
    chosen->pack.there[0].bytes = chosen->bytes + head_size;
    chosen->pack.there[1] = need->values;
    chosen->pack.there[1].bytes = chosen->bytes + values_from;
    bw_pack_walk_begin_at(&chosen->walk, &chosen->pack, need);
    chosen->there = true;
    return BW_OK;
}

static enum bw_rc load_pack(struct bw_pack_reads *reads, struct chosen *chosen, uint32_t first,
                            uint32_t last, struct bw_err *err)
{
    size_t head_size = 0;
    struct bw_pack_need need;
    if (chosen->size > BW_PACK_BYTES_MAX)
        return BW_ECORRUPT;
    enum bw_rc rc = open_blob(reads, chosen, err);
    if (rc == BW_OK)
        rc = load_head(reads, chosen, &head_size, err);
    if (rc == BW_OK)
        rc = bw_pack_open_head(&chosen->pack, chosen->bytes, head_size, chosen->size, NULL);
    if (rc == BW_OK && !is_of_row(&chosen->pack, chosen))
        rc = BW_ECORRUPT;
    if (rc != BW_OK || !bw_pack_need(&chosen->pack, first, last, &need))
        return rc;
    return load_parts(reads, chosen, head_size, &need, err);
}

enum bw_rc bw_pack_reads_load(struct bw_pack_reads *reads, uint32_t first, uint32_t last,
                              uint64_t *out_damaged, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    reads->held = 0;
    for (size_t i = 0; rc == BW_OK && i < reads->count; i++) {
        unload(&reads->packs[i]);
        rc = load_pack(reads, &reads->packs[i], first, last, err);
        if (rc == BW_ECORRUPT) {
            *out_damaged += 1;
            rc = BW_OK;
        }
    }
    return rc;
}

/* --- reading ------------------------------------------------------------------------------- */

/* Of the points from `from` on, which rise in time, only those within the range. */
static void clip(const struct bw_pack_reads *reads, struct bw_points *points, size_t from)
{
    size_t begin = from, end = points->count;
    while (begin < end && points->items[begin].ts_ms < reads->from_ms)
        begin++;
    while (end > begin && points->items[end - 1].ts_ms > reads->to_ms)
        end--;
    if (begin > from)
        memmove(points->items + from, points->items + begin, (end - begin) * sizeof *points->items);
    points->count = from + (end - begin);
}

/* Those of one pack do. */
static bool rise_at(const struct bw_points *points, size_t at)
{
    return at == 0 || at == points->count || points->items[at - 1].ts_ms < points->items[at].ts_ms;
}

/* About as many as one series has, and what reading the longest of its packs borrows: room for all
 * of them at once spares copying them. */
static size_t expected_points(const struct bw_pack_reads *reads)
{
    size_t points = 0, longest = 0;
    for (size_t i = 0; i < reads->count; i++) {
        const struct chosen *chosen = &reads->packs[i];
        const size_t count = chosen->there ? chosen->samples / chosen->pack.series_count + 1 : 0;
        points += count;
        longest = count > longest ? count : longest;
    }
    return points + longest < EXPECTED_MAX ? points + longest : EXPECTED_MAX;
}

static enum bw_rc read_series(struct bw_pack_reads *reads, struct bw_pack_walk *walk,
                              struct bw_points *out)
{
    const size_t before = walk->held;
    const enum bw_rc rc = bw_pack_walk_read(walk, out, NULL);
    /* Series without a time in common: their times must not be in memory all at once. */
    reads->held = reads->held - before + walk->held;
    if (reads->held * sizeof(int64_t) > reads->bytes_max) {
        reads->held -= walk->held;
        bw_pack_walk_forget(walk);
    }
    return rc;
}

bool bw_pack_reads_series(struct bw_pack_reads *reads, uint32_t series, struct bw_points *out,
                          uint64_t *out_damaged)
{
    bool rise = true;
    bw_points_reserve(out, expected_points(reads));
    for (size_t i = 0; i < reads->count; i++) {
        struct chosen *chosen = &reads->packs[i];
        const size_t before = out->count;
        if (!chosen->there || !bw_pack_walk_find(&chosen->walk, series))
            continue;
        if (read_series(reads, &chosen->walk, out) != BW_OK)
            *out_damaged += 1;
        else if (chosen->first_ms < reads->from_ms || chosen->last_ms > reads->to_ms)
            clip(reads, out, before);
        rise = rise && rise_at(out, before);
    }
    return rise;
}
