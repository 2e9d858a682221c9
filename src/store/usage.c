// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/usage.h"

#include "base/mem.h"
#include "pack/rollup.h"
#include "store/db.h"
#include "store/extents.h"
#include "store/files.h"
#include "store/view.h"

#include <stdlib.h>
#include <string.h>

struct count {
    struct bw_reader *reader;
    struct bw_store_usage *usage;
    struct bw_usage_part *series; /* all, by rising id */
    const char **metrics;         /* of each */
    struct bw_extent *extents;    /* of each */
    size_t series_count, cap, metric_cap, extent_cap;
    struct bw_damage damage;
    struct bw_err *err;
};

/* --- the file ------------------------------------------------------------------------------- */

static enum bw_rc count_file(struct count *c)
{
    struct bw_store_usage *usage = c->usage;
    int64_t pages = 0, free_pages = 0, page_bytes = 0;
    const struct {
        const char *sql;
        int64_t *out;
    } numbers[] = {
        { "PRAGMA page_count", &pages },
        { "PRAGMA freelist_count", &free_pages },
        { "PRAGMA page_size", &page_bytes },
        { "SELECT sum(length(body)) FROM pack WHERE state=0", (int64_t *)&usage->open_bytes },
        { "SELECT sum(length(body)) FROM pack WHERE state=1", (int64_t *)&usage->hot_bytes },
        { "SELECT sum(length(body)) FROM pack WHERE state=2", (int64_t *)&usage->cold_bytes },
        { "SELECT sum(length(body)) FROM journal", (int64_t *)&usage->journal_bytes },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const enum bw_rc rc = bw_db_number(c->reader->db, numbers[i].sql, numbers[i].out, c->err);
        if (rc != BW_OK)
            return rc;
    }
    usage->free_bytes = (uint64_t)(free_pages * page_bytes);
    usage->other_bytes = (uint64_t)((pages - free_pages) * page_bytes);
    return BW_OK;
}

/* What is left of the file when all that is known is taken from it. */
static void find_rest(struct bw_store_usage *usage)
{
    uint64_t known =
        usage->open_bytes + usage->hot_bytes + usage->cold_bytes + usage->journal_bytes;
    for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++)
        known += usage->rollup_bytes[t];
    usage->other_bytes = usage->other_bytes > known ? usage->other_bytes - known : 0;
}

/* --- series --------------------------------------------------------------------------------- */

static bool note_series(void *ctx, const struct bw_series_info *info)
{
    struct count *c = ctx;
    struct bw_arena *arena = &c->usage->arena;
    const size_t n = c->series_count;
    const char *before = n > 0 ? c->metrics[n - 1] : NULL;
    c->series = bw_grow(c->series, &c->cap, n + 1, sizeof *c->series);
    c->metrics = bw_grow(c->metrics, &c->metric_cap, n + 1, sizeof *c->metrics);
    c->extents = bw_grow(c->extents, &c->extent_cap, n + 1, sizeof *c->extents);
    c->series[n] =
        (struct bw_usage_part){ .name = bw_arena_strdup(arena, info->text), .series = 1 };
    c->metrics[n] = before != NULL && strcmp(before, info->metric) == 0
                        ? before
                        : bw_arena_strdup(arena, info->metric);
    c->extents[n] = (struct bw_extent){ .series = info->id };
    c->series_count++;
    return true;
}

static int by_id(const void *a, const void *b)
{
    const uint32_t x = ((const struct bw_extent *)a)->series,
                   y = ((const struct bw_extent *)b)->series;
    return (x > y) - (x < y);
}

static void take_rollup(struct count *c, const struct bw_rollup *rollup)
{
    for (size_t i = 0; i < rollup->series_count; i++) {
        const struct bw_extent key = { .series = bw_rollup_series(rollup, i) };
        const struct bw_extent *extent =
            bsearch(&key, c->extents, c->series_count, sizeof key, by_id);
        if (extent != NULL)
            c->series[extent - c->extents].rollup_bytes += bw_rollup_part_bytes(rollup, i);
    }
}

static enum bw_rc count_rollups(struct count *c, unsigned tier)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc =
        bw_db_prepare(c->reader->db, "SELECT body FROM rollup WHERE width_ms=?1", &st, c->err);
    if (rc == BW_OK)
        sqlite3_bind_int64(st, 1, bw_rollup_tiers[tier].width_ms);
    while (rc == BW_OK && bw_db_has_row(c->reader->db, sqlite3_step(st), &rc, c->err)) {
        struct bw_rollup rollup;
        const size_t size = (size_t)sqlite3_column_bytes(st, 0);
        c->usage->rollup_bytes[tier] += size;
        if (bw_rollup_open(&rollup, sqlite3_column_blob(st, 0), size, NULL) == BW_OK)
            take_rollup(c, &rollup);
        else
            c->damage.packs++;
    }
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc count_series(struct count *c)
{
    enum bw_rc rc = bw_reader_series(c->reader, NULL, note_series, c, &c->damage, c->err);
    if (rc == BW_OK)
        rc = bw_reader_extents(c->reader, c->extents, c->series_count, &c->damage, c->err);
    for (size_t i = 0; rc == BW_OK && i < c->series_count; i++) {
        c->series[i].samples = c->extents[i].points;
        c->series[i].bytes = c->extents[i].bytes;
    }
    const bool made = bw_view_has_table(c->reader->db, BW_ROW_ROLLUP);
    for (unsigned t = 0; rc == BW_OK && made && t < BW_ROLLUP_TIERS; t++)
        rc = count_rollups(c, t);
    return rc;
}

/* --- the largest ---------------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    const struct bw_usage_part *x = a, *y = b;
    const uint64_t left = x->bytes + x->rollup_bytes, right = y->bytes + y->rollup_bytes;
    return left != right ? (left < right) - (left > right) : strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct bw_usage_part *)a)->name, ((const struct bw_usage_part *)b)->name);
}

static struct bw_usage_part *keep_top(struct bw_arena *arena, struct bw_usage_part *parts,
                                      size_t *count, size_t top)
{
    if (*count > 0)
        qsort(parts, *count, sizeof *parts, by_bytes);
    *count = *count < top ? *count : top;
    struct bw_usage_part *kept = bw_arena_array(arena, *count + 1, sizeof *kept);
    if (*count > 0)
        memcpy(kept, parts, *count * sizeof *kept);
    return kept;
}

/* One part for each metric, in place of those of its series. */
static size_t merge_metrics(struct bw_usage_part *parts, size_t count)
{
    size_t kept = 0;
    if (count > 0)
        qsort(parts, count, sizeof *parts, by_name);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(parts[kept - 1].name, parts[i].name) != 0) {
            parts[kept++] = parts[i];
            continue;
        }
        struct bw_usage_part *into = &parts[kept - 1];
        into->series += parts[i].series;
        into->samples += parts[i].samples;
        into->bytes += parts[i].bytes;
        into->rollup_bytes += parts[i].rollup_bytes;
    }
    return kept;
}

static void list_top(struct count *c, size_t top)
{
    struct bw_store_usage *usage = c->usage;
    struct bw_usage_part *parts = bw_alloc_array(c->series_count, sizeof *parts);
    for (size_t i = 0; i < c->series_count; i++) {
        parts[i] = c->series[i];
        parts[i].name = c->metrics[i];
    }
    usage->metric_count = usage->metrics_in_all = merge_metrics(parts, c->series_count);
    usage->metrics = keep_top(&usage->arena, parts, &usage->metric_count, top);
    usage->series_count = c->series_count;
    usage->series = keep_top(&usage->arena, c->series, &usage->series_count, top);
    free(parts);
}

/* --- all of it ------------------------------------------------------------------------------ */

enum bw_rc bw_store_usage_read(const char *path, size_t top, struct bw_store_usage *out,
                               struct bw_err *err)
{
    struct bw_store_usage usage = { .wal_bytes = bw_files_wal_bytes(path) };
    struct count c = { .usage = &usage, .err = err };
    enum bw_rc rc = bw_reader_open(path, &c.reader, err);
    if (rc != BW_OK)
        return rc;
    bw_arena_init(&usage.arena);
    rc = count_file(&c);
    if (rc == BW_OK)
        rc = count_series(&c);
    bw_reader_close(c.reader);
    if (rc == BW_OK) {
        find_rest(&usage);
        list_top(&c, top);
        usage.damaged = c.damage.packs + c.damage.journal_rows + c.damage.rows;
        *out = usage;
    } else {
        bw_arena_fini(&usage.arena);
    }
    free(c.series);
    free(c.metrics);
    free(c.extents);
    return rc;
}

void bw_store_usage_fini(struct bw_store_usage *usage)
{
    bw_arena_fini(&usage->arena);
}
