// SPDX-License-Identifier: GPL-3.0-or-later
/* app/canary.h: asks the targets of the section self_canary whether we can see, on its own clock
 * and whenever somebody wants to know, and says so in core->sight. Loop thread.
 *
 *      interval --\                             /-- enough answered: seen --\
 *                  +--> round: ask all targets +                             +--> health/sight
 *      ask() -----/     (at most `timeout`)     \-- too few: lost ----------/         |
 *                                                    again after a moment      told(), events
 *
 * A round is seen as soon as enough have answered, and lost when all have told without that. */
#ifndef APP_CANARY_H
#define APP_CANARY_H

#include "app/core.h"
#include "probe/run.h"

struct bw_canary;

/* A round was decided: core->sight says what is known now. `changed`: we have gone blind, or see
 * again. */
typedef void bw_canary_fn(void *ctx, bool changed);

/* `engine` is borrowed and must live longer. */
struct bw_canary *bw_canary_new(struct bw_core *core, struct bw_probe_engine *engine,
                                bw_canary_fn *told, void *ctx);
void bw_canary_free(struct bw_canary *canary);

/* Asks what `config` says from now on; what is known of our sight stands until then. Who is blind
 * and has no canary any more sees again; after an error there is none. */
enum bw_rc bw_canary_apply(struct bw_canary *canary, const struct bw_config *config,
                           struct bw_err *err);

/* We were blind when we stopped, since then; `words` are kept. After apply, before the start. */
void bw_canary_restore(struct bw_canary *canary, int64_t since_ms, const char *words);

void bw_canary_start(struct bw_canary *canary);
void bw_canary_stop(struct bw_canary *canary);

/* Has the targets asked now. Returns the number of the round that will tell: a round that began
 * before the question is no answer to it. 0 when there is no canary. */
uint64_t bw_canary_ask(struct bw_canary *canary);

/* What is known, for a view, in its arena. */
struct bw_view_sight bw_canary_view(const struct bw_canary *canary, struct bw_arena *arena);

#endif
