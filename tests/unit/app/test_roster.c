// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster.h"

#include "fixture.h"
#include "store/reader.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two instances of one check each, and a service that needs another that needs a third. */
static const char three_tiers[] =
    "services:\n"
    "- {name: web, instances: ['a:1', 'b:1'], depends_on: [shop], labels: {team: x},\n"
    "   checks: [{name: port, tcp: '${instance}'}, {name: page, http: 'http://${instance}/'}]}\n"
    "- {name: shop, depends_on: [db], checks: [{name: port, tcp: 's:1'}]}\n"
    "- {name: db, checks: [{name: port, tcp: 'd:1'}]}\n";

struct scene {
    struct bench bench;
    struct bw_roster *roster;
};

static int raise_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    bench_make(&scene->bench, three_tiers, false);
    scene->roster = bench_roster(&scene->bench, scene->bench.config);
    *state = scene;
    return 0;
}

static int strike_scene(void **state)
{
    struct scene *scene = *state;
    bw_roster_free(scene->roster);
    bench_remove(&scene->bench);
    free(scene);
    return 0;
}

static void expect_events(struct scene *scene, const char *want)
{
    struct bw_buf said;
    bw_buf_init(&said, 1u << 16);
    bench_events(&scene->bench, &said);
    assert_string_equal(said.data, want);
    bw_buf_fini(&said);
}

static enum bw_status status_of(struct scene *scene, const char *service)
{
    return bw_roster_service(scene->roster, service)->state.status;
}

static void a_failure_climbs_to_the_service(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(status_of(scene, "web"), BW_UNKNOWN);
    bench_feed(scene->roster, "web", "a:1", "port", "+");
    bench_feed(scene->roster, "web", "a:1", "page", "+");
    bench_feed(scene->roster, "web", "b:1", "port", "+");
    assert_true(bench_feed(scene->roster, "web", "b:1", "page", "+"));
    assert_int_equal(status_of(scene, "web"), BW_HEALTHY);
    expect_events(scene, "status web/a:1/port UNKNOWN>HEALTHY: first answer\n"
                         "status web/a:1/page UNKNOWN>HEALTHY: first answer\n"
                         "status web/b:1/port UNKNOWN>HEALTHY: first answer\n"
                         "status web/b:1/page UNKNOWN>HEALTHY: first answer\n"
                         "status web// UNKNOWN>HEALTHY: \n");
    assert_false(bench_feed(scene->roster, "web", "b:1", "page", "--"));
    expect_events(scene, "");
    assert_true(bench_feed(scene->roster, "web", "b:1", "page", "-"));
    expect_events(scene,
                  "status web/b:1/page HEALTHY>UNHEALTHY: connection refused, 3 failures in a row\n"
                  "status web// HEALTHY>UNHEALTHY: b:1: page: connection refused\n");
    assert_int_equal(status_of(scene, "web"), BW_UNHEALTHY);
    assert_true(bw_roster_service(scene->roster, "web")->state.score == 0.75);
    assert_string_equal(bw_roster_service(scene->roster, "web")->state.cause,
                        "b:1: page: connection refused");
    bench_feed(scene->roster, "web", "b:1", "page", "++");
    expect_events(scene, "status web/b:1/page UNHEALTHY>HEALTHY: 2 passes in a row\n"
                         "status web// UNHEALTHY>HEALTHY: \n");
    assert_int_equal(status_of(scene, "web"), BW_HEALTHY);
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

/* A reload: another file, in which one check is gone and one is new. */
static void a_reload_carries_on(void **state)
{
    struct scene *scene = *state;
    bench_feed(scene->roster, "web", "a:1", "port", "+---");
    bench_feed(scene->roster, "db", "d:1", "port", "+");
    bench_feed(scene->roster, "shop", "s:1", "port", "-");
    const struct bw_subject port = { "web", "a:1", "port" };
    const struct bw_roster_check before = *bw_roster_check(scene->roster, &port);
    const int64_t since_ms = bw_roster_service(scene->roster, "web")->since_ms;
    expect_events(scene,
                  "status web/a:1/port UNKNOWN>HEALTHY: first answer\n"
                  "status web/a:1/port HEALTHY>UNHEALTHY: connection refused, 3 failures in a row\n"
                  "status web// UNKNOWN>UNHEALTHY: a:1: port: connection refused\n"
                  "status db/d:1/port UNKNOWN>HEALTHY: first answer\n"
                  "status db// UNKNOWN>HEALTHY: \n");
    bench_wait(&scene->bench, 30000);

    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder, "services:\n"
                 "- {name: new, checks: [{name: port, tcp: 'n:1'}]}\n"
                 "- {name: web, instances: ['a:1'], depends_on: [db], checks: [{name: port, tcp: "
                 "'${instance}'}]}\n"
                 "- {name: db, checks: [{name: port, tcp: 'd:1'}]}\n");
    struct bw_roster *next = bench_roster(&scene->bench, config);
    bw_roster_adopt(next, scene->roster);
    bw_roster_refresh(next);
    bw_roster_free(scene->roster);
    scene->roster = next;

    const struct bw_roster_check *after = bw_roster_check(next, &port);
    assert_int_equal(after->health.status, BW_UNHEALTHY);
    assert_int_equal(after->health.since_ms, before.health.since_ms);
    assert_int_equal(after->recent_count, 4);
    assert_int_equal(after->entered[BW_UNHEALTHY], 1);
    assert_int_equal(status_of(scene, "web"), BW_UNHEALTHY);
    assert_int_equal(status_of(scene, "db"), BW_HEALTHY);
    assert_int_equal(status_of(scene, "new"), BW_UNKNOWN);
    assert_int_equal(bw_roster_service(next, "web")->since_ms, since_ms);
    expect_events(scene, "");
    bench_feed(next, "web", "a:1", "port", "++");
    assert_int_equal(status_of(scene, "web"), BW_HEALTHY);
    assert_true(bw_roster_service(next, "web")->since_ms > since_ms);

    bw_roster_free(scene->roster);
    scene->roster = NULL;
    bw_config_free(config);
    folder_remove(&folder);
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

/* ---- with a store ---------------------------------------------------------------------- */

struct states {
    struct bw_roster *roster;
    int64_t now_ms;
    size_t count;
};

static bool take_state(void *ctx, const struct bw_check_state *state)
{
    struct states *states = ctx;
    states->count++;
    bw_roster_restore(states->roster, state, states->now_ms);
    return true;
}

/* Reads the stored states into a new roster, as a start that much later would. */
static void start_anew(struct bench *bench, int64_t interval_ms, int64_t later_ms,
                       enum bw_status want)
{
    struct bw_reader *reader;
    struct bw_err err = { .text = "" };
    struct states states = { .roster = bench_roster(bench, bench->config) };
    const struct bw_subject port = { "web", "a:1", "port" };
    bw_roster_check(states.roster, &port)->spec.interval_ms = interval_ms;
    states.now_ms = bw_core_now_ms(&bench->core) + later_ms;
    if (bw_reader_open(folder_file(&bench->folder, "data.db"), &reader, &err) != BW_OK)
        fail_msg("%s", err.text);
    assert_int_equal(bw_reader_check_states(reader, take_state, &states, NULL, &err), BW_OK);
    bw_reader_close(reader);
    bw_roster_refresh(states.roster);
    assert_int_equal(states.count, 6 + 1);
    assert_int_equal(bw_roster_check(states.roster, &port)->health.status, want);
    bw_roster_free(states.roster);
}

static void a_start_goes_on_from_the_store(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, three_tiers, true);
    struct bw_roster *roster = bench_roster(&bench, bench.config);
    bench_feed(roster, "web", "a:1", "port", "+---");
    bw_roster_save(roster);
    bw_roster_free(roster);
    bw_store_put_check_state(
        bench.core.store,
        &(struct bw_check_state){ .subject = { "gone", "x", "y" }, .status = BW_HEALTHY });
    bench_flush(&bench);
    start_anew(&bench, 15000, 1000, BW_UNHEALTHY);
    start_anew(&bench, 15000, 10 * 60 * 1000, BW_UNKNOWN);
    /* A quick check's results are saved each five seconds only: that is not its age. */
    start_anew(&bench, 1000, 6000, BW_UNHEALTHY);
    start_anew(&bench, 1000, 9000, BW_UNKNOWN);
    bench_remove(&bench);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, raise_scene, strike_scene)

/* ---- sight ------------------------------------------------------------------------------- */

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
    assert_int_equal(status_of(scene, "web"), BW_UNKNOWN);
    assert_int_equal(status_of(scene, "shop"), BW_UNKNOWN);
    assert_int_equal(status_of(scene, "db"), BW_HEALTHY);
    for (int i = 0; i < 5; i++)
        feed_unseen(scene, check);
    assert_int_equal(check->health.status, BW_HEALTHY);
    assert_int_equal(bw_view_past_read(check->recent[check->recent_next - 1]).status, BW_UNKNOWN);
    set_sight(scene, false);
    assert_int_equal(bw_roster_status(check), BW_UNKNOWN);
    expect_events(scene, "");
    static const char *const names[][2] = {
        { "a:1", "port" }, { "a:1", "page" }, { "b:1", "port" }, { "b:1", "page" }
    };
    for (size_t i = 0; i < 4; i++)
        bench_feed(scene->roster, "web", names[i][0], names[i][1], "+");
    assert_int_equal(status_of(scene, "web"), BW_HEALTHY);
    assert_int_equal(status_of(scene, "shop"), BW_UNKNOWN);
    expect_events(scene, "");
    bench_feed(scene->roster, "shop", "s:1", "port", "---");
    expect_events(scene,
                  "status shop/s:1/port HEALTHY>UNHEALTHY: connection refused, 3 failures in a "
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
    expect_events(scene,
                  "status db/d:1/port HEALTHY>UNHEALTHY: connection refused, 3 failures in a row\n"
                  "status db// HEALTHY>UNHEALTHY: d:1: port: connection refused\n"
                  "status web/b:1/page HEALTHY>UNHEALTHY: connection refused, 3 failures in a row\n"
                  "status web// HEALTHY>UNHEALTHY: b:1: page: connection refused\n"
                  "status web/b:1/page UNHEALTHY>HEALTHY: 2 passes in a row\n");
    set_sight(scene, false);
    bench_feed(scene->roster, "web", "a:1", "port", "+");
    bench_feed(scene->roster, "web", "a:1", "page", "+");
    expect_events(scene, "");
    bench_feed(scene->roster, "web", "b:1", "port", "+");
    expect_events(scene, "status web// UNHEALTHY>HEALTHY: \n");
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
        IN_SCENE(a_failure_climbs_to_the_service),
        IN_SCENE(roll_ups_are_on_the_page),
        IN_SCENE(results_are_kept_for_the_charts),
        IN_SCENE(a_check_measures_its_health),
        IN_SCENE(what_is_needed_is_found_down),
        IN_SCENE(a_reload_carries_on),
        IN_SCENE(the_last_check_takes_its_instance_along),
        IN_SCENE(blindness_is_unknown_and_not_told),
        IN_SCENE(who_sees_for_himself_is_told),
        IN_SCENE(a_reload_keeps_the_veil),
        cmocka_unit_test(a_start_goes_on_from_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
