// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/aggregate.h"

#include <math.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define DAY_S 86400.0

enum { SERIES_MAX = 4 };

/* A series in short: its name, where it goes, and its limit. */
struct told {
    const char *metric;
    struct bw_label labels[3];
    enum bw_direction direction;
    double per_day; /* of a last value of 100 */
    int side;
    double p10_s, p50_s, p90_s;
    double crossing; /* within the farthest horizon */
};

/* Foreseen for a day. */
static struct bw_trend_record record_of(const struct told *told, uint32_t series)
{
    struct bw_trend_record record = { .series = series,
                                      .metric = told->metric,
                                      .labels = { told->labels, 0 },
                                      .direction = told->direction,
                                      .last_value = 100,
                                      .slope_per_second = told->per_day / DAY_S,
                                      .last_ms = 10 * DAY_MS,
                                      .side = told->side,
                                      .threshold = told->side != 0 ? 0 : NAN,
                                      .time_to_p10_s = told->side != 0 ? told->p10_s : NAN,
                                      .time_to_p50_s = told->side != 0 ? told->p50_s : NAN,
                                      .time_to_p90_s = told->side != 0 ? told->p90_s : NAN,
                                      .horizon_count = 2,
                                      .horizons = { { DAY_MS / 24, 1, 1, 1, NAN },
                                                    { DAY_MS, 1, 1, 1, NAN } } };
    while (record.labels.count < 3 && told->labels[record.labels.count].name != NULL)
        record.labels.count++;
    record.horizons[0].crossing_ratio = told->side != 0 ? told->crossing / 2 : NAN;
    record.horizons[1].crossing_ratio = told->side != 0 ? told->crossing : NAN;
    return record;
}

#define AVAIL "node_filesystem_avail_bytes"
#define TOOK "probe_duration_seconds"
#define OF(mount)                                                                                  \
    {                                                                                              \
        { "instance", "db1" }, { "mountpoint", mount },                                            \
        {                                                                                          \
            "service", "shop"                                                                      \
        }                                                                                          \
    }
#define CHECK(name)                                                                                \
    {                                                                                              \
        { "check", name }, { "instance", "a:1" },                                                  \
        {                                                                                          \
            "service", "shop"                                                                      \
        }                                                                                          \
    }

static const struct {
    const char *name;
    struct told told[SERIES_MAX];
    enum bw_heading heading;
    int driver; /* index, -1: none */
    double least, most;
    const char *words;
} stories[] = {
    { "the first to reach its limit drives",
      { { AVAIL, OF("/"), BW_FALLING, -5, -1, 9 * DAY_S, 9 * DAY_S, 9 * DAY_S, 0.25 },
        { AVAIL, OF("/var"), BW_FALLING, -2, -1, 2 * DAY_S, 3 * DAY_S, 6 * DAY_S, 0.5 },
        { TOOK, CHECK("api"), BW_RISING, 300, 0, 0, 0, 0, 0 } },
      BW_HEADING_WORSENING,
      1,
      0.5,
      0.75,
      "heads for its limit in 3d (2d to 6d), driven by node_filesystem_avail_bytes of /var on"
      " db1" },
    { "an end that is not foreseen is said",
      { { AVAIL, OF("/"), BW_FALLING, -5, -1, 2 * DAY_S, 4 * DAY_S, INFINITY, 0.1 } },
      BW_HEADING_WORSENING,
      0,
      0.1,
      0.1,
      "heads for its limit in 4d (2d or later), driven by node_filesystem_avail_bytes of / on"
      " db1" },
    { "beyond it already",
      { { AVAIL, OF("/"), BW_FALLING, -5, -1, 2 * DAY_S, 4 * DAY_S, INFINITY, 0.1 },
        { AVAIL, OF("/tmp"), BW_FLAT, 0, -1, 0, 0, 0, 1 } },
      BW_HEADING_WORSENING,
      1,
      1,
      1,
      "is beyond its limit: node_filesystem_avail_bytes of /tmp on db1" },
    { "without limits the largest change for the worse",
      { { TOOK, CHECK("api"), BW_RISING, 20, 0, 0, 0, 0, 0 },
        { TOOK, CHECK("page"), BW_RISING, 45, 0, 0, 0, 0, 0 },
        { "probe_success", CHECK("page"), BW_RISING, 90, 0, 0, 0, 0, 0 } },
      BW_HEADING_WORSENING,
      1,
      0,
      0,
      "is getting worse: probe_duration_seconds of page on a:1 rises by 45 % within 1d" },
    { "better is only what nothing gainsays",
      { { TOOK, CHECK("api"), BW_FALLING, -30, 0, 0, 0, 0, 0 },
        { TOOK, CHECK("page"), BW_FALLING, -2, 0, 0, 0, 0, 0 } },
      BW_HEADING_IMPROVING,
      0,
      0,
      0,
      "is getting better: probe_duration_seconds of api on a:1 falls by 30 % within 1d" },
    { "worse outweighs better, whatever comes first",
      { { TOOK, CHECK("api"), BW_FALLING, -80, 0, 0, 0, 0, 0 },
        { TOOK, CHECK("page"), BW_RISING, 1500, 0, 0, 0, 0, 0 } },
      BW_HEADING_WORSENING,
      1,
      0,
      0,
      "is getting worse: probe_duration_seconds of page on a:1 rises tenfold or more within 1d" },
    { "a few per cent are steady",
      { { TOOK, CHECK("api"), BW_RISING, 9, 0, 0, 0, 0, 0 },
        { TOOK, CHECK("page"), BW_FLAT, 0, 0, 0, 0, 0, 0 },
        { AVAIL, OF("/"), BW_FLAT, 0, -1, INFINITY, INFINITY, INFINITY, 0.002 } },
      BW_HEADING_STEADY,
      -1,
      0.002,
      0.002,
      "is steady: none of 3 series moves by a tenth" },
    { "what is neither good nor bad says nothing",
      { { "app_requests_total", CHECK("api"), BW_RISING, 500, 0, 0, 0, 0, 0 } },
      BW_HEADING_UNKNOWN,
      -1,
      0,
      0,
      "is not known to head anywhere yet" },
    { "what is undetermined says nothing",
      { { TOOK, CHECK("api"), BW_UNDETERMINED, 500, 0, 0, 0, 0, 0 } },
      BW_HEADING_UNKNOWN,
      -1,
      0,
      0,
      "is not known to head anywhere yet" },
    { "a chance that is not known may be any",
      { { AVAIL, OF("/"), BW_FLAT, 0, -1, INFINITY, INFINITY, INFINITY, 0.25 },
        { AVAIL, OF("/var"), BW_UNDETERMINED, 0, -1, NAN, NAN, NAN, NAN } },
      BW_HEADING_STEADY,
      -1,
      0.25,
      1,
      "is steady: none of 1 series moves by a tenth" },
    { "bounds do not go beyond certainty",
      { { AVAIL, OF("/"), BW_FLAT, 0, -1, INFINITY, INFINITY, INFINITY, 0.75 },
        { AVAIL, OF("/var"), BW_FLAT, 0, -1, INFINITY, INFINITY, INFINITY, 0.75 } },
      BW_HEADING_STEADY,
      -1,
      0.75,
      1,
      "is steady: none of 2 series moves by a tenth" },
};

static void services_go_where_their_series_do(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof stories / sizeof *stories; k++) {
        struct bw_trend_record records[SERIES_MAX];
        struct bw_service_trend *services;
        struct bw_arena arena;
        struct bw_buf words;
        size_t count = 0;
        bw_arena_init(&arena);
        bw_buf_init(&words, 1000);
        for (; count < SERIES_MAX && stories[k].told[count].metric != NULL; count++)
            records[count] = record_of(&stories[k].told[count], (uint32_t)count + 1);
        assert_int_equal(bw_trend_aggregate(&arena, records, count, NULL, &services), 1);
        assert_string_equal(services->service, "shop");
        const int driver = services->driver == NULL ? -1 : (int)(services->driver->series - 1);
        if (services->heading != stories[k].heading || driver != stories[k].driver)
            fail_msg("%s: %s by %d", stories[k].name, bw_heading_name(services->heading), driver);
        assert_true(fabs(services->crossing_least - stories[k].least) < 1e-12);
        assert_true(fabs(services->crossing_most - stories[k].most) < 1e-12);
        bw_service_trend_say(&words, services);
        assert_string_equal(words.data, stories[k].words);
        bw_buf_fini(&words);
        bw_arena_fini(&arena);
    }
}

static void services_are_kept_apart(void **state)
{
    (void)state;
    static const struct told told[] = {
        { TOOK, { { "service", "b" } }, BW_RISING, 90, 0, 0, 0, 0, 0 },
        { TOOK, { { "service", "a" } }, BW_FALLING, -90, 0, 0, 0, 0, 0 },
        { TOOK, { { NULL, NULL } }, BW_FLAT, 0, 0, 0, 0, 0, 0 },
        { TOOK, { { "service", "b" } }, BW_FLAT, 0, 0, 0, 0, 0, 0 },
    };
    struct bw_trend_record records[4];
    struct bw_service_trend *services;
    struct bw_arena arena;
    bw_arena_init(&arena);
    for (uint32_t i = 0; i < 4; i++)
        records[i] = record_of(&told[i], i + 1);
    assert_int_equal(bw_trend_aggregate(&arena, records, 4, NULL, &services), 3);
    assert_string_equal(services[0].service, "");
    assert_int_equal(services[0].heading, BW_HEADING_STEADY);
    assert_string_equal(services[1].service, "a");
    assert_int_equal(services[1].heading, BW_HEADING_IMPROVING);
    assert_string_equal(services[2].service, "b");
    assert_int_equal(services[2].heading, BW_HEADING_WORSENING);
    assert_int_equal(services[2].series, 2);
    assert_int_equal(bw_trend_aggregate(&arena, records, 4, "b", &services), 1);
    assert_int_equal(services[0].judged, 2);
    assert_int_equal(bw_trend_aggregate(&arena, records, 4, "c", &services), 0);
    assert_int_equal(bw_trend_aggregate(&arena, NULL, 0, NULL, &services), 0);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_go_where_their_series_do),
        cmocka_unit_test(services_are_kept_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
