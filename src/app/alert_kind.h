// SPDX-License-Identifier: GPL-3.0-or-later
/* app/alert_kind.h: the kinds of alert rules: what each looks at. A kind is one .c file that
 * exports one of these; app/alerting.c asks all of them in the same way, and the engine
 * (alert/engine.h) judges what they say.
 *
 *   rule -> make -> [each round: look -> entries -> engine -> intents -> cause -> told] -> free */
#ifndef APP_ALERT_KIND_H
#define APP_ALERT_KIND_H

#include "alert/engine.h"
#include "app/alert_round.h"

struct bw_alert_kind_ops {
    /* Makes of a rule whatever is needed to look, NULL included. `guests`: metrics that nobody
     * has declared may come one day. BW_EINVAL for a rule that can never look at anything. */
    enum bw_rc (*make)(const struct bw_alert_rule *rule, bool guests, void **out,
                       struct bw_err *err);
    void (*free)(void *made); /* NULL is fine */

    /* Appends an entry for each set of labels; their texts live in round->arena. Tells the round
     * what it has looked at, or missed. */
    enum bw_rc (*look)(void *made, struct bw_alert_round *round, struct bw_expr_vector *out,
                       struct bw_err *err);

    /* Why the alert is on its way to intent->to, for people, in `arena`; intent->cause when it has
     * nothing better to say. NULL: it never has. */
    const char *(*cause)(void *made, const struct bw_alert_round *round,
                         const struct bw_alert_intent *intent, struct bw_arena *arena);
};

/* NULL for a kind that nobody acts on. */
const struct bw_alert_kind_ops *bw_alert_kind_ops(enum bw_alert_kind kind);

/* For makers: a picker of the selector `text`, which must name a metric that exists or, with
 * `guests`, may come from outside. BW_EINVAL else. */
enum bw_rc bw_alert_kind_picker(const char *text, bool guests, struct bw_picker **out,
                                struct bw_err *err);

extern const struct bw_alert_kind_ops bw_alert_kind_expr, bw_alert_kind_predict,
    bw_alert_kind_anomaly;

#endif
