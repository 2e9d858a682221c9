// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/tls.h: the verdict on a peer's certificates, and what a handshake tells.
 *
 * Verification never stops a handshake: the callback notes the first fault and says yes, so
 * that times, protocol and expiry are there for a bad certificate too. Whoever uses the
 * connection asks bw_tls_reason() before sending a byte of its own. */
#ifndef PROBE_TLS_H
#define PROBE_TLS_H

#include "probe/engine.h"
#include "probe/module.h"

#include <openssl/ssl.h>

/* tls_config, read and loaded. */
struct bw_tls_plan {
    bool insecure_skip_verify;
    char *server_name;            /* NULL: the target's name */
    int min_version, max_version; /* of OpenSSL; 0: TLS 1.2 and the newest */
    X509_STORE *store;
    char *cert_file, *key_file; /* NULL: we show no certificate */
};

/* Files start at `folder`. BW_EINVAL, BW_ENOTFOUND, … */
enum bw_rc bw_tls_plan_make(struct bw_tls_plan *out, const struct bw_tls_options *options,
                            const char *folder, struct bw_err *err);
void bw_tls_plan_fini(struct bw_tls_plan *plan);

/* Whom the certificate of a target's host must be for. */
const char *bw_tls_expected_name(const struct bw_tls_plan *plan,
                                 const struct bw_probe_target *target, const char *host);

/* One handshake. Lives at least as long as the SSL_CTX. */
struct bw_tls_watch {
    const struct bw_tls_plan *plan;
    struct bw_probe_outcome *out;
    const char *name; /* whom the certificate must be for; borrowed */
    bool lenient; /* agrees to any version and cipher: to read certificates, not to trust them */
    bool renamed; /* it is not the URL's host, from which libcurl takes what it asks for */
    bool started, finished;
    int error; /* X509_V_ERR_…: the first fault; X509_V_OK */
    bool has_chain;
    int64_t leaf_ends_s;
    int64_t earliest_s; /* the end of the first certificate to expire */
    int64_t verified_s; /* the same over the verified chain; 0: there is none */
    char subject[256], issuer[256], names[512], serial[64], fingerprint[65];
    int version_number; /* of OpenSSL; 0: not agreed upon yet */
    char version[16], cipher[64];
    int64_t heard_ns; /* monotonic: when the chain was shown; 0: never */
};

/* Prepares a context that is fresh from SSL_CTX_new: our store, versions, callbacks. The watch
 * is filled in as the handshake goes, and out->phase becomes TLS when it begins. False when
 * our own certificate cannot be used. */
bool bw_tls_watch_begin(struct bw_tls_watch *watch, SSL_CTX *context);

/* NONE when the peer's certificate is good, or nobody asked (insecure_skip_verify). */
enum bw_reason bw_tls_reason(const struct bw_tls_watch *watch);

/* "certificate has expired": for bw_probe_fail. */
const char *bw_tls_error_text(const struct bw_tls_watch *watch);

/* probe_ssl_* and probe_tls_* of what is known; the outcome's expiry too. */
void bw_tls_measure(const struct bw_tls_watch *watch);

/* Notes the same for a transcript, at the time when it was heard. */
void bw_tls_tell(const struct bw_tls_watch *watch);

/* Whether the version agreed upon is below what the plan wants; only where it is lenient. */
bool bw_tls_is_old(const struct bw_tls_watch *watch);

/* Whether the certificate is for this name or address. */
bool bw_tls_name_matches(X509 *leaf, const char *name);

/* Which keys and signatures are too weak: level 2 of OpenSSL, Debian's default. RSA keys below
 * 2048 bits and SHA-1 are. */
enum { BW_TLS_AUTH_LEVEL = 2 };

/* What a certificate says, as text; "" for what it does not say. */
void bw_tls_put_subject(char *out, size_t size, X509 *certificate);
void bw_tls_put_issuer(char *out, size_t size, X509 *certificate);
void bw_tls_put_serial(char *out, size_t size, X509 *certificate);
void bw_tls_put_fingerprint(char out[65], X509 *certificate);

/* The end of the first one to expire; 0: there is none. */
int64_t bw_tls_earliest_s(STACK_OF(X509) * chain);

/* Reads a chain (leaf first) into the watch. */
void bw_tls_take_chain(struct bw_tls_watch *watch, STACK_OF(X509) * chain);

/* Unix seconds, any year. */
int64_t bw_tls_time_s(const ASN1_TIME *time);

#endif
