// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/cron.h"

#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The next three firings after a time, in UTC; "-" for none. */
static void lines_fire_as_told(void **state)
{
    static const struct {
        const char *name, *zone, *cron, *after, *want[3];
    } cases[] = {
        { "Monday at eight",
          VIENNA,
          "0 8 * * MON",
          "2026-11-21T22:00:00Z",
          { "2026-11-23T07:00:00Z", "2026-11-30T07:00:00Z", "2026-12-07T07:00:00Z" } },
        { "strictly after",
          NULL,
          "30 4 * * *",
          "2026-01-01T04:30:00Z",
          { "2026-01-02T04:30:00Z", "2026-01-03T04:30:00Z", "2026-01-04T04:30:00Z" } },
        { "a millisecond before",
          NULL,
          "30 4 * * *",
          "2026-01-01T04:29:59.999Z",
          { "2026-01-01T04:30:00Z", "2026-01-02T04:30:00Z", "2026-01-03T04:30:00Z" } },
        { "lists, ranges, steps",
          NULL,
          "5,10-20/5,50/5 12 * * *",
          "2026-01-01T12:14:00Z",
          { "2026-01-01T12:15:00Z", "2026-01-01T12:20:00Z", "2026-01-01T12:50:00Z" } },
        { "either day field",
          NULL,
          "0 0 13 * FRI",
          "2026-11-01T00:00:00Z",
          { "2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z" } },
        { "both, where one has a star",
          NULL,
          "0 0 */2 * FRI",
          "2026-11-01T00:00:00Z",
          { "2026-11-13T00:00:00Z", "2026-11-27T00:00:00Z", "2026-12-11T00:00:00Z" } },
        { "Sunday is 7 too",
          NULL,
          "0 0 * * 7",
          "2026-11-21T00:00:00Z",
          { "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z" } },
        { "to Sunday",
          NULL,
          "0 0 * * SAT-sun",
          "2026-11-20T00:00:00Z",
          { "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-28T00:00:00Z" } },
        { "months by name",
          NULL,
          "0 0 1 JAN,jul *",
          "2026-01-01T00:00:00Z",
          { "2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-07-01T00:00:00Z" } },
        { "months have their ends",
          NULL,
          "0 0 31 * *",
          "2026-01-31T00:00:00Z",
          { "2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z" } },
        { "leap day over 2100",
          NULL,
          "0 0 29 2 *",
          "2096-02-28T00:00:00Z",
          { "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z", "2108-02-29T00:00:00Z" } },
        { "never", NULL, "0 0 30 2 *", "2026-01-01T00:00:00Z", { "-", "-", "-" } },
        { "shorthand",
          VIENNA,
          "@daily",
          "2026-11-21T22:00:00Z",
          { "2026-11-21T23:00:00Z", "2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z" } },
        { "weekly is Sunday",
          NULL,
          "@weekly",
          "2026-11-21T22:00:00Z",
          { "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z" } },
        { "skipped: at the end of the gap",
          VIENNA,
          "30 2 * * *",
          "2026-03-28T12:00:00Z",
          { "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z" } },
        { "all skipped ones fire once",
          VIENNA,
          "*/20 2,3 * * *",
          "2026-03-29T00:00:00Z",
          { "2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z", "2026-03-29T01:40:00Z" } },
        { "twice: the first time",
          VIENNA,
          "30 2 * * *",
          "2026-10-24T12:00:00Z",
          { "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z" } },
        { "asked in the second pass",
          VIENNA,
          "30 2 * * *",
          "2026-10-25T01:10:00Z",
          { "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z", "2026-10-28T01:30:00Z" } },
        { "every half hour over the overlap",
          VIENNA,
          "*/30 * * * *",
          "2026-10-25T00:00:00Z",
          { "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:30:00Z" } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_zone *zone = cases[i].zone != NULL ? zone_of(cases[i].zone) : NULL;
        struct bw_cron cron;
        struct bw_err err;
        if (bw_cron_parse(cases[i].cron, &cron, &err) != BW_OK)
            fail_msg("%s: %s", cases[i].name, err.text);
        int64_t ms = at(cases[i].after);
        for (size_t k = 0; k < 3; k++) {
            char got[BW_RFC3339_MAX] = "-";
            if (bw_cron_next(&cron, zone != NULL ? zone : bw_zone_utc(), ms, &ms))
                bw_format_rfc3339(got, ms);
            if (strcmp(got, cases[i].want[k]) != 0)
                fail_msg("%s: firing %zu at %s, not %s", cases[i].name, k + 1, got,
                         cases[i].want[k]);
        }
        bw_zone_free(zone);
    }
}

static void mistakes_name_the_field(void **state)
{
    static const struct {
        const char *cron, *want;
    } cases[] = {
        { "60 * * * *", "minute: expected * or 0-59" },
        { "* 24 * * *", "hour: expected * or 0-23" },
        { "* * 0 * *", "day-of-month: expected * or 1-31" },
        { "* * * 13 *", "month: expected * or 1-12 or JAN-DEC" },
        { "* * * * 8", "day-of-week: expected * or 0-7 or SUN-SAT" },
        { "* * * * MONDAY", "day-of-week: " },
        { "5-1 * * * *", "minute: " },
        { "*/0 * * * *", "minute: " },
        { "*/ * * * *", "minute: " },
        { "1,,2 * * * *", "minute: " },
        { "1, * * * *", "minute: " },
        { "1- * * * *", "minute: " },
        { "-1 * * * *", "minute: " },
        { "** * * * *", "minute: " },
        { "* * * *", "expected five fields (minute hour day-of-month month day-of-week), found 4" },
        { "* * * * * *", "expected five fields" },
        { "", "expected five fields" },
        { "@reboot", "expected @hourly, @daily" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_cron cron;
        struct bw_err err = { 0 };
        if (bw_cron_parse(cases[i].cron, &cron, &err) != BW_EINVAL
            || strncmp(err.text, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("'%s': \"%s\"", cases[i].cron, err.text);
    }
}

/* A year of an hourly job: one firing for each hour that the clock shows. */
static void a_year_of_hours(void **state)
{
    struct bw_zone *zone = zone_of(VIENNA);
    struct bw_cron cron;
    int64_t ms = at("2026-01-01T00:00:00Z");
    unsigned count = 0;
    (void)state;
    assert_int_equal(bw_cron_parse("@hourly", &cron, NULL), BW_OK);
    for (int64_t last = ms; bw_cron_next(&cron, zone, ms, &ms); last = ms, count++) {
        assert_true(ms > last);
        if (ms > at("2027-01-01T00:00:00Z"))
            break;
    }
    assert_int_equal(count, 365 * 24 - 1);
    bw_zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_fire_as_told),
        cmocka_unit_test(mistakes_name_the_field),
        cmocka_unit_test(a_year_of_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
