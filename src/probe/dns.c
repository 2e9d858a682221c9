// SPDX-License-Identifier: GPL-3.0-or-later
/* The DNS probe: one query from a fresh port over UDP, or over TCP, or TLS over that. */
#include "probe/dns.h"

#include "base/mem.h"
#include "base/units.h"
#include "probe/dns_names.h"
#include "probe/stream.h"
#include "probe/trail.h"
#include "probe/way.h"

#include <errno.h>
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
    bool has_address;
    struct bw_poll *datagrams; /* over UDP; or NULL */
    struct bw_stream stream;   /* over TCP */
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
    if (t->datagrams != NULL)
        bw_poll_close(t->datagrams);
    bw_stream_close(&t->stream);
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
    if (t->has_address)
        bw_probe_measure_address(t->out, &t->address);
    measure_phase(t, "resolve", ns[BW_PHASE_RESOLVE]);
    measure_phase(t, "connect", ns[BW_PHASE_CONNECT] + ns[BW_PHASE_TLS]);
    measure_phase(t, "request", ns[BW_PHASE_PROCESSING]);
    measure_answer(t);
    if (t->stream.ssl != NULL)
        bw_tls_measure(&t->tls);
    if (!t->findings.answered && t->ignored > 0) /* that is what the time was spent on */
        bw_probe_fail(t->out, BW_REASON_TIMEOUT,
                      "no answer; what came was for another query: %u message%s", t->ignored,
                      t->ignored == 1 ? "" : "s");
    if (bw_trail_is_wanted(t->out) && t->stream.ssl != NULL)
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

static bool fail_with(struct bw_probe_try *t, int error, const char *what)
{
    bw_probe_fail(t->out, bw_probe_errno_reason(error), "%s%s", what,
                  error == ECONNREFUSED ? "nobody listens on this port" : strerror(error));
    return false;
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

static const struct bw_address *source_of(const struct bw_dns_plan *plan)
{
    return plan->has_source ? &plan->source : NULL;
}

static bool is_ours(const struct bw_probe_try *t, const uint8_t *bytes, size_t len)
{
    return bw_dns_answers(bytes, len, &t->plan->question, t->id);
}

/* ---- over UDP ---- */

static void take_datagram(struct bw_probe_try *t, const void *bytes, size_t len)
{
    if (len <= BW_DNS_UDP_BYTES_MAX) {
        take_answer(t, bytes, len);
        return;
    }
    bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE,
                  "an answer of %zu bytes over UDP, where %d are allowed", len,
                  BW_DNS_UDP_BYTES_MAX);
    end(t);
}

/* Whoever guesses our port and id may send what it likes: what is not an answer to our query is
 * not believed, and not the end either. */
static void on_datagrams(void *ctx, unsigned events)
{
    (void)events;
    struct bw_probe_try *t = ctx;
    uint8_t bytes[DATAGRAM_BYTES_MAX];
    for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
        const ssize_t got = recv(bw_poll_fd(t->datagrams), bytes, sizeof bytes, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got < 0) {
            fail_with(t, errno, "");
            end(t);
            return;
        }
        if (is_ours(t, bytes, (size_t)got)) {
            take_datagram(t, bytes, (size_t)got);
            return;
        }
        t->ignored++;
    }
}

static void note_query(struct bw_probe_try *t)
{
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    bw_trail_add(t->out, BW_TRAIL_SENT, t->plan->query_text, strlen(t->plan->query_text));
}

/* False with the outcome set when it cannot. */
static bool await_datagrams(struct bw_probe_try *t, int fd)
{
    struct bw_err err;
    t->datagrams = bw_poll_open(t->engine->loop, fd, BW_POLL_READ, on_datagrams, t, &err);
    if (t->datagrams == NULL)
        bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
    return t->datagrams != NULL;
}

/* Asks at once; false with the outcome set when it cannot. */
static bool ask_by_datagram(struct bw_probe_try *t, const struct bw_trail_peer *peer)
{
    const int fd = bw_stream_socket(t->out, SOCK_DGRAM, peer, source_of(t->plan));
    if (fd < 0)
        return false;
    note_query(t);
    const bool sent = send(fd, t->query, t->query_len, MSG_NOSIGNAL) >= 0
                      || fail_with(t, errno, "sending the query: ");
    if (sent && await_datagrams(t, fd))
        return true;
    close(fd);
    return false;
}

/* ---- over TCP, with or without TLS ---- */

static enum bw_stream_io receive(struct bw_probe_try *t)
{
    uint8_t bytes[READ_BYTES];
    size_t len;
    const enum bw_stream_io io = bw_stream_read(&t->stream, bytes, sizeof bytes, &len);
    const size_t room = LENGTH_BYTES + BW_DNS_MESSAGE_BYTES_MAX - t->in.len;
    bw_buf_bytes(&t->in, bytes, len < room ? len : room);
    return io;
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

/* One read a turn: a server that floods us must not keep the loop to itself. */
static void talk(void *ctx)
{
    struct bw_probe_try *t = ctx;
    enum bw_stream_io io = bw_stream_write(&t->stream, t->query, t->query_len, &t->sent);
    if (io == BW_STREAM_DONE) {
        do
            io = receive(t);
        while (io == BW_STREAM_DONE && !is_whole(t) && bw_stream_has_more(&t->stream));
    }
    if (io == BW_STREAM_DONE && is_whole(t))
        take_message(t);
    else if (io == BW_STREAM_CLOSED)
        end_closed(t);
    else if (io == BW_STREAM_BROKEN)
        end(t);
    else
        bw_stream_wait(&t->stream, io == BW_STREAM_WRITE ? BW_POLL_WRITE : BW_POLL_READ);
}

static void begin_to_talk(void *ctx)
{
    note_query(ctx);
    talk(ctx);
}

static void on_connected(void *ctx)
{
    struct bw_probe_try *t = ctx;
    if (!t->plan->tls) {
        begin_to_talk(t);
        return;
    }
    bw_probe_enter(t->out, BW_PHASE_TLS);
    t->tls = (struct bw_tls_watch){
        .plan = &t->plan->tls_plan,
        .out = t->out,
        .name = bw_tls_expected_name(&t->plan->tls_plan, t->target, t->at.host),
    };
    bw_stream_secure(&t->stream, &t->tls);
}

static void on_failed(void *ctx)
{
    end(ctx);
}

static bool connect_to(struct bw_probe_try *t, const struct bw_trail_peer *peer)
{
    static const struct bw_stream_ops ops = { .connected = on_connected,
                                              .secured = begin_to_talk,
                                              .ready = talk,
                                              .failed = on_failed,
                                              .where = "" };
    t->stream = (struct bw_stream){
        .loop = t->engine->loop, .out = t->out, .ops = &ops, .ctx = t, .fd = -1
    };
    return bw_stream_connect(&t->stream, peer, source_of(t->plan));
}

/* ---- the beginning ---- */

/* False with the outcome set when it cannot. */
static bool begin(struct bw_probe_try *t)
{
    const uint16_t port = t->at.port != 0 ? t->at.port : t->plan->tls ? TLS_PORT : PORT;
    const struct bw_trail_peer peer = { t->address, port };
    bw_probe_enter(t->out, BW_PHASE_CONNECT);
    if (!bw_way_go(t->out, t->target, &peer))
        return false;
    return t->plan->tcp ? connect_to(t, &peer) : ask_by_datagram(t, &peer);
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    t->lookup = NULL;
    t->has_address = bw_way_take(t->out, result, t->at.host, &t->address);
    if (!t->has_address || !begin(t))
        end(t);
}

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
    t->stream.fd = -1;
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
