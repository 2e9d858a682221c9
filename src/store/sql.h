// SPDX-License-Identifier: GPL-3.0-or-later
/* store/sql.h: SQL for people, over a store that is only read: the tables of the schema and the
 * virtual ones of store/sql_tables.h (docs/sql.md). Whatever the statement is, nothing is
 * written, nothing loaded, and no ceiling exceeded. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "base/err.h"
#include "store/reader.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_sql_kind { BW_SQL_NULL, BW_SQL_INT, BW_SQL_NUMBER, BW_SQL_TEXT, BW_SQL_BLOB };

struct bw_sql_value {
    enum bw_sql_kind kind;
    int64_t integer;
    double number;
    const char *text; /* of TEXT, NUL-terminated */
    size_t len;       /* of TEXT and BLOB, bytes */
};

/* Called once with the names of the columns, then for each row; false ends it (BW_OK). */
struct bw_sql_sink {
    void *ctx;
    bool (*columns)(void *ctx, const char *const *names, size_t count);
    bool (*row)(void *ctx, const struct bw_sql_value *values, size_t count);
};

/* How far a statement may go; 0 and NULL are no limit. */
struct bw_sql_limits {
    int64_t timeout_ns;
    uint64_t rows;
    uint64_t memory_bytes; /* of SQLite's heap in this process, while the statement runs */
    const volatile sig_atomic_t *stop; /* ends the statement once it is not 0 */
};

/* Runs one statement; all that it sees is of one moment. BW_EINVAL with SQLite's words for SQL
 * that is wrong, with the place; BW_EDENIED for what would write, attach or load something,
 * BW_ETIMEOUT after the time or when it was stopped, BW_ELIMIT for too many rows (those up to the
 * limit were handed over), too much memory, a value or statement that is too large. `limits` and
 * `damage` may be NULL. */
enum bw_rc bw_sql_run(const char *path, const char *sql, const struct bw_sql_limits *limits,
                      const struct bw_sql_sink *sink, struct bw_damage *damage, struct bw_err *err);

#endif
