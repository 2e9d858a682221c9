// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define YEAR (365 * BW_DAY)

static const struct {
    const char *text;
    int64_t ns; /* -1: refused */
    const char *again;
} durations[] = {
    { "0", 0, "0s" },
    { "0s", 0, "0s" },
    { "500ms", 500 * BW_MS, "500ms" },
    { "15s", 15 * BW_SECOND, "15s" },
    { "90s", 90 * BW_SECOND, "1m30s" },
    { "1m30s", 90 * BW_SECOND, "1m30s" },
    { "1.5s", 1500 * BW_MS, "1s500ms" },
    { "1h0.5s", BW_HOUR + 500 * BW_MS, "1h500ms" },
    { "7d", 7 * BW_DAY, "1w" },
    { "4w", 28 * BW_DAY, "4w" },
    { "1y", YEAR, "1y" },
    { "3d4h5m6s7ms8us9ns",
      3 * BW_DAY + 4 * BW_HOUR + 5 * BW_MINUTE + 6 * BW_SECOND + 7 * BW_MS + 8009,
      "3d4h5m6s7ms8us9ns" },
    { "200y", 200 * YEAR, "200y" },
    { "199y51w6d23h59m59s999ms999us999ns", 199 * YEAR + 51 * 7 * BW_DAY + 7 * BW_DAY - 1,
      "199y51w6d23h59m59s999ms999us999ns" },
    { "201y", -1, NULL },
    { "99999999999999999999999y", -1, NULL },
    { "", -1, NULL },
    { "s", -1, NULL },
    { "5", -1, NULL },
    { "-5s", -1, NULL },
    { "+5s", -1, NULL },
    { "5 s", -1, NULL },
    { "5s ", -1, NULL },
    { "5S", -1, NULL },
    { "5sec", -1, NULL },
    { "1s1m", -1, NULL },
    { "1s1s", -1, NULL },
    { "1.5m1s", -1, NULL },
    { "1..5s", -1, NULL },
    { ".s", -1, NULL },
    { "1e3s", -1, NULL },
    { "NaNs", -1, NULL },
    { "0x5s", -1, NULL },
};

static void durations_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        int64_t ns = -1;
        char again[BW_DURATION_TEXT_MAX];
        struct bw_err err = { 0 };
        const enum bw_rc rc = bw_parse_duration(durations[i].text, &ns, &err);
        if (ns != durations[i].ns || (rc == BW_OK) != (durations[i].ns >= 0))
            fail_msg("'%s' is %lld", durations[i].text, (long long)ns);
        if (rc != BW_OK) {
            assert_non_null(strstr(err.text, "expected a duration"));
            continue;
        }
        bw_format_duration(again, ns);
        assert_string_equal(again, durations[i].again);
    }
}

/* What is written reads as the same, from nanoseconds to two centuries. */
static void any_duration_survives_a_round_trip(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const int64_t ns = (int64_t)(random % (uint64_t)(200 * YEAR) >> (random >> 58));
        char text[BW_DURATION_TEXT_MAX];
        int64_t again;
        bw_format_duration(text, ns);
        if (bw_parse_duration(text, &again, NULL) != BW_OK || again != ns)
            fail_msg("%lld became %s", (long long)ns, text);
    }
}

static void negative_durations_are_written_too(void **state)
{
    (void)state;
    char text[BW_DURATION_TEXT_MAX];
    bw_format_duration(text, -90 * BW_SECOND);
    assert_string_equal(text, "-1m30s");
    bw_format_duration(text, INT64_MIN);
    assert_string_equal(text, "-292y24w3d23h47m16s854ms775us808ns");
}

static const struct {
    int64_t ns;
    const char *want;
} short_durations[] = {
    { 0, "0s" },
    { 500, "500ns" },
    { 1500, "1.5us" },
    { 999999, "1ms" },
    { 820 * BW_MS, "820ms" },
    { 1234567, "1.23ms" },
    { 999499999, "999ms" },
    { 999999999, "1s" },
    { 1250 * BW_MS, "1.25s" },
    { 59 * BW_SECOND, "59s" },
    { BW_MINUTE, "1m" },
    { 90 * BW_SECOND, "1m 30s" },
    { BW_HOUR + 30 * BW_MINUTE + 5 * BW_SECOND, "1h 30m" },
    { 3 * BW_DAY + 4 * BW_HOUR, "3d 4h" },
    { 15 * BW_DAY, "15d" },
    { 400 * BW_DAY, "1y 35d" },
    { -90 * BW_SECOND, "-1m 30s" },
};

static void people_get_two_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof short_durations / sizeof *short_durations; i++) {
        char text[BW_DURATION_TEXT_MAX];
        bw_format_duration_short(text, short_durations[i].ns);
        assert_string_equal(text, short_durations[i].want);
    }
}

static const struct {
    const char *text;
    int64_t bytes; /* -1: refused */
} sizes[] = {
    { "0", 0 },
    { "512", 512 },
    { "512B", 512 },
    { "64KiB", 65536 },
    { "4GiB", INT64_C(4) << 30 },
    { "1.5 MiB", 1572864 },
    { "10MB", 10000000 },
    { "1kB", 1000 },
    { "1KB", 1000 },
    { "2TiB", INT64_C(2) << 40 },
    { "1TB", INT64_C(1000000000000) },
    { "", -1 },
    { "KiB", -1 },
    { "-1", -1 },
    { "1 kib", -1 },
    { "1e3", -1 },
    { "1KiBs", -1 },
    { "9999999999TiB", -1 },
    { "1..5KiB", -1 },
    { "1 KiB ", -1 },
};

static void sizes_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t bytes = UINT64_MAX;
        const enum bw_rc rc = bw_parse_bytes(sizes[i].text, &bytes, NULL);
        if ((int64_t)bytes != sizes[i].bytes || (rc == BW_OK) != (sizes[i].bytes >= 0))
            fail_msg("'%s' is %lld", sizes[i].text, (long long)bytes);
    }
}

static const struct {
    uint64_t bytes;
    const char *want;
} shown_sizes[] = {
    { 0, "0 B" },
    { 512, "512 B" },
    { 1023, "1023 B" },
    { 1024, "1 KiB" },
    { 1572864, "1.5 MiB" },
    { UINT64_C(4) << 30, "4 GiB" },
    { (UINT64_C(1) << 30) - 1, "1024 MiB" },
    { UINT64_C(3) << 50, "3072 TiB" },
    { UINT64_C(1) << 60, "1048576 TiB" },
};

static void sizes_are_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shown_sizes / sizeof *shown_sizes; i++) {
        char text[BW_DURATION_TEXT_MAX];
        bw_format_bytes(text, shown_sizes[i].bytes);
        assert_string_equal(text, shown_sizes[i].want);
    }
}

static void ratios_are_read(void **state)
{
    (void)state;
    static const char *const refused[] = { "", "%", "most", "95 %", "NaN", "Inf", "1e999", "5%%" };
    double ratio = 7;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(bw_parse_ratio(refused[i], &ratio, NULL), BW_EINVAL);
    assert_true(ratio == 7);
    assert_int_equal(bw_parse_ratio("99.9%", &ratio, NULL), BW_OK);
    assert_true(ratio == 0.999);
    assert_int_equal(bw_parse_ratio("0.95", &ratio, NULL), BW_OK);
    assert_true(ratio == 0.95);
    assert_int_equal(bw_parse_ratio("-5%", &ratio, NULL), BW_OK);
    assert_true(ratio == -0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_and_written),
        cmocka_unit_test(any_duration_survives_a_round_trip),
        cmocka_unit_test(negative_durations_are_written_too),
        cmocka_unit_test(people_get_two_parts),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(sizes_are_shown),
        cmocka_unit_test(ratios_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
