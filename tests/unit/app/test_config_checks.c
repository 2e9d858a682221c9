// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"

#include "base/units.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What an instance is called when the target names none. */
static void instances_are_named_by_their_target(void **state)
{
    (void)state;
    static const struct {
        const char *key, *target, *instance;
    } cases[] = {
        { "http", "http://example.com/", "example.com:80" },
        { "http", "https://example.com", "example.com:443" },
        { "http", "https://example.com:8443/a?b=c:d", "example.com:8443" },
        { "http", "http://user:pass@example.com/x@y", "example.com:80" },
        { "http", "http://[::1]:8080/", "[::1]:8080" },
        { "http", "http://[::1]/", "[::1]:80" },
        { "tcp", "example.com:22", "example.com:22" },
        { "tcp", "[::1]:22", "[::1]:22" },
    };
    struct folder folder;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "services: [{name: a, checks: [{name: b, %s: '%s'}]}]\n",
                 cases[i].key, cases[i].target);
        struct bw_config *config = folder_config(&folder, text);
        if (strcmp(config->checks[0].instance, cases[i].instance) != 0)
            fail_msg("%s: called %s", cases[i].target, config->checks[0].instance);
        assert_string_equal(config->checks[0].target, cases[i].target);
        assert_null(strstr(config->checks[0].shown_target, "user:pass"));
        bw_config_free(config);
    }
    folder_remove(&folder);
}

static void a_check_stands_for_each_instance(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config =
        folder_config(&folder, "services:\n"
                               "  - name: web\n"
                               "    instances: ['a:1', 'b:2']\n"
                               "    checks:\n"
                               "      - {name: page, http: 'http://${instance}/${instance}'}\n"
                               "      - {name: lone, tcp: 'c:3'}\n"
                               "      - {name: port, tcp: '${instance}'}\n");
    static const char *const want[][3] = { { "a:1", "page", "http://a:1/a:1" },
                                           { "b:2", "page", "http://b:2/b:2" },
                                           { "c:3", "lone", "c:3" },
                                           { "a:1", "port", "a:1" },
                                           { "b:2", "port", "b:2" } };
    assert_int_equal(config->check_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(config->checks[i].instance, want[i][0]);
        assert_string_equal(config->checks[i].name, want[i][1]);
        assert_string_equal(config->checks[i].target, want[i][2]);
    }
    assert_int_equal(config->services[0].instance_count, 3);
    assert_string_equal(config->services[0].instances[2], "c:3");
    assert_true(config->checks[0].schedule.hash != config->checks[1].schedule.hash);
    assert_true(config->checks[0].schedule.hash != config->checks[3].schedule.hash);
    bw_config_free(config);
    folder_remove(&folder);
}

/* Check, then module, then global. */
static void the_nearest_word_counts(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder,
        "global: {interval: 20s, timeout: 6s, fall: 4, rise: 5, retries: 2, labels: {a: g, b: g, "
        "c: g}}\n"
        "modules: {slow: {prober: tcp, timeout: 7s}}\n"
        "services:\n"
        "  - name: web\n"
        "    labels: {b: s, c: s}\n"
        "    checks:\n"
        "      - {name: own, tcp: 'a:1', module: slow, timeout: 8s, interval: 1s, fall: 1,\n"
        "         retries: 0, priority: high, expect: failure, weight: 3, labels: {c: k},\n"
        "         resolve_mode: any}\n"
        "      - {name: module, tcp: 'a:1', module: slow}\n"
        "      - {name: global, tcp: 'a:1'}\n");
    const struct bw_config_check *own = &config->checks[0], *global = &config->checks[2];
    assert_int_equal(own->timeout_ns, 8 * BW_SECOND);
    assert_int_equal(config->checks[1].timeout_ns, 7 * BW_SECOND);
    assert_int_equal(global->timeout_ns, 6 * BW_SECOND);
    assert_int_equal(own->schedule.interval_ns, BW_SECOND);
    assert_int_equal(global->schedule.interval_ns, 20 * BW_SECOND);
    assert_int_equal(own->health.fall, 1);
    assert_int_equal(own->health.rise, 5);
    assert_int_equal(global->health.fall, 4);
    assert_int_equal(own->retries, 0);
    assert_int_equal(global->retries, 2);
    assert_int_equal(own->schedule.priority, BW_PRIORITY_HIGH);
    assert_true(own->expect_failure && !global->expect_failure);
    assert_int_equal(own->resolve_mode, BW_RESOLVE_ANY);
    assert_int_equal(global->resolve_mode, BW_RESOLVE_FIRST);
    assert_true(own->weight == 3 && global->weight == 1);
    assert_string_equal(bw_labels_value(own->labels, "a"), "g");
    assert_string_equal(bw_labels_value(own->labels, "b"), "s");
    assert_string_equal(bw_labels_value(own->labels, "c"), "k");
    assert_string_equal(bw_labels_value(global->labels, "c"), "s");
    bw_config_free(config);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instances_are_named_by_their_target),
        cmocka_unit_test(a_check_stands_for_each_instance),
        cmocka_unit_test(the_nearest_word_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
