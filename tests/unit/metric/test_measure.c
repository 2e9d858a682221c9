// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/measure.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

static void measures_keep_their_order_and_texts(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_measures m;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    char phase[8] = "phase?";
    for (size_t i = 0; i < 100; i++) {
        phase[5] = (char)('0' + i % 10);
        bw_measures_add(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, (double)i,
                        BW_LABEL_VALUES(phase));
    }
    assert_int_equal(m.count, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_true(m.items[i].value == (double)i);
        assert_int_equal(m.items[i].labels[0][5], '0' + (int)(i % 10));
    }
    bw_arena_fini(&arena);
}

/* Room that is lent is used first and then left; labels that are lent stay where they are. */
static void what_is_lent_is_not_copied(void **state)
{
    (void)state;
    static const char *const tls[] = { "tls" };
    struct bw_arena arena = { 0 };
    struct bw_measure room[2];
    struct bw_measures one, all;
    bw_measures_init_with(&one, &arena, room, 2);
    bw_measures_init(&all, &arena);
    for (int round = 0; round < 3; round++) {
        bw_measures_clear(&one);
        bw_measures_clear(&all);
        bw_measures_add(&all, BW_METRIC_PROBE_SUCCESS, round, NULL);
        for (int i = 0; i < 20 * round; i++) {
            bw_measures_lend(&one, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, i, tls);
            assert_true(one.items == room || i >= 2 || round > 1);
        }
        bw_measures_lend_all(&all, &one);
        bw_measures_lend_all(&all, &one);
        assert_int_equal(one.count, 20 * round);
        assert_int_equal(all.count, 1 + 40 * round);
        assert_true(all.items[0].value == round);
        for (size_t i = 1; i < all.count; i++) {
            assert_ptr_equal(all.items[i].labels, tls);
            assert_true(all.items[i].value == (double)((i - 1) % one.count));
        }
    }
    bw_arena_fini(&arena);
}

static void values_are_found_by_their_labels(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_measures m;
    double value = -1;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    bw_measures_add(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, 1, BW_LABEL_VALUES("tls"));
    bw_measures_add(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, 2, BW_LABEL_VALUES("connect"));
    bw_measures_add(&m, BW_METRIC_PROBE_SUCCESS, 3, NULL);
    assert_true(bw_measures_value(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS,
                                  BW_LABEL_VALUES("connect"), &value));
    assert_true(value == 2);
    assert_true(bw_measures_value(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, NULL, &value));
    assert_true(value == 1);
    assert_true(bw_measures_value(&m, BW_METRIC_PROBE_SUCCESS, NULL, &value));
    assert_true(value == 3);
    assert_false(bw_measures_value(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS,
                                   BW_LABEL_VALUES("resolve"), &value));
    assert_false(bw_measures_value(&m, BW_METRIC_PROBE_TIMEOUT_SECONDS, NULL, &value));
    assert_true(value == 3);
    bw_arena_fini(&arena);
}

static void long_values_are_cut_and_missing_ones_empty(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_measures m;
    static char text[3 * BW_LABEL_VALUE_BYTES_MAX];
    memset(text, 'x', sizeof text - 1);
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    bw_measures_add(&m, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES(text));
    bw_measures_add(&m, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES(NULL));
    assert_int_equal(strlen(m.items[0].labels[0]), BW_LABEL_VALUE_BYTES_MAX);
    assert_string_equal(m.items[1].labels[0], "");
    bw_arena_fini(&arena);
}

static void a_histogram_counts_up_to_each_bound(void **state)
{
    (void)state;
    static const double bounds[] = { 1, 2, 5 };
    static const double observed[] = { 0.5, 1, 1.5, 2, 4.9, 5.1, -3, 1e9 };
    static const double want[] = { 3, 5, 6, 8 };
    struct bw_histogram h;
    bw_histogram_init(&h, bounds, 3);
    for (size_t i = 0; i < sizeof observed / sizeof *observed; i++)
        bw_histogram_observe(&h, observed[i]);
    bw_histogram_observe(&h, NAN);
    struct bw_arena arena;
    struct bw_measures m;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    bw_measures_add_histogram(&m, BW_METRIC_CHECK_DURATION_SECONDS, &h, NULL);
    assert_int_equal(m.count, 6);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(m.items[i].part, BW_PART_BUCKET);
        assert_true(m.items[i].value == want[i]);
    }
    assert_true(isinf(m.items[3].bound));
    assert_true(m.items[4].part == BW_PART_SUM && fabs(m.items[4].value - 1e9 - 12) < 1e-6);
    assert_true(m.items[5].part == BW_PART_COUNT && m.items[5].value == 8);
    bw_arena_fini(&arena);
}

static void adding_leaves_no_tail_of_digits(void **state)
{
    (void)state;
    struct bw_histogram h;
    bw_histogram_init(&h, bw_duration_bounds, bw_duration_bound_count);
    for (int i = 0; i < 1000; i++)
        bw_histogram_observe(&h, 0.003048697);
    assert_true(h.sum == 3.048697);
    bw_histogram_observe(&h, 1e12); /* beyond what has nanoseconds */
    assert_true(fabs(h.sum - 1e12 - 3.048697) < 1e-3);
}

static void the_bounds_for_durations_rise(void **state)
{
    (void)state;
    assert_true(bw_duration_bound_count <= BW_HISTOGRAM_BUCKETS_MAX);
    for (size_t i = 1; i < bw_duration_bound_count; i++)
        assert_true(bw_duration_bounds[i] > bw_duration_bounds[i - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_keep_their_order_and_texts),
        cmocka_unit_test(what_is_lent_is_not_copied),
        cmocka_unit_test(values_are_found_by_their_labels),
        cmocka_unit_test(long_values_are_cut_and_missing_ones_empty),
        cmocka_unit_test(a_histogram_counts_up_to_each_bound),
        cmocka_unit_test(adding_leaves_no_tail_of_digits),
        cmocka_unit_test(the_bounds_for_durations_rise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
