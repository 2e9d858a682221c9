// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/robust.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Every rank of many small arrays, with ties, against a full sort. */
static void every_rank_is_found(void **state)
{
    (void)state;
    struct bw_trend_random r = bw_trend_random_seed(1);
    for (size_t n = 1; n <= 40; n++) {
        double v[40], sorted[40], work[40];
        for (size_t i = 0; i < n; i++)
            v[i] = floor(bw_trend_random_uniform(&r) * (n % 3 == 0 ? 4 : 1000));
        memcpy(sorted, v, sizeof v);
        qsort(sorted, n, sizeof *sorted, rising);
        for (size_t k = 0; k < n; k++) {
            memcpy(work, v, sizeof v);
            assert_true(bw_trend_kth(work, n, k) == sorted[k]);
        }
    }
}

static void quantiles_interpolate(void **state)
{
    (void)state;
    static const struct {
        double q, want;
    } cases[] = { { 0, 10 }, { 0.25, 17.5 }, { 0.5, 25 }, { 0.9, 37 }, { 1, 40 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double v[4] = { 40, 10, 30, 20 };
        assert_true(fabs(bw_trend_quantile(v, 4, cases[i].q) - cases[i].want) < 1e-12);
    }
    assert_true(isnan(bw_trend_median(NULL, 0)));
}

static void scale_ignores_outliers_and_survives_ties(void **state)
{
    (void)state;
    const double wild[7] = { 1, 2, 3, 4, 5, 6, 1e9 };
    const double tied[6] = { 5, 5, 5, 5, 5, 8 };
    double work[7];
    assert_true(fabs(bw_trend_mad(wild, 7, work) - 1.4826 * 2) < 1e-12);
    assert_true(bw_trend_mad(tied, 6, work) == 0);
    assert_true(bw_trend_scale(tied, 6, work) > 1);
    assert_true(bw_trend_scale(tied, 5, work) == 0);
}

static void random_numbers_are_spread_as_promised(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    struct bw_trend_random r = bw_trend_random_seed(42), same = bw_trend_random_seed(42);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        const double x = bw_trend_random_normal(&r);
        assert_true(x == bw_trend_random_normal(&same));
        sum += x;
        squares += x * x;
    }
    assert_true(fabs(sum / DRAWS) < 0.03);
    assert_true(fabs(squares / DRAWS - 1) < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rank_is_found),
        cmocka_unit_test(quantiles_interpolate),
        cmocka_unit_test(scale_ignores_outliers_and_survives_ties),
        cmocka_unit_test(random_numbers_are_spread_as_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
