// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/fan.h"

#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define NOW (1000 * HOUR_MS)

static struct bw_arena arena;
static struct bw_buf svg;
static struct bw_trend_picture picture;

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

static struct bw_trend_record falling(void)
{
    return (struct bw_trend_record){ .series = 7,
                                     .metric = "free_bytes",
                                     .direction = BW_FALLING,
                                     .confidence_ratio = 0.97,
                                     .first_ms = NOW - 48 * HOUR_MS,
                                     .last_ms = NOW,
                                     .last_value = 8 << 20,
                                     .slope_per_second = -40,
                                     .threshold = 0,
                                     .side = -1,
                                     .time_to_p10_s = 26 * 3600,
                                     .time_to_p50_s = 34 * 3600,
                                     .time_to_p90_s = 49 * 3600 };
}

static bool draw(const struct bw_trend_record *trend, enum bw_fan_size size)
{
    static const struct bw_mark marks[] = {
        { .ts_ms = NOW - 5 * HOUR_MS, .text = "deployed <2.4>" },
        { .ts_ms = NOW - 500 * HOUR_MS, .text = "too old" },
    };
    const struct bw_fan fan = { "<t>", trend, &picture, marks, 2 };
    bw_buf_clear(&svg);
    return bw_fan_draw(&arena, &fan, size, &svg);
}

static void all_there_is_to_see_is_drawn(void **state)
{
    (void)state;
    const struct bw_trend_record trend = falling();
    fake_picture(&trend, &picture);
    assert_true(draw(&trend, BW_FAN_WIDE));
    static const char *const once[] = { "<title>&lt;t&gt;</title>",
                                        "class=\"band band-80\"",
                                        "class=\"band band-95\"",
                                        "class=\"line median\"",
                                        "class=\"regime\"",
                                        "class=\"change\"",
                                        "class=\"mark\"",
                                        "deployed &lt;2.4&gt;",
                                        "class=\"now\"",
                                        "class=\"limit\"",
                                        "class=\"passage\"",
                                        "class=\"reached\"",
                                        ">limit 0 B<",
                                        "Falling by 3.3 MiB a day, 97 % sure. Reaches 0 B in 1d "
                                        "10h, between 1d 2h and 2d 1h" };
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        if (occurrences(once[i]) != 1)
            fail_msg("%zu times: %s", occurrences(once[i]), once[i]);
    assert_int_equal(occurrences("too old"), 0);
    /* The gap splits the line. */
    const char *line = strstr(svg.data, "class=\"line\" d=\"");
    size_t strokes = 0;
    for (const char *c = line; *c != '/'; c++)
        strokes += *c == 'M';
    assert_int_equal(strokes, 2);
    assert_true(svg.len < 16000);
    const size_t wide = svg.len;
    assert_true(draw(&trend, BW_FAN_NARROW));
    assert_true(svg.len < wide + 1000);
}

/* The picture ends with the forecast, or later when that shows when the limit is reached. */
static void it_reaches_as_far_as_it_says_something(void **state)
{
    (void)state;
    struct bw_trend_record trend = falling();
    int64_t from_ms, to_ms;
    fake_picture(&trend, &picture);
    const struct bw_fan fan = { "", &trend, &picture, NULL, 0 };
    bw_fan_span(&fan, &from_ms, &to_ms);
    assert_int_equal(from_ms, picture.seen[0].ts_ms);
    assert_int_equal(to_ms, NOW + 48 * HOUR_MS);
    picture.ahead_count = 12;
    bw_fan_span(&fan, &from_ms, &to_ms);
    assert_int_equal(to_ms, NOW + (int64_t)(34 * 1.2 * HOUR_MS));
    trend.time_to_p50_s = 1000 * 3600; /* so far that nothing else would be seen */
    bw_fan_span(&fan, &from_ms, &to_ms);
    assert_int_equal(to_ms, NOW + 12 * HOUR_MS);
}

static void a_far_limit_is_told_not_drawn(void **state)
{
    (void)state;
    struct bw_trend_record trend = falling();
    fake_picture(&trend, &picture);
    trend.threshold = 1e12;
    trend.side = 1;
    assert_true(draw(&trend, BW_FAN_WIDE));
    assert_int_equal(occurrences("class=\"limit\""), 0);
    assert_int_equal(occurrences("\u2191 limit 931 GiB"), 1);
    trend.threshold = -1e12;
    assert_true(draw(&trend, BW_FAN_WIDE));
    assert_int_equal(occurrences("\u2193 limit -931 GiB"), 1);
    trend.threshold = NAN;
    assert_true(draw(&trend, BW_FAN_WIDE));
    assert_int_equal(occurrences("limit "), 0);
}

/* Whatever the values, no NaN or infinity gets into a coordinate. */
static void odd_values_make_no_odd_picture(void **state)
{
    (void)state;
    static const double values[] = { 0, 5, 1e308, -1e308, 5e-324, -3 };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (int limited = 0; limited < 2; limited++) {
            struct bw_trend_record trend = falling();
            trend.last_value = values[i];
            trend.threshold = limited ? 1e308 : 0;
            trend.time_to_p90_s = INFINITY;
            fake_picture(&trend, &picture);
            picture.line_end = NAN;
            assert_true(draw(&trend, BW_FAN_NARROW));
            assert_int_equal(occurrences("nan"), 0);
            assert_int_equal(occurrences("inf"), 0);
            assert_int_equal(occurrences("</svg>"), 1);
        }
    const struct bw_trend_record trend = falling();
    bw_trend_picture_begin(&picture);
    assert_false(draw(&trend, BW_FAN_WIDE));
    picture.seen[0] = (struct bw_point){ NOW, NAN };
    picture.seen_count = 1;
    assert_false(draw(&trend, BW_FAN_WIDE));
    assert_int_equal(svg.len, 0);
    picture.seen[0].value = 3;
    assert_true(draw(&trend, BW_FAN_WIDE));
    assert_int_equal(occurrences("nan"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_there_is_to_see_is_drawn, start, stop),
        cmocka_unit_test_setup_teardown(it_reaches_as_far_as_it_says_something, start, stop),
        cmocka_unit_test_setup_teardown(a_far_limit_is_told_not_drawn, start, stop),
        cmocka_unit_test_setup_teardown(odd_values_make_no_odd_picture, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
