// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_token.h: access tokens by client credentials (RFC 6749, section 4.4), one for all
 * checks of a module.
 *
 *     none --wanted--> fetching --token--> good --its end is near--> good, fetching again
 *      ^                  |  all who want it wait                       |
 *      |                  \--fault: told to all who ask for 5 s         |
 *      +-------------------- its end, or a target says 401 ------------+
 *
 * Fetching is no part of any phase of a probe. Loop thread, but for making one. */
#ifndef PROBE_HTTP_TOKEN_H
#define PROBE_HTTP_TOKEN_H

#include "probe/engine.h"
#include "probe/module.h"

struct bw_http_token;
struct bw_http_token_wait;

extern const struct bw_opt_group bw_oauth2_group;

/* `into` is where "Bearer …" is put; that it owns. Any thread. */
enum bw_rc bw_http_token_make(struct bw_http_token **out, const struct bw_oauth2_options *options,
                              const char *folder, char **into, struct bw_err *err);
void bw_http_token_free(struct bw_http_token *token);

/* `fault`: NULL when the token is there. */
typedef void bw_http_token_fn(void *ctx, const char *fault);

/* NULL: it is there. Else done() follows, not from inside. */
struct bw_http_token_wait *bw_http_token_want(struct bw_http_token *token,
                                              struct bw_probe_engine *engine,
                                              bw_http_token_fn *done, void *ctx);
void bw_http_token_wait_cancel(struct bw_http_token_wait *wait);

/* A target does not take it: the next who wants it gets another, if this one is not brand-new. */
void bw_http_token_reject(struct bw_http_token *token);

void bw_http_token_secrets(const struct bw_http_token *token, struct bw_mask *mask);

/* ---- what a token endpoint says ---- */

struct bw_token_answer {
    char *text;        /* "Bearer abc", heap */
    int64_t expires_s; /* 0: not said */
};

/* Reads the body of its answer. `status` is that of HTTP. False with *err set; the words in it are
 * the endpoint's `error`, never a token. */
bool bw_token_answer_read(struct bw_token_answer *out, int status, const char *body, size_t len,
                          struct bw_err *err);

#endif
