// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/zone.h"

#include "base/limits.h"
#include "base/mem.h"
#include "calendar/posix_tz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 44, TYPE_BYTES = 6, OFFSET_MAX_S = 26 * 3600, DAY_S = 86400 };

/* No real zone looks beyond the years -30,000 and 33,000; within them no sum overflows. */
#define INSTANT_MAX_S INT64_C(1000000000000)

struct zone_type {
    int32_t offset_s;
    size_t name; /* into bw_zone.names */
};

struct bw_zone {
    char *name;
    int64_t *at_s; /* rising */
    uint8_t *type_of;
    size_t transitions;
    struct zone_type *types; /* at least one; the first also rules before the table */
    size_t type_count;
    char *names; /* NUL-terminated abbreviations, one after the other */
    bool has_rule;
    struct bw_posix_tz rule; /* after the table */
};

/* One block of the file: how many of each, and how wide its times are. */
struct block {
    uint32_t is_ut, is_standard, leaps, transitions, types, name_bytes;
    size_t time_bytes;
};

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_time(const uint8_t *p, size_t bytes)
{
    if (bytes == 4)
        return (int32_t)read_u32(p);
    return (int64_t)((uint64_t)read_u32(p) << 32 | read_u32(p + 4));
}

static bool read_header(const uint8_t *p, size_t left, size_t time_bytes, struct block *out)
{
    if (left < HEADER_BYTES || memcmp(p, "TZif", 4) != 0)
        return false;
    *out = (struct block){ .is_ut = read_u32(p + 20),
                           .is_standard = read_u32(p + 24),
                           .leaps = read_u32(p + 28),
                           .transitions = read_u32(p + 32),
                           .types = read_u32(p + 36),
                           .name_bytes = read_u32(p + 40),
                           .time_bytes = time_bytes };
    return true;
}

/* Bytes of the block's body. No overflow: six 32-bit counts times at most 12. */
static uint64_t body_bytes(const struct block *b)
{
    return (uint64_t)b->transitions * (b->time_bytes + 1) + (uint64_t)b->types * TYPE_BYTES
           + b->name_bytes + (uint64_t)b->leaps * (b->time_bytes + 4) + b->is_standard + b->is_ut;
}

static bool load_transitions(struct bw_zone *zone, const struct block *b, const uint8_t *p)
{
    const uint8_t *types = p + b->transitions * b->time_bytes;
    zone->transitions = b->transitions;
    zone->at_s = bw_alloc_array(b->transitions + 1u, sizeof *zone->at_s);
    zone->type_of = bw_alloc_array(b->transitions + 1u, 1);
    for (size_t i = 0; i < b->transitions; i++) {
        zone->at_s[i] = read_time(p + i * b->time_bytes, b->time_bytes);
        zone->type_of[i] = types[i];
        if (types[i] >= b->types || (i > 0 && zone->at_s[i] <= zone->at_s[i - 1]))
            return false;
    }
    return true;
}

static bool load_types(struct bw_zone *zone, const struct block *b, const uint8_t *p)
{
    const uint8_t *names = p + (size_t)b->types * TYPE_BYTES;
    if (b->types == 0 || b->types > 256 || b->name_bytes == 0 || names[b->name_bytes - 1] != '\0')
        return false;
    zone->type_count = b->types;
    zone->types = bw_alloc_array(b->types, sizeof *zone->types);
    zone->names = bw_alloc(b->name_bytes);
    memcpy(zone->names, names, b->name_bytes);
    for (size_t i = 0; i < b->types; i++, p += TYPE_BYTES) {
        const int32_t offset_s = (int32_t)read_u32(p);
        if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S || p[4] > 1
            || p[5] >= b->name_bytes)
            return false;
        zone->types[i] = (struct zone_type){ offset_s, p[5] };
    }
    return true;
}

/* "\n<rule>\n"; an empty rule says that nobody knows what comes after the table. */
static bool load_footer(struct bw_zone *zone, const uint8_t *p, size_t left)
{
    if (left < 2 || p[0] != '\n')
        return false;
    const char *text = (const char *)p + 1;
    const char *end = memchr(text, '\n', left - 1);
    if (end == NULL)
        return false;
    zone->has_rule = end != text;
    return !zone->has_rule || bw_posix_tz_parse(text, (size_t)(end - text), &zone->rule);
}

static enum bw_rc load(struct bw_zone *zone, const uint8_t *p, size_t left, struct bw_err *err)
{
    struct block b;
    if (!read_header(p, left, 4, &b) || body_bytes(&b) > left - HEADER_BYTES)
        return bw_fail(err, BW_ECORRUPT, "not a TZif file, or cut short");
    const bool wide = p[4] >= '2';
    if (wide) { /* the first block is for readers of 32-bit times */
        const size_t first = HEADER_BYTES + (size_t)body_bytes(&b);
        p += first;
        left -= first;
        if (!read_header(p, left, 8, &b) || body_bytes(&b) > left - HEADER_BYTES)
            return bw_fail(err, BW_ECORRUPT, "the 64-bit part of the TZif file is cut short");
    }
    if (b.leaps != 0)
        return bw_fail(err, BW_EUNSUPPORTED,
                       "this TZif file counts leap seconds; use the plain "
                       "one, not the one under right/");
    const uint8_t *types = p + HEADER_BYTES + b.transitions * (b.time_bytes + 1);
    if (!load_transitions(zone, &b, p + HEADER_BYTES) || !load_types(zone, &b, types))
        return bw_fail(err, BW_ECORRUPT, "the TZif file contradicts itself");
    const size_t used = HEADER_BYTES + (size_t)body_bytes(&b);
    if (wide && !load_footer(zone, p + used, left - used))
        return bw_fail(err, BW_ECORRUPT, "the rule at the end of the TZif file is unreadable");
    return BW_OK;
}

static struct zone_type utc_type = { 0, 0 };
static char utc_name[] = "UTC";
static struct bw_zone utc = {
    .name = utc_name, .types = &utc_type, .type_count = 1, .names = utc_name
};

const struct bw_zone *bw_zone_utc(void)
{
    return &utc;
}

bool bw_zone_name_is_valid(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789+-_/";
    const size_t len = strlen(name);
    return len > 0 && len <= BW_NAME_BYTES_MAX && strspn(name, allowed) == len && name[0] != '/'
           && name[len - 1] != '/' && strstr(name, "//") == NULL;
}

enum bw_rc bw_zone_parse(const char *name, const void *bytes, size_t size, struct bw_zone **out,
                         struct bw_err *err)
{
    if (size > BW_TZIF_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "time zone %s: %zu bytes, more than %u", name, size,
                       BW_TZIF_BYTES_MAX);
    struct bw_zone *zone = bw_alloc(sizeof *zone);
    zone->name = bw_strdup(name);
    const enum bw_rc rc = load(zone, bytes, size, err);
    if (rc != BW_OK) {
        bw_zone_free(zone);
        return bw_wrap(err, rc, "time zone %s", name);
    }
    *out = zone;
    return BW_OK;
}

void bw_zone_free(struct bw_zone *zone)
{
    if (zone == NULL || zone == &utc)
        return;
    free(zone->name);
    free(zone->at_s);
    free(zone->type_of);
    free(zone->types);
    free(zone->names);
    free(zone);
}

const char *bw_zone_name(const struct bw_zone *zone)
{
    return zone->name;
}

/* How many transitions are at or before the instant. */
static size_t transitions_until(const struct bw_zone *zone, int64_t unix_s)
{
    size_t low = 0, high = zone->transitions;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (zone->at_s[middle] <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_at(const struct bw_zone *zone, int64_t unix_s, const char **out_name)
{
    const size_t passed = transitions_until(zone, unix_s);
    if (zone->has_rule && passed == zone->transitions) {
        const bool summer = bw_posix_tz_is_summer(&zone->rule, unix_s);
        *out_name = summer ? zone->rule.summer_name : zone->rule.standard_name;
        return summer ? zone->rule.summer_s : zone->rule.standard_s;
    }
    const struct zone_type *type = &zone->types[passed == 0 ? 0 : zone->type_of[passed - 1]];
    *out_name = zone->names + type->name;
    return type->offset_s;
}

/* Whole seconds, rounded down, within what the sums here can hold. */
static int64_t to_seconds(int64_t ms)
{
    const int64_t s = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
    return s < -INSTANT_MAX_S ? -INSTANT_MAX_S : s > INSTANT_MAX_S ? INSTANT_MAX_S : s;
}

int32_t bw_zone_offset_s(const struct bw_zone *zone, int64_t unix_ms, const char **out_abbreviation)
{
    const char *name;
    const int32_t offset_s = offset_at(zone, to_seconds(unix_ms), &name);
    if (out_abbreviation != NULL)
        *out_abbreviation = name;
    return offset_s;
}

struct bw_civil bw_zone_local(const struct bw_zone *zone, int64_t unix_ms)
{
    int64_t local_ms;
    const int64_t offset_ms = bw_zone_offset_s(zone, unix_ms, NULL) * INT64_C(1000);
    if (__builtin_add_overflow(unix_ms, offset_ms, &local_ms))
        local_ms = unix_ms;
    return bw_civil_from_ms(local_ms);
}

/* The first second after `before_s` whose offset is no longer that of `before_s`. */
static int64_t change_between(const struct bw_zone *zone, int64_t before_s, int64_t after_s)
{
    const char *name;
    const int32_t offset_s = offset_at(zone, before_s, &name);
    while (after_s - before_s > 1) {
        const int64_t middle_s = before_s + (after_s - before_s) / 2;
        if (offset_at(zone, middle_s, &name) == offset_s)
            before_s = middle_s;
        else
            after_s = middle_s;
    }
    return after_s;
}

/* No zone changes twice within two days, so the offsets a day to either side are the only
 * ones that this local time can have. */
enum bw_local_kind bw_zone_to_ms(const struct bw_zone *zone, const struct bw_civil *local,
                                 int64_t *out_ms)
{
    const char *name;
    const int64_t local_ms = bw_civil_to_ms(local);
    const int64_t local_s = to_seconds(local_ms);
    const int64_t before_s = offset_at(zone, local_s - DAY_S, &name);
    const int64_t after_s = offset_at(zone, local_s + DAY_S, &name);
    const bool is_before = offset_at(zone, local_s - before_s, &name) == before_s;
    const bool is_after = offset_at(zone, local_s - after_s, &name) == after_s;
    if (!is_before && !is_after) {
        *out_ms = change_between(zone, local_s - after_s, local_s - before_s) * 1000;
        return BW_LOCAL_SKIPPED;
    }
    *out_ms = local_ms - (is_before ? before_s : after_s) * 1000;
    return is_before && is_after && before_s != after_s ? BW_LOCAL_TWICE : BW_LOCAL_ONCE;
}

int64_t bw_zone_day_start_ms(const struct bw_zone *zone, int64_t unix_ms, int64_t days)
{
    const struct bw_civil now = bw_zone_local(zone, unix_ms);
    const int64_t day = bw_days_from_civil(now.year, now.month, now.day) + days;
    const struct bw_civil midnight = bw_civil_from_ms(day * DAY_S * 1000);
    int64_t start_ms;
    bw_zone_to_ms(zone, &midnight, &start_ms);
    return start_ms;
}

void bw_zone_format(char out[BW_ZONE_TIME_TEXT_MAX], const struct bw_zone *zone, int64_t unix_ms)
{
    const char *name;
    const struct bw_civil c = bw_zone_local(zone, unix_ms);
    bw_zone_offset_s(zone, unix_ms, &name);
    snprintf(out, BW_ZONE_TIME_TEXT_MAX, "%04lld-%02d-%02d %02d:%02d:%02d %.12s", (long long)c.year,
             c.month, c.day, c.hour, c.minute, c.second, name);
}
