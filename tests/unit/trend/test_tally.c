// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/tally.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define WEEK (168 * HOUR)
#define NOW (2800 * WEEK + 5 * HOUR)

static struct bw_statement about(enum bw_statement_kind kind, int64_t deadline_ms, double believed,
                                 double stated)
{
    return (struct bw_statement){ .kind = kind,
                                  .horizon_ms = HOUR,
                                  .deadline_ms = deadline_ms,
                                  .believed_ratio = believed,
                                  .stated_ratio = stated };
}

static uint64_t count(const struct bw_trend_tally *tally, enum bw_statement_kind kind,
                      int64_t horizon_ms)
{
    const struct bw_trend_tally_key key = { .kind = kind, .horizon_ms = horizon_ms };
    const struct bw_trend_beliefs sum = bw_trend_tally_sum(tally, &key);
    return bw_trend_beliefs_count(&sum);
}

static void statements_are_filed_by_kind_horizon_and_probability(void **state)
{
    (void)state;
    struct bw_trend_tally tally = { 0 };
    const struct bw_statement_bin *out;
    struct bw_statement s = about(BW_STATEMENT_TREND, NOW, 0.97, 0.84);
    bw_trend_tally_add(&tally, &s, true);
    bw_trend_tally_add(&tally, &s, false);
    out = tally.bins;
    assert_int_equal(tally.count, 2);
    assert_true(out[0].changed && out[1].changed);
    assert_int_equal(out[0].bin, 8);
    assert_int_equal(out[0].count, 2);
    assert_int_equal(out[0].true_count, 1);
    assert_int_equal(out[0].week, 2800);
    assert_int_equal(out[1].bin, 9);
    assert_true(out[1].believed && !out[0].believed);
    assert_true(fabs(out[0].squared - (0.16 * 0.16 + 0.84 * 0.84)) < 1e-12);
    s.horizon_ms = 24 * HOUR;
    s.stated_ratio = 1;
    bw_trend_tally_add(&tally, &s, true);
    assert_int_equal(tally.bins[2].bin, 9);
    assert_int_equal(count(&tally, BW_STATEMENT_TREND, HOUR), 2);
    assert_int_equal(count(&tally, BW_STATEMENT_TREND, 0), 3);
    assert_int_equal(count(&tally, BW_STATEMENT_FLAT, 0), 0);
    bw_trend_tally_fini(&tally);
}

static void what_is_no_probability_is_not_filed(void **state)
{
    (void)state;
    struct bw_trend_tally tally = { 0 };
    const struct bw_statement odd[] = { about(BW_STATEMENT_FLAT, NOW, NAN, 0.5),
                                        about(BW_STATEMENT_FLAT, NOW, 0.5, NAN),
                                        about(BW_STATEMENT_FLAT, NOW, 1.5, 0.5),
                                        about(BW_STATEMENT_FLAT, NOW, 0.5, -0.1) };
    for (size_t i = 0; i < 4; i++)
        bw_trend_tally_add(&tally, &odd[i], true);
    assert_int_equal(tally.count, 0);
    bw_trend_tally_fini(&tally);
}

static void old_weeks_go(void **state)
{
    (void)state;
    struct bw_trend_tally tally = { 0 };
    int64_t week;
    for (int64_t back = 0; back < 8; back++) {
        const struct bw_statement s = about(BW_STATEMENT_FLAT, NOW - back * WEEK, 0.5, 0.5);
        bw_trend_tally_add(&tally, &s, true);
    }
    assert_true(bw_trend_tally_expire(&tally, NOW, &week));
    assert_int_equal(week, 2796);
    assert_int_equal(count(&tally, BW_STATEMENT_FLAT, 0), BW_TREND_WEEKS_KEPT);
    assert_false(bw_trend_tally_expire(&tally, NOW, &week));
    bw_trend_tally_fini(&tally);
}

static void what_was_stored_goes_on(void **state)
{
    (void)state;
    struct bw_trend_tally tally = { 0 }, again = { 0 };
    const struct bw_statement s = about(BW_STATEMENT_THRESHOLD, NOW, 0.3, 0.35);
    bw_trend_tally_add(&tally, &s, true);
    bw_trend_tally_restore(&again, &tally.bins[0]);
    bw_trend_tally_restore(&again, &tally.bins[1]);
    struct bw_statement_bin wrong = tally.bins[0];
    wrong.bin = BW_STATEMENT_BINS;
    bw_trend_tally_restore(&again, &wrong);
    wrong = tally.bins[0];
    wrong.stated = NAN;
    bw_trend_tally_restore(&again, &wrong);
    wrong = tally.bins[0];
    wrong.true_count = 2;
    bw_trend_tally_restore(&again, &wrong);
    bw_trend_tally_add(&again, &s, false);
    assert_int_equal(again.bins[0].count, 2);
    assert_int_equal(again.bins[0].true_count, 1);
    assert_int_equal(again.count, 2);
    bw_trend_tally_fini(&tally);
    bw_trend_tally_fini(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_are_filed_by_kind_horizon_and_probability),
        cmocka_unit_test(what_is_no_probability_is_not_filed),
        cmocka_unit_test(old_weeks_go),
        cmocka_unit_test(what_was_stored_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
