// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(bool good)
{
    if (!good)
        abort();
}

static void extend(X509 *x509, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

struct certificate certificate_make(const char *names, long from_s, long to_s,
                                    const struct certificate *issuer)
{
    return certificate_make_with(EVP_EC_gen("P-256"), EVP_sha256(), names, from_s, to_s, issuer);
}

struct certificate certificate_make_with(EVP_PKEY *key, const EVP_MD *digest, const char *names,
                                         long from_s, long to_s, const struct certificate *issuer)
{
    struct certificate made = { X509_new(), key };
    must(made.x509 != NULL && made.key != NULL);
    X509_set_version(made.x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.x509), issuer != NULL ? 0x1234 : 1);
    X509_gmtime_adj(X509_getm_notBefore(made.x509), from_s);
    X509_gmtime_adj(X509_getm_notAfter(made.x509), to_s);
    X509_NAME *subject = X509_get_subject_name(made.x509);
    const unsigned char *common =
        (const unsigned char *)(names != NULL ? "test leaf" : "test authority");
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common, -1, -1, 0);
    X509_set_issuer_name(made.x509, issuer != NULL ? X509_get_subject_name(issuer->x509) : subject);
    X509_set_pubkey(made.x509, made.key);
    extend(made.x509, NID_basic_constraints, names != NULL ? "CA:FALSE" : "critical,CA:TRUE");
    if (names != NULL)
        extend(made.x509, NID_subject_alt_name, names);
    must(X509_sign(made.x509, issuer != NULL ? issuer->key : made.key, digest) != 0);
    return made;
}

void certificate_free(struct certificate *certificate)
{
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
}

void certificate_write(const struct certificate *certificate, char out[32])
{
    memcpy(out, "/tmp/bw-ca-XXXXXX", sizeof "/tmp/bw-ca-XXXXXX");
    int fd = mkstemp(out);
    FILE *file = fdopen(fd, "w");
    must(file != NULL && PEM_write_X509(file, certificate->x509) == 1);
    fclose(file);
}

SSL_CTX *certificate_server(const struct certificate *certificate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(context, 0); /* shows what no good server would */
    must(context != NULL && SSL_CTX_use_certificate(context, certificate->x509) == 1
         && SSL_CTX_use_PrivateKey(context, certificate->key) == 1);
    return context;
}
