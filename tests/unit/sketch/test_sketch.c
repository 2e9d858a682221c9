// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sketch/sketch.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 10000 };

static uint64_t random_state;

/* 0 <= x < 1 */
static double random_ratio(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)(random_state >> 11) * 0x1p-53;
}

static double uniform(void)
{
    return random_ratio() * 200 - 100;
}

static double exponential(void)
{
    return -log(1 - random_ratio()) / 1000;
}

static double over_many_magnitudes(void)
{
    return pow(10, random_ratio() * 600 - 300);
}

static double tail_of_pareto(void)
{
    return pow(1 - random_ratio(), -2);
}

static double mostly_zero(void)
{
    return random_ratio() < 0.9 ? 0 : random_ratio();
}

static const struct {
    const char *name;
    double (*value)(void);
} sources[] = {
    { "uniform, both signs", uniform },
    { "exponential", exponential },
    { "over many magnitudes", over_many_magnitudes },
    { "tail of Pareto", tail_of_pareto },
    { "mostly zero", mostly_zero },
};

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static void fill(size_t source, double *values)
{
    random_state = 1234567 + source;
    for (size_t i = 0; i < COUNT; i++)
        values[i] = sources[source].value();
}

/* Collapsed sketches may be wrong about what is small: there, half of the ranks are asked. */
static void compare(const char *name, const struct bw_sketch *sketch, double *values)
{
    qsort(values, COUNT, sizeof *values, ascending);
    assert_int_equal(bw_sketch_count(sketch), COUNT);
    const double from = sketch->bin_count == BW_SKETCH_BINS_MAX ? 0.95 : 0;
    for (double ratio = from; ratio <= 1; ratio += 0.01) {
        const double exact = values[(size_t)floor(ratio * (COUNT - 1))];
        const double told = bw_sketch_quantile(sketch, ratio);
        if (fabs(told - exact) > fabs(exact) * BW_SKETCH_ERROR_RATIO * (1 + 1e-9))
            fail_msg("%s: quantile %g is %g, told %g", name, ratio, exact, told);
    }
}

static void quantiles_are_within_a_percent(void **state)
{
    (void)state;
    static double values[COUNT];
    for (size_t s = 0; s < sizeof sources / sizeof *sources; s++) {
        struct bw_sketch sketch = { 0 };
        fill(s, values);
        for (size_t i = 0; i < COUNT; i++)
            bw_sketch_add(&sketch, values[i]);
        compare(sources[s].name, &sketch, values);
        bw_sketch_fini(&sketch);
    }
}

/* Merged in any order it is the sketch of all values. */
static void merging_loses_nothing(void **state)
{
    (void)state;
    static double values[COUNT];
    struct bw_sketch parts[3] = { 0 }, forward = { 0 }, backward = { 0 }, whole = { 0 };
    fill(0, values);
    for (size_t i = 0; i < COUNT; i++) {
        bw_sketch_add(&parts[i % 3], values[i]);
        bw_sketch_add(&whole, values[i]);
    }
    for (size_t p = 0; p < 3; p++) {
        bw_sketch_merge(&forward, &parts[p]);
        bw_sketch_merge(&backward, &parts[2 - p]);
    }
    assert_int_equal(forward.bin_count, whole.bin_count);
    assert_int_equal(backward.bin_count, whole.bin_count);
    for (size_t i = 0; i < whole.bin_count; i++) {
        assert_int_equal(forward.bins[i].key, whole.bins[i].key);
        assert_int_equal(forward.bins[i].count, whole.bins[i].count);
        assert_int_equal(backward.bins[i].count, whole.bins[i].count);
    }
    for (size_t p = 0; p < 3; p++)
        bw_sketch_fini(&parts[p]);
    bw_sketch_fini(&forward);
    bw_sketch_fini(&backward);
    bw_sketch_fini(&whole);
}

static const struct {
    double value, told;
} corners[] = {
    { 0, 0 },
    { -0.0, 0 },
    { 4.9e-324, 0 },
    { DBL_MIN, DBL_MIN },
    { -DBL_MIN, -DBL_MIN },
    { DBL_MAX, DBL_MAX },
    { INFINITY, DBL_MAX },
    { -INFINITY, -DBL_MAX },
    { 1, 1 },
    { -1, -1 },
};

static void corners_are_bins_too(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof corners / sizeof *corners; c++) {
        struct bw_sketch sketch = { 0 };
        bw_sketch_add(&sketch, corners[c].value);
        assert_int_equal(sketch.bin_count, 1);
        const double told = bw_sketch_quantile(&sketch, 0.5);
        if (!(fabs(told - corners[c].told) <= fabs(corners[c].told) * BW_SKETCH_ERROR_RATIO))
            fail_msg("%g: told %g", corners[c].value, told);
        bw_sketch_fini(&sketch);
    }
}

static void what_is_no_value_is_left_out(void **state)
{
    (void)state;
    struct bw_sketch sketch = { 0 };
    assert_true(isnan(bw_sketch_quantile(&sketch, 0.5)));
    bw_sketch_add(&sketch, NAN);
    assert_int_equal(bw_sketch_count(&sketch), 0);
    assert_false(bw_sketch_add_bin(&sketch, BW_SKETCH_KEY_MAX + 1, 1));
    assert_false(bw_sketch_add_bin(&sketch, -BW_SKETCH_KEY_MAX - 1, 1));
    assert_false(bw_sketch_add_bin(&sketch, 5, 0));
    assert_int_equal(sketch.bin_count, 0);
    bw_sketch_fini(&sketch);
}

/* The bins next to zero give way, on both sides, and no count is lost. */
static void too_many_bins_collapse_near_zero(void **state)
{
    (void)state;
    struct bw_sketch sketch = { 0 };
    for (int32_t key = 1; key <= BW_SKETCH_BINS_MAX; key++) {
        assert_true(bw_sketch_add_bin(&sketch, key, 1));
        assert_true(bw_sketch_add_bin(&sketch, -key, 1));
    }
    assert_int_equal(sketch.bin_count, BW_SKETCH_BINS_MAX);
    assert_int_equal(bw_sketch_count(&sketch), 2 * BW_SKETCH_BINS_MAX);
    assert_int_equal(sketch.bins[0].key, -BW_SKETCH_BINS_MAX);
    assert_int_equal(sketch.bins[0].count, 1);
    assert_int_equal(sketch.bins[BW_SKETCH_BINS_MAX - 1].key, BW_SKETCH_BINS_MAX);
    assert_int_equal(sketch.bins[BW_SKETCH_BINS_MAX - 1].count, 1);
    bw_sketch_fini(&sketch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_a_percent),
        cmocka_unit_test(merging_loses_nothing),
        cmocka_unit_test(corners_are_bins_too),
        cmocka_unit_test(what_is_no_value_is_left_out),
        cmocka_unit_test(too_many_bins_collapse_near_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
