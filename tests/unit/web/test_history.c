// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { MINUTE_MS = 60000 };

static const int64_t now_ms = INT64_C(1795300000000);

/* Ages in minutes. */
static const struct {
    const char *name;
    const char *range; /* asked for, or NULL */
    int span, first;   /* first 0: no points */
    double want;       /* where the chart begins */
} cases[] = {
    { "a full range is shown whole", NULL, 15, 15, 15 },
    { "a range that is mostly full, too", NULL, 15, 8, 15 },
    { "who has just started sees a chart that fills", NULL, 15, 4, 4.2 },
    { "nothing at all leaves the range", NULL, 15, 0, 15 },
    { "who asks for a range gets it", "15m", 15, 4, 15 },
};

static void charts_begin_where_there_is_something(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_point points[] = { { now_ms - cases[i].first * MINUTE_MS, 1 }, { now_ms, 2 } };
        struct bw_history_series series = { .points = points, .count = cases[i].first > 0 ? 2 : 0 };
        struct bw_history history = { .series = &series, .count = 1 };
        struct bw_request request = { .now_ms = now_ms };
        if (cases[i].range != NULL) {
            request.url.params[0] = (struct bw_url_param){ "range", cases[i].range };
            request.url.param_count = 1;
        }
        int64_t got = bw_history_begin(&request, &history, cases[i].span * MINUTE_MS);
        if (now_ms - got != (int64_t)(cases[i].want * MINUTE_MS))
            fail_msg("%s: %lld ms ago", cases[i].name, (long long)(now_ms - got));
    }
}

static void a_moment_of_history_is_a_minute_wide(void **state)
{
    (void)state;
    struct bw_point points[] = { { now_ms - 2000, 1 } };
    struct bw_history_series series = { .points = points, .count = 1 };
    struct bw_history history = { .series = &series, .count = 1 };
    struct bw_request request = { .now_ms = now_ms };
    assert_int_equal(now_ms - bw_history_begin(&request, &history, 15 * MINUTE_MS), MINUTE_MS);
}

static void the_first_range_covers_the_uptime(void **state)
{
    (void)state;
    static const struct {
        int uptime_min;
        const char *wanted, *want;
    } ranges[] = {
        { 1, NULL, "15m" },   { 15, NULL, "15m" },    { 16, NULL, "1h" }, { 61, NULL, "6h" },
        { 9999, NULL, "6h" }, { 9999, "30d", "30d" }, { 1, "2h", "15m" },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct bw_view view = { .started_ms = now_ms - ranges[i].uptime_min * MINUTE_MS };
        struct bw_request request = { .now_ms = now_ms, .view = &view };
        if (ranges[i].wanted != NULL) {
            request.url.params[0] = (struct bw_url_param){ "range", ranges[i].wanted };
            request.url.param_count = 1;
        }
        assert_string_equal(bw_history_range(&request)->name, ranges[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charts_begin_where_there_is_something),
        cmocka_unit_test(a_moment_of_history_is_a_minute_wide),
        cmocka_unit_test(the_first_range_covers_the_uptime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
