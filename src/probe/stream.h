// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/stream.h: a connection for bytes both ways, with or without TLS from the first byte.
 *
 *     start --> connecting --> (handshake) --> open --> bytes, bytes, … --> closed
 *                   \______________\______________\____________________--> failed
 *
 * Each function it calls may free it, and says so by returning false. Loop thread. */
#ifndef PROBE_STREAM_H
#define PROBE_STREAM_H

#include "probe/tls.h"

struct bw_stream;

struct bw_stream_ops {
    bool (*opened)(void *ctx); /* connected, and the peer's certificate is good */
    bool (*bytes)(void *ctx, const char *bytes, size_t len);
    void (*closed)(void *ctx); /* the peer will send no more; the stream is to be freed */
    void (*failed)(void *ctx); /* the outcome says why; the same */
};

/* Phase TLS is entered here, CONNECT by the caller. `tls` is NULL, or a watch that is set up but
 * has not begun and lives as long as the stream. Nothing is called from inside. NULL with the
 * outcome set when it could not begin. */
struct bw_stream *bw_stream_start(struct bw_probe_engine *engine, const struct bw_address *address,
                                  uint16_t port, struct bw_tls_watch *tls,
                                  struct bw_probe_outcome *out, const struct bw_stream_ops *ops,
                                  void *ctx);

/* Sends what it can at once and the rest when the peer takes it. False: over, and `failed` is not
 * called, but the outcome says why; the caller frees the stream. Only once it is open. */
bool bw_stream_send(struct bw_stream *stream, const void *bytes, size_t len);

/* Closes the connection; NULL is fine. */
void bw_stream_free(struct bw_stream *stream);

#endif
