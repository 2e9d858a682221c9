// SPDX-License-Identifier: GPL-3.0-or-later
/* Any text as a duration, size, ratio, number or time: what is read and written again reads
 * as the same. */
#include "base/civil.h"
#include "base/num.h"
#include "base/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void try_duration(const char *text)
{
    char again[BW_DURATION_TEXT_MAX];
    int64_t ns, same;
    if (bw_parse_duration(text, &ns, NULL) != BW_OK)
        return;
    must(ns >= 0);
    bw_format_duration(again, ns);
    must(bw_parse_duration(again, &same, NULL) == BW_OK && same == ns);
    bw_format_duration_short(again, ns);
    bw_format_duration_short(again, -ns);
}

static void try_bytes(const char *text)
{
    char again[BW_DURATION_TEXT_MAX];
    uint64_t bytes, near;
    if (bw_parse_bytes(text, &bytes, NULL) != BW_OK)
        return;
    bw_format_bytes(again, bytes);
    /* Four digits are for people. */
    must(bw_parse_bytes(again, &near, NULL) == BW_OK);
    must(fabs((double)near - (double)bytes) <= 1e-3 * (double)bytes);
}

static void try_number(const char *text, size_t len)
{
    char again[BW_DOUBLE_TEXT_MAX];
    double value, same;
    if (!bw_parse_double(text, len, &value))
        return;
    const size_t wrote = bw_format_double(again, value);
    must(wrote <= BW_DOUBLE_TEXT_MAX && bw_parse_double(again, wrote, &same));
    must(isnan(value) ? isnan(same) : value == same && signbit(value) == signbit(same));
}

static void try_ratio(const char *text)
{
    double value;
    if (bw_parse_ratio(text, &value, NULL) == BW_OK)
        must(isfinite(value));
}

static void try_integer(const char *text, size_t len)
{
    char again[BW_UINT_TEXT_MAX];
    uint64_t value, same;
    if (!bw_parse_uint(text, len, &value))
        return;
    const size_t wrote = bw_format_uint(again, value);
    must(bw_parse_uint(again, wrote, &same) && same == value);
}

static void try_time(const char *text, size_t len)
{
    char again[BW_RFC3339_MAX];
    int64_t ms, same;
    if (!bw_parse_rfc3339(text, len, &ms))
        return;
    bw_format_rfc3339(again, ms);
    /* An offset can push the year out of what RFC 3339 can write. */
    if (ms >= INT64_C(-62135596800000) && ms <= INT64_C(253402300799999))
        must(bw_parse_rfc3339(again, strlen(again), &same) && same == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512];
    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    try_duration(text);
    try_bytes(text);
    try_ratio(text);
    try_number(text, size);
    try_integer(text, size);
    try_time(text, size);
    return 0;
}
