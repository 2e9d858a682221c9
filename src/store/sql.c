// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sql.h"

#include "base/mem.h"
#include "store/db.h"
#include "store/sql_samples.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    SQL_BYTES_MAX = 1 << 20,
    VALUE_BYTES_MAX = 16 << 20,
    COLUMNS_MAX = 500,
    STEPS_BETWEEN_LOOKS = 10000,
};

static int64_t mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- what is allowed --------------------------------------------------------------------- */

static bool is_harmless_pragma(const char *name, const char *argument)
{
    static const char *const described[] = { "table_info", "table_xinfo", "table_list",
                                             "index_list", "index_info",  "index_xinfo" };
    static const char *const shown[] = { "user_version", "page_count", "page_size",
                                         "freelist_count", "schema_version" };
    for (size_t i = 0; i < sizeof described / sizeof *described; i++) {
        if (strcasecmp(name, described[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        if (argument == NULL && strcasecmp(name, shown[i]) == 0)
            return true;
    }
    return false;
}

static int allow(void *ctx, int action, const char *a, const char *b, const char *db,
                 const char *trigger)
{
    (void)ctx;
    (void)db;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return strcasecmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
        return is_harmless_pragma(a, b) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static int is_too_late(void *ctx)
{
    const int64_t *deadline_ns = ctx;
    return *deadline_ns != 0 && mono_ns() > *deadline_ns;
}

static enum bw_rc fail(sqlite3 *db, struct bw_err *err)
{
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_AUTH:
        return bw_fail(err, BW_EDENIED, "only reading is possible here (%s)", sqlite3_errmsg(db));
    case SQLITE_READONLY:
        return bw_fail(err, BW_EDENIED, "only reading is possible here");
    case SQLITE_INTERRUPT:
        return bw_fail(err, BW_ETIMEOUT, "it took too long and was ended");
    case SQLITE_TOOBIG:
        return bw_fail(err, BW_ELIMIT, "%s", sqlite3_errmsg(db));
    case SQLITE_ERROR:
        return bw_fail(err, BW_EINVAL, "%s", sqlite3_errmsg(db));
    default:
        return bw_db_fail(db, err, "query");
    }
}

/* ---- running ----------------------------------------------------------------------------- */

static struct bw_sql_value value_of(sqlite3_stmt *st, int column)
{
    struct bw_sql_value value = { .kind = BW_SQL_NULL };
    switch (sqlite3_column_type(st, column)) {
    case SQLITE_INTEGER:
        value.kind = BW_SQL_INT;
        value.integer = sqlite3_column_int64(st, column);
        break;
    case SQLITE_FLOAT:
        value.kind = BW_SQL_NUMBER;
        value.number = sqlite3_column_double(st, column);
        break;
    case SQLITE_TEXT:
        value.kind = BW_SQL_TEXT;
        value.text = (const char *)sqlite3_column_text(st, column);
        value.len = (size_t)sqlite3_column_bytes(st, column);
        break;
    case SQLITE_BLOB:
        value.kind = BW_SQL_BLOB;
        value.len = (size_t)sqlite3_column_bytes(st, column);
        break;
    default:
        break;
    }
    return value;
}

static bool show_columns(sqlite3_stmt *st, const struct bw_sql_sink *sink)
{
    const char *names[COLUMNS_MAX];
    const int count = sqlite3_column_count(st);
    for (int i = 0; i < count; i++)
        names[i] = sqlite3_column_name(st, i);
    return sink->columns(sink->ctx, names, (size_t)count);
}

static bool show_row(sqlite3_stmt *st, const struct bw_sql_sink *sink)
{
    struct bw_sql_value values[COLUMNS_MAX];
    const int count = sqlite3_column_count(st);
    for (int i = 0; i < count; i++)
        values[i] = value_of(st, i);
    return sink->row(sink->ctx, values, (size_t)count);
}

static enum bw_rc prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct bw_err *err)
{
    const char *rest = NULL;
    const int rc = sqlite3_prepare_v2(db, sql, -1, out, &rest);
    if (rc != SQLITE_OK)
        return fail(db, err);
    if (*out == NULL)
        return bw_fail(err, BW_EINVAL, "there is no statement in it");
    if (rest[strspn(rest, " \t\r\n;")] != '\0') {
        sqlite3_finalize(*out);
        *out = NULL;
        return bw_fail(err, BW_EINVAL, "one statement at a time, please");
    }
    /* VACUUM INTO writes a file and is the one statement that no authorizer is asked about. */
    if (!sqlite3_stmt_readonly(*out)) {
        sqlite3_finalize(*out);
        *out = NULL;
        return bw_fail(err, BW_EDENIED, "only reading is possible here");
    }
    return BW_OK;
}

static enum bw_rc run(sqlite3 *db, const char *sql, const struct bw_sql_sink *sink,
                      struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = prepare(db, sql, &st, err);
    if (rc != BW_OK)
        return rc;
    bool more = show_columns(st, sink);
    int step = SQLITE_DONE;
    while (more && (step = sqlite3_step(st)) == SQLITE_ROW)
        more = show_row(st, sink);
    if (more && step != SQLITE_DONE)
        rc = fail(db, err);
    sqlite3_finalize(st);
    return rc;
}

enum bw_rc bw_sql_run(const char *path, const char *sql, int64_t timeout_ns,
                      const struct bw_sql_sink *sink, struct bw_damage *damage, struct bw_err *err)
{
    sqlite3 *db = NULL;
    struct bw_reader *reader = NULL;
    struct bw_damage uncounted = { 0 };
    int64_t deadline_ns = timeout_ns > 0 ? mono_ns() + timeout_ns : 0;
    enum bw_rc rc = bw_db_open_reader(path, &db, err);
    if (rc != BW_OK)
        return rc;
    rc = bw_reader_open(path, &reader, err);
    struct bw_sql_samples samples = { reader, damage != NULL ? damage : &uncounted };
    if (rc == BW_OK && bw_sql_samples_register(db, &samples) != SQLITE_OK)
        rc = bw_db_fail(db, err, "samples");
    if (rc == BW_OK) {
        sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX);
        sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
        sqlite3_limit(db, SQLITE_LIMIT_COLUMN, COLUMNS_MAX);
        sqlite3_set_authorizer(db, allow, NULL);
        sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, is_too_late, &deadline_ns);
        rc = run(db, sql, sink, err);
    }
    sqlite3_close(db);
    bw_reader_close(reader);
    return rc;
}
