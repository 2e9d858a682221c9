// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_true(bw_parse_rfc3339(text, strlen(text), &ms));
    return ms;
}

/* The example of Alertmanager's own pages, word for word, under either form of the section. */
#define HOLIDAYS                                                                                   \
    "    - times:\n"                                                                               \
    "      - start_time: '09:00'\n"                                                                \
    "        end_time: '17:00'\n"                                                                  \
    "      weekdays: ['monday:friday']\n"                                                          \
    "      days_of_month: ['1:5', '-3:-1']\n"                                                      \
    "      months: ['1:3', 'may:august', december]\n"                                              \
    "      years: [2026, '2028:2030']\n"                                                           \
    "      location: Europe/Vienna\n"

static void a_calendar_is_as_alertmanager_has_it(void **state)
{
    static const char *const forms[] = {
        "calendars:\n  some:\n" HOLIDAYS,
        "calendars:\n- name: some\n  time_intervals:\n" HOLIDAYS,
    };
    static const struct {
        const char *utc;
        bool inside;
    } cases[] = {
        { "2026-12-01T08:00:00Z", true },  { "2026-12-01T07:59:59Z", false },
        { "2026-12-01T16:00:00Z", false }, { "2026-12-31T08:00:00Z", true },
        { "2026-12-28T08:00:00Z", false }, { "2026-11-02T08:00:00Z", false },
        { "2026-07-01T07:00:00Z", true },  { "2026-07-01T15:00:00Z", false },
        { "2027-12-01T08:00:00Z", false }, { "2029-01-31T08:00:00Z", true },
        { "2026-08-01T08:00:00Z", false },
    };
    (void)state;
    struct folder folder;
    folder_make(&folder);
    for (size_t i = 0; i < 2; i++) {
        struct bw_config *config = folder_config(&folder, forms[i]);
        assert_int_equal(config->calendar_count, 1);
        assert_string_equal(config->calendars[0].name, "some");
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            if (bw_calendar_contains(&config->calendars[0], at(cases[k].utc)) != cases[k].inside)
                fail_msg("form %zu, %s", i, cases[k].utc);
        }
        bw_config_free(config);
    }
    folder_remove(&folder);
}

static void mistakes_are_told_where_they_stand(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "calendars: office\n", "c.yml:1:12: calendars: expected a mapping of names to lists of "
                                 "time intervals, not text\n" },
        { "calendars:\n  a: {weekdays: [monday]}\n",
          "c.yml:2:6: calendars.a: expected a list of time intervals, not a mapping\n" },
        { "calendars:\n  a: [{weekday: [monday]}]\n",
          "c.yml:2:8: calendars.a[0]: unknown key 'weekday' (did you mean 'weekdays'?)\n" },
        { "calendars:\n  a:\n  - weekdays:\n    - monday\n    - moonday\n",
          "c.yml:5:7: calendars.a[0]: weekdays: expected a day such as monday, or monday:friday, "
          "not 'moonday'\n" },
        { "calendars:\n  a:\n  - times: [{start_time: '18:00', end_time: '08:00'}]\n",
          "c.yml:3:13: calendars.a[0]: times: 18:00 is not before 08:00; over midnight takes two "
          "entries, one of them up to 24:00\n" },
        { "calendars:\n  a:\n  - times: [{start_time: '18:00'}]\n",
          "c.yml:3:13: calendars.a[0].times[0]: required key 'end_time' is missing\n" },
        { "calendars:\n  a: [{location: Europe/Wien}]\n",
          "c.yml:2:18: calendars.a[0]: there is no time zone 'Europe/Wien' here\n" },
        { "calendars:\n  a: [{months: []}]\n",
          "c.yml:2:16: calendars.a[0]: 'months' is empty: leave it out for any\n" },
        { "calendars:\n  a: [{days_of_month: '-1:5', years: [2028:2026]}]\n",
          "c.yml:2:23: calendars.a[0]: days_of_month: '-1:5' starts from the end of the month and "
          "must end there\n"
          "c.yml:2:39: calendars.a[0]: years: '2028:2026' ends before it starts\n" },
        { "calendars:\n- {name: a}\n", "c.yml:2:3: calendars[0]: expected the keys 'name' and "
                                       "'time_intervals', and no others\n" },
        { "calendars:\n- {name: a, time_intervals: []}\n- {name: a, time_intervals: []}\n",
          "c.yml:3:29: calendars[1].time_intervals: two calendars named 'a'\n" },
        { "calendars: {a: []}\nservices: [{name: s, checks: [{name: c, tcp: 'h:1',\n"
          "  calendar: [a, b], except_calendar: c}]}]\n",
          "c.yml:3:17: services[0].checks[0]: there is no calendar 'b'\n"
          "c.yml:3:38: services[0].checks[0]: there is no calendar 'c'\n" },
    };
    (void)state;
    struct folder folder;
    folder_make(&folder);
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_config_default defaults = { 0 };
        struct bw_problems problems;
        struct bw_buf said;
        bw_problems_init(&problems);
        bw_buf_init(&said, 1u << 16);
        folder_write(&folder, "c.yml", cases[i].text);
        struct bw_config *config =
            bw_config_load(folder_file(&folder, "c.yml"), &defaults, &problems);
        folder_problems(&folder, &problems, &said);
        if (config != NULL || strcmp(said.data, cases[i].want) != 0) {
            print_error("case %zu: %s\n", i, said.data);
            wrong++;
        }
        bw_config_free(config);
        bw_buf_fini(&said);
        bw_problems_fini(&problems);
    }
    assert_int_equal(wrong, 0);
    folder_remove(&folder);
}

static void checks_share_their_hours(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder, "calendars: {day: [{times: [{start_time: '08:00', end_time: '18:00'}]}],\n"
                 "  off: [{weekdays: [saturday, sunday]}], never: []}\n"
                 "services:\n"
                 "- {name: s, checks: [{name: a, tcp: 'h:1', calendar: day},\n"
                 "  {name: b, tcp: 'h:1', calendar: [day], except_calendar: off},\n"
                 "  {name: c, tcp: 'h:1', except_calendar: [off], calendar: day},\n"
                 "  {name: d, tcp: 'h:1'}, {name: e, tcp: 'h:1', calendar: never}]}\n"
                 "discovery: {push: [{name: p, checks: [{name: f, tcp: '${instance}',\n"
                 "  calendar: day}]}]}\n");
    const struct bw_config_check *checks = config->checks;
    const struct bw_hours *hours = &checks[1].hours->hours;
    assert_int_equal(config->hours_count, 3);
    assert_ptr_equal(checks[1].hours, checks[2].hours);
    assert_ptr_not_equal(checks[0].hours, checks[1].hours);
    assert_null(checks[3].hours);
    assert_ptr_equal(config->templates[0].hours, checks[0].hours);
    assert_true(bw_hours_contain(hours, at("2026-11-20T08:00:00Z")));
    assert_false(bw_hours_contain(hours, at("2026-11-21T08:00:00Z")));
    assert_false(bw_hours_contain(&checks[4].hours->hours, at("2026-11-20T08:00:00Z")));
    bw_config_free(config);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calendar_is_as_alertmanager_has_it),
        cmocka_unit_test(mistakes_are_told_where_they_stand),
        cmocka_unit_test(checks_share_their_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
