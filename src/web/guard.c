// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/guard.h"

#include "base/mem.h"
#include "base/units.h"
#include "io/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define WATCH_EVERY_NS (200 * BW_MS)

struct bw_guarded {
    int fd;
    int64_t until_ns; /* INT64_MAX: not waiting for the client */
    struct bw_guarded *prev, *next;
};

struct bw_guard {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    pthread_t thread;
    bool stopping;
    int64_t slow_ns, idle_ns;
    struct bw_guarded *first;
    size_t count;
    uint64_t cut;
};

static void cut_late(struct bw_guard *guard, int64_t now_ns)
{
    for (struct bw_guarded *c = guard->first; c != NULL; c = c->next) {
        if (now_ns < c->until_ns)
            continue;
        /* The library sees the end of the stream and closes the descriptor itself. */
        shutdown(c->fd, SHUT_RDWR);
        c->until_ns = INT64_MAX;
        guard->cut++;
    }
}

static void *watch(void *ctx)
{
    struct bw_guard *guard = ctx;
    pthread_mutex_lock(&guard->lock);
    while (!guard->stopping) {
        int64_t at_ns = bw_loop_mono_ns() + WATCH_EVERY_NS;
        struct timespec at = { .tv_sec = at_ns / BW_SECOND, .tv_nsec = at_ns % BW_SECOND };
        pthread_cond_timedwait(&guard->wake, &guard->lock, &at);
        cut_late(guard, bw_loop_mono_ns());
    }
    pthread_mutex_unlock(&guard->lock);
    return NULL;
}

struct bw_guard *bw_guard_new(int64_t slow_ns, int64_t idle_ns, struct bw_err *err)
{
    struct bw_guard *guard = bw_alloc(sizeof *guard);
    guard->slow_ns = slow_ns;
    guard->idle_ns = idle_ns;
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

struct bw_guarded *bw_guard_add(struct bw_guard *guard, int fd)
{
    struct bw_guarded *c = bw_alloc(sizeof *c);
    c->fd = fd;
    pthread_mutex_lock(&guard->lock);
    c->until_ns = bw_loop_mono_ns() + guard->slow_ns;
    c->next = guard->first;
    if (c->next != NULL)
        c->next->prev = c;
    guard->first = c;
    guard->count++;
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

static void set_until(struct bw_guard *guard, struct bw_guarded *c, int64_t until_ns)
{
    pthread_mutex_lock(&guard->lock);
    c->until_ns = until_ns;
    pthread_mutex_unlock(&guard->lock);
}

void bw_guard_arriving(struct bw_guard *guard, struct bw_guarded *c)
{
    set_until(guard, c, bw_loop_mono_ns() + guard->slow_ns);
}

void bw_guard_arrived(struct bw_guard *guard, struct bw_guarded *c)
{
    set_until(guard, c, INT64_MAX);
}

void bw_guard_idle(struct bw_guard *guard, struct bw_guarded *c)
{
    set_until(guard, c, bw_loop_mono_ns() + guard->idle_ns + guard->slow_ns);
}

size_t bw_guard_connections(struct bw_guard *guard)
{
    pthread_mutex_lock(&guard->lock);
    size_t count = guard->count;
    pthread_mutex_unlock(&guard->lock);
    return count;
}

uint64_t bw_guard_cut(struct bw_guard *guard)
{
    pthread_mutex_lock(&guard->lock);
    uint64_t cut = guard->cut;
    pthread_mutex_unlock(&guard->lock);
    return cut;
}
