// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of roll-ups says what its samples say, wherever it takes that from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/units.h"
#include "fixture.h"
#include "sql_rows.h"
#include "store/sql.h"

#include <stdio.h>
#include <string.h>

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define D0 INT64_C(1700006400000)

enum { SERIES = 3, DAYS = 6, STEP_MS = 30000 };

static void fill(struct fixture *f, const uint32_t *ids, int64_t from_ms, int64_t to_ms)
{
    for (int64_t ts_ms = from_ms; ts_ms < to_ms; ts_ms += STEP_MS) {
        const int64_t i = (ts_ms - D0) / STEP_MS;
        for (int s = 0; s < SERIES; s++)
            fixture_append(f, ids[s], ts_ms, (double)(i * 7919 % 1000 + 1 + s));
        if (i % 2000 == 0)
            fixture_flush(f);
    }
    fixture_flush(f);
}

/* Six days: rolled up, then packs only, then the journal's tail. */
static void make(struct fixture *f)
{
    static const char *const services[] = { "shop", "blog", "shop" };
    uint32_t ids[SERIES];
    f->opts.commit_interval_ns = 10 * BW_MS;
    f->opts.retention = (struct bw_retention_opts){ BW_DAY * 10000, BW_DAY * 10000, BW_DAY * 10000,
                                                    BW_DAY * 10000 };
    f->wall_ms = D0 + DAYS * DAY;
    fixture_open(f);
    for (int s = 0; s < SERIES; s++) {
        const struct bw_label labels[] = { { "instance", s == 0 ? "a" : "b" },
                                           { "service", services[s] } };
        ids[s] =
            bw_store_series(f->store, s == 2 ? "load" : "latency", (struct bw_labels){ labels, 2 });
    }
    fill(f, ids, D0, D0 + 5 * DAY);
    fixture_pack(f);
    fixture_roll_up(f);
    fill(f, ids, D0 + 5 * DAY, D0 + DAYS * DAY - 2 * HOUR);
    fixture_pack(f);
    fill(f, ids, D0 + DAYS * DAY - 2 * HOUR, D0 + DAYS * DAY - HOUR / 4);
}

/* ---- the same as samples ----------------------------------------------------------------------
 */

static void compare(struct fixture *f, const char *tier, int64_t width_ms, const char *condition)
{
    static const char told[] =
        "told AS (SELECT series, ts, n, sum, min, max, value FROM"
        " (SELECT s.series, start AS ts, n, sum, min, max, x.value, x.metric, x.service, x.instance"
        "  FROM s JOIN samples x ON x.series=s.series AND x.ts=at) WHERE ";
    char sql[1600];
    snprintf(sql, sizeof sql,
             "WITH s AS MATERIALIZED (SELECT series, ts / %lld * %lld AS start, count(*) AS n,"
             " sum(value) AS sum, min(value) AS min, max(value) AS max, max(ts) AS at"
             " FROM samples GROUP BY 1, 2),"
             " made AS (SELECT series, ts, count, sum, min, max, last FROM rollups"
             "  WHERE tier='%s' AND %s), %s %s)"
             " SELECT (SELECT count(*)>0 FROM made),"
             " (SELECT count(*) FROM (SELECT * FROM made EXCEPT SELECT * FROM told)),"
             " (SELECT count(*) FROM (SELECT * FROM told EXCEPT SELECT * FROM made))",
             (long long)width_ms, (long long)width_ms, tier, condition, told, condition);
    sql_expect(f, sql, "1|0|0;");
}

static const char *const conditions[] = {
    "1",
    "series=2",
    "series IN (1, 3)",
    "service='shop'",
    "instance='b' AND metric='latency'",
    "ts>=1700006400000+86400000 AND ts<1700006400000+2*86400000",
    "ts>1700006400000+86400001 AND ts<=1700006400000+5*86400000",
    "ts BETWEEN 1700006400000+86400000*4 AND 1700006400000+86400000*4",
    "ts=1700006400000+86400000",
    "ts>=1700006400000+5*86400000 AND series=1",
};

static void a_bucket_is_what_its_samples_are(void **state)
{
    struct fixture *f = *state;
    make(f);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        compare(f, "1d", DAY, conditions[i]);
        if (i % 3 == 0)
            compare(f, "1h", HOUR, conditions[i]);
    }
    compare(f, "1m", 60000, "series=2 AND ts>=1700006400000+4*86400000");
    sql_expect(f,
               "SELECT tier, count(*), sum(count) FROM rollups WHERE series=1 GROUP BY tier"
               " ORDER BY tier",
               "1d|6|17250;1h|144|17250;1m|8625|17250;");
    fixture_close(f);
}

/* ---- quantiles --------------------------------------------------------------------------------
 */

static void quantiles_are_within_a_hundredth(void **state)
{
    struct fixture *f = *state;
    make(f);
    /* Of 2,880 samples of a day, every number from 1 to 1000 is there two or three times. */
    sql_expect(
        f,
        "SELECT count(*), sum(abs(p50/500-1)<0.012), sum(abs(p90/900-1)<0.012),"
        " sum(abs(p95/950-1)<0.012), sum(abs(p99/990-1)<0.012), sum(abs(quantile/250-1)<0.015)"
        " FROM rollups WHERE tier='1d' AND series=1 AND ratio=0.25"
        " AND ts<1700006400000+5*86400000",
        "5|5|5|5|5|5;");
    sql_expect(
        f,
        "SELECT DISTINCT a.quantile>=a.min, abs(a.quantile/a.min-1)<0.01, b.quantile<=b.max,"
        " abs(b.quantile/b.max-1)<0.01 FROM rollups a JOIN rollups b"
        " USING(tier, series, ts) WHERE a.tier='1h' AND a.ratio=0 AND b.ratio=1 AND a.series=2",
        "1|1|1|1;");
    fixture_close(f);
}

/* ---- what is asked ----------------------------------------------------------------------------
 */

static const struct {
    const char *sql, *rows;
} answers[] = {
    { "SELECT quantile, ratio FROM rollups WHERE tier='1d' AND series=1 LIMIT 1", "-|-;" },
    { "SELECT ratio FROM rollups WHERE tier='1d' AND series=1 AND ratio=0.999 LIMIT 1", "0.999;" },
    { "SELECT count(*) FROM rollups WHERE tier='1w'", "0;" },
    { "SELECT count(*) FROM rollups WHERE tier=60", "0;" },
    { "SELECT count(*) FROM rollups WHERE tier='1H' COLLATE NOCASE AND series=1", "144;" },
    { "SELECT count(*) FROM rollups WHERE tier IN ('1d','1h') AND series=1", "150;" },
    { "SELECT count(*) FROM rollups WHERE tier='1d' AND tier='1h'", "0;" },
    { "SELECT count(*) FROM rollups WHERE series=99", "0;" },
    { "SELECT count(*) FROM rollups WHERE tier='1d' AND ts>9e18", "0;" },
    { "SELECT count(*) FROM rollups WHERE tier='1d' AND ts<-9e18", "0;" },
    { "SELECT count(*) FROM rollups WHERE tier='1d' AND match='latency{service=~\"s.*\"}'", "6;" },
    { "SELECT metric, service, instance, check_name, labels FROM rollups WHERE tier='1d'"
      " AND series=3 LIMIT 1",
      "load|shop|b|-|{\"instance\":\"b\",\"service\":\"shop\"};" },
    { "SELECT group_concat(tier) FROM (SELECT DISTINCT tier FROM rollups)", "1m,1h,1d;" },
    { "SELECT i.name IS NOT NULL FROM rollups r JOIN series i ON i.id=r.series"
      " WHERE r.tier='1d' LIMIT 1",
      "1;" },
};

static void questions_have_answers(void **state)
{
    struct fixture *f = *state;
    make(f);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        sql_expect(f, answers[i].sql, answers[i].rows);
    fixture_close(f);
}

static const struct {
    const char *sql, *text;
} plans[] = {
    { "tier='1h' AND service='a' AND ts>=5", ":tier= service= ts>=;" },
    { "tier='1h' AND metric='up' AND ts BETWEEN 5 AND 7", ":tier= metric= ts>= ts<=;" },
    { "tier='1h' COLLATE NOCASE", ":;" },
    { "series=5 AND ratio=0.999", ":series= ratio=;" },
    { "tier='1h' ORDER BY series, ts", "INDEX" },
    { "tier='1h' AND series=1 ORDER BY ts", "INDEX" },
    { "1 ORDER BY series, ts", "TEMP B-TREE" },
    { "tier IN ('1h','1d') ORDER BY series, ts", "TEMP B-TREE" },
};

static void conditions_are_looked_up(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        char sql[400];
        struct bw_buf rows;
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN SELECT ts FROM rollups WHERE %s",
                 plans[i].sql);
        sql_rows(f, sql, &rows);
        if (strstr(rows.data, plans[i].text) == NULL
            || (plans[i].text[0] == 'I' && strstr(rows.data, "B-TREE") != NULL))
            fail_msg("%s: %s, not %s", sql, rows.data, plans[i].text);
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

static void a_wrong_ratio_is_refused(void **state)
{
    static const char *const wrong[] = { "1.5", "-0.1", "'p95'", "NULL", "9e999" };
    struct fixture *f = *state;
    make(f);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char sql[200];
        struct bw_buf rows;
        struct bw_err err = { .text = "" };
        snprintf(sql, sizeof sql, "SELECT quantile FROM rollups WHERE tier='1d' AND ratio=%s",
                 wrong[i]);
        bw_buf_init(&rows, 1u << 20);
        assert_int_equal(sql_ask(f, sql, &rows, &err), BW_EINVAL);
        assert_non_null(strstr(err.text, "ratio: expected a number from 0 to 1"));
        bw_buf_fini(&rows);
    }
    fixture_close(f);
}

/* ---- when samples are gone --------------------------------------------------------------------
 */

static void what_is_only_left_by_the_day_is_no_minute(void **state)
{
    struct fixture *f = *state;
    make(f);
    fixture_close(f);
    fixture_sql(f, "DELETE FROM pack WHERE last_ms<1700006400000+4*86400000");
    fixture_sql(f, "DELETE FROM rollup WHERE width_ms=60000 AND last_ms<1700006400000+3*86400000");
    sql_expect(f, "SELECT count(*), sum(count) FROM rollups WHERE tier='1h' AND series=1",
               "144|17250;");
    sql_expect(f,
               "SELECT min(ts)>=1700006400000+2*86400000 FROM rollups WHERE tier='1m' AND series=1",
               "1;");
    sql_expect(
        f,
        "SELECT count(*) FROM rollups WHERE tier='1m' AND series=1 AND ts<1700006400000+86400000",
        "0;");
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STORY(a_bucket_is_what_its_samples_are), STORY(quantiles_are_within_a_hundredth),
        STORY(questions_have_answers),           STORY(conditions_are_looked_up),
        STORY(a_wrong_ratio_is_refused),         STORY(what_is_only_left_by_the_day_is_no_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
