// SPDX-License-Identifier: GPL-3.0-or-later
/* sketch/sketch.h: quantiles of many values in little space, mergeable without loss.
 *
 * DDSketch (Masson, Rim, Lee; VLDB 12(12), 2019): a value is counted in a bin whose bounds are
 * 2 % apart, so that any quantile is within 1 % of a value that is really there, whatever was
 * merged in which order. Bins are numbered through from the greatest negative magnitude over 0
 * to the greatest positive one, so that their order is the order of the values. */
#ifndef SKETCH_SKETCH_H
#define SKETCH_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The promised relative error of a quantile. */
#define BW_SKETCH_ERROR_RATIO 0.01

/* Bins of one sketch. Beyond it the two next to zero become one, so that what is large stays
 * right; a range of values over 17 orders of magnitude needs fewer. */
enum { BW_SKETCH_BINS_MAX = 2048 };

/* Numbers of bins: 0 is the value 0, -BW_SKETCH_KEY_MAX … -1 negative values. */
enum { BW_SKETCH_KEY_MAX = 75000 };

struct bw_sketch_bin {
    int32_t key;
    uint64_t count; /* >= 1 */
};

/* All zeros is an empty sketch. */
struct bw_sketch {
    struct bw_sketch_bin *bins; /* by rising key */
    size_t bin_count;
    size_t bin_cap;
};

void bw_sketch_fini(struct bw_sketch *sketch);

/* Empty again; keeps its memory. */
void bw_sketch_clear(struct bw_sketch *sketch);

/* Counts a value; NaN is left out, infinities are counted as the largest double. */
void bw_sketch_add(struct bw_sketch *sketch, double value);

/* Counts `count` more in a bin; false, and nothing changes, when there is no such bin. */
bool bw_sketch_add_bin(struct bw_sketch *sketch, int32_t key, uint64_t count);

void bw_sketch_merge(struct bw_sketch *into, const struct bw_sketch *from);

uint64_t bw_sketch_count(const struct bw_sketch *sketch);

/* The value of rank ratio * (count - 1), rounded down, 0 <= ratio <= 1; NaN when it is empty. */
double bw_sketch_quantile(const struct bw_sketch *sketch, double ratio);

#endif
