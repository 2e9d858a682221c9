// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/timeline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FROM INT64_C(1700000000000)

/* One second per character. `results`: 'x' is a result, anything else none; NULL: a check
 * without results. `status`: a letter where the status becomes that (H D U ?), in the order of
 * time; a letter in `initial` is how it was before. What comes out is written the same way, a
 * letter for each second counted. */
static const struct {
    const char *name, *results, *initial, *status;
    int healthy, degraded, unhealthy, unknown; /* seconds */
    unsigned incidents;
    int longest;
    char last;
} cases[] = {
    { "always seen, always well", "xxxxxxxxxx", "H", "..........", 10, 0, 0, 0, 0, 0, 'H' },
    { "nothing is known of it", "..........", "?", "..........", 0, 0, 0, 10, 0, 0, '?' },
    { "known of old, but never seen", "..........", "H", "..........", 0, 0, 0, 10, 0, 0, '?' },
    { "one bad time", "xxxxxxxxxx", "H", "...U..H...", 7, 0, 3, 0, 1, 3, 'H' },
    { "two, the second longer", "xxxxxxxxxxxx", "H", ".U.H..U...D.", 4, 2, 6, 0, 2, 4, 'D' },
    { "bad from the beginning", "xxxxxxxxxx", "U", "....H.....", 6, 0, 4, 0, 0, 4, 'H' },
    { "bad until the end", "xxxxxxxxxx", "H", "........U.", 8, 0, 2, 0, 1, 2, 'U' },
    { "told bad twice is one time", "xxxxxxxxxx", "H", "..U..U..H.", 4, 0, 6, 0, 1, 6, 'H' },
    { "a pause of three intervals is bridged", "xxxx..xxxx", "H", "..........", 10, 0, 0, 0, 0, 0,
      'H' },
    { "a pause of four is not", "xxxx...xxx", "H", "..........", 7, 0, 0, 3, 0, 0, 'H' },
    { "a change within the pause counts after it", "xxxx....xxxx", "H", ".....U......", 4, 0, 4, 4,
      1, 4, 'U' },
    { "an incident with a pause in it", "xxxx....xxxx", "H", "..U.......H.", 4, 0, 4, 4, 1, 4,
      'H' },
    { "silent at the end", "xxxxxx....", "H", "..........", 6, 0, 0, 4, 0, 0, '?' },
    { "silent at the beginning", "....xxxxxx", "H", "..........", 6, 0, 0, 4, 0, 0, 'H' },
    { "unknown by its own word", "xxxxxxxxxx", "H", "...?..H...", 7, 0, 0, 3, 0, 0, 'H' },
    { "no results to go by", NULL, "?", "..H...D.U.", 4, 2, 2, 2, 1, 2, 'U' },
};

/* The same of jobs that say how often they report; `before`: seconds since they did last. */
static const struct {
    const char *name;
    int interval, before;
    const char *results, *initial, *status;
    int healthy, unhealthy, unknown;
} jobs[] = {
    { "one report in the range, and one before", 8, 4, "....x.....", "H", "..........", 10, 0, 0 },
    { "none in the range", 20, 5, "..........", "H", "..........", 10, 0, 0 },
    { "none in the range, and none for long", 2, 9, "..........", "H", "..........", 0, 0, 10 },
    { "none in the range, within three intervals", 6, 4, "..........", "H", "..........", 10, 0,
      0 },
    { "a report of old is good for its interval", 3, 1, "............", "H", "............", 2, 0,
      10 },
    { "the first ever, near the beginning", 5, 0, "...x......", "H", "..........", 7, 0, 3 },
    { "the first ever is a change", 5, 0, "...x......", "?", "...H......", 7, 0, 3 },
    { "late, and told so", 8, 4, "....x.....", "H", ".......U..", 7, 3, 0 },
    { "more often than it says", 8, 1, "x.x.x.x.x.", "H", "..........", 10, 0, 0 },
};

static enum bw_status status_of(char letter)
{
    const char *at = strchr("?HDU", letter);
    return (enum bw_status)(at - "?HDU");
}

static size_t read_points(const char *results, struct bw_point *points)
{
    size_t n = 0;
    for (int64_t i = 0; results != NULL && results[i] != '\0'; i++) {
        if (results[i] == 'x')
            points[n++] = (struct bw_point){ FROM + i * 1000, 1 };
    }
    return n;
}

static size_t read_changes(const char *status, struct bw_report_change *changes)
{
    size_t n = 0;
    for (int64_t i = 0; status[i] != '\0'; i++) {
        if (status[i] != '.')
            changes[n++] = (struct bw_report_change){ .ts_ms = FROM + i * 1000,
                                                      .id = i + 1,
                                                      .to = status_of(status[i]) };
    }
    return n;
}

static void expect_seconds(const char *name, const char *what, double ratio, int want, size_t all)
{
    const double got = ratio * (double)all;
    if (fabs(got - want) > 1e-9)
        fail_msg("%s: %s for %.9g s, not %d", name, what, got, want);
}

static void expect_number(const char *name, const char *what, int64_t got, int64_t want)
{
    if (got != want)
        fail_msg("%s: %s %lld, not %lld", name, what, (long long)got, (long long)want);
}

static void stories_are_counted_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_point points[64];
        struct bw_report_change changes[64];
        struct bw_report_check check = { .runs = 0 };
        const char *name = cases[i].name;
        const size_t all = strlen(cases[i].status);
        const struct bw_report_timeline timeline = { .changes = changes,
                                                     .count =
                                                         read_changes(cases[i].status, changes),
                                                     .initial = status_of(cases[i].initial[0]),
                                                     .from_ms = FROM,
                                                     .to_ms = FROM + (int64_t)all * 1000 };
        bw_report_spend(&timeline, points, read_points(cases[i].results, points), 3600000,
                        cases[i].results == NULL, &check);
        expect_seconds(name, "healthy", check.time.healthy_ratio, cases[i].healthy, all);
        expect_seconds(name, "degraded", check.time.degraded_ratio, cases[i].degraded, all);
        expect_seconds(name, "unhealthy", check.time.unhealthy_ratio, cases[i].unhealthy, all);
        expect_seconds(name, "unknown", check.time.unknown_ratio, cases[i].unknown, all);
        expect_number(name, "incidents", check.incidents, cases[i].incidents);
        expect_number(name, "downtime", check.downtime_ms, cases[i].unhealthy * 1000);
        expect_number(name, "longest", check.longest_ms, cases[i].longest * 1000);
        expect_number(name, "status", check.status, status_of(cases[i].last));
    }
}

static void jobs_are_known_as_long_as_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        struct bw_point points[64];
        struct bw_report_change changes[64];
        struct bw_report_check check = { .runs = 0 };
        const size_t all = strlen(jobs[i].status);
        const struct bw_report_timeline timeline = {
            .changes = changes,
            .count = read_changes(jobs[i].status, changes),
            .initial = status_of(jobs[i].initial[0]),
            .from_ms = FROM,
            .to_ms = FROM + (int64_t)all * 1000,
            .interval_ms = (int64_t)jobs[i].interval * 1000,
            .before_ms = jobs[i].before > 0 ? FROM - (int64_t)jobs[i].before * 1000 : 0,
        };
        bw_report_spend(&timeline, points, read_points(jobs[i].results, points), 3600000, false,
                        &check);
        expect_seconds(jobs[i].name, "healthy", check.time.healthy_ratio, jobs[i].healthy, all);
        expect_seconds(jobs[i].name, "unhealthy", check.time.unhealthy_ratio, jobs[i].unhealthy,
                       all);
        expect_seconds(jobs[i].name, "unknown", check.time.unknown_ratio, jobs[i].unknown, all);
    }
}

/* Down from 10 s to 40 s; blind before, over its end, and where there are no results. */
static void blind_time_is_unknown(void **state)
{
    (void)state;
    static const struct bw_report_spell blind[] = { { FROM + 2000, FROM + 5000 },
                                                    { FROM + 30000, FROM + 45000 },
                                                    { FROM + 55000, FROM + 60000 } };
    const struct bw_report_change changes[] = {
        { .ts_ms = FROM + 10000, .id = 1, .from = BW_HEALTHY, .to = BW_UNHEALTHY },
        { .ts_ms = FROM + 40000, .id = 2, .from = BW_UNHEALTHY, .to = BW_HEALTHY },
    };
    const struct bw_report_timeline timeline = { .changes = changes,
                                                 .count = 2,
                                                 .initial = BW_HEALTHY,
                                                 .from_ms = FROM,
                                                 .to_ms = FROM + 60000,
                                                 .blind = blind,
                                                 .blind_count = 3 };
    struct bw_point points[60];
    struct bw_report_check check = { .runs = 0 };
    for (int64_t i = 0; i < 60; i++)
        points[i] = (struct bw_point){ FROM + i * 1000, 1 };
    bw_report_spend(&timeline, points, 60, 3600000, false, &check);
    expect_seconds("blind", "unknown", check.time.unknown_ratio, 23, 60);
    expect_seconds("blind", "unhealthy", check.time.unhealthy_ratio, 20, 60);
    expect_seconds("blind", "healthy", check.time.healthy_ratio, 17, 60);
    expect_number("blind", "downtime", check.downtime_ms, 20000);
    expect_number("blind", "longest", check.longest_ms, 20000);
    expect_number("blind", "incidents", check.incidents, 1);
    expect_number("blind", "status", check.status, BW_UNKNOWN);
    assert_true(fabs(check.available_ratio - 17.0 / 37) < 1e-12);
}

/* The same, an M for every second in maintenance. */
static const struct {
    const char *name, *results, *status, *maintenance;
    int healthy, unhealthy, unknown, maintained; /* seconds */
    unsigned incidents;
    int longest;
} maintained[] = {
    { "all of an incident", "xxxxxxxxxx", "..U..H....", ".MMMMMM...", 4, 0, 0, 6, 0, 0 },
    { "it went on after it", "xxxxxxxxxx", "..U.....H.", ".MMM......", 3, 4, 0, 3, 1, 4 },
    { "it had begun before", "xxxxxxxxxx", "..U.....H.", "....MM....", 4, 4, 0, 2, 1, 4 },
    { "nobody looked in it", "xx......xx", "..........", "..MMMMMM..", 4, 0, 0, 6, 0, 0 },
    { "nobody looked around it", "..........", "..........", "..MMMMMM..", 0, 0, 4, 6, 0, 0 },
    { "one in it, one after", "xxxxxxxxxx", ".UH..UH...", "MMM.......", 6, 1, 0, 3, 1, 1 },
    { "twice", "xxxxxxxxxx", "..U.......", ".MMM...MMM", 1, 3, 0, 6, 1, 3 },
};

static size_t read_spells(const char *text, struct bw_report_spell *spells)
{
    size_t n = 0;
    for (int64_t i = 0; text[i] != '\0'; i++) {
        if (text[i] != 'M')
            continue;
        if (i == 0 || text[i - 1] != 'M')
            spells[n++].from_ms = FROM + i * 1000;
        spells[n - 1].to_ms = FROM + (i + 1) * 1000;
    }
    return n;
}

static void maintenance_is_neither_up_nor_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof maintained / sizeof *maintained; i++) {
        struct bw_point points[16];
        struct bw_report_change changes[16];
        struct bw_report_spell spells[16];
        struct bw_report_check check = { .runs = 0 };
        const char *name = maintained[i].name;
        const struct bw_report_timeline timeline = {
            .changes = changes,
            .count = read_changes(maintained[i].status, changes),
            .initial = BW_HEALTHY,
            .from_ms = FROM,
            .to_ms = FROM + 10000,
            .maintenance = spells,
            .maintenance_count = read_spells(maintained[i].maintenance, spells),
        };
        bw_report_spend(&timeline, points, read_points(maintained[i].results, points), 3600000,
                        false, &check);
        expect_seconds(name, "healthy", check.time.healthy_ratio, maintained[i].healthy, 10);
        expect_seconds(name, "unhealthy", check.time.unhealthy_ratio, maintained[i].unhealthy, 10);
        expect_seconds(name, "unknown", check.time.unknown_ratio, maintained[i].unknown, 10);
        expect_seconds(name, "maintained", check.time.maintenance_ratio, maintained[i].maintained,
                       10);
        expect_number(name, "incidents", check.incidents, maintained[i].incidents);
        expect_number(name, "downtime", check.downtime_ms, maintained[i].unhealthy * 1000);
        expect_number(name, "longest", check.longest_ms, maintained[i].longest * 1000);
        for (int64_t k = 0; k < 10; k++) {
            const uint8_t part = check.strip[k * BW_REPORT_STRIP_PARTS / 10];
            const bool marked = maintained[i].maintenance[k] == 'M';
            if (marked != (part == BW_REPORT_STRIP_MAINTENANCE))
                fail_msg("%s: second %d of the strip is %d", name, (int)k, part);
        }
    }
}

static void five_shares_add_up_to_one(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 200; round++) {
        struct bw_point points[500];
        struct bw_report_change changes[50];
        struct bw_report_check check = { .runs = 0 };
        size_t n = 0, changed = 0;
        int64_t at_ms = FROM - 5000;
        for (; n < 500; n++) {
            at_ms += 700 + rand() % 600 + (rand() % 40 == 0 ? 9000 : 0);
            points[n] = (struct bw_point){ at_ms, 1 };
            if (at_ms >= FROM && at_ms < FROM + 400000 && changed < 50 && rand() % 8 == 0)
                changes[changed++] =
                    (struct bw_report_change){ .ts_ms = at_ms,
                                               .to = (enum bw_status)(rand() % BW_STATUS_COUNT) };
        }
        const struct bw_report_timeline timeline = { .changes = changes,
                                                     .count = changed,
                                                     .initial = BW_HEALTHY,
                                                     .from_ms = FROM,
                                                     .to_ms = FROM + 400000 };
        bw_report_spend(&timeline, points, n, 3600000, false, &check);
        const struct bw_report_time *t = &check.time;
        const double sum = t->healthy_ratio + t->degraded_ratio + t->unhealthy_ratio
                           + t->unknown_ratio + t->maintenance_ratio;
        assert_true(fabs(sum - 1) < 1e-12);
        assert_true(check.longest_ms <= check.downtime_ms);
    }
}

static void availability_is_of_the_known_time(void **state)
{
    (void)state;
    struct bw_point points[64];
    struct bw_report_change changes[64];
    struct bw_report_check check = { .runs = 0 };
    struct bw_report_timeline timeline = { .changes = changes,
                                           .count = read_changes("..U.D...............", changes),
                                           .initial = BW_HEALTHY,
                                           .from_ms = FROM,
                                           .to_ms = FROM + 20000 };
    bw_report_spend(&timeline, points, read_points("xxxxxxxxxx..........", points), 3600000, false,
                    &check);
    assert_true(fabs(check.available_ratio - 0.8) < 1e-12); /* 2 + 6 of 10 s */
    assert_true(fabs(check.time.unknown_ratio - 0.5) < 1e-12);

    check = (struct bw_report_check){ .runs = 0 };
    bw_report_spend(&timeline, points, 0, 3600000, false, &check);
    assert_true(isnan(check.available_ratio));
}

static void the_result_before_the_range_counts(void **state)
{
    (void)state;
    /* Every 10 s, the last one 5 s before the range: known from the beginning. */
    const struct bw_point points[] = {
        { FROM - 15000, 1 }, { FROM - 5000, 1 }, { FROM + 5000, 1 }, { FROM + 15000, 1 }
    };
    const struct bw_report_timeline timeline = { .initial = BW_HEALTHY,
                                                 .from_ms = FROM,
                                                 .to_ms = FROM + 20000 };
    struct bw_report_check check = { .runs = 0 };
    bw_report_spend(&timeline, points, 4, 3600000, false, &check);
    assert_true(check.time.healthy_ratio == 1);
    check = (struct bw_report_check){ .runs = 0 };
    bw_report_spend(&timeline, points + 2, 2, 3600000, false, &check);
    assert_true(check.time.unknown_ratio == 0.25);
}

static void a_slow_check_is_known_before_its_first_result(void **state)
{
    (void)state;
    /* Once a day, and nobody looked further back than an hour. */
    const int64_t day = 86400000;
    const struct bw_point points[] = { { FROM + day / 2, 1 }, { FROM + day + day / 2, 1 } };
    const struct bw_report_timeline timeline = { .initial = BW_HEALTHY,
                                                 .from_ms = FROM,
                                                 .to_ms = FROM + 2 * day };
    struct bw_report_check check = { .runs = 0 };
    bw_report_spend(&timeline, points, 2, 3600000, false, &check);
    assert_true(check.time.healthy_ratio == 1);
}

static void strip_shows_the_worst_of_each_part(void **state)
{
    (void)state;
    struct bw_report_change changes[] = {
        { .ts_ms = FROM + 10500, .to = BW_UNHEALTHY },
        { .ts_ms = FROM + 10600, .to = BW_DEGRADED },
        { .ts_ms = FROM + 12000, .to = BW_HEALTHY },
        { .ts_ms = FROM + 59000, .to = BW_UNKNOWN },
    };
    const struct bw_report_timeline timeline = { .changes = changes,
                                                 .count = 4,
                                                 .initial = BW_HEALTHY,
                                                 .from_ms = FROM,
                                                 .to_ms = FROM + 60000 };
    struct bw_report_check check = { .runs = 0 };
    char told[BW_REPORT_STRIP_PARTS + 1] = "";
    bw_report_spend(&timeline, NULL, 0, 0, true, &check);
    for (size_t i = 0; i < BW_REPORT_STRIP_PARTS; i++)
        told[i] = "?HDU"[check.strip[i]];
    assert_string_equal(told, "HHHHHHHHHHUDHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH?");
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void quantiles_are_those_of_the_sorted_values(void **state)
{
    (void)state;
    double values[200], sorted[200];
    srand(11);
    for (size_t n = 1; n <= 200; n++) {
        for (size_t i = 0; i < n; i++)
            values[i] = sorted[i] = rand() % (n % 3 == 0 ? 5 : 100000);
        qsort(sorted, n, sizeof *sorted, by_value);
        for (int p = 0; p <= 20; p++) {
            const double ratio = p / 20.0;
            const double rank = ceil(ratio * (double)n);
            const double want = sorted[rank < 1 ? 0 : (size_t)rank - 1];
            assert_true(bw_report_quantile(values, n, ratio) == want);
        }
    }
    assert_true(isnan(bw_report_quantile(values, 0, 0.5)));
}

static void interval_is_the_median_distance(void **state)
{
    (void)state;
    const struct bw_point points[] = { { 0, 0 },     { 15000, 0 }, { 30000, 0 },
                                       { 31000, 0 }, { 90000, 0 }, { 105000, 0 } };
    assert_int_equal(bw_report_interval_ms(points, 6), 15000);
    assert_int_equal(bw_report_interval_ms(points, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_are_counted_as_told),
        cmocka_unit_test(jobs_are_known_as_long_as_they_say),
        cmocka_unit_test(blind_time_is_unknown),
        cmocka_unit_test(maintenance_is_neither_up_nor_down),
        cmocka_unit_test(five_shares_add_up_to_one),
        cmocka_unit_test(availability_is_of_the_known_time),
        cmocka_unit_test(the_result_before_the_range_counts),
        cmocka_unit_test(a_slow_check_is_known_before_its_first_result),
        cmocka_unit_test(strip_shows_the_worst_of_each_part),
        cmocka_unit_test(quantiles_are_those_of_the_sorted_values),
        cmocka_unit_test(interval_is_the_median_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
