// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trending.h: has every selected series analysed in turn, spread over `trends.every`, by
 * a worker that reads the store; what comes back goes to the metrics page, the store and the
 * view. Loop thread. */
#ifndef APP_TRENDING_H
#define APP_TRENDING_H

#include "app/core.h"

struct bw_foresights;
struct bw_trending;

struct bw_trending *bw_trending_new(struct bw_core *core);

/* Who is told of seasons; borrowed. */
struct bw_vigil;
void bw_trending_set_vigil(struct bw_trending *trending, struct bw_vigil *vigil);

/* No piece of work may be under way: the workers have ended. NULL is fine. */
void bw_trending_free(struct bw_trending *trending);

/* Takes back a result of an earlier run, until it is computed anew. */
void bw_trending_restore(struct bw_trending *trending, const struct bw_trend_record *record);

/* Analyses by this configuration from now on. BW_EINVAL for a pattern that does not compile:
 * then the old one stays. */
enum bw_rc bw_trending_apply(struct bw_trending *trending, const struct bw_config *config,
                             struct bw_err *err);
enum bw_rc bw_trending_check(const struct bw_config *config, struct bw_err *err);

/* What is known of the questions of predict rules. */
const struct bw_foresights *bw_trending_foresights(const struct bw_trending *trending);

void bw_trending_stop(struct bw_trending *trending);

/* All results for a view, soonest to their limit first, in its arena. */
size_t bw_trending_view(const struct bw_trending *trending, struct bw_arena *arena,
                        const struct bw_trend_record **out);

/* What trends said and how often it was right; it is the trending's. */
struct bw_ledger;
struct bw_ledger *bw_trending_ledger(const struct bw_trending *trending);

void bw_trending_measure(const struct bw_trending *trending, struct bw_measures *out);

#endif
