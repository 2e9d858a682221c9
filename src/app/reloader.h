// SPDX-License-Identifier: GPL-3.0-or-later
/* app/reloader.h: loads the configuration anew. Wishes that come close together are one reload;
 * a worker reads and checks the files, so that no check is late for it; the result is taken
 * over on the loop.
 *
 *   targets have changed ---\
 *   SIGHUP, POST /-/reload --> a moment --> worker: load, validate --> loop: take --> answers
 */
#ifndef APP_RELOADER_H
#define APP_RELOADER_H

#include "app/config.h"
#include "app/core.h"

struct bw_reloader;

/* Called on the loop with what was loaded: `config` is the callee's from here on; NULL means
 * that `problems` tell why there is none. Writes what came of it into `message`. */
typedef bool bw_reloader_take_fn(void *ctx, struct bw_config *config, struct bw_problems *problems,
                                 char *message, size_t size);

/* What came of a reload; the message is borrowed. On the loop. */
typedef void bw_reloader_done_fn(void *reply, bool ok, const char *message);

/* `file` NULL: the built-in default, filled with `defaults`. Both are borrowed. */
struct bw_reloader *bw_reloader_new(struct bw_core *core, const char *file,
                                    const struct bw_config_default *defaults,
                                    bw_reloader_take_fn *take, void *ctx);

/* What a configuration needs beside its files. Both on the loop. */
struct bw_reloader_targets {
    /* The lists of targets that are known; the callee's. */
    struct bw_known_targets *(*known)(void *ctx);
    /* The configuration in force, whose targets are others now. */
    const struct bw_config *(*in_force)(void *ctx);
    /* It has been made again with them; as bw_reloader_take_fn. */
    bw_reloader_take_fn *take;
};

/* Before the first reload; without it there are no targets. */
void bw_reloader_set_targets(struct bw_reloader *reloader,
                             const struct bw_reloader_targets *targets);

/* Asks for the same configuration with the targets that are known now: no file of it is read. A
 * reload does that too. Loop thread. */
void bw_reloader_refresh(struct bw_reloader *reloader);

/* Asks for a reload. Loop thread. */
void bw_reloader_ask(struct bw_reloader *reloader);

/* The same from any thread; done() is called exactly once. */
void bw_reloader_wish(struct bw_reloader *reloader, bw_reloader_done_fn *done, void *reply);

/* No reload begins any more; wishes are answered with a refusal. Before the workers end. */
void bw_reloader_stop(struct bw_reloader *reloader);

/* After the loop has been freed, which runs what was posted to it. NULL is fine. */
void bw_reloader_free(struct bw_reloader *reloader);

#endif
