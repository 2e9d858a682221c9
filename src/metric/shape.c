// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/shape.h"

#include "base/buf.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Far above what the labels of one source can make. */
enum { TEXT_BYTES_MAX = 1 << 30, BUCKETS_MIN = 64 };

struct bw_shapes {
    struct bw_shape **buckets; /* by hash, chained */
    size_t bucket_count;       /* a power of two */
    size_t count;
};

struct bw_shapes *bw_shapes_new(void)
{
    struct bw_shapes *shapes = bw_alloc(sizeof *shapes);
    shapes->bucket_count = BUCKETS_MIN;
    shapes->buckets = bw_alloc_array(shapes->bucket_count, sizeof(struct bw_shape *));
    return shapes;
}

void bw_shapes_free(struct bw_shapes *shapes)
{
    if (shapes == NULL)
        return;
    assert(shapes->count == 0);
    free(shapes->buckets);
    free(shapes);
}

size_t bw_shapes_count(const struct bw_shapes *shapes)
{
    return shapes->count;
}

/* ---- comparing ------------------------------------------------------------------------- */

static size_t label_count(const struct bw_measure *measure)
{
    return bw_family_row(measure->family)->label_count;
}

static uint64_t hash_of(const struct bw_measures *measures)
{
    uint64_t hash = measures->count;
    for (size_t i = 0; i < measures->count; i++) {
        const struct bw_measure *measure = &measures->items[i];
        const struct {
            uint64_t kind;
            double bound;
        } key = { (uint64_t)measure->family << 8 | (uint64_t)measure->part, measure->bound };
        hash = bw_hash(&key, sizeof key, hash);
        for (size_t l = 0; l < label_count(measure); l++)
            hash = bw_hash_text(measure->labels[l], hash);
    }
    return hash;
}

static bool is_same(const struct bw_shape_item *item, const struct bw_measure *measure)
{
    if (item->family != (uint16_t)measure->family || item->part != (uint8_t)measure->part
        || item->bound != measure->bound)
        return false;
    for (size_t i = 0; i < item->label_count; i++) {
        if (strcmp(item->labels[i], measure->labels[i]) != 0)
            return false;
    }
    return true;
}

bool bw_shape_fits(const struct bw_shape *shape, const struct bw_measures *measures)
{
    if (shape == NULL || shape->count != measures->count)
        return false;
    for (size_t i = 0; i < shape->count; i++) {
        if (!is_same(&shape->items[shape->item_of[i]], &measures->items[i]))
            return false;
    }
    return true;
}

const struct bw_shape_run *bw_shape_run(const struct bw_shape *shape, enum bw_family_id family)
{
    size_t low = 0, high = shape->run_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (shape->runs[middle].family < (uint16_t)family)
            low = middle + 1;
        else
            high = middle;
    }
    const bool found = low < shape->run_count && shape->runs[low].family == (uint16_t)family;
    return found ? &shape->runs[low] : NULL;
}

/* ---- making ---------------------------------------------------------------------------- */

/* One piece of memory that is handed out from its start, the strictest alignment first. */
struct room {
    char *next;
};

static void *take(struct room *room, size_t count, size_t size)
{
    void *piece = room->next;
    room->next += count * size;
    return piece;
}

static void append_label(struct bw_buf *out, size_t start, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    if (out->len > start)
        bw_buf_char(out, ',');
    bw_buf_text(out, name);
    bw_buf_text(out, "=\"");
    bw_escape_label(out, value, strlen(value));
    bw_buf_char(out, '"');
}

/* OpenMetrics wants the bounds of buckets to look like floats: "1.0", not "1". */
static void append_bound(struct bw_buf *out, size_t start, double bound)
{
    char text[BW_DOUBLE_TEXT_MAX + 3];
    size_t len = bw_format_double(text, bound);
    text[len] = '\0';
    if (strpbrk(text, ".eIN") == NULL)
        memcpy(text + len, ".0", 3);
    append_label(out, start, "le", text);
}

static void append_own(struct bw_buf *out, const struct bw_measure *measure)
{
    const struct bw_family *family = bw_family_row(measure->family);
    const size_t start = out->len;
    for (size_t i = 0; i < family->label_count; i++)
        append_label(out, start, family->labels[i], measure->labels[i]);
    if (measure->part == BW_PART_BUCKET)
        append_bound(out, start, measure->bound);
}

/* What the pieces of a shape need besides its fixed parts. */
struct sizes {
    size_t labels; /* values of labels, their number */
    size_t text;   /* their bytes, NULs included */
    size_t runs;
};

static struct sizes sizes_of(const struct bw_measures *measures)
{
    struct sizes sizes = { 0 };
    bool seen[BW_FAMILY_ID_MAX] = { false };
    for (size_t i = 0; i < measures->count; i++) {
        const struct bw_measure *measure = &measures->items[i];
        sizes.runs += !seen[measure->family];
        seen[measure->family] = true;
        sizes.labels += label_count(measure);
        for (size_t l = 0; l < label_count(measure); l++)
            sizes.text += strlen(measure->labels[l]) + 1;
    }
    return sizes;
}

/* Items are sorted by family by counting, which keeps the order within each. */
static void place_items(const struct bw_measures *measures, uint32_t *item_of,
                        struct bw_shape_run *runs)
{
    const size_t families = bw_family_count();
    uint32_t start[BW_FAMILY_ID_MAX + 1];
    memset(start, 0, (families + 1) * sizeof *start);
    for (size_t i = 0; i < measures->count; i++)
        start[measures->items[i].family + 1]++;
    for (size_t f = 0; f < families; f++) {
        if (start[f + 1] > 0)
            *runs++ = (struct bw_shape_run){ (uint16_t)f, start[f], start[f + 1] };
        start[f + 1] += start[f];
    }
    for (size_t i = 0; i < measures->count; i++)
        item_of[i] = start[measures->items[i].family]++;
}

static const char *copy_text(struct room *texts, const char *text, size_t len)
{
    char *copy = take(texts, len + 1, 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static const char *const *copy_labels(struct room *labels, struct room *texts,
                                      const struct bw_measure *measure)
{
    const size_t count = label_count(measure);
    if (count == 0)
        return NULL;
    const char **copy = take(labels, count, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = copy_text(texts, measure->labels[i], strlen(measure->labels[i]));
    return copy;
}

/* `own` holds the texts of all measures, one behind the other. */
static void fill_items(struct bw_shape_item *items, const uint32_t *item_of,
                       const struct bw_measures *measures, const struct bw_buf *own,
                       const uint32_t *own_lens, struct room *labels, struct room *texts)
{
    const char *text = own->data;
    for (size_t i = 0; i < measures->count; i++) {
        const struct bw_measure *measure = &measures->items[i];
        items[item_of[i]] = (struct bw_shape_item){
            .labels = copy_labels(labels, texts, measure),
            .own = copy_text(texts, text, own_lens[i]),
            .bound = measure->bound,
            .own_len = own_lens[i],
            .family = (uint16_t)measure->family,
            .part = (uint8_t)measure->part,
            .label_count = (uint8_t)label_count(measure),
        };
        text += own_lens[i];
    }
}

static struct bw_shape *make(const struct bw_measures *measures)
{
    _Static_assert(BW_FAMILY_ID_MAX <= UINT16_MAX, "a family's id has 16 bits");
    const size_t count = measures->count;
    const struct sizes sizes = sizes_of(measures);
    uint32_t *own_lens = bw_alloc_array(count, sizeof *own_lens);
    struct bw_buf own;
    bw_buf_init(&own, TEXT_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        const size_t start = own.len;
        append_own(&own, &measures->items[i]);
        own_lens[i] = (uint32_t)(own.len - start);
    }
    assert(!bw_buf_failed(&own));
    const size_t bytes = count * (sizeof(struct bw_shape_item) + sizeof(uint32_t))
                         + sizes.runs * sizeof(struct bw_shape_run) + sizes.labels * sizeof(char *)
                         + sizes.text + own.len + count;
    struct bw_shape *shape = bw_alloc(sizeof *shape + bytes);
    struct room room = { (char *)(shape + 1) };
    struct bw_shape_item *items = take(&room, count, sizeof *items);
    struct room labels = { take(&room, sizes.labels, sizeof(char *)) };
    struct bw_shape_run *runs = take(&room, sizes.runs, sizeof *runs);
    uint32_t *item_of = take(&room, count, sizeof *item_of);
    place_items(measures, item_of, runs);
    fill_items(items, item_of, measures, &own, own_lens, &labels, &room);
    *shape = (struct bw_shape){ .items = items,
                                .item_of = item_of,
                                .runs = runs,
                                .count = (uint32_t)count,
                                .run_count = (uint32_t)sizes.runs };
    bw_buf_fini(&own);
    free(own_lens);
    return shape;
}

/* ---- the pool -------------------------------------------------------------------------- */

static struct bw_shape **bucket_of(const struct bw_shapes *shapes, uint64_t hash)
{
    return &shapes->buckets[hash & (shapes->bucket_count - 1)];
}

static void grow(struct bw_shapes *shapes)
{
    struct bw_shape **old = shapes->buckets;
    const size_t old_count = shapes->bucket_count;
    shapes->bucket_count = 2 * old_count;
    shapes->buckets = bw_alloc_array(shapes->bucket_count, sizeof *old);
    for (size_t i = 0; i < old_count; i++) {
        for (struct bw_shape *shape = old[i], *next; shape != NULL; shape = next) {
            next = shape->next;
            shape->next = *bucket_of(shapes, shape->hash);
            *bucket_of(shapes, shape->hash) = shape;
        }
    }
    free(old);
}

const struct bw_shape *bw_shapes_take(struct bw_shapes *shapes, const struct bw_measures *measures)
{
    const uint64_t hash = hash_of(measures);
    for (struct bw_shape *shape = *bucket_of(shapes, hash); shape != NULL; shape = shape->next) {
        if (shape->hash == hash && bw_shape_fits(shape, measures)) {
            shape->users++;
            return shape;
        }
    }
    if (shapes->count >= shapes->bucket_count)
        grow(shapes);
    struct bw_shape *shape = make(measures);
    shape->hash = hash;
    shape->users = 1;
    shape->next = *bucket_of(shapes, hash);
    *bucket_of(shapes, hash) = shape;
    shapes->count++;
    return shape;
}

void bw_shapes_drop(struct bw_shapes *shapes, const struct bw_shape *shape)
{
    if (shape == NULL)
        return;
    struct bw_shape **at = bucket_of(shapes, shape->hash);
    while (*at != shape)
        at = &(*at)->next;
    struct bw_shape *own = *at;
    if (--own->users > 0)
        return;
    *at = own->next;
    shapes->count--;
    free(own);
}
