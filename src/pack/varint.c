// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/varint.h"

static void put_little(struct bw_buf *out, uint64_t value, size_t size)
{
    char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(uint8_t)(value >> (8 * i));
    bw_buf_bytes(out, bytes, size);
}

void bw_put_u16(struct bw_buf *out, uint16_t value)
{
    put_little(out, value, 2);
}

void bw_put_u32(struct bw_buf *out, uint32_t value)
{
    put_little(out, value, 4);
}

void bw_put_u64(struct bw_buf *out, uint64_t value)
{
    put_little(out, value, 8);
}

void bw_put_varint(struct bw_buf *out, uint64_t value)
{
    char bytes[10];
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[size++] = (char)(uint8_t)(value | 0x80);
    bytes[size++] = (char)(uint8_t)value;
    bw_buf_bytes(out, bytes, size);
}

void bw_put_zigzag(struct bw_buf *out, int64_t value)
{
    bw_put_varint(out, bw_zigzag(value));
}

struct bw_bytes bw_bytes_of(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    return (struct bw_bytes){ bytes, bytes + size, false };
}

size_t bw_bytes_left(const struct bw_bytes *in)
{
    return (size_t)(in->end - in->next);
}

const uint8_t *bw_take_bytes(struct bw_bytes *in, size_t size)
{
    if (in->bad || bw_bytes_left(in) < size) {
        in->bad = true;
        return NULL;
    }
    const uint8_t *bytes = in->next;
    in->next += size;
    return bytes;
}

uint16_t bw_take_u16(struct bw_bytes *in)
{
    const uint8_t *b = bw_take_bytes(in, 2);
    return b == NULL ? 0 : bw_u16_at(b);
}

uint32_t bw_take_u32(struct bw_bytes *in)
{
    const uint8_t *b = bw_take_bytes(in, 4);
    return b == NULL ? 0 : bw_u32_at(b);
}

uint64_t bw_take_u64(struct bw_bytes *in)
{
    const uint8_t *b = bw_take_bytes(in, 8);
    return b == NULL ? 0 : bw_u32_at(b) | (uint64_t)bw_u32_at(b + 4) << 32;
}

uint64_t bw_take_varint(struct bw_bytes *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; !in->bad && shift < 64; shift += 7) {
        if (in->next == in->end)
            break;
        const uint8_t byte = *in->next++;
        if (shift == 63 && byte > 1)
            break; /* more than 64 bits */
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    in->bad = true;
    return 0;
}

int64_t bw_take_zigzag(struct bw_bytes *in)
{
    return bw_unzigzag(bw_take_varint(in));
}
