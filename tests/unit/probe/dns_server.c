// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns_server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NAME_POINTER = 0xc00c };

static void put(struct dns_reply *reply, uint32_t value, size_t size)
{
    for (size_t i = size; i > 0; i--)
        reply->bytes[reply->len++] = (uint8_t)(value >> 8 * (i - 1));
}

void dns_reply_begin(struct dns_reply *reply, const uint8_t *query, size_t len, unsigned flags)
{
    memcpy(reply->bytes, query, len);
    reply->len = 2;
    put(reply, BW_DNS_QR | BW_DNS_RD | BW_DNS_RA | flags, 2);
    reply->len = len;
}

static void count(struct dns_reply *reply, enum bw_dns_section section)
{
    reply->bytes[7 + 2 * (size_t)section]++;
}

void dns_reply_add(struct dns_reply *reply, enum bw_dns_section section, uint16_t type,
                   uint16_t rclass, const void *data, size_t len)
{
    if (reply->len + 12 + len > sizeof reply->bytes)
        abort();
    count(reply, section);
    put(reply, NAME_POINTER, 2);
    put(reply, type, 2);
    put(reply, rclass, 2);
    put(reply, 60, 4);
    put(reply, (uint32_t)len, 2);
    memcpy(reply->bytes + reply->len, data, len);
    reply->len += len;
}

void dns_reply_add_edns(struct dns_reply *reply, uint32_t ttl)
{
    count(reply, BW_DNS_ADDITIONAL);
    put(reply, 0, 1);
    put(reply, 41, 2);
    put(reply, 1232, 2);
    put(reply, ttl, 4);
    put(reply, 0, 2);
}

void dns_server_send(struct dns_server *server, const void *bytes, size_t len)
{
    sendto(server->fd, bytes, len, 0, (struct sockaddr *)server->asker, server->asker_len);
}

/* A datagram of no bytes ends it. */
static void *serve(void *ctx)
{
    struct dns_server *server = ctx;
    for (;;) {
        uint8_t query[1024];
        server->asker_len = sizeof server->asker;
        const ssize_t got = recvfrom(server->fd, query, sizeof query, 0,
                                     (struct sockaddr *)server->asker, &server->asker_len);
        if (got <= 0)
            return NULL;
        atomic_fetch_add(&server->queries, 1);
        server->play(server, query, (size_t)got);
    }
}

void dns_server_start(struct dns_server *server, dns_server_fn *play, void *ctx)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    *server = (struct dns_server){ .play = play, .ctx = ctx };
    server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&at, len) != 0
        || getsockname(server->fd, (struct sockaddr *)&at, &len) != 0)
        abort();
    server->port = ntohs(at.sin_port);
    if (pthread_create(&server->thread, NULL, serve, server) != 0)
        abort();
}

void dns_server_stop(struct dns_server *server)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                              .sin_port = htons(server->port) };
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sendto(fd, "", 0, 0, (struct sockaddr *)&at, sizeof at);
    pthread_join(server->thread, NULL);
    close(fd);
    close(server->fd);
}
