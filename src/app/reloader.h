// SPDX-License-Identifier: GPL-3.0-or-later
/* app/reloader.h: loads the configuration anew. Wishes that come close together are one reload;
 * a worker reads and checks the files, so that no check is late for it; the result is taken
 * over on the loop.
 *
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

/* Asks for a reload. Loop thread. */
void bw_reloader_ask(struct bw_reloader *reloader);

/* The same from any thread; done() is called exactly once. */
void bw_reloader_wish(struct bw_reloader *reloader, bw_reloader_done_fn *done, void *reply);

/* No reload begins any more; wishes are answered with a refusal. Before the workers end. */
void bw_reloader_stop(struct bw_reloader *reloader);

/* After the loop has been freed, which runs what was posted to it. NULL is fine. */
void bw_reloader_free(struct bw_reloader *reloader);

#endif
