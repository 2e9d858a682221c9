// SPDX-License-Identifier: GPL-3.0-or-later
/* A strict reader of both exposition formats, for tests and fuzzing: stricter than either
 * format, as it holds a page to what we promise. NULL when the page is right, else what is
 * wrong with it. */
#ifndef TESTS_EXPOSITION_CHECK_H
#define TESTS_EXPOSITION_CHECK_H

#include "base/num.h"
#include "base/text.h"
#include "metric/names.h"
#include "metric/registry.h"

#include <string.h>

struct page {
    enum bw_exposition format;
    struct bw_span family; /* of the last HELP */
    struct bw_span type;
    bool ended;
    struct bw_names families;
    struct bw_names series;
};

static inline size_t name_length(struct bw_span text)
{
    size_t len = 0;
    while (
        len < text.len
        && (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", text.data[len]) != NULL
            || (len > 0 && text.data[len] >= '0' && text.data[len] <= '9')))
        len++;
    return len;
}

static inline struct bw_span span_from(struct bw_span span, size_t at)
{
    return (struct bw_span){ span.data + at, span.len - at };
}

static inline bool span_equals(struct bw_span a, struct bw_span b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Length of a quoted value with its quotes, or 0. */
static inline size_t quoted_length(struct bw_span text)
{
    if (text.len < 2 || text.data[0] != '"')
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == '"')
            return i + 1;
        if (text.data[i] != '\\')
            continue;
        i++;
        if (i == text.len || strchr("\\\"n", text.data[i]) == NULL)
            return 0;
    }
    return 0;
}

static inline const char *check_labels(struct bw_span *rest, bool *out_has_le)
{
    struct bw_span names[64];
    size_t count = 0;
    do {
        *rest = span_from(*rest, 1);
        const size_t len = name_length(*rest);
        if (len == 0 || len == rest->len || rest->data[len] != '=')
            return "a label without a name";
        names[count] = (struct bw_span){ rest->data, len };
        for (size_t i = 0; i < count; i++) {
            if (span_equals(names[i], names[count]))
                return "a label twice in one series";
        }
        if (bw_span_is(names[count], "le"))
            *out_has_le = true;
        *rest = span_from(*rest, len + 1);
        const size_t value = quoted_length(*rest);
        if (value <= 2)
            return "a label's value is empty or not quoted as it must be";
        *rest = span_from(*rest, value);
        if (++count == sizeof names / sizeof *names || rest->len == 0)
            return "labels without an end";
    } while (rest->data[0] == ',');
    if (rest->data[0] != '}')
        return "labels without a brace";
    *rest = span_from(*rest, 1);
    return NULL;
}

static inline bool suffix_fits(struct bw_span suffix, const struct page *page, bool has_le)
{
    const bool open = page->format == BW_EXPOSITION_OPENMETRICS;
    if (bw_span_is(page->type, "histogram"))
        return has_le ? bw_span_is(suffix, "_bucket")
                      : bw_span_is(suffix, "_sum") || bw_span_is(suffix, "_count");
    if (open && bw_span_is(page->type, "counter"))
        return bw_span_is(suffix, "_total");
    if (open && bw_span_is(page->type, "info"))
        return bw_span_is(suffix, "_info");
    return suffix.len == 0;
}

static inline const char *check_sample(struct page *page, struct bw_span line)
{
    const size_t len = name_length(line);
    if (len < page->family.len || page->family.len == 0
        || memcmp(line.data, page->family.data, page->family.len) != 0)
        return "a sample outside its family";
    const struct bw_span suffix = { line.data + page->family.len, len - page->family.len };
    struct bw_span rest = span_from(line, len);
    bool has_le = false;
    if (rest.len > 0 && rest.data[0] == '{') {
        const char *fault = check_labels(&rest, &has_le);
        if (fault != NULL)
            return fault;
    }
    if (!suffix_fits(suffix, page, has_le))
        return "a sample's name does not fit its type";
    double value;
    if (rest.len < 2 || rest.data[0] != ' '
        || !bw_parse_double(rest.data + 1, rest.len - 1, &value))
        return "a sample without a number";
    if (!bw_names_add(&page->series, line.data, (size_t)(rest.data - line.data)))
        return "a series twice";
    return NULL;
}

static inline bool is_known_type(struct bw_span type)
{
    static const char *const types[] = { "gauge",   "counter", "histogram",
                                         "untyped", "unknown", "info" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (bw_span_is(type, types[i]))
            return true;
    }
    return false;
}

static inline const char *check_comment(struct page *page, struct bw_span line)
{
    struct bw_span hash, keyword, name;
    if (bw_span_is(line, "# EOF")) {
        page->ended = true;
        return page->format == BW_EXPOSITION_OPENMETRICS ? NULL : "an EOF in the text format";
    }
    if (!bw_span_split(&line, ' ', &hash) || !bw_span_split(&line, ' ', &keyword)
        || !bw_span_split(&line, ' ', &name) || line.data == NULL || line.len == 0
        || !bw_span_is(hash, "#"))
        return "a free comment";
    if (bw_span_is(keyword, "HELP")) {
        page->family = name;
        page->type = (struct bw_span){ 0 };
        return bw_names_add(&page->families, name.data, name.len) ? NULL : "a family twice";
    }
    if (!span_equals(name, page->family))
        return "metadata of another family";
    if (bw_span_is(keyword, "TYPE")) {
        page->type = line;
        return is_known_type(line) ? NULL : "an unknown type";
    }
    if (!bw_span_is(keyword, "UNIT") || page->format == BW_EXPOSITION_TEXT)
        return "a free comment";
    const size_t len = page->family.len;
    return line.len < len && page->family.data[len - line.len - 1] == '_'
                   && memcmp(page->family.data + len - line.len, line.data, line.len) == 0
               ? NULL
               : "a unit that the name does not end with";
}

static inline const char *check_page(enum bw_exposition format, const char *text, size_t len)
{
    struct page page = { .format = format };
    struct bw_span rest = { text, len }, line;
    const char *fault = NULL;
    if (len > 0 && text[len - 1] != '\n')
        return "the last line has no end";
    if (memchr(text, '\r', len) != NULL)
        return "a carriage return";
    if (bw_utf8_valid_prefix(text, len) != len)
        return "not UTF-8";
    while (fault == NULL && bw_span_split(&rest, '\n', &line) && rest.data != NULL) {
        if (page.ended)
            fault = "a line after the end";
        else if (line.len == 0)
            fault = "an empty line";
        else
            fault = line.data[0] == '#' ? check_comment(&page, line) : check_sample(&page, line);
    }
    if (fault == NULL && format == BW_EXPOSITION_OPENMETRICS && !page.ended)
        fault = "no EOF";
    bw_names_fini(&page.families);
    bw_names_fini(&page.series);
    return fault;
}

#endif
