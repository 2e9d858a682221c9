// SPDX-License-Identifier: GPL-3.0-or-later
/* What a query answers, as text. */
#ifndef TESTS_STORE_SQL_ROWS_H
#define TESTS_STORE_SQL_ROWS_H

#include "base/buf.h"
#include "fixture.h"
#include "store/sql.h"

/* The two calls of a bw_sql_sink whose ctx is a bw_buf: rows as below. */
bool sql_columns(void *ctx, const char *const *names, size_t count);
bool sql_row(void *ctx, const struct bw_sql_value *values, size_t count);

/* Appends rows as "a|b|c;" with NULL as "-". */
enum bw_rc sql_ask(const struct fixture *f, const char *sql, struct bw_buf *out,
                   struct bw_err *err);

/* The same into a buffer that it begins; fails the test when the query fails. */
void sql_rows(const struct fixture *f, const char *sql, struct bw_buf *out);

/* Fails the test when the rows are others. */
void sql_expect(const struct fixture *f, const char *sql, const char *want);

#endif
