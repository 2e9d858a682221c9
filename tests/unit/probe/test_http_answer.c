// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/http.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *said;
    int64_t seconds; /* 0: it is none */
} dates[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199 },
    { "Thu, 01 Jan 1970 00:00:01 GMT", 1 },
    { "Wed, 31 Dec 1969 23:59:59 GMT", 0 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 }, /* forms of old, which libcurl reads */
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "Sun, 06 Nov 1994 09:49:37 +0100", 784111777 },
    { "Thu, 30 Feb 2024 23:59:59 GMT", 1709337599 }, /* libcurl: the day after the 29th */
    { "yesterday", 0 },
    { "", 0 },
};

static void dates_are_read(void **state)
{
    (void)state;
    const struct bw_http_plan plan = { .body_bytes_max = 1000 };
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct bw_http_answer answer;
        char line[100];
        bw_http_answer_init(&answer, &plan);
        const int len = snprintf(line, sizeof line, "Last-Modified: %s\r\n", dates[i].said);
        assert_true(bw_http_answer_header(&answer, "HTTP/1.1 200 OK\r\n", 17));
        assert_true(bw_http_answer_header(&answer, line, (size_t)len));
        if (answer.last_modified_s != dates[i].seconds)
            fail_msg("%s: %lld", dates[i].said, (long long)answer.last_modified_s);
        bw_http_answer_fini(&answer);
    }
}

static void the_first_value_of_a_header_counts(void **state)
{
    (void)state;
    static const char *const lines[] = { "HTTP/1.1 302 Found\r\n", "X: location\r\n",
                                         "location: /a\r\n", "Location: /b\r\n" };
    const struct bw_http_plan plan = { .body_bytes_max = 1000 };
    struct bw_http_answer answer;
    bw_http_answer_init(&answer, &plan);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_true(bw_http_answer_header(&answer, lines[i], strlen(lines[i])));
    assert_string_equal(bw_http_answer_value(&answer, "Location"), "/a");
    assert_null(bw_http_answer_value(&answer, "Server"));
    bw_http_answer_fini(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read),
        cmocka_unit_test(the_first_value_of_a_header_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
