// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_keep.h"

#include "scene.h"
#include "store/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
    scene_expect_events(
        scene, "status web/a:1/port UNKNOWN>HEALTHY: first answer\n"
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
    assert_int_equal(scene_status(scene, "web"), BW_UNHEALTHY);
    assert_int_equal(scene_status(scene, "db"), BW_HEALTHY);
    assert_int_equal(scene_status(scene, "new"), BW_UNKNOWN);
    assert_int_equal(bw_roster_service(next, "web")->since_ms, since_ms);
    scene_expect_events(scene, "");
    bench_feed(next, "web", "a:1", "port", "++");
    assert_int_equal(scene_status(scene, "web"), BW_HEALTHY);
    assert_true(bw_roster_service(next, "web")->since_ms > since_ms);

    bw_roster_free(scene->roster);
    scene->roster = NULL;
    bw_config_free(config);
    folder_remove(&folder);
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
    bench_make(&bench, scene_tiers, true);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_reload_carries_on),
        cmocka_unit_test(a_start_goes_on_from_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
