// SPDX-License-Identifier: GPL-3.0-or-later
/* What comes in on an ICMP socket. The first byte says how it is read: bit 0 IPv6, bit 1 with an
 * IPv4 header, bit 2 quoted in an error. */
#include "probe/icmp_packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

/* What we send is read back as it was, whatever the token is. */
static void round_trip(const struct bw_icmp_packet *packet, size_t payload_bytes)
{
    unsigned char bytes[BW_ICMP_HEADER_BYTES + 64];
    struct bw_icmp_packet back = { .ip6 = packet->ip6 };
    const size_t len = bw_icmp_write_request(bytes, packet, payload_bytes);
    need(len == BW_ICMP_HEADER_BYTES + payload_bytes);
    need(packet->ip6 || bw_icmp_checksum(bytes, len) == 0);
    need(bw_icmp_read(bytes, len, false, true, &back));
    need(back.id == packet->id && back.sequence == packet->sequence
         && bw_icmp_same_token(packet, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bw_icmp_packet packet = { .ip6 = (data[0] & 1) != 0 };
    unsigned char *exact = malloc(size); /* so that one byte too many is seen */
    memcpy(exact, data + 1, size - 1);
    if (bw_icmp_read(exact, size - 1, (data[0] & 2) != 0, (data[0] & 4) != 0, &packet)) {
        need(packet.token_bytes <= BW_ICMP_TOKEN_BYTES);
        round_trip(&packet, packet.token_bytes + data[0] % 32);
    }
    free(exact);
    if (size > 2)
        need(bw_icmp_error_text(packet.ip6, data[1], data[2])[0] != '\0');
    return 0;
}
