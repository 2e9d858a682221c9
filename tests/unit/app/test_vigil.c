// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/vigil.h"

#include "app/alerting.h"
#include "base/units.h"
#include "fixture.h"
#include "trend/robust.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Loads of two hosts; of "a" there is a rule. */
#define CONFIG(more)                                                                               \
    "trends: {select: [{match: {__name__: node_load5}}], max_watched: 1}\n"                        \
    "alerts: {defaults: false, rules: [{name: odd, level: critical" more                           \
    ", anomaly: {series: 'node_load1{service=\"a\"}'}}]}\n"

enum { STEP_MS = 1000, PAST = 300 };

struct post {
    struct bench bench;
    struct bw_vigil *vigil;
    struct bw_alerting *alerting;
    struct bw_roster *roster; /* NULL: none */
    struct bw_source *a, *b;
    struct bw_timer *timer;
    int64_t now_ms;
    size_t want; /* series that are to have a score */
    struct bw_trend_random random;
};

static struct bw_source *source(struct bench *bench, const char *service)
{
    const struct bw_label identity[] = { { "service", service }, { "instance", "i" } };
    return bw_source_new(bench->core.recorder, identity, 2, 200);
}

static void apply(struct post *post, const struct bw_config *config)
{
    struct bw_err err = { .text = "" };
    if (bw_vigil_apply(post->vigil, config, &err) != BW_OK
        || bw_alerting_apply(post->alerting, config, NULL, &err) != BW_OK)
        fail_msg("%s", err.text);
}

static void build(struct post *post, const char *config)
{
    struct bw_err err = { .text = "" };
    *post = (struct post){ .random = bw_trend_random_seed(4) };
    bench_make(&post->bench, config, true);
    struct bw_core *core = &post->bench.core;
    core->workers = bw_work_pool_new(core->loop, 1, 4, &err);
    assert_non_null(core->workers);
    post->vigil = bw_vigil_new(core);
    post->alerting = bw_alerting_new(core);
    bw_alerting_set_vigil(post->alerting, post->vigil);
    apply(post, post->bench.config);
    post->a = source(&post->bench, "a");
    post->b = source(&post->bench, "b");
    post->now_ms = bw_core_now_ms(core) - PAST * STEP_MS;
}

static void raze(struct post *post)
{
    bw_vigil_stop(post->vigil);
    bw_work_pool_free(post->bench.core.workers, BW_WORK_DRAIN);
    bw_source_free(post->a);
    bw_source_free(post->b);
    bw_alerting_free(post->alerting);
    bw_vigil_free(post->vigil);
    bw_timer_free(post->timer);
    if (post->roster != NULL)
        bw_roster_free(post->roster);
    bench_remove(&post->bench);
}

static void load(struct post *post, struct bw_source *of, double value)
{
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    bw_measures_init(&measures, &arena);
    bw_measures_add(&measures, BW_METRIC_NODE_LOAD1, value, NULL);
    bw_measures_add(&measures, BW_METRIC_NODE_LOAD5, 1, NULL);
    bw_source_put(of, &measures, post->now_ms);
    bw_arena_fini(&arena);
}

/* One value a second about `level`, from both. */
static void measure(struct post *post, size_t values, double level)
{
    for (size_t i = 0; i < values; i++, post->now_ms += STEP_MS) {
        load(post, post->a, level + 0.1 * bw_trend_random_normal(&post->random));
        load(post, post->b, 1);
    }
}

static void count_one(void *ctx, const struct bw_vigil_sight *sight)
{
    (void)sight;
    ++*(size_t *)ctx;
}

static size_t scored(const struct post *post)
{
    size_t count = 0;
    bw_vigil_each(post->vigil, NULL, 0, count_one, &count);
    return count;
}

static void look_again(void *ctx)
{
    struct post *post = ctx;
    if (scored(post) >= post->want)
        bw_loop_stop(post->bench.core.loop);
    else
        bw_timer_start(post->timer, 20 * BW_MS, 0);
}

/* Until so many series have been read back from the store. */
static void await_scores(struct post *post, size_t want)
{
    post->want = want;
    post->timer =
        post->timer != NULL ? post->timer : bw_timer_new(post->bench.core.loop, look_again, post);
    bw_timer_start(post->timer, 0, 0);
    bw_loop_run(post->bench.core.loop);
}

static void warm(struct post *post)
{
    measure(post, PAST, 1);
    bench_flush(&post->bench);
    await_scores(post, 2);
    post->now_ms = bw_core_now_ms(&post->bench.core);
}

static void expect(struct post *post, const char *part)
{
    struct bw_buf said;
    bw_buf_init(&said, 1u << 16);
    bw_alerting_evaluate(post->alerting);
    bench_events(&post->bench, &said);
    if (part[0] == '\0' ? said.len != 0 : strstr(said.data, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, said.data);
    bw_buf_fini(&said);
}

static bool page_has(struct post *post, const char *start)
{
    struct bw_buf page;
    bw_buf_init(&page, 1u << 16);
    bench_page(&post->bench, start, &page);
    const bool has = page.len > 0;
    bw_buf_fini(&page);
    return has;
}

/* ---- stories --------------------------------------------------------------------------- */

/* The rule's series, and of those selected the first; with what the store knows of them. */
static void what_is_wanted_is_watched_from_the_store_on(void **state)
{
    (void)state;
    struct post post;
    build(&post, CONFIG(""));
    warm(&post);
    assert_int_equal(scored(&post), 2);
    measure(&post, 1, 1);
    assert_true(page_has(&post, "bellwether_anomaly_score{metric=\"node_load1\",instance=\"i\","
                                "service=\"a\"} "));
    assert_true(page_has(&post, "bellwether_anomaly_expected{metric=\"node_load1\",instance=\"i\","
                                "service=\"a\",bound=\"low\"} "));
    assert_false(page_has(&post, "bellwether_anomaly_score{metric=\"node_load1\",instance=\"i\","
                                 "service=\"b\"}"));
    raze(&post);
}

static void an_episode_is_one_alert(void **state)
{
    (void)state;
    struct post post;
    build(&post, CONFIG(""));
    warm(&post);
    expect(&post, "");
    measure(&post, 1, 6);
    expect(&post, "alert a/i/ odd none>critical: 6");
    for (int i = 0; i < 3; i++) {
        measure(&post, 1, 7);
        expect(&post, "");
    }
    measure(&post, 4, 1);
    expect(&post, "");
    measure(&post, 60, 1);
    expect(&post, "alert a/i/ odd critical>none: ");
    measure(&post, 30, 1);
    expect(&post, "");
    raze(&post);
}

static void the_cause_says_what_was_expected(void **state)
{
    (void)state;
    struct post post;
    build(&post, CONFIG(""));
    warm(&post);
    measure(&post, 1, 6);
    expect(&post, ", expected 0.");
    raze(&post);
    build(&post, CONFIG(""));
    warm(&post);
    measure(&post, 1, 6);
    expect(&post, "; odder than anything in the last 5m");
    raze(&post);
}

static void a_blip_is_not_worth_a_rule_that_waits(void **state)
{
    (void)state;
    struct post post;
    build(&post, CONFIG(", for: 20s"));
    warm(&post);
    measure(&post, 1, 6);
    expect(&post, "");
    measure(&post, 5, 1);
    bench_wait(&post.bench, 30000);
    expect(&post, "");
    raze(&post);
}

static void a_new_level_is_told_once(void **state)
{
    (void)state;
    struct post post;
    build(&post, CONFIG(""));
    warm(&post);
    measure(&post, 40, 4);
    struct bw_buf said;
    bw_buf_init(&said, 1u << 16);
    bench_events(&post.bench, &said);
    const char *first = strstr(said.data, "level shift");
    assert_non_null(first);
    assert_null(strstr(first + 1, "level shift"));
    assert_non_null(strstr(said.data, "node_load1{instance=\"i\",service=\"a\"}: about "));
    bw_buf_fini(&said);
    measure(&post, 200, 4);
    bw_buf_init(&said, 1u << 16);
    bench_events(&post.bench, &said);
    assert_int_equal(said.len, 0);
    bw_buf_fini(&said);
    raze(&post);
}

/* A reload keeps what is known of series that go on being watched, and lets the others go. */
static void a_reload_keeps_what_is_known(void **state)
{
    (void)state;
    struct post post;
    struct folder folder;
    build(&post, CONFIG(""));
    warm(&post);
    folder_make(&folder);
    struct bw_config *config =
        folder_config(&folder, "trends: {select: [{match: {__name__: node_load1, service: a}}]}\n"
                               "alerts: {defaults: false}\n");
    apply(&post, config);
    assert_int_equal(scored(&post), 1);
    measure(&post, 1, 1);
    assert_int_equal(scored(&post), 1);
    raze(&post);
    bw_config_free(config);
    folder_remove(&folder);
}

/* Without a source there is nothing to say of its series, after a while. */
static void what_is_stale_is_not_told(void **state)
{
    (void)state;
    struct post post;
    build(&post, CONFIG(""));
    warm(&post);
    size_t count = 0;
    bw_vigil_each(post.vigil, NULL, post.now_ms + 10 * STEP_MS, count_one, &count);
    assert_int_equal(count, 0);
    raze(&post);
}

static double left_out(struct post *post)
{
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    double value = NAN;
    bw_measures_init(&measures, &arena);
    bw_vigil_measure(post->vigil, &measures);
    for (size_t i = 0; i < measures.count; i++)
        if (measures.items[i].family == BW_METRIC_ANOMALY_LEFT_OUT_SERIES)
            value = measures.items[i].value;
    bw_arena_fini(&arena);
    return value;
}

/* Both load5 are selected, and one may be watched. */
static void what_is_left_out_is_counted_once(void **state)
{
    (void)state;
    struct post post;
    build(&post, CONFIG(""));
    warm(&post);
    assert_int_equal(left_out(&post), 1);
    for (int i = 0; i < 3; i++) { /* as when series are deleted: all are looked up again */
        bw_recorder_set_store(post.bench.core.recorder, post.bench.core.store);
        measure(&post, 1, 1);
    }
    assert_int_equal(left_out(&post), 1);
    bw_source_free(post.b);
    post.b = NULL;
    assert_int_equal(left_out(&post), 0);
    raze(&post);
}

/* The newest value is an hour ahead, and odd: it is not so for an hour. */
static void a_clock_that_is_set_back_holds_no_alert(void **state)
{
    (void)state;
    struct post post;
    build(&post, CONFIG(""));
    warm(&post);
    post.now_ms += 3600 * 1000;
    measure(&post, 1, 6);
    expect(&post, "alert a/i/ odd none>critical: ");
    post.now_ms = bw_core_now_ms(&post.bench.core) + STEP_MS;
    apply(&post, post.bench.config); /* looks around, as it does every ten seconds */
    measure(&post, 60, 1);
    expect(&post, "alert a/i/ odd critical>none: ");
    raze(&post);
}

#define PATCHING                                                                                   \
    "maintenance: [{name: patching, start: '2026-11-20T11:30:20Z', duration: 1h}]\n"               \
    "services: [{name: a, checks: [{name: port, tcp: 'i:1'}]}]\n"

static struct bw_roster *patched(struct post *post)
{
    const struct bw_config *config = post->bench.config;
    struct bw_roster *roster = bw_roster_new(&post->bench.core);
    bw_roster_add_service(roster, &config->services[0]);
    const struct bw_roster_spec spec = { .service = "a",
                                         .instance = "i",
                                         .name = "port",
                                         .kind = "tcp",
                                         .target = "i:1",
                                         .module = "",
                                         .weight = 1,
                                         .rule = config->checks[0].health,
                                         .interval_ms = 1000 };
    bw_roster_add_check(roster, bw_roster_service(roster, "a"), &spec);
    bw_roster_set_windows(roster, config, 0, 0);
    bw_vigil_set_roster(post->vigil, roster);
    return roster;
}

static void what_is_in_maintenance_is_not_watched(void **state)
{
    (void)state;
    struct post post;
    build(&post, CONFIG("") PATCHING);
    post.roster = patched(&post);
    warm(&post);
    measure(&post, 1, 1);
    bw_roster_maintain(post.roster, 1, post.now_ms);
    measure(&post, 30, 6);
    expect(&post, "");
    assert_false(page_has(&post, "bellwether_anomaly_score{metric=\"node_load1\""));
    bw_roster_maintain(post.roster, 0, post.now_ms);
    measure(&post, 10, 1);
    expect(&post, "");
    assert_true(page_has(&post, "bellwether_anomaly_score{metric=\"node_load1\""));
    measure(&post, 1, 6);
    expect(&post, "alert a/i/ odd none>critical: ");
    raze(&post);
}

static void learn_series(void *ctx, const struct bw_vigil_sight *sight)
{
    *(uint32_t *)ctx = sight->series;
}

static void count_shaped(void *ctx, const struct bw_vigil_sight *sight)
{
    *(size_t *)ctx += sight->eye->shape != NULL;
}

static void look_for_shapes(void *ctx)
{
    struct post *post = ctx;
    size_t shaped = 0;
    bw_vigil_each(post->vigil, NULL, 0, count_shaped, &shaped);
    if (shaped >= post->want)
        bw_loop_stop(post->bench.core.loop);
    else
        bw_timer_start(post->timer, 20 * BW_MS, 0);
}

/* What came before is looked at again without it, and nothing is told twice. */
static void a_season_takes_its_place(void **state)
{
    (void)state;
    static const float value[] = { 0.1f, -0.1f };
    struct post post;
    uint32_t series = 0;
    build(&post, CONFIG(""));
    warm(&post);
    bw_vigil_each(post.vigil, NULL, 0, learn_series, &series);
    const struct bw_trend_shape shape = { post.now_ms, STEP_MS, 2, value };
    bw_vigil_take_shape(post.vigil, 999, &shape); /* nobody's */
    bw_vigil_take_shape(post.vigil, series, &shape);
    post.want = 1;
    bw_timer_free(post.timer);
    post.timer = bw_timer_new(post.bench.core.loop, look_for_shapes, &post);
    bw_timer_start(post.timer, 0, 0);
    bw_loop_run(post.bench.core.loop);
    expect(&post, "");
    assert_int_equal(scored(&post), 2);
    raze(&post);
}

static const struct {
    const char *rule, *want;
} mistakes[] = {
    { "anomaly: {}", "c.yml:1:39: alerts.rules[0].anomaly: required key 'series' is missing\n" },
    { "anomaly: {series: 'no_such_metric'}",
      "c.yml:1:18: alerts.rules[0]: alert rule 'odd': there is no metric 'no_such_metric'\n" },
    { "anomaly: {series: 'node_load1', score: 9}",
      "c.yml:1:69: alerts.rules[0].anomaly.score: must be between 0.5 and 3.5, not '9'\n" },
    { "anomaly: {series: 'node_load1', scored: 1}",
      "c.yml:1:62: alerts.rules[0].anomaly: unknown key 'scored' (did you mean 'score'?)\n" },
    { "anomaly: {series: '{a=\"b\"}'}",
      "c.yml:1:18: alerts.rules[0]: alert rule 'odd': '{a=\"b\"}' does not name a metric\n" },
    { "anomaly: {series: 'probe_timeout_seconds'}",
      "c.yml:1:18: alerts.rules[0]: alert rule 'odd': 'probe_timeout_seconds' is not stored, so it "
      "cannot be watched\n" },
    { "anomaly: {series: 'node_load1'}, levels: {info: '> 1'}",
      "c.yml:1:18: alerts.rules[0]: 'levels' is for expr; 'anomaly' has one 'level'\n" },
};

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        char yaml[256];
        snprintf(yaml, sizeof yaml, "alerts: {rules: [{name: odd, %s}]}\n", mistakes[i].rule);
        wrong += !folder_refuses(yaml, mistakes[i].want);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_is_watched_from_the_store_on),
        cmocka_unit_test(an_episode_is_one_alert),
        cmocka_unit_test(the_cause_says_what_was_expected),
        cmocka_unit_test(a_blip_is_not_worth_a_rule_that_waits),
        cmocka_unit_test(a_new_level_is_told_once),
        cmocka_unit_test(a_reload_keeps_what_is_known),
        cmocka_unit_test(what_is_stale_is_not_told),
        cmocka_unit_test(what_is_left_out_is_counted_once),
        cmocka_unit_test(a_clock_that_is_set_back_holds_no_alert),
        cmocka_unit_test(what_is_in_maintenance_is_not_watched),
        cmocka_unit_test(a_season_takes_its_place),
        cmocka_unit_test(mistakes_are_told_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
