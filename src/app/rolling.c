// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/rolling.h"

#include "app/chore.h"
#include "base/mem.h"
#include "base/units.h"
#include "store/reader.h"
#include "store/rollups.h"

#include <stdlib.h>

#define IDLE_NS BW_MINUTE /* nothing was due */
#define BUSY_NS BW_SECOND /* a window waits for its commit, the next for that */
#define FAILED_NS BW_MINUTE
#define REST_RATIO 9 /* so that a backlog takes a tenth of a core */

struct bw_rolling {
    struct bw_core *core;
    struct bw_chore *chore;
    struct bw_store *store; /* of the step under way */
    bool made;              /* something, in the last step; a worker's while one is under way */
    int64_t took_ns;        /* likewise */
};

static bool begin(void *ctx)
{
    struct bw_rolling *rolling = ctx;
    rolling->store = rolling->core->store;
    return rolling->store != NULL;
}

static void step(void *ctx, struct bw_err *err)
{
    struct bw_rolling *rolling = ctx;
    struct bw_reader *reader = NULL;
    const int64_t began_ns = bw_loop_mono_ns();
    rolling->made = false;
    if (bw_reader_open(bw_store_path(rolling->store), &reader, err) == BW_OK)
        bw_store_roll_up(rolling->store, reader, &rolling->made, err);
    bw_reader_close(reader);
    rolling->took_ns = bw_loop_mono_ns() - began_ns;
}

static int64_t pause_ns(void *ctx, const struct bw_err *err)
{
    const struct bw_rolling *rolling = ctx;
    const int64_t rest_ns = rolling->took_ns * REST_RATIO;
    if (err->rc != BW_OK)
        return FAILED_NS;
    if (!rolling->made)
        return IDLE_NS;
    return rest_ns > BUSY_NS ? rest_ns : BUSY_NS;
}

struct bw_rolling *bw_rolling_new(struct bw_core *core)
{
    static const struct bw_chore_ops ops = { .name = "roll-ups",
                                             .first_ns = 30 * BW_SECOND,
                                             .busy_ns = BUSY_NS,
                                             .begin = begin,
                                             .step = step,
                                             .pause_ns = pause_ns };
    struct bw_rolling *rolling = bw_alloc(sizeof *rolling);
    rolling->core = core;
    rolling->chore = bw_chore_new(core, &ops, rolling);
    return rolling;
}

void bw_rolling_stop(struct bw_rolling *rolling)
{
    bw_chore_stop(rolling->chore);
}

void bw_rolling_free(struct bw_rolling *rolling)
{
    if (rolling == NULL)
        return;
    bw_chore_free(rolling->chore);
    free(rolling);
}
