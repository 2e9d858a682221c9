// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/equations.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_errno.h>

enum { MOST = 3 };

static const struct {
    const char *name;
    size_t count;
    double matrix[MOST * MOST], right[MOST], want[MOST];
} cases[] = {
    { "one", 1, { 4 }, { 2 }, { 0.5 } },
    { "apart", 2, { 2, 0, 0, 5 }, { 4, 10 }, { 2, 2 } },
    { "two", 2, { 2, 1, 1, 2 }, { 4, 5 }, { 1, 2 } },
    { "three", 3, { 4, 1, 0, 1, 3, 1, 0, 1, 2 }, { 6, 10, 8 }, { 1, 2, 3 } },
};

static void small_equations_are_solved(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double matrix[MOST * MOST], right[MOST], out[MOST];
        memcpy(matrix, cases[i].matrix, sizeof matrix);
        memcpy(right, cases[i].right, sizeof right);
        if (!bw_trend_solve(matrix, right, cases[i].count, out))
            fail_msg("%s: not solved", cases[i].name);
        for (size_t k = 0; k < cases[i].count; k++)
            if (fabs(out[k] - cases[i].want[k]) > 1e-12)
                fail_msg("%s: [%zu] is %.17g", cases[i].name, k, out[k]);
    }
}

static void what_has_no_one_answer_has_none(void **state)
{
    (void)state;
    double right[2] = { 1, 1 }, out[2];
    assert_false(bw_trend_solve((double[4]){ 0 }, right, 2, out));
    assert_false(bw_trend_solve((double[4]){ -1, 0, 0, 1 }, right, 2, out));
    assert_false(bw_trend_solve((double[4]){ 1, 2, 2, 1 }, right, 2, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_equations_are_solved),
        cmocka_unit_test(what_has_no_one_answer_has_none),
    };
    gsl_set_error_handler_off();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
