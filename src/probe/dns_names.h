// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/dns_names.h: what DNS calls its numbers (IANA's registry, spelled as blackbox_exporter
 * spells it). Pure. */
#ifndef PROBE_DNS_NAMES_H
#define PROBE_DNS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BW_DNS_A = 1,
    BW_DNS_CNAME = 5,
    BW_DNS_SOA = 6,
    BW_DNS_AAAA = 28,
    BW_DNS_OPT = 41,
    BW_DNS_RRSIG = 46,
    BW_DNS_ANY = 255,
};

enum { BW_DNS_IN = 1 };

enum { BW_DNS_NOERROR = 0, BW_DNS_NXDOMAIN = 3 };

#define BW_DNS_WORD_MAX 16u /* "NSEC3PARAM", "CLASS65535" */

/* "AAAA", "TYPE65280"; the name is NULL when it has none of its own. */
const char *bw_dns_type_name(uint16_t type);
void bw_dns_type_text(char out[BW_DNS_WORD_MAX], uint16_t type);
void bw_dns_class_text(char out[BW_DNS_WORD_MAX], uint16_t number);
void bw_dns_rcode_text(char out[BW_DNS_WORD_MAX], unsigned rcode);

/* The other way round; numbers are accepted as TYPE257 and CLASS3. False leaves *out alone. */
bool bw_dns_type_parse(const char *text, uint16_t *out);
bool bw_dns_class_parse(const char *text, uint16_t *out);
bool bw_dns_rcode_parse(const char *text, unsigned *out);

#endif
