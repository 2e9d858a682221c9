// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "synth.h"
#include "trend/bocpd.h"
#include "trend/segment.h"

#include <stdbool.h>
#include <stdlib.h>

#define HAZARD 0.001
#define SURE 0.9

enum { N = 1000, LEAST = 8, MOST = 64 };

/* How often it becomes sure of a change; where the first one began goes into *at. */
static unsigned changes(const double *x, size_t n, size_t *at)
{
    struct bw_bocpd state;
    unsigned count = 0;
    bool sure = false;
    bw_bocpd_init(&state, HAZARD);
    for (size_t i = 0; i < n; i++) {
        bw_bocpd_put(&state, x[i]);
        const double changed = bw_bocpd_changed(&state, LEAST, MOST);
        assert_true(changed >= 0 && changed <= 1.0001);
        if (!sure && changed >= SURE && count++ == 0)
            *at = i + 1 - bw_bocpd_mode(&state).length;
        sure = changed >= SURE || (sure && changed >= 0.5);
    }
    return count;
}

/* Of 20 series each: how many have exactly one change, within 3 of the middle; and alarms in all.
 */
static const struct {
    const char *name;
    struct synth synth;
    unsigned found_least, found_most, alarms_most;
} cases[] = {
    { "nothing", { .level = 5, .sd = 1 }, 0, 0, 1 },
    { "correlated noise", { .level = 5, .sd = 1, .phi = 0.8 }, 0, 0, 1 },
    { "a slow trend", { .level = 5, .sd = 1, .slope = 0.002 }, 0, 0, 1 },
    { "a slow wave", { .level = 5, .sd = 1, .amplitude = 2, .period = 4000 }, 0, 0, 4 },
    { "a new level", { .level = 5, .sd = 1, .shift = 4 }, 19, 20, 22 },
    { "a new level far off", { .level = 5, .sd = 1, .shift = 1e6 }, 19, 20, 22 },
    { "a new level in correlated noise", { .sd = 1, .phi = 0.8, .shift = 5 }, 18, 20, 22 },
};

static void changes_are_found_and_noise_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned found = 0, alarms = 0;
        for (uint64_t seed = 1; seed <= 20; seed++) {
            double x[N];
            size_t at = 0;
            synth_make(&cases[i].synth, seed, x, N);
            const unsigned count = changes(x, N, &at);
            alarms += count;
            found += count > 0 && at + 3 >= N / 2 && at <= N / 2 + 3;
        }
        if (found < cases[i].found_least || found > cases[i].found_most
            || alarms > cases[i].alarms_most)
            fail_msg("%s: found %u, alarms %u", cases[i].name, found, alarms);
    }
}

static void a_new_spread_is_a_change(void **state)
{
    (void)state;
    unsigned found = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        double x[N];
        size_t at = 0;
        synth_make(&(struct synth){ .sd = 1 }, seed, x, N);
        for (size_t i = N / 2; i < N; i++)
            x[i] *= 5;
        found += changes(x, N, &at) > 0 && at + 6 >= N / 2 && at <= N / 2 + 6;
    }
    assert_in_range(found, 18, 20);
}

static void odd_values_alone_are_none(void **state)
{
    (void)state;
    double x[N];
    size_t at;
    synth_make(&(struct synth){ .level = 5, .sd = 1 }, 1, x, N);
    for (size_t i = 100; i < N; i += 97)
        x[i] += i % 2 == 0 ? 1e9 : -30;
    assert_int_equal(changes(x, N, &at), 0);
}

static void gaps_are_none_and_hide_none(void **state)
{
    (void)state;
    double x[N];
    size_t at = 0;
    synth_make(&(struct synth){ .level = 5, .sd = 1, .shift = 8 }, 1, x, N);
    for (size_t i = 0; i < N; i++)
        if (i % 5 == 2 || (i > 300 && i < 360))
            x[i] = i % 2 == 0 ? NAN : INFINITY;
    assert_int_equal(changes(x, N, &at), 1);
    assert_in_range(at, N / 2 - 3, N / 2 + 3);
}

static void a_constant_may_move(void **state)
{
    (void)state;
    static const double moves[] = { 0, 1, -1e-3, 1e9, 1e308 };
    for (size_t k = 0; k < sizeof moves / sizeof *moves; k++) {
        double x[N];
        size_t at = N / 2;
        for (size_t i = 0; i < N; i++)
            x[i] = 7 + (i < N / 2 ? 0 : moves[k]);
        const unsigned count = changes(x, N, &at);
        assert_in_range(count, k > 0, k > 0 ? 2 : 0);
        assert_in_range(at, N / 2 - 2, N / 2 + 2);
    }
}

static void whatever_comes_probabilities_stay_so(void **state)
{
    (void)state;
    static const double ends[] = { 1e308, -1e308, INFINITY, 5e-324, 0, -0.0, 1, NAN };
    struct bw_bocpd s;
    struct bw_trend_random random = bw_trend_random_seed(7);
    bw_bocpd_init(&s, HAZARD);
    for (size_t i = 0; i < 5000; i++) {
        bw_bocpd_put(&s, ends[(size_t)(bw_trend_random_uniform(&random) * 8) % 8]);
        double sum = 0;
        for (size_t k = 0; k < s.count; k++)
            sum += (double)s.regimes[k].ratio;
        assert_true(s.count == 0 || (sum > 0.5 && sum < 1.001));
        assert_true(s.count <= BW_BOCPD_REGIMES);
    }
}

/* What is found on the way is what is found looking back. */
static void it_agrees_with_hindsight(void **state)
{
    (void)state;
    unsigned agree = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        double x[N];
        size_t at = 0, back[BW_TREND_BLOCKS_MAX];
        struct bw_arena arena = { 0 };
        synth_make(&(struct synth){ .level = 5, .sd = 1, .shift = 6 }, seed, x, N);
        const size_t count = bw_trend_segments(&arena, x, N, back);
        if (changes(x, N, &at) == 1 && count == 1)
            agree += labs((long)at - (long)back[0]) <= 8;
        bw_arena_fini(&arena);
    }
    assert_in_range(agree, 17, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_found_and_noise_is_not),
        cmocka_unit_test(a_new_spread_is_a_change),
        cmocka_unit_test(odd_values_alone_are_none),
        cmocka_unit_test(gaps_are_none_and_hide_none),
        cmocka_unit_test(a_constant_may_move),
        cmocka_unit_test(whatever_comes_probabilities_stay_so),
        cmocka_unit_test(it_agrees_with_hindsight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
