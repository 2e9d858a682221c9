// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/plane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

static struct bw_plane plane_of(const char *metric)
{
    return (struct bw_plane){ .width = 400,
                              .height = 150,
                              .left = 50,
                              .right = 10,
                              .top = 10,
                              .bottom = 20,
                              .times = 5,
                              .lines = 3,
                              .metric = metric };
}

/* Which lines an axis has. */
static const struct {
    const char *metric;
    double low, high;
    double axis_low, axis_high, step;
} axes[] = {
    { "x", 0, 10, 0, 10, 5 },
    { "x", 103, 104, 103, 104, 0.5 },
    { "x", 3, 10, 0, 10, 5 },
    { "x", -3, 10, -5, 10, 5 },
    { "x", 0, 0, 0, 0.001, 0.0005 },
    { "free_bytes", 0, 3.9 * (1 << 30), 0, 4.0 * (1 << 30), 2.0 * (1 << 30) },
    { "sent_bytes", 0, 2.3 * (1 << 20), 0, 3.0 * (1 << 20), 1 << 20 },
    { "free_bytes", 0, 900, 0, 1000, 500 },
};

static void axes_have_round_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++) {
        struct bw_plane plane = plane_of(axes[i].metric);
        bw_plane_begin(&plane);
        bw_plane_include(&plane, axes[i].low);
        bw_plane_include(&plane, NAN);
        bw_plane_include(&plane, INFINITY);
        bw_plane_include(&plane, axes[i].high);
        bw_plane_settle(&plane);
        const double error = 1e-9 * (1 + fabs(axes[i].axis_high));
        if (!(fabs(plane.low - axes[i].axis_low) < error
              && fabs(plane.high - axes[i].axis_high) < error
              && fabs(plane.step - axes[i].step) < error))
            fail_msg("case %zu: %g to %g by %g", i, plane.low, plane.high, plane.step);
    }
}

/* Lines of the grid that would read alike get more digits; others stay as they are said elsewhere.
 */
static const struct {
    const char *metric;
    double low, high;
    const char *has, *has_not;
} labels[] = {
    { "used_ratio", 0.832, 0.836, ">83.4 %<", ">83 %<" },
    { "used_ratio", 0, 0.9, ">50 %<", ">50.0 %<" },
    { "free_bytes", 40.1 * (1 << 30), 40.15 * (1 << 30), ">40.12 GiB<", ">40.1 GiB<" },
    { "took_seconds", 0.1031, 0.1034, ">103.2 ms<", ">103 ms<" },
    { "x", 1000.1, 1000.4, ">1000.2<", ">1e+03<" },
};

static void lines_of_the_grid_can_be_told_apart(void **state)
{
    (void)state;
    struct bw_buf out;
    struct bw_arena arena;
    bw_arena_init(&arena);
    bw_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct bw_plane plane = plane_of(labels[i].metric);
        bw_plane_begin(&plane);
        bw_plane_include(&plane, labels[i].low);
        bw_plane_include(&plane, labels[i].high);
        bw_plane_settle(&plane);
        bw_buf_clear(&out);
        bw_plane_draw_values(&arena, &plane, &out);
        if (strstr(out.data, labels[i].has) == NULL || strstr(out.data, labels[i].has_not) != NULL)
            fail_msg("%s: %s", labels[i].metric, out.data);
    }
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

static void what_lies_outside_lies_on_the_edge(void **state)
{
    (void)state;
    struct bw_plane plane = plane_of(NULL);
    plane.from_ms = 0;
    plane.to_ms = 100;
    plane.low = 0;
    plane.high = 12;
    assert_true(bw_plane_x(&plane, -5) == 50 && bw_plane_x(&plane, 50) == 220);
    assert_true(bw_plane_x(&plane, 1000) == 390);
    assert_true(bw_plane_y(&plane, -1) == 130 && bw_plane_y(&plane, 6) == 70);
    assert_true(bw_plane_y(&plane, 1e300) == 10);
}

/* Of several midnights each says which it is; within a day there is one midnight at most. */
static void times_cannot_be_mistaken(void **state)
{
    (void)state;
    struct bw_buf out;
    struct bw_plane plane = plane_of(NULL);
    bw_buf_init(&out, 1 << 16);
    plane.from_ms = 3 * HOUR_MS;
    plane.to_ms = plane.from_ms + 60 * HOUR_MS;
    bw_plane_draw_times(&plane, &out);
    assert_non_null(strstr(out.data, ">12:00<"));
    assert_non_null(strstr(out.data, ">2 Jan<"));
    assert_non_null(strstr(out.data, ">3 Jan<"));
    assert_null(strstr(out.data, ">00:00<"));
    bw_buf_clear(&out);
    plane.to_ms = plane.from_ms + 24 * HOUR_MS;
    bw_plane_draw_times(&plane, &out);
    assert_non_null(strstr(out.data, ">00:00<"));
    bw_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_have_round_numbers),
        cmocka_unit_test(lines_of_the_grid_can_be_told_apart),
        cmocka_unit_test(what_lies_outside_lies_on_the_edge),
        cmocka_unit_test(times_cannot_be_mistaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
