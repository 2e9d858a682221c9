// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/scale.h: doubles as integers, with a proof for each that it comes back.
 *
 * Monitoring data are mostly decimals of a few digits, stored as the nearest double (ALP;
 * Afroozeh and others, SIGMOD 2024): m / 10^e gives such a double back to the bit. */
#ifndef PACK_SCALE_H
#define PACK_SCALE_H

#include "model/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BW_EXPONENT_MAX = 15 };

/* The integers of some doubles. Of a hole the integer is the one before it. */
struct bw_scaled {
    int exponent; /* -1: too few are decimals, nothing else is said */
    int64_t *integers;
    uint32_t *holes; /* places of those that are no decimals, rising */
    size_t hole_count;
};

/* Scales with the exponent that makes the fewest bits. Room for `count` integers and holes. */
void bw_scale_decimals(const double *values, size_t count, struct bw_scaled *out);

/* The way back, without the holes. 0 <= exponent <= BW_EXPONENT_MAX. */
void bw_unscale_decimals(const int64_t *integers, size_t count, int exponent, double *out);

/* The same as points, with these times. */
void bw_unscale_points(const int64_t *integers, const int64_t *times_ms, size_t count, int exponent,
                       struct bw_point *out);

/* The decimal of that many digits after the point that is nearest; the value itself where it has
 * no such digits. */
double bw_round_decimal(double value, int exponent);

/* Bits as integers in the order of the doubles, and back: for noise that no exponent fits. */
int64_t bw_ordered_bits(double value);
double bw_unordered_bits(int64_t ordered);

/* The bits of a double as they are, and back. */
uint64_t bw_double_bits(double value);
double bw_bits_double(uint64_t bits);

#endif
