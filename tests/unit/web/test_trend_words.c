// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/trend_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#define HOUR 3600.0

static const struct {
    const char *name;
    struct bw_trend_record trend; /* first_ms 0 */
    const char *heading, *limit;
} cases[] = {
    { "a disk that fills over weeks",
      { .metric = "free_bytes",
        .last_ms = 1000000000,
        .direction = BW_FALLING,
        .confidence_ratio = 0.97,
        .slope_per_second = -12428,
        .last_value = 5e9,
        .threshold = 0,
        .side = -1,
        .time_to_p10_s = 26 * HOUR,
        .time_to_p50_s = 34 * HOUR,
        .time_to_p90_s = 49 * HOUR },
      "Falling by 1.0 GiB a day, 97 % sure",
      "Reaches 0 B in 1d 10h, between 1d 2h and 2d 1h" },
    { "a share of hours, perhaps never full",
      { .metric = "used_ratio",
        .last_ms = 36000000,
        .direction = BW_RISING,
        .confidence_ratio = 0.8,
        .slope_per_second = 1e-5,
        .last_value = 0.5,
        .threshold = 0.9,
        .side = 1,
        .time_to_p10_s = 9 * HOUR,
        .time_to_p50_s = 11 * HOUR,
        .time_to_p90_s = INFINITY },
      "Rising by 3.6 points an hour, 80 % sure",
      "Reaches 90 % in 11h, hardly before 9h, perhaps much later" },
    { "a counter is told as its rate",
      { .metric = "node_network_receive_bytes_total",
        .last_ms = 600000,
        .direction = BW_RISING,
        .confidence_ratio = 0.9,
        .slope_per_second = 1024 / 60.0,
        .last_value = 1,
        .threshold = 1 << 20,
        .side = 1,
        .time_to_p10_s = INFINITY,
        .time_to_p50_s = INFINITY,
        .time_to_p90_s = INFINITY },
      "Rising by 1.0 KiB/s a minute, 90 % sure",
      "Stays below 1.0 MiB/s for as long as can be foreseen" },
    { "flat says no slope, and is beyond",
      { .metric = "x",
        .direction = BW_FLAT,
        .confidence_ratio = 0.999,
        .slope_per_second = 3,
        .last_value = 7,
        .threshold = 7,
        .side = 1,
        .time_to_p50_s = 0 },
      "Flat, over 99 % sure",
      "Is beyond its limit, 7" },
    { "nothing is known",
      { .metric = "x",
        .direction = BW_UNDETERMINED,
        .confidence_ratio = NAN,
        .slope_per_second = NAN,
        .last_value = 7,
        .threshold = 3,
        .side = -1,
        .time_to_p10_s = NAN,
        .time_to_p50_s = NAN,
        .time_to_p90_s = NAN },
      "No direction can be told yet",
      "Whether it reaches 3 cannot be known yet" },
    { "no limit",
      { .metric = "x",
        .direction = BW_FALLING,
        .confidence_ratio = NAN,
        .slope_per_second = NAN,
        .last_value = 7,
        .threshold = NAN },
      "Falling",
      "" },
};

static void trends_are_told(void **state)
{
    (void)state;
    struct bw_arena arena;
    bw_arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *heading = bw_trend_words_heading(&arena, &cases[i].trend);
        const char *limit = bw_trend_words_limit(&arena, &cases[i].trend);
        if (strcmp(heading, cases[i].heading) != 0 || strcmp(limit, cases[i].limit) != 0)
            fail_msg("%s: %s. %s.", cases[i].name, heading, limit);
    }
    assert_string_equal(bw_trend_words_slope(&arena, &cases[0].trend, NAN), "");
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(trends_are_told) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
