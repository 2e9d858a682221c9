// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/block.h"

#include "base/buf.h"
#include "base/escape.h"
#include "base/mem.h"
#include "base/num.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A block's text: at most what fits the offsets, far above what its series can make. */
enum { TEXT_BYTES_MAX = 1 << 30, VALUE_ROOM = BW_DOUBLE_TEXT_MAX + 1 };

const char bw_metric_blank[] = "";

static bool is_left_out(const char *value)
{
    return value == NULL || (*value == '\0' && value != bw_metric_blank);
}

static bool is_name_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
           || (!first && c >= '0' && c <= '9');
}

static char *clean_name(struct bw_arena *arena, const char *name)
{
    const bool prefixed = *name == '\0' || (*name >= '0' && *name <= '9');
    char *clean = bw_arena_printf(arena, "%s%s", prefixed ? "_" : "", name);
    for (char *c = clean; *c != '\0'; c++) {
        if (!is_name_byte(*c, c == clean))
            *c = '_';
    }
    return clean;
}

static bool has_name(const struct bw_metric_label *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(labels[i].name, name) == 0)
            return true;
    }
    return false;
}

struct bw_block *bw_block_new(const struct bw_metric_label *common, size_t count,
                              const char *collision_prefix)
{
    struct bw_block *block = bw_alloc(sizeof *block);
    struct bw_arena *arena = &block->identity;
    block->collision_prefix = bw_arena_strdup(arena, collision_prefix);
    block->common = bw_arena_array(arena, count, sizeof *block->common);
    for (size_t i = 0; i < count; i++) {
        if (is_left_out(common[i].value))
            continue;
        const bool blank = common[i].value == bw_metric_blank;
        char *name = clean_name(arena, common[i].name);
        while (has_name(block->common, block->common_count, name))
            name = bw_arena_printf(arena, "%s%s", block->collision_prefix, name);
        block->common[block->common_count++] = (struct bw_metric_label){
            .name = name,
            .value = blank ? bw_metric_blank : bw_arena_strdup(arena, common[i].value),
        };
    }
    return block;
}

void bw_block_free(struct bw_block *block)
{
    if (block == NULL)
        return;
    bw_arena_fini(&block->identity);
    bw_arena_fini(&block->shape);
    free(block);
}

static bool same_series(const struct bw_measure *a, const struct bw_measure *b)
{
    if (a->family != b->family || a->part != b->part || a->bound != b->bound)
        return false;
    const size_t count = bw_family_row(a->family)->label_count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(a->labels[i], b->labels[i]) != 0)
            return false;
    }
    return true;
}

bool bw_block_has_shape(const struct bw_block *block, const struct bw_measures *measures)
{
    if (block->count != measures->count)
        return false;
    for (size_t i = 0; i < block->count; i++) {
        if (!same_series(&block->measures[i], &measures->items[i]))
            return false;
    }
    return true;
}

static void write_value(struct bw_block *block, struct bw_cell *cell, double value)
{
    char *at = block->text + cell->offset + cell->prefix_len;
    const size_t len = bw_format_double(at, value);
    at[len] = '\n';
    cell->line_len = cell->prefix_len + (uint32_t)len + 1;
    cell->value = value;
}

void bw_block_update(struct bw_block *block, const struct bw_measures *measures)
{
    for (size_t i = 0; i < block->count; i++) {
        struct bw_cell *cell = &block->cells[block->cell_of[i]];
        const double value = measures->items[i].value;
        if (memcmp(&cell->value, &value, sizeof value) != 0)
            write_value(block, cell, value);
    }
}

static void append_label(struct bw_buf *out, bool *first, const char *name, const char *value)
{
    if (is_left_out(value))
        return;
    bw_buf_char(out, *first ? '{' : ',');
    *first = false;
    bw_buf_text(out, name);
    bw_buf_text(out, "=\"");
    bw_escape_label(out, value, strlen(value));
    bw_buf_char(out, '"');
}

static bool is_own_label(const struct bw_family *family, const char *name)
{
    if (family->type == BW_TYPE_HISTOGRAM && strcmp(name, "le") == 0)
        return true;
    for (size_t i = 0; i < family->label_count; i++) {
        if (strcmp(family->labels[i], name) == 0)
            return true;
    }
    return false;
}

static void append_common(struct bw_buf *out, bool *first, struct bw_block *block,
                          const struct bw_family *family)
{
    for (size_t i = 0; i < block->common_count; i++) {
        const char *name = block->common[i].name;
        while (is_own_label(family, name)
               || (name != block->common[i].name
                   && has_name(block->common, block->common_count, name)))
            name = bw_arena_printf(&block->shape, "%s%s", block->collision_prefix, name);
        append_label(out, first, name, block->common[i].value);
    }
}

/* OpenMetrics wants the bounds of buckets to look like floats: "1.0", not "1". */
static void append_bound(struct bw_buf *out, bool *first, double bound)
{
    char text[BW_DOUBLE_TEXT_MAX + 3];
    size_t len = bw_format_double(text, bound);
    text[len] = '\0';
    if (strpbrk(text, ".eIN") == NULL)
        memcpy(text + len, ".0", 3);
    append_label(out, first, "le", text);
}

static void append_prefix(struct bw_buf *out, struct bw_block *block,
                          const struct bw_measure *measure)
{
    static const char *const suffixes[] = {
        [BW_PART_VALUE] = "",
        [BW_PART_BUCKET] = "_bucket",
        [BW_PART_SUM] = "_sum",
        [BW_PART_COUNT] = "_count",
    };
    const struct bw_family *family = bw_family_row(measure->family);
    bool first = true;
    bw_buf_text(out, family->name);
    bw_buf_text(out, suffixes[measure->part]);
    append_common(out, &first, block, family);
    for (size_t i = 0; i < family->label_count; i++)
        append_label(out, &first, family->labels[i], measure->labels[i]);
    if (measure->part == BW_PART_BUCKET)
        append_bound(out, &first, measure->bound);
    bw_buf_text(out, first ? " " : "} ");
}

static void copy_measures(struct bw_block *block, const struct bw_measures *measures)
{
    struct bw_measures copy;
    bw_measures_init(&copy, &block->shape);
    bw_measures_append(&copy, measures);
    block->measures = copy.items;
    block->count = copy.count;
}

/* Cells are sorted by family by counting, which keeps the order within each. */
static void place_cells(struct bw_block *block)
{
    const size_t families = bw_family_count();
    uint32_t start[BW_FAMILY_ID_MAX + 1];
    memset(start, 0, (families + 1) * sizeof *start);
    for (size_t i = 0; i < block->count; i++)
        start[block->measures[i].family + 1]++;
    size_t runs = 0;
    for (size_t f = 0; f < families; f++) {
        if (start[f + 1] > 0)
            block->runs[runs++] =
                (struct bw_cell_run){ (enum bw_family_id)f, start[f], start[f + 1] };
        start[f + 1] += start[f];
    }
    block->run_count = runs;
    for (size_t i = 0; i < block->count; i++)
        block->cell_of[i] = start[block->measures[i].family]++;
}

static void write_prefixes(struct bw_block *block, struct bw_buf *text)
{
    for (size_t i = 0; i < block->count; i++) {
        struct bw_cell *cell = &block->cells[block->cell_of[i]];
        cell->family = block->measures[i].family;
        cell->offset = (uint32_t)text->len;
        append_prefix(text, block, &block->measures[i]);
        cell->prefix_len = (uint32_t)text->len - cell->offset;
        bw_buf_fill(text, ' ', VALUE_ROOM);
    }
}

void bw_block_rebuild(struct bw_block *block, const struct bw_measures *measures)
{
    struct bw_arena *arena = &block->shape;
    bw_arena_fini(arena);
    copy_measures(block, measures);
    block->cell_of = bw_arena_array(arena, block->count, sizeof *block->cell_of);
    block->cells = bw_arena_array(arena, block->count, sizeof *block->cells);
    block->runs = bw_arena_array(arena, block->count, sizeof *block->runs);
    place_cells(block);

    struct bw_buf text;
    bw_buf_init(&text, TEXT_BYTES_MAX);
    write_prefixes(block, &text);
    assert(!bw_buf_failed(&text));
    block->text = bw_arena_array(arena, text.len + 1, 1);
    memcpy(block->text, text.data, text.len);
    bw_buf_fini(&text);
    for (size_t i = 0; i < block->count; i++)
        write_value(block, &block->cells[block->cell_of[i]], block->measures[i].value);
}
