// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/score.h"

#include "trend/robust.h"

#include <math.h>
#include <string.h>

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9;
}

static void the_scale_is_the_error_of_the_simplest_forecast(void **state)
{
    (void)state;
    static const double x[] = { 1, 3, 2, 6, NAN, 4, 5 };
    assert_true(near(bw_trend_score_scale(x, 7, 1), (2 + 1 + 4 + 1) / 4.0));
    assert_true(near(bw_trend_score_scale(x, 7, 3), (5 + 2 + 1) / 3.0)); /* 6-1, 4-2, 5-6 */
    assert_true(isnan(bw_trend_score_scale(x, 7, 7)));
    assert_true(isnan(bw_trend_score_scale(x, 7, 0)));
    static const double huge[] = { 1e308, -1e308, 1e308, 0 };
    assert_true(near(bw_trend_score_scale(huge, 4, 3), 1e308)); /* 2e308 is no double */
    assert_true(near(bw_trend_score_scale(huge, 4, 2), 5e307)); /* 0 and 1e308 */
}

static void a_quantile_pays_for_the_side_it_promised_to_be_seldom_on(void **state)
{
    (void)state;
    assert_true(near(bw_trend_score_pinball(12, 10, 0.9), 1.8));
    assert_true(near(bw_trend_score_pinball(8, 10, 0.9), 0.2));
    assert_true(near(bw_trend_score_pinball(8, 10, 0.5), 1));
    assert_true(near(bw_trend_score_pinball(10, 10, 0.1), 0));
}

/* Wilson's own kind of figures: 81 of 263, and the ends. */
static void a_share_has_an_interval(void **state)
{
    (void)state;
    double low, high;
    bw_trend_score_share(81, 263, 1.96, &low, &high);
    assert_true(fabs(low - 0.2553) < 1e-4 && fabs(high - 0.3662) < 1e-4);
    bw_trend_score_share(10, 10, 1.96, &low, &high);
    assert_true(fabs(low - 0.7225) < 1e-4 && near(high, 1));
    bw_trend_score_share(0, 0, 1.96, &low, &high);
    assert_true(near(low, 0) && near(high, 1));
}

static double wide(const struct bw_trend_cover *cover)
{
    double low, high;
    const double ratio = bw_trend_cover_ratio(cover, &low, &high);
    assert_true(low <= ratio && ratio <= high);
    return high - low;
}

/* A thousand steps of ten forecasts: that miss now and then, that miss in one forecast and all of
 * it, and all of the same future. */
static void steps_that_miss_together_count_once(void **state)
{
    (void)state;
    struct bw_trend_cover apart = { 0 }, together = { 0 }, same = { 0 };
    for (int i = 0; i < 10; i++) {
        bw_trend_cover_add(&apart, i % 2 == 0 ? 93 : 87, 100, 1);
        bw_trend_cover_add(&together, i > 0 ? 100 : 0, 100, 1);
        bw_trend_cover_add(&same, i > 0 ? 100 : 0, 100, 0.2);
    }
    double low, high;
    assert_true(near(bw_trend_cover_ratio(&together, &low, &high), 0.9));
    assert_true(wide(&apart) < 0.08);
    assert_true(wide(&together) > 0.3);
    assert_true(wide(&same) > wide(&together));
    bw_trend_cover_add(&same, 0, 0, 1);
    assert_int_equal(same.forecasts, 10);
}

static void nothing_covered_is_not_known(void **state)
{
    (void)state;
    double low, high;
    const struct bw_trend_cover none = { 0 };
    assert_true(isnan(bw_trend_cover_ratio(&none, &low, &high)) && isnan(low) && isnan(high));
    const struct bw_trend_beliefs nobody = { 0 };
    assert_true(isnan(bw_trend_beliefs_brier(&nobody)));
    assert_true(isnan(bw_trend_beliefs_skill(&nobody)));
    assert_true(isnan(bw_trend_beliefs_miscalibration(&nobody)));
}

/* Statements of every probability, that come true as often as stated or as often as `truth`. */
static struct bw_trend_beliefs state_many(double truth)
{
    struct bw_trend_random random = bw_trend_random_seed(7);
    struct bw_trend_beliefs beliefs = { 0 };
    for (int i = 0; i < 20000; i++) {
        const double stated = bw_trend_random_uniform(&random);
        const double p = truth >= 0 ? truth : stated;
        bw_trend_beliefs_add(&beliefs, stated, bw_trend_random_uniform(&random) < p);
    }
    return beliefs;
}

static void honest_beliefs_are_calibrated_and_worth_something(void **state)
{
    (void)state;
    const struct bw_trend_beliefs honest = state_many(-1), guessed = state_many(0.5);
    assert_true(bw_trend_beliefs_miscalibration(&honest) < 0.02);
    assert_true(fabs(bw_trend_beliefs_brier(&honest) - 1 / 6.0) < 0.01);
    assert_true(bw_trend_beliefs_skill(&honest) > 0.3);
    assert_true(bw_trend_beliefs_miscalibration(&guessed) > 0.2);
    assert_true(bw_trend_beliefs_skill(&guessed) < 0);
}

static void parts_make_the_whole(void **state)
{
    (void)state;
    struct bw_trend_beliefs whole = { 0 }, part[2];
    memset(part, 0, sizeof part);
    struct bw_trend_cover all = { 0 }, some[2] = { { 0 } };
    for (int i = 0; i < 100; i++) {
        bw_trend_beliefs_add(&whole, i / 99.0, i % 3 == 0);
        bw_trend_beliefs_add(&part[i % 2], i / 99.0, i % 3 == 0);
        bw_trend_cover_add(&all, (size_t)i % 5, 5, 1);
        bw_trend_cover_add(&some[i % 2], (size_t)i % 5, 5, 1);
    }
    bw_trend_beliefs_merge(&part[0], &part[1]);
    bw_trend_cover_merge(&some[0], &some[1]);
    assert_int_equal(bw_trend_beliefs_count(&part[0]), 100);
    assert_int_equal(bw_trend_beliefs_true(&part[0]), 34);
    assert_true(near(bw_trend_beliefs_brier(&part[0]), bw_trend_beliefs_brier(&whole)));
    assert_true(
        near(bw_trend_beliefs_miscalibration(&part[0]), bw_trend_beliefs_miscalibration(&whole)));
    assert_true(near(wide(&some[0]), wide(&all)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_scale_is_the_error_of_the_simplest_forecast),
        cmocka_unit_test(a_quantile_pays_for_the_side_it_promised_to_be_seldom_on),
        cmocka_unit_test(a_share_has_an_interval),
        cmocka_unit_test(steps_that_miss_together_count_once),
        cmocka_unit_test(nothing_covered_is_not_known),
        cmocka_unit_test(honest_beliefs_are_calibrated_and_worth_something),
        cmocka_unit_test(parts_make_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
