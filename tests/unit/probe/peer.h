// SPDX-License-Identifier: GPL-3.0-or-later
/* A server on a loopback port whose every connection is played by a function of the test, in a
 * thread of its own. */
#ifndef PEER_H
#define PEER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct peer_talk;
typedef void peer_fn(struct peer_talk *talk);

enum { PEER_TALKS_MAX = 300 };

struct peer {
    int fd;
    int quit[2];
    uint16_t port;
    peer_fn *play;
    _Atomic(SSL_CTX *) tls; /* NULL: in the clear; another one counts from the next connection on */
    pthread_t thread;
    pthread_t talks[PEER_TALKS_MAX];
    atomic_int count; /* connections so far */
    char heard[8192]; /* what the last one said; read it after peer_stop */
};

struct peer_talk {
    struct peer *peer;
    int fd;
    SSL *ssl;
    int number; /* 0, 1, … */
};

void peer_start(struct peer *peer, peer_fn *play, SSL_CTX *tls);
void peer_start6(struct peer *peer, peer_fn *play); /* on [::1] */
bool peer_has_ip6(void);

/* A port (0: any) of 127.0.0.1, or of so many addresses on, that nobody listens on and nobody else
 * can take; -1: it is taken. */
int peer_hold(uint32_t number, uint16_t *port);

/* On a port that is held; takes the descriptor. */
void peer_start_on(struct peer *peer, peer_fn *play, int fd);

void peer_stop(struct peer *peer);

/* False when the other side is gone. */
bool peer_say(struct peer_talk *talk, const char *text);
bool peer_say_bytes(struct peer_talk *talk, const void *bytes, size_t len);

/* Reads until `end` was heard, into peer->heard. */
bool peer_hear(struct peer_talk *talk, const char *end);

/* Says it after a request, whatever that was; a body may still come. */
void peer_answer(struct peer_talk *talk, const char *text);

/* Waits until the other side closes. */
void peer_wait(struct peer_talk *talk);

/* A port that nobody listens on. */
uint16_t peer_closed_port(void);

#endif
