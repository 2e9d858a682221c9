// SPDX-License-Identifier: GPL-3.0-or-later
#include "sql_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

bool sql_columns(void *ctx, const char *const *names, size_t count)
{
    (void)ctx;
    (void)names;
    return count > 0;
}

bool sql_row(void *ctx, const struct bw_sql_value *values, size_t count)
{
    struct bw_buf *out = ctx;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            bw_buf_char(out, '|');
        if (values[i].kind == BW_SQL_INT)
            bw_buf_int(out, values[i].integer);
        else if (values[i].kind == BW_SQL_NUMBER)
            bw_buf_double(out, values[i].number);
        else
            bw_buf_text(out, values[i].kind == BW_SQL_TEXT ? values[i].text : "-");
    }
    bw_buf_char(out, ';');
    return true;
}

enum bw_rc sql_ask(const struct fixture *f, const char *sql, struct bw_buf *out, struct bw_err *err)
{
    const struct bw_sql_sink sink = { out, sql_columns, sql_row };
    return bw_sql_run(f->path, sql, NULL, &sink, NULL, err);
}

void sql_rows(const struct fixture *f, const char *sql, struct bw_buf *out)
{
    struct bw_err err = { .text = "" };
    bw_buf_init(out, 4u << 20);
    if (sql_ask(f, sql, out, &err) != BW_OK)
        fail_msg("%s: %s", sql, err.text);
}

void sql_expect(const struct fixture *f, const char *sql, const char *want)
{
    struct bw_buf rows;
    sql_rows(f, sql, &rows);
    if (strcmp(rows.data, want) != 0)
        fail_msg("%s: %.500s, not %s", sql, rows.data, want);
    bw_buf_fini(&rows);
}
