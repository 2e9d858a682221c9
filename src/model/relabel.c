// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/relabel.h"

#include "base/mem.h"
#include "model/pattern.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* What one rule makes of labels may be long before it is cut down by the next. */
enum { VALUE_BYTES_MAX = 64 * 1024 };

struct rule {
    struct bw_relabel_rule as;
    struct bw_pattern *pattern;
};

struct bw_relabel {
    struct bw_arena arena;
    struct rule *rules;
    size_t count;
};

/* One rule at work. */
struct work {
    const struct rule *rule;
    struct bw_arena *arena;
    struct bw_labels *labels;
    const char *value; /* of source_labels, joined */
};

/* --- labels ------------------------------------------------------------------------------ */

static const char *value_of(const struct work *work, const char *name)
{
    const char *value = bw_labels_value(*work->labels, name);
    return value != NULL ? value : "";
}

/* An empty value takes the label away. */
static void set(struct work *work, const char *name, const char *value)
{
    const size_t count = work->labels->count;
    struct bw_label *items = bw_arena_array(work->arena, count + 1, sizeof *items);
    if (count > 0)
        memcpy(items, work->labels->items, count * sizeof *items);
    items[count] = (struct bw_label){ name, value };
    *work->labels = bw_labels_make(work->arena, items, count + 1);
}

static const char *expand(const struct work *work, const char *text, const char *form)
{
    struct bw_buf out;
    bw_buf_init(&out, VALUE_BYTES_MAX);
    bw_pattern_expand(work->rule->pattern, text, form, &out);
    const char *kept = bw_arena_strndup(work->arena, out.data, out.len);
    bw_buf_fini(&out);
    return kept;
}

static const char *joined(const struct work *work)
{
    const struct bw_relabel_rule *rule = &work->rule->as;
    struct bw_buf out;
    bw_buf_init(&out, VALUE_BYTES_MAX);
    for (size_t i = 0; i < rule->source_count; i++) {
        bw_buf_text(&out, i > 0 ? rule->separator : "");
        bw_buf_text(&out, value_of(work, rule->source_labels[i]));
    }
    const char *kept = bw_arena_strndup(work->arena, out.data, out.len);
    bw_buf_fini(&out);
    return kept;
}

/* --- actions: false drops ---------------------------------------------------------------- */

typedef bool action_fn(struct work *work);

static bool keep(struct work *work)
{
    return bw_pattern_fits(work->rule->pattern, work->value);
}

static bool drop(struct work *work)
{
    return !bw_pattern_fits(work->rule->pattern, work->value);
}

static bool keepequal(struct work *work)
{
    return strcmp(value_of(work, work->rule->as.target_label), work->value) == 0;
}

static bool dropequal(struct work *work)
{
    return !keepequal(work);
}

static bool replace(struct work *work)
{
    const struct bw_relabel_rule *rule = &work->rule->as;
    if (!bw_pattern_fits(work->rule->pattern, work->value))
        return true;
    const char *target = expand(work, work->value, rule->target_label);
    if (bw_label_name_is_valid(target))
        set(work, target, expand(work, work->value, rule->replacement));
    return true;
}

/* The last eight bytes of the MD5, most significant first. */
static uint64_t hash_of(const char *text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    uint64_t hash = 0;
    EVP_Digest(text, strlen(text), digest, &len, EVP_md5(), NULL);
    for (unsigned i = len > 8 ? len - 8 : 0; i < len; i++)
        hash = hash << 8 | digest[i];
    return hash;
}

static bool hashmod(struct work *work)
{
    const struct bw_relabel_rule *rule = &work->rule->as;
    set(work, rule->target_label,
        bw_arena_printf(work->arena, "%" PRIu64, hash_of(work->value) % rule->modulus));
    return true;
}

static bool labelmap(struct work *work)
{
    const struct bw_labels before = *work->labels;
    for (size_t i = 0; i < before.count; i++) {
        const struct bw_label *label = &before.items[i];
        if (!bw_pattern_fits(work->rule->pattern, label->name))
            continue;
        const char *name = expand(work, label->name, work->rule->as.replacement);
        if (bw_label_name_is_valid(name))
            set(work, name, label->value);
    }
    return true;
}

static void filter_names(struct work *work, bool kept)
{
    const struct bw_labels before = *work->labels;
    for (size_t i = 0; i < before.count; i++) {
        if (bw_pattern_fits(work->rule->pattern, before.items[i].name) != kept)
            set(work, before.items[i].name, "");
    }
}

static bool labeldrop(struct work *work)
{
    filter_names(work, false);
    return true;
}

static bool labelkeep(struct work *work)
{
    filter_names(work, true);
    return true;
}

/* ASCII only: what is beyond it stays as it is. */
static bool turn_case(struct work *work, char first, char last)
{
    char *text = bw_arena_strdup(work->arena, work->value);
    for (char *at = text; *at != '\0'; at++)
        *at = *at >= first && *at <= last ? (char)(*at ^ 0x20) : *at;
    set(work, work->rule->as.target_label, text);
    return true;
}

static bool lowercase(struct work *work)
{
    return turn_case(work, 'A', 'Z');
}

static bool uppercase(struct work *work)
{
    return turn_case(work, 'a', 'z');
}

static const struct {
    const char *name;
    action_fn *run;
    bool needs_target; /* target_label names the label it sets or compares */
} actions[] = {
    [BW_RELABEL_REPLACE] = { "replace", replace, true },
    [BW_RELABEL_KEEP] = { "keep", keep, false },
    [BW_RELABEL_DROP] = { "drop", drop, false },
    [BW_RELABEL_KEEPEQUAL] = { "keepequal", keepequal, true },
    [BW_RELABEL_DROPEQUAL] = { "dropequal", dropequal, true },
    [BW_RELABEL_HASHMOD] = { "hashmod", hashmod, true },
    [BW_RELABEL_LABELMAP] = { "labelmap", labelmap, false },
    [BW_RELABEL_LABELDROP] = { "labeldrop", labeldrop, false },
    [BW_RELABEL_LABELKEEP] = { "labelkeep", labelkeep, false },
    [BW_RELABEL_LOWERCASE] = { "lowercase", lowercase, true },
    [BW_RELABEL_UPPERCASE] = { "uppercase", uppercase, true },
};

bool bw_relabel_apply(struct bw_relabel *relabel, struct bw_arena *arena, struct bw_labels *labels)
{
    for (size_t i = 0; i < relabel->count; i++) {
        struct work work = { .rule = &relabel->rules[i], .arena = arena, .labels = labels };
        work.value = joined(&work);
        if (!actions[work.rule->as.action].run(&work))
            return false;
    }
    return true;
}

/* --- rules ------------------------------------------------------------------------------- */

static enum bw_rc check(const struct bw_relabel_rule *rule, struct bw_err *err)
{
    const char *name = actions[rule->action].name, *target = rule->target_label;
    const bool open = rule->action == BW_RELABEL_REPLACE && target != NULL
                      && strchr(target, '$') != NULL; /* known when it is expanded only */
    if (actions[rule->action].needs_target && (target == NULL || target[0] == '\0'))
        return bw_fail(err, BW_EINVAL, "'%s' needs target_label", name);
    if (actions[rule->action].needs_target && !open && !bw_label_name_is_valid(target))
        return bw_fail(err, BW_EINVAL, "target_label '%.80s' is not a label name", target);
    if (rule->action == BW_RELABEL_HASHMOD && rule->modulus == 0)
        return bw_fail(err, BW_EINVAL, "'hashmod' needs a modulus of at least 1");
    for (size_t i = 0; i < rule->source_count; i++) {
        if (!bw_label_name_is_valid(rule->source_labels[i]))
            return bw_fail(err, BW_EINVAL, "source label '%.80s' is not a label name",
                           rule->source_labels[i]);
    }
    return BW_OK;
}

static const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static enum bw_rc add_rule(struct bw_relabel *relabel, const struct bw_relabel_rule *rule,
                           struct bw_err *err)
{
    const enum bw_rc rc = check(rule, err);
    if (rc != BW_OK)
        return rc;
    struct rule *made = &relabel->rules[relabel->count++];
    made->as = *rule;
    made->as.separator = bw_arena_strdup(&relabel->arena, text_or(rule->separator, ";"));
    made->as.target_label = bw_arena_strdup(&relabel->arena, rule->target_label);
    made->as.replacement = bw_arena_strdup(&relabel->arena, text_or(rule->replacement, "$1"));
    const char **sources = bw_arena_array(&relabel->arena, rule->source_count + 1, sizeof *sources);
    for (size_t i = 0; i < rule->source_count; i++)
        sources[i] = bw_arena_strdup(&relabel->arena, rule->source_labels[i]);
    made->as.source_labels = sources;
    made->as.regex = NULL; /* what it says is in the pattern */
    return bw_pattern_new(text_or(rule->regex, "(.*)"), &made->pattern, err);
}

enum bw_rc bw_relabel_new(const struct bw_relabel_rule *rules, size_t count,
                          struct bw_relabel **out, size_t *out_at, struct bw_err *err)
{
    struct bw_relabel *relabel = bw_alloc(sizeof *relabel);
    relabel->rules = bw_arena_array(&relabel->arena, count + 1, sizeof *relabel->rules);
    for (size_t i = 0; i < count; i++) {
        const enum bw_rc rc = add_rule(relabel, &rules[i], err);
        if (rc != BW_OK) {
            *out_at = i;
            bw_relabel_free(relabel);
            return rc;
        }
    }
    *out = relabel;
    return BW_OK;
}

void bw_relabel_free(struct bw_relabel *relabel)
{
    if (relabel == NULL)
        return;
    for (size_t i = 0; i < relabel->count; i++)
        bw_pattern_free(relabel->rules[i].pattern);
    bw_arena_fini(&relabel->arena);
    free(relabel);
}
