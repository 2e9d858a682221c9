// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/threshold.h"

enum { N = 300, STEPS = 600 };

static const struct bw_trend_restarts no_restarts = { .count = 0 };
static const struct bw_trend_curve no_curve = { .likely = 0 };

/* A line with noise, 0.1 a step, ends near 30. */
static void simulate_restarts(double threshold, int side, double slope,
                              const struct bw_trend_restarts *restarts,
                              struct bw_trend_passage *out)
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
        .restarts = restarts,
        .curve = &no_curve,
        .seasons = &none,
        .threshold = threshold,
        .side = side,
        .steps = STEPS,
        .seed = 1,
    };
    bw_trend_passage_simulate(&arena, &outlook, out);
    bw_arena_fini(&arena);
}

static void simulate(double threshold, int side, double slope, struct bw_trend_passage *out)
{
    simulate_restarts(threshold, side, slope, &no_restarts, out);
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
    double before = 0;
    for (size_t steps = 1; steps <= p.steps; steps++) {
        const double ratio = bw_trend_passage_ratio(&p, steps);
        if (!(ratio > 0 && ratio >= before))
            fail_msg("%g after %zu steps, %g before", ratio, steps, before);
        before = ratio;
    }
    const double soon = bw_trend_passage_ratio(&p, 1); /* no future is there by then */
    assert_true(fabs(bw_trend_passage_ratio(&p, 50) - 50 * soon) < 1e-9 && soon < 1e-3);
}

static void equal_seeds_give_equal_futures(void **state)
{
    (void)state;
    struct bw_trend_passage a, b;
    simulate(50, 1, 0.1, &a);
    simulate(50, 1, 0.1, &b);
    assert_memory_equal(a.first, b.first, sizeof a.first);
}

/* The line stands at 30 (or -30), 20 short of the threshold: 200 steps of climbing. */
static const struct {
    const char *name;
    struct bw_trend_restarts
        restarts;       /* of a climb to the threshold; mirrored for the other side */
    double least, most; /* P(crossed in 600 steps) */
} restarted[] = {
    { "never", { .count = 0 }, 0.9, 1 },
    { "every 100 steps, to the ground",
      { .count = 3,
        .window = 300,
        .to_base = true,
        .at = { 90, 190, 290 },
        .height = { 40, 40, 40 } },
      0,
      0.35 },
    { "every 100 steps, by as much as was climbed",
      { .count = 3, .window = 300, .at = { 90, 190, 290 }, .height = { 10, 10, 10 } },
      0.1,
      0.7 },
    { "seldom",
      { .count = 1, .window = 6000, .to_base = true, .at = { 100 }, .height = { 40 } },
      0.8,
      1 },
};

static void restarts_set_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof restarted / sizeof *restarted; i++)
        for (int side = -1; side <= 1; side += 2) {
            struct bw_trend_restarts r = restarted[i].restarts;
            struct bw_trend_passage p;
            r.side = side;
            simulate_restarts(50 * side, side, 0.1 * side, &r, &p);
            const double ratio = bw_trend_passage_ratio(&p, STEPS);
            if (!(ratio >= restarted[i].least && ratio <= restarted[i].most))
                fail_msg("%s, side %d: %g", restarted[i].name, side, ratio);
        }
}

/* Falls of a gauge are no restarts for what may happen below. */
static void restarts_of_the_other_side_do_not_count(void **state)
{
    (void)state;
    struct bw_trend_passage with, without;
    const struct bw_trend_restarts r = {
        .count = 2, .side = -1, .window = 300, .at = { 100, 200 }
    };
    simulate_restarts(50, 1, 0.1, &r, &with);
    simulate(50, 1, 0.1, &without);
    assert_memory_equal(with.first, without.first, sizeof with.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians_are_where_the_line_crosses),
        cmocka_unit_test(the_ratio_grows_with_time),
        cmocka_unit_test(equal_seeds_give_equal_futures),
        cmocka_unit_test(restarts_set_back),
        cmocka_unit_test(restarts_of_the_other_side_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
