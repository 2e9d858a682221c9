// SPDX-License-Identifier: GPL-3.0-or-later
/* A server at 127.0.0.1 that speaks TLS, and an authority that vouches for it: what most tests of
 * TLS need once for all their stories. */
#ifndef SECURE_H
#define SECURE_H

#include "certificate.h"

struct secure {
    struct certificate authority, leaf;
    SSL_CTX *server;
    char ca_file[32]; /* the authority's, for whoever is to trust it */
};
extern struct secure secure;

/* For cmocka_run_group_tests. */
int secure_setup(void **state);
int secure_teardown(void **state);

#endif
