// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/wave.h"

enum { DAY = 96, SERIES = 100 };

static bool wave_of(const struct synth *s, uint64_t seed, size_t n, double *index, double *strength)
{
    double x[3 * DAY];
    struct bw_arena arena = { 0 };
    synth_make(s, seed, x, n);
    const bool found = bw_trend_wave_fit(&arena, x, n, DAY, index, strength);
    bw_arena_fini(&arena);
    return found;
}

/* A day and a half of a wave on a slope: neither takes from the other. */
static void a_wave_and_its_slope_are_told_apart(void **state)
{
    (void)state;
    const struct synth s = { .level = 50, .slope = 0.05, .amplitude = 3, .period = DAY, .sd = 0.5 };
    for (uint64_t seed = 1; seed <= 10; seed++) {
        double index[DAY], strength;
        assert_true(wave_of(&s, seed, DAY * 3 / 2, index, &strength));
        assert_true(strength > 0.8 && strength <= 1);
        for (size_t i = 0; i < DAY; i++)
            assert_true(fabs(index[i] - 3 * sin(2 * M_PI * (double)i / DAY)) < 0.9);
    }
}

static unsigned found_in(const struct synth *s, size_t n)
{
    unsigned found = 0;
    double index[DAY], strength;
    for (uint64_t seed = 1; seed <= SERIES; seed++)
        found += wave_of(s, seed, n, index, &strength);
    return found;
}

static void slopes_and_noise_are_no_waves(void **state)
{
    (void)state;
    assert_in_range(found_in(&(struct synth){ .slope = 0.1, .sd = 1 }, DAY * 2), 0, 10);
    assert_in_range(found_in(&(struct synth){ .sd = 1, .phi = 0.8 }, DAY * 2), 0, 25);
    /* Another period is no day. */
    assert_in_range(found_in(&(struct synth){ .amplitude = 3, .period = 61, .sd = 1 }, DAY * 2), 0,
                    0);
}

/* A new level, wherever it begins in a day and a half, is not the day's. */
static void a_new_level_is_no_wave(void **state)
{
    (void)state;
    enum { N = DAY * 3 / 2 };
    double x[N], index[DAY], strength;
    struct bw_trend_random r = bw_trend_random_seed(11);
    struct bw_arena arena;
    bw_arena_init(&arena);
    for (size_t at = N / 10; at < N - N / 10; at++) {
        for (size_t i = 0; i < N; i++)
            x[i] = (i < at ? 100 : 110) + bw_trend_random_normal(&r);
        if (bw_trend_wave_fit(&arena, x, N, DAY, index, &strength))
            fail_msg("at %zu of %d", at, N);
    }
    bw_arena_fini(&arena);
}

static void too_little_is_no_wave(void **state)
{
    (void)state;
    double index[DAY], strength;
    const struct synth s = { .amplitude = 3, .period = DAY };
    assert_true(wave_of(&s, 1, DAY * 3 / 2, index, &strength));
    assert_false(wave_of(&s, 1, DAY * 5 / 4 - 1, index, &strength));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wave_and_its_slope_are_told_apart),
        cmocka_unit_test(slopes_and_noise_are_no_waves),
        cmocka_unit_test(a_new_level_is_no_wave),
        cmocka_unit_test(too_little_is_no_wave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
