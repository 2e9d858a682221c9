// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/bits.h"

static void put_few(struct bw_bit_writer *writer, uint64_t value, unsigned width)
{
    writer->held |= (value & bw_bit_mask(width)) << writer->held_bits;
    writer->held_bits += width;
    if (writer->held_bits < 32)
        return;
    const uint32_t little = htole32((uint32_t)writer->held);
    bw_buf_bytes(writer->out, &little, sizeof little);
    writer->held >>= 32;
    writer->held_bits -= 32;
}

void bw_bits_put(struct bw_bit_writer *writer, uint64_t value, unsigned width)
{
    if (width > 32) {
        put_few(writer, value, 32);
        value >>= 32;
        width -= 32;
    }
    put_few(writer, value, width);
}

void bw_bits_flush(struct bw_bit_writer *writer)
{
    const uint64_t little = htole64(writer->held);
    bw_buf_bytes(writer->out, &little, (writer->held_bits + 7) / 8);
    writer->held = 0;
    writer->held_bits = 0;
}

uint64_t bw_bits_tail(const uint8_t *bytes, size_t size, uint64_t at)
{
    uint64_t word = 0;
    for (uint64_t i = 0, byte = at >> 3; i < 8 && byte + i < size; i++)
        word |= (uint64_t)bytes[byte + i] << (8 * i);
    return word >> (at & 7);
}

void bw_bits_unpack(const uint8_t *bytes, size_t size, unsigned width, uint64_t *out, size_t count)
{
    if (width == 0) {
        memset(out, 0, count * sizeof *out);
        return;
    }
    /* Values that end eight bytes before the end can be read a word at a time. */
    const size_t easy_bits = size < 8 ? 0 : (size - 8) * 8;
    size_t easy = width > 57 ? 0 : easy_bits / width;
    easy = easy < count ? easy : count;
    const uint64_t mask = bw_bit_mask(width);
    uint64_t at = 0;
    for (size_t i = 0; i < easy; i++, at += width) {
        uint64_t word;
        memcpy(&word, bytes + (at >> 3), sizeof word);
        out[i] = le64toh(word) >> (at & 7) & mask;
    }
    for (size_t i = easy; i < count; i++, at += width)
        out[i] = bw_bits_take(bytes, size, at, width);
}
