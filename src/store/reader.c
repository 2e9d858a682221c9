// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/reader.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "model/picker.h"
#include "store/db.h"
#include "store/view.h"

#include <stdio.h>
#include <stdlib.h>

enum bw_rc bw_reader_open(const char *path, struct bw_reader **out, struct bw_err *err)
{
    struct bw_reader *reader = bw_alloc(sizeof *reader);
    const enum bw_rc rc = bw_db_open_reader(path, &reader->db, err);
    if (rc != BW_OK) {
        free(reader);
        return rc;
    }
    *out = reader;
    return BW_OK;
}

void bw_reader_close(struct bw_reader *reader)
{
    if (reader == NULL)
        return;
    sqlite3_close(reader->db);
    free(reader);
}

enum bw_rc bw_view_begin(struct bw_reader *reader, struct bw_err *err)
{
    return reader->shares ? BW_OK : bw_db_exec(reader->db, "BEGIN", err);
}

enum bw_rc bw_view_end(struct bw_reader *reader, enum bw_rc rc)
{
    if (!reader->shares)
        sqlite3_exec(reader->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

bool bw_view_has_table(sqlite3 *db, enum bw_row_op op)
{
    char sql[120];
    int64_t count = 0;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM sqlite_schema WHERE name='%s'",
             bw_row_table(op));
    return bw_db_number(db, sql, &count, NULL) == BW_OK && count == 1;
}

enum bw_rc bw_view_rows(struct bw_reader *reader, enum bw_row_op op, const char *tail,
                        bw_cells_fn *fn, void *ctx, struct bw_damage *damage, struct bw_err *err)
{
    struct bw_buf sql;
    bw_buf_init(&sql, 64 << 10);
    /* "main": a connection for people has virtual tables in front of the schema's. */
    bw_buf_printf(&sql, "SELECT * FROM main.%s %s", bw_row_table(op), tail);
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_buf_failed(&sql) ? bw_fail(err, BW_ELIMIT, "filter is too long")
                                        : bw_db_prepare(reader->db, sql.data, &st, err);
    bool more = true;
    while (rc == BW_OK && more && bw_db_has_row(reader->db, sqlite3_step(st), &rc, err)) {
        struct bw_cells cells;
        if (bw_row_read(op, st, &cells))
            more = fn(ctx, &cells);
        else if (damage != NULL)
            damage->rows++;
    }
    sqlite3_finalize(st);
    bw_buf_fini(&sql);
    return rc;
}

/* --- series ---------------------------------------------------------------------------- */

struct series_walk {
    struct bw_picker *picker;
    struct bw_damage *damage;
    bw_series_fn *fn;
    void *ctx;
    bool found;
};

static bool show_series(void *ctx, const struct bw_cells *cells)
{
    struct series_walk *walk = ctx;
    struct bw_series_info info = { .id = (uint32_t)cells->items[0].integer,
                                   .text = cells->items[1].text };
    if (!bw_picker_may_match(walk->picker, info.text))
        return true;
    struct bw_arena arena;
    bw_arena_init(&arena);
    bool more = true;
    if (bw_series_parse(&arena, info.text, &info.metric, &info.labels) != BW_OK) {
        if (walk->damage != NULL)
            walk->damage->rows++;
    } else if (bw_picker_matches(walk->picker, info.metric, info.labels)) {
        walk->found = true;
        more = walk->fn(walk->ctx, &info);
    }
    bw_arena_fini(&arena);
    return more;
}

static enum bw_rc walk_series(struct bw_reader *reader, const struct bw_selector *selector,
                              const char *tail, struct series_walk *walk, struct bw_err *err)
{
    enum bw_rc rc = bw_picker_make(selector, &walk->picker, err);
    if (rc != BW_OK)
        return rc;
    rc = bw_view_rows(reader, BW_ROW_SERIES, tail, show_series, walk, walk->damage, err);
    if (rc == BW_OK)
        rc = bw_picker_verdict(walk->picker, err);
    bw_picker_free(walk->picker);
    return rc;
}

enum bw_rc bw_view_series(struct bw_reader *reader, uint32_t id, const struct bw_selector *selector,
                          bw_series_fn *fn, void *ctx, struct bw_damage *damage, struct bw_err *err)
{
    struct series_walk walk = { .damage = damage, .fn = fn, .ctx = ctx };
    char tail[40] = "ORDER BY id";
    if (id != 0)
        snprintf(tail, sizeof tail, "WHERE id=%u", id);
    return walk_series(reader, selector, tail, &walk, err);
}

enum bw_rc bw_reader_series(struct bw_reader *reader, const struct bw_selector *selector,
                            bw_series_fn *fn, void *ctx, struct bw_damage *damage,
                            struct bw_err *err)
{
    return bw_view_series(reader, 0, selector, fn, ctx, damage, err);
}

enum bw_rc bw_reader_series_by_id(struct bw_reader *reader, uint32_t series, bw_series_fn *fn,
                                  void *ctx, struct bw_err *err)
{
    struct series_walk walk = { .fn = fn, .ctx = ctx };
    char tail[40];
    snprintf(tail, sizeof tail, "WHERE id=%u", series);
    const enum bw_rc rc = walk_series(reader, NULL, tail, &walk, err);
    if (rc == BW_OK && !walk.found)
        return bw_fail(err, BW_ENOTFOUND, "no series %u", series);
    return rc;
}
