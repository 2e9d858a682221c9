// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/restart.h"

enum { N = 400 };

/* Climbs by `slope` a cell, falls by `fall` (0: to 10) after every `every` cells, with noise. */
struct saw {
    double slope, fall, sd, jump; /* jump: added from the middle on */
    size_t every;
};

static void make(const struct saw *saw, double *x)
{
    double level = 10;
    synth_make(&(struct synth){ .sd = saw->sd, .phi = 0.3 }, 5, x, N);
    for (size_t i = 0; i < N; i++) {
        if (saw->every > 0 && i > 0 && i % saw->every == 0)
            level = saw->fall > 0 ? level - saw->fall : 10;
        x[i] += level + (i >= N / 2) * saw->jump;
        level += saw->slope;
    }
}

static const struct {
    const char *name;
    struct saw saw;
    size_t count;
    int side;
    bool to_base;
} cases[] = {
    { "noise", { .sd = 1 }, 0, 0, false },
    { "a climb", { .slope = 0.1, .sd = 0.5 }, 0, 0, false },
    { "a shift down in noise", { .sd = 1, .jump = -30 }, 0, 0, false },
    { "a shift up in noise", { .sd = 1, .jump = 30 }, 0, 0, false },
    { "a leak that is restarted", { .slope = 0.3, .sd = 0.5, .every = 130 }, 3, 1, true },
    { "the same without noise", { .slope = 0.3, .every = 130 }, 3, 1, true },
    { "once", { .slope = 0.3, .sd = 0.5, .every = 250 }, 1, 1, true },
    { "a budget that is renewed", { .slope = -0.3, .sd = 0.5, .every = 130 }, 3, -1, true },
    { "a disk that is emptied in part",
      { .slope = 0.3, .fall = 20, .sd = 0.3, .every = 130 },
      3,
      1,
      false },
};

static void restarts_are_told_from_shifts(void **state)
{
    (void)state;
    double x[N];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_arena arena = { 0 };
        struct bw_trend_restarts got;
        make(&cases[i].saw, x);
        bw_trend_restarts_find(&arena, x, N, &got);
        if (got.count != cases[i].count)
            fail_msg("%s: %zu restarts", cases[i].name, got.count);
        for (size_t k = 0; k < got.count; k++)
            assert_int_equal(got.at[k], (k + 1) * cases[i].saw.every);
        if (got.count > 0) {
            assert_int_equal(got.side, cases[i].side);
            assert_int_equal(got.to_base, cases[i].to_base);
            assert_int_equal(got.age, N - got.at[got.count - 1]);
            assert_int_equal(got.window, N);
        }
        bw_arena_fini(&arena);
    }
}

static void undone_they_leave_one_climb(void **state)
{
    (void)state;
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_restarts got;
    make(&(struct saw){ .slope = 0.3, .sd = 0.2, .every = 90 }, x);
    bw_trend_restarts_find(&arena, x, N, &got);
    const double end = x[N - 1];
    x[7] = NAN; /* a gap stays one */
    const double lift = bw_trend_restarts_undo(&got, x, N);
    assert_true(fabs(x[N - 1] - end - lift) < 1e-9);
    for (size_t i = 0; i < N; i++)
        assert_true(i == 7 ? isnan(x[i]) : fabs(x[i] - 10 - 0.3 * (double)i) < 5);
    bw_arena_fini(&arena);
}

static void the_newest_are_kept(void **state)
{
    (void)state;
    enum { MANY = 2000, EVERY = 20 };
    double x[MANY];
    struct bw_arena arena = { 0 };
    struct bw_trend_restarts got;
    for (size_t i = 0; i < MANY; i++)
        x[i] = (double)(i % EVERY) + 0.01 * (double)(i * i % 7);
    bw_trend_restarts_find(&arena, x, MANY, &got);
    assert_int_equal(got.count, BW_TREND_RESTARTS_MAX);
    assert_int_equal(got.at[BW_TREND_RESTARTS_MAX - 1], MANY - EVERY);
    assert_int_equal(got.window, MANY - got.at[0]);
    bw_trend_restarts_find(&arena, x, 19, &got);
    assert_int_equal(got.count, 0);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restarts_are_told_from_shifts),
        cmocka_unit_test(undone_they_leave_one_climb),
        cmocka_unit_test(the_newest_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
