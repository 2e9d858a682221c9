// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_wire.h: one HTTP/1 request in the clear and its answer: most of what a monitor asks.
 * With one system call for each thing that has to happen it costs half of what libcurl takes,
 * which serves all the rest: TLS, HTTP/2, compressed bodies.
 *
 *     start --> connecting --> sending --> reading --> done(end)
 *                                 ^
 *     start on a kept connection -+
 *
 * Loop thread. */
#ifndef PROBE_HTTP_WIRE_H
#define PROBE_HTTP_WIRE_H

#include "io/loop.h"
#include "io/resolve.h"
#include "model/reason.h"
#include "probe/http_parse.h"

struct bw_http_wire;

struct bw_http_wire_end {
    enum bw_reason reason; /* NONE: the answer is complete, or a function has refused it */
    const char *text;
    bool stale; /* a kept connection that was dead: nothing of an answer came, ask on a new one */
};

struct bw_http_wire_ops {
    /* Nothing of the request has been sent; false refuses, unless it is a kept connection. */
    bool (*connected)(void *ctx);
    bw_http_line_fn *line;
    bw_http_bytes_fn *body;
    void (*done)(void *ctx, const struct bw_http_wire_end *end); /* the last; frees the wire */
};

struct bw_http_wire_way {
    const struct bw_address *address;
    uint16_t port;
    const struct bw_address *source; /* of ours; or NULL: any */
    struct bw_poll *kept; /* NULL, or a connection that bw_http_wire_detach() gave: it is taken */
};

/* Takes the request: an empty buffer is left behind. done() is not called from inside. NULL with
 * *out_end set when it could not begin. */
struct bw_http_wire *bw_http_wire_start(struct bw_loop *loop, const struct bw_http_wire_way *way,
                                        struct bw_buf *request, bool head_only,
                                        const struct bw_http_wire_ops *ops, void *ctx,
                                        struct bw_http_wire_end *out_end);

/* From inside done(), after a complete answer: the connection, if it may serve again, in which case
 * it is the caller's; else NULL. */
struct bw_poll *bw_http_wire_detach(struct bw_http_wire *wire);

/* Closes the connection; NULL is fine. */
void bw_http_wire_free(struct bw_http_wire *wire);

#endif
