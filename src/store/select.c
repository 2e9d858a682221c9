// SPDX-License-Identifier: GPL-3.0-or-later
#define PCRE2_CODE_UNIT_WIDTH 8

#include "store/select.h"

#include "base/mem.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { MATCH_STEPS_MAX = 100000, HEAP_KIB_MAX = 1024, PATTERN_BYTES_MAX = 4096 };

static const char metric_label[] = "__name__";

struct bw_select {
    const struct bw_selector *selector;
    pcre2_code **codes; /* by matcher; NULL where it is no regular expression */
    pcre2_match_context *limits;
    pcre2_match_data *data;
    const char *metric; /* the only metric it means, or NULL */
    size_t metric_len;
    bool too_costly;
};

static enum bw_rc compile(const struct bw_matcher *matcher, pcre2_code **out, struct bw_err *err)
{
    int code = 0;
    PCRE2_SIZE at = 0;
    if (strlen(matcher->value) > PATTERN_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "regular expression for '%s' is too long", matcher->name);
    *out = pcre2_compile((PCRE2_SPTR)matcher->value, PCRE2_ZERO_TERMINATED,
                         PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_DOTALL
                             | PCRE2_NEVER_BACKSLASH_C,
                         &code, &at, NULL);
    if (*out != NULL)
        return BW_OK;
    PCRE2_UCHAR text[120];
    pcre2_get_error_message(code, text, sizeof text);
    return bw_fail(err, BW_EINVAL, "regular expression '%s': %s at character %zu", matcher->value,
                   (const char *)text, (size_t)at + 1);
}

static void prepare(struct bw_select *select)
{
    select->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(select->limits, MATCH_STEPS_MAX);
    pcre2_set_heap_limit(select->limits, HEAP_KIB_MAX);
    select->data = pcre2_match_data_create(1, NULL);
    select->codes = bw_alloc_array(select->selector->count, sizeof(pcre2_code *));
}

enum bw_rc bw_select_new(const struct bw_selector *selector, struct bw_select **out,
                         struct bw_err *err)
{
    static const struct bw_selector all;
    struct bw_select *select = bw_alloc(sizeof *select);
    select->selector = selector == NULL ? &all : selector;
    prepare(select);
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < select->selector->count; i++) {
        const struct bw_matcher *matcher = &select->selector->matchers[i];
        if (matcher->op == BW_MATCH_REGEX || matcher->op == BW_MATCH_NOT_REGEX) {
            rc = compile(matcher, &select->codes[i], err);
        } else if (matcher->op == BW_MATCH_EQUAL && strcmp(matcher->name, metric_label) == 0) {
            select->metric = matcher->value;
            select->metric_len = strlen(matcher->value);
        }
    }
    if (rc != BW_OK) {
        bw_select_free(select);
        return rc;
    }
    *out = select;
    return BW_OK;
}

void bw_select_free(struct bw_select *select)
{
    if (select == NULL)
        return;
    for (size_t i = 0; i < select->selector->count; i++)
        pcre2_code_free(select->codes[i]);
    free(select->codes);
    pcre2_match_data_free(select->data);
    pcre2_match_context_free(select->limits);
    free(select);
}

bool bw_select_may_match(const struct bw_select *select, const char *name)
{
    if (select->metric == NULL)
        return true;
    return strncmp(name, select->metric, select->metric_len) == 0
           && (name[select->metric_len] == '{' || name[select->metric_len] == '\0');
}

static const pcre2_code *code_of(const struct bw_select *select, const char *pattern)
{
    for (size_t i = 0; i < select->selector->count; i++) {
        if (select->selector->matchers[i].value == pattern && select->codes[i] != NULL)
            return select->codes[i];
    }
    return NULL;
}

static bool match_regex(void *ctx, const char *pattern, const char *value)
{
    struct bw_select *select = ctx;
    const pcre2_code *code = code_of(select, pattern);
    if (code == NULL)
        return false;
    const int rc = pcre2_match(code, (PCRE2_SPTR)value, PCRE2_ZERO_TERMINATED, 0, 0, select->data,
                               select->limits);
    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
        select->too_costly = true;
    return rc >= 0;
}

bool bw_select_matches(struct bw_select *select, const char *metric, struct bw_labels labels)
{
    return bw_selector_matches(select->selector, metric, labels, match_regex, select);
}

enum bw_rc bw_select_verdict(const struct bw_select *select, struct bw_err *err)
{
    return select->too_costly
               ? bw_fail(err, BW_EINVAL, "a regular expression takes too long to match")
               : BW_OK;
}

enum bw_rc bw_series_parse(struct bw_arena *arena, const char *name, const char **out_metric,
                           struct bw_labels *out_labels)
{
    struct bw_selector parts;
    const enum bw_rc rc = bw_selector_parse(arena, name, &parts, NULL);
    if (rc != BW_OK || parts.count == 0)
        return BW_ECORRUPT;
    struct bw_label *labels = bw_arena_array(arena, parts.count, sizeof *labels);
    size_t count = 0;
    *out_metric = "";
    for (size_t i = 0; i < parts.count; i++) {
        if (strcmp(parts.matchers[i].name, metric_label) == 0)
            *out_metric = parts.matchers[i].value;
        else
            labels[count++] = (struct bw_label){ parts.matchers[i].name, parts.matchers[i].value };
    }
    *out_labels = (struct bw_labels){ labels, count };
    return BW_OK;
}
