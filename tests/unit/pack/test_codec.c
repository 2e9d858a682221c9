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

static const struct {
    const char *name;
    double (*value)(size_t i);
    enum bw_codec codec; /* 0: any */
    size_t bytes_max;    /* for 480 values; 0: any */
} shapes[] = {
    { "constant", constant, BW_CODEC_CONSTANT, 8 },
    { "NaN", not_a_number, BW_CODEC_CONSTANT, 8 },
    { "NaN payloads", nan_payloads, BW_CODEC_BITS, 0 },
    { "signed zeros", signed_zeros, BW_CODEC_BITS, 0 },
    { "infinities", infinities, BW_CODEC_BITS, 0 },
    { "denormals", denormals, BW_CODEC_BITS, 0 },
    { "extremes", extremes, BW_CODEC_BITS, 0 },
    { "noise in every bit", noise, BW_CODEC_BITS, 480 * 9 },
    { "full mantissa", full_mantissa, BW_CODEC_BITS, 480 * 9 },
    { "milliseconds", milliseconds, BW_CODEC_DECIMAL, 480 * 3 },
    { "microseconds", microseconds, BW_CODEC_DECIMAL, 480 * 3 },
    { "counter with resets", counter_with_resets, BW_CODEC_DECIMAL, 480 * 4 },
    { "status", status, BW_CODEC_DECIMAL, 100 },
    { "one NaN among decimals", mostly_decimal, BW_CODEC_BITS, 0 },
    { "growing precision", growing_precision, BW_CODEC_DECIMAL, 0 },
};

static void every_bit_comes_back(void **state)
{
    (void)state;
    static double in[COUNT_MAX], out[COUNT_MAX];
    static const size_t counts[] = { 1, 2, 3, 480, COUNT_MAX };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        random_state = 88172645463325252u + s;
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            const size_t count = counts[c];
            for (size_t i = 0; i < count; i++)
                in[i] = shapes[s].value(i);
            struct bw_buf bytes;
            bw_buf_init(&bytes, 1 << 20);
            const enum bw_codec codec = bw_values_encode(&bytes, in, count);
            if (!bw_values_decode(codec, bytes.data, bytes.len, out, count))
                fail_msg("%s: %zu values do not decode", shapes[s].name, count);
            if (memcmp(in, out, count * sizeof *in) != 0)
                fail_msg("%s: %zu values changed", shapes[s].name, count);
            if (count == 480 && shapes[s].codec != 0 && codec != shapes[s].codec)
                fail_msg("%s: codec %d", shapes[s].name, (int)codec);
            if (count == 480 && shapes[s].bytes_max != 0 && bytes.len > shapes[s].bytes_max)
                fail_msg("%s: %zu bytes", shapes[s].name, bytes.len);
            bw_buf_fini(&bytes);
        }
    }
}

/* Every length but the right one is refused, whatever the codec. */
static void other_lengths_are_refused(void **state)
{
    (void)state;
    double in[100], out[101];
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        random_state = 1234567 + s;
        for (size_t i = 0; i < 100; i++)
            in[i] = shapes[s].value(i);
        struct bw_buf bytes;
        bw_buf_init(&bytes, 1 << 20);
        const enum bw_codec codec = bw_values_encode(&bytes, in, 100);
        for (size_t cut = 0; cut < bytes.len; cut++)
            assert_false(bw_values_decode(codec, bytes.data, cut, out, 100));
        bw_buf_char(&bytes, 0);
        assert_false(bw_values_decode(codec, bytes.data, bytes.len, out, 100));
        if (codec != BW_CODEC_CONSTANT) {
            assert_false(bw_values_decode(codec, bytes.data, bytes.len - 1, out, 101));
            assert_false(bw_values_decode(codec, bytes.data, bytes.len - 1, out, 99));
        }
        assert_false(bw_values_decode(BW_CODEC_END, bytes.data, bytes.len, out, 100));
        assert_false(bw_values_decode((enum bw_codec)0, bytes.data, bytes.len, out, 100));
        bw_buf_fini(&bytes);
    }
}

static const struct {
    const char *name;
    int64_t first, step;
    unsigned jitter;
    size_t bytes_max; /* for 480 */
} clocks[] = {
    { "regular", 1700000000000, 15000, 0, 20 },
    { "jittered by milliseconds", 1700000000000, 15000, 40, 480 * 2 },
    { "before 1970", -1000000, 1, 0, 20 },
    { "from the beginning of time", INT64_MIN, INT64_MAX / 1000, 0, 60 },
};

static void times_come_back(void **state)
{
    (void)state;
    static int64_t in[480], out[480];
    for (size_t c = 0; c < sizeof clocks / sizeof *clocks; c++) {
        random_state = 42;
        for (size_t i = 0; i < 480; i++)
            in[i] = (int64_t)((uint64_t)clocks[c].first + i * (uint64_t)clocks[c].step
                              + (clocks[c].jitter == 0 ? 0 : random_bits() % clocks[c].jitter));
        struct bw_buf bytes;
        bw_buf_init(&bytes, 1 << 20);
        bw_times_encode(&bytes, in, 480);
        if (!bw_times_decode(bytes.data, bytes.len, out, 480) || memcmp(in, out, sizeof in) != 0)
            fail_msg("%s: changed", clocks[c].name);
        if (bytes.len > clocks[c].bytes_max)
            fail_msg("%s: %zu bytes", clocks[c].name, bytes.len);
        assert_false(bw_times_decode(bytes.data, bytes.len - 1, out, 480));
        assert_false(bw_times_decode(bytes.data, bytes.len, out, 479));
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
    bw_times_encode(&bytes, in, 4);
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
        cmocka_unit_test(times_that_do_not_rise_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
