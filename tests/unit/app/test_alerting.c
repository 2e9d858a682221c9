// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/alerting.h"

#include "fixture.h"
#include "store/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Load is a fine thing to alert on: one gauge without labels of its own. */
#define RULE(more)                                                                                 \
    "alerts: {defaults: false, rules: [{name: load, expr: node_load1, levels: {warning: '> 1', "   \
    "critical: '> 5'}" more "}]}\n"

struct watchtower {
    struct bench bench;
    struct bw_alerting *alerting;
    struct bw_source *a, *b;
};

static struct bw_source *source(struct bench *bench, const char *service)
{
    const struct bw_label identity[] = { { "service", service }, { "instance", "i" } };
    return bw_source_new(bench->core.recorder, identity, 2, 200);
}

static void build(struct watchtower *tower, const char *config, bool store)
{
    struct bw_err err = { .text = "" };
    bench_make(&tower->bench, config, store);
    tower->alerting = bw_alerting_new(&tower->bench.core);
    if (bw_alerting_apply(tower->alerting, tower->bench.config, NULL, &err) != BW_OK)
        fail_msg("%s", err.text);
    tower->a = source(&tower->bench, "a");
    tower->b = source(&tower->bench, "b");
}

static void raze(struct watchtower *tower)
{
    bw_alerting_free(tower->alerting);
    bw_source_free(tower->a);
    bw_source_free(tower->b);
    bench_remove(&tower->bench);
}

static void load(struct watchtower *tower, struct bw_source *source, double value, int64_t age_ms)
{
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    bw_measures_init(&measures, &arena);
    bw_measures_add(&measures, BW_METRIC_NODE_LOAD1, value, NULL);
    bw_source_put(source, &measures, bw_core_now_ms(&tower->bench.core) - age_ms);
    bw_arena_fini(&arena);
}

/* Evaluates, and expects these events of it. */
static void expect(struct watchtower *tower, const char *want)
{
    struct bw_buf said;
    bw_buf_init(&said, 1u << 16);
    bw_alerting_evaluate(tower->alerting);
    bench_events(&tower->bench, &said);
    assert_string_equal(said.data, want);
    bw_buf_fini(&said);
}

static void expect_active(struct watchtower *tower, const char *want)
{
    struct bw_buf page;
    bw_buf_init(&page, 1u << 16);
    bench_page(&tower->bench, "bellwether_alert_active", &page);
    assert_string_equal(page.data, want);
    bw_buf_fini(&page);
}

#define ACTIVE(service, level)                                                                     \
    "bellwether_alert_active{instance=\"i\",service=\"" service "\",alert=\"load\",level=\"" level \
    "\"} 1\n"

/* ---- stories --------------------------------------------------------------------------- */

static void an_alert_moves_between_levels(void **state)
{
    (void)state;
    struct watchtower tower;
    build(&tower, RULE(", recover: '< 0.5'"), false);
    expect(&tower, "");
    load(&tower, tower.a, 0.1, 0);
    expect(&tower, "");
    expect_active(&tower, "");
    load(&tower, tower.a, 2, 0);
    load(&tower, tower.b, 9, 0);
    expect(&tower, "alert b/i/ load none>critical: 9 > 5\n"
                   "alert a/i/ load none>warning: 2 > 1\n");
    expect(&tower, "");
    expect_active(&tower, ACTIVE("b", "critical") ACTIVE("a", "warning"));
    load(&tower, tower.a, 6, 0);
    expect(&tower, "alert a/i/ load warning>critical: 6 > 5\n");
    load(&tower, tower.a, 0.8, 0);
    expect(&tower, "alert a/i/ load critical>warning: 0.8 is not yet < 0.5\n");
    load(&tower, tower.a, 0.4, 0);
    load(&tower, tower.b, 0.4, 0);
    expect(&tower, "alert b/i/ load critical>none: 0.4 < 0.5\n"
                   "alert a/i/ load warning>none: 0.4 < 0.5\n");
    expect_active(&tower, "");
    raze(&tower);
}

static void it_waits_for_its_time(void **state)
{
    (void)state;
    struct watchtower tower;
    build(&tower, RULE(", for: 30s"), false);
    load(&tower, tower.a, 2, 0);
    expect(&tower, "");
    expect_active(&tower, "");
    const struct bw_view_alert *alerts;
    struct bw_arena arena = { 0 };
    assert_int_equal(bw_alerting_view(tower.alerting, &arena, &alerts), 1);
    assert_int_equal(alerts[0].level, BW_LEVEL_NONE);
    assert_int_equal(alerts[0].pending, BW_LEVEL_WARNING);
    bench_wait(&tower.bench, 29000);
    expect(&tower, "");
    bench_wait(&tower.bench, 1500);
    expect(&tower, "alert a/i/ load none>warning: 2 > 1 for 30s\n");
    expect_active(&tower, ACTIVE("a", "warning"));
    bw_arena_fini(&arena);
    raze(&tower);
}

static void pending_that_passes_is_never_told(void **state)
{
    (void)state;
    struct watchtower tower;
    build(&tower, RULE(", for: 30s"), false);
    load(&tower, tower.a, 2, 0);
    expect(&tower, "");
    load(&tower, tower.a, 0, 0);
    bench_wait(&tower.bench, 31000);
    expect(&tower, "");
    const struct bw_view_alert *alerts;
    struct bw_arena arena = { 0 };
    assert_int_equal(bw_alerting_view(tower.alerting, &arena, &alerts), 0);
    bw_arena_fini(&arena);
    raze(&tower);
}

/* A value that nobody refreshes is no value. */
static void what_is_stale_does_not_count(void **state)
{
    (void)state;
    struct watchtower tower;
    build(&tower, RULE(", no_data: ok"), false);
    load(&tower, tower.a, 9, 6 * 60 * 1000);
    expect(&tower, "");
    load(&tower, tower.a, 9, 4 * 60 * 1000);
    expect(&tower, "alert a/i/ load none>critical: 9 > 5\n");
    raze(&tower);
}

static void views_tell_the_worst_first(void **state)
{
    (void)state;
    struct watchtower tower;
    build(&tower, RULE(""), false);
    load(&tower, tower.a, 2, 0);
    load(&tower, tower.b, 9, 0);
    bw_alerting_evaluate(tower.alerting);
    const struct bw_view_alert *alerts;
    struct bw_arena arena = { 0 };
    assert_int_equal(bw_alerting_view(tower.alerting, &arena, &alerts), 2);
    assert_string_equal(alerts[0].labels, "{instance=\"i\",service=\"b\"}");
    assert_int_equal(alerts[0].level, BW_LEVEL_CRITICAL);
    assert_true(alerts[0].value == 9);
    assert_string_equal(alerts[0].rule, "load");
    assert_string_equal(alerts[0].expr, "node_load1");
    assert_string_equal(alerts[0].cause, "9 > 5");
    assert_string_equal(alerts[1].labels, "{instance=\"i\",service=\"a\"}");
    bw_arena_fini(&arena);
    raze(&tower);
}

static void rules_count_what_they_do(void **state)
{
    (void)state;
    struct watchtower tower;
    struct bw_measures measures;
    struct bw_arena arena = { 0 };
    double value;
    build(&tower, RULE(""), false);
    bw_alerting_evaluate(tower.alerting);
    bw_alerting_evaluate(tower.alerting);
    bw_measures_init(&measures, &arena);
    bw_alerting_measure(tower.alerting, &measures);
    assert_true(bw_measures_value(&measures, BW_METRIC_ALERT_RULE_EVALUATIONS_TOTAL,
                                  BW_LABEL_VALUES("load"), &value)
                && value == 2);
    assert_true(bw_measures_value(&measures, BW_METRIC_ALERT_RULE_FAILURES_TOTAL,
                                  BW_LABEL_VALUES("load"), &value)
                && value == 0);
    bw_arena_fini(&arena);
    raze(&tower);
}

/* ---- reloads --------------------------------------------------------------------------- */

static struct bw_config *apply(struct watchtower *tower, const char *text)
{
    struct bw_err err = { .text = "" };
    struct bw_config *config = folder_config(&tower->bench.folder, text);
    if (bw_alerting_apply(tower->alerting, config, NULL, &err) != BW_OK)
        fail_msg("%s", err.text);
    return config;
}

static void a_reload_ends_what_has_no_rule(void **state)
{
    (void)state;
    struct watchtower tower;
    build(&tower, RULE(""), false);
    load(&tower, tower.a, 2, 0);
    expect(&tower, "alert a/i/ load none>warning: 2 > 1\n");
    struct bw_config *same = apply(&tower, RULE(", annotations: {a: b}"));
    expect(&tower, "");
    expect_active(&tower, ACTIVE("a", "warning"));
    struct bw_config *other =
        apply(&tower, "alerts: {defaults: false, rules: [{name: other, expr: node_load5, "
                      "levels: {info: '> 1'}}]}\n");
    expect(&tower, "alert a/i/ load warning>none: the rule was removed\n");
    expect_active(&tower, "");
    bw_alerting_free(tower.alerting);
    tower.alerting = NULL;
    bw_config_free(same);
    bw_config_free(other);
    raze(&tower);
}

static void a_bad_rule_changes_nothing(void **state)
{
    (void)state;
    struct watchtower tower;
    build(&tower, RULE(""), false);
    load(&tower, tower.a, 2, 0);
    static const char *const exprs[] = { "no_such_metric", "node_load1 +", "{service=\"a\"}" };
    for (size_t i = 0; i < sizeof exprs / sizeof *exprs; i++) {
        struct bw_err err;
        struct bw_config bad = *tower.bench.config;
        struct bw_alert_rule rule = bad.rules[0];
        rule.expr = exprs[i];
        bad.rules = &rule;
        assert_int_equal(bw_alerting_apply(tower.alerting, &bad, NULL, &err), BW_EINVAL);
        assert_non_null(strstr(err.text, "alert rule 'load': "));
    }
    expect(&tower, "alert a/i/ load none>warning: 2 > 1\n");
    raze(&tower);
}

/* ---- restarts -------------------------------------------------------------------------- */

static bool take_back(void *ctx, const struct bw_alert_state *state)
{
    bw_alerting_restore(ctx, state);
    return true;
}

/* Another life on the same store; its values are not there yet. */
static void restart(struct watchtower *tower)
{
    struct bw_reader *reader;
    struct bw_err err = { .text = "" };
    bench_flush(&tower->bench);
    bw_alerting_free(tower->alerting);
    bw_source_free(tower->a);
    tower->a = source(&tower->bench, "a");
    tower->alerting = bw_alerting_new(&tower->bench.core);
    assert_int_equal(bw_reader_open(folder_file(&tower->bench.folder, "data.db"), &reader, &err),
                     BW_OK);
    assert_int_equal(bw_reader_alert_states(reader, take_back, tower->alerting, NULL, &err), BW_OK);
    bw_reader_close(reader);
    assert_int_equal(bw_alerting_apply(tower->alerting, tower->bench.config, NULL, &err), BW_OK);
}

static void a_restart_does_not_tell_it_again(void **state)
{
    (void)state;
    struct watchtower tower;
    build(&tower, RULE(", no_data: ok"), true);
    load(&tower, tower.a, 2, 0);
    expect(&tower, "alert a/i/ load none>warning: 2 > 1\n");
    restart(&tower);
    expect_active(&tower, ACTIVE("a", "warning"));
    expect(&tower, "");
    load(&tower, tower.a, 3, 0);
    expect(&tower, "");
    load(&tower, tower.a, 0, 0);
    expect(&tower, "alert a/i/ load warning>none: 0 is not > 1\n");
    restart(&tower);
    expect_active(&tower, "");
    load(&tower, tower.a, 2, 0);
    expect(&tower, "alert a/i/ load none>warning: 2 > 1\n");
    raze(&tower);
}

/* ---- dependencies ---------------------------------------------------------------------- */

static void nothing_begins_while_a_parent_is_down(void **state)
{
    (void)state;
    struct watchtower tower;
    struct bw_err err;
    build(&tower,
          RULE("") "services:\n"
                   "- {name: a, depends_on: [db], checks: [{name: port, tcp: 'a:1'}]}\n"
                   "- {name: b, checks: [{name: port, tcp: 'b:1'}]}\n"
                   "- {name: db, checks: [{name: port, tcp: 'd:1'}]}\n",
          false);
    struct bw_roster *roster = bench_roster(&tower.bench, tower.bench.config);
    assert_int_equal(bw_alerting_apply(tower.alerting, tower.bench.config, roster, &err), BW_OK);
    bench_feed(roster, "db", "d:1", "port", "---");
    bw_core_free_events(&tower.bench.core);
    load(&tower, tower.a, 2, 0);
    load(&tower, tower.b, 2, 0);
    expect(&tower, "alert b/i/ load none>warning: 2 > 1\n");
    bench_feed(roster, "db", "d:1", "port", "++");
    bw_core_free_events(&tower.bench.core);
    expect(&tower, "alert a/i/ load none>warning: 2 > 1\n");
    bw_alerting_free(tower.alerting);
    tower.alerting = NULL;
    bw_roster_free(roster);
    raze(&tower);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_moves_between_levels),
        cmocka_unit_test(it_waits_for_its_time),
        cmocka_unit_test(pending_that_passes_is_never_told),
        cmocka_unit_test(what_is_stale_does_not_count),
        cmocka_unit_test(views_tell_the_worst_first),
        cmocka_unit_test(rules_count_what_they_do),
        cmocka_unit_test(a_reload_ends_what_has_no_rule),
        cmocka_unit_test(a_bad_rule_changes_nothing),
        cmocka_unit_test(a_restart_does_not_tell_it_again),
        cmocka_unit_test(nothing_begins_while_a_parent_is_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
