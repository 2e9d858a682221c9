// SPDX-License-Identifier: GPL-3.0-or-later
/* Zones for the tests, written byte by byte, so that no test depends on the machine's
 * zone files. */
#ifndef TESTS_CALENDAR_ZONES_H
#define TESTS_CALENDAR_ZONES_H

#include "calendar/zone.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define VIENNA "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define SYDNEY "AEST-10AEDT,M10.1.0,M4.1.0/3"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define GAZA "EET-2EEST,M3.4.4/50,M10.4.4/50" /* hours beyond a day */

/* One change of the clock, and the offset from then on. */
struct change {
    int64_t at_s;
    int32_t offset_s;
};

static inline size_t put_be(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return bytes;
}

static inline size_t put_block(uint8_t *out, int version, int32_t first_offset_s,
                               const struct change *changes, size_t count, size_t time_bytes)
{
    uint8_t *p = out;
    memcpy(p, "TZif", 4);
    p[4] = (uint8_t)version;
    memset(p + 5, 0, 27);
    p += 32;
    p += put_be(p, count, 4);
    p += put_be(p, count + 1, 4);
    p += put_be(p, 4, 4);
    for (size_t i = 0; i < count; i++)
        p += put_be(p, (uint64_t)changes[i].at_s, time_bytes);
    for (size_t i = 0; i < count; i++)
        *p++ = (uint8_t)(i + 1);
    for (size_t i = 0; i <= count; i++) {
        p += put_be(p, (uint32_t)(i == 0 ? first_offset_s : changes[i - 1].offset_s), 4);
        p += put_be(p, 0, 2);
    }
    memcpy(p, "LMT", 4);
    return (size_t)(p + 4 - out);
}

/* A version 2 file; `out` has room for 4096 bytes. */
static inline size_t put_file(uint8_t *out, int32_t first_offset_s, const struct change *changes,
                              size_t count, const char *footer)
{
    size_t len = put_block(out, '2', 0, NULL, 0, 4);
    len += put_block(out + len, '2', first_offset_s, changes, count, 8);
    return len + (size_t)snprintf((char *)out + len, 128, "\n%s\n", footer);
}

/* A zone that follows its rule for all times. */
static inline struct bw_zone *zone_of(const char *footer)
{
    uint8_t file[4096];
    struct bw_zone *zone = NULL;
    const size_t len = put_file(file, 0, NULL, 0, footer);
    const enum bw_rc rc = bw_zone_parse("Test/Zone", file, len, &zone, NULL);
    assert(rc == BW_OK);
    (void)rc;
    return zone;
}

/* "2026-03-29T01:00:00Z" */
static inline int64_t at(const char *text)
{
    int64_t ms = 0;
    const bool ok = bw_parse_rfc3339(text, strlen(text), &ms);
    assert(ok);
    (void)ok;
    return ms;
}

#endif
