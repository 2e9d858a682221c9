// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/work.h"

#include "base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    bw_work_run_fn *run;
    bw_work_done_fn *done;
    void *ctx;
    bool ran;
    struct piece *next;
};

struct list {
    struct piece *first;
    struct piece **last;
};

/* Finished pieces wait in a list of the pool and one posted function fetches them, so that
 * freeing the pool can call what is owed at once. */
struct bw_work_pool {
    struct bw_loop *loop;
    pthread_mutex_t lock; /* guards all below but the threads */
    pthread_cond_t more;
    struct list waiting;
    struct list finished;
    size_t waiting_count;
    size_t running;
    size_t queue_max;
    bool closed;
    bool fetch_posted;
    bool freed; /* the posted fetch is all that is left and releases the pool */
    pthread_t *threads;
    unsigned thread_count;
};

static void list_init(struct list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static void list_put(struct list *list, struct piece *piece)
{
    piece->next = NULL;
    *list->last = piece;
    list->last = &piece->next;
}

static struct piece *list_take(struct list *list)
{
    struct piece *piece = list->first;
    if (piece == NULL)
        return NULL;
    list->first = piece->next;
    if (list->first == NULL)
        list->last = &list->first;
    return piece;
}

static void release(struct bw_work_pool *pool)
{
    pthread_cond_destroy(&pool->more);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}

static void call_finished(struct bw_work_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct piece *piece;
    while ((piece = list_take(&pool->finished)) != NULL) {
        pthread_mutex_unlock(&pool->lock);
        if (piece->done != NULL)
            piece->done(piece->ctx, piece->ran);
        free(piece);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void fetch(void *ctx)
{
    struct bw_work_pool *pool = ctx;
    pthread_mutex_lock(&pool->lock);
    pool->fetch_posted = false;
    bool freed = pool->freed;
    pthread_mutex_unlock(&pool->lock);
    if (freed)
        release(pool);
    else
        call_finished(pool);
}

/* With the lock held. */
static void finish(struct bw_work_pool *pool, struct piece *piece)
{
    list_put(&pool->finished, piece);
    if (pool->fetch_posted)
        return;
    pool->fetch_posted = true;
    bw_loop_post(pool->loop, fetch, pool);
}

static void *work(void *ctx)
{
    struct bw_work_pool *pool = ctx;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct piece *piece = list_take(&pool->waiting);
        if (piece == NULL) {
            if (pool->closed)
                break;
            pthread_cond_wait(&pool->more, &pool->lock);
            continue;
        }
        pool->waiting_count--;
        pool->running++;
        pthread_mutex_unlock(&pool->lock);
        piece->run(piece->ctx);
        piece->ran = true;
        pthread_mutex_lock(&pool->lock);
        pool->running--;
        finish(pool, piece);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Workers take no signals: those are the loop's. */
static unsigned start_threads(struct bw_work_pool *pool, unsigned count)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    unsigned started = 0;
    while (started < count && pthread_create(&pool->threads[started], NULL, work, pool) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return started;
}

struct bw_work_pool *bw_work_pool_new(struct bw_loop *loop, unsigned threads, size_t queue_max,
                                      struct bw_err *err)
{
    struct bw_work_pool *pool = bw_alloc(sizeof *pool);
    pool->loop = loop;
    pool->queue_max = queue_max;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->more, NULL);
    list_init(&pool->waiting);
    list_init(&pool->finished);
    pool->threads = bw_alloc_array(threads, sizeof *pool->threads);
    pool->thread_count = start_threads(pool, threads);
    if (pool->thread_count == threads && threads > 0)
        return pool;
    bw_fail(err, BW_ELIMIT, "start %u worker threads: the system allows %u", threads,
            pool->thread_count);
    bw_work_pool_free(pool, BW_WORK_CANCEL);
    return NULL;
}

bool bw_work_submit(struct bw_work_pool *pool, bw_work_run_fn *run, bw_work_done_fn *done,
                    void *ctx)
{
    pthread_mutex_lock(&pool->lock);
    bool taken = !pool->closed && pool->waiting_count < pool->queue_max;
    if (taken) {
        struct piece *piece = bw_alloc(sizeof *piece);
        *piece = (struct piece){ .run = run, .done = done, .ctx = ctx };
        list_put(&pool->waiting, piece);
        pool->waiting_count++;
        pthread_cond_signal(&pool->more);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

size_t bw_work_pending(struct bw_work_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t pending = pool->waiting_count + pool->running;
    pthread_mutex_unlock(&pool->lock);
    return pending;
}

void bw_work_pool_free(struct bw_work_pool *pool, enum bw_work_end end)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closed = true;
    struct piece *piece;
    while (end == BW_WORK_CANCEL && (piece = list_take(&pool->waiting)) != NULL) {
        pool->waiting_count--;
        list_put(&pool->finished, piece);
    }
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    call_finished(pool);
    /* A fetch that is already on its way to the loop still looks at the pool. */
    pool->freed = pool->fetch_posted;
    if (!pool->freed)
        release(pool);
}
