// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/block.h: what one publisher (a check on an instance, the host, one analysed series,
 * a part of the daemon) shows on /metrics: its common labels, the shape of its series, which it
 * shares with others like it (metric/shape.h), and their values.
 *
 *     name            common labels, of the block        own labels, of the shape   value
 *     probe_duration {service="shop",check="page"       ,phase="tls"             }  0.25 \n
 *
 * A block belongs to a registry (metric/registry.h) and is changed only through it. */
#ifndef METRIC_BLOCK_H
#define METRIC_BLOCK_H

#include "base/buf.h"
#include "metric/measure.h"
#include "metric/shape.h"

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

/* Where a common label stands in a block's text. */
struct bw_block_label {
    uint32_t at;
    uint32_t name_len;
};

struct bw_block_long; /* the text of one value */

/* Common labels as a family shows them that has one of their names itself. */
struct bw_block_odd {
    const struct bw_shape_run *run;
    char *text;
};

struct bw_block {
    struct bw_shapes *shapes;
    const char *collision_prefix;
    const struct bw_block_label *labels; /* one piece of memory with the text */
    char *text;                          /* common labels, escaped: a="b",c="d" */
    uint32_t label_count;
    uint32_t text_len;

    const struct bw_shape *shape; /* NULL: no series yet */
    double *values;               /* by item of the shape */
    bool *hidden;                 /* the same: another series has this name; NULL: none has */
    struct bw_block_long *longs;  /* texts of values that take long to write, by item */
    size_t long_count, long_cap;
    struct bw_block_odd *odd;
    size_t odd_count;
};

/* A block without series. The labels are copied; those with an empty value (other than
 * bw_metric_blank) are left out, bytes that a label's name cannot have become '_'. Where a metric
 * has a label of its own with the same name, the common one gets `collision_prefix` ("exported_",
 * "series_") in front; that is borrowed. `shapes` is borrowed too. */
struct bw_block *bw_block_new(struct bw_shapes *shapes, const struct bw_metric_label *common,
                              size_t count, const char *collision_prefix);
void bw_block_free(struct bw_block *block);

/* Takes the new values over. The measures must be of the block's shape. */
void bw_block_update(struct bw_block *block, const struct bw_measures *measures);

/* Takes the measures over, whatever their shape; none is hidden. */
void bw_block_rebuild(struct bw_block *block, const struct bw_measures *measures);

/* Hides a series, or shows it again. */
void bw_block_hide(struct bw_block *block, size_t item, bool hidden);
bool bw_block_is_hidden(const struct bw_block *block, size_t item);

/* Appends name and labels of a series, up to the space before its value. */
void bw_block_append_name(const struct bw_block *block, const struct bw_shape_run *run, size_t item,
                          struct bw_buf *out);

/* Appends the lines of a run that are not hidden. */
void bw_block_append_run(const struct bw_block *block, const struct bw_shape_run *run,
                         struct bw_buf *out);

#endif
