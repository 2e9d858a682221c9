// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/icmp_packet.h: echo packets as bytes (RFC 792, RFC 4443). Pure.
 *
 *      0       1       2       3       4       5       6       7       8
 *     +-------+-------+-------+-------+-------+-------+-------+-------+------
 *     | type  | code  |   checksum    |      id       |   sequence    | token, filler
 *     +-------+-------+-------+-------+-------+-------+-------+-------+------
 *
 * The token is random: whoever answers must have seen the request. */
#ifndef PROBE_ICMP_PACKET_H
#define PROBE_ICMP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_ICMP_HEADER_BYTES = 8,
    BW_ICMP_TOKEN_BYTES = 8,
    BW_ICMP_PAYLOAD_BYTES_MAX = 65507, /* with this header, the most an IPv4 packet holds */
};

struct bw_icmp_packet {
    bool ip6;
    uint16_t id;
    uint16_t sequence;
    unsigned char token[BW_ICMP_TOKEN_BYTES];
    size_t token_bytes; /* of it that there was room for */
};

/* Writes an echo request with `payload_bytes` behind the header, of which the first
 * token_bytes are the token; `out` has room for both. Returns the length. The checksum of
 * IPv6 is left to the kernel, which knows the addresses. */
size_t bw_icmp_write_request(unsigned char *out, const struct bw_icmp_packet *packet,
                             size_t payload_bytes);

/* Reads an echo reply, or, with `quoted`, the start of a request of ours that came back inside
 * an error. `packet->ip6` says which; an IPv4 header in front is skipped if `has_header`.
 * False for anything else. */
bool bw_icmp_read(const unsigned char *bytes, size_t len, bool has_header, bool quoted,
                  struct bw_icmp_packet *packet);

/* The first so many bytes of both tokens are the same. */
bool bw_icmp_same_token(const struct bw_icmp_packet *a, const struct bw_icmp_packet *b);

/* "host unreachable", "time to live exceeded": what an error message of a router means. */
const char *bw_icmp_error_text(bool ip6, unsigned type, unsigned code);

/* RFC 1071, over an even or odd number of bytes, in network order. */
uint16_t bw_icmp_checksum(const unsigned char *bytes, size_t len);

#endif
