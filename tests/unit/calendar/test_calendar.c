// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/calendar.h"

#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTE_MS INT64_C(60000)

/* One interval of a calendar; a NULL text stands for any. */
struct part {
    const char *start, *end, *weekdays, *days, *months, *years;
};

static struct bw_interval interval_of(const struct part *part, const struct bw_zone *zone)
{
    struct bw_interval out = { .zone = zone };
    enum bw_rc rc = BW_OK;
    if (part->start != NULL)
        rc = bw_interval_add_time(&out, part->start, part->end, NULL);
    if (rc == BW_OK && part->weekdays != NULL)
        rc = bw_interval_add_weekdays(&out, part->weekdays, NULL);
    if (rc == BW_OK && part->days != NULL)
        rc = bw_interval_add_days_of_month(&out, part->days, NULL);
    if (rc == BW_OK && part->months != NULL)
        rc = bw_interval_add_months(&out, part->months, NULL);
    if (rc == BW_OK && part->years != NULL)
        rc = bw_interval_add_years(&out, part->years, NULL);
    assert_int_equal(rc, BW_OK);
    return out;
}

static const struct part office = { .start = "08:00", .end = "18:00", .weekdays = "monday:friday" };
static const struct part night = { .start = "02:15", .end = "02:45" };

/* When the hours of one interval change next. */
static void the_next_change_is_found(void **state)
{
    static const struct {
        const char *name;
        struct part part;
        const char *rule, *after, *want; /* NULL: none */
    } cases[] = {
        { "it opens", office, VIENNA, "2026-11-20T06:59:59.999Z", "2026-11-20T07:00:00Z" },
        { "not the present instant", office, VIENNA, "2026-11-20T07:00:00Z",
          "2026-11-20T17:00:00Z" },
        { "over the weekend and the end of summer", office, VIENNA, "2026-10-23T16:00:00Z",
          "2026-10-26T07:00:00Z" },
        { "over the weekend and the end of winter", office, VIENNA, "2026-03-27T17:00:00Z",
          "2026-03-30T06:00:00Z" },
        { "a time that is skipped", night, VIENNA, "2026-03-28T12:00:00Z", "2026-03-30T00:15:00Z" },
        { "a time that comes twice opens", night, VIENNA, "2026-10-24T12:00:00Z",
          "2026-10-25T00:15:00Z" },
        { "a time that comes twice closes", night, VIENNA, "2026-10-25T00:15:00Z",
          "2026-10-25T00:45:00Z" },
        { "a time that comes twice opens again", night, VIENNA, "2026-10-25T00:45:00Z",
          "2026-10-25T01:15:00Z" },
        { "the last day of a short month",
          { .days = "-1" },
          VIENNA,
          "2026-02-01T00:00:00Z",
          "2026-02-27T23:00:00Z" },
        { "the last day of March has 31",
          { .days = "-1" },
          VIENNA,
          "2026-03-02T00:00:00Z",
          "2026-03-30T22:00:00Z" },
        { "a leap day",
          { .days = "29", .months = "february" },
          "UTC0",
          "2028-01-01T00:00:00Z",
          "2028-02-29T00:00:00Z" },
        { "the turn of the year",
          { .years = "2027" },
          "UTC0",
          "2026-11-22T12:00:00Z",
          "2027-01-01T00:00:00Z" },
        { "too far away", { .years = "2028" }, "UTC0", "2026-11-22T12:00:00Z", NULL },
        { "never again", { .years = "2020" }, "UTC0", "2026-11-22T12:00:00Z", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_zone *zone = zone_of(cases[i].rule);
        const struct bw_interval interval = interval_of(&cases[i].part, zone);
        const struct bw_calendar calendar = { "c", &interval, 1 }, *list[] = { &calendar };
        const struct bw_hours hours = { .within = list, .within_count = 1 };
        int64_t got_ms = 0;
        const bool found = bw_hours_next_change(&hours, at(cases[i].after), &got_ms);
        if (found != (cases[i].want != NULL) || (found && got_ms != at(cases[i].want)))
            fail_msg("%s: %d, %lld ms off", cases[i].name, found,
                     found && cases[i].want != NULL ? (long long)(got_ms - at(cases[i].want)) : 0);
        bw_zone_free(zone);
    }
}

/* From change to change is the same as minute by minute, over a year with both changes of the
 * clock, in zones that make it hard. */
static void no_change_is_missed(void **state)
{
    static const char *const rules[] = { VIENNA, LORD_HOWE, GAZA };
    static const struct part parts[] = {
        { .start = "00:30", .end = "03:00", .days = "-7:-1" },
        { .start = "23:30", .end = "24:00", .weekdays = "sunday" },
        { .weekdays = "sunday", .months = "march:may" },
        { .start = "01:15", .end = "02:20", .days = "1:7" },
    };
    const int64_t from_ms = at("2026-01-01T00:00:00Z"), to_ms = at("2027-01-01T00:00:00Z");
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct bw_zone *zone = zone_of(rules[i]);
        struct bw_interval intervals[4];
        for (size_t k = 0; k < 4; k++)
            intervals[k] = interval_of(&parts[k], zone);
        const struct bw_calendar first = { "a", intervals, 3 }, second = { "b", &intervals[3], 1 };
        const struct bw_calendar *within[] = { &first }, *except[] = { &second };
        const struct bw_hours hours = { within, 1, except, 1 };
        int64_t change_ms = from_ms;
        bool inside = bw_hours_contain(&hours, from_ms);
        assert_true(bw_hours_next_change(&hours, from_ms, &change_ms));
        for (int64_t ms = from_ms + MINUTE_MS; ms < to_ms; ms += MINUTE_MS) {
            const bool now = bw_hours_contain(&hours, ms);
            if (now != inside) {
                if (ms != change_ms)
                    fail_msg("%s: a change at %lld, not at %lld", rules[i], (long long)ms,
                             (long long)change_ms);
                assert_true(bw_hours_next_change(&hours, ms, &change_ms));
            }
            inside = now;
        }
        assert_true(change_ms >= to_ms);
        bw_zone_free(zone);
    }
}

static void exceptions_count_more(void **state)
{
    const struct bw_interval work = interval_of(&office, NULL);
    const struct bw_interval free_days[] = {
        interval_of(&(struct part){ .days = "25:26", .months = "december" }, NULL),
        interval_of(&(struct part){ .days = "1", .months = "1" }, NULL),
    };
    const struct bw_calendar calendar = { "office", &work, 1 }, holidays = { "free", free_days, 2 };
    const struct bw_calendar nothing = { "nothing", NULL, 0 };
    const struct bw_calendar *within[] = { &calendar }, *except[] = { &holidays };
    const struct bw_calendar *never[] = { &nothing };
    const struct bw_hours hours = { within, 1, except, 1 }, all_but = { NULL, 0, except, 1 };
    const struct bw_hours none = { never, 1, NULL, 0 }, always = { 0 };
    int64_t change_ms;
    (void)state;
    assert_true(bw_hours_contain(&hours, at("2026-12-24T08:00:00Z")));
    assert_false(bw_hours_contain(&hours, at("2026-12-25T08:00:00Z")));
    assert_true(bw_hours_contain(&all_but, at("2026-12-24T23:59:59Z")));
    assert_false(bw_hours_contain(&all_but, at("2026-12-25T00:00:00Z")));
    assert_false(bw_hours_contain(&none, at("2026-12-24T08:00:00Z")));
    assert_true(bw_hours_contain(&always, at("2026-12-24T08:00:00Z")));
    assert_false(bw_hours_next_change(&always, at("2026-12-24T08:00:00Z"), &change_ms));
    assert_true(bw_hours_next_change(&hours, at("2026-12-24T18:00:00Z"), &change_ms));
    assert_int_equal(change_ms, at("2026-12-28T08:00:00Z"));
    assert_string_equal(bw_zone_name(bw_hours_zone(&hours)), "UTC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_change_is_found),
        cmocka_unit_test(no_change_is_missed),
        cmocka_unit_test(exceptions_count_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
