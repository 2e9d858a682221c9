// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/perfdata.h"

#include "base/num.h"
#include "probe/probe.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* Sizes count in 1024 under either name, as monitoring-plugins write them. */
static const struct {
    const char *name, *unit;
    double factor;
    bool exact_case;
} units[] = {
    { "", "", 1, false },
    { "s", "seconds", 1, false },
    { "ms", "seconds", 1e-3, false },
    { "us", "seconds", 1e-6, false },
    { "ns", "seconds", 1e-9, false },
    { "%", "ratio", 1e-2, false },
    { "c", "counter", 1, true },
    { "B", "bytes", 1, true },
    { "KB", "bytes", 0x1p10, false },
    { "MB", "bytes", 0x1p20, false },
    { "GB", "bytes", 0x1p30, false },
    { "TB", "bytes", 0x1p40, false },
    { "PB", "bytes", 0x1p50, false },
    { "KiB", "bytes", 0x1p10, false },
    { "MiB", "bytes", 0x1p20, false },
    { "GiB", "bytes", 0x1p30, false },
    { "TiB", "bytes", 0x1p40, false },
    { "PiB", "bytes", 0x1p50, false },
};

static struct bw_span take_line(struct bw_span *rest)
{
    struct bw_span line = { "", 0 };
    bw_span_split(rest, '\n', &line);
    return line;
}

struct bw_span bw_plugin_text(struct bw_span output)
{
    struct bw_span line = take_line(&output), text = { "", 0 };
    bw_span_split(&line, '|', &text);
    return bw_span_trim(text);
}

struct bw_perfdata_reader bw_perfdata_begin(struct bw_span output)
{
    return (struct bw_perfdata_reader){ .rest = output, .first = true };
}

/* The first line has perfdata behind its `|`; below it comes more text up to another `|`, from
 * which on everything is perfdata. */
static bool next_part(struct bw_perfdata_reader *reader)
{
    if (reader->rest.data == NULL)
        return false;
    struct bw_span line = take_line(&reader->rest), text;
    if (!reader->tail) {
        bw_span_split(&line, '|', &text);
        reader->tail = line.data != NULL && !reader->first;
        reader->first = false;
    }
    reader->part = line.data != NULL ? line : (struct bw_span){ "", 0 };
    return true;
}

static void skip(struct bw_span *span, size_t count)
{
    span->data += count;
    span->len -= count;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* 'any text, '' is a quote'= or text-without-blanks= */
static bool take_label(struct bw_span *part, struct bw_perfdata *out)
{
    size_t len = 0;
    out->quoted = part->data[0] == '\'';
    if (out->quoted)
        skip(part, 1);
    while (len < part->len) {
        const char c = part->data[len];
        if (out->quoted && c == '\'') {
            if (len + 1 == part->len || part->data[len + 1] != '\'')
                break;
            len++;
        } else if (!out->quoted && (c == '=' || is_blank(c))) {
            break;
        }
        len++;
    }
    out->label = (struct bw_span){ part->data, len };
    skip(part, len);
    if (out->quoted && part->len > 0)
        skip(part, 1);
    if (len == 0 || part->len == 0 || part->data[0] != '=')
        return false;
    skip(part, 1);
    return true;
}

static bool read_unit(struct bw_span name, struct bw_perfdata *out, double *out_factor)
{
    /* What begins like a number is the rest of one, such as a decimal comma. */
    if (name.len >= sizeof out->own_unit
        || (name.len > 0 && memchr("0123456789.,+-", name.data[0], 14) != NULL))
        return false;
    memcpy(out->own_unit, name.data, name.len);
    out->own_unit[name.len] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const bool same = units[i].exact_case ? strcmp(units[i].name, out->own_unit) == 0
                                              : strcasecmp(units[i].name, out->own_unit) == 0;
        if (!same)
            continue;
        *out_factor = units[i].factor;
        out->unit = units[i].unit;
        return true;
    }
    out->unit = out->own_unit;
    *out_factor = 1;
    return bw_utf8_valid_prefix(name.data, name.len) == name.len;
}

/* A number and what follows it. */
static bool read_number(struct bw_span field, double *out, struct bw_span *out_rest)
{
    size_t len = 0;
    while (len < field.len && strchr("0123456789.+-eE", field.data[len]) != NULL
           && field.data[len] != '\0')
        len++;
    *out_rest = (struct bw_span){ field.data + len, field.len - len };
    return bw_parse_double(field.data, len, out) && isfinite(*out);
}

static double read_bound(struct bw_span field, double factor)
{
    double value;
    struct bw_span rest;
    return read_number(field, &value, &rest) && rest.len == 0 && isfinite(value * factor)
               ? value * factor
               : NAN;
}

/* "10": 0 to 10; "10:": from 10; "~:10": up to 10; "10:20"; "@10:20": bad inside. */
static struct bw_perfdata_range read_range(struct bw_span field, double factor)
{
    struct bw_perfdata_range range = { .min = NAN, .max = NAN };
    if (field.len > 0 && field.data[0] == '@') {
        range.inside = true;
        skip(&field, 1);
    }
    struct bw_span start;
    bw_span_split(&field, ':', &start);
    if (field.data == NULL) {
        range.max = read_bound(start, factor);
    } else {
        range.min = read_bound(start, factor);
        range.max = read_bound(field, factor);
    }
    return range;
}

static struct bw_span take_field(struct bw_span *word)
{
    struct bw_span field = { "", 0 };
    bw_span_split(word, ';', &field);
    return field;
}

/* value[unit][;[warning][;[critical][;[min][;[max]]]]] */
static bool read_value(struct bw_span word, struct bw_perfdata *out)
{
    struct bw_span unit;
    double factor = 1;
    if (!read_number(take_field(&word), &out->value, &unit) || !read_unit(unit, out, &factor)
        || !isfinite(out->value * factor))
        return false;
    out->value *= factor;
    out->warning = read_range(take_field(&word), factor);
    out->critical = read_range(take_field(&word), factor);
    out->min = read_bound(take_field(&word), factor);
    out->max = read_bound(take_field(&word), factor);
    return true;
}

/* One word, up to a blank. */
static bool take_item(struct bw_span *part, struct bw_perfdata *out)
{
    const bool labelled = take_label(part, out);
    size_t len = 0;
    while (len < part->len && !is_blank(part->data[len]))
        len++;
    const struct bw_span word = { part->data, len };
    skip(part, len);
    return labelled && read_value(word, out);
}

bool bw_perfdata_next(struct bw_perfdata_reader *reader, struct bw_perfdata *out)
{
    for (;;) {
        while (reader->part.len > 0 && is_blank(reader->part.data[0]))
            skip(&reader->part, 1);
        if (reader->part.len == 0) {
            if (!next_part(reader))
                return false;
        } else if (take_item(&reader->part, out)) {
            return true;
        }
    }
}

void bw_perfdata_label(char *out, size_t size, const struct bw_perfdata *item)
{
    char plain[256];
    size_t len = 0;
    for (size_t i = 0; i < item->label.len && len < sizeof plain; i++) {
        plain[len++] = item->label.data[i];
        if (item->quoted && item->label.data[i] == '\'')
            i++; /* its twin */
    }
    bw_probe_quote(out, size, plain, len);
}
