// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/block.h: what one publisher (a check on an instance, the host, one analysed series,
 * a part of the daemon) shows on /metrics: its common labels and its series, each as a ready
 * line of text.
 *
 *     prefix (kept while the set of series stays)      value (rewritten when it changed)
 *     probe_success{service="shop",check="page"} ␣     1 \n
 *
 * A block belongs to a registry (metric/registry.h) and is changed only through it. */
#ifndef METRIC_BLOCK_H
#define METRIC_BLOCK_H

#include "metric/measure.h"

#include <stdint.h>

/* A label with borrowed text. */
struct bw_metric_label {
    const char *name;
    const char *value;
};

/* As a common label's value: the label is shown with an empty value. To a scraper that is no
 * label at all, but it then puts none of its own there: an `instance` for one, which would
 * make a service the same series as the instance that is scraped. */
extern const char bw_metric_blank[];

/* One series: a line in the block's text. */
struct bw_cell {
    enum bw_family_id family;
    uint32_t offset;     /* of the line */
    uint32_t prefix_len; /* "name{labels} " */
    uint32_t line_len;   /* with the newline */
    double value;        /* what the line says */
    bool hidden;         /* another series has this name and these labels already */
};

/* Neighbouring cells of one family. */
struct bw_cell_run {
    enum bw_family_id family;
    uint32_t first;
    uint32_t count;
};

struct bw_block {
    struct bw_arena identity; /* common labels */
    struct bw_metric_label *common;
    size_t common_count;
    const char *collision_prefix;

    struct bw_arena shape;       /* the rest, until the set of series changes */
    struct bw_measure *measures; /* as last set; their order gives `cell_of` */
    uint32_t *cell_of;
    struct bw_cell *cells; /* by family, else in the order of the measures */
    size_t count;
    struct bw_cell_run *runs;
    size_t run_count;
    char *text;
};

/* A block without series. The labels are copied; those with an empty value (other than
 * bw_metric_blank) are left out, bytes that a label's name cannot have become '_'. Where a metric
 * has a label of its own with the same name, the common one gets `collision_prefix` ("exported_",
 * "series_") in front. */
struct bw_block *bw_block_new(const struct bw_metric_label *common, size_t count,
                              const char *collision_prefix);
void bw_block_free(struct bw_block *block);

/* True when the measures are the block's present series in the same order, so that
 * bw_block_update() will do. */
bool bw_block_has_shape(const struct bw_block *block, const struct bw_measures *measures);

/* Takes the new values over into the lines. The shape must fit. */
void bw_block_update(struct bw_block *block, const struct bw_measures *measures);

/* Makes the lines anew. Two measures of one name and labels: the first stays, the later is
 * hidden, as is what the registry says is taken. */
void bw_block_rebuild(struct bw_block *block, const struct bw_measures *measures);

#endif
