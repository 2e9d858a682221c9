// SPDX-License-Identifier: GPL-3.0-or-later
/* app/alert_round.h: one evaluation of the alert rules: what they may look at, and whether a rule
 * has looked at something that nobody can see just now. Loop thread. */
#ifndef APP_ALERT_ROUND_H
#define APP_ALERT_ROUND_H

#include "app/core.h"
#include "app/roster.h"

/* A value that nobody has refreshed for so long is no value. */
enum { BW_ALERT_STALE_MS = 5 * 60 * 1000 };

struct bw_foresights;
struct bw_vigil;

struct bw_alert_round {
    struct bw_core *core;
    struct bw_roster *roster;               /* NULL: there is none */
    const struct bw_foresights *foresights; /* NULL: nobody looks ahead */
    const struct bw_vigil *vigil;           /* NULL: no series is watched value by value */
    int64_t now_ms;
    struct bw_arena *arena; /* of what one rule says; it lives until its intents are told */
    bool any_veiled;        /* there is something that nobody can see just now */
    bool touched;           /* the rule that is evaluated has looked at something of it */
};

/* Begins to evaluate the next rule, whose texts go into `arena`. */
void bw_alert_round_next(struct bw_alert_round *round, struct bw_arena *arena);

/* The rule has looked at a series with these labels. */
void bw_alert_round_saw(struct bw_alert_round *round, struct bw_labels labels);

/* The rule has found nothing that this selector means. */
void bw_alert_round_missed(struct bw_alert_round *round, const char *selector);

/* Whether an alert with these labels, {a="b"}, must stay as it is: what it is about cannot be seen,
 * or, of one that is about no service, something that its rule has looked at. */
bool bw_alert_round_is_held(const struct bw_alert_round *round, const char *labels);

/* {a="b"}, "" without labels, in `arena`. */
const char *bw_alert_labels_text(struct bw_arena *arena, struct bw_labels labels);

/* The labels of such a text, as a publication wants them; `out` has room for BW_LABELS_MAX. */
size_t bw_alert_labels_read(struct bw_arena *arena, const char *text, struct bw_metric_label *out);

/* The value of the label of that name; "" without one. */
const char *bw_alert_label(const struct bw_metric_label *labels, size_t count, const char *name);

/* What an alert with such labels is about; texts in `arena`. */
struct bw_subject bw_alert_subject(struct bw_arena *arena, const char *labels_text);

#endif
