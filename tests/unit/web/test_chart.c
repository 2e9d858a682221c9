// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/chart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct bw_arena arena;
static struct bw_buf svg;

static int start(void **state)
{
    (void)state;
    bw_arena_init(&arena);
    bw_buf_init(&svg, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    bw_buf_fini(&svg);
    bw_arena_fini(&arena);
    return 0;
}

static size_t occurrences(const char *part)
{
    size_t count = 0;
    for (const char *at = svg.data; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static struct bw_chart chart_of(const struct bw_chart_line *lines, size_t count)
{
    return (struct bw_chart){ .title = "<t>",
                              .from_ms = 0,
                              .to_ms = 3600000,
                              .gap_ms = 150000,
                              .lines = lines,
                              .line_count = count,
                              .threshold = NAN,
                              .at_least = NAN };
}

static void gaps_are_shown_as_gaps(void **state)
{
    (void)state;
    struct bw_point points[60];
    size_t count = 0;
    for (int i = 0; i < 60; i++)
        if (i < 20 || i > 40)
            points[count++] = (struct bw_point){ i * 60000, 1 + i % 3 };
    struct bw_chart_line line = { "a", points, count };
    struct bw_chart chart = chart_of(&line, 1);
    bw_chart_draw(&arena, &chart, &svg);
    assert_int_equal(occurrences("class=\"gap\""), 1);
    /* Two strokes: before and after. */
    const char *path = strstr(svg.data, " d=\"");
    size_t moves = 0;
    for (const char *c = path; *c != '/'; c++)
        moves += *c == 'M';
    assert_int_equal(moves, 2);
    assert_non_null(strstr(svg.data, "<title>&lt;t&gt;</title>"));
}

/* Whatever the values, no NaN or infinity gets into a coordinate. */
static void odd_values_make_no_odd_picture(void **state)
{
    (void)state;
    static const double values[][3] = { { 0, 0, 0 },
                                        { 5, 5, 5 },
                                        { NAN, NAN, NAN },
                                        { 1e300, -1e300, 0 },
                                        { INFINITY, 1, -INFINITY },
                                        { 5e-324, 0, 0 },
                                        { 1e15, 1e15, 1e15 },
                                        { -3, -2, -1 } };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct bw_point points[3];
        for (int k = 0; k < 3; k++)
            points[k] = (struct bw_point){ k * 60000, values[i][k] };
        struct bw_chart_line line = { "\xff<", points, 3 };
        struct bw_chart chart = chart_of(&line, 1);
        bw_buf_clear(&svg);
        bw_chart_draw(&arena, &chart, &svg);
        assert_int_equal(occurrences("nan"), 0);
        assert_int_equal(occurrences("inf"), 0);
        assert_int_equal(occurrences("</svg>"), 1);
    }
}

static void an_empty_chart_says_so(void **state)
{
    (void)state;
    struct bw_chart_line line = { "a", NULL, 0 };
    struct bw_chart chart = chart_of(&line, 1);
    bw_chart_draw(&arena, &chart, &svg);
    assert_non_null(strstr(svg.data, "a: no data"));
    assert_int_equal(occurrences("class=\"gap\""), 1);
}

static void failed_results_show_without_colours(void **state)
{
    (void)state;
    const struct bw_view_past results[] = {
        bw_view_past_make((struct bw_view_result){ 0, 0.1, BW_HEALTHY }),
        bw_view_past_make((struct bw_view_result){ 1, NAN, BW_UNHEALTHY }),
        bw_view_past_make((struct bw_view_result){ 2, 0.2, BW_HEALTHY }),
        bw_view_past_make((struct bw_view_result){ 3, 0.1, BW_UNKNOWN }),
    };
    bw_chart_results(results, 4, &svg);
    assert_int_equal(occurrences("class=\"notch\""), 1);
    assert_int_equal(occurrences("class=\"unknown\""), 1);
    assert_non_null(strstr(svg.data, "<title>2 of the last 4 results were healthy</title>"));
    assert_int_equal(occurrences("nan"), 0);
}

static void phases_fill_the_bar(void **state)
{
    (void)state;
    const struct bw_view_phase phases[] = { { "connect", 1 }, { "tls", 3 } };
    bw_chart_phases(&arena, phases, 2, &svg);
    assert_non_null(strstr(svg.data, "x=\"0.00\" y=\"0\" width=\"100.00\""));
    assert_non_null(strstr(svg.data, "x=\"100.00\" y=\"0\" width=\"300.00\""));
    bw_buf_clear(&svg);
    bw_chart_phases(&arena, phases, 0, &svg);
    assert_string_equal(svg.data, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gaps_are_shown_as_gaps, start, stop),
        cmocka_unit_test_setup_teardown(odd_values_make_no_odd_picture, start, stop),
        cmocka_unit_test_setup_teardown(an_empty_chart_says_so, start, stop),
        cmocka_unit_test_setup_teardown(failed_results_show_without_colours, start, stop),
        cmocka_unit_test_setup_teardown(phases_fill_the_bar, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
