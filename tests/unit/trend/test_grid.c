// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/grid.h"

#include <math.h>
#include <stdbool.h>

#define NONE NAN

/* One second a step: what goes in as (second, value), what comes out cell by cell. */
static const struct {
    const char *name;
    bool counter;
    size_t count;
    struct bw_point points[8];
    size_t n;
    double cells[8];
} cases[] = {
    { "regular", false, 3, { { 0, 1 }, { 1000, 2 }, { 2000, 3 } }, 3, { 1, 2, 3 } },
    { "a gap stays a gap", false, 3, { { 0, 1 }, { 1000, 2 }, { 3000, 4 } }, 4, { 1, 2, NONE, 4 } },
    { "unordered", false, 3, { { 2000, 3 }, { 0, 1 }, { 1000, 2 } }, 3, { 1, 2, 3 } },
    { "the newest of equal times",
      false,
      4,
      { { 0, 1 }, { 1000, 7 }, { 1000, 2 }, { 2000, 3 } },
      3,
      { 1, 2, 3 } },
    { "infinities are missing",
      false,
      4,
      { { 0, 1 }, { 1000, INFINITY }, { 2000, -INFINITY }, { 3000, 3 } },
      4,
      { 1, NONE, NONE, 3 } },
    { "missing at the ends is cut",
      false,
      3,
      { { 0, NAN }, { 1000, 2 }, { 2000, NAN } },
      1,
      { 2 } },
    { "a counter's rate",
      true,
      4,
      { { 0, 5 }, { 1000, 8 }, { 2000, 8 }, { 3000, 12 } },
      3,
      { 3, 0, 4 } },
    { "a reset is a gap",
      true,
      5,
      { { 0, 100 }, { 1000, 103 }, { 2000, 1 }, { 3000, 5 }, { 4000, 7 } },
      4,
      { 3, NONE, 4, 2 } },
    { "times no clock can show",
      false,
      3,
      { { INT64_MIN, 9 }, { 0, 1 }, { INT64_MAX, 9 } },
      1,
      { 1 } },
    { "nothing", false, 0, { { 0, 0 } }, 0, { 0 } },
};

static void points_become_cells(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct bw_arena arena = { 0 };
        struct bw_trend_grid grid;
        bw_trend_grid_build(&arena, cases[c].points, cases[c].count, cases[c].counter, 1000,
                            INT64_MAX, &grid);
        if (grid.n != cases[c].n)
            fail_msg("%s: %zu cells, not %zu", cases[c].name, grid.n, cases[c].n);
        for (size_t i = 0; i < grid.n; i++) {
            const double want = cases[c].cells[i], got = grid.y[i];
            if (isnan(want) ? !isnan(got) : !(fabs(got - want) < 1e-12))
                fail_msg("%s: cell %zu is %g, not %g", cases[c].name, i, got, want);
            if (!isfinite(grid.fit[i]))
                fail_msg("%s: cell %zu is not bridged", cases[c].name, i);
        }
        bw_arena_fini(&arena);
    }
}

static void a_reset_is_counted(void **state)
{
    (void)state;
    const struct bw_point points[] = { { 0, 5 }, { 1000, 9 }, { 2000, 2 }, { 3000, 4 } };
    struct bw_arena arena = { 0 };
    struct bw_trend_grid grid;
    bw_trend_grid_build(&arena, points, 4, true, 0, INT64_MAX, &grid);
    assert_int_equal(grid.resets, 1);
    assert_int_equal(grid.step_ms, 1000);
    assert_true(grid.non_negative);
    bw_arena_fini(&arena);
}

static void long_input_becomes_block_means(void **state)
{
    (void)state;
    enum { N = 3 * BW_TREND_CELLS_MAX };
    struct bw_arena arena = { 0 };
    struct bw_point *points = bw_arena_array(&arena, N, sizeof *points);
    for (size_t i = 0; i < N; i++)
        points[i] = (struct bw_point){ (int64_t)i * 1000, (double)(i / 3) };
    struct bw_trend_grid grid;
    bw_trend_grid_build(&arena, points, N, false, 0, INT64_MAX, &grid);
    assert_true(grid.n <= BW_TREND_CELLS_MAX);
    assert_int_equal(grid.step_ms, 3000);
    assert_int_equal(grid.used, N);
    assert_true(grid.y[grid.n - 1] > grid.y[0] + BW_TREND_CELLS_MAX / 2);
    bw_arena_fini(&arena);
}

static void later_points_are_left_out(void **state)
{
    (void)state;
    const struct bw_point points[] = { { 0, 1 }, { 1000, 2 }, { 5000, 3 } };
    struct bw_arena arena = { 0 };
    struct bw_trend_grid grid;
    bw_trend_grid_build(&arena, points, 3, false, 0, 1000, &grid);
    assert_int_equal(grid.used, 2);
    assert_int_equal(grid.last_ms, 1000);
    bw_arena_fini(&arena);
}

static void only_isolated_spikes_are_cleaned(void **state)
{
    (void)state;
    double x[60], work[120];
    for (size_t i = 0; i < 60; i++)
        x[i] = i % 2 == 0 ? 1 : 1.1;
    x[20] = 50; /* alone: goes */
    x[59] = 50; /* too young to tell */
    assert_int_equal(bw_trend_grid_clean(x, 60, 0, work), 1);
    assert_true(x[20] < 2);
    assert_true(x[59] == 50);
    for (size_t i = 30; i < 60; i++)
        x[i] += 50; /* a shift is no spike */
    assert_int_equal(bw_trend_grid_clean(x, 60, 0, work), 0);
}

static void the_ends_of_a_slope_are_no_spikes(void **state)
{
    (void)state;
    double x[100], work[200];
    for (size_t i = 0; i < 100; i++)
        x[i] = (double)i;
    assert_int_equal(bw_trend_grid_clean(x, 100, 0, work), 0);
    assert_true(x[96] == 96);
}

static void rounding_of_a_rate_is_constant(void **state)
{
    (void)state;
    struct bw_point points[100];
    struct bw_arena arena = { 0 };
    struct bw_trend_grid grid;
    for (size_t i = 0; i < 100; i++)
        points[i] = (struct bw_point){ (int64_t)i * 1000, 0.1 * (double)i };
    bw_trend_grid_build(&arena, points, 100, true, 0, INT64_MAX, &grid);
    assert_true(grid.constant && grid.grain > 0 && grid.grain < 1e-13);
    bw_trend_grid_build(&arena, points, 100, false, 0, INT64_MAX, &grid);
    assert_false(grid.constant);
    bw_arena_fini(&arena);
}

static void a_spike_that_comes_every_season_stays(void **state)
{
    (void)state;
    double x[120], work[240];
    for (size_t i = 0; i < 120; i++)
        x[i] = (i % 2 == 0 ? 1 : 1.1) + (i % 30 == 7 ? 40 : 0);
    assert_int_equal(bw_trend_grid_clean(x, 120, 30, work), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_become_cells),
        cmocka_unit_test(a_reset_is_counted),
        cmocka_unit_test(long_input_becomes_block_means),
        cmocka_unit_test(later_points_are_left_out),
        cmocka_unit_test(only_isolated_spikes_are_cleaned),
        cmocka_unit_test(the_ends_of_a_slope_are_no_spikes),
        cmocka_unit_test(rounding_of_a_rate_is_constant),
        cmocka_unit_test(a_spike_that_comes_every_season_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
