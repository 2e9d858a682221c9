// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/table.h"
#include "probe/websocket.h"
#include "secure.h"
#include "world.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- servers ---- */

static bool hear_bytes(struct peer_talk *talk, uint8_t *out, size_t len)
{
    while (len > 0) {
        const ssize_t got =
            talk->ssl != NULL ? SSL_read(talk->ssl, out, (int)len) : recv(talk->fd, out, len, 0);
        if (got <= 0)
            return false;
        out += got;
        len -= (size_t)got;
    }
    return true;
}

/* Waits for a frame of the client's, masked and of at most 125 bytes, and says whether it is this
 * one. */
static bool hear_frame(struct peer_talk *talk, unsigned opcode, const char *payload)
{
    uint8_t head[6], text[126];
    if (!hear_bytes(talk, head, sizeof head) || (head[1] & 0x80) == 0)
        return false;
    const size_t len = head[1] & 0x7f;
    if (len > 125 || !hear_bytes(talk, text, len))
        return false;
    for (size_t i = 0; i < len; i++)
        text[i] ^= head[2 + i % 4];
    return head[0] == (0x80 | opcode) && len == strlen(payload) && memcmp(text, payload, len) == 0;
}

static void wait_for_end(struct peer_talk *talk)
{
    uint8_t byte;
    while (hear_bytes(talk, &byte, 1)) {
    }
}

/* Agrees; `more` goes out with the same bytes. */
static bool agree(struct peer_talk *talk, const char *headers, const char *more, size_t more_len)
{
    char key[BW_WEBSOCKET_KEY_MAX], accept[BW_WEBSOCKET_KEY_MAX];
    uint8_t nonce[32];
    char answer[1024];
    static const char name[] = "Sec-WebSocket-Key: ";
    if (!peer_hear(talk, "\r\n\r\n"))
        return false;
    const char *at = strstr(talk->peer->heard, name);
    if (at == NULL || EVP_DecodeBlock(nonce, (const uint8_t *)at + sizeof name - 1, 24) < 16)
        return false;
    bw_websocket_key(nonce, key, accept);
    const int len = snprintf(answer, sizeof answer - more_len,
                             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
                             accept, headers);
    memcpy(answer + len, more, more_len);
    return peer_say_bytes(talk, answer, (size_t)len + more_len);
}

static void polite(struct peer_talk *talk)
{
    if (agree(talk, "", "", 0) && hear_frame(talk, 8, "\x03\xe8"))
        peer_say_bytes(talk, "\x88\2\x03\xe8", 4);
}

static void greeting(struct peer_talk *talk)
{
    static const char hello[] = "\x81\x0ehello, I am 42";
    if (agree(talk, "", hello, sizeof hello - 1) && hear_frame(talk, 1, "hi 42"))
        peer_say_bytes(talk, "\1\3wel\0\2co\x80\2me", 13);
    wait_for_end(talk);
}

static void echo(struct peer_talk *talk)
{
    if (agree(talk, "", "", 0) && hear_frame(talk, 1, "ping"))
        peer_say_bytes(talk, "\x82\4ping", 6);
    wait_for_end(talk);
}

static void pinging(struct peer_talk *talk)
{
    if (agree(talk, "", "\x89\3abc", 5) && hear_frame(talk, 10, "abc"))
        peer_say_bytes(talk, "\x8a\0\x81\4pong", 8);
    wait_for_end(talk);
}

static void subprotocol(struct peer_talk *talk)
{
    agree(talk, "Sec-WebSocket-Protocol: mqtt\r\n", "", 0);
    wait_for_end(talk);
}

static void closing(struct peer_talk *talk)
{
    static const char bye[] = "\x88\x09\x03\xf3no \x1b[m!";
    agree(talk, "", bye, sizeof bye - 1);
    wait_for_end(talk);
}

static void hanging_up(struct peer_talk *talk)
{
    agree(talk, "", "", 0);
}

static void masked(struct peer_talk *talk)
{
    agree(talk, "", "\x81\x81xxxxa", 7);
    wait_for_end(talk);
}

static void too_long(struct peer_talk *talk)
{
    agree(talk, "", "\x81\x7f\0\0\0\1\0\0\0\0", 10);
    wait_for_end(talk);
}

static void ping_flood(struct peer_talk *talk)
{
    agree(talk, "", "", 0);
    while (peer_say_bytes(talk, "\x89\0", 2)) {
    }
}

static void flood_of_pieces(struct peer_talk *talk)
{
    static char pieces[8192];
    agree(talk, "", "\1\1a", 3);
    while (peer_say_bytes(talk, pieces, sizeof pieces)) {
    }
}

static void page(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static void forbidden(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 403 Forbidden\r\n\r\n<html>");
}

static void wrong_accept(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                      "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
}

static void garbage(struct peer_talk *talk)
{
    peer_answer(talk, "SSH-2.0-OpenSSH_9.2\r\n");
}

static void headers_without_end(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 101 S\r\n");
    while (peer_say(talk, "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")) {
    }
}

static void line_without_end(struct peer_talk *talk)
{
    static char block[8192];
    memset(block, 'x', sizeof block);
    peer_answer(talk, "HTTP/1.1 101 S\r\nX-A: ");
    while (peer_say_bytes(talk, block, sizeof block)) {
    }
}

static void half_a_head(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 101 Sw");
}

static void nothing(struct peer_talk *talk)
{
    peer_hear(talk, "\r\n\r\n");
}

static void mute(struct peer_talk *talk)
{
    wait_for_end(talk);
}

static void mute_after(struct peer_talk *talk)
{
    agree(talk, "", "", 0);
    wait_for_end(talk);
}

/* ---- stories ---- */

#define STEP(...)                                                                                  \
    {                                                                                              \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct {
    const char *name;
    peer_fn *server;
    struct bw_websocket_step steps[3];
    enum bw_reason reason;
    const char *detail; /* part of it */
    int status;
    bool upgraded, regex_failed;
} cases[] = {
    { "only connects", polite, { { 0 } }, BW_REASON_NONE, "", 101, true, false },
    { "answers with what it heard",
      greeting,
      { { "I am (\\d+)$", "hi ${1}" }, { "^welcome$", NULL } },
      BW_REASON_NONE,
      "",
      101,
      true,
      false },
    { "speaks first",
      echo,
      { { NULL, "ping" }, { "^ping$", NULL } },
      BW_REASON_NONE,
      "",
      101,
      true,
      false },
    { "answers pings", pinging, STEP("^pong$", NULL), BW_REASON_NONE, "", 101, true, false },
    { "hears something else", greeting, STEP("^bye", NULL), BW_REASON_ASSERTION_REPLY,
      "step 1: the message 'hello, I am 42' does not match '^bye'", 101, true, true },
    { "hears it second",
      greeting,
      { { "42", "hi 42" }, { "42", NULL } },
      BW_REASON_ASSERTION_REPLY,
      "step 2: the message 'welcome'",
      101,
      true,
      true },
    { "is refused a subprotocol",
      subprotocol,
      { { 0 } },
      BW_REASON_WEBSOCKET_PROTOCOL,
      "Sec-WebSocket-Protocol is 'mqtt'",
      101,
      false,
      false },
    { "is told to close", closing, STEP("x", NULL), BW_REASON_CONNECTION_CLOSED,
      "step 1: the peer says close, 1011: no \\x1b[m!", 101, true, false },
    { "is hung up on", hanging_up, STEP("x", NULL), BW_REASON_CONNECTION_CLOSED,
      "step 1: closed without a word", 101, true, false },
    { "hears masks", masked, STEP("x", NULL), BW_REASON_WEBSOCKET_PROTOCOL, "masked", 101, true,
      false },
    { "hears of 4 GiB", too_long, STEP("x", NULL), BW_REASON_RESPONSE_TOO_LARGE, "65536", 101, true,
      false },
    { "is flooded with pings", ping_flood, STEP("x", NULL), BW_REASON_RESPONSE_TOO_LARGE,
      "more than 100 pings", 101, true, false },
    { "is flooded with pieces", flood_of_pieces, STEP("x", NULL), BW_REASON_RESPONSE_TOO_LARGE,
      "more than 1048576 bytes of messages", 101, true, false },
    { "gets a page",
      page,
      { { 0 } },
      BW_REASON_HTTP_STATUS,
      "status 200, expected 101",
      200,
      false,
      false },
    { "is forbidden",
      forbidden,
      { { 0 } },
      BW_REASON_HTTP_STATUS,
      "status 403",
      403,
      false,
      false },
    { "gets a stale answer",
      wrong_accept,
      { { 0 } },
      BW_REASON_WEBSOCKET_PROTOCOL,
      "Sec-WebSocket-Accept",
      101,
      false,
      false },
    { "hears garbage", garbage, { { 0 } }, BW_REASON_HTTP_PROTOCOL, "", 0, false, false },
    { "hears headers without end",
      headers_without_end,
      { { 0 } },
      BW_REASON_RESPONSE_TOO_LARGE,
      "more than 100 header lines",
      101,
      false,
      false },
    { "hears a line without end",
      line_without_end,
      { { 0 } },
      BW_REASON_RESPONSE_TOO_LARGE,
      "a header line",
      101,
      false,
      false },
    { "is hung up on within the headers",
      half_a_head,
      { { 0 } },
      BW_REASON_CONNECTION_CLOSED,
      "closed within the headers",
      0,
      false,
      false },
    { "is hung up on before",
      nothing,
      { { 0 } },
      BW_REASON_CONNECTION_CLOSED,
      "closed before the headers",
      0,
      false,
      false },
    { "hears nothing", mute, { { 0 } }, BW_REASON_TIMEOUT, "processing", 0, false, false },
    { "hears nothing after it", mute_after, STEP("x", NULL), BW_REASON_TIMEOUT, "transfer", 101,
      true, false },
};

static size_t count_steps(const struct bw_websocket_step *steps)
{
    size_t count = 0;
    while (steps[count].expect != NULL || steps[count].send != NULL)
        count++;
    return count;
}

static void dialogues_end_as_told(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        struct bw_probe_module module = world_module(&w, BW_PROBER_WEBSOCKET);
        module.websocket.query_response =
            (struct bw_items){ (void *)(uintptr_t)cases[i].steps, count_steps(cases[i].steps) };
        peer_start(&peer, cases[i].server, NULL);
        world_probe(&w, &module, world_text(&w, "ws://127.0.0.1:%u/chat", peer.port),
                    cases[i].reason == BW_REASON_TIMEOUT ? 200 * BW_MS : 5 * BW_SECOND);
        peer_stop(&peer);
        world_expect(&w, cases[i].name, cases[i].reason, cases[i].detail);
        assert_int_equal(w.result.http_status, cases[i].status);
        assert_true(world_value(&w, BW_METRIC_PROBE_WEBSOCKET_STATUS_CODE, NULL)
                    == cases[i].status);
        assert_true(world_value(&w, BW_METRIC_PROBE_WEBSOCKET_CONNECTION_UPGRADED, NULL)
                    == cases[i].upgraded);
        assert_true(world_value(&w, BW_METRIC_PROBE_WEBSOCKET_FAILED_DUE_TO_REGEX, NULL)
                    == cases[i].regex_failed);
        assert_true(world_value(&w, BW_METRIC_PROBE_WEBSOCKET_DURATION_SECONDS, "processing") > 0);
    }
    world_close(&w);
}

static void over_tls(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    const struct bw_websocket_step steps[] = { { "I am (\\d+)$", "hi ${1}" },
                                               { "^welcome$", NULL } };
    world_open(&w, NULL);
    peer_start(&peer, greeting, secure.server);
    struct bw_probe_module module = world_module(&w, BW_PROBER_WEBSOCKET);
    module.websocket.tls_config.ca_file = secure.ca_file;
    module.websocket.query_response = (struct bw_items){ (void *)(uintptr_t)steps, 2 };
    const char *target = world_text(&w, "wss://127.0.0.1:%u/", peer.port);
    world_probe(&w, &module, target, 5 * BW_SECOND);
    if (!w.result.success)
        fail_msg("%s", w.result.detail);
    assert_true(w.result.has_certificate && w.result.phase_ns[BW_PHASE_TLS] > 0);
    module.websocket.tls_config.server_name = "other.test";
    world_probe(&w, &module, target, 5 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_TLS_WRONG_HOST);
    module.websocket.tls_config = (struct bw_tls_options){ .ca_file = NULL };
    world_probe(&w, &module, target, 5 * BW_SECOND); /* the system does not know our authority */
    assert_int_equal(w.result.reason, BW_REASON_TLS_UNTRUSTED);
    assert_true(w.result.has_certificate);
    peer_stop(&peer);
    peer_start(&peer, page, NULL); /* which speaks no TLS */
    world_probe(&w, &module, world_text(&w, "wss://127.0.0.1:%u/", peer.port), 200 * BW_MS);
    peer_stop(&peer);
    assert_false(w.result.success);
    assert_int_equal(w.result.last_phase, BW_PHASE_TLS);
    world_close(&w);
}

static void a_subprotocol_is_chosen(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_WEBSOCKET);
    module.websocket.subprotocols = WORLD_STRINGS("stomp", "mqtt");
    peer_start(&peer, subprotocol, NULL);
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_true(w.result.success);
    assert_non_null(strstr(peer.heard, "Sec-WebSocket-Protocol: stomp, mqtt\r\n"));
    peer_start(&peer, polite, NULL);
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_WEBSOCKET_PROTOCOL);
    world_close(&w);
}

static void headers_are_sent_and_hidden(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    const struct bw_pair pairs[] = { { "Authorization", "Bearer s3cret-token" },
                                     { "Origin", "https://a.test" } };
    const struct bw_websocket_step step = { "^bye", NULL };
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_WEBSOCKET);
    module.websocket.headers = (struct bw_pairs){ pairs, 2 };
    module.websocket.query_response = (struct bw_items){ (void *)(uintptr_t)&step, 1 };
    peer_start(&peer, greeting, NULL);
    world_probe(&w, &module, world_text(&w, "ws://127.0.0.1:%u/x?y=1", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_non_null(strstr(peer.heard, "GET /x?y=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(peer.heard, "Authorization: Bearer s3cret-token\r\n"));
    assert_non_null(strstr(w.told, "> GET /x?y=1 HTTP/1.1"));
    assert_non_null(strstr(w.told, "> Origin: https://a.test"));
    assert_non_null(strstr(w.told, "< HTTP/1.1 101 Switching Protocols"));
    assert_non_null(strstr(w.told, "< hello, I am 42"));
    assert_null(strstr(w.told, "s3cret"));
    world_close(&w);
}

static void options_are_checked(void **state)
{
    (void)state;
    static const struct bw_pair wrong[] = { { "Connection", "close" },    { "Upgrade", "h2c" },
                                            { "Sec-WebSocket-Key", "x" }, { "a b", "x" },
                                            { "X-A", "two\r\nlines" },    { "", "x" } };
    struct world w;
    struct bw_err err;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bw_probe_module module = world_module(&w, BW_PROBER_WEBSOCKET);
        module.websocket.headers = (struct bw_pairs){ &wrong[i], 1 };
        assert_null(bw_probe_plan_new(w.engine, &module, NULL, &err));
        assert_non_null(strstr(err.text, "headers"));
    }
    struct bw_probe_module module = world_module(&w, BW_PROBER_WEBSOCKET);
    module.websocket.subprotocols = WORLD_STRINGS("a, b");
    assert_null(bw_probe_plan_new(w.engine, &module, NULL, &err));
    const struct bw_probe_ops *ops = bw_probe_find("websocket");
    assert_int_equal(ops->check_target("ws://a.test/", &err), BW_OK);
    assert_int_equal(ops->check_target("ws://u:p@a.test/", &err), BW_EINVAL);
    world_close(&w);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct world w;
    world_refused(&w, BW_PROBER_WEBSOCKET, "ws://");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialogues_end_as_told),   cmocka_unit_test(over_tls),
        cmocka_unit_test(a_subprotocol_is_chosen), cmocka_unit_test(headers_are_sent_and_hidden),
        cmocka_unit_test(options_are_checked),     cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, secure_setup, secure_teardown);
}
