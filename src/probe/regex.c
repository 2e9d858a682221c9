// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/regex.h"

#include "base/mem.h"
#include "base/re2.h"
#include "base/text.h"
#include "io/loop.h"
#include "model/groups.h"

#include <inttypes.h>
#include <stdio.h>
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

/* As RE2: UTF-8, where broken sequences match nothing (but see `whole`), $ only at the very end,
 * (?m)^ behind a newline at the end, too. */
#define COMPILE_OPTIONS                                                                            \
    (PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX    \
     | PCRE2_MATCH_INVALID_UTF)

static void tell_fault(const char *pattern, int error, int64_t at, struct bw_err *err)
{
    PCRE2_UCHAR text[120];
    char place[40] = "";
    pcre2_get_error_message(error, text, sizeof text);
    if (at >= 0)
        snprintf(place, sizeof place, ", at byte %" PRId64, at);
    bw_fail(err, BW_EINVAL, "pattern '%.80s'%s: %s", pattern, place, (const char *)text);
}

/* A line ends with a line feed, however the library was built. The place of a mistake is only known
 * when the pattern is the same in PCRE2's words. */
static pcre2_code *compile(const char *pattern, struct bw_err *err)
{
    struct bw_buf form;
    bw_buf_init(&form, BW_RE2_GROWTH * strlen(pattern) + 1);
    bw_re2_form(pattern, &form);
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *code = NULL;
    int error = PCRE2_ERROR_NOMEMORY;
    PCRE2_SIZE at = 0;
    /* PCRE2 10.42 holds \p{^sc:Latin} and \P{sc:Greek} for sets that have nothing in common, and
     * does not go back over what a repetition of the one has taken. */
    const uint32_t options =
        COMPILE_OPTIONS | (strstr(form.data, "sc:") != NULL ? PCRE2_NO_AUTO_POSSESS : 0);
    if (context != NULL && pcre2_set_newline(context, PCRE2_NEWLINE_LF) == 0)
        code = pcre2_compile((PCRE2_SPTR)form.data, form.len, options, &error, &at, context);
    if (code == NULL)
        tell_fault(pattern, error, strcmp(pattern, form.data) == 0 ? (int64_t)at : -1, err);
    pcre2_compile_context_free(context);
    bw_buf_fini(&form);
    return code;
}

struct bw_regex *bw_regex_new(const char *pattern, struct bw_err *err)
{
    pcre2_code *code = compile(pattern, err);
    if (code == NULL)
        return NULL;
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

/* To RE2 a byte that is no UTF-8 is a character, U+FFFD: a dot matches it. So such a text is
 * searched as one with that in its place, unless it is so long that the copy would not be worth
 * its memory. */
static int search_whole(const pcre2_code *code, const char *text, size_t len,
                        pcre2_match_data *match, int64_t *left_ns)
{
    struct bw_buf whole;
    bw_buf_init(&whole, 3 * len);
    bw_re2_text(text, len, &whole);
    const int found = search(code, whole.data, whole.len, match, left_ns);
    PCRE2_SIZE *ends = pcre2_get_ovector_pointer(match);
    for (int i = 0; i < 2 * found; i++) {
        if (ends[i] != PCRE2_UNSET)
            ends[i] = bw_re2_place(text, len, ends[i]);
    }
    bw_buf_fini(&whole);
    return found;
}

static int search_text(const pcre2_code *code, const char *text, size_t len,
                       pcre2_match_data *match, int64_t *left_ns)
{
    if (match == NULL)
        return PCRE2_ERROR_NOMEMORY;
    return len > BW_REGEX_BROKEN_BYTES_MAX || bw_utf8_valid_prefix(text, len) == len
               ? search(code, text, len, match, left_ns)
               : search_whole(code, text, len, match, left_ns);
}

enum bw_regex_verdict bw_regex_search(struct bw_regex *regex, const char *text, size_t len,
                                      int64_t *left_ns)
{
    const int found = search_text(regex->code, text, len, regex->match, left_ns);
    regex->groups = found > 0 ? found : 0;
    return verdict_of(found);
}

enum bw_regex_verdict bw_regex_test(const struct bw_regex *regex, const char *text, size_t len,
                                    int64_t *left_ns)
{
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    const int found = search_text(regex->code, text, len, match, left_ns);
    pcre2_match_data_free(match);
    return verdict_of(found);
}

void bw_regex_expand(const struct bw_regex *regex, const char *searched, const char *text,
                     struct bw_buf *out)
{
    const struct bw_groups groups = { regex->code, regex->match, regex->groups, searched };
    bw_groups_expand(&groups, text, out);
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
