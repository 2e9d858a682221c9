// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/db.h"

#include "base/mem.h"
#include "pack/pack.h"
#include "pack/rollup.h"
#include "store/logmark.h"
#include "store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct bw_embedded bw_migrations[];

enum {
    VERSION_PLAUSIBLE_MAX = 9999,
    BUSY_WRITER_MS = 250,
    BUSY_READER_MS = 5000,
    WARM_UP_BYTES = 1 << 20,
    READ_TRIES = 6,
};

static enum bw_rc meaning_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return BW_EBUSY;
    case SQLITE_FULL:
        return BW_EFULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return BW_ECORRUPT;
    default:
        return BW_EIO;
    }
}

enum bw_rc bw_db_fail(sqlite3 *db, struct bw_err *err, const char *what)
{
    if (db == NULL)
        return bw_fail(err, BW_EIO, "%s: out of memory", what);
    return bw_fail(err, meaning_of(sqlite3_extended_errcode(db)), "%s: %s", what,
                   sqlite3_errmsg(db));
}

enum bw_rc bw_db_exec(sqlite3 *db, const char *sql, struct bw_err *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        char what[40];
        snprintf(what, sizeof what, "%.*s", (int)strcspn(sql, "\n"), sql);
        return bw_db_fail(db, err, what);
    }
    return BW_OK;
}

enum bw_rc bw_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct bw_err *err)
{
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
        return bw_db_fail(db, err, "prepare");
    return BW_OK;
}

bool bw_db_has_row(sqlite3 *db, int rc, enum bw_rc *out_rc, struct bw_err *err)
{
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        *out_rc = bw_db_fail(db, err, "read");
    return false;
}

enum bw_rc bw_db_number(sqlite3 *db, const char *sql, int64_t *out, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(db, sql, &st, err);
    if (rc == BW_OK) {
        const bool row = bw_db_has_row(db, sqlite3_step(st), &rc, err);
        if (rc == BW_OK)
            *out = row ? sqlite3_column_int64(st, 0) : 0;
    }
    sqlite3_finalize(st);
    return rc;
}

const char *bw_db_text(sqlite3_stmt *st, int column)
{
    const unsigned char *text = sqlite3_column_text(st, column);
    return text == NULL ? "" : (const char *)text;
}

/* The number that a migration's name begins with. */
int bw_db_version_of(const struct bw_embedded *migration)
{
    return (int)strtol(migration->name, NULL, 10);
}

int bw_db_schema_version(void)
{
    int last = 0;
    for (const struct bw_embedded *m = bw_migrations; m->name != NULL; m++)
        last = bw_db_version_of(m) > last ? bw_db_version_of(m) : last;
    return last;
}

/* A flipped bit in the id must not make us take our own store for somebody else's. */
static bool is_ours_damaged(sqlite3 *db)
{
    int64_t ours = 0;
    return bw_db_number(db,
                        "SELECT count(*)=3 FROM sqlite_schema"
                        " WHERE name IN ('journal','pack_group','series_group')",
                        &ours, NULL)
               == BW_OK
           && ours == 1;
}

/* Whose file it is; a fresh one has neither an id nor a version. */
static enum bw_rc check_owner(sqlite3 *db, const char *path, bool may_write, int64_t *out_version,
                              struct bw_err *err)
{
    int64_t id = 0, version = 0, tables = 0;
    enum bw_rc rc = bw_db_number(db, "PRAGMA application_id", &id, err);
    if (rc == BW_OK)
        rc = bw_db_number(db, "PRAGMA user_version", &version, err);
    if (rc == BW_OK)
        rc = bw_db_number(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
    /* Such statements are right: the error is in what the header says of the file's format. */
    if (rc != BW_OK && (sqlite3_errcode(db) & 0xff) == SQLITE_ERROR)
        return bw_wrap(err, BW_ECORRUPT, "header");
    if (rc != BW_OK)
        return rc;
    /* A file that may be written to, but for a format that nobody has written. */
    if (may_write && sqlite3_db_readonly(db, "main") == 1 && access(path, W_OK) == 0)
        return bw_fail(err, BW_ECORRUPT, "header: SQLite does not know how to write such a file");
    if (id != BW_APPLICATION_ID && (id != 0 || tables != 0))
        return is_ours_damaged(db)
                   ? bw_fail(err, BW_ECORRUPT, "application_id is damaged")
                   : bw_fail(err, BW_EINVAL, "'%s' is a database of another program", path);
    if ((version == 0 && tables != 0) || version < 0 || version > VERSION_PLAUSIBLE_MAX)
        return bw_fail(err, BW_ECORRUPT, "schema version %lld makes no sense", (long long)version);
    if (version > bw_db_schema_version())
        return bw_fail(err, BW_EUNSUPPORTED,
                       "'%s' was written by a newer version (schema %lld, this one knows %d)", path,
                       (long long)version, bw_db_schema_version());
    *out_version = version;
    return BW_OK;
}

enum { MENDED_MAX = 4 };

/* A table whose bodies say what its columns must be: they are under a checksum, the columns are
 * not. */
struct mended {
    const char *what, *read, *write; /* ?1 is the id, what follows comes from `columns` */
    /* False for a body that is broken. */
    bool (*columns)(const void *body, size_t len, int64_t out[MENDED_MAX]);
};

static bool columns_of_pack(const void *body, size_t len, int64_t out[MENDED_MAX])
{
    struct bw_pack pack;
    if (bw_pack_open(&pack, body, len, NULL) != BW_OK)
        return false;
    out[0] = pack.group;
    out[1] = pack.first_ms;
    out[2] = pack.last_ms;
    out[3] = pack.samples;
    return true;
}

static bool columns_of_rollup(const void *body, size_t len, int64_t out[MENDED_MAX])
{
    struct bw_rollup rollup;
    if (bw_rollup_open(&rollup, body, len, NULL) != BW_OK)
        return false;
    out[0] = rollup.group;
    out[1] = rollup.first_ms;
    out[2] = rollup.last_ms;
    out[3] = rollup.width_ms;
    return true;
}

static const struct mended packs = {
    .what = "mend pack",
    .read = "SELECT id, body FROM pack NOT INDEXED",
    .write = "UPDATE OR IGNORE pack SET group_id=?2, first_ms=?3, last_ms=?4, samples=?5"
             " WHERE id=?1",
    .columns = columns_of_pack,
};

static const struct mended rollups = {
    .what = "mend roll-up",
    .read = "SELECT id, body FROM rollup NOT INDEXED",
    .write = "UPDATE rollup SET group_id=?2, first_ms=?3, last_ms=?4, width_ms=?5 WHERE id=?1",
    .columns = columns_of_rollup,
};

/* Puts the columns right that do not agree with their bodies. */
static enum bw_rc mend_columns(sqlite3 *db, const struct mended *table, struct bw_err *err)
{
    sqlite3_stmt *read = NULL, *write = NULL;
    int64_t columns[MENDED_MAX];
    enum bw_rc rc = bw_db_prepare(db, table->read, &read, err);
    if (rc == BW_OK)
        rc = bw_db_prepare(db, table->write, &write, err);
    while (rc == BW_OK && bw_db_has_row(db, sqlite3_step(read), &rc, err)) {
        if (!table->columns(sqlite3_column_blob(read, 1), (size_t)sqlite3_column_bytes(read, 1),
                            columns))
            continue;
        sqlite3_bind_int64(write, 1, sqlite3_column_int64(read, 0));
        for (int i = 0; i < MENDED_MAX; i++)
            sqlite3_bind_int64(write, i + 2, columns[i]);
        if (sqlite3_step(write) != SQLITE_DONE)
            rc = bw_db_fail(db, err, table->what);
        sqlite3_reset(write);
    }
    sqlite3_finalize(read);
    sqlite3_finalize(write);
    return rc;
}

static bool is_about_an_index(const char *complaint)
{
    return strstr(complaint, "missing from index") != NULL
           || strstr(complaint, "entries in index") != NULL
           || strstr(complaint, "non-unique entry in index") != NULL;
}

/* The check follows chains of pages, 4 KiB at a time; a cold disk gives them three times as fast
 * when the file was read from end to end before. Only worth it when it stays in memory. Through
 * SQLite's descriptor: closing one of our own would drop the locks of readers in this process. */
static void warm_up(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    const int64_t memory = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK
        || file->pMethods == NULL || file->pMethods->xFileSize(file, &size) != SQLITE_OK
        || size > memory / 2)
        return;
    void *piece = bw_alloc(WARM_UP_BYTES);
    for (sqlite3_int64 at = 0; at + WARM_UP_BYTES <= size; at += WARM_UP_BYTES) {
        if (file->pMethods->xRead(file, piece, WARM_UP_BYTES, at) != SQLITE_OK)
            break; /* the check will say what is wrong */
    }
    free(piece);
}

/* "Page 17: unable to get the page. error code=266": the disk did not answer, which says nothing
 * of what is on it. */
static bool is_about_reading(const char *complaint)
{
    static const char mark[] = "error code=";
    const char *code = strstr(complaint, mark);
    if (strstr(complaint, "Failed to read ptrmap") != NULL)
        return true; /* without a code, so it is tried again in any case */
    return code != NULL && (strtol(code + strlen(mark), NULL, 10) & 0xff) == SQLITE_IOERR;
}

static enum bw_rc look_at_structure(sqlite3 *db, bool *out_mend, bool *out_unread,
                                    struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(db, "PRAGMA integrity_check(20)", &st, err);
    while (rc == BW_OK && bw_db_has_row(db, sqlite3_step(st), &rc, err)) {
        const char *complaint = bw_db_text(st, 0);
        *out_unread = *out_unread || is_about_reading(complaint);
        if (is_about_an_index(complaint))
            *out_mend = true;
        else if (strcmp(complaint, "ok") != 0)
            rc = bw_fail(err, BW_ECORRUPT, "%.200s", complaint);
    }
    sqlite3_finalize(st);
    return rc;
}

/* SQLite's structure and its indexes; our checksums are verified where the bytes are used.
 * Reads the whole file: 1.4 s a gigabyte, 2.6 s from a cold disk (4 s without warming up). What
 * cannot be read is tried again before it is given up: a sound file is not moved aside for a
 * moment's fault, and one with a bad sector does not keep the store from opening for ever. */
static enum bw_rc check_structure(sqlite3 *db, bool *out_mend, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    bool unread = true;
    warm_up(db);
    for (int tries = 0; unread && tries < READ_TRIES; tries++) {
        unread = false;
        *out_mend = false;
        rc = look_at_structure(db, out_mend, &unread, err);
    }
    return rc;
}

/* A flipped bit in a group's number or in the state can give a group two open packs: all but
 * the newest are sealed, which changes nothing for who reads them. The index that says "one"
 * is away meanwhile. */
static const char drop_pack_open[] = "DROP INDEX pack_open";
static const char seal_doubles[] =
    "UPDATE pack SET state=1 WHERE state NOT IN (1,2) AND id NOT IN"
    " (SELECT max(id) FROM pack NOT INDEXED WHERE state=0 GROUP BY group_id)";

/* The definition as the migrations have it, to the letter: check_schema compares it. */
static enum bw_rc make_pack_open(sqlite3 *db, const char *sql, struct bw_err *err)
{
    if (sql == NULL)
        return bw_fail(err, BW_ECORRUPT, "index pack_open is gone");
    return bw_db_exec(db, sql, err);
}

static enum bw_rc mend_in_transaction(sqlite3 *db, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    char *definition = NULL;
    enum bw_rc rc =
        bw_db_prepare(db, "SELECT sql FROM sqlite_schema WHERE name='pack_open'", &st, err);
    if (rc == BW_OK && bw_db_has_row(db, sqlite3_step(st), &rc, err))
        definition = sqlite3_mprintf("%s", bw_db_text(st, 0));
    sqlite3_finalize(st);
    if (rc == BW_OK)
        rc = bw_db_exec(db, drop_pack_open, err);
    if (rc == BW_OK)
        rc = bw_db_exec(db, "REINDEX", err);
    if (rc == BW_OK)
        rc = mend_columns(db, &packs, err);
    if (rc == BW_OK)
        rc = mend_columns(db, &rollups, err);
    if (rc == BW_OK)
        rc = bw_db_exec(db, seal_doubles, err);
    if (rc == BW_OK)
        rc = make_pack_open(db, definition, err);
    sqlite3_free(definition);
    return rc;
}

static enum bw_rc mend(sqlite3 *db, struct bw_err *err)
{
    enum bw_rc rc = bw_db_exec(db, "BEGIN IMMEDIATE", err);
    if (rc == BW_OK)
        rc = mend_in_transaction(db, err);
    if (rc == BW_OK)
        rc = bw_db_exec(db, "COMMIT", err);
    const bool disk = (sqlite3_errcode(db) & 0xff) == SQLITE_IOERR;
    if (rc != BW_OK)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    /* What could not be mended is as good as corrupt: the caller begins anew. */
    return rc == BW_OK || rc == BW_EFULL || rc == BW_EBUSY || disk
               ? rc
               : bw_wrap(err, BW_ECORRUPT, "indexes");
}

static enum bw_rc compare_schema(sqlite3 *db, sqlite3 *model, struct bw_err *err)
{
    sqlite3_stmt *want = NULL, *have = NULL;
    enum bw_rc rc = bw_db_prepare(model, "SELECT name, sql FROM sqlite_schema", &want, err);
    if (rc == BW_OK)
        rc = bw_db_prepare(db, "SELECT 1 FROM sqlite_schema WHERE name=?1 AND sql IS ?2", &have,
                           err);
    while (rc == BW_OK && bw_db_has_row(model, sqlite3_step(want), &rc, err)) {
        sqlite3_bind_value(have, 1, sqlite3_column_value(want, 0));
        sqlite3_bind_value(have, 2, sqlite3_column_value(want, 1));
        if (!bw_db_has_row(db, sqlite3_step(have), &rc, err) && rc == BW_OK)
            rc = bw_fail(err, BW_ECORRUPT, "definition of '%s' is damaged", bw_db_text(want, 0));
        sqlite3_reset(have);
    }
    sqlite3_finalize(want);
    sqlite3_finalize(have);
    return rc;
}

/* The tables are defined as the migrations define them: a flipped bit in a definition would
 * otherwise make a statement fail some day, for ever. */
static enum bw_rc check_schema(sqlite3 *db, int64_t version, struct bw_err *err)
{
    sqlite3 *model = NULL;
    enum bw_rc rc = BW_OK;
    if (sqlite3_open(":memory:", &model) != SQLITE_OK)
        rc = bw_db_fail(model, err, "model of the schema");
    for (const struct bw_embedded *m = bw_migrations; rc == BW_OK && m->name != NULL; m++) {
        if (bw_db_version_of(m) <= version)
            rc = bw_db_exec(model, m->data, err);
    }
    if (rc == BW_OK)
        rc = compare_schema(db, model, err);
    sqlite3_close(model);
    return rc;
}

static enum bw_rc open_file(const char *path, int flags, const char *vfs, int busy_ms,
                            sqlite3 **out, struct bw_err *err)
{
    if (sqlite3_open_v2(path, out, flags | SQLITE_OPEN_NOMUTEX, vfs) != SQLITE_OK)
        return bw_db_fail(*out, err, path);
    sqlite3_extended_result_codes(*out, 1);
    sqlite3_busy_timeout(*out, busy_ms);
    sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return bw_db_exec(*out,
                      "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
                      "PRAGMA temp_store=MEMORY",
                      err);
}

/* 4 KiB pages: a commit of a small batch writes only a few pages to the WAL, and packs of
 * ~50 KiB waste half a page each. */
static enum bw_rc set_up_writer(sqlite3 *db, const char *path, uint64_t copy_bytes_max,
                                struct bw_db_opening *opening, struct bw_err *err)
{
    int64_t version = 0;
    /* Whoever is turned away must not fold the WAL into a file it does not understand. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    enum bw_rc rc = check_owner(db, path, true, &version, err);
    if (rc == BW_OK)
        rc = check_schema(db, version, err);
    if (rc == BW_OK)
        rc = check_structure(db, &opening->mended, err);
    if (rc != BW_OK)
        return rc;
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    rc = bw_db_exec(db,
                    "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL;"
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                    "PRAGMA secure_delete=OFF; PRAGMA cache_size=-512;"
                    "PRAGMA journal_size_limit=8388608; PRAGMA wal_autocheckpoint=1000",
                    err);
    if (rc == BW_OK)
        rc = bw_migrate(db, path, (int)version, copy_bytes_max, opening, err);
    if (rc == BW_OK && opening->mended)
        rc = mend(db, err);
    return rc;
}

enum bw_rc bw_db_open_writer(const char *path, const char *vfs, uint64_t copy_bytes_max,
                             sqlite3 **out, struct bw_db_opening *opening, struct bw_err *err)
{
    sqlite3 *db = NULL;
    enum bw_rc rc =
        open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs, BUSY_WRITER_MS, &db, err);
    if (rc == BW_OK)
        rc = set_up_writer(db, path, copy_bytes_max, opening, err);
    if (rc != BW_OK) {
        sqlite3_close(db);
        return rc;
    }
    *out = db;
    return BW_OK;
}

enum bw_rc bw_db_check_reader(sqlite3 *db, const char *path, struct bw_err *err)
{
    int64_t version = 0;
    const enum bw_rc rc = check_owner(db, path, false, &version, err);
    return rc == BW_OK && version == 0 ? bw_fail(err, BW_ENOTFOUND, "'%s' is empty", path) : rc;
}

static enum bw_rc set_up_reader(sqlite3 *db, const char *path, struct bw_err *err)
{
    enum bw_rc rc = bw_db_check_reader(db, path, err);
    if (rc == BW_OK)
        rc = bw_db_exec(db,
                        "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0;"
                        "PRAGMA cache_size=-1024",
                        err);
    return rc;
}

/* "file:" with what a URI gives a meaning to written as %XX. */
static char *immutable_uri(const char *path)
{
    char *uri = sqlite3_mprintf("file:%s?immutable=1", path);
    if (uri != NULL && strpbrk(path, "?#%") != NULL) {
        sqlite3_free(uri);
        return NULL;
    }
    return uri;
}

/* In a folder where we may not write, SQLite cannot make the -shm that WAL mode needs. A store
 * that was closed well has no WAL, so nothing is missed without it. */
static enum bw_rc open_immutable(const char *path, sqlite3 **out, struct bw_err *err)
{
    char *wal = sqlite3_mprintf("%s-wal", path);
    char *uri = immutable_uri(path);
    enum bw_rc rc = BW_EIO;
    if (wal == NULL || uri == NULL || access(wal, F_OK) == 0)
        bw_fail(err, rc, "'%s': cannot be read without writing to its folder", path);
    else
        rc = open_file(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL, BUSY_READER_MS, out, err);
    sqlite3_free(wal);
    sqlite3_free(uri);
    return rc == BW_OK ? set_up_reader(*out, path, err) : rc;
}

enum bw_rc bw_db_open_reader(const char *path, sqlite3 **out, struct bw_err *err)
{
    if (access(path, F_OK) != 0)
        return bw_fail(err, BW_ENOTFOUND, "no store at '%s'", path);
    if (bw_logmark_look(path) == BW_LOG_FOREIGN)
        return bw_fail(err, BW_ECORRUPT, "'%s-wal' is the log of another store", path);
    sqlite3 *db = NULL;
    enum bw_rc rc = open_file(path, SQLITE_OPEN_READONLY, NULL, BUSY_READER_MS, &db, err);
    if (rc == BW_OK)
        rc = set_up_reader(db, path, err);
    if (rc != BW_OK && db != NULL && (sqlite3_errcode(db) & 0xff) == SQLITE_CANTOPEN) {
        sqlite3_close(db);
        db = NULL;
        rc = open_immutable(path, &db, err);
    }
    if (rc != BW_OK) {
        sqlite3_close(db);
        return rc;
    }
    *out = db;
    return BW_OK;
}
