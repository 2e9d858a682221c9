// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/options.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *text;
    enum bw_rc rc;
    enum bw_trend_season_policy policy;
    int64_t season_ms;
} seasons[] = {
    { "auto", BW_OK, BW_TREND_SEASON_AUTO, 0 },
    { "none", BW_OK, BW_TREND_SEASON_NONE, 0 },
    { "24h", BW_OK, BW_TREND_SEASON_FIXED, 86400000 },
    { "7d", BW_OK, BW_TREND_SEASON_FIXED, 604800000 },
    { "1ms", BW_EINVAL, 0, 0 },
    { "daily", BW_EINVAL, 0, 0 },
    { "", BW_EINVAL, 0, 0 },
};

static void seasons_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof seasons / sizeof *seasons; i++) {
        enum bw_trend_season_policy policy = 0;
        int64_t season_ms = 0;
        struct bw_err err = { .text = "" };
        const enum bw_rc rc = bw_trend_season_parse(seasons[i].text, &policy, &season_ms, &err);
        if (rc != seasons[i].rc || policy != seasons[i].policy || season_ms != seasons[i].season_ms)
            fail_msg("'%s': rc %d, policy %d, %lld ms", seasons[i].text, (int)rc, (int)policy,
                     (long long)season_ms);
        assert_true(rc == BW_OK || strlen(err.text) > 0);
    }
}

static const struct bw_opt *row(const struct bw_opt_group *group, const char *name)
{
    for (const struct bw_opt *o = group->opts; o->name != NULL; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    fail_msg("no row '%s'", name);
    return NULL;
}

static void a_threshold_and_its_side_come_together(void **state)
{
    (void)state;
    const struct bw_opt_group *select = row(&bw_trend_group, "select")->group;
    static const struct {
        double threshold;
        int side;
        enum bw_rc want;
    } cases[] = {
        { 90, 1, BW_OK },     { 0, -1, BW_OK },      { NAN, 0, BW_OK },
        { 90, 0, BW_EINVAL }, { NAN, 1, BW_EINVAL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_trend_select entry = { .threshold = cases[i].threshold,
                                               .side = cases[i].side,
                                               .season = "auto" };
        assert_int_equal(select->check(&entry, NULL), cases[i].want);
    }
    const struct bw_trend_select odd = { .threshold = NAN, .season = "often" };
    assert_int_equal(select->check(&odd, NULL), BW_EINVAL);
}

static void one_to_three_horizons(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 4; count++) {
        const struct bw_trend_options options = { .horizons_ns = { .count = count } };
        assert_int_equal(bw_trend_group.check(&options, NULL),
                         count >= 1 && count <= 3 ? BW_OK : BW_EINVAL);
    }
}

static void every_row_has_help(void **state)
{
    (void)state;
    for (const struct bw_opt *o = bw_trend_group.opts; o->name != NULL; o++)
        assert_true(o->help != NULL && strlen(o->help) > 10);
    assert_string_equal(row(&bw_trend_group, "max_series")->def, "2000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seasons_are_read),
        cmocka_unit_test(a_threshold_and_its_side_come_together),
        cmocka_unit_test(one_to_three_horizons),
        cmocka_unit_test(every_row_has_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
