// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/registry.h"

#include "base/escape.h"
#include "base/mem.h"
#include "base/text.h"
#include "metric/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct bw_registry {
    struct bw_block **blocks;
    size_t count;
    size_t cap;
    struct bw_names names; /* prefixes of the series that are shown */
    size_t hidden;
};

/* A run of cells and where it comes from. */
struct source {
    const struct bw_block *block;
    const struct bw_cell_run *run;
};

struct bw_registry *bw_registry_new(void)
{
    return bw_alloc(sizeof(struct bw_registry));
}

void bw_registry_free(struct bw_registry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = 0; i < registry->count; i++)
        bw_block_free(registry->blocks[i]);
    free(registry->blocks);
    bw_names_fini(&registry->names);
    free(registry);
}

struct bw_block *bw_registry_add(struct bw_registry *registry, const struct bw_metric_label *common,
                                 size_t count, const char *collision_prefix)
{
    if (registry->count == registry->cap)
        registry->blocks = bw_grow(registry->blocks, &registry->cap, registry->count + 1,
                                   sizeof *registry->blocks);
    struct bw_block *block = bw_block_new(common, count, collision_prefix);
    registry->blocks[registry->count++] = block;
    return block;
}

/* Enters the names of a block's series; those that are taken are hidden. */
static void claim_names(struct bw_registry *registry, struct bw_block *block)
{
    for (size_t i = 0; i < block->count; i++) {
        struct bw_cell *cell = &block->cells[block->cell_of[i]];
        cell->hidden =
            !bw_names_add(&registry->names, block->text + cell->offset, cell->prefix_len);
        registry->hidden += cell->hidden;
    }
}

static void release_names(struct bw_registry *registry, const struct bw_block *block)
{
    for (size_t i = 0; i < block->count; i++) {
        const struct bw_cell *cell = &block->cells[i];
        if (cell->hidden)
            registry->hidden--;
        else
            bw_names_remove(&registry->names, block->text + cell->offset, cell->prefix_len);
    }
}

/* After names became free: whoever waited for one of them is shown. */
static void reveal_hidden(struct bw_registry *registry)
{
    for (size_t b = 0; b < registry->count && registry->hidden > 0; b++) {
        struct bw_block *block = registry->blocks[b];
        for (size_t i = 0; i < block->count; i++) {
            struct bw_cell *cell = &block->cells[i];
            if (cell->hidden
                && bw_names_add(&registry->names, block->text + cell->offset, cell->prefix_len)) {
                cell->hidden = false;
                registry->hidden--;
            }
        }
    }
}

void bw_registry_set(struct bw_registry *registry, struct bw_block *block,
                     const struct bw_measures *measures)
{
    if (bw_block_has_shape(block, measures)) {
        bw_block_update(block, measures);
        return;
    }
    release_names(registry, block);
    bw_block_rebuild(block, measures);
    claim_names(registry, block);
    reveal_hidden(registry);
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
    release_names(registry, block);
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
    for (; *help != '\0'; help++) {
        if (*help == '\\' || *help == '\n')
            bw_buf_text(out, *help == '\n' ? "\\n" : "\\\\");
        else
            bw_buf_char(out, *help);
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

static void append_lines(struct bw_buf *out, const struct source *sources, size_t count,
                         const struct bw_family *family, enum bw_exposition format)
{
    bool head = false;
    for (size_t s = 0; s < count; s++) {
        const struct bw_block *block = sources[s].block;
        const struct bw_cell *cell = &block->cells[sources[s].run->first];
        for (uint32_t i = 0; i < sources[s].run->count; i++, cell++) {
            if (cell->hidden)
                continue;
            if (!head)
                append_head(out, family, format);
            head = true;
            bw_buf_bytes(out, block->text + cell->offset, cell->line_len);
        }
    }
}

/* All runs, by family, in each by block. `starts` gets where each family begins. */
static struct source *collect(const struct bw_registry *registry,
                              size_t starts[BW_FAMILY_ID_MAX + 1], size_t families)
{
    memset(starts, 0, (families + 1) * sizeof *starts);
    for (size_t b = 0; b < registry->count; b++) {
        for (size_t r = 0; r < registry->blocks[b]->run_count; r++)
            starts[registry->blocks[b]->runs[r].family + 1]++;
    }
    for (size_t f = 0; f < families; f++)
        starts[f + 1] += starts[f];
    struct source *sources = bw_alloc_array(starts[families] + 1, sizeof *sources);
    size_t next[BW_FAMILY_ID_MAX];
    memcpy(next, starts, families * sizeof *next);
    for (size_t b = 0; b < registry->count; b++) {
        const struct bw_block *block = registry->blocks[b];
        for (size_t r = 0; r < block->run_count; r++)
            sources[next[block->runs[r].family]++] = (struct source){ block, &block->runs[r] };
    }
    return sources;
}

static bool is_wanted(const struct bw_family_filter *filter, const char *name)
{
    if (filter == NULL)
        return true;
    for (size_t i = 0; i < filter->count; i++) {
        if (strncmp(name, filter->prefixes[i], strlen(filter->prefixes[i])) == 0)
            return true;
    }
    return false;
}

void bw_registry_render(const struct bw_registry *registry, enum bw_exposition format,
                        const struct bw_family_filter *filter, struct bw_buf *out)
{
    const size_t families = bw_family_count();
    size_t starts[BW_FAMILY_ID_MAX + 1];
    struct source *sources = collect(registry, starts, families);
    for (size_t f = 0; f < families; f++) {
        const struct bw_family *family = bw_family_row((enum bw_family_id)f);
        if (starts[f + 1] > starts[f] && is_wanted(filter, family->name))
            append_lines(out, sources + starts[f], starts[f + 1] - starts[f], family, format);
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
