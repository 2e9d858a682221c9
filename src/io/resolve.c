// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/resolve.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#define TRY_NS_DEFAULT (1 * BW_SECOND)
#define LOOKUP_NS_DEFAULT (10 * BW_SECOND)

/* How long one family's addresses wait for the other's answer: name servers that never answer
 * AAAA must not make every name look dead (RFC 8305 section 3 waits for the same reason). */
#define OTHER_FAMILY_NS (500 * BW_MS)
enum { TRIES_DEFAULT = 3 };

/* A socket of c-ares that the loop watches. */
struct watch {
    struct bw_resolver *resolver;
    ares_socket_t socket;
    struct bw_poll *poll;
    struct watch *next;
};

struct bw_resolver {
    struct bw_loop *loop;
    ares_channel channel;
    struct bw_timer *timer; /* when c-ares wants to try again */
    struct watch *watches;
    struct bw_lookup *lookups; /* all that have no answer yet */
    struct bw_lookup *ready;   /* and those that have: the first is delivered first */
    struct bw_lookup *ready_last;
    struct bw_timer *deliver; /* started with the first */
    int64_t limit_ns;         /* monotonic: when we last were out of descriptors; 0: never */
};

/* One question of a lookup. c-ares cannot withdraw a single question, so this outlives a
 * lookup that was cancelled; `lookup` is NULL then. */
struct question {
    struct bw_lookup *lookup;
    struct bw_resolver *resolver;
    int family;
};

struct bw_lookup {
    struct bw_resolver *resolver;
    bw_lookup_done_fn *done;
    void *ctx;
    struct bw_timer *timer; /* the timeout; NULL for an address */
    struct bw_lookup *prev, *next;
    char *name;
    enum bw_ip_preference preference;
    bool fallback;
    bool finished; /* among the ready */
    int64_t start_ns;
    int64_t timeout_ns;
    int64_t end_ns;
    struct question *open[2]; /* questions without an answer */
    int status;               /* the gravest of the answers without addresses */
    enum bw_reason reason;
    struct bw_address addresses[BW_RESOLVED_ADDRESSES_MAX];
    size_t count;
};

/* ---- c-ares on the loop ---- */

static void arm(struct bw_resolver *resolver)
{
    struct timeval wait;
    if (ares_timeout(resolver->channel, NULL, &wait) == NULL)
        bw_timer_stop(resolver->timer);
    else
        bw_timer_start(resolver->timer, wait.tv_sec * BW_SECOND + wait.tv_usec * 1000, 0);
}

static void on_deliver(void *ctx);

static void on_retry(void *ctx)
{
    struct bw_resolver *resolver = ctx;
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm(resolver);
}

static void on_ready(void *ctx, unsigned events)
{
    struct watch *watch = ctx;
    struct bw_resolver *resolver = watch->resolver;
    ares_socket_t socket = watch->socket; /* the watch may be gone after the call */
    ares_process_fd(resolver->channel, (events & BW_POLL_READ) != 0 ? socket : ARES_SOCKET_BAD,
                    (events & BW_POLL_WRITE) != 0 ? socket : ARES_SOCKET_BAD);
    arm(resolver);
}

static struct watch **find_watch(struct bw_resolver *resolver, ares_socket_t socket)
{
    struct watch **at = &resolver->watches;
    while (*at != NULL && (*at)->socket != socket)
        at = &(*at)->next;
    return at;
}

static void drop_watch(struct watch **at)
{
    struct watch *watch = *at;
    if (watch == NULL)
        return;
    *at = watch->next;
    bw_poll_free(watch->poll);
    free(watch);
}

/* c-ares says what it wants to know of a socket; nothing means that it is about to close. */
static void on_socket(void *ctx, ares_socket_t socket, int readable, int writable)
{
    struct bw_resolver *resolver = ctx;
    struct watch **at = find_watch(resolver, socket);
    if (!readable && !writable) {
        drop_watch(at);
        return;
    }
    if (*at == NULL) {
        struct watch *watch = bw_alloc(sizeof *watch);
        *watch = (struct watch){ .resolver = resolver, .socket = socket };
        watch->poll = bw_poll_new(resolver->loop, socket, on_ready, watch, NULL);
        if (watch->poll == NULL) {
            free(watch); /* the question then ends by its timeout */
            resolver->limit_ns = bw_loop_mono_ns();
            return;
        }
        *at = watch;
    }
    bw_poll_start((*at)->poll, (readable ? BW_POLL_READ : 0u) | (writable ? BW_POLL_WRITE : 0u));
}

/* ---- c-ares's sockets ----
 * Made here: c-ares would set O_CLOEXEC a moment late, and call a socket that it cannot have a
 * name server that refuses. */

static ares_socket_t open_socket(int family, int type, int protocol, void *ctx)
{
    struct bw_resolver *resolver = ctx;
    int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
        resolver->limit_ns = bw_loop_mono_ns();
    return fd;
}

static int close_socket(ares_socket_t fd, void *ctx)
{
    (void)ctx;
    return close(fd);
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len,
                          void *ctx)
{
    (void)ctx;
    return connect(fd, to, len);
}

static ares_ssize_t receive(ares_socket_t fd, void *bytes, size_t len, int flags,
                            struct sockaddr *from, ares_socklen_t *from_len, void *ctx)
{
    (void)ctx;
    return recvfrom(fd, bytes, len, flags, from, from_len);
}

static ares_ssize_t transmit(ares_socket_t fd, const struct iovec *pieces, int count, void *ctx)
{
    (void)ctx;
    return writev(fd, pieces, count);
}

static const struct ares_socket_functions sockets = {
    .asocket = open_socket,
    .aclose = close_socket,
    .aconnect = connect_socket,
    .arecvfrom = receive,
    .asendv = transmit,
};

struct bw_resolver *bw_resolver_new(struct bw_loop *loop, const struct bw_resolver_options *options,
                                    struct bw_err *err)
{
    struct bw_resolver_options o = options != NULL ? *options : (struct bw_resolver_options){ 0 };
    if (o.try_ns == 0)
        o.try_ns = TRY_NS_DEFAULT;
    struct bw_resolver *resolver = bw_alloc(sizeof *resolver);
    resolver->loop = loop;
    char lookups[] = "fb"; /* files, then servers */
    struct ares_options ares = {
        .timeout = (int)(o.try_ns / BW_MS),
        .tries = (int)(o.tries != 0 ? o.tries : TRIES_DEFAULT),
        .lookups = lookups,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = resolver,
    };
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status == ARES_SUCCESS)
        status = ares_init_options(&resolver->channel, &ares,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS
                                       | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
        bw_fail(err, BW_EIO, "start the name resolver: %s", ares_strerror(status));
        free(resolver);
        return NULL;
    }
    ares_set_socket_functions(resolver->channel, &sockets, resolver);
    resolver->timer = bw_timer_new(loop, on_retry, resolver);
    resolver->deliver = bw_timer_new(loop, on_deliver, resolver);
    if (o.servers != NULL) {
        status = ares_set_servers_ports_csv(resolver->channel, o.servers);
        if (status != ARES_SUCCESS) {
            bw_fail(err, BW_EINVAL, "name servers '%s': %s", o.servers, ares_strerror(status));
            bw_resolver_free(resolver);
            return NULL;
        }
    }
    return resolver;
}

/* ---- one lookup ---- */

static void unlink_lookup(struct bw_lookup *lookup)
{
    struct bw_resolver *resolver = lookup->resolver;
    struct bw_lookup **first = lookup->finished ? &resolver->ready : &resolver->lookups;
    *(lookup->prev != NULL ? &lookup->prev->next : first) = lookup->next;
    if (lookup->next != NULL)
        lookup->next->prev = lookup->prev;
    if (resolver->ready_last == lookup)
        resolver->ready_last = lookup->prev;
}

static void make_ready(struct bw_lookup *lookup)
{
    struct bw_resolver *resolver = lookup->resolver;
    unlink_lookup(lookup);
    lookup->finished = true;
    lookup->prev = resolver->ready_last;
    lookup->next = NULL;
    *(lookup->prev != NULL ? &lookup->prev->next : &resolver->ready) = lookup;
    resolver->ready_last = lookup;
    if (lookup->prev == NULL)
        bw_timer_start(resolver->deliver, 0, 0);
}

static void free_lookup(struct bw_lookup *lookup)
{
    for (size_t i = 0; i < 2; i++) {
        if (lookup->open[i] != NULL)
            lookup->open[i]->lookup = NULL;
    }
    unlink_lookup(lookup);
    bw_timer_free(lookup->timer);
    free(lookup->name);
    free(lookup);
}

void bw_lookup_cancel(struct bw_lookup *lookup)
{
    if (lookup != NULL)
        free_lookup(lookup);
}

static const char *why_failed(const struct bw_lookup *lookup)
{
    switch (lookup->reason) {
    case BW_REASON_NONE:
        return "";
    case BW_REASON_DNS_TIMEOUT:
        return "no answer from the name servers";
    case BW_REASON_LOCAL_LIMIT:
        return "no descriptor to ask the name servers with";
    default:
        return lookup->status == ARES_SUCCESS ? "no address of that family"
                                              : ares_strerror(lookup->status);
    }
}

static void deliver(struct bw_lookup *lookup)
{
    /* Copied out first: done() may start and cancel other lookups, and this one is over. */
    struct bw_address addresses[BW_RESOLVED_ADDRESSES_MAX];
    memcpy(addresses, lookup->addresses, sizeof addresses);
    const struct bw_lookup_result result = {
        .reason = lookup->reason,
        .addresses = addresses,
        .count = lookup->reason == BW_REASON_NONE ? lookup->count : 0,
        .duration_ns = lookup->end_ns - lookup->start_ns,
        .detail = why_failed(lookup),
    };
    bw_lookup_done_fn *done = lookup->done;
    void *ctx = lookup->ctx;
    free_lookup(lookup);
    done(ctx, &result);
}

static bool is_preferred(const struct bw_lookup *lookup, int family)
{
    return lookup->preference == BW_IP_ANY
           || family == (lookup->preference == BW_IP_4 ? AF_INET : AF_INET6);
}

/* Asks the kernel's routing table; no packet leaves. */
static bool has_route(const struct bw_address *address)
{
    struct sockaddr_storage to;
    socklen_t len = bw_address_socket(address, 53, &to);
    int fd = socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool routed = connect(fd, (struct sockaddr *)&to, len) == 0;
    close(fd);
    return routed;
}

/* Puts the addresses of `family` first and keeps the order within each family. */
static void put_first(struct bw_lookup *lookup, int family)
{
    struct bw_address sorted[BW_RESOLVED_ADDRESSES_MAX];
    size_t count = 0;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < lookup->count; i++) {
            if ((lookup->addresses[i].family == family) == (round == 0))
                sorted[count++] = lookup->addresses[i];
        }
    }
    memcpy(lookup->addresses, sorted, count * sizeof *sorted);
}

static void sort_addresses(struct bw_lookup *lookup)
{
    bool mixed = false;
    for (size_t i = 1; i < lookup->count; i++)
        mixed = mixed || lookup->addresses[i].family != lookup->addresses[0].family;
    if (!mixed)
        return;
    int first = lookup->preference == BW_IP_4 ? AF_INET : AF_INET6;
    put_first(lookup, first);
    if (!has_route(&lookup->addresses[0]))
        put_first(lookup, first == AF_INET ? AF_INET6 : AF_INET);
}

static enum bw_reason reason_of(int status)
{
    switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_SUCCESS: /* a name without addresses of that family */
        return BW_REASON_DNS_NXDOMAIN;
    case ARES_ETIMEOUT:
        return BW_REASON_DNS_TIMEOUT;
    default:
        return BW_REASON_DNS_FAILURE;
    }
}

/* A lookup that could not ask says nothing about the name. */
static enum bw_reason failure_of(const struct bw_lookup *lookup)
{
    enum bw_reason reason = reason_of(lookup->status);
    bool was_limited = lookup->resolver->limit_ns >= lookup->start_ns;
    return was_limited && reason != BW_REASON_DNS_NXDOMAIN ? BW_REASON_LOCAL_LIMIT : reason;
}

/* RFC 6761, section 6.3: the name means loopback on every machine, also where no hosts file
 * says so and no name server can be asked. */
static void stand_in_for_localhost(struct bw_lookup *lookup)
{
    if (strcmp(lookup->name, "localhost") != 0)
        return;
    const bool only_ip6 = lookup->preference == BW_IP_6 && !lookup->fallback;
    lookup->count = bw_address_parse(only_ip6 ? "::1" : "127.0.0.1", &lookup->addresses[0]) ? 1 : 0;
}

/* Delivery is left to a timer, so that done() is never called from inside a start and never
 * from inside c-ares. */
static void finish(struct bw_lookup *lookup)
{
    lookup->end_ns = bw_loop_mono_ns();
    if (lookup->count == 0)
        stand_in_for_localhost(lookup);
    if (lookup->count > 0) {
        lookup->reason = BW_REASON_NONE;
        sort_addresses(lookup);
    } else {
        lookup->reason = failure_of(lookup);
    }
    if (lookup->timer != NULL)
        bw_timer_stop(lookup->timer);
    make_ready(lookup);
}

/* One family may have answered: that is enough where the other may stand in. */
static void on_timeout(void *ctx)
{
    struct bw_lookup *lookup = ctx;
    lookup->status = ARES_ETIMEOUT;
    finish(lookup);
}

/* Those that are ready now: what they begin must not keep the loop from its turn. */
static void on_deliver(void *ctx)
{
    struct bw_resolver *resolver = ctx;
    size_t count = 0;
    for (const struct bw_lookup *at = resolver->ready; at != NULL; at = at->next)
        count++;
    for (; count > 0 && resolver->ready != NULL; count--)
        deliver(resolver->ready); // NOLINT(clang-analyzer-unix.Malloc): it unlinks
    if (resolver->ready != NULL)
        bw_timer_start(resolver->deliver, 0, 0);
}

static void take_addresses(struct bw_lookup *lookup, const struct ares_addrinfo *info)
{
    for (const struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next) {
        if (lookup->count == BW_RESOLVED_ADDRESSES_MAX)
            return;
        struct bw_address *address = &lookup->addresses[lookup->count];
        if (!lookup->fallback && !is_preferred(lookup, node->ai_family))
            continue;
        if (node->ai_family == AF_INET)
            address->ip4 = ((const struct sockaddr_in *)(const void *)node->ai_addr)->sin_addr;
        else if (node->ai_family == AF_INET6)
            address->ip6 = ((const struct sockaddr_in6 *)(const void *)node->ai_addr)->sin6_addr;
        else
            continue;
        address->family = node->ai_family;
        address->scope = 0;
        lookup->count++;
    }
}

/* An error that says least about the name wins: SERVFAIL for one family and "no such name"
 * for the other is a broken resolver. */
static int graver(int a, int b)
{
    static const int by_reason[] = {
        [BW_REASON_DNS_NXDOMAIN] = 1, [BW_REASON_DNS_FAILURE] = 2, [BW_REASON_DNS_TIMEOUT] = 3
    };
    if (a == ARES_SUCCESS)
        return b;
    return by_reason[reason_of(b)] > by_reason[reason_of(a)] ? b : a;
}

static void ask(struct bw_lookup *lookup, int family);

static void wait_for_other_family(struct bw_lookup *lookup)
{
    int64_t left_ns = lookup->start_ns + lookup->timeout_ns - bw_loop_mono_ns();
    bw_timer_start(lookup->timer, left_ns < OTHER_FAMILY_NS ? left_ns : OTHER_FAMILY_NS, 0);
}

static void on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *info)
{
    (void)timeouts;
    struct question *question = ctx;
    struct bw_lookup *lookup = question->lookup;
    int family = question->family;
    if (lookup != NULL)
        lookup->open[family == AF_INET ? 0 : 1] = NULL;
    free(question);
    if (lookup != NULL && !lookup->finished) {
        if (status == ARES_SUCCESS)
            take_addresses(lookup, info);
        else
            lookup->status = graver(lookup->status, status);
        bool ask_other = lookup->count == 0 && lookup->preference == BW_IP_4 && lookup->fallback
                         && family == AF_INET && status != ARES_EDESTRUCTION;
        if (ask_other)
            ask(lookup, AF_INET6);
        else if (lookup->open[0] == NULL && lookup->open[1] == NULL)
            finish(lookup);
        else if (lookup->count > 0)
            wait_for_other_family(lookup);
    }
    if (info != NULL)
        ares_freeaddrinfo(info);
}

static void ask(struct bw_lookup *lookup, int family)
{
    struct bw_resolver *resolver = lookup->resolver;
    struct question *question = bw_alloc(sizeof *question);
    *question = (struct question){ .lookup = lookup, .resolver = resolver, .family = family };
    lookup->open[family == AF_INET ? 0 : 1] = question;
    struct ares_addrinfo_hints hints = { .ai_family = family, .ai_flags = ARES_AI_NOSORT };
    ares_getaddrinfo(resolver->channel, lookup->name, NULL, &hints, on_answer, question);
    arm(resolver);
}

/* Both questions are noted before the first is asked: a name from /etc/hosts is answered at
 * once, and must not look like the end of the lookup. */
static void ask_both(struct bw_lookup *lookup)
{
    struct question placeholder = { 0 };
    lookup->open[0] = &placeholder;
    ask(lookup, AF_INET6);
    lookup->open[0] = NULL;
    ask(lookup, AF_INET);
}

/* For "localhost" c-ares 1.18 makes up the address of a family that /etc/hosts does not give
 * it, and leaks while it does: so it is asked for both at once and take_addresses() chooses. */
static void ask_all(struct bw_lookup *lookup)
{
    if (strcmp(lookup->name, "localhost") == 0)
        ask(lookup, AF_UNSPEC);
    else if (lookup->preference == BW_IP_4)
        ask(lookup, AF_INET);
    else if (lookup->preference == BW_IP_6 && !lookup->fallback)
        ask(lookup, AF_INET6);
    else
        ask_both(lookup);
}

struct bw_lookup *bw_lookup_start(struct bw_resolver *resolver, const struct bw_lookup_query *query,
                                  bw_lookup_done_fn *done, void *ctx)
{
    struct bw_lookup *lookup = bw_alloc(sizeof *lookup);
    *lookup = (struct bw_lookup){
        .resolver = resolver,
        .done = done,
        .ctx = ctx,
        .next = resolver->lookups,
        .name = bw_strdup(query->name),
        .preference = query->preference,
        .fallback = query->fallback,
        .start_ns = bw_loop_mono_ns(),
        .timeout_ns = query->timeout_ns > 0 ? query->timeout_ns : LOOKUP_NS_DEFAULT,
    };
    if (lookup->next != NULL)
        lookup->next->prev = lookup;
    resolver->lookups = lookup;
    if (bw_address_parse(query->name, &lookup->addresses[0])) {
        lookup->count = lookup->fallback || is_preferred(lookup, lookup->addresses[0].family);
        finish(lookup);
        return lookup;
    }
    lookup->timer = bw_timer_new(resolver->loop, on_timeout, lookup);
    bw_timer_start(lookup->timer, lookup->timeout_ns, 0);
    ask_all(lookup);
    return lookup;
}

void bw_resolver_free(struct bw_resolver *resolver)
{
    if (resolver == NULL)
        return;
    ares_destroy(resolver->channel); /* answers all open questions */
    while (resolver->lookups != NULL)
        deliver(resolver->lookups); // NOLINT(clang-analyzer-unix.Malloc): it unlinks
    while (resolver->ready != NULL)
        deliver(resolver->ready); // NOLINT(clang-analyzer-unix.Malloc): it unlinks
    while (resolver->watches != NULL)
        drop_watch(&resolver->watches);
    bw_timer_free(resolver->timer);
    bw_timer_free(resolver->deliver);
    ares_library_cleanup();
    free(resolver);
}
