// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/compacting.h"

#include "app/chore.h"
#include "base/mem.h"
#include "base/units.h"
#include "store/compact.h"
#include "store/erase.h"

#include <stdlib.h>

#define IDLE_NS BW_MINUTE       /* nothing was found */
#define BUSY_NS (2 * BW_SECOND) /* there is more */
#define FAILED_NS (30 * BW_SECOND)

struct bw_compacting {
    struct bw_core *core;
    struct bw_chore *chore;
    struct bw_compactor *compactor; /* NULL until there is a store */
    struct bw_purge *purge;         /* likewise */
    bool more;                      /* a worker's while a step is under way */
};

static bool begin(void *ctx)
{
    struct bw_compacting *compacting = ctx;
    struct bw_store *store = compacting->core->store;
    if (compacting->compactor == NULL && store != NULL) {
        compacting->compactor = bw_compactor_new(store, BW_COMPACT_OLD);
        compacting->purge = bw_purge_new(store);
    }
    return compacting->compactor != NULL;
}

static void step(void *ctx, struct bw_err *err)
{
    struct bw_compacting *compacting = ctx;
    const enum bw_rc rc = bw_purge_step(compacting->purge, &compacting->more, err);
    if (rc == BW_OK && !compacting->more)
        bw_compactor_step(compacting->compactor, &compacting->more, err);
}

static int64_t pause_ns(void *ctx, const struct bw_err *err)
{
    const struct bw_compacting *compacting = ctx;
    if (err->rc != BW_OK)
        return FAILED_NS;
    return compacting->more ? BUSY_NS : IDLE_NS;
}

struct bw_compacting *bw_compacting_new(struct bw_core *core)
{
    static const struct bw_chore_ops ops = { .name = "upkeep",
                                             .first_ns = BW_MINUTE,
                                             .busy_ns = BUSY_NS,
                                             .begin = begin,
                                             .step = step,
                                             .pause_ns = pause_ns };
    struct bw_compacting *compacting = bw_alloc(sizeof *compacting);
    compacting->core = core;
    compacting->chore = bw_chore_new(core, &ops, compacting);
    return compacting;
}

void bw_compacting_stop(struct bw_compacting *compacting)
{
    bw_chore_stop(compacting->chore);
}

void bw_compacting_free(struct bw_compacting *compacting)
{
    if (compacting == NULL)
        return;
    bw_chore_free(compacting->chore);
    bw_compactor_free(compacting->compactor);
    bw_purge_free(compacting->purge);
    free(compacting);
}
