// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/dns_names.h"

#include "base/num.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct word {
    const char *name;
    uint16_t number;
};

/* The common ones first: a type is looked for from the top. */
// clang-format off
static const struct word types[] = {
    { "A", 1 }, { "AAAA", 28 }, { "CNAME", 5 }, { "NS", 2 }, { "SOA", 6 }, { "MX", 15 },
    { "TXT", 16 }, { "PTR", 12 }, { "SRV", 33 }, { "RRSIG", 46 }, { "DNSKEY", 48 }, { "DS", 43 },
    { "NSEC", 47 }, { "NSEC3", 50 }, { "HTTPS", 65 }, { "SVCB", 64 }, { "CAA", 257 },
    { "TLSA", 52 }, { "OPT", 41 }, { "None", 0 }, { "MD", 3 }, { "MF", 4 }, { "MB", 7 },
    { "MG", 8 }, { "MR", 9 }, { "NULL", 10 }, { "HINFO", 13 }, { "MINFO", 14 }, { "RP", 17 },
    { "AFSDB", 18 }, { "X25", 19 }, { "ISDN", 20 }, { "RT", 21 }, { "NSAP-PTR", 23 },
    { "SIG", 24 }, { "KEY", 25 }, { "PX", 26 }, { "GPOS", 27 }, { "LOC", 29 }, { "NXT", 30 },
    { "EID", 31 }, { "NIMLOC", 32 }, { "ATMA", 34 }, { "NAPTR", 35 }, { "KX", 36 },
    { "CERT", 37 }, { "DNAME", 39 }, { "APL", 42 }, { "SSHFP", 44 }, { "IPSECKEY", 45 },
    { "DHCID", 49 }, { "NSEC3PARAM", 51 }, { "SMIMEA", 53 }, { "HIP", 55 }, { "NINFO", 56 },
    { "RKEY", 57 }, { "TALINK", 58 }, { "CDS", 59 }, { "CDNSKEY", 60 }, { "OPENPGPKEY", 61 },
    { "CSYNC", 62 }, { "ZONEMD", 63 }, { "SPF", 99 }, { "UINFO", 100 }, { "UID", 101 },
    { "GID", 102 }, { "UNSPEC", 103 }, { "NID", 104 }, { "L32", 105 }, { "L64", 106 },
    { "LP", 107 }, { "EUI48", 108 }, { "EUI64", 109 }, { "TKEY", 249 }, { "TSIG", 250 },
    { "IXFR", 251 }, { "AXFR", 252 }, { "MAILB", 253 }, { "MAILA", 254 }, { "ANY", 255 },
    { "URI", 256 }, { "AVC", 258 }, { "AMTRELAY", 260 }, { "TA", 32768 }, { "DLV", 32769 },
    { "Reserved", 65535 }, { NULL, 0 },
};
static const struct word classes[] = {
    { "IN", 1 }, { "CS", 2 }, { "CH", 3 }, { "HS", 4 }, { "NONE", 254 }, { "ANY", 255 },
    { NULL, 0 },
};
/* Of two names for one number the first is shown. */
static const struct word rcodes[] = {
    { "NOERROR", 0 }, { "FORMERR", 1 }, { "SERVFAIL", 2 }, { "NXDOMAIN", 3 }, { "NOTIMP", 4 },
    { "NOTIMPL", 4 }, { "REFUSED", 5 }, { "YXDOMAIN", 6 }, { "YXRRSET", 7 }, { "NXRRSET", 8 },
    { "NOTAUTH", 9 }, { "NOTZONE", 10 }, { "BADSIG", 16 }, { "BADVERS", 16 }, { "BADKEY", 17 },
    { "BADTIME", 18 }, { "BADMODE", 19 }, { "BADNAME", 20 }, { "BADALG", 21 },
    { "BADTRUNC", 22 }, { "BADCOOKIE", 23 }, { NULL, 0 },
};
// clang-format on

static const char *name_of(const struct word *words, unsigned number)
{
    while (words->name != NULL && words->number != number)
        words++;
    return words->name;
}

static void put(char out[BW_DNS_WORD_MAX], const struct word *words, const char *prefix,
                unsigned number)
{
    const char *name = name_of(words, number);
    if (name != NULL)
        snprintf(out, BW_DNS_WORD_MAX, "%s", name);
    else
        snprintf(out, BW_DNS_WORD_MAX, "%s%u", prefix, number);
}

/* `prefix` NULL: names only. */
static bool parse(const struct word *words, const char *prefix, const char *text, uint16_t *out)
{
    for (; words->name != NULL; words++) {
        if (strcmp(words->name, text) == 0) {
            *out = words->number;
            return true;
        }
    }
    const size_t skip = prefix != NULL ? strlen(prefix) : 0;
    uint64_t number;
    if (prefix == NULL || strncmp(text, prefix, skip) != 0
        || !bw_parse_uint(text + skip, strlen(text + skip), &number) || number > UINT16_MAX)
        return false;
    *out = (uint16_t)number;
    return true;
}

const char *bw_dns_type_name(uint16_t type)
{
    return name_of(types, type);
}

void bw_dns_type_text(char out[BW_DNS_WORD_MAX], uint16_t type)
{
    put(out, types, "TYPE", type);
}

void bw_dns_class_text(char out[BW_DNS_WORD_MAX], uint16_t number)
{
    put(out, classes, "CLASS", number);
}

void bw_dns_rcode_text(char out[BW_DNS_WORD_MAX], unsigned rcode)
{
    put(out, rcodes, "RCODE", rcode);
}

bool bw_dns_type_parse(const char *text, uint16_t *out)
{
    return parse(types, "TYPE", text, out);
}

bool bw_dns_class_parse(const char *text, uint16_t *out)
{
    return parse(classes, "CLASS", text, out);
}

bool bw_dns_rcode_parse(const char *text, unsigned *out)
{
    uint16_t number;
    if (!parse(rcodes, NULL, text, &number))
        return false;
    *out = number;
    return true;
}
