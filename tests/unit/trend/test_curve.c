// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/curve.h"

enum { N = 400, SEEDS = 20 };

static double straight(double t)
{
    return 30 * t;
}
static double filling(double t)
{
    return 40 * (1 - exp(-3 * t));
}
static double s_shaped(double t)
{
    return 40 / (1 + exp(-10 * (t - 0.5)));
}
static double draining(double t)
{
    return 40 * exp(-3 * t);
}
static double ever_faster(double t)
{
    return 40 * t * t;
}
static double level(double t)
{
    return 0 * t;
}

/* Courses over t = 0 … 1 with AR(1) noise, and in how many of 20 they should be seen to level off.
 */
static const struct {
    const char *name;
    double (*course)(double t);
    double phi;
    unsigned least, most;
} cases[] = {
    { "a line", straight, 0.4, 0, 1 },
    { "a line in slow noise", straight, 0.9, 0, 2 },
    { "slow noise alone", level, 0.9, 0, 2 },
    { "it fills up", filling, 0.4, 19, 20 },
    { "it fills up in an S", s_shaped, 0.4, 12, 20 },
    { "it drains", draining, 0.4, 19, 20 },
    { "ever faster", ever_faster, 0.4, 0, 1 },
};

static void make(size_t k, uint64_t seed, double *x)
{
    synth_make(&(struct synth){ .sd = 1, .phi = cases[k].phi }, seed, x, N);
    for (size_t i = 0; i < N; i++)
        x[i] += cases[k].course((double)i / N);
}

static void only_what_levels_off_does(void **state)
{
    (void)state;
    double x[N];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        unsigned seen = 0;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct bw_arena arena = { 0 };
            struct bw_trend_slope line;
            struct bw_trend_curve curve;
            make(k, seed, x);
            for (size_t i = 50; i < 60; i++)
                x[i] = NAN; /* a gap changes nothing */
            bw_trend_slope_fit(&arena, x, N, 0, &line);
            bw_trend_curve_find(&arena, x, N, 0, &line, &curve);
            seen += curve.likely > 0.5;
            bw_arena_fini(&arena);
        }
        if (seen < cases[k].least || seen > cases[k].most)
            fail_msg("%s: seen in %u of %u", cases[k].name, seen, (unsigned)SEEDS);
    }
}

static void its_end_is_that_of_the_course(void **state)
{
    (void)state;
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_slope line;
    struct bw_trend_curve curve;
    make(3, 1, x);
    bw_trend_slope_fit(&arena, x, N, 0, &line);
    bw_trend_curve_find(&arena, x, N, 0, &line, &curve);
    assert_true(curve.likely > 0.9);
    const double slope = 120 * exp(-3) / N;
    double end = 0, at_end = 0, share = 0;
    for (size_t k = 0; k < BW_TREND_RATES; k++) {
        assert_true(curve.bend[k].keep < 1);
        end += curve.bend[k].share * curve.bend[k].end;
        at_end += curve.bend[k].share * curve.bend[k].slope;
        share += curve.bend[k].share;
    }
    assert_true(fabs(share - 1) < 1e-9);
    assert_true(fabs(end - filling(1)) < 2);
    assert_true(fabs(at_end - slope) < 0.7 * slope);
    assert_true(at_end < line.per_cell / 2); /* which is what the line has no eyes for */
    assert_true(curve.sd > 0.8 && curve.sd < 1.5);
    bw_arena_fini(&arena);
}

static void too_little_bends_nothing(void **state)
{
    (void)state;
    double x[N] = { 0 };
    for (size_t n = 0; n < 20; n++) {
        struct bw_arena arena = { 0 };
        struct bw_trend_slope line;
        struct bw_trend_curve curve;
        for (size_t i = 0; i < n; i++)
            x[i] = sqrt((double)i);
        bw_trend_slope_fit(&arena, x, n, 0, &line);
        bw_trend_curve_find(&arena, x, n, 0, &line, &curve);
        assert_true(curve.likely == 0);
        bw_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_levels_off_does),
        cmocka_unit_test(its_end_is_that_of_the_course),
        cmocka_unit_test(too_little_bends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
