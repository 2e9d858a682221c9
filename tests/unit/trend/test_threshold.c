// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/threshold.h"

enum { N = 300, STEPS = 600 };

/* A line with noise, 0.1 a step, ends near 30. */
static void simulate(double threshold, int side, double slope, struct bw_trend_passage *out)
{
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_slope fit;
    struct bw_trend_verdict verdict;
    const struct bw_trend_seasons none = { .count = 0 };
    synth_make(&(struct synth){ .slope = slope, .sd = 0.5, .phi = 0.4 }, 7, x, N);
    bw_trend_slope_fit(&arena, x, N, 0, &fit);
    bw_trend_direction(&fit, false, &verdict);
    const struct bw_trend_outlook outlook = {
        .regime = x,
        .n = N,
        .next = N,
        .slope = &fit,
        .verdict = &verdict,
        .seasons = &none,
        .threshold = threshold,
        .side = side,
        .steps = STEPS,
        .seed = 1,
    };
    bw_trend_passage_simulate(&arena, &outlook, out);
    bw_arena_fini(&arena);
}

/* A level `away` beyond the end is reached after about away/0.1 steps. */
static const struct {
    const char *name;
    double slope, threshold;
    int side;
    double median; /* INFINITY: not within STEPS */
} cases[] = {
    { "up ahead", 0.1, 50, 1, 200 },       { "just ahead", 0.1, 32, 1, 16 },
    { "down ahead", -0.1, -50, -1, 200 },  { "behind us, moving away", 0.1, 0, -1, INFINITY },
    { "too far", 0.1, 1000, 1, INFINITY }, { "flat and far", 0, 40, 1, INFINITY },
    { "reached already", 0.1, 10, 1, 1 },
};

static void medians_are_where_the_line_crosses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_trend_passage p;
        simulate(cases[i].threshold, cases[i].side, cases[i].slope, &p);
        const double got = bw_trend_passage_quantile(&p, 0.5), want = cases[i].median;
        if (isinf(want) ? !isinf(got) : !(fabs(got - want) <= 0.1 * want + 4))
            fail_msg("%s: %g, not %g", cases[i].name, got, want);
        for (double q = 0.05; q < 0.95; q += 0.05)
            if (bw_trend_passage_quantile(&p, q) > bw_trend_passage_quantile(&p, q + 0.05))
                fail_msg("%s: quantiles cross at %g", cases[i].name, q);
    }
}

static void the_ratio_grows_with_time(void **state)
{
    (void)state;
    struct bw_trend_passage p;
    simulate(50, 1, 0.1, &p);
    assert_true(bw_trend_passage_ratio(&p, 100) < 0.05);
    assert_true(bw_trend_passage_ratio(&p, 200) > 0.2);
    assert_true(bw_trend_passage_ratio(&p, 200) < 0.8);
    assert_true(bw_trend_passage_ratio(&p, 400) > 0.9);
    assert_true(bw_trend_passage_ratio(&p, 400) < 1);
}

static void equal_seeds_give_equal_futures(void **state)
{
    (void)state;
    struct bw_trend_passage a, b;
    simulate(50, 1, 0.1, &a);
    simulate(50, 1, 0.1, &b);
    assert_memory_equal(a.first, b.first, sizeof a.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians_are_where_the_line_crosses),
        cmocka_unit_test(the_ratio_grows_with_time),
        cmocka_unit_test(equal_seeds_give_equal_futures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
