// SPDX-License-Identifier: GPL-3.0-or-later
#include "alert/engine.h"

#include "alert/table.h"
#include "base/mem.h"
#include "base/units.h"
#include "model/labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct bw_alert_engine {
    struct bw_alert_table table;
    size_t max;
    uint64_t overflow;
    bw_alert_suppress_fn *suppress;
    void *suppress_ctx;
    bw_alert_hold_fn *hold;
    void *hold_ctx;
};

/* What one feed passes down. */
struct feed {
    struct bw_alert_engine *engine;
    const struct bw_alert_rule *rule;
    struct bw_alert_group *group;
    int64_t now_ms;
    struct bw_arena *arena;
    struct bw_alert_intents *out;
};

/* What is known of one alert's series now. */
struct evidence {
    enum bw_level raw; /* the highest level that holds */
    bool recovered;
    double value; /* NaN: no data */
};

struct bw_alert_engine *bw_alert_engine_new(size_t max, bw_alert_suppress_fn *suppress, void *ctx)
{
    struct bw_alert_engine *engine = bw_alloc(sizeof *engine);
    *engine = (struct bw_alert_engine){ .max = max, .suppress = suppress, .suppress_ctx = ctx };
    return engine;
}

void bw_alert_engine_free(struct bw_alert_engine *engine)
{
    if (engine == NULL)
        return;
    bw_alert_table_clear(&engine->table);
    free(engine);
}

void bw_alert_engine_hold(struct bw_alert_engine *engine, bw_alert_hold_fn *hold, void *ctx)
{
    engine->hold = hold;
    engine->hold_ctx = ctx;
}

static const char *condition_text(const struct feed *f, const struct bw_condition *condition)
{
    char text[BW_CONDITION_TEXT_MAX];
    bw_condition_format(text, condition);
    return bw_arena_strdup(f->arena, text);
}

/* "0.95 > 0.9"; of an equality the number alone: "0 == 0" says nothing. */
static const char *finding(const struct feed *f, double value, const struct bw_condition *condition)
{
    if (condition->op == BW_COMPARE_EQ)
        return bw_arena_printf(f->arena, "%s is %.4g",
                               bw_metric_name_is_valid(f->rule->expr) ? f->rule->expr : "it",
                               value);
    return bw_arena_printf(f->arena, "%.4g %s", value, condition_text(f, condition));
}

static const char *rise_cause(const struct feed *f, const struct evidence *ev, enum bw_level to)
{
    char held[BW_DURATION_TEXT_MAX];
    bw_format_duration_short(held, f->rule->for_ms * BW_MS);
    const char *joint = f->rule->for_ms > 0 ? " for " : "";
    const char *tail = f->rule->for_ms > 0 ? held : "";
    if (isnan(ev->value))
        return bw_arena_printf(f->arena, "no data%s%s", joint, tail);
    return bw_arena_printf(f->arena, "%s%s%s", finding(f, ev->value, &f->rule->level[to]), joint,
                           tail);
}

static const char *fall_cause(const struct feed *f, const struct evidence *ev, enum bw_level to)
{
    if (isnan(ev->value))
        return "no data";
    if (to != BW_LEVEL_NONE && ev->raw == to)
        return finding(f, ev->value, &f->rule->level[to]);
    const struct bw_condition *lowest = &f->rule->level[bw_alert_rule_lowest(f->rule)];
    if (!f->rule->has_recover && lowest->op == BW_COMPARE_EQ)
        return bw_arena_printf(f->arena, "%s, no longer %.4g", finding(f, ev->value, lowest),
                               lowest->threshold);
    if (!f->rule->has_recover)
        return bw_arena_printf(f->arena, "%.4g is not %s", ev->value, condition_text(f, lowest));
    return bw_arena_printf(f->arena, to == BW_LEVEL_NONE ? "%.4g %s" : "%.4g is not yet %s",
                           ev->value, condition_text(f, &f->rule->recover));
}

/* Room for one more at the end; arenas do not grow things, so a full list moves. */
static struct bw_alert_intent *add_intent(struct bw_arena *arena, struct bw_alert_intents *out)
{
    if (out->count == out->cap) {
        const size_t cap = out->cap > 0 ? 2 * out->cap : 8;
        struct bw_alert_intent *items = bw_arena_array(arena, cap, sizeof *items);
        if (out->count > 0)
            memcpy(items, out->items, out->count * sizeof *items);
        out->items = items;
        out->cap = cap;
    }
    return &out->items[out->count++];
}

/* Puts the alert on another level and says so. */
static void move(const struct feed *f, struct bw_alert *alert, enum bw_level to, double value,
                 const char *cause)
{
    if (alert->level == BW_LEVEL_NONE)
        alert->active_since_ms = f->now_ms;
    *add_intent(f->arena, f->out) = (struct bw_alert_intent){
        .rule = bw_arena_strdup(f->arena, f->group->rule),
        .labels = bw_arena_strdup(f->arena, alert->labels),
        .from = alert->level,
        .to = to,
        .value = value,
        .active_since_ms = alert->active_since_ms,
        .ts_ms = f->now_ms,
        .cause = cause,
    };
    alert->level = to;
    alert->level_since_ms = f->now_ms;
    alert->last_true_ms = f->now_ms;
    alert->pending = BW_LEVEL_NONE;
}

static bool may_rise(const struct feed *f, const struct bw_alert *alert)
{
    const struct bw_alert_engine *e = f->engine;
    return e->suppress == NULL
           || !e->suppress(e->suppress_ctx, alert->labels, alert->service,
                           alert->level == BW_LEVEL_NONE);
}

/* Evidence for a higher level: waits, then takes the lowest level that held all along. Where
 * more than that holds, the wait for it begins anew. */
static void rise(const struct feed *f, struct bw_alert *alert, const struct evidence *ev)
{
    alert->last_true_ms = f->now_ms;
    if (alert->pending == BW_LEVEL_NONE) {
        alert->pending = ev->raw;
        alert->pending_since_ms = f->now_ms;
    } else if (ev->raw < alert->pending || f->rule->for_ms == 0) {
        alert->pending = ev->raw;
    }
    if (f->now_ms - alert->pending_since_ms < f->rule->for_ms || !may_rise(f, alert))
        return;
    const enum bw_level to = alert->pending;
    move(f, alert, to, ev->value, rise_cause(f, ev, to));
    if (ev->raw > to) {
        alert->pending = ev->raw;
        alert->pending_since_ms = f->now_ms;
    }
}

static enum bw_level lower_of(enum bw_level a, enum bw_level b)
{
    return a < b ? a : b;
}

static void judge(const struct feed *f, struct bw_alert *alert, const struct evidence *ev)
{
    enum bw_level target = ev->raw;
    if (!ev->recovered && target == BW_LEVEL_NONE)
        target = lower_of(bw_alert_rule_lowest(f->rule), alert->level);
    if (target > alert->level) {
        rise(f, alert, ev);
        return;
    }
    alert->pending = BW_LEVEL_NONE;
    if (target == alert->level)
        alert->last_true_ms = f->now_ms;
    else if (f->now_ms - alert->last_true_ms >= f->rule->keep_firing_for_ms)
        move(f, alert, target, ev->value, fall_cause(f, ev, target));
}

/* Without data and without an opinion: stays as it is, but not for ever. */
static void wait_for_data(const struct feed *f, struct bw_alert *alert, bool keep_pending)
{
    if (!keep_pending)
        alert->pending = BW_LEVEL_NONE;
    const int64_t keep_ms = f->rule->keep_firing_for_ms > BW_ALERT_UNKNOWN_MAX_MS
                                ? f->rule->keep_firing_for_ms
                                : BW_ALERT_UNKNOWN_MAX_MS;
    if (f->now_ms - alert->last_true_ms < keep_ms)
        return;
    alert->pending = BW_LEVEL_NONE;
    if (alert->level != BW_LEVEL_NONE)
        move(f, alert, BW_LEVEL_NONE, NAN, "no data for a long time");
}

static bool in_grace(const struct feed *f, struct bw_alert *alert)
{
    if (!alert->restored)
        return false;
    if (alert->grace_until_ms == 0)
        alert->grace_until_ms = f->now_ms + BW_ALERT_GRACE_MS;
    alert->restored = f->now_ms < alert->grace_until_ms;
    return alert->restored;
}

/* `others`: the feed had data, so that an alert without labels no longer stands for "no
 * series at all". */
static void judge_missing(const struct feed *f, struct bw_alert *alert, bool others)
{
    const struct evidence gone = { .raw = BW_LEVEL_NONE, .recovered = true, .value = NAN };
    const struct evidence fire = { .raw = bw_alert_rule_highest(f->rule), .value = NAN };
    const bool stood_in = others && alert->labels[0] == '\0';
    alert->missing = true;
    alert->value = NAN;
    if (stood_in)
        alert->restored = false;
    if (in_grace(f, alert))
        wait_for_data(f, alert, true);
    else if (f->rule->no_data == BW_NO_DATA_OK || (f->rule->no_data == BW_NO_DATA_FIRE && stood_in))
        judge(f, alert, &gone);
    else if (f->rule->no_data == BW_NO_DATA_FIRE)
        judge(f, alert, &fire);
    else
        wait_for_data(f, alert, false);
}

/* An alert that is neither firing nor pending is only worth its memory where its absence would
 * be news. */
static void drop_if_idle(const struct feed *f, struct bw_alert *alert)
{
    const bool idle = alert->level == BW_LEVEL_NONE && alert->pending == BW_LEVEL_NONE;
    const bool expected =
        f->rule->no_data == BW_NO_DATA_FIRE && (alert->labels[0] != '\0' || alert->restored);
    if (idle && !expected)
        bw_alert_table_remove(&f->engine->table, f->group, alert);
}

static struct bw_alert *add_alert(const struct feed *f, const char *labels)
{
    if (f->engine->table.count >= f->engine->max) {
        f->engine->overflow++;
        return NULL;
    }
    return bw_alert_table_add(&f->engine->table, f->group, labels);
}

static bool is_held(const struct feed *f, const char *labels)
{
    return f->engine->hold != NULL && f->engine->hold(f->engine->hold_ctx, labels);
}

/* What it has shown so far counts as shown until now. */
static void stand_still(const struct feed *f, struct bw_alert *alert)
{
    alert->fed = f->group->feeds;
    alert->pending = BW_LEVEL_NONE;
    alert->last_true_ms = f->now_ms;
    drop_if_idle(f, alert);
}

static void feed_entry(const struct feed *f, const struct bw_expr_entry *entry)
{

    const struct evidence ev = { .raw = bw_alert_rule_level(f->rule, entry->value),
                                 .recovered = bw_alert_rule_is_recovered(f->rule, entry->value),
                                 .value = entry->value };
    struct bw_alert *alert = bw_alert_table_find(f->group, entry->labels);
    if (alert == NULL) {
        if ((ev.raw == BW_LEVEL_NONE && f->rule->no_data != BW_NO_DATA_FIRE)
            || is_held(f, entry->labels))
            return;
        alert = add_alert(f, entry->labels);
        if (alert == NULL)
            return;
    } else if (alert->fed == f->group->feeds || is_held(f, entry->labels)) {
        return;
    }
    alert->fed = f->group->feeds;
    alert->missing = alert->restored = false;
    alert->value = entry->value;
    judge(f, alert, &ev);
    drop_if_idle(f, alert);
}

static void feed_missing(const struct feed *f, bool others)
{
    if (f->rule->no_data == BW_NO_DATA_FIRE && !others && f->group->alerts == NULL
        && !is_held(f, "")) {
        struct bw_alert *stand_in = add_alert(f, "");
        if (stand_in != NULL)
            stand_in->restored = true; /* grace for a daemon that has only begun */
    }
    struct bw_alert *next = NULL;
    for (struct bw_alert *alert = f->group->alerts; alert != NULL; alert = next) {
        next = bw_alert_table_next(alert);
        if (alert->fed == f->group->feeds)
            continue;
        if (is_held(f, alert->labels)) {
            stand_still(f, alert);
            continue;
        }
        judge_missing(f, alert, others);
        drop_if_idle(f, alert);
    }
}

void bw_alert_engine_feed(struct bw_alert_engine *engine, const struct bw_alert_rule *rule,
                          const struct bw_expr_entry *entries, size_t count, int64_t now_ms,
                          struct bw_arena *arena, struct bw_alert_intents *out)
{
    const struct feed f = { .engine = engine,
                            .rule = rule,
                            .group = bw_alert_table_group(&engine->table, rule->name),
                            .now_ms = now_ms,
                            .arena = arena,
                            .out = out };
    bool others = false;
    f.group->feeds++;
    for (size_t i = 0; i < count; i++) {
        if (isnan(entries[i].value))
            continue;
        others = true;
        feed_entry(&f, &entries[i]);
    }
    feed_missing(&f, others);
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

void bw_alert_engine_keep_rules(struct bw_alert_engine *engine, const char *const *names,
                                size_t count, int64_t now_ms, struct bw_arena *arena,
                                struct bw_alert_intents *out)
{
    struct bw_alert_group *next = NULL;
    for (struct bw_alert_group *g = engine->table.groups; g != NULL; g = next) {
        next = bw_alert_table_next_group(g);
        if (is_among(g->rule, names, count))
            continue;
        const struct feed f = {
            .engine = engine, .group = g, .now_ms = now_ms, .arena = arena, .out = out
        };
        for (struct bw_alert *a = g->alerts; a != NULL; a = bw_alert_table_next(a))
            if (a->level != BW_LEVEL_NONE)
                move(&f, a, BW_LEVEL_NONE, NAN, "the rule was removed");
        bw_alert_table_drop_group(&engine->table, g);
    }
}

bool bw_alert_engine_restore(struct bw_alert_engine *engine, const struct bw_alert_state *s)
{
    if (s->level >= BW_LEVEL_COUNT || s->pending >= BW_LEVEL_COUNT)
        return false;
    struct bw_alert_group *group = bw_alert_table_group(&engine->table, s->rule);
    if (bw_alert_table_find(group, s->labels) != NULL)
        return false;
    if (engine->table.count >= engine->max) {
        engine->overflow++;
        return false;
    }
    struct bw_alert *alert = bw_alert_table_add(&engine->table, group, s->labels);
    alert->level = s->level;
    alert->pending = s->pending > s->level ? s->pending : BW_LEVEL_NONE;
    alert->pending_since_ms = s->pending_since_ms;
    alert->active_since_ms = s->active_since_ms;
    alert->level_since_ms = s->level_since_ms;
    alert->last_true_ms = s->last_true_ms;
    alert->value = s->value;
    alert->restored = true;
    return true;
}

void bw_alert_engine_each(const struct bw_alert_engine *engine, bw_alert_each_fn *fn, void *ctx)
{
    for (struct bw_alert_group *g = engine->table.groups; g != NULL;
         g = bw_alert_table_next_group(g)) {
        for (struct bw_alert *a = g->alerts; a != NULL; a = bw_alert_table_next(a)) {
            const struct bw_alert_state state = {
                .rule = g->rule,
                .labels = a->labels,
                .level = a->level,
                .pending = a->pending,
                .pending_since_ms = a->pending_since_ms,
                .active_since_ms = a->active_since_ms,
                .level_since_ms = a->level_since_ms,
                .last_true_ms = a->last_true_ms,
                .value = a->value,
            };
            fn(ctx, &state, a->missing);
        }
    }
}

size_t bw_alert_engine_count(const struct bw_alert_engine *engine)
{
    return engine->table.count;
}

uint64_t bw_alert_engine_overflow(const struct bw_alert_engine *engine)
{
    return engine->overflow;
}
