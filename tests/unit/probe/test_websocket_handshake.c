// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/websocket.h"

#include <string.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* The example of RFC 6455, section 1.3. */
static void keys_are_those_of_the_rfc(void **state)
{
    (void)state;
    char key[BW_WEBSOCKET_KEY_MAX], accept[BW_WEBSOCKET_KEY_MAX];
    bw_websocket_key((const uint8_t *)"the sample nonce", key, accept);
    assert_string_equal(key, KEY);
    assert_string_equal(accept, ACCEPT);
}

static void requests_say_what_they_must(void **state)
{
    (void)state;
    struct bw_http_url url;
    struct bw_err err;
    struct bw_buf out;
    struct bw_http_header headers[] = { { "X-A", "1", false }, { "Host", "b.test", false } };
    struct bw_websocket_plan plan = { .http = { .headers = headers, .header_count = 1 } };
    assert_int_equal(bw_websocket_url_parse("ws://a.test:81/chat?x=1", &url, &err), BW_OK);
    bw_buf_init(&out, 4096);
    bw_websocket_write_request(&out, &plan, &url, NULL, KEY);
    assert_string_equal(out.data, "GET /chat?x=1 HTTP/1.1\r\nHost: a.test:81\r\n"
                                  "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n"
                                  "User-Agent: Bellwether/" BW_VERSION "\r\nX-A: 1\r\n\r\n");
    plan.http.header_count = 2;
    plan.subprotocols = (char[]){ "mqtt, stomp" };
    bw_buf_clear(&out);
    bw_websocket_write_request(&out, &plan, &url, NULL, KEY);
    assert_non_null(strstr(out.data, "\r\nHost: b.test\r\n"));
    assert_null(strstr(out.data, "a.test"));
    assert_non_null(strstr(out.data, "\r\nSec-WebSocket-Protocol: mqtt, stomp\r\n"));
    bw_buf_clear(&out);
    bw_websocket_write_request(&out, &plan, &url, "c.test", KEY);
    assert_non_null(strstr(out.data, "\r\nHost: c.test\r\n"));
    assert_null(strstr(out.data, "b.test"));
    bw_buf_fini(&out);
    bw_http_url_fini(&url);
}

static void urls_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *origin; /* NULL: it is none */
    } cases[] = {
        { "ws://a.test", "http://a.test:80" },
        { "WSS://a.test/x", "https://a.test:443" },
        { "wss://[::1]:8443/", "https://[::1]:8443" },
        { "a.test:81", "http://a.test:81" },
        { "https://a.test/", "https://a.test:443" },
        { "ftp://a.test/", NULL },
        { "ws://u:p@a.test/", NULL },
        { "ws://", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_http_url url = { 0 };
        struct bw_err err;
        const bool good = bw_websocket_url_parse(cases[i].text, &url, &err) == BW_OK;
        if (good != (cases[i].origin != NULL))
            fail_msg("'%s'", cases[i].text);
        if (good)
            assert_string_equal(url.origin, cases[i].origin);
        bw_http_url_fini(&url);
    }
}

#define UPGRADE "Upgrade: WebSocket\r\n"
#define CONNECTION "Connection: keep-alive, Upgrade\r\n"
#define ACCEPTED "Sec-WebSocket-Accept: " ACCEPT "\r\n"
#define GOOD "HTTP/1.1 101 Switching\r\n" UPGRADE CONNECTION ACCEPTED

static void answers_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *name, *answer, *offered;
        enum bw_reason reason;
        const char *detail; /* part of it */
    } cases[] = {
        { "good", GOOD, NULL, BW_REASON_NONE, "" },
        { "another status", "HTTP/1.1 403 No\r\n", NULL, BW_REASON_HTTP_STATUS,
          "status 403, expected 101" },
        { "HTTP/1.0", "HTTP/1.0 101 Switching\r\n" UPGRADE CONNECTION ACCEPTED, NULL,
          BW_REASON_WEBSOCKET_PROTOCOL, "an answer in HTTP/1.0" },
        { "no Upgrade", "HTTP/1.1 101 S\r\n" CONNECTION ACCEPTED, NULL,
          BW_REASON_WEBSOCKET_PROTOCOL, "the answer has no Upgrade" },
        { "another Upgrade", "HTTP/1.1 101 S\r\nUpgrade: h2c\r\n" CONNECTION ACCEPTED, NULL,
          BW_REASON_WEBSOCKET_PROTOCOL, "Upgrade is 'h2c'" },
        { "no Connection", "HTTP/1.1 101 S\r\n" UPGRADE ACCEPTED, NULL,
          BW_REASON_WEBSOCKET_PROTOCOL, "the answer has no Connection" },
        { "another Connection", "HTTP/1.1 101 S\r\nConnection: close\r\n" UPGRADE ACCEPTED, NULL,
          BW_REASON_WEBSOCKET_PROTOCOL, "Connection is 'close'" },
        { "no Accept", "HTTP/1.1 101 S\r\n" UPGRADE CONNECTION, NULL, BW_REASON_WEBSOCKET_PROTOCOL,
          "Sec-WebSocket-Accept is not" },
        { "another Accept",
          "HTTP/1.1 101 S\r\n" UPGRADE CONNECTION "Sec-WebSocket-Accept: " KEY "\r\n", NULL,
          BW_REASON_WEBSOCKET_PROTOCOL, "Sec-WebSocket-Accept is not" },
        { "an extension", GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n", NULL,
          BW_REASON_WEBSOCKET_PROTOCOL, "Sec-WebSocket-Extensions is 'permessage-deflate'" },
        { "a subprotocol unasked", GOOD "Sec-WebSocket-Protocol: mqtt\r\n", NULL,
          BW_REASON_WEBSOCKET_PROTOCOL, "Sec-WebSocket-Protocol is 'mqtt'" },
        { "one of ours", GOOD "Sec-WebSocket-Protocol: mqtt\r\n", "stomp, mqtt", BW_REASON_NONE,
          "" },
        { "none of ours", GOOD, "stomp, mqtt", BW_REASON_WEBSOCKET_PROTOCOL,
          "the answer has no Sec-WebSocket-Protocol" },
        { "a hostile one", GOOD "Sec-WebSocket-Protocol: \x1b[2J\r\n", "mqtt",
          BW_REASON_WEBSOCKET_PROTOCOL, "'\\x1b[2J'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_websocket_plan plan = { .subprotocols =
                                                    (char *)(uintptr_t)cases[i].offered };
        struct bw_http_answer answer;
        struct bw_probe_outcome out = { .reason = BW_REASON_NONE };
        bw_http_answer_init(&answer, &plan.http);
        for (const char *line = cases[i].answer; *line != '\0'; line = strchr(line, '\n') + 1)
            bw_http_answer_header(&answer, line, (size_t)(strchr(line, '\n') + 1 - line));
        bw_websocket_judge(&plan, &answer, ACCEPT, &out);
        if (out.reason != cases[i].reason || strstr(out.detail, cases[i].detail) == NULL)
            fail_msg("%s: %s, %s", cases[i].name, bw_reason_name(out.reason), out.detail);
        bw_http_answer_fini(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_of_the_rfc),
        cmocka_unit_test(requests_say_what_they_must),
        cmocka_unit_test(urls_are_read),
        cmocka_unit_test(answers_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
