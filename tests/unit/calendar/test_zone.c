// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/zone.h"

#include "base/limits.h"
#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The clock of Vienna through both changes of 2026. */
static void the_wall_clock_is_shown(void **state)
{
    static const struct {
        const char *utc, *local;
    } cases[] = {
        { "2026-01-15T12:00:00Z", "2026-01-15 13:00:00 CET" },
        { "2026-03-29T00:59:59Z", "2026-03-29 01:59:59 CET" },
        { "2026-03-29T01:00:00Z", "2026-03-29 03:00:00 CEST" },
        { "2026-10-25T00:59:59Z", "2026-10-25 02:59:59 CEST" },
        { "2026-10-25T01:00:00Z", "2026-10-25 02:00:00 CET" },
        { "2026-12-31T23:30:00Z", "2027-01-01 00:30:00 CET" },
        { "1969-12-31T23:30:00Z", "1970-01-01 00:30:00 CET" },
    };
    (void)state;
    struct bw_zone *zone = zone_of(VIENNA);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[BW_ZONE_TIME_TEXT_MAX];
        bw_zone_format(text, zone, at(cases[i].utc));
        assert_string_equal(text, cases[i].local);
    }
    assert_string_equal(bw_zone_name(zone), "Test/Zone");
    bw_zone_free(zone);
}

static void local_times_stand_for_instants(void **state)
{
    static const struct {
        const char *name, *rule, *local, *utc;
        enum bw_local_kind kind;
    } cases[] = {
        { "winter", VIENNA, "2026-01-15T13:00:00Z", "2026-01-15T12:00:00Z", BW_LOCAL_ONCE },
        { "before the gap", VIENNA, "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z", BW_LOCAL_ONCE },
        { "in the gap", VIENNA, "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z", BW_LOCAL_SKIPPED },
        { "late in the gap", VIENNA, "2026-03-29T02:59:59.999Z", "2026-03-29T01:00:00Z",
          BW_LOCAL_SKIPPED },
        { "after the gap", VIENNA, "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z", BW_LOCAL_ONCE },
        { "before the overlap", VIENNA, "2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z",
          BW_LOCAL_ONCE },
        { "in the overlap", VIENNA, "2026-10-25T02:30:00.5Z", "2026-10-25T00:30:00.5Z",
          BW_LOCAL_TWICE },
        { "after the overlap", VIENNA, "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z",
          BW_LOCAL_ONCE },
        { "half an hour's gap", LORD_HOWE, "2026-10-04T02:15:00Z", "2026-10-03T15:30:00Z",
          BW_LOCAL_SKIPPED },
        { "west of Greenwich", NEW_YORK, "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z",
          BW_LOCAL_TWICE },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_zone *zone = zone_of(cases[i].rule);
        const struct bw_civil local = bw_civil_from_ms(at(cases[i].local));
        int64_t ms = 0;
        const enum bw_local_kind kind = bw_zone_to_ms(zone, &local, &ms);
        if (ms != at(cases[i].utc) || kind != cases[i].kind)
            fail_msg("%s: kind %d at %lld", cases[i].name, (int)kind, (long long)ms);
        bw_zone_free(zone);
    }
}

/* Samoa went over the date line: 30 December 2011 did not happen there. */
static void a_whole_day_can_be_skipped(void **state)
{
    uint8_t file[4096];
    struct bw_zone *zone = NULL;
    const struct change change = { .at_s = at("2011-12-30T10:00:00Z") / 1000,
                                   .offset_s = 14 * 3600 };
    const size_t len = put_file(file, -10 * 3600, &change, 1, "");
    (void)state;
    assert_int_equal(bw_zone_parse("Apia", file, len, &zone, NULL), BW_OK);
    const struct bw_civil noon = { .year = 2011, .month = 12, .day = 30, .hour = 12 };
    int64_t ms = 0;
    assert_int_equal(bw_zone_to_ms(zone, &noon, &ms), BW_LOCAL_SKIPPED);
    assert_int_equal(ms, at("2011-12-30T10:00:00Z"));
    assert_int_equal(bw_zone_local(zone, ms - 1).day, 29);
    assert_int_equal(bw_zone_local(zone, ms).day, 31);
    bw_zone_free(zone);
}

static void days_begin_where_the_zone_says(void **state)
{
    struct bw_zone *zone = zone_of(VIENNA);
    const int64_t noon = at("2026-03-29T10:00:00Z");
    (void)state;
    assert_int_equal(bw_zone_day_start_ms(zone, noon, 0), at("2026-03-28T23:00:00Z"));
    assert_int_equal(bw_zone_day_start_ms(zone, noon, 1), at("2026-03-29T22:00:00Z"));
    assert_int_equal(bw_zone_day_start_ms(zone, noon, -29), at("2026-02-27T23:00:00Z"));
    bw_zone_free(zone);
    zone = zone_of("AAA0BBB,M3.5.0/0,M10.5.0/1"); /* the gap takes midnight away */
    assert_int_equal(bw_zone_day_start_ms(zone, noon, 0), at("2026-03-29T00:00:00Z"));
    bw_zone_free(zone);
}

static void utc_is_built_in_and_extremes_do_no_harm(void **state)
{
    const struct bw_zone *utc = bw_zone_utc();
    const char *name = NULL;
    (void)state;
    assert_int_equal(bw_zone_offset_s(utc, INT64_MAX, &name), 0);
    assert_string_equal(name, "UTC");
    struct bw_zone *zone = zone_of(SYDNEY);
    bw_zone_local(zone, INT64_MAX);
    assert_true(bw_zone_local(zone, INT64_MIN).year < 0);
    bw_zone_free(zone);
    bw_zone_free(NULL);
}

/* Rising instants give rising local times but in overlaps, and every instant's local time
 * leads back to it or to its first occurrence. */
static void there_and_back_again(void **state)
{
    static const char *const rules[] = { VIENNA, NEW_YORK, SYDNEY, LORD_HOWE, GAZA };
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct bw_zone *zone = zone_of(rules[i]);
        const int64_t from = at("2026-01-01T00:00:00Z");
        for (int64_t ms = from; ms < from + INT64_C(366) * 86400000; ms += 1700000) {
            const struct bw_civil local = bw_zone_local(zone, ms);
            int64_t back = 0;
            const enum bw_local_kind kind = bw_zone_to_ms(zone, &local, &back);
            assert_int_not_equal(kind, BW_LOCAL_SKIPPED);
            assert_true(back == ms || (kind == BW_LOCAL_TWICE && back < ms));
        }
        bw_zone_free(zone);
    }
}

static void broken_files_are_refused(void **state)
{
    uint8_t good[4096], file[4096];
    const struct change changes[] = { { 1000, 3600 }, { 2000, 0 } };
    const size_t len = put_file(good, 0, changes, 2, VIENNA);
    struct bw_zone *zone = NULL;
    struct bw_err err = { 0 };
    (void)state;
    for (size_t cut = 0; cut < len; cut++) { /* exact size, so that ASan sees a read too far */
        uint8_t *bytes = malloc(cut + 1);
        memcpy(bytes, good, cut);
        assert_int_equal(bw_zone_parse("Cut", bytes, cut, &zone, &err), BW_ECORRUPT);
        free(bytes);
    }
    assert_true(strncmp(err.text, "time zone Cut: ", 15) == 0);
    static const struct {
        const char *name;
        size_t offset; /* into the 64-bit block */
        uint8_t value;
        enum bw_rc rc;
    } cases[] = {
        { "magic", 0, 'x', BW_ECORRUPT },
        { "leap seconds", 31, 1, BW_EUNSUPPORTED },
        { "no types", 39, 0, BW_ECORRUPT },
        { "transitions out of order", 44 + 6, 0x7f, BW_ECORRUPT },
        { "type out of range", 44 + 16, 3, BW_ECORRUPT },
        { "offset of a week", 44 + 18, 0x10, BW_ECORRUPT },
        { "name out of range", 44 + 18 + 5, 4, BW_ECORRUPT },
        { "name without an end", 44 + 18 + 18 + 3, 'X', BW_ECORRUPT },
        { "no footer", 44 + 18 + 18 + 4, 'X', BW_ECORRUPT },
    };
    const size_t first = 44 + 6 + 4;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(file, good, len);
        file[first + cases[i].offset] = cases[i].value;
        const enum bw_rc rc = bw_zone_parse("Bad", file, len, &zone, &err);
        if (rc != cases[i].rc)
            fail_msg("%s: %d", cases[i].name, (int)rc);
    }
    assert_null(zone);
    assert_int_equal(bw_zone_parse("Big", file, BW_TZIF_BYTES_MAX + 1, &zone, &err), BW_ELIMIT);
}

static void old_files_have_a_table_only(void **state)
{
    uint8_t file[4096];
    const struct change changes[] = { { -1000, 3600 }, { 2000, 7200 } };
    struct bw_zone *zone = NULL;
    const size_t len = put_block(file, 0, 1800, changes, 2, 4);
    (void)state;
    assert_int_equal(bw_zone_parse("Old", file, len, &zone, NULL), BW_OK);
    assert_int_equal(bw_zone_offset_s(zone, -1000001, NULL), 1800);
    assert_int_equal(bw_zone_offset_s(zone, -1000000, NULL), 3600);
    assert_int_equal(bw_zone_offset_s(zone, 1999999, NULL), 3600);
    assert_int_equal(bw_zone_offset_s(zone, INT64_MAX, NULL), 7200);
    bw_zone_free(zone);
}

static void names_are_safe_in_paths(void **state)
{
    (void)state;
    assert_true(bw_zone_name_is_valid("America/Argentina/Buenos_Aires"));
    assert_true(bw_zone_name_is_valid("Etc/GMT+3"));
    static const char *const bad[] = {
        "", "/etc/passwd", "../x", "a/../b", "Europe/", "a//b", "a b"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(bw_zone_name_is_valid(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_is_shown),
        cmocka_unit_test(local_times_stand_for_instants),
        cmocka_unit_test(a_whole_day_can_be_skipped),
        cmocka_unit_test(days_begin_where_the_zone_says),
        cmocka_unit_test(utc_is_built_in_and_extremes_do_no_harm),
        cmocka_unit_test(there_and_back_again),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(old_files_have_a_table_only),
        cmocka_unit_test(names_are_safe_in_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
