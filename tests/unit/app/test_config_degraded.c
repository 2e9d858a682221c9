// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A check of a kind with one condition: what is read, or what is said against it. */
static const struct {
    const char *check, *key, *condition;
    enum bw_degraded_subject subject;
    double at, not_at;  /* a value at which it holds, and one at which it does not */
    const char *metric; /* of a measure */
    const char *fault;  /* NULL: it is right */
} cases[] = {
    { "tcp: 'a:1'", "duration", "> 800ms", BW_DEGRADED_DURATION, 0.9, 0.7, NULL, NULL },
    { "tcp: 'a:1'", "connect", "> 2s", BW_DEGRADED_PHASE, 3, 1, NULL, NULL },
    { "tcp: 'a:1'", "certificate_expires_in", "< 21d", BW_DEGRADED_CERTIFICATE, 86400, 2e6, NULL,
      NULL },
    { "http: 'http://a/'", "attempts", "> 1", BW_DEGRADED_ATTEMPTS, 2, 1, NULL, NULL },
    { "http: 'http://a/'", "body_size", "> 1KiB", BW_DEGRADED_MEASURE, 1025, 1024,
      "probe_http_uncompressed_body_length", NULL },
    { "http: 'http://a/'", "probe_http_duration_seconds{phase=tls}", "> 1s", 0, 0, 0, NULL,
      "'probe_http_duration_seconds{phase=tls}': expected a quoted value at character 35" },
    { "http: 'http://a/'", "probe_http_duration_seconds{phase=\"tls\"}", "> 1s",
      BW_DEGRADED_MEASURE, 2, 1, "probe_http_duration_seconds", NULL },
    { "http: 'http://a/'", "probe_tls_version_info{version!=\"TLS 1.3\"}", "== 1",
      BW_DEGRADED_MEASURE, 1, 0, "probe_tls_version_info", NULL },
    { "icmp: a", "loss", "> 5%", BW_DEGRADED_MEASURE, 0.06, 0.05, "probe_icmp_packet_loss_ratio",
      NULL },
    { "icmp: a", "rtt", "> 50ms", BW_DEGRADED_MEASURE, 0.06, 0.05, "probe_icmp_rtt_avg_seconds",
      NULL },
    { "icmp: a", "jitter", "> 50ms", BW_DEGRADED_MEASURE, 0.06, 0.05, "probe_icmp_jitter_seconds",
      NULL },
    { "dns: a, overrides: {dns: {query_name: b}}", "answers", "< 2", BW_DEGRADED_MEASURE, 1, 2,
      "probe_dns_answer_rrs", NULL },
    { "exec: [/bin/true]", "perfdata{label=\"/\"}", "> 90%", BW_DEGRADED_MEASURE, 0.91, 0.9,
      "probe_exec_perfdata", NULL },
    { "tls: 'a:1'", "probe_tls_certificate_not_after_timestamp_seconds", "< 1.8e9",
      BW_DEGRADED_MEASURE, 1, 2e9, "probe_tls_certificate_not_after_timestamp_seconds", NULL },
    { "push: {every: 1d, token: 0123456789abcdef}", "lateness", "> 1h", BW_DEGRADED_MEASURE, 3601,
      3600, "probe_push_lateness_seconds", NULL },
    { "exec: [/bin/true], overrides: {exec: {output: prometheus}}", "queue_wait_seconds{to=\"a\"}",
      "> 2s", BW_DEGRADED_MEASURE, 3, 2, "queue_wait_seconds", NULL },
    { "tcp: 'a:1'", "probe_expect_info{name!=\"ready\"}", "== 1", BW_DEGRADED_MEASURE, 1, 0,
      "probe_expect_info", NULL },
    { "exec: [/bin/true], overrides: {exec: {output: prometheus}}", "probe_exec_prefdata", "> 2", 0,
      0, 0, NULL,
      "exec has no 'probe_exec_prefdata': expected duration, attempts, processing, perfdata, "
      "exit_code "
      "or a metric of the kind" },
    { "icmp: a", "connect", "> 2s", 0, 0, 0, NULL,
      "icmp has no 'connect': expected duration, attempts, resolve, processing, loss, rtt, jitter "
      "or a metric of the kind" },
    { "icmp: a", "certificate_expires_in", "< 2d", 0, 0, 0, NULL,
      "icmp has no 'certificate_expires_in': expected duration, attempts, resolve, processing, "
      "loss, rtt, jitter or a metric of the kind" },
    { "push: {every: 1d, token: 0123456789abcdef}", "attempts", "> 1", 0, 0, 0, NULL,
      "push has no 'attempts': expected duration, lateness or a metric of the kind" },
    { "tcp: 'a:1'", "probe_icmp_rtt_avg_seconds", "> 1s", 0, 0, 0, NULL,
      "tcp has no 'probe_icmp_rtt_avg_seconds': expected duration, attempts, resolve, connect, "
      "tls, processing, certificate_expires_in or a metric of the kind" },
    { "exec: [/bin/true]", "node_load1", "> 1", 0, 0, 0, NULL,
      "exec has no 'node_load1': expected duration, attempts, processing, perfdata, exit_code or a "
      "metric of the kind" },
    { "icmp: a", "loss{host=\"a\"}", "> 1", 0, 0, 0, NULL,
      "probe_icmp_packet_loss_ratio has no label 'host'" },
    { "exec: [/bin/true]", "perfdata{label=~\"a.*\"}", "> 1", 0, 0, 0, NULL,
      "labels are compared with = and != here" },
    { "icmp: a", "rtt", "> 20%", 0, 0, 0, NULL,
      "expected a condition such as > 800ms or < 21d, not '> 20%'" },
    { "icmp: a", "attempts", "> 1s", 0, 0, 0, NULL,
      "expected a condition such as > 100 or == 3, not '> 1s'" },
};

static void expect_rule(size_t i, const struct bw_degraded_rule *rule)
{
    assert_string_equal(rule->name, cases[i].key);
    assert_int_equal(rule->subject, cases[i].subject);
    assert_true(bw_condition_holds(&rule->condition, cases[i].at));
    assert_false(bw_condition_holds(&rule->condition, cases[i].not_at));
    if (cases[i].metric != NULL)
        assert_string_equal(rule->metric, cases[i].metric);
    assert_int_equal(rule->label_count, strchr(cases[i].key, '{') != NULL ? 1 : 0);
}

static void conditions_are_on_what_the_kind_measures(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512], want[512];
        struct bw_problems problems = { 0 };
        struct bw_buf said;
        bw_buf_init(&said, 65536);
        snprintf(text, sizeof text,
                 "services:\n- name: a\n  checks:\n  - {name: b, %s, degraded_when:\n     {'%s': "
                 "'%s'}}\n",
                 cases[i].check, cases[i].key, cases[i].condition);
        folder_write(&folder, "c.yml", text);
        struct bw_config *config = bw_config_load(folder_file(&folder, "c.yml"),
                                                  &(struct bw_config_default){ 0 }, &problems);
        folder_problems(&folder, &problems, &said);
        const int column = 11 + (int)strlen(cases[i].key);
        snprintf(want, sizeof want, "c.yml:5:%d: services[0].checks[0].degraded_when.%s: %s\n",
                 column, cases[i].key, cases[i].fault != NULL ? cases[i].fault : "");
        if (strcmp(said.data, cases[i].fault != NULL ? want : "") != 0)
            fail_msg("%s: %snot %s", cases[i].key, said.data, want);
        if (config != NULL)
            expect_rule(i, &config->checks[0].degraded[0]);
        bw_config_free(config);
        bw_problems_fini(&problems);
        bw_buf_fini(&said);
    }
    folder_remove(&folder);
}

static void labels_are_read(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder, "services:\n- name: a\n  checks:\n  - {name: b, exec: [/bin/true], "
                 "degraded_when: {'perfdata{unit!=\"bytes\",label=\"x\"}': '> 1'}}\n");
    const struct bw_degraded_rule *rule = &config->checks[0].degraded[0];
    assert_int_equal(rule->label_count, 2);
    assert_string_equal(rule->labels[0].name, "unit");
    assert_false(rule->labels[0].equal);
    assert_string_equal(rule->labels[0].value, "bytes");
    assert_string_equal(rule->labels[1].name, "label");
    assert_true(rule->labels[1].equal);
    assert_string_equal(rule->labels[1].value, "x");
    bw_config_free(config);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_on_what_the_kind_measures),
        cmocka_unit_test(labels_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
