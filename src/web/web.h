// SPDX-License-Identifier: GPL-3.0-or-later
/* web/web.h: the HTTP front end. Its own threads (libmicrohttpd) answer from what was
 * published; what needs the store or a slow hash suspends the connection and runs on a
 * worker. It changes nothing itself: every wish goes through a hook.
 *
 *   request -> guards (size, Host, framing) -> route -> scope (read, write, admin)
 *           -> answer from the view or the metrics
 *           -> or: suspend -> worker (store/reader, report) -> resume -> answer
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/err.h"
#include "base/log.h"
#include "conf/option.h"
#include "io/work.h"
#include "metric/measure.h"
#include "metric/registry.h"
#include "model/view.h"
#include "web/url.h"

#include <stdbool.h>
#include <stddef.h>

struct bw_event;
struct bw_selector;
struct bw_trend_picture;
struct bw_web;

/* What an administrator wants done to the store. */
enum bw_store_change { BW_CHANGE_IMPORT, BW_CHANGE_COMPACT, BW_CHANGE_DELETE };

struct bw_store_order {
    enum bw_store_change change;
    const char *id;   /* of an import or a merging that is under way; NULL: begin one */
    bool last;        /* of an import: this is all; of a merging: nobody goes on with it */
    const char *text; /* to import: OpenMetrics, whole lines */
    size_t size;
    const struct bw_selector *selector; /* to delete */
    bool all;                           /* also when that is every series there is */
};

/* What somebody wants probed now, or what the last scheduled run of it found. */
struct bw_probe_order {
    const char *target; /* NULL: not said; so are the others */
    const char *module;
    const char *hostname;
    const struct bw_url_param *params; /* all there are, these among them */
    size_t param_count;
    bool trusted; /* who asks: bw_request_is_trusted() */
    bool debug;   /* a transcript beside what is found */
    bool cached;  /* no run now */
    bool extra;   /* families of our own, too */
    enum bw_exposition format;
    double scrape_timeout_s; /* not above 0: not said */
    bool timeout_is_garbage; /* it was said, and is no number */
};

/* What is answered: metrics with status 200 unless the order asks for `debug`, else words. */
typedef void bw_probe_reply_fn(void *reply, unsigned status, const struct bw_buf *text);

/* Targets that somebody registers for a time, or takes away. */
struct bw_target_order {
    const char *source;
    const char *text; /* list in JSON; NULL: take away */
    size_t size;
    const char *target; /* to take away; NULL: all */
    int64_t ttl_ns;     /* 0: as the source says */
    int64_t now_ms;
};

/* What a job says of itself. It is found by service and check, by Gatus's spelling of both, or by
 * its token alone; what it is not found by is NULL. Texts are borrowed until the answer. */
enum bw_push_word { BW_PUSH_START, BW_PUSH_PASS, BW_PUSH_FAIL };

struct bw_push_report {
    const char *service, *check;
    const char *key;
    const char *token; /* NULL: it showed none */
    enum bw_push_word word;
    const char *message; /* as it came; NULL: none */
    size_t message_size;
    int64_t duration_ns; /* how long the job took; -1: it does not say */
};

/* `err` is NULL when the report was taken; BW_EDENIED: no such job, or its token is another, which
 * nobody is told apart; BW_EBUSY: too many came. */
typedef void bw_push_done_fn(void *reply, const struct bw_err *err);

/* Called from any of the front end's threads, except where it says otherwise. */
struct bw_web_hooks {
    void *ctx;

    /* The newest view, which stays as it is until released; never NULL once started. */
    const struct bw_view *(*view_acquire)(void *ctx);
    void (*view_release)(void *ctx, const struct bw_view *view);

    /* Appends the exposition to `out`; `filter` NULL: all of it. */
    void (*metrics)(void *ctx, enum bw_exposition format, const struct bw_family_filter *filter,
                    struct bw_buf *out);

    /* False with the reason (static text) while the first view is not there or it stops. */
    bool (*is_ready)(void *ctx, const char **out_why);

    /* Asks for a reload; done(reply, …) follows exactly once, from another thread. */
    void (*reload)(void *ctx, void (*done)(void *reply, bool ok, const char *message), void *reply);

    /* Probes; done(reply, …) follows exactly once, from another thread. NULL: nobody does. */
    void (*probe)(void *ctx, const struct bw_probe_order *order, bw_probe_reply_fn *done,
                  void *reply);

    /* Does it, or a part of it, and appends what to answer as JSON. On a worker; BW_EBUSY: not now,
     * ask again. NULL: nobody does. */
    enum bw_rc (*change_store)(void *ctx, const struct bw_store_order *order, struct bw_buf *out,
                               struct bw_err *err);

    /* Does it, and appends what to answer as JSON. On a worker. NULL: nobody does. */
    enum bw_rc (*change_targets)(void *ctx, const struct bw_target_order *order, struct bw_buf *out,
                                 struct bw_err *err);

    /* A job reports; done(reply, …) follows exactly once, from another thread. NULL: nobody
     * listens. */
    void (*push)(void *ctx, const struct bw_push_report *report, bw_push_done_fn *done,
                 void *reply);

    /* What is to be seen of the analysis that the record came from, of the store at that path. On a
     * worker; BW_ENOTFOUND: nothing any more. NULL: nobody draws. */
    enum bw_rc (*trend_picture)(void *ctx, const char *store, const struct bw_trend_record *record,
                                struct bw_trend_picture *out, struct bw_err *err);

    /* Writes down a marker that somebody sets, or deletes one; *out_id is its number. On a worker;
     * BW_OK: it is on disk. NULL: nobody does. */
    enum bw_rc (*set_marker)(void *ctx, const struct bw_event *marker, int64_t *out_id,
                             struct bw_err *err);
    enum bw_rc (*drop_marker)(void *ctx, int64_t id, struct bw_err *err);

    /* Something an operator should read: a listener without authentication, an accept error. */
    void (*say)(void *ctx, enum bw_log_level level, const char *message);
};

struct bw_web_options {
    struct bw_strings listen;    /* "127.0.0.1:10190", ":10190", "[::1]:0" */
    const char *external_url;    /* NULL: none */
    const char *route_prefix;    /* NULL or "/": none */
    const char *security_file;   /* --web.config.file; NULL: none */
    const char *store;           /* path for readers; NULL while there is no store */
    const char *archive;         /* folder of finished reports */
    const char *template_folder; /* overrides the embedded templates; NULL: none */
    int64_t page_size;
};

/* Binds, starts its threads and says where it listens. BW_EINVAL for an address or a security
 * file that is wrong (with file:line:col), BW_EIO when an address cannot be bound. Options
 * and hooks are copied, `workers` is borrowed. */
enum bw_rc bw_web_start(const struct bw_web_options *options, const struct bw_web_hooks *hooks,
                        struct bw_work_pool *workers, struct bw_web **out, struct bw_err *err);

/* "127.0.0.1:43211": where listener `i` really listens; NULL beyond the last. */
const char *bw_web_address(const struct bw_web *web, size_t i);

/* Serves admin scope on a listening unix socket, which stays the caller's, instead of on the one
 * before. */
enum bw_rc bw_web_add_control(struct bw_web *web, int fd, struct bw_err *err);

/* The store has come or gone (NULL). Any thread. */
void bw_web_set_store(struct bw_web *web, const char *path);

/* Reads the security file again: tokens change without a restart. When it is wrong the old
 * ones stay (BW_EINVAL and others as for start). Loop thread. */
enum bw_rc bw_web_reload(struct bw_web *web, struct bw_err *err);

/* What the front end has to say of itself: bellwether_http_*. Any thread. */
void bw_web_measure(struct bw_web *web, struct bw_measures *out);

/* Gives back memory that no answer needed lately; call it now and then. Loop thread. */
void bw_web_rest(struct bw_web *web);

/* Stops accepting, lets answers under way finish for at most `grace_ns`, then closes all.
 * Loop thread; NULL is fine. */
void bw_web_stop(struct bw_web *web, int64_t grace_ns);

#endif
