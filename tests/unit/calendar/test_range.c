// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/range.h"

#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* In Vienna, on Saturday 21 November 2026 at 23:38:53, unless said otherwise. */
static void words_become_stretches(void **state)
{
    static const struct {
        const char *text, *now, *from, *to;
    } cases[] = {
        { "24h", NULL, "2026-11-20T22:38:53Z", "2026-11-21T22:38:53Z" },
        { "7d", NULL, "2026-11-14T22:38:53Z", "2026-11-21T22:38:53Z" },
        { "today", NULL, "2026-11-20T23:00:00Z", "2026-11-21T22:38:53Z" },
        { "yesterday", NULL, "2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z" },
        { "this week", NULL, "2026-11-15T23:00:00Z", "2026-11-21T22:38:53Z" },
        { "last week", NULL, "2026-11-08T23:00:00Z", "2026-11-15T23:00:00Z" },
        { "last week", "2026-11-23T07:00:00Z", "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z" },
        { "Last Month", NULL, "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z" },
        { "this month", NULL, "2026-10-31T23:00:00Z", "2026-11-21T22:38:53Z" },
        { "last month", "2026-01-10T00:00:00Z", "2025-11-30T23:00:00Z", "2025-12-31T23:00:00Z" },
        { "last quarter", NULL, "2026-06-30T22:00:00Z", "2026-09-30T22:00:00Z" },
        { "this year", NULL, "2025-12-31T23:00:00Z", "2026-11-21T22:38:53Z" },
        { "last year", NULL, "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z" },
        { "yesterday", "2026-03-30T10:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z" },
    };
    struct bw_zone *zone = zone_of(VIENNA);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *now = cases[i].now != NULL ? cases[i].now : "2026-11-21T22:38:53Z";
        struct bw_range range;
        struct bw_err err = { 0 };
        if (bw_range_parse(cases[i].text, zone, at(now), &range, &err) != BW_OK)
            fail_msg("%s: %s", cases[i].text, err.text);
        if (range.from_ms != at(cases[i].from) || range.to_ms != at(cases[i].to))
            fail_msg("%s at %s: %lld to %lld", cases[i].text, now, (long long)range.from_ms,
                     (long long)range.to_ms);
    }
    bw_zone_free(zone);
}

static void other_words_are_refused(void **state)
{
    static const char *const bad[] = { "", "0", "-7d", "week", "last", "last fortnight", "7 d" };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bw_range range;
        struct bw_err err = { 0 };
        if (bw_range_parse(bad[i], bw_zone_utc(), 0, &range, &err) != BW_EINVAL)
            fail_msg("'%s' was taken", bad[i]);
        assert_non_null(strstr(err.text, "expected a range"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_stretches),
        cmocka_unit_test(other_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
