// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/alerting.h"

#include "alert/engine.h"
#include "app/log.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "expr/expression.h"
#include "model/picker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A value that nobody has refreshed for so long is no value. */
enum { STALE_MS = 5 * 60 * 1000 };

/* Of the labels of a series: there may be ten thousand to write at a time. */
enum { TEXT_BYTES_USUAL = 240 };

struct rule {
    const struct bw_alert_rule *rule;
    struct bw_expr *expr;
    struct bw_picker **pickers; /* by selector of expr */
    uint64_t evaluations, failures;
    bool failing;
};

/* What others see of one alert. */
struct shown {
    char *rule, *labels, *cause;
    struct bw_alert_state state; /* its texts are the above */
    bool unknown;
    bool seen; /* in this round */
    struct bw_publication *publication;
};

struct bw_alerting {
    struct bw_core *core;
    struct bw_timer *timer;
    struct bw_alert_engine *engine;
    struct bw_roster *roster;
    bool any_veiled; /* there is something that nobody can see just now */
    bool touched;    /* the rule that is evaluated has looked at something that is veiled */
    struct rule *rules;
    size_t rule_count;
    struct shown *shown;
    size_t shown_count, shown_cap;
};

static void on_timer(void *ctx);

static bool is_maintained(const struct bw_alerting *alerting, const char *labels);

/* What it needs is down, or it is in maintenance. */
static bool is_suppressed(void *ctx, const char *labels, const char *service, bool begins)
{
    const struct bw_alerting *alerting = ctx;
    if (alerting->roster == NULL)
        return false;
    return (begins && bw_roster_parent_down(alerting->roster, service) != NULL)
           || is_maintained(alerting, labels);
}

struct bw_alerting *bw_alerting_new(struct bw_core *core)
{
    struct bw_alerting *alerting = bw_alloc(sizeof *alerting);
    alerting->core = core;
    alerting->timer = bw_timer_new(core->loop, on_timer, alerting);
    alerting->engine = bw_alert_engine_new(BW_ALERTS_MAX, is_suppressed, alerting);
    return alerting;
}

/* ---- rules ----------------------------------------------------------------------------- */

static void free_rules(struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; rules[i].pickers != NULL && k < bw_expr_selector_count(rules[i].expr);
             k++)
            bw_picker_free(rules[i].pickers[k]);
        free(rules[i].pickers);
        bw_expr_free(rules[i].expr);
    }
    free(rules);
}

/* A name that nobody knows yet may come from outside, unless only we could give it. */
static bool may_come(const char *metric)
{
    return !bw_text_starts_with(metric, "bellwether_") && !bw_text_starts_with(metric, "probe_");
}

static enum bw_rc make_picker(const char *text, bool guests, struct bw_picker **out,
                              struct bw_err *err)
{
    enum bw_family_id family;
    const enum bw_rc rc = bw_picker_parse(text, out, err);
    if (rc != BW_OK)
        return rc;
    const char *metric = bw_picker_metric(*out);
    if (metric == NULL)
        return bw_fail(err, BW_EINVAL, "'%s' does not name a metric", text);
    if (!bw_family_by_name(metric, &family) && !(guests && may_come(metric)))
        return bw_fail(err, BW_EINVAL, "there is no metric '%s'", metric);
    return BW_OK;
}

static enum bw_rc make_rule(const struct bw_alert_rule *rule, bool guests, struct rule *out,
                            struct bw_err *err)
{
    out->rule = rule;
    enum bw_rc rc = bw_expr_parse(rule->expr, &out->expr, err);
    const size_t count = rc == BW_OK ? bw_expr_selector_count(out->expr) : 0;
    if (rc == BW_OK)
        out->pickers = bw_alloc_array(count + 1, sizeof(struct bw_picker *));
    for (size_t i = 0; rc == BW_OK && i < count; i++)
        rc = make_picker(bw_expr_selector(out->expr, i), guests, &out->pickers[i], err);
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

/* ---- what others see ------------------------------------------------------------------- */

static void free_shown(struct shown *shown)
{
    bw_publication_free(shown->publication);
    free(shown->rule);
    free(shown->labels);
    free(shown->cause);
}

void bw_alerting_free(struct bw_alerting *alerting)
{
    if (alerting == NULL)
        return;
    for (size_t i = 0; i < alerting->shown_count; i++)
        free_shown(&alerting->shown[i]);
    free(alerting->shown);
    free_rules(alerting->rules, alerting->rule_count);
    bw_timer_free(alerting->timer);
    bw_alert_engine_free(alerting->engine);
    free(alerting);
}

static struct shown *find_shown(const struct bw_alerting *alerting, const char *rule,
                                const char *labels)
{
    for (size_t i = 0; i < alerting->shown_count; i++) {
        struct shown *shown = &alerting->shown[i];
        if (strcmp(shown->rule, rule) == 0 && strcmp(shown->labels, labels) == 0)
            return shown;
    }
    return NULL;
}

static struct shown *shown_for(struct bw_alerting *alerting, const char *rule, const char *labels)
{
    struct shown *shown = find_shown(alerting, rule, labels);
    if (shown != NULL)
        return shown;
    alerting->shown = bw_grow(alerting->shown, &alerting->shown_cap, alerting->shown_count + 1,
                              sizeof *alerting->shown);
    shown = &alerting->shown[alerting->shown_count++];
    *shown = (struct shown){ .rule = bw_strdup(rule),
                             .labels = bw_strdup(labels),
                             .cause = bw_strdup("") };
    return shown;
}

/* The labels of an alert's text, as a publication wants them. The text is ours: it parses. */
static size_t labels_of_text(struct bw_arena *arena, const char *text, struct bw_metric_label *out)
{
    struct bw_selector selector;
    if (text[0] == '\0' || bw_selector_parse(arena, text, &selector, NULL) != BW_OK)
        return 0;
    for (size_t i = 0; i < selector.count; i++)
        out[i] = (struct bw_metric_label){ selector.matchers[i].name, selector.matchers[i].value };
    return selector.count;
}

static const char *label_in(const struct bw_metric_label *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(labels[i].name, name) == 0)
            return labels[i].value;
    }
    return "";
}

static struct bw_subject subject_of(struct bw_arena *arena, const char *labels_text)
{
    struct bw_metric_label labels[BW_LABELS_MAX];
    const size_t count = labels_of_text(arena, labels_text, labels);
    return (struct bw_subject){ label_in(labels, count, "service"),
                                label_in(labels, count, "instance"),
                                label_in(labels, count, "check") };
}

static bool is_maintained(const struct bw_alerting *alerting, const char *labels)
{
    struct bw_arena arena = { 0 };
    const struct bw_subject subject = subject_of(&arena, labels);
    const bool maintained = bw_roster_subject_maintenance(alerting->roster, &subject) != NULL;
    bw_arena_fini(&arena);
    return maintained;
}

/* The user's labels of what an alert is about: its check, else its service. */
static struct bw_labels labels_of_user(const struct bw_alerting *alerting,
                                       const struct bw_subject *subject)
{
    const struct bw_roster *roster = alerting->roster;
    const struct bw_roster_check *check = roster != NULL ? bw_roster_check(roster, subject) : NULL;
    const struct bw_roster_service *service =
        roster != NULL ? bw_roster_service(roster, subject->service) : NULL;
    if (check != NULL)
        return check->spec.labels;
    return service != NULL ? service->labels : (struct bw_labels){ 0 };
}

/* Its own labels, which are its identity, and those of the user that do not have their names. */
static struct bw_publication *publication_of(const struct bw_alerting *alerting, const char *text)
{
    struct bw_arena arena = { 0 };
    struct bw_metric_label labels[2 * BW_LABELS_MAX];
    size_t count = labels_of_text(&arena, text, labels);
    const size_t own = count;
    const struct bw_subject subject = subject_of(&arena, text);
    const struct bw_labels user = labels_of_user(alerting, &subject);
    for (size_t i = 0; i < user.count && i < BW_LABELS_MAX; i++) {
        if (label_in(labels, own, user.items[i].name)[0] == '\0')
            labels[count++] = (struct bw_metric_label){ user.items[i].name, user.items[i].value };
    }
    struct bw_publication *publication =
        bw_publication_new(alerting->core->publisher, labels, count, "exported_");
    bw_arena_fini(&arena);
    return publication;
}

static void publish(struct bw_alerting *alerting, struct shown *shown)
{
    if (shown->publication == NULL)
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc) it does not see who has moved up
        shown->publication = publication_of(alerting, shown->labels);
    struct bw_measures *measures = bw_publication_begin(shown->publication);
    if (shown->state.level != BW_LEVEL_NONE) {
        bw_measures_add(measures, BW_METRIC_ALERT_ACTIVE, 1,
                        BW_LABEL_VALUES(shown->rule, bw_level_name(shown->state.level)));
        bw_measures_add(measures, BW_METRIC_ALERT_SINCE_TIMESTAMP_SECONDS,
                        (double)shown->state.active_since_ms / 1000, BW_LABEL_VALUES(shown->rule));
    }
    bw_publication_commit(shown->publication);
}

static bool is_same_standing(const struct bw_alert_state *a, const struct bw_alert_state *b)
{
    return a->level == b->level && a->pending == b->pending
           && a->pending_since_ms == b->pending_since_ms && a->active_since_ms == b->active_since_ms
           && a->level_since_ms == b->level_since_ms;
}

static void save(struct bw_core *core, const struct bw_alert_state *state)
{
    if (core->store != NULL)
        bw_store_put_alert_state(core->store, state);
}

static void note_alert(void *ctx, const struct bw_alert_state *state, bool unknown)
{
    struct bw_alerting *alerting = ctx;
    struct shown *shown = shown_for(alerting, state->rule, state->labels);
    const bool changed = !is_same_standing(&shown->state, state);
    shown->state = *state;
    shown->state.rule = shown->rule;
    shown->state.labels = shown->labels;
    shown->unknown = unknown;
    shown->seen = true;
    if (!changed)
        return;
    save(alerting->core, &shown->state);
    publish(alerting, shown);
    bw_core_view_changed(alerting->core);
}

/* An alert that the engine has let go: forgotten by the store too. */
static void forget_unseen(struct bw_alerting *alerting)
{
    size_t kept = 0;
    for (size_t i = 0; i < alerting->shown_count; i++) {
        struct shown *shown = &alerting->shown[i];
        if (!shown->seen) {
            save(alerting->core,
                 &(struct bw_alert_state){ .rule = shown->rule, .labels = shown->labels });
            free_shown(shown);
            bw_core_view_changed(alerting->core);
            continue;
        }
        shown->seen = false;
        alerting->shown[kept++] = *shown;
    }
    alerting->shown_count = kept;
}

static const char *expr_of(const struct bw_alerting *alerting, const char *name)
{
    for (size_t i = 0; i < alerting->rule_count; i++) {
        if (strcmp(alerting->rules[i].rule->name, name) == 0)
            return alerting->rules[i].rule->expr;
    }
    return "";
}

/* A rule about a check's status says "1 == 1"; what people want to read is why the check has
 * that status. Other rules speak for themselves. */
static const char *cause_of(const struct bw_alerting *alerting,
                            const struct bw_alert_intent *intent, const struct bw_subject *subject)
{
    if (intent->to == BW_LEVEL_NONE || alerting->roster == NULL
        || strstr(expr_of(alerting, intent->rule), "bellwether_health_status") == NULL)
        return intent->cause;
    const struct bw_roster_check *check = bw_roster_check(alerting->roster, subject);
    const char *cause = check != NULL ? bw_roster_cause(alerting->roster, check) : "";
    return cause[0] != '\0' ? cause : intent->cause;
}

static void tell(struct bw_alerting *alerting, const struct bw_alert_intent *intent)
{
    struct bw_arena arena = { 0 };
    const struct bw_subject subject = subject_of(&arena, intent->labels);
    const char *cause = cause_of(alerting, intent, &subject);
    bw_core_event(alerting->core, &(struct bw_event){ .ts_ms = intent->ts_ms,
                                                      .kind = BW_EVENT_ALERT,
                                                      .subject = subject,
                                                      .name = intent->rule,
                                                      .from = (int)intent->from,
                                                      .to = (int)intent->to,
                                                      .cause = cause });
    if (intent->to != BW_LEVEL_NONE) {
        struct shown *shown = shown_for(alerting, intent->rule, intent->labels);
        free(shown->cause);
        shown->cause = bw_strdup(cause);
    }
    bw_arena_fini(&arena);
}

static void take_intents(struct bw_alerting *alerting, const struct bw_alert_intents *intents)
{
    for (size_t i = 0; i < intents->count; i++)
        tell(alerting, &intents->items[i]);
}

/* ---- evaluation ------------------------------------------------------------------------ */

/* Whether a check, instance or service has something that nobody can see just now. */
static bool is_veiled(const struct bw_alerting *alerting, struct bw_labels labels)
{
    const char *const parts[] = { bw_labels_value(labels, "service"),
                                  bw_labels_value(labels, "instance"),
                                  bw_labels_value(labels, "check") };
    const struct bw_subject subject = { parts[0] != NULL ? parts[0] : "",
                                        parts[1] != NULL ? parts[1] : "",
                                        parts[2] != NULL ? parts[2] : "" };
    return bw_roster_is_veiled(alerting->roster, &subject);
}

struct picking {
    struct bw_alerting *alerting;
    struct bw_expr_vector *out;
    struct bw_arena *arena; /* of the evaluation */
};

/* {a="b"}, "" without labels. */
static const char *text_of(struct bw_arena *arena, struct bw_labels labels)
{
    struct bw_buf text;
    bw_buf_init(&text, (size_t)BW_LABELS_MAX * 2 * BW_LABEL_VALUE_BYTES_MAX);
    bw_buf_reserve(&text, TEXT_BYTES_USUAL);
    bw_series_text(&text, "", labels);
    const char *copied = bw_arena_strndup(arena, text.data, text.len);
    bw_buf_fini(&text);
    return copied;
}

static void pick(void *ctx, const struct bw_latest *latest)
{
    const struct picking *picking = ctx;
    bw_expr_vector_add(picking->out, text_of(picking->arena, latest->labels), latest->value);
    if (picking->alerting->any_veiled && !picking->alerting->touched)
        picking->alerting->touched = is_veiled(picking->alerting, latest->labels);
}

/* While something is veiled. What an expression has made of many services stands on all that it
 * looked at. */
static bool is_held(void *ctx, const char *labels)
{
    const struct bw_alerting *alerting = ctx;
    struct bw_arena arena = { 0 };
    const struct bw_subject subject = subject_of(&arena, labels);
    const bool held = subject.service[0] != '\0' ? bw_roster_is_veiled(alerting->roster, &subject)
                                                 : alerting->touched;
    bw_arena_fini(&arena);
    return held;
}

struct resolving {
    struct bw_alerting *alerting;
    const struct rule *rule;
    int64_t now_ms;
    struct bw_arena *arena;
};

/* Whether a selector, which says what it wants of service, instance and check, could mean it. */
static bool may_mean(void *ctx, const struct bw_subject *subject)
{
    const struct bw_selector *selector = ctx;
    const struct {
        const char *name, *value;
    } parts[] = { { "service", subject->service },
                  { "instance", subject->instance },
                  { "check", subject->check } };
    for (size_t i = 0; i < selector->count; i++) {
        const struct bw_matcher *matcher = &selector->matchers[i];
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            if (matcher->op == BW_MATCH_EQUAL && strcmp(matcher->name, parts[k].name) == 0
                && strcmp(matcher->value, parts[k].value) != 0)
                return false;
        }
    }
    return true;
}

/* Nothing was found: perhaps because what is meant is not watched now. */
static bool means_idle(const struct bw_alerting *alerting, const char *text, struct bw_arena *arena)
{
    struct bw_selector selector;
    return bw_selector_parse(arena, text, &selector, NULL) == BW_OK
           && bw_roster_may_be_idle(alerting->roster, may_mean, &selector);
}

static void resolve(void *ctx, size_t selector, struct bw_expr_vector *out)
{
    const struct resolving *resolving = ctx;
    struct bw_alerting *alerting = resolving->alerting;
    struct picking picking = { alerting, out, resolving->arena };
    bw_recorder_each(alerting->core->recorder, resolving->rule->pickers[selector],
                     resolving->now_ms - STALE_MS, pick, &picking);
    if (out->count == 0 && alerting->any_veiled && !alerting->touched)
        alerting->touched = means_idle(alerting, bw_expr_selector(resolving->rule->expr, selector),
                                       resolving->arena);
}

static void say_failure(struct rule *rule, enum bw_rc rc, const struct bw_err *err)
{
    rule->failures += rc != BW_OK ? 1 : 0;
    if (rc != BW_OK && !rule->failing)
        bw_logf(BW_LOG_ERROR, "alert", "rule '%s': %s", rule->rule->name, err->text);
    rule->failing = rc != BW_OK;
}

static void evaluate(struct bw_alerting *alerting, struct rule *rule, int64_t now_ms)
{
    struct bw_arena arena = { 0 };
    struct resolving resolving = { alerting, rule, now_ms, &arena };
    struct bw_expr_vector vector = { 0 };
    struct bw_alert_intents intents = { 0 };
    struct bw_err err;
    alerting->touched = false;
    const enum bw_rc rc = bw_expr_eval(rule->expr, resolve, &resolving, &vector, &err);
    rule->evaluations++;
    say_failure(rule, rc, &err);
    if (rc == BW_OK)
        bw_alert_engine_feed(alerting->engine, rule->rule, vector.entries, vector.count, now_ms,
                             &arena, &intents);
    take_intents(alerting, &intents);
    bw_expr_vector_fini(&vector);
    bw_arena_fini(&arena);
}

static void show_all(struct bw_alerting *alerting)
{
    bw_alert_engine_each(alerting->engine, note_alert, alerting);
    forget_unseen(alerting);
}

void bw_alerting_evaluate(struct bw_alerting *alerting)
{
    const int64_t now_ms = bw_core_now_ms(alerting->core);
    alerting->any_veiled = alerting->roster != NULL && bw_roster_has_veiled(alerting->roster);
    bw_alert_engine_hold(alerting->engine, alerting->any_veiled ? is_held : NULL, alerting);
    for (size_t i = 0; i < alerting->rule_count; i++)
        evaluate(alerting, &alerting->rules[i], now_ms);
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

/* The user's labels may have changed. */
static void show_labels_anew(struct bw_alerting *alerting)
{
    for (size_t i = 0; i < alerting->shown_count; i++) {
        bw_publication_free(alerting->shown[i].publication);
        alerting->shown[i].publication = NULL;
        publish(alerting, &alerting->shown[i]);
    }
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
    alerting->roster = roster;
    end_alerts_of_gone_rules(alerting);
    show_labels_anew(alerting);
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

static int worst_first(const void *a, const void *b)
{
    const struct bw_view_alert *x = a, *y = b;
    if (x->level != y->level)
        return x->level > y->level ? -1 : 1;
    const int by_rule = strcmp(x->rule, y->rule);
    return by_rule != 0 ? by_rule : strcmp(x->labels, y->labels);
}

size_t bw_alerting_view(const struct bw_alerting *alerting, struct bw_arena *arena,
                        const struct bw_view_alert **out)
{
    struct bw_view_alert *alerts = bw_arena_array(arena, alerting->shown_count + 1, sizeof *alerts);
    for (size_t i = 0; i < alerting->shown_count; i++) {
        const struct shown *shown = &alerting->shown[i];
        alerts[i] =
            (struct bw_view_alert){ .rule = bw_arena_strdup(arena, shown->rule),
                                    .labels = bw_arena_strdup(arena, shown->labels),
                                    .level = shown->state.level,
                                    .pending = shown->state.pending,
                                    .active_since_ms = shown->state.active_since_ms,
                                    .level_since_ms = shown->state.level_since_ms,
                                    .value = shown->state.value,
                                    .expr = bw_arena_strdup(arena, expr_of(alerting, shown->rule)),
                                    .cause = bw_arena_strdup(arena, shown->cause) };
    }
    qsort(alerts, alerting->shown_count, sizeof *alerts, worst_first);
    *out = alerts;
    return alerting->shown_count;
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
