// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/pushing.h"

#include "fixture.h"
#include "io/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdef"

static const char jobs[] =
    "services:\n"
    "  - name: jobs\n"
    "    checks:\n"
    "      - {name: Night Job, push: {every: 10s, grace: 2s, token: " TOKEN "}}\n"
    "      - {name: other, push: {every: 50s, token: fedcba9876543210}}\n"
    "self_canary: {targets: ['tcp 192.0.2.1:1'], interval: 1h}\n";

struct scene {
    struct bench bench;
    struct bw_resolver *resolver;
    struct bw_watch *watch;
    struct bw_roster *roster;
    struct bw_pushing *pushing;
};

static void raise_scene(struct scene *scene)
{
    struct bw_err err = { .text = "" };
    *scene = (struct scene){ 0 };
    bench_make(&scene->bench, jobs, false);
    struct bw_core *core = &scene->bench.core;
    scene->resolver = bw_resolver_new(core->loop, NULL, &err);
    scene->watch = bw_watch_new(core, scene->resolver, &err);
    assert_non_null(scene->watch);
    scene->roster = bw_roster_new(core);
    bw_roster_add_service(scene->roster, &scene->bench.config->services[0]);
    assert_int_equal(bw_watch_apply(scene->watch, scene->bench.config, scene->roster, &err), BW_OK);
    bw_roster_settle(scene->roster);
    scene->pushing = bw_pushing_new(core, scene->watch);
    bw_pushing_apply(scene->pushing, scene->bench.config);
    bw_pushing_start(scene->pushing);
}

static void strike_scene(struct scene *scene)
{
    bw_pushing_stop(scene->pushing);
    bw_watch_free(scene->watch);
    bw_roster_free(scene->roster);
    bw_resolver_free(scene->resolver);
    bw_pushing_free(scene->pushing);
    bench_remove(&scene->bench);
}

static const struct bw_push_report report = {
    .service = "jobs", .check = "Night Job", .token = TOKEN, .word = BW_PUSH_PASS, .duration_ns = -1
};

static enum bw_rc say(struct scene *scene, enum bw_push_word word)
{
    struct bw_push_report said = report;
    struct bw_err err;
    said.word = word;
    return bw_pushing_take(scene->pushing, &said, &err);
}

static void go_blind(struct scene *scene, bool blind)
{
    struct bw_core *core = &scene->bench.core;
    core->sight.blind = blind;
    core->sight.since_ms = bw_core_now_ms(core);
    if (blind)
        bw_roster_veil(scene->roster);
    bw_pushing_sight(scene->pushing);
}

/* The job's hours end, or begin. */
static void go_idle(struct scene *scene, bool idle)
{
    static const struct bw_config_hours hours = { .index = 0 };
    const struct bw_roster_hours now = { .open = !idle, .words = "" };
    bw_watch_seat(scene->watch, 0)->spec.hours = &hours;
    bw_roster_turn(scene->roster, &now, bw_core_now_ms(&scene->bench.core), true);
    bw_pushing_turn(scene->pushing);
}

/* One letter a step: P pass, F fail, S start, ? look, B go blind, b see again, I its hours end, i
 * they begin; a digit: so many seconds pass. The status and the latest reason at the end. */
static const struct {
    const char *name, *steps, *want;
} stories[] = {
    { "nothing is known at first", "91?", "UNKNOWN " },
    { "it never came", "93?", "UNHEALTHY push_missed" },
    { "it passed", "P", "HEALTHY " },
    { "it failed", "PF", "UNHEALTHY push_failed" },
    { "within its grace", "P92P", "HEALTHY " },
    { "up to its deadline", "P92?", "HEALTHY " },
    { "missed", "P93?", "UNHEALTHY push_missed" },
    { "missed before anybody looked", "P93P", "DEGRADED push_late" },
    { "late, then in time", "P93?P9P", "HEALTHY " },
    { "a start is no result", "S", "UNKNOWN " },
    { "it began, and did not end", "PS93?", "UNHEALTHY push_missed" },
    { "we were blind when it should have come", "PB93?", "UNKNOWN " },
    { "nor is it missed when we see again", "PB93b?", "UNKNOWN " },
    { "it tells itself how it is", "PB93bP", "HEALTHY " },
    { "what was not expected meanwhile stands", "PB2b", "HEALTHY " },
    { "and is missed as ever", "PB2b92?", "UNHEALTHY push_missed" },
    { "who is down stays down", "PFB2b", "UNHEALTHY push_failed" },
    { "nobody waits for it out of its hours", "P5I95?", "UNKNOWN " },
    { "nor is it missed when they begin", "P5I95?i?", "UNKNOWN " },
    { "it is told when it comes", "P5I95?i?P", "HEALTHY " },
    { "and missed when it does not come then", "P5I95?i995?", "UNHEALTHY push_missed" },
    { "what was not expected out of them stands", "PI2i", "HEALTHY " },
    { "blind and out of its hours", "PIB2ib", "HEALTHY " },
};

static void play(struct scene *scene, const char *steps)
{
    for (; *steps != '\0'; steps++) {
        if (*steps >= '0' && *steps <= '9')
            bench_wait(&scene->bench, (*steps - '0') * 1000);
        else if (*steps == '?')
            bw_pushing_look(scene->pushing);
        else if (*steps == 'B' || *steps == 'b')
            go_blind(scene, *steps == 'B');
        else if (*steps == 'I' || *steps == 'i')
            go_idle(scene, *steps == 'I');
        else
            assert_int_equal(say(scene, (enum bw_push_word)(strchr("SPF", *steps) - "SPF")), BW_OK);
    }
}

static void a_job_is_as_it_reports(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct scene scene;
        char got[80];
        raise_scene(&scene);
        play(&scene, stories[i].steps);
        const struct bw_roster_check *check = bw_watch_seat(scene.watch, 0);
        const enum bw_status status = bw_roster_status(check);
        const bool known = status != BW_UNKNOWN;
        snprintf(got, sizeof got, "%s %s", bw_status_name(status),
                 known ? bw_reason_name(check->health.reason) : "");
        if (strcmp(got, stories[i].want) != 0)
            fail_msg("%s: '%s' instead of '%s'", stories[i].name, got, stories[i].want);
        strike_scene(&scene);
    }
}

static const struct {
    const char *name;
    struct bw_push_report report;
    enum bw_rc want;
} doors[] = {
    { "by name", { .service = "jobs", .check = "Night Job", .token = TOKEN }, BW_OK },
    { "another's token", { .service = "jobs", .check = "other", .token = TOKEN }, BW_EDENIED },
    { "a part of it", { .service = "jobs", .check = "Night Job", .token = "0123" }, BW_EDENIED },
    { "more than it", { .service = "jobs", .check = "Night Job", .token = TOKEN "0" }, BW_EDENIED },
    { "no token", { .service = "jobs", .check = "Night Job" }, BW_EDENIED },
    { "an empty one", { .service = "jobs", .check = "Night Job", .token = "" }, BW_EDENIED },
    { "nobody", { .service = "jobs", .check = "nobody", .token = TOKEN }, BW_EDENIED },
    { "Gatus", { .key = "jobs_night-job", .token = TOKEN }, BW_OK },
    { "too little of a key", { .key = "jobs_night", .token = TOKEN }, BW_EDENIED },
    { "too much of a key", { .key = "jobs_night-job-", .token = TOKEN }, BW_EDENIED },
    { "an empty key", { .key = "", .token = TOKEN }, BW_EDENIED },
    { "Kuma", { .token = TOKEN }, BW_OK },
    { "Kuma without one", { .token = "" }, BW_EDENIED },
};

static void a_report_needs_the_token_of_its_job(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        struct bw_push_report said = doors[i].report;
        struct bw_err err = { .text = "" };
        said.word = BW_PUSH_PASS;
        if (bw_pushing_take(scene.pushing, &said, &err) != doors[i].want)
            fail_msg("%s: %s", doors[i].name, err.text);
    }
    strike_scene(&scene);
}

static void too_many_reports_are_refused(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    for (int i = 0; i < BW_PUSHES_A_MINUTE; i++)
        assert_int_equal(say(&scene, BW_PUSH_PASS), BW_OK);
    assert_int_equal(say(&scene, BW_PUSH_PASS), BW_EBUSY);
    play(&scene, "999999");
    assert_int_equal(say(&scene, BW_PUSH_PASS), BW_EBUSY);
    play(&scene, "6");
    assert_int_equal(say(&scene, BW_PUSH_PASS), BW_OK);
    strike_scene(&scene);
}

static void a_run_has_a_duration_and_no_other_beside_it(void **state)
{
    (void)state;
    struct scene scene;
    struct bw_buf page, events;
    bw_buf_init(&page, 1u << 16);
    bw_buf_init(&events, 1u << 16);
    raise_scene(&scene);
    play(&scene, "PS2S3");
    struct bw_push_report said = report;
    struct bw_err err;
    said.message = "\x1b[31mred\n";
    said.message_size = strlen(said.message);
    assert_int_equal(bw_pushing_take(scene.pushing, &said, &err), BW_OK);
    const struct bw_roster_check *check = bw_watch_seat(scene.watch, 0);
    assert_string_equal(check->detail, "\\x1b[31mred\\n");
    assert_true(check->last.duration_s >= 3 && check->last.duration_s < 3.5);
    bench_page(&scene.bench, "probe_push_overlaps", &page);
    assert_non_null(strstr(page.data, "} 1\n"));
    bench_events(&scene.bench, &events);
    assert_non_null(strstr(events.data, "marker jobs/push/Night Job runs overlap"));
    bw_buf_fini(&page);
    bw_buf_fini(&events);
    strike_scene(&scene);
}

static void a_restart_keeps_the_deadline(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    struct bw_health *health = &bw_watch_seat(scene.watch, 0)->health;
    const int64_t now_ms = bw_core_now_ms(&scene.bench.core);
    health->status = BW_HEALTHY;
    health->last_result_ms = now_ms - 5000;
    bw_pushing_restore(scene.pushing, now_ms - 4000);
    play(&scene, "69?"); /* 5 + 6 + 9: beyond the deadline at 12 */
    assert_int_equal(health->status, BW_UNHEALTHY);
    assert_int_equal(health->reason, BW_REASON_PUSH_MISSED);
    strike_scene(&scene);
}

static void what_fell_into_a_stop_is_forgiven(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    struct bw_health *health = &bw_watch_seat(scene.watch, 0)->health;
    const int64_t now_ms = bw_core_now_ms(&scene.bench.core);
    health->status = BW_HEALTHY;
    health->last_result_ms = now_ms - 15000;
    bw_pushing_restore(scene.pushing, now_ms - 12000);
    bw_pushing_look(scene.pushing);
    assert_int_equal(health->status, BW_HEALTHY);
    play(&scene, "6?"); /* 21: due at 20, with its grace at 22 */
    assert_int_equal(health->status, BW_HEALTHY);
    play(&scene, "2?");
    assert_int_equal(health->status, BW_UNHEALTHY);
    strike_scene(&scene);
}

static void after_the_stop_nobody_listens(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    bw_pushing_stop(scene.pushing);
    assert_int_equal(say(&scene, BW_PUSH_PASS), BW_EBUSY);
    strike_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_as_it_reports),
        cmocka_unit_test(a_report_needs_the_token_of_its_job),
        cmocka_unit_test(too_many_reports_are_refused),
        cmocka_unit_test(a_run_has_a_duration_and_no_other_beside_it),
        cmocka_unit_test(a_restart_keeps_the_deadline),
        cmocka_unit_test(what_fell_into_a_stop_is_forgiven),
        cmocka_unit_test(after_the_stop_nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
