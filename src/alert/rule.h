// SPDX-License-Identifier: GPL-3.0-or-later
/* alert/rule.h: an alert rule, as configured and as the engine uses it.
 *
 * What a rule looks at is text here (`expr`): whoever has the series evaluates it and hands
 * the vector to the engine (alert/engine.h). */
#ifndef ALERT_RULE_H
#define ALERT_RULE_H

#include "alert/anomaly.h"
#include "alert/predict.h"
#include "base/arena.h"
#include "base/err.h"
#include "conf/option.h"
#include "expr/condition.h"
#include "model/status.h"

#include <stdbool.h>
#include <stdint.h>

/* What a missing series means (alert/engine.h). */
enum bw_no_data { BW_NO_DATA_UNKNOWN, BW_NO_DATA_FIRE, BW_NO_DATA_OK, BW_NO_DATA_COUNT };

/* "unknown", "fire", "ok" */
const char *bw_no_data_name(enum bw_no_data no_data);

/* What a rule looks at; app/alert_kind.h says how. */
enum bw_alert_kind {
    BW_ALERT_KIND_EXPR,
    BW_ALERT_KIND_PREDICT,
    BW_ALERT_KIND_ANOMALY,
    BW_ALERT_KIND_SLO,
    BW_ALERT_KIND_COUNT
};

/* The condition of each level as text ("< 0.15"); NULL: the rule has no such level. */
struct bw_alert_levels_opts {
    const char *info, *warning, *critical;
};

/* One entry of alerts.rules. */
struct bw_alert_rule_opts {
    const char *name;
    const char *expr;
    struct bw_alert_levels_opts levels;
    const char *recover; /* NULL: recovered as soon as no level holds */
    int64_t for_ns;
    int64_t keep_firing_for_ns;
    int no_data; /* enum bw_no_data */
    struct bw_pairs labels, annotations;

    /* Rules that look at something else than an expression: exactly one of expr, predict,
     * anomaly and slo is given. */
    const struct bw_predict_opts *predict; /* or NULL */
    const struct bw_anomaly_opts *anomaly; /* or NULL */
    const char *slo, *burn;
    int level; /* enum bw_level, for those with one level */
};

extern const struct bw_opt_group bw_alert_rule_group;

/* A rule ready for use. */
struct bw_alert_rule {
    const char *name;
    enum bw_alert_kind kind;
    const char *expr;                      /* of other kinds what they look at, for people */
    const struct bw_predict_opts *predict; /* of kind predict */
    const struct bw_anomaly_opts *anomaly; /* of kind anomaly */
    bool has_level[BW_LEVEL_COUNT];
    struct bw_condition level[BW_LEVEL_COUNT];
    bool has_recover;
    struct bw_condition recover;
    int64_t for_ms;
    int64_t keep_firing_for_ms;
    enum bw_no_data no_data;
};

/* Texts are copied into the arena. BW_EINVAL for what bw_alert_rule_group's check refuses,
 * BW_EUNSUPPORTED for a rule without an expression. */
enum bw_rc bw_alert_rule_make(struct bw_arena *arena, const struct bw_alert_rule_opts *opts,
                              struct bw_alert_rule *out, struct bw_err *err);

/* The highest level whose condition holds; BW_LEVEL_NONE when none does or value is NaN. */
enum bw_level bw_alert_rule_level(const struct bw_alert_rule *rule, double value);

/* True when an alert may end: the recover condition holds or there is none. */
bool bw_alert_rule_is_recovered(const struct bw_alert_rule *rule, double value);

/* The lowest and the highest level that the rule has. */
enum bw_level bw_alert_rule_lowest(const struct bw_alert_rule *rule);
enum bw_level bw_alert_rule_highest(const struct bw_alert_rule *rule);

#endif
