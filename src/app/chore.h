// SPDX-License-Identifier: GPL-3.0-or-later
/* app/chore.h: work on the store that is never done: a step at a time, on a worker, with pauses,
 * and only while nobody waits for a worker's answer. Loop thread.
 *
 *     timer --> begin? --> worker: step --> loop: how long a pause? --> timer … */
#ifndef APP_CHORE_H
#define APP_CHORE_H

#include "app/core.h"

struct bw_chore;

struct bw_chore_ops {
    const char *name; /* before what is logged: "roll-ups" */
    int64_t first_ns; /* from the beginning */
    int64_t busy_ns;  /* until it is asked again, when a step cannot begin */

    /* Whether there is something to work on. */
    bool (*begin)(void *ctx);

    /* A worker's. The error is clear before. */
    void (*step)(void *ctx, struct bw_err *err);

    /* Until the next step. */
    int64_t (*pause_ns)(void *ctx, const struct bw_err *err);
};

/* `ops` and `ctx` are borrowed until it is freed. */
struct bw_chore *bw_chore_new(struct bw_core *core, const struct bw_chore_ops *ops, void *ctx);

/* No step begins any more. */
void bw_chore_stop(struct bw_chore *chore);

/* After the workers have ended. NULL is fine. */
void bw_chore_free(struct bw_chore *chore);

#endif
