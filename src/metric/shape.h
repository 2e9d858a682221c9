// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/shape.h: which series a list of measures is about, without their values: families,
 * parts, bounds and the values of the families' own labels.
 *
 *     measures of check A -\                      values of A
 *     measures of check B --> shape (kept once)   values of B
 *     measures of check C -/                      values of C
 *
 * Checks of one kind measure the same things most of the time, and what tells them apart, their
 * common labels, is no part of a shape. So a pool keeps each shape once. Users are counted: they
 * come and go in any order, and none of them is the owner.
 *
 * A pool and its counts belong to one thread. Others may read a shape for as long as somebody
 * holds it for them. */
#ifndef METRIC_SHAPE_H
#define METRIC_SHAPE_H

#include "metric/measure.h"

#include <stdint.h>

/* One series. */
struct bw_shape_item {
    const char *const *labels; /* values in the order of the family's labels; NULL: it has none */
    const char *own;           /* the same escaped, as on a page: a="b",le="0.5"; may be "" */
    double bound;
    uint32_t own_len;
    uint16_t family; /* enum bw_family_id */
    uint8_t part;    /* enum bw_measure_part */
    uint8_t label_count;
};

/* Neighbouring items of one family. */
struct bw_shape_run {
    uint16_t family;
    uint32_t first;
    uint32_t count;
};

struct bw_shape {
    const struct bw_shape_item *items; /* by family, else in the order of the measures */
    const uint32_t *item_of;           /* which item each measure is */
    const struct bw_shape_run *runs;   /* by family */
    uint32_t count;
    uint32_t run_count;
    uint32_t users; /* for the pool */
    uint64_t hash;
    struct bw_shape *next;
};

struct bw_shapes;

struct bw_shapes *bw_shapes_new(void);

/* All shapes must have been dropped. NULL is fine. */
void bw_shapes_free(struct bw_shapes *shapes);

/* The shape of the measures, with one user more. */
const struct bw_shape *bw_shapes_take(struct bw_shapes *shapes, const struct bw_measures *measures);

/* One user less. NULL is fine. */
void bw_shapes_drop(struct bw_shapes *shapes, const struct bw_shape *shape);

/* How many different shapes there are. */
size_t bw_shapes_count(const struct bw_shapes *shapes);

/* True when the measures are the shape's series in its order. False for NULL. */
bool bw_shape_fits(const struct bw_shape *shape, const struct bw_measures *measures);

/* The run of a family, or NULL. */
const struct bw_shape_run *bw_shape_run(const struct bw_shape *shape, enum bw_family_id family);

#endif
