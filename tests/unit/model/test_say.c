// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/say.h"

#include <float.h>
#include <math.h>

static void values_have_the_unit_of_their_metric(void **state)
{
    (void)state;
    static const struct {
        const char *metric;
        double value;
        const char *want;
    } cases[] = {
        { "node_load1", 0.3141, "0.314" },
        { "node_load1", 12345, "12345" },
        { "node_load1", 5012, "5012" },
        { "node_load1", 999.7, "1000" },
        { "node_load1", 999999, "1 M" },
        { "probe_duration_seconds", 0.9997, "1 s" },
        { "probe_duration_seconds", 0.0009997, "1 ms" },
        { "orders", 4.2e6, "4.2 M" },
        { "orders", -7e12, "-7e+03 G" },
        { "node_memory_MemFree_bytes", 4509715660, "4.2 GiB" },
        { "node_memory_MemFree_bytes", -512, "-512 B" },
        { "node_memory_MemFree_bytes", 1e300, "8.88e+284 PiB" },
        { "disk_used_ratio", 0.97, "97 %" },
        { "disk_used_ratio", 0.0123, "1.2 %" },
        { "probe_duration_seconds", 0.085, "85 ms" },
        { "probe_duration_seconds", -0.18, "-180 ms" },
        { "probe_duration_seconds", DBL_MAX, "over 100 years" },
        { "node_network_receive_bytes_total", 1536, "1.5 KiB/s" },
        { "node_forks_total", 2.5, "2.5/s" },
        { "node_cpu_seconds_total", 0.42, "42 %" },
        { "node_load1", NAN, "\u2013" },
        { "node_load1", -INFINITY, "-\u221e" },
        { "x_bytes_total", INFINITY, "\u221e" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[BW_SAY_MAX];
        assert_string_equal(bw_say_metric(text, cases[i].metric, cases[i].value), cases[i].want);
    }
}

static void a_day_is_said_when_it_is_another(void **state)
{
    (void)state;
    const int64_t day_ms = INT64_C(86400000), at_ms = INT64_C(1795269720000);
    char text[BW_SAY_MAX];
    assert_string_equal(bw_say_clock(text, at_ms, at_ms + day_ms / 4), "14:02");
    assert_string_equal(bw_say_clock(text, at_ms, at_ms + day_ms), "21 Nov 14:02");
    assert_string_equal(bw_say_clock(text, at_ms, at_ms + 200 * day_ms), "21 Nov 2026 14:02");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_the_unit_of_their_metric),
        cmocka_unit_test(a_day_is_said_when_it_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
