// SPDX-License-Identifier: GPL-3.0-or-later
/* web/request.h: one request with its answer, as handlers see it.
 *
 *                  +-- at once ----------------------------------+
 *     arrived -----+-- queued --> running (worker) --> done -----+--> sent
 *                  +-- queued ------ bw_request_take() ----------+
 *                         |
 *                         +--> abandoned: the front end stops, whoever takes it frees it
 *
 * A request belongs to one thread at a time; the arrows hand it over. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/view.h"
#include "web/url.h"
#include "web/web.h"

#include <stdatomic.h>

struct bw_days;
struct bw_route;
struct bw_site;
struct bw_spare;
struct exchange;

enum { BW_CAPTURES_MAX = 3 };

/* What is sent. Texts are static or in the request's arena. */
struct bw_answer {
    unsigned status;
    const char *type; /* Content-Type */
    struct bw_buf body;
    const char *fixed; /* static bytes that are sent instead of the body, or NULL */
    size_t fixed_size;
    int file; /* sent as it is instead of the body, then closed; -1: none */
    size_t file_size;
    const char *cache;    /* Cache-Control */
    const char *encoding; /* "gzip", or NULL */
    const char *etag;
    const char *location;
    const char *allow;
    const char *disposition;
    const char *challenge; /* WWW-Authenticate */
    const char *retry_after;
    const char *style_hash; /* "'sha256-…'": the one inline style that may apply; or NULL */
    bool varies;            /* by Accept and Accept-Encoding */
};

/* The request headers that somebody reads; NULL when absent. */
struct bw_request_headers {
    const char *host, *accept, *accept_encoding, *if_none_match, *authorization, *origin,
        *fetch_site, *scrape_timeout;
};

enum bw_request_state {
    BW_REQUEST_HERE,
    BW_REQUEST_QUEUED,
    BW_REQUEST_RUNNING,
    BW_REQUEST_ABANDONED
};

struct bw_request {
    const struct bw_site *site;
    struct bw_arena arena;
    const struct bw_route *route; /* NULL: none found */
    const char *method;
    struct bw_url url; /* segments without the route prefix */
    const char *captures[BW_CAPTURES_MAX];
    struct bw_request_headers headers;
    struct bw_buf body;
    const struct bw_view *view; /* while a handler runs */
    const char *store;          /* NULL: there is none */
    int64_t now_ms;             /* wall clock */
    struct bw_answer answer;
    atomic_int state;
    struct exchange *exchange;
};

/* What all requests share; stays the same from start to stop. */
struct bw_site {
    struct bw_web_hooks hooks;
    const char *prefix;       /* "" or "/mon" */
    const char *external_url; /* or NULL */
    const char *archive;      /* or NULL */
    size_t page_size;
    struct bw_templates *templates;
    struct bw_days *days;
    struct bw_spare *spare;
    atomic_bool cancelled; /* stopping: long work may end early */
};

/* Whether whoever asks may have us do things out there: on this machine, unless a page of another
 * site made the request, or with a token. Showing a token that is none counts as guessing. While
 * the handler runs. */
bool bw_request_is_trusted(struct bw_request *request);

/* For answers that come later, after a handler of a BW_RUN_LATER route has returned: true hands
 * the request to the caller, who fills in the answer and calls finish; false means that nobody
 * waits any more and the request is gone. Any thread. */
bool bw_request_take(struct bw_request *request);
void bw_request_finish(struct bw_request *request);

#endif
