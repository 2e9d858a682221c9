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

/* Where a hole is, and what fills it. */
struct hole {
    size_t at;
    double value;
};

/* A column of values between its bytes and what is made of it. */
struct column {
    enum bw_codec codec;
    int exponent; /* decimals */
    double value; /* a constant */
    struct hole *holes;
    size_t hole_count;
};

static void take_constant(struct bw_bytes *in, struct column *column, int64_t *integers,
                          size_t count)
{
    (void)integers;
    (void)count;
    column->value = bw_bits_double(bw_take_u64(in));
}

static void take_holes(struct bw_bytes *in, struct column *column, size_t count)
{
    const uint64_t holes = bw_take_varint(in);
    if (holes == 0)
        return;
    if (holes > count || holes > bw_bytes_left(in) / 9) {
        in->bad = true;
        return;
    }
    column->holes = bw_alloc_array(holes, sizeof *column->holes);
    column->hole_count = holes;
    uint64_t next = 0;
    for (size_t i = 0; i < holes; i++) {
        const uint64_t gap = bw_take_varint(in);
        in->bad |= gap >= count - next; /* next <= count */
        column->holes[i] =
            (struct hole){ in->bad ? 0 : next + gap, bw_bits_double(bw_take_u64(in)) };
        next = column->holes[i].at + 1;
    }
}

static void take_decimals(struct bw_bytes *in, struct column *column, int64_t *integers,
                          size_t count)
{
    const uint8_t *exponent = bw_take_bytes(in, 1);
    if (exponent == NULL || *exponent > BW_EXPONENT_MAX) {
        in->bad = true;
        return;
    }
    column->exponent = *exponent;
    take_holes(in, column, count);
    bw_ints_decode(in, integers, count);
}

static void take_bits(struct bw_bytes *in, struct column *column, int64_t *integers, size_t count)
{
    (void)column;
    bw_ints_decode(in, integers, count);
}

/* The caller frees column->holes. */
static bool take_column(struct column *column, const void *bytes, size_t size, int64_t *integers,
                        size_t count)
{
    static void (*const takers[BW_CODEC_END])(struct bw_bytes *, struct column *, int64_t *,
                                              size_t) = {
        [BW_CODEC_CONSTANT] = take_constant,
        [BW_CODEC_DECIMAL] = take_decimals,
        [BW_CODEC_BITS] = take_bits,
    };
    if (column->codec >= BW_CODEC_END || takers[column->codec] == NULL || count == 0)
        return false;
    struct bw_bytes in = bw_bytes_of(bytes, size);
    takers[column->codec](&in, column, integers, count);
    return !in.bad && bw_bytes_left(&in) == 0;
}

static void make_values(const struct column *column, const int64_t *integers, double *out,
                        size_t count)
{
    if (column->codec == BW_CODEC_DECIMAL)
        bw_unscale_decimals(integers, count, column->exponent, out);
    else
        for (size_t i = 0; i < count; i++)
            out[i] =
                column->codec == BW_CODEC_CONSTANT ? column->value : bw_unordered_bits(integers[i]);
    for (size_t i = 0; i < column->hole_count; i++)
        out[column->holes[i].at] = column->holes[i].value;
}

bool bw_values_decode(enum bw_codec codec, const void *bytes, size_t size, double *out,
                      size_t count)
{
    struct column column = { .codec = codec };
    int64_t *integers = bw_alloc_unset(count, sizeof *integers);
    const bool sound = take_column(&column, bytes, size, integers, count);
    if (sound)
        make_values(&column, integers, out, count);
    free(column.holes);
    free(integers);
    return sound;
}

static void make_points(const struct column *column, const int64_t *integers,
                        const int64_t *times_ms, struct bw_point *out, size_t count)
{
    if (column->codec == BW_CODEC_DECIMAL)
        bw_unscale_points(integers, times_ms, count, column->exponent, out);
    else
        for (size_t i = 0; i < count; i++)
            out[i] = (struct bw_point){ times_ms[i], column->codec == BW_CODEC_CONSTANT
                                                         ? column->value
                                                         : bw_unordered_bits(integers[i]) };
    for (size_t i = 0; i < column->hole_count; i++)
        out[column->holes[i].at].value = column->holes[i].value;
}

bool bw_points_decode(enum bw_codec codec, const void *bytes, size_t size, const int64_t *times_ms,
                      struct bw_point *out, size_t count, int64_t *scratch)
{
    struct column column = { .codec = codec };
    const bool sound = take_column(&column, bytes, size, scratch, count);
    if (sound)
        make_points(&column, scratch, times_ms, out, count);
    free(column.holes);
    return sound;
}
