// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/varint.h: integers as bytes, and the bounds-checked way back (docs/format.md). */
#ifndef PACK_VARINT_H
#define PACK_VARINT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Signed integers as unsigned ones that are small when they are: 0, -1, 1, -2, … */
static inline uint64_t bw_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t bw_unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

void bw_put_u16(struct bw_buf *out, uint16_t value);
void bw_put_u32(struct bw_buf *out, uint32_t value);
void bw_put_u64(struct bw_buf *out, uint64_t value);
void bw_put_varint(struct bw_buf *out, uint64_t value);
void bw_put_zigzag(struct bw_buf *out, int64_t value);

/* Bytes still to be read. A read beyond the end, or of something malformed, gives 0 and sets
 * `bad` for good; ask it once at the end. */
struct bw_bytes {
    const uint8_t *next;
    const uint8_t *end;
    bool bad;
};

struct bw_bytes bw_bytes_of(const void *data, size_t size);
size_t bw_bytes_left(const struct bw_bytes *in);

/* Fixed integers at a place that is known to be there. */
static inline uint16_t bw_u16_at(const uint8_t *b)
{
    return (uint16_t)(b[0] | (unsigned)b[1] << 8);
}

static inline uint32_t bw_u32_at(const uint8_t *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

uint16_t bw_take_u16(struct bw_bytes *in);
uint32_t bw_take_u32(struct bw_bytes *in);
uint64_t bw_take_u64(struct bw_bytes *in);
uint64_t bw_take_varint(struct bw_bytes *in);
int64_t bw_take_zigzag(struct bw_bytes *in);

/* `size` bytes, or NULL. */
const uint8_t *bw_take_bytes(struct bw_bytes *in, size_t size);

#endif
