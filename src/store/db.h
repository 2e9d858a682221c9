// SPDX-License-Identifier: GPL-3.0-or-later
/* store/db.h: SQLite as we want it: opened, set up, migrated, with its errors in our words. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/embedded.h"
#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* "what: SQLite's words", with a code that says what to do: BW_EBUSY, BW_EFULL, BW_ECORRUPT,
 * else BW_EIO. */
enum bw_rc bw_db_fail(sqlite3 *db, struct bw_err *err, const char *what);

enum bw_rc bw_db_exec(sqlite3 *db, const char *sql, struct bw_err *err);
enum bw_rc bw_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct bw_err *err);

/* The integer in the first column of the first row; 0 for NULL or no row. */
enum bw_rc bw_db_number(sqlite3 *db, const char *sql, int64_t *out, struct bw_err *err);

/* True when rc is SQLITE_ROW, false when it is SQLITE_DONE or an error, which sets *out_rc. */
bool bw_db_has_row(sqlite3 *db, int rc, enum bw_rc *out_rc, struct bw_err *err);

/* What opening did to a file. */
struct bw_db_opening {
    bool mended;       /* indexes that did not agree with their tables were made anew */
    int migrated_from; /* the schema's version that it had; 0: it was made, or had this one */
    bool copied;       /* before it was migrated */
};

/* The one connection that writes. Makes the file or brings its schema up to date, keeping a copy
 * of what was there (store/migrate.h) if that is no more than copy_bytes_max. A file of a newer
 * version (BW_EUNSUPPORTED) or of another program (BW_EINVAL) is left untouched; BW_ECORRUPT when
 * SQLite's own structure is damaged. */
enum bw_rc bw_db_open_writer(const char *path, const char *vfs, uint64_t copy_bytes_max,
                             sqlite3 **out, struct bw_db_opening *opening, struct bw_err *err);

/* A connection that cannot write, for one thread. */
enum bw_rc bw_db_open_reader(const char *path, sqlite3 **out, struct bw_err *err);

/* BW_OK for a store that this version can read; `path` is for the message only. */
enum bw_rc bw_db_check_reader(sqlite3 *db, const char *path, struct bw_err *err);

/* The schema's version that this program writes, and that a migration leads to. */
int bw_db_schema_version(void);
int bw_db_version_of(const struct bw_embedded *migration);

/* Whether that SQLite (sqlite3_libversion_number()) can lose a commit when two connections reset
 * the WAL at once: 3.7.0 to 3.51.2 but for the fixed 3.44.6 and 3.50.7 and later patches of those.
 */
bool bw_db_has_wal_reset_race(int version);

/* Text of a column, "" for NULL. */
const char *bw_db_text(sqlite3_stmt *st, int column);

#endif
