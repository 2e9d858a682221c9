// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/picker.h"

#include "base/limits.h"
#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* A label's value is short: a pattern that needs more is a mistake or an attack. */
enum { MATCH_STEPS_MAX = 100000, HEAP_KIB_MAX = 1024, PATTERN_BYTES_MAX = 4096 };

struct condition {
    struct bw_matcher matcher;
    pcre2_code *code; /* NULL for = and != */
};

struct bw_picker {
    struct bw_arena arena;
    const char *metric;
    struct condition *conditions;
    size_t count;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    bool too_costly;
};

void bw_picker_free(struct bw_picker *picker)
{
    if (picker == NULL)
        return;
    for (size_t i = 0; i < picker->count; i++)
        pcre2_code_free(picker->conditions[i].code);
    pcre2_match_data_free(picker->match);
    pcre2_match_context_free(picker->limits);
    bw_arena_fini(&picker->arena);
    free(picker);
}

static bool is_pattern(const struct bw_matcher *matcher)
{
    return matcher->op == BW_MATCH_REGEX || matcher->op == BW_MATCH_NOT_REGEX;
}

static enum bw_rc compile(struct condition *condition, struct bw_err *err)
{
    int error;
    PCRE2_SIZE at;
    const char *pattern = condition->matcher.value;
    if (strlen(pattern) > PATTERN_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "the pattern for '%s' is too long", condition->matcher.name);
    condition->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF
                                        | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C,
                                    &error, &at, NULL);
    if (condition->code != NULL)
        return BW_OK;
    PCRE2_UCHAR text[120];
    pcre2_get_error_message(error, text, sizeof text);
    return bw_fail(err, BW_EINVAL, "pattern '%.80s', at byte %zu: %s", pattern, (size_t)at,
                   (const char *)text);
}

static enum bw_rc add_condition(struct bw_picker *picker, const struct bw_matcher *matcher,
                                struct bw_err *err)
{
    struct condition *condition = &picker->conditions[picker->count++];
    condition->matcher = (struct bw_matcher){ bw_arena_strdup(&picker->arena, matcher->name),
                                              matcher->op,
                                              bw_arena_strdup(&picker->arena, matcher->value) };
    if (matcher->op == BW_MATCH_EQUAL && strcmp(matcher->name, "__name__") == 0)
        picker->metric = condition->matcher.value;
    return is_pattern(matcher) ? compile(condition, err) : BW_OK;
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
    picker->match = pcre2_match_data_create(1, NULL);
    picker->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(picker->limits, MATCH_STEPS_MAX);
    pcre2_set_heap_limit(picker->limits, HEAP_KIB_MAX);
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

static bool fits(struct bw_picker *picker, const pcre2_code *code, const char *value)
{
    const int rc = pcre2_match(code, (PCRE2_SPTR)value, PCRE2_ZERO_TERMINATED, 0, 0, picker->match,
                               picker->limits);
    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
        picker->too_costly = true;
    return rc >= 0;
}

static bool holds(struct bw_picker *picker, const struct condition *condition, const char *value)
{
    const enum bw_match_op op = condition->matcher.op;
    const bool equal = condition->code != NULL ? fits(picker, condition->code, value)
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
        if (!holds(picker, condition, value != NULL ? value : ""))
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
    return picker->too_costly ? bw_fail(err, BW_EINVAL, "a pattern takes too long to match") : BW_OK;
}

const char *bw_picker_metric(const struct bw_picker *picker)
{
    return picker->metric;
}
