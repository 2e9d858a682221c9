// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/stream.h: one connection for bytes both ways, in the clear or, from any moment on, over
 * TLS: how it comes about and what can happen to it. What is said over it is its owner's.
 *
 *     connect --> connected() --+------------------------------------+--> ready(), ready(), …
 *                     \         +--> secure --> handshake --> secured()
 *                      \________________\_______________________________\--> failed()
 *
 * The owner reads and writes as far as it goes, and says what it waits for then. Each function that
 * is called may close the stream. Part of a try. Loop thread. */
#ifndef PROBE_STREAM_H
#define PROBE_STREAM_H

#include "probe/tls.h"
#include "probe/trail.h"

struct bw_stream_ops {
    void (*connected)(void *ctx);
    void (*secured)(void *ctx); /* the certificate is good, or the watch lenient; NULL: no TLS */
    void (*ready)(void *ctx);
    void (*failed)(void *ctx); /* the outcome says why */
    const char *where;         /* before what is said when it breaks: "in the dialogue: "; or "" */
};

enum bw_stream_state { BW_STREAM_CONNECTING, BW_STREAM_HANDSHAKING, BW_STREAM_OPEN };

/* Its owner sets what is borrowed, and fd to -1; the rest is zero at first. */
struct bw_stream {
    struct bw_loop *loop;
    struct bw_probe_outcome *out;
    const struct bw_stream_ops *ops;
    void *ctx;
    int fd; /* closed with the stream; -1: not there yet */
    enum bw_stream_state state;
    struct bw_poll *poll;
    struct bw_tls_watch *tls; /* borrowed */
    SSL_CTX *context;
    SSL *ssl; /* NULL: in the clear */
};

/* A socket to a peer, which a stream may not have reached yet, from a source address if there is
 * one. -1 with the outcome set. */
int bw_stream_socket(struct bw_probe_outcome *out, int type, const struct bw_trail_peer *peer,
                     const struct bw_address *source);

/* Begins to connect: the rest comes by the functions, never from inside. False with the outcome
 * set. Phases CONNECT and TLS are the caller's to enter. */
bool bw_stream_connect(struct bw_stream *stream, const struct bw_trail_peer *peer,
                       const struct bw_address *source);

/* The same with stream->fd, on which connect() has been called. */
bool bw_stream_begin(struct bw_stream *stream);

/* Begins a handshake, once only. `watch` is set up but has not begun, and lives as long as the
 * stream. May call secured() and failed() from inside. */
void bw_stream_secure(struct bw_stream *stream, struct bw_tls_watch *watch);

/* How far reading and writing went. */
enum bw_stream_io {
    BW_STREAM_DONE,
    BW_STREAM_READ = BW_POLL_READ,   /* it has to wait: for bytes, */
    BW_STREAM_WRITE = BW_POLL_WRITE, /* for room */
    BW_STREAM_CLOSED,                /* the peer will send no more */
    BW_STREAM_BROKEN,                /* the outcome says why; failed() is not called */
};

/* Reads what is there, at most `size` bytes. DONE: *out_len of them, more than none. */
enum bw_stream_io bw_stream_read(struct bw_stream *stream, void *bytes, size_t size,
                                 size_t *out_len);

/* Whether more can be read although the descriptor does not become readable: what OpenSSL has
 * decrypted already. */
bool bw_stream_has_more(const struct bw_stream *stream);

/* Writes from bytes + *sent on, and adds to it. DONE: all of it; never CLOSED. */
enum bw_stream_io bw_stream_write(struct bw_stream *stream, const void *bytes, size_t len,
                                  size_t *sent);

/* ready() is called when it can be read or written: BW_POLL_…, or READ or WRITE of the above. */
void bw_stream_wait(struct bw_stream *stream, unsigned events);

/* Closes the connection. What is not there is fine. */
void bw_stream_close(struct bw_stream *stream);

#endif
