// SPDX-License-Identifier: GPL-3.0-or-later
/* What goes on over a stream: it may speak TLS, may hold a dialogue. Kinds tcp, unix and tls. */
#include "probe/tcp_try.h"

#include "probe/trail.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 16384 };

void bw_tcp_cancel(struct bw_probe_try *t)
{
    bw_lookup_cancel(t->lookup);
    bw_tls_file_cancel(t->file);
    bw_timer_free(t->again);
    if (t->context != NULL) {
        SSL_free(t->ssl);
        SSL_CTX_free(t->context);
        ERR_clear_error();
    }
    if (t->poll != NULL)
        bw_poll_close(t->poll);
    else if (t->fd >= 0)
        close(t->fd);
    sk_X509_pop_free(t->filed, X509_free);
    bw_dialogue_fini(&t->dialogue);
    free(t);
}

/* What is not in the notes yet. */
static void tell(const struct bw_probe_try *t)
{
    const struct bw_buf *rest = &t->dialogue.in;
    if (t->ssl != NULL || t->path != NULL)
        bw_tls_tell(&t->tls);
    if (t->plan->looks)
        bw_tls_look_tell(&t->look, t->out, bw_tcp_chain(t));
    if (rest->len == 0)
        return;
    bw_trail_say(t->out, "heard besides:");
    bw_trail_add(t->out, BW_TRAIL_HEARD, rest->data, rest->len);
}

static void measure_dialogue(const struct bw_probe_try *t)
{
    struct bw_measures *measures = t->out->measures;
    bw_measures_add(measures, BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, t->dialogue.regex_failed, NULL);
    bw_measures_add(measures, BW_METRIC_PROBE_FAILED_DUE_TO_BYTES, t->dialogue.bytes_failed, NULL);
}

void bw_tcp_settle(struct bw_probe_try *t)
{
    const bool by_name = !t->plan->local && t->path == NULL;
    if (by_name)
        bw_probe_measure_lookup(t->out);
    if (by_name && t->state != BW_TCP_RESOLVING)
        bw_probe_measure_address(t->out, &t->address);
    if (!t->plan->looks || t->plan->step_count > 0)
        measure_dialogue(t);
    if (t->ssl != NULL || t->path != NULL)
        bw_tls_measure(&t->tls);
    if (t->plan->looks)
        bw_tls_look_measure(&t->look, &t->tls, bw_tcp_chain(t));
    if (bw_trail_is_wanted(t->out))
        tell(t);
}

/* The last thing that is done to a try. */
void bw_tcp_end(struct bw_probe_try *t)
{
    bw_probe_try_done_fn *done = t->done;
    void *ctx = t->ctx;
    bw_probe_leave(t->out);
    bw_tcp_settle(t);
    bw_tcp_cancel(t);
    done(ctx);
}

static void end_broken(struct bw_probe_try *t, int error)
{
    bool reset = error == ECONNRESET || error == EPIPE;
    bw_probe_fail(
        t->out,
        t->state == BW_TCP_HANDSHAKING ? BW_REASON_TLS_HANDSHAKE : BW_REASON_CONNECTION_CLOSED,
        "%s: %s", t->state == BW_TCP_HANDSHAKING ? "in the TLS handshake" : "in the dialogue",
        reset ? "the peer reset the connection" : strerror(error));
    bw_tcp_end(t);
}

/* ---- bytes in and out, with or without TLS ---- */

enum io { IO_DONE, IO_READ, IO_WRITE, IO_CLOSED, IO_ENDED };

static enum io tls_state(struct bw_probe_try *t, int result)
{
    int saved = errno;
    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return IO_READ;
    case SSL_ERROR_WANT_WRITE:
        return IO_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return IO_CLOSED;
    case SSL_ERROR_SYSCALL:
        if (saved != 0) {
            end_broken(t, saved);
            return IO_ENDED;
        }
        return IO_CLOSED;
    default:
        break;
    }
    unsigned long code = ERR_get_error();
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return IO_CLOSED;
    const char *why = ERR_reason_error_string(code);
    bw_probe_fail(t->out, BW_REASON_TLS_HANDSHAKE, "TLS: %s", why != NULL ? why : "failed");
    bw_tcp_end(t);
    return IO_ENDED;
}

static enum io plain_state(struct bw_probe_try *t, enum io would_block)
{
    if (errno == EAGAIN || errno == EINTR)
        return would_block;
    end_broken(t, errno);
    return IO_ENDED;
}

static enum io receive(struct bw_probe_try *t)
{
    char bytes[READ_BYTES];
    ERR_clear_error();
    errno = 0;
    ssize_t got = t->ssl != NULL ? SSL_read(t->ssl, bytes, sizeof bytes)
                                 : recv(t->fd, bytes, sizeof bytes, 0);
    if (got > 0) {
        bw_dialogue_feed(&t->dialogue, bytes, (size_t)got);
        return IO_DONE;
    }
    if (t->ssl != NULL)
        return tls_state(t, (int)got);
    return got == 0 ? IO_CLOSED : plain_state(t, IO_READ);
}

static enum io transmit(struct bw_probe_try *t)
{
    const struct bw_buf *out = &t->dialogue.out;
    while (t->sent < out->len) {
        const char *bytes = out->data + t->sent;
        size_t len = out->len - t->sent;
        ERR_clear_error();
        errno = 0;
        ssize_t put = t->ssl != NULL ? SSL_write(t->ssl, bytes, (int)len)
                                     : send(t->fd, bytes, len, MSG_NOSIGNAL);
        if (put <= 0)
            return t->ssl != NULL ? tls_state(t, (int)put) : plain_state(t, IO_WRITE);
        t->sent += (size_t)put;
    }
    t->sent = 0;
    t->sending = false;
    return IO_DONE;
}

static void wait_for(struct bw_probe_try *t, enum io io)
{
    bw_poll_start(t->poll, io == IO_WRITE ? BW_POLL_WRITE : BW_POLL_READ);
}

/* ---- TLS ---- */

STACK_OF(X509) * bw_tcp_chain(const struct bw_probe_try *t)
{
    return t->ssl != NULL ? SSL_get_peer_cert_chain(t->ssl) : t->filed;
}

void bw_tcp_judge(struct bw_probe_try *t)
{
    struct bw_tls_memory *last = NULL;
    if (t->target->memory != NULL && t->plan->tells_changes) {
        if (t->target->memory->data == NULL)
            t->target->memory->data = bw_tls_memory_new();
        last = t->target->memory->data;
    }
    bw_probe_leave(t->out);
    bw_tls_look_judge(&t->tls, last);
    bw_tcp_end(t);
}

static void talk(struct bw_probe_try *t);

static const char *expected_name(const struct bw_probe_try *t)
{
    if (t->plan->tls_plan.server_name != NULL)
        return t->plan->tls_plan.server_name;
    return t->target->host != NULL ? t->target->host : t->at.host;
}

static bool make_tls(struct bw_probe_try *t)
{
    t->tls = (struct bw_tls_watch){ .plan = &t->plan->tls_plan,
                                    .out = t->out,
                                    .name = expected_name(t),
                                    .lenient = t->plan->looks };
    t->context = SSL_CTX_new(TLS_client_method());
    if (t->context == NULL || !bw_tls_watch_begin(&t->tls, t->context))
        return false;
    t->ssl = SSL_new(t->context);
    if (t->ssl == NULL || SSL_set_fd(t->ssl, t->fd) != 1)
        return false;
    struct bw_address literal;
    if (!bw_address_parse(t->tls.name, &literal))
        SSL_set_tlsext_host_name(t->ssl, t->tls.name);
    if (t->plan->looks)
        SSL_set_tlsext_status_type(t->ssl, TLSEXT_STATUSTYPE_ocsp);
    SSL_set_mode(t->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_set_connect_state(t->ssl);
    return true;
}

static void on_secured(struct bw_probe_try *t)
{
    if (t->plan->looks) {
        bw_tls_look_staple(&t->look, &t->tls, t->ssl);
        bw_tcp_judge(t);
        return;
    }
    enum bw_reason reason = bw_tls_reason(&t->tls);
    if (reason != BW_REASON_NONE) {
        bw_probe_fail(t->out, reason, "%s", bw_tls_error_text(&t->tls));
        bw_tcp_end(t);
        return;
    }
    t->state = BW_TCP_TALKING;
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    talk(t);
}

static void handshake(struct bw_probe_try *t)
{
    ERR_clear_error();
    errno = 0;
    int result = SSL_do_handshake(t->ssl);
    if (result == 1) {
        on_secured(t);
        return;
    }
    enum io io = tls_state(t, result);
    if (io == IO_CLOSED) {
        bw_probe_fail(t->out, BW_REASON_TLS_HANDSHAKE, "closed in the TLS handshake");
        bw_tcp_end(t);
    } else if (io != IO_ENDED) {
        wait_for(t, io);
    }
}

static void begin_tls(struct bw_probe_try *t)
{
    t->state = BW_TCP_HANDSHAKING;
    bw_probe_enter(t->out, BW_PHASE_TLS);
    if (t->ssl != NULL || !make_tls(t)) {
        bw_probe_fail(t->out, BW_REASON_INTERNAL, "TLS cannot be started");
        bw_tcp_end(t);
        return;
    }
    handshake(t);
}

/* ---- the dialogue ---- */

/* Does what the dialogue wants; false when it has to wait, or is over and the try gone. */
static bool obey(struct bw_probe_try *t, enum bw_dialogue_want want)
{
    enum io io;
    switch (want) {
    case BW_DIALOGUE_READ:
        io = receive(t);
        if (io == IO_CLOSED) {
            bw_dialogue_close(&t->dialogue);
            io = IO_DONE;
        }
        break;
    case BW_DIALOGUE_SEND:
        t->sending = true;
        io = transmit(t);
        break;
    case BW_DIALOGUE_STARTTLS:
        begin_tls(t);
        return false;
    default: /* PASSED, FAILED */
        bw_tcp_end(t);
        return false;
    }
    if (io == IO_CLOSED) {
        end_broken(t, EPIPE);
        return false;
    }
    if (io == IO_READ || io == IO_WRITE)
        wait_for(t, io);
    return io == IO_DONE;
}

/* One read a turn: a peer that floods us must not keep the loop to itself. What OpenSSL has
 * decrypted already is no reason for the descriptor to become readable, so that is read on. */
static void talk(struct bw_probe_try *t)
{
    for (bool read = false;;) {
        enum bw_dialogue_want want =
            t->sending ? BW_DIALOGUE_SEND : bw_dialogue_next(&t->dialogue, t->out);
        if (want == BW_DIALOGUE_READ && read && (t->ssl == NULL || SSL_pending(t->ssl) == 0)) {
            wait_for(t, IO_READ);
            return;
        }
        read = read || want == BW_DIALOGUE_READ;
        if (!obey(t, want))
            return;
    }
}

/* ---- connected ---- */

static void on_connected(struct bw_probe_try *t)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        bw_probe_fail(t->out, bw_probe_errno_reason(error), "%s", strerror(error));
        bw_tcp_end(t);
        return;
    }
    if (t->plan->local)
        bw_unix_connected(t);
    if (t->plan->tls) {
        begin_tls(t);
        return;
    }
    t->state = BW_TCP_TALKING;
    if (t->plan->step_count > 0)
        bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    talk(t);
}

void bw_tcp_ready(void *ctx, unsigned events)
{
    (void)events;
    struct bw_probe_try *t = ctx;
    switch (t->state) {
    case BW_TCP_CONNECTING:
        on_connected(t);
        break;
    case BW_TCP_HANDSHAKING:
        handshake(t);
        break;
    default:
        talk(t);
        break;
    }
}
