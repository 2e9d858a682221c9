// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void networks_are_read_from_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int bits; /* -1: refused */
    } cases[] = {
        { "10.0.0.0/8", 8 },
        { "0.0.0.0/0", 0 },
        { "::/0", 0 },
        { "192.0.2.7", 32 },
        { "fd00::/8", 8 },
        { "2001:db8::1", 128 },
        { "192.0.2.128/25", 25 },
        { "10.0.0.1/8", -1 },
        { "fd00::1/8", -1 },
        { "10.0.0.0/33", -1 },
        { "::/129", -1 },
        { "10.0.0.0/", -1 },
        { "10.0.0.0/-1", -1 },
        { "10.0.0.0/8x", -1 },
        { "", -1 },
        { "/8", -1 },
        { "host/8", -1 },
        { "[::1]/128", -1 },
        { "fe80::1%lo/128", -1 },
        { "10.0.0.0/8/8", -1 },
        { "10.0.0.0/0000000008", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_network network = { .bits = 999 };
        const bool read = bw_network_parse(cases[i].text, &network);
        if (read != (cases[i].bits >= 0))
            fail_msg("'%s' is %s", cases[i].text, read ? "accepted" : "refused");
        if (read)
            assert_int_equal(network.bits, cases[i].bits);
    }
}

static void networks_contain_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *network, *address;
        bool contains;
    } cases[] = {
        { "10.0.0.0/8", "10.255.1.2", true },
        { "10.0.0.0/8", "11.0.0.0", false },
        { "192.0.2.128/25", "192.0.2.128", true },
        { "192.0.2.128/25", "192.0.2.127", false },
        { "0.0.0.0/0", "255.255.255.255", true },
        { "0.0.0.0/0", "::1", false },
        { "::/0", "fe80::1", true },
        { "::/0", "10.0.0.1", false },
        { "fe80::/10", "febf::1", true },
        { "fe80::/10", "fec0::1", false },
        { "192.0.2.7", "192.0.2.7", true },
        { "192.0.2.7", "192.0.2.6", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_network network;
        struct bw_address address;
        assert_true(bw_network_parse(cases[i].network, &network));
        assert_true(bw_address_parse(cases[i].address, &address));
        if (bw_network_contains(&network, &address) != cases[i].contains)
            fail_msg("%s in %s", cases[i].address, cases[i].network);
    }
}

static void networks_include_networks(void **state)
{
    (void)state;
    static const struct {
        const char *outer, *inner;
        bool includes;
    } cases[] = {
        { "169.254.0.0/16", "169.254.169.254", true },
        { "169.254.0.0/16", "169.254.0.0/16", true },
        { "169.254.0.0/16", "169.254.0.0/15", false },
        { "169.254.0.0/16", "0.0.0.0/0", false },
        { "0.0.0.0/0", "::/0", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_network outer, inner;
        assert_true(bw_network_parse(cases[i].outer, &outer));
        if (!bw_network_parse(cases[i].inner, &inner))
            continue;
        assert_int_equal(bw_network_includes(&outer, &inner), cases[i].includes);
    }
}

static void addresses_within_addresses_are_found(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "::ffff:169.254.169.254", "169.254.169.254" },
        { "64:ff9b::a9fe:a9fe", "169.254.169.254" },
        { "2002:a9fe:a9fe::1", "169.254.169.254" },
        { "2001:db8::1", "2001:db8::1" },
        { "::1", "::1" },
        { "10.0.0.1", "10.0.0.1" },
        { "64:ff9b:1::1", "64:ff9b:1::1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_address address;
        char text[BW_ADDRESS_TEXT_MAX];
        assert_true(bw_address_parse(cases[i][0], &address));
        address = bw_address_plain(&address);
        bw_address_format(text, &address);
        assert_string_equal(text, cases[i][1]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_read_from_text),
        cmocka_unit_test(networks_contain_addresses),
        cmocka_unit_test(networks_include_networks),
        cmocka_unit_test(addresses_within_addresses_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
