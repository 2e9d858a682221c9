// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/posix_tz.h"

#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void rules_say_when_summer_is(void **state)
{
    static const struct {
        const char *rule, *last_winter, *first_summer, *last_summer, *first_winter;
    } cases[] = {
        { VIENNA, "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-10-25T00:59:59Z",
          "2026-10-25T01:00:00Z" },
        { NEW_YORK, "2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z", "2026-11-01T05:59:59Z",
          "2026-11-01T06:00:00Z" },
        { SYDNEY, "2026-10-03T15:59:59Z", "2026-10-03T16:00:00Z", "2027-04-03T15:59:59Z",
          "2027-04-03T16:00:00Z" },
        { GAZA, "2026-03-27T23:59:59Z", "2026-03-28T00:00:00Z", "2026-10-23T22:59:59Z",
          "2026-10-23T23:00:00Z" },
        { "AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z",
          "2028-10-26T22:59:59Z", "2028-10-26T23:00:00Z" },
        { "AAA0BBB,59/0,J300/0", "2028-02-28T23:59:59Z", "2028-02-29T00:00:00Z",
          "2028-10-26T22:59:59Z", "2028-10-26T23:00:00Z" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_posix_tz rule;
        if (!bw_posix_tz_parse(cases[i].rule, strlen(cases[i].rule), &rule))
            fail_msg("%s: not understood", cases[i].rule);
        if (bw_posix_tz_is_summer(&rule, at(cases[i].last_winter) / 1000)
            || !bw_posix_tz_is_summer(&rule, at(cases[i].first_summer) / 1000))
            fail_msg("%s: summer does not begin at %s", cases[i].rule, cases[i].first_summer);
        if (!bw_posix_tz_is_summer(&rule, at(cases[i].last_summer) / 1000)
            || bw_posix_tz_is_summer(&rule, at(cases[i].first_winter) / 1000))
            fail_msg("%s: summer does not end at %s", cases[i].rule, cases[i].first_winter);
    }
}

static void names_and_offsets_are_read(void **state)
{
    struct bw_posix_tz rule;
    (void)state;
    assert_true(bw_posix_tz_parse(LORD_HOWE, strlen(LORD_HOWE), &rule));
    assert_string_equal(rule.standard_name, "+1030");
    assert_string_equal(rule.summer_name, "+11");
    assert_int_equal(rule.standard_s, 37800);
    assert_int_equal(rule.summer_s, 39600);
    assert_true(bw_posix_tz_parse("<-03>3", 6, &rule));
    assert_int_equal(rule.standard_s, -10800);
    assert_false(rule.has_summer);
}

static void broken_rules_are_refused(void **state)
{
    static const char *const broken[] = {
        "",
        "CE-1",
        "CET",
        "CET-25",
        "<CET-1",
        "CET-1CEST",
        "CET-1x",
        "CET-1CEST,M3.5",
        "CET-1CEST,M3.5.0",
        "CET-1:60",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,J0,J1",
        "CET-1CEST,M3.5.0,M10.5.0/168",
        "CET-1CEST,M3.5.0,M10.5.0/3 ",
    };
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct bw_posix_tz rule;
        if (bw_posix_tz_parse(broken[i], strlen(broken[i]), &rule))
            fail_msg("'%s' was taken", broken[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_say_when_summer_is),
        cmocka_unit_test(names_and_offsets_are_read),
        cmocka_unit_test(broken_rules_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
