// SPDX-License-Identifier: GPL-3.0-or-later
/* The HTTP library's side: listeners, guards, and the way of a request through its states. */
#include "web/server.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "io/clock.h"
#include "web/answer.h"
#include "web/days.h"
#include "web/page.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDLE_NS (30 * BW_SECOND)

/* Of trouble with accepting, which comes many times a second. */
#define SAY_EVERY_NS (60 * BW_SECOND)

enum { CONTROL_CONNECTIONS_MAX = 16, THREADS_MAX = 4 };

static unsigned thread_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
}

/* At most a third of the descriptors we may open: checks and the store need theirs. */
static size_t connections_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 3 > BW_WEB_CONNECTIONS_MAX)
        return BW_WEB_CONNECTIONS_MAX;
    return (size_t)limit.rlim_cur / 3;
}

static struct bw_guard_limits guard_limits(void)
{
    return (struct bw_guard_limits){
        .slow_ns = 10 * BW_SECOND,
        .idle_ns = IDLE_NS,
        .send_ns = 30 * BW_SECOND,
        .connections_max = connections_max(),
        .per_address_max = BW_WEB_CONNECTIONS_PER_ADDRESS_MAX,
        .bytes_max = 48u << 20,
    };
}

/* The guard keeps the real limit; this leaves room for connections that were cut and are not
 * closed yet. */
static unsigned library_connections(enum bw_listener_kind kind)
{
    size_t max = connections_max();
    return kind == BW_LISTENER_CONTROL ? CONTROL_CONNECTIONS_MAX : (unsigned)(max + max / 2);
}

static bool is_time_to_say(struct bw_web *web)
{
    const int64_t now_ns = bw_loop_mono_ns();
    pthread_mutex_lock(&web->lock);
    const bool is_time = now_ns >= web->say_after_ns;
    if (is_time)
        web->say_after_ns = now_ns + SAY_EVERY_NS;
    pthread_mutex_unlock(&web->lock);
    return is_time;
}

/* The library's own messages are about clients that misbehave; only what keeps us from
 * accepting matters to an operator. */
__attribute__((format(printf, 2, 0))) static void log_line(void *ctx, const char *format,
                                                           va_list args)
{
    struct bw_web *web = ctx;
    char text[256];
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    const bool is_full = strstr(text, "connection limit") != NULL;
    if (is_full)
        bw_web_stats_refused(web->stats);
    if (strstr(text, "processing request") != NULL && strstr(text, "Content-Length") != NULL)
        bw_server_refuse_length(web);
    const bool grave = !is_full
                       && (strstr(text, "accept") != NULL || strstr(text, "resource limit") != NULL)
                       && is_time_to_say(web);
    web->site.hooks.say(web->site.hooks.ctx, grave ? BW_LOG_WARN : BW_LOG_DEBUG, text);
}

struct bw_guarded *bw_server_guarded(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static const struct sockaddr *address_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

bool bw_server_client(struct MHD_Connection *connection, struct bw_client *out)
{
    return bw_client_of(address_of(connection), out);
}

static void connection_changed(void *ctx, struct MHD_Connection *connection, void **socket_context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct bw_listener *listener = ctx;
    struct bw_guard *guard = listener->web->guard;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        const bool is_control = listener->kind == BW_LISTENER_CONTROL;
        *socket_context = bw_guard_add(guard, fd, is_control ? NULL : address_of(connection));
    } else if (*socket_context != NULL) {
        bw_guard_remove(guard, *socket_context);
        *socket_context = NULL;
    }
}

/* We decode targets ourselves, strictly; the library's way would cut them at %00. */
static size_t leave_escaped(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx;
    (void)connection;
    return strlen(text);
}

/* The request line has arrived: the earliest moment, and the only one with the raw target. */
static void *request_line(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct bw_listener *listener = ctx;
    struct bw_web *web = listener->web;
    struct exchange *exchange = bw_alloc(sizeof *exchange);
    exchange->web = web;
    exchange->listener = listener;
    exchange->connection = connection;
    exchange->start_ns = bw_loop_mono_ns();
    exchange->target = bw_strdup(uri);
    exchange->thread = pthread_self();
    pthread_mutex_lock(&web->lock);
    bw_exchange_enlist(&web->arriving, exchange);
    web->active++;
    pthread_mutex_unlock(&web->lock);
    bw_guard_arriving(web->guard, bw_server_guarded(connection));
    return exchange;
}

static void completed(void *ctx, struct MHD_Connection *connection, void **connection_context,
                      enum MHD_RequestTerminationCode code)
{
    (void)ctx;
    struct exchange *exchange = *connection_context;
    if (exchange == NULL)
        return;
    *connection_context = NULL;
    struct bw_web *web = exchange->web;
    pthread_mutex_lock(&web->lock);
    bw_exchange_delist(exchange);
    pthread_mutex_unlock(&web->lock);
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        bw_guard_idle(web->guard, bw_server_guarded(connection));
    if (exchange->status != 0)
        bw_web_stats_count(web->stats, exchange->route, exchange->status,
                           bw_loop_mono_ns() - exchange->start_ns, exchange->bytes);
    bw_request_free(exchange->request);
    free(exchange->target);
    free(exchange);
    pthread_mutex_lock(&web->lock);
    web->active--;
    pthread_cond_broadcast(&web->changed);
    pthread_mutex_unlock(&web->lock);
}

static struct MHD_Daemon *start_daemon(struct bw_listener *listener, int fd)
{
    bool control = listener->kind == BW_LISTENER_CONTROL;
    unsigned threads = control ? 1 : thread_count();
    struct MHD_OptionItem pool[] = {
        { MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        bw_server_handle, listener, MHD_OPTION_EXTERNAL_LOGGER, log_line, listener->web,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, listener,
        MHD_OPTION_URI_LOG_CALLBACK, request_line, listener, MHD_OPTION_NOTIFY_COMPLETED, completed,
        listener, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(IDLE_NS / BW_SECOND), MHD_OPTION_CONNECTION_LIMIT,
        library_connections(listener->kind), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)BW_WEB_HEADER_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_ARRAY,
        threads > 1 ? pool : pool + 1, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return daemon;
}

/* Takes fd. */
static enum bw_rc add_listener(struct bw_web *web, int fd, enum bw_listener_kind kind,
                               const char *text, struct bw_err *err)
{
    struct bw_listener *listener = bw_alloc(sizeof *listener);
    listener->web = web;
    listener->kind = kind;
    bw_text_copy(listener->text, sizeof listener->text, text);
    listener->daemon = start_daemon(listener, fd);
    if (listener->daemon == NULL) {
        close(fd);
        free(listener);
        return bw_fail(err, BW_EIO, "serve HTTP on %s: %s", text, strerror(errno));
    }
    struct bw_listener **end = &web->listeners;
    while (*end != NULL)
        end = &(*end)->next;
    *end = listener;
    return BW_OK;
}

static void warn_reachable(struct bw_web *web, const char *address)
{
    char text[200];
    snprintf(text, sizeof text,
             "%s is reachable from other machines and anybody may read; see --web.config.file",
             address);
    web->site.hooks.say(web->site.hooks.ctx, BW_LOG_WARN, text);
}

static enum bw_rc listen_on(struct bw_web *web, const char *address, struct bw_err *err)
{
    struct bw_listening listening;
    enum bw_rc rc = bw_listen_open(address, &listening, err);
    if (rc != BW_OK)
        return rc;
    enum bw_listener_kind kind = listening.is_loopback ? BW_LISTENER_LOOPBACK : BW_LISTENER_REMOTE;
    if (kind == BW_LISTENER_REMOTE && !bw_access_guards_reads(web->access))
        warn_reachable(web, listening.text);
    return add_listener(web, listening.fd, kind, listening.text, err);
}

/* "/mon/" and "mon" are "/mon"; "/" is "". */
static const char *clean_prefix(struct bw_arena *arena, const char *prefix)
{
    struct bw_span span = bw_span_of(prefix == NULL ? "" : prefix);
    while (span.len > 0 && span.data[0] == '/') {
        span.data++;
        span.len--;
    }
    while (span.len > 0 && span.data[span.len - 1] == '/')
        span.len--;
    return span.len == 0 ? "" : bw_arena_printf(arena, "/%.*s", (int)span.len, span.data);
}

static void copy_options(struct bw_web *web, const struct bw_web_options *options,
                         const struct bw_web_hooks *hooks)
{
    web->site = (struct bw_site){
        .hooks = *hooks,
        .prefix = clean_prefix(&web->arena, options->route_prefix),
        .external_url = bw_arena_strdup(&web->arena, options->external_url),
        .archive = bw_arena_strdup(&web->arena, options->archive),
        .page_size = options->page_size > 0 ? (size_t)options->page_size : 50,
    };
    web->security_file = bw_arena_strdup(&web->arena, options->security_file);
    web->store = bw_strdup(options->store);
}

enum bw_rc bw_web_start(const struct bw_web_options *options, const struct bw_web_hooks *hooks,
                        struct bw_work_pool *workers, struct bw_web **out, struct bw_err *err)
{
    struct bw_web *web = bw_alloc(sizeof *web);
    bw_arena_init(&web->arena);
    pthread_mutex_init(&web->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&web->changed, &attr);
    pthread_condattr_destroy(&attr);
    web->workers = workers;
    web->stats = bw_web_stats_new();
    web->throttle = bw_throttle_new();
    pthread_rwlock_init(&web->access_lock, NULL);
    copy_options(web, options, hooks);
    web->site.days = bw_days_new(workers);
    bw_spare_init(&web->spare);
    web->site.spare = &web->spare;
    const struct bw_guard_limits limits = guard_limits();
    enum bw_rc rc = bw_access_load(web->security_file, web->site.external_url, &web->access, err);
    if (rc == BW_OK)
        rc = bw_templates_load(options->template_folder, &web->site.templates, err);
    if (rc == BW_OK && (web->guard = bw_guard_new(&limits, err)) == NULL)
        rc = BW_ELIMIT;
    for (size_t i = 0; i < options->listen.count && rc == BW_OK; i++)
        rc = listen_on(web, options->listen.items[i], err);
    if (rc == BW_OK)
        *out = web;
    else
        bw_web_stop(web, 0);
    return rc;
}

enum bw_rc bw_web_reload(struct bw_web *web, struct bw_err *err)
{
    struct bw_access *access;
    enum bw_rc rc = bw_access_load(web->security_file, web->site.external_url, &access, err);
    if (rc != BW_OK)
        return rc;
    pthread_rwlock_wrlock(&web->access_lock);
    struct bw_access *old = web->access;
    web->access = access;
    pthread_rwlock_unlock(&web->access_lock);
    const bool opened = bw_access_guards_reads(old) && !bw_access_guards_reads(access);
    bw_access_free(old);
    for (struct bw_listener *l = web->listeners; l != NULL && opened; l = l->next)
        if (l->kind == BW_LISTENER_REMOTE)
            warn_reachable(web, l->text);
    return BW_OK;
}

const char *bw_web_address(const struct bw_web *web, size_t i)
{
    const struct bw_listener *listener = web->listeners;
    for (; listener != NULL; listener = listener->next)
        if (listener->kind != BW_LISTENER_CONTROL && i-- == 0)
            return listener->text;
    return NULL;
}

/* What it has accepted is answered to the end. Again is fine. The socket is shut, so that who comes is
 * refused, and not closed before the daemon has stopped: its threads may be about to take it out of
 * their epoll sets, and abort when it is not there. */
static void stop_listening(struct bw_listener *listener)
{
    if (listener->is_quiet)
        return;
    listener->is_quiet = true;
    listener->quiet_fd = MHD_quiesce_daemon(listener->daemon);
    if (listener->quiet_fd >= 0 && listener->kind != BW_LISTENER_CONTROL)
        shutdown(listener->quiet_fd, SHUT_RDWR);
}

enum bw_rc bw_web_add_control(struct bw_web *web, int fd, struct bw_err *err)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0)
        return bw_fail(err, BW_EIO, "serve the control socket: %s", strerror(errno));
    for (struct bw_listener *l = web->listeners; l != NULL; l = l->next)
        if (l->kind == BW_LISTENER_CONTROL)
            stop_listening(l);
    return add_listener(web, own, BW_LISTENER_CONTROL, "the control socket", err);
}

void bw_web_set_store(struct bw_web *web, const char *path)
{
    char *copy = bw_strdup(path);
    pthread_mutex_lock(&web->lock);
    char *old = web->store;
    web->store = copy;
    pthread_mutex_unlock(&web->lock);
    free(old);
}

void bw_web_measure(struct bw_web *web, struct bw_measures *out)
{
    static const char *const reasons[] = { [BW_CUT_SLOW] = "slow", [BW_CUT_ROOM] = "room" };
    bw_web_stats_measure(web->stats, out);
    bw_measures_add(out, BW_METRIC_HTTP_CONNECTIONS, (double)bw_guard_connections(web->guard),
                    NULL);
    for (enum bw_guard_reason i = 0; i < BW_CUT_COUNT; i++)
        bw_measures_add(out, BW_METRIC_HTTP_CONNECTIONS_CUT_TOTAL,
                        (double)bw_guard_cut(web->guard, i), BW_LABEL_VALUES(reasons[i]));
}

static void stop_accepting(struct bw_web *web)
{
    for (struct bw_listener *l = web->listeners; l != NULL; l = l->next)
        stop_listening(l);
}

void bw_web_rest(struct bw_web *web)
{
    bw_spare_rest(&web->spare);
}

static void free_web(struct bw_web *web)
{
    for (struct bw_listener *l = web->listeners; l != NULL;) {
        struct bw_listener *next = l->next;
        MHD_stop_daemon(l->daemon);
        if (l->is_quiet && l->quiet_fd >= 0)
            close(l->quiet_fd);
        free(l);
        l = next;
    }
    bw_guard_free(web->guard);
    bw_web_stats_free(web->stats);
    bw_access_free(web->access);
    bw_throttle_free(web->throttle);
    pthread_rwlock_destroy(&web->access_lock);
    bw_templates_free(web->site.templates);
    bw_days_free(web->site.days);
    bw_spare_fini(&web->spare);
    pthread_cond_destroy(&web->changed);
    pthread_mutex_destroy(&web->lock);
    bw_arena_fini(&web->arena);
    free(web->store);
    free(web);
}

void bw_web_stop(struct bw_web *web, int64_t grace_ns)
{
    if (web == NULL)
        return;
    stop_accepting(web);
    bw_server_drain(web, grace_ns);
    free_web(web);
}
