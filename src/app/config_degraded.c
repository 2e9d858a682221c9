// SPDX-License-Identifier: GPL-3.0-or-later
/* degraded_when: conditions on what runs of the check's kind measure. */
#include "app/config_resolve.h"
#include "base/text.h"
#include "probe/tells.h"

#include <string.h>

enum { MESSAGE_BYTES_MAX = 1024 };

static bool is_phase(const char *name, enum bw_probe_phase *out)
{
    for (enum bw_probe_phase phase = 0; phase < BW_PHASE_COUNT; phase++) {
        if (strcmp(name, bw_probe_phase_name(phase)) == 0) {
            *out = phase;
            return true;
        }
    }
    return false;
}

static bool sees_certificates(size_t kind)
{
    return bw_kind_tells_family(kind, BW_METRIC_PROBE_SSL_EARLIEST_CERT_EXPIRY);
}

/* What has a word of its own, whatever is measured; false when the kind has it not. */
static bool find_word(size_t kind, const char *name, struct bw_degraded_rule *out)
{
    if (strcmp(name, "duration") == 0)
        out->subject = BW_DEGRADED_DURATION;
    else if (strcmp(name, "attempts") == 0 && kind != BW_KIND_PUSH)
        out->subject = BW_DEGRADED_ATTEMPTS;
    else if (strcmp(name, "certificate_expires_in") == 0 && sees_certificates(kind))
        out->subject = BW_DEGRADED_CERTIFICATE;
    else if (is_phase(name, &out->phase) && bw_kind_tells_phase(kind, out->phase))
        out->subject = BW_DEGRADED_PHASE;
    else
        return false;
    return true;
}

static bool has_label(const struct bw_family *family, const char *name)
{
    for (size_t i = 0; i < family->label_count; i++) {
        if (strcmp(family->labels[i], name) == 0)
            return true;
    }
    return false;
}

/* `family` NULL: nobody knows its labels yet. */
static enum bw_rc take_label(const struct bw_family *family, const struct bw_matcher *matcher,
                             struct bw_degraded_label *out, struct bw_err *err)
{
    if (matcher->op != BW_MATCH_EQUAL && matcher->op != BW_MATCH_NOT_EQUAL)
        return bw_fail(err, BW_EINVAL, "labels are compared with = and != here");
    if (family != NULL && !has_label(family, matcher->name))
        return bw_fail(err, BW_EINVAL, "%s has no label '%.64s'", family->name, matcher->name);
    *out =
        (struct bw_degraded_label){ matcher->name, matcher->op == BW_MATCH_EQUAL, matcher->value };
    return BW_OK;
}

/* The labels of "name{a="b"}", whose name is a metric of the kind. */
static enum bw_rc take_labels(struct bw_arena *arena, const struct bw_selector *selector,
                              const struct bw_family *family, struct bw_degraded_rule *out,
                              struct bw_err *err)
{
    struct bw_degraded_label *labels = bw_arena_array(arena, selector->count, sizeof *labels);
    enum bw_rc rc = BW_OK;
    out->labels = labels;
    for (size_t i = 0; i < selector->count && rc == BW_OK; i++) {
        if (strcmp(selector->matchers[i].name, "__name__") != 0)
            rc = take_label(family, &selector->matchers[i], &labels[out->label_count++], err);
    }
    return rc;
}

static enum bw_rc fail_with_names(const struct bw_config_check *check, const char *name,
                                  struct bw_err *err)
{
    const size_t kind = bw_kind_of(check->ops);
    struct bw_buf known;
    bw_buf_init(&known, MESSAGE_BYTES_MAX);
    bw_kind_words(kind, &known);
    const enum bw_rc rc =
        bw_fail(err, BW_EINVAL, "%s has no '%.64s': expected %s or a metric of the kind",
                check->kind, name, known.data);
    bw_buf_fini(&known);
    return rc;
}

/* The declared family of a metric of the kind, by its name or its word; NULL: there is none. */
static const struct bw_family *find_family(size_t kind, const char *metric)
{
    enum bw_family_id id;
    const bool found = bw_kind_word(kind, metric, &id)
                       || (bw_family_by_name(metric, &id) && bw_kind_tells_family(kind, id));
    return found && id < BW_METRIC_COUNT ? bw_family_row(id) : NULL;
}

/* Metrics whose names or labels somebody chose: those that a command writes, and what a dialogue
 * was configured to keep. Options that were not read leave it open. */
static bool may_choose(const struct bw_config_check *check, const char *metric)
{
    const struct bw_probe_module *options = check->options;
    const size_t kind = bw_kind_of(check->ops);
    enum bw_family_id id;
    if (!bw_kind_tells_family(kind, BW_METRIC_COUNT))
        return false;
    if (kind != BW_PROBER_EXEC)
        return strcmp(metric, "probe_expect_info") == 0;
    return (options == NULL || options->exec.format == BW_EXEC_PROMETHEUS)
           && bw_metric_name_is_valid(metric) && !bw_text_starts_with(metric, "probe_")
           && !bw_text_starts_with(metric, "bellwether_")
           && (!bw_family_by_name(metric, &id) || id >= BW_METRIC_COUNT);
}

/* A metric of the kind, with labels or without. */
static enum bw_rc find_metric(struct bw_arena *arena, const struct bw_config_check *check,
                              const char *name, struct bw_degraded_rule *out, struct bw_err *err)
{
    struct bw_selector selector;
    const size_t len = strcspn(name, "{");
    const char *metric = bw_arena_strndup(arena, name, len);
    const struct bw_family *family = find_family(bw_kind_of(check->ops), metric);
    if (family == NULL && !may_choose(check, metric))
        return fail_with_names(check, name, err);
    out->subject = BW_DEGRADED_MEASURE;
    out->metric = family != NULL ? family->name : metric;
    if (name[len] == '\0')
        return BW_OK;
    const enum bw_rc rc = bw_selector_parse(arena, name, &selector, err);
    return rc == BW_OK ? take_labels(arena, &selector, family, out, err) : rc;
}

/* Times are written as such, but for those of the clock. */
static enum bw_unit unit_of(const struct bw_degraded_rule *rule)
{
    if (rule->subject == BW_DEGRADED_ATTEMPTS)
        return BW_UNIT_NUMBER;
    if (rule->subject != BW_DEGRADED_MEASURE)
        return BW_UNIT_SECONDS;
    if (bw_text_ends_with(rule->metric, "_timestamp_seconds"))
        return BW_UNIT_NUMBER;
    if (bw_text_ends_with(rule->metric, "_seconds"))
        return BW_UNIT_SECONDS;
    return bw_text_ends_with(rule->metric, "_ratio") ? BW_UNIT_RATIO : BW_UNIT_ANY;
}

static enum bw_rc resolve_rule(struct bw_arena *arena, const struct bw_config_check *check,
                               const struct bw_pair *pair, struct bw_degraded_rule *out,
                               struct bw_err *err)
{
    out->name = pair->name;
    const enum bw_rc rc = find_word(bw_kind_of(check->ops), pair->name, out)
                              ? BW_OK
                              : find_metric(arena, check, pair->name, out, err);
    return rc == BW_OK ? bw_condition_parse(pair->value, unit_of(out), &out->condition, err) : rc;
}

void bw_config_resolve_degraded(struct bw_config_resolving *r,
                                const struct bw_check_settings *check, const struct bw_node *node,
                                const char *path, struct bw_config_check *out)
{
    struct bw_arena *arena = r->loading->arena;
    const struct bw_pairs *pairs = &check->degraded_when;
    const struct bw_node *map = bw_node_find(node, "degraded_when");
    path = bw_conf_path_key(arena, path, "degraded_when");
    struct bw_degraded_rule *rules = bw_arena_array(arena, pairs->count, sizeof *rules);
    for (size_t i = 0; i < pairs->count; i++) {
        const struct bw_pair *pair = &pairs->items[i];
        struct bw_err err;
        if (resolve_rule(arena, out, pair, &rules[i], &err) != BW_OK)
            bw_config_problem(r, bw_node_find(map, pair->name),
                              bw_conf_path_key(arena, path, pair->name), err.text);
    }
    out->degraded = rules;
    out->degraded_count = pairs->count;
}
