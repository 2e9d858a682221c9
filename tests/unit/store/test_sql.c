// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "fixture.h"
#include "sql_rows.h"
#include "store/db.h"
#include "store/sql.h"

#include <stdio.h>
#include <string.h>

/* Two checks of one service and a series without them; the last points are in the journal. */
static void fill(struct fixture *f)
{
    const struct bw_label shop[] = { { "check", "web" },
                                     { "instance", "a" },
                                     { "service", "shop" } };
    const struct bw_label blog[] = { { "check", "web" },
                                     { "instance", "b" },
                                     { "service", "blog" } };
    fixture_open(f);
    const uint32_t one = bw_store_series(f->store, "up", (struct bw_labels){ shop, 3 });
    const uint32_t two = bw_store_series(f->store, "up", (struct bw_labels){ blog, 3 });
    const uint32_t three = bw_store_series(f->store, "load", (struct bw_labels){ 0 });
    for (int i = 0; i < 3; i++) {
        fixture_append(f, one, T0 + i * 1000, i);
        fixture_append(f, two, T0 + i * 1000, 10 + i);
        fixture_append(f, three, T0 + i * 1000, 0.5);
    }
    fixture_pack(f);
    fixture_append(f, one, T0 + 3000, 3);
    fixture_flush(f);
}

static const struct {
    const char *sql, *rows;
} answers[] = {
    { "SELECT count(*) FROM samples", "10;" },
    { "SELECT DISTINCT metric FROM samples ORDER BY 1", "load;up;" },
    { "SELECT value FROM samples WHERE service='shop' ORDER BY ts", "0;1;2;3;" },
    { "SELECT series, value FROM samples WHERE metric='up' AND ts=1700000001000", "1|1;2|11;" },
    { "SELECT value FROM samples WHERE series=2", "10;11;12;" },
    { "SELECT value FROM samples WHERE series=2.0 AND series='2'", "10;11;12;" },
    { "SELECT value FROM samples WHERE series=1 AND series=2", "" },
    { "SELECT value FROM samples WHERE series=-1 OR series=99", "" },
    { "SELECT value FROM samples WHERE series=1 AND ts>1700000001000", "2;3;" },
    { "SELECT value FROM samples WHERE series=1 AND ts>=1700000001000 AND ts<1700000003000",
      "1;2;" },
    { "SELECT value FROM samples WHERE series=1 AND ts<=1700000000000", "0;" },
    { "SELECT value FROM samples WHERE series=1 AND ts>1700000001999.5", "2;3;" },
    { "SELECT value FROM samples WHERE series=1 AND ts<9223372036854775807 AND ts>2e12", "" },
    { "SELECT count(*) FROM samples WHERE match='up{service=~\"s.*\"}'", "4;" },
    { "SELECT count(*) FROM samples WHERE match='up' AND instance='b'", "3;" },
    { "SELECT count(*) FROM samples WHERE match='nothing'", "0;" },
    { "SELECT count(*) FROM samples WHERE check_name='web'", "7;" },
    { "SELECT count(*) FROM samples WHERE metric='UP' COLLATE NOCASE", "7;" },
    { "SELECT count(*) FROM samples WHERE service IS NULL", "3;" },
    { "SELECT labels FROM samples WHERE series=1 LIMIT 1",
      "{\"check\":\"web\",\"instance\":\"a\",\"service\":\"shop\"};" },
    { "SELECT labels->>'service', max(value) FROM samples WHERE metric='up' GROUP BY 1",
      "blog|12;shop|3;" },
    { "SELECT ts FROM samples WHERE series=1 ORDER BY ts DESC LIMIT 1", "1700000003000;" },
    { "SELECT series, ts FROM samples ORDER BY series, ts LIMIT 1", "1|1700000000000;" },
    { "SELECT s.name, x.value FROM series s JOIN samples x ON x.series=s.id"
      " WHERE s.name='load' LIMIT 1",
      "load|0.5;" },
    { "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3) SELECT i FROM n",
      "1;2;3;" },
};

static void answers_are_those_of_the_samples(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct bw_buf rows;
        struct bw_err err = { .rc = BW_OK };
        bw_buf_init(&rows, 1u << 20);
        if (sql_ask(f, answers[i].sql, &rows, &err) != BW_OK)
            fail_msg("%s: %s", answers[i].sql, err.text);
        if (strcmp(rows.data, answers[i].rows) != 0)
            fail_msg("%s: %s, not %s", answers[i].sql, rows.data, answers[i].rows);
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

static void the_schema_s_version_can_be_read(void **state)
{
    struct fixture *f = *state;
    struct bw_buf rows;
    char want[16];
    fill(f);
    bw_buf_init(&rows, 1u << 20);
    snprintf(want, sizeof want, "%d;", bw_db_schema_version());
    assert_int_equal(sql_ask(f, "PRAGMA user_version", &rows, NULL), BW_OK);
    assert_string_equal(rows.data, want);
    bw_buf_fini(&rows);
    fixture_close(f);
}

static const struct {
    const char *sql;
    enum bw_rc rc;
} refusals[] = {
    { "DELETE FROM event", BW_EDENIED },
    { "INSERT INTO meta VALUES('a','b')", BW_EDENIED },
    { "CREATE TABLE t(a)", BW_EDENIED },
    { "CREATE TEMP TABLE t(a)", BW_EDENIED },
    { "DROP TABLE event", BW_EDENIED },
    { "ATTACH 'missing/other.db' AS other", BW_EDENIED },
    { "VACUUM INTO 'missing/other.db'", BW_EDENIED },
    { "PRAGMA query_only=OFF", BW_EDENIED },
    { "PRAGMA user_version=99", BW_EDENIED },
    { "PRAGMA journal_mode", BW_EDENIED },
    { "BEGIN", BW_EDENIED },
    { "SAVEPOINT a", BW_EDENIED },
    { "REINDEX", BW_EDENIED },
    { "ANALYZE", BW_EDENIED },
    { "DETACH main", BW_EDENIED },
    { "CREATE TEMP VIEW v AS SELECT 1", BW_EDENIED },
    { "CREATE VIRTUAL TABLE temp.mine USING series", BW_EDENIED },
    { "DROP TABLE temp.series", BW_EDENIED },
    { "INSERT INTO series(id) VALUES(1)", BW_EDENIED },
    { "DELETE FROM samples", BW_EINVAL },
    { "UPDATE sqlite_schema SET sql=''", BW_EINVAL },
    { "PRAGMA writable_schema=ON", BW_EDENIED },
    { "PRAGMA temp_store_directory='x'", BW_EDENIED },
    { "PRAGMA wal_checkpoint(TRUNCATE)", BW_EDENIED },
    { "SELECT * FROM pragma_wal_checkpoint", BW_EINVAL },
    { "SELECT writefile('x','y')", BW_EINVAL },
    { "SELECT load_extension('x')", BW_EINVAL },
    { "SELECT 1; SELECT 2", BW_EINVAL },
    { "SELEC 1", BW_EINVAL },
    { "", BW_EINVAL },
    { "-- nothing", BW_EINVAL },
    { "SELECT * FROM nowhere", BW_EINVAL },
    { "SELECT * FROM samples WHERE match='{'", BW_EINVAL },
    { "SELECT * FROM samples WHERE match=5", BW_EINVAL },
    { "SELECT * FROM samples WHERE match='up{a=~\"(\"}'", BW_EINVAL },
    { "SELECT zeroblob(100000000)", BW_ELIMIT },
};

static void what_is_not_reading_is_refused(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct bw_buf rows;
        struct bw_err err = { .rc = BW_OK };
        bw_buf_init(&rows, 1u << 20);
        const enum bw_rc rc = sql_ask(f, refusals[i].sql, &rows, &err);
        if (rc != refusals[i].rc)
            fail_msg("%s: %d (%s), not %d", refusals[i].sql, rc, err.text, refusals[i].rc);
        assert_true(err.text[0] != '\0');
        assert_string_equal(rows.data, "");
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

static void endless_queries_are_ended(void **state)
{
    struct fixture *f = *state;
    struct bw_buf rows;
    struct bw_err err = { .rc = BW_OK };
    const struct bw_sql_sink sink = { &rows, sql_columns, sql_row };
    bw_buf_init(&rows, 1u << 20);
    fill(f);
    assert_int_equal(bw_sql_run(f->path,
                                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) "
                                "SELECT count(*) FROM n",
                                &(struct bw_sql_limits){ .timeout_ns = 20000000 }, &sink, NULL,
                                &err),
                     BW_ETIMEOUT);
    bw_buf_fini(&rows);
    fixture_close(f);
}

static const char endless[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n)";

static volatile sig_atomic_t pressed;

/* As ctrl-C while rows are shown. */
static bool press(void *ctx, const struct bw_sql_value *values, size_t count)
{
    pressed = values[0].integer == 5 ? 1 : pressed;
    return sql_row(ctx, values, count);
}

static void queries_stay_within_their_limits(void **state)
{
    static const struct {
        const char *what, *sql, *says, *rows;
        struct bw_sql_limits limits;
        enum bw_rc rc;
    } cases[] = {
        { "just as many rows",
          "SELECT series FROM samples WHERE series=2",
          "",
          "2;2;2;",
          { .rows = 3 },
          BW_OK },
        { "a row too many",
          "SELECT series FROM samples",
          "more than 2 rows",
          "1;1;",
          { .rows = 2 },
          BW_ELIMIT },
        { "a sort too large",
          " SELECT i, hex(zeroblob(1000)) FROM (SELECT * FROM n LIMIT 100000) ORDER BY i DESC",
          "more memory",
          "",
          { .memory_bytes = 4 << 20 },
          BW_ELIMIT },
        { "a value too large",
          " SELECT group_concat(hex(zeroblob(100000)))"
          " FROM (SELECT * FROM n LIMIT 200)",
          "too big",
          "",
          { .memory_bytes = 256 << 20 },
          BW_ELIMIT },
        { "time",
          " SELECT sum(s.value) FROM n, samples s",
          "too long",
          "",
          { .timeout_ns = 50000000 },
          BW_ETIMEOUT },
        { "ctrl-C",
          " SELECT i FROM n WHERE i<6 OR i<0",
          "interrupted",
          "1;2;3;4;5;",
          { .stop = &pressed },
          BW_ETIMEOUT },
    };
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[400];
        struct bw_buf rows;
        const struct bw_sql_sink sink = { &rows, sql_columns, press };
        struct bw_err err = { .rc = BW_OK };
        bw_buf_init(&rows, 1u << 20);
        snprintf(sql, sizeof sql, "%s%s", cases[i].sql[0] == ' ' ? endless : "", cases[i].sql);
        const enum bw_rc rc = bw_sql_run(f->path, sql, &cases[i].limits, &sink, NULL, &err);
        if (rc != cases[i].rc || strstr(err.text, cases[i].says) == NULL
            || strcmp(rows.data, cases[i].rows) != 0)
            fail_msg("%s: %d (%s), rows %s", cases[i].what, rc, err.text, rows.data);
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

static void mistakes_are_told_with_their_place(void **state)
{
    static const struct {
        const char *sql, *says;
    } cases[] = {
        { "SELECT nonsense", "line 1, column 8: no such column: nonsense" },
        { "SELECT 1,\n  'ä', nonsense", "line 2, column 8: no such column" },
        { "SELECT 1;\nSELECT 2", "line 2, column 1: one statement" },
        { "SELECT count(*) FROM samples WHERE (", "incomplete input" },
        { "SELECT 1 FRM x y", "line 1, column 14: near \"x\"" },
    };
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf rows;
        struct bw_err err = { .text = "" };
        bw_buf_init(&rows, 1u << 20);
        assert_int_equal(sql_ask(f, cases[i].sql, &rows, &err), BW_EINVAL);
        if (strstr(err.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].sql, err.text);
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

static void a_missing_store_is_told(void **state)
{
    struct fixture *f = *state;
    struct bw_buf rows;
    struct bw_err err = { .rc = BW_OK };
    bw_buf_init(&rows, 1u << 20);
    assert_int_equal(sql_ask(f, "SELECT 1", &rows, &err), BW_ENOTFOUND);
    bw_buf_fini(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_schema_s_version_can_be_read, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(answers_are_those_of_the_samples, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_not_reading_is_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(endless_queries_are_ended, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(queries_stay_within_their_limits, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_told_with_their_place, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_missing_store_is_told, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
