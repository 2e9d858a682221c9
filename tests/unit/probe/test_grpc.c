// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "h2_server.h"
#include "probe/table.h"
#include "secure.h"
#include "world.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static SSL_CTX *old_tls; /* knows no ALPN */

/* Picks HTTP/2 of what the client offers. */
static int pick_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                   const unsigned char *in, unsigned in_len, void *ctx)
{
    (void)ssl, (void)ctx;
    return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len,
                                 (const unsigned char *)"\2h2", 3, in, in_len)
                   == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int set_up(void **state)
{
    secure_setup(state);
    SSL_CTX_set_alpn_select_cb(secure.server, pick_h2, NULL);
    old_tls = certificate_server(&secure.leaf);
    return 0;
}

static int tear_down(void **state)
{
    SSL_CTX_free(old_tls);
    return secure_teardown(state);
}

/* ---- servers ---- */

static void leave(struct peer_talk *talk)
{
    char bytes[4096];
    if (talk->ssl == NULL)
        peer_wait(talk);
    while (talk->ssl != NULL && SSL_read(talk->ssl, bytes, sizeof bytes) > 0) {
    }
}

static bool begin_answer(struct peer_talk *talk)
{
    return h2_begin(talk)
           && h2_headers(talk, false,
                         H2_FIELDS(":status", "200", "content-type", "application/grpc"));
}

static void finish(struct peer_talk *talk, const char *bytes, size_t len, const char *status)
{
    if (begin_answer(talk) && h2_frame(talk, H2_DATA, 0, 1, bytes, len)
        && h2_headers(talk, true, H2_FIELDS("grpc-status", status)))
        leave(talk);
}

static void serving(struct peer_talk *talk)
{
    finish(talk, "\0\0\0\0\2\x08\1", 7, "0");
}

static void not_serving(struct peer_talk *talk)
{
    finish(talk, "\0\0\0\0\2\x08\2", 7, "0");
}

static void service_unknown(struct peer_talk *talk)
{
    finish(talk, "\0\0\0\0\2\x08\3", 7, "0");
}

static void no_word(struct peer_talk *talk)
{
    finish(talk, "\0\0\0\0\0", 5, "0");
}

static void ninth(struct peer_talk *talk)
{
    finish(talk, "\0\0\0\0\2\x08\x09", 7, "0");
}

static void no_protobuf(struct peer_talk *talk)
{
    finish(talk, "\0\0\0\0\2\xff\xff", 7, "0");
}

static void half_a_message(struct peer_talk *talk)
{
    finish(talk, "\0\0\0\0\2\x08", 6, "0");
}

static void two_messages(struct peer_talk *talk)
{
    finish(talk, "\0\0\0\0\2\x08\1\0\0\0\0\2\x08\1", 14, "0");
}

static void four_gib(struct peer_talk *talk)
{
    finish(talk, "\0\xff\xff\xff\xff\x08\1", 7, "0");
}

static void compressed(struct peer_talk *talk)
{
    finish(talk, "\1\0\0\0\2\x08\1", 7, "0");
}

static void a_status_that_is_none(struct peer_talk *talk)
{
    finish(talk, "\0\0\0\0\2\x08\1", 7, "fine");
}

static void without_status(struct peer_talk *talk)
{
    if (begin_answer(talk) && h2_frame(talk, H2_DATA, H2_END_STREAM, 1, "\0\0\0\0\2\x08\1", 7))
        leave(talk);
}

static void only_trailers(struct peer_talk *talk, const char *status, const char *message)
{
    if (h2_begin(talk)
        && h2_headers(talk, true,
                      H2_FIELDS(":status", "200", "content-type", "application/grpc+proto",
                                "grpc-status", status, "grpc-message", message)))
        leave(talk);
}

static void not_found(struct peer_talk *talk)
{
    only_trailers(talk, "5", "no%20such: 50%25 %c3%a9%1b[2J%0a");
}

static void unimplemented(struct peer_talk *talk)
{
    only_trailers(talk, "12", "");
}

static void status_99(struct peer_talk *talk)
{
    only_trailers(talk, "99", "odd");
}

static void http_503(struct peer_talk *talk)
{
    if (h2_begin(talk)
        && h2_headers(talk, false, H2_FIELDS(":status", "503", "content-type", "text/html"))
        && h2_frame(talk, H2_DATA, H2_END_STREAM, 1, "<html>", 6))
        leave(talk);
}

static void a_page(struct peer_talk *talk)
{
    if (h2_begin(talk)
        && h2_headers(talk, false, H2_FIELDS(":status", "200", "content-type", "text/html"))
        && h2_frame(talk, H2_DATA, H2_END_STREAM, 1, "<html>", 6))
        leave(talk);
}

static void reset(struct peer_talk *talk)
{
    if (h2_begin(talk) && h2_frame(talk, H2_RST_STREAM, 0, 1, "\0\0\0\2", 4))
        leave(talk);
}

static void goes_away(struct peer_talk *talk)
{
    if (h2_begin(talk))
        h2_frame(talk, H2_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\2", 8);
}

static void http_1(struct peer_talk *talk)
{
    if (peer_hear(talk, "\r\n\r\n"))
        peer_say(talk, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    leave(talk);
}

static void garbage(struct peer_talk *talk)
{
    static const char noise[] = "\xff\xfe\xfd garbage \x80\x81\x82 garbage garbage garbage\r\n";
    if (peer_hear(talk, "\r\n\r\n"))
        peer_say_bytes(talk, noise, sizeof noise);
    leave(talk);
}

static void closing(struct peer_talk *talk)
{
    (void)talk;
}

static void mute(struct peer_talk *talk)
{
    leave(talk);
}

/* ---- those that mean harm: each goes on until we hang up ---- */

static void settings_flood(struct peer_talk *talk)
{
    h2_begin(talk);
    while (h2_frame(talk, H2_SETTINGS, 0, 0, "\0\3\0\0\0\x64", 6)) {
    }
}

static void ping_flood(struct peer_talk *talk)
{
    h2_begin(talk);
    while (h2_frame(talk, H2_PING, 0, 0, "12345678", 8)) {
    }
}

static void empty_data_flood(struct peer_talk *talk)
{
    begin_answer(talk);
    while (h2_frame(talk, H2_DATA, 0, 1, "", 0)) {
    }
}

static void continuation_flood(struct peer_talk *talk)
{
    char block[4096];
    h2_begin(talk);
    size_t len = h2_block(block, sizeof block, H2_FIELDS(":status", "200"));
    h2_frame(talk, H2_HEADERS, 0, 1, block, len);
    len = h2_block(block, sizeof block, H2_FIELDS("x-a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    while (h2_frame(talk, H2_CONTINUATION, 0, 1, block, len)) {
    }
}

/* One field of 4,000 bytes goes into the table, then thousands of references of one byte to it. */
static void hpack_bomb(struct peer_talk *talk)
{
    static char block[16000];
    size_t len = 0;
    h2_begin(talk);
    len += h2_block(block, sizeof block, H2_FIELDS(":status", "200"));
    memcpy(block + len, "\x40\1x\x7f\x91\x1e", 6); /* 3,984 bytes follow */
    memset(block + len + 6, 'b', 3984);
    len += 6 + 3984;
    memset(block + len, 0xbe, sizeof block - len); /* the newest entry */
    h2_frame(talk, H2_HEADERS, H2_END_HEADERS, 1, block, sizeof block);
    leave(talk);
}

static void many_headers(struct peer_talk *talk)
{
    static char block[16000];
    size_t len = 0;
    h2_begin(talk);
    len += h2_block(block, sizeof block, H2_FIELDS(":status", "200"));
    while (len + 100 < sizeof block)
        len += h2_block(block + len, sizeof block - len, H2_FIELDS("x-a", "b"));
    h2_frame(talk, H2_HEADERS, H2_END_HEADERS, 1, block, len);
    leave(talk);
}

static void pushes(struct peer_talk *talk)
{
    char block[256] = { 0, 0, 0, 2 };
    h2_begin(talk);
    const size_t len = 4 + h2_block(block + 4, 252, H2_FIELDS(":method", "GET", ":path", "/"));
    h2_frame(talk, H2_PUSH_PROMISE, H2_END_HEADERS, 1, block, len);
    leave(talk);
}

static void a_frame_of_16_mib(struct peer_talk *talk)
{
    static char block[65536];
    h2_begin(talk);
    peer_say_bytes(talk, "\xff\xff\xff\0\0\0\0\0\1", 9);
    while (peer_say_bytes(talk, block, sizeof block)) {
    }
}

static void body_flood(struct peer_talk *talk)
{
    static char block[16384];
    begin_answer(talk);
    while (h2_frame(talk, H2_DATA, 0, 1, block, sizeof block)) {
    }
}

/* ---- stories ---- */

static const struct {
    const char *name;
    peer_fn *server;
    enum bw_reason reason;
    const char *detail; /* part of it */
    unsigned status;
} cases[] = {
    { "SERVING", serving, BW_REASON_NONE, "", 0 },
    { "NOT_SERVING", not_serving, BW_REASON_NOT_SERVING, "the server says NOT_SERVING", 0 },
    { "SERVICE_UNKNOWN", service_unknown, BW_REASON_SERVICE_UNKNOWN, "says SERVICE_UNKNOWN", 0 },
    { "UNKNOWN", no_word, BW_REASON_SERVICE_UNKNOWN, "the server says UNKNOWN", 0 },
    { "not found", not_found, BW_REASON_SERVICE_UNKNOWN,
      "status NOT_FOUND (5): no such: 50% \xc3\xa9\\x1b[2J\\n", 5 },
    { "unimplemented", unimplemented, BW_REASON_GRPC_STATUS, "status UNIMPLEMENTED (12)", 12 },
    { "a status without a name", status_99, BW_REASON_GRPC_STATUS,
      "status without a name (99): odd", 99 },
    { "a status that is none", a_status_that_is_none, BW_REASON_GRPC_STATUS, "UNKNOWN (2)", 2 },
    { "without a status", without_status, BW_REASON_GRPC_PROTOCOL, "without grpc-status", 13 },
    { "another serving status", ninth, BW_REASON_GRPC_PROTOCOL, "a serving status of 9", 0 },
    { "no protobuf", no_protobuf, BW_REASON_GRPC_PROTOCOL, "no protobuf", 13 },
    { "half a message", half_a_message, BW_REASON_GRPC_PROTOCOL, "without a whole message", 13 },
    { "two messages", two_messages, BW_REASON_GRPC_PROTOCOL, "bytes after the message", 13 },
    { "compressed", compressed, BW_REASON_GRPC_PROTOCOL, "compressed", 13 },
    { "4 GiB", four_gib, BW_REASON_RESPONSE_TOO_LARGE, "a message of 4294967295 bytes", 13 },
    { "503", http_503, BW_REASON_HTTP_STATUS, "status 503, expected 200", 14 },
    { "a page", a_page, BW_REASON_GRPC_PROTOCOL, "the content type is 'text/html'", 2 },
    { "a reset stream", reset, BW_REASON_CONNECTION_CLOSED, "", 14 },
    { "a server that goes away", goes_away, BW_REASON_HTTP_PROTOCOL, "", 14 },
    { "HTTP/1.1", http_1, BW_REASON_CONNECTION_CLOSED, "no answer in HTTP/2 before the end", 14 },
    { "garbage", garbage, BW_REASON_CONNECTION_CLOSED, "no answer in HTTP/2", 14 },
    { "a server that closes", closing, BW_REASON_CONNECTION_CLOSED, "", 14 },
    { "silence", mute, BW_REASON_TIMEOUT, "", 4 },
};

static void calls_end_as_told(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        const struct bw_probe_module module = world_module(&w, BW_PROBER_GRPC);
        peer_start(&peer, cases[i].server, NULL);
        world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port),
                    cases[i].reason == BW_REASON_TIMEOUT ? 200 * BW_MS : 5 * BW_SECOND);
        peer_stop(&peer);
        world_expect(&w, cases[i].name, cases[i].reason, cases[i].detail);
        const double status = world_value(&w, BW_METRIC_PROBE_GRPC_STATUS_CODE, NULL);
        if (status != cases[i].status)
            fail_msg("%s: status %g", cases[i].name, status);
    }
    world_close(&w);
}

static void serving_status_is_a_set(void **state)
{
    (void)state;
    static const struct {
        peer_fn *server;
        double values[4]; /* UNKNOWN, SERVING, NOT_SERVING, SERVICE_UNKNOWN */
    } sets[] = {
        { serving, { 0, 1, 0, 0 } },         { not_serving, { 0, 0, 1, 0 } },
        { service_unknown, { 0, 0, 0, 1 } }, { no_word, { 1, 0, 0, 0 } },
        { unimplemented, { 0, 0, 0, 0 } },
    };
    static const char *const names[] = { "UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN" };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct peer peer;
        const struct bw_probe_module module = world_module(&w, BW_PROBER_GRPC);
        peer_start(&peer, sets[i].server, NULL);
        world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 5 * BW_SECOND);
        peer_stop(&peer);
        for (size_t k = 0; k < 4; k++)
            assert_true(world_value(&w, BW_METRIC_PROBE_GRPC_HEALTHCHECK_RESPONSE, names[k])
                        == sets[i].values[k]);
        assert_true(world_value(&w, BW_METRIC_PROBE_GRPC_SSL, NULL) == 0);
        assert_true(world_value(&w, BW_METRIC_PROBE_GRPC_DURATION_SECONDS, "check") > 0);
        assert_true(world_value(&w, BW_METRIC_PROBE_GRPC_DURATION_SECONDS, "resolve") >= 0);
        assert_true(world_has(&w, BW_METRIC_PROBE_IP_PROTOCOL));
    }
    world_close(&w);
}

static long resident_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void hostile_peers_are_left(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        peer_fn *server;
        enum bw_reason reason;
        const char *detail; /* part of it */
    } peers[] = {
        { "settings", settings_flood, BW_REASON_HTTP_PROTOCOL, "HTTP/2: Flooding was detected" },
        { "pings", ping_flood, BW_REASON_HTTP_PROTOCOL, "HTTP/2: Flooding was detected" },
        { "empty frames", empty_data_flood, BW_REASON_TIMEOUT, "" },
        { "continuations", continuation_flood, BW_REASON_HTTP_PROTOCOL,
          "HTTP/2: Too many CONTINUATION" },
        { "an HPACK bomb", hpack_bomb, BW_REASON_HTTP_PROTOCOL, "HTTP/2: " },
        { "many headers", many_headers, BW_REASON_RESPONSE_TOO_LARGE, "more than 100 headers" },
        { "pushes", pushes, BW_REASON_TIMEOUT, "" },
        { "a frame of 16 MiB", a_frame_of_16_mib, BW_REASON_CONNECTION_CLOSED, "" },
        { "a body", body_flood, BW_REASON_GRPC_PROTOCOL, "bytes after the message" },
    };
    struct world w;
    world_open(&w, NULL);
    const long before = resident_kib();
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        struct peer peer;
        const struct bw_probe_module module = world_module(&w, BW_PROBER_GRPC);
        peer_start(&peer, peers[i].server, NULL);
        world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 300 * BW_MS);
        peer_stop(&peer);
        world_expect(&w, peers[i].name, peers[i].reason, peers[i].detail);
        assert_true(strlen(w.told) <= BW_TRANSCRIPT_BYTES_MAX);
    }
    assert_true(resident_kib() - before < 64 * 1024);
    world_close(&w);
}

static void over_tls(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, serving, secure.server);
    struct bw_probe_module module = world_module(&w, BW_PROBER_GRPC);
    module.grpc.tls = true;
    module.grpc.tls_config.ca_file = secure.ca_file;
    const char *target = world_text(&w, "127.0.0.1:%u", peer.port);
    world_probe(&w, &module, target, 5 * BW_SECOND);
    if (!w.result.success)
        fail_msg("%s", w.result.detail);
    assert_true(w.result.has_certificate && w.result.phase_ns[BW_PHASE_TLS] > 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_GRPC_SSL, NULL) == 1);
    assert_true(world_has(&w, BW_METRIC_PROBE_SSL_EARLIEST_CERT_EXPIRY));
    module.grpc.tls_config.server_name = "other.test";
    world_probe(&w, &module, target, 5 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_TLS_WRONG_HOST);
    module.grpc.tls_config = (struct bw_tls_options){ .ca_file = NULL };
    world_probe(&w, &module, target, 5 * BW_SECOND); /* the system does not know our authority */
    assert_int_equal(w.result.reason, BW_REASON_TLS_UNTRUSTED);
    assert_true(w.result.has_certificate);
    peer_stop(&peer);
    world_close(&w);
}

static void without_alpn(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, http_1, old_tls);
    struct bw_probe_module module = world_module(&w, BW_PROBER_GRPC);
    module.grpc.tls = true;
    module.grpc.tls_config.ca_file = secure.ca_file;
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_HTTP_PROTOCOL);
    assert_string_equal(w.result.detail, "the peer does not speak HTTP/2");
    world_close(&w);
}

static void the_service_is_asked_for_and_metadata_stay_hidden(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    const struct bw_pair pairs[] = { { "authorization", "Bearer s3cret-token" },
                                     { "x-tenant", "blue-tenant" } };
    struct bw_probe_module module = world_module(&w, BW_PROBER_GRPC);
    module.grpc.service = "shop.Cart";
    module.grpc.metadata = (struct bw_pairs){ pairs, 2 };
    peer_start(&peer, not_serving, NULL);
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_memory_equal(peer.heard, "\0\0\0\0\x0b\x0a\x09shop.Cart", 16);
    assert_non_null(strstr(w.told, "asks for the health of 'shop.Cart'"));
    assert_non_null(strstr(w.told, "x-tenant: ***"));
    assert_non_null(strstr(w.told, "grpc-status: 0"));
    assert_null(strstr(w.told, "s3cret"));
    assert_null(strstr(w.told, "blue-tenant"));
    world_close(&w);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct world w;
    world_refused(&w, BW_PROBER_GRPC, "");
    assert_true(world_value(&w, BW_METRIC_PROBE_GRPC_STATUS_CODE, NULL) == 14);
    world_close(&w);
}

static void options_and_targets_are_checked(void **state)
{
    (void)state;
    static const struct bw_pair wrong[] = { { "Upper", "x" },        { "grpc-timeout", "1S" },
                                            { "te", "x" },           { "a b", "x" },
                                            { "x-a", "two\nlines" }, { "", "x" } };
    struct world w;
    struct bw_err err;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bw_probe_module module = world_module(&w, BW_PROBER_GRPC);
        module.grpc.metadata = (struct bw_pairs){ &wrong[i], 1 };
        assert_null(bw_probe_plan_new(w.engine, &module, NULL, &err));
        assert_non_null(strstr(err.text, "metadata"));
    }
    static const struct {
        const char *text;
        bool good;
    } targets[] = {
        { "a.test:50051", true },    { "[::1]:50051", true }, { "https://a.test:443/x", true },
        { "a.test", false },         { "a.test:0", false },   { "", false },
        { "http://a.test/", false }, { "a.test:1/x", false }, { "ftp://a.test:1", false },
    };
    const struct bw_probe_ops *ops = bw_probe_find("grpc");
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        if ((ops->check_target(targets[i].text, &err) == BW_OK) != targets[i].good)
            fail_msg("'%s'", targets[i].text);
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_end_as_told),
        cmocka_unit_test(serving_status_is_a_set),
        cmocka_unit_test(hostile_peers_are_left),
        cmocka_unit_test(over_tls),
        cmocka_unit_test(without_alpn),
        cmocka_unit_test(the_service_is_asked_for_and_metadata_stay_hidden),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(options_and_targets_are_checked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
