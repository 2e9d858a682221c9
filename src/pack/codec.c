// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/codec.h"

#include "base/mem.h"
#include "pack/scale.h"
#include "pack/varint.h"

#include <stdlib.h>
#include <string.h>

static bool are_constant(const double *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (bw_double_bits(values[i]) != bw_double_bits(values[0]))
            return false;
    }
    return true;
}

static void put_decimals(struct bw_buf *out, const double *values, size_t count,
                         const struct bw_scaled *scaled, enum bw_tier tier)
{
    bw_buf_char(out, (char)scaled->exponent);
    bw_put_varint(out, scaled->hole_count);
    for (size_t i = 0; i < scaled->hole_count; i++) {
        bw_put_varint(out, scaled->holes[i] - (i == 0 ? 0 : scaled->holes[i - 1] + 1));
        bw_put_u64(out, bw_double_bits(values[scaled->holes[i]]));
    }
    bw_ints_encode(out, scaled->integers, count, tier);
}

static void put_bits(struct bw_buf *out, const double *values, size_t count, int64_t *scratch,
                     enum bw_tier tier)
{
    for (size_t i = 0; i < count; i++)
        scratch[i] = bw_ordered_bits(values[i]);
    bw_ints_encode(out, scratch, count, tier);
}

enum bw_codec bw_values_encode(struct bw_buf *out, const double *values, size_t count,
                               enum bw_tier tier)
{
    if (are_constant(values, count)) {
        bw_put_u64(out, bw_double_bits(values[0]));
        return BW_CODEC_CONSTANT;
    }
    struct bw_scaled scaled = {
        .integers = bw_alloc_unset(count, sizeof *scaled.integers),
        .holes = bw_alloc_unset(count, sizeof *scaled.holes),
    };
    bw_scale_decimals(values, count, &scaled);
    const bool decimal = scaled.exponent >= 0;
    if (decimal)
        put_decimals(out, values, count, &scaled, tier);
    else
        put_bits(out, values, count, scaled.integers, tier);
    free(scaled.integers);
    free(scaled.holes);
    return decimal ? BW_CODEC_DECIMAL : BW_CODEC_BITS;
}

static void take_constant(struct bw_bytes *in, double *out, size_t count)
{
    const double value = bw_bits_double(bw_take_u64(in));
    for (size_t i = 0; i < count; i++)
        out[i] = value;
}

/* Where the holes are, and what fills them. */
struct hole {
    size_t at;
    double value;
};

static struct hole *take_holes(struct bw_bytes *in, size_t count, size_t *out_holes)
{
    const uint64_t holes = bw_take_varint(in);
    *out_holes = 0;
    if (holes == 0)
        return NULL;
    if (holes > count || holes > bw_bytes_left(in) / 9) {
        in->bad = true;
        return NULL;
    }
    struct hole *items = bw_alloc_array(holes, sizeof *items);
    uint64_t next = 0;
    for (size_t i = 0; i < holes; i++) {
        const uint64_t gap = bw_take_varint(in);
        in->bad |= gap >= count - next; /* next <= count */
        items[i] = (struct hole){ in->bad ? 0 : next + gap, bw_bits_double(bw_take_u64(in)) };
        next = items[i].at + 1;
    }
    *out_holes = holes;
    return items;
}

static void take_decimals(struct bw_bytes *in, double *out, size_t count)
{
    const uint8_t *exponent = bw_take_bytes(in, 1);
    if (exponent == NULL || *exponent > BW_EXPONENT_MAX) {
        in->bad = true;
        return;
    }
    size_t hole_count;
    struct hole *holes = take_holes(in, count, &hole_count);
    int64_t *integers = bw_alloc_unset(count, sizeof *integers);
    bw_ints_decode(in, integers, count);
    if (!in->bad)
        bw_unscale_decimals(integers, count, *exponent, out);
    for (size_t i = 0; i < hole_count; i++)
        out[holes[i].at] = holes[i].value;
    free(integers);
    free(holes);
}

static void take_bits(struct bw_bytes *in, double *out, size_t count)
{
    int64_t *ordered = bw_alloc_unset(count, sizeof *ordered);
    bw_ints_decode(in, ordered, count);
    for (size_t i = 0; i < count && !in->bad; i++)
        out[i] = bw_unordered_bits(ordered[i]);
    free(ordered);
}

bool bw_values_decode(enum bw_codec codec, const void *bytes, size_t size, double *out,
                      size_t count)
{
    static void (*const takers[BW_CODEC_END])(struct bw_bytes *, double *, size_t) = {
        [BW_CODEC_CONSTANT] = take_constant,
        [BW_CODEC_DECIMAL] = take_decimals,
        [BW_CODEC_BITS] = take_bits,
    };
    if (codec >= BW_CODEC_END || takers[codec] == NULL || count == 0)
        return false;
    struct bw_bytes in = bw_bytes_of(bytes, size);
    takers[codec](&in, out, count);
    return !in.bad && bw_bytes_left(&in) == 0;
}
