// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/regress.h"

#include <gsl/gsl_errno.h>

enum { N = 240, H = 48 };

/* A noiseless wave obeys a recursion: regression on the right lags goes on with it. */
static void a_wave_goes_on(void **state)
{
    (void)state;
    static const size_t lags[] = { 1, 2, 3, 23, 24, 25, 48 };
    double x[N + H], out[H];
    struct bw_arena arena = { 0 };
    synth_make(&(struct synth){ .level = 50, .amplitude = 5, .period = 24 }, 1, x, N + H);
    const struct bw_trend_fit fit = { lags, 7, .ridge = 1e-8, .sd = 5 };
    assert_true(bw_trend_regress(&arena, x, N, &fit, H, out));
    for (size_t i = 0; i < H; i++)
        assert_true(fabs(out[i] - x[N + i]) < 0.05);
    bw_arena_fini(&arena);
}

/* The shared products must be those that a plain AR(2) fit has. */
static void coefficients_are_recovered(void **state)
{
    (void)state;
    static const size_t lags[] = { 1, 2 };
    double x[2000], out[2];
    struct bw_trend_random r = bw_trend_random_seed(3);
    struct bw_arena arena = { 0 };
    x[0] = x[1] = 0;
    for (size_t i = 2; i < 2000; i++)
        x[i] = 0.5 * x[i - 1] + 0.3 * x[i - 2] + bw_trend_random_normal(&r);
    x[1998] = 0;
    x[1999] = 10;
    const struct bw_trend_fit fit = { lags, 2, .ridge = 1e-6, .sd = 2 };
    assert_true(bw_trend_regress(&arena, x, 2000, &fit, 2, out));
    assert_true(fabs(out[0] - 5) < 0.7);
    assert_true(fabs(out[1] - (0.5 * 5 + 0.3 * 10)) < 0.9);
    bw_arena_fini(&arena);
}

static void a_constant_is_refused(void **state)
{
    (void)state;
    static const size_t lags[] = { 1, 2 };
    const double x[20] = { 0 };
    double out[2] = { 7, 7 };
    struct bw_arena arena = { 0 };
    const struct bw_trend_fit fit = { lags, 2, .ridge = 1e-3, .sd = 1 };
    assert_false(bw_trend_regress(&arena, x, 20, &fit, 2, out));
    assert_true(out[0] == 7);
    bw_arena_fini(&arena);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wave_goes_on),
        cmocka_unit_test(coefficients_are_recovered),
        cmocka_unit_test(a_constant_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
