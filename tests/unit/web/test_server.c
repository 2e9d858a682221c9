// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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
    { "GET", "/metrics?collect[]=cpu&collect%5B%5D=meminfo", NULL, NULL, 200 },
    { "GET", "/metrics?collect[]=cpu&collect[]=nonsense", NULL, NULL, 400 },
    { "GET", "/metrics?exclude[]=cpu&exclude[]=nonsense", NULL, NULL, 200 },
    { "GET", "/metrics?exclude[]=cpu&collect[]=meminfo", NULL, NULL, 400 },
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
    { "GET", "/metrics", "Content-Length : 5\r\n", NULL, 400 },
    { "POST", "/-/reload", "Transfer-Encoding: gzip\r\n", NULL, 501 },
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

/* What every answer must carry, and what none may. */
static void every_answer_is_protected(void **state)
{
    (void)state;
    static const char *const paths[] = { "/", "/metrics", "/nothing", "/api/v1/status",
                                         "/style.css" };
    static const char *const wanted[] = { "Content-Security-Policy", "X-Content-Type-Options",
                                          "Referrer-Policy", "Content-Type", "Cache-Control" };
    char value[400];
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char *answer = fake_ask(&fake, "GET", paths[i], NULL, NULL);
        for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
            if (!fake_header(answer, wanted[k], value, sizeof value))
                fail_msg("%s has no %s", paths[i], wanted[k]);
        assert_false(fake_header(answer, "Server", value, sizeof value));
        assert_false(fake_header(answer, "Access-Control-Allow-Origin", value, sizeof value));
        free(answer);
    }
    char *page = fake_ask(&fake, "GET", "/", NULL, NULL);
    assert_null(strstr(page, " style=\""));
    assert_null(strstr(page, "<script>"));
    free(page);
}

static void problems_are_json_or_pages(void **state)
{
    (void)state;
    char type[80];
    char *api = fake_ask(&fake, "GET", "/api/v1/nothing", "Accept: text/html\r\n", NULL);
    assert_true(fake_header(api, "Content-Type", type, sizeof type));
    assert_string_equal(type, "application/problem+json; charset=utf-8");
    assert_string_equal(fake_body(api),
                        "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                        "\"detail\":\"There is nothing at this address.\"}\n");
    free(api);
    char *page = fake_ask(&fake, "GET", "/nothing", "Accept: text/html\r\n", NULL);
    assert_int_equal(fake_status(page), 404);
    assert_non_null(strstr(page, "<h1>404 Not Found</h1>"));
    free(page);
    char *method = fake_ask(&fake, "PUT", "/metrics", NULL, "");
    assert_true(fake_header(method, "Allow", type, sizeof type));
    assert_string_equal(type, "GET, HEAD");
    free(method);
}

static void a_head_has_no_body(void **state)
{
    (void)state;
    char length[20];
    char *answer = fake_ask(&fake, "HEAD", "/metrics", NULL, NULL);
    assert_string_equal(fake_body(answer), "");
    assert_true(fake_header(answer, "Content-Length", length, sizeof length));
    assert_true(atoi(length) > 1000);
    free(answer);
}

static void metrics_are_negotiated_and_packed(void **state)
{
    (void)state;
    char value[120];
    char *plain = fake_ask(&fake, "GET", "/metrics", NULL, NULL);
    assert_true(fake_header(plain, "Content-Type", value, sizeof value));
    assert_string_equal(value, "text/plain; version=0.0.4; charset=utf-8");
    assert_true(fake_header(plain, "Vary", value, sizeof value));
    assert_false(fake_header(plain, "Content-Encoding", value, sizeof value));
    char *packed = fake_ask(&fake, "GET", "/metrics",
                            "Accept: application/openmetrics-text; version=1.0.0\r\n"
                            "Accept-Encoding: gzip\r\n",
                            NULL);
    assert_true(fake_header(packed, "Content-Type", value, sizeof value));
    assert_int_equal(strncmp(value, "application/openmetrics-text; version=1.0.0", 43), 0);
    assert_true(fake_header(packed, "Content-Encoding", value, sizeof value));
    assert_string_equal(value, "gzip");
    assert_int_equal((unsigned char)fake_body(packed)[0], 0x1f);
    assert_int_equal((unsigned char)fake_body(packed)[1], 0x8b);
    free(packed);
    free(plain);
}

static void a_known_style_is_not_sent_again(void **state)
{
    (void)state;
    char etag[40], header[80];
    char *first = fake_ask(&fake, "GET", "/style.css", NULL, NULL);
    assert_true(fake_header(first, "ETag", etag, sizeof etag));
    snprintf(header, sizeof header, "If-None-Match: \"other\", %s\r\n", etag);
    char *second = fake_ask(&fake, "GET", "/style.css", header, NULL);
    assert_int_equal(fake_status(second), 304);
    assert_string_equal(fake_body(second), "");
    free(second);
    second = fake_ask(&fake, "GET", "/style.css", "If-None-Match: \"other\"\r\n", NULL);
    assert_int_equal(fake_status(second), 200);
    free(second);
    free(first);
}

/* A request of a line, with `fill` letters in the path and `more` in a header. */
static int status_of_long(size_t fill, size_t more, const char *host)
{
    struct bw_buf request;
    bw_buf_init(&request, 1u << 20);
    bw_buf_text(&request, "GET /");
    bw_buf_fill(&request, 'a', fill);
    bw_buf_printf(&request, " HTTP/1.1\r\n%sX-Long: ", host);
    bw_buf_fill(&request, 'b', more);
    bw_buf_text(&request, "\r\n\r\n");
    char *answer = fake_raw(fake.port, request.data, request.len, 5000);
    int status = fake_status(answer);
    free(answer);
    bw_buf_fini(&request);
    return status;
}

static void too_much_or_too_little_is_refused(void **state)
{
    (void)state;
    assert_int_equal(status_of_long(0, 40000, "Host: localhost\r\n"), 431);
    assert_int_equal(status_of_long(9000, 1, "Host: localhost\r\n"), 414);
    assert_int_equal(status_of_long(0, 1, ""), 400);
    assert_int_equal(status_of_long(0, 1, "Host: a\r\nHost: localhost\r\n"), 400);
}

/* How many answers come back. */
static size_t answers_to(const char *request)
{
    char *answer = fake_raw(fake.port, request, strlen(request), 5000);
    size_t count = 0;
    for (const char *at = answer; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
        count++;
    if (fake_status(answer) / 100 != 4)
        fail_msg("%s: %s", request, answer);
    free(answer);
    return count;
}

static void a_bad_length_is_refused_once(void **state)
{
    (void)state;
    static const char *const lengths[] = { "-1",
                                           "+5",
                                           "0x5",
                                           "5x",
                                           "5, 5",
                                           "",
                                           "5 5",
                                           "99999999999999999999999",
                                           "18446744073709551615" };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char request[200];
        snprintf(request, sizeof request,
                 "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n"
                 "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 lengths[i]);
        if (answers_to(request) != 1)
            fail_msg("Content-Length '%s': not one answer", lengths[i]);
    }
}

/* Two readers that disagree on where a request ends must never see two answers. */
static void ambiguous_framing_ends_the_connection(void **state)
{
    (void)state;
    static const char request[] = "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n"
                                  "Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "0\r\n\r\nGET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n";
    char *answer = fake_raw(fake.port, request, sizeof request - 1, 5000);
    assert_int_equal(fake_status(answer), 400);
    assert_null(strstr(answer + 1, "HTTP/1.1"));
    free(answer);
}

/* More connections that ask nothing than one address may have: whoever asks is served. */
static void idle_connections_make_room(void **state)
{
    (void)state;
    int fds[100];
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        fds[i] = fake_connect(fake.port);
        assert_true(fds[i] >= 0);
    }
    for (int i = 0; i < 5; i++) {
        char *answer = fake_ask(&fake, "GET", "/metrics", NULL, NULL);
        assert_int_equal(fake_status(answer), 200);
        free(answer);
    }
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        close(fds[i]);
}

static int listen_on_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

/* Whether somebody behind the socket answers within the time. */
static bool is_served(const char *path, int timeout_ms)
{
    static const char ask[] = "POST /-/reload HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char got[16] = "";
    bool ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0
              && write(fd, ask, sizeof ask - 1) == sizeof ask - 1;
    struct pollfd poll_for = { .fd = fd, .events = POLLIN };
    ok = ok && poll(&poll_for, 1, timeout_ms) == 1 && read(fd, got, 12) == 12
         && strcmp(got, "HTTP/1.1 200") == 0;
    close(fd);
    return ok;
}

/* A store that comes later brings a control socket; the one before is not served any more. */
static void a_later_control_socket_takes_over(void **state)
{
    (void)state;
    char first[64], second[64];
    snprintf(first, sizeof first, "/tmp/bw-control-%d-1", (int)getpid());
    snprintf(second, sizeof second, "/tmp/bw-control-%d-2", (int)getpid());
    const int a = listen_on_unix(first), b = listen_on_unix(second);
    assert_int_equal(bw_web_add_control(fake.web, a, NULL), BW_OK);
    assert_true(is_served(first, 5000));
    assert_int_equal(bw_web_add_control(fake.web, b, NULL), BW_OK);
    assert_true(is_served(second, 5000));
    assert_false(is_served(first, 200));
    close(a);
    close(b);
    unlink(first);
    unlink(second);
}

static void readiness_follows_the_daemon(void **state)
{
    (void)state;
    atomic_store(&fake.ready, false);
    char *answer = fake_ask(&fake, "GET", "/-/ready", NULL, NULL);
    assert_int_equal(fake_status(answer), 503);
    assert_string_equal(fake_body(answer), "Bellwether is not ready: still reading.\n");
    free(answer);
    atomic_store(&fake.ready, true);
}

static double healthy_answers(void)
{
    struct bw_arena arena;
    struct bw_measures measures;
    double count = 0;
    bw_arena_init(&arena);
    bw_measures_init(&measures, &arena);
    bw_web_measure(fake.web, &measures);
    bw_measures_value(&measures, BW_METRIC_HTTP_REQUESTS_TOTAL,
                      BW_LABEL_VALUES("/-/healthy", "200"), &count);
    bw_arena_fini(&arena);
    return count;
}

/* Counting follows sending, on another thread. */
static void requests_are_counted(void **state)
{
    (void)state;
    double before = healthy_answers();
    free(fake_ask(&fake, "GET", "/-/healthy", NULL, NULL));
    for (int i = 0; i < 1000 && healthy_answers() <= before; i++)
        usleep(2000);
    assert_true(healthy_answers() > before);
}

static void a_prefix_stands_before_all(void **state)
{
    (void)state;
    struct fake own;
    char location[40];
    struct fake_options options = { .route_prefix = "/mon/" };
    fake_start(&own, &options, fake_view_empty(INT64_C(1795300000000)));
    static const struct {
        const char *path;
        int status;
    } paths[] = { { "/", 302 },        { "/mon", 200 },
                  { "/mon/", 200 },    { "/mon/metrics", 200 },
                  { "/metrics", 404 }, { "/mon/mon", 404 },
                  { "/monitor", 404 } };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char *answer = fake_ask(&own, "GET", paths[i].path, NULL, NULL);
        if (fake_status(answer) != paths[i].status)
            fail_msg("%s: %d", paths[i].path, fake_status(answer));
        if (i == 0)
            assert_true(fake_header(answer, "Location", location, sizeof location)
                        && strcmp(location, "/mon/") == 0);
        if (i == 1)
            assert_non_null(strstr(answer, "href=\"/mon/trends\""));
        free(answer);
    }
    fake_stop(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_as_told),
        cmocka_unit_test(every_answer_is_protected),
        cmocka_unit_test(problems_are_json_or_pages),
        cmocka_unit_test(a_head_has_no_body),
        cmocka_unit_test(metrics_are_negotiated_and_packed),
        cmocka_unit_test(a_known_style_is_not_sent_again),
        cmocka_unit_test(too_much_or_too_little_is_refused),
        cmocka_unit_test(a_bad_length_is_refused_once),
        cmocka_unit_test(ambiguous_framing_ends_the_connection),
        cmocka_unit_test(idle_connections_make_room),
        cmocka_unit_test(a_later_control_socket_takes_over),
        cmocka_unit_test(readiness_follows_the_daemon),
        cmocka_unit_test(requests_are_counted),
        cmocka_unit_test(a_prefix_stands_before_all),
    };
    return cmocka_run_group_tests(tests, start_rich, stop);
}
