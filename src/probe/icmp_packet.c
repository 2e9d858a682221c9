// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/icmp_packet.h"

#include <string.h>

enum { REPLY_4 = 0, REQUEST_4 = 8, REQUEST_6 = 128, REPLY_6 = 129 };
enum { IP4_HEADER_BYTES_MIN = 20 };

uint16_t bw_icmp_checksum(const unsigned char *bytes, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
    if (len % 2 == 1)
        sum += (uint32_t)(bytes[len - 1] << 8);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put16(unsigned char *out, uint16_t value)
{
    out[0] = (unsigned char)(value >> 8);
    out[1] = (unsigned char)value;
}

static uint16_t get16(const unsigned char *in)
{
    return (uint16_t)(in[0] << 8 | in[1]);
}

size_t bw_icmp_write_request(unsigned char *out, const struct bw_icmp_packet *packet,
                             size_t payload_bytes)
{
    const size_t len = BW_ICMP_HEADER_BYTES + payload_bytes;
    out[0] = packet->ip6 ? REQUEST_6 : REQUEST_4;
    out[1] = 0;
    put16(out + 2, 0);
    put16(out + 4, packet->id);
    put16(out + 6, packet->sequence);
    memcpy(out + BW_ICMP_HEADER_BYTES, packet->token, packet->token_bytes);
    for (size_t i = packet->token_bytes; i < payload_bytes; i++)
        out[BW_ICMP_HEADER_BYTES + i] = (unsigned char)i;
    if (!packet->ip6)
        put16(out + 2, bw_icmp_checksum(out, len));
    return len;
}

/* Skips an IPv4 header with its options; false when it is not all there. */
static bool skip_header(const unsigned char **bytes, size_t *len)
{
    const size_t header = *len > 0 ? (size_t)((*bytes)[0] & 0x0f) * 4 : 0;
    if (header < IP4_HEADER_BYTES_MIN || header > *len || (*bytes)[0] >> 4 != 4)
        return false;
    *bytes += header;
    *len -= header;
    return true;
}

bool bw_icmp_read(const unsigned char *bytes, size_t len, bool has_header, bool quoted,
                  struct bw_icmp_packet *packet)
{
    if (has_header && !packet->ip6 && !skip_header(&bytes, &len))
        return false;
    const unsigned reply = packet->ip6 ? REPLY_6 : REPLY_4;
    const unsigned request = packet->ip6 ? REQUEST_6 : REQUEST_4;
    if (len < BW_ICMP_HEADER_BYTES || bytes[0] != (quoted ? request : reply) || bytes[1] != 0)
        return false;
    packet->id = get16(bytes + 4);
    packet->sequence = get16(bytes + 6);
    packet->token_bytes = len - BW_ICMP_HEADER_BYTES;
    if (packet->token_bytes > BW_ICMP_TOKEN_BYTES)
        packet->token_bytes = BW_ICMP_TOKEN_BYTES;
    memcpy(packet->token, bytes + BW_ICMP_HEADER_BYTES, packet->token_bytes);
    return true;
}

bool bw_icmp_same_token(const struct bw_icmp_packet *a, const struct bw_icmp_packet *b)
{
    const size_t len = a->token_bytes < b->token_bytes ? a->token_bytes : b->token_bytes;
    return memcmp(a->token, b->token, len) == 0;
}

/* ---- errors ---- */

struct error_name {
    unsigned char type, code;
    const char *text;
};

static const struct error_name errors_4[] = {
    { 3, 0, "network unreachable" },
    { 3, 1, "host unreachable" },
    { 3, 2, "protocol unreachable" },
    { 3, 3, "port unreachable" },
    { 3, 4, "packet too big, and it may not be split" },
    { 3, 5, "source route failed" },
    { 3, 6, "network unknown" },
    { 3, 7, "host unknown" },
    { 3, 9, "network prohibited" },
    { 3, 10, "host prohibited" },
    { 3, 13, "prohibited by a filter" },
    { 11, 0, "time to live exceeded" },
    { 11, 1, "not all fragments arrived" },
    { 12, 0, "parameter problem" },
};

static const struct error_name errors_6[] = {
    { 1, 0, "no route" },
    { 1, 1, "prohibited by a filter" },
    { 1, 2, "beyond the scope of the source address" },
    { 1, 3, "address unreachable" },
    { 1, 4, "port unreachable" },
    { 1, 5, "source address refused" },
    { 1, 6, "route refused" },
    { 2, 0, "packet too big" },
    { 3, 0, "hop limit exceeded" },
    { 3, 1, "not all fragments arrived" },
    { 4, 0, "parameter problem" },
};

const char *bw_icmp_error_text(bool ip6, unsigned type, unsigned code)
{
    const struct error_name *names = ip6 ? errors_6 : errors_4;
    const size_t count =
        ip6 ? sizeof errors_6 / sizeof *errors_6 : sizeof errors_4 / sizeof *errors_4;
    for (size_t i = 0; i < count; i++) {
        if (names[i].type == type && names[i].code == code)
            return names[i].text;
    }
    return "destination unreachable";
}
