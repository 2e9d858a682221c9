// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/noise.h"

enum { N = 600 };

static void noise_is_known_across_shifts(void **state)
{
    (void)state;
    double x[N], work[2 * N], r = 0, sd = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        double one;
        synth_make(&(struct synth){ .sd = 2, .phi = 0.6, .slope = 0.05, .shift = 50 }, seed, x, N);
        r += bw_trend_noise(x, N, &one, work) / 20;
        sd += one / 20;
    }
    assert_true(r > 0.55 && r < 0.8); /* of two estimates the larger: a little too much */
    assert_true(sd > 1.8 && sd < 2.6);
}

static void steps_and_lines_are_no_noise(void **state)
{
    (void)state;
    double x[N], work[2 * N], sd;
    for (size_t i = 0; i < N; i++)
        x[i] = i < 300 ? 5 : 17;
    assert_true(bw_trend_noise(x, N, &sd, work) == 0 && sd == 0);
    for (size_t i = 0; i < N; i++)
        x[i] = 3 * (double)i;
    bw_trend_noise(x, N, &sd, work);
    assert_true(sd < 1e-6);
    assert_true(bw_trend_noise(x, 7, &sd, work) == 0 && sd == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_known_across_shifts),
        cmocka_unit_test(steps_and_lines_are_no_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
