// SPDX-License-Identifier: GPL-3.0-or-later
#include "transfer/reader.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "transfer/csv_text.h"
#include "transfer/sample_text.h"
#include "transfer/spellings.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES_MAX = 60, PENDING_BYTES_MAX = 64 << 20, NAMES_BYTES_MAX = 2 << 20 };

/* What a column of a CSV holds. */
enum column_kind { COLUMN_LABEL, COLUMN_METRIC, COLUMN_TIME, COLUMN_VALUE };

struct column {
    enum column_kind kind;
    const char *label;
};

struct bw_transfer_reader {
    enum bw_transfer_form form;
    struct bw_transfer_sink sink;
    struct bw_buf pending; /* text of which the end of the line is not there yet */
    bool skipping;         /* within a line that is too long */
    bool ended;            /* `# EOF` */
    uint64_t line;
    struct bw_spellings spellings;
    struct bw_arena arena; /* of one name */

    /* Of a CSV, from its first line on. */
    struct column *columns;
    size_t column_count;
    char separator;
    struct bw_arena header;
    struct bw_buf scratch;  /* cells whose quotes are undone */
    struct bw_buf spelling; /* the cells of one record that name its series */
    struct bw_span *cells;  /* of one record, by column */
};

struct bw_transfer_reader *bw_transfer_reader_new(enum bw_transfer_form form,
                                                  const struct bw_transfer_sink *sink)
{
    struct bw_transfer_reader *r = bw_alloc(sizeof *r);
    r->form = form;
    r->sink = *sink;
    bw_buf_init(&r->pending, PENDING_BYTES_MAX);
    bw_buf_init(&r->scratch, NAMES_BYTES_MAX);
    bw_buf_init(&r->spelling, NAMES_BYTES_MAX);
    return r;
}

void bw_transfer_reader_free(struct bw_transfer_reader *r)
{
    if (r == NULL)
        return;
    bw_buf_fini(&r->pending);
    bw_buf_fini(&r->scratch);
    bw_buf_fini(&r->spelling);
    bw_spellings_fini(&r->spellings);
    bw_arena_fini(&r->arena);
    bw_arena_fini(&r->header);
    free(r->columns);
    free(r->cells);
    free(r);
}

static void tell(struct bw_transfer_reader *r, const struct bw_err *err)
{
    r->sink.bad(r->sink.ctx, r->line, err->text);
}

/* Value and time are read before the sink hears of the series: a bad line makes none. */
static bool read_numbers(struct bw_span value, struct bw_span time, double *out_value,
                         int64_t *out_ms, struct bw_err *err)
{
    if (!bw_parse_double(value.data, value.len, out_value)) {
        bw_sample_text_fail(err, "expected a number", value);
        return false;
    }
    if (time.len == 0) {
        bw_fail(err, BW_EINVAL, "expected a time behind the value");
        return false;
    }
    if (!bw_sample_text_time(time, out_ms)) {
        bw_sample_text_fail(err, "expected a time (Unix or RFC 3339)", time);
        return false;
    }
    return true;
}

/* ---- OpenMetrics ------------------------------------------------------------------------- */

static uint32_t make_series(struct bw_transfer_reader *r, struct bw_span name, struct bw_err *err)
{
    const char *metric;
    struct bw_labels labels;
    uint32_t series = 0;
    if (bw_sample_text_name(&r->arena, name, &metric, &labels, err) == BW_OK)
        series = r->sink.series(r->sink.ctx, metric, labels, err);
    bw_arena_fini(&r->arena);
    if (series != 0)
        bw_spellings_add(&r->spellings, name, series);
    return series;
}

static void read_sample(struct bw_transfer_reader *r, struct bw_span line)
{
    struct bw_sample_text parts;
    struct bw_err err;
    int64_t ts_ms;
    double value;
    uint32_t series = 0;
    if (bw_sample_text_split(line, &parts, &err) == BW_OK
        && read_numbers(parts.value, parts.time, &value, &ts_ms, &err)) {
        series = bw_spellings_find(&r->spellings, parts.name);
        if (series == 0)
            series = make_series(r, parts.name, &err);
    }
    if (series == 0)
        tell(r, &err);
    else
        r->sink.sample(r->sink.ctx, series, ts_ms, value);
}

static void read_line(struct bw_transfer_reader *r, struct bw_span line)
{
    line = bw_span_trim(line);
    if (line.len == 0)
        return;
    if (line.data[0] == '#')
        r->ended = bw_span_is(line, "# EOF");
    else
        read_sample(r, line);
}

/* ---- CSV --------------------------------------------------------------------------------- */

static char separator_of(struct bw_span line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.data[i] == ',' || line.data[i] == ';' || line.data[i] == '\t')
            return line.data[i];
    }
    return ',';
}

/* The cells of a record into r->cells, as many as there are columns; the number in all. */
static size_t cut(struct bw_transfer_reader *r, struct bw_span record, struct bw_span *cells,
                  size_t max)
{
    size_t count = 0;
    struct bw_span cell;
    bw_buf_clear(&r->scratch);
    bw_buf_reserve(&r->scratch, record.len); /* so that it does not move */
    for (; bw_csv_cell(&record, r->separator, &r->scratch, &cell); count++) {
        if (count < max)
            cells[count] = cell;
    }
    return count;
}

static enum bw_rc take_column(struct bw_transfer_reader *r, struct bw_span cell, struct bw_err *err)
{
    static const char *const kinds[] = {
        [COLUMN_METRIC] = "metric", [COLUMN_TIME] = "time", [COLUMN_VALUE] = "value"
    };
    static const char prefix[] = "label:";
    const char *name = bw_arena_strndup(&r->header, cell.data, cell.len);
    struct column *column = &r->columns[r->column_count++];
    for (size_t k = COLUMN_METRIC; k <= COLUMN_VALUE; k++) {
        if (strcmp(name, kinds[k]) == 0)
            column->kind = (enum column_kind)k;
    }
    column->label = bw_text_starts_with(name, prefix) ? name + strlen(prefix) : name;
    if (column->kind == COLUMN_LABEL
        && (!bw_label_name_is_valid(column->label) || strcmp(column->label, "__name__") == 0))
        return bw_sample_text_fail(err, "line 1: expected metric, time, value or a label's name",
                                   cell);
    for (size_t i = 0; i + 1 < r->column_count; i++) {
        if (r->columns[i].kind == column->kind && strcmp(r->columns[i].label, column->label) == 0)
            return bw_sample_text_fail(err, "line 1: a column is there twice", cell);
    }
    return BW_OK;
}

static enum bw_rc read_header(struct bw_transfer_reader *r, struct bw_span record,
                              struct bw_err *err)
{
    r->separator = separator_of(record);
    r->cells = bw_alloc_array(BW_TRANSFER_COLUMNS_MAX, sizeof *r->cells);
    r->columns = bw_alloc_array(BW_TRANSFER_COLUMNS_MAX, sizeof *r->columns);
    const size_t count = cut(r, record, r->cells, BW_TRANSFER_COLUMNS_MAX);
    unsigned seen = 0;
    if (count > BW_TRANSFER_COLUMNS_MAX)
        return bw_fail(err, BW_ELIMIT, "more than %u columns", BW_TRANSFER_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++) {
        const enum bw_rc rc = take_column(r, bw_span_trim(r->cells[i]), err);
        if (rc != BW_OK)
            return rc;
        seen |= 1u << r->columns[i].kind;
    }
    if ((seen & (1u << COLUMN_METRIC)) == 0 || (seen & (1u << COLUMN_TIME)) == 0
        || (seen & (1u << COLUMN_VALUE)) == 0)
        return bw_sample_text_fail(
            err, "line 1: expected the names of columns, metric, time and value among them",
            record);
    return BW_OK;
}

/* What the cells say of the series. BW_EINVAL when they name none. */
static enum bw_rc take_names(struct bw_transfer_reader *r, const char **out_metric,
                             struct bw_labels *out_labels, struct bw_err *err)
{
    struct bw_label labels[BW_LABELS_MAX];
    size_t count = 0;
    *out_metric = "";
    for (size_t i = 0; i < r->column_count; i++) {
        const struct bw_span cell = r->cells[i];
        const enum column_kind kind = r->columns[i].kind;
        if (kind == COLUMN_TIME || kind == COLUMN_VALUE || cell.len == 0)
            continue;
        if (memchr(cell.data, '\0', cell.len) != NULL
            || bw_utf8_valid_prefix(cell.data, cell.len) != cell.len)
            return bw_fail(err, BW_EINVAL, "not UTF-8 text");
        const char *text = bw_arena_strndup(&r->arena, cell.data, cell.len);
        if (kind == COLUMN_METRIC)
            *out_metric = text;
        else if (count == BW_LABELS_MAX - 1)
            return bw_fail(err, BW_ELIMIT, "more than %u labels", BW_LABELS_MAX - 1);
        else
            labels[count++] = (struct bw_label){ r->columns[i].label, text };
    }
    if (!bw_metric_name_is_valid(*out_metric))
        return bw_sample_text_fail(err, "expected the name of a metric", bw_span_of(*out_metric));
    *out_labels = bw_labels_make(&r->arena, labels, count);
    return BW_OK;
}

/* Lengths stand before the cells, so that no two series are spelt alike. */
static struct bw_span spell(struct bw_transfer_reader *r)
{
    bw_buf_clear(&r->spelling);
    for (size_t i = 0; i < r->column_count; i++) {
        const enum column_kind kind = r->columns[i].kind;
        if (kind == COLUMN_TIME || kind == COLUMN_VALUE)
            continue;
        bw_buf_bytes(&r->spelling, &r->cells[i].len, sizeof r->cells[i].len);
        bw_buf_bytes(&r->spelling, r->cells[i].data, r->cells[i].len);
    }
    return (struct bw_span){ r->spelling.data, r->spelling.len };
}

static uint32_t series_of_cells(struct bw_transfer_reader *r, struct bw_err *err)
{
    const struct bw_span spelling = spell(r);
    uint32_t series = bw_spellings_find(&r->spellings, spelling);
    const char *metric;
    struct bw_labels labels;
    if (series != 0)
        return series;
    if (take_names(r, &metric, &labels, err) == BW_OK)
        series = r->sink.series(r->sink.ctx, metric, labels, err);
    bw_arena_fini(&r->arena);
    if (series != 0)
        bw_spellings_add(&r->spellings, spelling, series);
    return series;
}

static struct bw_span cell_of(const struct bw_transfer_reader *r, enum column_kind kind)
{
    size_t i = 0;
    while (r->columns[i].kind != kind)
        i++;
    return bw_span_trim(r->cells[i]);
}

static void read_record(struct bw_transfer_reader *r, struct bw_span record)
{
    struct bw_err err;
    int64_t ts_ms;
    double value;
    uint32_t series = 0;
    const size_t count = cut(r, record, r->cells, r->column_count);
    if (count != r->column_count)
        bw_fail(&err, BW_EINVAL, "expected %zu cells, found %zu", r->column_count, count);
    else if (read_numbers(cell_of(r, COLUMN_VALUE), cell_of(r, COLUMN_TIME), &value, &ts_ms, &err))
        series = series_of_cells(r, &err);
    if (series == 0)
        tell(r, &err);
    else
        r->sink.sample(r->sink.ctx, series, ts_ms, value);
}

static enum bw_rc read_csv(struct bw_transfer_reader *r, struct bw_span record, struct bw_err *err)
{
    if (record.len > 0 && record.data[record.len - 1] == '\r')
        record.len--;
    if (bw_span_trim(record).len == 0)
        return BW_OK;
    if (r->columns == NULL)
        return read_header(r, record, err);
    read_record(r, record);
    return BW_OK;
}

/* ---- lines ------------------------------------------------------------------------------- */

static uint64_t lines_in(struct bw_span text)
{
    uint64_t lines = 0;
    const char *at = text.data, *end = text.data + text.len;
    for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        lines++;
    return lines;
}

/* How much of the text is its first line or record; false when it ends further on. */
static bool find_end(const struct bw_transfer_reader *r, struct bw_span text, bool final,
                     size_t *out_len, bool *out_broken)
{
    *out_broken = false;
    if (r->form == BW_TRANSFER_CSV && !r->skipping) {
        const enum bw_csv_end end = bw_csv_record(text, final, out_len);
        *out_broken = end == BW_CSV_BROKEN;
        return end != BW_CSV_MORE;
    }
    const char *newline = memchr(text.data, '\n', text.len);
    *out_len = newline == NULL ? text.len : (size_t)(newline - text.data);
    return newline != NULL || final;
}

/* Spreadsheets begin a text with a mark that says UTF-8. */
static struct bw_span without_mark(struct bw_span line)
{
    static const char mark[] = { '\xef', '\xbb', '\xbf' };
    if (line.len >= sizeof mark && memcmp(line.data, mark, sizeof mark) == 0)
        return (struct bw_span){ line.data + sizeof mark, line.len - sizeof mark };
    return line;
}

static enum bw_rc take_line(struct bw_transfer_reader *r, struct bw_span line, bool broken,
                            struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    struct bw_err why;
    if (r->line++ == 0)
        line = without_mark(line);
    if (r->skipping) {
        r->skipping = false;
    } else if (broken) {
        bw_fail(&why, BW_EINVAL, "a quote is not closed");
        tell(r, &why);
    } else if (r->form == BW_TRANSFER_CSV) {
        rc = read_csv(r, line, err);
        r->line += lines_in(line);
    } else {
        read_line(r, line);
    }
    return rc;
}

/* What is pending of a line that is too long goes; its end is waited for. */
static size_t drop_long_line(struct bw_transfer_reader *r, size_t left)
{
    struct bw_err why;
    if (left <= BW_TRANSFER_LINE_BYTES_MAX)
        return 0;
    if (!r->skipping) {
        bw_fail(&why, BW_ELIMIT, "a line of more than %u bytes", BW_TRANSFER_LINE_BYTES_MAX);
        r->sink.bad(r->sink.ctx, r->line + 1, why.text);
    }
    r->skipping = true;
    return left;
}

static enum bw_rc read_pending(struct bw_transfer_reader *r, bool final, struct bw_err *err)
{
    size_t at = 0, len;
    bool broken;
    enum bw_rc rc = BW_OK;
    while (rc == BW_OK && at < r->pending.len && !r->ended) {
        const struct bw_span text = { r->pending.data + at, r->pending.len - at };
        if (!find_end(r, text, final, &len, &broken)) {
            at += drop_long_line(r, text.len);
            break;
        }
        rc = take_line(r, (struct bw_span){ text.data, len }, broken, err);
        at += len < text.len ? len + 1 : len;
    }
    if (r->ended)
        at = r->pending.len;
    memmove(r->pending.data, r->pending.data + at, r->pending.len - at);
    r->pending.len -= at;
    r->pending.data[r->pending.len] = '\0';
    return rc;
}

enum bw_rc bw_transfer_reader_feed(struct bw_transfer_reader *r, const void *bytes, size_t size,
                                   struct bw_err *err)
{
    if (r->ended)
        return BW_OK;
    bw_buf_bytes(&r->pending, bytes, size);
    if (bw_buf_failed(&r->pending))
        return bw_fail(err, BW_ELIMIT, "a piece of more than %d bytes", PENDING_BYTES_MAX);
    return read_pending(r, false, err);
}

enum bw_rc bw_transfer_reader_finish(struct bw_transfer_reader *r, struct bw_err *err)
{
    return read_pending(r, true, err);
}

uint64_t bw_transfer_reader_lines(const struct bw_transfer_reader *r)
{
    return r->line;
}

bool bw_transfer_reader_is_ended(const struct bw_transfer_reader *r)
{
    return r->ended;
}
