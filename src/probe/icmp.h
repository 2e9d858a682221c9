// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/icmp.h: echo requests out and replies in, over one socket per address family that all ICMP
 * probes share.
 *
 *     try --bw_icmp_send--> socket ... reply or error --> echo->heard()
 *         --bw_icmp_forget--> late replies are nobody's
 *
 * Requests with a source address of their own have a socket that is bound to it. (To ask for it
 * with each message is not enough: Linux does not listen to that for datagrams over IPv6.)
 *
 * The socket is an unprivileged datagram one where net.ipv4.ping_group_range allows it, else a
 * raw one, which needs CAP_NET_RAW. It is opened when the first probe needs it; while it cannot
 * be, every probe tries again, so that permission given later needs no restart. */
#ifndef PROBE_ICMP_H
#define PROBE_ICMP_H

#include "probe/engine.h"
#include "probe/icmp_packet.h"

struct bw_icmp;
struct bw_icmp_echo;
struct bw_icmp_outlet;

struct bw_icmp_event {
    int64_t rtt_ns;                   /* of a reply */
    int hop_limit;                    /* of a reply, -1: not told */
    const char *error;                /* NULL for a reply; else what came instead of one */
    const struct bw_address *said_by; /* of an error: who sent it; NULL: this host */
};

/* The echo is not waiting any more. */
typedef void bw_icmp_heard_fn(void *ctx, struct bw_icmp_echo *echo,
                              const struct bw_icmp_event *event);

/* One request on its way; the caller's memory, which stays until it was heard or forgotten. */
struct bw_icmp_echo {
    struct bw_icmp_packet packet;
    struct bw_address to;
    size_t bytes;    /* with the ICMP header; a reply has as many, as far as can be seen */
    int64_t sent_ns; /* monotonic */
    bw_icmp_heard_fn *heard;
    void *ctx;
    struct bw_icmp_outlet *outlet; /* while it waits, else NULL */
    struct bw_icmp_echo *next;     /* in its bucket */
};

struct bw_icmp_how {
    size_t payload_bytes;
    bool dont_fragment;
    int hop_limit;                   /* 0: the system's */
    const struct bw_address *source; /* of the target's family; NULL: the system's choice */
};

struct bw_icmp *bw_icmp_new(struct bw_loop *loop);
void bw_icmp_free(struct bw_icmp *icmp);

/* The engine's own, made when first asked for. */
struct bw_icmp *bw_engine_icmp(struct bw_probe_engine *engine);

/* Opens the socket of a family and a source of that family (NULL: none) unless it is open. False
 * with *out_reason and *err set when there can be none. */
bool bw_icmp_open(struct bw_icmp *icmp, int family, const struct bw_address *source,
                  enum bw_reason *out_reason, struct bw_err *err);

/* Sends a request to `to` over the open socket of its family and how->source; `to`, `heard` and
 * `ctx` of the echo are set. heard() is never called from inside. Returns 0 or an errno. */
int bw_icmp_send(struct bw_icmp *icmp, struct bw_icmp_echo *echo, const struct bw_icmp_how *how);

/* heard() will not be called. */
void bw_icmp_forget(struct bw_icmp_echo *echo);

#endif
