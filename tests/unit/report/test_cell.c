// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/parts.h"

#include <math.h>
#include <string.h>

#define THIN "\xe2\x80\xaf"
#define DASH "\xe2\x80\x93"

static void ratios_are_cut_never_rounded_up(void **state)
{
    (void)state;
    static const struct {
        double ratio;
        const char *want;
    } cases[] = {
        { 1, "100" THIN "%" }, { 0.9999999, "99.999" THIN "%" }, { 0.29, "29" THIN "%" },
        { 0, "0" THIN "%" },   { 0.99954, "99.954" THIN "%" },   { 1e-9, "< 0.001" THIN "%" },
        { NAN, DASH },         { 0.1 + 0.2, "30" THIN "%" },
    };
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_buf_clear(&out);
        bw_report_say_ratio(&out, cases[i].ratio);
        assert_string_equal(out.data, cases[i].want);
    }
    bw_buf_fini(&out);
}

static void seconds_are_said_short(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *want;
    } cases[] = {
        { 0, "0s" },        { 0.0125, "12.5ms" }, { 97200, "1d 3h" }, { NAN, DASH },
        { INFINITY, DASH }, { 1e300, DASH },      { 7500, "2h 5m" },
    };
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_buf_clear(&out);
        bw_report_say_seconds(&out, cases[i].seconds);
        assert_string_equal(out.data, cases[i].want);
    }
    bw_buf_fini(&out);
}

static const struct bw_report_column *column_named(enum bw_report_section_id section,
                                                   const char *name)
{
    const struct bw_report_column *column = bw_report_sections[section].columns;
    while (strcmp(column->name, name) != 0)
        column++;
    return column;
}

static void cells_are_in_base_units(void **state)
{
    (void)state;
    const struct bw_report_check check = { .service = NULL,
                                           .status = BW_DEGRADED,
                                           .runs = 12,
                                           .downtime_ms = 1500,
                                           .duration_p50_s = NAN };
    const struct bw_report_incident incident = { .ended_ms = 0 };
    struct bw_buf scratch;
    bw_buf_init(&scratch, 1000);
    struct bw_report_cell cell =
        bw_report_cell_of(column_named(BW_REPORT_CHECKS, "downtime_seconds"), &check, &scratch);
    assert_true(cell.is == BW_CELL_IS_NUMBER && cell.number == 1.5);
    cell = bw_report_cell_of(column_named(BW_REPORT_CHECKS, "runs"), &check, &scratch);
    assert_true(cell.is == BW_CELL_IS_NUMBER && cell.number == 12);
    cell = bw_report_cell_of(column_named(BW_REPORT_CHECKS, "status"), &check, &scratch);
    assert_string_equal(cell.text, "DEGRADED");
    cell = bw_report_cell_of(column_named(BW_REPORT_CHECKS, "service"), &check, &scratch);
    assert_string_equal(cell.text, "");
    cell =
        bw_report_cell_of(column_named(BW_REPORT_CHECKS, "duration_p50_seconds"), &check, &scratch);
    assert_true(cell.is == BW_CELL_IS_NOTHING);
    cell = bw_report_cell_of(column_named(BW_REPORT_INCIDENTS, "ended"), &incident, &scratch);
    assert_true(cell.is == BW_CELL_IS_NOTHING);
    bw_buf_fini(&scratch);
}

static void a_trend_says_its_series_and_farthest_crossing(void **state)
{
    (void)state;
    const struct bw_label label = { "device", "a\"b" };
    struct bw_trend_record trend = { .metric = "m",
                                     .labels = { &label, 1 },
                                     .horizons = { { 2, 0, 0, 0, 0.5 }, { 1, 0, 0, 0, 0.25 } },
                                     .horizon_count = 2 };
    struct bw_buf scratch;
    bw_buf_init(&scratch, 1000);
    struct bw_report_cell cell =
        bw_report_cell_of(column_named(BW_REPORT_TRENDS, "series"), &trend, &scratch);
    assert_string_equal(cell.text, "m{device=\"a\\\"b\"}");
    cell = bw_report_cell_of(column_named(BW_REPORT_TRENDS, "crossing_ratio"), &trend, &scratch);
    assert_true(cell.number == 0.5);
    trend.horizon_count = 0;
    cell = bw_report_cell_of(column_named(BW_REPORT_TRENDS, "crossing_ratio"), &trend, &scratch);
    assert_true(cell.is == BW_CELL_IS_NOTHING);
    bw_buf_fini(&scratch);
}

static void the_strip_joins_equal_parts(void **state)
{
    (void)state;
    struct bw_report_check check = { .strip = { BW_UNHEALTHY, BW_UNHEALTHY } };
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    bw_report_say(column_named(BW_REPORT_CHECKS, "strip"), &check, &out);
    assert_string_equal(out.data, "<rect class=\"unhealthy\" x=\"0\" width=\"2\" height=\"1\"/>"
                                  "<rect class=\"unknown\" x=\"2\" width=\"58\" height=\"1\"/>");
    bw_buf_fini(&out);
}

static void every_column_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (size_t s = 0; s < BW_REPORT_SECTION_COUNT; s++) {
        const struct bw_report_section *section = &bw_report_sections[s];
        size_t n = 0;
        for (; section->columns[n].name != NULL; n++) {
            assert_true(strlen(section->columns[n].heading) > 0);
            for (size_t i = 0; i < n; i++)
                assert_string_not_equal(section->columns[i].name, section->columns[n].name);
        }
        assert_true(n < BW_REPORT_COLUMNS_MAX - 1); /* the last stands for the row */
        assert_true(strlen(section->title) <= 31 && strpbrk(section->title, "[]:*?/\\'") == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios_are_cut_never_rounded_up),
        cmocka_unit_test(seconds_are_said_short),
        cmocka_unit_test(cells_are_in_base_units),
        cmocka_unit_test(a_trend_says_its_series_and_farthest_crossing),
        cmocka_unit_test(the_strip_joins_equal_parts),
        cmocka_unit_test(every_column_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
