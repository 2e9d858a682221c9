// SPDX-License-Identifier: GPL-3.0-or-later
/* web/server.h: what the halves of the server share: listeners (server.c) and the way of one
 * request (exchange.c). For this folder only. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "web/access.h"
#include "web/guard.h"
#include "web/listen.h"
#include "web/request.h"
#include "web/spare.h"
#include "web/stats.h"
#include "web/throttle.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>

struct bw_listener {
    struct bw_web *web;
    struct MHD_Daemon *daemon;
    enum bw_listener_kind kind;
    bool is_quiet; /* accepts nothing any more */
    int quiet_fd;  /* what it listened on until then, or -1 */
    char text[BW_LISTEN_TEXT_MAX];
    struct bw_listener *next;
};

struct bw_web {
    struct bw_site site;
    struct bw_spare spare;
    struct bw_arena arena;
    struct bw_work_pool *workers;
    const char *security_file;    /* or NULL */
    pthread_rwlock_t access_lock; /* guards access */
    struct bw_access *access;
    struct bw_throttle *throttle;
    struct bw_guard *guard;
    struct bw_web_stats *stats;
    struct bw_listener *listeners;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    char *store;
    int64_t say_after_ns;       /* not before this once more that accepting fails */
    size_t active;              /* requests that are not answered to the end */
    struct exchange *arriving;  /* those whose headers are not all there */
    struct exchange *suspended; /* those that wait for a worker or for a later answer */
};

/* The connection's side of a request; its request may be taken away when we stop. */
struct exchange {
    struct bw_web *web;
    struct bw_listener *listener;
    struct MHD_Connection *connection;
    char *target;     /* as sent */
    pthread_t thread; /* the library's, which the connection belongs to */
    int64_t start_ns;
    struct bw_request *request;
    const struct bw_route *route;
    bool checked;           /* the headers were looked at */
    bool run;               /* it was handed to its handler */
    bool answered;          /* a response was queued */
    struct exchange **list; /* which of the lists above it is in, or NULL */
    unsigned status;
    uint64_t bytes;
    struct exchange *prev, *next;
};

/* The HTTP library's access handler. */
enum MHD_Result bw_server_handle(void *ctx, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *data_size, void **connection_context);

/* Where it comes from, as bw_client_of. */
bool bw_server_client(struct MHD_Connection *connection, struct bw_client *out);

struct bw_guarded *bw_server_guarded(struct MHD_Connection *connection);

/* The lists of web; with its lock held. Removing what is in none is fine. */
void bw_exchange_enlist(struct exchange **list, struct exchange *exchange);
void bw_exchange_delist(struct exchange *exchange);

/* The HTTP library, on this thread, has just refused a Content-Length that is no number, and
 * will send the head of its answer twice: answers in its place and ends the stream. */
void bw_server_refuse_length(struct bw_web *web);

/* Another thread filled in an answer and resumed the connection; after this we see all it
 * wrote, whatever the HTTP library does inside. */
void bw_server_meet(struct bw_web *web);

/* Waits until all is answered, at most grace_ns, then answers what waits with 503. What runs
 * on a worker is told to end early and waited for. */
void bw_server_drain(struct bw_web *web, int64_t grace_ns);

/* NULL is fine. */
void bw_request_free(struct bw_request *request);

#endif
