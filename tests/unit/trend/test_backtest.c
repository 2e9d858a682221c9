// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/backtest.h"

#include <gsl/gsl_errno.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

enum { N = 960 }; /* hours: 40 days */

static struct bw_trend_scratch *scratch;
static struct bw_point points[N];
static struct bw_trend_backtest tested;

static void make(const struct synth *synth, uint64_t seed)
{
    double y[N];
    synth_make(synth, seed, y, N);
    for (size_t i = 0; i < N; i++)
        points[i] = (struct bw_point){ (int64_t)i * HOUR_MS, y[i] };
}

static struct bw_trend_request asked(int64_t horizon_ms)
{
    return (struct bw_trend_request){
        .points = points,
        .count = N,
        .horizons_ms = { horizon_ms },
        .horizon_count = 1,
        .threshold = NAN,
    };
}

/* Scores the points as they are; the result stays in `tested`. */
static const struct bw_trend_skill *run(const struct bw_trend_request *ask, size_t origins)
{
    struct bw_arena arena = { 0 };
    assert_int_equal(bw_trend_backtest_begin(&arena, ask, origins, &tested, NULL), BW_OK);
    for (size_t i = 0; i < tested.origins; i++)
        bw_trend_backtest_at(&tested, scratch, i);
    bw_arena_fini(&arena);
    return tested.skill;
}

static void a_season_is_foreseen_better_than_by_the_last_value(void **state)
{
    (void)state;
    make(&(struct synth){ .level = 100, .sd = 1, .amplitude = 20, .period = 24 }, 1);
    const struct bw_trend_request ask = asked(5 * DAY_MS);
    const struct bw_trend_skill *skill = run(&ask, 10);
    assert_int_equal(tested.origins, 10);
    assert_int_equal(skill->origins, 10);
    assert_int_equal(skill->foreseen, 10);
    assert_int_equal(skill->seasonal, 10);
    assert_true(bw_trend_skill_ratio(skill, BW_SKILL_NAIVE) < 0.2);
    const double seasonal = bw_trend_skill_ratio(skill, BW_SKILL_SEASONAL);
    assert_true(seasonal > 0.5 && seasonal < 1); /* the mean of many days over one of them */
    assert_true(bw_trend_skill_ratio(skill, BW_SKILL_MASE) < 1);
    double low, high;
    assert_true(bw_trend_cover_ratio(&skill->cover95, &low, &high) > 0.85);
    assert_true(bw_trend_cover_ratio(&skill->cover80, &low, &high)
                < bw_trend_cover_ratio(&skill->cover95, &low, &high));
}

/* What comes after an origin must not change what was said there. */
static void nothing_of_the_future_is_known(void **state)
{
    (void)state;
    make(&(struct synth){ .level = 10, .sd = 1, .phi = 0.5 }, 2);
    const struct bw_trend_request ask = asked(5 * DAY_MS);
    const struct bw_trend_skill before = *run(&ask, 1); /* asked five days before the end */
    for (size_t i = N - 100; i < N; i++)
        points[i].value += 1000;
    const struct bw_trend_skill after = *run(&ask, 1);
    assert_int_equal(before.foreseen, 1);
    assert_true(before.cover95.inside > 100 && after.cover95.inside <= 20);
    /* Had it been foreseen, the error would not be that of who knew nothing. */
    assert_true(bw_trend_skill_ratio(&after, BW_SKILL_NAIVE) > 0.99);
    assert_true(after.error > 100 * before.error);
}

static void directions_are_held_against_what_came(void **state)
{
    (void)state;
    make(&(struct synth){ .slope = 0.5, .sd = 1 }, 3);
    const struct bw_trend_request ask = asked(DAY_MS);
    const struct bw_trend_skill up = *run(&ask, 8);
    assert_int_equal(bw_trend_beliefs_count(&up.direction), 8);
    assert_int_equal(bw_trend_beliefs_true(&up.direction), 8);
    assert_true(bw_trend_beliefs_brier(&up.direction) < 0.02);
    make(&(struct synth){ .level = 5, .sd = 1 }, 4);
    const struct bw_trend_skill flat = *run(&ask, 20);
    assert_true(bw_trend_beliefs_true(&flat.direction) >= 16);
    /* A season goes up for hours, and the trend is still none. */
    make(&(struct synth){ .level = 100, .sd = 1, .amplitude = 20, .period = 24 }, 5);
    const struct bw_trend_request hours = asked(6 * HOUR_MS);
    const struct bw_trend_skill *wave = run(&hours, 40);
    const uint64_t said = bw_trend_beliefs_count(&wave->direction);
    assert_true(said >= 20 && bw_trend_beliefs_true(&wave->direction) * 10 >= said * 8);
}

static void crossings_are_counted_until_they_happen(void **state)
{
    (void)state;
    make(&(struct synth){ .slope = 0.1, .sd = 0.5 }, 6); /* reaches 72 at hour 720 */
    struct bw_trend_request ask = asked(5 * DAY_MS);
    ask.threshold = 72;
    ask.side = 1;
    const struct bw_trend_skill *skill = run(&ask, 12);
    const uint64_t said = bw_trend_beliefs_count(&skill->crossing);
    assert_true(said >= 4 && said < skill->origins);
    const uint64_t crossed = bw_trend_beliefs_true(&skill->crossing);
    assert_true(crossed >= 1 && crossed < said);
    assert_true(bw_trend_beliefs_brier(&skill->crossing) < 0.1);
    assert_true(bw_trend_beliefs_skill(&skill->crossing) > 0.5);
}

/* Up to the hour 720 the threshold is above, from then on below. */
static void a_side_that_nobody_named_is_that_of_each_time(void **state)
{
    (void)state;
    make(&(struct synth){ .slope = 0.1, .sd = 0.5 }, 6);
    struct bw_trend_request ask = asked(5 * DAY_MS);
    ask.threshold = 72;
    const struct bw_trend_skill *skill = run(&ask, 12);
    const uint64_t said = bw_trend_beliefs_count(&skill->crossing);
    const uint64_t crossed = bw_trend_beliefs_true(&skill->crossing);
    ask.side = 1;
    const struct bw_trend_skill *upward = run(&ask, 12);
    assert_true(said > bw_trend_beliefs_count(&upward->crossing));
    assert_int_equal(crossed, bw_trend_beliefs_true(&upward->crossing)); /* it never falls back */
}

static void a_counter_is_compared_by_its_rate(void **state)
{
    (void)state;
    make(&(struct synth){ .level = 50, .sd = 2 }, 7);
    for (size_t i = 1; i < N; i++)
        points[i].value += i % 300 == 0 ? 0 : points[i - 1].value; /* a reset now and then */
    struct bw_trend_request ask = asked(DAY_MS);
    ask.counter = true;
    const struct bw_trend_skill *skill = run(&ask, 10);
    double low, high;
    assert_int_equal(skill->foreseen, 10);
    assert_true(bw_trend_cover_ratio(&skill->cover95, &low, &high) > 0.85);
    assert_true(bw_trend_skill_ratio(skill, BW_SKILL_NAIVE) < 1);
}

static void short_data_is_not_scored(void **state)
{
    (void)state;
    make(&(struct synth){ .level = 50, .sd = 2 }, 8);
    struct bw_trend_request ask = asked(14 * DAY_MS); /* 40 days are not three of these */
    assert_int_equal(run(&ask, 10)->origins, 0);
    assert_int_equal(tested.origins, 0);
    assert_true(isnan(bw_trend_skill_ratio(tested.skill, BW_SKILL_MASE)));
    ask.horizons_ms[1] = DAY_MS;
    ask.horizon_count = 2;
    run(&ask, 10);
    assert_int_equal(tested.skill[0].origins, 0);
    assert_int_equal(tested.skill[1].origins, 10);
    ask.count = 0;
    run(&ask, 10);
    assert_int_equal(tested.origins, 0);
    assert_true(bw_trend_backtest_span_ms(INT64_MAX / 2) == INT64_MAX);
}

/* With an outage in the future, the steps that were seen count; with most of it gone, none. */
static void what_was_not_seen_is_not_scored(void **state)
{
    (void)state;
    make(&(struct synth){ .level = 50, .sd = 2 }, 9);
    for (size_t i = N - 24; i < N - 18; i++)
        points[i].value = NAN;
    const struct bw_trend_request ask = asked(DAY_MS);
    assert_int_equal(run(&ask, 1)->cover95.count, 18);
    for (size_t i = N - 24; i < N - 10; i++)
        points[i].value = NAN;
    assert_int_equal(run(&ask, 1)->origins, 0);
}

static void what_never_moves_has_no_skill_to_show(void **state)
{
    (void)state;
    make(&(struct synth){ .level = 5 }, 10);
    const struct bw_trend_request ask = asked(DAY_MS);
    const struct bw_trend_skill *skill = run(&ask, 4);
    assert_int_equal(skill->still, 4);
    assert_true(isnan(bw_trend_skill_ratio(skill, BW_SKILL_MASE)));
    double low, high;
    assert_true(bw_trend_cover_ratio(&skill->cover95, &low, &high) >= 1);
    assert_int_equal(skill->faint, 4);
}

static void series_count_alike_whatever_their_unit(void **state)
{
    (void)state;
    struct bw_trend_skill all = { 0 }, more = { 0 };
    struct bw_trend_skill good = { .foreseen = 4, .error = 1, .naive = 4 };
    struct bw_trend_skill bad = { .foreseen = 4, .error = 4000, .naive = 1000 };
    const struct bw_trend_skill none = { .foreseen = 2, .still = 2 };
    bw_trend_skill_merge(&all, &good);
    bw_trend_skill_merge(&all, &bad);
    bw_trend_skill_merge(&all, &none);
    assert_int_equal(all.foreseen, 10);
    assert_true(fabs(bw_trend_skill_ratio(&all, BW_SKILL_NAIVE) - 1) < 1e-12);
    assert_true(isnan(bw_trend_skill_ratio(&all, BW_SKILL_SEASONAL)));
    bw_trend_skill_merge(&more, &all);
    bw_trend_skill_merge(&more, &good);
    assert_true(fabs(bw_trend_skill_ratio(&more, BW_SKILL_NAIVE) - pow(0.25, 1.0 / 3)) < 1e-12);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_trend_request ask = asked(DAY_MS);
    struct bw_err err;
    assert_int_equal(bw_trend_backtest_begin(&arena, &ask, 0, &tested, &err), BW_EINVAL);
    assert_int_equal(bw_trend_backtest_begin(&arena, &ask, 1001, &tested, &err), BW_EINVAL);
    ask.horizons_ms[0] = -1;
    assert_int_equal(bw_trend_backtest_begin(&arena, &ask, 5, &tested, &err), BW_EINVAL);
    ask.horizon_count = 0;
    assert_int_equal(bw_trend_backtest_begin(&arena, &ask, 5, &tested, &err), BW_EINVAL);
}

int main(void)
{
    gsl_set_error_handler_off();
    scratch = bw_trend_scratch_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_season_is_foreseen_better_than_by_the_last_value),
        cmocka_unit_test(nothing_of_the_future_is_known),
        cmocka_unit_test(directions_are_held_against_what_came),
        cmocka_unit_test(crossings_are_counted_until_they_happen),
        cmocka_unit_test(a_side_that_nobody_named_is_that_of_each_time),
        cmocka_unit_test(a_counter_is_compared_by_its_rate),
        cmocka_unit_test(short_data_is_not_scored),
        cmocka_unit_test(what_was_not_seen_is_not_scored),
        cmocka_unit_test(what_never_moves_has_no_skill_to_show),
        cmocka_unit_test(series_count_alike_whatever_their_unit),
        cmocka_unit_test(nonsense_is_refused),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_trend_scratch_free(scratch);
    return failed;
}
