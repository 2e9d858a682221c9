// SPDX-License-Identifier: GPL-3.0-or-later
#include "expr/condition.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void texts_are_read_and_written_back(void **state)
{
    static const struct {
        const char *text;
        enum bw_unit unit;
        enum bw_compare op;
        double threshold;
        const char *written;
    } cases[] = {
        { "> 800ms", BW_UNIT_SECONDS, BW_COMPARE_GT, 0.8, "> 800ms" },
        { "< 21d", BW_UNIT_SECONDS, BW_COMPARE_LT, 21 * 86400.0, "< 3w" },
        { ">-1m30s", BW_UNIT_SECONDS, BW_COMPARE_GT, -90, "> -1m30s" },
        { "< 0.15", BW_UNIT_NUMBER, BW_COMPARE_LT, 0.15, "< 0.15" },
        { ">= 90%", BW_UNIT_RATIO, BW_COMPARE_GE, 0.9, ">= 0.9" },
        { "<=0.25", BW_UNIT_RATIO, BW_COMPARE_LE, 0.25, "<= 0.25" },
        { "== 3", BW_UNIT_NUMBER, BW_COMPARE_EQ, 3, "== 3" },
        { "  !=  -0.5  ", BW_UNIT_NUMBER, BW_COMPARE_NE, -0.5, "!= -0.5" },
        { "> 4GiB", BW_UNIT_BYTES, BW_COMPARE_GT, 4294967296.0, "> 4GiB" },
        { "> 1000", BW_UNIT_BYTES, BW_COMPARE_GT, 1000, "> 1000" },
        { "> 1.5e9", BW_UNIT_ANY, BW_COMPARE_GT, 1.5e9, NULL },
        { "> 5m", BW_UNIT_ANY, BW_COMPARE_GT, 300, "> 300" },
        { "> 5MB", BW_UNIT_ANY, BW_COMPARE_GT, 5e6, NULL },
        { "< 15%", BW_UNIT_ANY, BW_COMPARE_LT, 0.15, "< 0.15" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_condition c;
        struct bw_err err = { 0 };
        char text[BW_CONDITION_TEXT_MAX];
        if (bw_condition_parse(cases[i].text, cases[i].unit, &c, &err) != BW_OK)
            fail_msg("%s: %s", cases[i].text, err.text);
        bw_condition_format(text, &c);
        if (c.op != cases[i].op || fabs(c.threshold - cases[i].threshold) > 1e-9
            || (cases[i].written != NULL && strcmp(text, cases[i].written) != 0))
            fail_msg("%s: %s %g, written '%s'", cases[i].text, bw_compare_text(c.op), c.threshold,
                     text);
    }
}

static void mistakes_show_an_example(void **state)
{
    static const struct {
        const char *text;
        enum bw_unit unit;
        const char *want;
    } cases[] = {
        { "800ms", BW_UNIT_SECONDS, "> 800ms" }, { "> 800", BW_UNIT_SECONDS, "> 800ms" },
        { "=> 3", BW_UNIT_NUMBER, "== 3" },      { "= 3", BW_UNIT_NUMBER, "== 3" },
        { "> ", BW_UNIT_NUMBER, "> 100" },       { "> NaN", BW_UNIT_NUMBER, "> 100" },
        { "> 90%", BW_UNIT_NUMBER, "> 100" },    { "< x", BW_UNIT_RATIO, ">= 90%" },
        { "> 4Gi", BW_UNIT_BYTES, "> 4GiB" },    { "> 5 parsecs", BW_UNIT_ANY, "> 800ms" },
        { "", BW_UNIT_ANY, "< 0.15" },           { "> 1 2", BW_UNIT_NUMBER, "> 100" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_condition c;
        struct bw_err err = { 0 };
        if (bw_condition_parse(cases[i].text, cases[i].unit, &c, &err) != BW_EINVAL
            || strstr(err.text, cases[i].want) == NULL)
            fail_msg("'%s': \"%s\"", cases[i].text, err.text);
    }
}

static void conditions_hold_or_not(void **state)
{
    /* At one below, at and one above the threshold. */
    static const struct {
        enum bw_compare op;
        bool below, equal, above;
    } cases[] = {
        { BW_COMPARE_LT, true, false, false }, { BW_COMPARE_LE, true, true, false },
        { BW_COMPARE_GT, false, false, true }, { BW_COMPARE_GE, false, true, true },
        { BW_COMPARE_EQ, false, true, false }, { BW_COMPARE_NE, true, false, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_condition c = { .op = cases[i].op, .threshold = 5 };
        if (bw_condition_holds(&c, 4) != cases[i].below
            || bw_condition_holds(&c, 5) != cases[i].equal
            || bw_condition_holds(&c, 6) != cases[i].above || bw_condition_holds(&c, NAN))
            fail_msg("%s", bw_compare_text(c.op));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_and_written_back),
        cmocka_unit_test(mistakes_show_an_example),
        cmocka_unit_test(conditions_hold_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
