// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/calibrate.h"

#include <math.h>

static void the_stronger_the_likelier(void **state)
{
    (void)state;
    for (int b = 0; b < BW_BELIEF_COUNT; b++) {
        double before = 0;
        for (int i = 0; i <= 100; i++) {
            const double p = bw_trend_calibrate((enum bw_trend_belief)b, i / 100.0);
            assert_true(p > 0 && p < 1 && p >= before);
            before = p;
        }
    }
}

/* How often beliefs came true on series that the maps were not fitted to: a directions' 1.00 was
 * right 93 times in a hundred, a flat's 0.78 was right 90 times. */
static void beliefs_become_what_they_proved_to_be(void **state)
{
    (void)state;
    static const struct {
        enum bw_trend_belief belief;
        double strength, least, most;
    } cases[] = {
        { BW_BELIEF_FLAT, 0.78, 0.88, 0.92 },     { BW_BELIEF_FLAT, 0.53, 0.66, 0.72 },
        { BW_BELIEF_TREND, 1, 0.985, 0.9975 },    { BW_BELIEF_TREND, 0.94, 0.65, 0.85 },
        { BW_BELIEF_CROSSING, 0.44, 0.38, 0.46 }, { BW_BELIEF_CROSSING, 0, 0.02, 0.06 },
        { BW_BELIEF_CROSSING, 1, 0.9, 0.97 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double p = bw_trend_calibrate(cases[i].belief, cases[i].strength);
        if (!(p >= cases[i].least && p <= cases[i].most))
            fail_msg("belief %d of %g: %g", cases[i].belief, cases[i].strength, p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stronger_the_likelier),
        cmocka_unit_test(beliefs_become_what_they_proved_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
