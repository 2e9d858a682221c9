// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/segment.h"

enum { N = 600 };

static void a_shift_is_one_change(void **state)
{
    (void)state;
    double x[N];
    size_t change[BW_TREND_BLOCKS_MAX];
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct bw_arena arena = { 0 };
        synth_make(&(struct synth){ .sd = 1, .shift = 8 }, seed, x, N);
        assert_int_equal(bw_trend_segments(&arena, x, N, change), 1);
        assert_in_range(change[0], N / 2 - 6, N / 2 + 6);
        bw_arena_fini(&arena);
    }
}

static void a_kink_is_a_change(void **state)
{
    (void)state;
    double x[N];
    size_t change[BW_TREND_BLOCKS_MAX];
    struct bw_arena arena = { 0 };
    synth_make(&(struct synth){ .sd = 1 }, 4, x, N);
    for (size_t i = 400; i < N; i++)
        x[i] += 0.1 * (double)(i - 400);
    assert_int_equal(bw_trend_segments(&arena, x, N, change), 1);
    assert_in_range(change[0], 360, 440);
    bw_arena_fini(&arena);
}

static void slow_waves_are_one_regime(void **state)
{
    (void)state;
    double x[N];
    size_t change[BW_TREND_BLOCKS_MAX];
    unsigned invented = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct bw_arena arena = { 0 };
        synth_make(&(struct synth){ .sd = 1, .phi = 0.8, .slope = 0.01 }, seed, x, N);
        invented += bw_trend_segments(&arena, x, N, change) > 0;
        bw_arena_fini(&arena);
    }
    assert_in_range(invented, 0, 4);
}

static void changes_rise_and_lie_inside(void **state)
{
    (void)state;
    double x[N];
    size_t change[BW_TREND_BLOCKS_MAX];
    struct bw_arena arena = { 0 };
    synth_make(&(struct synth){ .sd = 1 }, 9, x, N);
    for (size_t i = 0; i < N; i++)
        x[i] += i / 150 % 2 == 0 ? 0 : 12;
    for (size_t n = 0; n <= N; n += 50) {
        const size_t count = bw_trend_segments(&arena, x, n, change);
        for (size_t i = 0; i < count; i++) {
            assert_in_range(change[i], 1, n - 1);
            assert_true(i == 0 || change[i] > change[i - 1]);
        }
    }
    assert_int_equal(bw_trend_segments(&arena, x, N, change), 3);
    bw_arena_fini(&arena);
}

static void noise_is_known_across_shifts(void **state)
{
    (void)state;
    double x[N], work[2 * N], r = 0, sd = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        double one;
        synth_make(&(struct synth){ .sd = 2, .phi = 0.6, .slope = 0.05, .shift = 50 }, seed, x, N);
        r += bw_trend_noise(x, N, &one, work) / 20;
        sd += one / 20;
    }
    assert_true(r > 0.55 && r < 0.8); /* of two estimates the larger: a little too much */
    assert_true(sd > 1.8 && sd < 2.6);
}

/* Noise-free courses: the bend and the step are found, a line has none. */
static void clean_bends_are_changes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t at; /* 0: none */
        double before, after, jump;
    } bends[] = {
        { "a line", 0, 1, 1, 0 },           { "tent", 300, 1, -1, 0 },
        { "level, then up", 400, 0, 1, 0 }, { "up, then level", 300, 1, 0, 0 },
        { "one step", 300, 0, 0, 5 },
    };
    double x[N];
    size_t change[BW_TREND_BLOCKS_MAX];
    for (size_t k = 0; k < sizeof bends / sizeof *bends; k++) {
        struct bw_arena arena = { 0 };
        x[0] = 0;
        for (size_t i = 1; i < N; i++)
            x[i] = x[i - 1]
                   + (i < bends[k].at || bends[k].at == 0 ? bends[k].before : bends[k].after)
                   + (i == bends[k].at ? bends[k].jump : 0);
        const size_t count = bw_trend_segments(&arena, x, N, change);
        if (count != (bends[k].at > 0))
            fail_msg("%s: %zu changes", bends[k].name, count);
        if (count > 0)
            assert_in_range(change[0], bends[k].at - 6, bends[k].at + 6);
        bw_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shift_is_one_change),     cmocka_unit_test(a_kink_is_a_change),
        cmocka_unit_test(slow_waves_are_one_regime), cmocka_unit_test(changes_rise_and_lie_inside),
        cmocka_unit_test(clean_bends_are_changes),   cmocka_unit_test(noise_is_known_across_shifts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
