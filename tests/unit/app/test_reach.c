// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/reach.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Who reaches what: S a stranger, T who is trusted. */
static const struct {
    const char *targets; /* web.probe_targets */
    const char *address;
    bool stranger, trusted;
} stories[] = {
    { "[]", "10.0.0.1", false, true },
    { "[]", "127.0.0.1", false, true },
    { "[]", "::1", false, true },
    { "any", "10.0.0.1", true, true },
    { "any", "127.0.0.1", true, true },
    { "[10.0.0.0/8]", "10.0.0.1", true, true },
    { "[10.0.0.0/8]", "11.0.0.1", false, true },
    { "[10.0.0.0/8]", "::ffff:10.0.0.1", true, true },
    { "[fd00::/8, 192.0.2.7]", "fd12::1", true, true },
    { "[fd00::/8, 192.0.2.7]", "192.0.2.7", true, true },
    { "[fd00::/8, 192.0.2.7]", "192.0.2.8", false, true },
    /* What is guarded must be listed itself. */
    { "[]", "169.254.169.254", false, false },
    { "any", "169.254.169.254", false, false },
    { "[0.0.0.0/0, '::/0']", "169.254.169.254", false, false },
    { "[0.0.0.0/0, '::/0']", "fe80::1", false, false },
    { "[0.0.0.0/0, '::/0']", "10.0.0.1", true, true },
    { "[169.254.169.254]", "169.254.169.254", true, true },
    { "[169.254.0.0/16]", "169.254.1.1", true, true },
    { "[169.254.169.254]", "169.254.169.253", false, false },
    { "['fe80::/10']", "fe80::1", true, true },
    { "any", "fd00:ec2::254", false, false },
    { "['fd00:ec2::254']", "fd00:ec2::254", true, true },
    { "any", "100.100.100.200", false, false },
    { "any", "100.100.100.201", true, true },
    { "any", "168.63.129.16", false, false },
    { "any", "0.0.0.0", false, false },
    { "any", "::", false, false },
    { "any", "255.255.255.255", false, false },
    { "any", "224.0.0.1", false, false },
    { "any", "ff02::1", false, false },
    /* Addresses that carry another. */
    { "any", "::ffff:169.254.169.254", false, false },
    { "any", "64:ff9b::a9fe:a9fe", false, false },
    { "any", "2002:a9fe:a9fe::", false, false },
};

static void only_what_may_be_reached_is_reached(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct folder folder;
        struct bw_address address;
        char text[200];
        folder_make(&folder);
        snprintf(text, sizeof text, "web: {probe_targets: %s}\n", stories[i].targets);
        struct bw_config *config = folder_config(&folder, text);
        assert_true(bw_address_parse(stories[i].address, &address));
        if (bw_reach_allows(&config->reach, false, &address) != stories[i].stranger
            || bw_reach_allows(&config->reach, true, &address) != stories[i].trusted)
            fail_msg("%s with %s", stories[i].address, stories[i].targets);
        bw_config_free(config);
        folder_remove(&folder);
    }
}

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "web: {probe_targets: all}\n",
          "c.yml:1:22: web.probe_targets: expected 'any' or a list of networks such as "
          "[10.0.0.0/8]\n" },
        { "web:\n  probe_targets:\n    - 10.0.0.0/8\n    - 10.0.0.1/8\n    - a.example\n",
          "c.yml:4:7: web.probe_targets: expected a network such as 10.0.0.0/8 or fd00::/8\n"
          "c.yml:5:7: web.probe_targets: expected a network such as 10.0.0.0/8 or fd00::/8\n" },
        { "web: {probe_targets: {a: b}}\n",
          "c.yml:1:22: web.probe_targets: expected 'any' or a list of networks such as "
          "[10.0.0.0/8]\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(folder_refuses(cases[i][0], cases[i][1]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_may_be_reached_is_reached),
        cmocka_unit_test(mistakes_are_told_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
