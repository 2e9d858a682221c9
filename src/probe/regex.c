// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/regex.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "io/loop.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { HEAP_KIB_MAX = 20000, STEPS_PER_LOOK = 1024 };

struct bw_regex {
    char *pattern;
    pcre2_code *code;
    pcre2_match_data *match;
    int groups; /* of the last match, the whole one included */
};

/* One search under way. */
struct patience {
    unsigned steps;
    int64_t end_ns;
};

/* PCRE2's own limits count per starting position, so a long text multiplies them; a callout
 * before every item of the pattern sees all work and can look at the clock. */
static int on_step(pcre2_callout_block *block, void *ctx)
{
    (void)block;
    struct patience *patience = ctx;
    if (++patience->steps % STEPS_PER_LOOK != 0)
        return 0;
    return bw_loop_mono_ns() < patience->end_ns ? 0 : PCRE2_ERROR_CALLOUT;
}

/* RE2, whose grammar modules are written in, lets a repetition follow a leading ^ (Debian's
 * own blackbox.yml has "^+OK"): "^+" is "^", "^*" and "^?" are nothing. PCRE2 refuses them. */
static char *re2_form(const char *pattern)
{
    char *form = bw_strdup(pattern);
    if (form[0] != '^' || form[1] == '\0' || strchr("+*?", form[1]) == NULL)
        return form;
    size_t keep = form[1] == '+' ? 1 : 0;
    memmove(form + keep, form + 2, strlen(form + 2) + 1);
    return form;
}

/* As RE2: UTF-8, where broken sequences match nothing, and $ only at the very end. */
#define COMPILE_OPTIONS                                                                            \
    (PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_INVALID_UTF)

struct bw_regex *bw_regex_new(const char *pattern, struct bw_err *err)
{
    int error;
    PCRE2_SIZE at;
    char *form = re2_form(pattern);
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)form, PCRE2_ZERO_TERMINATED, COMPILE_OPTIONS, &error, &at, NULL);
    free(form);
    if (code == NULL) {
        PCRE2_UCHAR text[120];
        pcre2_get_error_message(error, text, sizeof text);
        bw_fail(err, BW_EINVAL, "pattern '%.80s', at byte %zu: %s", pattern, (size_t)at,
                (const char *)text);
        return NULL;
    }
    struct bw_regex *regex = bw_alloc(sizeof *regex);
    regex->pattern = bw_strdup(pattern);
    regex->code = code;
    regex->match = pcre2_match_data_create_from_pattern(code, NULL);
    if (regex->match == NULL) {
        bw_fail(err, BW_ELIMIT, "pattern '%.80s': out of memory", pattern);
        bw_regex_free(regex);
        return NULL;
    }
    return regex;
}

void bw_regex_free(struct bw_regex *regex)
{
    if (regex == NULL)
        return;
    pcre2_match_data_free(regex->match);
    pcre2_code_free(regex->code);
    free(regex->pattern);
    free(regex);
}

enum bw_rc bw_regex_check(const char *pattern, struct bw_err *err)
{
    struct bw_regex *regex = bw_regex_new(pattern, err);
    bw_regex_free(regex);
    return regex != NULL ? BW_OK : BW_EINVAL;
}

const char *bw_regex_pattern(const struct bw_regex *regex)
{
    return regex->pattern;
}

/* What pcre2_match() returns. */
static int search(const pcre2_code *code, const char *text, size_t len, pcre2_match_data *match,
                  int64_t *left_ns)
{
    const int64_t start_ns = bw_loop_mono_ns();
    struct patience patience = { .end_ns = start_ns + *left_ns };
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    if (*left_ns <= 0 || context == NULL || match == NULL) {
        pcre2_match_context_free(context);
        return PCRE2_ERROR_CALLOUT;
    }
    pcre2_set_heap_limit(context, HEAP_KIB_MAX);
    pcre2_set_callout(context, on_step, &patience);
    const int found = pcre2_match(code, (PCRE2_SPTR)text, len, 0, 0, match, context);
    pcre2_match_context_free(context);
    *left_ns -= bw_loop_mono_ns() - start_ns;
    return found;
}

static enum bw_regex_verdict verdict_of(int found)
{
    if (found >= 0) /* 0: with more groups than the match data has room for */
        return BW_REGEX_YES;
    return found == PCRE2_ERROR_NOMATCH ? BW_REGEX_NO : BW_REGEX_GAVE_UP;
}

enum bw_regex_verdict bw_regex_search(struct bw_regex *regex, const char *text, size_t len,
                                      int64_t *left_ns)
{
    const int found = search(regex->code, text, len, regex->match, left_ns);
    regex->groups = found > 0 ? found : 0;
    return verdict_of(found);
}

enum bw_regex_verdict bw_regex_test(const struct bw_regex *regex, const char *text, size_t len,
                                    int64_t *left_ns)
{
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    const int found = search(regex->code, text, len, match, left_ns);
    pcre2_match_data_free(match);
    return verdict_of(found);
}

static void put_group(const struct bw_regex *regex, const char *searched, int group,
                      struct bw_buf *out)
{
    if (group < 0 || group >= regex->groups)
        return;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->match);
    size_t from = ends[2 * group], to = ends[2 * group + 1];
    if (from != PCRE2_UNSET && to > from)
        bw_buf_bytes(out, searched + from, to - from);
}

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* "1", "{1}", "name" or "{name}" after a dollar; returns how many bytes it takes, 0 when it is
 * none of them. */
static size_t read_name(const char *text, struct bw_span *out)
{
    const size_t first = text[0] == '{' ? 1 : 0;
    size_t end = first;
    while (is_word_byte(text[end]))
        end++;
    if (end == first || (first == 1 && text[end] != '}'))
        return 0;
    *out = (struct bw_span){ text + first, end - first };
    return end + first; /* the closing brace too */
}

/* The group of that number or name, -1 without one. As in RE2, "01" is a name. */
static int group_of(const struct bw_regex *regex, struct bw_span name)
{
    char text[64];
    uint64_t number;
    if ((name.len == 1 || name.data[0] != '0') && bw_parse_uint(name.data, name.len, &number))
        return number < (uint64_t)INT32_MAX ? (int)number : -1;
    if (name.len >= sizeof text)
        return -1;
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    return pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)text);
}

void bw_regex_expand(const struct bw_regex *regex, const char *searched, const char *text,
                     struct bw_buf *out)
{
    for (const char *at = text; *at != '\0';) {
        struct bw_span name;
        const size_t taken = *at == '$' ? read_name(at + 1, &name) : 0;
        if (taken > 0) {
            put_group(regex, searched, group_of(regex, name), out);
            at += 1 + taken;
        } else if (at[0] == '$' && at[1] == '$') {
            bw_buf_char(out, '$');
            at += 2;
        } else {
            bw_buf_char(out, *at++);
        }
    }
}

enum bw_rc bw_regex_list_make(struct bw_regex_list *out, struct bw_strings patterns,
                              struct bw_err *err)
{
    struct bw_regex_list list = { .items = bw_alloc_array(patterns.count + 1, sizeof *list.items) };
    for (; list.count < patterns.count; list.count++) {
        list.items[list.count] = bw_regex_new(patterns.items[list.count], err);
        if (list.items[list.count] == NULL) {
            bw_regex_list_fini(&list);
            return BW_EINVAL;
        }
    }
    *out = list;
    return BW_OK;
}

void bw_regex_list_fini(struct bw_regex_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        bw_regex_free(list->items[i]);
    free(list->items);
    *list = (struct bw_regex_list){ 0 };
}
