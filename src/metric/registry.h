// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/registry.h: all blocks, and the page that they make.
 *
 * Rendering reads only: any number of threads may render while none changes the registry; who
 * owns it holds the lock. Changing values of a block costs nothing for the others.
 * No series appears twice: the later one is left out and counted. */
#ifndef METRIC_REGISTRY_H
#define METRIC_REGISTRY_H

#include "base/buf.h"
#include "metric/block.h"

struct bw_registry;

enum bw_exposition { BW_EXPOSITION_TEXT, BW_EXPOSITION_OPENMETRICS };

/* Families to show: those whose name starts with one of the prefixes, or all others. Of a family
 * whose name starts with `split` those lines are shown whose first label is one of `values`, or all
 * others. */
struct bw_family_filter {
    const char *const *prefixes;
    size_t count;
    bool hides;        /* the others are meant, both times */
    const char *split; /* NULL: no family is shown in parts */
    const char *const *values;
    size_t value_count;
};

struct bw_registry *bw_registry_new(void);
void bw_registry_free(struct bw_registry *registry);

/* The shapes of its series, for others on its thread to share; they go with the registry. */
struct bw_shapes *bw_registry_shapes(struct bw_registry *registry);

/* Adds an empty block behind the others; see bw_block_new() for the arguments. The registry
 * owns it. */
struct bw_block *bw_registry_add(struct bw_registry *registry, const struct bw_metric_label *common,
                                 size_t count, const char *collision_prefix);

/* The block now shows exactly these measures. Cheap when the series are the same as before, in
 * the same order. */
void bw_registry_set(struct bw_registry *registry, struct bw_block *block,
                     const struct bw_measures *measures);

/* The same for measures that are known to be of this shape, one of the registry's. */
void bw_registry_set_shaped(struct bw_registry *registry, struct bw_block *block,
                            const struct bw_measures *measures, const struct bw_shape *shape);

/* Takes the block out and frees it. */
void bw_registry_remove(struct bw_registry *registry, struct bw_block *block);

/* Series that are shown, and those left out because name and labels are taken. */
size_t bw_registry_series(const struct bw_registry *registry);
size_t bw_registry_hidden(const struct bw_registry *registry);

/* Appends the page: families in the order of the table, guests behind them, in each the blocks in
 * the order in which they were added. `filter` NULL: everything. */
void bw_registry_render(const struct bw_registry *registry, enum bw_exposition format,
                        const struct bw_family_filter *filter, struct bw_buf *out);

/* Appends a page of these measures alone, without common labels: what /probe answers. */
void bw_measures_render(const struct bw_measures *measures, enum bw_exposition format,
                        struct bw_buf *out);

#endif
