// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"

#include "base/units.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Which checks a canary covers that nobody says anything of, by where its own targets are. */
static void the_canary_covers_what_goes_over_the_network(void **state)
{
    (void)state;
    static const struct {
        const char *check;
        bool afar, here; /* canary on another machine, on this one */
    } cases[] = {
        { "tcp: '10.0.0.1:22'", true, true },
        { "http: 'https://u:p@example.com/?a=127.0.0.1'", true, true },
        { "icmp: '2001:db8::1'", true, true },
        { "tcp: '127.0.0.1:22'", false, true },
        { "icmp: '127.8.9.1'", false, true },
        { "tcp: 'localhost:22'", false, true },
        { "tcp: 'localhost.example:22'", true, true },
        { "http: 'http://[::1]:8080/'", false, true },
        { "icmp: '::1'", false, true },
        { "exec: [/bin/true]", false, false },
        { "exec: [/bin/true], canary: true", true, true },
        { "tcp: '127.0.0.1:22', canary: true", true, true },
        { "tcp: '10.0.0.1:22', canary: false", false, false },
        { "tcp: '10.0.0.1:22', canary: auto", true, true },
    };
    static const char *const targets[] = { "", "[tcp 10.0.0.254:22, http http://127.0.0.1/]",
                                           "['http://127.0.0.1/', icmp ::1]" };
    struct folder folder;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < 3; k++) {
            char text[512];
            snprintf(text, sizeof text, "services: [{name: a, checks: [{name: b, %s}]}]\n%s%s%s",
                     cases[i].check, k > 0 ? "self_canary: {targets: " : "", targets[k],
                     k > 0 ? "}\n" : "");
            struct bw_config *config = folder_config(&folder, text);
            const bool want[] = { false, cases[i].afar, cases[i].here };
            if (config->checks[0].covered != want[k])
                fail_msg("%s with %s: %d", cases[i].check, targets[k], config->checks[0].covered);
            bw_config_free(config);
        }
    }
    folder_remove(&folder);
}

static void a_canary_has_its_defaults(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config =
        folder_config(&folder, "self_canary: {targets: ['tcp  10.0.0.254:22', 'icmp 10.0.0.254', "
                               "'https://u:secret@10.0.0.254/']}\n");
    const struct bw_config_canary *canary = &config->canary;
    assert_int_equal(canary->count, 3);
    assert_int_equal(canary->need, 1);
    assert_int_equal(canary->interval_ns, 5 * BW_SECOND);
    assert_int_equal(canary->timeout_ns, 1 * BW_SECOND);
    assert_string_equal(canary->targets[0].text, "tcp 10.0.0.254:22");
    assert_string_equal(canary->targets[0].target, "10.0.0.254:22");
    assert_string_equal(canary->targets[1].text, "icmp 10.0.0.254");
    assert_string_equal(canary->targets[2].text, "http https://***@10.0.0.254/");
    assert_string_equal(canary->targets[2].ops->name, "http");
    bw_config_free(config);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canary_covers_what_goes_over_the_network),
        cmocka_unit_test(a_canary_has_its_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
