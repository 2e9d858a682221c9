// SPDX-License-Identifier: GPL-3.0-or-later
/* calendar/zone.h: time zones from TZif bytes (RFC 9636, versions 1 to 4) that somebody
 * else loaded, because libc has one zone for the whole process.
 *
 * Local time is not a function of days and hours only. Where the clock goes forward a
 * local time is skipped, where it goes back one happens twice:
 *
 *      01:59:59 -> 03:00:00     02:30 is SKIPPED: stands for the instant of 03:00
 *      02:59:59 -> 02:00:00     02:30 is TWICE:   stands for its first instant
 *
 * With this rule the instant never falls when the local time rises. Zones are immutable
 * once parsed, so any thread may read them. Leap seconds are refused: Unix time has none. */
#ifndef CALENDAR_ZONE_H
#define CALENDAR_ZONE_H

#include "base/civil.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_zone;

enum bw_local_kind {
    BW_LOCAL_ONCE,
    BW_LOCAL_TWICE,   /* out_ms is the earlier of the two instants */
    BW_LOCAL_SKIPPED, /* out_ms is the first instant after the gap */
};

#define BW_ZONE_TIME_TEXT_MAX 48u

/* The built-in zone "UTC"; never NULL, never to be freed. */
const struct bw_zone *bw_zone_utc(void);

/* Names as in "Europe/Vienna": letters, digits and "+-_" in parts joined by "/", so that
 * a valid name is safe to append to the path of a zone folder. */
bool bw_zone_name_is_valid(const char *name);

/* Reads one TZif file. BW_ECORRUPT when the bytes contradict themselves or end early,
 * BW_EUNSUPPORTED for leap seconds, BW_ELIMIT above BW_TZIF_BYTES_MAX. The caller frees. */
enum bw_rc bw_zone_parse(const char *name, const void *bytes, size_t size, struct bw_zone **out,
                         struct bw_err *err);

/* NULL and the built-in zone are fine. */
void bw_zone_free(struct bw_zone *zone);

const char *bw_zone_name(const struct bw_zone *zone);

/* Seconds east of UTC at this instant; *out_abbreviation ("CET"), when asked for, lives
 * as long as the zone. */
int32_t bw_zone_offset_s(const struct bw_zone *zone, int64_t unix_ms,
                         const char **out_abbreviation);

/* What a clock on the wall shows at this instant. */
struct bw_civil bw_zone_local(const struct bw_zone *zone, int64_t unix_ms);

/* The instant of a local time, see the picture above. */
enum bw_local_kind bw_zone_to_ms(const struct bw_zone *zone, const struct bw_civil *local,
                                 int64_t *out_ms);

/* The first instant of the local day that is `days` after (before, if negative) the day
 * of `unix_ms`; midnight, or the end of the gap where midnight is skipped. */
int64_t bw_zone_day_start_ms(const struct bw_zone *zone, int64_t unix_ms, int64_t days);

/* "2026-11-21 23:38:53 CET", for people. */
void bw_zone_format(char out[BW_ZONE_TIME_TEXT_MAX], const struct bw_zone *zone, int64_t unix_ms);

#endif
