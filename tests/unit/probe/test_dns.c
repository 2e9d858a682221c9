// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "conf/decode.h"
#include "dns_server.h"
#include "peer.h"
#include "probe/dns.h"
#include "secure.h"
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint8_t one[] = { 192, 0, 2, 1 }, two[] = { 192, 0, 2, 2 };

/* ---- answers, by the first label of the name ---- */

static struct dns_reply answer_to(const uint8_t *query, size_t len)
{
    struct dns_reply reply;
    char name[64];
    snprintf(name, sizeof name, "%.*s", query[12], (const char *)query + 13);
    unsigned rcode = 0, flags = 0;
    sscanf(name, "rcode%u", &rcode);
    flags |= strcmp(name, "truncated") == 0 ? BW_DNS_TC : 0;
    flags |= strcmp(name, "validated") == 0 ? BW_DNS_AD : 0;
    dns_reply_begin(&reply, query, len, rcode | flags);
    if (strcmp(name, "two") == 0) {
        dns_reply_add(&reply, BW_DNS_ANSWER, 1, 1, one, sizeof one);
        dns_reply_add(&reply, BW_DNS_ANSWER, 1, 1, two, sizeof two);
        dns_reply_add(&reply, BW_DNS_AUTHORITY, 2, 1, "\2ns", 4);
        dns_reply_add_edns(&reply, 0);
    } else if (strcmp(name, "empty") != 0 && rcode == 0) {
        dns_reply_add(&reply, BW_DNS_ANSWER, 1, 1, one, sizeof one);
    }
    return reply;
}

/* What else may come back. */
enum twist {
    NO_TWIST,
    OTHER_ID,
    OTHER_ID_FIRST,
    OTHER_QUESTION,
    A_QUERY,
    SHORT,
    BROKEN,
    FLOOD,
    SILENT,
    HUGE
};

static void play(struct dns_server *server, const uint8_t *query, size_t len)
{
    const enum twist twist = server->ctx != NULL ? *(const enum twist *)server->ctx : NO_TWIST;
    const struct dns_reply good = answer_to(query, len);
    struct dns_reply reply = good;
    if (twist == OTHER_ID || twist == OTHER_ID_FIRST || twist == FLOOD)
        reply.bytes[0] ^= 1;
    reply.bytes[13] ^= twist == OTHER_QUESTION ? 1 : 0;
    reply.bytes[2] ^= twist == A_QUERY ? 0x80 : 0;
    if (twist == BROKEN || twist == SHORT)
        reply.len = twist == SHORT ? 11 : reply.len - 1;
    while (twist == HUGE && reply.len < 600)
        dns_reply_add(&reply, BW_DNS_ANSWER, 1, 1, one, sizeof one);
    for (int i = twist == FLOOD ? 100 : 1; i > 0 && twist != SILENT; i--)
        dns_server_send(server, reply.bytes, reply.len);
    if (twist == OTHER_ID_FIRST || twist == FLOOD)
        dns_server_send(server, good.bytes, good.len);
}

static void play_tcp(struct peer_talk *talk, size_t cut, bool slowly)
{
    uint8_t head[2], query[512];
    size_t have = 0;
    for (size_t want = 2; have < want;) {
        const ssize_t got = talk->ssl != NULL
                                ? SSL_read(talk->ssl, query + have, (int)(sizeof query - have))
                                : read(talk->fd, query + have, sizeof query - have);
        if (got <= 0)
            return;
        have += (size_t)got;
        want = have >= 2 ? 2u + (size_t)(query[0] << 8 | query[1]) : 2;
    }
    const struct dns_reply reply = answer_to(query + 2, have - 2);
    head[0] = (uint8_t)(reply.len >> 8);
    head[1] = (uint8_t)reply.len;
    if (slowly) { /* byte by byte */
        peer_say_bytes(talk, head, 1);
        usleep(1000);
        peer_say_bytes(talk, head + 1, 1);
        for (size_t i = 0; i < reply.len && peer_say_bytes(talk, reply.bytes + i, 1); i++)
            usleep(i % 20 == 0 ? 1000 : 0);
    } else {
        peer_say_bytes(talk, head, 2);
        peer_say_bytes(talk, reply.bytes, reply.len - cut);
    }
}

static void tcp_good(struct peer_talk *talk)
{
    play_tcp(talk, 0, false);
}

static void tcp_slow(struct peer_talk *talk)
{
    play_tcp(talk, 0, true);
}

static void tcp_cut(struct peer_talk *talk)
{
    play_tcp(talk, 3, false);
}

static void tcp_mute(struct peer_talk *talk)
{
    peer_wait(talk);
}

static void tcp_closing(struct peer_talk *talk)
{
    (void)talk;
}

static void tcp_reset(struct peer_talk *talk)
{
    const struct linger at_once = { .l_onoff = 1 };
    char bytes[16];
    if (read(talk->fd, bytes, sizeof bytes) > 0)
        setsockopt(talk->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void tcp_garbage(struct peer_talk *talk)
{
    char bytes[512]; /* what is left unread at the end would make a reset of it */
    if (recv(talk->fd, bytes, sizeof bytes, 0) <= 0)
        return;
    peer_say(talk, "HTTP/1.1 400 Bad Request\r\n\r\n");
    for (int i = 0; i < 1000 && peer_say(talk, "<html>garbage, and more of it</html>"); i++) {
    }
}

/* ---- helpers ---- */

static struct bw_probe_module module_for(struct world *w, const char *name)
{
    struct bw_probe_module module = world_module(w, BW_PROBER_DNS);
    module.dns.query_name = name;
    module.dns.query_type = "A";
    return module;
}

static const char *at(struct world *w, uint16_t port)
{
    return world_text(w, "127.0.0.1:%u", port);
}

/* ---- stories over UDP ---- */

static void an_answer_is_measured(void **state)
{
    (void)state;
    struct world w;
    struct dns_server server;
    world_open(&w, NULL);
    dns_server_start(&server, play, NULL);
    struct bw_probe_module module = module_for(&w, "two.test");
    world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
    world_expect(&w, "two records", BW_REASON_NONE, "");
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_ANSWER_RRS, NULL) == 2);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_AUTHORITY_RRS, NULL) == 1);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_ADDITIONAL_RRS, NULL) == 1);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_QUERY_SUCCEEDED, NULL) == 1);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_RCODE, NULL) == 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_ANSWER_AUTHENTICATED, NULL) == 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_DURATION_SECONDS, "request") > 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_DURATION_SECONDS, "connect") > 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_DURATION_SECONDS, "resolve") >= 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_IP_PROTOCOL, NULL) == 4);
    assert_true(world_has(&w, BW_METRIC_PROBE_DNS_ANSWER_HASH));
    assert_false(world_has(&w, BW_METRIC_PROBE_DNS_SERIAL));
    module.dns.query_name = "validated.test";
    module.dns.query_type = "SOA";
    world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_ANSWER_AUTHENTICATED, NULL) == 1);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_SERIAL, NULL) == 0); /* A came: no serial */
    module.dns.query_name = "truncated.test";
    world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
    world_expect(&w, "truncated passes", BW_REASON_NONE, "");
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_ANSWER_TRUNCATED, NULL) == 1);
    assert_false(world_has(&w, BW_METRIC_PROBE_DNS_ANSWER_HASH));
    dns_server_stop(&server);
    world_close(&w);
}

static void response_codes_are_judged(void **state)
{
    (void)state;
    struct world w;
    struct dns_server server;
    world_open(&w, NULL);
    dns_server_start(&server, play, NULL);
    struct bw_probe_module module = module_for(&w, "rcode3.test");
    world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
    world_expect(&w, "no such name", BW_REASON_DNS_NXDOMAIN,
                 "rcode3.test: NXDOMAIN, expected NOERROR");
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_RCODE, NULL) == 3);
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_QUERY_SUCCEEDED, NULL) == 1);
    assert_non_null(strstr(w.told, "query for rcode3.test"));
    assert_non_null(strstr(w.told, "NXDOMAIN"));
    module.dns.query_name = "rcode2.test";
    world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
    world_expect(&w, "broken server", BW_REASON_DNS_RCODE, "SERVFAIL");
    module.dns.valid_rcodes = WORLD_STRINGS("NXDOMAIN", "SERVFAIL");
    world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
    world_expect(&w, "SERVFAIL is wanted", BW_REASON_NONE, "");
    module.dns.query_name = "one.test";
    world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
    world_expect(&w, "NOERROR is not", BW_REASON_DNS_RCODE, "NOERROR, expected NXDOMAIN or others");
    dns_server_stop(&server);
    world_close(&w);
}

static void strange_answers_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum twist twist;
        enum bw_reason reason;
        const char *detail;
        int ignored;
    } cases[] = {
        { "another id", OTHER_ID, BW_REASON_TIMEOUT, "for another query: 1 message", 1 },
        { "another id, then ours", OTHER_ID_FIRST, BW_REASON_NONE, "", 1 },
        { "another question", OTHER_QUESTION, BW_REASON_TIMEOUT, "another query: 1 message", 1 },
        { "a query", A_QUERY, BW_REASON_TIMEOUT, "another query", 1 },
        { "eleven bytes", SHORT, BW_REASON_TIMEOUT, "another query", 1 },
        { "cut off", BROKEN, BW_REASON_DNS_PROTOCOL, "cut off", 0 },
        { "a hundred forgeries", FLOOD, BW_REASON_NONE, "", 100 },
        { "silence", SILENT, BW_REASON_TIMEOUT, "no verdict within 300ms (processing)", 0 },
        { "too many bytes", HUGE, BW_REASON_RESPONSE_TOO_LARGE, "over UDP", 0 },
    };
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module module = module_for(&w, "one.test");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_server server;
        enum twist twist = cases[i].twist;
        dns_server_start(&server, play, &twist);
        world_probe(&w, &module, at(&w, server.port),
                    cases[i].reason == BW_REASON_TIMEOUT ? 300 * BW_MS : 5 * BW_SECOND);
        dns_server_stop(&server);
        world_expect(&w, cases[i].name, cases[i].reason, cases[i].detail);
        assert_int_equal((int)world_value(&w, BW_METRIC_PROBE_DNS_IGNORED_ANSWERS, NULL),
                         cases[i].ignored);
        assert_true(world_value(&w, BW_METRIC_PROBE_DNS_QUERY_SUCCEEDED, NULL)
                    == (cases[i].reason == BW_REASON_NONE));
    }
    world_close(&w);
}

/* ---- assertions ---- */

static void records_are_matched_as_blackbox_does(void **state)
{
    (void)state;
    /* A column a rule, as of options: y passes, n fails. Seen from blackbox_exporter 0.23. */
    static const struct {
        const char *name, *first, *second; /* patterns */
        const char *verdicts;
    } cases[] = {
        { "two.test", "192", NULL, "nyyy" },
        { "two.test", "2$", NULL, "nnny" },
        { "two.test", "1$", "2$", "nnny" },
        { "two.test", "zzz", NULL, "ynnn" },
        { "two.test", "192", "zzz", "nnny" },
        { "two.test", "^two\\.test\\.\t60\tIN\tA\t", NULL, "nyyy" },
        { "empty.test", "192", NULL, "yynn" },
        { "empty.test", "zzz", NULL, "yynn" },
    };
    struct world w;
    struct dns_server server;
    world_open(&w, NULL);
    dns_server_start(&server, play, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *patterns[] = { cases[i].first, cases[i].second };
        for (size_t rule = 0; rule < BW_DNS_RULES; rule++) {
            struct bw_probe_module module = module_for(&w, cases[i].name);
            module.dns.validate[BW_DNS_ANSWER].lists[rule] =
                (struct bw_strings){ patterns, patterns[1] != NULL ? 2 : 1 };
            world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
            const enum bw_reason want =
                cases[i].verdicts[rule] == 'y' ? BW_REASON_NONE : BW_REASON_ASSERTION_RECORDS;
            if (w.result.reason != want)
                fail_msg("%s, '%s', rule %zu: %s '%s'", cases[i].name, cases[i].first, rule,
                         bw_reason_name(w.result.reason), w.result.detail);
        }
    }
    struct bw_probe_module module = module_for(&w, "two.test");
    module.dns.validate[BW_DNS_AUTHORITY].lists[BW_DNS_IF_MATCHES] = WORLD_STRINGS("NS\tns\\.$");
    world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
    world_expect(&w, "authority", BW_REASON_ASSERTION_RECORDS, "authority: a record matches");
    module.dns.validate[BW_DNS_AUTHORITY].lists[BW_DNS_IF_MATCHES] = (struct bw_strings){ 0 };
    module.dns.validate[BW_DNS_ADDITIONAL].lists[BW_DNS_IF_NOT_MATCHES] = WORLD_STRINGS("udp: 999");
    world_probe(&w, &module, at(&w, server.port), 5 * BW_SECOND);
    world_expect(&w, "additional", BW_REASON_ASSERTION_RECORDS,
                 "additional: a record does not match");
    dns_server_stop(&server);
    world_close(&w);
}

/* ---- TCP and TLS ---- */

static void streams_end_as_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        peer_fn *server;
        bool tls;
        enum bw_reason reason;
        const char *detail;
    } cases[] = {
        { "over TCP", tcp_good, false, BW_REASON_NONE, "" },
        { "byte by byte", tcp_slow, false, BW_REASON_NONE, "" },
        { "cut off", tcp_cut, false, BW_REASON_CONNECTION_CLOSED, "closed after 39 of 42 bytes" },
        { "silent", tcp_mute, false, BW_REASON_TIMEOUT, "processing" },
        { "hangs up", tcp_closing, false, BW_REASON_CONNECTION_CLOSED, "" },
        { "resets", tcp_reset, false, BW_REASON_CONNECTION_CLOSED,
          "the peer reset the connection" },
        { "garbage", tcp_garbage, false, BW_REASON_DNS_PROTOCOL, "no answer to the query" },
        { "over TLS", tcp_good, true, BW_REASON_NONE, "" },
        { "over TLS, byte by byte", tcp_slow, true, BW_REASON_NONE, "" },
        { "over TLS, cut off", tcp_cut, true, BW_REASON_CONNECTION_CLOSED, "closed after 39" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        struct bw_probe_module module = module_for(&w, "one.test");
        module.dns.transport_protocol = 1;
        module.dns.dns_over_tls = cases[i].tls;
        module.dns.tls_config.ca_file = secure.ca_file;
        peer_start(&peer, cases[i].server, cases[i].tls ? secure.server : NULL);
        world_probe(&w, &module, at(&w, peer.port),
                    cases[i].reason == BW_REASON_TIMEOUT ? 200 * BW_MS : 5 * BW_SECOND);
        peer_stop(&peer);
        world_expect(&w, cases[i].name, cases[i].reason, cases[i].detail);
        assert_true(w.result.has_certificate == cases[i].tls);
    }
    world_close(&w);
}

static void certificates_are_judged(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    struct bw_probe_module module = module_for(&w, "one.test");
    module.dns.dns_over_tls = true; /* over TCP, whatever the transport is */
    peer_start(&peer, tcp_good, secure.server);
    world_probe(&w, &module, at(&w, peer.port), 5 * BW_SECOND);
    world_expect(&w, "unknown authority", BW_REASON_TLS_UNTRUSTED, "");
    module.dns.tls_config.insecure_skip_verify = true;
    world_probe(&w, &module, at(&w, peer.port), 5 * BW_SECOND);
    world_expect(&w, "nobody asks", BW_REASON_NONE, "");
    module.dns.tls_config =
        (struct bw_tls_options){ .ca_file = secure.ca_file, .server_name = "a.test" };
    world_probe(&w, &module, at(&w, peer.port), 5 * BW_SECOND);
    world_expect(&w, "another name", BW_REASON_TLS_WRONG_HOST, "");
    peer_stop(&peer);
    peer_start(&peer, tcp_garbage, NULL);
    world_probe(&w, &module, at(&w, peer.port), 5 * BW_SECOND);
    world_expect(&w, "no TLS", BW_REASON_TLS_HANDSHAKE, "");
    peer_stop(&peer);
    peer_start(&peer, tcp_mute, NULL);
    world_probe(&w, &module, at(&w, peer.port), 200 * BW_MS);
    world_expect(&w, "no handshake", BW_REASON_TLS_TIMEOUT, "");
    peer_stop(&peer);
    world_close(&w);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = module_for(&w, "one.test");
    world_probe(&w, &module, at(&w, peer_closed_port()), 5 * BW_SECOND);
    world_expect(&w, "UDP", BW_REASON_CONNECT_REFUSED, "");
    module.dns.transport_protocol = 1;
    world_probe(&w, &module, at(&w, peer_closed_port()), 5 * BW_SECOND);
    world_expect(&w, "TCP", BW_REASON_CONNECT_REFUSED, "");
    assert_true(world_value(&w, BW_METRIC_PROBE_DNS_QUERY_SUCCEEDED, NULL) == 0);
    module.dns.transport_protocol = 0;
    module.dns.source_ip_address = "::1";
    world_probe(&w, &module, at(&w, peer_closed_port()), 5 * BW_SECOND);
    world_expect(&w, "another family", BW_REASON_CONNECT_FAILED, "source_ip_address");
    world_close(&w);
}

/* ---- changes ---- */

/* Answers with the number of the query, or the same as before for an odd one. */
static void play_changes(struct dns_server *server, const uint8_t *query, size_t len)
{
    struct dns_reply reply;
    const bool steady = server->ctx != NULL && atomic_load((const atomic_bool *)server->ctx);
    const uint8_t number = (uint8_t)(steady ? 9 : atomic_load(&server->queries));
    const uint8_t address[] = { 10, 0, 0, number };
    dns_reply_begin(&reply, query, len, 0);
    const bool swapped = atomic_load(&server->queries) % 2 == 0;
    dns_reply_add(&reply, BW_DNS_ANSWER, 1, 1, swapped ? one : address, 4);
    dns_reply_add(&reply, BW_DNS_ANSWER, 1, 1, swapped ? address : one, 4);
    dns_reply_add(&reply, BW_DNS_ANSWER, 46, 1, &number, 0);
    dns_server_send(server, reply.bytes, reply.len);
}

struct seen {
    struct bw_loop *loop;
    char change[BW_PROBE_DETAIL_BYTES_MAX];
};

static void on_done(void *ctx, const struct bw_probe_result *result)
{
    struct seen *seen = ctx;
    assert_true(result->success);
    snprintf(seen->change, sizeof seen->change, "%s", result->change != NULL ? result->change : "");
    bw_loop_stop(seen->loop);
}

static void run_once(struct world *w, const struct bw_probe_request *request, struct seen *seen)
{
    seen->loop = w->loop;
    bw_probe_start(w->engine, request, on_done, seen);
    bw_loop_run(w->loop);
}

static void changes_are_told(void **state)
{
    (void)state;
    struct world w;
    struct dns_server server;
    struct seen seen;
    atomic_bool steady = false;
    world_open(&w, NULL);
    dns_server_start(&server, play_changes, &steady);
    const struct bw_probe_module module = module_for(&w, "one.test");
    struct bw_probe_plan *plan = bw_probe_plan_new(w.engine, &module, NULL, NULL);
    assert_non_null(plan);
    struct bw_probe_memory *memory = bw_probe_memory_new(plan);
    const struct bw_probe_request request = { .plan = plan,
                                              .target = { .text = at(&w, server.port),
                                                          .memory = memory },
                                              .timeout_ns = 5 * BW_SECOND };
    run_once(&w, &request, &seen);
    assert_string_equal(seen.change, ""); /* there was none before */
    run_once(&w, &request, &seen);
    assert_string_equal(seen.change, "the answer changed from A 10.0.0.1, A 192.0.2.1 to "
                                     "A 10.0.0.2, A 192.0.2.1");
    for (int i = 3; i <= 5; i++) {
        run_once(&w, &request, &seen);
        assert_true(seen.change[0] != '\0');
    }
    run_once(&w, &request, &seen);
    assert_string_equal(seen.change, ""); /* four at once are enough */
    atomic_store(&steady, true);
    run_once(&w, &request, &seen);
    for (int i = 0; i < 3; i++) { /* in another order each time */
        run_once(&w, &request, &seen);
        assert_string_equal(seen.change, "");
    }
    bw_probe_memory_free(memory);
    bw_probe_plan_free(plan);
    dns_server_stop(&server);
    world_close(&w);
}

/* ---- targets and options ---- */

static void targets_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host; /* host NULL: refused */
        unsigned port;
    } cases[] = {
        { "9.9.9.9", "9.9.9.9", 0 },
        { "9.9.9.9:5353", "9.9.9.9", 5353 },
        { "dns.test", "dns.test", 0 },
        { "dns.test:53", "dns.test", 53 },
        { "::1", "::1", 0 },
        { "[::1]", "[::1]", 0 },
        { "[2001:db8::1]:853", "[2001:db8::1]", 853 },
        { "", NULL, 0 },
        { ":53", NULL, 0 },
        { "a:0", NULL, 0 },
        { "a:65536", NULL, 0 },
        { "a:b", NULL, 0 },
        { "[::1", NULL, 0 },
        { "[::1]53", NULL, 0 },
        { "a/b", NULL, 0 },
        { "https://a", NULL, 0 },
        { "1:2:3", NULL, 0 },
        { "a b", NULL, 0 },
        { "a:", NULL, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_dns_target target;
        struct bw_err err;
        const bool good = bw_dns_target_parse(cases[i].text, &target, &err) == BW_OK;
        if (good != (cases[i].host != NULL))
            fail_msg("'%s'", cases[i].text);
        if (good) {
            assert_string_equal(target.host, cases[i].host);
            assert_int_equal(target.port, cases[i].port);
        }
    }
}

static void options_that_make_no_question_are_refused(void **state)
{
    (void)state;
    struct world w;
    struct bw_err err;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_DNS);
    assert_int_equal(bw_probe_module_group.check(&module, &err), BW_EINVAL);
    assert_string_equal(err.text, "dns: query_name must be set");
    assert_null(bw_probe_plan_new(w.engine, &module, NULL, &err));
    module.dns.query_name = "a.test";
    assert_string_equal(module.dns.query_type, "ANY");
    assert_true(module.dns.recursion_desired && module.dns.ip_protocol_fallback);
    assert_int_equal(module.dns.preferred_ip_protocol, BW_IP_6);
    assert_int_equal(bw_probe_module_group.check(&module, &err), BW_OK);
    static const char *const wrong[][4] = {
        { "a.test", "A", "IN", "::x" },
        { "a..test", "A", "IN", "::1" },
        { "a.test", "FOO", "IN", "::1" },
        { "a.test", "A", "XX", "::1" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        module.dns.query_name = wrong[i][0];
        module.dns.query_type = wrong[i][1];
        module.dns.query_class = wrong[i][2];
        module.dns.source_ip_address = wrong[i][3];
        assert_int_equal(bw_probe_module_group.check(&module, &err), BW_EINVAL);
    }
    module = module_for(&w, "a.test");
    module.dns.valid_rcodes = WORLD_STRINGS("NOERROR", "FINE");
    assert_int_equal(bw_probe_module_group.check(&module, &err), BW_EINVAL);
    assert_string_equal(err.text, "dns: valid_rcodes: 'FINE' is no response code");
    module = module_for(&w, "a.test");
    module.dns.validate[1].lists[2] = WORLD_STRINGS("(");
    assert_null(bw_probe_plan_new(w.engine, &module, NULL, &err));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_measured),
        cmocka_unit_test(response_codes_are_judged),
        cmocka_unit_test(strange_answers_are_named),
        cmocka_unit_test(records_are_matched_as_blackbox_does),
        cmocka_unit_test(streams_end_as_told),
        cmocka_unit_test(certificates_are_judged),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(changes_are_told),
        cmocka_unit_test(targets_are_read),
        cmocka_unit_test(options_that_make_no_question_are_refused),
    };
    return cmocka_run_group_tests(tests, secure_setup, secure_teardown);
}
