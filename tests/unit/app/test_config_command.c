// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"

#include "base/units.h"
#include "fixture.h"
#include "probe/module.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVICE(instances, check)                                                                  \
    "services:\n- name: a\n  instances: " instances "\n  checks:\n  - {name: c, " check "}\n"

static void commands_are_taken_word_by_word(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config =
        folder_config(&folder, SERVICE("['db:1', 'b c;$(d)', \"e\\nf\"]",
                                       "exec: [/bin/x, -H, '${instance}', '$HOME; *']"));
    assert_int_equal(config->check_count, 3);
    static const char *const instances[] = { "db:1", "b c;$(d)", "e\nf" };
    for (size_t i = 0; i < 3; i++) {
        const struct bw_config_check *check = &config->checks[i];
        const struct bw_strings command = check->options->exec.command;
        assert_string_equal(check->ops->name, "exec");
        assert_string_equal(check->instance, instances[i]);
        assert_string_equal(check->target, "/bin/x"); /* arguments may hold passwords */
        assert_int_equal(command.count, 4);
        assert_string_equal(command.items[0], "/bin/x");
        assert_string_equal(command.items[1], "-H");
        assert_string_equal(command.items[2], instances[i]);
        assert_string_equal(command.items[3], "$HOME; *");
    }
    bw_config_free(config);
    config = folder_config(&folder, SERVICE("['db:1']", "exec: /bin/x"));
    assert_int_equal(config->check_count, 1);
    assert_string_equal(config->checks[0].instance, "localhost");
    assert_int_equal(config->checks[0].options->exec.command.count, 1);
    bw_config_free(config);
    folder_remove(&folder);
}

static void limits_of_the_check_beat_the_modules(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    static const struct {
        const char *yaml;
        int64_t cpu_ns;
        uint64_t memory_bytes;
    } cases[] = {
        { SERVICE("[]", "exec: /bin/x"), 30 * BW_SECOND, UINT64_C(1) << 30 },
        { SERVICE("[]", "exec: /bin/x, limits: {cpu: 5s, memory: 256MiB}"), 5 * BW_SECOND,
          UINT64_C(256) << 20 },
        { SERVICE("[]", "exec: /bin/x, module: m") "modules: {m: {prober: exec, exec: {limits: "
                                                   "{cpu: 7s}}}}\n",
          7 * BW_SECOND, UINT64_C(1) << 30 },
        { SERVICE("[]", "exec: /bin/x, module: m, limits: {memory: 2MiB}") "modules: {m: {prober: "
                                                                           "exec, exec: {limits: "
                                                                           "{cpu: 7s}}}}\n",
          30 * BW_SECOND, UINT64_C(2) << 20 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_config *config = folder_config(&folder, cases[i].yaml);
        const struct bw_exec_limits *limits = &config->checks[0].options->exec.limits;
        assert_int_equal(limits->cpu_ns, cases[i].cpu_ns);
        assert_int_equal(limits->memory_bytes, cases[i].memory_bytes);
        assert_int_equal(limits->output_bytes, 64 << 10);
        bw_config_free(config);
    }
    folder_remove(&folder);
}

static void what_could_be_misread_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *want;
    } cases[] = {
        { SERVICE("['h:1']", "exec: [/bin/x, '-H${instance}']"),
          "c.yml:5:21: services[0].checks[0].exec: '-H${instance}': '${instance}' fills whole "
          "arguments only\n" },
        { SERVICE("['/bin/sh']", "exec: ['${instance}', x]"),
          "c.yml:5:21: services[0].checks[0].exec: '${instance}' cannot be the program\n" },
        { SERVICE("['-rf']", "exec: [/bin/x, '${instance}']"),
          "c.yml:5:21: services[0].checks[0].exec: instance '-rf' would be taken for an option\n" },
        { SERVICE("[]", "exec: [/bin/x, '${instance}']"),
          "c.yml:5:21: services[0].checks[0].exec: '${instance}' needs 'instances' in the "
          "service\n" },
        { SERVICE("[]", "exec: [sh, -c, x]"),
          "c.yml:5:21: services[0].checks[0].exec: 'sh' is not an absolute path\n" },
        { SERVICE("[]", "icmp: 'http://a/'"),
          "c.yml:5:21: services[0].checks[0].icmp: 'http://a/' is no host\n" },
        { SERVICE("[]", "exec: [/bin/x, \"a\\0b\"]"),
          "c.yml:5:30: services[0].checks[0].exec[1]: a NUL byte has no place in a "
          "configuration\n" },
        { SERVICE("[\"\\0-rf\"]", "exec: [/bin/x, '${instance}']"),
          "c.yml:3:15: services[0].instances[0]: a NUL byte has no place in a configuration\n" },
        { SERVICE("[]", "exec: []"),
          "c.yml:5:5: services[0].checks[0]: expected one of the keys http, tcp, icmp, exec, dns, "
          "grpc, websocket, tls, unix, push\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(folder_refuses(cases[i].yaml, cases[i].want));
}

static void a_host_is_pinged_for_each_instance(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config =
        folder_config(&folder, SERVICE("['10.0.0.9:5432']",
                                       "icmp: '${instance}', overrides: {icmp: {count: 5}}"));
    assert_string_equal(config->checks[0].ops->name, "icmp");
    assert_string_equal(config->checks[0].instance, "10.0.0.9:5432");
    assert_int_equal(config->checks[0].options->icmp.count, 5);
    bw_config_free(config);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_taken_word_by_word),
        cmocka_unit_test(limits_of_the_check_beat_the_modules),
        cmocka_unit_test(what_could_be_misread_is_refused),
        cmocka_unit_test(a_host_is_pinged_for_each_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
