// SPDX-License-Identifier: GPL-3.0-or-later
#include "expr/expression.h"

#include "base/buf.h"
#include "base/limits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The series that the selectors of the stories name. */
static const struct {
    const char *selector, *labels;
    double value;
} series[] = {
    { "free", "disk=b", 30 },  { "free", "disk=a", 10 }, { "free", "disk=new", 1 },
    { "size", "disk=a", 100 }, { "size", "disk=b", 60 }, { "size", "disk=old", 5 },
    { "zero", "disk=a", 0 },   { "odd", "disk=a", NAN }, { "odd", "disk=b", -4 },
    { "twice", "disk=a", 1 },  { "twice", "disk=a", 2 },
};

static void resolve(void *ctx, size_t selector, struct bw_expr_vector *out)
{
    const char *name = bw_expr_selector(ctx, selector);
    if (strcmp(name, "flood") == 0) {
        for (size_t i = 0; i <= BW_EXPR_VECTOR_MAX; i++)
            bw_expr_vector_add(out, "x", 1);
    }
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        if (strcmp(series[i].selector, name) == 0)
            bw_expr_vector_add(out, series[i].labels, series[i].value);
    }
}

/* "disk=a 0.1; disk=b 0.5", or the error. */
static void tell(const char *text, struct bw_buf *story)
{
    struct bw_expr *e = NULL;
    struct bw_err err = { 0 };
    struct bw_expr_vector result = { 0 };
    bw_buf_clear(story);
    if (bw_expr_parse(text, &e, &err) != BW_OK
        || bw_expr_eval(e, resolve, e, &result, &err) != BW_OK)
        bw_buf_text(story, err.text);
    for (size_t i = 0; i < result.count; i++) {
        bw_buf_printf(story, "%s%s ", i > 0 ? "; " : "", result.entries[i].labels);
        bw_buf_double(story, result.entries[i].value);
    }
    bw_expr_vector_fini(&result);
    bw_expr_free(e);
}

static void expressions_come_out_as_told(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        { "numbers", "1 + 2 * 3 - 4 / 2", " 5" },
        { "left to right", "10 - 3 - 2", " 5" },
        { "division left to right", "100 / 10 / 5", " 2" },
        { "parentheses", "(1 + 2) * 3", " 9" },
        { "minus of a product", "-2 * -3 + +1", " 7" },
        { "a number in parts", ".5e1 + 1E-1", " 5.1" },
        { "join on equal labels", "free / size", "disk=a 0.1; disk=b 0.5" },
        { "a vector as it comes", "free", "disk=b 30; disk=a 10; disk=new 1" },
        { "a vector and a number", "size / 10", "disk=a 10; disk=b 6; disk=old 0.5" },
        { "a number and a vector", "1 - free / size", "disk=a 0.9; disk=b 0.5" },
        { "the same one twice", "size - size", "disk=a 0; disk=b 0; disk=old 0" },
        { "minus of a vector", "-size", "disk=a -100; disk=b -60; disk=old -5" },
        { "no partner", "free / nothing", "" },
        { "over zero", "free / zero", "disk=a +Inf" },
        { "zero over zero", "zero / zero", "disk=a NaN" },
        { "unknown is kept", "odd + 1", "disk=a NaN; disk=b -3" },
        { "abs", "abs(odd)", "disk=a NaN; disk=b 4" },
        { "the least of all", "min(size)", " 5" },
        { "unknown is passed over", "max(odd)", " -4" },
        { "nothing but unknown", "min(zero / zero)", " NaN" },
        { "the least of none", "min(nothing)", "" },
        { "of a number", "max(3)", " 3" },
        { "clamped", "min(max(size, 10), 70)", "disk=a 70; disk=b 60; disk=old 10" },
        { "of three", "max(1, 3, 2)", " 3" },
        { "unknown is not hidden", "max(odd, 0)", "disk=a NaN; disk=b 0" },
        { "not one to one", "twice + free",
          "two series of one operand have the same labels {disk=a}: narrow the selector" },
        { "too many", "flood", "flood selects 100001 series, more than 100000" },
    };
    struct bw_buf story;
    (void)state;
    bw_buf_init(&story, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tell(cases[i].text, &story);
        if (strcmp(story.data, cases[i].want) != 0)
            fail_msg("%s: '%s' gave '%s'", cases[i].name, cases[i].text, story.data);
    }
    bw_buf_fini(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_come_out_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
