// SPDX-License-Identifier: GPL-3.0-or-later
/* store/sql.h: SQL for people, over a store that is only read. Besides the tables of the schema
 * there is
 *
 *     samples(metric, labels, series, ts, value)    ts in Unix ms, labels as a JSON object
 *
 * with the hidden columns service, instance, check_name (labels as columns) and match (a
 * selector: match='probe_success{service="shop"}'). Equality on all but labels and value, and
 * bounds on ts, are looked up and not searched for. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "base/err.h"
#include "store/reader.h"

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

/* Runs one statement. BW_EINVAL with SQLite's words for SQL that is wrong, BW_EDENIED for what
 * would write, attach or load something, BW_ETIMEOUT after timeout_ns (0: never), BW_ELIMIT for
 * a value or statement that is too large. `damage` may be NULL. */
enum bw_rc bw_sql_run(const char *path, const char *sql, int64_t timeout_ns,
                      const struct bw_sql_sink *sink, struct bw_damage *damage, struct bw_err *err);

#endif
