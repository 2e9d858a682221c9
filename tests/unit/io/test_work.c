// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/work.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

struct world {
    struct bw_loop *loop;
    struct bw_work_pool *pool;
    pthread_t loop_thread;
    sem_t started; /* a worker took a piece */
    sem_t gate;    /* the piece may go on */
    unsigned done, skipped, expected;
};

static struct world *new_world(struct world *w, unsigned threads, size_t queue_max)
{
    memset(w, 0, sizeof *w);
    w->loop = bw_loop_new();
    w->loop_thread = pthread_self();
    sem_init(&w->started, 0, 0);
    sem_init(&w->gate, 0, 0);
    w->pool = bw_work_pool_new(w->loop, threads, queue_max, NULL);
    assert_non_null(w->pool);
    return w;
}

static void end_world(struct world *w)
{
    bw_loop_free(w->loop);
    sem_destroy(&w->started);
    sem_destroy(&w->gate);
}

static void run_elsewhere(void *ctx)
{
    struct world *w = ctx;
    assert_false(pthread_equal(pthread_self(), w->loop_thread));
}

static void run_at_the_gate(void *ctx)
{
    struct world *w = ctx;
    sem_post(&w->started);
    sem_wait(&w->gate);
}

static void done(void *ctx, bool ran)
{
    struct world *w = ctx;
    assert_true(pthread_equal(pthread_self(), w->loop_thread));
    w->done += ran;
    w->skipped += !ran;
    if (w->done + w->skipped == w->expected)
        bw_loop_stop(w->loop);
}

static void work_runs_elsewhere_and_returns_here(void **state)
{
    (void)state;
    struct world w;
    new_world(&w, 2, 100);
    w.expected = 100;
    for (unsigned i = 0; i < 100; i++)
        assert_true(bw_work_submit(w.pool, run_elsewhere, done, &w));
    bw_loop_run(w.loop);
    assert_int_equal(w.done, 100);
    assert_int_equal(bw_work_pending(w.pool), 0);
    bw_work_pool_free(w.pool, BW_WORK_DRAIN);
    end_world(&w);
}

static void a_full_queue_refuses(void **state)
{
    (void)state;
    struct world w;
    new_world(&w, 1, 2);
    assert_true(bw_work_submit(w.pool, run_at_the_gate, done, &w));
    sem_wait(&w.started); /* the worker is busy: the next two wait */
    assert_true(bw_work_submit(w.pool, run_elsewhere, done, &w));
    assert_true(bw_work_submit(w.pool, run_elsewhere, done, &w));
    assert_false(bw_work_submit(w.pool, run_elsewhere, done, &w));
    assert_int_equal(bw_work_pending(w.pool), 3);
    sem_post(&w.gate);
    bw_work_pool_free(w.pool, BW_WORK_DRAIN);
    assert_int_equal(w.done, 3);
    assert_int_equal(w.skipped, 0);
    end_world(&w);
}

static void cancelling_gives_back_what_did_not_run(void **state)
{
    (void)state;
    struct world w;
    new_world(&w, 1, 10);
    assert_true(bw_work_submit(w.pool, run_at_the_gate, done, &w));
    sem_wait(&w.started);
    for (unsigned i = 0; i < 5; i++)
        assert_true(bw_work_submit(w.pool, run_at_the_gate, done, &w));
    /* What waits could only run if it were not taken back: the gate opens once. */
    sem_post(&w.gate);
    for (unsigned i = 0; i < 5; i++)
        sem_post(&w.gate);
    bw_work_pool_free(w.pool, BW_WORK_CANCEL);
    assert_int_equal(w.done + w.skipped, 6);
    assert_true(w.done >= 1);
    end_world(&w);
}

static void no_threads_is_an_error(void **state)
{
    (void)state;
    struct bw_loop *loop = bw_loop_new();
    struct bw_err err;
    assert_null(bw_work_pool_new(loop, 0, 1, &err));
    assert_int_equal(err.rc, BW_ELIMIT);
    bw_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_runs_elsewhere_and_returns_here),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(cancelling_gives_back_what_did_not_run),
        cmocka_unit_test(no_threads_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
