// SPDX-License-Identifier: GPL-3.0-or-later
#include "sketch/sketch.h"

#include "base/mem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bin i > 0 holds magnitudes in (g^(i-1), g^i] times the least one, g = (1 + a) / (1 - a). The
 * least magnitude is that of the least normal double: what is nearer to zero is zero. */
static const double growth = (1 + BW_SKETCH_ERROR_RATIO) / (1 - BW_SKETCH_ERROR_RATIO);

static int32_t key_of(double value)
{
    const double magnitude = fmin(fabs(value), DBL_MAX);
    if (magnitude < DBL_MIN)
        return 0;
    const double steps = (log(magnitude) - log(DBL_MIN)) / log(growth);
    const int32_t key = (int32_t)ceil(steps) + 1;
    return value < 0 ? -key : key;
}

/* The point of a bin from which both its ends are as far, relatively. */
static double value_of(int32_t key)
{
    if (key == 0)
        return 0;
    const double steps = (abs(key) - 1) * log(growth) + log(2 / (1 + growth));
    const double middle = fmin(exp(log(DBL_MIN) + steps), DBL_MAX);
    return key < 0 ? -middle : middle;
}

void bw_sketch_fini(struct bw_sketch *sketch)
{
    free(sketch->bins);
    *sketch = (struct bw_sketch){ 0 };
}

void bw_sketch_clear(struct bw_sketch *sketch)
{
    sketch->bin_count = 0;
}

/* The place of the first bin whose key is not less. */
static size_t place_of(const struct bw_sketch *sketch, int32_t key)
{
    size_t low = 0, high = sketch->bin_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (sketch->bins[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_bin(struct bw_sketch *sketch, size_t at)
{
    sketch->bin_count--;
    memmove(&sketch->bins[at], &sketch->bins[at + 1],
            (sketch->bin_count - at) * sizeof *sketch->bins);
}

/* Gives the count of the bin that is nearest to zero to its neighbour farther out. */
static void collapse(struct bw_sketch *sketch)
{
    size_t at = place_of(sketch, 0);
    if (at > 0 && (at == sketch->bin_count || -sketch->bins[at - 1].key < sketch->bins[at].key))
        at--;
    const bool outward = sketch->bins[at].key >= 0 ? at + 1 < sketch->bin_count : at == 0;
    const size_t neighbour = outward ? at + 1 : at - 1;
    sketch->bins[neighbour].count += sketch->bins[at].count;
    remove_bin(sketch, at);
}

bool bw_sketch_add_bin(struct bw_sketch *sketch, int32_t key, uint64_t count)
{
    if (key < -BW_SKETCH_KEY_MAX || key > BW_SKETCH_KEY_MAX || count == 0)
        return false;
    const size_t at = place_of(sketch, key);
    if (at < sketch->bin_count && sketch->bins[at].key == key) {
        sketch->bins[at].count += count;
        return true;
    }
    sketch->bins =
        bw_grow(sketch->bins, &sketch->bin_cap, sketch->bin_count + 1, sizeof *sketch->bins);
    memmove(&sketch->bins[at + 1], &sketch->bins[at],
            (sketch->bin_count - at) * sizeof *sketch->bins);
    sketch->bins[at] = (struct bw_sketch_bin){ key, count };
    sketch->bin_count++;
    if (sketch->bin_count > BW_SKETCH_BINS_MAX)
        collapse(sketch);
    return true;
}

void bw_sketch_add(struct bw_sketch *sketch, double value)
{
    if (!isnan(value))
        bw_sketch_add_bin(sketch, key_of(value), 1);
}

void bw_sketch_merge(struct bw_sketch *into, const struct bw_sketch *from)
{
    for (size_t i = 0; i < from->bin_count; i++)
        bw_sketch_add_bin(into, from->bins[i].key, from->bins[i].count);
}

uint64_t bw_sketch_count(const struct bw_sketch *sketch)
{
    uint64_t count = 0;
    for (size_t i = 0; i < sketch->bin_count; i++)
        count += sketch->bins[i].count;
    return count;
}

double bw_sketch_quantile(const struct bw_sketch *sketch, double ratio)
{
    const uint64_t count = bw_sketch_count(sketch);
    if (count == 0)
        return NAN;
    const uint64_t rank = (uint64_t)floor(fmin(fmax(ratio, 0), 1) * (double)(count - 1));
    size_t at = 0;
    for (uint64_t below = sketch->bins[0].count; below <= rank && at + 1 < sketch->bin_count;)
        below += sketch->bins[++at].count;
    return value_of(sketch->bins[at].key);
}
