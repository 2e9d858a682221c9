// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A module of a blackbox.yml, and options laid over it for one check alone. */
static void overrides_lie_over_the_module(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    folder_write(
        &folder, "blackbox.yml",
        "modules:\n"
        "  post:\n"
        "    prober: http\n"
        "    http: {method: POST, headers: {A: one, B: two}, valid_status_codes: [201]}\n");
    struct bw_config *config = folder_config(
        &folder, "module_files: [blackbox.yml]\n"
                 "services:\n"
                 "  - name: web\n"
                 "    checks:\n"
                 "      - name: over\n"
                 "        http: http://a/\n"
                 "        module: post\n"
                 "        overrides: {http: {headers: {B: three, C: four}, valid_status_codes: "
                 "[204, 205]}}\n"
                 "      - {name: plain, http: http://a/, module: post}\n"
                 "      - {name: alone, http: http://a/, overrides: {http: {method: HEAD}}}\n");
    const struct bw_http_options *over = &config->checks[0].options->http;
    const struct bw_http_options *plain = &config->checks[1].options->http;
    assert_string_equal(over->method, "POST");
    assert_int_equal(over->headers.count, 3);
    static const char *const headers[][2] = { { "A", "one" }, { "B", "three" }, { "C", "four" } };
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(over->headers.items[i].name, headers[i][0]);
        assert_string_equal(over->headers.items[i].value, headers[i][1]);
    }
    assert_int_equal(over->valid_status_codes.count, 2);
    assert_int_equal(plain->headers.count, 2);
    assert_string_equal(plain->headers.items[1].value, "two");
    assert_int_equal(plain->valid_status_codes.count, 1);
    assert_string_equal(config->checks[2].options->http.method, "HEAD");
    assert_string_equal(config->checks[2].module, "");
    bw_config_free(config);
    folder_remove(&folder);
}

/* Who asks for a module may set what it lists; nobody asks for a check. */
static void overrides_list_no_parameters(void **state)
{
    (void)state;
    assert_true(
        folder_refuses("services:\n"
                       "  - name: web\n"
                       "    checks:\n"
                       "      - name: c\n"
                       "        http: http://a/\n"
                       "        overrides: {parameters: [http.method]}\n",
                       "c.yml:6:21: services[0].checks[0]: overrides.parameters: /probe asks "
                       "for modules, not for checks\n"));
}

/* Options are one piece of memory for all checks that ask in the same way, and only for them. */
static void checks_that_ask_alike_share_their_options(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder, "modules: {post: {prober: http, http: {method: POST}}}\n"
                 "services:\n"
                 "  - name: web\n"
                 "    instances: [a, b]\n"
                 "    checks:\n"
                 "      - {name: p1, http: 'http://a/', module: post}\n"
                 "      - {name: d1, http: 'http://a/'}\n"
                 "      - {name: o1, http: 'http://a/', module: post, overrides: {timeout: 1s}}\n"
                 "      - {name: t, tcp: 'a:1'}\n"
                 "      - {name: e1, exec: [/bin/x, '${instance}']}\n"
                 "      - {name: p2, http: 'http://a/', module: post, timeout: 9s}\n"
                 "      - {name: d2, http: 'http://a/', overrides: {}}\n"
                 "      - {name: o2, http: 'http://a/', module: post, overrides: {timeout: 1s}}\n");
    for (size_t i = 0; i < config->check_count; i++) {
        const struct bw_config_check *a = &config->checks[i];
        assert_in_range(a->options_index, 0, config->options_count - 1);
        for (size_t k = 0; k < i; k++) {
            const struct bw_config_check *b = &config->checks[k];
            const bool shared = a->name[0] == b->name[0] && strchr("pd", a->name[0]) != NULL;
            if ((a->options == b->options) != shared
                || (a->options_index == b->options_index) != shared)
                fail_msg("%s and %s", a->name, b->name);
        }
    }
    bw_config_free(config);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overrides_lie_over_the_module),
        cmocka_unit_test(overrides_list_no_parameters),
        cmocka_unit_test(checks_that_ask_alike_share_their_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
