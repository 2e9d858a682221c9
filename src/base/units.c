// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"

#include "base/num.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {
    { "y", 365 * BW_DAY }, { "w", 7 * BW_DAY }, { "d", BW_DAY },
    { "h", BW_HOUR },      { "m", BW_MINUTE },  { "s", BW_SECOND },
    { "ms", BW_MS },       { "us", 1000 },      { "ns", 1 },
};
enum { UNITS = sizeof units / sizeof *units };

#define DURATION_MAX (200 * 365 * BW_DAY)

static size_t digits_length(const char *p)
{
    return strspn(p, "0123456789.");
}

static size_t unit_index(const char *name, size_t len)
{
    for (size_t i = 0; i < UNITS; i++) {
        if (strlen(units[i].name) == len && memcmp(units[i].name, name, len) == 0)
            return i;
    }
    return UNITS;
}

/* Adds one "<number><unit>" to *ns; NULL when p does not begin with one whose unit is
 * smaller than the last. */
static const char *add_part(const char *p, size_t *next_unit, int64_t *ns)
{
    const size_t digits = digits_length(p);
    const size_t letters = strspn(p + digits, "abcdefghijklmnopqrstuvwxyz");
    const size_t unit = unit_index(p + digits, letters);
    const bool last = p[digits + letters] == '\0';
    double number;
    if (digits == 0 || unit == UNITS || unit < *next_unit)
        return NULL;
    if (!last && memchr(p, '.', digits) != NULL)
        return NULL;
    if (!bw_parse_double(p, digits, &number))
        return NULL;
    const double sum = (double)*ns + number * (double)units[unit].ns;
    if (!(sum <= (double)DURATION_MAX))
        return NULL;
    /* Whole numbers stay exact where a double would not. */
    uint64_t whole;
    if (bw_parse_uint(p, digits, &whole))
        *ns += (int64_t)whole * units[unit].ns;
    else
        *ns += llround(number * (double)units[unit].ns);
    *next_unit = unit + 1;
    return p + digits + letters;
}

enum bw_rc bw_parse_duration(const char *text, int64_t *out_ns, struct bw_err *err)
{
    int64_t ns = 0;
    size_t next_unit = 0;
    if (strcmp(text, "0") == 0) {
        *out_ns = 0;
        return BW_OK;
    }
    const char *p = text;
    do {
        p = add_part(p, &next_unit, &ns);
    } while (p != NULL && *p != '\0');
    if (p == NULL)
        return bw_fail(err, BW_EINVAL,
                       "expected a duration such as 500ms, 15s, 1m30s or 7d, not '%s'", text);
    *out_ns = ns;
    return BW_OK;
}

void bw_format_duration(char out[BW_DURATION_TEXT_MAX], int64_t ns)
{
    size_t len = 0;
    uint64_t rest = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    if (ns < 0)
        out[len++] = '-';
    if (rest == 0) {
        bw_text_copy(out, BW_DURATION_TEXT_MAX, "0s");
        return;
    }
    for (size_t i = 0; i < UNITS && rest > 0; i++) {
        const uint64_t count = rest / (uint64_t)units[i].ns;
        if (count == 0)
            continue;
        rest %= (uint64_t)units[i].ns;
        const int wrote = snprintf(out + len, BW_DURATION_TEXT_MAX - len, "%llu%s",
                                   (unsigned long long)count, units[i].name);
        len += (size_t)wrote;
    }
}

/* "3d 4h": the largest unit that fits and the next one, from a minute up. */
static void format_two_parts(char out[BW_DURATION_TEXT_MAX], const char *sign, uint64_t ns)
{
    size_t i = 0;
    while (ns < (uint64_t)units[i].ns)
        i++;
    if (units[i].ns == 7 * BW_DAY) /* days are clearer than weeks beside hours */
        i++;
    const size_t next = units[i].ns > 7 * BW_DAY ? i + 2 : i + 1;
    /* At most 292 years fit into 64 bits: three digits of any unit, and that is all there is. */
    const unsigned first = (unsigned)(ns / (uint64_t)units[i].ns);
    const unsigned second = (unsigned)(ns % (uint64_t)units[i].ns / (uint64_t)units[next].ns);
    if (second == 0)
        snprintf(out, BW_DURATION_TEXT_MAX, "%s%u%s", sign, first, units[i].name);
    else
        snprintf(out, BW_DURATION_TEXT_MAX, "%s%u%s %u%s", sign, first, units[i].name, second,
                 units[next].name);
}

void bw_format_duration_short(char out[BW_DURATION_TEXT_MAX], int64_t ns)
{
    const char *sign = ns < 0 ? "-" : "";
    const double value = fabs((double)ns);
    if (ns == 0)
        bw_text_copy(out, BW_DURATION_TEXT_MAX, "0s");
    else if (value < 1000)
        snprintf(out, BW_DURATION_TEXT_MAX, "%s%.0fns", sign, value);
    else if (value < 999.5 * 1000)
        snprintf(out, BW_DURATION_TEXT_MAX, "%s%.3gus", sign, value / 1e3);
    else if (value < 999.5 * 1000 * 1000) /* three digits: more would print as 1e+03ms */
        snprintf(out, BW_DURATION_TEXT_MAX, "%s%.3gms", sign, value / 1e6);
    else if (value < (double)BW_MINUTE)
        snprintf(out, BW_DURATION_TEXT_MAX, "%s%.3gs", sign, value / 1e9);
    else
        format_two_parts(out, sign, (uint64_t)value);
}

static const struct size_unit {
    const char *name;
    uint64_t bytes;
} size_units[] = {
    { "", 1 },
    { "B", 1 },
    { "KiB", UINT64_C(1) << 10 },
    { "MiB", UINT64_C(1) << 20 },
    { "GiB", UINT64_C(1) << 30 },
    { "TiB", UINT64_C(1) << 40 },
    { "kB", 1000 },
    { "KB", 1000 },
    { "MB", 1000 * 1000 },
    { "GB", 1000 * 1000 * 1000 },
    { "TB", UINT64_C(1000) * 1000 * 1000 * 1000 },
};

enum bw_rc bw_parse_bytes(const char *text, uint64_t *out, struct bw_err *err)
{
    const size_t digits = digits_length(text);
    const char *name = text + digits + strspn(text + digits, " ");
    double number;
    if (bw_parse_double(text, digits, &number)) {
        for (size_t i = 0; i < sizeof size_units / sizeof *size_units; i++) {
            const double bytes = number * (double)size_units[i].bytes;
            if (strcmp(size_units[i].name, name) == 0 && bytes < 0x1p62) {
                *out = (uint64_t)bytes;
                return BW_OK;
            }
        }
    }
    return bw_fail(err, BW_EINVAL, "expected a size such as 64KiB, 10MB or 4GiB, not '%s'", text);
}

void bw_format_bytes(char out[BW_DURATION_TEXT_MAX], uint64_t bytes)
{
    size_t i = 1;
    while (i < 5 && bytes >= size_units[i + 1].bytes)
        i++;
    const double value = (double)bytes / (double)size_units[i].bytes;
    /* Four digits, but never an exponent. */
    snprintf(out, BW_DURATION_TEXT_MAX, value < 1000 ? "%.4g %s" : "%.0f %s", value,
             size_units[i].name);
}

/* "99.9" as 99.9e-2: dividing would round a second time, to 0.9990000000000001. */
static bool parse_percent(const char *text, size_t len, double *out)
{
    char scaled[64];
    if (len + sizeof "e-2" > sizeof scaled)
        return false;
    memcpy(scaled, text, len);
    memcpy(scaled + len, "e-2", sizeof "e-2");
    return bw_parse_double(scaled, len + 3, out);
}

enum bw_rc bw_parse_ratio(const char *text, double *out, struct bw_err *err)
{
    const size_t len = strlen(text);
    const bool percent = len > 0 && text[len - 1] == '%';
    double number;
    const bool good =
        percent ? parse_percent(text, len - 1, &number) : bw_parse_double(text, len, &number);
    if (!good || !isfinite(number))
        return bw_fail(err, BW_EINVAL, "expected a ratio such as 0.95 or 95%%, not '%s'", text);
    *out = number;
    return BW_OK;
}
