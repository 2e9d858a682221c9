// SPDX-License-Identifier: GPL-3.0-or-later
/* The TCP probe: connects, may speak TLS, may hold a dialogue. */
#include "probe/tcp.h"

#include "base/mem.h"
#include "base/units.h"
#include "io/socket.h"
#include "probe/trail.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 16384 };

enum state { RESOLVING, CONNECTING, HANDSHAKING, TALKING };

struct bw_probe_try {
    struct bw_probe_engine *engine;
    const struct bw_tcp_plan *plan;
    const struct bw_probe_target *target;
    struct bw_probe_outcome *out;
    bw_probe_try_done_fn *done;
    void *ctx;
    struct bw_tcp_target at;
    struct bw_lookup *lookup;
    struct bw_address address;
    enum state state;
    int fd;
    struct bw_poll *poll;
    SSL_CTX *context;
    SSL *ssl;
    struct bw_tls_watch tls;
    struct bw_dialogue dialogue;
    bool sending; /* dialogue.out is on its way */
    size_t sent;  /* bytes of it that are out */
};

static void release(struct bw_probe_try *t)
{
    bw_lookup_cancel(t->lookup);
    if (t->context != NULL) {
        SSL_free(t->ssl);
        SSL_CTX_free(t->context);
        ERR_clear_error();
    }
    if (t->poll != NULL)
        bw_poll_close(t->poll);
    else if (t->fd >= 0)
        close(t->fd);
    bw_dialogue_fini(&t->dialogue);
    free(t);
}

/* What is not in the notes yet. */
static void tell(const struct bw_probe_try *t)
{
    const struct bw_buf *rest = &t->dialogue.in;
    if (t->ssl != NULL)
        bw_tls_tell(&t->tls);
    if (rest->len == 0)
        return;
    bw_trail_say(t->out, "heard besides:");
    bw_trail_add(t->out, BW_TRAIL_HEARD, rest->data, rest->len);
}

static void settle(struct bw_probe_try *t)
{
    struct bw_measures *measures = t->out->measures;
    bw_measures_add(measures, BW_METRIC_PROBE_DNS_LOOKUP_TIME_SECONDS,
                    (double)t->out->phase_ns[BW_PHASE_RESOLVE] / BW_SECOND, NULL);
    if (t->state != RESOLVING)
        bw_probe_measure_address(t->out, &t->address);
    bw_measures_add(measures, BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, t->dialogue.regex_failed, NULL);
    bw_measures_add(measures, BW_METRIC_PROBE_FAILED_DUE_TO_BYTES, t->dialogue.bytes_failed, NULL);
    if (t->ssl != NULL)
        bw_tls_measure(&t->tls);
    if (bw_trail_is_wanted(t->out))
        tell(t);
}

/* The last thing that is done to a try. */
static void end(struct bw_probe_try *t)
{
    bw_probe_try_done_fn *done = t->done;
    void *ctx = t->ctx;
    bw_probe_leave(t->out);
    settle(t);
    release(t);
    done(ctx);
}

static void end_broken(struct bw_probe_try *t, int error)
{
    bool reset = error == ECONNRESET || error == EPIPE;
    bw_probe_fail(t->out,
                  t->state == HANDSHAKING ? BW_REASON_TLS_HANDSHAKE : BW_REASON_CONNECTION_CLOSED,
                  "%s: %s", t->state == HANDSHAKING ? "in the TLS handshake" : "in the dialogue",
                  reset ? "the peer reset the connection" : strerror(error));
    end(t);
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
    end(t);
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
                                    .name = expected_name(t) };
    t->context = SSL_CTX_new(TLS_client_method());
    if (t->context == NULL || !bw_tls_watch_begin(&t->tls, t->context))
        return false;
    t->ssl = SSL_new(t->context);
    if (t->ssl == NULL || SSL_set_fd(t->ssl, t->fd) != 1)
        return false;
    struct bw_address literal;
    if (!bw_address_parse(t->tls.name, &literal))
        SSL_set_tlsext_host_name(t->ssl, t->tls.name);
    SSL_set_mode(t->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_set_connect_state(t->ssl);
    return true;
}

static void on_secured(struct bw_probe_try *t)
{
    enum bw_reason reason = bw_tls_reason(&t->tls);
    if (reason != BW_REASON_NONE) {
        bw_probe_fail(t->out, reason, "%s", bw_tls_error_text(&t->tls));
        end(t);
        return;
    }
    t->state = TALKING;
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
        end(t);
    } else if (io != IO_ENDED) {
        wait_for(t, io);
    }
}

static void begin_tls(struct bw_probe_try *t)
{
    t->state = HANDSHAKING;
    bw_probe_enter(t->out, BW_PHASE_TLS);
    if (t->ssl != NULL || !make_tls(t)) {
        bw_probe_fail(t->out, BW_REASON_INTERNAL, "TLS cannot be started");
        end(t);
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
        end(t);
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

/* ---- connecting ---- */

static void on_connected(struct bw_probe_try *t)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        bw_probe_fail(t->out, bw_probe_errno_reason(error), "%s", strerror(error));
        end(t);
        return;
    }
    if (t->plan->tls) {
        begin_tls(t);
        return;
    }
    t->state = TALKING;
    if (t->plan->step_count > 0)
        bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    talk(t);
}

static void on_ready(void *ctx, unsigned events)
{
    (void)events;
    struct bw_probe_try *t = ctx;
    switch (t->state) {
    case CONNECTING:
        on_connected(t);
        break;
    case HANDSHAKING:
        handshake(t);
        break;
    default:
        talk(t);
        break;
    }
}

/* Begins to connect; false with the outcome set when it cannot. */
static bool connect_to(struct bw_probe_try *t)
{
    struct sockaddr_storage to;
    socklen_t len = bw_address_socket(&t->address, t->at.port, &to);
    const struct bw_trail_peer peer = { t->address, t->at.port };
    t->state = CONNECTING;
    bw_probe_enter(t->out, BW_PHASE_CONNECT);
    bw_trail_add(t->out, BW_TRAIL_CONNECT, &peer, sizeof peer);
    if (t->target->filter != NULL && !t->target->filter(t->target->filter_ctx, &t->address)) {
        bw_probe_fail(t->out, BW_REASON_CONNECT_FAILED, "this address is not allowed");
        return false;
    }
    t->fd = bw_socket_open(t->address.family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (t->fd < 0 || (connect(t->fd, (struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS)) {
        int error = errno;
        bw_probe_fail(t->out, bw_probe_errno_reason(error), "%s", strerror(error));
        return false;
    }
    struct bw_err err;
    t->poll = bw_poll_open(t->engine->loop, t->fd, BW_POLL_WRITE, on_ready, t, &err);
    if (t->poll == NULL) {
        bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
        return false;
    }
    return true;
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    t->lookup = NULL;
    if (result->reason != BW_REASON_NONE) {
        bw_probe_fail(t->out, result->reason, "%s: %s", t->at.host, result->detail);
        end(t);
        return;
    }
    t->address = result->addresses[0];
    bw_trail_note(t->out, BW_TRAIL_ADDRESSES, result->addresses,
                  result->count * sizeof *result->addresses);
    if (!connect_to(t))
        end(t);
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    struct bw_err err;
    struct bw_tcp_target at;
    if (bw_tcp_target_parse(target->text, &at, &err) != BW_OK) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "%s", err.text);
        return NULL;
    }
    struct bw_probe_try *t = bw_alloc(sizeof *t);
    *t = (struct bw_probe_try){ .engine = engine,
                                .plan = prepared,
                                .target = target,
                                .out = out,
                                .done = done,
                                .ctx = ctx,
                                .at = at,
                                .fd = -1 };
    bw_dialogue_init(&t->dialogue, t->plan);
    bw_probe_enter(out, BW_PHASE_RESOLVE);
    bw_trail_add(out, BW_TRAIL_LOOKUP, t->at.host, strlen(t->at.host));
    const struct bw_lookup_query query = { .name = t->at.host,
                                           .preference = t->plan->preference,
                                           .fallback = t->plan->fallback,
                                           .timeout_ns = BW_HOUR };
    t->lookup = bw_lookup_start(engine->resolver, &query, on_resolved, t);
    return t;
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    struct bw_tcp_target at;
    return bw_tcp_target_parse(text, &at, err);
}

extern const struct bw_probe_ops bw_probe_tcp;
const struct bw_probe_ops bw_probe_tcp = {
    .name = "tcp",
    .summary = "Connects to a port, with TLS or a dialogue if asked.",
    .target_help = "HOST:PORT",
    .options = &bw_probe_tcp_group,
    .prepare = bw_tcp_prepare,
    .release = bw_tcp_release,
    .secrets = bw_tcp_secrets,
    .check_target = check_target,
    .start = start,
    .settle = settle,
    .cancel = release,
};
