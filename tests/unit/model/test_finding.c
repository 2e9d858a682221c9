// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/finding.h"

#include <math.h>
#include <string.h>

/* 2026-11-21 (a Saturday) 14:02 UTC */
#define AT_MS INT64_C(1795269720000)
#define HOUR_MS INT64_C(3600000)

static const struct {
    const char *metric;
    struct bw_finding finding;
    const char *want;
} sentences[] = {
    { "probe_duration_seconds",
      { .kind = BW_FINDING_LEVEL_SHIFT,
        .at_ms = AT_MS,
        .before = 0.12,
        .after = 0.3,
        .size = 0.18 },
      "level shift at 14:02 UTC: 300 ms since, 120 ms before (+180 ms)" },
    { "probe_duration_seconds",
      { .kind = BW_FINDING_LEVEL_SHIFT,
        .at_ms = AT_MS,
        .size = 0.18,
        .share = 0.92,
        .driver = "tls",
        .measure = "p95" },
      "p95 +180 ms, 92 % of it in the tls phase since 14:02 UTC" },
    { "probe_duration_seconds",
      { .kind = BW_FINDING_LEVEL_SHIFT,
        .at_ms = AT_MS,
        .size = 0.18,
        .share = 1.2,
        .driver = "connect",
        .measure = "median" },
      "median +180 ms, all of it in the connect phase since 14:02 UTC" },
    { "probe_duration_seconds",
      { .kind = BW_FINDING_LEVEL_SHIFT, .at_ms = AT_MS, .size = -0.18, .measure = "median" },
      "median -180 ms, spread over its phases since 14:02 UTC" },
    { "node_memory_MemAvailable_bytes",
      { .kind = BW_FINDING_LEVEL_SHIFT,
        .at_ms = AT_MS - 26 * HOUR_MS,
        .before = 4294967296,
        .after = 3221225472,
        .size = -1073741824,
        .share = 0.8,
        .driver = "programs or the kernel" },
      "level shift at 20 Nov 12:02 UTC: 3.0 GiB since, 4.0 GiB before (-1.0 GiB, 80 % of it in"
      " programs or the kernel)" },
    { "node_load1",
      { .kind = BW_FINDING_RECOVERY,
        .at_ms = AT_MS - HOUR_MS,
        .until_ms = AT_MS,
        .before = 0.5,
        .after = 3.25 },
      "stood at 3.25 from 13:02 to 14:02 UTC, back at 0.5 since" },
    { "node_filesystem_avail_bytes",
      { .kind = BW_FINDING_SLOPE_CHANGE, .at_ms = AT_MS, .before = 0, .after = -331401 },
      "bend at 14:02 UTC: -1.1 GiB an hour since, 0 B an hour before" },
    { "node_load1",
      { .kind = BW_FINDING_SLOPE_CHANGE,
        .at_ms = AT_MS + 5 * HOUR_MS,
        .after = 0.01,
        .before = -0.05 },
      "bend at 19:02 UTC: +0.6 a minute since, -3 a minute before" },
    { "disk_used_ratio",
      { .kind = BW_FINDING_STANDSTILL, .side = 1, .at_ms = AT_MS, .after = 1 },
      "stands at its ceiling of 100 % since 14:02 UTC" },
    { "node_load1",
      { .kind = BW_FINDING_STANDSTILL, .side = 0, .at_ms = AT_MS, .after = 0.31 },
      "has not moved from 0.31 since 14:02 UTC" },
    { "x_bytes",
      { .kind = BW_FINDING_STANDSTILL, .side = -1, .at_ms = AT_MS },
      "stands at its floor of 0 B since 14:02 UTC" },
    { "heap_bytes",
      { .kind = BW_FINDING_SAWTOOTH,
        .side = -1,
        .times = 4,
        .at_ms = AT_MS,
        .period_s = 86400,
        .size = -3145728 },
      "falls back every 1d, last at 14:02 UTC, by 3.0 MiB" },
    { "lag",
      { .kind = BW_FINDING_SAWTOOTH, .side = 1, .times = 4, .at_ms = AT_MS, .size = 7 },
      "jumped up 4 times, last at 14:02 UTC, by 7" },
    { "x_total", { .kind = BW_FINDING_RESETS, .times = 1 }, "the counter was reset once" },
    { "x_total", { .kind = BW_FINDING_RESETS, .times = 3 }, "the counter was reset 3 times" },
    { "probe_duration_seconds",
      { .kind = BW_FINDING_SCATTER_CHANGE,
        .at_ms = AT_MS,
        .before = 0.02,
        .after = 0.08,
        .size = 0.06 },
      "scatters more since 14:02 UTC: \u00b180 ms, \u00b120 ms before" },
    { "node_network_receive_bytes_total",
      { .kind = BW_FINDING_SEASON,
        .at_ms = AT_MS - 2 * 60000,
        .until_ms = AT_MS - 11 * HOUR_MS,
        .period_s = 86400,
        .size = 1258291.2,
        .share = 0.874 },
      "daily season, peaks 14:00 UTC, lowest 03:02 UTC, swings 1.2 MiB/s (87 % of the variance)" },
    { "orders",
      { .kind = BW_FINDING_SEASON,
        .at_ms = AT_MS,
        .until_ms = AT_MS - 48 * HOUR_MS,
        .period_s = 7 * 86400,
        .size = 120,
        .share = 0.5 },
      "weekly season, peaks Sat 14:02 UTC, lowest Thu 14:02 UTC, swings 120 (50 % of the"
      " variance)" },
    { "node_load1",
      { .kind = BW_FINDING_SEASON,
        .at_ms = AT_MS,
        .until_ms = AT_MS - HOUR_MS / 2,
        .period_s = 3600,
        .size = 1,
        .share = 0.3 },
      "hourly season, peaks at minute 2, lowest at minute 32, swings 1 (30 % of the variance)" },
    { "node_load1",
      { .kind = BW_FINDING_SEASON,
        .at_ms = AT_MS,
        .until_ms = AT_MS - HOUR_MS,
        .period_s = 6 * 3600,
        .size = 1,
        .share = 0.3 },
      "season of 6h, last peak 14:02 UTC, lowest 13:02 UTC, swings 1 (30 % of the variance)" },
    { "probe_duration_seconds",
      { .kind = BW_FINDING_SPIKES,
        .side = 1,
        .times = 1,
        .at_ms = AT_MS,
        .before = 0.12,
        .after = 1.2 },
      "a spike to 1.2 s at 14:02 UTC, usually 120 ms" },
    { "node_load1",
      { .kind = BW_FINDING_SPIKES,
        .side = -1,
        .times = 3,
        .at_ms = AT_MS,
        .before = 5,
        .after = 1 },
      "3 dips, the lowest 1 at 14:02 UTC, usually 5" },
    { "node_load1",
      { .kind = BW_FINDING_SPIKES,
        .side = 1,
        .times = 8,
        .period_s = 900,
        .at_ms = AT_MS,
        .before = 1,
        .after = 5 },
      "spikes every 15m, the highest 5 at 14:02 UTC, usually 1" },
    { "node_load1",
      { .kind = BW_FINDING_GAP, .at_ms = AT_MS - HOUR_MS, .until_ms = AT_MS },
      "no values from 13:02 to 14:02 UTC" },
};

static void findings_are_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        struct bw_buf text;
        bw_buf_init(&text, 1000);
        bw_finding_say(&text, &sentences[i].finding, sentences[i].metric, AT_MS + 5 * HOUR_MS);
        assert_string_equal(text.data, sentences[i].want);
        bw_buf_fini(&text);
    }
}

/* Every sentence's finding comes back from its stored text to the bit. */
static void stored_findings_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        const struct bw_finding want[2] = { sentences[i].finding,
                                            { .kind = BW_FINDING_GAP, .score = 0.1, .side = -1 } };
        struct bw_finding got[BW_FINDINGS_MAX];
        struct bw_buf text;
        bw_buf_init(&text, 1000);
        bw_findings_write(&text, want, 2);
        assert_int_equal(bw_findings_read(text.data, got), 2);
        assert_memory_equal(got, want, sizeof want);
        bw_buf_fini(&text);
    }
}

static void strange_text_does_no_harm(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t want;
    } cases[] = {
        { "", 0 },
        { ";; ;", 0 },
        { "miracle at=5; season; ", 1 },
        { "season at=x until= =3 share=nan size=inf before=1e999 side=-7 times=-3; ", 1 },
        { "gap at=1e300 times=1e300; gap; gap; gap; gap; ", 3 },
        { "level_shift driver=%zz measure=%ff; gap driver=a%20b", 2 },
        { "level_shift driver=a-name-that-is-longer-than-any-phase-that-we-know measure=percentile",
          1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_finding got[BW_FINDINGS_MAX];
        assert_int_equal(bw_findings_read(cases[i].text, got), cases[i].want);
        for (size_t k = 0; k < cases[i].want; k++) {
            assert_true(isfinite(got[k].share) && isfinite(got[k].size) && isfinite(got[k].before));
            assert_true(got[k].side >= -1 && got[k].side <= 1);
            assert_true(strlen(got[k].driver) < BW_FINDING_DRIVER_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_sentences),
        cmocka_unit_test(stored_findings_come_back),
        cmocka_unit_test(strange_text_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
