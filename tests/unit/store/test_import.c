// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "store/import.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WAITING_BYTES (UINT64_C(1) << 20)

static struct bw_import *begin(struct fixture *f)
{
    struct bw_import *import = NULL;
    struct bw_err err = { .text = "" };
    if (bw_import_begin(f->store, WAITING_BYTES, &import, &err) != BW_OK)
        fail_msg("%s", err.text);
    return import;
}

static uint32_t series(struct bw_import *import, const char *metric, const char *instance)
{
    struct bw_err err = { .text = "" };
    const struct bw_label label = { "instance", instance };
    const uint32_t number = bw_import_series(import, metric, (struct bw_labels){ &label, 1 }, &err);
    if (number == 0)
        fail_msg("%s", err.text);
    return number;
}

/* Ends it, with what it says of itself. */
static struct bw_import_stats finish(struct bw_import *import)
{
    struct bw_import_stats stats;
    struct bw_err err = { .text = "" };
    if (bw_import_finish(import, &err) != BW_OK)
        fail_msg("%s", err.text);
    bw_import_stats(import, &stats);
    bw_import_free(import);
    return stats;
}

static void expect_points(struct fixture *f, const char *metric, const char *instance,
                          const char *want)
{
    char text[400];
    fixture_points(f, fixture_series(f, metric, instance), INT64_MIN / 2, INT64_MAX / 2, text,
                   sizeof text);
    assert_string_equal(text, want);
}

static void samples_of_a_group_share_packs(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    struct bw_import *import = begin(f);
    for (int s = 0; s < 40; s++) {
        char name[16];
        snprintf(name, sizeof name, "i%d", s);
        const uint32_t number = series(import, "up", name);
        for (int i = 0; i < 400; i++)
            bw_import_add(import, number, T0 + 1000 * i, i % 7);
    }
    const struct bw_import_stats stats = finish(import);
    assert_int_equal(stats.series, 40);
    assert_int_equal(stats.added, 40 * 400);
    assert_int_equal(stats.packs, fixture_sql(f, "SELECT count(*) FROM pack WHERE state=1"));
    assert_int_equal(stats.samples, fixture_sql(f, "SELECT sum(samples) FROM pack"));
    assert_true(stats.packs <= 3); /* not one for each series */
}

/* Thirty metrics of twenty targets, metric by metric: groups are of whole targets. */
static void siblings_that_come_far_apart_share_a_group(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    struct bw_import *import = begin(f);
    for (int metric = 0; metric < 30; metric++) {
        for (int target = 0; target < 20; target++) {
            char name[16], instance[16];
            snprintf(name, sizeof name, "m%d", metric);
            snprintf(instance, sizeof instance, "i%d", target);
            const uint32_t number = series(import, name, instance);
            assert_int_equal(series(import, name, instance), number);
            bw_import_add(import, number, T0 + target, metric);
        }
    }
    const struct bw_import_stats stats = finish(import);
    assert_int_equal(stats.series, 600);
    assert_int_equal(stats.added, 600);
    assert_in_range(fixture_sql(f, "SELECT count(DISTINCT group_id) FROM series_group"), 6, 7);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM (SELECT DISTINCT group_id, substr(name,"
                                    " instr(name,'{')) FROM series_group JOIN series"
                                    " ON id=series)"),
                     20);
    expect_points(f, "m7", "i3", "3:7 ");
}

/* What the store has no room for is refused at once, and what came before is not lost. */
static void too_many_series_are_refused(void **state)
{
    struct fixture *f = *state;
    f->opts.max_series = 3;
    fixture_open(f);
    fixture_series(f, "up", "there");
    struct bw_import *import = begin(f);
    const struct bw_label label = { "instance", "d" };
    struct bw_err err = { .text = "" };
    bw_import_add(import, series(import, "up", "a"), T0, 1);
    bw_import_add(import, series(import, "up", "b"), T0, 2);
    assert_int_equal(bw_import_series(import, "up", (struct bw_labels){ &label, 1 }, &err), 0);
    assert_int_equal(err.rc, BW_ELIMIT);
    bw_import_add(import, series(import, "up", "there"), T0, 3);
    assert_int_equal(finish(import).added, 3);
    expect_points(f, "up", "b", "0:2 ");
}

static void the_same_again_adds_nothing(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    for (int again = 0; again < 3; again++) {
        struct bw_import *import = begin(f);
        const uint32_t a = series(import, "up", "a"), b = series(import, "up", "b");
        assert_int_equal(series(import, "up", "a"), a);
        bw_import_add(import, b, T0, NAN);
        bw_import_add(import, a, T0 + 20, -0.0);
        bw_import_add(import, a, T0, 1);
        bw_import_add(import, a, T0, 1);
        const struct bw_import_stats stats = finish(import);
        assert_int_equal(stats.added, again == 0 ? 3 : 0);
        assert_int_equal(stats.present, again == 0 ? 1 : 4);
        assert_int_equal(stats.replaced, 0);
        assert_int_equal(fixture_sql(f, "SELECT sum(samples) FROM pack"), 3);
        if (again == 1) { /* the daemon has been there meanwhile */
            fixture_close(f);
            fixture_open(f);
        }
    }
    expect_points(f, "up", "a", "0:1 20:-0 ");
}

static void what_is_missing_is_added_and_what_differs_replaced(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    const uint32_t id = fixture_series(f, "up", "a");
    fixture_append(f, id, T0, 1);
    fixture_append(f, id, T0 + 20, 2);
    fixture_append(f, id, T0 + 30, 3); /* in the journal, and not in a pack */
    struct bw_import *import = begin(f);
    const uint32_t number = series(import, "up", "a");
    bw_import_add(import, number, T0 + 30, 4);
    bw_import_add(import, number, T0 + 10, 5);
    bw_import_add(import, number, T0, 1);
    const struct bw_import_stats stats = finish(import);
    assert_int_equal(stats.added, 1);
    assert_int_equal(stats.replaced, 1);
    assert_int_equal(stats.present, 1);
    expect_points(f, "up", "a", "0:1 10:5 20:2 30:4 ");
    fixture_close(f);
    fixture_open(f);
    expect_points(f, "up", "a", "0:1 10:5 20:2 30:4 ");
}

/* A few points very far apart must not take a pack, or even a look, for each week between. */
static void time_without_samples_costs_nothing(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    struct bw_import *import = begin(f);
    const uint32_t number = series(import, "up", "a");
    bw_import_add(import, number, INT64_C(9000000000000000), 2);
    bw_import_add(import, number, INT64_C(-9000000000000000), 1);
    bw_import_add(import, number, T0, 3);
    const struct bw_import_stats stats = finish(import);
    assert_int_equal(stats.added, 3);
    assert_int_equal(stats.packs, 3);
}

static void more_than_waits_is_spilled_on_the_way(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    struct bw_import *import = begin(f);
    uint32_t numbers[50];
    struct bw_import_stats stats;
    uint64_t noise = 1;
    for (int s = 0; s < 50; s++) {
        char name[16];
        snprintf(name, sizeof name, "i%d", s);
        numbers[s] = series(import, "noise", name);
    }
    do { /* full mantissas: nothing to compress */
        for (int k = 0; k < 50 * 512; k++) {
            noise = noise * UINT64_C(6364136223846793005) + 1442695040888963407;
            bw_import_add(import, numbers[k % 50], T0 + k / 50 + (int64_t)(noise >> 60) * 4000,
                          (double)(noise >> 11) * 0x1p-53);
        }
        bw_import_stats(import, &stats);
    } while (stats.packs == 0 && stats.samples < 2000000);
    assert_true(stats.packs > 0);
    const uint64_t bytes = stats.samples * 16;
    assert_true(bytes > WAITING_BYTES / 2); /* not for every few samples */
    stats = finish(import);
    assert_int_equal(stats.added + stats.replaced + stats.present, stats.samples);
    assert_int_equal(stats.packs, fixture_sql(f, "SELECT count(*) FROM pack"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(samples_of_a_group_share_packs, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(siblings_that_come_far_apart_share_a_group, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(too_many_series_are_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_same_again_adds_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_added_and_what_differs_replaced,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(time_without_samples_costs_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(more_than_waits_is_spilled_on_the_way, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
