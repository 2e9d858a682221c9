// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/units.h"
#include "commands.h"
#include "metric/registry.h"

#include <string.h>

static double bound_of(const struct world *w, const char *const *labels)
{
    double value;
    if (!bw_measures_value(&w->measures, BW_METRIC_PROBE_EXEC_PERFDATA_BOUND, labels, &value))
        fail_msg("%s of %s is not there", labels[2], labels[0]);
    return value;
}

static void performance_data_become_metrics(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    commands_run(
        &w,
        COMMANDS_SHELL("echo \"DISK OK | /=2KB;5;6;0;9 't=1'=250ms n=7 n=8 u=U\"; echo 'long | "
                       "rta=5%'; exit 1"),
        20 * BW_SECOND);
    const struct {
        const char *label, *unit;
        double value;
    } want[] = {
        { "/", "bytes", 2048 }, { "t=1", "seconds", 0.25 }, { "n", "", 7 }, { "rta", "ratio", 0.05 }
    };
    size_t count = 0;
    for (size_t i = 0; i < w.measures.count; i++)
        count += w.measures.items[i].family == BW_METRIC_PROBE_EXEC_PERFDATA;
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 4; i++) {
        double value;
        assert_true(bw_measures_value(&w.measures, BW_METRIC_PROBE_EXEC_PERFDATA,
                                      BW_LABEL_VALUES(want[i].label, want[i].unit), &value));
        assert_true(value == want[i].value);
    }
    assert_true(world_value(&w, BW_METRIC_PROBE_EXEC_EXIT_CODE, NULL) == 1);
    static const char *const bounds[] = { "warning_max", "critical_max", "min", "max" };
    static const double of_disk[] = { 5 * 1024, 6 * 1024, 0, 9 * 1024 };
    for (size_t i = 0; i < 4; i++)
        assert_true(bound_of(&w, BW_LABEL_VALUES("/", "bytes", bounds[i])) == of_disk[i]);
    commands_run(&w, COMMANDS_SHELL("echo 'ok | a=1;@10:20;@~:5'"), 20 * BW_SECOND);
    assert_true(bound_of(&w, BW_LABEL_VALUES("a", "", "warning_inside_min")) == 10);
    assert_true(bound_of(&w, BW_LABEL_VALUES("a", "", "critical_inside_max")) == 5);
    world_close(&w);
}

/* ---- metrics as text ---- */

/* The page that its measures make, without what every run has. */
static void render(struct world *w, struct bw_buf *out)
{
    struct bw_measures own;
    bw_buf_init(out, 1 << 20);
    bw_measures_init(&own, &w->arena);
    for (size_t i = 0; i < w->measures.count; i++) {
        const struct bw_measure *m = &w->measures.items[i];
        if ((unsigned)m->family >= BW_METRIC_COUNT)
            bw_measures_add_part(&own, m->family, m->part, m->bound, m->value, m->labels);
    }
    bw_measures_render(&own, BW_EXPOSITION_TEXT, out);
}

static void run_metrics(struct world *w, const char *script)
{
    struct bw_probe_module module = world_module(w, BW_PROBER_EXEC);
    module.exec.format = BW_EXEC_PROMETHEUS;
    module.exec.command = COMMANDS_SHELL(script);
    world_probe(w, &module, "/unused", 20 * BW_SECOND);
}

static void text_for_prometheus_becomes_metrics(void **state)
{
    (void)state;
    struct world w;
    struct bw_buf page;
    world_open(&w, NULL);
    run_metrics(&w, "echo three backups >&2; echo '# HELP x_age_seconds Age of a backup.';"
                    "echo '# TYPE x_age_seconds gauge'; echo 'x_age_seconds{db=\"a\"} 3.5';"
                    "echo 'x_age_seconds{db=\"b\",kind=\"full\"} +Inf';"
                    "echo '# TYPE x_lag histogram'; echo 'x_lag_bucket{le=\"1\"} 2';"
                    "echo 'x_lag_bucket{le=\"+Inf\"} 2'; echo 'x_lag_sum 1'; echo 'x_lag_count 2';"
                    "printf 'x_last 1e3'");
    assert_int_equal(w.result.reason, BW_REASON_NONE);
    assert_false(w.result.warned);
    assert_string_equal(w.result.detail, "three backups");
    assert_true(world_value(&w, BW_METRIC_PROBE_EXEC_OUTPUT_ERROR, NULL) == 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_EXEC_EXIT_CODE, NULL) == 0);
    render(&w, &page);
    assert_string_equal(page.data, "# HELP x_age_seconds Age of a backup.\n"
                                   "# TYPE x_age_seconds gauge\n"
                                   "x_age_seconds{db=\"a\"} 3.5\n"
                                   "x_age_seconds{db=\"b\",kind=\"full\"} +Inf\n"
                                   "# HELP x_lag Metric read from the output of a command.\n"
                                   "# TYPE x_lag histogram\n"
                                   "x_lag_bucket{le=\"1.0\"} 2\nx_lag_bucket{le=\"+Inf\"} 2\n"
                                   "x_lag_sum 1\nx_lag_count 2\n"
                                   "# HELP x_last Metric read from the output of a command.\n"
                                   "# TYPE x_last untyped\nx_last 1000\n");
    bw_buf_fini(&page);
    world_close(&w);
}

/* Whether it passes is the exit code's to say; that metrics are missing is not kept quiet. */
static void mistakes_in_metrics_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script, *text; /* NULL: nothing is wrong */
        enum bw_reason reason;
        unsigned series;
    } cases[] = {
        { "a mistake", "echo y_a 1; echo y_b one", "line 2: expected a number", BW_REASON_NONE, 0 },
        { "a plugin's output", "echo 'OK - fine | a=1'", "line 1: expected a number",
          BW_REASON_NONE, 0 },
        { "a timestamp", "echo y_a 1 1700000000000", "timestamps are refused", BW_REASON_NONE, 0 },
        { "a name of ours", "echo y_a 1; echo probe_success 1", "begin with probe_ are our own",
          BW_REASON_NONE, 0 },
        { "a label of ours", "echo 'y_a{instance=\"x\"} 1'", "the label instance is our own",
          BW_REASON_NONE, 0 },
        { "a name that is taken", "echo y_a 1; echo node_load1 1", "the name node_load1 is taken",
          BW_REASON_NONE, 1 },
        { "many series", "for i in $(seq 501); do echo \"y_a{i=\\\"$i\\\"} 1\"; done",
          "more than 500 samples", BW_REASON_NONE, 0 },
        { "many names", "for i in $(seq 101); do echo \"# TYPE y_$i gauge\"; done",
          "more than 100 metrics", BW_REASON_NONE, 0 },
        { "broken UTF-8", "printf 'y_a{b=\"\\377\"} 1\\n'", "not UTF-8", BW_REASON_NONE, 0 },
        { "no metrics", "true", NULL, BW_REASON_NONE, 0 },
        { "a failure with metrics", "echo y_a 1; echo no disk >&2; exit 1", NULL,
          BW_REASON_COMMAND_CRITICAL, 1 },
        { "a failure and a mistake", "echo y_a; echo no disk >&2; exit 7", "expected a number",
          BW_REASON_COMMAND_CRITICAL, 0 },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned series = 0;
        run_metrics(&w, cases[i].script);
        for (size_t k = 0; k < w.measures.count; k++)
            series += (unsigned)w.measures.items[k].family >= BW_METRIC_COUNT;
        const bool wrong = cases[i].text != NULL, failed = cases[i].reason != BW_REASON_NONE;
        const char *text = failed ? w.told : w.result.warning;
        if (series != cases[i].series || w.result.reason != cases[i].reason
            || w.result.warned != (wrong && !failed)
            || (wrong && strstr(text, cases[i].text) == NULL)
            || world_value(&w, BW_METRIC_PROBE_EXEC_OUTPUT_ERROR, NULL) != wrong)
            fail_msg("%s: %u series, %s, '%s'", cases[i].name, series,
                     bw_reason_name(w.result.reason), text);
    }
    assert_string_equal(w.result.detail, "exit code 7: no disk");
    run_metrics(&w, "kill -9 $$");
    assert_false(world_has(&w, BW_METRIC_PROBE_EXEC_OUTPUT_ERROR));
    world_close(&w);
}

int main(int argc, char **argv)
{
    commands_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(performance_data_become_metrics),
        cmocka_unit_test(text_for_prometheus_becomes_metrics),
        cmocka_unit_test(mistakes_in_metrics_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
