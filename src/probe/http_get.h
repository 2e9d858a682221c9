// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_get.h: reads a document over HTTP for some other part of the daemon, as an HTTP probe
 * would: the same keys for who we are, proxies, redirects and certificates, on the loop, without
 * waiting. */
#ifndef PROBE_HTTP_GET_H
#define PROBE_HTTP_GET_H

#include "probe/http_proxy.h"
#include "probe/http_token.h"

/* What to ask for, and how. */
struct bw_http_get;

extern const struct bw_opt_group bw_http_header_group, bw_basic_auth_group, bw_authorization_group;

/* Rows of an option struct with a struct bw_http_options at this offset: those by which it asks as
 * Prometheus's clients do. */
#define BW_HTTP_CLIENT_AT(at, member) ((at) + offsetof(struct bw_http_options, member))
#define BW_HTTP_CLIENT_ROWS(at)                                                                    \
    { "http_headers", BW_OPT_NAMED, BW_HTTP_CLIENT_AT(at, http_headers),                           \
      .group = &bw_http_header_group,                                                              \
      .help = "Headers with several values, or with values that are secret." },                    \
        { "basic_auth", BW_OPT_GROUP, BW_HTTP_CLIENT_AT(at, basic_auth),                           \
          .group = &bw_basic_auth_group, .help = "User name and password." },                      \
        { "authorization", BW_OPT_GROUP, BW_HTTP_CLIENT_AT(at, authorization),                     \
          .group = &bw_authorization_group, .help = "A token." },                                  \
        { "bearer_token", BW_OPT_STRING, BW_HTTP_CLIENT_AT(at, bearer_token),                      \
          .flags = BW_OPT_SECRET | BW_OPT_OWN_FILE,                                                \
          .help = "As authorization with type Bearer; the older form." },                          \
        { "bearer_token_file", BW_OPT_STRING, BW_HTTP_CLIENT_AT(at, bearer_token_file),            \
          .flags = BW_OPT_FILE, .help = "File with it; read again when it changes." },             \
        { "oauth2", BW_OPT_GROUP, BW_HTTP_CLIENT_AT(at, oauth2), .group = &bw_oauth2_group,        \
          .help = "A token that is asked for first." },                                            \
        { "follow_redirects", BW_OPT_BOOL, BW_HTTP_CLIENT_AT(at, follow_redirects), .def = "true", \
          .help = "Follow redirects, to http and https only. Passwords, tokens, cookies and all "  \
                  "other headers but Accept and User-Agent stay with the target's own origin." },  \
        { "enable_http2", BW_OPT_BOOL, BW_HTTP_CLIENT_AT(at, enable_http2), .def = "true",         \
          .help = "Offer HTTP/2 over TLS." },                                                      \
        BW_HTTP_PROXY_ROWS(BW_HTTP_CLIENT_AT(at, proxy)),                                          \
    {                                                                                              \
        "tls_config", BW_OPT_GROUP, BW_HTTP_CLIENT_AT(at, tls_config),                             \
            .group = &bw_probe_tls_group, .help = "For https."                                     \
    }

/* Rules that span those options. */
enum bw_rc bw_http_get_check(const struct bw_http_options *options, struct bw_err *err);

/* Of `options` those rows count. `headers` are sent besides. Reads files, from `folder`. NULL with
 * *err set when one is missing. Nothing is kept of what is given. */
struct bw_http_get *bw_http_get_new(const char *url, const struct bw_http_options *options,
                                    struct bw_pairs headers, uint64_t body_bytes_max,
                                    const char *folder, struct bw_err *err);

/* Ends what is under way; done() will not be called. NULL is fine. */
void bw_http_get_free(struct bw_http_get *get);

/* What came; good while done() runs. */
struct bw_http_got {
    const char *fault; /* why nothing came; then the rest is nothing */
    int status;
    const char *type; /* of the header Content-Type; or NULL */
    const char *body; /* decoded, with a NUL behind it */
    size_t len;
};
typedef void bw_http_got_fn(void *ctx, const struct bw_http_got *got);

/* Asks, once at a time; done() follows, not from inside. */
void bw_http_get_start(struct bw_http_get *get, struct bw_probe_engine *engine, int64_t timeout_ns,
                       bw_http_got_fn *done, void *ctx);

#endif
