// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/units.h"
#include "store/classes.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct bw_pair probes[] = { { "__name__", "probe_.*" } };
static const struct bw_pair one[] = { { "__name__", "probe_.*" }, { "instance", "b" } };
static const struct bw_pair broken[] = { { "instance", "(" } };

static struct bw_retention_class long_kept[] = {
    { { one, 2 }, { .raw_ns = 400 * BW_DAY, .hour_ns = 500 * BW_DAY } },
    { { probes, 1 }, { .raw_ns = 90 * BW_DAY } },
};

static void the_first_class_that_matches_holds(void **state)
{
    static const struct {
        const char *series;
        int64_t raw_days, hour_days;
    } cases[] = {
        { "probe_success{instance=\"a\"}", 90, 3 * 365 },
        { "probe_success{instance=\"b\"}", 400, 500 },
        { "probe_success{instance=\"bb\"}", 90, 3 * 365 }, /* anchored at both ends */
        { "probe_success", 90, 3 * 365 },
        { "my_probe_success{instance=\"b\"}", 30, 3 * 365 },
        { "node_load1{instance=\"b\"}", 30, 3 * 365 },
    };
    (void)state;
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store_classes *classes = NULL;
    opts.classes = (struct bw_items){ long_kept, 2 };
    assert_int_equal(bw_store_classes_make(&opts, &classes, NULL), BW_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_retention_opts *kept = bw_store_classes_of_text(classes, cases[i].series);
        if (kept->raw_ns != cases[i].raw_days * BW_DAY
            || kept->hour_ns != cases[i].hour_days * BW_DAY
            || kept->minute_ns != opts.retention.minute_ns || kept->day_ns != opts.retention.day_ns)
            fail_msg("%s", cases[i].series);
    }
    bw_store_classes_free(classes);
}

static void those_kept_alike_are_of_one_class(void **state)
{
    static const struct bw_pair up[] = { { "__name__", "up" } },
                                down[] = { { "__name__", "down" } };
    struct bw_retention_class alike[] = {
        { { probes, 1 }, { .raw_ns = 90 * BW_DAY } },
        { { up, 1 }, { .raw_ns = 30 * BW_DAY } }, /* what they all are */
        { { down, 1 }, { .raw_ns = 90 * BW_DAY, .minute_ns = 180 * BW_DAY } },
    };
    (void)state;
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store_classes *classes = NULL;
    opts.classes = (struct bw_items){ alike, 3 };
    assert_int_equal(bw_store_classes_make(&opts, &classes, NULL), BW_OK);
    assert_true(bw_store_classes_any(classes));
    const struct bw_retention_opts *probe = bw_store_classes_of_text(classes, "probe_x");
    const struct bw_retention_opts *load = bw_store_classes_of_text(classes, "node_load1");
    assert_ptr_equal(bw_store_classes_of_text(classes, "down"), probe);
    assert_ptr_equal(bw_store_classes_of_text(classes, "up"), load);
    assert_ptr_not_equal(probe, load);
    bw_store_classes_free(classes);
}

static void a_wrong_pattern_is_told(void **state)
{
    (void)state;
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store_classes *classes = NULL;
    struct bw_retention_class wrong = { { broken, 1 }, { .raw_ns = BW_DAY } };
    struct bw_err err = { .text = "" };
    opts.classes = (struct bw_items){ &wrong, 1 };
    assert_int_equal(bw_store_classes_make(&opts, &classes, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "storage.classes: pattern '('"));
}

/* Waits until no more packs go. */
static void let_expire(struct fixture *f)
{
    bw_store_trust_clock(f->store, true);
    struct bw_store_stats stats = { 0 };
    for (size_t quiet = 0, before = 0, i = 0; quiet < 5 && i < 500; i++) {
        fixture_flush(f);
        usleep(10000);
        bw_store_stats(f->store, &stats);
        quiet = stats.expired_packs_total == before ? quiet + 1 : 0;
        before = stats.expired_packs_total;
    }
}

static uint32_t with_sample(struct fixture *f, const char *metric, const char *instance)
{
    const uint32_t series = fixture_series(f, metric, instance);
    fixture_append(f, series, T0, 1);
    fixture_pack(f);
    return series;
}

static void expect_points(struct fixture *f, uint32_t series, const char *want)
{
    char out[200];
    fixture_points(f, series, INT64_MIN, INT64_MAX, out, sizeof out);
    assert_string_equal(out, want);
}

static void each_class_is_kept_for_its_time(void **state)
{
    struct fixture *f = *state;
    f->opts.classes = (struct bw_items){ long_kept, 2 };
    fixture_open(f);
    const uint32_t load = with_sample(f, "node_load1", "a");
    const uint32_t a = with_sample(f, "probe_success", "a");
    const uint32_t b = with_sample(f, "probe_success", "b");
    assert_int_equal(fixture_sql(f, "SELECT count(DISTINCT group_id) FROM series_group"), 3);
    fixture_close(f);

    f->wall_ms = T0 + 31 * BW_DAY / BW_MS;
    fixture_open(f);
    fixture_flush(f);
    expect_points(f, load, "0:1 "); /* the clock is not trusted yet */
    let_expire(f);
    expect_points(f, load, "");
    expect_points(f, a, "0:1 ");
    expect_points(f, b, "0:1 ");
    fixture_close(f);

    f->wall_ms = T0 + 91 * BW_DAY / BW_MS;
    fixture_open(f);
    let_expire(f);
    expect_points(f, a, "");
    expect_points(f, b, "0:1 ");
}

/* Roll-ups as rows only: what is in them is not looked at by retention. */
static void put_rollup(struct fixture *f, int64_t width_ms, uint32_t series)
{
    char sql[300];
    snprintf(sql, sizeof sql,
             "INSERT INTO rollup(width_ms, group_id, first_ms, last_ms, body) SELECT %lld,"
             " group_id, %lld, %lld, x'00' FROM series_group WHERE series=%u AND to_ms IS NULL",
             (long long)width_ms, (long long)T0, (long long)T0, series);
    fixture_sql(f, sql);
}

static void each_tier_of_a_class_is_kept_for_its_time(void **state)
{
    static const int64_t minute_ms = 60000, hour_ms = 3600000, day_ms = 86400000;
    static struct bw_retention_class tiers[] = { {
        { probes, 1 },
        { 10 * BW_DAY, 20 * BW_DAY, 5 * BW_DAY, 40 * BW_DAY }, /* hours less than minutes */
    } };
    static const struct {
        int days;
        const char *sql; /* what is left of probe_success and of node_load1 */
        int64_t probe, load;
    } cases[] = {
        { 4, "count(*)", 3, 3 },
        { 6, "sum(width_ms)", 60000 + 86400000, 60000 + 3600000 + 86400000 },
        { 21, "sum(width_ms)", 86400000, 60000 + 3600000 + 86400000 },
        { 41, "count(*)", 0, 3 },
    };
    struct fixture *f = *state;
    f->opts.classes = (struct bw_items){ tiers, 1 };
    fixture_open(f);
    const uint32_t series[] = { with_sample(f, "probe_success", "a"),
                                with_sample(f, "node_load1", "a") };
    for (size_t i = 0; i < 2; i++) {
        put_rollup(f, minute_ms, series[i]);
        put_rollup(f, hour_ms, series[i]);
        put_rollup(f, day_ms, series[i]);
    }
    fixture_close(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f->wall_ms = T0 + cases[i].days * day_ms;
        fixture_open(f);
        bw_store_trust_clock(f->store, true);
        for (size_t k = 0; k < 2; k++) {
            char sql[200];
            int64_t left = -1;
            snprintf(sql, sizeof sql,
                     "SELECT %s FROM rollup WHERE group_id=(SELECT group_id FROM series_group"
                     " WHERE series=%u)",
                     cases[i].sql, series[k]);
            const int64_t want = k == 0 ? cases[i].probe : cases[i].load;
            for (int tries = 0; tries < 300 && left != want; tries++) {
                fixture_flush(f);
                usleep(5000);
                left = fixture_sql(f, sql);
            }
            if (left != want)
                fail_msg("day %d, series %zu: %lld", cases[i].days, k, (long long)left);
        }
        expect_points(f, series[0], cases[i].days < 10 ? "0:1 " : "");
        fixture_close(f);
    }
}

/* Series that shared a group when they were all kept for one time. */
static void a_new_class_never_shortens_its_siblings(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    const uint32_t load = with_sample(f, "node_load1", "a");
    const uint32_t a = with_sample(f, "probe_success", "a");
    assert_int_equal(fixture_sql(f, "SELECT count(DISTINCT group_id) FROM series_group"), 1);
    fixture_close(f);

    f->opts.classes = (struct bw_items){ long_kept, 2 };
    f->wall_ms = T0 + 31 * BW_DAY / BW_MS;
    fixture_open(f);
    with_sample(f, "probe_duration_seconds", "a");
    let_expire(f);
    expect_points(f, a, "0:1 ");
    expect_points(f, load, "0:1 "); /* longer than it must: they share a pack */
    fixture_close(f);

    f->wall_ms = T0 + 91 * BW_DAY / BW_MS;
    fixture_open(f);
    let_expire(f);
    expect_points(f, a, "");
    expect_points(f, load, "");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_class_that_matches_holds),
        cmocka_unit_test(a_wrong_pattern_is_told),
        cmocka_unit_test(those_kept_alike_are_of_one_class),
        TEST(each_class_is_kept_for_its_time),
        TEST(each_tier_of_a_class_is_kept_for_its_time),
        TEST(a_new_class_never_shortens_its_siblings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
