// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/anomaly.h"

enum { N = 1000 };

static void noise_is_quiet_and_a_spike_is_not(void **state)
{
    (void)state;
    double x[N], score[N];
    struct bw_arena arena = { 0 };
    synth_make(&(struct synth){ .level = 5, .sd = 1 }, 1, x, N);
    x[700] += 20;
    bw_trend_anomaly(&arena, x, N, score);
    for (size_t i = 0; i < N; i++) {
        assert_true(score[i] >= 0 && score[i] <= 1);
        assert_int_equal(score[i] >= BW_TREND_ANOMALY_THRESHOLD, i == 700);
    }
    bw_arena_fini(&arena);
}

/* It may speak again when it proves odder than it seemed at first: not in each of its rows. */
static void an_episode_does_not_repeat_itself(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        double x[N], score[N];
        unsigned alarms = 0, first = 0;
        struct bw_arena arena = { 0 };
        synth_make(&(struct synth){ .level = 5, .sd = 1 }, seed, x, N);
        for (size_t i = 600; i < 680; i++)
            x[i] += 30;
        bw_trend_anomaly(&arena, x, N, score);
        for (unsigned i = 300; i < N; i++)
            if (score[i] >= BW_TREND_ANOMALY_THRESHOLD && alarms++ == 0)
                first = i;
        assert_int_equal(first, 600);
        assert_in_range(alarms, 1, 4);
        bw_arena_fini(&arena);
    }
}

/* At p = 10^-4.25 in each of three streams a thousand rows of nothing cry wolf one time in ten. */
static void noise_is_quiet(void **state)
{
    (void)state;
    unsigned alarms = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        double x[N], score[N];
        struct bw_arena arena = { 0 };
        synth_make(&(struct synth){ .level = 5, .sd = 1, .phi = seed % 2 == 0 ? 0.9 : 0 }, seed, x,
                   N);
        bw_trend_anomaly(&arena, x, N, score);
        for (size_t i = 0; i < N; i++)
            alarms += score[i] >= BW_TREND_ANOMALY_THRESHOLD;
        bw_arena_fini(&arena);
    }
    assert_in_range(alarms, 0, 15);
}

/* No value is out of range, but what was usual for long is not any more: odder value by value,
 * for as long as the median moves. */
static void a_new_level_within_the_old_range_is_seen(void **state)
{
    (void)state;
    enum { LONG = 3000 };
    static double x[LONG], score[LONG];
    unsigned before = 0, after = 0;
    struct bw_arena arena = { 0 };
    struct bw_trend_random random = bw_trend_random_seed(5);
    for (size_t i = 0; i < LONG; i++)
        x[i] = (i % 40 < 36 || i >= 2500 ? 0 : 20) + (i >= 2500 ? 15 : 0)
               + bw_trend_random_normal(&random);
    bw_trend_anomaly(&arena, x, LONG, score);
    for (size_t i = 0; i < LONG; i++)
        *(i < 2500 ? &before : &after) += score[i] >= BW_TREND_ANOMALY_THRESHOLD;
    assert_int_equal(before, 0);
    assert_in_range(after, 1, 5);
    bw_arena_fini(&arena);
}

static void no_size_of_numbers_matters(void **state)
{
    (void)state;
    static const double units[] = { 1, 1e-200, 1e80 };
    double x[N], score[N];
    struct bw_arena arena = { 0 };
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        synth_make(&(struct synth){ .level = 5, .sd = 1 }, 1, x, N);
        x[300] = 1e18;
        x[700] += 20;
        for (size_t i = 0; i < N; i++)
            x[i] *= units[u];
        bw_trend_anomaly(&arena, x, N, score);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(score[i] >= BW_TREND_ANOMALY_THRESHOLD, i == 300 || i == 700);
    }
    bw_arena_fini(&arena);
}

static void nothing_happens_in_constants_and_gaps(void **state)
{
    (void)state;
    double x[N], score[N];
    struct bw_arena arena = { 0 };
    for (size_t i = 0; i < N; i++)
        x[i] = i % 7 == 3 ? NAN : 0.1 * 3;
    x[600] = 0.3; /* the same, but for rounding */
    bw_trend_anomaly(&arena, x, N, score);
    for (size_t i = 0; i < N; i++)
        assert_true(score[i] < BW_TREND_ANOMALY_THRESHOLD);
    bw_arena_fini(&arena);
}

static void the_future_changes_nothing(void **state)
{
    (void)state;
    double x[N], all[N], part[N];
    struct bw_arena arena = { 0 };
    synth_make(&(struct synth){ .level = 5, .sd = 1, .shift = 9 }, 3, x, N);
    bw_trend_anomaly(&arena, x, N, all);
    bw_trend_anomaly(&arena, x, N / 2 + 7, part);
    assert_memory_equal(all, part, (N / 2 + 7) * sizeof *all);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_quiet_and_a_spike_is_not),
        cmocka_unit_test(an_episode_does_not_repeat_itself),
        cmocka_unit_test(noise_is_quiet),
        cmocka_unit_test(a_new_level_within_the_old_range_is_seen),
        cmocka_unit_test(no_size_of_numbers_matters),
        cmocka_unit_test(nothing_happens_in_constants_and_gaps),
        cmocka_unit_test(the_future_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
