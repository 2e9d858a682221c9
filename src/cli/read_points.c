// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/read_points.h"

#include "base/civil.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "model/labels.h"
#include "model/picker.h"
#include "transfer/sample_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_BYTES_MAX = 64 << 10, SHOWN_BYTES_MAX = 60 };

struct reader {
    struct bw_read_points *out;
    struct bw_picker *picker; /* NULL: any */
    unsigned line;
    struct bw_span counter; /* the family that the text last called a counter */
    struct bw_span name;    /* the name of the last sample, as written … */
    bool name_is_wanted;    /* … and whether it is the series that is read */
    struct bw_err *err;
};

static bool fail(struct reader *r, const char *what, struct bw_span shown)
{
    const size_t len = shown.len < SHOWN_BYTES_MAX ? shown.len : SHOWN_BYTES_MAX;
    bw_fail(r->err, BW_EINVAL, "line %u: %s, found '%.*s'", r->line, what, (int)len, shown.data);
    return false;
}

/* ---- values and points ---------------------------------------------------------------------- */

static bool parse_value(struct bw_span text, double *out)
{
    if (text.len == 0 || bw_span_is(text, "null")) {
        *out = NAN;
        return true;
    }
    return bw_parse_double(text.data, text.len, out);
}

static bool add(struct reader *r, int64_t ts_ms, double value)
{
    if (r->out->points.count == BW_TREND_POINTS_MAX) {
        bw_fail(r->err, BW_ELIMIT, "line %u: more than %u points", r->line, BW_TREND_POINTS_MAX);
        return false;
    }
    bw_points_add(&r->out->points, ts_ms, value);
    return true;
}

/* ---- CSV --------------------------------------------------------------------------------- */

static struct bw_span unquoted(struct bw_span text)
{
    text = bw_span_trim(text);
    if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
        return (struct bw_span){ text.data + 1, text.len - 2 };
    return text;
}

/* A blank separates only where nothing else does. */
static char separator_of(struct bw_span line)
{
    char found = '\0';
    for (size_t i = 0; i < line.len; i++) {
        if (line.data[i] == ',' || line.data[i] == ';' || line.data[i] == '\t')
            return line.data[i];
        if (line.data[i] == ' ')
            found = ' ';
    }
    return found;
}

/* "2026-11-21", "2026-11-21 22:38", "2026-11-21T22:38:53.5": what databases and spreadsheets write,
 * which RFC 3339 does not know. Without a zone it is UTC. */
static bool parse_loose_time(struct bw_span text, int64_t *out_ms)
{
    enum { DATE = 10, TO_MINUTES = 16 };
    char full[BW_RFC3339_MAX];
    if (text.len < DATE || text.len + sizeof "T00:00:00Z" > sizeof full || text.data[4] != '-')
        return false;
    const int hours = text.len > DATE ? (int)text.len - DATE - 1 : 0;
    snprintf(full, sizeof full, "%.*sT%.*s%s%s", DATE, text.data, hours,
             hours > 0 ? text.data + DATE + 1 : "", hours > 0 ? "" : "00:00",
             text.len <= TO_MINUTES ? ":00" : "");
    if (bw_parse_rfc3339(full, strlen(full), out_ms))
        return true;
    const size_t len = strlen(full);
    snprintf(full + len, sizeof full - len, "Z");
    return bw_parse_rfc3339(full, len + 1, out_ms);
}

static bool parse_time(struct bw_span text, int64_t *out_ms)
{
    return bw_sample_text_time(text, out_ms) || parse_loose_time(text, out_ms);
}

/* A comma for a point, where the comma separates nothing. */
static bool parse_csv_value(struct bw_span text, char separator, double *out)
{
    char copy[64];
    if (parse_value(text, out))
        return true;
    const char *comma = memchr(text.data, ',', text.len);
    if (separator == ',' || comma == NULL || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.len);
    copy[comma - text.data] = '.';
    return bw_parse_double(copy, text.len, out);
}

static bool read_csv_line(struct reader *r, struct bw_span line, bool may_be_header)
{
    struct bw_span rest = line, time, value, more;
    int64_t ts_ms;
    double number;
    const char separator = separator_of(line);
    if (separator == '\0')
        return fail(r, "expected time,value", line);
    bw_span_split(&rest, separator, &time);
    bw_span_split(&rest, separator, &value);
    if (bw_span_split(&rest, separator, &more))
        return fail(r, "expected two columns, time and value", line);
    const bool is_number = parse_csv_value(unquoted(value), separator, &number);
    if (!parse_time(unquoted(time), &ts_ms))
        return (may_be_header && !is_number)
               || fail(r, "expected a time (Unix, RFC 3339, or as 2026-11-21 22:38)",
                       unquoted(time));
    if (!is_number)
        return fail(r, "expected a number", unquoted(value));
    return add(r, ts_ms, number);
}

/* ---- exposition -------------------------------------------------------------------------- */

static bool is_same(struct bw_span a, struct bw_span b)
{
    return a.data != NULL && a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool said_in_line(struct reader *r, enum bw_rc rc)
{
    if (rc != BW_OK)
        bw_wrap(r->err, rc, "line %u", r->line);
    return rc == BW_OK;
}

static void note_counter(struct reader *r, const char *metric)
{
    const size_t len = strlen(metric);
    const struct bw_span whole = bw_span_of(metric);
    struct bw_span family = whole;
    if (bw_text_ends_with(metric, "_total"))
        family.len = len - strlen("_total");
    r->out->counter = is_same(r->counter, whole) || is_same(r->counter, family);
}

/* Whether the series is the one to read; the first that is wanted becomes it. */
static bool take_series(struct reader *r, const char *metric, struct bw_labels labels)
{
    struct bw_buf text;
    bw_buf_init(&text, SERIES_BYTES_MAX);
    bw_series_text(&text, metric, labels);
    bool ok = true;
    if (r->out->series == NULL) {
        r->out->series = bw_strdup(text.data);
        note_counter(r, metric);
    } else if (strcmp(r->out->series, text.data) != 0) {
        bw_fail(r->err, BW_EINVAL, "line %u: a second series (%.80s besides %.80s): choose one",
                r->line, text.data, r->out->series);
        ok = false;
    }
    bw_buf_fini(&text);
    return ok;
}

static bool read_name(struct reader *r, struct bw_span name)
{
    struct bw_arena arena;
    struct bw_labels labels = { 0 };
    const char *metric = "";
    bw_arena_init(&arena);
    bool ok = said_in_line(r, bw_sample_text_name(&arena, name, &metric, &labels, r->err));
    if (ok) {
        r->name = name;
        r->name_is_wanted = r->picker == NULL || bw_picker_matches(r->picker, metric, labels);
        if (r->name_is_wanted)
            ok = take_series(r, metric, labels);
    }
    bw_arena_fini(&arena);
    return ok;
}

static bool read_sample(struct reader *r, struct bw_span line)
{
    struct bw_sample_text parts;
    int64_t ts_ms;
    double number;
    if (!said_in_line(r, bw_sample_text_split(line, &parts, r->err)))
        return false;
    if (!is_same(r->name, parts.name) && !read_name(r, parts.name))
        return false;
    if (!r->name_is_wanted)
        return true;
    if (parts.value.len == 0 || !parse_value(parts.value, &number))
        return fail(r, "expected a number", parts.value);
    if (!bw_sample_text_time(parts.time, &ts_ms))
        return fail(r, "expected a time behind the value: a trend needs times", line);
    return add(r, ts_ms, number);
}

static void read_comment(struct reader *r, struct bw_span line)
{
    static const char type[] = "# TYPE ";
    if (line.len < strlen(type) || memcmp(line.data, type, strlen(type)) != 0)
        return;
    struct bw_span rest = { line.data + strlen(type), line.len - strlen(type) }, family;
    bw_span_split(&rest, ' ', &family);
    if (bw_span_is(bw_span_trim(rest), "counter"))
        r->counter = family;
}

/* ---- either ------------------------------------------------------------------------------ */

/* By the first line that is no comment: a name begins with no digit and is followed by labels or a
 * blank, a CSV's first column by its separator. */
static bool is_exposition(struct bw_span text)
{
    struct bw_span line;
    while (bw_span_split(&text, '\n', &line)) {
        line = bw_span_trim(line);
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (strchr("+-.0123456789", line.data[0]) != NULL)
            return false;
        for (size_t i = 0; i < line.len; i++) {
            if (line.data[i] == '{')
                return true;
            if (strchr(",;\t", line.data[i]) != NULL)
                return false;
        }
        return memchr(line.data, ' ', line.len) != NULL;
    }
    return false;
}

static bool read_lines(struct reader *r, struct bw_span text)
{
    const bool exposition = is_exposition(text);
    bool first = true;
    struct bw_span line;
    while (bw_span_split(&text, '\n', &line)) {
        r->line++;
        line = bw_span_trim(line);
        if (line.len == 0)
            continue;
        if (line.data[0] == '#') {
            read_comment(r, line);
            continue;
        }
        if (!(exposition ? read_sample(r, line) : read_csv_line(r, line, first)))
            return false;
        first = false;
    }
    if (r->out->points.count == 0)
        bw_fail(r->err, BW_ENOTFOUND,
                r->picker != NULL && exposition ? "no sample of that series"
                                                : "there are no points");
    return r->out->points.count > 0;
}

/* The mark that some programs put before UTF-8. */
static struct bw_span without_mark(struct bw_span text)
{
    static const char mark[] = "\xef\xbb\xbf";
    const size_t len = strlen(mark);
    if (text.len < len || memcmp(text.data, mark, len) != 0)
        return text;
    return (struct bw_span){ text.data + len, text.len - len };
}

enum bw_rc bw_read_points(const char *text, size_t len, const char *selector,
                          struct bw_read_points *out, struct bw_err *err)
{
    struct bw_err unseen = { .rc = BW_OK };
    struct reader r = { .out = out, .err = err != NULL ? err : &unseen };
    *out = (struct bw_read_points){ 0 };
    if (selector != NULL && bw_picker_parse(selector, &r.picker, r.err) != BW_OK)
        return r.err->rc;
    if (memchr(text, '\0', len) != NULL) {
        bw_picker_free(r.picker);
        return bw_fail(r.err, BW_EINVAL, "there is a NUL byte in it: this is no text");
    }
    const bool ok = read_lines(&r, without_mark((struct bw_span){ text, len }));
    bw_picker_free(r.picker);
    if (!ok)
        bw_read_points_fini(out);
    return ok ? BW_OK : r.err->rc;
}

void bw_read_points_fini(struct bw_read_points *read)
{
    bw_points_fini(&read->points);
    free(read->series);
    *read = (struct bw_read_points){ 0 };
}
