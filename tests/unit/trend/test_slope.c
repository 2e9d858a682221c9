// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/slope.h"

enum { N = 400, SERIES = 200 };

static void an_exact_line(void **state)
{
    (void)state;
    double x[50];
    for (size_t i = 0; i < 50; i++)
        x[i] = 3 + 0.5 * (double)i;
    struct bw_arena arena = { 0 };
    struct bw_trend_slope slope;
    bw_trend_slope_fit(&arena, x, 50, 0, &slope);
    assert_true(fabs(slope.per_cell - 0.5) < 1e-12);
    assert_true(fabs(slope.end - (3 + 0.5 * 49)) < 1e-9);
    bw_arena_fini(&arena);
}

static void rounding_is_no_noise(void **state)
{
    (void)state;
    double x[50];
    for (size_t i = 0; i < 50; i++)
        x[i] = 0.1 + 0.1 * (double)i + (i / 10 % 2 == 0 ? 1e-15 : -1e-15);
    struct bw_arena arena = { 0 };
    struct bw_trend_slope slope;
    bw_trend_slope_fit(&arena, x, 50, 1e-13, &slope);
    assert_true(slope.sd == 0 && slope.r == 0 && slope.neff == 50);
    assert_true(isinf(slope.rise) && slope.t > 10);
    bw_trend_slope_fit(&arena, x, 50, 0, &slope);
    assert_true(slope.sd > 0 && slope.r > 0.5);
    for (size_t i = 0; i < 50; i++)
        x[i] = 3 + (double)(i % 2) * 1e-15;
    bw_trend_slope_fit(&arena, x, 50, 1e-13, &slope);
    assert_true(slope.per_cell == 0 && slope.t == 0 && slope.rise == 0);
    bw_arena_fini(&arena);
}

/* The score of a slope that only ten values stand for: Student's 5 % is near 1.96. */
static void few_values_count_for_less(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    unsigned wrong = 0;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        double x[10];
        struct bw_trend_slope slope;
        synth_make(&(struct synth){ .sd = 1 }, seed, x, 10);
        bw_trend_slope_fit(&arena, x, 10, 0, &slope);
        wrong += fabs(slope.t) > 1.96;
    }
    assert_in_range(wrong, 10, 70);
    bw_arena_fini(&arena);
}

static void outliers_and_gaps_hardly_move_it(void **state)
{
    (void)state;
    double x[N];
    synth_make(&(struct synth){ .slope = 0.1, .sd = 1 }, 1, x, N);
    for (size_t i = 3; i < N; i += 40)
        x[i] += 1000;
    for (size_t i = 100; i < 150; i++)
        x[i] = NAN;
    struct bw_arena arena = { 0 };
    struct bw_trend_slope slope;
    bw_trend_slope_fit(&arena, x, N, 0, &slope);
    assert_int_equal(slope.n, N - 50);
    assert_true(fabs(slope.per_cell - 0.1) < 0.005);
    bw_arena_fini(&arena);
}

/* Autocorrelated noise: the interval must hold what it promises. */
static void the_interval_covers(void **state)
{
    (void)state;
    static const double phis[] = { 0, 0.5, 0.8 };
    double x[N];
    for (size_t p = 0; p < sizeof phis / sizeof *phis; p++) {
        unsigned covered = 0;
        for (uint64_t seed = 1; seed <= SERIES; seed++) {
            struct bw_arena arena = { 0 };
            struct bw_trend_slope slope;
            synth_make(&(struct synth){ .slope = 0.02, .sd = 1, .phi = phis[p] }, seed, x, N);
            bw_trend_slope_fit(&arena, x, N, 0, &slope);
            covered += slope.low <= 0.02 && 0.02 <= slope.high;
            bw_arena_fini(&arena);
        }
        if (covered < SERIES * 90 / 100)
            fail_msg("phi %g: %u of %d", phis[p], covered, SERIES);
    }
}

static unsigned drifting(double phi, double step)
{
    unsigned count = 0;
    for (uint64_t seed = 1; seed <= SERIES; seed++) {
        double x[N], at = 0;
        struct bw_arena arena = { 0 };
        struct bw_trend_slope slope;
        synth_make(&(struct synth){ .sd = 1, .phi = phi }, seed, x, N);
        for (size_t i = 0; i < N && phi == 0; i++)
            x[i] = at += x[i] + step; /* what was noise becomes the steps of a walk */
        bw_trend_slope_fit(&arena, x, N, 0, &slope);
        count += fabs(slope.drift) > 1.96;
        bw_arena_fini(&arena);
    }
    return count;
}

/* Of a walk without a drift one in twenty seems to have one; of what comes back, hardly any. */
static void a_drift_is_not_a_walk(void **state)
{
    (void)state;
    assert_in_range(drifting(0, 0), SERIES * 1 / 100, SERIES * 9 / 100);
    assert_in_range(drifting(0.9, 0), 0, SERIES * 2 / 100);
    assert_in_range(drifting(0, 0.3), SERIES * 80 / 100, SERIES);
}

static void neff_shrinks_with_correlation(void **state)
{
    (void)state;
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_slope slope;
    synth_make(&(struct synth){ .sd = 1, .phi = 0.8 }, 2, x, N);
    bw_trend_slope_fit(&arena, x, N, 0, &slope);
    assert_true(slope.r > 0.65 && slope.r < 0.95);
    assert_true(slope.neff < N / 4);
    bw_arena_fini(&arena);
}

static void too_few_say_nothing(void **state)
{
    (void)state;
    const double x[4] = { NAN, 1, NAN, 5 };
    struct bw_arena arena = { 0 };
    struct bw_trend_slope slope;
    bw_trend_slope_fit(&arena, x, 4, 0, &slope);
    assert_int_equal(slope.n, 2);
    assert_true(slope.per_cell == 0 && slope.se == 0);
    bw_trend_slope_fit(&arena, x, 0, 0, &slope);
    assert_int_equal(slope.n, 0);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exact_line),
        cmocka_unit_test(rounding_is_no_noise),
        cmocka_unit_test(few_values_count_for_less),
        cmocka_unit_test(outliers_and_gaps_hardly_move_it),
        cmocka_unit_test(the_interval_covers),
        cmocka_unit_test(a_drift_is_not_a_walk),
        cmocka_unit_test(neff_shrinks_with_correlation),
        cmocka_unit_test(too_few_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
