// SPDX-License-Identifier: GPL-3.0-or-later
/* app/discovery.h: keeps the lists of targets of all sources fresh.
 *
 *   refresh_interval, a folder that changed --> worker: ask --> same list? nothing
 *                                                         \--> else: changed() -> reloader
 *
 * What is asked over HTTP is fetched on the loop; workers read the answer. A source that fails
 * leaves its last good list in force; that is said once, and when it is over. The list is kept
 * beside the store, so that a start has it too. Threads of its own wait for answers, so that slow
 * sources hold up nobody. Loop thread. */
#ifndef APP_DISCOVERY_H
#define APP_DISCOVERY_H

#include "app/core.h"
#include "discover/kept.h"
#include "probe/http_get.h"

struct bw_discovery;

/* Where its lists outlive a restart; borrowed. */
struct bw_discovery_places {
    const char *pushed; /* folder of targets that are registered */
    struct bw_kept_lists kept;
};

/* How a source of kind http is asked. Reads files. NULL with *err set when one is missing. Any
 * thread. */
struct bw_http_get *bw_discovery_client(const struct bw_config_source *source, const char *folder,
                                        struct bw_err *err);

/* What the sources of `config` gave the process before this one; of files and of what was
 * registered, what there is now. The caller's, who frees it with bw_known_targets_free(); NULL
 * without sources. What is damaged is said, and is not there. Blocks. */
struct bw_known_targets *bw_discovery_recall(const struct bw_discovery_places *places,
                                             const struct bw_config *config);

/* `engine` asks over HTTP. `changed` is called when a list is another than before. */
struct bw_discovery *bw_discovery_new(struct bw_core *core, struct bw_probe_engine *engine,
                                      const struct bw_discovery_places *places, bw_loop_fn *changed,
                                      void *ctx);

/* The sources of this configuration are asked from now on; those that it had before keep their
 * lists. */
enum bw_rc bw_discovery_apply(struct bw_discovery *discovery, const struct bw_config *config,
                              struct bw_err *err);

/* What is known now; the caller's, who frees it with bw_known_targets_free(). */
struct bw_known_targets *bw_discovery_known(const struct bw_discovery *discovery);

/* Adds bellwether_discovery_*. */
void bw_discovery_measure(const struct bw_discovery *discovery, struct bw_measures *out);

/* Nothing is asked any more, before the engine ends; waits for what is under way, which is told to
 * end. */
void bw_discovery_stop(struct bw_discovery *discovery);

/* NULL is fine. */
void bw_discovery_free(struct bw_discovery *discovery);

/* Events about targets that `now` has and `old` had not, and the other way round. */
void bw_discovery_tell(struct bw_core *core, const struct bw_config *old,
                       const struct bw_config *now);

#endif
