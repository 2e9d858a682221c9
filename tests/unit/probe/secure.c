// SPDX-License-Identifier: GPL-3.0-or-later
#include "secure.h"

#include <signal.h>
#include <unistd.h>

struct secure secure;

int secure_setup(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* OpenSSL's writes have no MSG_NOSIGNAL */
    secure.authority = certificate_make(NULL, -3600, 86400, NULL);
    secure.leaf = certificate_make("IP:127.0.0.1", -3600, 86400, &secure.authority);
    secure.server = certificate_server(&secure.leaf);
    certificate_write(&secure.authority, secure.ca_file);
    return 0;
}

int secure_teardown(void **state)
{
    (void)state;
    SSL_CTX_free(secure.server);
    certificate_free(&secure.leaf);
    certificate_free(&secure.authority);
    return unlink(secure.ca_file);
}
