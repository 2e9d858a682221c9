// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/standing.h"

#include "trend/robust.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DAY INT64_C(86400000)
#define START (20000 * DAY)

static struct bw_statement forecast(int64_t deadline_ms, double p50, double naive)
{
    return (struct bw_statement){ .kind = BW_STATEMENT_FORECAST,
                                  .deadline_ms = deadline_ms,
                                  .p2_5 = p50 - 2,
                                  .p10 = p50 - 1.28,
                                  .p50 = p50,
                                  .p90 = p50 + 1.28,
                                  .p97_5 = p50 + 2,
                                  .naive = naive };
}

/* Outcomes that scatter by `sd` around `p50`, the naive forecast being off by `naive`. */
static struct bw_series_score after(size_t count, double bias, double sd, double naive)
{
    struct bw_series_score score = { .series = 1 };
    struct bw_trend_random random = bw_trend_random_seed(count);
    for (size_t i = 0; i < count; i++) {
        const struct bw_statement s = forecast(START + (int64_t)i * DAY / 24, 10, 10 + naive);
        bw_trend_standing_add(&score, &s, 10 + bias + sd * bw_trend_random_normal(&random));
    }
    return score;
}

static void nothing_is_known_of_nothing(void **state)
{
    (void)state;
    const struct bw_series_score none = { .series = 1 };
    assert_true(isnan(bw_trend_standing_inside80(&none)));
    assert_true(isnan(bw_trend_standing_inside95(&none)));
    assert_true(isnan(bw_trend_standing_skill(&none)));
    assert_false(bw_trend_standing_loses(&none));
}

static void an_honest_interval_holds_what_it_says(void **state)
{
    (void)state;
    const struct bw_series_score score = after(600, 0, 1, 5);
    assert_true(fabs(bw_trend_standing_inside80(&score) - 0.80) < 0.05);
    assert_true(fabs(bw_trend_standing_inside95(&score) - 0.95) < 0.03);
    assert_true(bw_trend_standing_skill(&score) > 0.5);
    assert_false(bw_trend_standing_loses(&score));
}

static const struct {
    const char *name;
    size_t count;
    double bias, sd, naive;
    bool loses;
} cases[] = {
    { "worse than standing still, often enough", 60, 3, 1, 2, true },
    { "as bad, but hardly seen", 15, 3, 1, 2, false },
    { "as good as standing still", 400, 0, 1, 0, false },
    { "better", 400, 0, 1, 3, false },
    { "a little worse, hidden by noise", 30, 0.2, 5, 0.3, false },
};

static void only_who_loses_beyond_doubt_loses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_series_score score =
            after(cases[i].count, cases[i].bias, cases[i].sd, cases[i].naive);
        if (bw_trend_standing_loses(&score) != cases[i].loses)
            fail_msg("%s: skill %g of %g", cases[i].name, bw_trend_standing_skill(&score),
                     score.count);
    }
}

static void hopeless_is_still_a_number(void **state)
{
    (void)state;
    struct bw_series_score score = { .series = 1 };
    const struct bw_statement s = forecast(START, 1e300, 0);
    for (size_t i = 0; i < 30; i++)
        bw_trend_standing_add(&score, &s, 0);
    assert_true(fabs(bw_trend_standing_skill(&score) + 98) < 1e-9);
    assert_true(bw_trend_standing_loses(&score));
}

static void outcomes_fade(void **state)
{
    (void)state;
    struct bw_series_score old = after(40, 0, 1, 5), sum = { .updated_ms = 0 };
    const double was = old.count;
    sum.updated_ms = old.updated_ms + 28 * DAY;
    bw_trend_standing_merge(&sum, &old);
    assert_true(fabs(sum.count - was / 2) < 1e-9);
    assert_true(fabs(bw_trend_standing_skill(&sum) - bw_trend_standing_skill(&old)) < 1e-9);
    /* A clock that went back makes nothing grow. */
    sum = (struct bw_series_score){ .updated_ms = old.updated_ms - 28 * DAY };
    bw_trend_standing_merge(&sum, &old);
    assert_true(fabs(sum.count - was) < 1e-9);
}

static void intervals_that_are_missed_grow(void **state)
{
    (void)state;
    const struct bw_series_score score = after(50, 4, 0.1, 5);
    assert_true(score.width_above > 0.5 && score.width_below < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_of_nothing),
        cmocka_unit_test(an_honest_interval_holds_what_it_says),
        cmocka_unit_test(only_who_loses_beyond_doubt_loses),
        cmocka_unit_test(hopeless_is_still_a_number),
        cmocka_unit_test(outcomes_fade),
        cmocka_unit_test(intervals_that_are_missed_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
