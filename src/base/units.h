// SPDX-License-Identifier: GPL-3.0-or-later
/* base/units.h: durations, sizes and ratios as people write them. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define BW_MS INT64_C(1000000) /* nanoseconds of a millisecond */
#define BW_SECOND (1000 * BW_MS)
#define BW_MINUTE (60 * BW_SECOND)
#define BW_HOUR (60 * BW_MINUTE)
#define BW_DAY (24 * BW_HOUR)

#define BW_DURATION_TEXT_MAX 40u

/* "500ms", "1m30s", "7d", "4w", "1y" (365 days), "0": nanoseconds >= 0, at most 200 years.
 * Units ns us ms s m h d w y, each at most once, largest first; a fraction only in the
 * last part ("1.5s"). BW_EINVAL says what was expected. */
enum bw_rc bw_parse_duration(const char *text, int64_t *out_ns, struct bw_err *err);

/* The shortest text that reads back the same: "1m30s", "0s"; negative ones with "-". */
void bw_format_duration(char out[BW_DURATION_TEXT_MAX], int64_t ns);

/* For people: three digits below a minute, above it the two leading parts, the rest cut:
 * "3d 4h", "1.25s", "820ms". */
void bw_format_duration_short(char out[BW_DURATION_TEXT_MAX], int64_t ns);

/* "4GiB", "64KiB", "10MB", "512", "512B": bytes. */
enum bw_rc bw_parse_bytes(const char *text, uint64_t *out, struct bw_err *err);

/* "4 GiB", "1.5 MiB", "512 B". */
void bw_format_bytes(char out[BW_DURATION_TEXT_MAX], uint64_t bytes);

/* "99.9%" or "0.999": 0.999. Not bounded: the caller's option says the range. */
enum bw_rc bw_parse_ratio(const char *text, double *out, struct bw_err *err);

#endif
