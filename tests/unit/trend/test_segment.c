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

/* Shifts that a strong correlation could explain as well, were it not for their suddenness. */
static void small_shifts_are_found(void **state)
{
    (void)state;
    static const struct {
        double phi, shift;
    } cases[] = { { 0, 2.5 }, { 0.3, 3 }, { 0.6, 4 } };
    double x[N];
    size_t change[BW_TREND_BLOCKS_MAX];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        unsigned found = 0;
        for (uint64_t seed = 1; seed <= 40; seed++) {
            struct bw_arena arena = { 0 };
            synth_make(&(struct synth){ .sd = 1, .phi = cases[k].phi, .shift = cases[k].shift },
                       seed, x, N);
            const size_t count = bw_trend_segments(&arena, x, N, change);
            found += count == 1 && change[0] > N / 2 - 20 && change[0] < N / 2 + 20;
            bw_arena_fini(&arena);
        }
        if (found < 38)
            fail_msg("shift %g, correlation %g: found in %u of 40", cases[k].shift, cases[k].phi,
                     found);
    }
}

/* A few wild values among many quiet ones are no regimes. */
static void heavy_tails_are_one_regime(void **state)
{
    (void)state;
    double x[N];
    size_t change[BW_TREND_BLOCKS_MAX];
    unsigned invented = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct bw_arena arena = { 0 };
        synth_make(&(struct synth){ .sd = 1, .phi = 0.3 }, seed, x, N);
        for (size_t i = 0; i < N; i++)
            x[i] = x[i] * x[i] * x[i];
        invented += bw_trend_segments(&arena, x, N, change) > 0;
        bw_arena_fini(&arena);
    }
    assert_in_range(invented, 0, 2);
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
        cmocka_unit_test(a_shift_is_one_change),      cmocka_unit_test(a_kink_is_a_change),
        cmocka_unit_test(slow_waves_are_one_regime),  cmocka_unit_test(changes_rise_and_lie_inside),
        cmocka_unit_test(clean_bends_are_changes),    cmocka_unit_test(small_shifts_are_found),
        cmocka_unit_test(heavy_tails_are_one_regime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
