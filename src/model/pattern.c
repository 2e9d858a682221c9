// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/pattern.h"

#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* A label's value is short: a pattern that needs more is a mistake or an attack. */
enum {
    MATCH_STEPS_MAX = 100000,
    HEAP_KIB_MAX = 1024,
    PATTERN_BYTES_MAX = 4096,
    GROUP_BYTES_MAX = 32
};

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
    pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                  PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_DOTALL
                                      | PCRE2_NEVER_BACKSLASH_C,
                                  &error, &at, NULL);
    if (pattern->code != NULL)
        return BW_OK;
    pcre2_get_error_message(error, why, sizeof why);
    return bw_fail(err, BW_EINVAL, "pattern '%.80s', at byte %zu: %s", text, (size_t)at,
                   (const char *)why);
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

/* --- groups ------------------------------------------------------------------------------ */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The name after a dollar, in braces or not: how many bytes it takes with them, 0 when there is
 * none that is well-formed. */
static size_t read_name(const char *text, const char **out_name, size_t *out_len)
{
    const size_t brace = text[0] == '{';
    size_t len = 0;
    while (is_word(text[brace + len]))
        len++;
    if (len == 0 || (brace && text[brace + len] != '}'))
        return 0;
    *out_name = text + brace;
    *out_len = len;
    return len + 2 * brace;
}

/* -1: there is no such group. */
static int group_number(const struct bw_pattern *pattern, const char *name, size_t len)
{
    char text[GROUP_BYTES_MAX + 1];
    int number = 0;
    if (len > GROUP_BYTES_MAX)
        return -1;
    memcpy(text, name, len);
    text[len] = '\0';
    if (strspn(text, "0123456789") != len)
        return pcre2_substring_number_from_name(pattern->code, (PCRE2_SPTR)text);
    for (size_t i = 0; i < len && number < pattern->groups; i++)
        number = 10 * number + (text[i] - '0');
    return number;
}

static void put_group(const struct bw_pattern *pattern, const char *text, int group,
                      struct bw_buf *out)
{
    if (group < 0 || group >= pattern->groups)
        return;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(pattern->match);
    const size_t from = ends[2 * group], to = ends[2 * group + 1];
    if (from != PCRE2_UNSET && to > from)
        bw_buf_bytes(out, text + from, to - from);
}

/* What a dollar and the text after it stand for: returns how many bytes they are. */
static size_t expand_dollar(const struct bw_pattern *pattern, const char *text, const char *at,
                            struct bw_buf *out)
{
    const char *name;
    size_t len;
    if (at[1] == '$') {
        bw_buf_char(out, '$');
        return 2;
    }
    const size_t taken = read_name(at + 1, &name, &len);
    if (taken == 0)
        bw_buf_char(out, '$');
    else
        put_group(pattern, text, group_number(pattern, name, len), out);
    return 1 + taken;
}

void bw_pattern_expand(const struct bw_pattern *pattern, const char *text, const char *form,
                       struct bw_buf *out)
{
    while (*form != '\0') {
        const size_t plain = strcspn(form, "$");
        bw_buf_bytes(out, form, plain);
        form += plain;
        if (*form == '$')
            form += expand_dollar(pattern, text, form, out);
    }
}
