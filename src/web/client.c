// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/client.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

enum { NETWORK_BYTES = 8 };

bool bw_client_of(const struct sockaddr *from, struct bw_client *out)
{
    memset(out, 0, sizeof *out);
    if (from != NULL && from->sa_family == AF_INET6) {
        const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
        memcpy(out->bytes, a, IN6_IS_ADDR_V4MAPPED(a) ? BW_CLIENT_BYTES : NETWORK_BYTES);
        return true;
    }
    if (from != NULL && from->sa_family == AF_INET) {
        out->bytes[10] = out->bytes[11] = 0xff;
        memcpy(out->bytes + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
        return true;
    }
    return false;
}

bool bw_client_is(const struct bw_client *a, const struct bw_client *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
