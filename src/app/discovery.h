// SPDX-License-Identifier: GPL-3.0-or-later
/* app/discovery.h: keeps the lists of targets of all sources fresh.
 *
 *   refresh_interval, a folder that changed --> worker: ask --> same list? nothing
 *                                                         \--> else: changed() -> reloader
 *
 * A source that fails leaves its last good list in force; that is said once, and when it is over.
 * Threads of its own wait for answers, so that slow sources hold up nobody. Loop thread. */
#ifndef APP_DISCOVERY_H
#define APP_DISCOVERY_H

#include "app/core.h"

struct bw_discovery;

/* `pushed` is the folder of targets that are registered, borrowed; `changed` is called when a list
 * is another than before. */
struct bw_discovery *bw_discovery_new(struct bw_core *core, const char *pushed, bw_loop_fn *changed,
                                      void *ctx);

/* The sources of this configuration are asked from now on; those that it had before keep their
 * lists. */
enum bw_rc bw_discovery_apply(struct bw_discovery *discovery, const struct bw_config *config,
                              struct bw_err *err);

/* What is known now; the caller's, who frees it with bw_known_targets_free(). */
struct bw_known_targets *bw_discovery_known(const struct bw_discovery *discovery);

/* Adds bellwether_discovery_*. */
void bw_discovery_measure(const struct bw_discovery *discovery, struct bw_measures *out);

/* Nothing is asked any more; waits for what is under way, which is told to end. */
void bw_discovery_stop(struct bw_discovery *discovery);

/* NULL is fine. */
void bw_discovery_free(struct bw_discovery *discovery);

/* Events about targets that `now` has and `old` had not, and the other way round. */
void bw_discovery_tell(struct bw_core *core, const struct bw_config *old,
                       const struct bw_config *now);

#endif
