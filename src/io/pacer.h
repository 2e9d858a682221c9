// SPDX-License-Identifier: GPL-3.0-or-later
/* io/pacer.h: a thread of its own for work that comes back at a steady pace, such as reading this
 * machine each second.
 *
 *     thread: sleeps until it is due --> run(ctx) --> loop: done(ctx)
 *        ^                                               |
 *        +------------- only after done() ---------------+
 *
 * Handing each piece to a worker would wake three threads a time: the loop for its timer, a worker
 * that finds its caches cold, the loop again. Here two wake. What ctx holds belongs to the thread
 * from run() on and to the loop in done(). */
#ifndef IO_PACER_H
#define IO_PACER_H

#include "io/loop.h"

struct bw_pacer;

/* Nothing is due until bw_pacer_set. NULL with *err set when the system refuses a thread. */
struct bw_pacer *bw_pacer_new(struct bw_loop *loop, bw_loop_fn *run, bw_loop_fn *done, void *ctx,
                              struct bw_err *err);

/* Due at `due_ns` (bw_loop_mono_ns(); what is past is due at once) and then every `every_ns` > 0.
 * A time that has passed while the loop had not yet called done() is left out. Loop thread. */
void bw_pacer_set(struct bw_pacer *pacer, int64_t due_ns, int64_t every_ns);

/* When it is due next, monotonic. Loop thread. */
int64_t bw_pacer_due_ns(struct bw_pacer *pacer);

/* Waits for a run that is under way, ends the thread and releases the pacer; a done() that is still
 * owed is not called. Loop thread, not from done(). NULL is fine. */
void bw_pacer_free(struct bw_pacer *pacer);

#endif
