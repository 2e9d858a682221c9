// SPDX-License-Identifier: GPL-3.0-or-later
/* Hours that begin and end, in virtual time: what becomes of checks, services and alerts. */
#include "app/timetable.h"

#include "app/alerting.h"
#include "app/roster_keep.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char text[] =
    "calendars:\n"
    "  office: [{times: [{start_time: '08:00', end_time: '18:00'}], location: Europe/Vienna,\n"
    "    weekdays: ['monday:friday']}]\n"
    "maintenance:\n"
    "- {name: patching, start: '2026-11-20T11:30:20Z', duration: 1h, match: {service: web}}\n"
    "services:\n"
    "- {name: shop, checks: [{name: page, http: 'http://a/', calendar: office}]}\n"
    "- {name: web, checks: [{name: day, tcp: 'a:1', calendar: office}, {name: all, tcp: 'a:1'}]}\n"
    "alerts: {defaults: false, rules: [\n"
    "  {name: down, expr: 'bellwether_health_status{state=\"UNHEALTHY\",check!=\"\"}',\n"
    "   levels: {critical: '== 1'}},\n"
    "  {name: silent, expr: 'probe_success{service=\"shop\"}', levels: {critical: '== 0'},\n"
    "   no_data: fire}]}\n";

/* Friday, in Vienna. */
#define NOON "2026-11-20T11:00:00Z"
#define CLOSED "2026-11-20T17:00:00Z"
#define OPEN "2026-11-23T07:00:00Z"

struct scene {
    struct bench bench;
    struct bw_roster *roster;
    struct bw_timetable *timetable;
    int turns;
};

static int64_t at(const char *time)
{
    int64_t ms = 0;
    assert_true(bw_parse_rfc3339(time, strlen(time), &ms));
    return ms;
}

static void count_turn(void *ctx)
{
    ((struct scene *)ctx)->turns++;
}

static struct bw_roster *fill(struct bw_core *core, const struct bw_config *config)
{
    struct bw_roster *roster = bw_roster_new(core);
    for (size_t i = 0; i < config->service_count; i++)
        bw_roster_add_service(roster, &config->services[i]);
    for (size_t i = 0; i < config->check_count; i++) {
        const struct bw_config_check *check = &config->checks[i];
        const struct bw_roster_spec spec = { .service = check->service,
                                             .instance = check->instance,
                                             .name = check->name,
                                             .kind = check->kind,
                                             .target = check->target,
                                             .module = "",
                                             .weight = 1,
                                             .rule = check->health,
                                             .interval_ms = 1000,
                                             .hours = check->hours };
        bw_roster_add_check(roster, bw_roster_service(roster, check->service), &spec);
    }
    return roster;
}

static void raise_scene(struct scene *scene, const char *now)
{
    *scene = (struct scene){ 0 };
    bench_make(&scene->bench, text, false);
    scene->timetable = bw_timetable_new(&scene->bench.core, count_turn, scene);
    scene->roster = fill(&scene->bench.core, scene->bench.config);
    bw_timetable_apply(scene->timetable, scene->bench.config, scene->roster, at(now));
    bw_roster_settle(scene->roster);
}

static void strike_scene(struct scene *scene)
{
    bw_timetable_free(scene->timetable);
    bw_roster_free(scene->roster);
    bench_remove(&scene->bench);
}

static struct bw_roster_check *seat(struct scene *scene, const char *service, const char *name)
{
    const char *instance = strcmp(service, "shop") == 0 ? "a:80" : "a:1";
    return bw_roster_check(scene->roster, &(struct bw_subject){ service, instance, name });
}

/* Results of runs that were due at that time. */
static void feed(struct scene *scene, const char *service, const char *name, const char *story,
                 const char *due)
{
    for (; *story != '\0'; story++) {
        const struct bw_outcome outcome =
            bw_outcome_of(*story == '+' ? BW_REASON_NONE : BW_REASON_CONNECT_REFUSED, "");
        const struct bw_roster_result result = { .ts_ms = at(due), .reason = outcome.reason };
        bw_roster_feed(scene->roster, seat(scene, service, name), &outcome, &result);
    }
}

static enum bw_status of_service(struct scene *scene, const char *service)
{
    return bw_roster_service(scene->roster, service)->state.status;
}

static void expect_events(struct scene *scene, const char *want)
{
    struct bw_buf said;
    bw_buf_init(&said, 1u << 16);
    bench_events(&scene->bench, &said);
    assert_string_equal(said.data, want);
    bw_buf_fini(&said);
}

/* ---- stories --------------------------------------------------------------------------- */

static void what_is_not_watched_is_unknown_and_keeps_its_status(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, NOON);
    struct bw_roster_check *page = seat(&scene, "shop", "page");
    feed(&scene, "shop", "page", "+", NOON);
    expect_events(&scene, "status shop/a:80/page UNKNOWN>HEALTHY: first answer\n"
                          "status shop// UNKNOWN>HEALTHY: \n");
    bw_timetable_look(scene.timetable, at(CLOSED) - 1);
    assert_int_equal(scene.turns, 0);
    bw_timetable_look(scene.timetable, at(CLOSED));
    assert_int_equal(scene.turns, 1);
    assert_int_equal(bw_roster_status(page), BW_UNKNOWN);
    assert_int_equal(of_service(&scene, "shop"), BW_UNKNOWN);
    assert_string_equal(bw_roster_cause(scene.roster, page),
                        "not watched now, but again from 2026-11-23 08:00:00 CET");
    feed(&scene, "shop", "page", "---", "2026-11-20T16:59:59Z"); /* was under way */
    assert_int_equal(page->health.status, BW_HEALTHY);
    bw_timetable_look(scene.timetable, at(OPEN));
    assert_int_equal(bw_roster_status(page), BW_UNKNOWN);
    assert_string_equal(bw_roster_cause(scene.roster, page),
                        "watched again, but it has not told yet");
    feed(&scene, "shop", "page", "+", OPEN);
    assert_int_equal(bw_roster_status(page), BW_HEALTHY);
    assert_int_equal(of_service(&scene, "shop"), BW_HEALTHY);
    expect_events(&scene, "");
    strike_scene(&scene);
}

/* Who keeps books of his own about the hours hears of them all the same. */
static void a_report_that_is_earlier_than_we_hides_no_turn(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, NOON);
    bw_timetable_look(scene.timetable, at(CLOSED));
    assert_int_equal(scene.turns, 1);
    feed(&scene, "shop", "page", "+", OPEN);
    feed(&scene, "web", "day", "+", OPEN);
    bw_timetable_look(scene.timetable, at(OPEN) + 5);
    assert_int_equal(scene.turns, 2);
    bw_timetable_look(scene.timetable, at(OPEN) + 60000);
    assert_int_equal(scene.turns, 2);
    strike_scene(&scene);
}

static void what_became_of_it_meanwhile_is_told(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, NOON);
    feed(&scene, "shop", "page", "+--", NOON);
    bw_timetable_look(scene.timetable, at(CLOSED));
    bw_core_free_events(&scene.bench.core);
    bw_timetable_look(scene.timetable, at(OPEN));
    feed(&scene, "shop", "page", "--", OPEN); /* those of Friday are forgotten */
    assert_int_equal(bw_roster_status(seat(&scene, "shop", "page")), BW_UNKNOWN);
    feed(&scene, "shop", "page", "-", OPEN);
    expect_events(&scene, "status shop/a:80/page HEALTHY>UNHEALTHY: connection refused, 3 failures "
                          "in a row\n"
                          "status shop// HEALTHY>UNHEALTHY: a:80: page: connection refused\n");
    strike_scene(&scene);
}

/* The clock of the hours may be some milliseconds behind the first run that is due in them. */
static void the_first_run_of_new_hours_counts(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, NOON);
    feed(&scene, "shop", "page", "+", NOON);
    bw_timetable_look(scene.timetable, at(CLOSED));
    feed(&scene, "shop", "page", "+", OPEN);
    assert_int_equal(bw_roster_status(seat(&scene, "shop", "page")), BW_HEALTHY);
    bw_timetable_look(scene.timetable, at(OPEN));
    assert_int_equal(bw_roster_status(seat(&scene, "shop", "page")), BW_HEALTHY);
    assert_false(seat(&scene, "shop", "page")->veiled);
    strike_scene(&scene);
}

static void what_is_still_watched_makes_the_service(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, NOON);
    feed(&scene, "web", "all", "+", NOON);
    feed(&scene, "web", "day", "---", NOON);
    assert_int_equal(of_service(&scene, "web"), BW_UNHEALTHY);
    bw_core_free_events(&scene.bench.core);
    bw_timetable_look(scene.timetable, at(CLOSED));
    assert_int_equal(of_service(&scene, "web"), BW_HEALTHY);
    expect_events(&scene, "status web// UNHEALTHY>HEALTHY: \n");
    feed(&scene, "web", "all", "---", CLOSED);
    expect_events(&scene, "status web/a:1/all HEALTHY>UNHEALTHY: connection refused, 3 failures in "
                          "a row\n"
                          "status web// HEALTHY>UNHEALTHY: a:1: all: connection refused\n");
    bw_roster_remove_check(scene.roster, seat(&scene, "web", "all"));
    assert_true(bw_roster_is_veiled(scene.roster, &(struct bw_subject){ "web", "", "" }));
    strike_scene(&scene);
}

static void put_health(struct scene *scene, const char *service, const char *name,
                       struct bw_source *source)
{
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    bw_measures_init(&measures, &arena);
    bw_roster_measure_check(seat(scene, service, name), &measures);
    bw_source_put(source, &measures, bw_core_now_ms(&scene->bench.core));
    bw_arena_fini(&arena);
}

static void alerts_stand_still_out_of_hours(void **state)
{
    (void)state;
    struct scene scene;
    struct bw_err err;
    raise_scene(&scene, NOON);
    struct bw_core *core = &scene.bench.core;
    struct bw_alerting *alerting = bw_alerting_new(core);
    const struct bw_label identity[] = { { "service", "shop" },
                                         { "instance", "a:80" },
                                         { "check", "page" } };
    struct bw_source *source = bw_source_new(core->recorder, identity, 3, 200);
    assert_int_equal(bw_alerting_apply(alerting, scene.bench.config, scene.roster, &err), BW_OK);
    feed(&scene, "shop", "page", "---", NOON);
    put_health(&scene, "shop", "page", source);
    bw_core_free_events(core);
    bw_alerting_evaluate(alerting);
    expect_events(&scene, "alert shop/a:80/page down none>critical: connection refused\n");
    bw_timetable_look(scene.timetable, at(CLOSED));
    put_health(&scene, "shop", "page", source); /* UNKNOWN, so not UNHEALTHY */
    bench_wait(&scene.bench, 50000);
    bw_alerting_evaluate(alerting);
    expect_events(&scene, "");
    bw_timetable_look(scene.timetable, at(OPEN));
    feed(&scene, "shop", "page", "++", OPEN);
    put_health(&scene, "shop", "page", source);
    bw_core_free_events(core);
    bw_alerting_evaluate(alerting);
    expect_events(&scene, "alert shop/a:80/page down critical>none: it is 0, no longer 1\n");
    bw_alerting_free(alerting);
    bw_source_free(source);
    strike_scene(&scene);
}

/* What a rule about a series that is not there could mean. */
static bool is_meant(void *ctx, const struct bw_subject *subject)
{
    return strcmp(subject->check, ctx) == 0;
}

static void who_is_idle_is_found(void **state)
{
    (void)state;
    struct scene scene;
    char day[] = "day", all[] = "all";
    raise_scene(&scene, NOON);
    assert_false(bw_roster_may_be_idle(scene.roster, is_meant, day));
    bw_timetable_look(scene.timetable, at(CLOSED));
    assert_true(bw_roster_may_be_idle(scene.roster, is_meant, day));
    assert_false(bw_roster_may_be_idle(scene.roster, is_meant, all));
    strike_scene(&scene);
}

/* ---- maintenance -------------------------------------------------------------------------- */

#define BEGIN "2026-11-20T11:30:20Z"
#define END "2026-11-20T12:30:20Z"

static void expect_marks(struct scene *scene, const char *want)
{
    struct bw_buf page;
    bw_buf_init(&page, 1u << 16);
    bench_page(&scene->bench, "bellwether_check_maintenance", &page);
    assert_string_equal(page.data, want);
    bw_buf_fini(&page);
}

#define MARK(check, value)                                                                         \
    "bellwether_check_maintenance{service=\"web\",instance=\"a:1\",check=\"" check "\"} " value "\n"

static void maintenance_excuses_what_it_means(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, NOON);
    const struct bw_subject web = { "web", "", "" }, shop = { "shop", "", "" };
    bw_timetable_start(scene.timetable, at(NOON));
    feed(&scene, "web", "all", "---", NOON);
    feed(&scene, "web", "day", "+", NOON);
    bw_core_free_events(&scene.bench.core);
    bw_timetable_look(scene.timetable, at(BEGIN) - 1);
    assert_null(bw_roster_subject_maintenance(scene.roster, &web));
    expect_marks(&scene, MARK("day", "0") MARK("all", "0"));
    bw_timetable_look(scene.timetable, at(BEGIN));
    expect_events(
        &scene,
        "system // maintenance begins UNKNOWN>UNKNOWN: patching: 2 checks, until 2026-11-20 "
        "12:30:20 UTC\n");
    expect_marks(&scene, MARK("day", "1") MARK("all", "1"));
    assert_string_equal(bw_roster_subject_maintenance(scene.roster, &web), "patching");
    assert_null(bw_roster_subject_maintenance(scene.roster, &shop));
    assert_int_equal(of_service(&scene, "web"), BW_UNHEALTHY); /* it is what it is */
    seat(&scene, "web", "all")->windows = 0;
    bw_roster_maintain(scene.roster, 0, at(BEGIN));
    bw_roster_maintain(scene.roster, 1, at(BEGIN));
    seat(&scene, "web", "all")->maintained = false;
    assert_null(bw_roster_subject_maintenance(scene.roster, &web)); /* that one is nobody's fault */
    bw_timetable_look(scene.timetable, at(END));
    expect_events(&scene,
                  "system // maintenance ends UNKNOWN>UNKNOWN: patching: its time is over\n");
    assert_null(bw_roster_subject_maintenance(scene.roster, &web));
    strike_scene(&scene);
}

static void maintenance_is_told_once(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, BEGIN);
    expect_events(&scene, "");
    bw_core_system_event(&scene.bench.core, BW_EVENT_MAINTENANCE_BEGINS, "patching: of the past");
    bw_core_system_event(&scene.bench.core, BW_EVENT_MAINTENANCE_BEGINS, "gone: of the past");
    bw_timetable_start(scene.timetable, at(BEGIN));
    expect_events(
        &scene, "system // maintenance begins UNKNOWN>UNKNOWN: patching: of the past\n"
                "system // maintenance begins UNKNOWN>UNKNOWN: gone: of the past\n"
                "system // maintenance ends UNKNOWN>UNKNOWN: gone: it is not in the configuration "
                "any more\n");
    bw_timetable_apply(scene.timetable, scene.bench.config, scene.roster, at(BEGIN) + 1000);
    expect_events(&scene, "");
    bw_timetable_look(scene.timetable, at(END));
    expect_events(&scene,
                  "system // maintenance ends UNKNOWN>UNKNOWN: patching: its time is over\n");
    strike_scene(&scene);
}

static void a_start_out_of_hours_waits_for_them(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, CLOSED);
    const struct bw_check_state stored = { .subject = { "shop", "a:80", "page" },
                                           .status = BW_HEALTHY,
                                           .since_ms = at(NOON),
                                           .last_result_ms = at(CLOSED) - 1000,
                                           .fail_run = 2 };
    struct bw_roster_check *page = seat(&scene, "shop", "page");
    bw_roster_restore(scene.roster, &stored, at("2026-11-22T07:00:00Z"));
    bw_roster_refresh(scene.roster);
    assert_int_equal(page->health.status, BW_HEALTHY);
    assert_int_equal(page->health.fail_run, 0);
    assert_int_equal(bw_roster_status(page), BW_UNKNOWN);
    expect_events(&scene, "");
    strike_scene(&scene);
}

static void a_reload_keeps_who_is_idle(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, NOON);
    feed(&scene, "shop", "page", "+", NOON);
    bw_timetable_look(scene.timetable, at(CLOSED));
    struct bw_roster *anew = fill(&scene.bench.core, scene.bench.config);
    bw_roster_adopt(anew, scene.roster);
    bw_roster_free(scene.roster);
    scene.roster = anew;
    bw_timetable_apply(scene.timetable, scene.bench.config, anew, at(CLOSED) + 60000);
    bw_roster_settle(anew);
    struct bw_roster_check *page = seat(&scene, "shop", "page");
    assert_int_equal(bw_roster_status(page), BW_UNKNOWN);
    assert_int_equal(bw_roster_since_ms(page), at(CLOSED));
    anew = fill(&scene.bench.core, scene.bench.config);
    bw_roster_check(anew, &(struct bw_subject){ "shop", "a:80", "page" })->spec.hours = NULL;
    bw_roster_adopt(anew, scene.roster);
    bw_roster_free(scene.roster);
    scene.roster = anew;
    page = seat(&scene, "shop", "page");
    assert_false(page->idle); /* always watched from now on, but that is an old status */
    assert_int_equal(bw_roster_status(page), BW_UNKNOWN);
    feed(&scene, "shop", "page", "+", CLOSED);
    assert_int_equal(bw_roster_status(page), BW_HEALTHY);
    strike_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_watched_is_unknown_and_keeps_its_status),
        cmocka_unit_test(a_report_that_is_earlier_than_we_hides_no_turn),
        cmocka_unit_test(what_became_of_it_meanwhile_is_told),
        cmocka_unit_test(the_first_run_of_new_hours_counts),
        cmocka_unit_test(what_is_still_watched_makes_the_service),
        cmocka_unit_test(alerts_stand_still_out_of_hours),
        cmocka_unit_test(who_is_idle_is_found),
        cmocka_unit_test(maintenance_excuses_what_it_means),
        cmocka_unit_test(maintenance_is_told_once),
        cmocka_unit_test(a_start_out_of_hours_waits_for_them),
        cmocka_unit_test(a_reload_keeps_who_is_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
