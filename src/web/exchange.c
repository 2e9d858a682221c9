// SPDX-License-Identifier: GPL-3.0-or-later
/* The way of one request: checked, run here or elsewhere, sent. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "io/clock.h"
#include "io/loop.h"
#include "web/answer.h"
#include "web/framing.h"
#include "web/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct bw_request *request_new(struct exchange *exchange, const char *method)
{
    struct bw_request *request = bw_alloc(sizeof *request);
    bw_arena_init(&request->arena);
    bw_buf_init(&request->body, BW_WEB_BODY_BYTES_MAX);
    bw_buf_init(&request->answer.body, BW_WEB_RESPONSE_BYTES_MAX);
    request->answer.file = -1;
    request->site = &exchange->web->site;
    request->method = bw_arena_strdup(&request->arena, method);
    request->now_ms = bw_wall_system_ms();
    request->exchange = exchange;
    return request;
}

void bw_request_free(struct bw_request *request)
{
    if (request == NULL)
        return;
    if (request->answer.file >= 0)
        close(request->answer.file);
    bw_buf_fini(&request->answer.body);
    bw_buf_fini(&request->body);
    bw_arena_fini(&request->arena);
    free(request);
}

/* Copies, because a request may outlive its connection. */
static void copy_headers(struct bw_request *request, struct MHD_Connection *connection)
{
    struct bw_request_headers *headers = &request->headers;
    const struct {
        const char *name;
        const char **out;
    } wanted[] = {
        { "Host", &headers->host },
        { "Accept", &headers->accept },
        { "Accept-Encoding", &headers->accept_encoding },
        { "If-None-Match", &headers->if_none_match },
        { "Authorization", &headers->authorization },
        { "Origin", &headers->origin },
        { "Sec-Fetch-Site", &headers->fetch_site },
        { "X-Prometheus-Scrape-Timeout-Seconds", &headers->scrape_timeout },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        *wanted[i].out = bw_arena_strdup(
            &request->arena,
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, wanted[i].name));
}

static enum MHD_Result look_at_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    (void)kind;
    bw_framing_add(ctx, name, value);
    return MHD_YES;
}

static bool check_framing(struct exchange *exchange, struct bw_framing *framing,
                          const char *version)
{
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, look_at_header, framing);
    struct bw_framing_verdict verdict = bw_framing_check(framing, version);
    if (verdict.status != 0)
        bw_answer_problem(exchange->request, verdict.status, "%s", verdict.detail);
    return verdict.status == 0;
}

static void refuse_size(struct bw_request *request)
{
    bw_answer_problem(request, 413, "The body is larger than %zu KiB.", request->body.max >> 10);
}

static bool check_body(struct bw_request *request, const struct bw_framing *framing)
{
    bool has_body = bw_framing_has_body(framing);
    bool takes_body = strcmp(request->route->method, "GET") != 0;
    if (request->route->body_bytes_max != 0)
        request->body.max = request->route->body_bytes_max;
    if (!has_body || (takes_body && framing->length <= request->body.max))
        return true;
    if (takes_body)
        refuse_size(request);
    else
        bw_answer_problem(request, 413, "No body is expected here.");
    return false;
}

/* Takes the route prefix off the segments; false when it is not there. */
static bool strip_prefix(struct bw_request *request)
{
    struct bw_url *url = &request->url;
    struct bw_span rest = bw_span_of(request->site->prefix);
    struct bw_span part;
    size_t count = 0;
    if (rest.len == 0)
        return true;
    rest.data++;
    rest.len--;
    while (bw_span_split(&rest, '/', &part)) {
        if (count == url->segment_count || !bw_span_is(part, url->segments[count]))
            return false;
        count++;
    }
    url->segment_count -= count;
    memmove(url->segments, url->segments + count, url->segment_count * sizeof *url->segments);
    /* "/mon/" is "/mon". */
    if (url->segment_count == 1 && url->segments[0][0] == '\0')
        url->segment_count = 0;
    return true;
}

/* Finds the route; false when the answer is there already. */
static bool find_route(struct bw_request *request, const char *target)
{
    struct bw_err err;
    enum bw_rc rc = bw_url_parse(&request->arena, target, &request->url, &err);
    if (rc != BW_OK) {
        bw_answer_problem(request, rc == BW_ELIMIT ? 414 : 400, "%s", err.text);
        return false;
    }
    if (request->url.authority != NULL)
        request->headers.host = request->url.authority;
    /* Who comes by the control socket knows the store, not where its pages are. */
    if (!strip_prefix(request) && request->exchange->listener->kind != BW_LISTENER_CONTROL) {
        if (strcmp(request->url.path, "/") == 0)
            bw_answer_redirect(request,
                               bw_arena_printf(&request->arena, "%s/", request->site->prefix));
        else
            bw_answer_problem(request, 404, "There is nothing at this address.");
        return false;
    }
    char allow[BW_ALLOW_BYTES];
    request->route = bw_route_find(request->method, &request->url, request->captures, allow);
    if (request->route != NULL)
        return true;
    if (allow[0] == '\0') {
        bw_answer_problem(request, 404, "There is nothing at this address.");
    } else {
        bw_answer_problem(request, 405, "This address answers %s.", allow);
        request->answer.allow = bw_arena_strdup(&request->arena, allow);
    }
    return false;
}

/* Who has shown too many wrong tokens waits; false when the answer is there. */
static bool check_patience(struct exchange *exchange, const struct bw_client *client)
{
    struct bw_request *request = exchange->request;
    unsigned wait_s = bw_throttle_wait_s(exchange->web->throttle, client, bw_loop_mono_ns());
    if (wait_s == 0)
        return true;
    bw_answer_problem(request, 429, "Too many wrong tokens came from this address.");
    request->answer.retry_after = bw_arena_printf(&request->arena, "%u", wait_s);
    return false;
}

/* Its mode lets nobody else in; should somebody have widened that, it is still ours alone. */
static bool is_owner(struct MHD_Connection *connection)
{
    const int fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
           && (peer.uid == 0 || peer.uid == geteuid());
}

static struct bw_verdict verdict_on(struct exchange *exchange)
{
    struct bw_web *web = exchange->web;
    if (exchange->listener->kind == BW_LISTENER_CONTROL && !is_owner(exchange->connection))
        return (struct bw_verdict){ 403, "The control socket is for root and the daemon's user." };
    struct bw_request *request = exchange->request;
    bool mutates = strcmp(request->route->method, "GET") != 0;
    pthread_rwlock_rdlock(&web->access_lock);
    struct bw_verdict verdict = bw_access_check(web->access, exchange->listener->kind,
                                                request->route->scope, mutates, &request->headers);
    pthread_rwlock_unlock(&web->access_lock);
    return verdict;
}

static bool check_access(struct exchange *exchange)
{
    struct bw_request *request = exchange->request;
    struct bw_client client;
    const bool shows_token = request->headers.authorization != NULL
                             && request->route->scope != BW_SCOPE_NONE
                             && bw_server_client(exchange->connection, &client);
    if (shows_token && !check_patience(exchange, &client))
        return false;
    struct bw_verdict verdict = verdict_on(exchange);
    if (verdict.status == 0)
        return true;
    /* Both mean that the token, had it been right, would have helped. */
    if (shows_token && (verdict.status == 401 || verdict.status == 421))
        bw_throttle_failed(exchange->web->throttle, &client, bw_loop_mono_ns());
    bw_answer_problem(request, verdict.status, "%s", verdict.detail);
    if (verdict.status == 401)
        request->answer.challenge = "Bearer";
    return false;
}

bool bw_request_is_trusted(struct bw_request *request)
{
    struct exchange *exchange = request->exchange;
    struct bw_web *web = exchange->web;
    struct bw_client client;
    pthread_rwlock_rdlock(&web->access_lock);
    const enum bw_trust trust =
        bw_access_trust(web->access, exchange->listener->kind, &request->headers);
    pthread_rwlock_unlock(&web->access_lock);
    if (trust == BW_TRUST_MISTAKEN && bw_server_client(exchange->connection, &client))
        bw_throttle_failed(web->throttle, &client, bw_loop_mono_ns());
    return trust == BW_TRUST_FULL;
}

/* Looks at all that the headers say; false when that is enough for an answer. */
static bool check(struct exchange *exchange, const char *method, const char *version)
{
    struct bw_web *web = exchange->web;
    struct bw_request *request = request_new(exchange, method);
    exchange->request = request;
    copy_headers(request, exchange->connection);
    struct bw_framing framing = { 0 };
    bool ok = check_framing(exchange, &framing, version) && find_route(request, exchange->target);
    exchange->route = request->route;
    ok = ok && check_access(exchange) && check_body(request, &framing);
    if (!ok)
        return false;
    pthread_mutex_lock(&web->lock);
    request->store = bw_arena_strdup(&request->arena, web->store);
    pthread_mutex_unlock(&web->lock);
    return true;
}

static void run_handler(struct bw_request *request)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    request->view = hooks->view_acquire(hooks->ctx);
    if (request->view == NULL && request->route->scope != BW_SCOPE_NONE
        && request->route->run != BW_RUN_LATER) {
        bw_answer_problem(request, 503, "Bellwether is starting.");
        request->answer.retry_after = "1";
        return;
    }
    const struct bw_view *view = request->view;
    request->route->handler(request);
    /* A request that is answered later may be gone by now. */
    if (view != NULL)
        hooks->view_release(hooks->ctx, view);
}

bool bw_request_take(struct bw_request *request)
{
    int queued = BW_REQUEST_QUEUED;
    if (atomic_compare_exchange_strong(&request->state, &queued, BW_REQUEST_RUNNING))
        return true;
    bw_request_free(request);
    return false;
}

void bw_request_finish(struct bw_request *request)
{
    struct exchange *exchange = request->exchange;
    struct bw_web *web = exchange->web;
    pthread_mutex_lock(&web->lock);
    request->state = BW_REQUEST_HERE;
    bw_exchange_delist(exchange);
    MHD_resume_connection(exchange->connection);
    pthread_cond_broadcast(&web->changed);
    pthread_mutex_unlock(&web->lock);
}

static void run_on_worker(void *ctx)
{
    struct bw_request *request = ctx;
    if (!bw_request_take(request))
        return;
    run_handler(request);
    bw_request_finish(request);
}

static void worker_done(void *ctx, bool ran)
{
    struct bw_request *request = ctx;
    if (ran || !bw_request_take(request))
        return;
    bw_answer_problem(request, 503, "Bellwether is stopping.");
    bw_request_finish(request);
}

/* Suspends first: an answer could come before we have done so. */
static void run_elsewhere(struct exchange *exchange)
{
    struct bw_web *web = exchange->web;
    struct bw_request *request = exchange->request;
    request->state = BW_REQUEST_QUEUED;
    pthread_mutex_lock(&web->lock);
    bw_exchange_enlist(&web->suspended, exchange);
    MHD_suspend_connection(exchange->connection);
    pthread_mutex_unlock(&web->lock);
    if (request->route->run == BW_RUN_LATER) {
        run_handler(request);
        return;
    }
    if (bw_work_submit(web->workers, run_on_worker, worker_done, request))
        return;
    if (!bw_request_take(request))
        return;
    bw_answer_problem(request, 503, "Too many requests wait already.");
    request->answer.retry_after = "2";
    bw_request_finish(request);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value != NULL)
        MHD_add_response_header(response, name, value);
}

/* What a browser may do with any of our answers: nothing but show it. */
static void add_protection(struct MHD_Response *response, const char *style_hash)
{
    char policy[400];
    snprintf(policy, sizeof policy,
             "default-src 'none'; style-src 'self'%s%s; script-src 'self'; img-src 'self' data:; "
             "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
             style_hash == NULL ? "" : " ", style_hash == NULL ? "" : style_hash);
    add_header(response, "Content-Security-Policy", policy);
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "Referrer-Policy", "no-referrer");
    add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static void add_headers(struct MHD_Response *response, const struct bw_answer *answer)
{
    add_protection(response, answer->style_hash);
    add_header(response, "Content-Type", answer->type);
    add_header(response, "Cache-Control", answer->cache == NULL ? "no-store" : answer->cache);
    add_header(response, "Content-Encoding", answer->encoding);
    add_header(response, "ETag", answer->etag);
    add_header(response, "Location", answer->location);
    add_header(response, "Allow", answer->allow);
    add_header(response, "Content-Disposition", answer->disposition);
    add_header(response, "WWW-Authenticate", answer->challenge);
    add_header(response, "Retry-After", answer->retry_after);
    add_header(response, "Vary", answer->varies ? "Accept, Accept-Encoding" : NULL);
}

/* Memory that the library sends from, until it is sent. */
struct sending {
    struct bw_spare *spare;
    char *data;
    size_t cap;
};

static void on_sent(void *ctx)
{
    struct sending *sending = ctx;
    bw_spare_return(sending->spare, sending->data, sending->cap);
    free(sending);
}

static struct MHD_Response *send_body(const struct bw_site *site, struct bw_buf *body,
                                      size_t *out_size)
{
    const size_t cap = body->cap;
    struct sending *sending = bw_alloc(sizeof *sending);
    sending->spare = site->spare;
    sending->data = bw_buf_detach(body, out_size);
    sending->cap = cap;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        *out_size, sending->data, on_sent, sending);
    if (response == NULL)
        on_sent(sending);
    return response;
}

/* Hands over what is sent; *out_size is how much that is. */
static struct MHD_Response *make_response(struct bw_request *request, size_t *out_size)
{
    struct bw_answer *answer = &request->answer;
    struct MHD_Response *response;
    if (answer->fixed != NULL) {
        *out_size = answer->fixed_size;
        return MHD_create_response_from_buffer(*out_size, (void *)(uintptr_t)answer->fixed,
                                               MHD_RESPMEM_PERSISTENT);
    }
    if (answer->file >= 0) {
        *out_size = answer->file_size;
        response = MHD_create_response_from_fd64(*out_size, answer->file);
        if (response != NULL)
            answer->file = -1;
        return response;
    }
    return send_body(request->site, &answer->body, out_size);
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct bw_request *request = exchange->request;
    struct bw_answer *answer = &request->answer;
    if (answer->status == 0)
        bw_answer_problem(request, 500, "There is no answer to this.");
    const bool is_held = answer->fixed == NULL && answer->file < 0;
    size_t size = 0;
    struct MHD_Response *response = make_response(request, &size);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, answer);
    /* Who was refused before its body was read cannot go on with this connection. */
    if (answer->status == 400 || answer->status == 413)
        add_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(exchange->connection, answer->status, response);
    MHD_destroy_response(response);
    exchange->answered = true;
    exchange->status = answer->status;
    exchange->bytes = strcmp(request->method, "HEAD") == 0 ? 0 : size;
    bw_guard_sending(exchange->web->guard, bw_server_guarded(exchange->connection), size, is_held);
    return result;
}

static enum MHD_Result start(struct exchange *exchange, const char *method, const char *version)
{
    exchange->checked = true;
    pthread_mutex_lock(&exchange->web->lock);
    bw_exchange_delist(exchange);
    pthread_mutex_unlock(&exchange->web->lock);
    if (check(exchange, method, version))
        return MHD_YES;
    return send_answer(exchange);
}

static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *size)
{
    struct bw_request *request = exchange->request;
    bw_buf_bytes(&request->body, data, *size);
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result run(struct exchange *exchange)
{
    struct bw_request *request = exchange->request;
    bw_guard_arrived(exchange->web->guard, bw_server_guarded(exchange->connection));
    if (bw_buf_failed(&request->body)) {
        refuse_size(request);
        return send_answer(exchange);
    }
    if (request->route->run != BW_RUN_AT_ONCE) {
        run_elsewhere(exchange);
        return MHD_YES;
    }
    run_handler(request);
    return send_answer(exchange);
}

void bw_server_meet(struct bw_web *web)
{
    pthread_mutex_lock(&web->lock);
    pthread_mutex_unlock(&web->lock);
}

enum MHD_Result bw_server_handle(void *ctx, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *data_size, void **connection_context)
{
    (void)ctx;
    (void)connection;
    (void)url;
    struct exchange *exchange = *connection_context;
    if (exchange->answered)
        return MHD_YES;
    if (!exchange->checked)
        return start(exchange, method, version);
    if (*data_size > 0)
        return take_body(exchange, data, data_size);
    if (exchange->run) {
        bw_server_meet(exchange->web);
        return send_answer(exchange);
    }
    exchange->run = true;
    return run(exchange);
}

/* With the lock held: gives up on what no worker has begun. Who holds the request frees it. */
static void abandon_waiting(struct bw_web *web)
{
    struct exchange *next;
    for (struct exchange *exchange = web->suspended; exchange != NULL; exchange = next) {
        next = exchange->next;
        struct bw_request *old = exchange->request;
        struct bw_request *request = request_new(exchange, old->method);
        int queued = BW_REQUEST_QUEUED;
        if (!atomic_compare_exchange_strong(&old->state, &queued, BW_REQUEST_ABANDONED)) {
            bw_request_free(request);
            continue;
        }
        exchange->request = request;
        bw_answer_problem(request, 503, "Bellwether is stopping.");
        bw_exchange_delist(exchange);
        MHD_resume_connection(exchange->connection);
    }
}

void bw_server_drain(struct bw_web *web, int64_t grace_ns)
{
    int64_t until_ns = bw_loop_mono_ns() + grace_ns;
    struct timespec until = { .tv_sec = until_ns / BW_SECOND, .tv_nsec = until_ns % BW_SECOND };
    pthread_mutex_lock(&web->lock);
    while (web->active > 0 && pthread_cond_timedwait(&web->changed, &web->lock, &until) == 0)
        ;
    atomic_store(&web->site.cancelled, true);
    abandon_waiting(web);
    /* What is left runs on a worker. */
    while (web->suspended != NULL)
        pthread_cond_wait(&web->changed, &web->lock);
    pthread_mutex_unlock(&web->lock);
}
