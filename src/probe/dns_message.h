// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/dns_message.h: DNS messages (RFC 1035 section 4): queries written, answers read, records
 * printed as zone files have them. Pure; every byte of a message may be an enemy's.
 *
 *     question --write--> query ......> answer --read--> counts, rcode
 *                                              \--next--> record --print--> text
 *
 * Names are followed backwards only (each pointer must point before the name that it is in), so
 * that no message can send us round in circles. */
#ifndef PROBE_DNS_MESSAGE_H
#define PROBE_DNS_MESSAGE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_DNS_HEADER_BYTES = 12,
    BW_DNS_NAME_BYTES_MAX = 255,
    BW_DNS_QUERY_BYTES_MAX = BW_DNS_HEADER_BYTES + BW_DNS_NAME_BYTES_MAX + 4,
    BW_DNS_UDP_BYTES_MAX = 512, /* of an answer to a query that asks for no more */
    BW_DNS_MESSAGE_BYTES_MAX = 65535,
};

/* Bits of bw_dns_message.flags. */
enum {
    BW_DNS_QR = 0x8000, /* an answer, not a query */
    BW_DNS_AA = 0x0400, /* authoritative */
    BW_DNS_TC = 0x0200, /* truncated */
    BW_DNS_RD = 0x0100, /* recursion desired */
    BW_DNS_RA = 0x0080, /* recursion available */
    BW_DNS_AD = 0x0020, /* the resolver has validated it (DNSSEC) */
};

struct bw_dns_question {
    uint8_t name[BW_DNS_NAME_BYTES_MAX]; /* as on the wire */
    size_t name_len;
    uint16_t type, qclass;
};

/* "example.com", with or without a dot at the end; \. and \065 as in zone files. False for what
 * is no name. */
bool bw_dns_question_make(struct bw_dns_question *out, const char *name, uint16_t type,
                          uint16_t qclass);

/* Returns how many bytes. */
size_t bw_dns_write_query(uint8_t out[BW_DNS_QUERY_BYTES_MAX],
                          const struct bw_dns_question *question, uint16_t id, bool recurse);

/* Whether the bytes are an answer to just this query: with its id, and no other question. */
bool bw_dns_answers(const uint8_t *bytes, size_t len, const struct bw_dns_question *question,
                    uint16_t id);

enum bw_dns_section { BW_DNS_ANSWER, BW_DNS_AUTHORITY, BW_DNS_ADDITIONAL, BW_DNS_SECTIONS };

/* An answer. The bytes are borrowed. */
struct bw_dns_message {
    const uint8_t *bytes;
    size_t len;
    uint16_t flags;
    unsigned rcode; /* with the upper bits that an OPT record adds */
    size_t records_at;
    size_t counts[BW_DNS_SECTIONS]; /* of records that are there, whatever the header says */
};

struct bw_dns_record {
    enum bw_dns_section section;
    size_t name_at;
    uint16_t type, rclass;
    uint32_t ttl;
    size_t data_at, data_len;
};

/* Reads the frame of all records, not what is in them. NULL, or what is wrong with the message. */
const char *bw_dns_read(struct bw_dns_message *out, const uint8_t *bytes, size_t len);

/* Walks over the records of a message that was read; begin with a walk of zeros. False at the
 * end. */
struct bw_dns_walk {
    size_t at;
    size_t done;
};
bool bw_dns_next(const struct bw_dns_message *message, struct bw_dns_walk *walk,
                 struct bw_dns_record *out);

/* Appends "example.com.\t60\tIN\tA\t192.0.2.1" as Go's miekg/dns prints it, which is what
 * blackbox_exporter's patterns are matched with; types that we do not know as RFC 3597 has them.
 * ASCII. False when the record's data is broken. */
bool bw_dns_print(const struct bw_dns_message *message, const struct bw_dns_record *record,
                  struct bw_buf *out);

/* Appends what comes behind the type only: "192.0.2.1". */
bool bw_dns_print_data(const struct bw_dns_message *message, const struct bw_dns_record *record,
                       struct bw_buf *out);

/* Appends the name at *at in presentation form and moves *at behind it, which may not be beyond
 * `end`. False when it is broken. */
bool bw_dns_print_name(const uint8_t *bytes, size_t end, size_t *at, struct bw_buf *out);

/* The serial number of a SOA record. */
bool bw_dns_serial(const struct bw_dns_message *message, const struct bw_dns_record *record,
                   uint32_t *out);

#endif
