// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/num.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void format(char out[BW_DOUBLE_TEXT_MAX + 1], double value)
{
    const size_t len = bw_format_double(out, value);
    assert_true(len <= BW_DOUBLE_TEXT_MAX);
    out[len] = '\0';
}

/* Digits that carry the value: without sign, point, exponent, leading and trailing zeros. */
static size_t significant_digits(const char *text)
{
    size_t count = 0, zeros = 0;
    for (const char *p = text; *p != '\0' && *p != 'e'; p++) {
        if (*p < '0' || *p > '9' || (*p == '0' && count == 0))
            continue;
        zeros = *p == '0' ? zeros + 1 : 0;
        count++;
    }
    return count - zeros;
}

static void check_round_trip(double value)
{
    char text[BW_DOUBLE_TEXT_MAX + 1];
    double again;
    format(text, value);
    if (strtod(text, NULL) != value || signbit(strtod(text, NULL)) != signbit(value))
        fail_msg("%.17g became %s", value, text);
    assert_true(bw_parse_double(text, strlen(text), &again));
    assert_true(again == value);
}

static void check_shortest(double value)
{
    char text[BW_DOUBLE_TEXT_MAX + 1], shortest[40];
    format(text, value);
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(shortest, sizeof shortest, "%.*g", precision, value);
        if (strtod(shortest, NULL) == value)
            break;
    }
    if (significant_digits(text) != significant_digits(shortest))
        fail_msg("%s where %s does", text, shortest);
}

static const struct {
    double value;
    const char *want;
} numbers[] = {
    { 0, "0" },
    { -0.0, "-0" },
    { 1, "1" },
    { -1, "-1" },
    { 0.1, "0.1" },
    { 0.3, "0.3" },
    { 1.5, "1.5" },
    { 100, "100" },
    { 0.001, "0.001" },
    { 0.00001, "0.00001" },
    { 123456.789, "123456.789" },
    { 1763764733.123, "1763764733.123" },
    { 9007199254740993.0, "9007199254740992" },
    { 1e15, "1e+15" },
    { 1e21, "1e+21" },
    { 5e-324, "5e-324" },
    { 2.2250738585072014e-308, "2.2250738585072014e-308" },
    { 1.7976931348623157e308, "1.7976931348623157e+308" },
    { 0.30000000000000004, "0.30000000000000004" },
    { 1.0 / 3, "0.3333333333333333" },
};

static void known_numbers_have_known_texts(void **state)
{
    (void)state;
    char text[BW_DOUBLE_TEXT_MAX + 1];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        format(text, numbers[i].value);
        assert_string_equal(text, numbers[i].want);
    }
    format(text, NAN);
    assert_string_equal(text, "NaN");
    format(text, -NAN);
    assert_string_equal(text, "NaN");
    format(text, INFINITY);
    assert_string_equal(text, "+Inf");
    format(text, -INFINITY);
    assert_string_equal(text, "-Inf");
}

static void any_bit_pattern_survives(void **state)
{
    (void)state;
    uint64_t random = 42;
    for (int i = 0; i < 100000; i++) {
        const double value = from_bits(next_random(&random));
        if (isfinite(value))
            check_round_trip(value);
    }
}

static void denormals_survive_and_are_short(void **state)
{
    (void)state;
    uint64_t random = 43;
    for (int i = 0; i < 20000; i++) {
        const unsigned shift = 12 + (unsigned)(next_random(&random) % 52);
        const double value = from_bits(next_random(&random) >> shift);
        check_round_trip(value);
        check_round_trip(-value);
        check_shortest(value);
    }
}

/* What is measured: decimals of few digits, at every size. */
static void decimals_survive_and_are_short(void **state)
{
    (void)state;
    uint64_t random = 44;
    for (int i = 0; i < 50000; i++) {
        const double digits = (double)(next_random(&random) % 1000000000000);
        const int exponent = (int)(next_random(&random) % 24);
        const double value = digits / pow(10, exponent);
        check_round_trip(value);
        check_shortest(value);
    }
}

static void the_shortest_text_is_found(void **state)
{
    (void)state;
    uint64_t random = 45;
    for (int i = 0; i < 30000; i++) {
        const double value = from_bits(next_random(&random));
        if (isfinite(value))
            check_shortest(value);
        check_shortest((double)next_random(&random) / 0x1p53);
        check_shortest((double)(next_random(&random) >> 11));
    }
}

static void integers_have_their_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_uint, is_int;
        uint64_t unsigned_value;
        int64_t value;
    } cases[] = {
        { "0", true, true, 0, 0 },
        { "007", true, true, 7, 7 },
        { "18446744073709551615", true, false, UINT64_MAX, 0 },
        { "18446744073709551616", false, false, 0, 0 },
        { "99999999999999999999", false, false, 0, 0 },
        { "9223372036854775807", true, true, INT64_MAX, INT64_MAX },
        { "9223372036854775808", true, false, UINT64_C(1) << 63, 0 },
        { "-9223372036854775808", false, true, 0, INT64_MIN },
        { "-9223372036854775809", false, false, 0, 0 },
        { "+5", false, true, 0, 5 },
        { "-", false, false, 0, 0 },
        { "", false, false, 0, 0 },
        { " 1", false, false, 0, 0 },
        { "1 ", false, false, 0, 0 },
        { "1.0", false, false, 0, 0 },
        { "0x1", false, false, 0, 0 },
        { "--1", false, false, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t unsigned_value = 0;
        int64_t value = 0;
        const size_t len = strlen(cases[i].text);
        assert_int_equal(bw_parse_uint(cases[i].text, len, &unsigned_value), cases[i].is_uint);
        assert_int_equal(bw_parse_int(cases[i].text, len, &value), cases[i].is_int);
        assert_true(unsigned_value == cases[i].unsigned_value);
        assert_true(value == cases[i].value);
    }
    char text[BW_UINT_TEXT_MAX];
    assert_int_equal(bw_format_uint(text, UINT64_MAX), 20);
    assert_memory_equal(text, "18446744073709551615", 20);
    assert_int_equal(bw_format_uint(text, 0), 1);
}

static void doubles_are_read_whole_or_not(void **state)
{
    (void)state;
    static const char *const good[] = { "1",    "-1.5", "+2",        ".5",       "5.",   "1e3",
                                        "1E-3", "NaN",  "nan",       "Inf",      "+Inf", "-Inf",
                                        "inf",  "-inf", "+infinity", "-Infinity" };
    static const char *const bad[] = { "",   "x",       "1x",     " 1",  "1 ",    "0x10",
                                       "1e", "infinit", "nan(1)", "1,5", "-nan",  "-",
                                       "+",  "--1",     ".",      "e5",  "1_000", "1.5.5" };
    double value = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (bw_parse_double(bad[i], strlen(bad[i]), &value))
            fail_msg("'%s' was read", bad[i]);
    }
    assert_true(value == 7);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!bw_parse_double(good[i], strlen(good[i]), &value))
            fail_msg("'%s' was not read", good[i]);
    }
    assert_true(bw_parse_double("1.25xyz", 4, &value) && value == 1.25);
    char long_text[500];
    memset(long_text, '1', sizeof long_text);
    assert_false(bw_parse_double(long_text, sizeof long_text, &value));
}

/* What is read on the quick way is what the slow way would have given. */
static void decimals_are_read_exactly(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double got = 0;
        const int digits = (int)(next_random(&seed) % 19),
                  decimals = (int)(next_random(&seed) % 19);
        int len = next_random(&seed) % 4 == 0 ? snprintf(text, sizeof text, "-") : 0;
        for (int k = 0; k <= digits; k++)
            len += snprintf(text + len, sizeof text - (size_t)len, "%s%d", k == decimals ? "." : "",
                            (int)(next_random(&seed) % 10));
        assert_true(bw_parse_double(text, (size_t)len, &got));
        const double want = strtod(text, NULL);
        if (memcmp(&got, &want, sizeof got) != 0)
            fail_msg("%s: %.17g, not %.17g", text, got, want);
    }
}

static void check_is_decimal(double value)
{
    char text[BW_DOUBLE_TEXT_MAX];
    const bool want = bw_format_decimal(text, value) > 0;
    if (bw_is_decimal(value) != want || bw_is_decimal(-value) != want)
        fail_msg("%.17g is%s a decimal", value, want ? "" : " not");
}

/* Who only asks is told what who writes would find. */
static void decimals_are_known_without_writing_them(void **state)
{
    (void)state;
    static const double edges[] = { 0,
                                    1e-5,
                                    9.9e-6,
                                    1e-9,
                                    1e15,
                                    1e15 - 0.5,
                                    0.1,
                                    0x1p51 / 1e9,
                                    1e16,
                                    NAN,
                                    INFINITY,
                                    0x1p53,
                                    1 / 3.,
                                    2251799.8136855,
                                    1e300,
                                    DBL_TRUE_MIN,
                                    4503599.62737 };
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        check_is_decimal(edges[i]);
    uint64_t random = 11;
    for (int i = 0; i < 200000; i++) {
        const double ten_to[] = { 1, 1e1, 1e3, 1e6, 1e8, 1e9, 1e10 };
        const double whole = (double)(next_random(&random) >> next_random(&random) % 64);
        const double decimal = whole / ten_to[next_random(&random) % 7];
        check_is_decimal(decimal);
        check_is_decimal(nextafter(decimal, INFINITY));
        check_is_decimal(nextafter(decimal, 0));
        check_is_decimal(from_bits(next_random(&random)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers_have_known_texts),
        cmocka_unit_test(any_bit_pattern_survives),
        cmocka_unit_test(denormals_survive_and_are_short),
        cmocka_unit_test(decimals_survive_and_are_short),
        cmocka_unit_test(the_shortest_text_is_found),
        cmocka_unit_test(integers_have_their_bounds),
        cmocka_unit_test(doubles_are_read_whole_or_not),
        cmocka_unit_test(decimals_are_read_exactly),
        cmocka_unit_test(decimals_are_known_without_writing_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
