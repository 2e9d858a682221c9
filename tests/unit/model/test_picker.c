// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/picker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *selector, *series;
    bool matches;
} cases[] = {
    { "up", "up", true },
    { "down", "up", false },
    { "{}", "up{a=\"1\"}", true },
    { "up{a=\"1\"}", "up{a=\"1\",b=\"2\"}", true },
    { "up{a=\"1\",b=\"3\"}", "up{a=\"1\",b=\"2\"}", false },
    { "up{a!=\"1\"}", "up{a=\"1\"}", false },
    { "up{a!=\"1\"}", "up{b=\"2\"}", true }, /* an absent label has the value "" */
    { "up{a=\"\"}", "up{b=\"2\"}", true },
    { "up{a=~\"we.*\"}", "up{a=\"web1\"}", true },
    { "up{a=~\"we\"}", "up{a=\"web1\"}", false }, /* anchored at both ends */
    { "up{a!~\"we.*\"}", "up{a=\"db1\"}", true },
    { "up{a!~\"we.*\"}", "up{a=\"web1\"}", false },
    { "up{a=~\".*\"}", "up{b=\"2\"}", true },
    { "{__name__=~\"u.\"}", "up", true },
};

/* All labels of the series above are called so. */
static bool all_are_allowed(const struct bw_picker *picker, const char *metric,
                            struct bw_labels labels)
{
    static const char *const names[] = { "a", "b" };
    bool allowed = bw_picker_allows(picker, "__name__", metric);
    for (size_t i = 0; i < 2; i++) {
        const char *value = bw_labels_value(labels, names[i]);
        allowed = allowed && bw_picker_allows(picker, names[i], value != NULL ? value : "");
    }
    return allowed;
}

static void series_are_picked_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_arena arena = { 0 };
        struct bw_picker *picker;
        const char *metric;
        struct bw_labels labels;
        assert_int_equal(bw_picker_parse(cases[i].selector, &picker, NULL), BW_OK);
        assert_int_equal(bw_series_parse(&arena, cases[i].series, &metric, &labels), BW_OK);
        if (bw_picker_matches(picker, metric, labels) != cases[i].matches)
            fail_msg("%s on %s", cases[i].selector, cases[i].series);
        if (all_are_allowed(picker, metric, labels) != cases[i].matches)
            fail_msg("%s on %s, label by label", cases[i].selector, cases[i].series);
        if (cases[i].matches && !bw_picker_may_match(picker, cases[i].series))
            fail_msg("%s rules out %s by its text", cases[i].selector, cases[i].series);
        assert_int_equal(bw_picker_verdict(picker, NULL), BW_OK);
        bw_picker_free(picker);
        bw_arena_fini(&arena);
    }
}

static void no_selector_means_everything(void **state)
{
    (void)state;
    struct bw_picker *picker;
    assert_int_equal(bw_picker_make(NULL, &picker, NULL), BW_OK);
    assert_true(bw_picker_matches(picker, "up", (struct bw_labels){ 0 }));
    assert_null(bw_picker_metric(picker));
    bw_picker_free(picker);
}

static void a_metric_is_known_by_its_name(void **state)
{
    (void)state;
    struct bw_picker *picker;
    assert_int_equal(bw_picker_parse("up{a=\"1\"}", &picker, NULL), BW_OK);
    assert_string_equal(bw_picker_metric(picker), "up");
    assert_false(bw_picker_may_match(picker, "upper{a=\"1\"}"));
    bw_picker_free(picker);
}

static void a_broken_pattern_is_refused(void **state)
{
    (void)state;
    struct bw_picker *picker;
    struct bw_err err;
    assert_int_equal(bw_picker_parse("up{a=~\"(\"}", &picker, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "at byte 1"));
}

static void a_costly_pattern_ends_and_is_told(void **state)
{
    (void)state;
    struct bw_picker *picker;
    struct bw_err err;
    const struct bw_label label = { "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" };
    assert_int_equal(bw_picker_parse("up{a=~\"(a+)+\"}", &picker, NULL), BW_OK);
    assert_false(bw_picker_matches(picker, "up", (struct bw_labels){ &label, 1 }));
    assert_int_equal(bw_picker_verdict(picker, &err), BW_EINVAL);
    bw_picker_free(picker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_are_picked_as_told),
        cmocka_unit_test(no_selector_means_everything),
        cmocka_unit_test(a_metric_is_known_by_its_name),
        cmocka_unit_test(a_broken_pattern_is_refused),
        cmocka_unit_test(a_costly_pattern_ends_and_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
