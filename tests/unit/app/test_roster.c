// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster.h"

#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static void a_failure_climbs_to_the_service(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_status(scene, "web"), BW_UNKNOWN);
    bench_feed(scene->roster, "web", "a:1", "port", "+");
    bench_feed(scene->roster, "web", "a:1", "page", "+");
    bench_feed(scene->roster, "web", "b:1", "port", "+");
    assert_true(bench_feed(scene->roster, "web", "b:1", "page", "+"));
    assert_int_equal(scene_status(scene, "web"), BW_HEALTHY);
    scene_expect_events(scene, "status web/a:1/port UNKNOWN>HEALTHY: first answer\n"
                               "status web/a:1/page UNKNOWN>HEALTHY: first answer\n"
                               "status web/b:1/port UNKNOWN>HEALTHY: first answer\n"
                               "status web/b:1/page UNKNOWN>HEALTHY: first answer\n"
                               "status web// UNKNOWN>HEALTHY: \n");
    assert_false(bench_feed(scene->roster, "web", "b:1", "page", "--"));
    scene_expect_events(scene, "");
    assert_true(bench_feed(scene->roster, "web", "b:1", "page", "-"));
    scene_expect_events(
        scene, "status web/b:1/page HEALTHY>UNHEALTHY: connection refused, 3 failures in a row\n"
               "status web// HEALTHY>UNHEALTHY: b:1: page: connection refused\n");
    assert_int_equal(scene_status(scene, "web"), BW_UNHEALTHY);
    assert_true(bw_roster_service(scene->roster, "web")->state.score == 0.75);
    assert_string_equal(bw_roster_service(scene->roster, "web")->state.cause,
                        "b:1: page: connection refused");
    bench_feed(scene->roster, "web", "b:1", "page", "++");
    scene_expect_events(scene, "status web/b:1/page UNHEALTHY>HEALTHY: 2 passes in a row\n"
                               "status web// UNHEALTHY>HEALTHY: \n");
    assert_int_equal(scene_status(scene, "web"), BW_HEALTHY);
}

/* None of many is too many to count, and taking out is as exact as putting in. */
static void every_instance_counts(void **state)
{
    enum { MANY = 5000 };
    struct scene *scene = *state;
    struct bw_roster_service *service = bw_roster_service(scene->roster, "db");
    static char names[MANY][16];
    static struct bw_roster_check *checks[MANY];
    const struct bw_roster_spec like = service->instances->checks->spec;
    for (size_t i = 0; i < MANY; i++) {
        struct bw_roster_spec spec = like;
        snprintf(names[i], sizeof names[i], "many:%zu", i);
        spec.instance = names[i];
        checks[i] = bw_roster_add_check(scene->roster, service, &spec);
        checks[i]->health.status = i + 1 < MANY ? BW_HEALTHY : BW_UNHEALTHY;
    }
    bench_feed(scene->roster, "db", "d:1", "port", "+");
    bw_roster_refresh(scene->roster);
    assert_int_equal(service->instance_count, MANY + 1);
    assert_int_equal(service->state.healthy, MANY);
    assert_int_equal(scene_status(scene, "db"), BW_UNHEALTHY);
    bw_roster_remove_check(scene->roster, checks[MANY - 1]);
    bw_roster_remove_check(scene->roster, checks[7]);
    bw_roster_refresh(scene->roster);
    assert_int_equal(service->state.healthy, MANY - 1);
    assert_int_equal(scene_status(scene, "db"), BW_HEALTHY);
    struct bw_roster_spec again = like;
    again.instance = names[7];
    const struct bw_roster_check *added = bw_roster_add_check(scene->roster, service, &again);
    assert_ptr_equal(added->instance, service->last_instance);
    assert_string_equal(service->last_instance->name, names[7]);
}

/* What is shown of the service and of the instance. */
static void roll_ups_are_on_the_page(void **state)
{
    struct scene *scene = *state;
    struct bw_buf page;
    bw_buf_init(&page, 1u << 16);
    bench_feed(scene->roster, "shop", "s:1", "port", "---");
    bench_page(&scene->bench, "bellwether_health_status{service=\"shop\"", &page);
    bench_page(&scene->bench, "bellwether_health_score", &page);
    assert_string_equal(
        page.data,
        "bellwether_health_status{service=\"shop\",instance=\"\",state=\"UNKNOWN\"} 0\n"
        "bellwether_health_status{service=\"shop\",instance=\"\",state=\"HEALTHY\"} 0\n"
        "bellwether_health_status{service=\"shop\",instance=\"\",state=\"DEGRADED\"} 0\n"
        "bellwether_health_status{service=\"shop\",instance=\"\",state=\"UNHEALTHY\"} 1\n"
        "bellwether_health_status{service=\"shop\",instance=\"s:1\",state=\"UNKNOWN\"} 0\n"
        "bellwether_health_status{service=\"shop\",instance=\"s:1\",state=\"HEALTHY\"} 0\n"
        "bellwether_health_status{service=\"shop\",instance=\"s:1\",state=\"DEGRADED\"} 0\n"
        "bellwether_health_status{service=\"shop\",instance=\"s:1\",state=\"UNHEALTHY\"} 1\n"
        "bellwether_health_score{service=\"shop\",instance=\"\"} 0\n"
        "bellwether_health_score{service=\"shop\",instance=\"s:1\"} 0\n");
    bw_buf_fini(&page);
}

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

static void what_is_needed_is_found_down(void **state)
{
    struct scene *scene = *state;
    assert_null(bw_roster_parent_down(scene->roster, "web"));
    bench_feed(scene->roster, "db", "d:1", "port", "---");
    assert_string_equal(bw_roster_parent_down(scene->roster, "shop"), "db");
    assert_string_equal(bw_roster_parent_down(scene->roster, "web"), "db");
    bench_feed(scene->roster, "shop", "s:1", "port", "---");
    assert_string_equal(bw_roster_parent_down(scene->roster, "web"), "shop");
    assert_null(bw_roster_parent_down(scene->roster, "db"));
    assert_null(bw_roster_parent_down(scene->roster, "no such service"));
    bench_feed(scene->roster, "shop", "s:1", "port", "++");
    bench_feed(scene->roster, "db", "d:1", "port", "++");
    assert_null(bw_roster_parent_down(scene->roster, "web"));
}

static void the_last_check_takes_its_instance_along(void **state)
{
    struct scene *scene = *state;
    struct bw_roster_service *web = bw_roster_service(scene->roster, "web");
    static const struct bw_subject subjects[] = { { "web", "a:1", "page" },
                                                  { "web", "a:1", "port" } };
    bw_roster_remove_check(scene->roster, bw_roster_check(scene->roster, &subjects[0]));
    assert_string_equal(web->instances->name, "a:1");
    bw_roster_remove_check(scene->roster, bw_roster_check(scene->roster, &subjects[1]));
    assert_string_equal(web->instances->name, "b:1");
    assert_null(web->instances->next);
    assert_null(bw_roster_check(scene->roster, &subjects[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_failure_climbs_to_the_service),
        IN_SCENE(every_instance_counts),
        IN_SCENE(roll_ups_are_on_the_page),
        IN_SCENE(results_are_kept_for_the_charts),
        IN_SCENE(a_check_measures_its_health),
        IN_SCENE(what_is_needed_is_found_down),
        IN_SCENE(the_last_check_takes_its_instance_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
