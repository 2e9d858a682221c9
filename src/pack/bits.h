// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/bits.h: runs of bits inside bytes, lowest bit first. */
#ifndef PACK_BITS_H
#define PACK_BITS_H

#include "base/buf.h"

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The number of bits that a value needs, 0 … 64. */
static inline unsigned bw_bit_length(uint64_t value)
{
    return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

/* A value whose lowest `width` bits are set, 0 … 64. */
static inline uint64_t bw_bit_mask(unsigned width)
{
    return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

/* Bits on their way out. Start from { .out = buf }, end with bw_bits_flush(). */
struct bw_bit_writer {
    struct bw_buf *out;
    uint64_t held;
    unsigned held_bits; /* < 32 between calls */
};

/* The lowest `width` bits of the value, 0 … 64. */
void bw_bits_put(struct bw_bit_writer *writer, uint64_t value, unsigned width);

/* Zeros up to the next whole byte. */
void bw_bits_flush(struct bw_bit_writer *writer);

/* The bytes that `count` values of `width` bits fill. */
static inline size_t bw_bits_bytes(size_t count, unsigned width)
{
    return (count * width + 7) / 8;
}

/* At least 57 bits from bit `at` on, in the low end; zeros stand beyond the last byte. */
uint64_t bw_bits_tail(const uint8_t *bytes, size_t size, uint64_t at);
static inline uint64_t bw_bits_peek(const uint8_t *bytes, size_t size, uint64_t at)
{
    const uint64_t byte = at >> 3;
    if (byte + 8 > size)
        return bw_bits_tail(bytes, size, at);
    uint64_t word;
    memcpy(&word, bytes + byte, sizeof word);
    return le64toh(word) >> (at & 7);
}

/* `width` bits from bit `at` on, 0 … 64. */
static inline uint64_t bw_bits_take(const uint8_t *bytes, size_t size, uint64_t at, unsigned width)
{
    if (width <= 57)
        return bw_bits_peek(bytes, size, at) & bw_bit_mask(width);
    const uint64_t low = bw_bits_peek(bytes, size, at) & bw_bit_mask(32);
    return low | (bw_bits_peek(bytes, size, at + 32) & bw_bit_mask(width - 32)) << 32;
}

/* `count` values of `width` bits each, one after the other. */
void bw_bits_unpack(const uint8_t *bytes, size_t size, unsigned width, uint64_t *out, size_t count);

#endif
