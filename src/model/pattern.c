// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/pattern.h"

#include "base/mem.h"
#include "base/re2.h"
#include "model/groups.h"

#include <stdlib.h>
#include <string.h>

/* A label's value is short: a pattern that needs more is a mistake or an attack. */
enum { MATCH_STEPS_MAX = 100000, HEAP_KIB_MAX = 1024, PATTERN_BYTES_MAX = 4096 };

struct bw_pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    int groups; /* of the last fit, the whole one included */
    bool gave_up;
};

void bw_pattern_free(struct bw_pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_code_free(pattern->code);
    pcre2_match_data_free(pattern->match);
    pcre2_match_context_free(pattern->limits);
    free(pattern);
}

static enum bw_rc compile(struct bw_pattern *pattern, const char *text, struct bw_err *err)
{
    int error;
    PCRE2_SIZE at;
    PCRE2_UCHAR why[120];
    if (strlen(text) > PATTERN_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "the pattern '%.40s...' is too long", text);
    struct bw_buf form;
    bw_buf_init(&form, BW_RE2_GROWTH * strlen(text) + 1);
    bw_re2_form(text, &form);
    /* What probe/regex.c says of scripts. */
    const uint32_t possess = strstr(form.data, "sc:") != NULL ? PCRE2_NO_AUTO_POSSESS : 0;
    pattern->code = pcre2_compile((PCRE2_SPTR)form.data, form.len,
                                  PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_DOTALL
                                      | PCRE2_NEVER_BACKSLASH_C | possess,
                                  &error, &at, NULL);
    const bool same = strcmp(text, form.data) == 0; /* so the place is one in the text */
    bw_buf_fini(&form);
    if (pattern->code != NULL)
        return BW_OK;
    pcre2_get_error_message(error, why, sizeof why);
    return same ? bw_fail(err, BW_EINVAL, "pattern '%.80s', at byte %zu: %s", text, (size_t)at,
                          (const char *)why)
                : bw_fail(err, BW_EINVAL, "pattern '%.80s': %s", text, (const char *)why);
}

enum bw_rc bw_pattern_new(const char *text, struct bw_pattern **out, struct bw_err *err)
{
    struct bw_pattern *pattern = bw_alloc(sizeof *pattern);
    const enum bw_rc rc = compile(pattern, text, err);
    if (rc != BW_OK) {
        bw_pattern_free(pattern);
        return rc;
    }
    pattern->match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    pattern->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(pattern->limits, MATCH_STEPS_MAX);
    pcre2_set_heap_limit(pattern->limits, HEAP_KIB_MAX);
    *out = pattern;
    return BW_OK;
}

bool bw_pattern_fits(struct bw_pattern *pattern, const char *text)
{
    const int found = pcre2_match(pattern->code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0,
                                  pattern->match, pattern->limits);
    pattern->groups = found > 0 ? found : 0;
    if (found < 0 && found != PCRE2_ERROR_NOMATCH)
        pattern->gave_up = true;
    return found >= 0;
}

bool bw_pattern_gave_up(const struct bw_pattern *pattern)
{
    return pattern->gave_up;
}

void bw_pattern_expand(const struct bw_pattern *pattern, const char *text, const char *form,
                       struct bw_buf *out)
{
    const struct bw_groups groups = { pattern->code, pattern->match, pattern->groups, text };
    bw_groups_expand(&groups, form, out);
}
