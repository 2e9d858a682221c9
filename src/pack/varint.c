// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/varint.h"

uint64_t bw_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

int64_t bw_unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ ((value & 1) != 0 ? UINT64_MAX : 0));
}

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

void bw_put_tokens(struct bw_buf *out, const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bw_put_zigzag(out, values[i]);
        if (values[i] != 0)
            continue;
        const size_t first = i;
        while (i + 1 < count && values[i + 1] == 0)
            i++;
        bw_put_varint(out, i - first);
    }
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

static uint64_t take_little(struct bw_bytes *in, size_t size)
{
    const uint8_t *bytes = bw_take_bytes(in, size);
    uint64_t value = 0;
    for (size_t i = 0; bytes != NULL && i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

uint16_t bw_take_u16(struct bw_bytes *in)
{
    return (uint16_t)take_little(in, 2);
}

uint32_t bw_take_u32(struct bw_bytes *in)
{
    return (uint32_t)take_little(in, 4);
}

uint64_t bw_take_u64(struct bw_bytes *in)
{
    return take_little(in, 8);
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

void bw_take_tokens(struct bw_bytes *in, int64_t *out, size_t count)
{
    for (size_t i = 0; i < count && !in->bad;) {
        const int64_t value = bw_take_zigzag(in);
        out[i++] = value;
        if (value != 0)
            continue;
        uint64_t zeros = bw_take_varint(in);
        if (zeros > count - i)
            in->bad = true;
        for (; !in->bad && zeros > 0; zeros--)
            out[i++] = 0;
    }
}
