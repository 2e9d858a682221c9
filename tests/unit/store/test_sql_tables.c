// SPDX-License-Identifier: GPL-3.0-or-later
/* That conditions are looked up, and that looking up finds what testing every row finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "fixture.h"
#include "sql_rows.h"
#include "store/sql.h"

#include <stdio.h>
#include <string.h>

/* Twelve series, so that they take more than one read; services that look like numbers; points
 * in packs, late ones in a pack of their own, and some in the journal. */
static void fill(struct fixture *f)
{
    static const char *const services[] = { "shop", "5", "05" };
    static const char *const metrics[] = { "up", "UP", "load", "up_total" };
    fixture_open(f);
    uint32_t ids[12];
    for (int i = 0; i < 12; i++) {
        const struct bw_label labels[] = { { "check", i % 2 == 0 ? "web" : "db" },
                                           { "instance", i < 6 ? "a" : "b" },
                                           { "service", services[i % 3] } };
        ids[i] = bw_store_series(f->store, metrics[i % 4],
                                 (struct bw_labels){ labels, i == 11 ? 1 : 3 });
    }
    for (int part = 0; part < 3; part++) {
        for (int i = 0; i < 12; i++) {
            for (int t = 0; t < 4; t++)
                fixture_append(f, ids[i], T0 + (part == 1 ? -4000 : part * 4000) + t * 1000, i + t);
        }
        if (part < 2)
            fixture_pack(f);
    }
    fixture_flush(f);
}

/* ---- plans ------------------------------------------------------------------------------------
 */

static const struct {
    const char *sql, *plan;
} plans[] = {
    { "samples WHERE metric='up'", "samples VIRTUAL TABLE INDEX 2:metric=;" },
    { "samples WHERE service='a' AND instance='b' AND check_name='c'",
      ":service= instance= check=;" },
    { "samples WHERE series=5", ":series=;" },
    { "samples WHERE match='up{service=\"shop\"}'", ":match=;" },
    { "samples WHERE ts>=5 AND ts<7", ":ts>= ts<;" },
    { "samples WHERE ts BETWEEN 5 AND 7", ":ts>= ts<=;" },
    { "samples WHERE ts=5", ":ts=;" },
    { "samples WHERE ts>5 AND metric='up'", ":ts> metric=;" },
    { "samples WHERE metric IN ('up','load')", ":metric=;" },
    { "samples WHERE metric LIKE 'u%' AND metric GLOB '*p'", ":metric-glob metric-like;" },
    { "samples WHERE metric='up' COLLATE NOCASE", "INDEX 2:;" },
    { "samples WHERE value>5", "INDEX 1:;" },
    { "samples WHERE metric<>'up' OR ts>5", ":;" },
    { "series WHERE id=5", "series VIRTUAL TABLE INDEX 128:series=;" },
    { "series WHERE metric='up' AND service='shop'", ":metric= service=;" },
    { "series WHERE match='up' AND instance='a' AND check_name='web'", ":" },
    /* The cheap table is outside, the dear one is looked up. */
    { "series s JOIN samples x ON x.series=s.id WHERE s.metric='up' AND x.ts>5",
      "SCAN s VIRTUAL TABLE INDEX" },
    { "series s JOIN samples x ON x.series=s.id WHERE s.metric='up' AND x.ts>5", ":ts> series=;" },
    { "event e CROSS JOIN samples x ON x.service=e.service AND x.ts>=e.ts_ms-5 AND x.ts<e.ts_ms",
      ":service= ts>= ts<;" },
};

static void conditions_are_looked_up(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        char sql[400];
        struct bw_buf rows;
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN SELECT count(*) FROM %s", plans[i].sql);
        sql_rows(f, sql, &rows);
        if (strstr(rows.data, plans[i].plan) == NULL)
            fail_msg("%s: %s, not %s", sql, rows.data, plans[i].plan);
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

static const struct {
    const char *sql;
    bool sorts;
} orders[] = {
    { "SELECT ts FROM samples ORDER BY series", false },
    { "SELECT ts FROM samples ORDER BY series, ts", false },
    { "SELECT ts FROM samples WHERE series=3 ORDER BY ts", false },
    { "SELECT series, max(ts) FROM samples GROUP BY series", false },
    { "SELECT id FROM series ORDER BY id", false },
    { "SELECT ts FROM samples ORDER BY ts", true },
    { "SELECT ts FROM samples ORDER BY series DESC", true },
    { "SELECT ts FROM samples WHERE series IN (3,1) ORDER BY ts", true },
    { "SELECT ts FROM samples ORDER BY value", true },
};

static void what_comes_in_order_is_not_sorted(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        char sql[400];
        struct bw_buf rows;
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", orders[i].sql);
        sql_rows(f, sql, &rows);
        if ((strstr(rows.data, "TEMP B-TREE") != NULL) != orders[i].sorts)
            fail_msg("%s: %s", sql, rows.data);
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

/* ---- the same rows ------------------------------------------------------------------------------
 */

static const char *const columns[] = {
    "metric", "service", "instance", "check_name", "series", "ts"
};
static const char *const operators[] = {
    "=", "<>", "<", "<=", ">", ">=", "IS", "LIKE", "GLOB", "IN"
};
static const char *const others[] = {
    "('up')",
    "('UP')",
    "('')",
    "('u%')",
    "('*p')",
    "('5')",
    "('05')",
    "(5)",
    "(5.0)",
    "(5.5)",
    "(-1)",
    "(0)",
    "(NULL)",
    "(x'7570')",
    "('up' || char(0) || 'x')",
    "(1700000001000)",
    "(1700000001000.0)",
    "(1700000001000.5)",
    "('1700000001000')",
    "(9223372036854775807)",
    "(-9223372036854775808)",
    "(1e30)",
    "(-1e30)",
    "(9e999)",
    "(SELECT id FROM main.series WHERE id=5)",
    "(SELECT name FROM main.series WHERE id=5)",
};

/* Both halves of what a query gave: "a|b;". */
static bool halves_are_equal(const char *text)
{
    const char *middle = strchr(text, '|');
    const size_t half = middle != NULL ? (size_t)(middle - text) : 0;
    return middle != NULL && strlen(middle) == half + 2 && memcmp(text, middle + 1, half) == 0;
}

static void compare(struct fixture *f, const char *condition)
{
    char sql[1200];
    struct bw_buf rows;
    snprintf(
        sql, sizeof sql,
        "WITH every AS MATERIALIZED (SELECT metric, service, instance, check_name, series, ts,"
        " value FROM samples),"
        " found AS (SELECT series||':'||ts||':'||value AS row FROM samples WHERE %s ORDER BY "
        "series, ts),"
        " tested AS (SELECT series||':'||ts||':'||value AS row FROM every WHERE %s ORDER BY "
        "series, ts)"
        " SELECT (SELECT group_concat(row) FROM found), (SELECT group_concat(row) FROM tested)",
        condition, condition);
    sql_rows(f, sql, &rows);
    if (!halves_are_equal(rows.data))
        fail_msg("%s: %s", condition, rows.data);
    bw_buf_fini(&rows);
}

static void looking_up_finds_what_testing_finds(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        for (size_t o = 0; o < sizeof operators / sizeof *operators; o++) {
            for (size_t v = 0; v < sizeof others / sizeof *others; v++) {
                /* There SQLite itself compares a virtual table's column otherwise than a value. */
                if (c < 4 && strcmp(operators[o], "IN") == 0 && strncmp(others[v], "(SEL", 4) == 0)
                    continue;
                char condition[200];
                snprintf(condition, sizeof condition, "%s %s %s", columns[c], operators[o],
                         others[v]);
                compare(f, condition);
            }
        }
    }
    fixture_close(f);
}

static const char *const together[] = {
    "metric='up' AND service='shop'",
    "metric='up' AND metric='load'",
    "series=3 AND series=4",
    "series=3 AND series=3.0 AND series='3'",
    "series IN (1,3,99) AND ts>1700000001000",
    "ts>1700000001000 AND ts>1700000002000 AND ts<1700000009000",
    "ts>1700000002000 AND ts<1700000001000",
    "ts BETWEEN 1700000001000 AND 1700000002000",
    "metric LIKE 'u%' AND metric LIKE '%l'",
    "metric IN ('up','load') AND service IN ('5','05')",
    "(metric='up' OR service='5') AND ts<1700000000000",
    "service IS NULL",
    "service IS NOT NULL AND instance='b'",
    "value>5 AND check_name='db'",
    "NOT (metric='up' AND ts>1700000000000)",
    "service=(SELECT id FROM main.series WHERE id=5)",
};

static void so_do_several_conditions(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof together / sizeof *together; i++)
        compare(f, together[i]);
    fixture_close(f);
}

/* A condition whose other side is a column is looked up for each of its rows. */
static const char *const joins[] = {
    "main.series m JOIN %s x ON x.series=m.id",
    "main.series m JOIN %s x ON x.service=m.id",
    "main.series m LEFT JOIN %s x ON x.series=m.id+9",
    "(SELECT 'up' AS a UNION SELECT 5 UNION SELECT NULL) m JOIN %s x ON x.metric=m.a",
    "(SELECT '5' AS a UNION SELECT 5) m JOIN %s x ON x.service=m.a",
    "(SELECT 1700000001000 AS a UNION SELECT '1700000002000') m JOIN %s x ON x.ts>m.a",
};

static void so_do_joins(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
        char sql[1200], found[300], tested[300];
        struct bw_buf rows;
        snprintf(found, sizeof found, "%.*s%s%s", (int)strcspn(joins[i], "%"), joins[i], "samples",
                 strchr(joins[i], '%') + 2);
        snprintf(tested, sizeof tested, "%.*s%s%s", (int)strcspn(joins[i], "%"), joins[i], "every",
                 strchr(joins[i], '%') + 2);
        snprintf(sql, sizeof sql,
                 "WITH every AS MATERIALIZED (SELECT metric, service, series, ts FROM samples)"
                 " SELECT (SELECT count(*)||':'||total(x.ts)||':'||total(x.series) FROM %s),"
                 " (SELECT count(*)||':'||total(x.ts)||':'||total(x.series) FROM %s)",
                 found, tested);
        sql_rows(f, sql, &rows);
        if (!halves_are_equal(rows.data))
            fail_msg("%s: %s", joins[i], rows.data);
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

/* ---- series
 * --------------------------------------------------------------------------------------- */

static const struct {
    const char *sql, *rows;
} answers[] = {
    { "SELECT id, metric, service, instance, check_name, labels, name FROM series WHERE id=1",
      "1|up|shop|a|web|{\"check\":\"web\",\"instance\":\"a\",\"service\":\"shop\"}|"
      "up{check=\"web\",instance=\"a\",service=\"shop\"};" },
    { "SELECT id, service FROM series WHERE metric='up_total' ORDER BY id", "4|shop;8|5;12|-;" },
    { "SELECT group_concat(id) FROM series WHERE match='up{service=~\"5|shop\"}'", "1,5;" },
    { "SELECT count(*) FROM series", "12;" },
    { "SELECT count(*) FROM main.series", "12;" },
    { "SELECT id FROM series WHERE id=99 OR id=0 OR id=-1", "" },
    { "SELECT first_ts, last_ts, points FROM series WHERE id=7",
      "1699999996000|1700000011000|12;" },
    { "SELECT count(*) FROM series WHERE bytes BETWEEN 5 AND 200", "12;" },
    { "SELECT count(*) FROM series s JOIN (SELECT series, min(ts) AS a, max(ts) AS b,"
      " count(*) AS n FROM samples GROUP BY series) x ON x.series=s.id AND x.a=s.first_ts"
      " AND x.b=s.last_ts AND x.n=s.points",
      "12;" },
    { "SELECT DISTINCT first_ts FROM series WHERE metric='up'", "1699999996000;" },
};

static void series_have_names_and_extents(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct bw_buf rows;
        sql_rows(f, answers[i].sql, &rows);
        if (strcmp(rows.data, answers[i].rows) != 0)
            fail_msg("%s: %s, not %s", answers[i].sql, rows.data, answers[i].rows);
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

static void a_series_without_samples_has_no_times(void **state)
{
    struct fixture *f = *state;
    struct bw_buf rows;
    fixture_open(f);
    fixture_series(f, "silent", "a");
    fixture_flush(f);
    sql_rows(f, "SELECT first_ts, last_ts, points, bytes FROM series", &rows);
    assert_string_equal(rows.data, "-|-|0|0;");
    bw_buf_fini(&rows);
    fixture_close(f);
}

/* ---- one moment ---------------------------------------------------------------------------------
 */

struct late {
    struct fixture *f;
    int64_t rows, of_the_last;
};

/* Adds to the last series while the first is being shown. */
static bool append_once(void *ctx, const struct bw_sql_value *values, size_t count)
{
    struct late *late = ctx;
    (void)count;
    if (late->rows++ == 0) {
        for (int i = 0; i < 5; i++)
            fixture_append(late->f, 12, T0 + 100000 + i, 1);
        fixture_flush(late->f);
    }
    late->of_the_last += values[0].integer == 12;
    return true;
}

static void a_statement_sees_one_moment(void **state)
{
    struct fixture *f = *state;
    struct late late = { .f = f };
    const struct bw_sql_sink sink = { &late, sql_columns, append_once };
    struct bw_err err;
    fill(f);
    assert_int_equal(bw_sql_run(f->path, "SELECT series FROM samples", NULL, &sink, NULL, &err),
                     BW_OK);
    assert_int_equal(late.of_the_last, 12);
    late.of_the_last = 0;
    assert_int_equal(bw_sql_run(f->path, "SELECT series FROM samples", NULL, &sink, NULL, &err),
                     BW_OK);
    assert_int_equal(late.of_the_last, 17);
    fixture_close(f);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STORY(conditions_are_looked_up),
        STORY(what_comes_in_order_is_not_sorted),
        STORY(looking_up_finds_what_testing_finds),
        STORY(so_do_several_conditions),
        STORY(so_do_joins),
        STORY(series_have_names_and_extents),
        STORY(a_series_without_samples_has_no_times),
        STORY(a_statement_sees_one_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
