// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sql.h"

#include "store/db.h"
#include "store/sql_tables.h"
#include "store/view.h"

#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    SQL_BYTES_MAX = 1 << 20,
    VALUE_BYTES_MAX = 16 << 20,
    COLUMNS_MAX = 500,
    DEPTH_MAX = 200,    /* of an expression */
    PARTS_MAX = 100,    /* of a UNION */
    STEPS_MAX = 100000, /* of a program */
    LIKE_MAX = 200,     /* bytes of a pattern: a long one can take for ever */
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

/* A statement that runs: whom the progress handler asks, and what it answered. */
struct course {
    int64_t deadline_ns; /* 0: none */
    const volatile sig_atomic_t *stop;
    bool stopped;
};

static int must_end(void *ctx)
{
    struct course *course = ctx;
    course->stopped = course->stop != NULL && *course->stop != 0;
    return course->stopped || (course->deadline_ns != 0 && mono_ns() > course->deadline_ns);
}

/* "line 1, column 8: ", counted in characters, when SQLite knows the place. */
static void wrap_place(struct bw_err *err, const char *sql, int offset)
{
    unsigned line = 1, column = 1;
    if (err == NULL || offset < 0)
        return;
    for (const char *c = sql; *c != '\0' && c < sql + offset; c++) {
        if (*c == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*c & 0xc0) != 0x80) {
            column++;
        }
    }
    bw_wrap(err, err->rc, "line %u, column %u", line, column);
}

static enum bw_rc fail(sqlite3 *db, const struct course *course, struct bw_err *err)
{
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_AUTH:
        return bw_fail(err, BW_EDENIED, "only reading is possible here (%s)", sqlite3_errmsg(db));
    case SQLITE_READONLY:
        return bw_fail(err, BW_EDENIED, "only reading is possible here");
    case SQLITE_INTERRUPT:
        return bw_fail(err, BW_ETIMEOUT, "%s",
                       course->stopped ? "interrupted" : "it took too long and was ended");
    case SQLITE_NOMEM:
        return bw_fail(err, BW_ELIMIT, "it needs more memory than it may have");
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

static enum bw_rc refuse(sqlite3_stmt **st, struct bw_err *err, enum bw_rc rc, const char *text)
{
    sqlite3_finalize(*st);
    *st = NULL;
    return bw_fail(err, rc, "%s", text);
}

static enum bw_rc prepare(sqlite3 *db, const char *sql, const struct course *course,
                          sqlite3_stmt **out, struct bw_err *err)
{
    const char *rest = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, out, &rest) != SQLITE_OK) {
        const int offset = sqlite3_error_offset(db);
        const enum bw_rc rc = fail(db, course, err);
        wrap_place(err, sql, offset);
        return rc;
    }
    if (*out == NULL)
        return bw_fail(err, BW_EINVAL, "there is no statement in it");
    const size_t blanks = strspn(rest, " \t\r\n;");
    if (rest[blanks] != '\0') {
        refuse(out, err, BW_EINVAL, "one statement at a time, please");
        wrap_place(err, sql, (int)(rest + blanks - sql));
        return BW_EINVAL;
    }
    /* VACUUM INTO writes a file and is the one statement that no authorizer is asked about. */
    if (!sqlite3_stmt_readonly(*out))
        return refuse(out, err, BW_EDENIED, "only reading is possible here");
    return BW_OK;
}

static enum bw_rc walk(sqlite3 *db, sqlite3_stmt *st, uint64_t rows_max,
                       const struct bw_sql_sink *sink, const struct course *course,
                       struct bw_err *err)
{
    bool more = show_columns(st, sink);
    int step = SQLITE_DONE;
    for (uint64_t rows = 0; more && (step = sqlite3_step(st)) == SQLITE_ROW; rows++) {
        if (rows_max != 0 && rows == rows_max)
            return bw_fail(err, BW_ELIMIT, "there are more than %llu rows",
                           (unsigned long long)rows_max);
        more = show_row(st, sink);
    }
    return more && step != SQLITE_DONE ? fail(db, course, err) : BW_OK;
}

/* The heap of SQLite has one ceiling for the whole process: it is put back afterwards. */
static enum bw_rc run(sqlite3 *db, const char *sql, const struct bw_sql_limits *limits,
                      const struct bw_sql_sink *sink, struct bw_err *err)
{
    struct course course = {
        .deadline_ns = limits->timeout_ns > 0 ? mono_ns() + limits->timeout_ns : 0,
        .stop = limits->stop,
    };
    const int64_t before = limits->memory_bytes > 0
                               ? sqlite3_hard_heap_limit64((sqlite3_int64)limits->memory_bytes)
                               : sqlite3_hard_heap_limit64(-1);
    sqlite3_stmt *st = NULL;
    sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, must_end, &course);
    enum bw_rc rc = prepare(db, sql, &course, &st, err);
    if (rc == BW_OK)
        rc = walk(db, st, limits->rows, sink, &course, err);
    sqlite3_finalize(st);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    sqlite3_hard_heap_limit64(before);
    return rc;
}

/* What sorting and grouping keep stays in memory, where the ceiling is, and fills no disk. The
 * tables are put into the connection's own schema, so that must be possible for a moment. */
static enum bw_rc set_up(sqlite3 *db, const struct bw_sql_source *source, struct bw_err *err)
{
    enum bw_rc rc = bw_db_exec(db, "PRAGMA temp_store=MEMORY; PRAGMA query_only=OFF", err);
    if (rc == BW_OK)
        rc = bw_sql_tables_add(db, source, err);
    if (rc == BW_OK)
        rc = bw_db_exec(db, "PRAGMA query_only=ON", err);
    static const int limits[][2] = {
        { SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX },
        { SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX },
        { SQLITE_LIMIT_COLUMN, COLUMNS_MAX },
        { SQLITE_LIMIT_EXPR_DEPTH, DEPTH_MAX },
        { SQLITE_LIMIT_COMPOUND_SELECT, PARTS_MAX },
        { SQLITE_LIMIT_VDBE_OP, STEPS_MAX },
        { SQLITE_LIMIT_ATTACHED, 0 },
        { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LIKE_MAX },
        { SQLITE_LIMIT_WORKER_THREADS, 0 },
        { SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i][0], limits[i][1]);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_set_authorizer(db, allow, NULL);
    return rc;
}

enum bw_rc bw_sql_run(const char *path, const char *sql, const struct bw_sql_limits *limits,
                      const struct bw_sql_sink *sink, struct bw_damage *damage, struct bw_err *err)
{
    static const struct bw_sql_limits none = { 0 };
    struct bw_damage uncounted = { 0 };
    sqlite3 *db = NULL;
    enum bw_rc rc = bw_db_open_reader(path, &db, err);
    if (rc != BW_OK)
        return rc;
    struct bw_reader reader = { .db = db, .shares = true };
    const struct bw_sql_source source = { &reader, damage != NULL ? damage : &uncounted };
    rc = set_up(db, &source, err);
    if (rc == BW_OK)
        rc = run(db, sql, limits != NULL ? limits : &none, sink, err);
    sqlite3_close(db);
    return rc;
}
