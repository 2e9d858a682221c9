// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_results.h: the latest result of every analysed series: its metrics and its place in
 * the view. Loop thread. */
#ifndef APP_TREND_RESULTS_H
#define APP_TREND_RESULTS_H

#include "app/core.h"

struct bw_trend_results;

/* Where something about one series is published: its own labels, and `metric`. */
struct bw_publication *bw_trend_publication_new(struct bw_core *core, const char *metric,
                                                struct bw_labels own);

struct bw_trend_results *bw_trend_results_new(struct bw_core *core);
void bw_trend_results_free(struct bw_trend_results *set);

/* Takes the place of the series' last result and is published. Rounds are numbered from 1;
 * 0: of an earlier run. */
void bw_trend_results_take(struct bw_trend_results *set, const struct bw_trend_record *record,
                           unsigned round);

/* Before `round` begins: series that are no longer selected, or no longer written, are gone after
 * two rounds. */
void bw_trend_results_drop(struct bw_trend_results *set, unsigned round);

/* All results for a view, soonest to their limit first, in its arena. */
size_t bw_trend_results_view(const struct bw_trend_results *set, struct bw_arena *arena,
                             const struct bw_trend_record **out);

/* How many, and how many of them are undetermined. */
size_t bw_trend_results_count(const struct bw_trend_results *set, size_t *out_undetermined);

#endif
