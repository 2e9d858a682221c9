// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_curl.h"

#include "base/mem.h"
#include "io/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct bw_http_curl {
    struct bw_probe_engine *engine;
    const struct bw_probe_outcome *out;
    const struct bw_http_curl_ops *ops;
    void *ctx;
    struct bw_curl_slot slot;
    bool runs;
    struct curl_slist *connect_to;
    const struct bw_address *source; /* or NULL */
    bool proxied;
    int socket_error; /* errno of socket(2) */
    char error[CURL_ERROR_SIZE];
};

void bw_http_curl_free(struct bw_http_curl *curl)
{
    if (curl == NULL)
        return;
    if (curl->runs)
        bw_curl_loop_remove(curl->engine->curl, &curl->slot);
    curl_easy_cleanup(curl->slot.easy);
    curl_slist_free_all(curl->connect_to);
    free(curl);
}

/* ---- what libcurl calls ---- */

/* Made here and not by libcurl, which neither sets O_CLOEXEC nor tells why there was none. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)purpose;
    struct bw_http_curl *curl = ctx;
    struct sockaddr_storage from;
    const int fd = bw_socket_open(to->family, to->socktype, to->protocol);
    if (fd < 0)
        curl->socket_error = errno;
    if (fd < 0 || curl->source == NULL)
        return fd < 0 ? CURL_SOCKET_BAD : fd;
    const socklen_t len = bw_address_socket(curl->source, 0, &from);
    if (bind(fd, (struct sockaddr *)&from, len) == 0)
        return fd;
    curl->socket_error = errno;
    close(fd);
    return CURL_SOCKET_BAD;
}

static CURLcode on_tls_context(CURL *easy, void *context, void *ctx)
{
    (void)easy;
    struct bw_http_curl *curl = ctx;
    return curl->ops->secure(curl->ctx, context) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

static int on_connected(void *ctx, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    struct bw_http_curl *curl = ctx;
    return curl->ops->connected(curl->ctx) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* Anything but the count aborts. */
static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct bw_http_curl *curl = ctx;
    const size_t len = size * count;
    return curl->ops->line(curl->ctx, line, len) ? len : len + 1;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct bw_http_curl *curl = ctx;
    const size_t len = size * count;
    return curl->ops->body(curl->ctx, bytes, len) ? len : len + 1;
}

/* ---- how a transfer failed ---- */

static enum bw_reason connect_reason(const struct bw_http_curl *curl)
{
    long error = curl->socket_error;
    if (error == EADDRNOTAVAIL && curl->source != NULL)
        return BW_REASON_CONNECT_FAILED;
    if (error == 0)
        curl_easy_getinfo(curl->slot.easy, CURLINFO_OS_ERRNO, &error);
    return bw_probe_errno_reason((int)error);
}

static enum bw_reason by_phase(const struct bw_http_curl *curl)
{
    switch (curl->out->phase) {
    case BW_PHASE_RESOLVE:
        return BW_REASON_DNS_FAILURE;
    case BW_PHASE_CONNECT:
        return connect_reason(curl);
    case BW_PHASE_TLS:
        return BW_REASON_TLS_HANDSHAKE;
    default:
        return BW_REASON_CONNECTION_CLOSED;
    }
}

static enum bw_reason reason_of(const struct bw_http_curl *curl, CURLcode code)
{
    const bool has_asked = curl->out->phase >= BW_PHASE_PROCESSING;
    if (curl->proxied && curl->out->phase == BW_PHASE_CONNECT)
        return BW_REASON_PROXY;
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
        return BW_REASON_TLS_HANDSHAKE;
    case CURLE_COULDNT_CONNECT:
    case CURLE_RECV_ERROR:
        /* That is what it calls chunks that are none, too. */
        return strstr(curl->error, "chunked-encoding") != NULL ? BW_REASON_HTTP_PROTOCOL
                                                               : by_phase(curl);
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
        return by_phase(curl);
    case CURLE_OUT_OF_MEMORY:
        /* What libcurl 7.88 says to a header line of over 100 KB. */
        return has_asked ? BW_REASON_RESPONSE_TOO_LARGE : BW_REASON_LOCAL_LIMIT;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 */
    case CURLE_HTTP2:
    case CURLE_BAD_CONTENT_ENCODING:
        return BW_REASON_HTTP_PROTOCOL;
    default:
        return has_asked ? BW_REASON_HTTP_PROTOCOL : BW_REASON_INTERNAL;
    }
}

static void on_transferred(void *ctx, CURLcode code)
{
    struct bw_http_curl *curl = ctx;
    curl->runs = false;
    const char *why = curl->error[0] != '\0' ? curl->error : curl_easy_strerror(code);
    curl->ops->done(curl->ctx, code == CURLE_OK ? BW_REASON_NONE : reason_of(curl, code), why);
}

/* ---- starting ---- */

static void set_callbacks(struct bw_http_curl *curl, bool https)
{
    CURL *easy = curl->slot.easy;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl->error);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, curl);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, curl);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, curl);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, curl);
    if (!https)
        return;
    /* Verified by our callback against our store. With libcurl's own files unset it reads
     * nothing: with Debian's defaults each handshake would parse 140 certificates. */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, curl);
}

static struct bw_http_curl *give_up(struct bw_http_curl *curl, const char *text,
                                    const char **out_text)
{
    *out_text = text;
    bw_http_curl_free(curl);
    return NULL;
}

struct bw_http_curl *bw_http_curl_start(struct bw_probe_engine *engine,
                                        const struct bw_http_hop *hop,
                                        const struct bw_probe_outcome *out,
                                        const struct bw_http_curl_ops *ops, void *ctx,
                                        struct curl_slist **out_headers, const char **out_text)
{
    struct bw_http_curl *curl = bw_alloc(sizeof *curl);
    *curl = (struct bw_http_curl){ .engine = engine, .out = out, .ops = ops, .ctx = ctx };
    curl->source = hop->plan->has_source ? &hop->plan->source : NULL;
    curl->proxied = hop->proxy != NULL;
    curl->slot =
        (struct bw_curl_slot){ .easy = curl_easy_init(), .done = on_transferred, .ctx = curl };
    if (curl->slot.easy == NULL
        || !bw_http_request(curl->slot.easy, hop, out_headers, &curl->connect_to))
        return give_up(curl, "libcurl does not take the request", out_text);
    set_callbacks(curl, hop->url->https);
    curl->runs = bw_curl_loop_add(engine->curl, &curl->slot);
    return curl->runs ? curl : give_up(curl, "libcurl does not start the request", out_text);
}
