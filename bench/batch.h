// SPDX-License-Identifier: GPL-3.0-or-later
/* Probes by the number: as many as asked for, some at once. */
#ifndef BENCH_BATCH_H
#define BENCH_BATCH_H

#include "io/loop.h"
#include "probe/run.h"

struct batch {
    struct bw_loop *loop;
    struct bw_probe_engine *engine;
    struct bw_probe_request request;
    unsigned to_start, running, passed;
};

/* Runs the request so often and says how many passed. */
unsigned batch_run(struct batch *b, unsigned runs, unsigned at_once);

#endif
