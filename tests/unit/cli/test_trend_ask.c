// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/trend_ask.h"

#include <math.h>
#include <string.h>

static void mistakes_name_their_flag(void **state)
{
    (void)state;
    static const struct {
        struct bw_trend_ask ask;
        const char *says; /* NULL: nothing is wrong */
    } cases[] = {
        { { NAN, 0, "1h", "auto", false }, NULL },
        { { 9, -1, " 1h , 2d,1w", "1d", true }, NULL },
        { { NAN, 1, "1h", "auto", false }, "--side without --threshold" },
        { { 9, 0, "1h,2h,3h,4h", "auto", false }, "--horizon: at most 3" },
        { { 9, 0, "1h,", "auto", false }, "--horizon" },
        { { 9, 0, "", "auto", false }, "--horizon" },
        { { 9, 0, "500ms", "auto", false }, "--horizon: at least 1s" },
        { { 9, 0, "111111111111111111111111111111111111111111111111111111111111111111111h", "auto",
            false },
          "--horizon" },
        { { 9, 0, "1h", "often", false }, "season" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_err err = { .text = "" };
        const enum bw_rc rc = bw_trend_ask_check(&cases[i].ask, "horizon", &err);
        const char *want = cases[i].says;
        if ((rc == BW_OK) != (want == NULL) || (want != NULL && strstr(err.text, want) == NULL))
            fail_msg("'%s', '%s': %s", cases[i].ask.horizons, cases[i].ask.season, err.text);
    }
}

static struct bw_trend_request about(double threshold, int side, bool counter)
{
    struct bw_read_points read = { .counter = counter };
    const struct bw_trend_ask ask = { threshold, side, "1h,1d", "1d", false };
    bw_points_add(&read.points, 3000, NAN);
    bw_points_add(&read.points, 2000, 7);
    bw_points_add(&read.points, 1000, 5);
    const struct bw_trend_request request = bw_trend_ask_about(&ask, &read);
    assert_true(request.points[0].ts_ms == 1000 && request.count == 3);
    bw_read_points_fini(&read);
    return request;
}

static void a_request_says_what_the_flags_say(void **state)
{
    (void)state;
    const struct bw_trend_request request = about(9, 0, false);
    assert_int_equal(request.horizon_count, 2);
    assert_true(request.horizons_ms[0] == 3600000 && request.horizons_ms[1] == 86400000);
    assert_true(request.season == BW_TREND_SEASON_FIXED && request.season_ms == 86400000);
    assert_false(request.counter);
    assert_true(about(9, 0, true).counter);
}

static void the_side_is_where_the_series_is_not(void **state)
{
    (void)state;
    assert_int_equal(about(9, 0, false).side, 1);
    assert_int_equal(about(6, 0, false).side, -1);
    assert_int_equal(about(6, 1, false).side, 1);
    assert_int_equal(about(NAN, 0, false).side, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_name_their_flag),
        cmocka_unit_test(a_request_says_what_the_flags_say),
        cmocka_unit_test(the_side_is_where_the_series_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
