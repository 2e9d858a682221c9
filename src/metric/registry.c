// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/registry.h"

#include "base/escape.h"
#include "base/mem.h"
#include "base/text.h"
#include "metric/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Name and labels of one series, escaped; far above what they can be. */
enum { NAME_BYTES_MAX = 1 << 30 };

struct bw_registry {
    struct bw_block **blocks;
    size_t count;
    size_t cap;
    struct bw_shapes *shapes;
    struct bw_names names; /* prefixes of the series that are shown */
    size_t hidden;
};

/* A run of series and where it comes from. */
struct source {
    const struct bw_block *block;
    const struct bw_shape_run *run;
};

struct bw_registry *bw_registry_new(void)
{
    struct bw_registry *registry = bw_alloc(sizeof *registry);
    registry->shapes = bw_shapes_new();
    return registry;
}

void bw_registry_free(struct bw_registry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = 0; i < registry->count; i++)
        bw_block_free(registry->blocks[i]);
    free(registry->blocks);
    bw_names_fini(&registry->names);
    bw_shapes_free(registry->shapes);
    free(registry);
}

struct bw_shapes *bw_registry_shapes(struct bw_registry *registry)
{
    return registry->shapes;
}

struct bw_block *bw_registry_add(struct bw_registry *registry, const struct bw_metric_label *common,
                                 size_t count, const char *collision_prefix)
{
    if (registry->count == registry->cap)
        registry->blocks = bw_grow(registry->blocks, &registry->cap, registry->count + 1,
                                   sizeof *registry->blocks);
    struct bw_block *block = bw_block_new(registry->shapes, common, count, collision_prefix);
    registry->blocks[registry->count++] = block;
    return block;
}

/* Calls fn for every series of a block with its name, which is gone afterwards. */
typedef void name_fn(struct bw_registry *registry, struct bw_block *block, size_t item,
                     const struct bw_buf *name);

static void each_name(struct bw_registry *registry, struct bw_block *block, name_fn *fn)
{
    struct bw_buf name;
    bw_buf_init(&name, NAME_BYTES_MAX);
    for (size_t r = 0; block->shape != NULL && r < block->shape->run_count; r++) {
        const struct bw_shape_run *run = &block->shape->runs[r];
        for (size_t i = run->first; i < run->first + run->count; i++) {
            bw_buf_clear(&name);
            bw_block_append_name(block, run, i, &name);
            fn(registry, block, i, &name);
        }
    }
    bw_buf_fini(&name);
}

/* A name that is taken hides its series. */
static void claim(struct bw_registry *registry, struct bw_block *block, size_t item,
                  const struct bw_buf *name)
{
    const bool hidden = !bw_names_add(&registry->names, name->data, name->len);
    bw_block_hide(block, item, hidden);
    registry->hidden += hidden;
}

static void give_back(struct bw_registry *registry, struct bw_block *block, size_t item,
                      const struct bw_buf *name)
{
    if (bw_block_is_hidden(block, item))
        registry->hidden--;
    else
        bw_names_remove(&registry->names, name->data, name->len);
}

static void reveal(struct bw_registry *registry, struct bw_block *block, size_t item,
                   const struct bw_buf *name)
{
    if (!bw_block_is_hidden(block, item) || !bw_names_add(&registry->names, name->data, name->len))
        return;
    bw_block_hide(block, item, false);
    registry->hidden--;
}

/* After names became free: whoever waited for one of them is shown. */
static void reveal_hidden(struct bw_registry *registry)
{
    for (size_t b = 0; b < registry->count && registry->hidden > 0; b++) {
        if (registry->blocks[b]->hidden != NULL)
            each_name(registry, registry->blocks[b], reveal);
    }
}

void bw_registry_set(struct bw_registry *registry, struct bw_block *block,
                     const struct bw_measures *measures)
{
    if (bw_shape_fits(block->shape, measures)) {
        bw_block_update(block, measures);
        return;
    }
    each_name(registry, block, give_back);
    bw_block_rebuild(block, measures);
    each_name(registry, block, claim);
    reveal_hidden(registry);
}

void bw_registry_set_shaped(struct bw_registry *registry, struct bw_block *block,
                            const struct bw_measures *measures, const struct bw_shape *shape)
{
    if (shape != NULL && block->shape == shape)
        bw_block_update(block, measures);
    else
        bw_registry_set(registry, block, measures);
}

void bw_registry_remove(struct bw_registry *registry, struct bw_block *block)
{
    size_t at = 0;
    while (at < registry->count && registry->blocks[at] != block)
        at++;
    assert(at < registry->count);
    memmove(registry->blocks + at, registry->blocks + at + 1,
            (registry->count - at - 1) * sizeof(struct bw_block *));
    registry->count--;
    each_name(registry, block, give_back);
    bw_block_free(block);
    reveal_hidden(registry);
}

size_t bw_registry_series(const struct bw_registry *registry)
{
    return registry->names.count;
}

size_t bw_registry_hidden(const struct bw_registry *registry)
{
    return registry->hidden;
}

/* In OpenMetrics the family of x_total and of y_info is called x and y. */
static void append_family_name(struct bw_buf *out, const struct bw_family *family,
                               enum bw_exposition format)
{
    const bool base = format == BW_EXPOSITION_OPENMETRICS;
    bw_buf_bytes(out, family->name, base ? bw_family_base_len(family) : strlen(family->name));
}

/* A state set of OpenMetrics calls its label like its family; ours are called `state` and
 * `direction`, as people query them, so they go out as what they are made of: gauges. */
static const char *type_word(const struct bw_family *family, enum bw_exposition format)
{
    static const char *const words[BW_TYPE_COUNT][2] = {
        [BW_TYPE_GAUGE] = { "gauge", "gauge" },
        [BW_TYPE_COUNTER] = { "counter", "counter" },
        [BW_TYPE_HISTOGRAM] = { "histogram", "histogram" },
        [BW_TYPE_STATESET] = { "gauge", "gauge" },
        [BW_TYPE_INFO] = { "gauge", "info" },
        [BW_TYPE_UNTYPED] = { "untyped", "unknown" },
        [BW_TYPE_SUMMARY] = { "summary", "summary" },
    };
    const bool open = format == BW_EXPOSITION_OPENMETRICS;
    /* A guest's counter may lack the ending without which it is none there. */
    if (open && family->type == BW_TYPE_COUNTER && !bw_text_ends_with(family->name, "_total"))
        return "unknown";
    return words[family->type][open];
}

/* The older format escapes two bytes in a help, OpenMetrics three. */
static void append_help(struct bw_buf *out, const char *help, enum bw_exposition format)
{
    if (format == BW_EXPOSITION_OPENMETRICS) {
        bw_escape_label(out, help, strlen(help));
        return;
    }
    for (;;) {
        const size_t plain = strcspn(help, "\\\n");
        bw_buf_bytes(out, help, plain);
        help += plain;
        if (*help == '\0')
            return;
        bw_buf_text(out, *help++ == '\n' ? "\\n" : "\\\\");
    }
}

static void append_head(struct bw_buf *out, const struct bw_family *family,
                        enum bw_exposition format)
{
    bw_buf_text(out, "# HELP ");
    append_family_name(out, family, format);
    bw_buf_char(out, ' ');
    append_help(out, family->help, format);
    bw_buf_text(out, "\n# TYPE ");
    append_family_name(out, family, format);
    bw_buf_char(out, ' ');
    bw_buf_text(out, type_word(family, format));
    bw_buf_char(out, '\n');
    if (format == BW_EXPOSITION_OPENMETRICS && *family->unit != '\0') {
        bw_buf_text(out, "# UNIT ");
        append_family_name(out, family, format);
        bw_buf_char(out, ' ');
        bw_buf_text(out, family->unit);
        bw_buf_char(out, '\n');
    }
}

static bool has_lines(const struct source *source)
{
    const struct bw_shape_run *run = source->run;
    for (size_t i = run->first; i < run->first + run->count; i++) {
        if (!bw_block_is_hidden(source->block, i))
            return true;
    }
    return false;
}

/* A page in the making. */
struct page {
    struct bw_buf *out;
    enum bw_exposition format;
    const struct bw_family_filter *filter; /* NULL: everything */
};

static bool is_wanted_line(const struct bw_family_filter *filter, const struct bw_shape_item *item)
{
    for (size_t i = 0; i < filter->value_count; i++) {
        if (strcmp(item->labels[0], filter->values[i]) == 0)
            return !filter->hides;
    }
    return filter->hides;
}

static bool is_split(const struct bw_family_filter *filter, const struct bw_family *family)
{
    return filter != NULL && filter->split != NULL && family->label_count > 0
           && strncmp(family->name, filter->split, strlen(filter->split)) == 0;
}

/* *head: the family's own lines are there. */
static void append_source(const struct page *page, const struct source *source,
                          const struct bw_family *family, bool *head)
{
    if (!has_lines(source))
        return;
    if (!*head)
        append_head(page->out, family, page->format);
    *head = true;
    bw_block_append_run(source->block, source->run, page->out);
}

/* Line by line: few families are shown so, and their lines are few. */
static void append_wanted(const struct page *page, const struct source *source,
                          const struct bw_family *family, bool *head)
{
    const struct bw_shape_run *run = source->run;
    for (uint32_t i = run->first; i < run->first + run->count; i++) {
        const struct bw_shape_run line = { run->family, i, 1 };
        if (is_wanted_line(page->filter, &source->block->shape->items[i]))
            append_source(page, &(struct source){ source->block, &line }, family, head);
    }
}

static void append_lines(const struct page *page, const struct source *sources, size_t count,
                         const struct bw_family *family)
{
    bool head = false;
    const bool split = is_split(page->filter, family);
    for (size_t s = 0; s < count; s++) {
        if (split)
            append_wanted(page, &sources[s], family, &head);
        else
            append_source(page, &sources[s], family, &head);
    }
}

static unsigned page_of(const struct bw_shape_run *run)
{
    return (unsigned)bw_family_page((enum bw_family_id)run->family);
}

static size_t runs_of(const struct bw_block *block)
{
    return block->shape != NULL ? block->shape->run_count : 0;
}

/* The rows of one name have one head: that of the newest, without a type where they differ. */
static struct bw_family family_of_page(const struct source *sources, size_t count)
{
    const struct bw_family *newest = bw_family_row((enum bw_family_id)sources[0].run->family);
    uint16_t id = sources[0].run->family;
    struct bw_family family = *newest;
    for (size_t i = 1; i < count; i++) {
        if (sources[i].run->family == id)
            continue;
        const struct bw_family *other = bw_family_row((enum bw_family_id)sources[i].run->family);
        const enum bw_metric_type type = other->type == family.type ? other->type : BW_TYPE_UNTYPED;
        if (sources[i].run->family > id) {
            id = sources[i].run->family;
            family = *other;
        }
        family.type = type;
    }
    return family;
}

/* All runs, by family, in each by block. `starts` gets where each family begins. */
static struct source *collect(const struct bw_registry *registry,
                              size_t starts[BW_FAMILY_ID_MAX + 1], size_t families)
{
    memset(starts, 0, (families + 1) * sizeof *starts);
    for (size_t b = 0; b < registry->count; b++) {
        const struct bw_block *block = registry->blocks[b];
        for (size_t r = 0; r < runs_of(block); r++)
            starts[page_of(&block->shape->runs[r]) + 1]++;
    }
    for (size_t f = 0; f < families; f++)
        starts[f + 1] += starts[f];
    struct source *sources = bw_alloc_array(starts[families] + 1, sizeof *sources);
    size_t next[BW_FAMILY_ID_MAX];
    memcpy(next, starts, families * sizeof *next);
    for (size_t b = 0; b < registry->count; b++) {
        const struct bw_block *block = registry->blocks[b];
        for (size_t r = 0; r < runs_of(block); r++) {
            const struct bw_shape_run *run = &block->shape->runs[r];
            sources[next[page_of(run)]++] = (struct source){ block, run };
        }
    }
    return sources;
}

static bool is_wanted(const struct bw_family_filter *filter, const char *name)
{
    if (filter == NULL)
        return true;
    for (size_t i = 0; i < filter->count; i++) {
        if (strncmp(name, filter->prefixes[i], strlen(filter->prefixes[i])) == 0)
            return !filter->hides;
    }
    return filter->hides;
}

void bw_registry_render(const struct bw_registry *registry, enum bw_exposition format,
                        const struct bw_family_filter *filter, struct bw_buf *out)
{
    const size_t families = bw_family_count();
    size_t starts[BW_FAMILY_ID_MAX + 1];
    struct source *sources = collect(registry, starts, families);
    const struct page page = { out, format, filter };
    for (size_t f = 0; f < families; f++) {
        const size_t count = starts[f + 1] - starts[f];
        if (count == 0 || !is_wanted(filter, bw_family_row((enum bw_family_id)f)->name))
            continue;
        const struct bw_family family = family_of_page(sources + starts[f], count);
        append_lines(&page, sources + starts[f], count, &family);
    }
    free(sources);
    if (format == BW_EXPOSITION_OPENMETRICS)
        bw_buf_text(out, "# EOF\n");
}

void bw_measures_render(const struct bw_measures *measures, enum bw_exposition format,
                        struct bw_buf *out)
{
    struct bw_registry *registry = bw_registry_new();
    bw_registry_set(registry, bw_registry_add(registry, NULL, 0, "exported_"), measures);
    bw_registry_render(registry, format, NULL, out);
    bw_registry_free(registry);
}
