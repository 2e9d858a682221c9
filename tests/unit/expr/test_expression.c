// SPDX-License-Identifier: GPL-3.0-or-later
#include "expr/expression.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void selectors_stay_text(void **state)
{
    struct bw_expr *e = NULL;
    (void)state;
    const char *text = "a{x=\"}\\\"{\", y=~'b*c'} / (node:b + {__name__=~`.\\`}) - a{x=\"}\\\"{\", "
                       "y=~'b*c'} * min (c , d {})";
    assert_int_equal(bw_expr_parse(text, &e, NULL), BW_OK);
    static const char *const want[] = { "a{x=\"}\\\"{\", y=~'b*c'}", "node:b", "{__name__=~`.\\`}",
                                        "c", "d {}" };
    assert_int_equal(bw_expr_selector_count(e), 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(bw_expr_selector(e, i), want[i]);
    assert_string_equal(bw_expr_text(e), text);
    bw_expr_free(e);
    bw_expr_free(NULL);
}

static void mistakes_say_where(void **state)
{
    static const struct {
        const char *text, *want;
        enum bw_rc rc;
    } cases[] = {
        { "", "position 1: expected a number", BW_EINVAL },
        { "a +", "position 4: expected a number, a series, a function or '(', but the expression",
          BW_EINVAL },
        { "a b", "position 3: expected an operator or the end, not 'b'", BW_EINVAL },
        { "(a", "position 3: expected an operator or ')'", BW_EINVAL },
        { "a)", "position 2: ", BW_EINVAL },
        { "rate(a)", "position 1: expected one of the functions abs, min and max", BW_EINVAL },
        { "abs(a, b)", "position 6: expected ')'", BW_EINVAL },
        { "min()", "position 5: ", BW_EINVAL },
        { "min(a", "position 6: expected ',' or ')'", BW_EINVAL },
        { "a{x=\"y}", "position 2: expected matchers", BW_EINVAL },
        { "a{{}}", "position 2: expected matchers", BW_EINVAL },
        { "a[5m]", "position 2: a rule looks at the latest values", BW_EINVAL },
        { "a / b > 3", "position 7: the comparison belongs into the levels", BW_EINVAL },
        { "3x", "position 1: expected a plain number", BW_EINVAL },
        { "1.2.3", "position 1: expected a plain number", BW_EINVAL },
        { "a % b", "position 3: expected an operator", BW_EINVAL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_expr *e = NULL;
        struct bw_err err = { 0 };
        if (bw_expr_parse(cases[i].text, &e, &err) != cases[i].rc
            || strncmp(err.text, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("'%s': \"%s\"", cases[i].text, err.text);
    }
}

static void length_and_depth_have_ceilings(void **state)
{
    static char text[BW_EXPR_BYTES_MAX + 2];
    struct bw_expr *e = NULL;
    (void)state;
    memset(text, '1', sizeof text - 1);
    assert_int_equal(bw_expr_parse(text, &e, NULL), BW_ELIMIT);
    static const char openers[] = "(-";
    for (size_t i = 0; openers[i] != '\0'; i++) {
        memset(text, openers[i], BW_EXPR_DEPTH_MAX);
        memcpy(text + BW_EXPR_DEPTH_MAX, "1", 2);
        assert_int_equal(bw_expr_parse(text, &e, NULL), BW_ELIMIT);
    }
    assert_int_equal(bw_expr_parse(text + 1, &e, NULL), BW_OK); /* one level less */
    bw_expr_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selectors_stay_text),
        cmocka_unit_test(mistakes_say_where),
        cmocka_unit_test(length_and_depth_have_ceilings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
