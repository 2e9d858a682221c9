// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates made for a test. */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <openssl/ssl.h>

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

/* `names` as OpenSSL's subjectAltName: "DNS:a.test,IP:127.0.0.1", NULL for an authority.
 * Validity in seconds from now; `issuer` NULL: self-signed. */
struct certificate certificate_make(const char *names, long from_s, long to_s,
                                    const struct certificate *issuer);

/* The same with this key, which it takes over, and signed over this digest. */
struct certificate certificate_make_with(EVP_PKEY *key, const EVP_MD *digest, const char *names,
                                         long from_s, long to_s, const struct certificate *issuer);
void certificate_free(struct certificate *certificate);

/* Writes it as PEM into a new file under /tmp; the name is put into `out`. */
void certificate_write(const struct certificate *certificate, char out[32]);

/* For a server that shows it. */
SSL_CTX *certificate_server(const struct certificate *certificate);

#endif
