// SPDX-License-Identifier: GPL-3.0-or-later
/* web/client.h: what counts as one client: an IPv4 address, or a /64 of IPv6, which is what one
 * client may have to itself (RFC 6177). Pure. */
#ifndef WEB_CLIENT_H
#define WEB_CLIENT_H

#include <stdbool.h>

struct sockaddr;

enum { BW_CLIENT_BYTES = 16 };

/* A plain value: compare with bw_client_is. */
struct bw_client {
    unsigned char bytes[BW_CLIENT_BYTES]; /* IPv4 as ::ffff:a.b.c.d */
};

/* False for what has no address: a local socket, NULL. */
bool bw_client_of(const struct sockaddr *from, struct bw_client *out);

bool bw_client_is(const struct bw_client *a, const struct bw_client *b);

#endif
