// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/fading.h: how sizes of a stream are distributed, in 340 bytes: a histogram with 8 to 16
 * buckets an octave, of which only those in use are kept, and whose counts are halved from time to
 * time, so that what is long ago counts less and less. The idea of bounded error relative to the
 * size is Masson, Rim and Lee's (2019, DDSketch). */
#ifndef TREND_FADING_H
#define TREND_FADING_H

#include <stddef.h>
#include <stdint.h>

enum { BW_FADING_BUCKETS = 80 };

struct bw_fading {
    uint16_t used;
    uint16_t puts;                  /* since the last halving */
    uint16_t half;                  /* so many puts make a halving */
    uint16_t worth;                 /* of one put, in counts */
    uint32_t total;                 /* of the counts */
    int16_t key[BW_FADING_BUCKETS]; /* rising; of [used] */
    uint16_t count[BW_FADING_BUCKETS];
};

/* Nothing yet. After every `half` sizes, 1 to 2000, all that was before counts half. */
struct bw_fading bw_fading_make(size_t half);

/* Adds a size, 0 or larger. */
void bw_fading_put(struct bw_fading *f, double size);

/* How many sizes its counts are worth: up to twice `half`. */
double bw_fading_weight(const struct bw_fading *f);

/* The q-quantile (0..1) to within an eighth; NaN when empty. */
double bw_fading_quantile(const struct bw_fading *f, double q);

#endif
