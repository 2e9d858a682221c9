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

static void one_episode_speaks_once(void **state)
{
    (void)state;
    double x[N], score[N];
    unsigned alarms = 0;
    struct bw_arena arena = { 0 };
    synth_make(&(struct synth){ .level = 5, .sd = 1 }, 2, x, N);
    for (size_t i = 600; i < 680; i++)
        x[i] += 30;
    bw_trend_anomaly(&arena, x, N, score);
    for (size_t i = 0; i < N; i++)
        alarms += score[i] >= BW_TREND_ANOMALY_THRESHOLD;
    assert_int_equal(alarms, 1);
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
        cmocka_unit_test(one_episode_speaks_once),
        cmocka_unit_test(the_future_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
