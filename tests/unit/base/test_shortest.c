// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/shortest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The C library's way: print, read back, compare. */
static void expect(double value)
{
    char want[40] = "", got[40] = "";
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(want, sizeof want, "%.*g", digits, value);
        if (strtod(want, NULL) == value)
            break;
    }
    const size_t len = bw_format_shortest(got, value);
    int exponent;
    if (len == 0 && frexp(value, &exponent) == 0.5)
        return; /* a power of two */
    if (len != strlen(want) || memcmp(got, want, len) != 0)
        fail_msg("%a: %s, not %s", value, got, want);
}

static uint64_t next_bits(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void it_prints_what_the_library_prints(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 100000; i++) {
        const double fraction = (double)(next_bits(&bits) >> 11) / 0x1p53;
        const int size = (int)(next_bits(&bits) % 19) - 4;
        expect(fmax(1e-4, fmin((1 + 9 * fraction) * pow(10, size), nextafter(1e15, 0))));
    }
}

/* Around round numbers and powers of two, where digits carry over and gaps change. */
static void neighbours_of_round_numbers(void **state)
{
    (void)state;
    for (int size = -3; size < 15; size++) {
        double up = pow(10, size), down = pow(10, size);
        for (int i = 0; i < 50; i++, up = nextafter(up, INFINITY), down = nextafter(down, 0)) {
            expect(up);
            expect(down);
        }
    }
    for (int exponent = -13; exponent < 49; exponent++) {
        const double two = ldexp(1, exponent);
        for (double v = two, w = two; v < two * (1 + 20 * DBL_EPSILON);
             v = nextafter(v, INFINITY), w = nextafter(w, 0)) {
            if (v >= 1e-4)
                expect(v);
            if (w >= 1e-4)
                expect(w);
        }
    }
    static const double more[] = { 0.1,
                                   1.0 / 3,
                                   2.0 / 3,
                                   0.3,
                                   123.456,
                                   9.5,
                                   5e-4,
                                   999999.9999999999,
                                   4503599627370497.5 / 8,
                                   100,
                                   1e14,
                                   123456789012345 };
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        expect(more[i]);
}

static void what_is_too_large_or_small_is_left_to_others(void **state)
{
    (void)state;
    static const double others[] = { 0, 9.9e-5, 1e15, 1e300, 5e-324, DBL_MAX, -1, INFINITY, NAN };
    char text[40];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(bw_format_shortest(text, others[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_prints_what_the_library_prints),
        cmocka_unit_test(neighbours_of_round_numbers),
        cmocka_unit_test(what_is_too_large_or_small_is_left_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
