// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/loop.h"

#include "base/mem.h"
#include "base/units.h"
#include "io/poll.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

struct posted {
    bw_loop_fn *fn;
    void *ctx;
    struct posted *next;
};

struct bw_loop {
    uv_loop_t uv;
    uv_async_t wake;
    pthread_mutex_t lock; /* guards the list of what was posted */
    struct posted *first;
    struct posted **last;
    bool stop;
    struct bw_poll_set *polls; /* NULL until a descriptor is watched */
    struct bw_timer *spare;    /* timers that were let go, for those that ask next */
    size_t spare_count;
};

/* As many as probes under way have, as a rule: closing a handle and making another costs several
 * times what starting it does. */
enum { TIMERS_SPARE_MAX = 256 };

/* A handle's memory belongs to libuv until its close callback, so each is a block of its own
 * whose fn is cleared when its owner lets go. */
struct bw_timer {
    uv_timer_t uv;
    struct bw_loop *loop;
    bw_loop_fn *fn;
    void *ctx;
    struct bw_timer *next_spare;
};

struct bw_signal {
    uv_signal_t uv;
    bw_loop_fn *fn;
    void *ctx;
};

static void must(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bellwether: %s: %s\n", what, uv_strerror(rc));
    abort();
}

static void free_closed(uv_handle_t *handle)
{
    free(handle);
}

/* ---- hand-off ---- */

static struct posted *take_posted(struct bw_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct posted *list = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    return list;
}

/* Only what was there at the beginning: a function that posts itself again must not keep
 * timers and descriptors from their turn. */
static void run_posted(struct bw_loop *loop)
{
    struct posted *list = take_posted(loop);
    while (list != NULL) {
        struct posted *item = list;
        list = item->next;
        item->fn(item->ctx);
        free(item);
    }
}

static void on_wake(uv_async_t *wake)
{
    run_posted(wake->data);
}

void bw_loop_post(struct bw_loop *loop, bw_loop_fn *fn, void *ctx)
{
    struct posted *item = bw_alloc(sizeof *item);
    *item = (struct posted){ .fn = fn, .ctx = ctx };
    pthread_mutex_lock(&loop->lock);
    *loop->last = item;
    loop->last = &item->next;
    /* Sent under the lock: whoever frees the loop takes it first, so the handle is there. */
    uv_async_send(&loop->wake);
    pthread_mutex_unlock(&loop->lock);
}

/* ---- the loop ---- */

struct bw_loop *bw_loop_new(void)
{
    struct bw_err err;
    struct bw_loop *loop = bw_loop_open(&err);
    if (loop != NULL)
        return loop;
    fprintf(stderr, "bellwether: %s\n", err.text);
    abort();
}

struct bw_loop *bw_loop_open(struct bw_err *err)
{
    struct bw_loop *loop = bw_alloc(sizeof *loop);
    int rc = uv_loop_init(&loop->uv);
    if (rc == 0) {
        rc = uv_async_init(&loop->uv, &loop->wake, on_wake);
        if (rc != 0)
            uv_loop_close(&loop->uv);
    }
    if (rc != 0) {
        bw_fail(err, BW_ELIMIT, "event loop: %s", uv_strerror(rc));
        free(loop);
        return NULL;
    }
    loop->wake.data = loop;
    loop->last = &loop->first;
    pthread_mutex_init(&loop->lock, NULL);
    return loop;
}

static void close_spare_timers(struct bw_loop *loop)
{
    for (struct bw_timer *timer = loop->spare, *next; timer != NULL; timer = next) {
        next = timer->next_spare;
        uv_close((uv_handle_t *)&timer->uv, free_closed);
    }
    loop->spare = NULL;
    loop->spare_count = TIMERS_SPARE_MAX; /* no more of them */
}

void bw_loop_free(struct bw_loop *loop)
{
    if (loop == NULL)
        return;
    while (loop->first != NULL)
        run_posted(loop);
    pthread_mutex_lock(&loop->lock);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    pthread_mutex_unlock(&loop->lock);
    bw_poll_set_free(loop->polls);
    close_spare_timers(loop);
    /* Gives handles that were freed before their close callbacks. The first run may do nothing
     * but take note of an old bw_loop_stop(). */
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    must(uv_loop_close(&loop->uv), "a handle outlived its loop");
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

void bw_loop_run(struct bw_loop *loop)
{
    while (!loop->stop)
        uv_run(&loop->uv, UV_RUN_ONCE);
    loop->stop = false;
}

void bw_loop_stop(struct bw_loop *loop)
{
    loop->stop = true;
    uv_stop(&loop->uv);
}

int64_t bw_loop_mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * BW_SECOND + now.tv_nsec;
}

/* ---- timers ---- */

static void on_timer(uv_timer_t *uv)
{
    struct bw_timer *timer = uv->data;
    timer->fn(timer->ctx);
}

static struct bw_timer *make_timer(struct bw_loop *loop)
{
    struct bw_timer *timer = bw_alloc(sizeof *timer);
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    timer->loop = loop;
    return timer;
}

struct bw_timer *bw_timer_new(struct bw_loop *loop, bw_loop_fn *fn, void *ctx)
{
    struct bw_timer *timer = loop->spare;
    if (timer != NULL) {
        loop->spare = timer->next_spare;
        loop->spare_count--;
    } else {
        timer = make_timer(loop);
    }
    timer->fn = fn;
    timer->ctx = ctx;
    return timer;
}

static uint64_t to_ms(int64_t ns)
{
    return ns <= 0 ? 0 : (uint64_t)((ns - 1) / BW_MS + 1);
}

/* libuv knows the time in whole milliseconds, cut off: without one more a timer could fire
 * that much too early. */
static uint64_t delay_to_ms(int64_t ns)
{
    return ns <= 0 ? 0 : to_ms(ns) + 1;
}

void bw_timer_start(struct bw_timer *timer, int64_t delay_ns, int64_t repeat_ns)
{
    /* libuv counts from the time it took when this round of callbacks began; a round that
     * took long would make the timer early. */
    uv_update_time(timer->uv.loop);
    uv_timer_start(&timer->uv, on_timer, delay_to_ms(delay_ns), to_ms(repeat_ns));
}

void bw_timer_stop(struct bw_timer *timer)
{
    uv_timer_stop(&timer->uv);
}

void bw_timer_free(struct bw_timer *timer)
{
    if (timer == NULL)
        return;
    uv_timer_stop(&timer->uv);
    struct bw_loop *loop = timer->loop;
    if (loop->spare_count == TIMERS_SPARE_MAX) {
        uv_close((uv_handle_t *)&timer->uv, free_closed);
        return;
    }
    timer->next_spare = loop->spare;
    loop->spare = timer;
    loop->spare_count++;
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *uv, int number)
{
    (void)number;
    struct bw_signal *signal = uv->data;
    if (signal->fn != NULL)
        signal->fn(signal->ctx);
}

struct bw_signal *bw_signal_new(struct bw_loop *loop, int number, bw_loop_fn *fn, void *ctx,
                                struct bw_err *err)
{
    struct bw_signal *signal = bw_alloc(sizeof *signal);
    int rc = uv_signal_init(&loop->uv, &signal->uv);
    if (rc != 0) {
        bw_fail(err, BW_EIO, "watch signal %d: %s", number, uv_strerror(rc));
        free(signal);
        return NULL;
    }
    signal->uv.data = signal;
    signal->fn = fn;
    signal->ctx = ctx;
    rc = uv_signal_start(&signal->uv, on_signal, number);
    if (rc != 0) {
        bw_fail(err, BW_EIO, "watch signal %d: %s", number, uv_strerror(rc));
        bw_signal_free(signal);
        return NULL;
    }
    return signal;
}

void bw_signal_free(struct bw_signal *signal)
{
    if (signal == NULL)
        return;
    signal->fn = NULL;
    uv_close((uv_handle_t *)&signal->uv, free_closed);
}

/* ---- descriptors ---- */

struct bw_poll *bw_poll_open(struct bw_loop *loop, int fd, unsigned events, bw_poll_fn *fn,
                             void *ctx, struct bw_err *err)
{
    if (loop->polls == NULL)
        loop->polls = bw_poll_set_new(&loop->uv, err);
    return loop->polls != NULL ? bw_poll_set_add(loop->polls, fd, events, fn, ctx, err) : NULL;
}

struct bw_poll *bw_poll_new(struct bw_loop *loop, int fd, bw_poll_fn *fn, void *ctx,
                            struct bw_err *err)
{
    return bw_poll_open(loop, fd, 0, fn, ctx, err);
}
