// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    int64_t ms;
    const char *again; /* NULL: the same */
} times[] = {
    { "1970-01-01T00:00:00Z", 0, NULL },
    { "1969-12-31T23:59:59.999Z", -1, NULL },
    { "2026-11-21T22:38:53Z", INT64_C(1795300733000), NULL },
    { "2026-11-21T22:38:53.5Z", INT64_C(1795300733500), "2026-11-21T22:38:53.500Z" },
    { "2026-11-21T22:38:53.1239Z", INT64_C(1795300733123), "2026-11-21T22:38:53.123Z" },
    { "2026-11-21t22:38:53z", INT64_C(1795300733000), "2026-11-21T22:38:53Z" },
    { "2026-11-22T00:08:53+01:30", INT64_C(1795300733000), "2026-11-21T22:38:53Z" },
    { "2026-11-21T14:38:53-08:00", INT64_C(1795300733000), "2026-11-21T22:38:53Z" },
    { "2000-02-29T00:00:00Z", INT64_C(951782400000), NULL },
    { "0000-01-01T00:00:00Z", INT64_C(-62167219200000), NULL },
    { "9999-12-31T23:59:59.999Z", INT64_C(253402300799999), NULL },
};

static void times_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t ms = 0;
        char again[BW_RFC3339_MAX];
        if (!bw_parse_rfc3339(times[i].text, strlen(times[i].text), &ms) || ms != times[i].ms)
            fail_msg("%s is %lld", times[i].text, (long long)ms);
        bw_format_rfc3339(again, ms);
        assert_string_equal(again, times[i].again != NULL ? times[i].again : times[i].text);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "2026-11-21",
        "2026-11-21T22:38:53",
        "2026-11-21T22:38:53.Z",
        "2026-13-21T22:38:53Z",
        "2026-00-21T22:38:53Z",
        "2026-02-29T22:38:53Z",
        "1900-02-29T22:38:53Z",
        "2026-04-31T22:38:53Z",
        "2026-11-00T22:38:53Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T22:60:00Z",
        "2026-11-21T22:38:60Z",
        "2026-11-21T22:38:53+1:00",
        "2026-11-21T22:38:53+24:00",
        "2026-11-21T22:38:53ZZ",
        "2026/11/21T22:38:53Z",
        "+026-11-21T22:38:53Z",
        "2026-11-21T22:38:53.1234567890123456789Z",
    };
    int64_t ms = 7;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (bw_parse_rfc3339(refused[i], strlen(refused[i]), &ms))
            fail_msg("%s was read", refused[i]);
    }
    assert_int_equal(ms, 7);
}

/* Day by day through nine centuries, against counting. */
static void days_follow_each_other(void **state)
{
    (void)state;
    int64_t days = bw_days_from_civil(1600, 1, 1);
    int weekday = 6; /* a Saturday */
    for (int64_t year = 1600; year < 2500; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= bw_days_in_month(year, month); day++, days++) {
                const struct bw_civil c = bw_civil_from_ms(days * 86400000 + 86399999);
                assert_true(bw_days_from_civil(year, month, day) == days);
                assert_true(c.year == year && c.month == month && c.day == day);
                assert_true(c.hour == 23 && c.minute == 59 && c.second == 59 && c.ms == 999);
                assert_int_equal(bw_weekday(days), weekday);
                weekday = (weekday + 1) % 7;
            }
        }
    }
    assert_int_equal(bw_weekday(0), 4);
}

static void any_instant_survives(void **state)
{
    (void)state;
    static const int64_t instants[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX };
    char text[BW_RFC3339_MAX];
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        const struct bw_civil c = bw_civil_from_ms(instants[i]);
        assert_true(c.month >= 1 && c.month <= 12 && c.ms >= 0);
        bw_format_rfc3339(text, instants[i]);
        assert_true(strlen(text) < BW_RFC3339_MAX - 1);
    }
    for (int64_t ms = -INT64_C(70000000000000); ms < INT64_C(260000000000000);
         ms += INT64_C(7654321987)) {
        const struct bw_civil c = bw_civil_from_ms(ms);
        assert_true(bw_civil_to_ms(&c) == ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_and_written),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(days_follow_each_other),
        cmocka_unit_test(any_instant_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
