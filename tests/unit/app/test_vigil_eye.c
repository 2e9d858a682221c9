// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/vigil_eye.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/robust.h"

#include <math.h>

enum { STEP_MS = 15000, START_MS = 1000000 };

/* Values about 1.0, a tenth wide, that rise by `by` from the 301st on. */
struct course {
    double by;
    unsigned length; /* of what is higher */
    bool counter;
};

struct told {
    unsigned begins, ends, shifts;
    int begun;
};

static struct told follow(struct bw_vigil_eye *eye, const struct course *course, unsigned values)
{
    struct told told = { 0 };
    struct bw_trend_random random = bw_trend_random_seed(4);
    double total = 0;
    for (unsigned i = 0; i < values; i++) {
        const bool high = i >= 300 && i < 300 + course->length;
        const double value = 1 + 0.1 * bw_trend_random_normal(&random) + (high ? course->by : 0);
        total += value * STEP_MS / 1000;
        const unsigned news =
            bw_vigil_eye_put(eye, START_MS + i * INT64_C(15000), course->counter ? total : value);
        told.begins += (news & BW_VIGIL_BEGINS) != 0;
        told.ends += (news & BW_VIGIL_ENDS) != 0;
        told.shifts += (news & BW_VIGIL_SHIFT) != 0;
        told.begun = (news & BW_VIGIL_BEGINS) != 0 ? (int)i : told.begun;
    }
    return told;
}

static const struct {
    const char *name;
    struct course course;
    struct told want;
} cases[] = {
    { "nothing happens", { 0, 0, false }, { 0, 0, 0, 0 } },
    { "one odd value is an episode, and no new level", { 3, 1, false }, { 1, 1, 0, 300 } },
    { "a new level is told once", { 3, 1000, false }, { 1, 1, 1, 300 } },
    { "the rate of a counter is watched", { 3, 1000, true }, { 1, 1, 1, 300 } },
};

static void episodes_and_levels_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_vigil_eye *eye = bw_vigil_eye_new(cases[i].course.counter, NULL);
        const struct told told = follow(eye, &cases[i].course, 600);
        const struct told *want = &cases[i].want;
        if (told.begins != want->begins || told.ends != want->ends || told.shifts != want->shifts
            || told.begun != want->begun)
            fail_msg("%s: %u begin, the last at %d, %u end, %u shifts", cases[i].name, told.begins,
                     told.begun, told.ends, told.shifts);
        bw_vigil_eye_free(eye);
    }
}

static void it_has_a_score_and_a_band_once_it_is_warm(void **state)
{
    (void)state;
    struct bw_vigil_eye *eye = bw_vigil_eye_new(false, NULL);
    follow(eye, &(struct course){ 0 }, BW_TREND_WARM_UP);
    assert_true(isnan(eye->score) && isnan(eye->low) && isnan(bw_vigil_eye_worth(eye)));
    bw_vigil_eye_free(eye);
    eye = bw_vigil_eye_new(false, NULL);
    follow(eye, &(struct course){ 3, 10, false }, 303);
    assert_true(eye->score > 1 && bw_vigil_eye_worth(eye) >= eye->score);
    assert_true(eye->low >= 0 && eye->low < 0.8 && eye->high > 1.2 && eye->high < 2);
    assert_true(eye->begun_value > 3 && eye->begun_high < 2);
    assert_int_equal(eye->begun_ms, START_MS + 300 * INT64_C(15000));
    assert_int_equal(bw_vigil_eye_unmatched_since_ms(eye), START_MS);
    bw_vigil_eye_free(eye);
}

/* Durations are never negative; what is far below 0 is not expected of them. */
static void the_band_of_what_was_never_negative_is_not(void **state)
{
    (void)state;
    struct bw_vigil_eye *eye = bw_vigil_eye_new(false, NULL);
    struct bw_trend_random random = bw_trend_random_seed(4);
    for (int i = 0; i < 200; i++)
        bw_vigil_eye_put(eye, i + 1, exp(bw_trend_random_normal(&random)));
    assert_true(eye->low == 0 && eye->high > 3);
    bw_vigil_eye_free(eye);
}

static void of_what_was_always_0_only_that_is_expected(void **state)
{
    (void)state;
    struct bw_vigil_eye *eye = bw_vigil_eye_new(false, NULL);
    for (int i = 0; i < 200; i++)
        bw_vigil_eye_put(eye, i + 1, 0);
    assert_true(eye->low == 0 && eye->high == 0);
    assert_int_equal(bw_vigil_eye_put(eye, 201, 1), BW_VIGIL_BEGINS);
    bw_vigil_eye_free(eye);
}

static void old_values_and_no_numbers_change_nothing(void **state)
{
    (void)state;
    struct bw_vigil_eye *eye = bw_vigil_eye_new(false, NULL);
    follow(eye, &(struct course){ 0 }, 200);
    const struct bw_vigil_eye before = *eye;
    assert_int_equal(bw_vigil_eye_put(eye, eye->last_ms, 99), 0);
    assert_int_equal(bw_vigil_eye_put(eye, 5, 99), 0);
    assert_int_equal(bw_vigil_eye_put(eye, eye->last_ms + 1, NAN), 0);
    assert_int_equal(bw_vigil_eye_put(eye, eye->last_ms + 1, INFINITY), 0);
    assert_memory_equal(&before, eye, sizeof before);
    bw_vigil_eye_free(eye);
}

/* As in maintenance. */
static void what_is_skipped_is_no_oddity(void **state)
{
    (void)state;
    struct bw_vigil_eye *eye = bw_vigil_eye_new(true, NULL);
    follow(eye, &(struct course){ .counter = true }, 200);
    const double score = eye->score;
    for (int i = 0; i < 100; i++)
        bw_vigil_eye_skip(eye, eye->last_ms + STEP_MS, 1e9 + 1e6 * i);
    assert_true(eye->score == score && !eye->episode.inside);
    /* The counter goes on from where it stands now: 1 a second. */
    assert_int_equal(bw_vigil_eye_put(eye, eye->last_ms + STEP_MS, eye->last_raw + 15), 0);
    assert_true(fabs(eye->value - 1) < 1e-6 && eye->score < 1);
    bw_vigil_eye_free(eye);
}

/* An hour back: what is said goes on from there, and so does an episode. */
static void a_clock_that_is_set_back_stops_nothing(void **state)
{
    (void)state;
    enum { HOUR_MS = 3600000 };
    struct bw_vigil_eye *eye = bw_vigil_eye_new(true, NULL);
    const struct told told = follow(eye, &(struct course){ 3, 10, true }, 305);
    assert_int_equal(told.begins - told.ends, 1);
    const int64_t past_ms = eye->begun_ms - bw_vigil_eye_unmatched_since_ms(eye);
    int64_t now_ms = eye->last_ms - HOUR_MS;
    double total = eye->last_raw;
    bw_vigil_eye_set_back(eye, HOUR_MS);
    assert_int_equal(bw_vigil_eye_put(eye, now_ms += STEP_MS, total += 1e6), 0);
    assert_true(eye->value < 10 && eye->episode.inside && eye->last_ms == now_ms);
    assert_int_equal(eye->begun_ms - bw_vigil_eye_unmatched_since_ms(eye), past_ms);
    unsigned ends = 0;
    for (int i = 0; i < 10; i++)
        ends += (bw_vigil_eye_put(eye, now_ms += STEP_MS, total += 15) & BW_VIGIL_ENDS) != 0;
    assert_int_equal(ends, 1);
    bw_vigil_eye_free(eye);
}

/* A job each hundred values is no oddity once its hour is known; a missing one is. */
static void a_season_is_no_oddity(void **state)
{
    (void)state;
    enum { PERIOD = 100, JOB = 10 };
    float value[PERIOD];
    for (size_t i = 0; i < PERIOD; i++)
        value[i] = i < JOB ? 5 : 0;
    const struct bw_trend_shape shape = { START_MS, STEP_MS, PERIOD, value };
    struct bw_vigil_eye *eye = bw_vigil_eye_new(false, &shape);
    struct bw_trend_random random = bw_trend_random_seed(8);
    unsigned episodes = 0;
    for (int i = 0; i < 1000; i++) {
        const bool job = i % PERIOD < JOB && i < 900;
        const double at = 10 + 0.1 * bw_trend_random_normal(&random) + (job ? 5 : 0);
        const int64_t ts_ms = START_MS + (2 * i + 1) * INT64_C(7500);
        const unsigned news = bw_vigil_eye_put(eye, ts_ms, at);
        episodes += (news & BW_VIGIL_BEGINS) != 0;
        if ((news & BW_VIGIL_BEGINS) != 0)
            assert_int_equal(i, 900);
        if (job && i > 200)
            assert_true(eye->low > 12 && eye->high < 18);
    }
    assert_int_equal(episodes, 1);
    bw_vigil_eye_free(eye);
}

static void a_reset_of_a_counter_is_no_oddity(void **state)
{
    (void)state;
    struct bw_vigil_eye *eye = bw_vigil_eye_new(true, NULL);
    follow(eye, &(struct course){ .counter = true }, 200);
    assert_int_equal(bw_vigil_eye_put(eye, eye->last_ms + STEP_MS, 0), 0);
    assert_int_equal(bw_vigil_eye_put(eye, eye->last_ms + STEP_MS, 15), 0);
    assert_true(fabs(eye->value - 1) < 1e-6 && eye->score < 1);
    bw_vigil_eye_free(eye);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(episodes_and_levels_are_told),
        cmocka_unit_test(it_has_a_score_and_a_band_once_it_is_warm),
        cmocka_unit_test(the_band_of_what_was_never_negative_is_not),
        cmocka_unit_test(of_what_was_always_0_only_that_is_expected),
        cmocka_unit_test(old_values_and_no_numbers_change_nothing),
        cmocka_unit_test(what_is_skipped_is_no_oddity),
        cmocka_unit_test(a_clock_that_is_set_back_stops_nothing),
        cmocka_unit_test(a_season_is_no_oddity),
        cmocka_unit_test(a_reset_of_a_counter_is_no_oddity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
