// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/rolling.h"

#include "app/log.h"
#include "base/mem.h"
#include "base/units.h"
#include "store/reader.h"
#include "store/rollups.h"

#include <stdlib.h>
#include <time.h>

#define FIRST_NS (30 * BW_SECOND)
#define IDLE_NS BW_MINUTE /* nothing was due */
#define BUSY_NS BW_SECOND /* a window waits for its commit, the next for that */
#define FAILED_NS BW_MINUTE
#define REST_RATIO 9 /* so that a backlog takes a tenth of a core */

struct bw_rolling {
    struct bw_core *core;
    struct bw_timer *timer;
    struct bw_store *store; /* of the step under way */
    bool stopped;

    /* A worker's while a step is under way. */
    struct bw_err err;
    bool made;
    int64_t took_ns;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * BW_SECOND + now.tv_nsec;
}

static void run_step(void *ctx)
{
    struct bw_rolling *rolling = ctx;
    struct bw_reader *reader = NULL;
    const int64_t began_ns = now_ns();
    rolling->err.rc = BW_OK;
    rolling->made = false;
    if (bw_reader_open(bw_store_path(rolling->store), &reader, &rolling->err) == BW_OK)
        bw_store_roll_up(rolling->store, reader, &rolling->made, &rolling->err);
    bw_reader_close(reader);
    rolling->took_ns = now_ns() - began_ns;
}

static int64_t pause_ns(const struct bw_rolling *rolling)
{
    if (rolling->err.rc != BW_OK)
        return FAILED_NS;
    if (!rolling->made)
        return IDLE_NS;
    return rolling->took_ns * REST_RATIO > BUSY_NS ? rolling->took_ns * REST_RATIO : BUSY_NS;
}

static void step_done(void *ctx, bool ran)
{
    struct bw_rolling *rolling = ctx;
    if (rolling->stopped || !ran)
        return;
    if (rolling->err.rc != BW_OK && rolling->err.rc != BW_EBUSY)
        bw_logf(BW_LOG_WARN, "store", "roll-ups: %s", rolling->err.text);
    bw_timer_start(rolling->timer, pause_ns(rolling), 0);
}

static void on_timer(void *ctx)
{
    struct bw_rolling *rolling = ctx;
    struct bw_core *core = rolling->core;
    rolling->store = core->store;
    /* Requests, trends and reports go first. */
    if (rolling->store == NULL || bw_work_pending(core->workers) > 0
        || !bw_work_submit(core->workers, run_step, step_done, rolling))
        bw_timer_start(rolling->timer, BUSY_NS, 0);
}

struct bw_rolling *bw_rolling_new(struct bw_core *core)
{
    struct bw_rolling *rolling = bw_alloc(sizeof *rolling);
    rolling->core = core;
    rolling->timer = bw_timer_new(core->loop, on_timer, rolling);
    bw_timer_start(rolling->timer, FIRST_NS, 0);
    return rolling;
}

void bw_rolling_stop(struct bw_rolling *rolling)
{
    rolling->stopped = true;
    bw_timer_stop(rolling->timer);
}

void bw_rolling_free(struct bw_rolling *rolling)
{
    if (rolling == NULL)
        return;
    bw_timer_free(rolling->timer);
    free(rolling);
}
