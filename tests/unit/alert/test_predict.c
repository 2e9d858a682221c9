// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert/rule.h"

#include <math.h>
#include <string.h>

#define HOUR_NS INT64_C(3600000000000)

static const struct bw_predict_opts disk = { .series = "free{disk=\"a\"}",
                                             .threshold = 0,
                                             .side = -1,
                                             .within_ns = 72 * HOUR_NS,
                                             .probability = 0.8 };

static struct bw_alert_rule rule_of(struct bw_arena *arena, const char *recover, int level)
{
    const struct bw_alert_rule_opts opts = {
        .name = "fills", .predict = &disk, .recover = recover, .level = level
    };
    struct bw_alert_rule rule = { 0 };
    struct bw_err err = { .text = "" };
    if (bw_alert_rule_make(arena, &opts, &rule, &err) != BW_OK)
        fail_msg("%s", err.text);
    return rule;
}

static const struct {
    double ratio;
    enum bw_level level;
    bool recovered;
} cases[] = {
    { 0, BW_LEVEL_NONE, true },        { 0.39, BW_LEVEL_NONE, true },
    { 0.4, BW_LEVEL_NONE, false },     { 0.79, BW_LEVEL_NONE, false },
    { 0.8, BW_LEVEL_CRITICAL, false }, { 1, BW_LEVEL_CRITICAL, false },
    { NAN, BW_LEVEL_NONE, false }, /* what cannot be known neither begins nor ends it */
};

static void it_begins_at_the_probability_and_ends_at_half_of_it(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    const struct bw_alert_rule rule = rule_of(&arena, NULL, BW_LEVEL_CRITICAL);
    assert_int_equal(rule.kind, BW_ALERT_KIND_PREDICT);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(bw_alert_rule_level(&rule, cases[i].ratio), cases[i].level);
        assert_int_equal(bw_alert_rule_is_recovered(&rule, cases[i].ratio), cases[i].recovered);
    }
    bw_arena_fini(&arena);
}

static void what_is_not_said_has_a_default(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    const struct bw_alert_rule rule = rule_of(&arena, "< 0.7", 0);
    assert_int_equal(bw_alert_rule_highest(&rule), BW_LEVEL_WARNING);
    assert_true(bw_alert_rule_is_recovered(&rule, 0.6));
    assert_string_equal(rule.expr, "P(free{disk=\"a\"} falls to 0 within 3d) >= 0.8");
    bw_arena_fini(&arena);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct bw_alert_rule_opts opts;
        const char *want;
    } wrong[] = {
        { { .predict = &disk, .levels = { .info = "> 1" } }, "'level'" },
        { { .predict = &disk, .recover = "< 0.9" }, "holds at" },
        { { .predict = &disk, .recover = "soon" }, "recover" },
        { { .predict = &disk, .expr = "free" }, "exactly one" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bw_err err = { .text = "" };
        assert_int_equal(bw_alert_rule_group.check(&wrong[i].opts, &err), BW_EINVAL);
        if (strstr(err.text, wrong[i].want) == NULL)
            fail_msg("%s", err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_at_the_probability_and_ends_at_half_of_it),
        cmocka_unit_test(what_is_not_said_has_a_default),
        cmocka_unit_test(contradictions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
