// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster.h"

#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void results_are_kept_for_the_charts(void **state)
{
    struct scene *scene = *state;
    const struct bw_subject subject = { "db", "d:1", "port" };
    const struct bw_roster_check *check = bw_roster_check(scene->roster, &subject);
    bench_feed(scene->roster, "db", "d:1", "port", "+!-?");
    static const unsigned char want[] = { BW_HEALTHY, BW_DEGRADED, BW_UNHEALTHY, BW_UNKNOWN };
    assert_int_equal(check->recent_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(bw_view_past_read(check->recent[i]).status, want[i]);
    assert_int_equal(check->last.ts_ms, 1000);
    assert_int_equal(check->last.reason, BW_REASON_LOCAL_LIMIT);
    for (size_t i = 0; i < BW_VIEW_RECENT_MAX; i++)
        bench_feed(scene->roster, "db", "d:1", "port", "+");
    bench_feed(scene->roster, "db", "d:1", "port", "-");
    assert_int_equal(check->recent_count, BW_VIEW_RECENT_MAX);
    const size_t newest = (check->recent_next + BW_VIEW_RECENT_MAX - 1) % BW_VIEW_RECENT_MAX;
    assert_int_equal(bw_view_past_read(check->recent[newest]).status, BW_UNHEALTHY);
    assert_int_equal(bw_view_past_read(check->recent[check->recent_next]).status, BW_HEALTHY);
}

static void a_check_measures_its_health(void **state)
{
    struct scene *scene = *state;
    const struct bw_subject subject = { "db", "d:1", "port" };
    const struct bw_roster_check *check = bw_roster_check(scene->roster, &subject);
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    double value;
    bw_measures_init(&measures, &arena);
    bw_roster_measure_check(check, &measures);
    assert_false(bw_measures_value(&measures, BW_METRIC_HEALTH_SCORE, NULL, &value));
    assert_true(
        bw_measures_value(&measures, BW_METRIC_HEALTH_STATUS, BW_LABEL_VALUES("UNKNOWN"), &value));
    assert_true(value == 1);
    bench_feed(scene->roster, "db", "d:1", "port", "+---");
    bw_measures_init(&measures, &arena);
    bw_roster_measure_check(check, &measures);
    assert_true(bw_measures_value(&measures, BW_METRIC_HEALTH_SCORE, NULL, &value) && value == 0);
    static const struct {
        const char *name;
        double status, entered;
    } want[] = { { "HEALTHY", 0, 1 }, { "UNHEALTHY", 1, 1 }, { "DEGRADED", 0, 0 } };
    for (size_t i = 0; i < 3; i++) {
        const char *const *labels = BW_LABEL_VALUES(want[i].name);
        assert_true(bw_measures_value(&measures, BW_METRIC_HEALTH_STATUS, labels, &value)
                    && value == want[i].status);
        assert_true(bw_measures_value(&measures, BW_METRIC_HEALTH_TRANSITIONS_TOTAL, labels, &value)
                    && value == want[i].entered);
    }
    bw_arena_fini(&arena);
}

/* A status changes when its rule says so, and then once. */
static void a_status_changes_by_its_rule(void **state)
{
    static const struct {
        const char *story;
        bool changed;
        enum bw_status status;
    } steps[] = {
        { "?", false, BW_UNKNOWN },   { "+", true, BW_HEALTHY },    { "--", false, BW_HEALTHY },
        { "+", false, BW_HEALTHY },   { "--", false, BW_HEALTHY },  { "-", true, BW_UNHEALTHY },
        { "-", false, BW_UNHEALTHY }, { "?", false, BW_UNHEALTHY }, { "+", false, BW_UNHEALTHY },
        { "+", true, BW_HEALTHY },
    };
    struct scene *scene = *state;
    const struct bw_subject subject = { "db", "d:1", "port" };
    const struct bw_roster_check *check = bw_roster_check(scene->roster, &subject);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (bench_feed(scene->roster, "db", "d:1", "port", steps[i].story) != steps[i].changed
            || bw_roster_status(check) != steps[i].status)
            fail_msg("step %zu, '%s': %s", i, steps[i].story,
                     bw_status_name(bw_roster_status(check)));
    }
    assert_int_equal(check->entered[BW_HEALTHY], 2);
    assert_int_equal(check->entered[BW_UNHEALTHY], 1);
    assert_int_equal(check->entered[BW_UNKNOWN], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(results_are_kept_for_the_charts),
        IN_SCENE(a_check_measures_its_health),
        IN_SCENE(a_status_changes_by_its_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
