// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "certificate.h"
#include "peer.h"
#include "probe/engine.h"
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOUR_S 3600L
#define DAY_S (24 * HOUR_S)

static struct certificate authority;
static char ca_file[32];

static int make_authority(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* the server's SSL_write has no MSG_NOSIGNAL */
    authority = certificate_make(NULL, -DAY_S, 10 * DAY_S, NULL);
    certificate_write(&authority, ca_file);
    return 0;
}

static int drop_authority(void **state)
{
    (void)state;
    certificate_free(&authority);
    return unlink(ca_file);
}

static atomic_int requests; /* that a server has seen */

static void good(struct peer_talk *talk)
{
    if (!peer_hear(talk, "\r\n\r\n"))
        return;
    atomic_fetch_add(&requests, 1);
    peer_say(talk, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void mute(struct peer_talk *talk)
{
    peer_wait(talk);
}

static void no_tls(struct peer_talk *talk)
{
    peer_say(talk, "220 this is no TLS at all, and never was\r\n");
}

static void drip(struct peer_talk *talk)
{
    /* The head of a handshake record of 16 KiB, and then byte by byte. */
    peer_say_bytes(talk, "\x16\x03\x03\x40\x00", 5);
    const struct timespec pause = { .tv_nsec = 5000000 };
    while (peer_say(talk, "x"))
        nanosleep(&pause, NULL);
}

static const struct {
    const char *name;
    const char *names; /* in the certificate */
    long from_s, to_s; /* its validity */
    bool self_signed;
    bool skip;          /* insecure_skip_verify */
    const char *expect; /* server_name */
    enum bw_reason reason;
} cases[] = {
    { "good", "IP:127.0.0.1", -HOUR_S, DAY_S, false, false, NULL, BW_REASON_NONE },
    { "good by server_name", "DNS:a.test", -HOUR_S, DAY_S, false, false, "a.test", BW_REASON_NONE },
    { "wildcard", "DNS:*.a.test", -HOUR_S, DAY_S, false, false, "b.a.test", BW_REASON_NONE },
    { "ends after its authority", "IP:127.0.0.1", -HOUR_S, 4000 * DAY_S, false, false, NULL,
      BW_REASON_NONE },
    { "ends in the year 9999", "IP:127.0.0.1", -HOUR_S, 2900000 * DAY_S, false, false, NULL,
      BW_REASON_NONE },
    { "expired", "IP:127.0.0.1", -DAY_S, -HOUR_S, false, false, NULL, BW_REASON_TLS_EXPIRED },
    { "expired, but skipped", "IP:127.0.0.1", -DAY_S, -HOUR_S, false, true, NULL, BW_REASON_NONE },
    { "not yet valid", "IP:127.0.0.1", HOUR_S, DAY_S, false, false, NULL,
      BW_REASON_TLS_NOT_YET_VALID },
    { "wrong address", "IP:127.0.0.2", -HOUR_S, DAY_S, false, false, NULL,
      BW_REASON_TLS_WRONG_HOST },
    { "wrong name", "DNS:b.test", -HOUR_S, DAY_S, false, false, "a.test",
      BW_REASON_TLS_WRONG_HOST },
    { "self-signed", "IP:127.0.0.1", -HOUR_S, DAY_S, true, false, NULL, BW_REASON_TLS_UNTRUSTED },
};

static void certificates_get_their_verdict(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        int64_t end_s = (int64_t)time(NULL) + cases[i].to_s;
        struct certificate leaf = certificate_make(cases[i].names, cases[i].from_s, cases[i].to_s,
                                                   cases[i].self_signed ? NULL : &authority);
        SSL_CTX *server = certificate_server(&leaf);
        peer_start(&peer, good, server);
        atomic_store(&requests, 0);
        struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
        module.http.tls_config = (struct bw_tls_options){
            .ca_file = ca_file,
            .insecure_skip_verify = cases[i].skip,
            .server_name = cases[i].expect,
        };
        world_probe(&w, &module, world_text(&w, "https://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
        peer_stop(&peer);
        if (w.result.reason != cases[i].reason)
            fail_msg("%s: %s, %s", cases[i].name, bw_reason_name(w.result.reason), w.result.detail);
        /* Nothing is said to a peer that is not who it should be... */
        assert_int_equal(atomic_load(&requests), w.result.success);
        /* ...and all is measured whatever the verdict. */
        double expiry = world_value(&w, BW_METRIC_PROBE_SSL_EARLIEST_CERT_EXPIRY, NULL);
        assert_true(expiry - (double)end_s >= -2 && expiry - (double)end_s <= 2);
        assert_true(w.result.has_certificate);
        assert_true(world_value(&w, BW_METRIC_PROBE_TLS_VERSION_INFO, "TLS 1.3") == 1
                    || world_value(&w, BW_METRIC_PROBE_TLS_VERSION_INFO, "TLSv1.3") == 1);
        assert_true(w.result.phase_ns[BW_PHASE_TLS] > 0);
        assert_true(w.result.phase_ns[BW_PHASE_CONNECT] > 0);
        bool verified = w.result.success && !cases[i].skip;
        assert_int_equal(world_has(&w, BW_METRIC_PROBE_SSL_LAST_CHAIN_EXPIRY_TIMESTAMP_SECONDS),
                         verified);
        SSL_CTX_free(server);
        certificate_free(&leaf);
    }
    world_close(&w);
}

static void the_leaf_is_described(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    struct certificate leaf = certificate_make("DNS:a.test,DNS:b.test", -HOUR_S, DAY_S, &authority);
    SSL_CTX *server = certificate_server(&leaf);
    peer_start(&peer, good, server);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.tls_config = (struct bw_tls_options){ .ca_file = ca_file, .server_name = "a.test" };
    module.http.fail_if_ssl = true;
    world_probe(&w, &module, world_text(&w, "https://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_ASSERTION_TLS);
    assert_true(world_value(&w, BW_METRIC_PROBE_HTTP_SSL, NULL) == 1);
    const struct bw_measure *info = NULL;
    for (size_t i = 0; i < w.measures.count; i++) {
        if (w.measures.items[i].family == BW_METRIC_PROBE_SSL_LAST_CHAIN_INFO)
            info = &w.measures.items[i];
    }
    assert_non_null(info);
    assert_int_equal(strlen(info->labels[0]), 64);
    assert_string_equal(info->labels[1], "CN=test leaf");
    assert_string_equal(info->labels[2], "CN=test authority");
    assert_string_equal(info->labels[3], "a.test,b.test");
    assert_string_equal(info->labels[4], "1234");
    SSL_CTX_free(server);
    certificate_free(&leaf);
    world_close(&w);
}

static const struct {
    const char *name;
    peer_fn *server;
    enum bw_reason reason;
} broken[] = {
    { "never shakes hands", mute, BW_REASON_TLS_TIMEOUT },
    { "shakes hands byte by byte", drip, BW_REASON_TLS_TIMEOUT },
    { "is no TLS", no_tls, BW_REASON_TLS_HANDSHAKE },
};

static void broken_handshakes_have_their_reason(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module modules[] = { world_module(&w, BW_PROBER_HTTP),
                                         world_module(&w, BW_PROBER_TCP) };
    modules[1].tcp.tls = true;
    for (size_t i = 0; i < 2 * sizeof broken / sizeof *broken; i++) {
        struct peer peer;
        peer_start(&peer, broken[i / 2].server, NULL);
        world_probe(&w, &modules[i % 2],
                    world_text(&w, i % 2 == 0 ? "https://127.0.0.1:%u" : "127.0.0.1:%u", peer.port),
                    300 * BW_MS);
        peer_stop(&peer);
        if (w.result.reason != broken[i / 2].reason || w.result.last_phase != BW_PHASE_TLS)
            fail_msg("%s: %s in %s, %s", broken[i / 2].name, bw_reason_name(w.result.reason),
                     bw_probe_phase_name(w.result.last_phase), w.result.detail);
    }
    world_close(&w);
}

static void old_versions_are_refused(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    struct certificate leaf = certificate_make("IP:127.0.0.1", -HOUR_S, DAY_S, &authority);
    SSL_CTX *server = certificate_server(&leaf);
    SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
    peer_start(&peer, good, server);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.tls_config =
        (struct bw_tls_options){ .ca_file = ca_file, .min_version = BW_TLS_1_3 };
    const char *target = world_text(&w, "https://127.0.0.1:%u/", peer.port);
    world_probe(&w, &module, target, 5 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_TLS_HANDSHAKE);
    module.http.tls_config.min_version = BW_TLS_1_2;
    world_probe(&w, &module, target, 5 * BW_SECOND);
    assert_true(w.result.success);
    assert_true(world_value(&w, BW_METRIC_PROBE_TLS_VERSION_INFO, "TLS 1.2") == 1);
    peer_stop(&peer);
    SSL_CTX_free(server);
    certificate_free(&leaf);
    world_close(&w);
}

static const struct {
    const char *name;
    unsigned rsa_bits; /* 0: an EC key */
    bool sha1;
    bool tls_1_0;
    enum bw_reason reason;
    const char *detail;
} weak[] = {
    { "signed over SHA-1", 0, true, false, BW_REASON_TLS_VERIFY, "digest" },
    { "RSA with 1024 bits", 1024, false, false, BW_REASON_TLS_VERIFY, "key" },
    { "TLS 1.0", 0, false, true, BW_REASON_TLS_HANDSHAKE, "protocol" },
};

static void weak_servers_have_their_reason(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module modules[] = { world_module(&w, BW_PROBER_HTTP),
                                         world_module(&w, BW_PROBER_TCP) };
    modules[0].http.tls_config.ca_file = modules[1].tcp.tls_config.ca_file = ca_file;
    modules[1].tcp.tls = true;
    for (size_t i = 0; i < 2 * sizeof weak / sizeof *weak; i++) {
        struct peer peer;
        const size_t n = i / 2;
        EVP_PKEY *key = weak[n].rsa_bits != 0 ? EVP_RSA_gen(weak[n].rsa_bits) : EVP_EC_gen("P-256");
        struct certificate leaf =
            certificate_make_with(key, weak[n].sha1 ? EVP_sha1() : EVP_sha256(), "IP:127.0.0.1",
                                  -HOUR_S, DAY_S, &authority);
        SSL_CTX *server = certificate_server(&leaf);
        if (weak[n].tls_1_0) {
            SSL_CTX_set_min_proto_version(server, TLS1_VERSION);
            SSL_CTX_set_max_proto_version(server, TLS1_VERSION);
        }
        peer_start(&peer, good, server);
        world_probe(&w, &modules[i % 2],
                    world_text(&w, i % 2 == 0 ? "https://127.0.0.1:%u" : "127.0.0.1:%u", peer.port),
                    5 * BW_SECOND);
        peer_stop(&peer);
        if (w.result.reason != weak[n].reason || strstr(w.result.detail, weak[n].detail) == NULL)
            fail_msg("%s, %s: %s, %s", weak[n].name, i % 2 == 0 ? "http" : "tcp",
                     bw_reason_name(w.result.reason), w.result.detail);
        SSL_CTX_free(server);
        certificate_free(&leaf);
    }
    world_close(&w);
}

/* The request's host is who the certificate must be for, though the URL has an address. */
static void the_host_asked_for_is_the_name(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    struct certificate leaf = certificate_make("DNS:a.test", -HOUR_S, DAY_S, &authority);
    SSL_CTX *server = certificate_server(&leaf);
    peer_start(&peer, good, server);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.tls_config.ca_file = ca_file;
    static const char *const hosts[] = { "a.test", "a.test:8443", "b.test" };
    for (size_t i = 0; i < 3; i++) {
        const struct bw_probe_request request = {
            .target = { .text = world_text(&w, "https://127.0.0.1:%u/", peer.port),
                        .host = hosts[i] },
            .timeout_ns = 5 * BW_SECOND,
        };
        world_run(&w, &module, &request);
        if (w.result.reason != (i < 2 ? BW_REASON_NONE : BW_REASON_TLS_WRONG_HOST))
            fail_msg("%s: %s, %s", hosts[i], bw_reason_name(w.result.reason), w.result.detail);
    }
    peer_stop(&peer);
    SSL_CTX_free(server);
    certificate_free(&leaf);
    world_close(&w);
}

/* Reading the system's certificates again would hold up the loop at each reload. */
static void engines_share_what_was_read(void **state)
{
    (void)state;
    struct world running, validating;
    world_open(&running, NULL);
    world_open(&validating, NULL);
    X509_STORE *first = bw_engine_trust(ca_file, NULL);
    assert_non_null(first);
    world_close(&validating);
    X509_STORE *second = bw_engine_trust(ca_file, NULL);
    assert_ptr_equal(first, second);
    X509_STORE_free(first);
    X509_STORE_free(second);
    world_close(&running);
}

static void missing_files_are_told_at_once(void **state)
{
    (void)state;
    struct world w;
    struct bw_err err;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.tls_config.ca_file = "nowhere.pem";
    assert_null(bw_probe_plan_new(w.engine, &module, "/tmp", &err));
    assert_non_null(strstr(err.text, "/tmp/nowhere.pem"));
    module.http.tls_config.ca_file = "/etc/hostname";
    assert_null(bw_probe_plan_new(w.engine, &module, NULL, &err));
    module.http.tls_config.ca_file = NULL;
    module.http.tls_config.cert_file = module.http.tls_config.key_file = ca_file;
    assert_null(bw_probe_plan_new(w.engine, &module, NULL, &err));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_get_their_verdict),
        cmocka_unit_test(the_leaf_is_described),
        cmocka_unit_test(broken_handshakes_have_their_reason),
        cmocka_unit_test(old_versions_are_refused),
        cmocka_unit_test(weak_servers_have_their_reason),
        cmocka_unit_test(the_host_asked_for_is_the_name),
        cmocka_unit_test(engines_share_what_was_read),
        cmocka_unit_test(missing_files_are_told_at_once),
    };
    return cmocka_run_group_tests(tests, make_authority, drop_authority);
}
