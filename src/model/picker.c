// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/picker.h"

#include "base/mem.h"
#include "model/pattern.h"

#include <stdlib.h>
#include <string.h>

struct condition {
    struct bw_matcher matcher;
    struct bw_pattern *pattern; /* NULL for = and != */
};

struct bw_picker {
    struct bw_arena arena;
    const char *metric;
    struct condition *conditions;
    size_t count;
};

void bw_picker_free(struct bw_picker *picker)
{
    if (picker == NULL)
        return;
    for (size_t i = 0; i < picker->count; i++)
        bw_pattern_free(picker->conditions[i].pattern);
    bw_arena_fini(&picker->arena);
    free(picker);
}

static bool is_pattern(const struct bw_matcher *matcher)
{
    return matcher->op == BW_MATCH_REGEX || matcher->op == BW_MATCH_NOT_REGEX;
}

static enum bw_rc add_condition(struct bw_picker *picker, const struct bw_matcher *matcher,
                                struct bw_err *err)
{
    struct condition *condition = &picker->conditions[picker->count++];
    condition->matcher =
        (struct bw_matcher){ bw_arena_strdup(&picker->arena, matcher->name), matcher->op,
                             bw_arena_strdup(&picker->arena, matcher->value) };
    if (matcher->op == BW_MATCH_EQUAL && strcmp(matcher->name, "__name__") == 0)
        picker->metric = condition->matcher.value;
    return is_pattern(matcher) ? bw_pattern_new(matcher->value, &condition->pattern, err) : BW_OK;
}

enum bw_rc bw_picker_make(const struct bw_selector *selector, struct bw_picker **out,
                          struct bw_err *err)
{
    static const struct bw_selector all;
    struct bw_picker *picker = bw_alloc(sizeof *picker);
    if (selector == NULL)
        selector = &all;
    picker->conditions =
        bw_arena_array(&picker->arena, selector->count + 1, sizeof *picker->conditions);
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < selector->count; i++)
        rc = add_condition(picker, &selector->matchers[i], err);
    if (rc != BW_OK) {
        bw_picker_free(picker);
        return rc;
    }
    *out = picker;
    return BW_OK;
}

enum bw_rc bw_picker_parse(const char *text, struct bw_picker **out, struct bw_err *err)
{
    struct bw_arena arena = { 0 };
    struct bw_selector selector;
    enum bw_rc rc = bw_selector_parse(&arena, text, &selector, err);
    if (rc == BW_OK)
        rc = bw_picker_make(&selector, out, err);
    bw_arena_fini(&arena);
    return rc;
}

static bool holds(const struct condition *condition, const char *value)
{
    const enum bw_match_op op = condition->matcher.op;
    const bool equal = condition->pattern != NULL ? bw_pattern_fits(condition->pattern, value)
                                                  : strcmp(value, condition->matcher.value) == 0;
    return equal == (op == BW_MATCH_EQUAL || op == BW_MATCH_REGEX);
}

bool bw_picker_matches(struct bw_picker *picker, const char *metric, struct bw_labels labels)
{
    for (size_t i = 0; i < picker->count; i++) {
        const struct condition *condition = &picker->conditions[i];
        const char *value = strcmp(condition->matcher.name, "__name__") == 0
                                ? metric
                                : bw_labels_value(labels, condition->matcher.name);
        if (!holds(condition, value != NULL ? value : ""))
            return false;
    }
    return true;
}

bool bw_picker_allows(const struct bw_picker *picker, const char *name, const char *value)
{
    for (size_t i = 0; i < picker->count; i++) {
        const struct condition *condition = &picker->conditions[i];
        if (strcmp(condition->matcher.name, name) == 0 && !holds(condition, value))
            return false;
    }
    return true;
}

bool bw_picker_may_match(const struct bw_picker *picker, const char *series_text)
{
    if (picker->metric == NULL)
        return true;
    const size_t len = strlen(picker->metric);
    return strncmp(series_text, picker->metric, len) == 0
           && (series_text[len] == '{' || series_text[len] == '\0');
}

enum bw_rc bw_picker_verdict(const struct bw_picker *picker, struct bw_err *err)
{
    for (size_t i = 0; i < picker->count; i++) {
        const struct bw_pattern *pattern = picker->conditions[i].pattern;
        if (pattern != NULL && bw_pattern_gave_up(pattern))
            return bw_fail(err, BW_EINVAL, "a pattern takes too long to match");
    }
    return BW_OK;
}

const char *bw_picker_metric(const struct bw_picker *picker)
{
    return picker->metric;
}
