// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/direction.h"

enum { N = 400, SERIES = 100 };

static struct bw_trend_verdict verdict_on(const struct synth *s, uint64_t seed)
{
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_slope slope;
    struct bw_trend_verdict verdict;
    synth_make(s, seed, x, N);
    bw_trend_slope_fit(&arena, x, N, 0, &slope);
    bw_trend_direction(&slope, false, &verdict);
    bw_arena_fini(&arena);
    return verdict;
}

/* At least `least` of 100 series get the direction wanted. */
static const struct {
    const char *name;
    struct synth synth;
    enum bw_direction want;
    unsigned least;
} cases[] = {
    { "white noise", { .sd = 1 }, BW_FLAT, 90 },
    { "correlated noise", { .sd = 1, .phi = 0.8 }, BW_FLAT, 85 },
    { "rising", { .sd = 1, .slope = 0.02 }, BW_RISING, 99 },
    { "falling", { .sd = 1, .slope = -0.02 }, BW_FALLING, 99 },
    { "rising under correlated noise", { .sd = 1, .phi = 0.5, .slope = 0.01 }, BW_RISING, 95 },
    { "a slope lost in noise", { .sd = 1, .slope = 0.0002 }, BW_FLAT, 80 },
};

static void directions_are_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned right = 0;
        for (uint64_t seed = 1; seed <= SERIES; seed++) {
            const struct bw_trend_verdict v = verdict_on(&cases[i].synth, seed);
            right += v.direction == cases[i].want;
            assert_true(fabs(v.falling + v.flat + v.rising - 1) < 1e-9);
            assert_true(v.confidence_ratio >= 0 && v.confidence_ratio <= 1);
        }
        if (right < cases[i].least)
            fail_msg("%s: %u of %d", cases[i].name, right, SERIES);
    }
}

static void thin_evidence_is_undetermined(void **state)
{
    (void)state;
    struct bw_trend_slope slope = { .n = 60, .neff = 5.9, .t = 3 };
    struct bw_trend_verdict verdict;
    bw_trend_direction(&slope, false, &verdict);
    assert_int_equal(verdict.direction, BW_UNDETERMINED);
    assert_int_equal(verdict.leaning, BW_RISING);
    slope.drift = -3; /* the line says nothing, but steps do */
    bw_trend_direction(&slope, false, &verdict);
    assert_int_equal(verdict.direction, BW_FALLING);
    slope.neff = 6;
    bw_trend_direction(&slope, false, &verdict);
    assert_int_equal(verdict.direction, BW_RISING);
}

/* What leaves next to nothing is believed however slowly the rest swings; a random walk,
 * which explains a lot of itself by a line, is not. */
static void a_rise_beyond_any_walk_counts(void **state)
{
    (void)state;
    struct bw_trend_slope slope = { .n = 60, .neff = 1, .t = -1.5, .rise = 1000 };
    struct bw_trend_verdict verdict;
    bw_trend_direction(&slope, false, &verdict);
    assert_int_equal(verdict.direction, BW_FALLING);
    assert_true(verdict.confidence_ratio > 0.95);
    unsigned named = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct bw_trend_random random = bw_trend_random_seed(seed);
        struct bw_arena arena = { 0 };
        double x[N] = { 0 };
        for (size_t i = 1; i < N; i++)
            x[i] = x[i - 1] + bw_trend_random_normal(&random);
        bw_trend_slope_fit(&arena, x, N, 0, &slope);
        bw_trend_direction(&slope, false, &verdict);
        named += verdict.direction == BW_RISING || verdict.direction == BW_FALLING;
        bw_arena_fini(&arena);
    }
    assert_in_range(named, 0, 28); /* one in twenty, and what chance adds to it */
}

static void a_constant_is_flat_once_seen_often(void **state)
{
    (void)state;
    struct bw_trend_verdict verdict;
    bw_trend_direction(&(struct bw_trend_slope){ .n = 3 }, true, &verdict);
    assert_int_equal(verdict.direction, BW_UNDETERMINED);
    bw_trend_direction(&(struct bw_trend_slope){ .n = 98 }, true, &verdict);
    assert_int_equal(verdict.direction, BW_FLAT);
    assert_true(fabs(verdict.confidence_ratio - 0.99) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_are_seen),
        cmocka_unit_test(thin_evidence_is_undetermined),
        cmocka_unit_test(a_rise_beyond_any_walk_counts),
        cmocka_unit_test(a_constant_is_flat_once_seen_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
