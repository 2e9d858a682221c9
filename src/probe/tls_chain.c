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

static void take_leaf(struct bw_tls_watch *watch, X509 *leaf)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    if (X509_digest(leaf, EVP_sha256(), digest, &digest_len) == 1)
        put_hex(watch->fingerprint, sizeof watch->fingerprint, digest, digest_len);
    const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
    put_hex(watch->serial, sizeof watch->serial, ASN1_STRING_get0_data(serial),
            (size_t)ASN1_STRING_length(serial));
    put_name(watch->subject, sizeof watch->subject, X509_get_subject_name(leaf));
    put_name(watch->issuer, sizeof watch->issuer, X509_get_issuer_name(leaf));
    put_names(watch->names, sizeof watch->names, leaf);
}

void bw_tls_take_chain(struct bw_tls_watch *watch, STACK_OF(X509) * chain)
{
    int count = chain == NULL ? 0 : sk_X509_num(chain);
    if (count == 0)
        return;
    take_leaf(watch, sk_X509_value(chain, 0));
    watch->has_chain = true;
    for (int i = 0; i < count; i++) {
        int64_t end_s = bw_tls_time_s(X509_get0_notAfter(sk_X509_value(chain, i)));
        if (i == 0 || end_s < watch->earliest_s)
            watch->earliest_s = end_s;
    }
    watch->out->has_certificate = true;
    watch->out->certificate_expiry_s = watch->earliest_s;
}
