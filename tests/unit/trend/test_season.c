// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/season.h"

#include <gsl/gsl_errno.h>

enum { N = 720 };

static size_t found(const struct synth *s, uint64_t seed, int64_t step_ms)
{
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_seasons seasons;
    synth_make(s, seed, x, N);
    bw_trend_season_find(&arena, x, N, step_ms, &seasons);
    const size_t period = seasons.count > 0 ? seasons.period[0] : 0;
    bw_arena_fini(&arena);
    return period;
}

static const struct {
    const char *name;
    struct synth synth;
    int64_t step_ms;
    size_t want;
} cases[] = {
    { "a day of hours", { .amplitude = 3, .period = 24, .sd = 1 }, 3600000, 24 },
    { "the calendar unknown", { .amplitude = 3, .period = 24, .sd = 1 }, 0, 24 },
    { "on a slope", { .amplitude = 3, .period = 24, .sd = 1, .slope = 0.1 }, 0, 24 },
    { "across a shift", { .amplitude = 3, .period = 24, .sd = 1, .shift = 8 }, 3600000, 24 },
    { "no calendar period", { .amplitude = 3, .period = 31, .sd = 1 }, 3600000, 31 },
};

static void seasons_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            const size_t period = found(&cases[i].synth, seed, cases[i].step_ms);
            if (period != cases[i].want)
                fail_msg("%s, seed %d: found %zu", cases[i].name, (int)seed, period);
        }
}

static void noise_has_no_season(void **state)
{
    (void)state;
    unsigned invented = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        const struct synth s = { .level = 10, .sd = 1, .phi = seed % 2 == 0 ? 0 : 0.8 };
        invented += found(&s, seed, 3600000) != 0;
    }
    assert_in_range(invented, 0, 6);
}

static void indices_are_the_wave(void **state)
{
    (void)state;
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_seasons seasons;
    synth_make(&(struct synth){ .amplitude = 3, .period = 24, .sd = 0.5 }, 3, x, N);
    bw_trend_season_fixed(&arena, x, N, 24, &seasons);
    assert_int_equal(seasons.count, 1);
    for (size_t i = 0; i < 24; i++) {
        const double want = 3 * sin(6.283185307179586 * (double)i / 24);
        assert_true(fabs(bw_trend_season_at(&seasons, N + i) - want) < 0.5);
    }
    bw_arena_fini(&arena);
}

static void too_short_for_any(void **state)
{
    (void)state;
    const double x[12] = { 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2 };
    struct bw_arena arena = { 0 };
    struct bw_trend_seasons seasons;
    for (size_t n = 0; n <= 12; n++) {
        bw_trend_season_find(&arena, x, n, 3600000, &seasons);
        assert_int_equal(seasons.count, 0);
        bw_trend_season_fixed(&arena, x, n, 8, &seasons);
        assert_int_equal(seasons.count, 0);
    }
    bw_arena_fini(&arena);
}

/* A day with two peaks, one higher: neither half a day nor two. */
static void a_day_is_neither_half_nor_two(void **state)
{
    (void)state;
    enum { HOURS = 24 * 20 };
    double x[HOURS];
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct bw_arena arena = { 0 };
        struct bw_trend_seasons found;
        synth_make(&(struct synth){ .sd = 0.5, .phi = 0.7, .amplitude = 2, .period = 24 }, seed, x,
                   HOURS);
        for (size_t i = 0; i < HOURS; i++)
            x[i] += 3 * sin(6.283185307179586 * (double)i / 12);
        bw_trend_season_find(&arena, x, HOURS, 0, &found);
        assert_true(found.count > 0);
        assert_int_equal(found.period[0], 24);
        bw_arena_fini(&arena);
    }
}

/* Morning and evening are nearly alike, so that half a day is seen first; the day that is seen in
 * it takes its place. */
static void half_a_day_gives_way_to_the_day(void **state)
{
    (void)state;
    enum { HOURS = 24 * 7 * 8 };
    double x[HOURS];
    unsigned days = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct bw_arena arena = { 0 };
        struct bw_trend_seasons found;
        synth_make(&(struct synth){ .sd = 0.3, .amplitude = 0.3, .period = 24 }, seed, x, HOURS);
        for (size_t i = 0; i < HOURS; i++)
            x[i] += 3 * sin(6.283185307179586 * (double)i / 12);
        bw_trend_season_find(&arena, x, HOURS, 0, &found);
        days += found.count == 1 && found.period[0] == 24;
        bw_arena_fini(&arena);
    }
    assert_in_range(days, 9, 10);
}

/* The peak moves by eight hours: what was learned on the first weeks is wrong for the last
 * ones. It is a day all the same. */
static void a_shape_may_change(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        double x[N];
        struct bw_arena arena = { 0 };
        struct bw_trend_seasons found;
        synth_make(&(struct synth){ .sd = 1 }, seed, x, N);
        for (size_t i = 0; i < N; i++)
            x[i] += 3 * sin(6.283185307179586 * (double)(i + (i < N / 2 ? 0 : 8)) / 24);
        bw_trend_season_find(&arena, x, N, 0, &found);
        assert_true(found.count > 0);
        assert_int_equal(found.period[0], 24);
        bw_arena_fini(&arena);
    }
}

/* Of ten years of months and little swing, twelve are likelier than any other number. */
static void what_people_count_in_is_likelier(void **state)
{
    (void)state;
    enum { MONTHS = 120, SEEDS = 40 };
    unsigned twelve = 0, eleven = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (size_t period = 11; period <= 12; period++) {
            double x[MONTHS];
            struct bw_arena arena = { 0 };
            struct bw_trend_seasons found;
            synth_make(&(struct synth){ .amplitude = 0.8, .period = (double)period, .sd = 1 }, seed,
                       x, MONTHS);
            bw_trend_season_find(&arena, x, MONTHS, 0, &found);
            *(period == 12 ? &twelve : &eleven) +=
                found.count > 0 && found.period[0] == period ? 1 : 0;
            bw_arena_fini(&arena);
        }
    if (twelve < SEEDS / 2 || twelve < eleven + 5)
        fail_msg("twelve found %u times, eleven %u times", twelve, eleven);
}

/* A deployment, a moved database: the new level is several times what a day moves. */
static void a_new_level_hides_no_day(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t step[2]; /* cells, of WEEK */
        double height[2];
        double sd, phi;
    } moves[] = {
        { "six times as high", { 235, 0 }, { 6, 0 }, 0.5, 0 },
        { "twenty times, down", { 470, 0 }, { -20, 0 }, 0.2, 0.7 },
        { "twenty times, in the middle", { 336, 0 }, { 20, 0 }, 0.5, 0.7 },
        { "just now", { 605, 0 }, { 20, 0 }, 0.2, 0 },
        { "up, and farther down", { 200, 450 }, { 8, -14 }, 0.3, 0 },
    };
    enum { WEEK = 7 * 96 };
    double x[WEEK];
    for (size_t m = 0; m < sizeof moves / sizeof *moves; m++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct bw_arena arena = { 0 };
            struct bw_trend_seasons seasons;
            const struct synth s = {
                .amplitude = 1, .period = 96, .sd = moves[m].sd, .phi = moves[m].phi
            };
            synth_make(&s, seed, x, WEEK);
            for (size_t i = 0; i < WEEK; i++)
                for (size_t k = 0; k < 2; k++)
                    x[i] += i >= moves[m].step[k] ? moves[m].height[k] : 0;
            bw_trend_season_find(&arena, x, WEEK, 900000, &seasons);
            if (seasons.count != 1 || seasons.period[0] != 96)
                fail_msg("%s, seed %d: %zu found", moves[m].name, (int)seed,
                         seasons.count > 0 ? seasons.period[0] : 0);
            for (size_t i = 0; i < 96; i++) {
                const double want = sin(6.283185307179586 * (double)i / 96);
                assert_true(fabs(bw_trend_season_at(&seasons, i) - want) < 0.9);
            }
            bw_arena_fini(&arena);
        }
}

/* What taking a step out leaves of noise is noise. */
static void a_step_alone_is_no_season(void **state)
{
    (void)state;
    double x[N];
    unsigned invented = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct bw_arena arena = { 0 };
        struct bw_trend_seasons seasons;
        const struct synth s = { .sd = 1, .phi = seed % 2 == 0 ? 0 : 0.8, .shift = 20 };
        synth_make(&s, seed, x, N);
        bw_trend_season_find(&arena, x, N, 3600000, &seasons);
        invented += seasons.count > 0;
        bw_arena_fini(&arena);
    }
    assert_in_range(invented, 0, 4);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_neither_half_nor_two),
        cmocka_unit_test(seasons_are_found),
        cmocka_unit_test(half_a_day_gives_way_to_the_day),
        cmocka_unit_test(a_shape_may_change),
        cmocka_unit_test(what_people_count_in_is_likelier),
        cmocka_unit_test(noise_has_no_season),
        cmocka_unit_test(a_new_level_hides_no_day),
        cmocka_unit_test(a_step_alone_is_no_season),
        cmocka_unit_test(indices_are_the_wave),
        cmocka_unit_test(too_short_for_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
