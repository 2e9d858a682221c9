// SPDX-License-Identifier: GPL-3.0-or-later
/* The DNS probe: one query from a fresh port over UDP, or over TCP, or TLS over that. */
#include "probe/dns.h"

#include "base/mem.h"
#include "base/units.h"
#include "io/socket.h"
#include "probe/dns_names.h"
#include "probe/trail.h"
#include "probe/way.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PORT = 53,
    TLS_PORT = 853,
    LENGTH_BYTES = 2, /* before a message over TCP */
    DATAGRAM_BYTES_MAX = 4096,
    DATAGRAMS_AT_ONCE = 16,
    READ_BYTES = 16384,
};

enum state { RESOLVING, CONNECTING, HANDSHAKING, TALKING };

struct bw_probe_try {
    struct bw_probe_engine *engine;
    const struct bw_dns_plan *plan;
    const struct bw_probe_target *target;
    struct bw_probe_outcome *out;
    bw_probe_try_done_fn *done;
    void *ctx;
    struct bw_dns_target at;
    struct bw_lookup *lookup;
    struct bw_address address;
    enum state state;
    int fd;
    struct bw_poll *poll;
    SSL_CTX *context;
    SSL *ssl;
    struct bw_tls_watch tls;
    uint16_t id;
    uint8_t query[LENGTH_BYTES + BW_DNS_QUERY_BYTES_MAX];
    size_t query_len, sent;
    struct bw_buf in; /* over TCP */
    bool has_in;
    unsigned ignored;
    struct bw_dns_findings findings;
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
    if (t->has_in)
        bw_buf_fini(&t->in);
    free(t);
}

/* ---- what is measured ---- */

static void measure(struct bw_probe_try *t, enum bw_family_id family, double value)
{
    bw_measures_add(t->out->measures, family, value, NULL);
}

static void measure_phase(struct bw_probe_try *t, const char *phase, int64_t ns)
{
    bw_measures_add(t->out->measures, BW_METRIC_PROBE_DNS_DURATION_SECONDS, (double)ns / BW_SECOND,
                    BW_LABEL_VALUES(phase));
}

static void measure_answer(struct bw_probe_try *t)
{
    const struct bw_dns_findings *f = &t->findings;
    measure(t, BW_METRIC_PROBE_DNS_ANSWER_RRS, (double)f->counts[BW_DNS_ANSWER]);
    measure(t, BW_METRIC_PROBE_DNS_AUTHORITY_RRS, (double)f->counts[BW_DNS_AUTHORITY]);
    measure(t, BW_METRIC_PROBE_DNS_ADDITIONAL_RRS, (double)f->counts[BW_DNS_ADDITIONAL]);
    measure(t, BW_METRIC_PROBE_DNS_QUERY_SUCCEEDED, f->answered);
    measure(t, BW_METRIC_PROBE_DNS_IGNORED_ANSWERS, t->ignored);
    if (!f->answered)
        return;
    if (t->plan->question.type == BW_DNS_SOA) /* as blackbox: 0 where there is none */
        measure(t, BW_METRIC_PROBE_DNS_SERIAL, f->serial);
    measure(t, BW_METRIC_PROBE_DNS_RCODE, f->rcode);
    measure(t, BW_METRIC_PROBE_DNS_ANSWER_AUTHENTICATED, (f->flags & BW_DNS_AD) != 0);
    measure(t, BW_METRIC_PROBE_DNS_ANSWER_TRUNCATED, (f->flags & BW_DNS_TC) != 0);
    if (f->has_digest)
        measure(t, BW_METRIC_PROBE_DNS_ANSWER_HASH, (double)(uint32_t)f->digest);
}

static void settle(struct bw_probe_try *t)
{
    const int64_t *ns = t->out->phase_ns;
    bw_probe_measure_lookup(t->out);
    if (t->state != RESOLVING)
        bw_probe_measure_address(t->out, &t->address);
    measure_phase(t, "resolve", ns[BW_PHASE_RESOLVE]);
    measure_phase(t, "connect", ns[BW_PHASE_CONNECT] + ns[BW_PHASE_TLS]);
    measure_phase(t, "request", ns[BW_PHASE_PROCESSING]);
    measure_answer(t);
    if (t->ssl != NULL)
        bw_tls_measure(&t->tls);
    if (!t->findings.answered && t->ignored > 0) /* that is what the time was spent on */
        bw_probe_fail(t->out, BW_REASON_TIMEOUT,
                      "no answer; what came was for another query: %u message%s", t->ignored,
                      t->ignored == 1 ? "" : "s");
    if (bw_trail_is_wanted(t->out) && t->ssl != NULL)
        bw_tls_tell(&t->tls);
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
    const bool handshake = t->state == HANDSHAKING;
    enum bw_reason reason = handshake ? BW_REASON_TLS_HANDSHAKE : BW_REASON_CONNECTION_CLOSED;
    if (!t->plan->tcp)
        reason = bw_probe_errno_reason(error);
    bw_probe_fail(t->out, reason, "%s%s", handshake ? "in the TLS handshake: " : "",
                  error == ECONNREFUSED ? "nobody listens on this port" : strerror(error));
    end(t);
}

/* ---- the answer ---- */

static struct bw_dns_memory *memory_of(const struct bw_probe_try *t)
{
    struct bw_probe_memory *memory = t->target->memory;
    if (memory == NULL || !t->plan->answer_changes)
        return NULL;
    if (memory->data == NULL)
        memory->data = bw_dns_memory_new();
    return memory->data;
}

static void take_answer(struct bw_probe_try *t, const void *bytes, size_t len)
{
    bw_probe_leave(t->out);
    bw_dns_judge(t->plan, bytes, len, memory_of(t), &t->findings, t->out);
    end(t);
}

static bool is_ours(const struct bw_probe_try *t, const uint8_t *bytes, size_t len)
{
    return bw_dns_answers(bytes, len, &t->plan->question, t->id);
}

/* Whoever guesses our port and id may send what it likes: what is not an answer to our query is
 * not believed, and not the end either. */
static void hear_datagrams(struct bw_probe_try *t)
{
    uint8_t bytes[DATAGRAM_BYTES_MAX];
    for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
        const ssize_t got = recv(t->fd, bytes, sizeof bytes, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got < 0) {
            end_broken(t, errno);
            return;
        }
        if (!is_ours(t, bytes, (size_t)got)) {
            t->ignored++;
            continue;
        }
        if ((size_t)got > BW_DNS_UDP_BYTES_MAX) {
            bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE,
                          "an answer of %zd bytes over UDP, where %d are allowed", got,
                          BW_DNS_UDP_BYTES_MAX);
            end(t);
            return;
        }
        take_answer(t, bytes, (size_t)got);
        return;
    }
}

/* ---- bytes in and out over TCP, with or without TLS ---- */

enum io { IO_DONE, IO_READ, IO_WRITE, IO_CLOSED, IO_ENDED };

static enum io tls_state(struct bw_probe_try *t, int result)
{
    const int saved = errno;
    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return IO_READ;
    case SSL_ERROR_WANT_WRITE:
        return IO_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return IO_CLOSED;
    case SSL_ERROR_SYSCALL:
        if (saved == 0)
            return IO_CLOSED;
        end_broken(t, saved);
        return IO_ENDED;
    default:
        break;
    }
    const unsigned long code = ERR_get_error();
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

static enum io transmit(struct bw_probe_try *t)
{
    while (t->sent < t->query_len) {
        const uint8_t *bytes = t->query + t->sent;
        const size_t len = t->query_len - t->sent;
        ERR_clear_error();
        errno = 0;
        const ssize_t put = t->ssl != NULL ? SSL_write(t->ssl, bytes, (int)len)
                                           : send(t->fd, bytes, len, MSG_NOSIGNAL);
        if (put <= 0)
            return t->ssl != NULL ? tls_state(t, (int)put) : plain_state(t, IO_WRITE);
        t->sent += (size_t)put;
    }
    return IO_DONE;
}

static enum io receive(struct bw_probe_try *t)
{
    uint8_t bytes[READ_BYTES];
    ERR_clear_error();
    errno = 0;
    const ssize_t got = t->ssl != NULL ? SSL_read(t->ssl, bytes, sizeof bytes)
                                       : recv(t->fd, bytes, sizeof bytes, 0);
    if (got > 0) {
        const size_t room = LENGTH_BYTES + BW_DNS_MESSAGE_BYTES_MAX - t->in.len;
        bw_buf_bytes(&t->in, bytes, (size_t)got < room ? (size_t)got : room);
        return IO_DONE;
    }
    if (t->ssl != NULL)
        return tls_state(t, (int)got);
    return got == 0 ? IO_CLOSED : plain_state(t, IO_READ);
}

/* The length that the peer announces; SIZE_MAX: not known yet. */
static size_t announced(const struct bw_probe_try *t)
{
    const uint8_t *at = (const uint8_t *)t->in.data;
    return t->in.len < LENGTH_BYTES ? SIZE_MAX : (size_t)(at[0] << 8 | at[1]);
}

static bool is_whole(const struct bw_probe_try *t)
{
    const size_t size = announced(t);
    return size != SIZE_MAX && t->in.len - LENGTH_BYTES >= size;
}

/* Nobody else speaks over our connection: another answer is this server's mistake. */
static void take_message(struct bw_probe_try *t)
{
    const uint8_t *bytes = (const uint8_t *)t->in.data + LENGTH_BYTES;
    const size_t len = announced(t);
    if (is_ours(t, bytes, len)) {
        take_answer(t, bytes, len);
        return;
    }
    t->ignored++;
    bw_probe_fail(t->out, BW_REASON_DNS_PROTOCOL,
                  "%zu bytes that are no answer to the query: another id or question", len);
    end(t);
}

static void end_closed(struct bw_probe_try *t)
{
    if (announced(t) == SIZE_MAX)
        bw_probe_fail(t->out, BW_REASON_CONNECTION_CLOSED, "closed without an answer");
    else
        bw_probe_fail(t->out, BW_REASON_CONNECTION_CLOSED,
                      "closed after %zu of %zu bytes of the answer", t->in.len - LENGTH_BYTES,
                      announced(t));
    end(t);
}

/* One read a turn, and what OpenSSL has decrypted already: that makes no descriptor readable. */
static void talk(struct bw_probe_try *t)
{
    enum io io = transmit(t);
    if (io == IO_DONE) {
        do
            io = receive(t);
        while (io == IO_DONE && !is_whole(t) && t->ssl != NULL && SSL_pending(t->ssl) > 0);
    }
    if (io == IO_ENDED)
        return;
    if (io == IO_DONE && is_whole(t))
        take_message(t);
    else if (io == IO_CLOSED)
        end_closed(t);
    else
        bw_poll_start(t->poll, io == IO_WRITE ? BW_POLL_WRITE : BW_POLL_READ);
}

/* ---- TLS ---- */

static void enter_talking(struct bw_probe_try *t)
{
    t->state = TALKING;
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    bw_trail_add(t->out, BW_TRAIL_SENT, t->plan->query_text, strlen(t->plan->query_text));
}

static void begin_to_talk(struct bw_probe_try *t)
{
    enter_talking(t);
    talk(t);
}

static const char *expected_name(const struct bw_probe_try *t)
{
    if (t->plan->tls_plan.server_name != NULL)
        return t->plan->tls_plan.server_name;
    return t->target->host != NULL ? t->target->host : t->at.host;
}

static bool make_tls(struct bw_probe_try *t)
{
    struct bw_address literal;
    t->tls = (struct bw_tls_watch){ .plan = &t->plan->tls_plan,
                                    .out = t->out,
                                    .name = expected_name(t) };
    t->context = SSL_CTX_new(TLS_client_method());
    if (t->context == NULL || !bw_tls_watch_begin(&t->tls, t->context))
        return false;
    t->ssl = SSL_new(t->context);
    if (t->ssl == NULL || SSL_set_fd(t->ssl, t->fd) != 1)
        return false;
    if (!bw_address_parse(t->tls.name, &literal))
        SSL_set_tlsext_host_name(t->ssl, t->tls.name);
    SSL_set_connect_state(t->ssl);
    return true;
}

static void handshake(struct bw_probe_try *t)
{
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(t->ssl);
    const enum io io = result == 1 ? IO_DONE : tls_state(t, result);
    if (io == IO_ENDED)
        return;
    if (io == IO_DONE && bw_tls_reason(&t->tls) == BW_REASON_NONE) {
        begin_to_talk(t);
    } else if (io == IO_DONE) {
        bw_probe_fail(t->out, bw_tls_reason(&t->tls), "%s", bw_tls_error_text(&t->tls));
        end(t);
    } else if (io == IO_CLOSED) {
        bw_probe_fail(t->out, BW_REASON_TLS_HANDSHAKE, "closed in the TLS handshake");
        end(t);
    } else {
        bw_poll_start(t->poll, io == IO_WRITE ? BW_POLL_WRITE : BW_POLL_READ);
    }
}

static void begin_tls(struct bw_probe_try *t)
{
    t->state = HANDSHAKING;
    bw_probe_enter(t->out, BW_PHASE_TLS);
    if (make_tls(t)) {
        handshake(t);
        return;
    }
    bw_probe_fail(t->out, BW_REASON_INTERNAL, "TLS cannot be started");
    end(t);
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
    } else if (t->plan->tls) {
        begin_tls(t);
    } else {
        begin_to_talk(t);
    }
}

static void on_ready(void *ctx, unsigned events)
{
    (void)events;
    struct bw_probe_try *t = ctx;
    if (!t->plan->tcp)
        hear_datagrams(t);
    else if (t->state == CONNECTING)
        on_connected(t);
    else if (t->state == HANDSHAKING)
        handshake(t);
    else
        talk(t);
}

static bool fail_with(struct bw_probe_try *t, int error, const char *what)
{
    bw_probe_fail(t->out, bw_probe_errno_reason(error), "%s%s", what, strerror(error));
    return false;
}

/* A socket from our source address, if one is asked for, to the server. */
static bool open_socket(struct bw_probe_try *t)
{
    struct sockaddr_storage to, from;
    const uint16_t port = t->at.port != 0 ? t->at.port : t->plan->tls ? TLS_PORT : PORT;
    const struct bw_trail_peer peer = { t->address, port };
    const int type = t->plan->tcp ? SOCK_STREAM : SOCK_DGRAM;
    bw_trail_add(t->out, BW_TRAIL_CONNECT, &peer, sizeof peer);
    t->fd = bw_socket_open(t->address.family, type | SOCK_NONBLOCK, 0);
    if (t->fd < 0)
        return fail_with(t, errno, "");
    socklen_t len = bw_address_socket(&t->plan->source, 0, &from);
    if (t->plan->has_source && bind(t->fd, (struct sockaddr *)&from, len) != 0) {
        bw_probe_fail(t->out, BW_REASON_CONNECT_FAILED, "source_ip_address: %s", strerror(errno));
        return false;
    }
    len = bw_address_socket(&t->address, port, &to);
    if (connect(t->fd, (struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS)
        return fail_with(t, errno, "");
    return true;
}

static bool send_datagram(struct bw_probe_try *t)
{
    enter_talking(t);
    if (send(t->fd, t->query, t->query_len, MSG_NOSIGNAL) >= 0)
        return true;
    return fail_with(t, errno, "sending the query: ");
}

/* Begins to connect, and over UDP asks at once; false with the outcome set when it cannot. */
static bool begin(struct bw_probe_try *t)
{
    struct bw_err err;
    t->state = CONNECTING;
    bw_probe_enter(t->out, BW_PHASE_CONNECT);
    if (!bw_way_allows(t->out, t->target, &t->address))
        return false;
    if (!open_socket(t) || (!t->plan->tcp && !send_datagram(t)))
        return false;
    t->poll = bw_poll_open(t->engine->loop, t->fd, t->plan->tcp ? BW_POLL_WRITE : BW_POLL_READ,
                           on_ready, t, &err);
    if (t->poll != NULL)
        return true;
    bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
    return false;
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    t->lookup = NULL;
    if (!bw_way_take(t->out, result, t->at.host, &t->address) || !begin(t))
        end(t);
}

/* ---- the beginning ---- */

/* Not to be guessed by who sees earlier ones. From the kernel, which is asked for many at once. */
static bool random_id(uint16_t *out)
{
    static _Thread_local uint16_t pool[128];
    static _Thread_local size_t left;
    if (left == 0) {
        if (getrandom(pool, sizeof pool, 0) != (ssize_t)sizeof pool)
            return false;
        left = sizeof pool / sizeof *pool;
    }
    *out = pool[--left];
    return true;
}

static void write_query(struct bw_probe_try *t)
{
    const size_t head = t->plan->tcp ? LENGTH_BYTES : 0;
    const size_t len =
        bw_dns_write_query(t->query + head, &t->plan->question, t->id, t->plan->recurse);
    t->query_len = head + len;
    if (head == 0)
        return;
    t->query[0] = (uint8_t)(len >> 8);
    t->query[1] = (uint8_t)len;
    t->has_in = true;
    bw_buf_init(&t->in, LENGTH_BYTES + BW_DNS_MESSAGE_BYTES_MAX);
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    struct bw_err err;
    struct bw_dns_target at;
    uint16_t id;
    if (bw_dns_target_parse(target->text, &at, &err) != BW_OK) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "%s", err.text);
        return NULL;
    }
    if (!random_id(&id)) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "the system has no random numbers");
        return NULL;
    }
    struct bw_probe_try *t = bw_alloc(sizeof *t);
    t->engine = engine;
    t->plan = prepared;
    t->target = target;
    t->out = out;
    t->done = done;
    t->ctx = ctx;
    t->at = at;
    t->fd = -1;
    t->id = id;
    write_query(t);
    bw_probe_enter(out, BW_PHASE_RESOLVE);
    const struct bw_lookup_query query = { .name = t->at.host,
                                           .preference = t->plan->preference,
                                           .fallback = t->plan->fallback };
    t->lookup = bw_way_begin(engine, out, &query, on_resolved, t);
    return t;
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    struct bw_dns_target at;
    return bw_dns_target_parse(text, &at, err);
}

extern const struct bw_probe_ops bw_probe_dns;
const struct bw_probe_ops bw_probe_dns = {
    .name = "dns",
    .summary = "Asks a name server a question and looks at the answer.",
    .target_help = "HOST[:PORT]",
    .options = &bw_probe_dns_group,
    .prepare = bw_dns_prepare,
    .release = bw_dns_release,
    .forget = bw_dns_memory_free,
    .check_target = check_target,
    .start = start,
    .settle = settle,
    .cancel = release,
};
