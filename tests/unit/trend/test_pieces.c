// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/pieces.h"

enum { N = 240 };

static void costs_are_those_of_a_fit(void **state)
{
    (void)state;
    static const double y[] = { 9, 1, 2, 3, 4, 9, 5, 7 };
    struct bw_arena arena = { 0 };
    const struct bw_trend_sums *s = bw_trend_pieces_sum(&arena, y, 8);
    assert_true(fabs(bw_trend_piece_cost(s, 1, 5, 0)) < 1e-9);     /* 1 2 3 4 is a line */
    assert_true(fabs(bw_trend_piece_cost(s, 1, 5, 2) - 2) < 1e-9); /* that costs its price */
    assert_true(fabs(bw_trend_piece_cost(s, 1, 5, 9) - 5) < 1e-9); /* or is a level */
    assert_true(fabs(bw_trend_piece_cost(s, 6, 8, 9) - 2) < 1e-9);
    bw_arena_fini(&arena);
}

static double unlikely(const double *y, size_t count, size_t at)
{
    struct bw_arena arena = { 0 };
    const struct bw_trend_cuts cuts = { .count = count, .at = { at } };
    double work[2 * N];
    const struct bw_trend_sums *s = bw_trend_pieces_sum(&arena, y, N);
    const double value = bw_trend_pieces_unlikely(y, N, s, &cuts, 1e-8, work);
    bw_arena_fini(&arena);
    return value;
}

/* One cut where there is a shift is likelier than none, and than one elsewhere; where there is
 * none, or only a slow wave, no cut is. */
static void the_true_cut_is_the_likeliest(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct synth course;
        bool cut;
    } cases[] = {
        { "noise", { .sd = 1 }, false },
        { "a slow wave", { .sd = 1, .phi = 0.9 }, false },
        { "a slope", { .sd = 1, .slope = 0.05 }, false },
        { "a shift", { .sd = 1, .shift = 4 }, true },
        { "a shift in correlated noise", { .sd = 1, .phi = 0.5, .shift = 6 }, true },
    };
    double y[N];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (uint64_t seed = 1; seed <= 10; seed++) {
            synth_make(&cases[k].course, seed, y, N);
            const double none = unlikely(y, 0, 0), middle = unlikely(y, 1, N / 2);
            if ((middle < none) != cases[k].cut)
                fail_msg("%s, seed %u: %g without, %g with", cases[k].name, (unsigned)seed, none,
                         middle);
            if (cases[k].cut)
                assert_true(middle < unlikely(y, 1, N / 2 - 30));
        }
}

static void equal_values_are_finite(void **state)
{
    (void)state;
    double y[N] = { 0 };
    assert_true(isfinite(unlikely(y, 0, 0)));
    assert_true(unlikely(y, 1, N / 2) > unlikely(y, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_are_those_of_a_fit),
        cmocka_unit_test(the_true_cut_is_the_likeliest),
        cmocka_unit_test(equal_values_are_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
