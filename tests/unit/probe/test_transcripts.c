// SPDX-License-Identifier: GPL-3.0-or-later
/* What real peers leave in the transcript of a run, and what they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "secure.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(const struct world *w, const char *line)
{
    if (strstr(w->told, line) == NULL)
        fail_msg("'%s' is not in:\n%s", line, w->told);
}

static void need_none(const struct world *w, const char *secret)
{
    if (strstr(w->told, secret) != NULL || strstr(w->result.detail, secret) != NULL)
        fail_msg("'%s' is in:\n%s%s", secret, w->told, w->result.detail);
}

/* ---- servers ---- */

/* Says back all that it heard. */
static void echo_500(struct peer_talk *talk)
{
    char head[128];
    if (!peer_hear(talk, "\r\n\r\n"))
        return;
    snprintf(head, sizeof head,
             "HTTP/1.1 500 Sorry\r\nSet-Cookie: sid=c00kie\r\nContent-Length: %zu\r\n\r\n",
             strlen(talk->peer->heard));
    peer_say(talk, head);
    peer_say(talk, talk->peer->heard);
}

static void hostile(struct peer_talk *talk)
{
    static char megabyte[1 << 20];
    memset(megabyte, '<', sizeof megabyte);
    if (!peer_hear(talk, "\r\n\r\n"))
        return;
    peer_say(talk, "HTTP/1.1 500 \x1b[2J<script>\r\nX-Esc: \x1b]0;owned\x07\xc2\x9b\xff\r\n");
    peer_say(talk, "X-Long: ");
    peer_say_bytes(talk, megabyte, sizeof megabyte);
    peer_say(talk, "\r\n\r\n");
}

static void hostile_body(struct peer_talk *talk)
{
    static const char body[] = "<b>\x1b[31m\0zero\xff\r\nnext\n";
    if (!peer_hear(talk, "\r\n\r\n"))
        return;
    peer_say(talk, "HTTP/1.1 500 No\r\nX-Esc: \x1b]0;owned\x07\xc2\x9b\r\n\r\n");
    peer_say_bytes(talk, body, sizeof body - 1);
}

static void redirects(struct peer_talk *talk)
{
    if (peer_hear(talk, "\r\n\r\n"))
        peer_say(talk, talk->number == 0
                           ? "HTTP/1.1 302 Found\r\nLocation: /next?token=t0ken\r\n\r\n"
                           : "HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n");
}

static void good(struct peer_talk *talk)
{
    if (peer_hear(talk, "\r\n\r\n"))
        peer_say(talk, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/* Says back every line, and that it does not know it. */
static void redis(struct peer_talk *talk)
{
    peer_say(talk, "+hello\r\n");
    if (peer_hear(talk, "\n")) {
        peer_say(talk, "-ERR unknown: ");
        peer_say(talk, talk->peer->heard);
    }
}

static void mute(struct peer_talk *talk)
{
    peer_say(talk, "half a li");
    peer_wait(talk);
}

/* ---- http ---- */

static void a_failed_request_is_told(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, hostile_body, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/a?b=c#d", peer.port), BW_SECOND);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_HTTP_STATUS);
    need(&w, world_text(&w, " * connecting to 127.0.0.1 port %u\n", peer.port));
    need(&w, " * connected\n");
    need(&w, " > GET /a?b=c HTTP/1.1\n");
    need(&w, world_text(&w, " > Host: 127.0.0.1:%u\n", peer.port));
    need(&w, " < HTTP/1.1 500 No\n");
    need(&w, " < X-Esc: \\x1b]0;owned\\x07\\xc2\\x9b\n");
    need(&w, " | <b>\\x1b[31m\\x00zero\\xff\n");
    need(&w, " | next\n");
    need(&w, " ! unexpected status code: status 500, expected 2xx\n");
    world_close(&w);
}

static void a_huge_header_does_no_harm(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, hostile, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), BW_SECOND);
    peer_stop(&peer);
    assert_false(w.result.success);
    need(&w, " < HTTP/1.1 500 \\x1b[2J<script>\n");
    need(&w, world_text(&w, " ! %s", bw_reason_text(w.result.reason)));
    world_close(&w);
}

static void secrets_of_a_request_stay_with_us(void **state)
{
    (void)state;
    static const struct bw_pair headers[] = { { "X-Harmless", "fr0mheader" },
                                              { "Cookie", "sid=c00kie" },
                                              { "Accept", "text/plain" } };
    struct world w;
    struct peer peer;
    setenv("SHOP_API_TOKEN", "fr0menv", 1);
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.method = "POST";
    module.http.headers = (struct bw_pairs){ headers, 3 };
    module.http.body = "{\"user\":\"me\",\"password\":\"fr0mbody\",\"note\":\"fr0menv\"}";
    module.http.authorization =
        (struct bw_authorization){ .type = "Bearer", .credentials = "fr0mauth" };
    static const char *const pattern[] = { "fine" };
    module.http.fail_if_body_not_matches_regexp = (struct bw_strings){ pattern, 1 };
    peer_start(&peer, echo_500, NULL);
    world_probe(&w, &module,
                world_text(&w, "http://me:fr0murl@127.0.0.1:%u/?api_key=fr0mquery", peer.port),
                BW_SECOND);
    peer_stop(&peer);
    need(&w, " > POST /?api_key=*** HTTP/1.1\n");
    need(&w, " > X-Harmless: ***\n");
    need(&w, " > Accept: text/plain\n");
    need(&w, " < Set-Cookie: ***\n");
    need(&w, " | ");
    static const char *const secrets[] = { "fr0m", "c00kie" };
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        need_none(&w, secrets[i]);
    module.http.authorization = (struct bw_authorization){ 0 };
    module.http.basic_auth = (struct bw_basic_auth){ .username = "me", .password = "fr0mbasic" };
    peer_start(&peer, echo_500, NULL);
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), BW_SECOND);
    peer_stop(&peer);
    need(&w, " > Authorization: ***\n");
    need_none(&w, "bWU6ZnIwbWJhc2lj"); /* me:fr0mbasic */
    need_none(&w, "fr0mbasic");
    world_close(&w);
    unsetenv("SHOP_API_TOKEN");
}

static void each_hop_is_told(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, redirects, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), BW_SECOND);
    peer_stop(&peer);
    need(&w, " < Location: /next?token=***\n");
    need(&w, " > GET /next?token=*** HTTP/1.1\n");
    need(&w, " < HTTP/1.1 404 Gone\n");
    need_none(&w, "t0ken");
    world_close(&w);
}

static void a_success_is_told_to_who_asks(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    struct certificate other = certificate_make("DNS:other.test", -3600, 86400, &secure.authority);
    SSL_CTX *server = certificate_server(&other);
    peer_start(&peer, good, server);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.tls_config.insecure_skip_verify = true;
    const struct bw_probe_request request = {
        .target = { .text = world_text(&w, "https://127.0.0.1:%u/", peer.port) },
        .timeout_ns = 5 * BW_SECOND,
        .tell = true,
    };
    world_run(&w, &module, &request);
    assert_true(w.result.success);
    need(&w, " * connected, TLS handshake\n");
    need(&w, " * TLS 1.3, TLS_");
    need(&w, " * certificate: names other.test\n");
    need(&w, " < HTTP/1.1 200 OK\n");
    need(&w, " ! passed\n");
    module.http.tls_config.insecure_skip_verify = false;
    world_run(&w, &module, &request);
    assert_false(w.result.success);
    need(&w, " * certificate: unable to get local issuer certificate\n");
    peer_stop(&peer);
    SSL_CTX_free(server);
    certificate_free(&other);
    world_close(&w);
}

static void each_try_is_told(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    const struct bw_probe_request request = {
        .target = { .text = world_text(&w, "http://127.0.0.1:%u/", peer_closed_port()) },
        .timeout_ns = BW_SECOND,
        .retries = 1,
    };
    world_run(&w, &module, &request);
    need(&w, " * failed: connection refused");
    need(&w, " * try 2 of 2\n");
    need(&w, " ! connection refused");
    world_close(&w);
}

/* ---- tcp ---- */

static void a_dialogue_is_told_without_passwords(void **state)
{
    (void)state;
    static const struct bw_tcp_step steps[] = { { .expect = "^\\+", .send = "AUTH fr0msend" },
                                                { .expect = "^\\+OK", .send = "fr0mnext" } };
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_TCP);
    module.tcp.query_response = (struct bw_items){ (void *)(uintptr_t)steps, 2 };
    peer_start(&peer, redis, NULL);
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), BW_SECOND);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_ASSERTION_REPLY);
    need(&w, " < +hello\n");
    need(&w, " > AUTH ***\n");
    need(&w, " < -ERR unknown: AUTH ***\n");
    need_none(&w, "fr0m");
    world_close(&w);
}

static void what_came_before_a_timeout_is_told(void **state)
{
    (void)state;
    static const struct bw_tcp_step step = { .expect = "^220" };
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_TCP);
    module.tcp.query_response = (struct bw_items){ (void *)(uintptr_t)&step, 1 };
    peer_start(&peer, mute, NULL);
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 200 * BW_MS);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_TIMEOUT);
    need(&w, " < half a li\n");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_request_is_told),
        cmocka_unit_test(a_huge_header_does_no_harm),
        cmocka_unit_test(secrets_of_a_request_stay_with_us),
        cmocka_unit_test(each_hop_is_told),
        cmocka_unit_test(a_success_is_told_to_who_asks),
        cmocka_unit_test(each_try_is_told),
        cmocka_unit_test(a_dialogue_is_told_without_passwords),
        cmocka_unit_test(what_came_before_a_timeout_is_told),
    };
    return cmocka_run_group_tests(tests, secure_setup, secure_teardown);
}
