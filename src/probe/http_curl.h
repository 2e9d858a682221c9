// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_curl.h: one HTTP request and its answer by libcurl, which can all that
 * probe/http_wire.h leaves out: TLS, HTTP/2, compressed bodies. Loop thread. */
#ifndef PROBE_HTTP_CURL_H
#define PROBE_HTTP_CURL_H

#include "probe/http.h"
#include "probe/http_parse.h"

struct bw_http_curl;

struct bw_http_curl_ops {
    /* A fresh SSL_CTX for this connection; false refuses. */
    bool (*secure)(void *ctx, void *ssl_context);
    /* Connected and through the handshake; nothing of the request has been sent. */
    bool (*connected)(void *ctx);
    bw_http_line_fn *line;
    bw_http_bytes_fn *body;
    /* The last, not from inside start. NONE: libcurl is content; else `text` says why not. */
    void (*done)(void *ctx, enum bw_reason reason, const char *text);
};

/* `out` is read for the phase in which something fails. *out_headers is the caller's to free
 * when the transfer is over. NULL with *out_text saying why it could not begin; its reason is
 * INTERNAL. */
struct bw_http_curl *bw_http_curl_start(struct bw_probe_engine *engine,
                                        const struct bw_http_hop *hop,
                                        const struct bw_probe_outcome *out,
                                        const struct bw_http_curl_ops *ops, void *ctx,
                                        struct curl_slist **out_headers, const char **out_text);

/* Ends the transfer if it runs; NULL is fine. */
void bw_http_curl_free(struct bw_http_curl *curl);

#endif
