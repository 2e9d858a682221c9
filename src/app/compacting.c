// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/compacting.h"

#include "app/log.h"
#include "base/mem.h"
#include "base/units.h"
#include "store/compact.h"
#include "store/erase.h"

#include <stdlib.h>

#define FIRST_NS BW_MINUTE
#define IDLE_NS BW_MINUTE       /* nothing was found */
#define BUSY_NS (2 * BW_SECOND) /* there is more */
#define FAILED_NS (30 * BW_SECOND)

struct bw_compacting {
    struct bw_core *core;
    struct bw_timer *timer;
    struct bw_compactor *compactor; /* NULL until there is a store */
    struct bw_purge *purge;         /* likewise */
    bool stopped;

    /* A worker's while a step is under way. */
    struct bw_err err;
    bool more;
};

static void run_step(void *ctx)
{
    struct bw_compacting *compacting = ctx;
    compacting->err.rc = BW_OK;
    const enum bw_rc rc = bw_purge_step(compacting->purge, &compacting->more, &compacting->err);
    if (rc == BW_OK && !compacting->more)
        bw_compactor_step(compacting->compactor, &compacting->more, &compacting->err);
}

static int64_t pause_ns(const struct bw_compacting *compacting)
{
    if (compacting->err.rc != BW_OK)
        return FAILED_NS;
    return compacting->more ? BUSY_NS : IDLE_NS;
}

static void step_done(void *ctx, bool ran)
{
    struct bw_compacting *compacting = ctx;
    if (compacting->stopped || !ran)
        return;
    /* A store in trouble says so itself. */
    if (compacting->err.rc != BW_OK && compacting->err.rc != BW_EBUSY)
        bw_log(BW_LOG_WARN, "store", compacting->err.text, NULL);
    bw_timer_start(compacting->timer, pause_ns(compacting), 0);
}

static void on_timer(void *ctx)
{
    struct bw_compacting *compacting = ctx;
    struct bw_core *core = compacting->core;
    if (compacting->compactor == NULL && core->store != NULL) {
        compacting->compactor = bw_compactor_new(core->store, BW_COMPACT_OLD);
        compacting->purge = bw_purge_new(core->store);
    }
    /* Requests, trends and reports go first. */
    if (compacting->compactor == NULL || bw_work_pending(core->workers) > 0
        || !bw_work_submit(core->workers, run_step, step_done, compacting))
        bw_timer_start(compacting->timer, BUSY_NS, 0);
}

struct bw_compacting *bw_compacting_new(struct bw_core *core)
{
    struct bw_compacting *compacting = bw_alloc(sizeof *compacting);
    compacting->core = core;
    compacting->timer = bw_timer_new(core->loop, on_timer, compacting);
    bw_timer_start(compacting->timer, FIRST_NS, 0);
    return compacting;
}

void bw_compacting_stop(struct bw_compacting *compacting)
{
    compacting->stopped = true;
    bw_timer_stop(compacting->timer);
}

void bw_compacting_free(struct bw_compacting *compacting)
{
    if (compacting == NULL)
        return;
    bw_timer_free(compacting->timer);
    bw_compactor_free(compacting->compactor);
    bw_purge_free(compacting->purge);
    free(compacting);
}
