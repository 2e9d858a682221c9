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

/* Every check a line: service/instance/name target labels. */
static void put_checks(const struct bw_config *config, struct bw_buf *out)
{
    for (size_t i = 0; i < config->check_count; i++) {
        const struct bw_config_check *check = &config->checks[i];
        bw_buf_printf(out, "%s/%s/%s %s ", check->service, check->instance, check->name,
                      check->target);
        bw_series_text(out, "", check->labels);
        bw_buf_char(out, '\n');
    }
}

static void expect_checks(const struct bw_config *config, const char *want)
{
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    put_checks(config, &out);
    assert_string_equal(out.data, want);
    bw_buf_fini(&out);
}

static void expect_warnings(const struct folder *folder, struct bw_config *config, const char *want)
{
    struct bw_buf said;
    bw_buf_init(&said, 1u << 16);
    folder_problems(folder, &config->warnings, &said);
    assert_string_equal(said.data, want);
    bw_buf_fini(&said);
}

static void targets_have_checks(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    folder_write(&folder, "t.json",
                 "[{\"targets\":[\"a:1\",\"b:2\"],\"labels\":{\"team\":\"x\",\"site\":\"own\"}},"
                 "{\"targets\":[\"c:3\"],\"labels\":{\"service\":\"shop\",\"instance\":\"three\","
                 "\"__tmp\":\"y\"}}]");
    struct bw_config *config = folder_config(
        &folder, "global: {labels: {site: vie, all: g}}\n"
                 "services: [{name: shop, checks: [{name: p, tcp: 's:1'}]}]\n"
                 "discovery:\n"
                 "  file:\n"
                 "    - files: [t.json]\n"
                 "      labels: {from: list}\n"
                 "      checks:\n"
                 "        - {name: p, tcp: '${instance}'}\n"
                 "        - {name: q, http: 'http://${instance}/', labels: {team: c}}\n");
    expect_checks(config,
                  "shop/s:1/p s:1 {all=\"g\",site=\"vie\"}\n"
                  "discovered/a:1/p a:1 {all=\"g\",from=\"list\",site=\"own\",team=\"x\"}\n"
                  "discovered/a:1/q http://a:1/ {all=\"g\",from=\"list\",site=\"own\",team=\"c\"}\n"
                  "discovered/b:2/p b:2 {all=\"g\",from=\"list\",site=\"own\",team=\"x\"}\n"
                  "discovered/b:2/q http://b:2/ {all=\"g\",from=\"list\",site=\"own\",team=\"c\"}\n"
                  "shop/three/p c:3 {all=\"g\",from=\"list\",site=\"vie\"}\n"
                  "shop/three/q http://c:3/ {all=\"g\",from=\"list\",site=\"vie\",team=\"c\"}\n");
    assert_int_equal(config->service_count, 2);
    assert_int_equal(config->target_count, 3);
    assert_int_equal(config->source_count, 1);
    assert_string_equal(config->sources[0].name, "file t.json");
    expect_warnings(&folder, config, "");
    bw_config_free(config);
    folder_remove(&folder);
}

/* A target that cannot be watched is left out; the configuration holds. */
static void targets_that_cannot_be_are_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *list, *more, *why;
    } cases[] = {
        { "[{\"targets\":[\"a:1\",\"a:1\"]}]", "",
          "1 of 2 targets or their checks are left out; the first: a:1: there is one of this "
          "service and instance already" },
        { "[{\"targets\":[\"a\",\"b:2\"]}]", "",
          "1 of 2 targets or their checks are left out; "
          "the first: a: 'a' is not HOST:PORT" },
        { "[{\"targets\":[\"a:1\"],\"labels\":{\"service\":\"host\"}}]", "",
          "1 of 1 targets or their checks are left out; the first: a:1: 'host' is the name of "
          "this machine's own service" },
        { "[{\"targets\":[\"a:1\",\"b:2\",\"c:3\"]}]", ", limit: 1",
          "2 of 3 targets or their checks are left out; the first: b:2: beyond 'limit'" },
        { "[{\"targets\":[\"a:1\\n\"]}]", "",
          "1 of 1 targets or their checks are left out; the first: a:1?: no name: empty, too "
          "long, or no text" },
        { "[{\"targets\":[\"file:/etc/shadow\",\"/run/x\",\"@x\",\"unix:/x\"]}]", "",
          "4 of 4 targets or their checks are left out; the first: file:/etc/shadow: a place in "
          "this machine's file system" },
        { "[{\"targets\":", "", "t.json: line 1: unexpected token near end of file" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder folder;
        char text[256], want[512];
        folder_make(&folder);
        folder_write(&folder, "t.json", cases[i].list);
        snprintf(
            text, sizeof text,
            "discovery: {file: [{files: t.json, checks: [{name: p, tcp: '${instance}'}]%s}]}\n",
            cases[i].more);
        struct bw_config *config = folder_config(&folder, text);
        snprintf(want, sizeof want, "c.yml:1:20: discovery.file[0]: %s\n", cases[i].why);
        expect_warnings(&folder, config, want);
        bw_config_free(config);
        folder_remove(&folder);
    }
}

static void other_targets_come_without_reading_files(void **state)
{
    (void)state;
    struct folder folder;
    struct bw_problems problems = { 0 };
    folder_make(&folder);
    folder_write(&folder, "t.json", "[{\"targets\":[\"a:1\"]}]");
    struct bw_config *config = folder_config(
        &folder,
        "modules: {slow: {prober: tcp, timeout: 7s}}\n"
        "discovery:\n"
        "  file: [{files: t.json, checks: [{name: p, tcp: '${instance}', module: slow}]}]\n"
        "  http: [{url: 'http://u:p@h/sd', checks: [{name: p, tcp: '${instance}'}]}]\n");
    assert_int_equal(config->check_count, 1);
    folder_write(&folder, "c.yml", "nonsense: [");
    struct bw_known_targets known = { 0 };
    struct bw_known_source sources[2] = { { .name = "file t.json" },
                                          { .name = "http http://***@h/sd" } };
    const struct bw_label labels[] = { { "__address__", "z:9" } };
    for (size_t i = 0; i < 2; i++)
        bw_target_list_add(&known.arena, &sources[i].list, labels, 1, NULL);
    known.items = sources;
    known.count = 2;
    struct bw_config *now = bw_config_with_targets(config, &known, &problems);
    assert_non_null(now);
    const uint64_t definition = config->checks[0].definition;
    bw_config_free(config); /* nothing of it is needed */
    expect_checks(now, "discovered/z:9/p z:9 \n");
    assert_int_equal(now->checks[0].definition, definition);
    assert_string_equal(now->sources[1].name, sources[1].name);
    expect_warnings(&folder, now,
                    "c.yml:4:10: discovery.http[0]: 1 of 1 targets or their checks are left out; "
                    "the first: z:9: there is one of this service and instance already\n");
    bw_config_free(now);
    bw_arena_fini(&known.arena);
    bw_problems_fini(&problems);
    folder_remove(&folder);
}

static void mistakes_have_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "file: [{files: a.txt}]", "c.yml:1:20: discovery.file[0]: 'a.txt' ends neither in .json "
                                    "nor in .yml or .yaml\n" },
        { "http: [{url: 'ftp://a'}]", "c.yml:1:20: discovery.http[0]: expected a URL that begins "
                                      "with http:// or https://\n" },
        { "dns: [{names: a, type: A}]", "c.yml:1:19: discovery.dns[0]: A and AAAA records have no "
                                        "port: 'port' is needed\n" },
        { "file: [{files: a.json, checks: [{name: p, tcp: 'a:1'}]}]",
          "c.yml:1:60: discovery.file[0].checks[0].tcp: a check of targets that are found has "
          "'${instance}'\n" },
        { "file: [{files: a.json, checks: [{name: p, tcp: '${instance}', module: absent}]}]",
          "c.yml:1:83: discovery.file[0].checks[0]: there is no module 'absent'\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "discovery: {%s}\n", cases[i].text);
        assert_true(folder_refuses(text, cases[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_have_checks),
        cmocka_unit_test(targets_that_cannot_be_are_left_out),
        cmocka_unit_test(other_targets_come_without_reading_files),
        cmocka_unit_test(mistakes_have_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
