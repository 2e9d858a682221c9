// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/buf.h"
#include "pack/journal.h"
#include "pack/pack.h"
#include "pack/rollup.h"
#include "store/db.h"
#include "store/files.h"
#include "store/reader.h"
#include "store/view.h"
#include "store/wal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_TRIES = 3 };

/* --- info ------------------------------------------------------------------------------ */

bool bw_db_has_wal_reset_race(int version)
{
    const bool backported =
        (version >= 3044006 && version < 3045000) || (version >= 3050007 && version < 3051000);
    return version >= 3007000 && version < 3051003 && !backported;
}

static enum bw_rc count_all(sqlite3 *db, struct bw_store_info *info, struct bw_err *err)
{
    const struct {
        const char *sql;
        uint64_t *out;
    } counts[] = {
        { "SELECT count(*) FROM journal", &info->journal_rows },
        { "SELECT sum(length(body)) FROM journal", &info->journal_bytes },
        { "SELECT count(*) FROM pack", &info->packs },
        { "SELECT count(*) FROM pack WHERE state=0", &info->open_packs },
        { "SELECT sum(length(body)) FROM pack", &info->pack_bytes },
        { "SELECT sum(samples) FROM pack", &info->samples },
        { "SELECT count(*) FROM series", &info->series },
        { "SELECT count(DISTINCT group_id) FROM series_group", &info->groups },
        { "SELECT count(*) FROM event", &info->events },
        { "SELECT count(*) FROM check_state", &info->check_states },
        { "SELECT count(*) FROM alert_state", &info->alert_states },
        { "SELECT count(*) FROM trend_result", &info->trends },
        { "SELECT count(*) FROM report_archive", &info->reports },
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int64_t value = 0;
        const enum bw_rc rc = bw_db_number(db, counts[i].sql, &value, err);
        if (rc != BW_OK)
            return rc;
        *counts[i].out = (uint64_t)value;
    }
    return BW_OK;
}

/* Samples that are in the journal only, which the counts above do not have. */
static enum bw_rc count_tail(sqlite3 *db, uint64_t *samples, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    struct bw_samples row = { 0 };
    enum bw_rc rc = bw_db_prepare(db, "SELECT seq, body FROM journal", &st, err);
    while (rc == BW_OK && bw_db_has_row(db, sqlite3_step(st), &rc, err)) {
        row.count = 0;
        bw_journal_decode((uint64_t)sqlite3_column_int64(st, 0), sqlite3_column_blob(st, 1),
                          (size_t)sqlite3_column_bytes(st, 1), &row, NULL);
        *samples += row.count;
    }
    bw_samples_fini(&row);
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc count_rollups(sqlite3 *db, struct bw_store_info *info, struct bw_err *err)
{
    int64_t count = 0, bytes = 0;
    enum bw_rc rc = bw_db_number(db, "SELECT count(*) FROM rollup", &count, err);
    if (rc == BW_OK)
        rc = bw_db_number(db, "SELECT sum(length(body)) FROM rollup", &bytes, err);
    info->rollups = (uint64_t)count;
    info->rollup_bytes = (uint64_t)bytes;
    return rc;
}

static enum bw_rc read_info(struct bw_reader *reader, struct bw_store_info *info,
                            struct bw_err *err)
{
    int64_t version = 0;
    enum bw_rc rc = count_all(reader->db, info, err);
    if (rc == BW_OK)
        rc = count_tail(reader->db, &info->samples, err);
    if (rc == BW_OK && bw_view_has_table(reader->db, BW_ROW_ROLLUP))
        rc = count_rollups(reader->db, info, err);
    int64_t statements = 0;
    if (rc == BW_OK && bw_view_has_table(reader->db, BW_ROW_STATEMENT))
        rc = bw_db_number(reader->db, "SELECT count(*) FROM statement", &statements, err);
    info->statements = (uint64_t)statements;
    if (rc == BW_OK)
        rc = bw_db_number(reader->db, "SELECT min(first_ms) FROM pack", &info->first_ms, err);
    if (rc == BW_OK)
        rc = bw_db_number(reader->db, "SELECT max(last_ms) FROM pack", &info->last_ms, err);
    if (rc == BW_OK)
        rc = bw_db_number(reader->db, "PRAGMA user_version", &version, err);
    info->schema_version = (int)version;
    return rc;
}

enum bw_rc bw_store_info(const char *path, struct bw_store_info *out, struct bw_err *err)
{
    struct bw_reader *reader = NULL;
    enum bw_rc rc = bw_reader_open(path, &reader, err);
    if (rc != BW_OK)
        return rc;
    struct bw_store_info info = { .bytes = bw_files_bytes(path),
                                  .sqlite_version = sqlite3_libversion(),
                                  .sqlite_wal_reset_race =
                                      bw_db_has_wal_reset_race(sqlite3_libversion_number()) };
    rc = bw_view_begin(reader, err);
    if (rc == BW_OK)
        rc = bw_view_end(reader, read_info(reader, &info, err));
    bw_reader_close(reader);
    if (rc == BW_OK)
        *out = info;
    return rc;
}

/* --- verify ---------------------------------------------------------------------------- */

struct verify {
    sqlite3 *db;
    bw_fault_fn *fn;
    void *ctx;
    uint64_t faults;
    int64_t last_seq; /* of the journal; 0: none yet */
};

static void fault(struct verify *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fault(struct verify *v, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    v->faults++;
    if (v->fn != NULL)
        v->fn(v->ctx, text);
}

typedef void verify_fn(struct verify *v, sqlite3_stmt *st);

/* A read that fails is a fault as well, and ends this table's turn only. */
static void each(struct verify *v, const char *what, const char *sql, verify_fn *fn)
{
    sqlite3_stmt *st = NULL;
    struct bw_err err = { .rc = BW_OK };
    enum bw_rc rc = bw_db_prepare(v->db, sql, &st, &err);
    while (rc == BW_OK && bw_db_has_row(v->db, sqlite3_step(st), &rc, &err))
        fn(v, st);
    if (rc != BW_OK)
        fault(v, "%s: %s", what, err.text);
    sqlite3_finalize(st);
}

static void verify_structure(struct verify *v, sqlite3_stmt *st)
{
    const char *text = bw_db_text(st, 0);
    if (strcmp(text, "ok") != 0)
        fault(v, "structure: %s", text);
}

static void verify_journal(struct verify *v, sqlite3_stmt *st)
{
    struct bw_samples samples = { 0 };
    struct bw_err err;
    const int64_t seq = sqlite3_column_int64(st, 0);
    /* Rows go from the old end on. */
    if (v->last_seq != 0 && seq != v->last_seq + 1)
        fault(v, "journal: rows %lld to %lld are missing", (long long)v->last_seq + 1,
              (long long)seq - 1);
    v->last_seq = seq;
    if (bw_journal_decode((uint64_t)seq, sqlite3_column_blob(st, 1),
                          (size_t)sqlite3_column_bytes(st, 1), &samples, &err)
        != BW_OK)
        fault(v, "%s", err.text);
    bw_samples_fini(&samples);
}

static void verify_parts(struct verify *v, const struct bw_pack *pack, long long id)
{
    for (size_t i = 0; i < pack->series_count; i++) {
        struct bw_points points = { 0 };
        struct bw_err err;
        if (bw_pack_read(pack, i, &points, &err) != BW_OK)
            fault(v, "pack %lld: %s", id, err.text);
        bw_points_fini(&points);
    }
}

static void verify_pack(struct verify *v, sqlite3_stmt *st)
{
    const long long id = sqlite3_column_int64(st, 0);
    struct bw_pack pack;
    struct bw_err err;
    if (bw_pack_open(&pack, sqlite3_column_blob(st, 5), (size_t)sqlite3_column_bytes(st, 5), &err)
        != BW_OK) {
        fault(v, "pack %lld: %s", id, err.text);
        return;
    }
    if (pack.group != sqlite3_column_int64(st, 1) || pack.first_ms != sqlite3_column_int64(st, 2)
        || pack.last_ms != sqlite3_column_int64(st, 3)
        || pack.samples != sqlite3_column_int64(st, 4))
        fault(v, "pack %lld: the row says something else than the header", id);
    verify_parts(v, &pack, id);
}

static void verify_rollup(struct verify *v, sqlite3_stmt *st)
{
    const long long id = sqlite3_column_int64(st, 0);
    struct bw_rollup rollup;
    struct bw_err err;
    if (bw_rollup_open(&rollup, sqlite3_column_blob(st, 5), (size_t)sqlite3_column_bytes(st, 5),
                       &err)
        != BW_OK) {
        fault(v, "rollup %lld: %s", id, err.text);
        return;
    }
    if (rollup.width_ms != sqlite3_column_int64(st, 1)
        || rollup.group != sqlite3_column_int64(st, 2)
        || rollup.first_ms != sqlite3_column_int64(st, 3)
        || rollup.last_ms != sqlite3_column_int64(st, 4))
        fault(v, "rollup %lld: the row says something else than the header", id);
    for (size_t i = 0; i < rollup.series_count; i++) {
        struct bw_buckets buckets = { 0 };
        if (bw_rollup_read(&rollup, i, &buckets, &err) != BW_OK)
            fault(v, "rollup %lld: %s", id, err.text);
        bw_buckets_fini(&buckets);
    }
}

static void verify_rows(struct verify *v, enum bw_row_op op)
{
    char sql[80];
    sqlite3_stmt *st = NULL;
    struct bw_err err = { .rc = BW_OK };
    snprintf(sql, sizeof sql, "SELECT * FROM %s", bw_row_table(op));
    enum bw_rc rc = bw_db_prepare(v->db, sql, &st, &err);
    while (rc == BW_OK && bw_db_has_row(v->db, sqlite3_step(st), &rc, &err)) {
        struct bw_cells cells;
        if (!bw_row_read(op, st, &cells))
            fault(v, "%s: row '%.60s': checksum", bw_row_table(op), bw_db_text(st, 0));
    }
    if (rc != BW_OK)
        fault(v, "%s: %s", bw_row_table(op), err.text);
    sqlite3_finalize(st);
}

/* What one table says of another, each in words with a number. */
static const struct {
    const char *what, *sql, *words;
} agreements[] = {
    { "journal",
      "SELECT id FROM pack_group WHERE covered_seq>(SELECT max(seq) FROM journal) ORDER BY id",
      "journal: it ends before the last row that is in packs of group %lld" },
    { "series",
      "SELECT id FROM series WHERE id NOT IN (SELECT series FROM series_group) ORDER BY id",
      "series: series %lld is in no group" },
    { "series_group",
      "SELECT DISTINCT series FROM series_group WHERE series NOT IN (SELECT id FROM series)"
      " ORDER BY series",
      "series_group: series %lld has no name" },
};

static void verify_agreement(struct verify *v, size_t which)
{
    sqlite3_stmt *st = NULL;
    struct bw_err err = { .rc = BW_OK };
    char text[160];
    enum bw_rc rc = bw_db_prepare(v->db, agreements[which].sql, &st, &err);
    while (rc == BW_OK && bw_db_has_row(v->db, sqlite3_step(st), &rc, &err)) {
        sqlite3_snprintf(sizeof text, text, agreements[which].words, sqlite3_column_int64(st, 0));
        fault(v, "%s", text);
    }
    if (rc != BW_OK)
        fault(v, "%s: %s", agreements[which].what, err.text);
    sqlite3_finalize(st);
}

/* A daemon that begins the log again while it is looked at may make it seem damaged, but not each
 * time. */
static void verify_log(struct verify *v, const char *path)
{
    enum bw_wal_state state = BW_WAL_DAMAGED;
    for (int tries = 0; state != BW_WAL_WHOLE && tries < LOG_TRIES; tries++)
        state = bw_wal_look(path);
    if (state == BW_WAL_DAMAGED)
        fault(v, "log: '%s-wal' is damaged: commits after the damage are lost", path);
    else if (state == BW_WAL_TORN)
        fault(v, "log: the last commit in '%s-wal' is not whole: it is left out", path);
}

static void verify_all(struct verify *v, const char *path)
{
    verify_log(v, path);
    each(v, "structure", "PRAGMA integrity_check(100)", verify_structure);
    each(v, "journal", "SELECT seq, body FROM journal ORDER BY seq", verify_journal);
    each(v, "pack", "SELECT id, group_id, first_ms, last_ms, samples, body FROM pack ORDER BY id",
         verify_pack);
    for (enum bw_row_op op = BW_ROW_SERIES; op <= BW_ROW_PACK_GROUP; op++)
        verify_rows(v, op);
    if (bw_view_has_table(v->db, BW_ROW_ROLLUP)) {
        each(v, "rollup",
             "SELECT id, width_ms, group_id, first_ms, last_ms, body FROM rollup ORDER BY id",
             verify_rollup);
        verify_rows(v, BW_ROW_ROLLUP_DONE);
    }
    for (size_t i = 0; i < sizeof agreements / sizeof *agreements; i++)
        verify_agreement(v, i);
    if (bw_view_has_table(v->db, BW_ROW_DELETED_SERIES))
        verify_rows(v, BW_ROW_DELETED_SERIES);
    static const enum bw_row_op later[] = { BW_ROW_CHECK_CAUSE,   BW_ROW_FAILURE,
                                            BW_ROW_FAILURE_TALLY, BW_ROW_STATEMENT,
                                            BW_ROW_STATEMENT_BIN, BW_ROW_SERIES_SCORE };
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        if (bw_view_has_table(v->db, later[i]))
            verify_rows(v, later[i]);
    }
}

enum bw_rc bw_store_verify(const char *path, bw_fault_fn *fn, void *ctx, uint64_t *out_faults,
                           struct bw_err *err)
{
    struct bw_reader *reader = NULL;
    enum bw_rc rc = bw_reader_open(path, &reader, err);
    if (rc != BW_OK)
        return rc;
    struct verify v = { .db = reader->db, .fn = fn, .ctx = ctx };
    verify_all(&v, path);
    bw_reader_close(reader);
    if (out_faults != NULL)
        *out_faults = v.faults;
    return v.faults == 0
               ? BW_OK
               : bw_fail(err, BW_ECORRUPT, "'%s': %llu %s", path, (unsigned long long)v.faults,
                         v.faults == 1 ? "fault" : "faults");
}
