// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/adapt.h"
#include "trend/robust.h"

#include <math.h>

enum { OUTCOMES = 4000, LEARNING = 1000 };

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

/* A forecaster that says -1.28 to +1.28 for 80 % while the truth is of another kind. */
struct world {
    const char *name;
    double level;
    double spread, shift; /* of the normal truth */
    double drift;         /* of the spread, a factor e over all outcomes */
};

static const struct world worlds[] = {
    { "right from the start", 0.80, 1, 0, 0 },    { "three times too narrow", 0.80, 3, 0, 0 },
    { "nearly twice too wide", 0.80, 0.6, 0, 0 }, { "off to one side", 0.80, 1, 0.5, 0 },
    { "ever wilder", 0.80, 1, 0, 1.5 },           { "95 %, too narrow", 0.95, 2.5, 0, 0 },
};

/* Misses below and above, as shares of the outcomes after the learning. */
static void live(const struct world *world, double misses[2])
{
    struct bw_trend_width width = { 0 };
    struct bw_trend_random r = bw_trend_random_seed(7);
    const double end = world->level > 0.9 ? 1.959964 : 1.281552;
    misses[0] = misses[1] = 0;
    for (size_t i = 0; i < OUTCOMES; i++) {
        const double grown = exp(world->drift * (double)i / OUTCOMES);
        const double value = world->shift + world->spread * grown * bw_trend_random_normal(&r);
        const double low = bw_trend_width_stretch(width.below, false, 0, -end);
        const double high = bw_trend_width_stretch(width.above, false, 0, end);
        const enum bw_trend_outcome outcome = value < low    ? BW_TREND_BELOW
                                              : value > high ? BW_TREND_ABOVE
                                                             : BW_TREND_INSIDE;
        if (i >= LEARNING && outcome != BW_TREND_INSIDE)
            misses[outcome == BW_TREND_ABOVE] += 1.0 / (OUTCOMES - LEARNING);
        width = bw_trend_width_learn(width, world->level, outcome, 1);
    }
}

static void coverage_becomes_what_was_promised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        double misses[2];
        live(&worlds[i], misses);
        const double promised = (1 - worlds[i].level) / 2;
        for (size_t side = 0; side < 2; side++)
            if (fabs(misses[side] - promised) > 0.01)
                fail_msg("%s: %.3f missed on side %zu, promised %.3f", worlds[i].name, misses[side],
                         side, promised);
    }
}

static void a_series_that_never_misses_keeps_half_its_width(void **state)
{
    (void)state;
    struct bw_trend_width width = { 0 };
    for (size_t i = 0; i < 1000; i++)
        width = bw_trend_width_learn(width, 0.8, BW_TREND_INSIDE, 1);
    assert_true(is_near(bw_trend_width_stretch(width.above, false, 10, 20), 15));
    for (size_t i = 0; i < 1000; i++)
        width = bw_trend_width_learn(width, 0.8, BW_TREND_ABOVE, 1);
    assert_true(is_near(bw_trend_width_stretch(width.above, false, 10, 20), 90));
    assert_true(is_near(bw_trend_width_stretch(width.below, false, 10, 0), 5));
}

/* Twenty overlapping outcomes, each a twentieth, are worth one. */
static void overlapping_outcomes_count_for_their_share(void **state)
{
    (void)state;
    struct bw_trend_width parts = { 0 };
    for (size_t i = 0; i < 20; i++)
        parts = bw_trend_width_learn(parts, 0.8, BW_TREND_BELOW, 0.05);
    const struct bw_trend_width whole =
        bw_trend_width_learn((struct bw_trend_width){ 0 }, 0.8, BW_TREND_BELOW, 1);
    assert_true(is_near(parts.below, whole.below));
    assert_true(is_near(parts.above, whole.above));
    assert_true(whole.below > 0 && whole.above < 0);
}

static void nonsense_is_taken_for_nothing(void **state)
{
    (void)state;
    struct bw_trend_width width = { .below = NAN, .above = INFINITY };
    width = bw_trend_width_learn(width, 0.8, BW_TREND_ABOVE, NAN);
    assert_true(width.below == 0 && width.above == 0);
    width = bw_trend_width_learn(width, 0.8, BW_TREND_ABOVE, -1);
    assert_true(width.below == 0 && width.above == 0);
    assert_true(bw_trend_width_stretch(NAN, true, 3, 0.1) == 0.1);
}

/* Twice as far by ratio: a value of 8 with 2 as its lower end becomes 8 and 0.5. */
static void logarithmic_ends_stay_positive(void **state)
{
    (void)state;
    assert_true(is_near(bw_trend_width_stretch(log(2), true, 8, 2), 0.5));
    assert_true(is_near(bw_trend_width_stretch(log(2), false, 8, 2), -4));
    assert_true(is_near(bw_trend_width_stretch(log(2), true, 0, 2), 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coverage_becomes_what_was_promised),
        cmocka_unit_test(a_series_that_never_misses_keeps_half_its_width),
        cmocka_unit_test(overlapping_outcomes_count_for_their_share),
        cmocka_unit_test(nonsense_is_taken_for_nothing),
        cmocka_unit_test(logarithmic_ends_stay_positive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
