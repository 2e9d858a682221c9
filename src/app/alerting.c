// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/alerting.h"

#include "alert/engine.h"
#include "app/alert_kind.h"
#include "app/alert_shown.h"
#include "app/log.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct rule {
    const struct bw_alert_rule *rule;
    const struct bw_alert_kind_ops *kind;
    void *made; /* by its kind */
    uint64_t evaluations, failures;
    bool failing;
};

struct bw_alerting {
    struct bw_core *core;
    struct bw_timer *timer;
    struct bw_alert_engine *engine;
    struct bw_alert_shown *shown;
    struct bw_alert_round round;
    struct rule *rules;
    size_t rule_count;
};

static void on_timer(void *ctx);

static bool is_maintained(const struct bw_alerting *alerting, const char *labels)
{
    struct bw_arena arena = { 0 };
    const struct bw_subject subject = bw_alert_subject(&arena, labels);
    const bool maintained = bw_roster_subject_maintenance(alerting->round.roster, &subject) != NULL;
    bw_arena_fini(&arena);
    return maintained;
}

/* What it needs is down, or it is in maintenance. */
static bool is_suppressed(void *ctx, const char *labels, const char *service, bool begins)
{
    const struct bw_alerting *alerting = ctx;
    if (alerting->round.roster == NULL)
        return false;
    return (begins && bw_roster_parent_down(alerting->round.roster, service) != NULL)
           || is_maintained(alerting, labels);
}

static bool is_held(void *ctx, const char *labels)
{
    const struct bw_alerting *alerting = ctx;
    return bw_alert_round_is_held(&alerting->round, labels);
}

struct bw_alerting *bw_alerting_new(struct bw_core *core)
{
    struct bw_alerting *alerting = bw_alloc(sizeof *alerting);
    alerting->core = core;
    alerting->round.core = core;
    alerting->timer = bw_timer_new(core->loop, on_timer, alerting);
    alerting->engine = bw_alert_engine_new(BW_ALERTS_MAX, is_suppressed, alerting);
    alerting->shown = bw_alert_shown_new(core);
    return alerting;
}

void bw_alerting_set_foresights(struct bw_alerting *alerting,
                                const struct bw_foresights *foresights)
{
    alerting->round.foresights = foresights;
}

void bw_alerting_set_vigil(struct bw_alerting *alerting, const struct bw_vigil *vigil)
{
    alerting->round.vigil = vigil;
}

/* ---- rules ----------------------------------------------------------------------------- */

static void free_rules(struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].kind != NULL)
            rules[i].kind->free(rules[i].made);
    }
    free(rules);
}

void bw_alerting_free(struct bw_alerting *alerting)
{
    if (alerting == NULL)
        return;
    bw_alert_shown_free(alerting->shown);
    free_rules(alerting->rules, alerting->rule_count);
    bw_timer_free(alerting->timer);
    bw_alert_engine_free(alerting->engine);
    free(alerting);
}

static enum bw_rc make_rule(const struct bw_alert_rule *rule, bool guests, struct rule *out,
                            struct bw_err *err)
{
    out->rule = rule;
    out->kind = bw_alert_kind_ops(rule->kind);
    const enum bw_rc rc = out->kind->make(rule, guests, &out->made, err);
    return rc == BW_OK ? BW_OK : bw_wrap(err, rc, "alert rule '%s'", rule->name);
}

static enum bw_rc make_rules(const struct bw_config *config, struct rule **out, struct bw_err *err)
{
    struct rule *rules = bw_alloc_array(config->rule_count + 1, sizeof *rules);
    for (size_t i = 0; i < config->rule_count; i++) {
        const enum bw_rc rc = make_rule(&config->rules[i], config->has_guests, &rules[i], err);
        if (rc != BW_OK) {
            free_rules(rules, config->rule_count);
            return rc;
        }
    }
    *out = rules;
    return BW_OK;
}

enum bw_rc bw_alerting_check(const struct bw_alert_rule *rule, bool guests, struct bw_err *err)
{
    struct rule *made = bw_alloc_array(1, sizeof *made);
    const enum bw_rc rc = make_rule(rule, guests, made, err);
    free_rules(made, 1);
    return rc;
}

/* NULL once it is gone. */
static const struct rule *rule_named(const struct bw_alerting *alerting, const char *name)
{
    for (size_t i = 0; i < alerting->rule_count; i++) {
        if (strcmp(alerting->rules[i].rule->name, name) == 0)
            return &alerting->rules[i];
    }
    return NULL;
}

/* ---- what others hear ------------------------------------------------------------------ */

static void note_alert(void *ctx, const struct bw_alert_state *state, bool unknown)
{
    struct bw_alerting *alerting = ctx;
    (void)unknown;
    bw_alert_shown_note(alerting->shown, state);
}

static const char *cause_of(const struct bw_alerting *alerting,
                            const struct bw_alert_intent *intent, struct bw_arena *arena)
{
    const struct rule *rule = rule_named(alerting, intent->rule);
    if (rule == NULL || rule->kind->cause == NULL)
        return intent->cause;
    return rule->kind->cause(rule->made, &alerting->round, intent, arena);
}

static void tell(struct bw_alerting *alerting, const struct bw_alert_intent *intent)
{
    struct bw_arena arena = { 0 };
    const char *cause = cause_of(alerting, intent, &arena);
    bw_core_event(alerting->core,
                  &(struct bw_event){ .ts_ms = intent->ts_ms,
                                      .kind = BW_EVENT_ALERT,
                                      .subject = bw_alert_subject(&arena, intent->labels),
                                      .name = intent->rule,
                                      .from = (int)intent->from,
                                      .to = (int)intent->to,
                                      .cause = cause });
    if (intent->to != BW_LEVEL_NONE)
        bw_alert_shown_explain(alerting->shown, intent->rule, intent->labels, cause);
    bw_arena_fini(&arena);
}

static void take_intents(struct bw_alerting *alerting, const struct bw_alert_intents *intents)
{
    for (size_t i = 0; i < intents->count; i++)
        tell(alerting, &intents->items[i]);
}

/* ---- evaluation ------------------------------------------------------------------------ */

static void say_failure(struct rule *rule, enum bw_rc rc, const struct bw_err *err)
{
    rule->failures += rc != BW_OK ? 1 : 0;
    if (rc != BW_OK && !rule->failing)
        bw_logf(BW_LOG_ERROR, "alert", "rule '%s': %s", rule->rule->name, err->text);
    rule->failing = rc != BW_OK;
}

static void evaluate(struct bw_alerting *alerting, struct rule *rule)
{
    struct bw_arena arena = { 0 };
    struct bw_expr_vector vector = { 0 };
    struct bw_alert_intents intents = { 0 };
    struct bw_err err;
    bw_alert_round_next(&alerting->round, &arena);
    const enum bw_rc rc = rule->kind->look(rule->made, &alerting->round, &vector, &err);
    rule->evaluations++;
    say_failure(rule, rc, &err);
    if (rc == BW_OK)
        bw_alert_engine_feed(alerting->engine, rule->rule, vector.entries, vector.count,
                             alerting->round.now_ms, &arena, &intents);
    take_intents(alerting, &intents);
    bw_expr_vector_fini(&vector);
    bw_arena_fini(&arena);
}

static void show_all(struct bw_alerting *alerting)
{
    bw_alert_engine_each(alerting->engine, note_alert, alerting);
    bw_alert_shown_sweep(alerting->shown);
}

void bw_alerting_evaluate(struct bw_alerting *alerting)
{
    struct bw_alert_round *round = &alerting->round;
    round->now_ms = bw_core_now_ms(alerting->core);
    round->any_veiled = round->roster != NULL && bw_roster_has_veiled(round->roster);
    bw_alert_engine_hold(alerting->engine, round->any_veiled ? is_held : NULL, alerting);
    for (size_t i = 0; i < alerting->rule_count; i++)
        evaluate(alerting, &alerting->rules[i]);
    show_all(alerting);
}

static void on_timer(void *ctx)
{
    bw_alerting_evaluate(ctx);
}

/* ---- configuration --------------------------------------------------------------------- */

void bw_alerting_restore(struct bw_alerting *alerting, const struct bw_alert_state *state)
{
    bw_alert_engine_restore(alerting->engine, state);
}

static void end_alerts_of_gone_rules(struct bw_alerting *alerting)
{
    const char **names = bw_alloc_array(alerting->rule_count + 1, sizeof *names);
    struct bw_alert_intents intents = { 0 };
    struct bw_arena arena = { 0 };
    for (size_t i = 0; i < alerting->rule_count; i++)
        names[i] = alerting->rules[i].rule->name;
    bw_alert_engine_keep_rules(alerting->engine, names, alerting->rule_count,
                               bw_core_now_ms(alerting->core), &arena, &intents);
    take_intents(alerting, &intents);
    bw_arena_fini(&arena);
    free(names);
    show_all(alerting);
}

enum bw_rc bw_alerting_apply(struct bw_alerting *alerting, const struct bw_config *config,
                             struct bw_roster *roster, struct bw_err *err)
{
    struct rule *rules;
    const enum bw_rc rc = make_rules(config, &rules, err);
    if (rc != BW_OK)
        return rc;
    free_rules(alerting->rules, alerting->rule_count);
    alerting->rules = rules;
    alerting->rule_count = config->rule_count;
    alerting->round.roster = roster;
    end_alerts_of_gone_rules(alerting);
    bw_alert_shown_label(alerting->shown, roster);
    const int64_t every_ns = config->settings.alerts.every_ns;
    if (alerting->rule_count > 0)
        bw_timer_start(alerting->timer, every_ns, every_ns);
    else
        bw_timer_stop(alerting->timer);
    return BW_OK;
}

void bw_alerting_stop(struct bw_alerting *alerting)
{
    bw_timer_stop(alerting->timer);
}

/* ---- views and metrics ----------------------------------------------------------------- */

static const char *text_of(const void *ctx, const char *name)
{
    const struct rule *rule = rule_named(ctx, name);
    return rule != NULL ? rule->rule->expr : "";
}

size_t bw_alerting_view(const struct bw_alerting *alerting, struct bw_arena *arena,
                        const struct bw_view_alert **out)
{
    return bw_alert_shown_view(alerting->shown, text_of, alerting, arena, out);
}

void bw_alerting_measure(const struct bw_alerting *alerting, struct bw_measures *out)
{
    for (size_t i = 0; i < alerting->rule_count; i++) {
        const struct rule *rule = &alerting->rules[i];
        bw_measures_add(out, BW_METRIC_ALERT_RULE_EVALUATIONS_TOTAL, (double)rule->evaluations,
                        BW_LABEL_VALUES(rule->rule->name));
        bw_measures_add(out, BW_METRIC_ALERT_RULE_FAILURES_TOTAL, (double)rule->failures,
                        BW_LABEL_VALUES(rule->rule->name));
    }
}
