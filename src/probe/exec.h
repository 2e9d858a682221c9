// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/exec.h: commands as child processes: started through our own helper
 * (probe/exec_helper.h), heard to the end, and gone afterwards whatever they do.
 *
 *     spawn --> runs --ended() is called--> free
 *               runs --drop--> is being ended: TERM, KILL after 2 s --> reaped, nobody asks
 */
#ifndef PROBE_EXEC_H
#define PROBE_EXEC_H

#include "base/buf.h"
#include "probe/engine.h"
#include "probe/exec_helper.h"

struct bw_exec_children;
struct bw_exec_child;

struct bw_exec_command {
    const char *const *argv; /* the program's path first, NULL last */
    int64_t cpu_ns;
    uint64_t memory_bytes;
    uint64_t output_bytes;
};

/* Called once, never from inside bw_exec_spawn: the command has ended, or has written more than
 * it may. bw_exec_drop() may follow from inside. */
typedef void bw_exec_ended_fn(void *ctx);

struct bw_exec_children *bw_exec_children_new(struct bw_loop *loop);

/* Kills what still runs and waits for its end. NULL is fine. */
void bw_exec_children_free(struct bw_exec_children *children);

/* The engine's own, made when first asked for. */
struct bw_exec_children *bw_engine_exec(struct bw_probe_engine *engine);

/* NULL with *err set when the system refuses descriptors or processes. Copies what it keeps of
 * `command`. */
struct bw_exec_child *bw_exec_spawn(struct bw_exec_children *children,
                                    const struct bw_exec_command *command, bw_exec_ended_fn *ended,
                                    void *ctx, struct bw_err *err);

/* What was written so far; at most output_bytes together. */
const struct bw_buf *bw_exec_output(const struct bw_exec_child *child);
const struct bw_buf *bw_exec_errors(const struct bw_exec_child *child);

/* It wrote more than it may: not waited for any more. */
bool bw_exec_is_over_limit(const struct bw_exec_child *child);

/* How it ended; end is 0 when that was not told, because the helper itself was killed. */
struct bw_exec_report bw_exec_report(const struct bw_exec_child *child);

/* Lets go of a child in any state: ends it if it runs, and forgets it when it is gone. ended()
 * will not be called. NULL is fine. */
void bw_exec_drop(struct bw_exec_child *child);

#endif
