// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/stream.h"

#include "base/buf.h"
#include "base/mem.h"
#include "io/socket.h"
#include "probe/trail.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 16384, OUT_BYTES_MAX = 256 << 10 };

enum state { CONNECTING, HANDSHAKING, OPEN };

struct bw_stream {
    struct bw_probe_engine *engine;
    struct bw_probe_outcome *out;
    const struct bw_stream_ops *ops;
    void *ctx;
    enum state state;
    int fd;
    struct bw_poll *poll;
    struct bw_tls_watch *tls;
    SSL_CTX *context;
    SSL *ssl;
    struct bw_buf rest; /* what is not sent yet */
};

void bw_stream_free(struct bw_stream *s)
{
    if (s == NULL)
        return;
    if (s->context != NULL) {
        SSL_free(s->ssl);
        SSL_CTX_free(s->context);
        ERR_clear_error();
    }
    if (s->poll != NULL)
        bw_poll_close(s->poll);
    else if (s->fd >= 0)
        close(s->fd);
    bw_buf_fini(&s->rest);
    free(s);
}

/* ---- bytes in and out ---- */

enum io { IO_DONE, IO_READ, IO_WRITE, IO_CLOSED, IO_BROKEN };

static enum io broken(struct bw_stream *s, int error)
{
    const bool reset = error == ECONNRESET || error == EPIPE;
    const bool handshake = s->state == HANDSHAKING;
    bw_probe_fail(s->out, handshake ? BW_REASON_TLS_HANDSHAKE : BW_REASON_CONNECTION_CLOSED, "%s%s",
                  handshake ? "in the TLS handshake: " : "",
                  reset ? "the peer reset the connection" : strerror(error));
    return IO_BROKEN;
}

static enum io tls_state(struct bw_stream *s, int result)
{
    const int saved = errno;
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return IO_READ;
    case SSL_ERROR_WANT_WRITE:
        return IO_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return IO_CLOSED;
    case SSL_ERROR_SYSCALL:
        return saved != 0 ? broken(s, saved) : IO_CLOSED;
    default:
        break;
    }
    const unsigned long code = ERR_get_error();
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return IO_CLOSED;
    const char *why = ERR_reason_error_string(code);
    bw_probe_fail(s->out, BW_REASON_TLS_HANDSHAKE, "TLS: %s", why != NULL ? why : "failed");
    return IO_BROKEN;
}

static enum io plain_state(struct bw_stream *s, enum io would_block)
{
    return errno == EAGAIN || errno == EINTR ? would_block : broken(s, errno);
}

static enum io transmit(struct bw_stream *s)
{
    size_t sent = 0;
    enum io io = IO_DONE;
    while (sent < s->rest.len && io == IO_DONE) {
        const char *bytes = s->rest.data + sent;
        const size_t len = s->rest.len - sent;
        ERR_clear_error();
        errno = 0;
        const ssize_t put = s->ssl != NULL ? SSL_write(s->ssl, bytes, (int)len)
                                           : send(s->fd, bytes, len, MSG_NOSIGNAL);
        if (put > 0)
            sent += (size_t)put;
        else
            io = s->ssl != NULL ? tls_state(s, (int)put) : plain_state(s, IO_WRITE);
    }
    if (sent > 0) {
        memmove(s->rest.data, s->rest.data + sent, s->rest.len - sent);
        s->rest.len -= sent;
    }
    return io;
}

static enum io receive(struct bw_stream *s, char bytes[READ_BYTES], size_t *out_len)
{
    ERR_clear_error();
    errno = 0;
    const ssize_t got =
        s->ssl != NULL ? SSL_read(s->ssl, bytes, READ_BYTES) : recv(s->fd, bytes, READ_BYTES, 0);
    *out_len = got > 0 ? (size_t)got : 0;
    if (got > 0)
        return IO_DONE;
    if (s->ssl != NULL)
        return tls_state(s, (int)got);
    return got == 0 ? IO_CLOSED : plain_state(s, IO_READ);
}

static void watch(struct bw_stream *s, enum io io)
{
    const bool writes = io == IO_WRITE || s->rest.len > 0;
    const bool reads = s->state == OPEN || io == IO_READ;
    bw_poll_start(s->poll,
                  (reads ? (unsigned)BW_POLL_READ : 0) | (writes ? (unsigned)BW_POLL_WRITE : 0));
}

bool bw_stream_send(struct bw_stream *s, const void *bytes, size_t len)
{
    bw_buf_bytes(&s->rest, bytes, len);
    if (bw_buf_failed(&s->rest)) {
        bw_probe_fail(s->out, BW_REASON_CONNECTION_CLOSED, "the peer does not take what we say");
        return false;
    }
    const enum io io = transmit(s);
    if (io == IO_CLOSED)
        broken(s, EPIPE);
    if (io == IO_CLOSED || io == IO_BROKEN)
        return false;
    watch(s, io);
    return true;
}

/* One read a turn: a peer that floods us must not keep the loop to itself. What OpenSSL has
 * decrypted already is no reason for the descriptor to become readable, so that is read on. */
static void talk(struct bw_stream *s)
{
    char bytes[READ_BYTES];
    size_t len;
    enum io io = transmit(s);
    if (io != IO_BROKEN) {
        do {
            io = receive(s, bytes, &len);
            if (io == IO_DONE && !s->ops->bytes(s->ctx, bytes, len))
                return;
        } while (io == IO_DONE && s->ssl != NULL && SSL_pending(s->ssl) > 0);
    }
    if (io == IO_BROKEN)
        s->ops->failed(s->ctx);
    else if (io == IO_CLOSED)
        s->ops->closed(s->ctx);
    else
        watch(s, io);
}

/* ---- TLS ---- */

static void open_up(struct bw_stream *s)
{
    s->state = OPEN;
    watch(s, IO_READ);
    s->ops->opened(s->ctx);
}

static bool make_tls(struct bw_stream *s)
{
    struct bw_address literal;
    s->context = SSL_CTX_new(TLS_client_method());
    if (s->context == NULL || !bw_tls_watch_begin(s->tls, s->context))
        return false;
    s->ssl = SSL_new(s->context);
    if (s->ssl == NULL || SSL_set_fd(s->ssl, s->fd) != 1)
        return false;
    if (!bw_address_parse(s->tls->name, &literal))
        SSL_set_tlsext_host_name(s->ssl, s->tls->name);
    SSL_set_mode(s->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_connect_state(s->ssl);
    return true;
}

static void handshake(struct bw_stream *s)
{
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(s->ssl);
    const enum io io = result == 1 ? IO_DONE : tls_state(s, result);
    if (io == IO_READ || io == IO_WRITE) {
        watch(s, io);
        return;
    }
    if (io == IO_CLOSED)
        bw_probe_fail(s->out, BW_REASON_TLS_HANDSHAKE, "closed in the TLS handshake");
    else if (io == IO_DONE && bw_tls_reason(s->tls) != BW_REASON_NONE)
        bw_probe_fail(s->out, bw_tls_reason(s->tls), "%s", bw_tls_error_text(s->tls));
    if (s->out->reason == BW_REASON_NONE)
        open_up(s);
    else
        s->ops->failed(s->ctx);
}

static void begin_tls(struct bw_stream *s)
{
    s->state = HANDSHAKING;
    bw_probe_enter(s->out, BW_PHASE_TLS);
    if (make_tls(s)) {
        handshake(s);
        return;
    }
    bw_probe_fail(s->out, BW_REASON_INTERNAL, "TLS cannot be started");
    s->ops->failed(s->ctx);
}

/* ---- connecting ---- */

static void on_connected(struct bw_stream *s)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        bw_probe_fail(s->out, bw_probe_errno_reason(error), "%s", strerror(error));
        s->ops->failed(s->ctx);
    } else if (s->tls != NULL) {
        begin_tls(s);
    } else {
        open_up(s);
    }
}

static void on_ready(void *ctx, unsigned events)
{
    (void)events;
    struct bw_stream *s = ctx;
    if (s->state == CONNECTING)
        on_connected(s);
    else if (s->state == HANDSHAKING)
        handshake(s);
    else
        talk(s);
}

static bool connect_to(struct bw_stream *s, const struct bw_address *address, uint16_t port)
{
    struct sockaddr_storage to;
    struct bw_err err;
    const socklen_t len = bw_address_socket(address, port, &to);
    s->fd = bw_socket_open(address->family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (s->fd < 0 || (connect(s->fd, (struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS)) {
        const int error = errno;
        bw_probe_fail(s->out, bw_probe_errno_reason(error), "%s", strerror(error));
        return false;
    }
    s->poll = bw_poll_open(s->engine->loop, s->fd, BW_POLL_WRITE, on_ready, s, &err);
    if (s->poll == NULL)
        bw_probe_fail(s->out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
    return s->poll != NULL;
}

struct bw_stream *bw_stream_start(struct bw_probe_engine *engine, const struct bw_address *address,
                                  uint16_t port, struct bw_tls_watch *tls,
                                  struct bw_probe_outcome *out, const struct bw_stream_ops *ops,
                                  void *ctx)
{
    const struct bw_trail_peer peer = { *address, port };
    bw_trail_add(out, BW_TRAIL_CONNECT, &peer, sizeof peer);
    struct bw_stream *s = bw_alloc(sizeof *s);
    *s = (struct bw_stream){
        .engine = engine, .out = out, .ops = ops, .ctx = ctx, .fd = -1, .tls = tls
    };
    bw_buf_init(&s->rest, OUT_BYTES_MAX);
    if (connect_to(s, address, port))
        return s;
    bw_stream_free(s);
    return NULL;
}
