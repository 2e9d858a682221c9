// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "trend/robust.h"
#include "trend/sliding.h"

#include <math.h>
#include <string.h>

static void quantiles_are_those_of_the_newest(void **state)
{
    (void)state;
    enum { MOST = 37, VALUES = 400 };
    static const double at[] = { 0, 0.1, 0.5, 0.9, 0.995, 1 };
    double all[VALUES], newest[MOST];
    struct bw_arena arena = { 0 };
    struct bw_sliding s = bw_sliding_make(bw_arena_alloc(&arena, bw_sliding_bytes(MOST)), MOST);
    struct bw_trend_random random = bw_trend_random_seed(1);
    for (size_t i = 0; i < VALUES; i++) {
        all[i] = floor(4 * bw_trend_random_normal(&random)); /* many are equal */
        bw_sliding_put(&s, all[i]);
        const size_t n = i + 1 < MOST ? i + 1 : MOST;
        assert_int_equal(s.n, n);
        for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
            memcpy(newest, all + i + 1 - n, n * sizeof *newest);
            assert_true(bw_sliding_quantile(&s, at[k]) == bw_trend_quantile(newest, n, at[k]));
        }
    }
    bw_arena_fini(&arena);
}

static void nothing_has_no_quantile(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_sliding s = bw_sliding_make(bw_arena_alloc(&arena, bw_sliding_bytes(1)), 1);
    assert_true(isnan(bw_sliding_quantile(&s, 0.5)));
    for (int i = 0; i < 3; i++) {
        bw_sliding_put(&s, i);
        assert_true(bw_sliding_quantile(&s, 0) == i && bw_sliding_quantile(&s, 1) == i);
    }
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_newest),
        cmocka_unit_test(nothing_has_no_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
