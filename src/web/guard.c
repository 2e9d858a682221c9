// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/guard.h"

#include "base/mem.h"
#include "base/units.h"
#include "io/loop.h"
#include "web/client.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

/* Who takes an answer more slowly than this is a burden. */
enum { SEND_BYTES_PER_S = 64 << 10 };

enum phase { FRESH, ASKING, BUSY, SENDING, IDLE };

struct bw_guarded {
    int fd;
    enum phase phase;
    bool is_local;
    bool is_cut;
    struct bw_client client;
    int64_t since_ns; /* in this phase */
    int64_t until_ns; /* INT64_MAX: not waiting for the client */
    uint64_t bytes;   /* that are held for the answer under way */
    struct bw_guarded *prev, *next;
};

struct bw_guard {
    struct bw_guard_limits limits;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    pthread_t thread;
    bool stopping;
    int64_t wake_ns; /* when the thread looks next; INT64_MAX: when somebody tells it to */
    struct bw_guarded *first;
    size_t count;
    uint64_t cut[BW_CUT_COUNT];
};

/* The library sees the end of the stream and closes the descriptor itself. */
static void cut(struct bw_guard *guard, struct bw_guarded *c, enum bw_guard_reason reason)
{
    shutdown(c->fd, SHUT_RDWR);
    c->is_cut = true;
    c->until_ns = INT64_MAX;
    if (reason != BW_CUT_SLOW || c->phase != IDLE)
        guard->cut[reason]++;
}

static void cut_late(struct bw_guard *guard, int64_t now_ns)
{
    for (struct bw_guarded *c = guard->first; c != NULL; c = c->next)
        if (now_ns >= c->until_ns)
            cut(guard, c, BW_CUT_SLOW);
}

/* ---- too many, too much ---------------------------------------------------------------- */

static bool is_from(const struct bw_guarded *c, const struct bw_guarded *like)
{
    return like == NULL || bw_client_is(&c->client, &like->client);
}

/* Those that count; `like` NULL: from anywhere. */
static size_t count_open(const struct bw_guard *guard, const struct bw_guarded *like)
{
    size_t count = 0;
    for (const struct bw_guarded *c = guard->first; c != NULL; c = c->next)
        count += !c->is_local && !c->is_cut && is_from(c, like);
    return count;
}

/* Whoever waits is worth less than whoever takes an answer; of equals, the one that has done so
 * longest. What a worker works for is left alone. */
static bool is_better_victim(const struct bw_guarded *c, const struct bw_guarded *than)
{
    if (than == NULL || (than->phase == SENDING) != (c->phase == SENDING))
        return than == NULL || c->phase != SENDING;
    return c->since_ns < than->since_ns;
}

static void shed(struct bw_guard *guard, struct bw_guarded *newest, const struct bw_guarded *like)
{
    struct bw_guarded *victim = NULL;
    for (struct bw_guarded *c = guard->first; c != NULL; c = c->next)
        if (c != newest && !c->is_local && !c->is_cut && c->phase != BUSY && is_from(c, like)
            && is_better_victim(c, victim))
            victim = c;
    cut(guard, victim == NULL ? newest : victim, BW_CUT_ROOM);
}

static uint64_t bytes_under_way(const struct bw_guard *guard, struct bw_guarded *newest,
                                struct bw_guarded **out_oldest)
{
    uint64_t bytes = newest->bytes;
    *out_oldest = NULL;
    for (struct bw_guarded *c = guard->first; c != NULL; c = c->next) {
        if (c == newest || c->is_cut || c->phase != SENDING)
            continue;
        bytes += c->bytes;
        if (*out_oldest == NULL || c->since_ns < (*out_oldest)->since_ns)
            *out_oldest = c;
    }
    return bytes;
}

static void make_room(struct bw_guard *guard, struct bw_guarded *newest)
{
    struct bw_guarded *oldest;
    while (bytes_under_way(guard, newest, &oldest) > guard->limits.bytes_max && oldest != NULL)
        cut(guard, oldest, BW_CUT_ROOM);
}

/* ---- the thread ------------------------------------------------------------------------ */

static int64_t next_deadline_ns(const struct bw_guard *guard)
{
    int64_t next_ns = INT64_MAX;
    for (const struct bw_guarded *c = guard->first; c != NULL; c = c->next)
        next_ns = c->until_ns < next_ns ? c->until_ns : next_ns;
    return next_ns;
}

/* Sleeps for as long as no client can be late. A deadline that has become later, as it does with
 * every request, is found when the earlier one comes: that costs a look now and then, while
 * telling the thread would cost one at each request. */
static void *watch(void *ctx)
{
    struct bw_guard *guard = ctx;
    pthread_mutex_lock(&guard->lock);
    while (!guard->stopping) {
        guard->wake_ns = next_deadline_ns(guard);
        const struct timespec at = { .tv_sec = guard->wake_ns / BW_SECOND,
                                     .tv_nsec = guard->wake_ns % BW_SECOND };
        if (guard->wake_ns == INT64_MAX)
            pthread_cond_wait(&guard->wake, &guard->lock);
        else
            pthread_cond_timedwait(&guard->wake, &guard->lock, &at);
        cut_late(guard, bw_loop_mono_ns());
    }
    pthread_mutex_unlock(&guard->lock);
    return NULL;
}

struct bw_guard *bw_guard_new(const struct bw_guard_limits *limits, struct bw_err *err)
{
    struct bw_guard *guard = bw_alloc(sizeof *guard);
    guard->limits = *limits;
    guard->wake_ns = INT64_MAX;
    pthread_mutex_init(&guard->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&guard->wake, &attr);
    pthread_condattr_destroy(&attr);
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&guard->thread, NULL, watch, guard);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failed == 0)
        return guard;
    bw_fail(err, BW_ELIMIT, "start a thread that watches connections: the system refused");
    pthread_cond_destroy(&guard->wake);
    pthread_mutex_destroy(&guard->lock);
    free(guard);
    return NULL;
}

void bw_guard_free(struct bw_guard *guard)
{
    if (guard == NULL)
        return;
    pthread_mutex_lock(&guard->lock);
    guard->stopping = true;
    pthread_cond_signal(&guard->wake);
    pthread_mutex_unlock(&guard->lock);
    pthread_join(guard->thread, NULL);
    pthread_cond_destroy(&guard->wake);
    pthread_mutex_destroy(&guard->lock);
    free(guard);
}

/* ---- connections ----------------------------------------------------------------------- */

static void enter(struct bw_guard *guard, struct bw_guarded *c, enum phase phase, int64_t limit_ns)
{
    c->phase = phase;
    c->since_ns = bw_loop_mono_ns();
    if (!c->is_cut)
        c->until_ns = limit_ns == INT64_MAX ? INT64_MAX : c->since_ns + limit_ns;
    if (c->until_ns >= guard->wake_ns)
        return;
    guard->wake_ns = c->until_ns;
    pthread_cond_signal(&guard->wake);
}

struct bw_guarded *bw_guard_add(struct bw_guard *guard, int fd, const struct sockaddr *from)
{
    struct bw_guarded *c = bw_alloc(sizeof *c);
    c->fd = fd;
    c->is_local = !bw_client_of(from, &c->client);
    pthread_mutex_lock(&guard->lock);
    enter(guard, c, FRESH, guard->limits.slow_ns);
    c->next = guard->first;
    if (c->next != NULL)
        c->next->prev = c;
    guard->first = c;
    guard->count++;
    if (!c->is_local && count_open(guard, c) > guard->limits.per_address_max)
        shed(guard, c, c);
    else if (!c->is_local && count_open(guard, NULL) > guard->limits.connections_max)
        shed(guard, c, NULL);
    pthread_mutex_unlock(&guard->lock);
    return c;
}

void bw_guard_remove(struct bw_guard *guard, struct bw_guarded *c)
{
    pthread_mutex_lock(&guard->lock);
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        guard->first = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    guard->count--;
    pthread_mutex_unlock(&guard->lock);
    free(c);
}

/* The first line of the first request does not buy more time: the connection's opening did. */
void bw_guard_arriving(struct bw_guard *guard, struct bw_guarded *c)
{
    pthread_mutex_lock(&guard->lock);
    if (c->phase == FRESH)
        c->phase = ASKING;
    else
        enter(guard, c, ASKING, guard->limits.slow_ns);
    pthread_mutex_unlock(&guard->lock);
}

void bw_guard_arrived(struct bw_guard *guard, struct bw_guarded *c)
{
    pthread_mutex_lock(&guard->lock);
    enter(guard, c, BUSY, INT64_MAX);
    pthread_mutex_unlock(&guard->lock);
}

void bw_guard_sending(struct bw_guard *guard, struct bw_guarded *c, uint64_t bytes, bool held)
{
    const int64_t more_ns = (int64_t)(bytes / SEND_BYTES_PER_S) * BW_SECOND;
    pthread_mutex_lock(&guard->lock);
    enter(guard, c, SENDING, guard->limits.send_ns + more_ns);
    c->bytes = held ? bytes : 0;
    make_room(guard, c);
    pthread_mutex_unlock(&guard->lock);
}

void bw_guard_idle(struct bw_guard *guard, struct bw_guarded *c)
{
    pthread_mutex_lock(&guard->lock);
    enter(guard, c, IDLE, guard->limits.idle_ns);
    c->bytes = 0;
    pthread_mutex_unlock(&guard->lock);
}

size_t bw_guard_connections(struct bw_guard *guard)
{
    pthread_mutex_lock(&guard->lock);
    size_t count = guard->count;
    pthread_mutex_unlock(&guard->lock);
    return count;
}

uint64_t bw_guard_cut(struct bw_guard *guard, enum bw_guard_reason reason)
{
    pthread_mutex_lock(&guard->lock);
    uint64_t count = guard->cut[reason];
    pthread_mutex_unlock(&guard->lock);
    return count;
}
