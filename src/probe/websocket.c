// SPDX-License-Identifier: GPL-3.0-or-later
/* The WebSocket probe: asks a web server to change over (RFC 6455) and may hold a dialogue.
 *
 *     lookup --> connection --> request, answer --> messages --> our close frame --> done */
#include "probe/websocket.h"

#include "base/mem.h"
#include "base/units.h"
#include "probe/http_parse.h"
#include "probe/stream.h"
#include "probe/trail.h"
#include "probe/way.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    REQUEST_BYTES_MAX = 2 * BW_CONF_FILE_BYTES_MAX,
    OUT_BYTES_MAX = 256 << 10, /* one message with the groups of another in it */
    RECEIVED_BYTES_MAX = BW_PROBE_BODY_BYTES_MAX,
    PINGS_MAX = 100,
    READ_BYTES = 16384,
};

struct bw_probe_try {
    struct bw_probe_engine *engine;
    const struct bw_websocket_plan *plan;
    const struct bw_probe_target *target;
    struct bw_probe_outcome *out;
    bw_probe_try_done_fn *done;
    void *ctx;
    struct bw_http_url url;
    char *tls_host; /* or NULL */
    struct bw_lookup *lookup;
    struct bw_address address;
    bool has_address;
    struct bw_tls_watch tls;
    struct bw_stream stream;
    struct bw_buf rest; /* what is not sent yet */
    char accept[BW_WEBSOCKET_KEY_MAX];
    struct bw_http_answer answer;
    struct bw_http_parser parser;
    bool upgraded;
    struct bw_websocket_reader reader;
    size_t step;
    size_t received; /* bytes after the handshake */
    unsigned pings;
    int64_t regex_ns; /* left for searches */
    bool regex_failed;
};

static void release(struct bw_probe_try *t)
{
    bw_lookup_cancel(t->lookup);
    bw_stream_close(&t->stream);
    bw_buf_fini(&t->rest);
    bw_http_parser_fini(&t->parser);
    bw_http_answer_fini(&t->answer);
    bw_websocket_reader_fini(&t->reader);
    bw_http_url_fini(&t->url);
    free(t->tls_host);
    free(t);
}

static void settle(struct bw_probe_try *t)
{
    struct bw_measures *m = t->out->measures;
    bw_probe_leave(t->out);
    t->out->http_status = t->answer.status;
    bw_probe_measure_lookup(t->out);
    if (t->has_address)
        bw_probe_measure_address(t->out, &t->address);
    for (enum bw_probe_phase phase = 0; phase < BW_PHASE_COUNT; phase++)
        bw_measures_lend(m, BW_METRIC_PROBE_WEBSOCKET_DURATION_SECONDS,
                         (double)t->out->phase_ns[phase] / BW_SECOND, bw_probe_phase_label(phase));
    bw_measures_add(m, BW_METRIC_PROBE_WEBSOCKET_STATUS_CODE, t->answer.status, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_WEBSOCKET_CONNECTION_UPGRADED, t->upgraded, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_WEBSOCKET_FAILED_DUE_TO_REGEX, t->regex_failed, NULL);
    if (t->tls.started)
        bw_tls_measure(&t->tls);
    if (t->tls.started && bw_trail_is_wanted(t->out))
        bw_tls_tell(&t->tls);
}

/* The last thing that is done to a try. */
static void end(struct bw_probe_try *t)
{
    bw_probe_try_done_fn *done = t->done;
    void *ctx = t->ctx;
    settle(t);
    release(t);
    done(ctx);
}

/* False, for whoever goes on with a try that is still there. */
static bool end_false(struct bw_probe_try *t)
{
    end(t);
    return false;
}

static bool random_bytes(struct bw_probe_try *t, void *out, size_t len)
{
    if (getrandom(out, len, 0) == (ssize_t)len)
        return true;
    bw_probe_fail(t->out, BW_REASON_INTERNAL, "the system has no random numbers");
    return false;
}

/* ---- bytes out ---- */

static enum bw_stream_io send_rest(struct bw_probe_try *t)
{
    size_t sent = 0;
    const enum bw_stream_io io = bw_stream_write(&t->stream, t->rest.data, t->rest.len, &sent);
    if (sent > 0)
        memmove(t->rest.data, t->rest.data + sent, t->rest.len - sent);
    t->rest.len -= sent;
    return io;
}

/* Sends what it can at once, and the rest when the peer takes it. False with the outcome set. */
static bool send_bytes(struct bw_probe_try *t, const void *bytes, size_t len)
{
    bw_buf_bytes(&t->rest, bytes, len);
    if (!bw_buf_failed(&t->rest))
        return send_rest(t) != BW_STREAM_BROKEN;
    bw_probe_fail(t->out, BW_REASON_CONNECTION_CLOSED, "the peer does not take what we say");
    return false;
}

/* The peer may speak at any time. */
static void wait_for(struct bw_probe_try *t)
{
    bw_stream_wait(&t->stream, BW_POLL_READ | (t->rest.len > 0 ? (unsigned)BW_POLL_WRITE : 0));
}

/* ---- the dialogue ---- */

/* False when it cannot: the outcome says why. */
static bool say(struct bw_probe_try *t, enum bw_websocket_opcode opcode, const void *bytes,
                size_t len)
{
    uint8_t mask[BW_WEBSOCKET_MASK_BYTES];
    struct bw_buf frame;
    if (!random_bytes(t, mask, sizeof mask))
        return false;
    bw_buf_init(&frame, OUT_BYTES_MAX);
    bw_websocket_write(&frame, opcode, bytes, len, mask);
    bool good = !bw_buf_failed(&frame);
    if (!good)
        bw_probe_fail(t->out, BW_REASON_INTERNAL, "a message of %zu bytes is too long", len);
    good = good && send_bytes(t, frame.data, frame.len);
    bw_buf_fini(&frame);
    return good;
}

/* The text of a step, with the groups of the message that it answers. */
static bool say_step(struct bw_probe_try *t, const struct bw_websocket_plan_step *step,
                     const char *heard)
{
    struct bw_buf text;
    if (step->send == NULL)
        return true;
    bw_buf_init(&text, OUT_BYTES_MAX / 2);
    if (heard != NULL)
        bw_regex_expand(step->expect, heard, step->send, &text);
    else
        bw_buf_text(&text, step->send);
    bw_trail_note(t->out, BW_TRAIL_SENT, text.data, text.len);
    const bool good = say(t, BW_WEBSOCKET_TEXT, text.data, text.len);
    bw_buf_fini(&text);
    return good;
}

/* A courtesy: what becomes of it does not change the verdict. */
static void bye(struct bw_probe_try *t)
{
    static const uint8_t normal[] = { 1000 >> 8, 1000 & 0xff };
    if (!say(t, BW_WEBSOCKET_CLOSE, normal, sizeof normal)) {
        t->out->reason = BW_REASON_NONE;
        t->out->detail[0] = '\0';
    }
}

/* Says what can be said; true when something must be heard first. Else the try has ended. */
static bool go_on(struct bw_probe_try *t)
{
    const struct bw_websocket_plan *plan = t->plan;
    while (t->step < plan->step_count && plan->steps[t->step].expect == NULL) {
        if (!say_step(t, &plan->steps[t->step++], NULL))
            return end_false(t);
    }
    if (t->step < plan->step_count)
        return true;
    bye(t);
    return end_false(t);
}

static bool take_message(struct bw_probe_try *t)
{
    const struct bw_websocket_plan_step *step = &t->plan->steps[t->step];
    const struct bw_buf *message = &t->reader.message;
    char shown[BW_PROBE_DETAIL_BYTES_MAX / 4];
    bw_trail_note(t->out, BW_TRAIL_HEARD, message->data, message->len);
    const enum bw_regex_verdict verdict =
        bw_regex_search(step->expect, message->data, message->len, &t->regex_ns);
    if (verdict == BW_REGEX_YES) {
        t->step++;
        return say_step(t, step, message->data) ? go_on(t) : end_false(t);
    }
    t->regex_failed = true;
    bw_probe_quote(shown, sizeof shown, message->data, message->len);
    if (verdict == BW_REGEX_GAVE_UP)
        bw_probe_fail(t->out, BW_REASON_ASSERTION_REPLY, "step %zu: matching '%.60s' took too long",
                      t->step + 1, bw_regex_pattern(step->expect));
    else
        bw_probe_fail(t->out, BW_REASON_ASSERTION_REPLY,
                      "step %zu: the message '%s' does not match '%.60s'", t->step + 1, shown,
                      bw_regex_pattern(step->expect));
    return end_false(t);
}

static void fail_closed(struct bw_probe_try *t)
{
    const struct bw_websocket_reader *reader = &t->reader;
    char why[80];
    if (reader->control_len < 2) {
        bw_probe_fail(t->out, BW_REASON_CONNECTION_CLOSED, "step %zu: the peer says close",
                      t->step + 1);
        return;
    }
    bw_probe_quote(why, sizeof why, reader->control + 2, reader->control_len - 2);
    bw_probe_fail(t->out, BW_REASON_CONNECTION_CLOSED, "step %zu: the peer says close, %d%s%s",
                  t->step + 1, reader->control[0] << 8 | reader->control[1],
                  why[0] != '\0' ? ": " : "", why);
}

static bool take_control(struct bw_probe_try *t)
{
    const struct bw_websocket_reader *reader = &t->reader;
    if (reader->opcode == BW_WEBSOCKET_CLOSE) {
        fail_closed(t);
        return end_false(t);
    }
    if (reader->opcode != BW_WEBSOCKET_PING)
        return true;
    if (++t->pings > PINGS_MAX)
        bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "more than %d pings", PINGS_MAX);
    else if (say(t, BW_WEBSOCKET_PONG, reader->control, reader->control_len))
        return true;
    return end_false(t);
}

static bool take_event(struct bw_probe_try *t, enum bw_websocket_event event)
{
    switch (event) {
    case BW_WEBSOCKET_MESSAGE:
        return take_message(t);
    case BW_WEBSOCKET_CONTROL:
        return take_control(t);
    case BW_WEBSOCKET_TOO_LONG:
        bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "a message of more than %d bytes",
                      BW_WEBSOCKET_MESSAGE_BYTES_MAX);
        return end_false(t);
    case BW_WEBSOCKET_FAULT:
        bw_probe_fail(t->out, BW_REASON_WEBSOCKET_PROTOCOL, "%s", t->reader.fault);
        return end_false(t);
    default:
        return true;
    }
}

static bool take_frames(struct bw_probe_try *t, const char *bytes, size_t len)
{
    t->received += len;
    if (t->received > RECEIVED_BYTES_MAX) {
        bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "more than %u bytes of messages",
                      (unsigned)RECEIVED_BYTES_MAX);
        return end_false(t);
    }
    while (len > 0) {
        size_t used;
        const enum bw_websocket_event event = bw_websocket_feed(&t->reader, bytes, len, &used);
        bytes += used;
        len -= used;
        if (!take_event(t, event))
            return false;
    }
    return true;
}

/* ---- the handshake ---- */

static bool take_line(void *ctx, const char *line, size_t len)
{
    struct bw_probe_try *t = ctx;
    bw_trail_add(t->out, BW_TRAIL_HEARD, line, len);
    if (bw_http_answer_header(&t->answer, line, len))
        return true;
    bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "more than %u header lines or %u bytes",
                  BW_PROBE_HEADER_LINES_MAX, BW_PROBE_HEADER_BYTES_MAX);
    return false;
}

/* A body comes of an answer that refuses, and is not read. */
static bool take_body(void *ctx, const char *bytes, size_t len)
{
    (void)ctx, (void)bytes, (void)len;
    return false;
}

/* True when the head goes on; false when it has ended: the outcome has a reason if it is none. */
static bool parse_head(struct bw_probe_try *t, const char *byte)
{
    const enum bw_http_parsed parsed = bw_http_parse(&t->parser, byte, 1);
    if (parsed == BW_HTTP_BROKEN)
        bw_probe_fail(t->out, BW_REASON_HTTP_PROTOCOL, "%s", t->parser.fault);
    else if (parsed == BW_HTTP_LONG)
        bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "a header line of more than %u bytes",
                      BW_PROBE_HEADER_BYTES_MAX);
    else if (t->answer.place == BW_HTTP_AFTER_HEAD || parsed == BW_HTTP_END)
        bw_websocket_judge(t->plan, &t->answer, t->accept, t->out);
    return parsed == BW_HTTP_MORE && t->answer.place != BW_HTTP_AFTER_HEAD;
}

/* Byte by byte, for frames may follow at once. */
static bool take_head(struct bw_probe_try *t, const char *bytes, size_t len)
{
    size_t used = 0;
    bool more = true;
    while (used < len && more)
        more = parse_head(t, bytes + used++);
    if (more)
        return true;
    if (t->out->reason != BW_REASON_NONE)
        return end_false(t);
    t->upgraded = true;
    bw_probe_enter(t->out, BW_PHASE_TRANSFER);
    return go_on(t) && take_frames(t, bytes + used, len - used);
}

static bool take_bytes(struct bw_probe_try *t, const char *bytes, size_t len)
{
    return t->upgraded ? take_frames(t, bytes, len) : take_head(t, bytes, len);
}

static void end_closed(struct bw_probe_try *t)
{
    if (t->upgraded)
        bw_probe_fail(t->out, BW_REASON_CONNECTION_CLOSED, "step %zu: closed without a word",
                      t->step + 1);
    else
        bw_probe_fail(t->out, BW_REASON_CONNECTION_CLOSED, "closed %s the headers",
                      t->parser.begun ? "within" : "before");
    end(t);
}

/* One read a turn: a peer that floods us must not keep the loop to itself. */
static void on_ready(void *ctx)
{
    struct bw_probe_try *t = ctx;
    char bytes[READ_BYTES];
    size_t len;
    enum bw_stream_io io = send_rest(t);
    if (io != BW_STREAM_BROKEN) {
        do {
            io = bw_stream_read(&t->stream, bytes, sizeof bytes, &len);
            if (io == BW_STREAM_DONE && !take_bytes(t, bytes, len))
                return;
        } while (io == BW_STREAM_DONE && bw_stream_has_more(&t->stream));
    }
    if (io == BW_STREAM_BROKEN)
        end(t);
    else if (io == BW_STREAM_CLOSED)
        end_closed(t);
    else
        wait_for(t);
}

static void on_failed(void *ctx)
{
    end(ctx);
}

static void note_request(const struct bw_probe_try *t, const struct bw_buf *request)
{
    const char *line = request->data;
    for (const char *after; (after = strstr(line, "\r\n")) != NULL && after > line;
         line = after + 2)
        bw_trail_add(t->out, BW_TRAIL_SENT, line, (size_t)(after - line));
}

/* False with the outcome set. */
static bool ask(struct bw_probe_try *t)
{
    uint8_t nonce[BW_WEBSOCKET_NONCE_BYTES];
    char key[BW_WEBSOCKET_KEY_MAX];
    struct bw_buf request;
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    if (!random_bytes(t, nonce, sizeof nonce))
        return false;
    bw_websocket_key(nonce, key, t->accept);
    bw_buf_init(&request, REQUEST_BYTES_MAX);
    bw_websocket_write_request(&request, t->plan, &t->url, t->target->host, key);
    bool good = !bw_buf_failed(&request);
    if (!good)
        bw_probe_fail(t->out, BW_REASON_INTERNAL, "the request is too long");
    if (good)
        note_request(t, &request);
    good = good && send_bytes(t, request.data, request.len);
    bw_buf_fini(&request);
    return good;
}

static void on_secured(void *ctx)
{
    struct bw_probe_try *t = ctx;
    if (ask(t))
        wait_for(t);
    else
        end(t);
}

/* ---- the way there ---- */

static void on_connected(void *ctx)
{
    struct bw_probe_try *t = ctx;
    if (!t->url.https) {
        on_secured(t);
        return;
    }
    bw_probe_enter(t->out, BW_PHASE_TLS);
    t->tls = (struct bw_tls_watch){ .plan = &t->plan->http.tls_plan,
                                    .out = t->out,
                                    .name = bw_http_tls_name(&t->plan->http, &t->url,
                                                             t->target->host, &t->tls_host) };
    bw_stream_secure(&t->stream, &t->tls);
}

static bool connect_to(struct bw_probe_try *t)
{
    const struct bw_trail_peer peer = { t->address, t->url.port };
    bw_probe_enter(t->out, BW_PHASE_CONNECT);
    return bw_way_go(t->out, t->target, &peer) && bw_stream_connect(&t->stream, &peer, NULL);
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    t->lookup = NULL;
    t->has_address = bw_way_take(t->out, result, t->url.host, &t->address);
    if (!t->has_address || !connect_to(t))
        end(t);
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    static const struct bw_stream_ops ops = { .connected = on_connected,
                                              .secured = on_secured,
                                              .ready = on_ready,
                                              .failed = on_failed,
                                              .where = "" };
    const struct bw_websocket_plan *plan = prepared;
    struct bw_http_url url;
    struct bw_err err;
    if (bw_websocket_url_parse(target->text, &url, &err) != BW_OK) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "%s", err.text);
        return NULL;
    }
    struct bw_probe_try *t = bw_alloc(sizeof *t);
    t->engine = engine;
    t->plan = plan;
    t->target = target;
    t->out = out;
    t->done = done;
    t->ctx = ctx;
    t->url = url;
    t->regex_ns = BW_REGEX_LOOP_NS;
    t->stream =
        (struct bw_stream){ .loop = engine->loop, .out = out, .ops = &ops, .ctx = t, .fd = -1 };
    bw_buf_init(&t->rest, OUT_BYTES_MAX);
    bw_http_answer_init(&t->answer, &plan->http);
    bw_http_parser_init(&t->parser, false, take_line, take_body, t);
    bw_websocket_reader_init(&t->reader);
    bw_probe_enter(out, BW_PHASE_RESOLVE);
    const struct bw_lookup_query query = { .name = t->url.host,
                                           .preference = plan->http.preference,
                                           .fallback = plan->http.fallback };
    t->lookup = bw_way_begin(engine, out, &query, on_resolved, t);
    return t;
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    struct bw_http_url url;
    const enum bw_rc rc = bw_websocket_url_parse(text, &url, err);
    if (rc == BW_OK)
        bw_http_url_fini(&url);
    return rc;
}

extern const struct bw_probe_ops bw_probe_websocket;
const struct bw_probe_ops bw_probe_websocket = {
    .name = "websocket",
    .summary = "Asks for a WebSocket and may hold a dialogue of messages.",
    .target_help = "URL",
    .options = &bw_probe_websocket_group,
    .prepare = bw_websocket_prepare,
    .release = bw_websocket_release,
    .secrets = bw_websocket_secrets,
    .check_target = check_target,
    .start = start,
    .settle = settle,
    .cancel = release,
};
