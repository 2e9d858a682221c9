// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/interval.h"

#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef enum bw_rc add_fn(struct bw_interval *interval, const char *text, struct bw_err *err);

static void office_hours(void **state)
{
    static const struct {
        const char *utc;
        bool inside;
    } cases[] = {
        { "2026-11-20T06:59:59Z", false }, { "2026-11-20T07:00:00Z", true },
        { "2026-11-20T16:59:59Z", true },  { "2026-11-20T17:00:00Z", false },
        { "2026-11-21T10:00:00Z", false }, { "2026-07-01T06:00:00Z", true },
    };
    struct bw_zone *zone = zone_of(VIENNA);
    struct bw_interval office = { .zone = zone };
    (void)state;
    assert_int_equal(bw_interval_add_time(&office, "08:00", "18:00", NULL), BW_OK);
    assert_int_equal(bw_interval_add_weekdays(&office, "monday:friday", NULL), BW_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (bw_interval_contains(&office, at(cases[i].utc)) != cases[i].inside)
            fail_msg("%s", cases[i].utc);
    }
    bw_zone_free(zone);
}

static void each_field_in_turn(void **state)
{
    static const struct {
        const char *name;
        add_fn *add;
        const char *text, *inside, *outside;
    } cases[] = {
        { "weekday", bw_interval_add_weekdays, "Sunday", "2026-11-22T00:00:00Z",
          "2026-11-23T00:00:00Z" },
        { "day", bw_interval_add_days_of_month, "1:5", "2026-11-05T23:59:59Z",
          "2026-11-06T00:00:00Z" },
        { "last days", bw_interval_add_days_of_month, "-3:-1", "2026-02-26T00:00:00Z",
          "2026-02-25T23:59:59Z" },
        { "last day of a leap year", bw_interval_add_days_of_month, "-1", "2028-02-29T12:00:00Z",
          "2028-02-28T12:00:00Z" },
        { "to the end", bw_interval_add_days_of_month, "15:-1", "2026-02-28T00:00:00Z",
          "2026-02-14T00:00:00Z" },
        { "a day that is not there", bw_interval_add_days_of_month, "31", "2026-01-31T00:00:00Z",
          "2026-02-28T00:00:00Z" },
        { "more days than there are", bw_interval_add_days_of_month, "-31:-31",
          "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z" },
        { "month", bw_interval_add_months, "may:august", "2026-08-31T23:00:00Z",
          "2026-09-01T00:00:00Z" },
        { "month by number", bw_interval_add_months, "12", "2026-12-01T00:00:00Z",
          "2026-11-30T23:59:59Z" },
        { "year", bw_interval_add_years, "2026:2028", "2028-12-31T23:59:59Z",
          "2029-01-01T00:00:00Z" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_interval interval = { 0 };
        struct bw_err err = { 0 };
        if (cases[i].add(&interval, cases[i].text, &err) != BW_OK)
            fail_msg("%s: %s", cases[i].name, err.text);
        if (!bw_interval_contains(&interval, at(cases[i].inside))
            || bw_interval_contains(&interval, at(cases[i].outside)))
            fail_msg("%s: '%s'", cases[i].name, cases[i].text);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        add_fn *add;
        const char *text, *want;
    } cases[] = {
        { bw_interval_add_weekdays, "mon", "weekdays: expected a day such as monday" },
        { bw_interval_add_weekdays, "friday:", "weekdays: expected" },
        { bw_interval_add_weekdays, "", "weekdays: expected" },
        { bw_interval_add_weekdays, "saturday:sunday",
          "weekdays: 'saturday:sunday' ends before it starts" },
        { bw_interval_add_days_of_month, "0", "days_of_month: expected 1 to 31" },
        { bw_interval_add_days_of_month, "32", "days_of_month: expected" },
        { bw_interval_add_days_of_month, "5:1", "days_of_month: '5:1' ends before" },
        { bw_interval_add_days_of_month, "-1:-3", "days_of_month: '-1:-3' ends before" },
        { bw_interval_add_days_of_month, "-3:5", "days_of_month: '-3:5' starts from the end" },
        { bw_interval_add_days_of_month, "1:2:3", "days_of_month: expected" },
        { bw_interval_add_months, "13", "months: expected" },
        { bw_interval_add_months, "august:may", "months: 'august:may' ends before" },
        { bw_interval_add_years, "26x", "years: expected" },
        { bw_interval_add_years, "2028:2026", "years: '2028:2026' ends before" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_interval interval = { 0 };
        struct bw_err err = { 0 };
        if (cases[i].add(&interval, cases[i].text, &err) != BW_EINVAL
            || strncmp(err.text, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("'%s': \"%s\"", cases[i].text, err.text);
    }
}

static void times_of_day(void **state)
{
    static const struct {
        const char *start, *end;
        enum bw_rc rc;
    } cases[] = {
        { "00:00", "24:00", BW_OK },     { "22:00", "06:00", BW_EINVAL },
        { "8:00", "18:00", BW_EINVAL },  { "08:00", "24:01", BW_EINVAL },
        { "08:60", "18:00", BW_EINVAL }, { "08:00", "08:00", BW_EINVAL },
        { "+8:00", "18:00", BW_EINVAL }, { "08:00", "", BW_EINVAL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_interval interval = { 0 };
        const enum bw_rc rc = bw_interval_add_time(&interval, cases[i].start, cases[i].end, NULL);
        if (rc != cases[i].rc)
            fail_msg("%s to %s: %d", cases[i].start, cases[i].end, (int)rc);
    }
}

static void lists_have_an_end_and_any_one_will_do(void **state)
{
    struct bw_interval two[2] = { 0 };
    (void)state;
    for (size_t i = 0; i < BW_INTERVAL_PARTS_MAX; i++)
        assert_int_equal(bw_interval_add_years(&two[0], "2020", NULL), BW_OK);
    assert_int_equal(bw_interval_add_years(&two[0], "2020", NULL), BW_ELIMIT);
    assert_int_equal(bw_interval_add_years(&two[1], "2026", NULL), BW_OK);
    assert_true(bw_intervals_contain(two, 2, at("2026-01-01T00:00:00Z")));
    assert_true(bw_intervals_contain(two, 2, at("2020-01-01T00:00:00Z")));
    assert_false(bw_intervals_contain(two, 2, at("2021-01-01T00:00:00Z")));
    assert_false(bw_intervals_contain(two, 0, at("2026-01-01T00:00:00Z")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(office_hours),
        cmocka_unit_test(each_field_in_turn),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(times_of_day),
        cmocka_unit_test(lists_have_an_end_and_any_one_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
