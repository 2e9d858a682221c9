// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/settings_discovery.h"

#include "base/units.h"
#include "discover/discover.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CHECKS "checks: [{name: p, tcp: '${instance}'}]"

/* As Prometheus has them, where it has such a source. */
static void sources_have_their_defaults(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(&folder, "discovery:\n"
                                                      "  file: [{files: a.json, " CHECKS "}]\n"
                                                      "  http: [{url: 'http://h/', " CHECKS "}]\n"
                                                      "  dns: [{names: a.test, " CHECKS "}]\n"
                                                      "  push: [{name: a, " CHECKS "}]\n");
    const struct bw_discovery_settings *found = &config->settings.discovery;
    const struct bw_file_source_settings *file = found->file.items;
    const struct bw_http_source_settings *http = found->http.items;
    const struct bw_dns_source_settings *dns = found->dns.items;
    const struct bw_push_source_settings *push = found->push.items;
    assert_int_equal(file->common.refresh_ns, 5 * BW_MINUTE);
    assert_int_equal(http->common.refresh_ns, BW_MINUTE);
    assert_int_equal(dns->common.refresh_ns, 30 * BW_SECOND);
    assert_int_equal(dns->type, BW_RECORD_SRV);
    assert_int_equal(push->ttl_ns, 10 * BW_MINUTE);
    assert_string_equal(file->common.service, "discovered");
    assert_int_equal(push->common.limit, 1000);
    bw_config_free(config);
    folder_remove(&folder);
}

static void a_rule_is_handed_on_as_written(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder,
        "discovery:\n"
        "  file:\n"
        "    - files: a.json\n"
        "      " CHECKS "\n"
        "      relabel_configs:\n"
        "        - {source_labels: [a, b], separator: '-', regex: 'x(.)', target_label: c,\n"
        "           replacement: '${1}y', action: replace}\n"
        "        - {source_labels: a, modulus: 8, target_label: d, action: hashmod}\n");
    const struct bw_file_source_settings *file = config->settings.discovery.file.items;
    const struct bw_relabel_settings *rules = file->common.relabel_configs.items;
    const struct bw_relabel_rule first = bw_relabel_rule_of(&rules[0]);
    const struct bw_relabel_rule second = bw_relabel_rule_of(&rules[1]);
    assert_int_equal(first.source_count, 2);
    assert_string_equal(first.source_labels[1], "b");
    assert_string_equal(first.separator, "-");
    assert_string_equal(first.regex, "x(.)");
    assert_string_equal(first.target_label, "c");
    assert_string_equal(first.replacement, "${1}y");
    assert_int_equal(first.action, BW_RELABEL_REPLACE);
    assert_int_equal(second.modulus, 8);
    assert_int_equal(second.action, BW_RELABEL_HASHMOD);
    bw_config_free(config);
    folder_remove(&folder);
}

static void mistakes_have_their_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "file: [{}]", "20: discovery.file[0]: required key 'files' is missing\n" },
        { "http: [{}]", "20: discovery.http[0]: required key 'url' is missing\n" },
        { "dns: [{}]", "19: discovery.dns[0]: required key 'names' is missing\n" },
        { "push: [{}]", "20: discovery.push[0]: required key 'name' is missing\n" },
        { "dns: [{names: a, type: MX}]",
          "36: discovery.dns[0].type: expected one of SRV, A, AAAA, not 'MX'\n" },
        { "dns: [{names: a, type: AAAA}]",
          "19: discovery.dns[0]: A and AAAA records have no port: 'port' is needed\n" },
        { "push: [{name: a, ttl: 0s}]",
          "35: discovery.push[0].ttl: must be between 1s and 30d, not '0s'\n" },
        { "file: [{files: a.json, limit: 0}]",
          "43: discovery.file[0].limit: must be between 1 and 100000, not '0'\n" },
        { "file: [{files: a.json, refresh_interval: 1ms}]",
          "54: discovery.file[0].refresh_interval: must be between 1s and 24h, not '1ms'\n" },
        { "file: [{files: a.json, relabel_configs: [{action: explode}]}]",
          "63: discovery.file[0].relabel_configs[0].action: *" },
        { "file: [{files: a.json, relabel_configs: [{}]}]",
          "54: discovery.file[0].relabel_configs[0]: 'replace' needs target_label\n" },
        { "file: [{files: a.json, relabel_configs: [{regex: '(', target_label: a}]}]",
          "54: discovery.file[0].relabel_configs[0]: *" },
        { "file: [{files: a.json, relabel_configs: [{action: hashmod, target_label: a}]}]",
          "54: discovery.file[0].relabel_configs[0]: 'hashmod' needs a modulus of at least 1\n" },
    };
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char yaml[256], want[256];
        snprintf(yaml, sizeof yaml, "discovery: {%s}\n", cases[i][0]);
        snprintf(want, sizeof want, "c.yml:1:%s", cases[i][1]);
        wrong += !folder_refuses(yaml, want);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_have_their_defaults),
        cmocka_unit_test(a_rule_is_handed_on_as_written),
        cmocka_unit_test(mistakes_have_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
