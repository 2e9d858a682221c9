// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/validate.h"

#include "app/defaults.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name, *yaml, *want;
} cases[] = {
    { "a pattern for the body",
      "services:\n- name: a\n  checks:\n"
      "  - {name: ok, tcp: 'b:1'}\n"
      "  - {name: c, http: 'http://b/', overrides: {http: {fail_if_body_matches_regexp: ['(']}}}\n",
      "c.yml:5:52: services[0].checks[1].overrides.http: fail_if_body_matches_regexp[0]: pattern "
      "'(', at byte 1: missing closing parenthesis\n" },
    { "once for all instances of a check",
      "services:\n- name: a\n  instances: ['b:1', 'c:1', 'd:1']\n  checks:\n"
      "  - {name: c, tcp: '${instance}', overrides: {tcp: {query_response: [{expect: "
      "'[z-a]'}]}}}\n",
      "c.yml:5:70: services[0].checks[0].overrides.tcp.query_response[0]: pattern '[z-a]', at byte "
      "3: range out of order in character class\n" },
    { "every check that is wrong",
      "services:\n- name: a\n  checks:\n"
      "  - {name: c, http: 'http://b/', overrides: {http: {tls_config: {ca_file: none.pem}}}}\n"
      "  - {name: d, http: 'http://b/', overrides: {http: {tls_config: {ca_file: gone.pem}}}}\n",
      "c.yml:4:5: services[0].checks[0]: none.pem: no such file\n"
      "c.yml:5:5: services[0].checks[1]: gone.pem: no such file\n" },
    { "a metric that there is not",
      "alerts: {rules: [{name: r, expr: node_lod1, levels: {info: '> 1'}}]}\n",
      "c.yml:1:18: alerts.rules[0]: alert rule 'r': there is no metric 'node_lod1'\n" },
    { "a metric that a command may bring",
      "alerts: {rules: [{name: r, expr: backup_age_seconds, levels: {info: '> 1'}}]}\n"
      "services:\n- name: a\n  checks:\n"
      "  - {name: c, exec: /bin/true, overrides: {exec: {output: prometheus}}}\n",
      "" },
    { "a metric that a command may not bring",
      "alerts: {rules: [{name: r, expr: probe_age, levels: {info: '> 1'}}]}\n"
      "services:\n- name: a\n  checks:\n"
      "  - {name: c, exec: /bin/true, overrides: {exec: {output: prometheus}}}\n",
      "c.yml:1:18: alerts.rules[0]: alert rule 'r': there is no metric 'probe_age'\n" },
    { "a command as a user that there is not",
      "services:\n- name: a\n  checks:\n"
      "  - {name: c, exec: /bin/true, overrides: {exec: {user: no-such-user}}}\n",
      "c.yml:4:5: services[0].checks[0]: there is no user 'no-such-user'\n" },
    { "an expression that ends too soon",
      "alerts: {rules: [{name: r, expr: 'node_load1 /', levels: {info: '> 1'}}]}\n",
      "c.yml:1:18: alerts.rules[0]: alert rule 'r': position 13: expected a number, a series, a "
      "function or '(', but the expression ends\n" },
    { "a pattern in a selector",
      "alerts: {rules: [{name: r, expr: 'node_load1{service=~\"(\"}', levels: {info: '> 1'}}]}\n",
      "c.yml:1:18: alerts.rules[0]: alert rule 'r': pattern '(', at byte 1: missing closing "
      "parenthesis\n" },
    { "a pattern of the trends", "trends: {select: [{match: {__name__: 'node_(load1'}}]}\n",
      "c.yml: trends.select: pattern 'node_(load1', at byte 11: missing closing parenthesis\n" },
    { "nothing wrong", bw_starter_config, "" },
};

static void mistakes_that_only_show_when_compiled(void **state)
{
    (void)state;
    struct folder folder;
    unsigned wrong = 0;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_problems problems = { 0 };
        struct bw_buf said;
        bw_buf_init(&said, 1u << 16);
        folder_write(&folder, "c.yml", cases[i].yaml);
        struct bw_config *config = bw_config_load_valid(
            folder_file(&folder, "c.yml"), &(struct bw_config_default){ 0 }, &problems);
        folder_problems(&folder, &problems, &said);
        if ((config != NULL) != (cases[i].want[0] == '\0')
            || strcmp(said.data, cases[i].want) != 0) {
            print_error("%s\n--- said:\n%s--- wanted:\n%s\n", cases[i].name, said.data,
                        cases[i].want);
            wrong++;
        }
        bw_config_free(config);
        bw_buf_fini(&said);
        bw_problems_fini(&problems);
    }
    assert_int_equal(wrong, 0);
    folder_remove(&folder);
}

/* A file beside the configuration is found from wherever the daemon runs. */
static void paths_start_at_the_file(void **state)
{
    (void)state;
    struct folder folder;
    struct bw_problems problems = { 0 };
    struct bw_buf said;
    folder_make(&folder);
    bw_buf_init(&said, 1u << 16);
    folder_write(&folder, "ca.pem", "no certificate\n");
    folder_write(&folder, "c.yml",
                 "services: [{name: a, checks: [{name: c, http: 'https://b/', overrides: {http: "
                 "{tls_config: {ca_file: ca.pem}}}}]}]\n");
    assert_null(bw_config_load_valid(folder_file(&folder, "c.yml"),
                                     &(struct bw_config_default){ 0 }, &problems));
    folder_problems(&folder, &problems, &said);
    assert_string_equal(
        said.data,
        "c.yml:1:31: services[0].checks[0]: ca.pem: no certificates can be read from it\n");
    bw_buf_fini(&said);
    bw_problems_fini(&problems);
    folder_remove(&folder);
}

/* Nobody but /probe could use it: a blackbox.yml is read as it is. */
static void a_module_that_cannot_be_used_is_a_warning(void **state)
{
    (void)state;
    struct folder folder;
    struct bw_problems problems = { 0 };
    struct bw_buf said;
    folder_make(&folder);
    bw_buf_init(&said, 1u << 16);
    folder_write(&folder, "c.yml",
                 "modules:\n"
                 "  good: {prober: http}\n"
                 "  bad: {prober: http, http: {tls_config: {ca_file: none.pem}}}\n");
    struct bw_config *config = bw_config_load_valid(folder_file(&folder, "c.yml"),
                                                    &(struct bw_config_default){ 0 }, &problems);
    assert_non_null(config);
    folder_problems(&folder, &config->warnings, &said);
    assert_string_equal(
        said.data, "c.yml:3:8: modules.bad: none.pem: no such file; no probe of it can succeed\n");
    assert_int_equal(problems.total, 0);
    bw_config_free(config);
    bw_buf_fini(&said);
    bw_problems_fini(&problems);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_that_only_show_when_compiled),
        cmocka_unit_test(paths_start_at_the_file),
        cmocka_unit_test(a_module_that_cannot_be_used_is_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
