// SPDX-License-Identifier: GPL-3.0-or-later
/* io/loop.h: the one event loop: timers, signals, descriptors and hand-offs from other
 * threads. A thin layer over libuv, so that no other folder includes uv.h.
 *
 * All calls belong to the thread that runs the loop, except bw_loop_post and
 * bw_loop_mono_ns. Handles (timer, signal, poll) are owned by who made them and must be
 * freed before the loop; freeing one inside its own callback is fine, and its callback is
 * never called after that. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct bw_loop;
struct bw_timer;
struct bw_signal;
struct bw_poll;

typedef void bw_loop_fn(void *ctx);

/* Aborts when the system refuses an epoll descriptor: nothing works without one. */
struct bw_loop *bw_loop_new(void);

/* The same for a second loop, without which the program goes on: NULL with *err set. */
struct bw_loop *bw_loop_open(struct bw_err *err);

/* Runs what was posted and not run yet, then releases the loop; NULL is fine. */
void bw_loop_free(struct bw_loop *loop);

/* Runs callbacks until bw_loop_stop(). Returns at once when stop was called before. */
void bw_loop_run(struct bw_loop *loop);

/* Makes bw_loop_run return after the current round of callbacks. Loop thread only: others
 * post a function that calls it. */
void bw_loop_stop(struct bw_loop *loop);

/* Runs fn(ctx) on the loop soon. From any thread; order is kept per thread. Also the way to
 * put off work until the current callback has returned. */
void bw_loop_post(struct bw_loop *loop, bw_loop_fn *fn, void *ctx);

/* CLOCK_MONOTONIC in nanoseconds, read now: for waiting and measuring, never for stamping.
 * Any thread. */
int64_t bw_loop_mono_ns(void);

/* A timer that is not running. */
struct bw_timer *bw_timer_new(struct bw_loop *loop, bw_loop_fn *fn, void *ctx);

/* Fires once after delay_ns (never early, up to 2 ms late; below 0 counts as 0) and then every
 * repeat_ns if that is over 0. Restarts a running timer. No catch-up: a round that was missed
 * is skipped. */
void bw_timer_start(struct bw_timer *timer, int64_t delay_ns, int64_t repeat_ns);
void bw_timer_stop(struct bw_timer *timer);
void bw_timer_free(struct bw_timer *timer);

/* fn(ctx) on the loop for each arrival of the signal. NULL with *err set when refused. */
struct bw_signal *bw_signal_new(struct bw_loop *loop, int number, bw_loop_fn *fn, void *ctx,
                                struct bw_err *err);
void bw_signal_free(struct bw_signal *signal);

/* Bits of `events`. READ and WRITE are both reported when the descriptor has an error, and ERROR,
 * which nobody asks for. With EDGE each is told only when it begins: whoever gets it reads, or
 * writes, until nothing is left. */
enum { BW_POLL_READ = 1, BW_POLL_WRITE = 2, BW_POLL_EDGE = 4, BW_POLL_ERROR = 8 };

typedef void bw_poll_fn(void *ctx, unsigned events);

/* Watches a non-blocking descriptor, which stays the caller's: free the poll, then close the
 * descriptor. One poll per descriptor at a time. Not watching until started; an error stops it.
 * NULL with *err set when the descriptor cannot be watched. */
struct bw_poll *bw_poll_new(struct bw_loop *loop, int fd, bw_poll_fn *fn, void *ctx,
                            struct bw_err *err);
void bw_poll_start(struct bw_poll *poll, unsigned events);
void bw_poll_stop(struct bw_poll *poll);
void bw_poll_free(struct bw_poll *poll);

/* The two ends of a descriptor's life with fewer system calls: new and started at once; freed
 * and the descriptor closed, which must not have been duplicated. */
struct bw_poll *bw_poll_open(struct bw_loop *loop, int fd, unsigned events, bw_poll_fn *fn,
                             void *ctx, struct bw_err *err);
void bw_poll_close(struct bw_poll *poll);

/* Tells once more, at the next turn, what is ready: for who left something with EDGE. */
void bw_poll_again(struct bw_poll *poll);

/* Somebody else is told from now on. */
void bw_poll_hand_over(struct bw_poll *poll, bw_poll_fn *fn, void *ctx);

int bw_poll_fd(const struct bw_poll *poll);

#endif
