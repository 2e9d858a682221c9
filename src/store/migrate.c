// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/migrate.h"

#include "store/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct bw_embedded bw_migrations[];

/* ---- the copy ---------------------------------------------------------------------------- */

/* SQLite's journal would protect a file that nobody needs before it is whole. */
static enum bw_rc copy_pages(sqlite3 *db, const char *file, struct bw_err *err)
{
    sqlite3 *to = NULL;
    enum bw_rc rc = BW_OK;
    unlink(file);
    bw_files_make_private(file);
    if (sqlite3_open_v2(file, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        rc = bw_db_fail(to, err, file);
    if (rc == BW_OK)
        rc = bw_db_exec(to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", err);
    sqlite3_backup *copying = rc == BW_OK ? sqlite3_backup_init(to, "main", db, "main") : NULL;
    if (copying != NULL)
        sqlite3_backup_step(copying, -1);
    if (rc == BW_OK && (copying == NULL || sqlite3_backup_finish(copying) != SQLITE_OK))
        rc = bw_db_fail(to, err, "copy the store");
    sqlite3_close(to);
    return rc;
}

static enum bw_rc copy(sqlite3 *db, const char *path, int to, struct bw_err *err)
{
    char *name = bw_files_copy_name(path, to);
    char *part = sqlite3_mprintf("%s.part", name);
    enum bw_rc rc =
        part == NULL ? bw_fail(err, BW_EIO, "out of memory") : copy_pages(db, part, err);
    if (rc == BW_OK)
        rc = bw_files_publish_copy(path, to, err);
    if (rc != BW_OK && part != NULL)
        unlink(part);
    sqlite3_free(part);
    free(name);
    return rc;
}

static enum bw_rc copy_if_it_fits(sqlite3 *db, const char *path, uint64_t bytes_max,
                                  bool *out_copied, struct bw_err *err)
{
    int64_t bytes = 0;
    enum bw_rc rc = bw_db_number(
        db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &bytes, err);
    if (rc != BW_OK || (uint64_t)bytes > bytes_max)
        return rc;
    rc = copy(db, path, bw_db_schema_version(), err);
    *out_copied = rc == BW_OK;
    return rc;
}

/* ---- the transaction --------------------------------------------------------------------- */

static enum bw_rc apply(sqlite3 *db, const struct bw_embedded *migration, struct bw_err *err)
{
    const enum bw_rc rc = bw_db_exec(db, migration->data, err);
    return rc == BW_OK ? BW_OK : bw_wrap(err, rc, "schema/%s", migration->name);
}

static enum bw_rc apply_all(sqlite3 *db, int from, struct bw_err *err)
{
    char version[80];
    snprintf(version, sizeof version, "PRAGMA application_id=%d; PRAGMA user_version=%d",
             BW_APPLICATION_ID, bw_db_schema_version());
    enum bw_rc rc = bw_db_exec(db, "BEGIN IMMEDIATE", err);
    for (const struct bw_embedded *m = bw_migrations; rc == BW_OK && m->name != NULL; m++) {
        if (bw_db_version_of(m) > from)
            rc = apply(db, m, err);
    }
    if (rc == BW_OK)
        rc = bw_db_exec(db, version, err);
    if (rc == BW_OK)
        rc = bw_db_exec(db, "COMMIT", err);
    if (rc != BW_OK)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

enum bw_rc bw_migrate(sqlite3 *db, const char *path, int from, uint64_t copy_bytes_max,
                      struct bw_db_opening *opening, struct bw_err *err)
{
    if (from >= bw_db_schema_version())
        return BW_OK;
    enum bw_rc rc = BW_OK;
    if (from > 0)
        rc = copy_if_it_fits(db, path, copy_bytes_max, &opening->copied, err);
    if (rc == BW_OK)
        rc = apply_all(db, from, err);
    if (rc == BW_OK)
        opening->migrated_from = from;
    return rc;
}
