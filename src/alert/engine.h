// SPDX-License-Identifier: GPL-3.0-or-later
/* alert/engine.h: decides when an alert begins, changes its level and ends.
 *
 * An alert is one rule on one set of labels: one identity that moves between levels.
 *
 *               a level's condition              held for `for`
 *     (nothing) -----------------------> pending ---------------> firing at the lowest level
 *         ^                                 |                       |     that held all along
 *         |          condition gone         |                       |
 *         +---------------------------------+                       |
 *         |                                                         |
 *         +---- recovered, and keep_firing_for has passed ----------+
 *
 * Rising from one level to a higher one waits for `for` again. Falling to a lower one happens
 * when the condition of the present level has not held for keep_firing_for. The last step, to
 * nothing, also needs the recover condition when the rule has one; until it holds, the alert
 * stays at its lowest level.
 *
 * A set of labels that is missing from a feed (or whose value is NaN) is judged by no_data:
 *   ok       as if no condition held (and recovered)
 *   unknown  the alert stays as it is and is marked; it ends after a day without data
 *   fire     as if the condition of the highest level held; a rule that never saw any series
 *            fires without labels
 * What a restart brought back, and a rule that never saw any series, is `unknown` for
 * BW_ALERT_GRACE_MS, whatever no_data says: a daemon that has only begun to measure must not
 * call everything missing.
 *
 * A suppressed alert (something its service needs is down, or it is in maintenance) does not begin,
 * and rises no higher in maintenance; it waits. One that has begun else moves and ends as ever, and
 * its end is always told.
 *
 * A held alert (we cannot see what it is about) stays as it is: it neither begins nor moves nor
 * ends, and no time runs against it. What it waited for begins anew.
 *
 * Pure: `now_ms` is a parameter. Feeding allocates only when an alert appears or changes.
 *
 * Invariants:
 *   (1) Intents of one alert alternate: from is the to of the one before, none at first.
 *   (2) from != to.
 *   (3) An alert's level rises only after `for` of uninterrupted evidence. */
#ifndef ALERT_ENGINE_H
#define ALERT_ENGINE_H

#include "alert/rule.h"
#include "base/arena.h"
#include "base/limits.h"
#include "expr/expression.h"
#include "model/records.h"
#include "model/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BW_ALERT_GRACE_MS = 5 * 60 * 1000, BW_ALERT_UNKNOWN_MAX_MS = 24 * 60 * 60 * 1000 };

struct bw_alert_engine;

/* True while an alert must not begin, or must not rise when it has begun. Asked only when it would;
 * `labels` are its own, `{a="b"}`, and `service` is the value of the label of that name, "" without
 * one. */
typedef bool bw_alert_suppress_fn(void *ctx, const char *labels, const char *service, bool begins);

/* True while nobody can see what an alert is about; `labels` are its own, `{a="b"}`. */
typedef bool bw_alert_hold_fn(void *ctx, const char *labels);

/* Holds at most `max` alerts, pending ones included (BW_ALERTS_MAX); `suppress` may be NULL. */
struct bw_alert_engine *bw_alert_engine_new(size_t max, bw_alert_suppress_fn *suppress, void *ctx);
void bw_alert_engine_free(struct bw_alert_engine *engine);

/* Asked of every alert and entry of the feeds to come; NULL: none is held. */
void bw_alert_engine_hold(struct bw_alert_engine *engine, bw_alert_hold_fn *hold, void *ctx);

/* "The alert went from one level to another": what is stored, shown and notified. */
struct bw_alert_intent {
    const char *rule;
    const char *labels; /* {a="b"}; "" without labels */
    enum bw_level from, to;
    double value;            /* NaN when there is none */
    int64_t active_since_ms; /* when it left BW_LEVEL_NONE; with rule and labels its identity */
    int64_t ts_ms;           /* when this happened */
    const char *cause;       /* "0.04 < 0.05 for 10m" */
};

/* A list that grows in the caller's arena; all zeros is empty. */
struct bw_alert_intents {
    struct bw_alert_intent *items;
    size_t count, cap;
};

/* Feeds all that a rule's expression gave at `now_ms`, an entry whose value is NaN being one
 * without data; of two entries with the same labels the first counts. Appends what changed to
 * *out, texts included, in `arena`: entries first, in their order, then what is missing,
 * oldest first. */
void bw_alert_engine_feed(struct bw_alert_engine *engine, const struct bw_alert_rule *rule,
                          const struct bw_expr_entry *entries, size_t count, int64_t now_ms,
                          struct bw_arena *arena, struct bw_alert_intents *out);

/* Ends what belongs to rules other than these, as after a reload; their ends are in *out. */
void bw_alert_engine_keep_rules(struct bw_alert_engine *engine, const char *const *names,
                                size_t count, int64_t now_ms, struct bw_arena *arena,
                                struct bw_alert_intents *out);

/* Takes back a stored alert; texts are copied. False when the engine is full, it has that
 * alert already, or its levels are none that exist. */
bool bw_alert_engine_restore(struct bw_alert_engine *engine, const struct bw_alert_state *state);

/* Every alert the engine holds, rule by rule: firing, pending, and those that are neither but
 * stand for a series whose absence a rule with no_data: fire would notice. `unknown`: its series is
 * missing just now. The state's texts are borrowed for the call. */
typedef void bw_alert_each_fn(void *ctx, const struct bw_alert_state *state, bool unknown);
void bw_alert_engine_each(const struct bw_alert_engine *engine, bw_alert_each_fn *fn, void *ctx);

/* Alerts held, and how many could not begin because the engine was full. */
size_t bw_alert_engine_count(const struct bw_alert_engine *engine);
uint64_t bw_alert_engine_overflow(const struct bw_alert_engine *engine);

#endif
