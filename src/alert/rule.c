// SPDX-License-Identifier: GPL-3.0-or-later
#include "alert/rule.h"

#include <math.h>
#include <stddef.h>

#define MS_NS INT64_C(1000000)

static const struct bw_opt_name no_data_names[] = {
    { "unknown", BW_NO_DATA_UNKNOWN },
    { "fire", BW_NO_DATA_FIRE },
    { "ok", BW_NO_DATA_OK },
    { 0 },
};

static const struct bw_opt_name level_names[] = {
    { "info", BW_LEVEL_INFO },
    { "warning", BW_LEVEL_WARNING },
    { "critical", BW_LEVEL_CRITICAL },
    { 0 },
};

const char *bw_no_data_name(enum bw_no_data no_data)
{
    return no_data_names[no_data < BW_NO_DATA_COUNT ? no_data : BW_NO_DATA_UNKNOWN].name;
}

#define LEVEL_ROW(level) BW_OPT_STRING, offsetof(struct bw_alert_levels_opts, level)

static const struct bw_opt levels_options[] = {
    { "info", LEVEL_ROW(info), .help = "Condition of level info, such as \"> 0.7\"." },
    { "warning", LEVEL_ROW(warning), .help = "Condition of level warning." },
    { "critical", LEVEL_ROW(critical), .help = "Condition of level critical." },
    { 0 },
};

static const struct bw_opt_group levels_group = {
    .name = "alert_levels",
    .size = sizeof(struct bw_alert_levels_opts),
    .opts = levels_options,
    .help = "A rule has at least one level. The highest whose condition holds counts.",
};

#define ROW(type, member) BW_OPT_##type, offsetof(struct bw_alert_rule_opts, member)

static const struct bw_opt rule_options[] = {
    { "name", ROW(STRING, name), .range = "1..256", .flags = BW_OPT_REQUIRED,
      .help = "Name of the alert; unique." },
    { "expr", ROW(STRING, expr), .help = "Expression over series whose value the levels judge." },
    { "levels", ROW(GROUP, levels), .group = &levels_group, .help = "Conditions by level." },
    { "recover", ROW(STRING, recover),
      .help = "The alert ends only once this condition holds; by default as soon as no level's "
              "does." },
    { "for", ROW(DURATION, for_ns), .def = "0s",
      .help = "How long a condition must hold before the alert takes its level." },
    { "keep_firing_for", ROW(DURATION, keep_firing_for_ns), .def = "0s",
      .help = "How long the alert keeps its level after the condition was last seen to hold." },
    { "no_data", ROW(ENUM, no_data), .def = "unknown", .names = no_data_names,
      .help = "What a missing series means: unknown keeps the alert as it is, fire fires the "
              "highest level, ok ends it." },
    { "labels", ROW(MAP, labels), .help = "Labels added to the alert." },
    { "annotations", ROW(MAP, annotations), .help = "Texts added to the alert." },
    { "predict", ROW(GROUP_PTR, predict), .group = &bw_predict_group,
      .help = "Fires when a series is likely to reach a threshold." },
    { "anomaly", ROW(GROUP_PTR, anomaly), .group = &bw_anomaly_group,
      .help = "Fires when a series behaves unlike itself." },
    { "slo", ROW(STRING, slo), .help = "Fires when the error budget of this objective burns." },
    { "burn", ROW(STRING, burn), .help = "Set of burn rates for slo." },
    { "level", ROW(ENUM, level), .names = level_names, .def = "warning",
      .help = "Level of a predict or anomaly rule." },
    { 0 },
};

/* Text of each level's condition, in the order of enum bw_level. */
static const char *level_text(const struct bw_alert_rule_opts *o, enum bw_level level)
{
    const char *const texts[BW_LEVEL_COUNT] = {
        [BW_LEVEL_INFO] = o->levels.info,
        [BW_LEVEL_WARNING] = o->levels.warning,
        [BW_LEVEL_CRITICAL] = o->levels.critical,
    };
    return texts[level];
}

static enum bw_rc parse_levels(const struct bw_alert_rule_opts *o, struct bw_alert_rule *rule,
                               struct bw_err *err)
{
    bool any = false;
    for (enum bw_level level = BW_LEVEL_INFO; level < BW_LEVEL_COUNT; level++) {
        const char *text = level_text(o, level);
        if (text == NULL)
            continue;
        const enum bw_rc rc = bw_condition_parse(text, BW_UNIT_ANY, &rule->level[level], err);
        if (rc != BW_OK)
            return bw_wrap(err, rc, "levels.%s", bw_level_name(level));
        rule->has_level[level] = any = true;
    }
    if (!any)
        return bw_fail(err, BW_EINVAL, "'levels' needs at least one of info, warning, critical");
    return BW_OK;
}

/* The one level of a rule that has its own idea of what is bad, and of what is good again. */
static enum bw_rc take_level(const struct bw_alert_rule_opts *o, struct bw_alert_rule *rule,
                             struct bw_err *err)
{
    const enum bw_level level = o->level != 0 ? (enum bw_level)o->level : BW_LEVEL_WARNING;
    for (enum bw_level other = BW_LEVEL_INFO; other < BW_LEVEL_COUNT; other++)
        if (level_text(o, other) != NULL)
            return bw_fail(err, BW_EINVAL, "'levels' is for expr; '%s' has one 'level'",
                           o->predict != NULL ? "predict" : "anomaly");
    rule->has_level[level] = true;
    if (o->anomaly != NULL) {
        rule->level[level] = bw_anomaly_fires(o->anomaly);
        return BW_OK;
    }
    rule->level[level] = bw_predict_fires(o->predict);
    rule->recover = bw_predict_recovers(o->predict);
    rule->has_recover = true;
    return BW_OK;
}

static enum bw_rc parse_conditions(const struct bw_alert_rule_opts *o, struct bw_alert_rule *rule,
                                   struct bw_err *err)
{
    const enum bw_rc levels =
        o->expr == NULL ? take_level(o, rule, err) : parse_levels(o, rule, err);
    if (levels != BW_OK || o->recover == NULL)
        return levels;
    const enum bw_rc rc = bw_condition_parse(o->recover, BW_UNIT_ANY, &rule->recover, err);
    if (rc != BW_OK)
        return bw_wrap(err, rc, "recover");
    rule->has_recover = true;
    return BW_OK;
}

static int sources(const struct bw_alert_rule_opts *o)
{
    return (o->expr != NULL) + (o->predict != NULL) + (o->anomaly != NULL) + (o->slo != NULL);
}

/* A value that both ends the alert and fires it would make it blink for ever. The marks
 * themselves and their neighbours decide, as conditions are half lines (or points). */
static enum bw_rc check_recover(const struct bw_alert_rule *rule, struct bw_err *err)
{
    if (!rule->has_recover)
        return BW_OK;
    for (enum bw_level level = BW_LEVEL_INFO; level < BW_LEVEL_COUNT; level++) {
        if (!rule->has_level[level])
            continue;
        const double marks[] = { rule->level[level].threshold, rule->recover.threshold };
        for (size_t i = 0; i < 2; i++) {
            const double near[] = { nextafter(marks[i], -INFINITY), marks[i],
                                    nextafter(marks[i], INFINITY) };
            for (size_t k = 0; k < 3; k++)
                if (bw_condition_holds(&rule->recover, near[k])
                    && bw_condition_holds(&rule->level[level], near[k]))
                    return bw_fail(err, BW_EINVAL,
                                   "'recover' holds at %.6g, where level %s holds too", near[k],
                                   bw_level_name(level));
        }
    }
    return BW_OK;
}

/* Kinds of rules that nobody acts on: their owners say what else they need. */
static bool is_later(const struct bw_alert_rule_opts *o)
{
    return o->slo != NULL;
}

static enum bw_rc rule_check(const void *opts, struct bw_err *err)
{
    const struct bw_alert_rule_opts *o = opts;
    if (sources(o) != 1)
        return bw_fail(err, BW_EINVAL, "a rule needs exactly one of expr, predict, anomaly, slo");
    if (is_later(o))
        return BW_OK;
    struct bw_alert_rule rule = { 0 };
    const enum bw_rc rc = parse_conditions(o, &rule, err);
    return rc != BW_OK ? rc : check_recover(&rule, err);
}

const struct bw_opt_group bw_alert_rule_group = {
    .name = "alert_rule",
    .size = sizeof(struct bw_alert_rule_opts),
    .opts = rule_options,
    .key = "name",
    .check = rule_check,
    .help = "One rule is one alert per set of labels, with one identity that moves between "
            "levels.",
};

static void take_predict(struct bw_arena *arena, const struct bw_predict_opts *opts,
                         struct bw_alert_rule *rule)
{
    struct bw_predict_opts *own = bw_arena_alloc(arena, sizeof *own);
    *own = *opts;
    own->series = bw_arena_strdup(arena, opts->series);
    rule->kind = BW_ALERT_KIND_PREDICT;
    rule->predict = own;
    rule->expr = bw_predict_text(arena, own);
}

static void take_anomaly(struct bw_arena *arena, const struct bw_anomaly_opts *opts,
                         struct bw_alert_rule *rule)
{
    struct bw_anomaly_opts *own = bw_arena_alloc(arena, sizeof *own);
    *own = *opts;
    own->series = bw_arena_strdup(arena, opts->series);
    rule->kind = BW_ALERT_KIND_ANOMALY;
    rule->anomaly = own;
    rule->expr = bw_anomaly_text(arena, own);
}

enum bw_rc bw_alert_rule_make(struct bw_arena *arena, const struct bw_alert_rule_opts *opts,
                              struct bw_alert_rule *out, struct bw_err *err)
{
    if (is_later(opts) && sources(opts) == 1)
        return bw_fail(err, BW_EUNSUPPORTED, "rule '%s' has no expression", opts->name);
    const enum bw_rc checked = rule_check(opts, err);
    if (checked != BW_OK)
        return checked;
    struct bw_alert_rule rule = { 0 };
    const enum bw_rc rc = parse_conditions(opts, &rule, err);
    if (rc != BW_OK)
        return rc;
    rule.name = bw_arena_strdup(arena, opts->name);
    if (opts->predict != NULL)
        take_predict(arena, opts->predict, &rule);
    else if (opts->anomaly != NULL)
        take_anomaly(arena, opts->anomaly, &rule);
    else
        rule.expr = bw_arena_strdup(arena, opts->expr);
    rule.for_ms = opts->for_ns / MS_NS;
    rule.keep_firing_for_ms = opts->keep_firing_for_ns / MS_NS;
    rule.no_data = (enum bw_no_data)opts->no_data;
    *out = rule;
    return BW_OK;
}

enum bw_level bw_alert_rule_level(const struct bw_alert_rule *rule, double value)
{
    for (enum bw_level level = BW_LEVEL_CRITICAL; level > BW_LEVEL_NONE; level--)
        if (rule->has_level[level] && bw_condition_holds(&rule->level[level], value))
            return level;
    return BW_LEVEL_NONE;
}

bool bw_alert_rule_is_recovered(const struct bw_alert_rule *rule, double value)
{
    return !rule->has_recover || bw_condition_holds(&rule->recover, value);
}

enum bw_level bw_alert_rule_lowest(const struct bw_alert_rule *rule)
{
    enum bw_level level = BW_LEVEL_INFO;
    while (level < BW_LEVEL_CRITICAL && !rule->has_level[level])
        level++;
    return level;
}

enum bw_level bw_alert_rule_highest(const struct bw_alert_rule *rule)
{
    enum bw_level level = BW_LEVEL_CRITICAL;
    while (level > BW_LEVEL_INFO && !rule->has_level[level])
        level--;
    return level;
}
