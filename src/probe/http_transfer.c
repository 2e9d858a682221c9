// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_transfer.h"

#include "base/mem.h"
#include "io/socket.h"
#include "probe/http_curl.h"
#include "probe/http_wire.h"
#include "probe/trail.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REQUEST_BYTES_MAX = 2 * BW_CONF_FILE_BYTES_MAX }; /* whatever can be configured */

void bw_http_transfer_drop(struct bw_http_transfer *t)
{
    bw_http_curl_free(t->curl);
    bw_http_wire_free(t->wire);
    curl_slist_free_all(t->headers);
    t->curl = NULL;
    t->wire = NULL;
    t->headers = NULL;
}

void bw_http_transfer_fini(struct bw_http_transfer *t)
{
    bw_http_transfer_drop(t);
    free(t->tls_host);
    t->tls_host = NULL;
}

/* ---- what it brings, by either way ---- */

static bool take_context(void *ctx, void *ssl_context)
{
    struct bw_http_transfer *t = ctx;
    t->has_tls = true;
    if (bw_tls_watch_begin(&t->tls, ssl_context))
        return true;
    bw_probe_fail(t->out, BW_REASON_INTERNAL, "our own certificate cannot be used");
    return false;
}

static bool take_connection(void *ctx)
{
    struct bw_http_transfer *t = ctx;
    enum bw_reason reason = t->has_tls ? bw_tls_reason(&t->tls) : BW_REASON_NONE;
    if (reason != BW_REASON_NONE) {
        bw_probe_fail(t->out, reason, "%s", bw_tls_error_text(&t->tls));
        return false;
    }
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    bw_http_note_request(t->out, &t->hop, t->headers);
    return true;
}

static bool take_header(void *ctx, const char *line, size_t len)
{
    struct bw_http_transfer *t = ctx;
    if (t->out->phase != BW_PHASE_TRANSFER)
        bw_probe_enter(t->out, BW_PHASE_TRANSFER);
    bw_trail_add(t->out, BW_TRAIL_HEARD, line, len);
    if (bw_http_answer_header(t->answer, line, len))
        return true;
    bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "more than %u header lines or %u bytes",
                  BW_PROBE_HEADER_LINES_MAX, BW_PROBE_HEADER_BYTES_MAX);
    return false;
}

static bool take_body(void *ctx, const char *bytes, size_t len)
{
    struct bw_http_transfer *t = ctx;
    if (t->answer->body_bytes == 0)
        bw_trail_note(t->out, BW_TRAIL_BODY, bytes, len);
    if (bw_http_answer_body(t->answer, t->hop.plan, bytes, len))
        return true;
    bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "the body is longer than %llu bytes",
                  (unsigned long long)t->hop.plan->body_bytes_max);
    return false;
}

/* ---- by our own parser ---- */

/* For the next run, when that is wanted, the peer has not said otherwise and no other check has
 * to go without. */
static void keep_connection(struct bw_http_transfer *t)
{
    struct bw_poll *connection =
        t->hop.plan->keep_alive && t->memory != NULL ? bw_http_wire_detach(t->wire) : NULL;
    if (connection == NULL)
        return;
    if (bw_socket_may_idle(bw_poll_fd(connection)))
        bw_http_memory_keep(t->memory, t->hop.url->origin, t->hop.address, connection, t->reused);
    else
        bw_poll_close(connection);
}

static bool send_off(struct bw_http_transfer *t, bool may_reuse);

/* The peer had given up the kept connection, which says nothing of how it is now. */
static void ask_again(struct bw_http_transfer *t)
{
    bw_http_transfer_drop(t);
    bw_trail_say(t->out, "the connection that was open is closed now: opening another");
    if (!send_off(t, false))
        t->done(t->ctx);
}

static void on_wire_done(void *ctx, const struct bw_http_wire_end *how)
{
    struct bw_http_transfer *t = ctx;
    bw_probe_leave(t->out);
    if (how->stale) {
        ask_again(t);
        return;
    }
    if (how->reason == BW_REASON_NONE)
        keep_connection(t);
    else
        bw_probe_fail(t->out, how->reason, "%s", how->text);
    t->done(t->ctx);
}

static struct bw_poll *kept_connection(struct bw_http_transfer *t)
{
    if (!t->hop.plan->keep_alive || t->memory == NULL)
        return NULL;
    return bw_http_memory_take(t->memory, t->hop.url->origin, t->hop.address, &t->reused);
}

static bool send_by_wire(struct bw_http_transfer *t, struct bw_poll *kept)
{
    static const struct bw_http_wire_ops ops = { take_connection, take_header, take_body,
                                                 on_wire_done };
    const struct bw_http_hop *hop = &t->hop;
    const bool head_only = !hop->plain_get && strcmp(hop->plan->method, "HEAD") == 0;
    struct bw_http_wire_end end = { .reason = BW_REASON_INTERNAL,
                                    .text = "the request is too long" };
    struct bw_buf request;
    bw_buf_init(&request, REQUEST_BYTES_MAX);
    if (bw_http_write_request(&request, hop, &t->headers))
        t->wire = bw_http_wire_start(
            t->engine->loop,
            &(struct bw_http_wire_way){ .address = hop->address,
                                        .port = hop->url->port,
                                        .source = hop->plan->has_source ? &hop->plan->source : NULL,
                                        .kept = kept },
            &request, head_only, &ops, t, &end);
    else
        bw_poll_close(kept);
    bw_buf_fini(&request);
    if (t->wire == NULL)
        bw_probe_fail(t->out, end.reason, "%s", end.text);
    return t->wire != NULL;
}

/* ---- by libcurl ---- */

/* What libcurl lets pass: a status line that it reads with more patience than we do, and an end
 * before the blank line. */
static void check_head(struct bw_http_transfer *t)
{
    if (t->answer->status == 0)
        bw_probe_fail(t->out, BW_REASON_HTTP_PROTOCOL, "the status line is not that of HTTP");
    else if (t->answer->place == BW_HTTP_IN_HEAD)
        bw_probe_fail(t->out, BW_REASON_CONNECTION_CLOSED, "the peer closed within the headers");
}

static void on_curl_done(void *ctx, enum bw_reason reason, const char *text)
{
    struct bw_http_transfer *t = ctx;
    bw_probe_leave(t->out);
    if (reason == BW_REASON_NONE)
        check_head(t);
    else
        bw_probe_fail(t->out, reason, "%s", text);
    t->done(t->ctx);
}

static bool send_by_curl(struct bw_http_transfer *t)
{
    static const struct bw_http_curl_ops ops = { take_context, take_connection, take_header,
                                                 take_body, on_curl_done };
    const char *why;
    t->curl = bw_http_curl_start(t->engine, &t->hop, t->out, &ops, t, &t->headers, &why);
    if (t->curl == NULL)
        bw_probe_fail(t->out, BW_REASON_INTERNAL, "%s", why);
    return t->curl != NULL;
}

/* ---- its beginning ---- */

/* The host that the request or else its headers ask for, in place of the URL's. */
static const char *asked_host(const struct bw_http_hop *hop)
{
    if (!hop->trusted || hop->host_header != NULL)
        return hop->host_header;
    for (size_t i = 0; i < hop->plan->header_count; i++) {
        if (strcasecmp(hop->plan->headers[i].name, "host") == 0)
            return hop->plan->headers[i].value;
    }
    return NULL;
}

static void watch_tls(struct bw_http_transfer *t)
{
    t->has_tls = false;
    if (!t->hop.url->https)
        return;
    t->tls = (struct bw_tls_watch){ .plan = &t->hop.plan->tls_plan,
                                    .out = t->out,
                                    .name = bw_http_tls_name(t->hop.plan, t->hop.url,
                                                             asked_host(&t->hop), &t->tls_host) };
    t->tls.renamed = t->tls.name != t->hop.url->host;
}

/* The address that the target has, whoever connects to it. */
static bool is_allowed(const struct bw_http_transfer *t)
{
    return t->target->filter == NULL
           || (t->hop.address != NULL && t->target->filter(t->target->filter_ctx, t->hop.address));
}

static void note_connection(struct bw_http_transfer *t)
{
    const struct bw_http_proxy *proxy = t->hop.proxy;
    const struct bw_trail_peer peer = {
        proxy != NULL ? *t->hop.proxy_address : *t->hop.address,
        proxy != NULL ? proxy->port : t->hop.url->port,
    };
    bw_probe_enter(t->out, BW_PHASE_CONNECT);
    if (proxy != NULL)
        bw_trail_say(t->out, "through the proxy %s", proxy->shown);
    bw_trail_add(t->out, BW_TRAIL_CONNECT, &peer, sizeof peer);
}

static bool send_off(struct bw_http_transfer *t, bool may_reuse)
{
    const bool allowed = is_allowed(t), plain = bw_http_is_plain(&t->hop);
    t->reused = false;
    struct bw_poll *kept = may_reuse && allowed && plain ? kept_connection(t) : NULL;
    if (kept != NULL) {
        static const char words[] = "on a connection that was open";
        bw_trail_note(t->out, BW_TRAIL_WORDS, words, sizeof words - 1);
    } else {
        note_connection(t);
    }
    if (!allowed) {
        bw_probe_fail(t->out, BW_REASON_CONNECT_FAILED, "this address is not allowed");
        return false;
    }
    bw_http_answer_clear(t->answer);
    watch_tls(t);
    return plain ? send_by_wire(t, kept) : send_by_curl(t);
}

bool bw_http_transfer_begin(struct bw_http_transfer *t, const struct bw_http_hop *hop)
{
    t->hop = *hop;
    return send_off(t, true);
}
