// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/chore.h"

#include "app/log.h"
#include "base/mem.h"

#include <stdlib.h>

struct bw_chore {
    struct bw_core *core;
    const struct bw_chore_ops *ops;
    void *ctx;
    struct bw_timer *timer;
    bool stopped;
    struct bw_err err; /* a worker's while a step is under way */
};

static void run_step(void *ctx)
{
    struct bw_chore *chore = ctx;
    chore->err.rc = BW_OK;
    chore->ops->step(chore->ctx, &chore->err);
}

static void step_done(void *ctx, bool ran)
{
    struct bw_chore *chore = ctx;
    if (chore->stopped || !ran)
        return;
    /* A store in trouble says so itself. */
    if (chore->err.rc != BW_OK && chore->err.rc != BW_EBUSY)
        bw_logf(BW_LOG_WARN, "store", "%s: %s", chore->ops->name, chore->err.text);
    bw_timer_start(chore->timer, chore->ops->pause_ns(chore->ctx, &chore->err), 0);
}

static void on_timer(void *ctx)
{
    struct bw_chore *chore = ctx;
    struct bw_work_pool *workers = chore->core->workers;
    /* Requests, trends and reports go first. */
    if (!chore->ops->begin(chore->ctx) || bw_work_pending(workers) > 0
        || !bw_work_submit(workers, run_step, step_done, chore))
        bw_timer_start(chore->timer, chore->ops->busy_ns, 0);
}

struct bw_chore *bw_chore_new(struct bw_core *core, const struct bw_chore_ops *ops, void *ctx)
{
    struct bw_chore *chore = bw_alloc(sizeof *chore);
    *chore = (struct bw_chore){ .core = core, .ops = ops, .ctx = ctx };
    chore->timer = bw_timer_new(core->loop, on_timer, chore);
    bw_timer_start(chore->timer, ops->first_ns, 0);
    return chore;
}

void bw_chore_stop(struct bw_chore *chore)
{
    chore->stopped = true;
    bw_timer_stop(chore->timer);
}

void bw_chore_free(struct bw_chore *chore)
{
    if (chore == NULL)
        return;
    bw_timer_free(chore->timer);
    free(chore);
}
