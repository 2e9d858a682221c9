// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct fake fake;

static int start_rich(void **state)
{
    (void)state;
    fake_start(&fake, NULL, fake_view_rich(INT64_C(1795300000000), NULL));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fake_stop(&fake);
    return 0;
}

static const struct {
    const char *method, *path, *headers, *body;
    int status;
} answers[] = {
    { "GET", "/", NULL, NULL, 200 },
    { "HEAD", "/", NULL, NULL, 200 },
    { "GET", "/metrics", NULL, NULL, 200 },
    { "GET", "/-/healthy", NULL, NULL, 200 },
    { "GET", "/-/ready", NULL, NULL, 200 },
    { "GET", "/style.css", NULL, NULL, 200 },
    { "GET", "/script.js", NULL, NULL, 200 },
    { "GET", "/favicon.ico", NULL, NULL, 200 },
    { "GET", "/nothing", NULL, NULL, 404 },
    { "GET", "/metrics/", NULL, NULL, 404 },
    { "GET", "//metrics", NULL, NULL, 404 },
    { "GET", "http://localhost/-/healthy", NULL, NULL, 200 },
    { "GET", "http://evil.example/metrics", NULL, NULL, 421 },
    { "GET", "/%2e%2e/%2e%2e/etc/passwd", NULL, NULL, 404 },
    { "GET", "/a%00b", NULL, NULL, 400 },
    { "GET", "/a%zz", NULL, NULL, 400 },
    { "GET", "/metrics?x=%00", NULL, NULL, 400 },
    { "GET", "/%ff", NULL, NULL, 400 },
    { "GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n", NULL, NULL, 414 },
    { "POST", "/metrics", NULL, "", 405 },
    { "DELETE", "/", NULL, NULL, 405 },
    { "BREW", "/", NULL, NULL, 405 },
    { "GET", "/-/reload", NULL, NULL, 405 },
    { "POST", "/-/reload", NULL, "", 403 },
    { "GET", "/metrics", "Content-Length: 5\r\n", NULL, 413 },
    { "GET", "/metrics", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", NULL, 400 },
    { "GET", "/metrics", "Content-Length: 5\r\nContent-Length: 5\r\n", NULL, 400 },
    { "GET", "/metrics", "Host: evil.example\r\n", NULL, 421 },
    { "GET", "/metrics", "Host: evil.example:10190\r\n", NULL, 421 },
    { "GET", "/metrics", "Host: localhost.evil.example\r\n", NULL, 421 },
    { "GET", "/metrics", "Host: localhost:evil\r\n", NULL, 421 },
    { "GET", "/metrics", "Host: LOCALHOST:1\r\n", NULL, 200 },
    { "GET", "/metrics", "Host: 127.0.0.1:10190\r\n", NULL, 200 },
    { "GET", "/metrics", "Host: [::1]:10190\r\n", NULL, 200 },
    { "GET", "/-/healthy", "Host: evil.example\r\n", NULL, 200 },
};

static void requests_are_answered_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char *answer = fake_ask(&fake, answers[i].method, answers[i].path, answers[i].headers,
                                answers[i].body);
        if (fake_status(answer) != answers[i].status)
            fail_msg("%s %s (%s): expected %d, got %.200s", answers[i].method, answers[i].path,
                     answers[i].headers == NULL ? "" : answers[i].headers, answers[i].status,
                     answer);
        free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_as_told),
    };
    return cmocka_run_group_tests(tests, start_rich, stop);
}
