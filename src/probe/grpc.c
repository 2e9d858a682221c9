// SPDX-License-Identifier: GPL-3.0-or-later
/* The gRPC probe: asks a server for the health of a service (grpc.health.v1), one call over HTTP/2,
 * which libcurl speaks (probe/http_curl.h), in the clear or over TLS.
 *
 *     lookup --> call --> headers, one message, trailers --> judged --> done */
#include "probe/grpc.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "base/units.h"
#include "probe/http_curl.h"
#include "probe/trail.h"
#include "probe/way.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct bw_probe_try {
    struct bw_probe_engine *engine;
    const struct bw_grpc_plan *plan;
    const struct bw_probe_target *target;
    struct bw_probe_outcome *out;
    bw_probe_try_done_fn *done;
    void *ctx;
    struct bw_http_url url;
    char *tls_host; /* or NULL */
    struct bw_lookup *lookup;
    struct bw_address address;
    bool has_address;
    struct bw_http_curl *curl;
    struct curl_slist *headers;
    bool has_tls; /* there was a handshake, or the beginning of one */
    struct bw_tls_watch tls;
    struct bw_http_answer answer;
    struct bw_grpc_reader reader;
    bool has_status;
    unsigned status;                                 /* the server's, or what stands for it */
    char message[BW_PROBE_DETAIL_BYTES_MAX * 3 / 4]; /* grpc-message, quoted */
    int32_t serving;                                 /* -1: not told */
};

static void release(struct bw_probe_try *t)
{
    bw_lookup_cancel(t->lookup);
    bw_http_curl_free(t->curl);
    curl_slist_free_all(t->headers);
    bw_http_answer_fini(&t->answer);
    bw_http_url_fini(&t->url);
    free(t->tls_host);
    free(t);
}

/* ---- what is measured ---- */

static void measure_phase(const struct bw_probe_try *t, const char *phase, int64_t ns)
{
    bw_measures_add(t->out->measures, BW_METRIC_PROBE_GRPC_DURATION_SECONDS, (double)ns / BW_SECOND,
                    BW_LABEL_VALUES(phase));
}

static void measure(struct bw_probe_try *t)
{
    struct bw_measures *m = t->out->measures;
    const int64_t *ns = t->out->phase_ns;
    bw_probe_measure_lookup(t->out);
    measure_phase(t, "resolve", ns[BW_PHASE_RESOLVE]);
    bw_measures_add(m, BW_METRIC_PROBE_GRPC_SSL, t->has_tls && t->tls.finished, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_GRPC_STATUS_CODE, t->status, NULL);
    if (!t->has_address)
        return;
    bw_probe_measure_address(t->out, &t->address);
    measure_phase(t, "check",
                  ns[BW_PHASE_CONNECT] + ns[BW_PHASE_TLS] + ns[BW_PHASE_PROCESSING]
                      + ns[BW_PHASE_TRANSFER]);
    for (enum bw_grpc_serving i = 0; i < BW_GRPC_SERVINGS; i++)
        bw_measures_add(m, BW_METRIC_PROBE_GRPC_HEALTHCHECK_RESPONSE, t->serving == (int32_t)i,
                        BW_LABEL_VALUES(bw_grpc_serving_name(i)));
}

static void finish(struct bw_probe_try *t)
{
    bw_probe_leave(t->out);
    t->out->http_status = t->answer.status;
    measure(t);
    if (t->has_tls)
        bw_tls_measure(&t->tls);
    if (t->has_tls && bw_trail_is_wanted(t->out))
        bw_tls_tell(&t->tls);
}

/* The deadline has passed. */
static void settle(struct bw_probe_try *t)
{
    if (!t->has_status)
        t->status = BW_GRPC_DEADLINE_EXCEEDED;
    finish(t);
}

/* The last thing that is done to a try. */
static void end(struct bw_probe_try *t)
{
    bw_probe_try_done_fn *done = t->done;
    void *ctx = t->ctx;
    finish(t);
    release(t);
    done(ctx);
}

/* ---- the verdict ---- */

/* A status that is no "OK". A server that does not know the service says nothing of its health. */
static void judge_status(struct bw_probe_try *t)
{
    const enum bw_reason reason =
        t->status == BW_GRPC_NOT_FOUND ? BW_REASON_SERVICE_UNKNOWN : BW_REASON_GRPC_STATUS;
    const char *name = bw_grpc_code_name(t->status);
    const char *colon = t->message[0] != '\0' ? ": " : "";
    bw_probe_fail(t->out, reason, "status %s (%u)%s%s", name != NULL ? name : "without a name",
                  t->status, colon, t->message);
}

static void fail_protocol(struct bw_probe_try *t, enum bw_grpc_code code, const char *what)
{
    t->status = code;
    bw_probe_fail(t->out, BW_REASON_GRPC_PROTOCOL, "%s", what);
}

static void judge_serving(struct bw_probe_try *t)
{
    static const enum bw_reason reasons[BW_GRPC_SERVINGS] = {
        [BW_GRPC_SERVING_UNKNOWN] = BW_REASON_SERVICE_UNKNOWN,
        [BW_GRPC_SERVING] = BW_REASON_NONE,
        [BW_GRPC_NOT_SERVING] = BW_REASON_NOT_SERVING,
        [BW_GRPC_SERVICE_UNKNOWN] = BW_REASON_SERVICE_UNKNOWN,
    };
    const struct bw_grpc_reader *reader = &t->reader;
    int32_t serving;
    if (!bw_grpc_is_whole(reader)) {
        fail_protocol(t, BW_GRPC_INTERNAL, "an answer without a whole message");
    } else if (!bw_grpc_read_serving(reader->message, reader->length, &serving)) {
        fail_protocol(t, BW_GRPC_INTERNAL, "a message that is no protobuf");
    } else if (serving < 0 || serving >= BW_GRPC_SERVINGS) {
        bw_probe_fail(t->out, BW_REASON_GRPC_PROTOCOL, "a serving status of %d, which is none",
                      (int)serving);
    } else {
        t->serving = serving;
        if (serving == BW_GRPC_SERVING)
            bw_probe_say(t->out, "SERVING");
        else
            bw_probe_fail(t->out, reasons[serving], "the server says %s",
                          bw_grpc_serving_name((enum bw_grpc_serving)serving));
    }
}

static bool is_of_grpc(const struct bw_http_answer *answer)
{
    const char *type = bw_http_answer_value(answer, "content-type");
    return type != NULL && strncasecmp(type, "application/grpc", 16) == 0;
}

static void judge_type(struct bw_probe_try *t)
{
    const char *type = bw_http_answer_value(&t->answer, "content-type");
    char shown[100];
    bw_probe_quote(shown, sizeof shown, type != NULL ? type : "", type != NULL ? strlen(type) : 0);
    t->status = BW_GRPC_UNKNOWN;
    bw_probe_fail(t->out, BW_REASON_GRPC_PROTOCOL, "the content type is '%s', not application/grpc",
                  shown);
}

static void judge(struct bw_probe_try *t)
{
    if (t->answer.status == 0) {
        fail_protocol(t, BW_GRPC_UNAVAILABLE, "an answer without a status line");
    } else if (t->answer.version != BW_HTTP_2) {
        bw_probe_fail(t->out, BW_REASON_HTTP_PROTOCOL, "the peer does not speak HTTP/2");
    } else if (!t->has_status && t->answer.status != 200) {
        t->status = bw_grpc_code_of_http(t->answer.status);
        bw_probe_fail(t->out, BW_REASON_HTTP_STATUS, "status %d, expected 200", t->answer.status);
    } else if (!is_of_grpc(&t->answer)) {
        judge_type(t);
    } else if (!t->has_status) {
        fail_protocol(t, BW_GRPC_INTERNAL, "the answer ended without grpc-status");
    } else if (t->status != BW_GRPC_OK) {
        judge_status(t);
    } else {
        judge_serving(t);
    }
}

/* ---- what the call brings ---- */

static bool take_context(void *ctx, void *ssl_context)
{
    struct bw_probe_try *t = ctx;
    t->has_tls = true;
    if (bw_tls_watch_begin(&t->tls, ssl_context))
        return true;
    bw_probe_fail(t->out, BW_REASON_INTERNAL, "our own certificate cannot be used");
    return false;
}

static void note_call(const struct bw_probe_try *t)
{
    bw_trail_say(t->out, "asks for the health of %s%s%s", t->plan->service[0] != '\0' ? "'" : "",
                 t->plan->service[0] != '\0' ? t->plan->service : "the server",
                 t->plan->service[0] != '\0' ? "'" : "");
    static const char line[] = "POST /grpc.health.v1.Health/Check HTTP/2";
    bw_trail_add(t->out, BW_TRAIL_SENT, line, sizeof line - 1);
    for (const struct curl_slist *header = t->headers; header != NULL; header = header->next) {
        const size_t len = strlen(header->data);
        if (header->data[len - 1] != ':') /* that takes a header of libcurl's out */
            bw_trail_add(t->out, BW_TRAIL_SENT, header->data, len);
    }
}

static bool take_connection(void *ctx)
{
    struct bw_probe_try *t = ctx;
    const enum bw_reason reason = t->has_tls ? bw_tls_reason(&t->tls) : BW_REASON_NONE;
    if (reason != BW_REASON_NONE) {
        bw_probe_fail(t->out, reason, "%s", bw_tls_error_text(&t->tls));
        return false;
    }
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    note_call(t);
    return true;
}

/* The fields of ours, in headers and trailers alike: a call that fails at once has no trailers. */
static void take_field(struct bw_probe_try *t, struct bw_span line)
{
    struct bw_span name;
    uint64_t code;
    if (!bw_span_split(&line, ':', &name))
        return;
    line = bw_span_trim(line);
    if (name.len == 11 && strncasecmp(name.data, "grpc-status", 11) == 0) {
        t->has_status = true;
        const bool good = bw_parse_uint(line.data, line.len, &code) && code <= INT32_MAX;
        t->status = good ? (unsigned)code : BW_GRPC_UNKNOWN;
    } else if (name.len == 12 && strncasecmp(name.data, "grpc-message", 12) == 0) {
        char text[sizeof t->message];
        const size_t len = bw_grpc_decode_text(text, sizeof text, line.data, line.len);
        bw_probe_quote(t->message, sizeof t->message, text, len);
    }
}

static bool take_line(void *ctx, const char *line, size_t len)
{
    struct bw_probe_try *t = ctx;
    if (t->out->phase != BW_PHASE_TRANSFER)
        bw_probe_enter(t->out, BW_PHASE_TRANSFER);
    bw_trail_add(t->out, BW_TRAIL_HEARD, line, len);
    if (!bw_http_answer_header(&t->answer, line, len)) {
        bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "more than %u headers or %u bytes",
                      BW_PROBE_HEADER_LINES_MAX, BW_PROBE_HEADER_BYTES_MAX);
        return false;
    }
    if (t->answer.status >= 200)
        take_field(t, (struct bw_span){ line, len });
    return true;
}

/* The body of what is no answer to a call says nothing: it is not read as one. */
static bool take_bytes(void *ctx, const char *bytes, size_t len)
{
    struct bw_probe_try *t = ctx;
    if (t->answer.status != 200 || !is_of_grpc(&t->answer)) {
        judge(t);
        return false;
    }
    switch (bw_grpc_feed(&t->reader, bytes, len)) {
    case BW_GRPC_FED:
        return true;
    case BW_GRPC_COMPRESSED:
        fail_protocol(t, BW_GRPC_INTERNAL, "a message that says to be compressed");
        return false;
    case BW_GRPC_TOO_LONG:
        t->status = BW_GRPC_INTERNAL;
        bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE,
                      "announces a message of %lu bytes, where %d are allowed",
                      (unsigned long)t->reader.length, BW_GRPC_MESSAGE_BYTES_MAX);
        return false;
    default:
        fail_protocol(t, BW_GRPC_INTERNAL, "bytes after the message");
        return false;
    }
}

static void on_called(void *ctx, enum bw_reason reason, const char *text)
{
    struct bw_probe_try *t = ctx;
    bw_probe_leave(t->out);
    const char *colon = strstr(text, "nghttp2") != NULL ? strrchr(text, ':') : NULL;
    if (reason == BW_REASON_NONE)
        judge(t);
    else if (strstr(text, "Empty reply") != NULL) /* also after what is no HTTP/2 */
        bw_probe_fail(t->out, reason, "no answer in HTTP/2 before the end");
    else if (colon != NULL) /* "h2_…: nghttp2_…() returned -904:Flooding was detected" */
        bw_probe_fail(t->out, BW_REASON_HTTP_PROTOCOL, "HTTP/2: %s", colon + 1);
    else
        bw_probe_fail(t->out, reason, "%s", text);
    end(t);
}

/* ---- the call ---- */

/* What the server is told, so that it does not work for nobody; a moment at least. */
static int64_t time_left(const struct bw_probe_try *t)
{
    const int64_t left_ns = t->out->deadline_ns - bw_loop_mono_ns();
    if (t->out->deadline_ns == 0)
        return 0;
    return left_ns > BW_MS ? left_ns : BW_MS;
}

static bool call(struct bw_probe_try *t)
{
    static const struct bw_http_curl_ops ops = { .secure = take_context,
                                                 .connected = take_connection,
                                                 .line = take_line,
                                                 .body = take_bytes,
                                                 .done = on_called };
    const struct bw_trail_peer peer = { t->address, t->url.port };
    const struct bw_http_hop hop = { .plan = &t->plan->http,
                                     .url = &t->url,
                                     .address = &t->address,
                                     .host_header = t->target->host,
                                     .trusted = true,
                                     .message = &t->plan->message,
                                     .left_ns = time_left(t) };
    const char *why;
    bw_probe_enter(t->out, BW_PHASE_CONNECT);
    if (!bw_way_go(t->out, t->target, &peer))
        return false;
    t->tls = (struct bw_tls_watch){ .plan = &t->plan->http.tls_plan,
                                    .out = t->out,
                                    .name = bw_http_tls_name(&t->plan->http, &t->url,
                                                             t->target->host, &t->tls_host) };
    t->tls.renamed = t->tls.name != t->url.host;
    t->curl = bw_http_curl_start(t->engine, &hop, t->out, &ops, t, &t->headers, &why);
    if (t->curl == NULL)
        bw_probe_fail(t->out, BW_REASON_INTERNAL, "%s", why);
    return t->curl != NULL;
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    t->lookup = NULL;
    t->has_address = bw_way_take(t->out, result, t->url.host, &t->address);
    if (!t->has_address || !call(t))
        end(t);
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    const struct bw_grpc_plan *plan = prepared;
    struct bw_http_url url;
    struct bw_err err;
    if (bw_grpc_target_parse(target->text, plan->tls, &url, &err) != BW_OK) {
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
    t->status = BW_GRPC_UNAVAILABLE; /* until there is an answer */
    t->serving = -1;
    bw_http_answer_init(&t->answer, &plan->http);
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
    const enum bw_rc rc = bw_grpc_target_parse(text, false, &url, err);
    if (rc == BW_OK)
        bw_http_url_fini(&url);
    return rc;
}

extern const struct bw_probe_ops bw_probe_grpc;
const struct bw_probe_ops bw_probe_grpc = {
    .name = "grpc",
    .summary = "Asks for the health of a gRPC service.",
    .target_help = "HOST:PORT",
    .options = &bw_probe_grpc_group,
    .prepare = bw_grpc_prepare,
    .release = bw_grpc_release,
    .secrets = bw_grpc_secrets,
    .check_target = check_target,
    .start = start,
    .settle = settle,
    .cancel = release,
};
