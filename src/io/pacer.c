// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/pacer.h"

#include "base/mem.h"
#include "base/units.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct bw_pacer {
    struct bw_loop *loop;
    bw_loop_fn *run, *done;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    int64_t due_ns, every_ns; /* every_ns 0: nothing is due */
    bool handed;              /* from run() until done() has returned */
    bool posted;              /* the loop has been asked to call finish() */
    bool closed;
    bool freed; /* the posted finish() is all that is left and releases the pacer */
};

static void release(struct bw_pacer *pacer)
{
    pthread_cond_destroy(&pacer->changed);
    pthread_mutex_destroy(&pacer->lock);
    free(pacer);
}

/* On the loop. The thread is not woken: it sleeps until it is due and then finds out. */
static void finish(void *ctx)
{
    struct bw_pacer *pacer = ctx;
    pthread_mutex_lock(&pacer->lock);
    pacer->posted = false;
    const bool freed = pacer->freed;
    pthread_mutex_unlock(&pacer->lock);
    if (freed) {
        release(pacer);
        return;
    }
    pacer->done(pacer->ctx);
    pthread_mutex_lock(&pacer->lock);
    pacer->handed = false;
    pthread_mutex_unlock(&pacer->lock);
}

/* The next time on the same beat that is still to come. */
static void move_on(struct bw_pacer *pacer, int64_t now_ns)
{
    pacer->due_ns += ((now_ns - pacer->due_ns) / pacer->every_ns + 1) * pacer->every_ns;
}

/* With the lock held, which is let go meanwhile. */
static void run_once(struct bw_pacer *pacer)
{
    pacer->handed = true;
    pthread_mutex_unlock(&pacer->lock);
    pacer->run(pacer->ctx);
    pthread_mutex_lock(&pacer->lock);
    pacer->posted = true;
    bw_loop_post(pacer->loop, finish, pacer);
}

static void wait_until(struct bw_pacer *pacer, int64_t due_ns)
{
    const struct timespec until = { .tv_sec = (time_t)(due_ns / BW_SECOND),
                                    .tv_nsec = (long)(due_ns % BW_SECOND) };
    pthread_cond_timedwait(&pacer->changed, &pacer->lock, &until);
}

static void *pace(void *ctx)
{
    struct bw_pacer *pacer = ctx;
    pthread_mutex_lock(&pacer->lock);
    while (!pacer->closed) {
        const int64_t now_ns = bw_loop_mono_ns();
        if (pacer->every_ns == 0) {
            pthread_cond_wait(&pacer->changed, &pacer->lock);
        } else if (now_ns < pacer->due_ns) {
            wait_until(pacer, pacer->due_ns);
        } else {
            move_on(pacer, now_ns);
            if (!pacer->handed)
                run_once(pacer);
        }
    }
    pthread_mutex_unlock(&pacer->lock);
    return NULL;
}

/* It takes no signals: those are the loop's. */
static bool start_thread(struct bw_pacer *pacer)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    const bool started = pthread_create(&pacer->thread, NULL, pace, pacer) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return started;
}

struct bw_pacer *bw_pacer_new(struct bw_loop *loop, bw_loop_fn *run, bw_loop_fn *done, void *ctx,
                              struct bw_err *err)
{
    struct bw_pacer *pacer = bw_alloc(sizeof *pacer);
    *pacer = (struct bw_pacer){ .loop = loop, .run = run, .done = done, .ctx = ctx };
    pthread_mutex_init(&pacer->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pacer->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (start_thread(pacer))
        return pacer;
    bw_fail(err, BW_ELIMIT, "start a thread: the system allows no more");
    release(pacer);
    return NULL;
}

void bw_pacer_set(struct bw_pacer *pacer, int64_t due_ns, int64_t every_ns)
{
    pthread_mutex_lock(&pacer->lock);
    if (pacer->every_ns == 0 || due_ns < pacer->due_ns)
        pthread_cond_signal(&pacer->changed); /* it sleeps for longer than that */
    pacer->due_ns = due_ns;
    pacer->every_ns = every_ns;
    pthread_mutex_unlock(&pacer->lock);
}

int64_t bw_pacer_due_ns(struct bw_pacer *pacer)
{
    pthread_mutex_lock(&pacer->lock);
    const int64_t due_ns = pacer->due_ns;
    pthread_mutex_unlock(&pacer->lock);
    return due_ns;
}

void bw_pacer_free(struct bw_pacer *pacer)
{
    if (pacer == NULL)
        return;
    pthread_mutex_lock(&pacer->lock);
    pacer->closed = true;
    pthread_cond_signal(&pacer->changed);
    pthread_mutex_unlock(&pacer->lock);
    pthread_join(pacer->thread, NULL);
    pacer->freed = pacer->posted; /* the loop still looks at it */
    if (!pacer->freed)
        release(pacer);
}
