// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/block.h"

#include "base/escape.h"
#include "base/mem.h"
#include "base/num.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A block's text: at most what fits the offsets, far above what its labels can make. */
enum { TEXT_BYTES_MAX = 1 << 30 };

/* Most values are decimals of few digits, quicker written again than fetched. One that is not is
 * written once, when it comes. */
struct bw_block_long {
    uint32_t item;
    uint8_t len;
    char text[BW_DOUBLE_TEXT_LONGEST];
};

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

/* ---- common labels --------------------------------------------------------------------- */

static void clean_name(struct bw_buf *out, const char *name)
{
    bw_buf_clear(out);
    if (*name == '\0' || (*name >= '0' && *name <= '9'))
        bw_buf_char(out, '_');
    for (; *name != '\0'; name++)
        bw_buf_char(out, is_name_byte(*name, out->len == 0) ? *name : '_');
}

static void put_before(struct bw_buf *name, const char *prefix)
{
    const size_t len = strlen(prefix);
    bw_buf_bytes(name, prefix, len);
    memmove(name->data + len, name->data, name->len - len);
    memcpy(name->data, prefix, len);
}

static bool has_name(const char *text, const struct bw_block_label *labels, size_t count,
                     const struct bw_buf *name)
{
    for (size_t i = 0; i < count; i++) {
        if (labels[i].name_len == name->len
            && memcmp(text + labels[i].at, name->data, name->len) == 0)
            return true;
    }
    return false;
}

static void keep_text(struct bw_block *block, const struct bw_block_label *labels, size_t count,
                      const struct bw_buf *text)
{
    struct bw_block_label *kept = bw_alloc(count * sizeof *kept + text->len + 1);
    memcpy(kept, labels, count * sizeof *kept);
    block->labels = kept;
    block->label_count = (uint32_t)count;
    block->text = (char *)(kept + count);
    block->text_len = (uint32_t)text->len;
    memcpy(block->text, text->data, text->len);
}

static void append_value(struct bw_buf *out, const char *value)
{
    bw_buf_text(out, "=\"");
    bw_escape_label(out, value, strlen(value));
    bw_buf_char(out, '"');
}

struct bw_block *bw_block_new(struct bw_shapes *shapes, const struct bw_metric_label *common,
                              size_t count, const char *collision_prefix)
{
    struct bw_block *block = bw_alloc(sizeof *block);
    block->shapes = shapes;
    block->collision_prefix = collision_prefix;
    struct bw_block_label *labels = bw_alloc_array(count, sizeof *labels);
    struct bw_buf text, name;
    bw_buf_init(&text, TEXT_BYTES_MAX);
    bw_buf_init(&name, TEXT_BYTES_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_left_out(common[i].value))
            continue;
        clean_name(&name, common[i].name);
        while (has_name(text.data, labels, kept, &name))
            put_before(&name, collision_prefix);
        if (kept > 0)
            bw_buf_char(&text, ',');
        labels[kept++] = (struct bw_block_label){ (uint32_t)text.len, (uint32_t)name.len };
        bw_buf_bytes(&text, name.data, name.len);
        append_value(&text, common[i].value);
    }
    assert(!bw_buf_failed(&text));
    keep_text(block, labels, kept, &text);
    bw_buf_fini(&name);
    bw_buf_fini(&text);
    free(labels);
    return block;
}

/* ---- the series ------------------------------------------------------------------------ */

static void drop_series(struct bw_block *block)
{
    for (size_t i = 0; i < block->odd_count; i++)
        free(block->odd[i].text);
    free(block->odd);
    free(block->longs);
    free(block->hidden);
    free(block->values);
    bw_shapes_drop(block->shapes, block->shape);
    block->odd = NULL;
    block->longs = NULL;
    block->hidden = NULL;
    block->values = NULL;
    block->shape = NULL;
    block->odd_count = block->long_count = block->long_cap = 0;
}

void bw_block_free(struct bw_block *block)
{
    if (block == NULL)
        return;
    drop_series(block);
    free((void *)(uintptr_t)block->labels);
    free(block);
}

static bool is_own_label(const struct bw_family *family, const char *name, size_t len)
{
    if (family->type == BW_TYPE_HISTOGRAM && len == 2 && memcmp(name, "le", 2) == 0)
        return true;
    for (size_t i = 0; i < family->label_count; i++) {
        if (strlen(family->labels[i]) == len && memcmp(family->labels[i], name, len) == 0)
            return true;
    }
    return false;
}

static bool collides(const struct bw_block *block, const struct bw_family *family)
{
    for (size_t i = 0; i < block->label_count; i++) {
        if (is_own_label(family, block->text + block->labels[i].at, block->labels[i].name_len))
            return true;
    }
    return false;
}

/* The common labels, those renamed that the family has itself. */
static void rename_labels(const struct bw_block *block, const struct bw_family *family,
                          struct bw_buf *out)
{
    struct bw_buf name;
    bw_buf_init(&name, TEXT_BYTES_MAX);
    for (size_t i = 0; i < block->label_count; i++) {
        const char *label = block->text + block->labels[i].at;
        const size_t name_len = block->labels[i].name_len;
        const size_t end =
            i + 1 < block->label_count ? block->labels[i + 1].at - 1 : block->text_len;
        bw_buf_clear(&name);
        bw_buf_bytes(&name, label, name_len);
        while (is_own_label(family, name.data, name.len)
               || (name.len != name_len
                   && has_name(block->text, block->labels, block->label_count, &name)))
            put_before(&name, block->collision_prefix);
        if (i > 0)
            bw_buf_char(out, ',');
        bw_buf_bytes(out, name.data, name.len);
        bw_buf_bytes(out, label + name_len, end - block->labels[i].at - name_len);
    }
    bw_buf_fini(&name);
}

static void find_odd(struct bw_block *block)
{
    size_t cap = 0;
    for (size_t r = 0; r < block->shape->run_count; r++) {
        const struct bw_shape_run *run = &block->shape->runs[r];
        const struct bw_family *family = bw_family_row((enum bw_family_id)run->family);
        if (!collides(block, family))
            continue;
        struct bw_buf text;
        bw_buf_init(&text, TEXT_BYTES_MAX);
        rename_labels(block, family, &text);
        block->odd = bw_grow(block->odd, &cap, block->odd_count + 1, sizeof *block->odd);
        block->odd[block->odd_count++] = (struct bw_block_odd){ run, bw_strdup(text.data) };
        bw_buf_fini(&text);
    }
}

static struct bw_block_long *find_long(const struct bw_block *block, size_t item)
{
    for (size_t i = 0; i < block->long_count; i++) {
        if (block->longs[i].item == item)
            return &block->longs[i];
    }
    return NULL;
}

/* There are thousands of blocks, and most have one: their list begins with that. */
static void make_room_for_long(struct bw_block *block)
{
    if (block->long_count < block->long_cap)
        return;
    const size_t cap = 2 * block->long_count + 1;
    struct bw_block_long *longs = bw_alloc_array(cap, sizeof *longs);
    if (block->long_count > 0)
        memcpy(longs, block->longs, block->long_count * sizeof *longs);
    free(block->longs);
    block->longs = longs;
    block->long_cap = cap;
}

static void note_value(struct bw_block *block, size_t item, double value)
{
    char text[BW_DOUBLE_TEXT_MAX];
    block->values[item] = value;
    if (bw_is_decimal(value))
        return;
    struct bw_block_long *at = find_long(block, item);
    if (at == NULL) {
        make_room_for_long(block);
        at = &block->longs[block->long_count++];
    }
    at->item = (uint32_t)item;
    at->len = (uint8_t)bw_format_double(text, value);
    memcpy(at->text, text, at->len);
}

void bw_block_update(struct bw_block *block, const struct bw_measures *measures)
{
    for (size_t i = 0; i < measures->count; i++) {
        const size_t item = block->shape->item_of[i];
        const double value = measures->items[i].value;
        if (memcmp(&block->values[item], &value, sizeof value) != 0)
            note_value(block, item, value);
    }
}

void bw_block_rebuild(struct bw_block *block, const struct bw_measures *measures)
{
    const struct bw_shape *shape = bw_shapes_take(block->shapes, measures);
    drop_series(block);
    block->shape = shape;
    block->values = bw_alloc_array(shape->count, sizeof *block->values);
    find_odd(block);
    bw_block_update(block, measures);
}

void bw_block_hide(struct bw_block *block, size_t item, bool hidden)
{
    if (block->hidden == NULL && hidden)
        block->hidden = bw_alloc_array(block->shape->count, sizeof *block->hidden);
    if (block->hidden != NULL)
        block->hidden[item] = hidden;
}

bool bw_block_is_hidden(const struct bw_block *block, size_t item)
{
    return block->hidden != NULL && block->hidden[item];
}

/* ---- lines ----------------------------------------------------------------------------- */

/* What the lines of a run begin with. */
struct head {
    const char *name, *common;
    size_t name_len, common_len;
};

static struct head head_of(const struct bw_block *block, const struct bw_shape_run *run)
{
    struct head head = { .name = bw_family_row((enum bw_family_id)run->family)->name,
                         .common = block->text,
                         .common_len = block->text_len };
    head.name_len = strlen(head.name);
    for (size_t i = 0; i < block->odd_count; i++) {
        if (block->odd[i].run != run)
            continue;
        head.common = block->odd[i].text;
        head.common_len = strlen(head.common);
    }
    return head;
}

enum { SUFFIX_BYTES_MAX = sizeof "_bucket", PUNCTUATION = sizeof "{,} \n" };

static size_t line_room(const struct head *head, const struct bw_shape_item *item)
{
    return head->name_len + head->common_len + item->own_len + SUFFIX_BYTES_MAX + PUNCTUATION
           + BW_DOUBLE_TEXT_MAX;
}

static char *put(char *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

static char *put_name(char *at, const struct head *head, const struct bw_shape_item *item)
{
    static const struct {
        char text[SUFFIX_BYTES_MAX];
        size_t len;
    } suffixes[] = {
        [BW_PART_VALUE] = { "", 0 },
        [BW_PART_BUCKET] = { "_bucket", 7 },
        [BW_PART_SUM] = { "_sum", 4 },
        [BW_PART_COUNT] = { "_count", 6 },
    };
    at = put(at, head->name, head->name_len);
    at = put(at, suffixes[item->part].text, suffixes[item->part].len);
    const bool common = head->common_len > 0, own = item->own_len > 0;
    if (common || own) {
        *at++ = '{';
        at = put(at, head->common, head->common_len);
        if (common && own)
            *at++ = ',';
        at = put(at, item->own, item->own_len);
        *at++ = '}';
    }
    *at++ = ' ';
    return at;
}

static char *put_value(char *at, const struct bw_block *block, size_t item)
{
    const double value = block->values[item];
    const size_t len = bw_format_decimal(at, value);
    if (len > 0)
        return at + len;
    const struct bw_block_long *text = find_long(block, item);
    return put(at, text->text, text->len);
}

void bw_block_append_name(const struct bw_block *block, const struct bw_shape_run *run, size_t item,
                          struct bw_buf *out)
{
    const struct head head = head_of(block, run);
    const struct bw_shape_item *of = &block->shape->items[item];
    char *at = bw_buf_reserve(out, line_room(&head, of));
    if (at == NULL)
        return;
    out->len = (size_t)(put_name(at, &head, of) - out->data);
    out->data[out->len] = '\0';
}

void bw_block_append_run(const struct bw_block *block, const struct bw_shape_run *run,
                         struct bw_buf *out)
{
    const struct head head = head_of(block, run);
    for (size_t i = run->first; i < run->first + run->count; i++) {
        const struct bw_shape_item *item = &block->shape->items[i];
        char *at =
            bw_block_is_hidden(block, i) ? NULL : bw_buf_reserve(out, line_room(&head, item));
        if (at == NULL)
            continue;
        at = put_value(put_name(at, &head, item), block, i);
        *at++ = '\n';
        out->len = (size_t)(at - out->data);
        out->data[out->len] = '\0';
    }
}
