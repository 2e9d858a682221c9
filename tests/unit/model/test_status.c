// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    enum bw_status status;
    int stored; /* the number in the database: never another */
    const char *name;
} statuses[] = {
    { BW_UNKNOWN, 0, "UNKNOWN" },
    { BW_HEALTHY, 1, "HEALTHY" },
    { BW_DEGRADED, 2, "DEGRADED" },
    { BW_UNHEALTHY, 3, "UNHEALTHY" },
};

static void statuses_keep_their_names_and_numbers(void **state)
{
    (void)state;
    assert_int_equal(sizeof statuses / sizeof *statuses, BW_STATUS_COUNT);
    for (size_t i = 0; i < BW_STATUS_COUNT; i++) {
        enum bw_status read = BW_STATUS_COUNT;
        assert_int_equal(statuses[i].status, statuses[i].stored);
        assert_string_equal(bw_status_name(statuses[i].status), statuses[i].name);
        assert_string_equal(*bw_status_label(statuses[i].status), statuses[i].name);
        assert_true(bw_status_from_name(statuses[i].name, &read));
        assert_int_equal(read, statuses[i].status);
    }
}

static void levels_keep_their_names_and_numbers(void **state)
{
    (void)state;
    static const char *const names[] = { "none", "info", "warning", "critical" };
    assert_int_equal(sizeof names / sizeof *names, BW_LEVEL_COUNT);
    for (int i = 0; i < BW_LEVEL_COUNT; i++) {
        enum bw_level read = BW_LEVEL_COUNT;
        assert_string_equal(bw_level_name((enum bw_level)i), names[i]);
        assert_true(bw_level_from_name(names[i], &read));
        assert_int_equal(read, i);
    }
}

static void either_case_is_read_and_nothing_else(void **state)
{
    (void)state;
    static const char *const wrong[] = { "", "HEALTH", "HEALTHYY", " HEALTHY", "up", "1" };
    enum bw_status status = BW_DEGRADED;
    enum bw_level level = BW_LEVEL_INFO;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(bw_status_from_name(wrong[i], &status));
        assert_false(bw_level_from_name(wrong[i], &level));
    }
    assert_int_equal(status, BW_DEGRADED); /* left alone */
    assert_int_equal(level, BW_LEVEL_INFO);
    assert_true(bw_status_from_name("unHealthy", &status));
    assert_int_equal(status, BW_UNHEALTHY);
    assert_true(bw_level_from_name("Critical", &level));
    assert_int_equal(level, BW_LEVEL_CRITICAL);
}

static void the_worst_has_the_highest_rank(void **state)
{
    (void)state;
    static const enum bw_status rising[] = { BW_HEALTHY, BW_UNKNOWN, BW_DEGRADED, BW_UNHEALTHY };
    for (size_t i = 1; i < sizeof rising / sizeof *rising; i++)
        assert_true(bw_status_rank(rising[i - 1]) < bw_status_rank(rising[i]));
}

/* A number from a damaged or newer database. */
static void a_number_that_is_no_status_is_unknown(void **state)
{
    (void)state;
    const enum bw_status status = (enum bw_status)BW_STATUS_COUNT;
    const enum bw_level level = (enum bw_level)BW_LEVEL_COUNT;
    assert_string_equal(bw_status_name(status), "UNKNOWN");
    assert_int_equal(bw_status_rank(status), bw_status_rank(BW_UNKNOWN));
    assert_string_equal(bw_level_name(level), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_keep_their_names_and_numbers),
        cmocka_unit_test(levels_keep_their_names_and_numbers),
        cmocka_unit_test(either_case_is_read_and_nothing_else),
        cmocka_unit_test(the_worst_has_the_highest_rank),
        cmocka_unit_test(a_number_that_is_no_status_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
