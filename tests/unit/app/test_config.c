// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"

#include "app/defaults.h"
#include "base/units.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- what is right --------------------------------------------------------------------- */

static void the_starter_has_no_flaw(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(&folder, bw_starter_config);
    assert_int_equal(config->warnings.total, 0);
    assert_int_equal(config->service_count, 1);
    assert_int_equal(config->check_count, 2);
    assert_string_equal(config->checks[0].target, "http://127.0.0.1:10190/-/healthy");
    assert_string_equal(config->checks[0].module, "http_2xx");
    assert_int_equal(config->checks[1].degraded_count, 1);
    assert_int_equal(config->rule_count, bw_default_rule_count);
    assert_int_equal(config->report_count, 1);
    bw_config_free(config);
    folder_remove(&folder);
}

/* The built-in default, with and without a daemon to watch. */
static void nothing_said_means_this_host(void **state)
{
    (void)state;
    struct bw_problems problems = { 0 };
    struct bw_config *config =
        bw_config_load(NULL, &(struct bw_config_default){ .self = "127.0.0.1:4711" }, &problems);
    assert_non_null(config);
    assert_int_equal(config->warnings.total, 0);
    assert_int_equal(config->check_count, 2);
    assert_string_equal(config->checks[0].service, "bellwether");
    assert_string_equal(config->checks[0].instance, "127.0.0.1:4711");
    assert_string_equal(config->checks[0].target, "http://127.0.0.1:4711/-/healthy");
    assert_string_equal(config->checks[1].ops->name, "tcp");
    assert_true(config->probe_module_count > 3); /* for /probe, and those that are built in */
    assert_string_equal(config->probe_modules[0].name, "http_2xx");
    assert_string_equal(config->probe_modules[3].name, "redis");
    bw_config_free(config);
    config = bw_config_load(
        NULL, &(struct bw_config_default){ .self = "127.0.0.1:4711", .icmp = true }, &problems);
    assert_non_null(config);
    assert_int_equal(config->check_count, 3);
    assert_string_equal(config->checks[2].ops->name, "icmp");
    assert_string_equal(config->checks[2].instance, "127.0.0.1:4711");
    bw_config_free(config);
    config = bw_config_load(NULL, &(struct bw_config_default){ 0 }, &problems);
    assert_non_null(config);
    assert_int_equal(config->check_count, 0);
    assert_int_equal(problems.total, 0);
    bw_config_free(config);
}

static void included_files_are_merged(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    folder_write(&folder, "conf.d/1.yml",
                 "services: [{name: one, checks: [{name: p, tcp: 'a:1'}]}]\n");
    folder_write(&folder, "conf.d/2.yml",
                 "global: {fall: 9}\nservices: [{name: two, checks: [{name: p, tcp: 'b:1'}]}]\n"
                 "modules: {late: {prober: tcp}}\n");
    struct bw_config *config = folder_config(
        &folder, "include: ['conf.d/*.yml', 'none/*.yml']\nglobal: {rise: 7}\n"
                 "services: [{name: zero, checks: [{name: p, tcp: 'c:1', module: late}]}]\n");
    assert_int_equal(config->service_count, 3);
    assert_string_equal(config->services[0].name, "zero");
    assert_string_equal(config->services[1].name, "one");
    assert_string_equal(config->services[2].name, "two");
    assert_int_equal(config->settings.global.health.fall, 9);
    assert_int_equal(config->settings.global.health.rise, 7);
    bw_config_free(config);
    folder_remove(&folder);
}

static void roll_ups_have_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum bw_rollup_kind kind;
        double quorum;
    } cases[] = {
        { "", BW_ROLLUP_WORST, 0 },
        { "status:", BW_ROLLUP_WORST, 0 },
        { "status: {roll_up: worst}", BW_ROLLUP_WORST, 0 },
        { "status: {roll_up: weighted}", BW_ROLLUP_WEIGHTED, 0 },
        { "status: {roll_up: {quorum: 0.5}}", BW_ROLLUP_QUORUM, 0.5 },
        { "status: {roll_up: {quorum: 60%}}", BW_ROLLUP_QUORUM, 0.6 },
        { "status: {roll_up: 'quorum: 0.25'}", BW_ROLLUP_QUORUM, 0.25 },
    };
    struct folder folder;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "services:\n  - name: a\n    %s\n    checks: [{name: b, tcp: 'c:1'}]\n",
                 cases[i].text);
        struct bw_config *config = folder_config(&folder, text);
        assert_int_equal(config->services[0].roll_up.kind, cases[i].kind);
        if (cases[i].kind == BW_ROLLUP_QUORUM)
            assert_true(config->services[0].roll_up.quorum_ratio == cases[i].quorum);
        bw_config_free(config);
    }
    folder_remove(&folder);
}

static void secrets_come_from_files_beside(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    folder_write(&folder, "token", "hush-hush-hush-hush\n");
    struct bw_config *config =
        folder_config(&folder, "services: [{name: a, checks: [{name: b,\n"
                               "  push: {every: 1h, token_file: token}}]}]\n");
    assert_string_equal(config->checks[0].push->token, "hush-hush-hush-hush");
    bw_config_free(config);
    folder_remove(&folder);
}

static void own_rules_replace_shipped_ones(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder,
        "alerts: {rules: [{name: disk-filling, expr: node_load1, levels: {info: '> 1'}}]}\n");
    assert_int_equal(config->rule_count, bw_default_rule_count);
    assert_string_equal(config->rules[0].name, "disk-filling");
    assert_string_equal(config->rules[0].expr, "node_load1");
    bw_config_free(config);
    config = folder_config(&folder, "alerts: {defaults: false}\n");
    assert_int_equal(config->rule_count, 0);
    bw_config_free(config);
    folder_remove(&folder);
}

static void schedules_have_their_zone(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder, "global: {timezone: Europe/Vienna}\n"
                 "reports: {schedules: [{name: a, cron: '0 8 * * MON', range: last week},\n"
                 "  {name: b, cron: '0 8 * * *', timezone: America/New_York, format: csv}]}\n");
    assert_int_equal(config->report_count, 2);
    assert_string_equal(bw_zone_name(config->reports[0].zone), "Europe/Vienna");
    assert_string_equal(bw_zone_name(config->reports[1].zone), "America/New_York");
    assert_string_equal(config->reports[1].range, "7d");
    bw_config_free(config);
    folder_remove(&folder);
}

/* ---- what is wrong --------------------------------------------------------------------- */

struct mistake {
    const char *yaml, *want;
};

/* Services with the one check {name: c, …}; the mistake stands in what follows. */
#define CHECK(rest) "services:\n- name: a\n  checks:\n  - {name: c, " rest "}\n"
#define SERVICE(rest) "services:\n- name: a\n  checks: [{name: c, tcp: 'd:1'}]\n  " rest "\n"

static const struct mistake mistakes[] = {
    { "services: [{name: a}]\n", "c.yml:1:12: services[0]: required key 'checks' is missing\n" },
    { "services: [{name: a, checks: []}]\n",
      "c.yml:1:12: services[0]: a service without checks\n" },
    { CHECK("interval: 5s"),
      "c.yml:4:5: services[0].checks[0]: expected one of the keys http, tcp*" },
    { CHECK("tcp: 'd:1', http: 'http://d/'"),
      "c.yml:4:5: services[0].checks[0]: a check is of one kind\n" },
    { CHECK("push: d"),
      "c.yml:4:21: services[0].checks[0].push: expected a mapping, found text\n" },
    { CHECK("tcp: 'd:1', limits: {cpu: 5s}"),
      "c.yml:4:27: services[0].checks[0]: 'limits' are those of 'exec'\n" },
    { CHECK("tcp: d"), "c.yml:4:20: services[0].checks[0].tcp: 'd' is not HOST:PORT\n" },
    { CHECK("http: 'ftp://d/'"),
      "c.yml:4:21: services[0].checks[0].http: only http and https URLs with a host\n" },
    { CHECK("tcp: '${instance}'"),
      "c.yml:4:20: services[0].checks[0].tcp: '${instance}' needs 'instances' in the service\n" },
    { CHECK("tcp: 'd:1', module: nope"),
      "c.yml:4:35: services[0].checks[0]: there is no module 'nope'\n" },
    { CHECK("tcp: 'd:1', modul: nope"),
      "c.yml:4:27: services[0].checks[0]: unknown key 'modul' (did you mean 'module'?)\n" },
    { CHECK("tcp: 'd:1', module: web") "modules: {web: {prober: http}}\n",
      "c.yml:4:35: services[0].checks[0]: module 'web' is for http, the check is tcp\n" },
    { CHECK("tcp: 'd:1', interval: 50ms"),
      "c.yml:4:5: services[0].checks[0]: 'interval' is shorter than 'global.slot'\n" },
    { CHECK("tcp: 'd:1', timeout: soon"),
      "c.yml:4:36: services[0].checks[0].timeout: expected a duration such as 500ms, 15s, 1m30s or "
      "7d, not 'soon'\n" },
    { CHECK("tcp: 'd:1', overrides: {http: {method: GET}, tpc: {}}"),
      "c.yml:4:60: services[0].checks[0].overrides: unknown key 'tpc' (did you mean 'tcp'?)\n" },
    { CHECK("exec: [/bin/true], resolve_mode: each"),
      "c.yml:4:48: services[0].checks[0].resolve_mode: exec looks no name up, so there is one "
      "address at most\n" },
    { CHECK("tcp: 'd:1', resolve_mode: both"), "c.yml:4:41: services[0].checks[0].resolve_mode: "
                                               "expected one of first, each, any, not 'both'\n" },
    { CHECK("tcp: 'd:1', degraded_when: {durtion: '> 1s'}"),
      "c.yml:4:52: services[0].checks[0].degraded_when.durtion: tcp has no 'durtion': expected "
      "duration, attempts, resolve, connect, tls, processing, certificate_expires_in or a metric "
      "of the kind\n" },
    { CHECK("tcp: 'd:1', degraded_when: {duration: 1s}"),
      "c.yml:4:53: services[0].checks[0].degraded_when.duration: expected a condition such as > "
      "800ms or < 21d, not '1s'\n" },
    { CHECK("tcp: 'd:1', labels: {check: x}"),
      "c.yml:4:36: services[0].checks[0].labels: label 'check' is ours\n" },
    { CHECK("tcp: 'd:1', labels: {a-b: x, __c: y}"),
      "c.yml:4:36: services[0].checks[0].labels: 'a-b' is not a label name\n"
      "c.yml:4:44: services[0].checks[0].labels: '__c' is not a label name\n" },
    { SERVICE("labels: {instance: x}"),
      "c.yml:4:12: services[0].labels: label 'instance' is ours\n" },
    { "global: {labels: {service: x}}\n", "c.yml:1:19: global.labels: label 'service' is ours\n" },
    { SERVICE("status: {roll_up: best}"),
      "c.yml:4:21: services[0].status.roll_up: expected {roll_up: worst}, {roll_up: {quorum: "
      "RATIO}} or {roll_up: weighted}\n" },
    { SERVICE("status: {roll_up: {quorum: 1.5}}"),
      "c.yml:4:21: services[0].status.roll_up: expected a quorum above 0 and up to 1\n" },
    { SERVICE("status: {rollup: worst}"),
      "c.yml:4:11: services[0].status.roll_up: expected {roll_up: worst}, {roll_up: {quorum: "
      "RATIO}} or {roll_up: weighted}\n" },
    { SERVICE("depends_on: [b]"),
      "c.yml:4:15: services[0].depends_on: there is no service 'b'; did you mean 'a'?\n" },
    { SERVICE("depends_on: [a]"),
      "c.yml:4:15: services[0].depends_on: a service cannot depend on itself: a -> a\n" },
    { "services:\n- {name: a, checks: [{name: c, tcp: 'd:1'}], depends_on: [b]}\n"
      "- {name: b, checks: [{name: c, tcp: 'd:1'}], depends_on: [a]}\n",
      "c.yml:3:58: services[1].depends_on: services depend on each other in a circle: b -> a -> "
      "b\n" },
    { "services:\n- {name: a, checks: [{name: c, tcp: 'd:1'}, {name: c, tcp: 'd:2'}]}\n"
      "- {name: a, checks: [{name: c, tcp: 'd:1'}]}\n",
      "c.yml:2:45: services[0].checks[1]: two checks of this name\n"
      "c.yml:3:3: services: two services named 'a'\n" },
    { "services: [{name: host, checks: [{name: c, tcp: 'd:1'}]}]\n",
      "c.yml:1:12: services: 'host' is the name of this machine's own service\n" },
    { "modules: {x: {prober: carrier_pigeon}}\n",
      "c.yml:1:23: modules.x.prober: expected one of http, tcp*" },
    { "services: [{name: a, checks: [{name: c, tcp: 'd:1', module: m}, {name: d, tcp: 'd:1', "
      "module: m}]}]\n"
      "modules: {m: {prober: tcp, tcp: {tls: maybe}}}\n",
      "c.yml:2:39: modules.m.tcp.tls: expected true or false, not 'maybe'\n" },
    { "module_files: [none.yml]\n", "c.yml:1:16: no file matches 'none.yml'\n" },
    { "include: [none.yml]\n", "c.yml:1:11: no file matches 'none.yml'\n" },
    { "global: {timezone: Mars/Phobos}\n",
      "c.yml:1:20: global.timezone: there is no time zone 'Mars/Phobos' here\n" },
    { "self_canary: {need: 1}\n", "c.yml:1:1: self_canary: expected 'targets': what is asked to "
                                  "find out whether we can see\n" },
    { "self_canary: {targets: [tcp 10.0.0.1], need: 1}\n",
      "c.yml:1:25: self_canary.targets[0]: '10.0.0.1' is not HOST:PORT\n" },
    { "self_canary: {targets: [icmp a, dns a, tcp, exec /bin/true]}\n",
      "c.yml:1:33: self_canary.targets[1]: expected tcp HOST:PORT, icmp HOST or http URL\n"
      "c.yml:1:40: self_canary.targets[2]: expected tcp HOST:PORT, icmp HOST or http URL\n"
      "c.yml:1:45: self_canary.targets[3]: expected tcp HOST:PORT, icmp HOST or http URL\n" },
    { "self_canary: {targets: icmp a, need: 2}\n",
      "c.yml:1:38: self_canary.need: more than there are targets: we could never see\n" },
    { "self_canary: {targets: icmp a, every: 5s}\n", "c.yml:1:32: self_canary: unknown key*" },
    { CHECK("tcp: 'd:1', canary: perhaps"),
      "c.yml:4:35: services[0].checks[0].canary: expected one of auto, true*" },
    { "global: {interval: 50ms}\n",
      "c.yml:1:20: global.interval: must be between 100ms and 24h, not '50ms'\n" },
    { "global: {slot: 1s, interval: 500ms}\n",
      "c.yml:1:9: global: 'slot' is longer than 'interval'\n" },
    { "reports: {schedules: [{name: a, cron: '61 * * * *'}]}\n",
      "c.yml:1:23: reports.schedules[0]: cron: minute: expected * or 0-59, a range a-b, a step /n "
      "or a list of those, not '61'\n" },
    { "reports: {schedules: [{name: a/b, cron: '0 * * * *', range: sometimes, timezone: X}]}\n",
      "c.yml:1:23: reports.schedules[0]: there is no time zone 'X' here\n"
      "c.yml:1:23: reports.schedules[0]: 'a/b': a report's name is made of letters, digits, '.', "
      "'_' and '-'\n"
      "c.yml:1:23: reports.schedules[0]: range: expected a range such as 24h or 7d, today, "
      "yesterday, or this or last with week, month, quarter or year, not 'sometimes'\n" },
    { "reports: {schedules: [{name: a, cron: '0 * * * *'}, {name: a, cron: '0 * * * *'}]}\n",
      "c.yml:1:53: reports.schedules: two schedules named 'a'\n" },
    { "alerts: {rules: [{name: a, expr: node_load1}]}\n",
      "c.yml:1:18: alerts.rules[0]: 'levels' needs at least one of info, warning, critical\n" },
    { "alerts: {rules: [{name: a, expr: node_load1, levels: {info: '> 1'}},\n"
      "  {name: a, expr: node_load1, levels: {info: '> 1'}}]}\n",
      "c.yml:2:3: alerts.rules[1]: two rules named 'a'\n" },
    { "host: {collectors: [cpu, memfo]}\n",
      "c.yml:1:7: host: collectors: there is no 'memfo'; did you mean 'meminfo'?\n" },
    { "host: {interval: 1ms}\nservices: [{name: host, checks: [{name: c, push: d}]}]\n",
      "c.yml:1:18: host.interval: must be between 1s and 1h, not '1ms'\n"
      "c.yml:2:12: services: 'host' is the name of this machine's own service\n"
      "c.yml:2:50: services[0].checks[0].push: expected a mapping, found text\n" },
    { "storage: {max_bytes: 1KiB}\n",
      "c.yml:1:22: storage.max_bytes: must be at least 8MiB, not '1KiB'\n" },
    { "storage:\n  classes:\n  - match: {__name__: up}\n    retention: {}\n"
      "  - match: {}\n    retention: {1h: 5y}\n",
      "c.yml:4:16: storage.classes[0].retention: needs at least one of raw, 1m, 1h, 1d\n"
      "c.yml:5:5: storage.classes[1]: 'match' names no label: what holds for all series belongs"
      " into storage.retention\n" },
    { "storage:\n  classes: [{match: {__name__: '('}, retention: {raw: 1d}},\n"
      "    {match: {__name__: up}, retention: {raw: 5m, 2h: 1d}}]\n",
      "c.yml:2:13: storage.classes[0]: pattern '(', at byte 1: missing closing parenthesis\n"
      "c.yml:3:46: storage.classes[1].retention.raw: must be between 1h and 100y, not '5m'\n"
      "c.yml:3:50: storage.classes[1].retention: unknown key '2h' (did you mean '1h'?)\n" },
    { "- a\n", "c.yml:1:1: expected a mapping, found a list\n" },
    { "a: b: c\n", "c.yml:1:5: not YAML: invalid nested block mapping on the same line\n" },
};

static void every_mistake_has_its_place(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        wrong += !folder_refuses(mistakes[i].yaml, mistakes[i].want);
    assert_int_equal(wrong, 0);
}

/* What is read, but not acted on: said, and no reason to stop. */
static void what_comes_later_is_a_warning(void **state)
{
    (void)state;
    struct folder folder;
    struct bw_buf said;
    folder_make(&folder);
    bw_buf_init(&said, 1u << 16);
    struct bw_config *config = folder_config(
        &folder, "modules: {ping: {prober: grpc, grpc: {service: a}}}\n"
                 "calendars: {}\n"
                 "silences: []\n"
                 "heartbeat: {url: 'http://a/'}\n"
                 "slos: [{name: a}]\n"
                 "alerts: {rules: [{name: p, slo: a}]}\n"
                 "reports: {schedules: [{name: a, cron: '0 0 * * *', deliver: [mail]}]}\n");
    folder_problems(&folder, &config->warnings, &said);
    assert_string_equal(
        said.data,
        "c.yml:4:1: heartbeat: is not acted on by this version\n"
        "c.yml:5:1: slos: is not acted on by this version\n"
        "c.yml:6:18: alerts.rules[0]: rule 'p' has no expression: not acted on by this version\n"
        "c.yml:7:23: reports.schedules[0]: 'deliver' is not acted on by this version: the report "
        "is archived only\n");
    bw_buf_fini(&said);
    bw_config_free(config);
    folder_remove(&folder);
}

/* The file that has every key of the grammar. */
static void the_whole_grammar_is_read(void **state)
{
    (void)state;
    const struct folder folder = { BW_FIXTURES "/app" };
    struct bw_problems problems = { 0 };
    struct bw_buf said;
    bw_buf_init(&said, 1u << 16);
    struct bw_config *config =
        bw_config_load(BW_FIXTURES "/app/grammar.yml", &(struct bw_config_default){ 0 }, &problems);
    folder_problems(&folder, &problems, &said);
    assert_string_equal(said.data != NULL ? said.data : "", "");
    assert_non_null(config);
    bw_config_free(config);
    bw_buf_fini(&said);
    bw_problems_fini(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_starter_has_no_flaw),
        cmocka_unit_test(nothing_said_means_this_host),
        cmocka_unit_test(included_files_are_merged),
        cmocka_unit_test(roll_ups_have_their_forms),
        cmocka_unit_test(secrets_come_from_files_beside),
        cmocka_unit_test(own_rules_replace_shipped_ones),
        cmocka_unit_test(schedules_have_their_zone),
        cmocka_unit_test(every_mistake_has_its_place),
        cmocka_unit_test(what_comes_later_is_a_warning),
        cmocka_unit_test(the_whole_grammar_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
