// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/network.h"

#include "base/num.h"

#include <string.h>

static const unsigned char *bytes_of(const struct bw_address *address)
{
    return address->family == AF_INET ? (const unsigned char *)&address->ip4
                                      : (const unsigned char *)&address->ip6;
}

static unsigned width_of(const struct bw_address *address)
{
    return address->family == AF_INET ? 32 : 128;
}

static bool is_same_prefix(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    if (memcmp(a, b, bits / 8) != 0)
        return false;
    const unsigned rest = bits % 8;
    return rest == 0 || ((unsigned)(a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0;
}

static bool is_zero_behind(const struct bw_network *network)
{
    const unsigned char *bytes = bytes_of(&network->address);
    for (unsigned i = network->bits; i < width_of(&network->address); i++) {
        if ((bytes[i / 8] & (0x80u >> (i % 8))) != 0)
            return false;
    }
    return true;
}

bool bw_network_parse(const char *text, struct bw_network *out)
{
    char address[BW_ADDRESS_TEXT_MAX];
    const size_t len = strcspn(text, "/");
    struct bw_network network;
    uint64_t bits;
    if (len >= sizeof address || strcspn(text, "[%") < len)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (!bw_address_parse(address, &network.address))
        return false;
    const char *prefix = text + len + 1;
    if (text[len] == '\0')
        bits = width_of(&network.address);
    else if (strlen(prefix) > 3 || !bw_parse_uint(prefix, strlen(prefix), &bits))
        return false;
    if (bits > width_of(&network.address))
        return false;
    network.bits = (unsigned)bits;
    *out = network;
    return is_zero_behind(&network);
}

bool bw_network_contains(const struct bw_network *network, const struct bw_address *address)
{
    return network->address.family == address->family
           && is_same_prefix(bytes_of(&network->address), bytes_of(address), network->bits);
}

bool bw_network_includes(const struct bw_network *outer, const struct bw_network *inner)
{
    return outer->bits <= inner->bits && bw_network_contains(outer, &inner->address);
}

struct bw_address bw_address_plain(const struct bw_address *address)
{
    static const struct {
        unsigned char prefix[12];
        unsigned bits, at; /* and where the IPv4 address stands */
    } wrapped[] = {
        { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 96, 12 },
        { { 0, 0x64, 0xff, 0x9b }, 96, 12 },
        { { 0x20, 0x02 }, 16, 2 },
    };
    struct bw_address plain = *address;
    plain.scope = 0;
    for (size_t i = 0; address->family == AF_INET6 && i < sizeof wrapped / sizeof *wrapped; i++) {
        const unsigned char *bytes = bytes_of(address);
        if (!is_same_prefix(bytes, wrapped[i].prefix, wrapped[i].bits))
            continue;
        plain = (struct bw_address){ .family = AF_INET };
        memcpy(&plain.ip4, bytes + wrapped[i].at, sizeof plain.ip4);
        return plain;
    }
    return plain;
}
