// SPDX-License-Identifier: GPL-3.0-or-later
/* app/alerting.h: evaluates the alert rules over the latest values, and makes known what
 * becomes of them: events, metrics, stored states, the view. Loop thread. */
#ifndef APP_ALERTING_H
#define APP_ALERTING_H

#include "app/core.h"
#include "app/roster.h"

struct bw_alerting;
struct bw_foresights;
struct bw_vigil;

struct bw_alerting *bw_alerting_new(struct bw_core *core);
void bw_alerting_free(struct bw_alerting *alerting);

/* Where rules about the future find what is known of it; borrowed. */
void bw_alerting_set_foresights(struct bw_alerting *alerting,
                                const struct bw_foresights *foresights);

/* Where rules about anomalies find the series that are watched; borrowed. */
void bw_alerting_set_vigil(struct bw_alerting *alerting, const struct bw_vigil *vigil);

/* Puts an alert back to where a stored state says it stood. Before the first apply. */
void bw_alerting_restore(struct bw_alerting *alerting, const struct bw_alert_state *state);

/* The rules of `config` hold from now on; alerts of rules that are gone end. BW_EINVAL for an
 * expression that does not parse: then the old rules stay. */
enum bw_rc bw_alerting_apply(struct bw_alerting *alerting, const struct bw_config *config,
                             struct bw_roster *roster, struct bw_err *err);

/* Whether a rule could be applied: its expression parses and its metrics exist, or, with `guests`,
 * may come one day. */
enum bw_rc bw_alerting_check(const struct bw_alert_rule *rule, bool guests, struct bw_err *err);

/* Evaluates all rules now. */
void bw_alerting_evaluate(struct bw_alerting *alerting);

void bw_alerting_stop(struct bw_alerting *alerting);

/* Every alert for a view, worst first, in its arena. */
size_t bw_alerting_view(const struct bw_alerting *alerting, struct bw_arena *arena,
                        const struct bw_view_alert **out);

void bw_alerting_measure(const struct bw_alerting *alerting, struct bw_measures *out);

#endif
