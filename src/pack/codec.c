// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/codec.h"

#include "base/mem.h"
#include "pack/varint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXPONENT_MAX = 15 };

static const double power_of_10[EXPONENT_MAX + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
};

static const double mantissa_max = 9007199254740992.0; /* 2^53 */

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool are_constant(const double *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (bits_of(values[i]) != bits_of(values[0]))
            return false;
    }
    return true;
}

/* True when m / 10^e is the value to the bit; that is the proof, so rounding in the product
 * does no harm. NaN fails the first comparison, -0 and infinities the last. */
static bool is_decimal(double value, int exponent, int64_t *out_m)
{
    const double scaled = value * power_of_10[exponent];
    if (!(fabs(scaled) <= mantissa_max))
        return false;
    const int64_t m = llround(scaled);
    if (bits_of((double)m / power_of_10[exponent]) != bits_of(value))
        return false;
    *out_m = m;
    return true;
}

/* The least exponent that makes all values integers, or -1. An exponent that fails for one
 * value is never tried again: the search only goes up. */
static int find_exponent(const double *values, size_t count, int64_t *out_m)
{
    int exponent = 0;
    size_t good_from = 0; /* values before it were scaled with a smaller exponent */
    for (size_t i = 0; i < count; i++) {
        while (!is_decimal(values[i], exponent, &out_m[i])) {
            if (++exponent > EXPONENT_MAX)
                return -1;
            good_from = i;
        }
    }
    for (size_t i = 0; i < good_from; i++) {
        if (!is_decimal(values[i], exponent, &out_m[i]))
            return -1;
    }
    return exponent;
}

static void differences(int64_t *values, size_t count)
{
    for (size_t i = count; i-- > 1;)
        values[i] = (int64_t)((uint64_t)values[i] - (uint64_t)values[i - 1]);
}

static void sums(int64_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++)
        values[i] = (int64_t)((uint64_t)values[i] + (uint64_t)values[i - 1]);
}

static void put_bits(struct bw_buf *out, const double *values, size_t count)
{
    uint64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t change = bits_of(values[i]) ^ before;
        before ^= change;
        unsigned zeros = 0, size = 0;
        for (; change != 0 && (change & 0xff) == 0; change >>= 8)
            zeros++;
        char bytes[9];
        for (; change != 0; change >>= 8)
            bytes[++size] = (char)(uint8_t)change;
        bytes[0] = (char)(uint8_t)(zeros << 4 | size);
        bw_buf_bytes(out, bytes, size + 1);
    }
}

static bool take_bits(struct bw_bytes *in, double *out, size_t count)
{
    uint64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *head = bw_take_bytes(in, 1);
        if (head == NULL)
            return false;
        const unsigned zeros = *head >> 4, size = *head & 0xf;
        const uint8_t *bytes = bw_take_bytes(in, size);
        if (bytes == NULL || zeros + size > 8)
            return false;
        for (unsigned b = 0; b < size; b++)
            before ^= (uint64_t)bytes[b] << (8 * (zeros + b));
        out[i] = double_of(before);
    }
    return true;
}

enum bw_codec bw_values_encode(struct bw_buf *out, const double *values, size_t count)
{
    if (are_constant(values, count)) {
        bw_put_u64(out, bits_of(values[0]));
        return BW_CODEC_CONSTANT;
    }
    int64_t *m = bw_alloc_array(count, sizeof *m);
    const int exponent = find_exponent(values, count, m);
    if (exponent >= 0) {
        differences(m, count);
        bw_buf_char(out, (char)exponent);
        bw_put_zigzag(out, m[0]);
        bw_put_tokens(out, m + 1, count - 1);
    } else {
        put_bits(out, values, count);
    }
    free(m);
    return exponent >= 0 ? BW_CODEC_DECIMAL : BW_CODEC_BITS;
}

static bool take_constant(struct bw_bytes *in, double *out, size_t count)
{
    const double value = double_of(bw_take_u64(in));
    for (size_t i = 0; i < count; i++)
        out[i] = value;
    return true;
}

static bool take_decimal(struct bw_bytes *in, double *out, size_t count)
{
    const uint8_t *exponent = bw_take_bytes(in, 1);
    if (exponent == NULL || *exponent > EXPONENT_MAX)
        return false;
    int64_t *m = bw_alloc_array(count, sizeof *m);
    m[0] = bw_take_zigzag(in);
    bw_take_tokens(in, m + 1, count - 1);
    sums(m, count);
    for (size_t i = 0; i < count; i++)
        out[i] = (double)m[i] / power_of_10[*exponent];
    free(m);
    return true;
}

bool bw_values_decode(enum bw_codec codec, const void *bytes, size_t size, double *out,
                      size_t count)
{
    static bool (*const takers[BW_CODEC_END])(struct bw_bytes *, double *, size_t) = {
        [BW_CODEC_CONSTANT] = take_constant,
        [BW_CODEC_DECIMAL] = take_decimal,
        [BW_CODEC_BITS] = take_bits,
    };
    if (codec >= BW_CODEC_END || takers[codec] == NULL || count == 0)
        return false;
    struct bw_bytes in = bw_bytes_of(bytes, size);
    return takers[codec](&in, out, count) && !in.bad && bw_bytes_left(&in) == 0;
}

void bw_times_encode(struct bw_buf *out, const int64_t *times_ms, size_t count)
{
    int64_t *steps = bw_alloc_array(count, sizeof *steps);
    memcpy(steps, times_ms, count * sizeof *steps);
    differences(steps, count);
    bw_put_zigzag(out, steps[0]);
    differences(steps + 1, count - 1);
    bw_put_tokens(out, steps + 1, count - 1);
    free(steps);
}

bool bw_times_decode(const void *bytes, size_t size, int64_t *out_ms, size_t count)
{
    if (count == 0)
        return false;
    struct bw_bytes in = bw_bytes_of(bytes, size);
    out_ms[0] = bw_take_zigzag(&in);
    bw_take_tokens(&in, out_ms + 1, count - 1);
    if (in.bad || bw_bytes_left(&in) != 0)
        return false;
    sums(out_ms + 1, count - 1);
    sums(out_ms, count);
    for (size_t i = 1; i < count; i++) {
        if (out_ms[i - 1] >= out_ms[i])
            return false;
    }
    return true;
}
