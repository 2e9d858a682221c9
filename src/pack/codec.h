// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/codec.h: times and values as bytes and back, every bit kept. The layout around them is
 * pack/pack.h's; the bytes are in docs/format.md. */
#ifndef PACK_CODEC_H
#define PACK_CODEC_H

#include "base/buf.h"
#include "model/records.h"
#include "pack/ints.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stored: never renumber. */
enum bw_codec { BW_CODEC_CONSTANT = 1, BW_CODEC_DECIMAL = 4, BW_CODEC_BITS, BW_CODEC_END };

/* Appends `count` >= 1 values in the codec that suits them, which it returns. */
enum bw_codec bw_values_encode(struct bw_buf *out, const double *values, size_t count,
                               enum bw_tier tier);

/* Exactly `count` values from exactly `size` bytes; false for anything else. *out may be
 * half-written then. */
bool bw_values_decode(enum bw_codec codec, const void *bytes, size_t size, double *out,
                      size_t count);

/* The same with the values' times beside them: `scratch` is room for `count` integers. */
bool bw_points_decode(enum bw_codec codec, const void *bytes, size_t size, const int64_t *times_ms,
                      struct bw_point *out, size_t count, int64_t *scratch);

/* The same for strictly rising times. */
void bw_times_encode(struct bw_buf *out, const int64_t *times_ms, size_t count, enum bw_tier tier);
bool bw_times_decode(const void *bytes, size_t size, int64_t *out_ms, size_t count);

#endif
