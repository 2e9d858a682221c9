// SPDX-License-Identifier: GPL-3.0-or-later
/* base/num.h: numbers to text and back, exactly and without a locale. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_UINT_TEXT_MAX 20u
#define BW_DOUBLE_TEXT_MAX 32u     /* room to write one */
#define BW_DOUBLE_TEXT_LONGEST 24u /* "-2.2250738585072014e-308" */

/* Writes the digits, without a NUL; returns how many bytes. */
size_t bw_format_uint(char *out, uint64_t value);

/* Writes the shortest decimal that strtod reads back as the same double ("0.1", "1e+21",
 * "NaN", "+Inf", "-Inf"), without a NUL; returns how many bytes, at most
 * BW_DOUBLE_TEXT_MAX. */
size_t bw_format_double(char *out, double value);

/* The same where that takes little: whole numbers, decimals of few digits, NaN and infinities.
 * 0 for all others. */
size_t bw_format_decimal(char *out, double value);

/* Whether bw_format_decimal can write it, in a fraction of the time. */
bool bw_is_decimal(double value);

/* The whole of text[0..len) must be the number; false leaves *out alone. Doubles accept
 * NaN and Inf with a sign, as Prometheus's text format does, and no hexadecimal. */
bool bw_parse_int(const char *text, size_t len, int64_t *out);
bool bw_parse_uint(const char *text, size_t len, uint64_t *out);
bool bw_parse_double(const char *text, size_t len, double *out);

#endif
