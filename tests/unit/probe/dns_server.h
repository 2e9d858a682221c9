// SPDX-License-Identifier: GPL-3.0-or-later
/* A name server on a loopback port, over UDP, whose answers a function of the test makes; and the
 * answers themselves. */
#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include "probe/dns_message.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct dns_reply {
    uint8_t bytes[8192];
    size_t len;
};

/* An answer to the query without records; `flags` on top of those of every answer. */
void dns_reply_begin(struct dns_reply *reply, const uint8_t *query, size_t len, unsigned flags);

/* A record about the name that was asked for, 60 seconds to live. */
void dns_reply_add(struct dns_reply *reply, enum bw_dns_section section, uint16_t type,
                   uint16_t rclass, const void *data, size_t len);
void dns_reply_add_edns(struct dns_reply *reply, uint32_t ttl);

struct dns_server;

/* Called for each query; sends with dns_server_send as often as it likes. */
typedef void dns_server_fn(struct dns_server *server, const uint8_t *query, size_t len);

struct dns_server {
    int fd;
    uint16_t port;
    dns_server_fn *play;
    void *ctx;
    atomic_int queries;
    uint8_t asker[128];
    unsigned asker_len;
    pthread_t thread;
};

void dns_server_start(struct dns_server *server, dns_server_fn *play, void *ctx);
void dns_server_stop(struct dns_server *server);
void dns_server_send(struct dns_server *server, const void *bytes, size_t len);

#endif
