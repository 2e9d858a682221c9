// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/fading.h"
#include "trend/robust.h"

#include <math.h>

static void quantiles_are_near_the_true_ones(void **state)
{
    (void)state;
    enum { N = 1000 };
    static const double at[] = { 0.1, 0.5, 0.9, 0.995, 1 };
    static const double units[] = { 1, 1e-200, 1e200 };
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        double all[N];
        struct bw_fading f = bw_fading_make(N);
        struct bw_trend_random random = bw_trend_random_seed(3);
        for (size_t i = 0; i < N; i++) {
            all[i] = exp(0.7 * bw_trend_random_normal(&random)) * units[u];
            bw_fading_put(&f, all[i]);
        }
        assert_true(fabs(bw_fading_weight(&f) - N) < 1e-9);
        for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
            const double want = bw_trend_quantile(all, N, at[k]);
            const double got = bw_fading_quantile(&f, at[k]);
            if (fabs(got / want - 1) > 0.125)
                fail_msg("quantile %g: %g, not %g", at[k], got, want);
        }
    }
}

static void nothing_has_no_quantile_and_zeros_have_zero(void **state)
{
    (void)state;
    struct bw_fading f = bw_fading_make(10);
    assert_true(isnan(bw_fading_quantile(&f, 0.5)));
    for (int i = 0; i < 100; i++)
        bw_fading_put(&f, 0);
    assert_true(bw_fading_quantile(&f, 0) == 0 && bw_fading_quantile(&f, 1) == 0);
    bw_fading_put(&f, 8);
    assert_true(bw_fading_quantile(&f, 0.5) == 0);
    assert_true(bw_fading_quantile(&f, 1) >= 8 && bw_fading_quantile(&f, 1) <= 9);
}

/* Half after one halving, and gone after many. */
static void what_is_long_ago_fades(void **state)
{
    (void)state;
    struct bw_fading f = bw_fading_make(100);
    for (int i = 0; i < 100; i++)
        bw_fading_put(&f, 1000);
    for (int i = 0; i < 60; i++)
        bw_fading_put(&f, 1);
    assert_true(bw_fading_quantile(&f, 0.5) < 2); /* 60 to 50 */
    assert_true(bw_fading_quantile(&f, 0.6) > 900);
    for (int i = 0; i < 3000; i++)
        bw_fading_put(&f, 1);
    assert_true(bw_fading_quantile(&f, 1) < 2);
    assert_true(bw_fading_weight(&f) <= 200);
}

/* The large ones are kept apart when there are more sizes than buckets. */
static void small_sizes_make_room(void **state)
{
    (void)state;
    struct bw_fading f = bw_fading_make(2000);
    for (int i = 0; i < 600; i++)
        bw_fading_put(&f, ldexp(1 + (i % 7) / 8.0, i % 100));
    assert_int_equal(f.used, BW_FADING_BUCKETS);
    assert_true(fabs(bw_fading_weight(&f) - 600) < 1e-9);
    assert_true(bw_fading_quantile(&f, 1) >= ldexp(1, 99));
    for (int i = 1; i < f.used; i++)
        assert_true(f.key[i - 1] < f.key[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_near_the_true_ones),
        cmocka_unit_test(nothing_has_no_quantile_and_zeros_have_zero),
        cmocka_unit_test(what_is_long_ago_fades),
        cmocka_unit_test(small_sizes_make_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
