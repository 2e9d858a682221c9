// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/exec.h: commands as processes: started and heard to the end by our own helper
 * (probe/exec_helper.h), and gone afterwards whatever they do. The helper is started with the
 * first command, and again should it be killed; it takes us one descriptor, its commands none.
 *
 *     spawn --> runs --ended() is called--> drop
 *               runs --drop--> is being ended: TERM, KILL after 2 s; nobody asks
 */
#ifndef PROBE_EXEC_H
#define PROBE_EXEC_H

#include "base/buf.h"
#include "probe/engine.h"
#include "probe/exec_helper.h"

struct bw_exec_children;
struct bw_exec_child;

struct bw_exec_command {
    const char *const *argv; /* the program's path first, NULL last; BW_EXEC_COMMAND_BYTES_MAX */
    const char *const *envp; /* all of its environment, NAME=VALUE, NULL last */
    const char *folder;
    uint32_t uid, gid; /* BW_EXEC_SAME_USER: ours */
    int64_t cpu_ns;
    uint64_t memory_bytes;
    uint64_t output_bytes;
    uint64_t file_bytes;
    uint64_t processes; /* 0: as many as the system allows */
};

/* Called once, never from inside bw_exec_spawn: the command has ended, or has written more than
 * it may. bw_exec_drop() may follow from inside. */
typedef void bw_exec_ended_fn(void *ctx);

struct bw_exec_children *bw_exec_children_new(struct bw_loop *loop);

/* Kills what still runs and waits for its end, which takes milliseconds as a rule and never much
 * longer than 2 s. NULL is fine. */
void bw_exec_children_free(struct bw_exec_children *children);

/* Takes the ends of children that we never started: the kernel gives orphans to process 1 of a
 * container, and to a subreaper. `children` may be NULL. */
void bw_exec_reap_strangers(struct bw_exec_children *children);

/* The engine's own, made when first asked for. */
struct bw_exec_children *bw_engine_exec(struct bw_probe_engine *engine);

/* NULL with *err set when the system refuses a helper, or too many commands run. Copies what it
 * keeps of `command`. */
struct bw_exec_child *bw_exec_spawn(struct bw_exec_children *children,
                                    const struct bw_exec_command *command, bw_exec_ended_fn *ended,
                                    void *ctx, struct bw_err *err);

/* What was written so far; at most output_bytes together. */
const struct bw_buf *bw_exec_output(const struct bw_exec_child *child);
const struct bw_buf *bw_exec_errors(const struct bw_exec_child *child);

/* How it ended. */
struct bw_exec_report bw_exec_report(const struct bw_exec_child *child);

/* Lets go of a child in any state, and ends it if it runs. ended() will not be called. NULL is
 * fine. */
void bw_exec_drop(struct bw_exec_child *child);

#endif
