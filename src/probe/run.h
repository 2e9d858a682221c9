// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/run.h: runs probes: one deadline over name lookup, connection, TLS, answer and retries;
 * exactly one done() per run. What the daemon, /probe and `bellwether probe` call.
 *
 *     start --> try --passed------------------------------------> done
 *                ^  \--failed, retries left--> pause --> try
 *                |   \--failed--------------------------------> done
 *             deadline at any time: phase's own timeout reason --> done
 */
#ifndef PROBE_RUN_H
#define PROBE_RUN_H

#include "base/buf.h"
#include "probe/probe.h"

struct bw_probe_run;

/* Shared by all probes: curl's multi handle, certificate stores, the resolver. `resolver` is
 * borrowed and must live longer. NULL with *err set when a library refuses to start. */
struct bw_probe_engine *bw_probe_engine_new(struct bw_loop *loop, struct bw_resolver *resolver,
                                            struct bw_err *err);

/* No run may be left; NULL is fine. Waits, up to a second as a rule, until commands of exec
 * probes that were cut short are gone. */
void bw_probe_engine_free(struct bw_probe_engine *engine);

/* A child of this process has ended. Who is none of ours is an orphan that the kernel gave us, as
 * process 1 of a container, and would stay a zombie. For whoever has no children but the engine's. */
void bw_probe_engine_reap(struct bw_probe_engine *engine);

/* A module ready to run. `module` comes from bw_probe_module_group (probe/module.h) and is not
 * kept; files named in it are read now, relative to `folder`. NULL with *err set. */
struct bw_probe_module;
struct bw_probe_plan *bw_probe_plan_new(struct bw_probe_engine *engine,
                                        const struct bw_probe_module *module, const char *folder,
                                        struct bw_err *err);

/* Runs that use the plan may still go on: it is released after the last. NULL is fine. */
void bw_probe_plan_free(struct bw_probe_plan *plan);

const struct bw_probe_ops *bw_probe_plan_ops(const struct bw_probe_plan *plan);

/* The module's own timeout, 0 when it has none. */
int64_t bw_probe_plan_timeout_ns(const struct bw_probe_plan *plan);

/* Whether the system lets us send ICMP at all, for IPv4. */
bool bw_probe_icmp_works(void);

/* What the runs of one check leave for each other: give it with every request for the same target
 * and plan, one run at a time; free it after the last. It closes connections that were kept. NULL,
 * which is fine everywhere, for kinds that leave nothing. */
struct bw_probe_memory *bw_probe_memory_new(const struct bw_probe_plan *plan);
void bw_probe_memory_free(struct bw_probe_memory *memory);

struct bw_probe_request {
    struct bw_probe_plan *plan;
    struct bw_probe_target target;
    int64_t timeout_ns;  /* for everything, > 0 */
    unsigned retries;    /* further tries after a failure, while time is left */
    bool expect_failure; /* a target that must not answer */
    bool tell;           /* bw_probe_tell has all to tell after a success, too */
    enum bw_resolve_mode resolve_mode;
    struct bw_way *way; /* of one part of a run over several addresses (probe/spread.h), which lives
                           as long as the run; else NULL */
};

/* Never fails: whatever is wrong comes as a result. */
struct bw_probe_run *bw_probe_start(struct bw_probe_engine *engine,
                                    const struct bw_probe_request *request, bw_probe_done_fn *done,
                                    void *ctx);

/* Appends the transcript of the run (model/transcript.h), with what is secret left out and what
 * came from the peer escaped: at most BW_TRANSCRIPT_BYTES_MAX bytes. From inside done() only. */
void bw_probe_tell(const struct bw_probe_result *result, struct bw_buf *out);

/* Ends the run; done() will not be called. */
void bw_probe_cancel(struct bw_probe_run *run);

#endif
