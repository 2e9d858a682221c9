// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/mann_kendall.h"

#include <gsl/gsl_errno.h>
#include <jansson.h>
#include <math.h>

/* The published test vector and its expected values are not part of the project: they are read
 * from the evaluation data beside the checkout (BW_DATA), where that is present. */
static double expected(const json_t *root, const char *test, const char *key)
{
    const json_t *all = json_object_get(root, "expected");
    return json_number_value(json_object_get(json_object_get(all, test), key));
}

static void agrees_with_the_published_values(void **state)
{
    (void)state;
    json_t *root = json_load_file(BW_DATA "/trend/mk_reference.json", 0, NULL);
    if (root == NULL) {
        print_message("no reference values at " BW_DATA ": skipped\n");
        skip();
    }
    const json_t *values = json_object_get(root, "x");
    double x[512];
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(values) && n < 512; i++)
        x[n++] = json_is_number(json_array_get(values, i))
                     ? json_number_value(json_array_get(values, i))
                     : NAN;
    struct bw_arena arena = { 0 };
    struct bw_trend_mk mk;
    bw_trend_mann_kendall(&arena, x, n, &mk);
    const struct {
        const char *test, *key;
        double got;
    } rows[] = {
        { "test_original_test", "s", mk.s },
        { "test_original_test", "var_s", mk.variance },
        { "test_original_test", "z", mk.z },
        { "test_hamed_rao_modification_test", "var_s", mk.hr_variance },
        { "test_hamed_rao_modification_test", "z", mk.hr_z },
        { "test_sens_slope", "slope", mk.sen_slope },
        { "test_sens_slope", "intercept", mk.sen_intercept },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const double want = expected(root, rows[i].test, rows[i].key);
        if (!(fabs(rows[i].got - want) <= 1e-6 * fmax(1, fabs(want))))
            fail_msg("%s %s: %.12g, not %.12g", rows[i].test, rows[i].key, rows[i].got, want);
    }
    json_decref(root);
    bw_arena_fini(&arena);
}

static void by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t n;
        double x[6];
        double s, variance, sen;
    } cases[] = {
        { "rising", 5, { 1, 2, 3, 4, 5 }, 10, 50.0 / 3, 1 },
        { "one swap", 5, { 1, 2, 4, 3, 5 }, 8, 50.0 / 3, 1 },
        { "falling", 4, { 8, 6, 4, 2 }, -6, 26.0 / 3, -2 },
        { "all equal", 4, { 7, 7, 7, 7 }, 0, 0, 0 },
        { "a tie", 4, { 1, 2, 2, 3 }, 5, 23.0 / 3, 7.0 / 12 },
        { "missing values keep their place", 4, { 1, NAN, 3, 4 }, 3, 11.0 / 3, 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_arena arena = { 0 };
        struct bw_trend_mk mk;
        bw_trend_mann_kendall(&arena, cases[i].x, cases[i].n, &mk);
        if (mk.s != cases[i].s || fabs(mk.variance - cases[i].variance) > 1e-9
            || fabs(mk.sen_slope - cases[i].sen) > 1e-9)
            fail_msg("%s: S %g, variance %g, Sen %g", cases[i].name, mk.s, mk.variance,
                     mk.sen_slope);
        assert_true(isfinite(mk.z) && isfinite(mk.hr_z));
        bw_arena_fini(&arena);
    }
}

static void long_series_use_block_medians(void **state)
{
    (void)state;
    double x[2000];
    for (size_t i = 0; i < 2000; i++)
        x[i] = 0.25 * (double)i + (double)(i * 7919 % 13);
    struct bw_arena arena = { 0 };
    struct bw_trend_mk mk;
    bw_trend_mann_kendall(&arena, x, 2000, &mk);
    assert_true(fabs(mk.sen_slope - 0.25) < 0.001);
    assert_true(mk.z > 50);
    bw_arena_fini(&arena);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_published_values),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(long_series_use_block_medians),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
