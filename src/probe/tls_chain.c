// SPDX-License-Identifier: GPL-3.0-or-later
/* What certificates say. */
#include "probe/tls.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t bw_tls_time_s(const ASN1_TIME *time)
{
    struct tm parts = { 0 };
    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return 0;
    return (int64_t)timegm(&parts);
}

static void put_name(char *out, size_t size, X509_NAME *name)
{
    out[0] = '\0';
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL)
        return;
    char *text = NULL;
    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    long len = BIO_get_mem_data(bio, &text);
    if (len > 0)
        bw_probe_quote(out, size, text, (size_t)len);
    BIO_free(bio);
}

/* The DNS names, as "a.example,b.example". */
static void put_names(char *out, size_t size, X509 *leaf)
{
    out[0] = '\0';
    size_t used = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS || used + 2 >= size)
            continue;
        if (used > 0)
            out[used++] = ',';
        bw_probe_quote(out + used, size - used, ASN1_STRING_get0_data(name->d.dNSName),
                       (size_t)ASN1_STRING_length(name->d.dNSName));
        used += strlen(out + used);
    }
    GENERAL_NAMES_free(names);
}

static void put_hex(char *out, size_t size, const unsigned char *bytes, size_t len)
{
    out[0] = '\0';
    for (size_t i = 0; i < len && 2 * i + 2 < size; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void bw_tls_put_subject(char *out, size_t size, X509 *certificate)
{
    put_name(out, size, X509_get_subject_name(certificate));
}

void bw_tls_put_issuer(char *out, size_t size, X509 *certificate)
{
    put_name(out, size, X509_get_issuer_name(certificate));
}

void bw_tls_put_serial(char *out, size_t size, X509 *certificate)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    put_hex(out, size, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
}

void bw_tls_put_fingerprint(char out[65], X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    out[0] = '\0';
    if (X509_digest(certificate, EVP_sha256(), digest, &len) == 1)
        put_hex(out, 65, digest, len);
}

int64_t bw_tls_earliest_s(STACK_OF(X509) * chain)
{
    int64_t earliest_s = 0;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        const int64_t end_s = bw_tls_time_s(X509_get0_notAfter(sk_X509_value(chain, i)));
        if (i == 0 || end_s < earliest_s)
            earliest_s = end_s;
    }
    return earliest_s;
}

void bw_tls_take_chain(struct bw_tls_watch *watch, STACK_OF(X509) * chain)
{
    if (chain == NULL || sk_X509_num(chain) == 0)
        return;
    X509 *leaf = sk_X509_value(chain, 0);
    bw_tls_put_fingerprint(watch->fingerprint, leaf);
    bw_tls_put_serial(watch->serial, sizeof watch->serial, leaf);
    bw_tls_put_subject(watch->subject, sizeof watch->subject, leaf);
    bw_tls_put_issuer(watch->issuer, sizeof watch->issuer, leaf);
    put_names(watch->names, sizeof watch->names, leaf);
    watch->leaf_ends_s = bw_tls_time_s(X509_get0_notAfter(leaf));
    watch->earliest_s = bw_tls_earliest_s(chain);
    watch->has_chain = true;
    watch->out->has_certificate = true;
    watch->out->certificate_expiry_s = watch->earliest_s;
}
