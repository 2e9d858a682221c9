// SPDX-License-Identifier: GPL-3.0-or-later
/* Kind tls against servers and files that show all sorts of certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "certificate.h"
#include "peer.h"
#include "probe/tls_look.h"
#include "world.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HOUR_S 3600L
#define DAY_S (24 * HOUR_S)

static struct certificate authority, intermediate;
static char ca_file[32];

static int make_authorities(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    authority = certificate_make(NULL, -DAY_S, 2905000 * DAY_S, NULL);
    certificate_write(&authority, ca_file);
    intermediate = certificate_make(NULL, -DAY_S, 10 * DAY_S, &authority);
    X509_NAME *name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"between", -1, -1,
                               0);
    X509_set_subject_name(intermediate.x509, name);
    X509_NAME_free(name);
    return X509_sign(intermediate.x509, authority.key, EVP_sha256()) > 0 ? 0 : -1;
}

static int drop_authorities(void **state)
{
    (void)state;
    certificate_free(&intermediate);
    certificate_free(&authority);
    return unlink(ca_file);
}

static void silent(struct peer_talk *talk)
{
    peer_wait(talk);
}

enum signer { BY_AUTHORITY, BY_ITSELF, BY_INTERMEDIATE, BY_INTERMEDIATE_ALONE };

static const struct story {
    const char *name;
    const char *names;
    long from_s, to_s;
    enum signer signer;
    unsigned rsa_bits; /* 0: EC */
    bool sha1;
    int version; /* the only one of the server; 0: any */
    bool skip;   /* insecure_skip_verify */
    enum bw_tls_verdict verdict;
    enum bw_reason reason;
} stories[] = {
    { "good", "IP:127.0.0.1", -HOUR_S, DAY_S, BY_AUTHORITY, 0, false, 0, false, BW_TLS_OK,
      BW_REASON_NONE },
    { "only TLS 1.3", "IP:127.0.0.1", -HOUR_S, DAY_S, BY_AUTHORITY, 2048, false, TLS1_3_VERSION,
      false, BW_TLS_OK, BW_REASON_NONE },
    { "through another authority", "IP:127.0.0.1", -HOUR_S, DAY_S, BY_INTERMEDIATE, 0, false, 0,
      false, BW_TLS_OK, BW_REASON_NONE },
    { "until the year 9999", "IP:127.0.0.1", -HOUR_S, 2900000 * DAY_S, BY_AUTHORITY, 0, false, 0,
      false, BW_TLS_OK, BW_REASON_NONE },
    { "expired", "IP:127.0.0.1", -DAY_S, -HOUR_S, BY_AUTHORITY, 0, false, 0, false, BW_TLS_EXPIRED,
      BW_REASON_TLS_EXPIRED },
    { "expired, but skipped", "IP:127.0.0.1", -DAY_S, -HOUR_S, BY_AUTHORITY, 0, false, 0, true,
      BW_TLS_EXPIRED, BW_REASON_NONE },
    { "not yet valid", "IP:127.0.0.1", HOUR_S, DAY_S, BY_AUTHORITY, 0, false, 0, false,
      BW_TLS_NOT_YET_VALID, BW_REASON_TLS_NOT_YET_VALID },
    { "self-signed", "IP:127.0.0.1", -HOUR_S, DAY_S, BY_ITSELF, 0, false, 0, false,
      BW_TLS_SELF_SIGNED, BW_REASON_TLS_UNTRUSTED },
    { "a chain with a gap", "IP:127.0.0.1", -HOUR_S, DAY_S, BY_INTERMEDIATE_ALONE, 0, false, 0,
      false, BW_TLS_UNKNOWN_CA, BW_REASON_TLS_UNTRUSTED },
    { "another host", "DNS:a.test", -HOUR_S, DAY_S, BY_AUTHORITY, 0, false, 0, false,
      BW_TLS_WRONG_HOST, BW_REASON_TLS_WRONG_HOST },
    { "1024 bits", "IP:127.0.0.1", -HOUR_S, DAY_S, BY_AUTHORITY, 1024, false, 0, false,
      BW_TLS_WEAK_KEY, BW_REASON_TLS_VERIFY },
    { "SHA-1", "IP:127.0.0.1", -HOUR_S, DAY_S, BY_AUTHORITY, 0, true, 0, false,
      BW_TLS_WEAK_SIGNATURE, BW_REASON_TLS_VERIFY },
    { "only TLS 1.0", "IP:127.0.0.1", -HOUR_S, DAY_S, BY_AUTHORITY, 2048, false, TLS1_VERSION,
      false, BW_TLS_OLD_PROTOCOL, BW_REASON_TLS_HANDSHAKE },
    { "only TLS 1.1, and expired", "IP:127.0.0.1", -DAY_S, -HOUR_S, BY_AUTHORITY, 2048, false,
      TLS1_1_VERSION, false, BW_TLS_EXPIRED, BW_REASON_TLS_EXPIRED },
};

static struct certificate make_leaf(const struct story *story)
{
    const struct certificate *issuers[] = { &authority, NULL, &intermediate, &intermediate };
    EVP_PKEY *key = story->rsa_bits != 0 ? EVP_RSA_gen(story->rsa_bits) : EVP_EC_gen("P-256");
    return certificate_make_with(key, story->sha1 ? EVP_sha1() : EVP_sha256(), story->names,
                                 story->from_s, story->to_s, issuers[story->signer]);
}

static SSL_CTX *make_server(const struct story *story, const struct certificate *leaf)
{
    SSL_CTX *server = certificate_server(leaf);
    if (story->signer == BY_INTERMEDIATE)
        SSL_CTX_add1_chain_cert(server, intermediate.x509);
    if (story->version != 0) {
        SSL_CTX_set_min_proto_version(server, story->version);
        SSL_CTX_set_max_proto_version(server, story->version);
    }
    return server;
}

/* Of one family, the measure whose label `index` is this. */
static const struct bw_measure *find(const struct world *w, enum bw_family_id family, size_t index,
                                     const char *label)
{
    for (size_t i = 0; i < w->measures.count; i++) {
        const struct bw_measure *m = &w->measures.items[i];
        if (m->family == family && strcmp(m->labels[index], label) == 0)
            return m;
    }
    return NULL;
}

/* All states are there, and this one alone holds. */
static void assert_verdict(const struct world *w, const char *name, enum bw_tls_verdict verdict)
{
    for (int i = 0; i < BW_TLS_VERDICTS; i++) {
        const char *label = bw_tls_verdict_name((enum bw_tls_verdict)i);
        const struct bw_measure *m = find(w, BW_METRIC_PROBE_TLS_VERDICT, 0, label);
        if (m == NULL || m->value != (i == (int)verdict ? 1 : 0))
            fail_msg("%s: %s is %s", name, label, m == NULL ? "missing" : "wrong");
    }
}

static struct bw_probe_module look(struct world *w)
{
    struct bw_probe_module module = world_module(w, BW_PROBER_TLS);
    module.tls.tls_config.ca_file = ca_file;
    return module;
}

static void each_certificate_has_its_verdict(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const struct story *story = &stories[i];
        struct peer peer;
        struct certificate leaf = make_leaf(story);
        SSL_CTX *server = make_server(story, &leaf);
        struct bw_probe_module module = look(&w);
        module.tls.tls_config.insecure_skip_verify = story->skip;
        const double end_s = (double)(time(NULL) + story->to_s);
        peer_start(&peer, silent, server);
        world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 5 * BW_SECOND);
        peer_stop(&peer);
        if (w.result.reason != story->reason)
            fail_msg("%s: %s, %s", story->name, bw_reason_name(w.result.reason), w.result.detail);
        assert_verdict(&w, story->name, story->verdict);
        const struct bw_measure *end =
            find(&w, BW_METRIC_PROBE_TLS_CERTIFICATE_NOT_AFTER_TIMESTAMP_SECONDS, 1, "leaf");
        assert_non_null(end);
        assert_true(end->value - end_s >= -2 && end->value - end_s <= 2);
        assert_true(w.result.has_certificate);
        assert_true(w.result.duration_ns < 20 * BW_SECOND);
        SSL_CTX_free(server);
        certificate_free(&leaf);
    }
    world_close(&w);
}

static void each_certificate_of_a_chain_is_described(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    const struct story story = { .names = "IP:127.0.0.1",
                                 .from_s = -HOUR_S,
                                 .to_s = DAY_S,
                                 .signer = BY_INTERMEDIATE,
                                 .rsa_bits = 2048 };
    struct certificate leaf = make_leaf(&story);
    SSL_CTX *server = make_server(&story, &leaf);
    SSL_CTX_add1_chain_cert(server, authority.x509);
    const struct bw_probe_module module = look(&w);
    peer_start(&peer, silent, server);
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_NONE);
    static const char *const rows[3][5] = {
        { "leaf", "CN=test leaf", "CN=between", "1234", "RSA 2048" },
        { "intermediate", "CN=between", "CN=test authority", "1234", "EC 256" },
        { "root", "CN=test authority", "CN=test authority", "01", "EC 256" },
    };
    for (size_t i = 0; i < 3; i++) {
        const struct bw_measure *row =
            find(&w, BW_METRIC_PROBE_TLS_CERTIFICATE_INFO, 0, (const char *[]){ "0", "1", "2" }[i]);
        assert_non_null(row);
        for (size_t k = 0; k < 4; k++)
            assert_string_equal(row->labels[1 + k], rows[i][k]);
        assert_int_equal(strlen(row->labels[5]), 64);
        assert_string_equal(row->labels[6], rows[i][4]);
        assert_string_equal(row->labels[7], "ecdsa-with-SHA256");
    }
    assert_non_null(find(&w, BW_METRIC_PROBE_TLS_OCSP_INFO, 0, "none"));
    /* The chain's first to expire is the leaf. */
    assert_true(world_value(&w, BW_METRIC_PROBE_SSL_EARLIEST_CERT_EXPIRY, NULL)
                < (double)time(NULL) + 2.0 * DAY_S);
    SSL_CTX_free(server);
    certificate_free(&leaf);
    world_close(&w);
}

/* A server may send as many as it likes: some are told. */
static void long_chains_are_cut(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    const struct story story = { .names = "IP:127.0.0.1", .from_s = -HOUR_S, .to_s = DAY_S };
    struct certificate leaf = make_leaf(&story);
    SSL_CTX *server = make_server(&story, &leaf);
    for (int i = 0; i < 100; i++)
        SSL_CTX_add1_chain_cert(server, intermediate.x509);
    const struct bw_probe_module module = look(&w);
    peer_start(&peer, silent, server);
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_true(w.result.success);
    size_t rows = 0;
    for (size_t i = 0; i < w.measures.count; i++)
        rows += w.measures.items[i].family == BW_METRIC_PROBE_TLS_CERTIFICATE_INFO;
    assert_int_equal(rows, BW_TLS_SHOWN_MAX);
    SSL_CTX_free(server);
    certificate_free(&leaf);
    world_close(&w);
}

/* ---- staples ---- */

static unsigned char *staple;
static int staple_len;

static int show_staple(SSL *ssl, void *ctx)
{
    (void)ctx;
    SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup(staple, (size_t)staple_len), staple_len);
    return SSL_TLSEXT_ERR_OK;
}

static void make_staple(const struct certificate *leaf, int status, long from_s, long to_s,
                        const struct certificate *signer)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, leaf->x509, authority.x509);
    ASN1_TIME *from = X509_gmtime_adj(NULL, from_s), *to = X509_gmtime_adj(NULL, to_s);
    OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                           status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL, from, to);
    OCSP_basic_sign(basic, signer->x509, signer->key, EVP_sha256(), NULL, 0);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    staple = NULL;
    staple_len = i2d_OCSP_RESPONSE(response, &staple);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
}

static void staples_are_read(void **state)
{
    (void)state;
    static const struct {
        int status;
        long from_s, to_s;
        bool by_another, garbage;
        const char *said;
        enum bw_reason reason;
    } cases[] = {
        { V_OCSP_CERTSTATUS_GOOD, -HOUR_S, HOUR_S, false, false, "good", BW_REASON_NONE },
        { V_OCSP_CERTSTATUS_UNKNOWN, -HOUR_S, HOUR_S, false, false, "unknown", BW_REASON_NONE },
        { V_OCSP_CERTSTATUS_REVOKED, -HOUR_S, HOUR_S, false, false, "revoked",
          BW_REASON_TLS_VERIFY },
        { V_OCSP_CERTSTATUS_GOOD, -DAY_S, -HOUR_S, false, false, "expired", BW_REASON_NONE },
        { V_OCSP_CERTSTATUS_REVOKED, -HOUR_S, HOUR_S, true, false, "invalid", BW_REASON_NONE },
        { V_OCSP_CERTSTATUS_GOOD, -HOUR_S, HOUR_S, false, true, "invalid", BW_REASON_NONE },
    };
    struct world w;
    world_open(&w, NULL);
    const struct story story = { .names = "IP:127.0.0.1", .from_s = -HOUR_S, .to_s = DAY_S };
    struct certificate stranger = certificate_make(NULL, -DAY_S, DAY_S, NULL);
    const struct bw_probe_module module = look(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        struct certificate leaf = make_leaf(&story);
        SSL_CTX *server = make_server(&story, &leaf);
        make_staple(&leaf, cases[i].status, cases[i].from_s, cases[i].to_s,
                    cases[i].by_another ? &stranger : &authority);
        if (cases[i].garbage)
            memset(staple + staple_len / 2, 0xff, (size_t)staple_len / 4);
        SSL_CTX_set_tlsext_status_cb(server, show_staple);
        peer_start(&peer, silent, server);
        world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 5 * BW_SECOND);
        peer_stop(&peer);
        if (find(&w, BW_METRIC_PROBE_TLS_OCSP_INFO, 0, cases[i].said) == NULL)
            fail_msg("%zu: not %s; %s", i, cases[i].said, w.result.detail);
        assert_int_equal(w.result.reason, cases[i].reason);
        if (cases[i].reason != BW_REASON_NONE)
            assert_verdict(&w, "staple", BW_TLS_REVOKED);
        OPENSSL_free(staple);
        SSL_CTX_free(server);
        certificate_free(&leaf);
    }
    certificate_free(&stranger);
    world_close(&w);
}

/* ---- changes ---- */

static void another_certificate_is_told(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_memory memory = { .ops = NULL };
    const struct story story = { .names = "IP:127.0.0.1", .from_s = -HOUR_S, .to_s = DAY_S };
    struct certificate leaves[] = { make_leaf(&story), make_leaf(&story) };
    const struct bw_probe_module module = look(&w);
    for (int run = 0; run < 4; run++) { /* the first leaf, it again, the second, it again */
        struct peer peer;
        SSL_CTX *server = make_server(&story, &leaves[run / 2]);
        peer_start(&peer, silent, server);
        const struct bw_probe_request request = {
            .target = { .text = world_text(&w, "127.0.0.1:%u", peer.port), .memory = &memory },
            .timeout_ns = 5 * BW_SECOND,
        };
        world_run(&w, &module, &request);
        peer_stop(&peer);
        assert_true(w.result.success);
        if ((w.result.change != NULL) != (run == 2))
            fail_msg("run %d: %s", run, w.result.change != NULL ? w.result.change : "no change");
        if (run == 2)
            assert_non_null(strstr(w.result.change, "from CN=test leaf (serial 1234, until 20"));
        SSL_CTX_free(server);
    }
    bw_tls_memory_free(memory.data);
    certificate_free(&leaves[0]);
    certificate_free(&leaves[1]);
    world_close(&w);
}

/* ---- files ---- */

static void write_file(const char *path, const char *before, const struct certificate *one,
                       const struct certificate *two)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(before, file);
    if (one != NULL)
        PEM_write_X509(file, one->x509);
    if (two != NULL)
        PEM_write_X509(file, two->x509);
    fclose(file);
}

static void files_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *name, *before;
        bool leaf, between, expired;
        const char *server_name;
        enum bw_reason reason;
        const char *detail;
    } cases[] = {
        { "whole", "", true, true, false, NULL, BW_REASON_NONE, "" },
        { "with words before", "Subject: x\n\n", true, true, false, "a.test", BW_REASON_NONE, "" },
        { "for another", "", true, true, false, "b.test", BW_REASON_TLS_WRONG_HOST, "ostname" },
        { "with a gap", "", true, false, false, NULL, BW_REASON_TLS_UNTRUSTED, "issuer" },
        { "expired", "", true, true, true, NULL, BW_REASON_TLS_EXPIRED, "expired" },
        { "empty", "", false, false, false, NULL, BW_REASON_ASSERTION_TLS, "no certificate" },
        { "no certificate", "hello\n", false, false, false, NULL, BW_REASON_ASSERTION_TLS,
          "no certificate" },
        { "broken after the first", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
          true, true, false, NULL, BW_REASON_ASSERTION_TLS, "no certificate" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[] = "/tmp/bw-look-XXXXXX";
        close(mkstemp(path));
        const struct story story = { .names = "DNS:a.test",
                                     .from_s = -DAY_S,
                                     .to_s = cases[i].expired ? -HOUR_S : DAY_S,
                                     .signer = BY_INTERMEDIATE };
        struct certificate leaf = make_leaf(&story);
        write_file(path, cases[i].before, cases[i].leaf ? &leaf : NULL,
                   cases[i].between ? &intermediate : NULL);
        struct bw_probe_module module = look(&w);
        module.tls.tls_config.server_name = cases[i].server_name;
        world_probe(&w, &module, world_text(&w, "file:%s", path), 5 * BW_SECOND);
        unlink(path);
        world_expect(&w, cases[i].name, cases[i].reason, cases[i].detail);
        assert_int_equal(world_has(&w, BW_METRIC_PROBE_TLS_VERDICT),
                         cases[i].reason != BW_REASON_ASSERTION_TLS);
        assert_false(world_has(&w, BW_METRIC_PROBE_TLS_VERSION_INFO));
        certificate_free(&leaf);
    }
    world_close(&w);
}

static bool no_address(void *ctx, const struct bw_address *address)
{
    (void)ctx;
    (void)address;
    return false;
}

static void what_is_no_file_is_not_waited_for(void **state)
{
    (void)state;
    struct world w;
    char path[] = "/tmp/bw-look-XXXXXX";
    world_open(&w, NULL);
    close(mkstemp(path));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    const struct bw_probe_module module = look(&w);
    world_probe(&w, &module, world_text(&w, "file:%s", path), 5 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_ASSERTION_TLS);
    assert_true(w.result.duration_ns < 20 * BW_SECOND);
    unlink(path);
    world_probe(&w, &module, world_text(&w, "file:%s", path), 5 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_ASSERTION_TLS);
    assert_non_null(strstr(w.result.detail, "No such file"));
    /* Who asks from outside, with rules for addresses, gets no file at all. */
    const struct bw_probe_request asked = { .target = { .text = world_text(&w, "file:%s", ca_file),
                                                        .filter = no_address },
                                            .timeout_ns = 5 * BW_SECOND };
    world_run(&w, &module, &asked);
    assert_int_equal(w.result.reason, BW_REASON_NOT_PERMITTED);
    world_close(&w);
}

static void targets_are_checked(void **state)
{
    (void)state;
    extern const struct bw_probe_ops bw_probe_look;
    static const char *const good[] = { "a.test:443", "[::1]:993", "file:/etc/x.pem" };
    static const char *const bad[] = { "a.test", "file:", "file:/", "file:x.pem", "a.test:0", "" };
    struct bw_err err;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(bw_probe_look.check_target(good[i], &err), BW_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(bw_probe_look.check_target(bad[i], &err), BW_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_certificate_has_its_verdict),
        cmocka_unit_test(each_certificate_of_a_chain_is_described),
        cmocka_unit_test(long_chains_are_cut),
        cmocka_unit_test(staples_are_read),
        cmocka_unit_test(another_certificate_is_told),
        cmocka_unit_test(files_are_judged),
        cmocka_unit_test(what_is_no_file_is_not_waited_for),
        cmocka_unit_test(targets_are_checked),
    };
    return cmocka_run_group_tests(tests, make_authorities, drop_authorities);
}
