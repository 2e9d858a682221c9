// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* ---- how servers behave ---- */

static void good(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Role: primary\r\n"
                      "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nhello");
}

static void old(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
}

static void broken(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
}

static void mute(struct peer_talk *talk)
{
    peer_wait(talk);
}

static void half(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhel");
    peer_wait(talk);
}

static void cut(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhel");
}

static void hang_up(struct peer_talk *talk)
{
    peer_hear(talk, "\r\n\r\n");
}

static void reset(struct peer_talk *talk)
{
    const struct linger at_once = { .l_onoff = 1 };
    peer_hear(talk, "\r\n\r\n");
    setsockopt(talk->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void garbage(struct peer_talk *talk)
{
    peer_answer(talk, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
}

/* An HTTP/2 server's first words, as if we had asked for it: SETTINGS, then GOAWAY. */
static void speak_http2(struct peer_talk *talk)
{
    static const char frames[] = "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64"
                                 "\0\0\x8\7\0\0\0\0\0\0\0\0\0\0\0\0\1";
    peer_hear(talk, "\r\n\r\n");
    peer_say_bytes(talk, frames, sizeof frames - 1);
}

/* The same unasked, and then it waits. */
static void speak_http2_first(struct peer_talk *talk)
{
    static const char frame[] = "\0\0\0\4\0\0\0\0\0";
    peer_say_bytes(talk, frame, sizeof frame - 1);
    peer_hear(talk, "\r\n\r\n");
    peer_hear(talk, "never");
}

static void claim_http2(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void switch_unasked(struct peer_talk *talk)
{
    peer_answer(talk,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
}

static void say_preface(struct peer_talk *talk)
{
    peer_answer(talk, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}

/* A TLS server's alert at words that are no handshake. */
static void alert(struct peer_talk *talk)
{
    static const char record[] = "\x15\3\1\0\2\2\x46";
    peer_hear(talk, "\r\n\r\n");
    peer_say_bytes(talk, record, sizeof record - 1);
}

static void zeros(struct peer_talk *talk)
{
    static const char nothing[64] = { 0 };
    peer_hear(talk, "\r\n\r\n");
    peer_say_bytes(talk, nothing, sizeof nothing);
}

static void status_without_end(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 ");
    while (peer_say(talk, "2222222222222222222222222222222222222222222222222222222222222222")) {
    }
}

static void flood(struct peer_talk *talk)
{
    static char block[65536];
    memset(block, 'x', sizeof block);
    peer_answer(talk, "HTTP/1.1 200 OK\r\n\r\n");
    while (peer_say_bytes(talk, block, sizeof block)) {
    }
}

static void drip(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (peer_say(talk, "x")) {
        struct timespec pause = { .tv_nsec = 5000000 };
        nanosleep(&pause, NULL);
    }
}

static void endless_headers(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\n");
    while (peer_say(talk, "X-More: and more\r\n")) {
    }
}

static void one_huge_header(struct peer_talk *talk)
{
    static char block[4096];
    memset(block, 'y', sizeof block);
    peer_answer(talk, "HTTP/1.1 200 OK\r\nX-Huge: ");
    while (peer_say_bytes(talk, block, sizeof block)) {
    }
}

static void endless_continues(struct peer_talk *talk)
{
    if (!peer_hear(talk, "\r\n\r\n"))
        return;
    while (peer_say(talk, "HTTP/1.1 100 Continue\r\n\r\n")) {
    }
}

static void loop_for_ever(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
}

static void to_a_file(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n");
}

enum { BOMB_BYTES = 1051 };

/* A megabyte of zeros in a thousand bytes: a gzip head, one Huffman code over and over, the
 * end with checksum and length. */
static void bomb(struct peer_talk *talk)
{
    static const unsigned char head[] = { 0x1f, 0x8b, 8,    0,    0,    0,    0,   0, 2,
                                          3,    0xed, 0xc1, 0x31, 1,    0,    0,   0, 0xc2,
                                          0xa0, 0xf5, 0x4f, 0x6d, 0x08, 0x5f, 0xa0 };
    static const unsigned char tail[] = { 0x3e, 3, 0x1c, 0xea, 0x38, 0xa7, 0, 0, 0x10, 0 };
    unsigned char z[BOMB_BYTES] = { 0 };
    memcpy(z, head, sizeof head);
    memcpy(z + sizeof z - sizeof tail, tail, sizeof tail);
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    peer_say_bytes(talk, z, sizeof z);
}

/* ---- stories ---- */

static const struct {
    const char *name;
    peer_fn *server;
    enum bw_reason reason;
    int status;
    enum bw_probe_phase phase; /* where it ended */
} cases[] = {
    { "good", good, BW_REASON_NONE, 200, BW_PHASE_TRANSFER },
    { "HTTP/1.0 until the end", old, BW_REASON_NONE, 200, BW_PHASE_TRANSFER },
    { "status 503", broken, BW_REASON_HTTP_STATUS, 503, BW_PHASE_TRANSFER },
    { "never answers", mute, BW_REASON_TIMEOUT, 0, BW_PHASE_PROCESSING },
    { "stops in the body", half, BW_REASON_TIMEOUT, 200, BW_PHASE_TRANSFER },
    { "drips", drip, BW_REASON_TIMEOUT, 200, BW_PHASE_TRANSFER },
    { "closes in the body", cut, BW_REASON_CONNECTION_CLOSED, 200, BW_PHASE_TRANSFER },
    { "closes without a word", hang_up, BW_REASON_CONNECTION_CLOSED, 0, BW_PHASE_PROCESSING },
    { "resets", reset, BW_REASON_CONNECTION_CLOSED, 0, BW_PHASE_PROCESSING },
    { "speaks garbage", garbage, BW_REASON_HTTP_PROTOCOL, 0, BW_PHASE_PROCESSING },
    { "speaks HTTP/2", speak_http2, BW_REASON_HTTP_PROTOCOL, 0, BW_PHASE_PROCESSING },
    { "speaks HTTP/2 first", speak_http2_first, BW_REASON_HTTP_PROTOCOL, 0, BW_PHASE_PROCESSING },
    { "claims HTTP/2", claim_http2, BW_REASON_HTTP_PROTOCOL, 0, BW_PHASE_PROCESSING },
    { "switches unasked", switch_unasked, BW_REASON_HTTP_STATUS, 101, BW_PHASE_TRANSFER },
    { "says a client's preface", say_preface, BW_REASON_HTTP_PROTOCOL, 0, BW_PHASE_PROCESSING },
    { "is a TLS server", alert, BW_REASON_HTTP_PROTOCOL, 0, BW_PHASE_PROCESSING },
    { "says zeros", zeros, BW_REASON_HTTP_PROTOCOL, 0, BW_PHASE_PROCESSING },
    { "a status without end", status_without_end, BW_REASON_RESPONSE_TOO_LARGE, 0,
      BW_PHASE_PROCESSING },
    { "floods", flood, BW_REASON_RESPONSE_TOO_LARGE, 200, BW_PHASE_TRANSFER },
    { "endless headers", endless_headers, BW_REASON_RESPONSE_TOO_LARGE, 200, BW_PHASE_TRANSFER },
    { "one huge header", one_huge_header, BW_REASON_RESPONSE_TOO_LARGE, 200, BW_PHASE_TRANSFER },
    { "endless 100s", endless_continues, BW_REASON_RESPONSE_TOO_LARGE, 100, BW_PHASE_TRANSFER },
    { "redirects for ever", loop_for_ever, BW_REASON_HTTP_REDIRECTS, 302, BW_PHASE_TRANSFER },
    { "redirects to a file", to_a_file, BW_REASON_HTTP_REDIRECTS, 302, BW_PHASE_TRANSFER },
};

static void servers_get_their_reason_in_time(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        peer_start(&peer, cases[i].server, NULL);
        world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 400 * BW_MS);
        if (w.result.reason != cases[i].reason || w.result.http_status != cases[i].status
            || w.result.last_phase != cases[i].phase)
            fail_msg("%s: %s, status %d, in %s: %s", cases[i].name, bw_reason_name(w.result.reason),
                     w.result.http_status, bw_probe_phase_name(w.result.last_phase),
                     w.result.detail);
        assert_int_equal(w.result.success, cases[i].reason == BW_REASON_NONE);
        assert_int_equal(w.result.detail[0] == '\0', w.result.success);
        assert_true(w.result.duration_ns < 20 * BW_SECOND);
        assert_true(w.result.reason != BW_REASON_TIMEOUT || w.result.duration_ns >= 400 * BW_MS);
        peer_stop(&peer);
    }
    world_close(&w);
}

static void a_good_answer_is_measured(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, good, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_true(w.result.success);
    assert_int_equal(w.result.attempts, 1);
    assert_true(world_value(&w, BW_METRIC_PROBE_SUCCESS, NULL) == 1);
    assert_true(world_value(&w, BW_METRIC_PROBE_TIMEOUT_SECONDS, NULL) == 5);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_STATUS_CODE, NULL) == 200);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_VERSION, NULL) == 1.1);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_CONTENT_LENGTH, NULL) == 5);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH, NULL) == 5);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_SSL, NULL) == 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_IP_PROTOCOL, NULL) == 4);
    assert_true(world_value(&w, BW_METRIC_PROBE_IP_ADDR_HASH, NULL) == 3668918509.0);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_LAST_MODIFIED_TIMESTAMP_SECONDS, NULL)
                == 784111777);
    assert_false(world_has(&w, BW_METRIC_PROBE_FAILURE_INFO));
    double phases = 0;
    for (enum bw_probe_phase p = 0; p < BW_PHASE_COUNT; p++)
        phases += world_value(&w, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, bw_probe_phase_name(p));
    double whole = world_value(&w, BW_METRIC_PROBE_DURATION_SECONDS, NULL);
    assert_true(phases > 0 && phases <= whole && phases > 0.5 * whole);
    assert_non_null(strstr(peer.heard, "User-Agent: Bellwether/"));
    assert_null(strstr(peer.heard, "Accept-Encoding"));
    assert_non_null(strstr(peer.heard, "\r\nConnection: close\r\n"));
    world_close(&w);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer_closed_port()), BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_CONNECT_REFUSED);
    assert_true(world_value(&w, BW_METRIC_PROBE_FAILURE_INFO, "connect_refused") == 1);
    world_probe(&w, &module, "http://name.test/", 5 * BW_SECOND);
    /* Refused by the kernel or never answered: c-ares may come to either. */
    assert_true(w.result.reason == BW_REASON_DNS_FAILURE
                || w.result.reason == BW_REASON_DNS_TIMEOUT);
    assert_int_equal(w.result.last_phase, BW_PHASE_RESOLVE);
    world_probe(&w, &module, "ftp://127.0.0.1/", BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_INTERNAL);
    world_close(&w);
}

/* ---- requests ---- */

static void what_is_configured_is_sent(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, good, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    const struct bw_pair headers[] = { { "X-Probe", "yes" }, { "Empty", "" } };
    module.http.method = "POST";
    module.http.body = "ping";
    module.http.headers = (struct bw_pairs){ headers, 2 };
    module.http.basic_auth = (struct bw_basic_auth){ .username = "user", .password = "secret" };
    const struct bw_probe_request request = {
        .target = { .text = world_text(&w, "http://127.0.0.1:%u/a?b=c", peer.port),
                    .host = "other.test" },
        .timeout_ns = 5 * BW_SECOND,
    };
    world_run(&w, &module, &request);
    peer_stop(&peer);
    assert_true(w.result.success);
    static const char *const wanted[] = {
        "POST /a?b=c HTTP/1.1\r\n",
        "Host: other.test\r\n",
        "X-Probe: yes\r\n",
        "Empty:\r\n",
        "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n",
        "Content-Length: 4\r\n",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (strstr(peer.heard, wanted[i]) == NULL)
            fail_msg("no %s in %s", wanted[i], peer.heard);
    }
    assert_null(strstr(peer.heard, "Expect"));
    assert_null(strstr(peer.heard, "Content-Type"));
    world_close(&w);
}

enum { LONG_BODY = 1000000 };
static atomic_size_t body_heard;

static void slow_reader(struct peer_talk *talk)
{
    char block[65536];
    size_t heard = 0;
    ssize_t got;
    struct timespec pause = { .tv_nsec = 20000000 };
    nanosleep(&pause, NULL);
    bool in_body = false;
    while (heard < LONG_BODY && (got = recv(talk->fd, block, sizeof block, 0)) > 0) {
        const char *end = in_body ? block : memmem(block, (size_t)got, "\r\n\r\n", 4);
        if (end == NULL)
            continue;
        heard += (size_t)(block + got - end) - (in_body ? 0 : 4);
        in_body = true;
    }
    atomic_store(&body_heard, heard);
    peer_say(talk, "HTTP/1.1 204 No Content\r\n\r\n");
}

/* Without a password libcurl is not needed: the same words go out, and no more. */
static void a_plain_request_is_word_for_word(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, good, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    const struct bw_pair headers[] = { { "X-Probe", "yes" }, { "Empty", "" }, { "accept", "x/y" } };
    module.http.method = "POST";
    module.http.body = "ping";
    module.http.headers = (struct bw_pairs){ headers, 3 };
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/a?b=c#d", peer.port),
                5 * BW_SECOND);
    peer_stop(&peer);
    assert_true(w.result.success);
    assert_string_equal(
        peer.heard,
        world_text(&w,
                   "POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: Bellwether/%s\r\n"
                   "X-Probe: yes\r\nEmpty:\r\naccept: x/y\r\nConnection: close\r\nContent-Length: "
                   "4\r\n\r\nping",
                   peer.port, BW_VERSION));
    world_close(&w);
}

static void in_chunks(struct peer_talk *talk)
{
    if (!peer_hear(talk, "\r\n\r\n"))
        return;
    static const char *const pieces[] = {
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Enc",
        "oding: chunked\r\n\r\n6\r\nhello ",
        "\r\n5\r\nworld\r\n0\r\n",
        "X-Sum: 7\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct timespec pause = { .tv_nsec = 5000000 };
        peer_say(talk, pieces[i]);
        nanosleep(&pause, NULL);
    }
    peer_wait(talk); /* the end of the answer is enough */
}

static const char *const whole_body[] = { "^hello world$" };

static void an_answer_may_come_in_pieces(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, in_chunks, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.fail_if_body_not_matches_regexp = (struct bw_strings){ whole_body, 1 };
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    if (!w.result.success)
        fail_msg("%s", w.result.detail);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH, NULL) == 11);
    world_close(&w);
}

static void bodiless(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    peer_wait(talk);
}

static void an_answer_to_head_has_no_body(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, bodiless, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.method = "HEAD";
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_true(w.result.success);
    assert_non_null(strstr(peer.heard, "HEAD / HTTP/1.1\r\n"));
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_CONTENT_LENGTH, NULL) == 5);
    world_close(&w);
}

/* Relative, with a blank and a dot, and then not to be followed further. */
static void around(struct peer_talk *talk)
{
    peer_answer(talk, talk->number == 0 ? "HTTP/1.1 302 Found\r\nLocation: ../x y?z\r\n\r\n"
                                        : "HTTP/1.1 302 Found\r\nLocation:\r\n"
                                          "Content-Length: 0\r\n\r\n");
}

static void a_redirect_may_be_relative(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    const int64_t found[] = { 302 };
    world_open(&w, NULL);
    peer_start(&peer, around, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.valid_status_codes = (struct bw_ints){ found, 1 };
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/a/b/c", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    if (!w.result.success)
        fail_msg("%s", w.result.detail);
    assert_non_null(strstr(peer.heard, "GET /a/x%20y?z HTTP/1.1\r\n"));
    world_close(&w);
}

/* More than a socket takes at once, to a peer that answers before it has read it. */
static void a_long_body_is_sent_whole(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, slow_reader, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    char *body = bw_arena_alloc(&w.arena, LONG_BODY + 1);
    memset(body, 'b', LONG_BODY);
    body[LONG_BODY] = '\0';
    module.http.method = "POST";
    module.http.body = body;
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 10 * BW_SECOND);
    peer_stop(&peer);
    if (!w.result.success)
        fail_msg("%s", w.result.detail);
    assert_int_equal(atomic_load(&body_heard), LONG_BODY);
    world_close(&w);
}

static uint16_t foreign_port; /* where `leave` sends to */

static void leave(struct peer_talk *talk)
{
    char text[128];
    snprintf(text, sizeof text, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/\r\n\r\n",
             foreign_port);
    peer_answer(talk, text);
}

static void secrets_stay_at_home(void **state)
{
    (void)state;
    struct world w;
    struct peer home, away;
    world_open(&w, NULL);
    peer_start(&away, good, NULL);
    foreign_port = away.port;
    peer_start(&home, leave, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    const struct bw_pair headers[] = { { "X-Api-Key", "k" }, { "Accept-Language", "de" } };
    module.http.method = "POST";
    module.http.body = "secret body";
    module.http.headers = (struct bw_pairs){ headers, 2 };
    module.http.authorization =
        (struct bw_authorization){ .type = "Bearer", .credentials = "token" };
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", home.port), 5 * BW_SECOND);
    peer_stop(&home);
    peer_stop(&away);
    assert_true(w.result.success);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_REDIRECTS, NULL) == 1);
    assert_non_null(strstr(home.heard, "Authorization: Bearer token\r\n"));
    assert_non_null(strstr(home.heard, "X-Api-Key: k\r\n"));
    assert_non_null(strstr(away.heard, "GET / HTTP/1.1\r\n"));
    assert_non_null(strstr(away.heard, "Accept-Language: de\r\n"));
    assert_null(strstr(away.heard, "Authorization"));
    assert_null(strstr(away.heard, "X-Api-Key"));
    assert_null(strstr(away.heard, "secret"));
    world_close(&w);
}

static void leave_with_the_body(struct peer_talk *talk)
{
    char text[128];
    snprintf(text, sizeof text,
             "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:%u/\r\n\r\n",
             foreign_port);
    peer_answer(talk, text);
}

/* A body is as likely to hold a password as a header is. */
static void a_body_is_not_sent_to_another_origin(void **state)
{
    (void)state;
    struct world w;
    struct peer home, away;
    world_open(&w, NULL);
    peer_start(&away, good, NULL);
    foreign_port = away.port;
    peer_start(&home, leave_with_the_body, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.method = "POST";
    module.http.body = "secret body";
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", home.port), 5 * BW_SECOND);
    peer_stop(&home);
    peer_stop(&away);
    assert_int_equal(w.result.reason, BW_REASON_HTTP_REDIRECTS);
    assert_string_equal(away.heard, "");
    world_close(&w);
}

static void a_redirect_need_not_be_followed(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    const int64_t found[] = { 302 };
    world_open(&w, NULL);
    peer_start(&peer, loop_for_ever, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.follow_redirects = false;
    module.http.valid_status_codes = (struct bw_ints){ found, 1 };
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_true(w.result.success);
    assert_int_equal(atomic_load(&peer.count), 1);
    world_close(&w);
}

static bool only_once(void *ctx, const struct bw_address *address)
{
    assert_int_equal(address->family, AF_INET);
    return ++*(int *)ctx == 1;
}

static void every_hop_passes_the_address_filter(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    int asked = 0;
    world_open(&w, NULL);
    peer_start(&peer, loop_for_ever, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    const struct bw_probe_request request = {
        .target = { .text = world_text(&w, "http://127.0.0.1:%u/", peer.port),
                    .filter = only_once,
                    .filter_ctx = &asked },
        .timeout_ns = 5 * BW_SECOND,
    };
    world_run(&w, &module, &request);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_CONNECT_FAILED);
    assert_int_equal(atomic_load(&peer.count), 1);
    world_close(&w);
}

static void a_bomb_is_counted_unpacked(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, bomb, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.compression = "gzip";
    module.http.body_size_limit_bytes = 20000; /* it unpacks to a megabyte */
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_RESPONSE_TOO_LARGE);
    /* Not asked for, it is not unpacked: it is short. */
    module.http.compression = NULL;
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
    assert_true(w.result.success);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH, NULL) == BOMB_BYTES);
    peer_stop(&peer);
    world_close(&w);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_get_their_reason_in_time),
        cmocka_unit_test(a_good_answer_is_measured),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(what_is_configured_is_sent),
        cmocka_unit_test(a_plain_request_is_word_for_word),
        cmocka_unit_test(an_answer_may_come_in_pieces),
        cmocka_unit_test(an_answer_to_head_has_no_body),
        cmocka_unit_test(a_redirect_may_be_relative),
        cmocka_unit_test(a_long_body_is_sent_whole),
        cmocka_unit_test(secrets_stay_at_home),
        cmocka_unit_test(a_body_is_not_sent_to_another_origin),
        cmocka_unit_test(a_redirect_need_not_be_followed),
        cmocka_unit_test(every_hop_passes_the_address_filter),
        cmocka_unit_test(a_bomb_is_counted_unpacked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
