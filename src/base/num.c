// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/num.h"
#include "base/shortest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

size_t bw_format_uint(char *out, uint64_t value)
{
    if (value < 10) { /* most of what is counted */
        out[0] = (char)('0' + value);
        return 1;
    }
    char digits[BW_UINT_TEXT_MAX];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

static size_t put(char *out, const char *text)
{
    const size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

/* Most of what we print is an integer or a decimal of few digits. Where value * 10^e is a
 * whole number below 2^53 and divides back to the same double, its digits are the answer:
 * both the product and 10^e are then exact, and division is correctly rounded. The least
 * such e gives the shortest form. Zero when no such e exists. */
static const double ten_to[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
enum { POWER_MAX = sizeof ten_to / sizeof *ten_to - 1 };

static size_t format_scaled(char *out, double value)
{
    const uint64_t whole_value = (uint64_t)value;
    if ((double)whole_value == value) // NOLINT: exact on purpose
        return bw_format_uint(out, whole_value);
    for (size_t e = 1; e <= POWER_MAX; e++) {
        const double product = value * ten_to[e];
        if (product > 0x1p53)
            return 0;
        const double scaled = (double)(uint64_t)(product + 0.5);
        if (scaled / ten_to[e] != value) // NOLINT: exact on purpose
            continue;
        char digits[BW_UINT_TEXT_MAX];
        const size_t len = bw_format_uint(digits, (uint64_t)scaled);
        size_t n = 0;
        const size_t whole = len > e ? len - e : 0;
        if (whole == 0)
            out[n++] = '0';
        memcpy(out + n, digits, whole);
        n += whole;
        out[n++] = '.';
        for (size_t zeros = len; zeros < e; zeros++)
            out[n++] = '0';
        memcpy(out + n, digits + whole, len - whole);
        return n + len - whole;
    }
    return 0;
}

static size_t format_general(char *out, double value)
{
    char text[BW_DOUBLE_TEXT_MAX + 1];
    int len = 0;
    /* Any decimal of 15 digits survives a normal double, so %g drops the zeros of a shorter
     * one by itself; a denormal has fewer digits than that. */
    for (int precision = value < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        len = snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value) // NOLINT: exact on purpose
            break;
    }
    memcpy(out, text, (size_t)len);
    return (size_t)len;
}

size_t bw_format_decimal(char *out, double value)
{
    if (isnan(value))
        return put(out, "NaN");
    if (isinf(value))
        return put(out, value > 0 ? "+Inf" : "-Inf");
    const size_t sign = signbit(value) ? 1 : 0;
    if (sign > 0) {
        out[0] = '-';
        value = -value;
    }
    if (value != 0 && !(value >= 1e-5 && value < 1e15))
        return 0;
    const size_t len = format_scaled(out + sign, value);
    return len > 0 ? sign + len : 0;
}

/* With so small a product rounding cannot hide a whole number, and who divides by a lesser power
 * to the same double does so by the greatest. */
bool bw_is_decimal(double value)
{
    char text[BW_DOUBLE_TEXT_MAX];
    const double size = fabs(value), product = size * ten_to[POWER_MAX];
    if (!(size >= 1e-5 && product < 0x1p51))
        return bw_format_decimal(text, value) > 0;
    return (double)(uint64_t)(product + 0.5) / ten_to[POWER_MAX] == size; // NOLINT: exact
}

size_t bw_format_double(char *out, double value)
{
    size_t len = bw_is_decimal(value) ? bw_format_decimal(out, value) : 0;
    if (len > 0)
        return len;
    const size_t sign = signbit(value) ? 1 : 0;
    if (sign > 0)
        out[0] = '-';
    len = bw_format_shortest(out + sign, fabs(value));
    return sign + (len > 0 ? len : format_general(out + sign, fabs(value)));
}

bool bw_parse_uint(const char *text, size_t len, uint64_t *out)
{
    if (len == 0 || len > BW_UINT_TEXT_MAX)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool bw_parse_int(const char *text, size_t len, int64_t *out)
{
    const bool negative = len > 0 && text[0] == '-';
    const size_t skip = negative || (len > 0 && text[0] == '+') ? 1 : 0;
    uint64_t magnitude;
    if (!bw_parse_uint(text + skip, len - skip, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

static bool is_decimal(const char *text, size_t len)
{
    static const char allowed[] = "0123456789+-.eE";
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\0' || strchr(allowed, text[i]) == NULL)
            return false;
    }
    return true;
}

/* As OpenMetrics spells them, in capitals or not; NaN has no sign. */
static bool parse_special(const char *text, size_t len, double *out)
{
    static const struct {
        const char *text;
        double value;
    } specials[] = { { "nan", NAN }, { "inf", INFINITY }, { "infinity", INFINITY } };
    const bool is_signed = text[0] == '+' || text[0] == '-';
    const char *word = text + is_signed;
    for (size_t i = is_signed ? 1 : 0; i < sizeof specials / sizeof *specials; i++) {
        if (strlen(specials[i].text) == len - is_signed
            && strncasecmp(specials[i].text, word, len - is_signed) == 0) {
            *out = text[0] == '-' ? -specials[i].value : specials[i].value;
            return true;
        }
    }
    return false;
}

/* Most of what we read is an integer or a decimal of few digits. A whole number below 2^53 and a
 * power of ten up to 10^22 are exact doubles, so that one division, correctly rounded, gives what
 * strtod would (Clinger, PLDI 1990). False for anything else, right or wrong. */
static bool parse_decimal(const char *text, size_t len, double *out)
{
    static const double powers[] = { 1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                     1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18 };
    const bool negative = text[0] == '-';
    uint64_t digits = 0;
    size_t i = negative ? 1 : 0, decimals = 0, count = 0;
    if (len > 20)
        return false;
    for (bool point = false; i < len; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            return false;
        digits = digits * 10 + (uint64_t)(text[i] - '0');
        decimals += point;
        count++;
    }
    if (count == 0 || count > 18 || digits > (UINT64_C(1) << 53))
        return false;
    const double value = (double)digits / powers[decimals];
    *out = negative ? -value : value;
    return true;
}

bool bw_parse_double(const char *text, size_t len, double *out)
{
    char copy[400]; /* the longest exact double has 767 significant digits: nobody means them */
    if (len == 0 || len >= sizeof copy)
        return false;
    if (parse_decimal(text, len, out))
        return true;
    if (parse_special(text, len, out))
        return true;
    if (!is_decimal(text, len))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    char *end;
    const double value = strtod(copy, &end);
    if (end != copy + len)
        return false;
    *out = value;
    return true;
}
