// SPDX-License-Identifier: GPL-3.0-or-later
/* The list of trends, and what other pages show of them. */
#include "fake.h"

#include "base/mem.h"
#include "io/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 2000 };

static struct fake fake;

static int start(void **state)
{
    (void)state;
    fake_start(&fake, NULL, fake_view_rich(bw_wall_system_ms(), NULL));
    return 0;
}

/* The rich view, and the first of its trends two thousand times more. */
static int start_many(void **state)
{
    (void)state;
    struct bw_view *view = fake_view_rich(bw_wall_system_ms(), NULL);
    struct bw_trend_record *trends =
        bw_arena_array(&view->arena, MANY + view->trend_count, sizeof *trends);
    memcpy(trends, view->trends, view->trend_count * sizeof *trends);
    for (size_t i = 0; i < MANY; i++) {
        trends[view->trend_count + i] = view->trends[0];
        trends[view->trend_count + i].series = (uint32_t)(100 + i);
    }
    view->trends = trends;
    view->trend_count += MANY;
    fake_start(&fake, NULL, view);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fake_stop(&fake);
    return 0;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static const struct {
    const char *path;
    const char *part;
    size_t times; /* that it is there */
} cases[] = {
    { "/trends", "<h2 id=\"h-first\">Runs out first</h2>", 1 },
    { "/trends", "Reaches 0 B in 1d 10h, between 1d 2h and 2d 1h", 2 }, /* on top and in the list */
    { "/trends", "8.0 % likely within 1d", 2 },
    { "/trends", "<tr>", 4 },
    { "/trends", "href=\"/trends/7\"", 2 },
    { "/trends", "3 series: 0 rising, 1 falling, 1 flat, 1 undetermined.", 1 },
    { "/trends", "Of 60 statements about directions and limits", 1 },
    { "/trends?direction=flat", "<tr>", 2 },
    { "/trends?direction=flat", "Runs out first", 0 },
    { "/trends?direction=flat", "<option value=\"flat\" selected>", 1 },
    { "/trends?service=gone", "No series is like that.", 1 },
    { "/trends?service=gone", "<option value=\"gone\" selected>", 1 },
    { "/trends?limited=true", " checked", 1 },
    { "/trends?sort=name", "Runs out first", 0 }, /* who asks for another order has it */
    { "/trends?direction=sideways", "<tr>", 4 },
    { "/", "Reaches 0 B in 1d 10h", 1 },
    { "/services/search", "Nowhere that can be told: 1 series is looked at", 1 },
    { "/services/search", "href=\"/trends?service=search\"", 2 },
    { "/services/checkout", "Where it is heading", 0 }, /* none of its series is looked at */
    { "/api/v1/trends?direction=falling", "\"series\":", 1 },
    { "/api/v1/trends?direction=sideways", "direction: no such choice.", 1 },
};

static void pages_say_where_things_are_heading(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *answer = fake_ask(&fake, "GET", cases[i].path, NULL, NULL);
        const size_t times = count_of(fake_body(answer), cases[i].part);
        if (times != cases[i].times)
            fail_msg("%s: %zu times '%s' in %.6000s", cases[i].path, times, cases[i].part, answer);
        free(answer);
    }
}

static void many_come_in_pages(void **state)
{
    (void)state;
    char *first = fake_ask(&fake, "GET", "/trends?metric=node_filesystem_avail_bytes", NULL, NULL);
    char *last = fake_ask(&fake, "GET", "/trends?page=999", NULL, NULL);
    assert_int_equal(count_of(first, "<tr>"), 51);
    assert_non_null(strstr(first, "1 to 50 of 2001 series"));
    assert_non_null(strstr(
        first, "href=\"/trends?page=2&amp;metric=node_filesystem_avail_bytes\" rel=\"next\""));
    assert_true(strlen(first) < 150000);
    assert_non_null(strstr(last, "2001 to 2003 of 2003 series"));
    assert_non_null(strstr(last, "rel=\"prev\""));
    assert_null(strstr(last, "rel=\"next\""));
    free(first);
    free(last);
}

static void nothing_known_says_what_it_takes(void **state)
{
    (void)state;
    struct fake empty;
    fake_start(&empty, NULL, fake_view_empty(bw_wall_system_ms()));
    char *page = fake_ask(&empty, "GET", "/trends", NULL, NULL);
    assert_non_null(strstr(page, "No trend is known yet."));
    assert_null(strstr(page, "<form"));
    free(page);
    fake_stop(&empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_say_where_things_are_heading, start, stop),
        cmocka_unit_test_setup_teardown(many_come_in_pages, start_many, stop),
        cmocka_unit_test(nothing_known_says_what_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
