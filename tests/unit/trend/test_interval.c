// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/interval.h"

#include "trend/robust.h"

#include <math.h>
#include <stdbool.h>

enum { ORIGINS = 12, H = 48 };

/* Errors at all origins: what is alike within an origin, what is not, and how much rougher the
 * oldest origin was than the newest; `skew` makes them exponential, long upwards. */
struct errors {
    double level, step, rougher;
    bool skew;
};

static double draw(struct bw_trend_random *r, bool skew)
{
    return skew ? -log(1 - bw_trend_random_uniform(r)) - 1 : bw_trend_random_normal(r);
}

static void make(const struct errors *like, uint64_t seed, double *out)
{
    struct bw_trend_random r = bw_trend_random_seed(seed);
    for (size_t o = 0; o < ORIGINS; o++) {
        const double rough = pow(like->rougher, (double)o / (ORIGINS - 1));
        const double level = like->level * draw(&r, like->skew);
        for (size_t i = 0; i < H; i++)
            out[o * H + i] = rough * (level + like->step * draw(&r, like->skew));
    }
}

/* Ends of the interval at the last step, around 0, averaged over 40 pasts. */
static void ends(const struct errors *like, double level, double *out_low, double *out_high)
{
    double error[ORIGINS * H], scale[H], below, above;
    *out_low = *out_high = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct bw_arena arena = { 0 };
        make(like, seed, error);
        bw_trend_interval_scale(&arena, error, ORIGINS, H, 1e-9, scale);
        const struct bw_trend_misses m = bw_trend_interval_learn(&arena, error, ORIGINS, H, scale);
        bw_trend_interval_reach(&m, level, &below, &above);
        *out_low -= below * scale[H - 1] / 40;
        *out_high += above * scale[H - 1] / 40;
        bw_arena_fini(&arena);
    }
}

static const struct {
    const char *name;
    struct errors errors;
    double level, low[2], high[2]; /* where the ends must lie */
} cases[] = {
    { "normal, 80 %", { 0, 1, 1, false }, 0.80, { -1.5, -1.2 }, { 1.2, 1.5 } },
    { "normal, 95 %", { 0, 1, 1, false }, 0.95, { -2.3, -1.9 }, { 1.9, 2.3 } },
    { "alike within an origin: surer to be wider",
      { 1, 0, 1, false },
      0.80,
      { -2.1, -1.4 },
      { 1.4, 2.1 } },
    { "long upwards", { 0, 1, 1, true }, 0.95, { -2.0, -1.0 }, { 2.1, 3.4 } },
    { "calmer now", { 0, 1, 8, false }, 0.80, { -5, -2 }, { 2, 5 } },
    { "rougher now", { 0, 8, 0.125, false }, 0.80, { -10, -6 }, { 6, 10 } },
};

static void intervals_reach_as_far_as_errors_did(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double low, high;
        ends(&cases[i].errors, cases[i].level, &low, &high);
        if (low < cases[i].low[0] || low > cases[i].low[1] || high < cases[i].high[0]
            || high > cases[i].high[1])
            fail_msg("%s: from %.2f to %.2f", cases[i].name, low, high);
    }
}

static void errors_that_agree_count_once(void **state)
{
    (void)state;
    static const struct errors level = { 1, 0, 1, false }, noise = { 0, 1, 1, false };
    double error[ORIGINS * H], scale[H];
    struct bw_arena arena = { 0 };
    for (size_t i = 0; i < H; i++)
        scale[i] = 1;
    make(&level, 1, error);
    struct bw_trend_misses m = bw_trend_interval_learn(&arena, error, ORIGINS, H, scale);
    assert_true(m.origins > 6 && m.origins < ORIGINS);
    assert_true(fabs(m.independent - m.origins) < 1e-9);
    make(&noise, 1, error);
    m = bw_trend_interval_learn(&arena, error, ORIGINS, H, scale);
    assert_true(m.independent > 10 * m.origins);
    bw_arena_fini(&arena);
}

/* The mean of the errors that were made around step i: of its neighbours when it is near, of a
 * third of the horizon when it is far. */
static double around(const double *error, size_t i)
{
    const size_t reach = i < 4 ? 1 : i / 2 < H / 6 ? i / 2 : H / 6;
    double sum = 0, count = 0;
    for (size_t k = 0; k < H; k++)
        if (k + reach >= i && k <= i + reach) {
            sum += error[k];
            count++;
        }
    return sum / count;
}

/* Errors grow over the first half of the horizon and shrink over the second; doubt does not shrink
 * as much. */
static void scales_are_smooth_and_hardly_shrink(void **state)
{
    (void)state;
    double error[H], scale[H], highest = 0;
    struct bw_arena arena = { 0 };
    for (size_t i = 0; i < H; i++)
        error[i] = (double)(i < H / 2 ? i : H - 1 - i);
    bw_trend_interval_scale(&arena, error, 1, H, 1e-9, scale);
    for (size_t i = 0; i < H; i++) {
        highest = fmax(highest, around(error, i));
        assert_true(fabs(scale[i] - (around(error, i) + highest) / 2) < 1e-9);
    }
    bw_arena_fini(&arena);
}

static void no_error_at_all_leaves_the_least(void **state)
{
    (void)state;
    double scale[H], below, above;
    static const double error[2 * H];
    struct bw_arena arena = { 0 };
    bw_trend_interval_scale(&arena, error, 2, H, 1e-3, scale);
    const struct bw_trend_misses m = bw_trend_interval_learn(&arena, error, 2, H, scale);
    bw_trend_interval_reach(&m, 0.8, &below, &above);
    for (size_t i = 0; i < H; i++)
        assert_true(scale[i] == 1e-3);
    assert_true(isfinite(below) && below >= 0 && isfinite(above) && above >= 0);
    bw_arena_fini(&arena);
}

static void without_an_origin_errors_are_taken_for_normal(void **state)
{
    (void)state;
    double below, above;
    bw_trend_interval_reach(&(struct bw_trend_misses){ .count = 0 }, 0.95, &below, &above);
    assert_true(fabs(below - 1.959964) < 1e-5 && fabs(above - 1.959964) < 1e-5);
}

/* A horizon of thousands of steps is looked at in as few places as one of sixty-four. */
static void long_horizons_are_thinned(void **state)
{
    (void)state;
    enum { LONG = 5000 };
    static double error[2 * LONG], scale[LONG];
    struct bw_arena arena = { 0 };
    for (size_t i = 0; i < LONG; i++) {
        scale[i] = 1;
        error[i] = error[LONG + i] = (double)i / LONG;
    }
    const struct bw_trend_misses m = bw_trend_interval_learn(&arena, error, 2, LONG, scale);
    assert_int_equal(m.count, 2 * BW_TREND_MISSES_EACH_MAX);
    assert_true(m.miss[0].ratio < 0.01 && m.miss[m.count - 1].ratio > 0.99);
    for (size_t i = 1; i < m.count; i++)
        assert_true(m.miss[i].ratio >= m.miss[i - 1].ratio);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_reach_as_far_as_errors_did),
        cmocka_unit_test(errors_that_agree_count_once),
        cmocka_unit_test(scales_are_smooth_and_hardly_shrink),
        cmocka_unit_test(no_error_at_all_leaves_the_least),
        cmocka_unit_test(without_an_origin_errors_are_taken_for_normal),
        cmocka_unit_test(long_horizons_are_thinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
