// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/show_backtest.h"

#include <jansson.h>
#include <string.h>

static const struct bw_terminal file = { .columns = 80 };

/* Twenty forecasts a day ahead, a threshold, and a week ahead of which nothing is known. */
static struct bw_trend_skill skills[2];

static struct bw_backtest_part make(void)
{
    memset(skills, 0, sizeof skills);
    struct bw_trend_skill *s = &skills[0];
    *s = (struct bw_trend_skill){ .horizon_ms = 86400000,
                                  .origins = 22,
                                  .foreseen = 20,
                                  .seasonal = 20,
                                  .error = 16,
                                  .naive = 32,
                                  .seasonal_error = 16,
                                  .seasonal_naive = 12.8,
                                  .pinball = 6,
                                  .undetermined = 1,
                                  .faint = 1 };
    for (int i = 0; i < 20; i++) {
        bw_trend_cover_add(&s->cover80, 8, 10, 1);
        bw_trend_cover_add(&s->cover95, 9 + (size_t)i % 2, 10, 1);
        bw_trend_beliefs_add(&s->direction, 0.9, i > 0);
        if (i < 10)
            bw_trend_beliefs_add(&s->crossing, i < 3 ? 0.8 : 0.1, i < 3);
    }
    skills[1].horizon_ms = 7 * INT64_C(86400000);
    return (struct bw_backtest_part){ .name = "a{b=\"c\"}",
                                      .series = 1,
                                      .analyses = 22,
                                      .cpu_ms = 44,
                                      .skill = skills,
                                      .horizon_count = 2 };
}

static void expect_text(const struct bw_buf *out, const char *part)
{
    if (strstr(out->data, part) == NULL)
        fail_msg("no '%s' in:\n%s", part, out->data);
}

static void a_row_a_horizon_that_was_scored(void **state)
{
    (void)state;
    const struct bw_backtest_part part = make();
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    bw_backtest_head(&out, &file);
    bw_backtest_rows(&out, &file, &part);
    assert_string_equal(
        out.data,
        "  ahead          n    MASE   naive  season     80%     95%   right/said  unsure\n"
        "a{b=\"c\"}\n"
        "  1d            22     0.8    +50%    -25%     80%     95%        19/20      5%\n");
    bw_buf_fini(&out);
}

static void the_same_in_words(void **state)
{
    (void)state;
    struct bw_backtest_part part = make();
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    bw_backtest_words(&out, &file, &part);
    expect_text(&out, "  1d ahead, asked 22 times\n");
    expect_text(&out,
                "MASE 0.8, 50% less than by the last value, 25% more than by the last season");
    expect_text(&out, "80% band   held 80.0% of what came");
    expect_text(&out, "right 19 of 20 times (95%; 95%: 76 to 99%); Brier 0.050\n");
    expect_text(&out, "undetermined 5%; 1 that this horizon cannot prove");
    expect_text(&out, "crossed after 3 of 10 forecasts; Brier 0.019, skill 0.91\n");
    expect_text(&out,
                "2.00 ms of CPU an analysis: this series every 5m would be 0.00067% of a core");
    assert_null(strstr(out.data, "7d"));
    for (const char *line = out.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        assert_true(end - line <= 100);

    bw_buf_clear(&out);
    part.name = NULL;
    part.series = 3;
    part.too_short = 1;
    bw_backtest_words(&out, &file, &part);
    expect_text(&out, "all, 3 series, 1 of them too short\n");
    bw_buf_fini(&out);
}

static void what_was_not_scored_is_said_to_be_so(void **state)
{
    (void)state;
    struct bw_backtest_part part = make();
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    assert_true(bw_backtest_is_scored(&part));
    skills[0].origins = 0;
    assert_false(bw_backtest_is_scored(&part));
    bw_backtest_rows(&out, &file, &part);
    assert_string_equal(out.data, "a{b=\"c\"}\n  not scored: too few values came\n");
    bw_buf_fini(&out);
}

/* With few statements a calibration error is an accident; with many it is said. */
static void calibration_is_said_of_many_statements(void **state)
{
    (void)state;
    const struct bw_backtest_part part = make();
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    bw_backtest_words(&out, &file, &part);
    assert_null(strstr(out.data, "calibration error"));
    for (int i = 0; i < 30; i++)
        bw_trend_beliefs_add(&skills[0].direction, 0.9, i > 4);
    bw_buf_clear(&out);
    bw_backtest_words(&out, &file, &part);
    expect_text(&out, "calibration error 0.020");
    bw_buf_fini(&out);
}

static void programs_get_all_of_it(void **state)
{
    (void)state;
    const struct bw_backtest_part part = make();
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    struct bw_json json = bw_json_to(&out);
    bw_backtest_json(&json, &part);
    json_t *root = json_loadb(out.data, out.len, 0, NULL);
    assert_non_null(root);
    const json_t *horizons = json_object_get(root, "horizons");
    assert_int_equal(json_array_size(horizons), 2);
    const json_t *day = json_array_get(horizons, 0), *week = json_array_get(horizons, 1);
    assert_true(json_real_value(json_object_get(day, "skill_naive")) == 0.5);
    assert_int_equal(json_integer_value(json_object_get(day, "directions_right")), 19);
    assert_true(json_is_null(json_object_get(week, "mase")));
    assert_true(json_is_null(json_object_get(week, "coverage_95")));

    bw_buf_clear(&out);
    bw_backtest_csv_head(&out);
    const size_t columns_end = out.len;
    bw_backtest_csv(&out, "series", &part);
    expect_text(&out, "\nseries,\"a{b=\"\"c\"\"}\",1,0,22,44.000,86400,22,20,0.8,0.5,-0.25,0.8,");
    size_t head = 0, row = 0;
    for (size_t i = 0; i < out.len; i++) {
        head += i < columns_end && out.data[i] == ',';
        row += i >= columns_end && out.data[i] == ',';
    }
    assert_int_equal(row, 2 * head); /* two lines, each with every column */
    json_decref(root);
    bw_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_a_horizon_that_was_scored),
        cmocka_unit_test(the_same_in_words),
        cmocka_unit_test(what_was_not_scored_is_said_to_be_so),
        cmocka_unit_test(calibration_is_said_of_many_statements),
        cmocka_unit_test(programs_get_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
