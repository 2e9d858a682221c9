// SPDX-License-Identifier: GPL-3.0-or-later
/* The HTTP probe. One hop is one name lookup and one transfer on a new connection, by libcurl or,
 * for HTTP/1 in the clear, by probe/http_wire.h at half of its cost; redirects are followed here,
 * hop by hop, so that each passes the same checks:
 *
 *     URL --> lookup --> transfer --> answer --3xx--> next URL (at most 10)
 *                                        \--else--> judged --> done
 *
 * Phases are timed by our own clock: libcurl's times are zero after a failed handshake. */
#include "probe/http.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "io/socket.h"
#include "probe/http_memory.h"
#include "probe/http_wire.h"
#include "probe/trail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { REQUEST_BYTES_MAX = 2 * BW_CONF_FILE_BYTES_MAX }; /* whatever can be configured */

struct bw_probe_try {
    struct bw_probe_engine *engine;
    struct bw_http_plan *plan;
    const struct bw_probe_target *target;
    struct bw_probe_outcome *out;
    bw_probe_try_done_fn *done;
    void *ctx;
    struct bw_http_url url;
    bool url_is_lent;              /* it is the memory's */
    struct bw_http_memory *memory; /* of earlier runs; or NULL */
    bool reused;                   /* the connection is an earlier run's */
    char *first_origin;
    char *tls_host; /* or NULL */
    struct bw_lookup *lookup;
    struct bw_address address;
    bool has_address;
    struct bw_curl_slot slot;
    bool on_curl;              /* the transfer runs */
    struct bw_http_wire *wire; /* instead of libcurl's handle; or NULL */
    struct curl_slist *headers, *connect_to;
    int socket_error; /* errno of socket(2) */
    struct bw_tls_watch tls;
    bool has_tls;
    struct bw_http_answer answer;
    bool trusted, plain_get;
    unsigned redirects;
    bool regex_failed;
    struct bw_http_search *search; /* of the body, on a worker */
    char curl_error[CURL_ERROR_SIZE];
};

static void drop_transfer(struct bw_probe_try *t)
{
    if (t->on_curl)
        bw_curl_loop_remove(t->engine->curl, &t->slot);
    t->on_curl = false;
    curl_easy_cleanup(t->slot.easy);
    bw_http_wire_free(t->wire);
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->connect_to);
    t->slot.easy = NULL;
    t->wire = NULL;
    t->headers = t->connect_to = NULL;
}

static void drop_url(struct bw_probe_try *t)
{
    if (!t->url_is_lent)
        bw_http_url_fini(&t->url);
    t->url_is_lent = false;
}

static void release(struct bw_probe_try *t)
{
    bw_lookup_cancel(t->lookup);
    bw_http_search_cancel(t->search);
    drop_transfer(t);
    drop_url(t);
    bw_http_answer_fini(&t->answer);
    free(t->first_origin);
    free(t->tls_host);
    free(t);
}

/* ---- what is measured ---- */

static double version_number(enum bw_http_version version)
{
    return version == BW_HTTP_1_0 ? 1.0 : version == BW_HTTP_1_1 ? 1.1 : 2.0;
}

static void measure_answer(struct bw_probe_try *t)
{
    struct bw_measures *m = t->out->measures;
    const struct bw_http_answer *answer = &t->answer;
    bool answered = answer->status != 0;
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_STATUS_CODE, answer->status, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_REDIRECTS, t->redirects, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_SSL, answered && t->url.https, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, t->regex_failed, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_VERSION, answered ? version_number(answer->version) : 0,
                    NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_CONTENT_LENGTH,
                    answered ? (double)answer->content_length : 0, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH, (double)answer->body_bytes,
                    NULL);
    if (t->plan->keep_alive)
        bw_measures_add(m, BW_METRIC_PROBE_HTTP_CONNECTION_REUSED, answered && t->reused, NULL);
    if (answer->last_modified_s != 0)
        bw_measures_add(m, BW_METRIC_PROBE_HTTP_LAST_MODIFIED_TIMESTAMP_SECONDS,
                        (double)answer->last_modified_s, NULL);
}

static void settle(struct bw_probe_try *t)
{
    struct bw_measures *m = t->out->measures;
    bw_probe_leave(t->out);
    t->out->http_status = t->answer.status;
    bw_measures_add(m, BW_METRIC_PROBE_DNS_LOOKUP_TIME_SECONDS,
                    (double)t->out->phase_ns[BW_PHASE_RESOLVE] / BW_SECOND, NULL);
    if (t->has_address)
        bw_probe_measure_address(t->out, &t->address);
    for (enum bw_probe_phase phase = 0; phase < BW_PHASE_COUNT; phase++)
        bw_measures_add(m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS,
                        (double)t->out->phase_ns[phase] / BW_SECOND,
                        BW_LABEL_VALUES(bw_probe_phase_name(phase)));
    measure_answer(t);
    if (t->has_tls)
        bw_tls_measure(&t->tls);
    if (t->has_tls && bw_trail_is_wanted(t->out))
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

/* ---- callbacks of a transfer ---- */

/* Made here and not by libcurl, which neither sets O_CLOEXEC nor tells why there was none. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)purpose;
    struct bw_probe_try *t = ctx;
    int fd = bw_socket_open(to->family, to->socktype, to->protocol);
    if (fd < 0)
        t->socket_error = errno;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static CURLcode on_tls_context(CURL *easy, void *context, void *ctx)
{
    (void)easy;
    struct bw_probe_try *t = ctx;
    t->has_tls = true;
    if (bw_tls_watch_begin(&t->tls, context))
        return CURLE_OK;
    bw_probe_fail(t->out, BW_REASON_INTERNAL, "our own certificate cannot be used");
    return CURLE_SSL_CERTPROBLEM;
}

static struct bw_http_hop hop_of(const struct bw_probe_try *t)
{
    return (struct bw_http_hop){
        .plan = t->plan,
        .url = &t->url,
        .address = &t->address,
        .host_header = t->trusted ? t->target->host : NULL,
        .trusted = t->trusted,
        .plain_get = t->plain_get,
    };
}

/* Connected and through the handshake; nothing of the request has been sent. False refuses. */
static bool take_connection(void *ctx)
{
    struct bw_probe_try *t = ctx;
    enum bw_reason reason = t->has_tls ? bw_tls_reason(&t->tls) : BW_REASON_NONE;
    if (reason != BW_REASON_NONE) {
        bw_probe_fail(t->out, reason, "%s", bw_tls_error_text(&t->tls));
        return false;
    }
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    const struct bw_http_hop hop = hop_of(t);
    bw_http_note_request(t->out, &hop, t->headers);
    return true;
}

static int on_connected(void *ctx, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    return take_connection(ctx) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static bool take_header(void *ctx, const char *line, size_t len)
{
    struct bw_probe_try *t = ctx;
    if (t->out->phase != BW_PHASE_TRANSFER)
        bw_probe_enter(t->out, BW_PHASE_TRANSFER);
    bw_trail_add(t->out, BW_TRAIL_HEARD, line, len);
    if (bw_http_answer_header(&t->answer, line, len))
        return true;
    bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "more than %u header lines or %u bytes",
                  BW_PROBE_HEADER_LINES_MAX, BW_PROBE_HEADER_BYTES_MAX);
    return false;
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    return take_header(ctx, line, size * count) ? size * count : size * count + 1;
}

static bool take_body(void *ctx, const char *bytes, size_t len)
{
    struct bw_probe_try *t = ctx;
    if (t->answer.body_bytes == 0)
        bw_trail_note(t->out, BW_TRAIL_BODY, bytes, len);
    if (bw_http_answer_body(&t->answer, t->plan, bytes, len))
        return true;
    bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "the body is longer than %llu bytes",
                  (unsigned long long)t->plan->body_bytes_max);
    return false;
}

/* Anything but the count aborts. */
static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    return take_body(ctx, bytes, size * count) ? size * count : size * count + 1;
}

/* ---- how a transfer failed ---- */

static enum bw_reason connect_reason(const struct bw_probe_try *t)
{
    long error = t->socket_error;
    if (error == 0)
        curl_easy_getinfo(t->slot.easy, CURLINFO_OS_ERRNO, &error);
    return bw_probe_errno_reason((int)error);
}

static enum bw_reason by_phase(const struct bw_probe_try *t)
{
    switch (t->out->phase) {
    case BW_PHASE_RESOLVE:
        return BW_REASON_DNS_FAILURE;
    case BW_PHASE_CONNECT:
        return connect_reason(t);
    case BW_PHASE_TLS:
        return BW_REASON_TLS_HANDSHAKE;
    default:
        return BW_REASON_CONNECTION_CLOSED;
    }
}

static enum bw_reason reason_of(const struct bw_probe_try *t, CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
        return BW_REASON_TLS_HANDSHAKE;
    case CURLE_COULDNT_CONNECT:
    case CURLE_RECV_ERROR:
        /* That is what it calls chunks that are none, too. */
        return strstr(t->curl_error, "chunked-encoding") != NULL ? BW_REASON_HTTP_PROTOCOL
                                                                 : by_phase(t);
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
        return by_phase(t);
    case CURLE_OUT_OF_MEMORY:
        /* What libcurl 7.88 says to a header line of over 100 KB. */
        return t->out->phase >= BW_PHASE_PROCESSING ? BW_REASON_RESPONSE_TOO_LARGE
                                                    : BW_REASON_LOCAL_LIMIT;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 */
    case CURLE_HTTP2:
    case CURLE_BAD_CONTENT_ENCODING:
        return BW_REASON_HTTP_PROTOCOL;
    default:
        return t->out->phase >= BW_PHASE_PROCESSING ? BW_REASON_HTTP_PROTOCOL : BW_REASON_INTERNAL;
    }
}

static void fail_transfer(struct bw_probe_try *t, CURLcode code)
{
    const char *why = t->curl_error[0] != '\0' ? t->curl_error : curl_easy_strerror(code);
    bw_probe_fail(t->out, reason_of(t, code), "%s", why);
    end(t);
}

/* ---- hops ---- */

static void resolve(struct bw_probe_try *t);

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Takes the next URL over; false with the outcome set when we do not go there. */
static bool take_redirect(struct bw_probe_try *t, const char *location)
{
    struct bw_err err;
    struct bw_http_url next;
    if (t->redirects == BW_PROBE_REDIRECTS_MAX) {
        bw_probe_fail(t->out, BW_REASON_HTTP_REDIRECTS, "more than %u redirects",
                      BW_PROBE_REDIRECTS_MAX);
        return false;
    }
    if (bw_http_url_parse(location, &next, &err) != BW_OK) {
        char shown[101];
        bw_text_hide_userinfo(shown, sizeof shown, location);
        bw_probe_fail(t->out, BW_REASON_HTTP_REDIRECTS, "redirect to '%s': %s", shown, err.text);
        return false;
    }
    /* What has left the origin once is not trusted again, wherever it goes next. */
    t->trusted = t->trusted && strcmp(next.origin, t->first_origin) == 0;
    bool reads_only = strcmp(t->plan->method, "GET") == 0 || strcmp(t->plan->method, "HEAD") == 0;
    if (!reads_only && t->answer.status <= 303)
        t->plain_get = true;
    if (!t->trusted && t->plan->body != NULL && !t->plain_get) {
        bw_probe_fail(t->out, BW_REASON_HTTP_REDIRECTS,
                      "the body is not sent to another origin, %.100s", next.origin);
        bw_http_url_fini(&next);
        return false;
    }
    drop_url(t);
    t->url = next;
    t->redirects++;
    return true;
}

static void on_searched(void *ctx, const struct bw_probe_outcome *found, bool regex_failed)
{
    struct bw_probe_try *t = ctx;
    t->search = NULL;
    t->regex_failed = t->regex_failed || regex_failed;
    if (found->reason != BW_REASON_NONE)
        bw_probe_fail(t->out, found->reason, "%s", found->detail);
    if (found->warned)
        bw_probe_warn(t->out, "%s", found->warning);
    end(t);
}

static void judge(struct bw_probe_try *t)
{
    struct bw_buf *body = &t->answer.body; /* empty when no pattern looks at it */
    t->regex_failed = bw_http_judge_head(t->plan, &t->answer, t->url.https, t->out);
    if (body->len <= BW_HTTP_SEARCH_BYTES) {
        const bool failed = bw_http_judge_body(t->plan, body, BW_REGEX_LOOP_NS, t->out);
        t->regex_failed = t->regex_failed || failed;
        end(t);
        return;
    }
    struct bw_err err;
    drop_transfer(t); /* the connection has served */
    t->search = bw_http_search_start(t->engine, t->plan, body, on_searched, t, &err);
    if (t->search != NULL)
        return;
    bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
    end(t);
}

static void on_answered(struct bw_probe_try *t)
{
    const char *location = NULL;
    if (t->plan->follow_redirects && is_redirect(t->answer.status))
        location = bw_http_answer_value(&t->answer, "location");
    if (location == NULL || *location == '\0') {
        judge(t);
        return;
    }
    char *next = bw_http_url_follow(&t->url, location);
    if (take_redirect(t, next)) {
        drop_transfer(t);
        bw_trail_chapter(t->out);
        resolve(t);
    } else {
        end(t);
    }
    free(next);
}

/* For the next run, when that is wanted, the peer has not said otherwise and no other check has
 * to go without. */
static void keep_connection(struct bw_probe_try *t)
{
    struct bw_poll *connection =
        t->plan->keep_alive && t->memory != NULL ? bw_http_wire_detach(t->wire) : NULL;
    if (connection == NULL)
        return;
    if (bw_socket_may_idle(bw_poll_fd(connection)))
        bw_http_memory_keep(t->memory, t->url.origin, &t->address, connection, t->reused);
    else
        bw_poll_close(connection);
}

static bool transfer(struct bw_probe_try *t, bool may_reuse);

/* The peer had given up the kept connection, which says nothing of how it is now. */
static void ask_again(struct bw_probe_try *t)
{
    drop_transfer(t);
    bw_trail_say(t->out, "the connection that was open is closed now: opening another");
    if (!transfer(t, false))
        end(t);
}

static void on_wire_done(void *ctx, const struct bw_http_wire_end *how)
{
    struct bw_probe_try *t = ctx;
    bw_probe_leave(t->out);
    if (how->stale) {
        ask_again(t);
        return;
    }
    if (how->reason == BW_REASON_NONE)
        keep_connection(t);
    else
        bw_probe_fail(t->out, how->reason, "%s", how->text);
    if (t->out->reason != BW_REASON_NONE)
        end(t);
    else
        on_answered(t);
}

/* What libcurl lets pass: a status line that it reads with more patience than we do, and an end
 * before the blank line. */
static void check_head(struct bw_probe_try *t)
{
    if (t->answer.status == 0)
        bw_probe_fail(t->out, BW_REASON_HTTP_PROTOCOL, "the status line is not that of HTTP");
    else if (t->answer.place == BW_HTTP_IN_HEAD)
        bw_probe_fail(t->out, BW_REASON_CONNECTION_CLOSED, "the peer closed within the headers");
}

static void on_transferred(void *ctx, CURLcode code)
{
    struct bw_probe_try *t = ctx;
    t->on_curl = false;
    bw_probe_leave(t->out);
    if (code == CURLE_OK)
        check_head(t);
    if (code == CURLE_OK && t->out->reason == BW_REASON_NONE)
        on_answered(t);
    else
        fail_transfer(t, code);
}

static void set_callbacks(struct bw_probe_try *t, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_error);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
    if (!t->url.https)
        return;
    /* Verified by our callback against our store. With libcurl's own files unset it reads
     * nothing: with Debian's defaults each handshake would parse 140 certificates. */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t);
}

/* The host that the request or else its headers ask for, in place of the URL's. */
static const char *asked_host(const struct bw_probe_try *t)
{
    if (!t->trusted || t->target->host != NULL)
        return t->trusted ? t->target->host : NULL;
    for (size_t i = 0; i < t->plan->header_count; i++) {
        if (strcasecmp(t->plan->headers[i].name, "host") == 0)
            return t->plan->headers[i].value;
    }
    return NULL;
}

static const char *tls_name(struct bw_probe_try *t)
{
    const char *host = asked_host(t);
    struct bw_http_url url;
    struct bw_err ignored;
    if (t->plan->tls_plan.server_name != NULL)
        return t->plan->tls_plan.server_name;
    if (host == NULL || bw_http_url_parse(host, &url, &ignored) != BW_OK)
        return t->url.host;
    free(t->tls_host);
    t->tls_host = bw_strdup(url.host); /* without its port */
    bw_http_url_fini(&url);
    return t->tls_host;
}

static bool transfer_by_wire(struct bw_probe_try *t, const struct bw_http_hop *hop,
                             struct bw_poll *kept)
{
    static const struct bw_http_wire_ops ops = { take_connection, take_header, take_body,
                                                 on_wire_done };
    const bool head_only = !t->plain_get && strcmp(t->plan->method, "HEAD") == 0;
    struct bw_http_wire_end end = { .reason = BW_REASON_INTERNAL,
                                    .text = "the request is too long" };
    struct bw_buf request;
    bw_buf_init(&request, REQUEST_BYTES_MAX);
    if (bw_http_write_request(&request, hop, &t->headers))
        t->wire = bw_http_wire_start(t->engine->loop, &t->address, t->url.port, kept, &request,
                                     head_only, &ops, t, &end);
    else
        bw_poll_close(kept);
    bw_buf_fini(&request);
    if (t->wire == NULL)
        bw_probe_fail(t->out, end.reason, "%s", end.text);
    return t->wire != NULL;
}

static bool transfer_by_curl(struct bw_probe_try *t, const struct bw_http_hop *hop)
{
    t->slot = (struct bw_curl_slot){ .easy = curl_easy_init(), .done = on_transferred, .ctx = t };
    if (t->slot.easy == NULL || !bw_http_request(t->slot.easy, hop, &t->headers, &t->connect_to)) {
        bw_probe_fail(t->out, BW_REASON_INTERNAL, "libcurl does not take the request");
        return false;
    }
    set_callbacks(t, t->slot.easy);
    t->on_curl = bw_curl_loop_add(t->engine->curl, &t->slot);
    if (!t->on_curl)
        bw_probe_fail(t->out, BW_REASON_INTERNAL, "libcurl does not start the request");
    return t->on_curl;
}

static void watch_tls(struct bw_probe_try *t)
{
    t->has_tls = false;
    if (!t->url.https)
        return;
    t->tls =
        (struct bw_tls_watch){ .plan = &t->plan->tls_plan, .out = t->out, .name = tls_name(t) };
    t->tls.renamed = t->tls.name != t->url.host;
}

static bool is_allowed(const struct bw_probe_try *t)
{
    return t->target->filter == NULL || t->target->filter(t->target->filter_ctx, &t->address);
}

static struct bw_poll *kept_connection(struct bw_probe_try *t)
{
    if (!t->plan->keep_alive || t->memory == NULL)
        return NULL;
    return bw_http_memory_take(t->memory, t->url.origin, &t->address, &t->reused);
}

/* Begins the transfer of this hop; false with the outcome set when it cannot. */
static bool transfer(struct bw_probe_try *t, bool may_reuse)
{
    const struct bw_http_hop hop = hop_of(t);
    const struct bw_trail_peer peer = { t->address, t->url.port };
    const bool allowed = is_allowed(t), plain = bw_http_is_plain(&hop);
    t->reused = false;
    struct bw_poll *kept = may_reuse && allowed && plain ? kept_connection(t) : NULL;
    if (kept != NULL) {
        static const char words[] = "on a connection that was open";
        bw_trail_note(t->out, BW_TRAIL_WORDS, words, sizeof words - 1);
    } else {
        bw_probe_enter(t->out, BW_PHASE_CONNECT);
        bw_trail_add(t->out, BW_TRAIL_CONNECT, &peer, sizeof peer);
    }
    if (!allowed) {
        bw_probe_fail(t->out, BW_REASON_CONNECT_FAILED, "this address is not allowed");
        return false;
    }
    bw_http_answer_clear(&t->answer);
    watch_tls(t);
    return plain ? transfer_by_wire(t, &hop, kept) : transfer_by_curl(t, &hop);
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    t->lookup = NULL;
    if (result->reason != BW_REASON_NONE) {
        bw_probe_fail(t->out, result->reason, "%s: %s", t->url.host, result->detail);
        end(t);
        return;
    }
    t->address = result->addresses[0];
    t->has_address = true;
    bw_trail_note(t->out, BW_TRAIL_ADDRESSES, result->addresses,
                  result->count * sizeof *result->addresses);
    if (!transfer(t, true))
        end(t);
}

static void resolve(struct bw_probe_try *t)
{
    bw_probe_enter(t->out, BW_PHASE_RESOLVE);
    bw_trail_add(t->out, BW_TRAIL_LOOKUP, t->url.host, strlen(t->url.host));
    const struct bw_lookup_query query = { .name = t->url.host,
                                           .preference = t->plan->preference,
                                           .fallback = t->plan->fallback,
                                           .timeout_ns = BW_HOUR };
    t->lookup = bw_lookup_start(t->engine->resolver, &query, on_resolved, t);
}

static enum bw_rc read_target(struct bw_probe_try *t, struct bw_err *err)
{
    struct bw_probe_memory *memory = t->target->memory;
    if (memory == NULL)
        return bw_http_url_parse(t->target->text, &t->url, err);
    if (memory->data == NULL)
        memory->data = bw_http_memory_new(t->engine->loop);
    t->memory = memory->data;
    const struct bw_http_url *url = bw_http_memory_url(t->memory, t->target->text, err);
    if (url == NULL)
        return err->rc;
    t->url = *url;
    t->url_is_lent = true;
    return BW_OK;
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    struct bw_err err;
    struct bw_probe_try *t = bw_alloc(sizeof *t);
    *t = (struct bw_probe_try){ .engine = engine,
                                .plan = prepared,
                                .target = target,
                                .out = out,
                                .done = done,
                                .ctx = ctx,
                                .trusted = true };
    if (read_target(t, &err) != BW_OK) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "%s", err.text);
        free(t);
        return NULL;
    }
    t->first_origin = bw_strdup(t->url.origin);
    bw_http_answer_init(&t->answer, t->plan);
    resolve(t);
    return t;
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    struct bw_http_url url;
    enum bw_rc rc = bw_http_url_parse(text, &url, err);
    if (rc == BW_OK)
        bw_http_url_fini(&url);
    return rc;
}

extern const struct bw_probe_ops bw_probe_http;
const struct bw_probe_ops bw_probe_http = {
    .name = "http",
    .summary = "Requests a URL; asserts on status, headers, body and TLS.",
    .target_help = "URL",
    .options = &bw_probe_http_group,
    .prepare = bw_http_prepare,
    .release = bw_http_release,
    .secrets = bw_http_secrets,
    .forget = bw_http_memory_free,
    .check_target = check_target,
    .start = start,
    .settle = settle,
    .cancel = release,
};
