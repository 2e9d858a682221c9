// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/huffman.h: integers as tokens of their own canonical Huffman code, each followed by raw
 * bits: smaller than frames, slower to read. The bytes are in docs/format.md. */
#ifndef PACK_HUFFMAN_H
#define PACK_HUFFMAN_H

#include "base/buf.h"
#include "pack/varint.h"

#include <stddef.h>
#include <stdint.h>

void bw_huffman_encode(struct bw_buf *out, const int64_t *values, size_t count);

/* Exactly `count` >= 1 integers; malformed bytes set in->bad. */
void bw_huffman_decode(struct bw_bytes *in, int64_t *out, size_t count);

#endif
