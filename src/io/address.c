// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/resolve.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* "eth0" or "3" after the %; 0 when there is no such interface. */
static uint32_t scope_of(const char *zone)
{
    uint64_t number;
    if (bw_parse_uint(zone, strlen(zone), &number))
        return number <= UINT32_MAX ? (uint32_t)number : 0;
    return if_nametoindex(zone);
}

bool bw_address_parse(const char *text, struct bw_address *out)
{
    char bare[BW_ADDRESS_TEXT_MAX];
    size_t len = strlen(text);
    bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (bracketed) {
        text++;
        len -= 2;
    }
    if (len >= sizeof bare)
        return false;
    memcpy(bare, text, len);
    bare[len] = '\0';

    struct bw_address address = { .family = AF_INET };
    if (!bracketed && inet_pton(AF_INET, bare, &address.ip4) == 1) {
        *out = address;
        return true;
    }
    char *zone = strchr(bare, '%');
    if (zone != NULL) {
        *zone = '\0';
        address.scope = scope_of(zone + 1);
        if (address.scope == 0)
            return false;
    }
    address.family = AF_INET6;
    if (inet_pton(AF_INET6, bare, &address.ip6) != 1)
        return false;
    *out = address;
    return true;
}

void bw_address_format(char out[BW_ADDRESS_TEXT_MAX], const struct bw_address *address)
{
    const void *bytes =
        address->family == AF_INET ? (const void *)&address->ip4 : (const void *)&address->ip6;
    if (inet_ntop(address->family, bytes, out, BW_ADDRESS_TEXT_MAX) == NULL) {
        out[0] = '\0';
        return;
    }
    size_t len = strlen(out);
    if (address->scope != 0)
        snprintf(out + len, BW_ADDRESS_TEXT_MAX - len, "%%%u", address->scope);
}

socklen_t bw_address_socket(const struct bw_address *address, uint16_t port,
                            struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        in->sin_addr = address->ip4;
        return sizeof *in;
    }
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    in->sin6_addr = address->ip6;
    in->sin6_scope_id = address->scope;
    return sizeof *in;
}
