// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* "segment|segment?name=value&name=value", or what is wrong. */
static const struct {
    const char *target, *want;
} cases[] = {
    { "/", "" },
    { "/a", "a" },
    { "/a/", "a|" },
    { "//", "|" },
    { "/a%20b/c%2Fd", "a b|c/d" },
    { "/a+b?c+d=e+f", "a+b?c d=e f" },
    { "/?x=1&x=2&y", "?x=1&x=2&y=" },
    { "/?", "" },
    { "/?&&=1&", "?=1" },
    { "/?a=b=c", "?a=b=c" },
    { "/?a%3Db=%26", "?a=b=&" },
    { "/a?b#c", "a?b=" },
    { "/a#b", "a" },
    { "http://host:1/a?b=c", "a?b=c" },
    { "HTTP://host", "" },
    { "http://host?b=c", "!" },
    { "/%c3%a9", "\xc3\xa9" },
    { "/..", ".." },
    { "/%00", "!" },
    { "/?a=%00", "!" },
    { "/%", "!" },
    { "/%4", "!" },
    { "/%zz", "!" },
    { "/%ff", "!" },
    { "*", "!" },
    { "", "!" },
    { "a/b", "!" },
    { "/1/2/3/4/5/6/7/8/9/a/b/c/d", "!" },
};

static void describe(const struct bw_url *url, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < url->segment_count; i++)
        used +=
            (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? "|" : "", url->segments[i]);
    for (size_t i = 0; i < url->param_count; i++)
        used += (size_t)snprintf(out + used, size - used, "%c%s=%s", i > 0 ? '&' : '?',
                                 url->params[i].name, url->params[i].value);
}

static void targets_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_arena arena;
        struct bw_url url;
        struct bw_err err;
        char got[400] = "!";
        bw_arena_init(&arena);
        if (bw_url_parse(&arena, cases[i].target, &url, &err) == BW_OK)
            describe(&url, got, sizeof got);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("'%s': expected '%s', got '%s'", cases[i].target, cases[i].want, got);
        bw_arena_fini(&arena);
    }
}

static void the_first_of_two_parameters_counts(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_url url;
    bw_arena_init(&arena);
    assert_int_equal(bw_url_parse(&arena, "http://h:1/?x=1&x=2", &url, NULL), BW_OK);
    assert_string_equal(bw_url_param(&url, "x"), "1");
    assert_null(bw_url_param(&url, "y"));
    const char *values[BW_URL_PARAMS_MAX];
    assert_int_equal(bw_url_params(&url, "x", values), 2);
    assert_string_equal(values[1], "2");
    assert_int_equal(bw_url_params(&url, "y", values), 0);
    assert_string_equal(url.authority, "h:1");
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_taken_apart),
        cmocka_unit_test(the_first_of_two_parameters_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
