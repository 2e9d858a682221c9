// SPDX-License-Identifier: GPL-3.0-or-later
/* app/alert_shown.h: what others see of the alerts: metrics, stored states, the view. Loop
 * thread.
 *
 * After each round every alert of the engine is noted; what was not noted is gone. */
#ifndef APP_ALERT_SHOWN_H
#define APP_ALERT_SHOWN_H

#include "app/core.h"
#include "app/roster.h"

struct bw_alert_shown;

struct bw_alert_shown *bw_alert_shown_new(struct bw_core *core);
void bw_alert_shown_free(struct bw_alert_shown *shown);

/* Whose labels the alerts of a check or service show besides their own; NULL: nobody's. What is
 * shown already gets them too. */
void bw_alert_shown_label(struct bw_alert_shown *shown, const struct bw_roster *roster);

/* Why the alert has the level that it has. */
void bw_alert_shown_explain(struct bw_alert_shown *shown, const char *rule, const char *labels,
                            const char *cause);

/* Stores, publishes and remembers where an alert stands. */
void bw_alert_shown_note(struct bw_alert_shown *shown, const struct bw_alert_state *state);

/* Ends a round: alerts that it did not note are forgotten, by the store too. */
void bw_alert_shown_sweep(struct bw_alert_shown *shown);

/* What a rule looks at, for people. */
typedef const char *bw_alert_text_fn(const void *ctx, const char *rule);

/* Every alert for a view, worst first, in its arena. */
size_t bw_alert_shown_view(const struct bw_alert_shown *shown, bw_alert_text_fn *text,
                           const void *ctx, struct bw_arena *arena,
                           const struct bw_view_alert **out);

#endif
