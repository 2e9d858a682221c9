// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "synth.h"
#include "trend/anomaly.h"
#include "trend/oddity.h"

enum { N = 1000 };

static struct bw_trend_watch *watch(struct bw_arena *arena)
{
    return bw_trend_watch_make(bw_arena_alloc(arena, bw_trend_watch_bytes()));
}

static void one_by_one_is_as_all_at_once(void **state)
{
    (void)state;
    double x[N], score[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_watch *w = watch(&arena);
    synth_make(&(struct synth){ .level = 5, .sd = 1, .shift = 9 }, 3, x, N);
    bw_trend_anomaly(&arena, x, N, score);
    for (size_t i = 0; i < N; i++) {
        const struct bw_trend_oddity oddity = bw_trend_watch_put(w, x[i]);
        assert_int_equal(score[i] >= BW_TREND_ANOMALY_THRESHOLD,
                         oddity.is_new && oddity.surprise >= BW_TREND_SURPRISE_ODD);
    }
    bw_arena_fini(&arena);
}

/* About 4.5 KB: thousands of them are affordable. */
static void it_is_small(void **state)
{
    (void)state;
    assert_in_range(bw_trend_watch_bytes(), 1000, 4800);
}

static void it_says_nothing_before_it_is_warm(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_trend_watch *w = watch(&arena);
    for (unsigned i = 1; i <= BW_TREND_WARM_UP + 1; i++) {
        assert_true(bw_trend_watch_put(w, i % 2 == 0 ? 1e9 : 1).surprise == 0
                    || i > BW_TREND_WARM_UP);
        assert_int_equal(bw_trend_watch_is_warm(w), i > BW_TREND_WARM_UP);
    }
    bw_arena_fini(&arena);
}

/* What a yard calls within its reach is not surprising, and what is out of it is. */
static void a_reach_is_where_the_surprise_is(void **state)
{
    (void)state;
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_watch *w = watch(&arena);
    struct bw_trend_oddity oddity = { 0 };
    synth_make(&(struct synth){ .level = 1e9, .sd = 100 }, 1, x, N);
    for (size_t i = 0; i < N; i++)
        oddity = bw_trend_watch_put(w, x[i]);
    const double reach = bw_trend_yard_reach(&oddity.near, BW_TREND_SURPRISE_ODD);
    assert_true(reach > 300 && reach < 900);
    assert_true(fabs(oddity.near.centre - 1e9) < 100);
    for (int side = -1; side <= 1; side += 2) {
        const double inside = oddity.near.centre + side * reach * 0.999;
        const double outside = oddity.near.centre + side * reach * 1.001;
        assert_true(bw_trend_yard_surprise(&oddity.near, inside) < BW_TREND_SURPRISE_ODD);
        assert_true(bw_trend_yard_surprise(&oddity.near, outside) > BW_TREND_SURPRISE_ODD);
    }
    assert_true(bw_trend_yard_surprise(&oddity.near, NAN) == 0);
    bw_arena_fini(&arena);
}

static void made_again_it_has_forgotten(void **state)
{
    (void)state;
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_watch *w = watch(&arena), *fresh = watch(&arena);
    synth_make(&(struct synth){ .level = 5, .sd = 1 }, 1, x, N);
    for (size_t i = 0; i < N; i++)
        bw_trend_watch_put(w, 100 * x[i]);
    w = bw_trend_watch_make(w);
    for (size_t i = 0; i < N; i++)
        assert_true(bw_trend_watch_put(w, x[i]).surprise
                    == bw_trend_watch_put(fresh, x[i]).surprise);
    bw_arena_fini(&arena);
}

static void whatever_comes_the_answer_is_a_number(void **state)
{
    (void)state;
    static const double ends[] = { 1e308, -1e308, INFINITY, -INFINITY, 5e-324, 0, -0.0, 1 };
    struct bw_arena arena = { 0 };
    struct bw_trend_watch *w = watch(&arena);
    struct bw_trend_random random = bw_trend_random_seed(7);
    for (size_t i = 0; i < 4 * N; i++) {
        const double x = ends[(size_t)(bw_trend_random_uniform(&random) * 8) % 8];
        const struct bw_trend_oddity oddity = bw_trend_watch_put(w, x);
        assert_true(oddity.surprise >= 0 && isfinite(oddity.surprise));
        assert_true(isfinite(oddity.value));
    }
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_by_one_is_as_all_at_once),
        cmocka_unit_test(it_is_small),
        cmocka_unit_test(it_says_nothing_before_it_is_warm),
        cmocka_unit_test(a_reach_is_where_the_surprise_is),
        cmocka_unit_test(made_again_it_has_forgotten),
        cmocka_unit_test(whatever_comes_the_answer_is_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
