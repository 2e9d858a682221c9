// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_results.h"

#include "fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bw_trend_results *set;
static struct bw_buf text;

static int open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench_make(bench, "host: {}\n", false);
    set = bw_trend_results_new(&bench->core);
    bw_buf_init(&text, 1 << 20);
    *state = bench;
    return 0;
}

static int close_bench(void **state)
{
    bw_buf_fini(&text);
    bw_trend_results_free(set);
    bench_remove(*state);
    free(*state);
    return 0;
}

static const struct bw_label labels[] = { { "metric", "taken" }, { "mountpoint", "/" } };

/* Of which everything is known. */
static struct bw_trend_record full(void)
{
    struct bw_trend_record record = { .series = 1,
                                      .metric = "free_bytes",
                                      .labels = { labels, 2 },
                                      .computed_ms = 5000,
                                      .direction = BW_FALLING,
                                      .confidence_ratio = 0.9,
                                      .last_value = 8,
                                      .slope_per_second = -2,
                                      .slope_low = -3,
                                      .slope_high = -1,
                                      .season_seconds = 86400,
                                      .horizon_count = 1,
                                      .threshold = 0,
                                      .side = -1,
                                      .time_to_p10_s = 60,
                                      .time_to_p50_s = 120,
                                      .time_to_p90_s = INFINITY,
                                      .note = "" };
    record.horizons[0] = (struct bw_trend_horizon){ 3600000, 1, 2, 3, 0.25 };
    return record;
}

/* Of which nothing is. */
static struct bw_trend_record empty(void)
{
    struct bw_trend_record record = full();
    record.series = 2;
    record.metric = "load";
    record.direction = BW_UNDETERMINED;
    record.confidence_ratio = record.slope_per_second = record.slope_low = record.slope_high = NAN;
    record.season_seconds = record.threshold = NAN;
    record.time_to_p10_s = record.time_to_p50_s = record.time_to_p90_s = NAN;
    record.horizons[0] = (struct bw_trend_horizon){ 3600000, NAN, NAN, NAN, NAN };
    return record;
}

static const char *metrics(const struct bench *bench)
{
    bw_buf_clear(&text);
    bw_publisher_render(bench->core.publisher, BW_EXPOSITION_TEXT, NULL, &text);
    return text.data;
}

#define FREE "metric=\"free_bytes\",series_metric=\"taken\",mountpoint=\"/\""

static void all_that_is_known_is_a_metric(void **state)
{
    static const char *const lines[] = {
        "bellwether_trend_direction{" FREE ",direction=\"falling\"} 1\n",
        "bellwether_trend_direction{" FREE ",direction=\"rising\"} 0\n",
        "bellwether_trend_confidence_ratio{" FREE "} 0.9\n",
        "bellwether_trend_slope_per_second{" FREE "} -2\n",
        "bellwether_trend_slope_low_per_second{" FREE "} -3\n",
        "bellwether_trend_slope_high_per_second{" FREE "} -1\n",
        "bellwether_trend_season_seconds{" FREE "} 86400\n",
        "bellwether_forecast_value{" FREE ",horizon=\"1h\",quantile=\"0.1\"} 1\n",
        "bellwether_forecast_value{" FREE ",horizon=\"1h\",quantile=\"0.5\"} 2\n",
        "bellwether_forecast_value{" FREE ",horizon=\"1h\",quantile=\"0.9\"} 3\n",
        "bellwether_time_to_threshold_seconds{" FREE ",threshold=\"0\",quantile=\"0.1\"} 60\n",
        "bellwether_time_to_threshold_seconds{" FREE ",threshold=\"0\",quantile=\"0.5\"} 120\n",
        "bellwether_time_to_threshold_seconds{" FREE ",threshold=\"0\",quantile=\"0.9\"} +Inf\n",
        "bellwether_threshold_crossing_probability_ratio{" FREE
        ",threshold=\"0\",horizon=\"1h\"} 0.25\n",
    };
    const struct bw_trend_record record = full();
    bw_trend_results_take(set, &record, 1);
    const char *out = metrics(*state);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strstr(out, lines[i]) == NULL)
            fail_msg("no %s in\n%s", lines[i], out);
}

/* Never a NaN, never a made-up number. */
static void what_is_not_known_is_absent(void **state)
{
    const struct bw_trend_record record = empty();
    bw_trend_results_take(set, &record, 1);
    const char *out = metrics(*state);
    assert_non_null(strstr(out, "direction=\"undetermined\"} 1\n"));
    assert_non_null(strstr(out, "bellwether_trend_computed_timestamp_seconds{metric=\"load\""));
    assert_null(strstr(out, "confidence"));
    assert_null(strstr(out, "slope"));
    assert_null(strstr(out, "season"));
    assert_null(strstr(out, "forecast"));
    assert_null(strstr(out, "threshold"));
    assert_null(strstr(out, "NaN"));
}

/* What was known before is not shown beside what is known now. */
static void a_result_takes_the_place_of_the_one_before(void **state)
{
    struct bw_trend_record record = full();
    bw_trend_results_take(set, &record, 1);
    record = empty();
    record.series = 1;
    bw_trend_results_take(set, &record, 2);
    const char *out = metrics(*state);
    assert_null(strstr(out, "forecast"));
    assert_null(strstr(out, "threshold"));
    assert_non_null(strstr(out, "direction=\"undetermined\"} 1\n"));
}

static void a_series_that_is_gone_is_gone(void **state)
{
    const struct bw_trend_record stays = full(), goes = empty();
    bw_trend_results_take(set, &stays, 1);
    bw_trend_results_take(set, &goes, 1);
    bw_trend_results_take(set, &stays, 2);
    bw_trend_results_drop(set, 2);
    assert_non_null(strstr(metrics(*state), "metric=\"load\""));
    bw_trend_results_drop(set, 3);
    const char *out = metrics(*state);
    assert_null(strstr(out, "metric=\"load\""));
    assert_non_null(strstr(out, "metric=\"free_bytes\""));
    struct bw_arena arena;
    const struct bw_trend_record *view;
    bw_arena_init(&arena);
    assert_int_equal(bw_trend_results_view(set, &arena, &view), 1);
    assert_int_equal(view[0].series, 1);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_is_known_is_a_metric, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(what_is_not_known_is_absent, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_result_takes_the_place_of_the_one_before, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(a_series_that_is_gone_is_gone, open_bench, close_bench),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
