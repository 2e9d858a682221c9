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

/* A service that is down already is told no second time, and is up when all of it is. */
static void a_service_is_told_once(void **state)
{
    struct scene *scene = *state;
    bench_feed(scene->roster, "web", "a:1", "port", "---");
    scene_expect_events(
        scene, "status web/a:1/port UNKNOWN>UNHEALTHY: connection refused, 3 failures in a row\n"
               "status web// UNKNOWN>UNHEALTHY: a:1: port: connection refused\n");
    bench_feed(scene->roster, "web", "b:1", "port", "---");
    scene_expect_events(
        scene, "status web/b:1/port UNKNOWN>UNHEALTHY: connection refused, 3 failures in a row\n");
    bench_feed(scene->roster, "web", "a:1", "port", "++");
    scene_expect_events(scene, "status web/a:1/port UNHEALTHY>HEALTHY: 2 passes in a row\n");
    assert_int_equal(scene_status(scene, "web"), BW_UNHEALTHY);
    bench_feed(scene->roster, "web", "b:1", "port", "++");
    assert_true(scene_status(scene, "web") != BW_UNHEALTHY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_failure_climbs_to_the_service),
        IN_SCENE(every_instance_counts),
        IN_SCENE(roll_ups_are_on_the_page),
        IN_SCENE(a_service_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
