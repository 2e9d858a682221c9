// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/labels.h"

#include "base/escape.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Where `name` is or would stand among the first `count` items. */
static size_t position_of(const struct bw_label *items, size_t count, const char *name)
{
    size_t at = 0;
    while (at < count && strcmp(items[at].name, name) < 0)
        at++;
    return at;
}

size_t bw_labels_merge(struct bw_label *items, size_t count, const struct bw_label *more,
                       size_t more_count)
{
    for (size_t i = 0; i < more_count; i++) {
        const bool empty = more[i].value == NULL || more[i].value[0] == '\0';
        const size_t at = position_of(items, count, more[i].name);
        const bool again = at < count && strcmp(items[at].name, more[i].name) == 0;
        if (empty && again) {
            count--;
            memmove(items + at, items + at + 1, (count - at) * sizeof *items);
        }
        if (empty)
            continue;
        if (!again) {
            memmove(items + at + 1, items + at, (count - at) * sizeof *items);
            count++;
        }
        items[at] = more[i];
    }
    return count;
}

struct bw_labels bw_labels_make(struct bw_arena *arena, const struct bw_label *labels, size_t count)
{
    struct bw_label *items = bw_arena_array(arena, count, sizeof *items);
    const size_t kept = bw_labels_merge(items, 0, labels, count);
    for (size_t i = 0; i < kept; i++)
        items[i] = (struct bw_label){ bw_arena_strdup(arena, items[i].name),
                                      bw_arena_strdup(arena, items[i].value) };
    return (struct bw_labels){ items, kept };
}

static const char *copy(char **room, const char *text)
{
    char *start = *room;
    *room = stpcpy(start, text) + 1;
    return start;
}

struct bw_labels bw_labels_clone(const struct bw_label *labels, size_t count)
{
    struct bw_label *sorted = bw_alloc_array(count, sizeof *sorted);
    const size_t kept = bw_labels_merge(sorted, 0, labels, count);
    size_t bytes = 0;
    for (size_t i = 0; i < kept; i++)
        bytes += strlen(sorted[i].name) + strlen(sorted[i].value) + 2;
    struct bw_label *items = bw_alloc(kept * sizeof *items + bytes);
    char *room = (char *)(items + kept);
    for (size_t i = 0; i < kept; i++) {
        items[i].name = copy(&room, sorted[i].name);
        items[i].value = copy(&room, sorted[i].value);
    }
    free(sorted);
    return (struct bw_labels){ items, kept };
}

const char *bw_labels_value(struct bw_labels labels, const char *name)
{
    for (size_t i = 0; i < labels.count; i++) {
        if (strcmp(labels.items[i].name, name) == 0)
            return labels.items[i].value;
    }
    return NULL;
}

void bw_series_text(struct bw_buf *out, const char *metric, struct bw_labels labels)
{
    bw_buf_text(out, metric);
    for (size_t i = 0; i < labels.count; i++) {
        bw_buf_char(out, i == 0 ? '{' : ',');
        bw_buf_text(out, labels.items[i].name);
        bw_buf_text(out, "=\"");
        bw_escape_label(out, labels.items[i].value, strlen(labels.items[i].value));
        bw_buf_char(out, '"');
    }
    if (labels.count > 0)
        bw_buf_char(out, '}');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(const char *name, size_t len, bool colon)
{
    for (size_t i = 0; i < len; i++) {
        const bool digit = i > 0 && name[i] >= '0' && name[i] <= '9';
        if (!is_letter(name[i]) && !digit && !(colon && name[i] == ':'))
            return false;
    }
    return len > 0 && len <= BW_NAME_BYTES_MAX;
}

bool bw_metric_name_is_valid(const char *name)
{
    return is_name(name, strlen(name), true);
}

bool bw_label_name_is_valid(const char *name)
{
    return is_name(name, strlen(name), false);
}

/* What is left of a selector's text, and where its parts go. */
struct reader {
    struct bw_arena *arena;
    const char *text; /* whole, for messages */
    const char *p;
    struct bw_matcher *matchers;
    size_t count;
    struct bw_err *err;
};

static enum bw_rc expected(struct reader *r, const char *what)
{
    return bw_fail(r->err, BW_EINVAL, "'%.100s': expected %s at character %zu", r->text, what,
                   (size_t)(r->p - r->text) + 1);
}

static void skip_blanks(struct reader *r)
{
    while (*r->p == ' ' || *r->p == '\t')
        r->p++;
}

static size_t name_length(const char *p)
{
    size_t len = 0;
    while (is_letter(p[len]) || p[len] == ':' || (p[len] >= '0' && p[len] <= '9'))
        len++;
    return len;
}

static bool read_operator(struct reader *r, enum bw_match_op *out)
{
    static const struct {
        const char *text;
        enum bw_match_op op;
    } operators[] = { { "=~", BW_MATCH_REGEX },
                      { "!~", BW_MATCH_NOT_REGEX },
                      { "!=", BW_MATCH_NOT_EQUAL },
                      { "=", BW_MATCH_EQUAL } };
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (bw_text_starts_with(r->p, operators[i].text)) {
            r->p += strlen(operators[i].text);
            *out = operators[i].op;
            return true;
        }
    }
    return false;
}

/* A quoted string with \\ \" \n; NULL when it is none. */
static const char *read_string(struct reader *r)
{
    if (*r->p != '"' && *r->p != '\'')
        return NULL;
    const char quote = *r->p++;
    char *text = bw_arena_alloc(r->arena, strlen(r->p) + 1);
    size_t len = 0;
    for (; *r->p != quote; r->p++) {
        if (*r->p == '\0')
            return NULL;
        if (*r->p == '\\' && r->p[1] != '\0') {
            r->p++;
            text[len++] = *r->p == 'n' ? '\n' : *r->p;
        } else {
            text[len++] = *r->p;
        }
    }
    r->p++;
    return text;
}

static enum bw_rc add_matcher(struct reader *r, const char *name, enum bw_match_op op,
                              const char *value)
{
    if (r->count == BW_LABELS_MAX)
        return bw_fail(r->err, BW_ELIMIT, "'%.100s': more than %u conditions", r->text,
                       BW_LABELS_MAX);
    r->matchers[r->count++] = (struct bw_matcher){ name, op, value };
    return BW_OK;
}

static enum bw_rc read_matcher(struct reader *r)
{
    const size_t len = name_length(r->p);
    enum bw_match_op op;
    if (!is_name(r->p, len, false))
        return expected(r, "a label name");
    const char *name = bw_arena_strndup(r->arena, r->p, len);
    r->p += len;
    skip_blanks(r);
    if (!read_operator(r, &op))
        return expected(r, "one of = != =~ !~");
    skip_blanks(r);
    const char *value = read_string(r);
    if (value == NULL)
        return expected(r, "a quoted value");
    return add_matcher(r, name, op, value);
}

static enum bw_rc read_braces(struct reader *r)
{
    r->p++;
    for (skip_blanks(r); *r->p != '}'; skip_blanks(r)) {
        const enum bw_rc rc = read_matcher(r);
        if (rc != BW_OK)
            return rc;
        skip_blanks(r);
        if (*r->p == ',')
            r->p++;
        else if (*r->p != '}')
            return expected(r, "',' or '}'");
    }
    r->p++;
    return BW_OK;
}

enum bw_rc bw_selector_parse(struct bw_arena *arena, const char *text, struct bw_selector *out,
                             struct bw_err *err)
{
    struct reader r = { .arena = arena, .text = text, .p = text, .err = err };
    r.matchers = bw_arena_array(arena, BW_LABELS_MAX, sizeof *r.matchers);
    skip_blanks(&r);
    const size_t len = name_length(r.p);
    if (len > 0) {
        if (!is_name(r.p, len, true))
            return expected(&r, "a metric name");
        add_matcher(&r, "__name__", BW_MATCH_EQUAL, bw_arena_strndup(arena, r.p, len));
        r.p += len;
        skip_blanks(&r);
    } else if (*r.p != '{') {
        return expected(&r, "a metric name or '{'");
    }
    if (*r.p == '{') {
        const enum bw_rc rc = read_braces(&r);
        if (rc != BW_OK)
            return rc;
        skip_blanks(&r);
    }
    if (*r.p != '\0')
        return expected(&r, "the end");
    *out = (struct bw_selector){ r.matchers, r.count };
    return BW_OK;
}

enum bw_rc bw_series_parse(struct bw_arena *arena, const char *text, const char **out_metric,
                           struct bw_labels *out_labels)
{
    struct bw_selector parts = { 0 };
    if (bw_selector_parse(arena, text, &parts, NULL) != BW_OK || parts.count == 0)
        return BW_ECORRUPT;
    struct bw_label *labels = bw_arena_array(arena, parts.count, sizeof *labels);
    size_t count = 0;
    *out_metric = "";
    for (size_t i = 0; i < parts.count; i++) {
        if (strcmp(parts.matchers[i].name, "__name__") == 0)
            *out_metric = parts.matchers[i].value;
        else
            labels[count++] = (struct bw_label){ parts.matchers[i].name, parts.matchers[i].value };
    }
    *out_labels = (struct bw_labels){ labels, count };
    return BW_OK;
}
