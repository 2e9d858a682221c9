// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack/codec.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { COUNT_MAX = 600 };

static uint64_t random_state;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* --- what a series can look like: each fills one value ---------------------------------- */

static double constant(size_t i)
{
    (void)i;
    return 0.1;
}

static double not_a_number(size_t i)
{
    (void)i;
    return NAN;
}

static double nan_payloads(size_t i)
{
    return from_bits(UINT64_C(0x7ff0000000000001) + i + (i % 2 == 0 ? 0 : UINT64_C(1) << 63));
}

static double signed_zeros(size_t i)
{
    return i % 3 == 0 ? -0.0 : 0.0;
}

static double infinities(size_t i)
{
    return i % 2 == 0 ? INFINITY : -INFINITY;
}

static double denormals(size_t i)
{
    return from_bits(i + 1);
}

static double extremes(size_t i)
{
    static const double values[] = {
        DBL_MAX, -DBL_MAX, DBL_MIN, 9007199254740992.0, 9007199254740993.0, -9007199254740992.0,
        1e15,    1e-15,    1e300
    };
    return values[i % (sizeof values / sizeof *values)];
}

static double noise(size_t i)
{
    (void)i;
    return from_bits(random_bits());
}

static double full_mantissa(size_t i)
{
    (void)i;
    return (double)(random_bits() >> 11) * 0x1p-53;
}

static double milliseconds(size_t i)
{
    (void)i;
    return (double)(random_bits() % 100000) / 1000;
}

static double microseconds(size_t i)
{
    (void)i;
    return (double)(random_bits() % 1000000) / 1e6;
}

static double counter_with_resets(size_t i)
{
    return (double)(i % 97 * 123457 + i % 7);
}

static double status(size_t i)
{
    return i % 50 < 47 ? 1 : 0;
}

static double mostly_decimal(size_t i)
{
    return i == 300 ? NAN : (double)(random_bits() % 1000) / 10;
}

static double growing_precision(size_t i)
{
    return i < 200 ? (double)i : (double)i / pow(10, (double)(i % 9));
}

static double counter_of_bytes(size_t i)
{
    return (double)(i * 1500000 + random_bits() % 4096 * 64);
}

static double growing(size_t i)
{
    return 1e6 + (double)i * 512 + (double)(i * i);
}

static const struct {
    const char *name;
    double (*value)(size_t i);
    enum bw_codec codec; /* 0: any */
    size_t bytes_max;    /* for 480 values; 0: any */
} shapes[] = {
    { "constant", constant, BW_CODEC_CONSTANT, 8 },
    { "NaN", not_a_number, BW_CODEC_CONSTANT, 8 },
    { "NaN payloads", nan_payloads, BW_CODEC_BITS, 0 },
    { "signed zeros", signed_zeros, BW_CODEC_BITS, 140 },
    { "infinities", infinities, BW_CODEC_BITS, 0 },
    { "denormals", denormals, BW_CODEC_BITS, 20 },
    { "extremes", extremes, 0, 0 },
    { "noise in every bit", noise, BW_CODEC_BITS, 480 * 8 + 40 },
    { "full mantissa", full_mantissa, BW_CODEC_BITS, 480 * 7 },
    { "milliseconds", milliseconds, BW_CODEC_DECIMAL, 480 * 17 / 8 + 100 },
    { "microseconds", microseconds, BW_CODEC_DECIMAL, 480 * 20 / 8 + 100 },
    { "counter with resets", counter_with_resets, BW_CODEC_DECIMAL, 480 },
    { "counter of bytes", counter_of_bytes, BW_CODEC_DECIMAL, 480 * 13 / 8 + 100 },
    { "growing", growing, BW_CODEC_DECIMAL, 20 },
    { "status", status, BW_CODEC_DECIMAL, 90 },
    { "one NaN among decimals", mostly_decimal, BW_CODEC_DECIMAL, 480 * 10 / 8 + 100 },
    { "growing precision", growing_precision, 0, 0 },
};

static void try_shape(size_t shape, size_t count, enum bw_tier tier)
{
    static double in[COUNT_MAX], out[COUNT_MAX];
    const char *name = shapes[shape].name;
    random_state = 88172645463325252u + shape;
    for (size_t i = 0; i < count; i++)
        in[i] = shapes[shape].value(i);
    struct bw_buf bytes;
    bw_buf_init(&bytes, 1 << 20);
    const enum bw_codec codec = bw_values_encode(&bytes, in, count, tier);
    if (!bw_values_decode(codec, bytes.data, bytes.len, out, count))
        fail_msg("%s: %zu values do not decode", name, count);
    if (memcmp(in, out, count * sizeof *in) != 0)
        fail_msg("%s: %zu values changed", name, count);
    if (count == 480 && shapes[shape].codec != 0 && codec != shapes[shape].codec)
        fail_msg("%s: codec %d", name, (int)codec);
    if (count == 480 && shapes[shape].bytes_max != 0 && bytes.len > shapes[shape].bytes_max)
        fail_msg("%s: %zu bytes", name, bytes.len);
    bw_buf_fini(&bytes);
}

static void every_bit_comes_back(void **state)
{
    (void)state;
    static const size_t counts[] = { 1, 2, 3, 127, 128, 129, 480, COUNT_MAX };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            try_shape(s, counts[c], BW_TIER_HOT);
            try_shape(s, counts[c], BW_TIER_COLD);
        }
    }
}

/* Every length but the right one is refused, whatever the codec. */
static void refuse_other_lengths(size_t shape, enum bw_tier tier)
{
    double in[100], out[101];
    random_state = 1234567 + shape;
    for (size_t i = 0; i < 100; i++)
        in[i] = shapes[shape].value(i);
    struct bw_buf bytes;
    bw_buf_init(&bytes, 1 << 20);
    const enum bw_codec codec = bw_values_encode(&bytes, in, 100, tier);
    for (size_t cut = 0; cut < bytes.len; cut++)
        assert_false(bw_values_decode(codec, bytes.data, cut, out, 100));
    bw_buf_char(&bytes, 0);
    assert_false(bw_values_decode(codec, bytes.data, bytes.len, out, 100));
    assert_false(bw_values_decode(BW_CODEC_END, bytes.data, bytes.len, out, 100));
    for (unsigned unknown = 0; unknown < BW_CODEC_DECIMAL; unknown++) {
        if (unknown != BW_CODEC_CONSTANT)
            assert_false(bw_values_decode((enum bw_codec)unknown, bytes.data, bytes.len, out, 100));
    }
    bw_buf_fini(&bytes);
}

static void other_lengths_are_refused(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        refuse_other_lengths(s, BW_TIER_HOT);
        refuse_other_lengths(s, BW_TIER_COLD);
    }
}

static const struct {
    const char *name;
    int64_t first, step;
    unsigned jitter;
    size_t bytes_max; /* for 480 */
} clocks[] = {
    { "regular", 1700000000000, 15000, 0, 20 },
    { "jittered by milliseconds", 1700000000000, 15000, 40, 480 * 6 / 8 + 60 },
    { "before 1970", -1000000, 1, 0, 20 },
    { "from the beginning of time", INT64_MIN, INT64_MAX / 1000, 0, 60 },
};

static void try_clock(size_t clock, enum bw_tier tier)
{
    static int64_t in[480], out[480];
    random_state = 42;
    for (size_t i = 0; i < 480; i++)
        in[i] = (int64_t)((uint64_t)clocks[clock].first + i * (uint64_t)clocks[clock].step
                          + (clocks[clock].jitter == 0 ? 0 : random_bits() % clocks[clock].jitter));
    struct bw_buf bytes;
    bw_buf_init(&bytes, 1 << 20);
    bw_times_encode(&bytes, in, 480, tier);
    if (!bw_times_decode(bytes.data, bytes.len, out, 480) || memcmp(in, out, sizeof in) != 0)
        fail_msg("%s: changed", clocks[clock].name);
    if (bytes.len > clocks[clock].bytes_max)
        fail_msg("%s: %zu bytes", clocks[clock].name, bytes.len);
    for (size_t cut = 0; cut < bytes.len; cut++)
        assert_false(bw_times_decode(bytes.data, cut, out, 480));
    bw_buf_fini(&bytes);
}

static void times_come_back(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof clocks / sizeof *clocks; c++) {
        try_clock(c, BW_TIER_HOT);
        try_clock(c, BW_TIER_COLD);
    }
}

/* A gap and late ticks cost a few bytes, and few times are no special case. */
static void gaps_come_back(void **state)
{
    (void)state;
    const int64_t in[] = { 0, 15000, 30000, 30001, 90000, 105000, 1000000007, INT64_MAX };
    for (size_t count = 1; count <= sizeof in / sizeof *in; count++) {
        int64_t out[sizeof in / sizeof *in];
        struct bw_buf bytes;
        bw_buf_init(&bytes, 1000);
        bw_times_encode(&bytes, in, count, BW_TIER_COLD);
        assert_true(bw_times_decode(bytes.data, bytes.len, out, count));
        assert_memory_equal(in, out, count * sizeof *in);
        bw_buf_fini(&bytes);
    }
}

static void times_that_do_not_rise_are_refused(void **state)
{
    (void)state;
    const int64_t in[] = { 10, 20, 20, 30 };
    int64_t out[4];
    struct bw_buf bytes;
    bw_buf_init(&bytes, 100);
    bw_times_encode(&bytes, in, 4, BW_TIER_HOT);
    assert_false(bw_times_decode(bytes.data, bytes.len, out, 4));
    assert_false(bw_times_decode(bytes.data, bytes.len, out, 0));
    bw_buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_comes_back),
        cmocka_unit_test(other_lengths_are_refused),
        cmocka_unit_test(times_come_back),
        cmocka_unit_test(gaps_come_back),
        cmocka_unit_test(times_that_do_not_rise_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
