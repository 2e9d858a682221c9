// SPDX-License-Identifier: GPL-3.0-or-later
/* io/network.h: networks in CIDR notation (RFC 4632, RFC 4291 section 2.3), and which addresses
 * are in them. Pure. */
#ifndef IO_NETWORK_H
#define IO_NETWORK_H

#include "io/resolve.h"

struct bw_network {
    struct bw_address address; /* the first */
    unsigned bits;             /* of it that all have, 0 to 32 or 128 */
};

/* "10.0.0.0/8", "fd00::/8"; an address alone is a network of one. False for anything else, also
 * when bits beyond the prefix are set, which is a slip of the pen as a rule. */
bool bw_network_parse(const char *text, struct bw_network *out);

bool bw_network_contains(const struct bw_network *network, const struct bw_address *address);

/* Whether all of `inner` is in `outer`. */
bool bw_network_includes(const struct bw_network *outer, const struct bw_network *inner);

/* Where a packet to this address really goes: the IPv4 address within ::ffff:0:0/96, 64:ff9b::/96
 * (RFC 6052) and 2002::/16 (RFC 3056); any other address as it is, without its interface. */
struct bw_address bw_address_plain(const struct bw_address *address);

#endif
