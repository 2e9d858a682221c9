// SPDX-License-Identifier: GPL-3.0-or-later
/* web/route.h: the one table of what the front end answers. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "web/request.h"

/* What a request must be allowed to do; each includes those before it. */
enum bw_scope { BW_SCOPE_NONE, BW_SCOPE_READ, BW_SCOPE_WRITE, BW_SCOPE_ADMIN };

enum bw_run {
    BW_RUN_AT_ONCE, /* from memory, on the front end's thread */
    BW_RUN_WORKER,  /* reads the store or takes long */
    BW_RUN_LATER,   /* starts something whose end brings the answer: bw_request_take() */
};

typedef void bw_handler_fn(struct bw_request *request);

struct bw_route {
    const char *method;  /* GET also answers HEAD */
    const char *pattern; /* "/services/{name}": braces capture one decoded segment */
    enum bw_scope scope;
    enum bw_run run;
    bw_handler_fn *handler;
    const char *summary;
    size_t body_bytes_max; /* 0: BW_WEB_BODY_BYTES_MAX */
};

/* Ends with a NULL method. */
extern const struct bw_route bw_routes[];

enum { BW_ALLOW_BYTES = 64 };

/* The route of a method and a path, captures filled in; NULL when there is none. Then
 * `allow` tells the methods that the path has, "" when it has none. */
const struct bw_route *bw_route_find(const char *method, const struct bw_url *url,
                                     const char *captures[BW_CAPTURES_MAX],
                                     char allow[BW_ALLOW_BYTES]);

/* Its place in the table. */
size_t bw_route_index(const struct bw_route *route);
size_t bw_route_count(void);

#endif
