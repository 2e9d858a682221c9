// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/ints.h: a column of integers as what a simple prediction leaves of them.
 *
 *     integers -> differences of order 0, 1 or 2 -> less their centre, in units of what
 *     divides them all -> nothing when all are 0, else frames or Huffman's tokens
 *
 * Arithmetic is modulo 2^64, so every integer comes back. The bytes are in docs/format.md. */
#ifndef PACK_INTS_H
#define PACK_INTS_H

#include "base/buf.h"
#include "pack/varint.h"

#include <stddef.h>
#include <stdint.h>

/* Hot columns are quick to write and to read; cold ones are as small as can be. */
enum bw_tier { BW_TIER_HOT, BW_TIER_COLD };

/* Appends `count` integers; `values` is left as scratch. */
void bw_ints_encode(struct bw_buf *out, int64_t *values, size_t count, enum bw_tier tier);

/* Exactly `count` integers; malformed bytes set in->bad. */
void bw_ints_decode(struct bw_bytes *in, int64_t *out, size_t count);

#endif
