// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/dns.h: the parts of the DNS probe: its plan, its verdict on an answer. */
#ifndef PROBE_DNS_H
#define PROBE_DNS_H

#include "probe/dns_message.h"
#include "probe/regex.h"
#include "probe/tls.h"

/* What records of one section are matched with, by the options' order. */
enum bw_dns_rule {
    BW_DNS_IF_MATCHES,
    BW_DNS_IF_ALL_MATCH,
    BW_DNS_IF_NOT_MATCHES,
    BW_DNS_IF_NONE_MATCHES,
    BW_DNS_RULES
};

struct bw_dns_plan {
    struct bw_dns_question question;
    char *query_name;
    char *query_text; /* all of it for people: "a.test IN A over UDP" */
    bool recurse;
    bool tcp; /* TLS is over TCP */
    bool tls;
    bool answer_changes;
    enum bw_ip_preference preference;
    bool fallback;
    bool has_source;
    struct bw_address source;
    unsigned *rcodes; /* NULL: NOERROR */
    size_t rcode_count;
    struct bw_regex_list patterns[BW_DNS_SECTIONS][BW_DNS_RULES];
    struct bw_tls_plan tls_plan;
};

void *bw_dns_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                     struct bw_err *err);
void bw_dns_release(void *prepared);

/* "host", "host:port", "::1", "[::1]:port"; without a port, `port` stays as it is. */
struct bw_dns_target {
    char host[254];
    uint16_t port; /* 0: the transport's */
};
enum bw_rc bw_dns_target_parse(const char *text, struct bw_dns_target *out, struct bw_err *err);

/* What an answer says, for the measures. */
struct bw_dns_findings {
    bool answered; /* there was an answer that could be read */
    unsigned rcode;
    uint16_t flags;
    size_t counts[BW_DNS_SECTIONS];
    bool has_serial;
    uint32_t serial;
    bool has_digest;
    uint64_t digest; /* of the answer section, in any order and whatever its TTLs are */
};

/* Reads the answer and judges it: the outcome fails when it is broken or not as the plan wants
 * it. NULL memory: there were no earlier runs. */
struct bw_dns_memory;
void bw_dns_judge(const struct bw_dns_plan *plan, const uint8_t *bytes, size_t len,
                  struct bw_dns_memory *memory, struct bw_dns_findings *out_findings,
                  struct bw_probe_outcome *out);

/* What the answer was, for the next run. */
struct bw_dns_memory *bw_dns_memory_new(void);
void bw_dns_memory_free(void *memory);

#endif
