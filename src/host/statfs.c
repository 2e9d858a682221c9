// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/statfs.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a worker works on. Its own memory: a stuck worker may come back long after whoever
 * asked has gone. */
struct round {
    char **paths;
    struct bw_statfs_answer *answers;
    size_t count;
};

struct worker {
    bw_statfs_fn *ask;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct round round;
    size_t done; /* answers that are in; the worker is asking about paths[done] */
    bool has_round;
    bool stop;     /* end after the present question */
    bool orphaned; /* nobody waits: release yourself */
    bool ended;
};

struct bw_statfs_pool {
    bw_statfs_fn *ask;
    struct worker *worker; /* NULL until the first question */
    struct worker *stuck[BW_STATFS_STUCK_MAX];
    size_t stuck_count;
};

static void round_fini(struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        free(round->paths[i]);
    free(round->paths);
    free(round->answers);
    *round = (struct round){ 0 };
}

static void worker_free(struct worker *worker)
{
    round_fini(&worker->round);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->changed);
    free(worker);
}

/* Holds the lock except while it asks. */
static void answer_round(struct worker *worker)
{
    while (worker->done < worker->round.count && !worker->stop) {
        const size_t at = worker->done;
        struct bw_statfs_answer answer = { 0 };
        pthread_mutex_unlock(&worker->lock);
        if (worker->ask(worker->round.paths[at], &answer.values) != 0)
            answer.error = errno;
        pthread_mutex_lock(&worker->lock);
        worker->round.answers[at] = answer;
        worker->done++;
        pthread_cond_signal(&worker->changed);
    }
    worker->has_round = false;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    pthread_mutex_lock(&worker->lock);
    while (!worker->stop) {
        if (worker->has_round)
            answer_round(worker);
        else
            pthread_cond_wait(&worker->changed, &worker->lock);
    }
    worker->ended = true;
    const bool orphaned = worker->orphaned;
    pthread_mutex_unlock(&worker->lock);
    if (orphaned)
        worker_free(worker);
    return NULL;
}

static struct worker *worker_start(bw_statfs_fn *ask)
{
    struct worker *worker = bw_alloc(sizeof *worker);
    worker->ask = ask;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);

    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&detached, 128 << 10);
    pthread_t thread;
    const int failed = pthread_create(&thread, &detached, work, worker);
    pthread_attr_destroy(&detached);
    if (failed == 0)
        return worker;
    worker_free(worker);
    return NULL;
}

/* The worker releases itself as soon as it is out of the kernel. */
static void worker_orphan(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    worker->orphaned = true;
    const bool ended = worker->ended;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    if (ended)
        worker_free(worker);
}

struct bw_statfs_pool *bw_statfs_pool_new(bw_statfs_fn *ask)
{
    struct bw_statfs_pool *pool = bw_alloc(sizeof *pool);
    pool->ask = ask;
    return pool;
}

void bw_statfs_pool_free(struct bw_statfs_pool *pool)
{
    if (pool == NULL)
        return;
    if (pool->worker != NULL)
        worker_orphan(pool->worker);
    for (size_t i = 0; i < pool->stuck_count; i++)
        worker_orphan(pool->stuck[i]);
    free(pool);
}

/* Forgets the stuck workers that came back: their mounts may be asked again. */
static void reap_stuck(struct bw_statfs_pool *pool)
{
    for (size_t i = 0; i < pool->stuck_count;) {
        struct worker *worker = pool->stuck[i];
        pthread_mutex_lock(&worker->lock);
        const bool ended = worker->ended;
        pthread_mutex_unlock(&worker->lock);
        if (ended) {
            worker_free(worker);
            pool->stuck[i] = pool->stuck[--pool->stuck_count];
        } else {
            i++;
        }
    }
}

/* A stuck worker's `done` does not move any more, so its path may be read. */
static bool is_stuck(const struct bw_statfs_pool *pool, const char *path)
{
    for (size_t i = 0; i < pool->stuck_count; i++) {
        struct worker *worker = pool->stuck[i];
        pthread_mutex_lock(&worker->lock);
        const bool same = worker->done < worker->round.count
                          && strcmp(worker->round.paths[worker->done], path) == 0;
        pthread_mutex_unlock(&worker->lock);
        if (same)
            return true;
    }
    return false;
}

static struct timespec deadline_in(int ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Gives the paths to the worker and waits; returns how many were answered in time. */
static size_t run_round(struct worker *worker, const char *const *paths, size_t count,
                        int deadline_ms, struct bw_statfs_answer *answers)
{
    pthread_mutex_lock(&worker->lock);
    round_fini(&worker->round);
    worker->round.count = count;
    worker->round.paths = bw_alloc_array(count, sizeof *worker->round.paths);
    worker->round.answers = bw_alloc_array(count, sizeof *worker->round.answers);
    for (size_t i = 0; i < count; i++)
        worker->round.paths[i] = bw_strdup(paths[i]);
    worker->done = 0;
    worker->has_round = true;
    pthread_cond_signal(&worker->changed);
    /* Each answer buys the next one its own time: many slow mounts are no hanging one. */
    struct timespec deadline = deadline_in(deadline_ms);
    for (size_t seen = 0; worker->done < count;) {
        if (pthread_cond_timedwait(&worker->changed, &worker->lock, &deadline) == ETIMEDOUT
            && worker->done == seen)
            break;
        if (worker->done > seen)
            deadline = deadline_in(deadline_ms);
        seen = worker->done;
    }
    const size_t done = worker->done;
    memcpy(answers, worker->round.answers, done * sizeof *answers);
    if (done < count)
        worker->stop = true;
    pthread_mutex_unlock(&worker->lock);
    return done;
}

/* Asks until all are answered, going on behind each mount that hangs. */
static void ask_all(struct bw_statfs_pool *pool, const char *const *paths, size_t count,
                    int deadline_ms, struct bw_statfs_answer *answers)
{
    size_t at = 0;
    while (at < count && pool->stuck_count < BW_STATFS_STUCK_MAX) {
        if (pool->worker == NULL)
            pool->worker = worker_start(pool->ask);
        if (pool->worker == NULL)
            break;
        at += run_round(pool->worker, paths + at, count - at, deadline_ms, answers + at);
        if (at == count)
            return;
        pool->stuck[pool->stuck_count++] = pool->worker;
        pool->worker = NULL;
        answers[at++].error = ETIMEDOUT;
    }
    for (; at < count; at++)
        answers[at].error = EAGAIN;
}

void bw_statfs_ask(struct bw_statfs_pool *pool, const char *const *paths, size_t count,
                   int deadline_ms, struct bw_statfs_answer *answers)
{
    memset(answers, 0, count * sizeof *answers);
    reap_stuck(pool);
    const char **asked = bw_alloc_array(count + 1, sizeof *asked);
    size_t *index = bw_alloc_array(count + 1, sizeof *index);
    struct bw_statfs_answer *got = bw_alloc_array(count + 1, sizeof *got);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_stuck(pool, paths[i])) {
            answers[i].error = ETIMEDOUT;
            continue;
        }
        index[n] = i;
        asked[n++] = paths[i];
    }
    ask_all(pool, asked, n, deadline_ms, got);
    for (size_t i = 0; i < n; i++)
        answers[index[i]] = got[i];
    free(asked);
    free(index);
    free(got);
}
