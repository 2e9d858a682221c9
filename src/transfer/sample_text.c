// SPDX-License-Identifier: GPL-3.0-or-later
#include "transfer/sample_text.h"

#include "base/civil.h"
#include "base/limits.h"
#include "base/num.h"

#include <math.h>
#include <string.h>

#define SECONDS_MAX 1e11 /* from here on a number is milliseconds */
#define MS_MAX 9e15

enum { SHOWN_BYTES_MAX = 60 };

enum bw_rc bw_sample_text_fail(struct bw_err *err, const char *what, struct bw_span found)
{
    const size_t len = found.len < SHOWN_BYTES_MAX ? found.len : SHOWN_BYTES_MAX;
    return bw_fail(err, BW_EINVAL, "%s, found '%.*s'", what, (int)len, found.data);
}

/* ---- a line ------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The byte behind the closing brace of those that open at `at`; NULL when they do not close. */
static const char *behind_braces(const char *at, const char *end)
{
    bool quoted = false;
    for (at++; at < end; at++) {
        if (quoted && *at == '\\')
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && *at == '}')
            return at + 1;
    }
    return NULL;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static const char *skip_word(const char *at, const char *end)
{
    while (at < end && !is_blank(*at))
        at++;
    return at;
}

/* The end of the name with its labels; blanks may stand before the brace. */
static const char *behind_name(const char *at, const char *end)
{
    while (at < end && !is_blank(*at) && *at != '{')
        at++;
    const char *brace = skip_blanks(at, end);
    return brace < end && *brace == '{' ? behind_braces(brace, end) : at;
}

static struct bw_span span(const char *from, const char *to)
{
    return (struct bw_span){ from, (size_t)(to - from) };
}

enum bw_rc bw_sample_text_split(struct bw_span line, struct bw_sample_text *out, struct bw_err *err)
{
    line = bw_span_trim(line);
    const char *end = line.data + line.len;
    const char *name_end = behind_name(line.data, end);
    if (name_end == NULL)
        return bw_sample_text_fail(err, "expected a closing }", line);
    const char *value = skip_blanks(name_end, end);
    const char *value_end = skip_word(value, end);
    const char *time = skip_blanks(value_end, end);
    const char *time_end = time < end && *time == '#' ? time : skip_word(time, end);
    const char *more = skip_blanks(time_end, end);
    if (more < end && *more != '#')
        return bw_sample_text_fail(err, "expected nothing behind the time", span(more, end));
    *out = (struct bw_sample_text){ span(line.data, name_end), span(value, value_end),
                                    span(time, time_end) };
    return BW_OK;
}

/* ---- a time ------------------------------------------------------------------------------ */

/* Seconds with up to three decimals, or whole milliseconds: what is written nearly always, and
 * read without a detour over doubles. */
static bool read_plain_time(struct bw_span text, int64_t *out_ms)
{
    const bool negative = text.len > 0 && text.data[0] == '-';
    int64_t whole = 0;
    size_t i = negative ? 1 : 0, decimals = 0;
    if (text.len > 15 + (size_t)negative || i == text.len)
        return false;
    bool point = false;
    for (; i < text.len && decimals < 4; i++) {
        const char c = text.data[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        whole = whole * 10 + (c - '0');
        decimals += point;
    }
    if (i < text.len || decimals > 3 || (point && decimals == 0))
        return false;
    static const int64_t scale[] = { 1000, 100, 10, 1 };
    if (point || (double)whole < SECONDS_MAX)
        whole *= scale[decimals];
    *out_ms = negative ? -whole : whole;
    return !point || (double)whole < SECONDS_MAX * 1000;
}

bool bw_sample_text_time(struct bw_span text, int64_t *out_ms)
{
    double number;
    if (read_plain_time(text, out_ms) || bw_parse_rfc3339(text.data, text.len, out_ms))
        return true;
    if (!bw_parse_double(text.data, text.len, &number) || !isfinite(number))
        return false;
    const double ms = fabs(number) < SECONDS_MAX ? number * 1000 : number;
    if (fabs(ms) > MS_MAX)
        return false;
    *out_ms = (int64_t)llround(ms);
    return true;
}

/* ---- a name ------------------------------------------------------------------------------ */

struct name_reader {
    struct bw_arena *arena;
    const char *at, *end;
    bool dumped; /* {__name__="up"}: written by Go, which has more escapes */
    const char *metric;
    struct bw_label labels[BW_LABELS_MAX];
    size_t count;
    struct bw_err *err;
};

static enum bw_rc expected(struct name_reader *r, const char *what)
{
    return bw_sample_text_fail(r->err, what, span(r->at, r->end));
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == ':';
}

static const char *take_name(struct name_reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && is_name_byte(*r->at))
        r->at++;
    return bw_arena_strndup(r->arena, start, (size_t)(r->at - start));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number of `digits` hexadecimal digits behind *at; -1 when it is none. */
static long take_hex(const char **at, const char *end, int digits)
{
    long number = 0;
    for (int i = 0; i < digits; i++, ++*at) {
        const int digit = *at < end ? hex_digit(**at) : -1;
        if (digit < 0)
            return -1;
        number = number * 16 + digit;
    }
    return number;
}

static size_t put_utf8(char *out, long c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    out[0] = (char)(lead[more] | c >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | ((c >> (6 * (more - i))) & 0x3f));
    return 1 + more;
}

/* The escapes of Go's strconv.Quote; 0 bytes for what is none. */
static size_t take_go_escape(struct name_reader *r, char c, char *out)
{
    static const char named[] = "abfnrtv", meaning[] = "\a\b\f\n\r\t\v";
    const char *found = c != '\0' ? strchr(named, c) : NULL;
    if (found != NULL) {
        *out = meaning[found - named];
        return 1;
    }
    const int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    const long number = digits > 0 ? take_hex(&r->at, r->end, digits) : -1;
    if (number <= 0 || number > 0x10ffff)
        return 0;
    if (c != 'x')
        return put_utf8(out, number);
    *out = (char)number;
    return 1;
}

static size_t take_escape(struct name_reader *r, char *out)
{
    const char c = r->at < r->end ? *r->at++ : '\0';
    if (c == '\\' || c == '"' || c == 'n') {
        *out = c == 'n' ? '\n' : c;
        return 1;
    }
    return r->dumped ? take_go_escape(r, c, out) : 0;
}

/* A quoted value; NULL when it is none. */
static const char *take_value(struct name_reader *r)
{
    if (r->at == r->end || *r->at != '"')
        return NULL;
    r->at++;
    char *text = bw_arena_alloc(r->arena, (size_t)(r->end - r->at) + 1);
    size_t len = 0;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at != '\\') {
            text[len++] = *r->at++;
            continue;
        }
        r->at++;
        const size_t bytes = take_escape(r, text + len);
        if (bytes == 0)
            return NULL;
        len += bytes;
    }
    if (r->at == r->end || memchr(text, '\0', len) != NULL)
        return NULL;
    r->at++;
    return bw_utf8_valid_prefix(text, len) == len ? text : NULL;
}

static enum bw_rc add_label(struct name_reader *r, const char *name, const char *value)
{
    if (strcmp(name, "__name__") == 0) {
        if (r->metric != NULL)
            return bw_fail(r->err, BW_EINVAL, "the name of the metric is there twice");
        r->metric = value;
        return BW_OK;
    }
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->labels[i].name, name) == 0)
            return bw_fail(r->err, BW_EINVAL, "the label %.60s is there twice", name);
    }
    if (r->count == BW_LABELS_MAX - 1)
        return bw_fail(r->err, BW_ELIMIT, "more than %u labels", BW_LABELS_MAX - 1);
    r->labels[r->count++] = (struct bw_label){ name, value };
    return BW_OK;
}

static void pass_blanks(struct name_reader *r)
{
    r->at = skip_blanks(r->at, r->end);
}

static enum bw_rc take_label(struct name_reader *r)
{
    const char *name = take_name(r);
    if (!bw_label_name_is_valid(name))
        return expected(r, "expected a label's name");
    pass_blanks(r);
    if (r->at == r->end || *r->at != '=')
        return expected(r, "expected '=' behind a label's name");
    r->at++;
    pass_blanks(r);
    const char *start = r->at;
    const char *value = take_value(r);
    if (value == NULL)
        return bw_sample_text_fail(r->err, "expected a label's value, quoted and in UTF-8",
                                   span(start, r->end));
    const enum bw_rc rc = add_label(r, name, value);
    pass_blanks(r);
    return rc;
}

static enum bw_rc take_labels(struct name_reader *r)
{
    r->at++;
    for (;;) {
        pass_blanks(r);
        if (r->at < r->end && *r->at == '}') {
            r->at++;
            return BW_OK;
        }
        const enum bw_rc rc = take_label(r);
        if (rc != BW_OK)
            return rc;
        if (r->at < r->end && *r->at == ',')
            r->at++;
        else if (r->at == r->end || *r->at != '}')
            return expected(r, "expected ',' or '}' behind a label");
    }
}

enum bw_rc bw_sample_text_name(struct bw_arena *arena, struct bw_span name, const char **out_metric,
                               struct bw_labels *out_labels, struct bw_err *err)
{
    struct name_reader r = {
        .arena = arena, .at = name.data, .end = name.data + name.len, .err = err
    };
    const char *metric = take_name(&r);
    r.metric = metric[0] != '\0' ? metric : NULL;
    r.dumped = r.metric == NULL;
    pass_blanks(&r);
    if (r.at < r.end && *r.at == '{') {
        const enum bw_rc rc = take_labels(&r);
        if (rc != BW_OK)
            return rc;
    }
    if (r.metric == NULL || r.at < r.end || !bw_metric_name_is_valid(r.metric))
        return bw_sample_text_fail(err, "expected the name of a metric", name);
    *out_metric = r.metric;
    *out_labels = bw_labels_make(arena, r.labels, r.count);
    return BW_OK;
}
