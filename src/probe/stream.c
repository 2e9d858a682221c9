// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/stream.h"

#include "io/socket.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void bw_stream_close(struct bw_stream *s)
{
    if (s->context != NULL) {
        SSL_free(s->ssl);
        SSL_CTX_free(s->context);
        ERR_clear_error();
    }
    if (s->poll != NULL)
        bw_poll_close(s->poll);
    else if (s->fd >= 0)
        close(s->fd);
    s->context = NULL;
    s->ssl = NULL;
    s->poll = NULL;
    s->fd = -1;
}

/* ---- bytes in and out ---- */

static enum bw_stream_io broken(struct bw_stream *s, int error)
{
    const bool reset = error == ECONNRESET || error == EPIPE;
    const bool handshake = s->state == BW_STREAM_HANDSHAKING;
    bw_probe_fail(s->out, handshake ? BW_REASON_TLS_HANDSHAKE : BW_REASON_CONNECTION_CLOSED, "%s%s",
                  handshake ? "in the TLS handshake: " : s->ops->where,
                  reset ? "the peer reset the connection" : strerror(error));
    return BW_STREAM_BROKEN;
}

static enum bw_stream_io tls_fault(struct bw_stream *s)
{
    const unsigned long code = ERR_get_error();
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return BW_STREAM_CLOSED;
    const char *why = ERR_reason_error_string(code);
    bw_probe_fail(s->out, BW_REASON_TLS_HANDSHAKE, "TLS: %s", why != NULL ? why : "failed");
    return BW_STREAM_BROKEN;
}

static enum bw_stream_io tls_state(struct bw_stream *s, int result)
{
    const int saved = errno;
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return BW_STREAM_READ;
    case SSL_ERROR_WANT_WRITE:
        return BW_STREAM_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return BW_STREAM_CLOSED;
    case SSL_ERROR_SYSCALL:
        return saved != 0 ? broken(s, saved) : BW_STREAM_CLOSED;
    default:
        return tls_fault(s);
    }
}

static enum bw_stream_io plain_state(struct bw_stream *s, enum bw_stream_io would_block)
{
    return errno == EAGAIN || errno == EINTR ? would_block : broken(s, errno);
}

enum bw_stream_io bw_stream_read(struct bw_stream *s, void *bytes, size_t size, size_t *out_len)
{
    ssize_t got;
    errno = 0;
    if (s->ssl != NULL) {
        ERR_clear_error();
        got = SSL_read(s->ssl, bytes, (int)size);
    } else {
        got = recv(s->fd, bytes, size, 0);
    }
    *out_len = got > 0 ? (size_t)got : 0;
    if (got > 0)
        return BW_STREAM_DONE;
    if (s->ssl != NULL)
        return tls_state(s, (int)got);
    return got == 0 ? BW_STREAM_CLOSED : plain_state(s, BW_STREAM_READ);
}

bool bw_stream_has_more(const struct bw_stream *s)
{
    return s->ssl != NULL && SSL_pending(s->ssl) > 0;
}

/* One go of it; never CLOSED. */
static enum bw_stream_io put(struct bw_stream *s, const char *bytes, size_t len, size_t *sent)
{
    ssize_t got;
    errno = 0;
    if (s->ssl != NULL) {
        ERR_clear_error();
        got = SSL_write(s->ssl, bytes, (int)len);
    } else {
        got = send(s->fd, bytes, len, MSG_NOSIGNAL);
    }
    if (got > 0) {
        *sent += (size_t)got;
        return BW_STREAM_DONE;
    }
    if (s->ssl == NULL)
        return plain_state(s, BW_STREAM_WRITE);
    const enum bw_stream_io io = tls_state(s, (int)got);
    return io == BW_STREAM_CLOSED ? broken(s, EPIPE) : io;
}

enum bw_stream_io bw_stream_write(struct bw_stream *s, const void *bytes, size_t len, size_t *sent)
{
    enum bw_stream_io io = BW_STREAM_DONE;
    while (*sent < len && io == BW_STREAM_DONE)
        io = put(s, (const char *)bytes + *sent, len - *sent, sent);
    return io;
}

void bw_stream_wait(struct bw_stream *s, unsigned events)
{
    bw_poll_start(s->poll, events);
}

/* ---- TLS ---- */

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
    if (s->tls->lenient) /* who looks at certificates looks at all that is said of them */
        SSL_set_tlsext_status_type(s->ssl, TLSEXT_STATUSTYPE_ocsp);
    SSL_set_mode(s->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_connect_state(s->ssl);
    return true;
}

static void shake_hands(struct bw_stream *s)
{
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(s->ssl);
    const enum bw_stream_io io = result == 1 ? BW_STREAM_DONE : tls_state(s, result);
    if (io == BW_STREAM_READ || io == BW_STREAM_WRITE) {
        bw_stream_wait(s, io);
        return;
    }
    const enum bw_reason verdict = s->tls->lenient ? BW_REASON_NONE : bw_tls_reason(s->tls);
    if (io == BW_STREAM_CLOSED)
        bw_probe_fail(s->out, BW_REASON_TLS_HANDSHAKE, "closed in the TLS handshake");
    else if (io == BW_STREAM_DONE && verdict != BW_REASON_NONE)
        bw_probe_fail(s->out, verdict, "%s", bw_tls_error_text(s->tls));
    if (io == BW_STREAM_DONE)
        s->state = BW_STREAM_OPEN;
    if (io == BW_STREAM_DONE && verdict == BW_REASON_NONE)
        s->ops->secured(s->ctx);
    else
        s->ops->failed(s->ctx);
}

void bw_stream_secure(struct bw_stream *s, struct bw_tls_watch *watch)
{
    const bool first = s->ssl == NULL;
    s->state = BW_STREAM_HANDSHAKING;
    s->tls = first ? watch : s->tls;
    if (first && make_tls(s)) {
        shake_hands(s);
        return;
    }
    bw_probe_fail(s->out, BW_REASON_INTERNAL, "TLS cannot be started");
    s->ops->failed(s->ctx);
}

/* ---- connecting ---- */

static void on_connected(struct bw_stream *s, unsigned events)
{
    const int error = bw_socket_error(s->fd, events);
    if (error == 0) {
        s->state = BW_STREAM_OPEN;
        s->ops->connected(s->ctx);
        return;
    }
    bw_probe_fail(s->out, bw_probe_errno_reason(error), "%s", strerror(error));
    s->ops->failed(s->ctx);
}

static void on_ready(void *ctx, unsigned events)
{
    struct bw_stream *s = ctx;
    if (s->state == BW_STREAM_CONNECTING)
        on_connected(s, events);
    else if (s->state == BW_STREAM_HANDSHAKING)
        shake_hands(s);
    else
        s->ops->ready(s->ctx);
}

static int fail_with(struct bw_probe_outcome *out, int fd, int error)
{
    bw_probe_fail(out, bw_probe_errno_reason(error), "%s", strerror(error));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* False with the outcome set. */
static bool come_from(struct bw_probe_outcome *out, int fd, const struct bw_address *source,
                      int family)
{
    struct sockaddr_storage from;
    const socklen_t len = bw_address_socket(source, 0, &from);
    if (source->family == family && bind(fd, (struct sockaddr *)&from, len) == 0)
        return true;
    bw_probe_fail(out, BW_REASON_CONNECT_FAILED, "source_ip_address: %s",
                  source->family == family ? strerror(errno) : "of another family");
    return false;
}

int bw_stream_socket(struct bw_probe_outcome *out, int type, const struct bw_trail_peer *peer,
                     const struct bw_address *source)
{
    struct sockaddr_storage to;
    const socklen_t len = bw_address_socket(&peer->address, peer->port, &to);
    const int fd = bw_socket_open(peer->address.family, type | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_with(out, fd, errno);
    if (source != NULL && !come_from(out, fd, source, peer->address.family)) {
        close(fd);
        return -1;
    }
    if (connect(fd, (struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS)
        return fail_with(out, fd, errno);
    return fd;
}

bool bw_stream_begin(struct bw_stream *s)
{
    struct bw_err err;
    s->poll = bw_poll_open(s->loop, s->fd, BW_POLL_WRITE, on_ready, s, &err);
    if (s->poll == NULL)
        bw_probe_fail(s->out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
    return s->poll != NULL;
}

bool bw_stream_connect(struct bw_stream *s, const struct bw_trail_peer *peer,
                       const struct bw_address *source)
{
    s->fd = bw_stream_socket(s->out, SOCK_STREAM, peer, source);
    return s->fd >= 0 && bw_stream_begin(s);
}
