// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/acf.h"

#include <gsl/gsl_errno.h>

enum { N = 301, LAGS = 60 };

static void it_is_the_sum_it_stands_for(void **state)
{
    (void)state;
    double x[N], acf[LAGS + 1];
    struct bw_arena arena = { 0 };
    synth_make(&(struct synth){ .level = 9, .sd = 1, .phi = 0.7 }, 1, x, N);
    assert_true(bw_trend_acf(&arena, x, N, LAGS, acf));
    const double mean = bw_trend_mean(x, N);
    double c0 = 0;
    for (size_t i = 0; i < N; i++)
        c0 += (x[i] - mean) * (x[i] - mean);
    for (size_t k = 0; k <= LAGS; k++) {
        double c = 0;
        for (size_t i = 0; i + k < N; i++)
            c += (x[i] - mean) * (x[i + k] - mean);
        assert_true(fabs(acf[k] - c / c0) < 1e-10);
    }
    bw_arena_fini(&arena);
}

static void a_constant_has_none(void **state)
{
    (void)state;
    const double x[5] = { 3, 3, 3, 3, 3 };
    double acf[3];
    struct bw_arena arena = { 0 };
    assert_false(bw_trend_acf(&arena, x, 5, 2, acf));
    assert_true(acf[0] == 1 && acf[1] == 0 && acf[2] == 0);
    bw_arena_fini(&arena);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_sum_it_stands_for),
        cmocka_unit_test(a_constant_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
