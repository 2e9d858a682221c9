// SPDX-License-Identifier: GPL-3.0-or-later
/* io/work.h: worker threads for what would hold up the loop: queries, trends, reports.
 *
 *     loop:    submit --> [queue, bounded] --> worker: run(ctx) --> loop: done(ctx)
 *
 * The ctx is handed over with each arrow: nobody else touches it in between. */
#ifndef IO_WORK_H
#define IO_WORK_H

#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct bw_work_pool;

enum { BW_WORK_THREADS_DEFAULT = 2, BW_WORK_QUEUE_DEFAULT = 64 };

/* On a worker thread. */
typedef void bw_work_run_fn(void *ctx);

/* On the loop, exactly once per accepted piece of work. `ran` is false when the pool was shut
 * down before a worker took it. */
typedef void bw_work_done_fn(void *ctx, bool ran);

/* `threads` workers and room for `queue_max` waiting pieces. NULL with *err set when the
 * system refuses threads. */
struct bw_work_pool *bw_work_pool_new(struct bw_loop *loop, unsigned threads, size_t queue_max,
                                      struct bw_err *err);

/* Hands ctx to a worker. False when the queue is full or closed: ctx stays the caller's and
 * done() is not called. `done` may be NULL. Any thread. */
bool bw_work_submit(struct bw_work_pool *pool, bw_work_run_fn *run, bw_work_done_fn *done,
                    void *ctx);

/* Pieces that wait or run now. Any thread. */
size_t bw_work_pending(struct bw_work_pool *pool);

enum bw_work_end {
    BW_WORK_DRAIN,  /* run what waits */
    BW_WORK_CANCEL, /* only finish what runs; the rest comes back with ran = false */
};

/* Ends the threads, waits for them and releases the pool. Loop thread. Every done() that is
 * still owed has been called when this returns. NULL is fine. */
void bw_work_pool_free(struct bw_work_pool *pool, enum bw_work_end end);

#endif
