// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/websocket.h: the parts of the WebSocket probe: its plan, its handshake, its frames. */
#ifndef PROBE_WEBSOCKET_H
#define PROBE_WEBSOCKET_H

#include "probe/http.h"
#include "probe/websocket_frame.h"

struct bw_websocket_plan_step {
    struct bw_regex *expect; /* or NULL */
    char *send;              /* or NULL */
};

struct bw_websocket_plan {
    struct bw_http_plan http; /* its headers, TLS and choice of addresses */
    char *subprotocols;       /* as the header has them; NULL: none */
    struct bw_websocket_plan_step *steps;
    size_t step_count;
};

void *bw_websocket_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                           struct bw_err *err);
void bw_websocket_release(void *prepared);
void bw_websocket_secrets(const void *prepared, struct bw_mask *mask);

/* ws://, wss://, http:// or https://; ws:// when there is none. The URL is the one of HTTP. */
enum bw_rc bw_websocket_url_parse(const char *text, struct bw_http_url *out, struct bw_err *err);

/* ---- the handshake (RFC 6455, section 4). Pure. ---- */

enum { BW_WEBSOCKET_NONCE_BYTES = 16, BW_WEBSOCKET_KEY_MAX = 32 };

/* What a nonce is in the header, and what the server must make of it. With their NULs. */
void bw_websocket_key(const uint8_t nonce[BW_WEBSOCKET_NONCE_BYTES],
                      char out_key[BW_WEBSOCKET_KEY_MAX], char out_accept[BW_WEBSOCKET_KEY_MAX]);

/* `host` is said instead of the URL's; NULL: it is not. */
void bw_websocket_write_request(struct bw_buf *out, const struct bw_websocket_plan *plan,
                                const struct bw_http_url *url, const char *host, const char *key);

/* Sets the reason unless the answer agrees to change over to WebSocket, as we have asked for it. */
void bw_websocket_judge(const struct bw_websocket_plan *plan, const struct bw_http_answer *answer,
                        const char *accept, struct bw_probe_outcome *out);

#endif
