// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/tls_look.h"

#include "base/civil.h"
#include "base/mem.h"
#include "probe/trail.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the verdict ---- */

static const char *const verdict_names[BW_TLS_VERDICTS] = {
    [BW_TLS_OK] = "ok",
    [BW_TLS_EXPIRED] = "expired",
    [BW_TLS_NOT_YET_VALID] = "not_yet_valid",
    [BW_TLS_SELF_SIGNED] = "self_signed",
    [BW_TLS_UNKNOWN_CA] = "unknown_ca",
    [BW_TLS_WRONG_HOST] = "wrong_host",
    [BW_TLS_WEAK_KEY] = "weak_key",
    [BW_TLS_WEAK_SIGNATURE] = "weak_signature",
    [BW_TLS_REVOKED] = "revoked",
    [BW_TLS_OLD_PROTOCOL] = "old_protocol",
    [BW_TLS_INVALID] = "invalid",
};

static const struct {
    int error;
    enum bw_tls_verdict verdict;
} verdicts[] = {
    { X509_V_OK, BW_TLS_OK },
    { X509_V_ERR_CERT_HAS_EXPIRED, BW_TLS_EXPIRED },
    { X509_V_ERR_CERT_NOT_YET_VALID, BW_TLS_NOT_YET_VALID },
    { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, BW_TLS_SELF_SIGNED },
    { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, BW_TLS_UNKNOWN_CA },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, BW_TLS_UNKNOWN_CA },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, BW_TLS_UNKNOWN_CA },
    { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, BW_TLS_UNKNOWN_CA },
    { X509_V_ERR_CERT_UNTRUSTED, BW_TLS_UNKNOWN_CA },
    { X509_V_ERR_HOSTNAME_MISMATCH, BW_TLS_WRONG_HOST },
    { X509_V_ERR_IP_ADDRESS_MISMATCH, BW_TLS_WRONG_HOST },
    { X509_V_ERR_EE_KEY_TOO_SMALL, BW_TLS_WEAK_KEY },
    { X509_V_ERR_CA_KEY_TOO_SMALL, BW_TLS_WEAK_KEY },
    { X509_V_ERR_CA_MD_TOO_WEAK, BW_TLS_WEAK_SIGNATURE },
    { X509_V_ERR_CERT_REVOKED, BW_TLS_REVOKED },
};

const char *bw_tls_verdict_name(enum bw_tls_verdict verdict)
{
    return verdict_names[verdict];
}

enum bw_tls_verdict bw_tls_look_verdict(const struct bw_tls_watch *watch)
{
    enum bw_tls_verdict found = BW_TLS_INVALID;
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        if (verdicts[i].error == watch->error)
            found = verdicts[i].verdict;
    }
    return found == BW_TLS_OK && bw_tls_is_old(watch) ? BW_TLS_OLD_PROTOCOL : found;
}

/* ---- the staple ---- */

static const char *single_status(struct bw_tls_watch *watch, OCSP_BASICRESP *basic, X509 *leaf,
                                 X509 *issuer)
{
    enum { SKEW_S = 300 };
    int status, why;
    ASN1_GENERALIZEDTIME *revoked_at, *from, *to;
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, leaf, issuer);
    const bool found =
        id != NULL && OCSP_resp_find_status(basic, id, &status, &why, &revoked_at, &from, &to);
    OCSP_CERTID_free(id);
    if (!found)
        return "invalid";
    if (!OCSP_check_validity(from, to, SKEW_S, -1))
        return "expired";
    if (status == V_OCSP_CERTSTATUS_REVOKED && watch->error == X509_V_OK)
        watch->error = X509_V_ERR_CERT_REVOKED;
    return status == V_OCSP_CERTSTATUS_GOOD      ? "good"
           : status == V_OCSP_CERTSTATUS_REVOKED ? "revoked"
                                                 : "unknown";
}

static X509 *issuer_of(SSL *ssl)
{
    STACK_OF(X509) *verified = SSL_get0_verified_chain(ssl);
    STACK_OF(X509) *shown = SSL_get_peer_cert_chain(ssl);
    if (verified != NULL && sk_X509_num(verified) > 1)
        return sk_X509_value(verified, 1);
    return shown != NULL && sk_X509_num(shown) > 1 ? sk_X509_value(shown, 1) : NULL;
}

void bw_tls_look_staple(struct bw_tls_look *look, struct bw_tls_watch *watch, SSL *ssl)
{
    const unsigned char *bytes = NULL;
    const long len = SSL_get_tlsext_status_ocsp_resp(ssl, &bytes);
    X509 *leaf = SSL_get0_peer_certificate(ssl), *issuer = issuer_of(ssl);
    look->staple = "none";
    if (len <= 0 || bytes == NULL)
        return;
    look->staple = "invalid";
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &bytes, len);
    OCSP_BASICRESP *basic = response != NULL ? OCSP_response_get1_basic(response) : NULL;
    if (basic != NULL && leaf != NULL && issuer != NULL
        && OCSP_basic_verify(basic, SSL_get_peer_cert_chain(ssl), watch->plan->store, 0) == 1)
        look->staple = single_status(watch, basic, leaf, issuer);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
}

/* ---- changes ---- */

struct bw_tls_memory {
    char fingerprint[65];
    char shown[110];
    char change[BW_PROBE_DETAIL_BYTES_MAX];
};

struct bw_tls_memory *bw_tls_memory_new(void)
{
    return bw_alloc(sizeof(struct bw_tls_memory));
}

void bw_tls_memory_free(void *memory)
{
    free(memory);
}

static void describe(char *out, size_t size, const struct bw_tls_watch *watch)
{
    char ends[BW_RFC3339_MAX];
    bw_format_rfc3339(ends, watch->leaf_ends_s * 1000);
    snprintf(out, size, "%.40s (serial %.24s, until %.10s)",
             watch->subject[0] != '\0' ? watch->subject : "one without a subject", watch->serial,
             ends);
}

static void remember(struct bw_tls_memory *memory, const struct bw_tls_watch *watch)
{
    char now[sizeof memory->shown];
    if (strcmp(memory->fingerprint, watch->fingerprint) == 0)
        return;
    describe(now, sizeof now, watch);
    if (memory->fingerprint[0] != '\0') {
        snprintf(memory->change, sizeof memory->change, "the certificate changed from %s to %s",
                 memory->shown, now);
        watch->out->change = memory->change;
    }
    memcpy(memory->fingerprint, watch->fingerprint, sizeof memory->fingerprint);
    memcpy(memory->shown, now, sizeof memory->shown);
}

void bw_tls_look_judge(const struct bw_tls_watch *watch, struct bw_tls_memory *memory)
{
    const enum bw_reason reason = bw_tls_reason(watch);
    if (memory != NULL && watch->has_chain)
        remember(memory, watch);
    if (!watch->has_chain)
        bw_probe_fail(watch->out, BW_REASON_TLS_HANDSHAKE, "the peer showed no certificate");
    else if (reason != BW_REASON_NONE)
        bw_probe_fail(watch->out, reason, "%s", bw_tls_error_text(watch));
    else if (bw_tls_is_old(watch) && !watch->plan->insecure_skip_verify)
        bw_probe_fail(watch->out, BW_REASON_TLS_HANDSHAKE, "%s, which is older than min_version",
                      watch->version);
}

/* ---- one by one ---- */

struct described {
    const char *type;
    char position[8], key[32], signature[48];
    char subject[256], issuer[256], serial[64], fingerprint[65];
    int64_t from_s, to_s;
};

static void describe_key(struct described *d, X509 *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    const char *type = key != NULL ? OBJ_nid2sn(EVP_PKEY_get_base_id(key)) : NULL;
    snprintf(d->key, sizeof d->key, "%s", "unknown");
    if (type != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
        type = "RSA";
    else if (type != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
        type = "EC";
    if (type != NULL)
        snprintf(d->key, sizeof d->key, "%.20s %d", type, EVP_PKEY_get_bits(key));
    const char *name = OBJ_nid2ln(X509_get_signature_nid(certificate));
    snprintf(d->signature, sizeof d->signature, "%s", name != NULL ? name : "unknown");
}

static void describe_one(struct described *d, X509 *certificate, int position)
{
    const bool own =
        X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
    d->type = position == 0 ? "leaf" : own ? "root" : "intermediate";
    snprintf(d->position, sizeof d->position, "%d", position);
    bw_tls_put_subject(d->subject, sizeof d->subject, certificate);
    bw_tls_put_issuer(d->issuer, sizeof d->issuer, certificate);
    bw_tls_put_serial(d->serial, sizeof d->serial, certificate);
    bw_tls_put_fingerprint(d->fingerprint, certificate);
    d->from_s = bw_tls_time_s(X509_get0_notBefore(certificate));
    d->to_s = bw_tls_time_s(X509_get0_notAfter(certificate));
    describe_key(d, certificate);
}

static int count_of(STACK_OF(X509) * chain)
{
    const int count = chain != NULL ? sk_X509_num(chain) : 0;
    return count < BW_TLS_SHOWN_MAX ? count : BW_TLS_SHOWN_MAX;
}

static void measure_one(struct bw_measures *measures, X509 *certificate, int position)
{
    struct described d;
    describe_one(&d, certificate, position);
    bw_measures_add(measures, BW_METRIC_PROBE_TLS_CERTIFICATE_INFO, 1,
                    BW_LABEL_VALUES(d.position, d.type, d.subject, d.issuer, d.serial,
                                    d.fingerprint, d.key, d.signature));
    bw_measures_add(measures, BW_METRIC_PROBE_TLS_CERTIFICATE_NOT_BEFORE_TIMESTAMP_SECONDS,
                    (double)d.from_s, BW_LABEL_VALUES(d.position, d.type));
    bw_measures_add(measures, BW_METRIC_PROBE_TLS_CERTIFICATE_NOT_AFTER_TIMESTAMP_SECONDS,
                    (double)d.to_s, BW_LABEL_VALUES(d.position, d.type));
}

void bw_tls_look_measure(const struct bw_tls_look *look, const struct bw_tls_watch *watch,
                         STACK_OF(X509) * chain)
{
    if (!watch->has_chain)
        return;
    struct bw_measures *measures = watch->out->measures;
    const enum bw_tls_verdict verdict = bw_tls_look_verdict(watch);
    for (int i = 0; i < BW_TLS_VERDICTS && (watch->finished || verdict != BW_TLS_OK); i++)
        bw_measures_add(measures, BW_METRIC_PROBE_TLS_VERDICT, (int)verdict == i,
                        BW_LABEL_VALUES(verdict_names[i]));
    for (int i = 0; i < count_of(chain); i++)
        measure_one(measures, sk_X509_value(chain, i), i);
    if (look->staple != NULL)
        bw_measures_add(measures, BW_METRIC_PROBE_TLS_OCSP_INFO, 1, BW_LABEL_VALUES(look->staple));
}

void bw_tls_look_tell(const struct bw_tls_look *look, struct bw_probe_outcome *out,
                      STACK_OF(X509) * chain)
{
    for (int i = 0; i < count_of(chain); i++) {
        struct described d;
        char from[BW_RFC3339_MAX], to[BW_RFC3339_MAX];
        describe_one(&d, sk_X509_value(chain, i), i);
        bw_format_rfc3339(from, d.from_s * 1000);
        bw_format_rfc3339(to, d.to_s * 1000);
        bw_trail_say(out, "certificate %d, %s: %s, from %.10s to %.10s, %s, %s", i + 1, d.type,
                     d.subject[0] != '\0' ? d.subject : "no subject", from, to, d.key, d.signature);
    }
    if (look->staple != NULL)
        bw_trail_say(out, "OCSP staple: %s", look->staple);
}
