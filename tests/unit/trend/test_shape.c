// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "synth.h"
#include "trend/shape.h"

#include <stdlib.h>

#define HOUR_MS INT64_C(3600000)
#define START_MS (INT64_C(1700000000000) / HOUR_MS * HOUR_MS)

enum { HOURS = 24 * 21 };

static struct bw_trend_shape shape_of(struct bw_arena *arena, double amplitude)
{
    struct bw_point points[HOURS];
    double x[HOURS];
    struct bw_trend_record record = { .metric = "m" };
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    synth_make(&(struct synth){ .level = 50, .sd = 1, .amplitude = amplitude, .period = 24 }, 1, x,
               HOURS);
    for (size_t i = 0; i < HOURS; i++)
        points[i] = (struct bw_point){ START_MS + (int64_t)i * HOUR_MS, x[i] };
    const struct bw_trend_request request = { .points = points, .count = HOURS, .threshold = NAN };
    assert_int_equal(bw_trend_analyse(&request, scratch, &record, NULL), BW_OK);
    const struct bw_trend_shape shape = bw_trend_shape_of(scratch, arena);
    bw_trend_scratch_free(scratch);
    return shape;
}

/* What was a sine stays one, on the days to come. */
static void the_season_goes_on(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_trend_shape found = shape_of(&arena, 10);
    struct bw_trend_shape *shape = bw_trend_shape_clone(&found);
    assert_int_equal(shape->cells, 24);
    for (int i = 0; i < 24 * 40; i++) {
        const double want = 10 * sin(6.283185307179586 * (HOURS + i) / 24);
        const int64_t ts_ms = START_MS + (HOURS + i) * HOUR_MS + HOUR_MS / 2;
        if (fabs(bw_trend_shape_at(shape, ts_ms) - want) > 1.5)
            fail_msg("after %d h: %g, not %g", i, bw_trend_shape_at(shape, ts_ms), want);
    }
    free(shape);
    bw_arena_fini(&arena);
}

static void without_a_season_there_is_no_shape(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    const struct bw_trend_shape shape = shape_of(&arena, 0);
    assert_int_equal(shape.cells, 0);
    assert_null(bw_trend_shape_clone(&shape));
    assert_true(bw_trend_shape_at(&shape, START_MS) == 0);
    assert_true(bw_trend_shape_at(NULL, START_MS) == 0);
    bw_arena_fini(&arena);
}

static void between_cells_is_a_straight_line(void **state)
{
    (void)state;
    static const float value[] = { 0, 10, -10 };
    const struct bw_trend_shape shape = { 1000, 100, 3, value };
    static const struct {
        int64_t ts_ms;
        double want;
    } cases[] = { { 1050, 0 },  { 1150, 10 }, { 1250, -10 }, { 1100, 5 },
                  { 1200, 0 },  { 1300, -5 }, { 1350, 0 },   { 1450, 10 },
                  { 950, -10 }, { 850, 10 },  { -98950, -10 }, { 1000, -5 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (fabs(bw_trend_shape_at(&shape, cases[i].ts_ms) - cases[i].want) > 1e-9)
            fail_msg("at %d: %g", (int)cases[i].ts_ms, bw_trend_shape_at(&shape, cases[i].ts_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_season_goes_on),
        cmocka_unit_test(without_a_season_there_is_no_shape),
        cmocka_unit_test(between_cells_is_a_straight_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
