// SPDX-License-Identifier: GPL-3.0-or-later
#include "peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_at(struct sockaddr *at, socklen_t len)
{
    int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, at, len) != 0 || listen(fd, 512) != 0 || getsockname(fd, at, &len) != 0)
        abort();
    return fd;
}

static int listen_on_loopback(uint16_t *out_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = listen_at((struct sockaddr *)&at, sizeof at);
    *out_port = ntohs(at.sin_port);
    return fd;
}

static int listen_on_loopback6(uint16_t *out_port)
{
    struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = listen_at((struct sockaddr *)&at, sizeof at);
    *out_port = ntohs(at.sin6_port);
    return fd;
}

uint16_t peer_closed_port(void)
{
    uint16_t port;
    close(listen_on_loopback(&port));
    return port;
}

bool peer_say_bytes(struct peer_talk *talk, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t put = talk->ssl != NULL ? SSL_write(talk->ssl, at, (int)len)
                                        : send(talk->fd, at, len, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        at += put;
        len -= (size_t)put;
    }
    return true;
}

bool peer_say(struct peer_talk *talk, const char *text)
{
    return peer_say_bytes(talk, text, strlen(text));
}

bool peer_hear(struct peer_talk *talk, const char *end)
{
    char heard[8192] = "";
    size_t len = 0;
    while (strstr(heard, end) == NULL && len < sizeof heard - 1) {
        ssize_t got = talk->ssl != NULL
                          ? SSL_read(talk->ssl, heard + len, (int)(sizeof heard - 1 - len))
                          : recv(talk->fd, heard + len, sizeof heard - 1 - len, 0);
        if (got <= 0)
            return false;
        len += (size_t)got;
        heard[len] = '\0';
    }
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    memcpy(talk->peer->heard, heard, sizeof heard);
    pthread_mutex_unlock(&lock);
    return true;
}

void peer_answer(struct peer_talk *talk, const char *text)
{
    if (peer_hear(talk, "\r\n\r\n"))
        peer_say(talk, text);
}

void peer_wait(struct peer_talk *talk)
{
    char bytes[4096];
    while (recv(talk->fd, bytes, sizeof bytes, 0) > 0) {
    }
}

static void *play(void *ctx)
{
    struct peer_talk *talk = ctx;
    bool ready = true;
    if (talk->peer->tls != NULL) {
        talk->ssl = SSL_new(talk->peer->tls);
        SSL_set_fd(talk->ssl, talk->fd);
        ready = SSL_accept(talk->ssl) == 1;
    }
    if (ready)
        talk->peer->play(talk);
    if (talk->ssl != NULL) {
        SSL_shutdown(talk->ssl);
        SSL_free(talk->ssl);
    }
    close(talk->fd);
    free(talk);
    return NULL;
}

static void *accept_all(void *ctx)
{
    struct peer *peer = ctx;
    for (;;) {
        struct pollfd fds[] = { { .fd = peer->fd, .events = POLLIN },
                                { .fd = peer->quit[0], .events = POLLIN } };
        poll(fds, 2, -1);
        if (fds[1].revents != 0)
            return NULL;
        int number = atomic_load(&peer->count);
        int fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 || number == PEER_TALKS_MAX)
            abort();
        struct peer_talk *talk = calloc(1, sizeof *talk);
        *talk = (struct peer_talk){ .peer = peer, .fd = fd, .number = number };
        /* Before it says a word: who has its answer asks how many there were. */
        atomic_fetch_add(&peer->count, 1);
        if (pthread_create(&peer->talks[number], NULL, play, talk) != 0)
            abort();
    }
}

static void prepare(struct peer *peer, peer_fn *fn, SSL_CTX *tls)
{
    memset(peer, 0, sizeof *peer);
    peer->play = fn;
    peer->tls = tls;
}

static void start(struct peer *peer)
{
    if (pipe(peer->quit) != 0 || pthread_create(&peer->thread, NULL, accept_all, peer) != 0)
        abort();
}

void peer_start(struct peer *peer, peer_fn *fn, SSL_CTX *tls)
{
    prepare(peer, fn, tls);
    peer->fd = listen_on_loopback(&peer->port);
    start(peer);
}

void peer_start6(struct peer *peer, peer_fn *fn)
{
    prepare(peer, fn, NULL);
    peer->fd = listen_on_loopback6(&peer->port);
    start(peer);
}

int peer_hold(uint32_t number, uint16_t *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons(*port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK + number) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        abort();
    if (bind(fd, (struct sockaddr *)&at, len) != 0) {
        close(fd);
        return -1;
    }
    getsockname(fd, (struct sockaddr *)&at, &len);
    *port = ntohs(at.sin_port);
    return fd;
}

void peer_start_on(struct peer *peer, peer_fn *fn, int fd)
{
    prepare(peer, fn, NULL);
    peer->fd = fd;
    if (listen(fd, 512) != 0)
        abort();
    start(peer);
}

bool peer_has_ip6(void)
{
    struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return has;
}

void peer_stop(struct peer *peer)
{
    close(peer->quit[1]);
    pthread_join(peer->thread, NULL);
    for (int i = 0; i < atomic_load(&peer->count); i++)
        pthread_join(peer->talks[i], NULL);
    close(peer->quit[0]);
    close(peer->fd);
}
