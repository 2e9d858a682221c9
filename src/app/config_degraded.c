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

static enum bw_rc find_label(const struct bw_family *family, const struct bw_matcher *matcher,
                             struct bw_degraded_label *out, struct bw_err *err)
{
    if (matcher->op != BW_MATCH_EQUAL && matcher->op != BW_MATCH_NOT_EQUAL)
        return bw_fail(err, BW_EINVAL, "labels are compared with = and != here");
    for (size_t i = 0; i < family->label_count; i++) {
        if (strcmp(family->labels[i], matcher->name) != 0)
            continue;
        *out = (struct bw_degraded_label){ i, matcher->op == BW_MATCH_EQUAL, matcher->value };
        return BW_OK;
    }
    return bw_fail(err, BW_EINVAL, "%s has no label '%.64s'", family->name, matcher->name);
}

/* The labels of "name{a="b"}", whose name is a metric of the kind. */
static enum bw_rc take_labels(struct bw_arena *arena, const struct bw_selector *selector,
                              struct bw_degraded_rule *out, struct bw_err *err)
{
    struct bw_degraded_label *labels = bw_arena_array(arena, selector->count, sizeof *labels);
    const struct bw_family *family = bw_family_row(out->family);
    enum bw_rc rc = BW_OK;
    out->labels = labels;
    for (size_t i = 0; i < selector->count && rc == BW_OK; i++) {
        if (strcmp(selector->matchers[i].name, "__name__") != 0)
            rc = find_label(family, &selector->matchers[i], &labels[out->label_count++], err);
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

/* A metric of the kind, by its name or its word, with labels or without. */
static enum bw_rc find_metric(struct bw_arena *arena, const struct bw_config_check *check,
                              const char *name, struct bw_degraded_rule *out, struct bw_err *err)
{
    struct bw_selector selector;
    const size_t kind = bw_kind_of(check->ops), len = strcspn(name, "{");
    const char *metric = bw_arena_strndup(arena, name, len);
    const bool found =
        bw_kind_word(kind, metric, &out->family)
        || (bw_family_by_name(metric, &out->family) && bw_kind_tells_family(kind, out->family));
    if (!found)
        return fail_with_names(check, name, err);
    out->subject = BW_DEGRADED_MEASURE;
    if (name[len] == '\0')
        return BW_OK;
    const enum bw_rc rc = bw_selector_parse(arena, name, &selector, err);
    return rc == BW_OK ? take_labels(arena, &selector, out, err) : rc;
}

/* Times are written as such, but for those of the clock. */
static enum bw_unit unit_of(const struct bw_degraded_rule *rule)
{
    if (rule->subject == BW_DEGRADED_ATTEMPTS)
        return BW_UNIT_NUMBER;
    if (rule->subject != BW_DEGRADED_MEASURE)
        return BW_UNIT_SECONDS;
    const struct bw_family *family = bw_family_row(rule->family);
    if (bw_text_ends_with(family->name, "_timestamp_seconds"))
        return BW_UNIT_NUMBER;
    if (strcmp(family->unit, "seconds") == 0)
        return BW_UNIT_SECONDS;
    return strcmp(family->unit, "ratio") == 0 ? BW_UNIT_RATIO : BW_UNIT_ANY;
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
