// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config_maintenance.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_true(bw_parse_rfc3339(text, strlen(text), &ms));
    return ms;
}

/* What a window says, and the first and the last millisecond of it. */
static void windows_have_their_time(void **state)
{
    static const struct {
        const char *window, *first, *last;
    } cases[] = {
        { "start: '2026-11-23 22:00', duration: 90m", "2026-11-23T21:00:00Z",
          "2026-11-23T22:29:59.999Z" },
        { "start: '2026-07-23T22:00:30', end: '2026-07-24 02:00'", "2026-07-23T20:00:30Z",
          "2026-07-23T23:59:59.999Z" },
        { "start: '2026-11-23 22:00', duration: 1h, timezone: America/New_York",
          "2026-11-24T03:00:00Z", "2026-11-24T03:59:59.999Z" },
        { "start: '2026-11-23T22:00:00+05:00', end: '2026-11-23T18:00:00Z'", "2026-11-23T17:00:00Z",
          "2026-11-23T17:59:59.999Z" },
        /* Over the change of the clock: four hours by it are three. */
        { "start: '2026-03-29 01:00', end: '2026-03-29 05:00'", "2026-03-29T00:00:00Z",
          "2026-03-29T02:59:59.999Z" },
        { "calendar: night, except_calendar: [sunday]", "2026-11-23T21:00:00Z",
          "2026-11-23T22:59:59.999Z" },
    };
    (void)state;
    struct folder folder;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf text;
        bw_buf_init(&text, 4096);
        bw_buf_printf(&text,
                      "global: {timezone: Europe/Vienna}\n"
                      "calendars: {night: [{times: [{start_time: '22:00', end_time: '24:00'}],\n"
                      "  location: Europe/Vienna}], sunday: [{weekdays: sunday}]}\n"
                      "maintenance: [{name: a, %s}]\n",
                      cases[i].window);
        struct bw_config *config = folder_config(&folder, text.data);
        const struct bw_config_maintenance *window = &config->maintenance[0];
        const int64_t first_ms = at(cases[i].first), last_ms = at(cases[i].last);
        int64_t change_ms = 0;
        if (bw_maintenance_is_on(window, first_ms - 1) || !bw_maintenance_is_on(window, first_ms)
            || !bw_maintenance_is_on(window, last_ms) || bw_maintenance_is_on(window, last_ms + 1))
            fail_msg("%s", cases[i].window);
        assert_true(bw_maintenance_next_change(window, first_ms - 1, &change_ms));
        assert_int_equal(change_ms, first_ms);
        assert_true(bw_maintenance_next_change(window, first_ms, &change_ms));
        assert_int_equal(change_ms, last_ms + 1);
        bw_config_free(config);
        bw_buf_fini(&text);
    }
    folder_remove(&folder);
}

static void windows_mean_checks_by_their_labels(void **state)
{
    static const struct {
        const char *service, *check, *tier;
        uint64_t windows;
    } cases[] = {
        { "shop", "page", "3", 0x7 },  { "shop", "port", "3", 0x5 }, { "bank", "page", "3", 0x5 },
        { "shop", "page", "33", 0x3 }, { "host", "cpu", NULL, 0x1 },
    };
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder, "calendars: {now: [{}]}\n"
                 "maintenance:\n"
                 "- {name: all, calendar: now}\n"
                 "- {name: pages, calendar: now, match: {service: 'sh.*', check: page}}\n"
                 "- {name: tiers, calendar: now, match: {tier: '[23]'}}\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_subject subject = { cases[i].service, "i", cases[i].check };
        const struct bw_label tier = { "tier", cases[i].tier };
        const struct bw_labels labels = { &tier, cases[i].tier != NULL };
        assert_int_equal(bw_config_windows_of(config, &subject, labels), cases[i].windows);
    }
    bw_config_free(config);
    folder_remove(&folder);
}

static void mistakes_are_told_where_they_stand(void **state)
{
    static const struct {
        const char *window, *want;
    } cases[] = {
        { "{name: a}", "c.yml:1:15: maintenance[0]: expected either 'calendar' or 'start'\n" },
        { "{name: a, calendar: x, start: '2026-11-23 22:00'}",
          "c.yml:1:15: maintenance[0]: expected either 'calendar' or 'start'\n" },
        { "{name: a, calendar: x}", "c.yml:1:35: maintenance[0]: there is no calendar 'x'\n" },
        { "{name: a, start: '2026-11-23 22:00'}",
          "c.yml:1:15: maintenance[0]: with 'start' goes either 'end' or 'duration'\n" },
        { "{name: a, except_calendar: x, duration: 1h}",
          "c.yml:1:15: maintenance[0]: 'end', 'duration' and 'timezone' go with 'start'\n" },
        { "{name: a, start: tomorrow, duration: 1h}",
          "c.yml:1:32: maintenance[0].start: expected a time such as 2026-11-23 22:00 or "
          "2026-11-23T22:00:00+01:00, not 'tomorrow'\n" },
        { "{name: a, start: '2026-11-23 22:00', end: '2026-11-23 21:00'}",
          "c.yml:1:15: maintenance[0]: it ends before it starts\n" },
        { "{name: a, start: '2026-11-23 22:00', duration: 1h, timezone: Mars}",
          "c.yml:1:76: maintenance[0]: there is no time zone 'Mars' here\n" },
        { "{name: a, start: '2026-11-23 22:00', duration: 1h}, {name: a, start: "
          "'2026-11-24 22:00', duration: 1h}",
          "c.yml:1:67: maintenance[1]: two windows named 'a'\n" },
    };
    (void)state;
    struct folder folder;
    folder_make(&folder);
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_config_default defaults = { 0 };
        struct bw_problems problems;
        struct bw_buf said, text;
        bw_problems_init(&problems);
        bw_buf_init(&said, 1u << 16);
        bw_buf_init(&text, 4096);
        bw_buf_printf(&text, "maintenance: [%s]\n", cases[i].window);
        folder_write(&folder, "c.yml", text.data);
        bw_config_free(bw_config_load(folder_file(&folder, "c.yml"), &defaults, &problems));
        folder_problems(&folder, &problems, &said);
        if (strcmp(said.data, cases[i].want) != 0) {
            print_error("%s: %s\n", cases[i].window, said.data);
            wrong++;
        }
        bw_buf_fini(&said);
        bw_buf_fini(&text);
        bw_problems_fini(&problems);
    }
    assert_int_equal(wrong, 0);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_have_their_time),
        cmocka_unit_test(windows_mean_checks_by_their_labels),
        cmocka_unit_test(mistakes_are_told_where_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
