// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/shortest.h"

#include "base/num.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Values have 53 bits, scales up to 10^20 67 bits: their product is exact. */
__extension__ typedef unsigned __int128 wide;

enum { DIGITS = 17, DIGITS_LEAST = 15, MANTISSA_BITS = 53 };

static const uint64_t ten_to[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
    10000000000000000000u,
};
enum { POWER_MAX = sizeof ten_to / sizeof *ten_to - 1 };

static wide power(int exponent)
{
    return exponent <= POWER_MAX ? ten_to[exponent] : (wide)ten_to[POWER_MAX] * 10;
}

/* value = mantissa / 2^shift; times `unit`, a power of ten, it has 17 digits before the point:
 * scaled / 2^shift. The first of them counts 10^exponent. */
struct exact {
    uint64_t mantissa;
    unsigned shift;
    int exponent;
    wide unit, scaled;
};

static uint64_t whole(const struct exact *x)
{
    return (uint64_t)(x->scaled >> x->shift);
}

static void scale(struct exact *x, int exponent)
{
    x->exponent = exponent;
    x->unit = power(DIGITS - 1 - exponent);
    x->scaled = x->unit * x->mantissa;
}

static struct exact exact_of(double value)
{
    int exponent2;
    const double fraction = frexp(value, &exponent2);
    struct exact x = { .mantissa = (uint64_t)ldexp(fraction, MANTISSA_BITS),
                       .shift = (unsigned)(MANTISSA_BITS - exponent2) };
    int exponent = -4;
    for (double next = 1e-3; value >= next && exponent < 14; next *= 10)
        exponent++;
    scale(&x, exponent);
    if (whole(&x) >= ten_to[DIGITS])
        scale(&x, exponent + 1);
    else if (whole(&x) < ten_to[DIGITS - 1])
        scale(&x, exponent - 1);
    return x;
}

/* The first `digits` digits, correctly rounded, halves to even; 10^digits when they were all
 * nines. */
static uint64_t rounded(const struct exact *x, int digits)
{
    const uint64_t step = ten_to[DIGITS - digits], all = whole(x), kept = all / step;
    const wide one = (wide)step << x->shift, rest = x->scaled - ((wide)(kept * step) << x->shift);
    const bool up = 2 * rest > one || (2 * rest == one && kept % 2 == 1);
    return kept + (up ? 1 : 0);
}

/* Whether so many digits read back as the value: no farther than half the way to the next double,
 * and exactly there only if that rounds here. */
static bool reads_back(const struct exact *x, uint64_t kept, int digits)
{
    const wide shown = (wide)(kept * ten_to[DIGITS - digits]) << x->shift;
    const wide off = shown > x->scaled ? shown - x->scaled : x->scaled - shown;
    return 2 * off < x->unit || (2 * off == x->unit && x->mantissa % 2 == 0);
}

/* Digits with the point behind the one that counts 1. */
static size_t put_point(char *out, const char *digits, size_t len, int exponent)
{
    const size_t before = exponent < 0 ? 0 : (size_t)exponent + 1;
    size_t n = 0;
    if (len <= before) {
        memcpy(out, digits, len);
        memset(out + len, '0', before - len);
        return before;
    }
    if (before == 0)
        out[n++] = '0';
    memcpy(out + n, digits, before);
    n += before;
    out[n++] = '.';
    for (int zeros = exponent + 1; zeros < 0; zeros++)
        out[n++] = '0';
    memcpy(out + n, digits + before, len - before);
    return n + len - before;
}

size_t bw_format_shortest(char *out, double value)
{
    char text[BW_UINT_TEXT_MAX];
    if (!(value >= 1e-4 && value < 1e15))
        return 0;
    struct exact x = exact_of(value);
    if (x.mantissa == UINT64_C(1) << (MANTISSA_BITS - 1))
        return 0;
    int digits = DIGITS_LEAST;
    uint64_t kept = rounded(&x, digits);
    while (digits < DIGITS && !reads_back(&x, kept, digits))
        kept = rounded(&x, ++digits);
    size_t len = bw_format_uint(text, kept);
    if (len > (size_t)digits)
        x.exponent++;
    while (len > 1 && text[len - 1] == '0')
        len--;
    return put_point(out, text, len, x.exponent);
}
