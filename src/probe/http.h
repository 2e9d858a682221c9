// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http.h: the parts of the HTTP probe: its plan, a request, an answer, its judgement. */
#ifndef PROBE_HTTP_H
#define PROBE_HTTP_H

#include "base/buf.h"
#include "probe/http_json.h"
#include "probe/http_proxy.h"
#include "probe/http_secret.h"
#include "probe/http_token.h"
#include "probe/mask.h"
#include "probe/regex.h"
#include "probe/tls.h"

struct bw_http_header_check {
    char *name;
    struct bw_regex *regex;
    bool allow_missing;
    bool only_warns;
    bool want_match; /* fail_if_header_not_matches */
};

struct bw_http_header {
    char *name;
    char *value;
    bool secret; /* whatever its name is */
};

struct bw_http_plan {
    char *method;
    char *body; /* or NULL */
    struct bw_http_header *headers;
    size_t header_count;
    char *username, *password; /* or NULL */
    char *authorization;       /* "Bearer …" or NULL */
    char *scheme;              /* "Bearer " */
    struct bw_http_secret *files;
    size_t file_count;
    struct bw_http_token *token; /* whose text goes into `authorization`; or NULL */
    struct bw_http_proxies proxies;
    bool skip_resolve; /* a proxy gets the name */
    bool has_source;
    struct bw_address source; /* to ask from */
    unsigned max_redirects;
    char *compression; /* or NULL */
    int64_t *statuses;
    size_t status_count;
    unsigned versions; /* bits of enum bw_http_version; 0: any */
    enum bw_ip_preference preference;
    bool fallback;
    bool follow_redirects, enable_http2, keep_alive;
    bool fail_if_ssl, fail_if_not_ssl;
    struct bw_regex_list body_fails, body_needs; /* fail if it matches, if it does not */
    struct bw_regex_list body_warns, body_wants;
    struct bw_json_tests json_fails, json_needs, json_warns, json_wants;
    bool keeps_body; /* something looks at it */
    struct bw_http_header_check *header_checks;
    size_t header_check_count;
    uint64_t body_bytes_max;
    struct bw_tls_plan tls_plan;
    bool plain;   /* nothing in it needs libcurl, unless the URL does */
    size_t users; /* its configuration and searches on workers; the last one frees it */
};

enum bw_http_version { BW_HTTP_1_0 = 1, BW_HTTP_1_1 = 2, BW_HTTP_2 = 4 };

void *bw_http_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                      struct bw_err *err);

/* Rules that span options, and one that makes bits of enum bw_http_version. */
enum bw_rc bw_http_check_options(const void *options, struct bw_err *err);
enum bw_rc bw_http_read_versions(const struct bw_http_options *options, unsigned *out,
                                 struct bw_err *err);

/* Reads again which of its files have changed; on failure what was read before stays, and the
 * trail tells. */
void bw_http_plan_refresh(struct bw_http_plan *plan, struct bw_probe_outcome *out);

/* Whether it may be the name of a header, or a method. */
bool bw_http_is_field_name(const char *text);

/* Nothing in the plan's requests needs libcurl. */
bool bw_http_plan_is_plain(const struct bw_http_plan *plan);

/* May be sent again when it is not known whether it arrived (RFC 9110, section 9.2.2). */
bool bw_http_is_safe(const char *method);

/* A plan with all defaults, for a request of our own. */
struct bw_http_plan *bw_http_plan_blank(void);

/* One user less. */
void bw_http_release(void *prepared);

/* ---- where a request goes ---- */

struct bw_http_url {
    char *text;      /* complete */
    char *host;      /* without brackets */
    char *origin;    /* scheme://host:port */
    char *authority; /* as a Host header has it: the port only when it is another than usual */
    char *path;      /* with its query */
    uint16_t port;
    bool https;
    bool has_user; /* or a password */
};

/* Reads an http or https URL; one without a scheme gets http://, as blackbox does it. */
enum bw_rc bw_http_url_parse(const char *text, struct bw_http_url *out, struct bw_err *err);
void bw_http_url_fini(struct bw_http_url *url);

/* Whom the certificate must be for, without a port: `asked`, if that is not NULL, stands for the
 * URL's host. *owned, which is replaced, may be what is returned; the caller's to free. */
const char *bw_http_tls_name(const struct bw_http_plan *plan, const struct bw_http_url *url,
                             const char *asked, char **owned);

/* Where a Location header leads from here: complete when it can be, else as it stands. The
 * caller's to free. */
char *bw_http_url_follow(const struct bw_http_url *from, const char *location);

/* ---- what came back ---- */

enum bw_http_answer_place {
    BW_HTTP_BEFORE, /* a status line comes: the first, or another after 1xx */
    BW_HTTP_IN_HEAD,
    BW_HTTP_AFTER_HEAD, /* the blank line has come; lines after it are trailers, and no headers */
};

struct bw_http_answer {
    enum bw_http_answer_place place;
    int status; /* 0: none yet */
    enum bw_http_version version;
    struct bw_buf headers; /* of the last response: name NUL value NUL … */
    size_t header_bytes;   /* of all responses and trailers on this connection */
    size_t header_lines;
    int64_t content_length;  /* -1: not said */
    int64_t last_modified_s; /* 0: not said */
    struct bw_buf body;      /* kept only when patterns look at it */
    uint64_t body_bytes;     /* decoded */
};

void bw_http_answer_init(struct bw_http_answer *answer, const struct bw_http_plan *plan);
void bw_http_answer_fini(struct bw_http_answer *answer);

/* Forgets one response for the next; limits start again, it is another connection. */
void bw_http_answer_clear(struct bw_http_answer *answer);

/* One header line as it came, with its end. False when there are too many of them. */
bool bw_http_answer_header(struct bw_http_answer *answer, const char *line, size_t len);

/* The value of the last response's first header of that name; NULL when there is none. */
const char *bw_http_answer_value(const struct bw_http_answer *answer, const char *name);

/* A piece of the decoded body. False when it is too long. */
bool bw_http_answer_body(struct bw_http_answer *answer, const struct bw_http_plan *plan,
                         const char *bytes, size_t len);

/* Holds the answer, without its body, against everything the plan says. Sets the reason of what
 * did not hold; returns whether a pattern was among it. */
bool bw_http_judge_head(const struct bw_http_plan *plan, const struct bw_http_answer *answer,
                        bool https, struct bw_probe_outcome *out);

/* The same for the body, all patterns together within the patience. Returns whether a pattern was
 * among what did not hold; assertions on JSON are none. Any thread. */
bool bw_http_judge_body(const struct bw_http_plan *plan, const struct bw_buf *body,
                        int64_t patience_ns, struct bw_probe_outcome *out);

/* A body that is longer than this is searched by a worker. */
enum { BW_HTTP_SEARCH_BYTES = 16384 };

/* `found` is what bw_http_judge_body says; borrowed. On the loop. */
typedef void bw_http_search_done_fn(void *ctx, const struct bw_probe_outcome *found,
                                    bool regex_failed);

struct bw_http_search;

/* bw_http_judge_body on a worker, which takes the body: an empty one is left behind. NULL with
 * *err set, and nothing taken, when no worker is free. */
struct bw_http_search *bw_http_search_start(struct bw_probe_engine *engine,
                                            struct bw_http_plan *plan, struct bw_buf *body,
                                            bw_http_search_done_fn *done, void *ctx,
                                            struct bw_err *err);

/* done() will not be called. NULL is fine; after done() it is not. */
void bw_http_search_cancel(struct bw_http_search *search);

/* "HTTP/1.1" */
const char *bw_http_version_name(enum bw_http_version version);

/* ---- one hop ---- */

/* Puts a request on a fresh handle: everything but callbacks. `trusted` is false after the
 * request has left the target's origin: nothing that the configuration made secret goes
 * there. *out_headers is the caller's to free when the transfer is over. */
struct bw_http_hop {
    const struct bw_http_plan *plan;
    const struct bw_http_url *url;
    const struct bw_address *address;  /* NULL: the proxy looks the name up */
    const struct bw_http_proxy *proxy; /* NULL: straight to the address */
    const struct bw_address *proxy_address;
    const char *host_header; /* or NULL */
    bool trusted;
    bool plain_get; /* after a redirect that turns the request into a GET */
    const struct bw_buf
        *message;    /* the body of a gRPC call, which goes over HTTP/2 only; or NULL */
    int64_t left_ns; /* of a gRPC call: until nobody waits any more; 0: not said */
};

/* NULL: there is none, and no word of it. A method that gives something says so when it is nothing
 * (RFC 9110, section 8.6). */
const char *bw_http_request_body(const struct bw_http_hop *hop);

bool bw_http_request(CURL *easy, const struct bw_http_hop *hop, struct curl_slist **out_headers,
                     struct curl_slist **out_connect_to);

/* The list with one header more, made as curl wants it. */
struct curl_slist *bw_http_add_header(struct curl_slist *list, const char *name, const char *value);

/* The same for a request that we write ourselves (probe/http_wire.h): whether that will do for the
 * hop, and the request into an empty buffer. False when there is no memory for the headers. */
bool bw_http_is_plain(const struct bw_http_hop *hop);
bool bw_http_write_request(struct bw_buf *out, const struct bw_http_hop *hop,
                           struct curl_slist **out_headers);

/* ---- a request of our own ---- */

/* Asks a URL by the plan, outside of any check, and hands the whole answer over: NULL when there is
 * none, and out->reason says why. `out` and the plan live until done() or cancel. */
struct bw_probe_try;
typedef void bw_http_fetched_fn(void *ctx, const struct bw_http_answer *answer);
struct bw_probe_try *bw_http_fetch(struct bw_probe_engine *engine, struct bw_http_plan *plan,
                                   const struct bw_probe_target *target,
                                   struct bw_probe_outcome *out, bw_http_fetched_fn *done,
                                   void *ctx);
void bw_http_fetch_cancel(struct bw_probe_try *fetch);

/* ---- what is told of it ---- */

/* Notes the request that goes out now. */
void bw_http_note_request(struct bw_probe_outcome *out, const struct bw_http_hop *hop,
                          const struct curl_slist *headers);

/* Every value that the options give to a header which may hold a key, passwords, and what looks
 * like one in the body. */
void bw_http_secrets(const void *prepared, struct bw_mask *mask);

#endif
