// SPDX-License-Identifier: GPL-3.0-or-later
#include "batch.h"

static void start_one(struct batch *b);

static void on_done(void *ctx, const struct bw_probe_result *result)
{
    struct batch *b = ctx;
    b->running--;
    b->passed += result->success;
    if (b->to_start > 0)
        start_one(b);
    else if (b->running == 0)
        bw_loop_stop(b->loop);
}

static void start_one(struct batch *b)
{
    b->to_start--;
    b->running++;
    bw_probe_start(b->engine, &b->request, on_done, b);
}

unsigned batch_run(struct batch *b, unsigned runs, unsigned at_once)
{
    b->to_start = runs;
    b->passed = 0;
    for (unsigned i = 0; i < at_once && b->to_start > 0; i++)
        start_one(b);
    bw_loop_run(b->loop);
    return b->passed;
}
