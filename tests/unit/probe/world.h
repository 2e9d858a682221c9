// SPDX-License-Identifier: GPL-3.0-or-later
/* Everything a probe needs, and one probe at a time. */
#ifndef WORLD_H
#define WORLD_H

#include "base/arena.h"
#include "probe/module.h"
#include "probe/run.h"

struct world {
    struct bw_loop *loop;
    struct bw_resolver *resolver;
    struct bw_probe_engine *engine;
    struct bw_arena arena; /* modules, and the measures of the last result */
    struct bw_probe_result result;
    struct bw_measures measures;
    char told[BW_TRANSCRIPT_BYTES_MAX + 1];  /* its transcript */
    char retried[BW_PROBE_DETAIL_BYTES_MAX]; /* its retried_detail */
    char change[BW_PROBE_DETAIL_BYTES_MAX];  /* its change; "" for none */
    const struct bw_probe_ops *ops;          /* of the last run */
    unsigned done;
};

/* `servers` for names; NULL: a port that nobody listens on. */
void world_open(struct world *w, const char *servers);
void world_close(struct world *w);

/* All defaults; the test changes what it wants. */
struct bw_probe_module world_module(struct world *w, enum bw_prober prober);

/* A module as "t.yml" has it: what is wrong with it, "" for nothing. */
const char *world_config(struct world *w, const char *yaml, struct bw_probe_module *out);

/* Runs to the end; the result is in the world. Fails the test when the plan is refused. */
void world_run(struct world *w, const struct bw_probe_module *module,
               const struct bw_probe_request *request);

/* The same with defaults for all but the target. */
void world_probe(struct world *w, const struct bw_probe_module *module, const char *target,
                 int64_t timeout_ns);

/* Fails the test unless the last run of a story ended so, within 20 seconds: the detail has
 * `detail` in it. */
void world_expect(const struct world *w, const char *story, enum bw_reason reason,
                  const char *detail);

/* A whole test: on a port that nobody listens on, a probe of this kind is refused, in phase
 * CONNECT. `scheme` comes before the address. The world stays open. */
void world_refused(struct world *w, enum bw_prober prober, const char *scheme);

/* The measure's value; fails the test when there is none. */
double world_value(const struct world *w, enum bw_family_id family, const char *label);
bool world_has(const struct world *w, enum bw_family_id family);

/* printf into the world's arena. */
#define world_text(w, ...) bw_arena_printf(&(w)->arena, __VA_ARGS__)

/* An option's list from string literals. */
#define WORLD_STRINGS(...)                                                                         \
    ((struct bw_strings){ (const char *const[]){ __VA_ARGS__ },                                    \
                          sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *) })

#endif
