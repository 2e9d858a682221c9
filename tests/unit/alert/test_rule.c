// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert/rule.h"

#include <math.h>
#include <string.h>

static const struct bw_anomaly_opts odd = { .series = "a{b=\"c\"}", .score = 1.5 };

static const struct {
    const char *name;
    struct bw_alert_rule_opts opts;
    enum bw_rc want;
    const char *says;
} cases[] = {
    { "as in the manual",
      { .expr = "a / b", .levels = { NULL, "< 0.15", "< 0.05" }, .recover = "> 0.20" },
      BW_OK,
      "" },
    { "no level", { .expr = "a" }, BW_EINVAL, "at least one" },
    { "no condition", { .expr = "a", .levels = { .info = "high" } }, BW_EINVAL, "levels.info" },
    { "bad recover",
      { .expr = "a", .levels = { .info = "> 1" }, .recover = "?" },
      BW_EINVAL,
      "recover" },
    { "recovered while firing",
      { .expr = "a", .levels = { .warning = "> 10" }, .recover = "< 20" },
      BW_EINVAL,
      "level warning holds too" },
    { "recovered at the mark itself",
      { .expr = "a", .levels = { .warning = ">= 10" }, .recover = "<= 10" },
      BW_EINVAL,
      "at 10" },
    { "touching marks are fine",
      { .expr = "a", .levels = { .warning = ">= 10" }, .recover = "< 10" },
      BW_OK,
      "" },
    { "an anomaly has one level", { .anomaly = &odd }, BW_OK, "" },
    { "an anomaly has no levels",
      { .anomaly = &odd, .levels = { .info = "> 1" } },
      BW_EINVAL,
      "'anomaly' has one 'level'" },
    { "an anomaly and an expression", { .anomaly = &odd, .expr = "a" }, BW_EINVAL, "exactly one" },
    { "nothing to look at", { .levels = { .info = "> 1" } }, BW_EINVAL, "exactly one" },
    { "two things to look at", { .expr = "a", .slo = "b" }, BW_EINVAL, "exactly one" },
};

static void rules_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_err err = { 0 };
        const enum bw_rc rc = bw_alert_rule_group.check(&cases[i].opts, &err);
        if (rc != cases[i].want || strstr(err.text, cases[i].says) == NULL)
            fail_msg("%s: %d, '%s'", cases[i].name, (int)rc, err.text);
    }
}

static void levels_follow_the_value(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_alert_rule_opts opts = cases[0].opts;
    opts.name = "disk-filling";
    opts.for_ns = 600000000000;
    struct bw_alert_rule rule;
    assert_int_equal(bw_alert_rule_make(&arena, &opts, &rule, NULL), BW_OK);
    assert_int_equal(rule.for_ms, 600000);
    assert_int_equal(bw_alert_rule_level(&rule, 0.5), BW_LEVEL_NONE);
    assert_int_equal(bw_alert_rule_level(&rule, 0.1), BW_LEVEL_WARNING);
    assert_int_equal(bw_alert_rule_level(&rule, 0.04), BW_LEVEL_CRITICAL);
    assert_int_equal(bw_alert_rule_level(&rule, NAN), BW_LEVEL_NONE);
    assert_false(bw_alert_rule_is_recovered(&rule, 0.18));
    assert_true(bw_alert_rule_is_recovered(&rule, 0.21));
    assert_int_equal(bw_alert_rule_lowest(&rule), BW_LEVEL_WARNING);
    assert_int_equal(bw_alert_rule_highest(&rule), BW_LEVEL_CRITICAL);
    const struct bw_alert_rule_opts other = { .name = "burn", .slo = "checkout" };
    struct bw_err err = { 0 };
    assert_int_equal(bw_alert_rule_make(&arena, &other, &rule, &err), BW_EUNSUPPORTED);
    assert_string_equal(rule.name, "disk-filling");
    bw_arena_fini(&arena);
}

static void an_anomaly_fires_at_its_score(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_alert_rule rule;
    const struct bw_alert_rule_opts opts = { .name = "odd",
                                             .anomaly = &odd,
                                             .level = BW_LEVEL_CRITICAL };
    assert_int_equal(bw_alert_rule_make(&arena, &opts, &rule, NULL), BW_OK);
    assert_int_equal(rule.kind, BW_ALERT_KIND_ANOMALY);
    assert_string_equal(rule.expr, "anomaly(a{b=\"c\"}) >= 1.5");
    assert_ptr_not_equal(rule.anomaly, &odd);
    assert_int_equal(bw_alert_rule_level(&rule, 1.49), BW_LEVEL_NONE);
    assert_int_equal(bw_alert_rule_level(&rule, 1.5), BW_LEVEL_CRITICAL);
    assert_true(bw_alert_rule_is_recovered(&rule, 0.2));
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(levels_follow_the_value),
        cmocka_unit_test(an_anomaly_fires_at_its_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
