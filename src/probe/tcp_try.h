// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/tcp_try.h: one try over a stream, for the files that make it up.
 *
 *     tcp_connect.c  name, address, connect --\                  /--> tcp.c        a dialogue, TLS
 *     unix.c         a path, connect ----------+--> the stream --+
 *     tls_file.c     a file (on a worker) -----/    (or a chain)  \--> tls_look.c  a verdict */
#ifndef PROBE_TCP_TRY_H
#define PROBE_TCP_TRY_H

#include "probe/stream.h"
#include "probe/tcp.h"
#include "probe/tls_look.h"

struct bw_probe_try {
    struct bw_probe_engine *engine;
    const struct bw_tcp_plan *plan;
    const struct bw_probe_target *target;
    struct bw_probe_outcome *out;
    bw_probe_try_done_fn *done;
    void *ctx;
    struct bw_tcp_target at;
    const char *path; /* of a file with certificates, in the target's text; or NULL */
    struct bw_lookup *lookup;
    struct bw_address address;
    bool has_address;
    struct bw_stream stream;
    struct bw_timer *again; /* to connect, where the peer's queue is full; or NULL */
    struct bw_tls_watch tls;
    struct bw_tls_look look;
    struct bw_tls_file *file; /* while it is read; or NULL */
    STACK_OF(X509) * filed;   /* what it had; or NULL */
    struct bw_dialogue dialogue;
    bool sending; /* dialogue.out is on its way */
    size_t sent;  /* bytes of it that are out */
};

/* What goes on over t->stream, which has the try as its owner. */
extern const struct bw_stream_ops bw_tcp_stream_ops;

/* A try that has not begun. */
struct bw_probe_try *bw_tcp_try_new(struct bw_probe_engine *engine, void *prepared,
                                    const struct bw_probe_target *target,
                                    struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                    void *ctx);

/* Looks the name of t->at up, and goes on from there. */
void bw_tcp_begin(struct bw_probe_try *t);

/* A peer over a Unix socket has been reached: who is it? */
void bw_unix_connected(struct bw_probe_try *t);

/* The certificates that were shown, leaf first; NULL: none. The try's. */
STACK_OF(X509) * bw_tcp_chain(const struct bw_probe_try *t);

/* The verdict on them, and the end. */
void bw_tcp_judge(struct bw_probe_try *t);

/* The last thing that is done to a try. */
void bw_tcp_end(struct bw_probe_try *t);

/* What kinds give as settle() and cancel(). */
void bw_tcp_settle(struct bw_probe_try *t);
void bw_tcp_cancel(struct bw_probe_try *t);

#endif
