// SPDX-License-Identifier: GPL-3.0-or-later
/* io/resolve.h: names to addresses on the loop (c-ares), never blocking it. /etc/hosts first,
 * then the name servers, with the search domains of /etc/resolv.conf. One lookup asks for
 * both families at once unless IPv4 is preferred. */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include "base/limits.h"
#include "io/loop.h"
#include "model/reason.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_resolver;
struct bw_lookup;

struct bw_address {
    int family; /* AF_INET or AF_INET6 */
    union {
        struct in_addr ip4;
        struct in6_addr ip6;
    };
    uint32_t scope; /* interface of a link-local IPv6 address, else 0 */
};

#define BW_ADDRESS_TEXT_MAX 64u

/* "10.0.0.1", "::1", "fe80::1%eth0", with or without [ ]; false for anything else. */
bool bw_address_parse(const char *text, struct bw_address *out);

/* Without brackets. */
void bw_address_format(char out[BW_ADDRESS_TEXT_MAX], const struct bw_address *address);

/* Fills in a socket address; returns its length. */
socklen_t bw_address_socket(const struct bw_address *address, uint16_t port,
                            struct sockaddr_storage *out);

/* Which family to take: as blackbox's preferred_ip_protocol. */
enum bw_ip_preference { BW_IP_ANY, BW_IP_4, BW_IP_6 };

struct bw_resolver_options {
    const char *servers; /* "192.0.2.1:53,[2001:db8::1]:53"; NULL: /etc/resolv.conf */
    int64_t try_ns;      /* patience for one question; 0: 1 s, and it doubles with each try */
    unsigned tries;      /* 0: 3 */
};

/* NULL with *err set when c-ares cannot start. `options` may be NULL. */
struct bw_resolver *bw_resolver_new(struct bw_loop *loop, const struct bw_resolver_options *options,
                                    struct bw_err *err);

/* Lookups that still run end with BW_REASON_DNS_FAILURE from inside this call; their done()
 * must not start new ones. NULL is fine. */
void bw_resolver_free(struct bw_resolver *resolver);

struct bw_lookup_result {
    enum bw_reason reason; /* NONE, DNS_NXDOMAIN, DNS_FAILURE, DNS_TIMEOUT or LOCAL_LIMIT */
    const struct bw_address *addresses; /* the preferred family first; empty on failure */
    size_t count;                       /* at most BW_RESOLVED_ADDRESSES_MAX */
    int64_t duration_ns;
    const char *detail; /* why it failed, in c-ares's words; "" on success */
};

/* Called exactly once per lookup that is not cancelled, never from inside bw_lookup_start. */
typedef void bw_lookup_done_fn(void *ctx, const struct bw_lookup_result *result);

struct bw_lookup_query {
    const char *name; /* a host name or a literal address */
    enum bw_ip_preference preference;
    bool fallback;      /* the other family will do when the preferred one has no address, or
                           none that this host has a route to */
    int64_t timeout_ns; /* for the whole lookup; 0: 10 s */
};

struct bw_lookup *bw_lookup_start(struct bw_resolver *resolver, const struct bw_lookup_query *query,
                                  bw_lookup_done_fn *done, void *ctx);

/* Ends the lookup; done() will not be called. */
void bw_lookup_cancel(struct bw_lookup *lookup);

#endif
