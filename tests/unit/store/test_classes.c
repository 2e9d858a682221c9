// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/units.h"
#include "store/classes.h"

#include <string.h>
#include <unistd.h>

static const struct bw_pair probes[] = { { "__name__", "probe_.*" } };
static const struct bw_pair one[] = { { "__name__", "probe_.*" }, { "instance", "b" } };
static const struct bw_pair broken[] = { { "instance", "(" } };

static struct bw_retention_class long_kept[] = { { { one, 2 }, { 400 * BW_DAY } },
                                                 { { probes, 1 }, { 90 * BW_DAY } } };

static void the_first_class_that_matches_holds(void **state)
{
    static const struct {
        const char *series;
        int64_t keep_days;
    } cases[] = {
        { "probe_success{instance=\"a\"}", 90 },
        { "probe_success{instance=\"b\"}", 400 },
        { "probe_success{instance=\"bb\"}", 90 }, /* anchored at both ends */
        { "probe_success", 90 },
        { "my_probe_success{instance=\"b\"}", 30 },
        { "node_load1{instance=\"b\"}", 30 },
    };
    (void)state;
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store_classes *classes = NULL;
    opts.classes = (struct bw_items){ long_kept, 2 };
    assert_int_equal(bw_store_classes_make(&opts, &classes, NULL), BW_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (bw_store_classes_keep_text_ns(classes, cases[i].series) != cases[i].keep_days * BW_DAY)
            fail_msg("%s", cases[i].series);
    }
    bw_store_classes_free(classes);
}

static void a_wrong_pattern_is_told(void **state)
{
    (void)state;
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store_classes *classes = NULL;
    struct bw_retention_class wrong = { { broken, 1 }, { BW_DAY } };
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
    assert_int_equal(fixture_sql(f, "SELECT count(DISTINCT group_id) FROM series_group"), 2);
    let_expire(f);
    expect_points(f, a, "0:1 ");
    expect_points(f, load, "0:1 "); /* longer than it must */
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
        TEST(each_class_is_kept_for_its_time),
        TEST(a_new_class_never_shortens_its_siblings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
