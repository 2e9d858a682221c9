// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/tls.h"

#include "base/civil.h"
#include "base/mem.h"
#include "probe/trail.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where an SSL_CTX keeps its watch. */
static int watch_index(void)
{
    static int index = -1;
    if (index < 0)
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

static int version_number(int option)
{
    static const int numbers[] = {
        [BW_TLS_ANY] = 0,
        [BW_TLS_1_0] = TLS1_VERSION,
        [BW_TLS_1_1] = TLS1_1_VERSION,
        [BW_TLS_1_2] = TLS1_2_VERSION,
        [BW_TLS_1_3] = TLS1_3_VERSION,
    };
    return numbers[option];
}

static char *in_folder(const char *folder, const char *path)
{
    char full[PATH_MAX];
    bool bare = folder == NULL || folder[0] == '\0' || path[0] == '/';
    snprintf(full, sizeof full, "%s%s%s", bare ? "" : folder, bare ? "" : "/", path);
    return bw_strdup(full);
}

/* Finds out now, not at the first handshake, that our own certificate is no good. */
static enum bw_rc check_pair(const struct bw_tls_plan *plan, struct bw_err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bool good = context != NULL && SSL_CTX_use_certificate_chain_file(context, plan->cert_file) == 1
                && SSL_CTX_use_PrivateKey_file(context, plan->key_file, SSL_FILETYPE_PEM) == 1
                && SSL_CTX_check_private_key(context) == 1;
    unsigned long code = ERR_get_error();
    ERR_clear_error();
    SSL_CTX_free(context);
    if (good)
        return BW_OK;
    const char *why = ERR_reason_error_string(code);
    return bw_fail(err, BW_EINVAL, "certificate %s with key %s: %s", plan->cert_file,
                   plan->key_file, why != NULL ? why : "cannot be used");
}

enum bw_rc bw_tls_plan_make(struct bw_tls_plan *out, const struct bw_tls_options *options,
                            const char *folder, struct bw_err *err)
{
    struct bw_tls_plan plan = {
        .insecure_skip_verify = options->insecure_skip_verify,
        .server_name = bw_strdup(options->server_name),
        .min_version = version_number(options->min_version),
        .max_version = version_number(options->max_version),
    };
    char *ca = options->ca_file != NULL ? in_folder(folder, options->ca_file) : NULL;
    plan.store = bw_engine_trust(ca, err);
    free(ca);
    enum bw_rc rc = plan.store != NULL ? BW_OK : BW_EINVAL;
    if (rc == BW_OK && options->cert_file != NULL) {
        plan.cert_file = in_folder(folder, options->cert_file);
        plan.key_file = in_folder(folder, options->key_file);
        rc = check_pair(&plan, err);
    }
    if (rc != BW_OK)
        bw_tls_plan_fini(&plan);
    else
        *out = plan;
    return rc;
}

void bw_tls_plan_fini(struct bw_tls_plan *plan)
{
    free(plan->server_name);
    free(plan->cert_file);
    free(plan->key_file);
    X509_STORE_free(plan->store);
    *plan = (struct bw_tls_plan){ 0 };
}

const char *bw_tls_expected_name(const struct bw_tls_plan *plan,
                                 const struct bw_probe_target *target, const char *host)
{
    if (plan->server_name != NULL)
        return plan->server_name;
    return target->host != NULL ? target->host : host;
}

/* ---- the handshake ---- */

static struct bw_tls_watch *watch_of(const SSL *ssl)
{
    return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), watch_index());
}

/* Called for each certificate and each fault. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct bw_tls_watch *watch = watch_of(ssl);
    if (!watch->has_chain)
        bw_tls_take_chain(watch, X509_STORE_CTX_get0_untrusted(store));
    if (!ok && watch->error == X509_V_OK)
        watch->error = X509_STORE_CTX_get_error(store);
    return 1;
}

bool bw_tls_name_matches(X509 *leaf, const char *name)
{
    struct bw_address literal;
    if (bw_address_parse(name, &literal)) {
        char bare[BW_ADDRESS_TEXT_MAX];
        literal.scope = 0;
        bw_address_format(bare, &literal);
        return X509_check_ip_asc(leaf, bare, 0) == 1;
    }
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.') /* "example.com." names the same host */
        len--;
    return X509_check_host(leaf, name, len, 0, NULL) == 1;
}

static void take_verified(struct bw_tls_watch *watch, const SSL *ssl)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    if (watch->error == X509_V_OK && chain != NULL)
        watch->verified_s = bw_tls_earliest_s(chain);
}

/* As blackbox writes them. */
static const char *version_text(int version)
{
    switch (version) {
    case TLS1_VERSION:
        return "TLS 1.0";
    case TLS1_1_VERSION:
        return "TLS 1.1";
    case TLS1_2_VERSION:
        return "TLS 1.2";
    case TLS1_3_VERSION:
        return "TLS 1.3";
    default:
        return "unknown";
    }
}

static void on_finished(struct bw_tls_watch *watch, const SSL *ssl)
{
    watch->finished = true;
    watch->heard_ns = bw_loop_mono_ns();
    watch->version_number = SSL_version(ssl);
    snprintf(watch->version, sizeof watch->version, "%s", version_text(SSL_version(ssl)));
    snprintf(watch->cipher, sizeof watch->cipher, "%s", SSL_get_cipher(ssl));
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    if (leaf == NULL)
        return;
    if (watch->error == X509_V_OK && !bw_tls_name_matches(leaf, watch->name))
        watch->error = X509_V_ERR_HOSTNAME_MISMATCH;
    take_verified(watch, ssl);
}

static void on_info(const SSL *ssl, int where, int result)
{
    (void)result;
    struct bw_tls_watch *watch = watch_of(ssl);
    if ((where & SSL_CB_HANDSHAKE_START) != 0 && !watch->started) {
        watch->started = true;
        bw_probe_enter(watch->out, BW_PHASE_TLS);
        /* libcurl takes the name from the URL and gives no other way to replace it; now is
         * before the first message is made. The callback's const is OpenSSL's courtesy. */
        struct bw_address literal;
        if (watch->renamed && !bw_address_parse(watch->name, &literal))
            SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl, watch->name);
    }
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0 && !watch->finished)
        on_finished(watch, ssl);
}

/* TLS 1.2 unless told otherwise. Left to itself OpenSSL offers TLS 1.0, which it then refuses for
 * its signatures: with words that name no version. */
static int lowest_version(const struct bw_tls_plan *plan)
{
    if (plan->min_version != 0)
        return plan->min_version;
    const bool old = plan->max_version != 0 && plan->max_version < TLS1_2_VERSION;
    return old ? plan->max_version : TLS1_2_VERSION;
}

bool bw_tls_is_old(const struct bw_tls_watch *watch)
{
    return watch->lenient && watch->version_number != 0
           && watch->version_number < lowest_version(watch->plan);
}

/* What certificates are worth is judged as ever, whatever else is agreed to. */
static void be_lenient(SSL_CTX *context)
{
    X509_VERIFY_PARAM_set_auth_level(SSL_CTX_get0_param(context), BW_TLS_AUTH_LEVEL);
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
}

bool bw_tls_watch_begin(struct bw_tls_watch *watch, SSL_CTX *context)
{
    const struct bw_tls_plan *plan = watch->plan;
    SSL_CTX_set1_cert_store(context, plan->store);
    SSL_CTX_set_ex_data(context, watch_index(), watch);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verify);
    SSL_CTX_set_info_callback(context, on_info);
    SSL_CTX_set_min_proto_version(context, lowest_version(plan));
    /* Who asks for a version that OpenSSL holds for weak wants to watch a weak server. */
    if (lowest_version(plan) < TLS1_2_VERSION)
        SSL_CTX_set_security_level(context, 0);
    if (watch->lenient)
        be_lenient(context);
    if (plan->max_version != 0)
        SSL_CTX_set_max_proto_version(context, plan->max_version);
    if (plan->cert_file == NULL)
        return true;
    return SSL_CTX_use_certificate_chain_file(context, plan->cert_file) == 1
           && SSL_CTX_use_PrivateKey_file(context, plan->key_file, SSL_FILETYPE_PEM) == 1;
}

/* ---- the verdict ---- */

static const struct {
    int error;
    enum bw_reason reason;
} verdicts[] = {
    { X509_V_OK, BW_REASON_NONE },
    { X509_V_ERR_CERT_HAS_EXPIRED, BW_REASON_TLS_EXPIRED },
    { X509_V_ERR_CERT_NOT_YET_VALID, BW_REASON_TLS_NOT_YET_VALID },
    { X509_V_ERR_HOSTNAME_MISMATCH, BW_REASON_TLS_WRONG_HOST },
    { X509_V_ERR_IP_ADDRESS_MISMATCH, BW_REASON_TLS_WRONG_HOST },
    { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, BW_REASON_TLS_UNTRUSTED },
    { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, BW_REASON_TLS_UNTRUSTED },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, BW_REASON_TLS_UNTRUSTED },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, BW_REASON_TLS_UNTRUSTED },
    { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, BW_REASON_TLS_UNTRUSTED },
    { X509_V_ERR_CERT_UNTRUSTED, BW_REASON_TLS_UNTRUSTED },
};

enum bw_reason bw_tls_reason(const struct bw_tls_watch *watch)
{
    if (watch->plan->insecure_skip_verify)
        return BW_REASON_NONE;
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        if (verdicts[i].error == watch->error)
            return verdicts[i].reason;
    }
    return BW_REASON_TLS_VERIFY;
}

const char *bw_tls_error_text(const struct bw_tls_watch *watch)
{
    return X509_verify_cert_error_string(watch->error);
}

void bw_tls_measure(const struct bw_tls_watch *watch)
{
    struct bw_measures *measures = watch->out->measures;
    if (watch->has_chain) {
        bw_measures_add(measures, BW_METRIC_PROBE_SSL_EARLIEST_CERT_EXPIRY,
                        (double)watch->earliest_s, NULL);
        bw_measures_add(measures, BW_METRIC_PROBE_SSL_LAST_CHAIN_INFO, 1,
                        BW_LABEL_VALUES(watch->fingerprint, watch->subject, watch->issuer,
                                        watch->names, watch->serial));
    }
    if (watch->verified_s != 0)
        bw_measures_add(measures, BW_METRIC_PROBE_SSL_LAST_CHAIN_EXPIRY_TIMESTAMP_SECONDS,
                        (double)watch->verified_s, NULL);
    if (watch->version_number != 0) {
        bw_measures_add(measures, BW_METRIC_PROBE_TLS_VERSION_INFO, 1,
                        BW_LABEL_VALUES(watch->version));
        bw_measures_add(measures, BW_METRIC_PROBE_TLS_CIPHER_INFO, 1,
                        BW_LABEL_VALUES(watch->cipher));
    }
}

static const char *or_none(const char *text)
{
    return text[0] != '\0' ? text : "none";
}

/* The chain is told before the handshake is over. */
void bw_tls_tell(const struct bw_tls_watch *watch)
{
    struct bw_probe_outcome *out = watch->out;
    const int64_t at_ns = watch->heard_ns != 0 ? watch->heard_ns : bw_loop_mono_ns();
    if (watch->version_number != 0)
        bw_trail_say_at(out, at_ns, "%s, %s", watch->version, watch->cipher);
    if (watch->has_chain) {
        char ends[BW_RFC3339_MAX];
        bw_format_rfc3339(ends, watch->earliest_s * 1000);
        bw_trail_say_at(out, at_ns, "certificate: subject %s", or_none(watch->subject));
        bw_trail_say_at(out, at_ns, "certificate: names %s", or_none(watch->names));
        bw_trail_say_at(out, at_ns, "certificate: issuer %s", or_none(watch->issuer));
        bw_trail_say_at(out, at_ns, "certificate: the first of the chain ends %s", ends);
        bw_trail_say_at(out, at_ns, "certificate: %s",
                        watch->error == X509_V_OK ? "verified" : bw_tls_error_text(watch));
    }
}
