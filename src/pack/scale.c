// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/scale.h"

#include <math.h>
#include <string.h>

/* What a hole costs in bits, and ten values' decimal digit. */
enum { HOLE_BITS = 80, DIGIT_BITS_10 = 33, SAMPLES = 32, NOT_DECIMAL = BW_EXPONENT_MAX + 1 };

static const double power_of_10[BW_EXPONENT_MAX + 1] = { 1e0,  1e1,  1e2,  1e3, 1e4,  1e5,
                                                         1e6,  1e7,  1e8,  1e9, 1e10, 1e11,
                                                         1e12, 1e13, 1e14, 1e15 };

static const double integer_max = 9007199254740992.0; /* 2^53 */

uint64_t bw_double_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

double bw_bits_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int64_t bw_ordered_bits(double value)
{
    const int64_t bits = (int64_t)bw_double_bits(value);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

double bw_unordered_bits(int64_t ordered)
{
    return bw_bits_double((uint64_t)(ordered < 0 ? ordered ^ INT64_MAX : ordered));
}

/* True when m / 10^e is the value to the bit; that is the proof, so rounding in the product
 * does no harm. NaN and infinities fail the first comparison, -0 the last. */
static bool is_decimal(double value, int exponent, int64_t *out_m)
{
    const double scaled = value * power_of_10[exponent];
    if (!(fabs(scaled) <= integer_max))
        return false;
    const int64_t m = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
    *out_m = m;
    return bw_double_bits((double)m / power_of_10[exponent]) == bw_double_bits(value);
}

static int least_exponent(double value)
{
    int64_t m;
    int exponent = 0;
    while (exponent < NOT_DECIMAL && !is_decimal(value, exponent, &m))
        exponent++;
    return exponent;
}

/* The exponent whose digits and holes cost least, judged by `count` of the values, `stride`
 * apart; NOT_DECIMAL when more than an eighth would be holes. */
static int choose_exponent(const double *values, size_t count, size_t stride)
{
    size_t needs[NOT_DECIMAL + 1] = { 0 };
    for (size_t i = 0; i < count; i++)
        needs[least_exponent(values[i * stride])]++;
    size_t holes = count, least_cost = SIZE_MAX;
    int best = NOT_DECIMAL;
    for (int exponent = 0; exponent < NOT_DECIMAL; exponent++) {
        holes -= needs[exponent];
        const size_t cost = (size_t)exponent * count * DIGIT_BITS_10 / 10 + holes * HOLE_BITS;
        if (cost < least_cost && holes <= count / 8) {
            least_cost = cost;
            best = exponent;
        }
    }
    return best;
}

static void scale_with(const double *values, size_t count, struct bw_scaled *out)
{
    int64_t before = 0;
    out->hole_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_decimal(values[i], out->exponent, &out->integers[i]))
            before = out->integers[i];
        else
            out->holes[out->hole_count++] = (uint32_t)i;
        out->integers[i] = before;
    }
}

void bw_scale_decimals(const double *values, size_t count, struct bw_scaled *out)
{
    const size_t stride = count <= SAMPLES ? 1 : count / SAMPLES;
    const int sampled = choose_exponent(values, count / stride, stride);
    out->exponent = sampled < NOT_DECIMAL ? sampled : -1;
    if (out->exponent < 0)
        return;
    scale_with(values, count, out);
    if (out->hole_count * HOLE_BITS <= count)
        return;
    const int best = choose_exponent(values, count, 1); /* the sample misled: ask them all */
    out->exponent = best < NOT_DECIMAL ? best : -1;
    if (best < NOT_DECIMAL && best != sampled)
        scale_with(values, count, out);
}

void bw_unscale_decimals(const int64_t *integers, size_t count, int exponent, double *out)
{
    if (exponent == 0) {
        for (size_t i = 0; i < count; i++)
            out[i] = (double)integers[i];
        return;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = (double)integers[i] / power_of_10[exponent];
}

void bw_unscale_points(const int64_t *integers, const int64_t *times_ms, size_t count, int exponent,
                       struct bw_point *out)
{
    if (exponent == 0) {
        for (size_t i = 0; i < count; i++)
            out[i] = (struct bw_point){ times_ms[i], (double)integers[i] };
        return;
    }
    /* Two divisions at a time cost as much as one. */
    typedef double pair __attribute__((vector_size(16)));
    const pair power = { power_of_10[exponent], power_of_10[exponent] };
    for (size_t i = 0; i + 1 < count; i += 2) {
        const pair values = (pair){ (double)integers[i], (double)integers[i + 1] } / power;
        out[i] = (struct bw_point){ times_ms[i], values[0] };
        out[i + 1] = (struct bw_point){ times_ms[i + 1], values[1] };
    }
    if (count % 2 != 0)
        out[count - 1] = (struct bw_point){ times_ms[count - 1],
                                            (double)integers[count - 1] / power_of_10[exponent] };
}

double bw_round_decimal(double value, int exponent)
{
    const double scaled = value * power_of_10[exponent];
    return fabs(scaled) <= integer_max ? round(scaled) / power_of_10[exponent] : value;
}
