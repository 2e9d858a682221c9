// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pack/bits.h"
#include "pack/frames.h"
#include "pack/huffman.h"
#include "pack/ints.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 300 };

static uint64_t random_state;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Widths of every kind, in one run of bits and read back from any place. */
static void bits_of_every_width_come_back(void **state)
{
    (void)state;
    struct bw_buf bytes;
    bw_buf_init(&bytes, 1 << 16);
    struct bw_bit_writer writer = { .out = &bytes };
    for (unsigned width = 0; width <= 64; width++)
        bw_bits_put(&writer, UINT64_MAX / 3 + width, width);
    bw_bits_flush(&writer);
    assert_int_equal(bytes.len, bw_bits_bytes(1, 64 * 65 / 2));
    uint64_t at = 0;
    for (unsigned width = 0; width <= 64; at += width++) {
        const uint64_t wanted = (UINT64_MAX / 3 + width) & bw_bit_mask(width);
        const uint64_t got = bw_bits_take((const uint8_t *)bytes.data, bytes.len, at, width);
        assert_true(got == wanted);
    }
    bw_buf_fini(&bytes);
}

static void no_bit_is_read_beyond_the_end(void **state)
{
    (void)state;
    const uint8_t bytes[] = { 0xff, 0xff, 0xff };
    assert_int_equal(bw_bits_take(bytes, sizeof bytes, 20, 16), 0xf);
    assert_int_equal(bw_bits_take(bytes, sizeof bytes, 24, 64), 0);
    assert_int_equal(bw_bits_take(bytes, sizeof bytes, UINT64_MAX / 2, 8), 0);
}

static void unpacking_is_taking_one_by_one(void **state)
{
    (void)state;
    random_state = 7;
    for (unsigned width = 0; width <= 64; width++) {
        uint8_t bytes[COUNT * 8];
        uint64_t numbers[COUNT];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)random_bits();
        const size_t size = bw_bits_bytes(COUNT, width);
        bw_bits_unpack(bytes, size, width, numbers, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            assert_true(numbers[i] == bw_bits_take(bytes, size, i * width, width));
    }
}

/* --- columns --------------------------------------------------------------------------- */

static int64_t zero(size_t i)
{
    (void)i;
    return 0;
}

static int64_t line(size_t i)
{
    return -5000 + (int64_t)i * 7000;
}

static int64_t parabola(size_t i)
{
    return (int64_t)(i * i) * 12;
}

static int64_t small(size_t i)
{
    (void)i;
    return (int64_t)(random_bits() % 9) - 4;
}

static int64_t one_giant(size_t i)
{
    return i == 77 ? INT64_MIN : (int64_t)(random_bits() % 4);
}

static int64_t pages(size_t i)
{
    (void)i;
    return (int64_t)(random_bits() % 100) * 4096;
}

static int64_t ends(size_t i)
{
    return i % 2 == 0 ? INT64_MIN : INT64_MAX;
}

static int64_t anything(size_t i)
{
    (void)i;
    return (int64_t)random_bits();
}

/* Lengths that grow, so that a plain Huffman tree would be deeper than codes may be long. */
static int64_t fibonacci(size_t i)
{
    static const unsigned upto[] = { 150, 240, 270, 283, 290, 294, 296, 297, 298, 299 };
    size_t length = 0;
    while (length < sizeof upto / sizeof *upto && i >= upto[length])
        length++;
    return (int64_t)1 << (5 * length);
}

static const struct {
    const char *name;
    int64_t (*value)(size_t i);
    size_t hot_max, cold_max; /* bytes */
} columns[] = {
    { "zero", zero, 4, 4 },
    { "a line", line, 8, 8 },
    { "a parabola", parabola, 8, 8 },
    { "small", small, COUNT * 4 / 8 + 25, COUNT * 4 / 8 + 25 },
    { "one giant", one_giant, COUNT * 3 / 8 + 30, COUNT * 3 / 8 + 30 },
    { "whole pages", pages, COUNT * 8 / 8 + 15, COUNT * 8 / 8 + 15 },
    { "both ends", ends, COUNT * 8 + 30, COUNT },
    { "anything", anything, COUNT * 8 + 30, COUNT * 8 + 30 },
    { "rarer and rarer", fibonacci, COUNT * 2, COUNT * 2 },
};

enum { COLUMNS = sizeof columns / sizeof *columns };

static void fill_column(size_t column, int64_t *out)
{
    random_state = 99 + column;
    for (size_t i = 0; i < COUNT; i++)
        out[i] = columns[column].value(i);
}

static void columns_come_back(void **state)
{
    (void)state;
    static const size_t counts[] = { 1, 2, 3, 4, 128, 129, COUNT };
    for (size_t c = 0; c < COLUMNS; c++) {
        for (size_t n = 0; n < 2 * sizeof counts / sizeof *counts; n++) {
            const size_t count = counts[n / 2];
            const enum bw_tier tier = n % 2 == 0 ? BW_TIER_HOT : BW_TIER_COLD;
            const size_t max = n % 2 == 0 ? columns[c].hot_max : columns[c].cold_max;
            int64_t in[COUNT], scratch[COUNT], out[COUNT];
            fill_column(c, in);
            memcpy(scratch, in, sizeof in);
            struct bw_buf bytes;
            bw_buf_init(&bytes, 1 << 20);
            bw_ints_encode(&bytes, scratch, count, tier);
            struct bw_bytes reader = bw_bytes_of(bytes.data, bytes.len);
            bw_ints_decode(&reader, out, count);
            if (reader.bad || bw_bytes_left(&reader) != 0)
                fail_msg("%s: %zu integers do not decode", columns[c].name, count);
            if (memcmp(in, out, count * sizeof *in) != 0)
                fail_msg("%s: %zu integers changed", columns[c].name, count);
            if (count == COUNT && bytes.len > max)
                fail_msg("%s: %zu bytes", columns[c].name, bytes.len);
            bw_buf_fini(&bytes);
        }
    }
}

typedef void encode_fn(struct bw_buf *out, const int64_t *values, size_t count);
typedef void decode_fn(struct bw_bytes *in, int64_t *out, size_t count);

static void try_method(encode_fn *encode, decode_fn *decode)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        int64_t in[COUNT], out[COUNT];
        fill_column(c, in);
        struct bw_buf bytes;
        bw_buf_init(&bytes, 1 << 20);
        encode(&bytes, in, COUNT);
        for (size_t cut = 0; cut <= bytes.len; cut++) {
            /* In memory of that size, so that a sanitizer sees a read beyond. */
            uint8_t *exact = bw_alloc_unset(cut + 1, 1);
            memcpy(exact + 1, bytes.data, cut);
            struct bw_bytes reader = bw_bytes_of(exact + 1, cut);
            decode(&reader, out, COUNT);
            assert_true(reader.bad == (cut < bytes.len));
            free(exact);
        }
        assert_memory_equal(in, out, sizeof in);
        bw_buf_fini(&bytes);
    }
}

static void frames_come_back_and_cut_ones_are_refused(void **state)
{
    (void)state;
    try_method(bw_frames_encode, bw_frames_decode);
}

static void tokens_come_back_and_cut_ones_are_refused(void **state)
{
    (void)state;
    try_method(bw_huffman_encode, bw_huffman_decode);
}

static const struct {
    const char *story;
    decode_fn *decode;
    size_t count;
    uint8_t bytes[24];
    size_t size;
} refused[] = {
    { "a frame wider than 64 bits", bw_frames_decode, 1, { 65, 0 }, 20 },
    { "more patches than numbers", bw_frames_decode, 1, { 1, 2, 0, 0, 1, 1, 1 }, 20 },
    { "a patch outside the frame", bw_frames_decode, 2, { 1, 1, 2, 1, 0 }, 20 },
    { "a patch above 64 bits", bw_frames_decode, 1, { 63, 1, 0, 2, 0 }, 20 },
    { "a code that says nothing", bw_huffman_decode, 1, { 0 }, 20 },
    { "a code of length 0", bw_huffman_decode, 1, { 1, 0x01 }, 20 },
    { "a code with a gap", bw_huffman_decode, 1, { 1, 0x05 }, 20 },
    { "the other bit of a single code", bw_huffman_decode, 2, { 1, 0xc3 }, 20 },
    { "order 3", bw_ints_decode, 9, { 3, 0, 0, 0, 0, 1 }, 20 },
    { "a method that does not exist", bw_ints_decode, 1, { 0x30, 0, 1 }, 20 },
    { "a unit of 0", bw_ints_decode, 1, { 0, 0, 0 }, 20 },
    { "more seeds than integers", bw_ints_decode, 1, { 1, 0, 0, 1 }, 20 },
};

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof refused / sizeof *refused; r++) {
        int64_t out[9];
        struct bw_bytes reader = bw_bytes_of(refused[r].bytes, refused[r].size);
        refused[r].decode(&reader, out, refused[r].count);
        if (!reader.bad)
            fail_msg("%s: taken", refused[r].story);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_of_every_width_come_back),
        cmocka_unit_test(no_bit_is_read_beyond_the_end),
        cmocka_unit_test(unpacking_is_taking_one_by_one),
        cmocka_unit_test(columns_come_back),
        cmocka_unit_test(frames_come_back_and_cut_ones_are_refused),
        cmocka_unit_test(tokens_come_back_and_cut_ones_are_refused),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
