// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_keep.h"
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct bw_roster_check *seat(struct scene *scene, const char *service, const char *instance,
                                    const char *name)
{
    return bw_roster_check(scene->roster, &(struct bw_subject){ service, instance, name });
}

static void cover_all(struct scene *scene)
{
    static const char *const all[][3] = { { "web", "a:1", "port" },
                                          { "web", "a:1", "page" },
                                          { "web", "b:1", "port" },
                                          { "web", "b:1", "page" },
                                          { "shop", "s:1", "port" } };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        seat(scene, all[i][0], all[i][1], all[i][2])->spec.covered = true;
        bench_feed(scene->roster, all[i][0], all[i][1], all[i][2], "+");
    }
    bench_feed(scene->roster, "db", "d:1", "port", "+"); /* sees for itself */
    bw_core_free_events(&scene->bench.core);
}

static void set_sight(struct scene *scene, bool blind)
{
    struct bw_core_sight *sight = &scene->bench.core.sight;
    *sight = (struct bw_core_sight){ .blind = blind,
                                     .spells = sight->spells + 1,
                                     .since_ms = bw_core_now_ms(&scene->bench.core) };
    strcpy(sight->cause, blind ? "we cannot see: nobody answers" : "");
    if (blind)
        bw_roster_veil(scene->roster);
}

/* A result of a run that took place while we were blind. */
static void feed_unseen(struct scene *scene, struct bw_roster_check *check)
{
    const struct bw_outcome outcome = bw_outcome_of(BW_REASON_CONNECT_TIMEOUT, "");
    const struct bw_roster_result result = {
        .ts_ms = 1000, .duration_s = 1, .reason = outcome.reason, .attempts = 1, .unseen = true
    };
    assert_false(bw_roster_feed(scene->roster, check, &outcome, &result));
}

static void blindness_is_unknown_and_not_told(void **state)
{
    struct scene *scene = *state;
    struct bw_roster_check *check = seat(scene, "web", "a:1", "port");
    cover_all(scene);
    bench_feed(scene->roster, "web", "a:1", "port", "--");
    set_sight(scene, true);
    assert_true(bw_roster_has_veiled(scene->roster));
    assert_int_equal(bw_roster_status(check), BW_UNKNOWN);
    assert_string_equal(bw_roster_cause(scene->roster, check), "we cannot see: nobody answers");
    assert_int_equal(scene_status(scene, "web"), BW_UNKNOWN);
    assert_int_equal(scene_status(scene, "shop"), BW_UNKNOWN);
    assert_int_equal(scene_status(scene, "db"), BW_HEALTHY);
    for (int i = 0; i < 5; i++)
        feed_unseen(scene, check);
    assert_int_equal(check->health.status, BW_HEALTHY);
    assert_int_equal(bw_view_past_read(check->recent[check->recent_next - 1]).status, BW_UNKNOWN);
    set_sight(scene, false);
    assert_int_equal(bw_roster_status(check), BW_UNKNOWN);
    scene_expect_events(scene, "");
    static const char *const names[][2] = {
        { "a:1", "port" }, { "a:1", "page" }, { "b:1", "port" }, { "b:1", "page" }
    };
    for (size_t i = 0; i < 4; i++)
        bench_feed(scene->roster, "web", names[i][0], names[i][1], "+");
    assert_int_equal(scene_status(scene, "web"), BW_HEALTHY);
    assert_int_equal(scene_status(scene, "shop"), BW_UNKNOWN);
    scene_expect_events(scene, "");
    bench_feed(scene->roster, "shop", "s:1", "port", "---");
    scene_expect_events(
        scene, "status shop/s:1/port HEALTHY>UNHEALTHY: connection refused, 3 failures in a "
               "row\nstatus shop// HEALTHY>UNHEALTHY: s:1: port: connection refused\n");
    assert_false(bw_roster_has_veiled(scene->roster));
}

/* What sees for itself is told as ever, on its own and, when it is worse, for its service. */
static void who_sees_for_himself_is_told(void **state)
{
    struct scene *scene = *state;
    cover_all(scene);
    seat(scene, "web", "b:1", "page")->spec.covered = false;
    set_sight(scene, true);
    bench_feed(scene->roster, "db", "d:1", "port", "---");
    bench_feed(scene->roster, "web", "b:1", "page", "---");
    bench_feed(scene->roster, "web", "b:1", "page", "++");
    scene_expect_events(
        scene, "status db/d:1/port HEALTHY>UNHEALTHY: connection refused, 3 failures in a row\n"
               "status db// HEALTHY>UNHEALTHY: d:1: port: connection refused\n"
               "status web/b:1/page HEALTHY>UNHEALTHY: connection refused, 3 failures in a row\n"
               "status web// HEALTHY>UNHEALTHY: b:1: page: connection refused\n"
               "status web/b:1/page UNHEALTHY>HEALTHY: 2 passes in a row\n");
    set_sight(scene, false);
    bench_feed(scene->roster, "web", "a:1", "port", "+");
    bench_feed(scene->roster, "web", "a:1", "page", "+");
    scene_expect_events(scene, "");
    bench_feed(scene->roster, "web", "b:1", "port", "+");
    scene_expect_events(scene, "status web// UNHEALTHY>HEALTHY: \n");
}

static void a_reload_keeps_the_veil(void **state)
{
    struct scene *scene = *state;
    cover_all(scene);
    set_sight(scene, true);
    struct bw_roster *anew = bw_roster_new(&scene->bench.core);
    for (size_t i = 0; i < scene->bench.config->service_count; i++)
        bw_roster_add_service(anew, &scene->bench.config->services[i]);
    for (int covered = 0; covered < 2; covered++) {
        const struct bw_roster_spec spec = { .service = "web",
                                             .instance = "a:1",
                                             .name = covered ? "port" : "page",
                                             .kind = "tcp",
                                             .target = "a:1",
                                             .module = "",
                                             .weight = 1,
                                             .rule = bw_health_rule_default,
                                             .interval_ms = 1000,
                                             .covered = covered != 0 };
        bw_roster_add_check(anew, bw_roster_service(anew, "web"), &spec);
    }
    bw_roster_adopt(anew, scene->roster);
    bw_roster_free(scene->roster);
    scene->roster = anew;
    bw_roster_settle(anew);
    assert_int_equal(bw_roster_status(seat(scene, "web", "a:1", "port")), BW_UNKNOWN);
    assert_int_equal(bw_roster_status(seat(scene, "web", "a:1", "page")), BW_HEALTHY);
    bw_roster_remove_check(anew, seat(scene, "web", "a:1", "port"));
    assert_false(bw_roster_has_veiled(anew));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(blindness_is_unknown_and_not_told),
        IN_SCENE(who_sees_for_himself_is_told),
        IN_SCENE(a_reload_keeps_the_veil),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
