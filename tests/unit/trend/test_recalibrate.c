// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/recalibrate.h"

#include "trend/robust.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What a belief is worth in each world. */
static double honest(double p)
{
    return p;
}

static double too_sure(double p)
{
    return 0.5 + (p - 0.5) / 2;
}

static double too_hopeful(double p)
{
    return p * p;
}

static double turned_round(double p)
{
    return 1 - p;
}

static double never(double p)
{
    return 0 * p;
}

static struct bw_trend_beliefs live(double (*world)(double), size_t count, uint64_t seed)
{
    struct bw_trend_beliefs beliefs = { .squared = 0 };
    struct bw_trend_random random = bw_trend_random_seed(seed);
    for (size_t i = 0; i < count; i++) {
        const double p = 0.02 + 0.96 * bw_trend_random_uniform(&random);
        bw_trend_beliefs_add(&beliefs, p, bw_trend_random_uniform(&random) < world(p));
    }
    return beliefs;
}

static double worst(const struct bw_trend_recalibration *map, double (*world)(double))
{
    double off = 0;
    for (double p = 0.05; p < 0.96; p += 0.05)
        off = fmax(off, fabs(bw_trend_recalibrate(map, p) - world(p)));
    return off;
}

static const struct {
    const char *name;
    double (*world)(double);
    size_t count;
    double off; /* at most, from the world's probability */
} cases[] = {
    { "an honest stream stays", honest, 2000, 0.04 },
    { "a short honest stream stays, too", honest, 200, 0.09 },
    { "too sure comes out calibrated", too_sure, 3000, 0.06 },
    { "too hopeful comes out calibrated", too_hopeful, 3000, 0.06 },
};

static void streams_come_out_calibrated(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_trend_beliefs beliefs = live(cases[i].world, cases[i].count, 7 + i);
        const struct bw_trend_recalibration map = bw_trend_recalibration_fit(&beliefs);
        const double off = worst(&map, cases[i].world);
        if (off > cases[i].off)
            fail_msg("%s: off by %g (%g, %g, %g)", cases[i].name, off, map.a, map.b, map.c);
    }
}

static void little_evidence_changes_nothing(void **state)
{
    (void)state;
    const struct bw_trend_beliefs few = live(too_hopeful, BW_TREND_RECALIBRATE_LEAST - 1, 3);
    const struct bw_trend_recalibration map = bw_trend_recalibration_fit(&few);
    assert_true(bw_trend_recalibrate(&map, 0.7) == 0.7);
}

/* More evidence moves farther, and nearer to the truth. */
static void the_change_is_what_the_evidence_carries(void **state)
{
    (void)state;
    const struct bw_trend_beliefs some = live(never, 200, 5), many = live(never, 5000, 5);
    const struct bw_trend_recalibration a = bw_trend_recalibration_fit(&some);
    const struct bw_trend_recalibration b = bw_trend_recalibration_fit(&many);
    assert_true(worst(&a, honest) > 0.3); /* from the identity */
    assert_true(worst(&b, honest) > worst(&a, honest) + 0.02);
    assert_true(worst(&b, never) < worst(&a, never) / 2);
}

static void orders_stay_and_nothing_is_certain(void **state)
{
    (void)state;
    double (*const worlds[])(double) = { honest, too_sure, turned_round, never };
    for (size_t i = 0; i < 4; i++) {
        const struct bw_trend_beliefs beliefs = live(worlds[i], 4000, 11);
        const struct bw_trend_recalibration map = bw_trend_recalibration_fit(&beliefs);
        double before = 0;
        for (double p = 0.001; p < 1; p += 0.001) {
            const double q = bw_trend_recalibrate(&map, p);
            assert_true(q >= before && q > 0 && q < 1);
            before = q;
        }
    }
}

static void what_was_seen_or_is_not_known_stays(void **state)
{
    (void)state;
    const struct bw_trend_beliefs beliefs = live(too_hopeful, 3000, 13);
    const struct bw_trend_recalibration map = bw_trend_recalibration_fit(&beliefs);
    assert_true(bw_trend_recalibrate(&map, 1) == 1);
    assert_true(bw_trend_recalibrate(&map, 0) == 0);
    assert_true(isnan(bw_trend_recalibrate(&map, NAN)));
    assert_true(bw_trend_recalibrate(&bw_trend_recalibration_none, 0.3) == 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_come_out_calibrated),
        cmocka_unit_test(little_evidence_changes_nothing),
        cmocka_unit_test(the_change_is_what_the_evidence_carries),
        cmocka_unit_test(orders_stay_and_nothing_is_certain),
        cmocka_unit_test(what_was_seen_or_is_not_known_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
