// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/textformat.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/num.h"
#include "metric/guest.h"

#include <math.h>
#include <string.h>

enum { LINE_LABELS_MAX = BW_FAMILY_LABELS_MAX, KEY_BYTES_MAX = 64 << 10 };

/* One line, as far as it is read. */
struct line {
    const char *at;
    const char *end;
};

void bw_text_doc_init(struct bw_text_doc *doc, struct bw_arena *arena,
                      const struct bw_text_rules *rules)
{
    *doc = (struct bw_text_doc){ .arena = arena, .rules = rules };
}

void bw_text_doc_fini(struct bw_text_doc *doc)
{
    bw_names_fini(&doc->keys);
}

/* ---- words ----------------------------------------------------------------------------- */

static void skip_blanks(struct line *line)
{
    while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
        line->at++;
}

static bool take_char(struct line *line, char c)
{
    if (line->at == line->end || *line->at != c)
        return false;
    line->at++;
    return true;
}

static bool is_name_byte(char c, bool first, bool colons)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':')
           || (!first && c >= '0' && c <= '9');
}

static bool take_name(struct line *line, bool colons, struct bw_span *out)
{
    const char *start = line->at;
    while (line->at < line->end && is_name_byte(*line->at, line->at == start, colons))
        line->at++;
    *out = (struct bw_span){ start, (size_t)(line->at - start) };
    return out->len > 0 && out->len <= BW_NAME_BYTES_MAX;
}

static struct bw_span take_word(struct line *line)
{
    const char *start = line->at;
    while (line->at < line->end && *line->at != ' ' && *line->at != '\t')
        line->at++;
    return (struct bw_span){ start, (size_t)(line->at - start) };
}

/* Undoes \\ and \n, and \" where `quotes`; NULL for anything else behind a backslash. */
static const char *unescape(struct bw_arena *arena, struct bw_span text, bool quotes)
{
    char *out = bw_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\\') {
            c = i + 1 < text.len ? text.data[++i] : '\0';
            if (c == 'n')
                c = '\n';
            else if (c != '\\' && (c != '"' || !quotes))
                return NULL;
        }
        out[len++] = c;
    }
    return out;
}

/* ---- families -------------------------------------------------------------------------- */

static bool find_family(const struct bw_text_doc *doc, struct bw_span name, size_t *out)
{
    /* Lines of a family stand together, so it is nearly always the newest. */
    for (size_t i = doc->family_count; i > 0; i--) {
        const struct bw_text_family *family = &doc->families[i - 1];
        if (family->name_len == name.len && memcmp(family->name, name.data, name.len) == 0) {
            *out = i - 1;
            return true;
        }
    }
    return false;
}

static enum bw_rc check_name(const struct bw_text_doc *doc, struct bw_span name, struct bw_err *err)
{
    const char *const *prefix = doc->rules->prefixes;
    for (; prefix != NULL && *prefix != NULL; prefix++) {
        const size_t len = strlen(*prefix);
        if (name.len >= len && memcmp(name.data, *prefix, len) == 0)
            return bw_fail(err, BW_EINVAL, "names that begin with %s are our own", *prefix);
    }
    return doc->family_count < doc->rules->families_max
               ? BW_OK
               : bw_fail(err, BW_ELIMIT, "more than %zu metrics", doc->rules->families_max);
}

static void make_room(struct bw_text_doc *doc)
{
    if (doc->family_count == doc->family_cap) {
        const size_t cap = doc->family_cap == 0 ? 16 : doc->family_cap * 2;
        struct bw_text_family *more = bw_arena_array(doc->arena, cap, sizeof *more);
        if (doc->family_count > 0)
            memcpy(more, doc->families, doc->family_count * sizeof *more);
        doc->families = more;
        doc->family_cap = cap;
    }
}

static enum bw_rc family_for(struct bw_text_doc *doc, struct bw_span name, size_t *out,
                             struct bw_err *err)
{
    if (find_family(doc, name, out))
        return BW_OK;
    const enum bw_rc rc = check_name(doc, name, err);
    if (rc != BW_OK)
        return rc;
    make_room(doc);
    *out = doc->family_count++;
    doc->families[*out] = (struct bw_text_family){
        .name = bw_arena_strndup(doc->arena, name.data, name.len),
        .name_len = name.len,
        .type = BW_TYPE_UNTYPED,
    };
    return BW_OK;
}

/* Bytes that a text takes where it is shown: a carriage return becomes U+FFFD there. */
static size_t shown_len(struct bw_span text)
{
    size_t len = text.len;
    for (size_t i = 0; i < text.len; i++)
        len += text.data[i] == '\r' ? 2 : 0;
    return len;
}

static enum bw_rc read_help(struct bw_text_doc *doc, struct line *line, struct bw_span name,
                            struct bw_err *err)
{
    size_t at;
    const enum bw_rc rc = family_for(doc, name, &at, err);
    if (rc != BW_OK)
        return rc;
    struct bw_text_family *family = &doc->families[at];
    skip_blanks(line);
    const struct bw_span text = { line->at, (size_t)(line->end - line->at) };
    const char *help = unescape(doc->arena, text, false);
    if (help == NULL)
        return bw_fail(err, BW_EINVAL, "an escape that is none in a help");
    if (shown_len(text) > BW_LABEL_VALUE_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "a help of more than %u bytes", BW_LABEL_VALUE_BYTES_MAX);
    if (family->help == NULL)
        family->help = help;
    return BW_OK;
}

static enum bw_rc read_type(struct bw_text_doc *doc, struct line *line, struct bw_span name,
                            struct bw_err *err)
{
    static const struct {
        const char *word;
        enum bw_metric_type type;
    } types[] = {
        { "counter", BW_TYPE_COUNTER },     { "gauge", BW_TYPE_GAUGE },
        { "untyped", BW_TYPE_UNTYPED },     { "summary", BW_TYPE_SUMMARY },
        { "histogram", BW_TYPE_HISTOGRAM },
    };
    skip_blanks(line);
    const struct bw_span word = take_word(line);
    skip_blanks(line);
    size_t i = 0;
    while (i < sizeof types / sizeof *types && !bw_span_is(word, types[i].word))
        i++;
    if (i == sizeof types / sizeof *types || line->at < line->end)
        return bw_fail(err, BW_EINVAL, "a type that there is not");
    size_t at;
    const enum bw_rc rc = family_for(doc, name, &at, err);
    if (rc != BW_OK)
        return rc;
    struct bw_text_family *family = &doc->families[at];
    if ((family->typed || family->sampled) && family->type != types[i].type)
        return bw_fail(err, BW_EINVAL, "%.100s has another type already", family->name);
    family->type = types[i].type;
    family->typed = true;
    return BW_OK;
}

static enum bw_rc read_comment(struct bw_text_doc *doc, struct line *line, struct bw_err *err)
{
    line->at++;
    skip_blanks(line);
    const struct bw_span word = take_word(line);
    const bool help = bw_span_is(word, "HELP");
    if (!help && !bw_span_is(word, "TYPE"))
        return BW_OK;
    struct bw_span name;
    skip_blanks(line);
    if (!take_name(line, true, &name)
        || (line->at < line->end && *line->at != ' ' && *line->at != '\t'))
        return bw_fail(err, BW_EINVAL, "a comment without the name of a metric");
    return help ? read_help(doc, line, name, err) : read_type(doc, line, name, err);
}

/* ---- samples --------------------------------------------------------------------------- */

static enum bw_rc read_label_name(const struct bw_text_doc *doc, struct line *line,
                                  struct bw_span *out, struct bw_err *err)
{
    if (!take_name(line, false, out) || bw_span_is(*out, "__name__"))
        return bw_fail(err, BW_EINVAL, "expected a label's name");
    for (const char *const *own = doc->rules->labels; own != NULL && *own != NULL; own++) {
        if (bw_span_is(*out, *own))
            return bw_fail(err, BW_EINVAL, "the label %s is our own", *own);
    }
    return BW_OK;
}

static enum bw_rc read_label(const struct bw_text_doc *doc, struct line *line,
                             struct bw_metric_label *out, struct bw_err *err)
{
    struct bw_span name;
    const enum bw_rc rc = read_label_name(doc, line, &name, err);
    if (rc != BW_OK)
        return rc;
    skip_blanks(line);
    if (!take_char(line, '='))
        return bw_fail(err, BW_EINVAL, "expected '=' after a label's name");
    skip_blanks(line);
    if (!take_char(line, '"'))
        return bw_fail(err, BW_EINVAL, "expected '\"' before a label's value");
    const char *start = line->at;
    while (line->at < line->end && *line->at != '"')
        line->at += *line->at == '\\' && line->at + 1 < line->end ? 2 : 1;
    const struct bw_span value = { start, (size_t)(line->at - start) };
    if (!take_char(line, '"'))
        return bw_fail(err, BW_EINVAL, "a label's value does not end");
    if (shown_len(value) > BW_LABEL_VALUE_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "a label's value of more than %u bytes",
                       BW_LABEL_VALUE_BYTES_MAX);
    out->name = bw_arena_strndup(doc->arena, name.data, name.len);
    out->value = unescape(doc->arena, value, true);
    return out->value != NULL
               ? BW_OK
               : bw_fail(err, BW_EINVAL, "an escape that is none in a label's value");
}

/* Puts the label where it belongs by its name. */
static enum bw_rc insert_label(struct bw_metric_label *labels, size_t *count,
                               const struct bw_metric_label *label, struct bw_err *err)
{
    size_t at = *count;
    while (at > 0 && strcmp(labels[at - 1].name, label->name) > 0)
        at--;
    if (at > 0 && strcmp(labels[at - 1].name, label->name) == 0)
        return bw_fail(err, BW_EINVAL, "the label %.100s stands there twice", label->name);
    if (*count == LINE_LABELS_MAX)
        return bw_fail(err, BW_ELIMIT, "more than %d labels", LINE_LABELS_MAX);
    memmove(labels + at + 1, labels + at, (*count - at) * sizeof *labels);
    labels[at] = *label;
    ++*count;
    return BW_OK;
}

static enum bw_rc read_labels(const struct bw_text_doc *doc, struct line *line,
                              struct bw_metric_label labels[LINE_LABELS_MAX], size_t *out_count,
                              struct bw_err *err)
{
    struct line ahead = *line;
    *out_count = 0;
    skip_blanks(&ahead);
    if (!take_char(&ahead, '{'))
        return BW_OK;
    *line = ahead;
    for (;;) {
        skip_blanks(line);
        if (take_char(line, '}'))
            return BW_OK;
        struct bw_metric_label label = { "", "" };
        enum bw_rc rc = read_label(doc, line, &label, err);
        if (rc == BW_OK)
            rc = insert_label(labels, out_count, &label, err);
        if (rc != BW_OK)
            return rc;
        skip_blanks(line);
        if (!take_char(line, ',') && (line->at == line->end || *line->at != '}'))
            return bw_fail(err, BW_EINVAL, "expected ',' or '}' after a label");
    }
}

static bool drop_ending(struct bw_span name, const char *ending, struct bw_span *out)
{
    const size_t len = strlen(ending);
    if (name.len <= len || memcmp(name.data + name.len - len, ending, len) != 0)
        return false;
    *out = (struct bw_span){ name.data, name.len - len };
    return true;
}

/* Which family a line belongs to: x_count is a line of the histogram or summary x. */
static enum bw_rc family_of_line(struct bw_text_doc *doc, struct bw_span name, size_t *out_family,
                                 enum bw_measure_part *out_part, struct bw_err *err)
{
    static const struct {
        const char *ending;
        enum bw_measure_part part;
    } endings[] = {
        { "_bucket", BW_PART_BUCKET },
        { "_sum", BW_PART_SUM },
        { "_count", BW_PART_COUNT },
    };
    struct bw_span base;
    size_t at;
    *out_part = BW_PART_VALUE;
    if (find_family(doc, name, out_family))
        return BW_OK;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (!drop_ending(name, endings[i].ending, &base) || !find_family(doc, base, &at))
            continue;
        const enum bw_metric_type type = doc->families[at].type;
        if (type != BW_TYPE_HISTOGRAM
            && (type != BW_TYPE_SUMMARY || endings[i].part == BW_PART_BUCKET))
            continue;
        *out_part = endings[i].part;
        *out_family = at;
        return BW_OK;
    }
    return family_for(doc, name, out_family, err);
}

static const char *find_label(const struct bw_metric_label *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(labels[i].name, name) == 0)
            return labels[i].value;
    }
    return NULL;
}

/* Takes the label out of the list; its value, or NULL. */
static const char *take_label(struct bw_metric_label *labels, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(labels[i].name, name) != 0)
            continue;
        const char *value = labels[i].value;
        memmove(labels + i, labels + i + 1, (*count - i - 1) * sizeof *labels);
        --*count;
        return value;
    }
    return NULL;
}

static enum bw_rc check_part(const struct bw_text_family *family, struct bw_text_sample *sample,
                             struct bw_metric_label *labels, struct bw_err *err)
{
    double quantile;
    if (family->type == BW_TYPE_SUMMARY && sample->part == BW_PART_VALUE) {
        const char *text = find_label(labels, sample->label_count, "quantile");
        return text != NULL && bw_parse_double(text, strlen(text), &quantile)
                   ? BW_OK
                   : bw_fail(err, BW_EINVAL, "a summary has quantiles, _sum and _count");
    }
    if (family->type != BW_TYPE_HISTOGRAM)
        return BW_OK;
    if (sample->part == BW_PART_VALUE)
        return bw_fail(err, BW_EINVAL, "a histogram has _bucket, _sum and _count");
    const char *le = take_label(labels, &sample->label_count, "le");
    if ((le != NULL) != (sample->part == BW_PART_BUCKET))
        return bw_fail(err, BW_EINVAL, "le is the label of buckets and of nothing else");
    if (le != NULL && (!bw_parse_double(le, strlen(le), &sample->bound) || isnan(sample->bound)))
        return bw_fail(err, BW_EINVAL, "le is no number");
    return BW_OK;
}

static struct bw_span make_key(struct bw_text_doc *doc, const struct bw_text_sample *sample,
                               const struct bw_metric_label *labels)
{
    struct bw_buf key;
    bw_buf_init(&key, KEY_BYTES_MAX);
    bw_buf_printf(&key, "%s\n%d\n", doc->families[sample->family].name, (int)sample->part);
    bw_buf_double(&key, sample->bound);
    for (size_t i = 0; i < sample->label_count; i++) {
        if (labels[i].value[0] != '\0')
            bw_buf_printf(&key, "\n%s=%zu:%s", labels[i].name, strlen(labels[i].value),
                          labels[i].value);
    }
    const size_t len = key.len;
    const char *copy = bw_arena_strndup(doc->arena, key.data, len);
    bw_buf_fini(&key);
    return (struct bw_span){ copy, len };
}

static enum bw_rc add_sample(struct bw_text_doc *doc, struct bw_text_sample *sample,
                             const struct bw_metric_label *labels, struct bw_err *err)
{
    if (doc->sample_count == doc->rules->samples_max)
        return bw_fail(err, BW_ELIMIT, "more than %zu samples in all", doc->rules->samples_max);
    sample->key = make_key(doc, sample, labels);
    if (!bw_names_add(&doc->keys, sample->key.data, sample->key.len))
        return bw_fail(err, BW_EINVAL, "the series %.100s is there already",
                       doc->families[sample->family].name);
    struct bw_metric_label *copy =
        bw_arena_array(doc->arena, sample->label_count + 1, sizeof *copy);
    memcpy(copy, labels, sample->label_count * sizeof *copy);
    sample->labels = copy;
    if (doc->sample_count == doc->sample_cap) {
        const size_t cap = doc->sample_cap == 0 ? 64 : doc->sample_cap * 2;
        struct bw_text_sample *more = bw_arena_array(doc->arena, cap, sizeof *more);
        if (doc->sample_count > 0)
            memcpy(more, doc->samples, doc->sample_count * sizeof *more);
        doc->samples = more;
        doc->sample_cap = cap;
    }
    doc->samples[doc->sample_count++] = *sample;
    doc->families[sample->family].sampled = true;
    return BW_OK;
}

static enum bw_rc read_sample(struct bw_text_doc *doc, struct line *line, struct bw_err *err)
{
    struct bw_metric_label labels[LINE_LABELS_MAX + 1] = { { "", "" } };
    size_t count;
    struct bw_span name;
    if (!take_name(line, true, &name))
        return bw_fail(err, BW_EINVAL, "expected the name of a metric");
    enum bw_rc rc = read_labels(doc, line, labels, &count, err);
    if (rc != BW_OK)
        return rc;
    const char *before = line->at;
    skip_blanks(line);
    const bool apart = line->at > before || before[-1] == '}';
    const struct bw_span number = take_word(line);
    double value;
    if (!apart || !bw_parse_double(number.data, number.len, &value))
        return bw_fail(err, BW_EINVAL, "expected a number");
    skip_blanks(line);
    if (line->at < line->end)
        return bw_fail(err, BW_EINVAL, "something stands behind the value; timestamps are refused");
    size_t family;
    enum bw_measure_part part;
    rc = family_of_line(doc, name, &family, &part, err);
    if (rc != BW_OK)
        return rc;
    struct bw_text_sample sample = {
        .family = family, .part = part, .value = value, .label_count = count
    };
    rc = check_part(&doc->families[family], &sample, labels, err);
    return rc != BW_OK ? rc : add_sample(doc, &sample, labels, err);
}

/* ---- texts ----------------------------------------------------------------------------- */

/* In OpenMetrics the counter x_total and anything called x would be one family. */
static enum bw_rc check_bases(const struct bw_text_doc *doc, size_t first, struct bw_err *err)
{
    for (size_t i = first; i < doc->family_count; i++) {
        const struct bw_text_family *family = &doc->families[i];
        struct bw_span base;
        size_t other;
        if (family->type == BW_TYPE_COUNTER
            && drop_ending(bw_span_of(family->name), "_total", &base)
            && find_family(doc, base, &other))
            return bw_fail(err, BW_EINVAL, "%.100s and %.100s get into each other's way",
                           doc->families[other].name, family->name);
    }
    return BW_OK;
}

static enum bw_rc read_lines(struct bw_text_doc *doc, struct bw_span text, struct bw_err *err)
{
    unsigned number = 0;
    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        number++;
        if (end == NULL)
            return bw_fail(err, BW_EINVAL, "line %u: the text ends within a line", number);
        struct line line = { text.data, end };
        text.len -= (size_t)(end - text.data) + 1;
        text.data = end + 1;
        skip_blanks(&line);
        if (line.at == line.end)
            continue;
        const enum bw_rc rc =
            *line.at == '#' ? read_comment(doc, &line, err) : read_sample(doc, &line, err);
        if (rc != BW_OK)
            return bw_wrap(err, rc, "line %u", number);
    }
    return BW_OK;
}

/* Also what the text changed in families that were there. */
static void roll_back(struct bw_text_doc *doc, const struct bw_text_doc *before,
                      const struct bw_text_family *families)
{
    for (size_t i = before->sample_count; i < doc->sample_count; i++)
        bw_names_remove(&doc->keys, doc->samples[i].key.data, doc->samples[i].key.len);
    doc->sample_count = before->sample_count;
    doc->family_count = before->family_count;
    if (before->family_count > 0)
        memcpy(doc->families, families, before->family_count * sizeof *families);
}

static void note_origin(struct bw_text_doc *doc, size_t first, const char *origin)
{
    for (size_t i = first; i < doc->family_count; i++) {
        if (doc->families[i].help == NULL)
            doc->families[i].help = bw_arena_printf(doc->arena, "Metric read from %s.", origin);
    }
}

enum bw_rc bw_text_doc_add(struct bw_text_doc *doc, const char *origin, struct bw_span text,
                           struct bw_err *err)
{
    const struct bw_text_doc before = *doc;
    struct bw_text_family *families =
        bw_arena_array(doc->arena, doc->family_count + 1, sizeof *families);
    if (doc->family_count > 0)
        memcpy(families, doc->families, doc->family_count * sizeof *families);
    enum bw_rc rc = BW_OK;
    if (bw_utf8_valid_prefix(text.data, text.len) != text.len
        || memchr(text.data, '\0', text.len) != NULL)
        rc = bw_fail(err, BW_EINVAL, "not UTF-8 text");
    if (rc == BW_OK)
        rc = read_lines(doc, text, err);
    if (rc == BW_OK)
        rc = check_bases(doc, 0, err);
    if (rc != BW_OK)
        roll_back(doc, &before, families);
    else
        note_origin(doc, before.family_count, origin);
    return rc;
}

/* ---- measures -------------------------------------------------------------------------- */

/* The labels of all samples of a family, of which there may be as many as of one line. */
static enum bw_rc gather_labels(const struct bw_text_doc *doc, struct bw_family *rows,
                                struct bw_err *err)
{
    for (size_t i = 0; i < doc->sample_count; i++) {
        const struct bw_text_sample *sample = &doc->samples[i];
        struct bw_family *row = &rows[sample->family];
        for (size_t k = 0; k < sample->label_count; k++) {
            size_t at = 0;
            while (at < row->label_count && strcmp(row->labels[at], sample->labels[k].name) != 0)
                at++;
            if (at < row->label_count)
                continue;
            if (at == BW_FAMILY_LABELS_MAX)
                return bw_fail(err, BW_ELIMIT, "%.100s: more than %d labels", row->name,
                               (int)BW_FAMILY_LABELS_MAX);
            row->labels[row->label_count++] = sample->labels[k].name;
        }
    }
    return BW_OK;
}

static void add_measure(const struct bw_text_sample *sample, enum bw_family_id family,
                        struct bw_measures *out)
{
    const struct bw_family *row = bw_family_row(family);
    const char *values[BW_FAMILY_LABELS_MAX] = { NULL };
    for (size_t i = 0; i < row->label_count; i++) {
        for (size_t k = 0; k < sample->label_count; k++) {
            if (strcmp(row->labels[i], sample->labels[k].name) == 0)
                values[i] = sample->labels[k].value;
        }
    }
    bw_measures_add_part(out, family, sample->part, sample->bound, sample->value, values);
}

enum bw_rc bw_text_doc_measure(const struct bw_text_doc *doc, struct bw_measures *out,
                               struct bw_err *err)
{
    struct bw_family *rows = bw_arena_array(out->arena, doc->family_count + 1, sizeof *rows);
    enum bw_family_id *ids = bw_arena_array(out->arena, doc->family_count + 1, sizeof *ids);
    bool *shown = bw_arena_array(out->arena, doc->family_count + 1, sizeof *shown);
    for (size_t i = 0; i < doc->family_count; i++) {
        const struct bw_text_family *family = &doc->families[i];
        rows[i] = (struct bw_family){ .name = family->name,
                                      .type = family->type,
                                      .unit = "",
                                      .stored = family->type != BW_TYPE_HISTOGRAM,
                                      .help = family->help };
    }
    enum bw_rc first = gather_labels(doc, rows, err);
    if (first != BW_OK)
        return first;
    for (size_t i = 0; i < doc->family_count; i++) {
        if (!doc->families[i].sampled)
            continue;
        const enum bw_rc rc = bw_guest_family(&rows[i], &ids[i], first == BW_OK ? err : NULL);
        shown[i] = rc == BW_OK;
        first = first != BW_OK ? first : rc;
    }
    for (size_t i = 0; i < doc->sample_count; i++) {
        if (shown[doc->samples[i].family])
            add_measure(&doc->samples[i], ids[doc->samples[i].family], out);
    }
    return first;
}
