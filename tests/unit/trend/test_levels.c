// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/levels.h"

#include <string.h>

enum { N = 600, SEEDS = 10 };

struct step {
    size_t from, to; /* cells that are higher */
    double height;
};

static const struct {
    const char *name;
    struct synth synth;
    struct step step[2];
    bool taken;
} cases[] = {
    { "noise alone", { .sd = 1 }, { { 0 } }, false },
    { "correlated noise", { .sd = 1, .phi = 0.95 }, { { 0 } }, false },
    { "a day", { .sd = 0.3, .amplitude = 5, .period = 96 }, { { 0 } }, false },
    { "a slope", { .sd = 1, .slope = 0.2 }, { { 0 } }, false },
    { "up", { .sd = 1 }, { { 200, N, 12 } }, true },
    { "down, a day in it", { .sd = 0.3, .amplitude = 1, .period = 96 }, { { 400, N, -8 } }, true },
    { "on a slope", { .sd = 1, .slope = 0.05 }, { { 300, N, -12 } }, true },
    { "up and back", { .sd = 1 }, { { 150, 350, 15 } }, true },
    { "up and up", { .sd = 1 }, { { 150, N, 15 }, { 420, N, 9 } }, true },
    { "so new that it is but some cells", { .sd = 0.5 }, { { N - 8, N, 10 } }, true },
    { "a spike after a step", { .sd = 1 }, { { 200, N, 12 }, { 420, 422, 25 } }, true },
    { "a spike", { .sd = 1 }, { { 300, 302, 200 } }, false },
};

static void add(double *x, const struct step *s)
{
    for (size_t i = s->from; i < s->to; i++)
        x[i] += s->height;
}

/* What is left is what was there before the steps came, but for the doubt of a few cells. */
static void steps_are_taken_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            double plain[N], x[N], out[N], work[2 * N];
            synth_make(&cases[i].synth, seed, plain, N);
            memcpy(x, plain, sizeof x);
            add(x, &cases[i].step[0]);
            add(x, &cases[i].step[1]);
            if (bw_trend_levels_take(x, N, out, work) != cases[i].taken)
                fail_msg("%s, seed %d", cases[i].name, (int)seed);
            const double *want = cases[i].taken ? plain : x;
            double apart = 0;
            for (size_t k = 0; k < N; k++)
                apart += fabs(out[k] - want[k]) / N;
            if (apart > (cases[i].taken ? 2 * cases[i].synth.sd + 0.3 : 0))
                fail_msg("%s, seed %d: %g apart", cases[i].name, (int)seed, apart);
        }
}

static void many_steps_are_no_levels(void **state)
{
    (void)state;
    double x[N], out[N], work[2 * N];
    synth_make(&(struct synth){ .sd = 0.2 }, 1, x, N);
    for (size_t i = 0; i < N; i++)
        x[i] += 10 * (double)(i / 80 % 2);
    assert_false(bw_trend_levels_take(x, N, out, work));
    assert_memory_equal(x, out, sizeof x);
}

/* Office hours begin and end in steps as well; they are none of the level. */
static void a_step_far_higher_than_many_is_taken_alone(void **state)
{
    (void)state;
    double plain[N], x[N], out[N], work[2 * N];
    synth_make(&(struct synth){ .sd = 0.2 }, 1, plain, N);
    for (size_t i = 0; i < N; i++) {
        plain[i] += i % 96 >= 32 && i % 96 < 72 ? 2.5 : 0;
        x[i] = plain[i] + (i >= 250 ? 20 : 0);
    }
    assert_true(bw_trend_levels_take(x, N, out, work));
    for (size_t i = 0; i < N; i++)
        assert_true(fabs(out[i] - plain[i]) < 1);
}

static void short_and_constant_ones_have_none(void **state)
{
    (void)state;
    double x[N] = { 0 }, out[N], work[2 * N];
    for (size_t n = 0; n < 80; n++)
        assert_false(bw_trend_levels_take(x, n, out, work));
    x[30] = 5;
    for (size_t i = 31; i < N; i++)
        x[i] = 5; /* nothing but a step */
    assert_true(bw_trend_levels_take(x, N, out, work));
    for (size_t i = 0; i < N; i++)
        assert_true(out[i] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_taken_and_nothing_else),
        cmocka_unit_test(many_steps_are_no_levels),
        cmocka_unit_test(a_step_far_higher_than_many_is_taken_alone),
        cmocka_unit_test(short_and_constant_ones_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
